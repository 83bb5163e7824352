/* What a server has few of: flows, deployments, pools, queues, workers, artifacts,
 * limits. */
#include "store_priv.h"

#define NO_SQL SQL_N

/* The statements of a kind. */
struct doc_sql {
	enum sql_id put, ids, ids_of, delete, hide;
};

/* clang-format off */
static const struct doc_sql doc_sql[] = {
	[WEIR_RUN] = { NO_SQL, NO_SQL, NO_SQL, NO_SQL, NO_SQL },
	[WEIR_TASK_RUN] = { NO_SQL, SQL_TASK_IDS, SQL_TASK_IDS_OF, SQL_TASK_DELETE, NO_SQL },
	[WEIR_FLOW] = { SQL_FLOW_PUT, SQL_FLOW_IDS, NO_SQL, SQL_FLOW_DELETE, SQL_FLOW_HIDE },
	[WEIR_DEPLOYMENT] = { SQL_DEPLOYMENT_PUT, SQL_DEPLOYMENT_IDS, NO_SQL,
		SQL_DEPLOYMENT_DELETE, SQL_DEPLOYMENT_HIDE },
	[WEIR_POOL] = { SQL_POOL_PUT, SQL_POOL_IDS, NO_SQL, SQL_POOL_DELETE, NO_SQL },
	[WEIR_QUEUE] = { SQL_QUEUE_PUT, SQL_QUEUE_IDS, SQL_QUEUE_IDS_OF, SQL_QUEUE_DELETE,
		NO_SQL },
	[WEIR_WORKER] = { SQL_WORKER_PUT, SQL_WORKER_IDS, SQL_WORKER_IDS_OF,
		SQL_WORKER_DELETE, NO_SQL },
	[WEIR_ARTIFACT] = { SQL_ARTIFACT_PUT, SQL_ARTIFACT_IDS, SQL_ARTIFACT_IDS_OF,
		SQL_ARTIFACT_DELETE, NO_SQL },
	[WEIR_LIMIT] = { SQL_LIMIT_PUT, SQL_LIMIT_IDS, NO_SQL, SQL_LIMIT_DELETE, NO_SQL },
};
/* clang-format on */
_Static_assert(N_ELEM(doc_sql) == WEIR_N_SERVED, "statements of every kind");

static enum weir_rc
pool_k(struct weir_store *s, const struct weir_id *id, int64_t *ret_k,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc;

	*ret_k = 0;
	if (weir_id_is_null(id))
		return WEIR_OK;
	rc = db_get(&s->db, SQL_POOL_GET, &st, err);
	if (rc)
		return rc;
	db_bind_id(st, 1, id);
	rc = db_step(&s->db, st, &row, err);
	if (!rc && row)
		*ret_k = sqlite3_column_int64(st, 0);
	db_reset(st);
	if (rc || row)
		return rc;
	rc = store_run_id(s, SQL_POOL_NEW, id, err);
	if (!rc)
		*ret_k = sqlite3_last_insert_rowid(s->db.sqlite);
	return rc;
}

/* Parameter 6 of the kinds that have an owner. */
static enum weir_rc
owner_k(struct weir_store *s, enum weir_kind kind, const struct weir_doc *d,
	int64_t *ret_k, struct weir_err *err)
{
	if (kind == WEIR_DEPLOYMENT)
		return store_intern_id(s, STORE_FLOW, &d->owner_id, ret_k, err);
	if (kind == WEIR_QUEUE || kind == WEIR_WORKER)
		return pool_k(s, &d->owner_id, ret_k, err);
	*ret_k = 0;
	return WEIR_OK;
}

static enum weir_rc
put_doc(struct weir_store *s, enum weir_kind kind, const struct weir_doc *d,
	struct weir_err *err)
{
	int64_t owner = 0;
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = owner_k(s, kind, d, &owner, err);

