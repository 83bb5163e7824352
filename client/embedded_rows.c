/* Objects of the embedded store, as JSON, there and back. */
#include "api_fields.h"
#include "embedded_priv.h"
#include "weir/text.h"
#include "weir/time.h"

/* ---- rows as text */

static void
add_name(struct buf *out, const char *name)
{
	if (out->s[out->len - 1] != '{')
		buf_addc(out, ',');
	buf_addf(out, "\"%s\":", name);
}

static void
add_id(struct buf *out, const char *name, sqlite3_stmt *st, int col)
{
	struct weir_id id = db_id(st, col);
	char text[WEIR_ID_TEXT + 1];

	add_name(out, name);
	if (weir_id_is_null(&id))
		buf_adds(out, "null");
	else
		buf_addf(out, "\"%s\"", weir_id_format(&id, text));
}

static void
add_time(struct buf *out, const char *name, sqlite3_stmt *st, int col)
{
	int64_t us = db_time(st, col);
	char text[WEIR_TIME_TEXT];

	add_name(out, name);
	if (us == WEIR_NO_TIME)
		buf_adds(out, "null");
	else
		buf_addf(out, "\"%s\"", weir_time_format(us, text));
}

static void
add_text(struct buf *out, const char *name, struct str text)
{
	add_name(out, name);
	if (!text.s)
		buf_adds(out, "null");
	else
		text_json(out, text);
}

static void
add_number(struct buf *out, const char *name, sqlite3_stmt *st, int col)
{
	add_name(out, name);
	buf_addf(out, "%lld", (long long)sqlite3_column_int64(st, col));
}

static void
add_json(struct buf *out, const char *name, struct str json, const char *none)
{
	add_name(out, name);
	if (json.len)
		buf_addstr(out, json);
	else
		buf_adds(out, none);
}

static void
add_type(struct buf *out, sqlite3_stmt *st, int col)
{
	int state = sqlite3_column_int(st, col);

	if (state <= WEIR_ST_NONE || state >= WEIR_N_STATES)
		add_json(out, "state_type", STR(""), "null");
	else
		add_text(out, "state_type",
			str_of(weir_state_type((enum weir_state)state)));
}

/* What is computed when it is looked at. */
static void
add_estimates(struct buf *out, enum weir_state state, int64_t since_us,
	int64_t start_us, int64_t expected_us, double run_time)
{
	int64_t now = weir_now_us(), begun = start_us == WEIR_NO_TIME ? now : start_us;
	double late = 0;

	if (state == WEIR_ST_RUNNING && since_us != WEIR_NO_TIME && now > since_us)
		run_time += (double)(now - since_us) / WEIR_SECOND_US;
	if (expected_us != WEIR_NO_TIME && begun > expected_us)
		late = (double)(begun - expected_us) / WEIR_SECOND_US;
	buf_addf(out,
		",\"estimated_run_time\":%.6f,\"estimated_start_time_delta\":%.6f",
		run_time, late);
}

void
embedded_run_text(sqlite3_stmt *st, struct buf *out)
{
	struct str rest = db_str(st, 20);

	buf_addc(out, '{');
	add_id(out, "id", st, 0);
	add_time(out, "created", st, 4);
	add_time(out, "updated", st, 5);
	add_text(out, "name", db_str(st, 1));
	add_id(out, "flow_id", st, 2);
	add_id(out, "state_id", st, 8);
	add_id(out, "deployment_id", st, 3);
	add_text(out, "work_queue_name", db_str(st, 19));
	add_json(out, "tags", db_str(st, 16), "[]");
	add_id(out, "parent_task_run_id", st, 17);
	add_type(out, st, 6);
	add_text(out, "state_name", db_str(st, 7));
	add_number(out, "run_count", st, 14);
	add_time(out, "expected_start_time", st, 11);
	add_time(out, "next_scheduled_start_time", st, 12);
	add_time(out, "start_time", st, 9);
	add_time(out, "end_time", st, 10);
	add_name(out, "total_run_time");
	buf_addf(out, "%.6f", sqlite3_column_double(st, 13));
	add_estimates(out, (enum weir_state)sqlite3_column_int(st, 6), db_time(st, 9),
		db_time(st, 9), db_time(st, 11), sqlite3_column_double(st, 13));
	add_name(out, "auto_scheduled");
	buf_adds(out, sqlite3_column_int(st, 15) ? "true" : "false");
	add_text(out, "work_pool_name", db_str(st, 18));
	if (rest.len) {
		buf_addc(out, ',');
		buf_addstr(out, rest);
	}
	buf_addc(out, '}');
}

