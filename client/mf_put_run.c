/* Runs: their state is told by their tasks. */
#include "jscan.h"
#include "mf_put.h"
#include "store_priv.h"

enum { SETTLED_DAYS = 1, FAILED_NAMED = 3 };
#define SETTLED_US ((int64_t)SETTLED_DAYS * 24 * 3600 * WEIR_SECOND_US)

struct job {
	struct weir_store *s;
	const struct mf_run *run;
	const struct mf_object *self;
	struct weir_id id, flow;
	struct mf_sum sum;
	int64_t tasks, open, failed, active_us;
	enum weir_state state;
	int64_t end_us;
	struct arena arena;
	struct weir_err *err;
};

/* The newest of what the tasks of step `end` say. */
static enum weir_rc
read_end(struct job *j)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&j->s->db, SQL_MF_SUM_END, &st, j->err);

	j->sum = (struct mf_sum){ -1, WEIR_NO_TIME, WEIR_NO_TIME, WEIR_NO_TIME };
	if (rc)
		return rc;
	db_bind_id(st, 1, &j->id);
	while (!(rc = db_step(&j->s->db, st, &row, j->err)) && row) {
		int64_t ok_us = db_time(st, 1), attempt_us = db_time(st, 2);

		if (sqlite3_column_type(st, 0) != SQLITE_NULL &&
			(j->sum.ok < 0 || ok_us >= j->sum.ok_us)) {
			j->sum.ok = sqlite3_column_int(st, 0);
			j->sum.ok_us = ok_us;
		}
		if (attempt_us > j->sum.attempt_us)
			j->sum.attempt_us = attempt_us;
	}
	db_reset(st);
	return rc;
}

static enum weir_rc
read_sum(struct job *j)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&j->s->db, SQL_MF_SUM, &st, j->err);

	if (rc)
		return rc;
	db_bind_id(st, 1, &j->id);
	rc = db_step(&j->s->db, st, &row, j->err);
	if (!rc && row) {
		j->tasks = sqlite3_column_int64(st, 0);
		j->open = sqlite3_column_int64(st, 1);
		j->failed = sqlite3_column_int64(st, 2);
		j->active_us = db_time(st, 3);
	}
	db_reset(st);
	return rc;
}

/*
 * A run of files has no beat: what its tasks wrote last stands for it, or a process of
 * theirs, unless one of them has failed and none is at work.
 */
static void
find_state(struct job *j, struct mf_alive *alive)
{
	if (j->active_us == WEIR_NO_TIME || j->active_us < j->self->ts_us)
		j->active_us = j->self->ts_us;
	j->sum.beat_us = alive ? j->active_us : j->self->heartbeat_us;
	if (alive && j->failed && !j->open && j->sum.ok < 0) {
		j->state = WEIR_ST_FAILED;
		j->end_us = j->active_us;
		return;
	}
	mf_says_run(&j->sum, weir_now_us(), &j->state, &j->end_us);
	if (alive && j->state == WEIR_ST_FAILED && j->open && j->sum.ok < 0 &&
		mf_alive_run(alive, j->run->run)) {
		j->state = WEIR_ST_RUNNING; /* it has nothing to say */
		j->end_us = WEIR_NO_TIME;
	}
}

/* What failed, by the names of tasks. */
static enum weir_rc
make_message(struct job *j, struct buf *out)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	int n = 0;
	enum weir_rc rc;

	if (j->state != WEIR_ST_FAILED)
		return WEIR_OK;
	if (!j->failed) {
		buf_adds(out, "it stopped without an end");
		return WEIR_OK;
	}
	rc = db_get(&j->s->db, SQL_MF_FAILED, &st, j->err);
	if (rc)
		return rc;
	db_bind_id(st, 1, &j->id);
	sqlite3_bind_int(st, 2, FAILED_NAMED);
	while (!(rc = db_step(&j->s->db, st, &row, j->err)) && row) {
		buf_adds(out, n++ ? ", " : "failed: ");
		buf_addstr(out, db_str(st, 0));
	}
	db_reset(st);
	if (j->failed > n)
		buf_addf(out, " and %lld more", (long long)(j->failed - n));
	return rc;
}