	if (!rc)
		rc = db_get(&s->db, doc_sql[kind].put, &st, err);
	if (rc)
		return rc;
	db_bind_id(st, 1, &d->id);
	db_bind_str(st, 2, d->name);
	db_bind_time(st, 3, d->created_us);
	db_bind_time(st, 4, d->updated_us);
	db_bind_str(st, 5, d->doc.s ? d->doc : STR("{}"));
	if (kind == WEIR_ARTIFACT)
		db_bind_id(st, 6, &d->owner_id);
	else if (owner)
		sqlite3_bind_int64(st, 6, owner);
	return db_run(&s->db, st, err);
}

enum weir_rc
store_put_docs(struct weir_store *s, enum weir_kind kind, const struct weir_doc *docs,
	size_t n, size_t *ret_changed, struct weir_err *err)
{
	size_t changed = 0;
	enum weir_rc rc;

	if (store_is_told(s))
		return WEIR_OK;
	rc = store_begin(s, err);
	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < n; i++) {
		int64_t before = sqlite3_total_changes64(s->db.sqlite);

		rc = put_doc(s, kind, &docs[i], err);
		changed += sqlite3_total_changes64(s->db.sqlite) != before;
	}
	rc = store_end(s, rc, err);
	if (!rc && ret_changed)
		*ret_changed += changed;
	return rc;
}

static enum weir_rc
ids_of(struct weir_store *s, enum weir_kind kind, const struct weir_id *owner,
	struct id_vec *ret, struct weir_err *err)
{
	const struct doc_sql *sql = &doc_sql[kind];
	sqlite3_stmt *st = NULL;
	enum weir_rc rc;

	BUG_ON(owner && sql->ids_of == NO_SQL);
	rc = db_get(&s->db, owner ? sql->ids_of : sql->ids, &st, err);
	if (rc)
		return rc;
	if (owner)
		db_bind_id(st, 1, owner);
	return db_ids(&s->db, st, ret, err);
}

static enum weir_rc
drop(struct weir_store *s, enum weir_kind kind, const struct weir_id *id,
	struct weir_err *err)
{
	const struct doc_sql *sql = &doc_sql[kind];
	enum weir_rc rc = store_run_id(s, sql->delete, id, err);

	if (!rc && sql->hide != NO_SQL)
		rc = store_run_id(s, sql->hide, id, err);
	return rc;
}

enum weir_rc
store_keep_only(struct weir_store *s, enum weir_kind kind, const struct weir_id *owner,
	const struct weir_id *ids, size_t n, size_t *ret_changed, struct weir_err *err)
{
	struct weir_id *keep = store_sorted(ids, n);
	struct id_vec have = { 0 };
	size_t changed = 0;
	enum weir_rc rc = store_begin(s, err);

	if (rc)
		goto out;
	rc = ids_of(s, kind, owner, &have, err);
	for (size_t i = 0; !rc && i < have.n; i++) {
		if (store_id_in(keep, n, &have.v[i]))
			continue;
		rc = drop(s, kind, &have.v[i], err);
		changed++;
	}
	if (changed) {
		intern_clear(&s->flows);
		intern_clear(&s->deployments);
	}
	rc = store_end(s, rc, err);
	if (!rc && ret_changed)
		*ret_changed += changed;
out:
	VEC_FREE(&have);
	free(keep);
	return rc;
}

enum weir_rc
store_doc_gone(struct weir_store *s, enum weir_kind kind, const struct weir_id *id,
	struct weir_err *err)
{
	enum weir_rc rc;

	if (store_is_told(s))
		return WEIR_OK;
	rc = store_begin(s, err);
	if (rc)
		return rc;
	if (kind == WEIR_POOL)
		rc = store_keep_only(s, WEIR_QUEUE, id, NULL, 0, NULL, err);
	if (!rc && kind == WEIR_POOL)
		rc = store_keep_only(s, WEIR_WORKER, id, NULL, 0, NULL, err);
	if (!rc)
		rc = drop(s, kind, id, err);
	intern_clear(&s->flows);
	intern_clear(&s->deployments);
	return store_end(s, rc, err);
}