void
embedded_task_text(sqlite3_stmt *st, struct buf *out)
{
	struct str rest = db_str(st, 17);

	buf_addc(out, '{');
	add_id(out, "id", st, 0);
	add_time(out, "created", st, 8);
	add_time(out, "updated", st, 9);
	add_text(out, "name", db_str(st, 5));
	add_id(out, "flow_run_id", st, 1);
	add_text(out, "task_key", db_str(st, 6));
	add_text(out, "dynamic_key", db_str(st, 7));
	add_json(out, "tags", db_str(st, 16), "[]");
	add_id(out, "state_id", st, 4);
	add_type(out, st, 2);
	add_text(out, "state_name", db_str(st, 3));
	add_number(out, "run_count", st, 15);
	add_time(out, "expected_start_time", st, 10);
	add_time(out, "next_scheduled_start_time", st, 11);
	add_time(out, "start_time", st, 12);
	add_time(out, "end_time", st, 13);
	add_name(out, "total_run_time");
	buf_addf(out, "%.6f", sqlite3_column_double(st, 14));
	add_estimates(out, (enum weir_state)sqlite3_column_int(st, 2), db_time(st, 12),
		db_time(st, 12), db_time(st, 10), sqlite3_column_double(st, 14));
	if (rest.len) {
		buf_addc(out, ',');
		buf_addstr(out, rest);
	}
	buf_addc(out, '}');
}

/* ---- one object */

static enum weir_rc
damaged(struct embedded_call *c)
{
	return weir_fail(c->err, WEIR_EDB,
		"embedded store: %s: an object in it is not JSON", c->db->path);
}

/* The row of st, which is bound, as a tree. */
static enum weir_rc
read_row(struct embedded_call *c, sqlite3_stmt *st,
	void (*text)(sqlite3_stmt *, struct buf *), json_t **ret)
{
	struct buf b = BUF_INIT(BUF_MAX);
	struct str doc;
	bool row = false;
	enum weir_rc rc = db_step(c->db, st, &row, c->err);

	*ret = NULL;
	if (!rc && row && text)
		text(st, &b);
	if (!rc && row) {
		doc = text ? buf_str(&b) : db_str(st, 0);
		if (doc.s && !(*ret = json_loadb(doc.s, doc.len, JSON_ALLOW_NUL, NULL)))
			rc = damaged(c);
	}
	db_reset(st);
	buf_release(&b);
	return rc;
}

static enum weir_rc
read_by_id(struct embedded_call *c, enum sql_id sql, const struct weir_id *id,
	void (*text)(sqlite3_stmt *, struct buf *), json_t **ret)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(c->db, sql, &st, c->err);

	if (rc)
		return rc;
	db_bind_id(st, 1, id);
	return read_row(c, st, text, ret);
}

enum weir_rc
embedded_run(struct embedded_call *c, const struct weir_id *id, json_t **ret)
{
	return read_by_id(c, SQL_EMB_RUN, id, embedded_run_text, ret);
}

enum weir_rc
embedded_task(struct embedded_call *c, const struct weir_id *id, json_t **ret)
{
	return read_by_id(c, SQL_EMB_TASK, id, embedded_task_text, ret);
}

static const struct {
	enum sql_id id, named;
} docs[WEIR_N_SERVED] = {
	[WEIR_FLOW] = { SQL_EMB_FLOW, SQL_EMB_FLOW_NAMED },
	[WEIR_DEPLOYMENT] = { SQL_EMB_DEPLOYMENT, SQL_EMB_DEPLOYMENT_NAMED },
	[WEIR_POOL] = { SQL_EMB_POOL, SQL_EMB_POOL_NAMED },
	[WEIR_QUEUE] = { SQL_EMB_QUEUE, SQL_EMB_QUEUE_NAMED },
	[WEIR_WORKER] = { SQL_EMB_WORKER, SQL_EMB_WORKER_NAMED },
	[WEIR_ARTIFACT] = { SQL_EMB_ARTIFACT, SQL_EMB_ARTIFACT },
	[WEIR_LIMIT] = { SQL_EMB_LIMIT, SQL_EMB_LIMIT_NAMED },
};

enum weir_rc
embedded_doc(struct embedded_call *c, enum weir_kind kind, const struct weir_id *id,
	json_t **ret)
{
	return read_by_id(c, docs[kind].id, id, NULL, ret);
}

enum weir_rc
embedded_named(struct embedded_call *c, enum weir_kind kind,
	const struct weir_id *owner, const char *name, json_t **ret)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(c->db, docs[kind].named, &st, c->err);

	if (rc)
		return rc;
	if (owner)
		db_bind_id(st, 1, owner);
	db_bind_str(st, 2, str_of(name));
	return read_row(c, st, NULL, ret);
}

/* ---- and back */

