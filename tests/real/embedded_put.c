/*
 * A door to the embedded store: `{"put": KIND, "rows": [...]}`, a line each, puts
 * objects as they are, with their ids and times, as tests/lib/seed wants them. The
 * answer is a line,
 * `{"status", "body"}`.
 *
 * Usage: embedded_put FILE < ORDERS
 */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "api_fields.h"
#include "store_write.h"
#include "weir/mem.h"
#include "weir/types.h"

static void
print(json_t *v)
{
	char *text = json_dumps(v, JSON_COMPACT);

	puts(text);
	fflush(stdout);
	free(text);
	json_decref(v);
}

static json_t *
member(json_t *row, const char *a, const char *b)
{
	json_t *v = json_object_get(row, a);

	return b ? json_object_get(v, b) : v;
}

static struct weir_id
id_of(json_t *v)
{
	struct weir_id id = { 0 };

	(void)weir_id_parse(str_of(json_string_value(v)), &id);
	return id;
}

static enum weir_rc
add_row(struct weir_store *s, sqlite3_stmt *st, json_t *doc, int place,
	struct weir_err *err)
{
	char *text = json_dumps(doc, JSON_COMPACT);
	bool row;
	enum weir_rc rc;

	db_bind_str(st, place, str_of(text));
	rc = db_step(store_db(s), st, &row, err);
	db_reset(st);
	free(text);
	return rc;
}

static enum weir_rc
put_state(struct weir_store *s, json_t *state, struct weir_err *err)
{
	struct weir_id run = id_of(member(state, "state_details", "flow_run_id"));
	struct weir_id id = id_of(member(state, "id", NULL));
	sqlite3_stmt *st;
	enum weir_rc rc = db_get(store_db(s), SQL_EMB_STATE_ADD, &st, err);

	if (rc)
		return rc;
	db_bind_id(st, 1, &run);
	db_bind_id(st, 2, &id);
	return add_row(s, st, state, 3, err);
}

static enum weir_rc
drop_schedules(struct weir_store *s, const struct weir_id *owner, struct weir_err *err)
{
	struct id_vec ids = { 0 };
	sqlite3_stmt *st;
	enum weir_rc rc = db_get(store_db(s), SQL_EMB_SCHEDULE_IDS, &st, err);

	if (rc)
		return rc;
	db_bind_id(st, 1, owner);
	rc = db_ids(store_db(s), st, &ids, err);
	for (size_t i = 0; !rc && i < ids.n; i++) {
		rc = db_get(store_db(s), SQL_EMB_SCHEDULE_DELETE, &st, err);
		if (rc)
			break;
		db_bind_id(st, 1, &ids.v[i]);
		rc = db_run(store_db(s), st, err);
	}
	VEC_FREE(&ids);
	return rc;
}

static enum weir_rc
put_schedules(struct weir_store *s, json_t *deployment, struct weir_err *err)
{
	struct weir_id owner = id_of(member(deployment, "id", NULL)), id;
	json_t *schedule;
	size_t i;
	sqlite3_stmt *st;
	enum weir_rc rc = drop_schedules(s, &owner, err);

	json_array_foreach(member(deployment, "schedules", NULL), i, schedule)
	{
		if (rc || (rc = db_get(store_db(s), SQL_EMB_SCHEDULE_ADD, &st, err)))
			return rc;
		id = id_of(member(schedule, "id", NULL));
		db_bind_id(st, 1, &id);
		db_bind_id(st, 2, &owner);
		sqlite3_bind_int(st, 3, json_is_true(member(schedule, "active", NULL)));
		rc = add_row(s, st, schedule, 4, err);
	}
	return rc;
}

static enum weir_rc
put_runs(struct weir_store *s, struct str text, struct arena *arena,
	struct weir_err *err)
{
	struct run_vec rows = { 0 };
	enum weir_rc rc = api_decode_runs(text, arena, &rows, err);

	if (!rc)
		rc = store_put_runs(s, rows.v, rows.n, NULL, err);
	VEC_FREE(&rows);
	return rc;
}

static enum weir_rc
put_task_runs(struct weir_store *s, struct str text, struct arena *arena,
	struct weir_err *err)
{
	struct task_run_vec rows = { 0 };
	enum weir_rc rc = api_decode_task_runs(text, arena, &rows, err);

	if (!rc)
		rc = store_put_task_runs(s, rows.v, rows.n, NULL, err);
	VEC_FREE(&rows);
	return rc;
}

