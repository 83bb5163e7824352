/*
 * Search over the logs of many runs, newest run first.
 *
 * The first few logs are looked at one by one, so that a common pattern fills a screen
 * at once. If that was not enough and bitmaps can help, log_index is then read once
 * from end to end, in its own order, and only the blocks it lets through are looked at,
 * newest run first.
 *
 * Of two stores the logs are looked at one by one, each where it is.
 */
#include "beside.h"
#include "logs_priv.h"

enum { ONE_BY_ONE = 32 };

struct log_ref {
	int64_t log;
	struct weir_id run;
	struct weir_store *s;
};
VEC_TYPE(log_ref_vec, struct log_ref);
VEC_TYPE(k_vec, int64_t);

struct search {
	struct weir_store *s; /* of the log that is looked at */
	struct logs_filter filter;
	struct logs_names names;
	struct logs_block block;
	weir_log_hit *hit;
	void *arg;
	bool stopped;
	struct k_vec blocks; /* that may have a hit */
	struct weir_err *err;
};

static bool
tell(void *arg, size_t i)
{
	struct search *q = arg;
	struct weir_line line;

	logs_fill_line(&line, &q->block, i, &q->names);
	q->stopped = !q->hit(q->arg, &line);
	return !q->stopped;
}

/* Look at the text first; most blocks end there. */
static enum weir_rc
search_block(struct search *q, const struct weir_id *run, int64_t k)
{
	sqlite3_stmt *st = NULL;
	bool row = false, may = true;
	enum weir_rc rc = WEIR_OK;

	if (q->filter.whole) {
		rc = db_get(&q->s->db, SQL_LOG_BLOCK_TEXT, &st, q->err);
		if (rc)
			return rc;
		sqlite3_bind_int64(st, 1, k);
		rc = db_step(&q->s->db, st, &row, q->err);
		may = !rc && row && logs_filter_text(&q->filter, db_str(st, 0));
		db_reset(st);
	}
	if (rc || !may)
		return rc;
	rc = logs_read_block(q->s, k, run, &q->block, q->err);
	if (rc == WEIR_ENOTFOUND)
		return WEIR_OK;
	if (!rc)
		logs_filter_lines(&q->filter, &q->block, 0, &q->names, tell, q);
	return rc;
}

/* Append the blocks k of [from, to] that the index lets through. */
static enum weir_rc
scan_index(struct search *q, int64_t from, int64_t to)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&q->s->db, SQL_LOG_SCAN, &st, q->err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, from);
	sqlite3_bind_int64(st, 2, to);
	while ((rc = db_step(&q->s->db, st, &row, q->err)) == WEIR_OK && row) {
		struct str grams = { NULL, 0 };

		if (q->filter.needle.n)
			grams = db_str(st, 4);
		if (logs_filter_block(&q->filter, sqlite3_column_int64(st, 1),
			    sqlite3_column_int64(st, 2),
			    (uint32_t)sqlite3_column_int64(st, 3), grams))
			VEC_PUSH(&q->blocks, sqlite3_column_int64(st, 0));
	}
	db_reset(st);
	return rc;
}

/* The blocks in q->blocks from position i on, as far as they are of this log. */
static enum weir_rc
search_blocks(struct search *q, const struct log_ref *log, size_t i)
{
	enum weir_rc rc = WEIR_OK;

	for (; !rc && !q->stopped && i < q->blocks.n; i++) {
		if (q->blocks.v[i] > store_log_last(log->log))
			break;
		rc = search_block(q, &log->run, q->blocks.v[i]);
	}
	return rc;
}

static enum weir_rc
search_log(struct search *q, const struct log_ref *log)
{
	enum weir_rc rc;

	q->blocks.n = 0;
	if (q->s != log->s) {
		logs_names_release(&q->names);
		q->s = q->names.s = log->s;
	}
	rc = scan_index(q, store_log_first(log->log), store_log_last(log->log));
	return rc ? rc : search_blocks(q, log, 0);
}

static size_t
first_block(const struct k_vec *blocks, int64_t k)
{
	size_t lo = 0, hi = blocks->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (blocks->v[mid] < k)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static enum weir_rc
search_all(struct search *q, const struct log_ref_vec *logs, bool may_scan)
{
	bool skips = q->filter.needle.n || q->filter.f.min_level > 0 ||
		     q->filter.f.since_us || q->filter.f.until_us;
	enum weir_rc rc = WEIR_OK;
	size_t i = 0;

	for (; !rc && !q->stopped && i < logs->n; i++) {
		if (i == ONE_BY_ONE && may_scan && skips)
			break;
		rc = search_log(q, &logs->v[i]);
	}
	if (rc || q->stopped || i == logs->n)
		return rc;
	q->blocks.n = 0;
	rc = scan_index(q, 0, INT64_MAX);
	for (; !rc && !q->stopped && i < logs->n; i++)
		rc = search_blocks(q, &logs->v[i],
			first_block(&q->blocks, store_log_first(logs->v[i].log)));
	return rc;
}

static enum weir_rc
read_logs(struct weir_store *s, enum sql_id sql, struct log_ref_vec *ret,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&s->db, sql, &st, err);

	if (rc)
		return rc;
	while ((rc = db_step(&s->db, st, &row, err)) == WEIR_OK && row) {
		struct log_ref log = { sqlite3_column_int64(st, 0), db_id(st, 1), s };

		VEC_PUSH(ret, log);
	}
	db_reset(st);
	return rc;
}

static enum weir_rc
read_both(struct weir_store *s, enum sql_id sql, struct log_ref_vec *ret,
	struct weir_err *err)
{
	enum weir_rc rc = read_logs(s, sql, ret, err);

