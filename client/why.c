/* The tree below a run, and what is said of its end. */
#include "beside.h"
#include "jscan.h"
#include "weir/text.h"
#include "why_priv.h"

enum { DEPTH_MAX = 8, BELOW_MAX = 200, TASKS_MAX = 64 };

static struct str
keep(struct arena *a, struct str s)
{
	s.len = text_clip(s, WEIR_WHY_TEXT_MAX);
	return (struct str){ arena_strndup(a, s.len ? s.s : "", s.len), s.len };
}

/* A member of an object, as JSON text; the object may lack its braces. */
static struct str
member(struct str object, const char *name)
{
	struct jscan j;
	struct str key, value;

	if (!jscan_open(&j, object)) {
		if (!object.len)
			return STR("");
		j = (struct jscan){ object.s, object.s + object.len, '}' };
	}
	while (jscan_next(&j, &key, &value)) {
		if (str_eq(key, name))
			return value;
	}
	return STR("");
}

static struct str
text_member(struct arena *a, struct str object, const char *name)
{
	struct str value = member(object, name), text;
	struct buf b = BUF_INIT(BUF_MAX);

	if (value.len && value.s[0] == '"')
		jscan_unescape(&b, value);
	text = keep(a, buf_str(&b));
	buf_release(&b);
	return text;
}

static struct str
state_message(struct arena *a, struct str rest)
{
	return text_member(a, member(rest, "state"), "message");
}

/* ---- reading */

enum weir_rc
why_read_run(struct weir_store *s, const struct weir_id *id, struct arena *arena,
	struct why_run *ret, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&s->db, SQL_WHY_RUN, &st, err);

	if (rc)
		return rc;
	db_bind_id(st, 1, id);
	rc = db_step(&s->db, st, &row, err);
	*ret = (struct why_run){ .id = *id, .found = !rc && row };
	if (ret->found) {
		ret->name = keep(arena, db_str(st, 0));
		ret->state = (enum weir_state)sqlite3_column_int(st, 1);
		ret->state_name = keep(arena, db_str(st, 2));
		ret->flow_name = keep(arena, db_str(st, 3));
		ret->platform = keep(arena, db_str(st, 4));
		ret->at_us = db_time(st, 5);
		ret->end_us = db_time(st, 6);
		ret->run_count = sqlite3_column_int64(st, 7);
		ret->message = state_message(arena, db_str(st, 8));
	}
	db_reset(st);
	return rc;
}

enum weir_rc
why_failed_below(struct weir_store *s, const struct weir_id *run, struct id_vec *ret,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&s->db, SQL_WHY_CHILDREN, &st, err);

	if (rc)
		return rc;
	db_bind_id(st, 1, run);
	sqlite3_bind_int(st, 2, BELOW_MAX);
	return db_ids(store_db(s), st, ret, err);
}

/* When the last attempt of a run began, by its history; 0: not known. */
static int64_t
last_attempt(struct weir_store *s, const struct why_run *run)
{
	struct arena a = { 0 };
	char *states = NULL;
	struct jscan j;
	struct str key, value;
	int64_t us, last = 0;

	if (run->run_count < 2 ||
		weir_store_run_states(s, &run->id, &states, NULL) != WEIR_OK)
		return 0;
	if (states && jscan_open(&j, str_of(states))) {
		while (jscan_next(&j, &key, &value)) {
			if (str_eq(text_member(&a, value, "type"), "RUNNING") &&
				weir_time_parse(
					text_member(&a, value, "timestamp"), &us))
				last = us;
		}
	}
	free(states);
	arena_free(&a);
	return last;
}

/* ---- the cause of one run */

/*
 * The task run that failed first, but rather one whose message is that of the run.
 */
static enum weir_rc
find_task(struct weir_store *s, const struct why_run *run, struct arena *arena,
	struct weir_why_cause *c, struct weir_err *err)
{
	struct str wanted = why_unwrap(run->message);
	sqlite3_stmt *st = NULL;
	bool row = false, found = false;
	enum weir_rc rc = db_get(&s->db, SQL_WHY_TASKS, &st, err);