/* The user's tags first, then those of Metaflow. */
static struct str
join_tags(struct job *j)
{
	const struct str lists[] = { j->self->tags, j->self->system_tags };
	struct buf out = BUF_INIT(MF_REST_MAX);
	struct str key, value;
	struct jscan scan;
	struct str ret;

	buf_addc(&out, '[');
	for (size_t i = 0; i < N_ELEM(lists); i++) {
		if (!jscan_open(&scan, lists[i]))
			continue;
		while (jscan_next(&scan, &key, &value)) {
			if (value.s[0] != '"')
				continue;
			if (out.len > 1)
				buf_addc(&out, ',');
			buf_addstr(&out, value);
		}
	}
	buf_addc(&out, ']');
	ret = (struct str){ arena_strndup(&j->arena, buf_cstr(&out), out.len),
		out.len };
	buf_release(&out);
	return ret;
}

static enum weir_rc
make_rest(struct job *j, struct buf *out)
{
	struct buf message = BUF_INIT(4096);
	struct str path =
		str_of(arena_printf(&j->arena, "%.*s/%.*s", (int)j->run->flow.len,
			j->run->flow.s, (int)j->run->run.len, j->run->run.s));
	enum weir_rc rc = make_message(j, &message);

	mf_put_text(out, "pathspec", path);
	mf_put_text(out, "user_name", j->self->user);
	buf_adds(out, ",\"system_tags\":");
	buf_addstr(out, j->self->system_tags.len ? j->self->system_tags : STR("[]"));
	buf_adds(out, ",\"parameters\":{}");
	mf_put_state(out, j->state, j->end_us, buf_str(&message));
	buf_release(&message);
	return rc;
}

static enum weir_rc
put_row(struct job *j, size_t *changed)
{
	struct buf rest = BUF_INIT(MF_REST_MAX);
	const int64_t times[] = { j->state, j->self->ts_us, j->end_us };
	struct weir_run row = { .id = j->id,
		.created_us = j->self->ts_us,
		.updated_us = j->active_us,
		.flow_id = j->flow,
		.state_type = j->state,
		.state_name = str_of(mf_put_name(j->state)),
		.run_count = 1,
		.expected_start_us = j->self->ts_us,
		.next_scheduled_us = WEIR_NO_TIME,
		.start_us = j->self->ts_us,
		.end_us = j->end_us,
		.total_run_time = mf_put_seconds(j->self->ts_us, j->end_us),
		.tags = join_tags(j),
		.parameters = STR("{}") };
	enum weir_rc rc = make_rest(j, &rest);

	row.name = str_of(arena_printf(&j->arena, "%.*s/%.*s", (int)j->run->flow.len,
		j->run->flow.s, (int)j->run->run.len, j->run->run.s));
	row.rest = buf_str(&rest);
	row.state_id = mf_put_version(row.tags, row.rest, times, N_ELEM(times));
	if (!rc)
		rc = store_put_runs(j->s, &row, 1, changed, j->err);
	buf_release(&rest);
	return rc;
}

/* Nothing will come of a run that has ended well, or is long quiet. */
static bool
is_settled(const struct job *j)
{
	return j->state == WEIR_ST_COMPLETED ||
	       (j->state == WEIR_ST_FAILED &&
		       weir_now_us() - j->active_us > SETTLED_US);
}

bool
mf_put_stays(enum weir_state state, int64_t beat_us)
{
	const int64_t quiet = weir_now_us() - beat_us;

	if (beat_us == WEIR_NO_TIME)
		return false;
	if (state == WEIR_ST_RUNNING) /* then the silence counts, and processes */
		return quiet <= MF_BEAT_US && quiet >= -MF_BEAT_US;
	return state == WEIR_ST_FAILED && quiet >= 0 && quiet <= SETTLED_US;
}

static enum weir_rc
put_mark(struct job *j)
{
	char *path = arena_printf(&j->arena, "%.*s/%.*s", (int)j->run->flow.len,
		j->run->flow.s, (int)j->run->run.len, j->run->run.s);
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&j->s->db, SQL_MF_RUN_PUT, &st, j->err);

	if (rc)
		return rc;
	db_bind_id(st, 1, &j->id);
	db_bind_str(st, 2, str_of(path));
	sqlite3_bind_int64(st, 3, (int64_t)j->run->mark);
	sqlite3_bind_int(st, 4, is_settled(j));
	db_bind_time(st, 5, j->sum.beat_us);
	return db_run(&j->s->db, st, j->err);
}