	if (!rc && weir_store_beside(s))
		rc = read_logs(weir_store_beside(s), sql, ret, err);
	return rc;
}

static int
cmp_run(const void *a, const void *b)
{
	return weir_id_cmp(
		&((const struct log_ref *)a)->run, &((const struct log_ref *)b)->run);
}

static void
sort_logs(struct log_ref_vec *logs)
{
	if (logs->n)
		qsort(logs->v, logs->n, sizeof(*logs->v), cmp_run);
}

static const struct log_ref *
find_log(const struct log_ref_vec *sorted, const struct weir_id *run)
{
	struct log_ref key = { .run = *run };

	return sorted->n ? bsearch(&key, sorted->v, sorted->n, sizeof(key), cmp_run)
			 : NULL;
}

/* What walk is told of: a run that the query matches. False: enough. */
typedef void run_fn(void *arg, const struct weir_id *run, enum weir_state state);

static enum weir_rc
walk(struct weir_store *s, const struct weir_query *query, run_fn *fn, void *arg,
	struct weir_err *err)
{
	struct weir_column_set set = { 0 };
	struct weir_select select = { .kind = WEIR_RUN, .query = query };
	struct weir_rows *rows = NULL;
	bool row = false;
	enum weir_rc rc = weir_columns_choose(WEIR_RUN, "id,state_type", 0, &set, err);

	select.columns = &set;
	if (!rc)
		rc = weir_rows_open(s, &select, &rows, err);
	while (!rc && !(rc = weir_rows_next(rows, &row, err)) && row)
		fn(arg, &weir_rows_cell(rows, 0)->id,
			(enum weir_state)weir_rows_cell(rows, 1)->i);
	weir_rows_close(rows);
	weir_columns_release(&set);
	return rc;
}

/* Runs in the query's order, looked up among the logs that there are. */
struct wanted {
	const struct log_ref_vec *have; /* sorted by run */
	struct log_ref_vec *ret;
};

static void
want(void *arg, const struct weir_id *run, enum weir_state state)
{
	struct wanted *w = arg;
	const struct log_ref *log = find_log(w->have, run);

	(void)state;
	if (log)
		VEC_PUSH(w->ret, *log);
}

static enum weir_rc
logs_of(struct search *q, const struct weir_query *query, struct log_ref_vec *ret)
{
	struct log_ref_vec have = { 0 };
	struct wanted w = { &have, ret };
	enum weir_rc rc = read_both(q->s, SQL_LOG_NEWEST, &have, q->err);

	if (!rc && have.n) {
		sort_logs(&have);
		rc = walk(q->s, query, want, &w, q->err);
	}
	VEC_FREE(&have);
	return rc;
}

/* Are there logs in the store beside this one? */
static bool
has_others(struct weir_store *s)
{
	struct log_ref_vec logs = { 0 };
	bool any = weir_store_beside(s) &&
		   !read_logs(weir_store_beside(s), SQL_LOG_NEWEST, &logs, NULL) &&
		   logs.n > 0;

	VEC_FREE(&logs);
	return any;
}

enum weir_rc
weir_log_search(struct weir_store *s, const struct weir_query *query,
	const struct weir_log_filter *f, weir_log_hit *hit, void *arg,
	struct weir_err *err)
{
	bool all = (!query || weir_query_matches_all(query)) && !has_others(s);
	struct search q = { .s = s, .names.s = s, .hit = hit, .arg = arg, .err = err };
	struct log_ref_vec logs = { 0 };
	enum weir_rc rc;

	logs_filter_init(&q.filter, f);
	rc = all ? read_logs(s, SQL_LOG_NEWEST, &logs, err) : logs_of(&q, query, &logs);
	if (!rc)
		rc = search_all(&q, &logs, all);
	VEC_FREE(&logs);
	VEC_FREE(&q.blocks);
	arena_free(&q.block.arena);
	logs_names_release(&q.names);
	return rc;
}

struct missing {
	struct log_ref_vec complete; /* sorted by run */
	int64_t n;
};

/* A run that has not begun has no log to lack. */
static void
count_missing(void *arg, const struct weir_id *run, enum weir_state state)
{
	struct missing *m = arg;

	if (state != WEIR_ST_SCHEDULED && !find_log(&m->complete, run))
		m->n++;
}

/* Of all runs; only ended ones have a complete log. */
static enum weir_rc
count_all(struct weir_store *s, int64_t *ret_missing, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&s->db, SQL_LOG_MISSING_ALL, &st, err);

	if (rc)
		return rc;
	rc = db_step(&s->db, st, &row, err);
	if (!rc)
		*ret_missing += sqlite3_column_int64(st, 0);
	db_reset(st);
	return rc;
}

static enum weir_rc
missing_of_all(struct weir_store *s, int64_t *ret_missing, struct weir_err *err)
{
	int64_t n = 0;
	enum weir_rc rc = count_all(s, &n, err);

	if (!rc && weir_store_beside(s))
		rc = count_all(weir_store_beside(s), &n, err);
	if (!rc)
		*ret_missing = n;
	return rc;
}

enum weir_rc
weir_log_missing(struct weir_store *s, const struct weir_query *query,
	int64_t *ret_missing, struct weir_err *err)
{
	struct missing m = { 0 };
	enum weir_rc rc;

	if (!query || weir_query_matches_all(query))
		return missing_of_all(s, ret_missing, err);
	rc = read_both(s, SQL_LOG_COMPLETE, &m.complete, err);
	sort_logs(&m.complete);
	if (!rc)
		rc = walk(s, query, count_missing, &m, err);
	if (!rc)
		*ret_missing = m.n;
	VEC_FREE(&m.complete);
	return rc;
}