	if (rc)
		return rc;
	db_bind_id(st, 1, &run->id);
	sqlite3_bind_int(st, 2, TASKS_MAX);
	while ((rc = db_step(&s->db, st, &row, err)) == WEIR_OK && row) {
		struct str message = state_message(arena, db_str(st, 2));
		bool same = wanted.len && str_equal(why_unwrap(message), wanted);

		if (found && !same)
			continue;
		found = true;
		c->task = db_id(st, 0);
		c->task_name = keep(arena, db_str(st, 1));
		if (message.len)
			c->message = message;
		if (same)
			break;
	}
	db_reset(st);
	return rc;
}

static struct str
folded(struct arena *a, struct str error)
{
	struct buf b = BUF_INIT(4096);
	struct str r;

	weir_why_fold(error, &b);
	r = keep(a, buf_str(&b));
	buf_release(&b);
	return r;
}

enum weir_rc
why_cause(struct weir_store *s, const struct why_words *w, const struct why_run *run,
	bool around, struct arena *arena, struct weir_why_cause *ret,
	struct weir_err *err)
{
	struct weir_why_cause c = { .run = run->id,
		.run_name = run->name,
		.flow_name = run->flow_name,
		.platform = run->platform,
		.task_name = STR(""),
		.state = run->state,
		.state_name = run->state_name,
		.end_us = run->end_us,
		.message = run->message,
		.error = STR("") };
	enum weir_rc rc = find_task(s, run, arena, &c, err);

	if (rc)
		return rc;
	c.exited = why_exit_status(run->message, &c.exit_status) ||
		   why_exit_status(c.message, &c.exit_status);
	rc = why_search_log(s, w, last_attempt(s, run), around, arena, &c, err);
	if (rc)
		return rc;
	if (!c.error.len)
		c.error = keep(arena, why_trim(why_unwrap(c.message)));
	if (!c.error.len)
		c.error = c.state_name.len ? c.state_name
					   : str_of(weir_state_type(c.state));
	c.folded = folded(arena, c.error);
	*ret = c;
	return WEIR_OK;
}

/* ---- the causes of a tree of runs */

struct tree {
	struct weir_store *s;
	struct why_words words;
	struct weir_why *out;
	VEC(struct weir_why_cause) causes;
	struct weir_err *err;
};

static enum weir_rc
add_run(struct tree *t, const struct weir_id *id, int depth)
{
	struct id_vec below = { 0 };
	struct why_run run;
	struct weir_why_cause c;
	enum weir_rc rc = why_failed_below(t->s, id, &below, t->err);

	for (size_t i = 0; !rc && depth < DEPTH_MAX && i < below.n; i++)
		rc = add_run(t, &below.v[i], depth + 1);
	if (rc || (below.n && depth < DEPTH_MAX))
		goto out;
	if (++t->out->n_failed > WEIR_WHY_CAUSES_MAX)
		goto out;
	rc = why_read_run(t->s, id, &t->out->arena, &run, t->err);
	if (!rc && run.found)
		rc = why_cause(t->s, &t->words, &run, true, &t->out->arena, &c, t->err);
	if (!rc && run.found)
		VEC_PUSH(&t->causes, c);
out:
	VEC_FREE(&below);
	return rc;
}

static int
cmp_cause(const void *a, const void *b)
{
	const struct weir_why_cause *x = a, *y = b;
	int64_t i = x->end_us == WEIR_NO_TIME ? INT64_MAX : x->end_us;
	int64_t j = y->end_us == WEIR_NO_TIME ? INT64_MAX : y->end_us;

	return i < j ? -1 : i > j ? 1 : weir_id_cmp(&x->run, &y->run);
}

