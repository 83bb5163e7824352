/* Lists, counts, and single documents of the embedded backend. */
#include <math.h>

#include "embedded_check.h"
#include "sql_filter.h"
#include "weir/time.h"

static enum weir_rc
refuse_filter(struct embedded_call *c, struct sql_filter *f)
{
	char *why = strchr(f->wrong, ':');
	enum weir_rc rc;

	if (str_starts(str_of(f->wrong), "Invalid limit") || !why || why[1] != ' ') {
		rc = embedded_refuse(c, 422, "%s", f->wrong);
	} else {
		*why = '\0';
		rc = embedded_invalid(c, f->wrong, why + 2);
	}

	sql_filter_release(f);
	return rc;
}

static void
add_row(struct embedded_call *c, sqlite3_stmt *st)
{
	if (c->kind == WEIR_RUN)
		embedded_run_text(st, &c->out);
	else if (c->kind == WEIR_TASK_RUN)
		embedded_task_text(st, &c->out);
	else
		buf_addstr(&c->out, db_str(st, 0));
}

static enum weir_rc
add_rows(struct embedded_call *c, const struct sql_filter *f)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = sql_filter_prepare(c->db, f, false, &st, c->err);

	buf_addc(&c->out, '[');
	while (!rc && !(rc = db_step(c->db, st, &row, c->err)) && row) {
		if (c->out.len > 1)
			buf_addc(&c->out, ',');
		add_row(c, st);
	}
	buf_addc(&c->out, ']');
	sqlite3_finalize(st);
	return rc;
}

enum weir_rc
embedded_do_list(struct embedded_call *c)
{
	struct sql_filter f;
	enum weir_rc rc;

	if (!sql_filter_read(c->kind, c->body, EMBEDDED_PAGE, &f))
		return refuse_filter(c, &f);
	rc = add_rows(c, &f);
	sql_filter_release(&f);
	return rc;
}

enum weir_rc
embedded_do_list_of_pool(struct embedded_call *c)
{
	struct sql_filter f;
	struct weir_id id;
	json_t *pool;
	enum weir_rc rc = embedded_find_pool(c, &id, &pool);

	if (rc || !pool)
		return rc;
	json_decref(pool);
	if (!sql_filter_read(c->kind, c->body, EMBEDDED_PAGE, &f))
		return refuse_filter(c, &f);
	sql_filter_of_pool(&f, &id);
	rc = add_rows(c, &f);
	sql_filter_release(&f);
	return rc;
}

enum weir_rc
embedded_do_count(struct embedded_call *c)
{
	struct sql_filter f;
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc;

	if (!sql_filter_read(c->kind, c->body, EMBEDDED_PAGE, &f))
		return refuse_filter(c, &f);
	rc = sql_filter_prepare(c->db, &f, true, &st, c->err);
	if (!rc)
		rc = db_step(c->db, st, &row, c->err);
	if (!rc && row)
		buf_addf(&c->out, "%lld", (long long)sqlite3_column_int64(st, 0));
	sqlite3_finalize(st);
	sql_filter_release(&f);
	return rc;
}

/* ---- counts by state in buckets of time */

enum { HISTORY_MAX = 500 };

static json_t *
bucket(int64_t from_us, int64_t to_us, const int64_t counts[WEIR_N_STATES])
{
	json_t *b = json_object(), *states = json_array();

	json_object_set_new(b, "interval_start", embedded_time(from_us));
	json_object_set_new(b, "interval_end", embedded_time(to_us));
	for (int s = WEIR_ST_SCHEDULED; s < WEIR_N_STATES; s++)
		if (counts[s])
			json_array_append_new(states,
				json_pack("{s:s, s:s, s:I, s:f, s:f}", "state_type",
					weir_state_type((enum weir_state)s),
					"state_name",
					weir_state_type((enum weir_state)s),
					"count_runs", (json_int_t)counts[s],
					"sum_estimated_run_time", 0.0,
					"sum_estimated_lateness", 0.0));
	json_object_set_new(b, "states", states);
	return b;
}

