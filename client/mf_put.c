/* Rows of runs and tasks, in the columns that a server's have. */
#include "mf_put.h"

#include "env_map.h"
#include "store_priv.h"
#include "weir/text.h"

const char *
mf_put_name(enum weir_state state)
{
	return state == WEIR_ST_COMPLETED ? "Completed"
	       : state == WEIR_ST_FAILED  ? "Failed"
					  : "Running";
}

void
mf_put_text(struct buf *out, const char *name, struct str value)
{
	if (out->len && out->s[out->len - 1] != '{')
		buf_addc(out, ',');
	buf_addf(out, "\"%s\":", name);
	text_json(out, value);
}

void
mf_put_state(struct buf *out, enum weir_state state, int64_t us, struct str message)
{
	char when[WEIR_TIME_TEXT];

	buf_addf(out, ",\"state\":{\"type\":\"%s\",\"name\":\"%s\",\"message\":",
		weir_state_type(state), mf_put_name(state));
	if (message.len)
		text_json(out, message);
	else
		buf_adds(out, "null");
	if (us != WEIR_NO_TIME)
		buf_addf(out, ",\"timestamp\":\"%s\"", weir_time_format(us, when));
	buf_addc(out, '}');
}

double
mf_put_seconds(int64_t from_us, int64_t to_us)
{
	if (from_us == WEIR_NO_TIME || to_us == WEIR_NO_TIME || to_us < from_us)
		return 0;
	return (double)(to_us - from_us) / WEIR_SECOND_US;
}

struct weir_id
mf_put_version(struct str a, struct str b, const int64_t *times, size_t n)
{
	struct env_sum sum = env_map_sum3(
		a, b, (struct str){ (const char *)times, n * sizeof(*times) });
	struct weir_id id;

	memcpy(id.b, sum.b, sizeof(id.b));
	return id;
}

/* ---- flows */

enum weir_rc
mf_put_flow(struct weir_store *s, const struct mf_object *self, struct weir_err *err)
{
	struct buf doc = BUF_INIT(MF_REST_MAX);
	char id[WEIR_ID_TEXT + 1], when[WEIR_TIME_TEXT];
	struct weir_doc d = {
		.name = self->flow, .created_us = self->ts_us, .updated_us = self->ts_us
	};
	enum weir_rc rc = mf_id(&self->flow, 1, &d.id, err);

	if (rc)
		return rc;
	buf_adds(&doc, "{");
	mf_put_text(&doc, "id", str_of(weir_id_format(&d.id, id)));
	mf_put_text(&doc, "name", self->flow);
	mf_put_text(&doc, "source", STR("metaflow"));
	if (self->ts_us != WEIR_NO_TIME)
		mf_put_text(
			&doc, "created", str_of(weir_time_format(self->ts_us, when)));
	if (self->user.len)
		mf_put_text(&doc, "user_name", self->user);
	buf_adds(&doc, ",\"tags\":");
	buf_addstr(&doc, self->tags.len ? self->tags : STR("[]"));
	buf_addc(&doc, '}');
	d.doc = buf_str(&doc);
	rc = store_put_docs(s, WEIR_FLOW, &d, 1, NULL, err);
	buf_release(&doc);
	return rc;
}

/* ---- tasks */

static struct str
path_of(struct arena *arena, const struct mf_task *t, struct str run, struct str task)
{
	char *path = arena_printf(arena, "%.*s/%.*s/%.*s/%.*s", (int)t->flow.len,
		t->flow.s, (int)run.len, run.s, (int)t->step.len, t->step.s,
		(int)task.len, task.s);

	return str_of(path);
}

/* Where things are may have a password: of text that is JSON, or plain. */
static void
put_masked(struct buf *out, const char *name, struct str value, struct arena *arena)
{
	struct buf plain = BUF_INIT(BUF_MAX);

	if (value.len && value.s[0] == '{') {
		mf_put_text(out, name, weir_env_masked(value, arena));
		return;
	}
	weir_url_mask(&plain, arena_strndup(arena, value.s, value.len));
	mf_put_text(out, name, buf_str(&plain));
	buf_release(&plain);
}

