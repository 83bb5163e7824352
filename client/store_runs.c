/* Flow runs: guarded upsert, deletion, and what the steps of a sync ask about them. */
#include "chain.h"
#include "env_named.h"
#include "store_priv.h"

/* What is interned of one run. */
struct run_keys {
	int64_t state_name, flow, deployment, pool, queue, platform;
	struct weir_id parent;
};

static int64_t
at_us(const struct weir_run *r)
{
	if (r->start_us != WEIR_NO_TIME)
		return r->start_us;
	if (r->expected_start_us != WEIR_NO_TIME)
		return r->expected_start_us;
	return r->created_us != WEIR_NO_TIME ? r->created_us : 0;
}

/* The flow run that the parent task run belongs to, if that is here already. */
static enum weir_rc
find_parent(struct weir_store *s, const struct weir_id *task,
	struct weir_id *ret_parent, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc;

	*ret_parent = (struct weir_id){ { 0 } };
	if (weir_id_is_null(task))
		return WEIR_OK;
	rc = db_get(&s->db, SQL_TASK_RUN_OF, &st, err);
	if (rc)
		return rc;
	db_bind_id(st, 1, task);
	rc = db_step(&s->db, st, &row, err);
	if (!rc && row)
		*ret_parent = db_id(st, 0);
	db_reset(st);
	return rc;
}

static enum weir_rc
find_keys(struct weir_store *s, const struct weir_run *r, struct str platform,
	struct run_keys *k, struct weir_err *err)
{
	enum weir_rc rc;

	rc = store_intern(s, STORE_NAME, r->state_name, &k->state_name, err);
	if (!rc)
		rc = store_intern_id(s, STORE_FLOW, &r->flow_id, &k->flow, err);
	if (!rc)
		rc = store_intern_id(
			s, STORE_DEPLOYMENT, &r->deployment_id, &k->deployment, err);
	if (!rc)
		rc = store_intern(s, STORE_NAME, r->work_pool_name, &k->pool, err);
	if (!rc)
		rc = store_intern(s, STORE_NAME, r->work_queue_name, &k->queue, err);
	if (!rc)
		rc = store_intern(s, STORE_NAME, platform, &k->platform, err);
	if (!rc)
		rc = find_parent(s, &r->parent_task_run_id, &k->parent, err);
	return rc;
}

static void
bind_run(sqlite3_stmt *st, const struct weir_run *r, const struct run_keys *k)
{
	db_bind_id(st, 1, &r->id);
	sqlite3_bind_int64(st, 2, at_us(r));
	sqlite3_bind_int(st, 3, (int)r->state_type);
	store_bind_k(st, 4, k->state_name);
	db_bind_id(st, 5, &r->state_id);
	db_bind_str(st, 6, r->name.s ? r->name : STR(""));
	store_bind_k(st, 7, k->flow);
	store_bind_k(st, 8, k->deployment);
	store_bind_k(st, 9, k->pool);
	store_bind_k(st, 10, k->queue);
	store_bind_k(st, 11, k->platform);
	db_bind_time(st, 12, r->created_us);
	db_bind_time(st, 13, r->updated_us);
	db_bind_time(st, 14, r->expected_start_us);
	db_bind_time(st, 15, r->next_scheduled_us);
	db_bind_time(st, 16, r->start_us);
	db_bind_time(st, 17, r->end_us);
	sqlite3_bind_double(st, 18, r->total_run_time);
	sqlite3_bind_int64(st, 19, r->run_count);
	sqlite3_bind_int(st, 20, r->auto_scheduled);
	db_bind_str(st, 21, r->tags);
	db_bind_id(st, 22, &r->parent_task_run_id);
	db_bind_id(st, 23, &k->parent);
}

static enum weir_rc
write_row(struct weir_store *s, const struct weir_run *r, const struct run_keys *keys,
	int64_t *k, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&s->db, *k ? SQL_RUN_SET : SQL_RUN_ADD, &st, err);

	if (rc)
		return rc;
	bind_run(st, r, keys);
	if (*k)
		sqlite3_bind_int64(st, 24, *k);
	rc = db_run(&s->db, st, err);
	if (!rc && !*k)
		*k = sqlite3_last_insert_rowid(s->db.sqlite);
	return rc;
}

static enum weir_rc
write_doc(struct weir_store *s, int64_t k, struct str rest, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&s->db, SQL_RUN_DOC_PUT, &st, err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, k);
	db_bind_str(st, 2, rest.s ? rest : STR(""));
	return db_run(&s->db, st, err);
}

static enum weir_rc
delete_k(struct weir_store *s, enum sql_id id, int64_t k, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&s->db, id, &st, err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, k);
	return db_run(&s->db, st, err);
}

static enum weir_rc
put_run(struct weir_store *s, const struct weir_run *r, struct buf *scratch,
	size_t *changed, struct weir_err *err)
{
	struct run_keys keys = { 0 };
	struct store_old old;
	struct str platform;
	bool known;
	enum weir_rc rc = store_look(s, SQL_RUN_GET, &r->id, &old, err);

	if (rc || store_is_same(&old, &r->state_id, r->updated_us))
		return rc;
	known = old.k != 0;
	platform = store_platform(s, r, scratch);
	rc = find_keys(s, r, platform, &keys, err);
	if (!rc)
		rc = write_row(s, r, &keys, &old.k, err);
	if (!rc)
		rc = write_doc(s, old.k, r->rest, err);
	if (!rc)
		rc = store_text_put(s, old.k, r, platform, err);
	if (!rc && known)
		rc = delete_k(s, SQL_NAMED_GONE, old.k, err);
	if (!rc)
		rc = env_named_put(&s->db, old.k, at_us(r), r->parameters, err);
	if (!rc)
		rc = chain_put(s, r, err);
	if (!rc)
		++*changed;
	return rc;
}

