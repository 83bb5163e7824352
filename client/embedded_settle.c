/*
 * What a worker left that ended without a word: it holds no lock any more, so it is not
 * ONLINE, whatever it said last, and its pools wait for another.
 */
#include "embedded.h"

#include "alive.h"
#include "embedded_priv.h"
#include "weir/store.h"

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

static enum weir_rc
settle(struct weir_store *store, struct weir_err *err)
{
	struct embedded_call c = { .store = store,
		.db = store_db(store),
		.now_us = weir_now_us(),
		.err = err };
	enum weir_rc rc = store_begin(store, err);

	if (rc)
		return rc;
	rc = set_status(&c, WEIR_WORKER, SQL_EMB_WORKERS_ONLINE, "OFFLINE");
	if (!rc)
		rc = set_status(&c, WEIR_POOL, SQL_EMB_POOLS_READY, "NOT_READY");
	return store_end(store, rc, err);
}

bool
embedded_is_unsettled(struct weir_store *store, const char *path)
{
	struct embedded_call c = { .store = store, .db = store_db(store) };
	int64_t n = 0;

	return !alive_any(path) &&
	       !embedded_count(&c, SQL_EMB_ONLINE, NULL, NULL, &n) && n > 0;
}

enum weir_rc
embedded_settle(const char *path, struct weir_err *err)
{
	struct weir_store *store = NULL;
	enum weir_rc rc;

	rc = weir_store_open_embedded(path, NULL, WEIR_STORE_WRITE, &store, err);
	if (!rc && embedded_is_unsettled(store, path))
		rc = settle(store, err);
	weir_store_close(store);
	return rc;
}