/* Of all runs; by type, whose name stands for the names of its states. */
enum weir_rc
embedded_do_history(struct embedded_call *c)
{
	int64_t from = embedded_us(json_object_get(c->body, "history_start"));
	int64_t to = embedded_us(json_object_get(c->body, "history_end"));
	double width_s =
		json_number_value(json_object_get(c->body, "history_interval_seconds"));
	int64_t width = (int64_t)(fmin(width_s, 1e9) * WEIR_SECOND_US), n;
	int64_t counts[HISTORY_MAX][WEIR_N_STATES];
	json_t *all;
	enum weir_rc rc;

	if (to <= from || width < WEIR_SECOND_US)
		return embedded_invalid(c, "history_interval_seconds",
			"Value error, from an earlier to a later time, of a second or "
			"more");
	n = (to - from + width - 1) / width;
	if (n > HISTORY_MAX)
		n = HISTORY_MAX;
	rc = store_history(c->store, from, width, (size_t)n, counts, c->err);
	if (rc)
		return rc;
	all = json_array();
	for (int64_t i = 0; i < n; i++)
		json_array_append_new(all,
			bucket(from + i * width, from + (i + 1) * width, counts[i]));
	return embedded_answer(c, 200, all);
}

/* ---- single documents */

/* `Flow not found`, as Prefect's servers say it. */
enum weir_rc
embedded_find(struct embedded_call *c, enum weir_kind kind, struct weir_id *ret_id,
	json_t **ret_object)
{
	static const char *const names[WEIR_N_SERVED] = {
		[WEIR_RUN] = "Flow run",
		[WEIR_TASK_RUN] = "Task",
		[WEIR_FLOW] = "Flow",
		[WEIR_DEPLOYMENT] = "Deployment",
		[WEIR_POOL] = "Work pool",
		[WEIR_QUEUE] = "Work queue",
		[WEIR_WORKER] = "Worker",
		[WEIR_ARTIFACT] = "Artifact",
		[WEIR_LIMIT] = "Concurrency limit",
	};
	enum weir_rc rc;

	*ret_object = NULL;
	if (!embedded_part(c, 0, ret_id))
		return WEIR_OK;
	if (kind == WEIR_RUN)
		rc = embedded_run(c, ret_id, ret_object);
	else if (kind == WEIR_TASK_RUN)
		rc = embedded_task(c, ret_id, ret_object);
	else
		rc = embedded_doc(c, kind, ret_id, ret_object);
	if (!rc && !*ret_object)
		rc = embedded_refuse(c, 404, "%s not found", names[kind]);
	return rc;
}

enum weir_rc
embedded_do_get_doc(struct embedded_call *c)
{
	struct weir_id id;
	json_t *doc;
	enum weir_rc rc = embedded_find(c, c->kind, &id, &doc);

	return rc || !doc ? rc : embedded_answer(c, 200, doc);
}

enum weir_rc
embedded_do_delete_doc(struct embedded_call *c)
{
	struct weir_id id;
	json_t *doc;
	enum weir_rc rc = embedded_find(c, c->kind, &id, &doc);

	if (rc || !doc)
		return rc;
	json_decref(doc);
	rc = store_doc_gone(c->store, c->kind, &id, c->err);
	return rc ? rc : embedded_answer(c, 204, NULL);
}

/* ---- what is the same whenever it is asked */

enum weir_rc
embedded_do_yes(struct embedded_call *c)
{
	return embedded_answer(c, 200, json_true());
}

enum weir_rc
embedded_do_api_version(struct embedded_call *c)
{
	return embedded_answer(c, 200, json_string("0.8.4"));
}

enum weir_rc
embedded_do_version(struct embedded_call *c)
{
	return embedded_answer(c, 200, json_string(WEIR_VERSION));
}

enum weir_rc
embedded_do_nothing(struct embedded_call *c)
{
	return embedded_answer(c, 204, NULL);
}

enum weir_rc
embedded_do_empty(struct embedded_call *c)
{
	return embedded_answer(c, 200, json_array());
}