/* `updated` moves on, or the store would take it for what it has. */
static void
touch(const struct embedded_call *c, json_t *object, struct buf *out)
{
	int64_t last = embedded_us(json_object_get(object, "updated")), us = c->now_us;

	if (last != WEIR_NO_TIME && us <= last)
		us = last + 1;
	json_object_set_new(object, "updated", embedded_time(us));
	json_out(out, object);
}

enum weir_rc
embedded_put_run(struct embedded_call *c, json_t *run)
{
	struct buf text = BUF_INIT(BUF_MAX);
	struct arena arena = { 0 };
	struct run_vec rows = { 0 };
	enum weir_rc rc;

	touch(c, run, &text);
	rc = api_decode_runs(buf_str(&text), &arena, &rows, c->err);
	if (!rc)
		rc = store_put_runs(c->store, rows.v, rows.n, NULL, c->err);
	VEC_FREE(&rows);
	arena_free(&arena);
	buf_release(&text);
	return rc;
}

enum weir_rc
embedded_put_task(struct embedded_call *c, json_t *task)
{
	struct buf text = BUF_INIT(BUF_MAX);
	struct arena arena = { 0 };
	struct task_run_vec rows = { 0 };
	enum weir_rc rc;

	touch(c, task, &text);
	rc = api_decode_task_runs(buf_str(&text), &arena, &rows, c->err);
	if (!rc)
		rc = store_put_task_runs(c->store, rows.v, rows.n, NULL, c->err);
	VEC_FREE(&rows);
	arena_free(&arena);
	buf_release(&text);
	return rc;
}

enum weir_rc
embedded_put_doc(struct embedded_call *c, enum weir_kind kind, json_t *doc)
{
	struct buf text = BUF_INIT(BUF_MAX);
	struct arena arena = { 0 };
	struct doc_vec rows = { 0 };
	enum weir_rc rc;

	touch(c, doc, &text);
	rc = api_decode_docs(kind, buf_str(&text), &arena, &rows, c->err);
	if (!rc)
		rc = store_put_docs(c->store, kind, rows.v, rows.n, NULL, c->err);
	VEC_FREE(&rows);
	arena_free(&arena);
	buf_release(&text);
	return rc;
}

/* ---- several */

enum weir_rc
embedded_docs_of(struct embedded_call *c, enum sql_id sql, const struct weir_id *id,
	json_t **ret)
{
	json_t *all = json_array(), *one;
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(c->db, sql, &st, c->err);

	if (!rc)
		db_bind_id(st, 1, id);
	while (!rc && !(rc = db_step(c->db, st, &row, c->err)) && row) {
		struct str doc = db_str(st, 0);

		one = json_loadb(doc.s, doc.len, JSON_ALLOW_NUL, NULL);
		if (one)
			json_array_append_new(all, one);
		else
			rc = damaged(c);
	}
	db_reset(st);
	if (rc)
		json_decref(all);
	else
		*ret = all;
	return rc;
}

enum weir_rc
embedded_ids_of(struct embedded_call *c, enum sql_id sql, const struct weir_id *id,
	struct id_vec *ret)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(c->db, sql, &st, c->err);

	if (rc)
		return rc;
	db_bind_id(st, 1, id);
	return db_ids(c->db, st, ret, c->err);
}

static enum weir_rc
one_number(struct embedded_call *c, sqlite3_stmt *st, int64_t *ret_n)
{
	bool row = false;
	enum weir_rc rc = db_step(c->db, st, &row, c->err);

	if (!rc)
		*ret_n = row ? sqlite3_column_int64(st, 0) : 0;
	db_reset(st);
	return rc;
}

enum weir_rc
embedded_count(struct embedded_call *c, enum sql_id sql, const char *a, const char *b,
	int64_t *ret_n)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(c->db, sql, &st, c->err);

	if (rc)
		return rc;
	if (a)
		db_bind_str(st, 1, str_of(a));
	if (b)
		db_bind_str(st, 2, str_of(b));
	return one_number(c, st, ret_n);
}

enum weir_rc
embedded_busy(struct embedded_call *c, const struct weir_id *deployment, int64_t *ret_n)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(c->db, SQL_EMB_BUSY_DEPLOYMENT, &st, c->err);

	if (rc)
		return rc;
	db_bind_id(st, 1, deployment);
	return one_number(c, st, ret_n);
}

enum weir_rc
embedded_delete_runs(struct embedded_call *c, enum sql_id sql, const struct weir_id *of)
{
	struct id_vec ids = { 0 };
	enum weir_rc rc = embedded_ids_of(c, sql, of, &ids);

	if (!rc && ids.n)
		rc = store_runs_gone(c->store, ids.v, ids.n, c->err);
	VEC_FREE(&ids);
	return rc;
}