/* Tasks that have not ended live only as long as their run does. */
static enum weir_rc
put_open(struct job *j)
{
	enum weir_state state =
		j->state == WEIR_ST_RUNNING ? WEIR_ST_RUNNING : WEIR_ST_FAILED;
	sqlite3_stmt *st = NULL;
	int64_t name = 0;
	enum weir_rc rc;

	if (!j->open)
		return WEIR_OK;
	rc = store_intern(j->s, STORE_NAME, str_of(mf_put_name(state)), &name, j->err);
	if (!rc)
		rc = db_get(&j->s->db, SQL_MF_TASKS_OPEN, &st, j->err);
	if (rc)
		return rc;
	db_bind_id(st, 1, &j->id);
	sqlite3_bind_int(st, 2, (int)state);
	sqlite3_bind_int64(st, 3, name);
	return db_run(&j->s->db, st, j->err);
}

enum weir_rc
mf_put_run(struct weir_store *s, const struct mf_run *run, const struct mf_object *self,
	struct mf_alive *alive, size_t *changed, struct weir_err *err)
{
	const struct str parts[] = { run->flow, run->run };
	struct job j = { .s = s, .run = run, .self = self, .err = err };
	enum weir_rc rc = mf_id(parts, 1, &j.flow, err);

	if (!rc)
		rc = mf_id(parts, 2, &j.id, err);
	if (!rc)
		rc = read_end(&j);
	if (!rc)
		rc = read_sum(&j);
	if (!rc) {
		find_state(&j, alive);
		rc = put_row(&j, changed);
	}
	if (!rc)
		rc = put_open(&j);
	if (!rc)
		rc = put_mark(&j);
	arena_free(&j.arena);
	return rc;
}

enum weir_rc
mf_put_run_gone(struct weir_store *s, const struct weir_id *run, struct weir_err *err)
{
	static const enum sql_id by_id[] = { SQL_MF_RUN_GONE, SQL_MF_TASKS_GONE,
		SQL_MF_ENVS_GONE, SQL_MF_LOGS_GONE };
	enum weir_rc rc = store_runs_gone(s, run, 1, err);

	for (size_t i = 0; !rc && i < N_ELEM(by_id); i++)
		rc = store_run_id(s, by_id[i], run, err);
	return rc;
}

/* ---- clones */

enum { CHAIN_MAX = 32 };

struct clone {
	struct weir_id task, origin;
	int attempt;
};

/*
 * What the task at the end of the chain used, into the bindings of set. *ret_found: it
 * is here, and recorded something.
 */
static enum weir_rc
follow(struct weir_store *s, struct weir_id at, sqlite3_stmt *set, bool *ret_found,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = true;
	enum weir_rc rc = WEIR_OK;

	*ret_found = false;
	for (int i = 0; !rc && row && !*ret_found && i < CHAIN_MAX; i++) {
		rc = db_get(&s->db, SQL_MF_ENV_WHOLE, &st, err);
		if (rc)
			return rc;
		db_bind_id(st, 1, &at);
		rc = db_step(&s->db, st, &row, err);
		if (!rc && row && sqlite3_column_type(st, 4) != SQLITE_NULL) {
			*ret_found = true;
			for (int c = 0; c < 4; c++)
				sqlite3_bind_value(
					set, 3 + c, sqlite3_column_value(st, 1 + c));
		} else if (!rc && row) {
			at = db_id(st, 5);
		}
		db_reset(st);
	}
	return rc;
}

static enum weir_rc
put_clone(struct weir_store *s, const struct clone *c, struct weir_err *err)
{
	sqlite3_stmt *set = NULL;
	bool found = false;
	enum weir_rc rc = db_get(&s->db, SQL_MF_CLONE_SET, &set, err);

	if (rc)
		return rc;
	db_bind_id(set, 1, &c->task);
	sqlite3_bind_int(set, 2, c->attempt);
	rc = follow(s, c->origin, set, &found, err);
	if (rc || !found) {
		db_reset(set);
		return rc;
	}
	return db_run(&s->db, set, err);
}

enum weir_rc
mf_put_clones(struct weir_store *s, struct weir_err *err)
{
	VEC(struct clone) v = { 0 };
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&s->db, SQL_MF_CLONES, &st, err);

	if (rc)
		return rc;
	while (!(rc = db_step(&s->db, st, &row, err)) && row) {
		struct clone c = { db_id(st, 0), db_id(st, 2),
			sqlite3_column_int(st, 1) };

		VEC_PUSH(&v, c);
	}
	db_reset(st);
	for (size_t i = 0; !rc && i < v.n; i++)
		rc = put_clone(s, &v.v[i], err);
	VEC_FREE(&v);
	return rc;
}