enum weir_rc
store_put_runs(struct weir_store *s, const struct weir_run *runs, size_t n,
	size_t *ret_changed, struct weir_err *err)
{
	struct buf scratch = BUF_INIT(STORE_TEXT_VALUE_MAX);
	size_t changed = 0;
	enum weir_rc rc;

	if (store_is_told(s))
		return WEIR_OK;
	rc = store_begin(s, err);
	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < n; i++)
		rc = put_run(s, &runs[i], &scratch, &changed, err);
	rc = store_end(s, rc, err);
	if (!rc && ret_changed)
		*ret_changed += changed;
	buf_release(&scratch);
	return rc;
}

static enum weir_rc
delete_run(struct weir_store *s, const struct weir_id *id, struct weir_err *err)
{
	static const enum sql_id by_id[] = { SQL_TASK_DELETE_OF, SQL_DETAILS_DELETE,
		SQL_ARTIFACT_DELETE_OF, SQL_RETRIGGER_DELETE };
	struct store_old old;
	enum weir_rc rc = store_look(s, SQL_RUN_GET, id, &old, err);

	if (!rc && old.k) {
		rc = delete_k(s, SQL_RUN_DELETE, old.k, err);
		if (!rc)
			rc = delete_k(s, SQL_RUN_DOC_DELETE, old.k, err);
		if (!rc)
			rc = store_text_delete(s, old.k, err);
		if (!rc)
			rc = delete_k(s, SQL_NAMED_NAMES_GONE, old.k, err);
		if (!rc)
			rc = delete_k(s, SQL_NAMED_GONE, old.k, err);
	}
	for (size_t i = 0; !rc && i < N_ELEM(by_id); i++)
		rc = store_run_id(s, by_id[i], id, err);
	return rc ? rc : store_delete_log(s, id, err);
}

enum weir_rc
store_delete_runs(
	struct weir_store *s, const struct weir_id *ids, size_t n, struct weir_err *err)
{
	enum weir_rc rc = store_begin(s, err);

	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < n; i++)
		rc = delete_run(s, &ids[i], err);
	return store_end(s, rc, err);
}

enum weir_rc
store_runs_gone(
	struct weir_store *s, const struct weir_id *ids, size_t n, struct weir_err *err)
{
	enum weir_rc rc;

	if (store_is_told(s))
		return WEIR_OK;
	rc = store_begin(s, err);
	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < n; i++)
		rc = store_run_id(s, SQL_RUN_NO_PARENT, &ids[i], err);
	if (!rc)
		rc = store_delete_runs(s, ids, n, err);
	return store_end(s, rc, err);
}

enum weir_rc
store_live_unseen(struct weir_store *s, const struct id_vec *seen, struct id_vec *ret,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&s->db, SQL_RUN_LIVE_IDS, &st, err);

	if (rc)
		return rc;
	while ((rc = db_step(&s->db, st, &row, err)) == WEIR_OK && row) {
		struct weir_id id = db_id(st, 0);

		if (!store_id_in(seen->v, seen->n, &id))
			VEC_PUSH(ret, id);
	}
	db_reset(st);
	return rc;
}

enum weir_rc
store_orphans(
	struct weir_store *s, size_t limit, struct id_vec *ret, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&s->db, SQL_RUN_ORPHANS, &st, err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, (int64_t)limit);
	return db_ids(&s->db, st, ret, err);
}

enum weir_rc
store_set_parent(struct weir_store *s, const struct weir_id *task,
	const struct weir_id *run, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&s->db, SQL_RUN_SET_PARENT, &st, err);

	if (rc)
		return rc;
	db_bind_id(st, 1, task);
	sqlite3_bind_blob(st, 2, run->b, sizeof(run->b), SQLITE_STATIC);
	return db_run(&s->db, st, err);
}

enum weir_rc
store_history(struct weir_store *s, int64_t from_us, int64_t width_us, size_t n,
	int64_t (*counts)[WEIR_N_STATES], struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&s->db, SQL_RUN_HISTORY, &st, err);

	if (rc)
		return rc;
	memset(counts, 0, n * sizeof(*counts));
	sqlite3_bind_int64(st, 1, from_us);
	sqlite3_bind_int64(st, 2, width_us);
	sqlite3_bind_int64(st, 3, from_us + width_us * (int64_t)n);
	while ((rc = db_step(&s->db, st, &row, err)) == WEIR_OK && row) {
		int64_t bucket = sqlite3_column_int64(st, 0);
		int64_t state = sqlite3_column_int64(st, 1);

		if (bucket >= 0 && bucket < (int64_t)n && state >= 0 &&
			state < WEIR_N_STATES)
			counts[bucket][state] += sqlite3_column_int64(st, 2);
	}
	db_reset(st);
	return rc;
}

enum weir_rc
store_expected_ids(struct weir_store *s, int64_t from_us, int64_t to_us,
	struct id_vec *ret, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&s->db, SQL_RUN_EXPECTED_IDS, &st, err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, from_us);
	sqlite3_bind_int64(st, 2, to_us);
	return db_ids(&s->db, st, ret, err);
}
