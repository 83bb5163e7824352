/*
 * What is otherwise a worker's to say, when there is none. One that ended without a
 * word holds no lock any more, so it is not ONLINE, whatever it said last, and its
 * pools wait for another. Where none lives, runs that are due are Late, and those that
 * were paused for too long are Failed.
 */
#include "embedded.h"

#include "alive.h"
#include "embedded_priv.h"
#include "weir/store.h"
#include "weir/time.h"

enum { LATE_MAX = 500 }; /* at once */

/* All documents of a kind that a statement without parameters finds say this now. */
static enum weir_rc
set_status(struct embedded_call *c, enum weir_kind kind, enum sql_id sql,
	const char *status)
{
	const struct weir_id none = { { 0 } };
	json_t *all = NULL;
	enum weir_rc rc = embedded_docs_of(c, sql, &none, &all);

	for (size_t i = 0; !rc && i < json_array_size(all); i++) {
		json_t *doc = json_array_get(all, i);

		json_object_set_new(doc, "status", json_string(status));
		rc = embedded_put_doc(c, kind, doc);
	}
	json_decref(all);
	return rc;
}

/* Ids of runs that should have started. */
static enum weir_rc
find_late(struct embedded_call *c, int64_t limit, struct id_vec *ret)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(c->db, SQL_EMB_LATE, &st, c->err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, c->now_us - EMBEDDED_LATE_US);
	sqlite3_bind_int64(st, 2, limit);
	return db_ids(c->db, st, ret, c->err);
}

static enum weir_rc
set_late(struct embedded_call *c, const struct weir_id *id)
{
	json_t *run = NULL;
	enum weir_rc rc = embedded_run(c, id, &run);

	if (!rc && run)
		rc = embedded_enter(c, run,
			embedded_state(c, "SCHEDULED", "Late", NULL,
				embedded_us(json_object_get(
					run, "next_scheduled_start_time"))));
	json_decref(run);
	return rc;
}

enum weir_rc
embedded_settle_late(struct embedded_call *c)
{
	struct id_vec ids = { 0 };
	enum weir_rc rc = find_late(c, LATE_MAX, &ids);

	for (size_t i = 0; !rc && i < ids.n; i++)
		rc = set_late(c, &ids.v[i]);
	VEC_FREE(&ids);
	return rc;
}

bool
embedded_is_unsettled(struct weir_store *store, const char *path)
{
	struct embedded_call c = {
		.store = store, .db = store_db(store), .now_us = weir_now_us()
	};
	struct id_vec late = { 0 };
	int64_t n = 0, pause = INT64_MAX;
	bool some;

	if (alive_any(path))
		return embedded_has_left(&c, path);
	some = (!embedded_count(&c, SQL_EMB_ONLINE, NULL, NULL, &n) && n > 0) ||
	       (!find_late(&c, 1, &late) && late.n) ||
	       (!embedded_pause_next(&c, &pause) && pause <= c.now_us);
	VEC_FREE(&late);
	return some;
}

/* A worker that began meanwhile has its lock before it writes that it is there. */
enum weir_rc
embedded_settle_open(struct weir_store *store, const char *path, struct weir_err *err)
{
	struct embedded_call c = { .store = store,
		.db = store_db(store),
		.now_us = weir_now_us(),
		.err = err };
	enum weir_rc rc = store_begin(store, err);

	if (rc || !embedded_is_unsettled(store, path))
		return rc ? rc : store_end(store, rc, err);
	if (alive_any(path))
		return store_end(store, embedded_settle_left(&c, path), err);
	rc = set_status(&c, WEIR_WORKER, SQL_EMB_WORKERS_ONLINE, "OFFLINE");
	if (!rc)
		rc = set_status(&c, WEIR_POOL, SQL_EMB_POOLS_READY, "NOT_READY");
	if (!rc)
		rc = set_status(&c, WEIR_QUEUE, SQL_EMB_QUEUES_READY, "NOT_READY");
	if (!rc)
		rc = set_status(
			&c, WEIR_DEPLOYMENT, SQL_EMB_DEPLOYMENTS_READY, "NOT_READY");
	if (!rc)
		rc = embedded_settle_late(&c);
	if (!rc)
		rc = embedded_settle_pauses(&c);
	return store_end(store, rc, err);
}

enum weir_rc
embedded_settle(const char *path, const char *platform_params, struct weir_err *err)
{
	struct weir_store *store = NULL;
	enum weir_rc rc;

	rc = weir_store_open_embedded(
		path, platform_params, WEIR_STORE_WRITE, &store, err);
	if (!rc)
		store_own(store);
	if (!rc)
		rc = embedded_settle_open(store, path, err);
	weir_store_close(store);
	return rc;
}