/* The lines of one run stand one after the other. */
static enum weir_rc
put_logs(struct weir_store *s, struct str text, struct arena *arena,
	struct weir_err *err)
{
	struct log_vec rows = { 0 };
	size_t from = 0;
	enum weir_rc rc = api_decode_logs(text, arena, &rows, err);

	for (size_t i = 1; !rc && i <= rows.n; i++) {
		if (i < rows.n && weir_id_cmp(&rows.v[i].flow_run_id,
					  &rows.v[from].flow_run_id) == 0)
			continue;
		rc = store_put_logs(s, &rows.v[from].flow_run_id, rows.v + from,
			i - from, NULL, err);
		from = i;
	}
	VEC_FREE(&rows);
	return rc;
}

/* Of runs that have ended. */
static enum weir_rc
put_whole_log(struct weir_store *s, json_t *run, struct weir_err *err)
{
	struct weir_id id = id_of(member(run, "id", NULL));

	return store_complete_logs(
		s, &id, json_integer_value(member(run, "run_count", NULL)), err);
}

static enum weir_rc
put_docs(struct weir_store *s, enum weir_kind kind, struct str text,
	struct arena *arena, struct weir_err *err)
{
	struct doc_vec rows = { 0 };
	enum weir_rc rc = api_decode_docs(kind, text, arena, &rows, err);

	if (!rc)
		rc = store_put_docs(s, kind, rows.v, rows.n, NULL, err);
	VEC_FREE(&rows);
	return rc;
}

static enum weir_rc
put_each(struct weir_store *s, json_t *rows,
	enum weir_rc (*put)(struct weir_store *, json_t *, struct weir_err *),
	struct weir_err *err)
{
	json_t *row;
	size_t i;
	enum weir_rc rc = WEIR_OK;

	json_array_foreach(rows, i, row) if (!rc) rc = put(s, row, err);
	return rc;
}

static enum weir_rc
put_text(struct weir_store *s, const char *kind, json_t *rows, struct str text,
	struct arena *arena, struct weir_err *err)
{
	static const struct {
		const char *name;
		enum weir_kind kind;
	} kinds[] = { { "flows", WEIR_FLOW }, { "deployments", WEIR_DEPLOYMENT },
		{ "pools", WEIR_POOL }, { "queues", WEIR_QUEUE },
		{ "workers", WEIR_WORKER }, { "artifacts", WEIR_ARTIFACT },
		{ "limits", WEIR_LIMIT } };
	enum weir_rc rc = WEIR_OK;

	if (strcmp(kind, "runs") == 0)
		return put_runs(s, text, arena, err);
	if (strcmp(kind, "task_runs") == 0)
		return put_task_runs(s, text, arena, err);
	if (strcmp(kind, "logs") == 0)
		return put_logs(s, text, arena, err);
	if (strcmp(kind, "states") == 0)
		return put_each(s, rows, put_state, err);
	if (strcmp(kind, "whole_logs") == 0)
		return put_each(s, rows, put_whole_log, err);
	if (strcmp(kind, "deployments") == 0)
		rc = put_each(s, rows, put_schedules, err);
	for (size_t i = 0; !rc && i < N_ELEM(kinds); i++)
		if (strcmp(kinds[i].name, kind) == 0)
			return put_docs(s, kinds[i].kind, text, arena, err);
	return rc ? rc : weir_fail(err, WEIR_EUSAGE, "put: no such kind: %s", kind);
}

static void
put(const char *path, const char *kind, json_t *rows)
{
	json_t *v = json_object();
	char *text = json_dumps(rows, JSON_COMPACT);
	struct weir_store *s = NULL;
	struct arena arena = { 0 };
	struct weir_err err = { 0 };
	enum weir_rc rc =
		weir_store_open_embedded(path, "platform", WEIR_STORE_WRITE, &s, &err);

	if (!rc)
		store_own(s);
	if (!rc && !(rc = store_begin(s, &err)))
		rc = store_end(
			s, put_text(s, kind, rows, str_of(text), &arena, &err), &err);
	arena_free(&arena);
	weir_store_close(s);
	json_object_set_new(v, "status", json_integer(rc ? 0 : 201));
	json_object_set_new(v, "body", json_string(rc ? err.text : ""));
	print(v);
	free(text);
}

int
main(int argc, char **argv)
{
	char *line = NULL;
	size_t size = 0;

	if (argc != 2)
		return 2;
	while (getline(&line, &size, stdin) > 0) {
		json_t *order = json_loads(line, JSON_ALLOW_NUL, NULL);

		if (!order)
			return 2;
		put(argv[1], json_string_value(json_object_get(order, "put")),
			json_object_get(order, "rows"));
		json_decref(order);
	}
	free(line);
	return 0;
}