static void
make_rest(const struct mf_task *t, const struct mf_says *says, struct arena *arena,
	struct buf *out)
{
	static const char *const kept[] = { "code-package", "conda_env_prefix",
		"ds-root", "ds-type", "foreach-stack", "origin-run-id",
		"origin-task-id" };
	char message[64] = "";

	mf_put_text(out, "pathspec", path_of(arena, t, t->run, t->task));
	for (size_t i = 0; i < N_ELEM(kept); i++) {
		const struct mf_object *o = mf_says_newest(t, kept[i], -1);

		if (o)
			put_masked(out, kept[i], o->value, arena);
	}
	if (says->state == WEIR_ST_RUNNING)
		return;
	if (says->state == WEIR_ST_FAILED && says->code >= 0)
		snprintf(message, sizeof(message), "exited with %d", says->code);
	mf_put_state(out, says->state, says->end_us, str_of(message));
}

static enum weir_rc
put_row(struct weir_store *s, const struct weir_id *id, const struct weir_id *run,
	const struct mf_task *t, const struct mf_says *says, size_t *changed,
	struct weir_err *err)
{
	struct arena arena = { 0 };
	struct buf rest = BUF_INIT(MF_REST_MAX);
	int64_t start = says->start_us == WEIR_NO_TIME ? t->created_us : says->start_us;
	const int64_t times[] = { says->state, t->created_us, start, says->end_us,
		says->attempts };
	struct weir_task_run row = { .id = *id,
		.created_us = t->created_us,
		.updated_us = says->active_us,
		.flow_run_id = *run,
		.task_key = t->step,
		.dynamic_key = t->task,
		.state_type = says->state,
		.state_name = str_of(mf_put_name(says->state)),
		.run_count = says->attempts,
		.expected_start_us = t->created_us,
		.next_scheduled_us = WEIR_NO_TIME,
		.start_us = start,
		.end_us = says->end_us,
		.total_run_time = mf_put_seconds(start, says->end_us),
		.tags = STR("[]") };
	enum weir_rc rc;

	row.name = str_of(arena_printf(&arena, "%.*s/%.*s", (int)t->step.len, t->step.s,
		(int)t->task.len, t->task.s));
	make_rest(t, says, &arena, &rest);
	row.rest = buf_str(&rest);
	row.state_id = mf_put_version(row.name, row.rest, times, N_ELEM(times));
	rc = store_put_task_runs(s, &row, 1, changed, err);
	buf_release(&rest);
	arena_free(&arena);
	return rc;
}

static enum weir_rc
put_mark(struct weir_store *s, const struct weir_id *id, const struct weir_id *run,
	const struct mf_task *t, const struct mf_says *says, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&s->db, SQL_MF_TASK_PUT, &st, err);

	if (rc)
		return rc;
	db_bind_id(st, 1, id);
	db_bind_id(st, 2, run);
	db_bind_str(st, 3, t->step);
	sqlite3_bind_int64(st, 4, (int64_t)t->mark);
	sqlite3_bind_int(st, 5, (int)says->state);
	if (says->ok >= 0)
		sqlite3_bind_int(st, 6, says->ok);
	db_bind_time(st, 7, says->ok_us);
	db_bind_time(st, 8, says->attempt_us);
	db_bind_time(st, 9, says->active_us);
	return db_run(&s->db, st, err);
}

/* ---- which environment */

struct env_row {
	struct weir_store *s;
	const struct weir_id *task, *run;
	const struct mf_task *t;
	struct str origin_path; /* "": it is no clone */
	struct weir_id origin;
	struct arena *arena;
	struct weir_err *err;
};