/* A run that did not fail may have failed runs below it, so far or for good. */
static enum weir_rc
find_causes(struct tree *t, const struct why_run *run)
{
	bool failed = run->state == WEIR_ST_FAILED || run->state == WEIR_ST_CRASHED;
	struct id_vec below = { 0 };
	enum weir_rc rc = why_failed_below(t->s, &run->id, &below, t->err);

	if (!rc && (failed || below.n))
		rc = why_words_init(&t->words, t->err);
	if (!rc && failed)
		rc = add_run(t, &run->id, 0);
	for (size_t i = 0; !rc && !failed && i < below.n; i++)
		rc = add_run(t, &below.v[i], 1);
	if (t->causes.n)
		qsort(t->causes.v, t->causes.n, sizeof(*t->causes.v), cmp_cause);
	why_words_release(&t->words);
	VEC_FREE(&below);
	return rc;
}

enum weir_rc
weir_why(struct weir_store *of, const struct weir_id *run, int64_t now_us,
	struct weir_why *ret_why, struct weir_err *err)
{
	struct weir_store *s = beside_of(of, run);
	struct weir_why out = { .run = *run };
	struct tree t = { .s = s, .out = &out, .err = err };
	struct why_run r;
	char id[WEIR_ID_TEXT + 1];
	enum weir_rc rc = why_read_run(s, run, &out.arena, &r, err);

	if (!rc && !r.found)
		rc = weir_fail(err, WEIR_ENOTFOUND, "run '%s': not found",
			weir_id_format(run, id));
	if (!rc) {
		out.name = r.name;
		out.flow_name = r.flow_name;
		out.platform = r.platform;
		out.state = r.state;
		out.state_name = r.state_name;
		out.message = r.message;
		out.end_us = r.end_us;
		out.waits = r.state == WEIR_ST_SCHEDULED ||
			    r.state == WEIR_ST_PENDING || r.state == WEIR_ST_PAUSED;
		rc = find_causes(&t, &r);
	}
	if (!rc && out.waits)
		rc = weir_pickup(s, run, now_us, &out.pickup, err);
	out.causes = t.causes.v;
	out.n_causes = t.causes.n;
	if (rc)
		weir_why_release(&out);
	else
		*ret_why = out;
	return rc;
}

void
weir_why_release(struct weir_why *w)
{
	free(w->causes);
	arena_free(&w->arena);
	*w = (struct weir_why){ 0 };
}

/* ---- words */

static const struct weir_check *
first_bad(const struct weir_pickup *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].result == WEIR_CHECK_BAD)
			return &p->v[i];
	}
	return NULL;
}

void
weir_why_line(const struct weir_why *w, struct buf *out)
{
	const struct weir_check *bad = w->waits ? first_bad(&w->pickup) : NULL;

	if (w->n_causes) {
		const struct weir_why_cause *c = &w->causes[0];

		if (c->task_name.len) {
			buf_addstr(out, c->task_name);
			buf_adds(out, ": ");
		}
		buf_addstr(out, c->error);
	} else if (bad) {
		buf_addf(out, "%s: %s", bad->what, bad->text);
	} else if (w->waits) {
		buf_adds(out, "nothing that is known here hinders it");
	} else if (w->message.len) {
		buf_addstr(out, w->message);
	} else if (w->state == WEIR_ST_COMPLETED) {
		buf_adds(out, "it completed: nothing failed");
	} else if (weir_state_is_terminal(w->state)) {
		buf_addf(out, "it ended as %.*s, and no reason was given",
			(int)w->state_name.len, w->state_name.s);
	} else {
		buf_addf(out, "it goes on: %.*s", (int)w->state_name.len,
			w->state_name.s);
	}
}

bool
weir_why_next(const struct weir_why *w, size_t i, struct buf *out)
{
	const struct weir_why_cause *c = w->n_causes ? &w->causes[0] : NULL;
	char id[WEIR_ID_TEXT + 1], cause[WEIR_ID_TEXT + 1];
	size_t n = 0;

	weir_id_format(&w->run, id);
	if (c) {
		weir_id_format(&c->run, cause);
		if (n++ == i) {
			buf_addf(out, "weir logs %s%s", cause,
				c->in_log ? " --level error" : "");
			return true;
		}
	}
	if (w->waits && n++ == i) {
		buf_adds(out, "weir pools");
		return true;
	}
	if (n++ == i) {
		buf_addf(out, "weir show %s", id);
		return true;
	}
	return false;
}
