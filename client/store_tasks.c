/* Task runs, and whether a run's details are as new as the run. */
#include "store_priv.h"

static void
bind_task(sqlite3_stmt *st, const struct weir_task_run *t, int64_t state_name)
{
	db_bind_id(st, 1, &t->id);
	db_bind_id(st, 2, &t->flow_run_id);
	sqlite3_bind_int(st, 3, (int)t->state_type);
	store_bind_k(st, 4, state_name);
	db_bind_id(st, 5, &t->state_id);
	db_bind_str(st, 6, t->name.s ? t->name : STR(""));
	db_bind_str(st, 7, t->task_key);
	db_bind_str(st, 8, t->dynamic_key);
	db_bind_time(st, 9, t->created_us);
	db_bind_time(st, 10, t->updated_us);
	db_bind_time(st, 11, t->expected_start_us);
	db_bind_time(st, 12, t->next_scheduled_us);
	db_bind_time(st, 13, t->start_us);
	db_bind_time(st, 14, t->end_us);
	sqlite3_bind_double(st, 15, t->total_run_time);
	sqlite3_bind_int64(st, 16, t->run_count);
	db_bind_str(st, 17, t->tags);
	db_bind_str(st, 18, t->rest.s ? t->rest : STR(""));
}

static enum weir_rc
put_task(struct weir_store *s, const struct weir_task_run *t, size_t *changed,
	struct weir_err *err)
{
	int64_t state_name = 0;
	sqlite3_stmt *st = NULL;
	struct store_old old;
	enum weir_rc rc = store_look(s, SQL_TASK_GET, &t->id, &old, err);

	if (rc || store_is_same(&old, &t->state_id, t->updated_us))
		return rc;
	rc = store_intern(s, STORE_NAME, t->state_name, &state_name, err);
	if (!rc)
		rc = db_get(&s->db, old.k ? SQL_TASK_SET : SQL_TASK_ADD, &st, err);
	if (rc)
		return rc;
	bind_task(st, t, state_name);
	if (old.k)
		sqlite3_bind_int64(st, 19, old.k);
	rc = db_run(&s->db, st, err);
	if (!rc && !weir_id_is_null(&t->flow_run_id))
		rc = store_set_parent(s, &t->id, &t->flow_run_id, err);
	if (!rc)
		++*changed;
	return rc;
}

enum weir_rc
store_put_task_runs(struct weir_store *s, const struct weir_task_run *tasks, size_t n,
	size_t *ret_changed, struct weir_err *err)
{
	size_t changed = 0;
	enum weir_rc rc;

	if (store_is_told(s))
		return WEIR_OK;
	rc = store_begin(s, err);
	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < n; i++)
		rc = put_task(s, &tasks[i], &changed, err);
	rc = store_end(s, rc, err);
	if (!rc && ret_changed)
		*ret_changed += changed;
	return rc;
}

enum weir_rc
store_put_details(struct weir_store *s, const struct weir_run *run, struct str states,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&s->db, SQL_DETAILS_PUT, &st, err);

	if (rc)
		return rc;
	db_bind_id(st, 1, &run->id);
	db_bind_id(st, 2, &run->state_id);
	db_bind_time(st, 3, run->updated_us);
	db_bind_str(st, 4, states);
	sqlite3_bind_int64(st, 5, weir_now_us());
	return db_run(&s->db, st, err);
}