static enum weir_rc
put_env(const struct env_row *e, int attempt, const struct mf_object *own)
{
	struct str ids[3] = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
	enum weir_task_env_kind kind = WEIR_TASK_ENV_ORIGIN;
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&e->s->db, SQL_MF_ENV_PUT, &st, e->err);

	if (rc)
		return rc;
	if (own)
		kind = mf_says_env(own->value, e->arena, ids) ? WEIR_TASK_ENV_OWN
		       : own->value.len                       ? WEIR_TASK_ENV_OTHER
							      : WEIR_TASK_ENV_DISABLED;
	db_bind_id(st, 1, e->task);
	sqlite3_bind_int(st, 2, attempt);
	db_bind_id(st, 3, e->run);
	sqlite3_bind_int(st, 4, (int)kind);
	for (int i = 0; kind == WEIR_TASK_ENV_OWN && i < 3; i++)
		db_bind_str(st, 5 + i, ids[i]);
	db_bind_str(st, 8, own ? own->value : (struct str){ NULL, 0 });
	db_bind_id(st, 9, &e->origin);
	if (e->origin_path.len)
		db_bind_str(st, 10, e->origin_path);
	return db_run(&e->s->db, st, e->err);
}

/* The record of the attempt, or of the whole task; a clone without has its origin's. */
static const struct mf_object *
env_record(const struct mf_task *t, int attempt)
{
	const struct mf_object *o = mf_says_newest(t, "conda_env_id", attempt);

	return o ? o : mf_says_newest(t, "conda_env_prefix", attempt);
}

static enum weir_rc
put_envs(struct env_row *e, const struct mf_says *says)
{
	const struct mf_object *own = env_record(e->t, -1);
	enum weir_rc rc = store_run_id(e->s, SQL_MF_ENV_DROP, e->task, e->err);

	if (rc || (!own && !e->origin_path.len))
		return rc;
	rc = put_env(e, -1, own);
	for (int i = 0; !rc && i < says->attempts && i <= 1 << 10; i++) {
		own = env_record(e->t, i);
		if (own || (e->origin_path.len && mf_says_attempt(e->t, i)))
			rc = put_env(e, i, own);
	}
	return rc;
}

static enum weir_rc
put_links(struct weir_store *s, const struct weir_id *id, const struct weir_id *run,
	const struct mf_task *t, const struct mf_says *says, struct weir_err *err)
{
	struct arena arena = { 0 };
	struct env_row e = {
		.s = s, .task = id, .run = run, .t = t, .arena = &arena, .err = err
	};
	const struct str origin[] = { t->flow, says->origin_run, t->step,
		says->origin_task };
	enum weir_rc rc = WEIR_OK;

	if (says->origin_task.len) {
		e.origin_path = path_of(&arena, t, says->origin_run, says->origin_task);
		rc = mf_id(origin, N_ELEM(origin), &e.origin, err);
	}
	if (!rc)
		rc = put_envs(&e, says);
	arena_free(&arena);
	return rc;
}

enum weir_rc
mf_put_task(struct weir_store *s, const struct weir_id *run, const struct mf_task *task,
	size_t *changed, struct weir_err *err)
{
	const struct str parts[] = { task->flow, task->run, task->step, task->task };
	struct mf_says says;
	struct weir_id id;
	enum weir_rc rc = mf_id(parts, N_ELEM(parts), &id, err);

	if (rc)
		return rc;
	mf_says_task(task, &says);
	rc = put_row(s, &id, run, task, &says, changed, err);
	if (!rc)
		rc = put_mark(s, &id, run, task, &says, err);
	if (!rc)
		rc = put_links(s, &id, run, task, &says, err);
	return rc;
}

enum weir_rc
mf_put_task_gone(struct weir_store *s, const struct weir_id *task, struct weir_err *err)
{
	static const enum sql_id by_id[] = { SQL_TASK_DELETE, SQL_MF_TASK_DROP,
		SQL_MF_ENV_DROP };
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < N_ELEM(by_id); i++)
		rc = store_run_id(s, by_id[i], task, err);
	return rc;
}
