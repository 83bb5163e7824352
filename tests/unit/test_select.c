#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <strings.h>

#include "farm.h"
#include "weir/query.h"
#include "weir/select.h"

struct plan {
	int sorts, scans; /* steps that sort, that read a whole table */
};

/* Every statement that is stepped is explained on another connection. */
static int
explain(unsigned what, void *arg, void *statement, void *unused)
{
	struct plan *plan = arg;
	sqlite3 *other;
	sqlite3_stmt *st;
	char *sql;

	(void)what;
	(void)unused;
	if (!sqlite3_sql(statement) ||
		strncmp(sqlite3_sql(statement), "SELECT r.k", 10))
		return 0;
	sql = xasprintf("EXPLAIN QUERY PLAN %s", sqlite3_sql(statement));
	other = sqlite3_db_handle(statement);
	assert_int_equal(sqlite3_prepare_v2(other, sql, -1, &st, NULL), SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(st, 3);

		plan->sorts += strstr(detail, "TEMP B-TREE") != NULL;
		plan->scans += strncmp(detail, "SCAN r", 6) == 0 &&
			       !strstr(detail, "USING INDEX") &&
			       !strstr(detail, "USING COVERING INDEX");
	}
	sqlite3_finalize(st);
	free(sql);
	return 0;
}

static size_t
list(const char *query, const char *sort, int64_t limit, struct plan *plan,
	struct weir_id *ids)
{
	struct weir_column_set set;
	struct weir_sort by[WEIR_SORT_MAX];
	struct weir_select sel = { .kind = WEIR_RUN,
		.columns = &set,
		.sort = by,
		.limit = limit,
		.now_us = farm_now_us };
	struct weir_query *q = NULL;
	struct weir_rows *rows;
	struct weir_err err = { 0 };
	size_t n = 0;
	bool row;

	assert_int_equal(
		weir_query_parse(WEIR_RUN, str_of(query), farm_now_us, &q, &err),
		WEIR_OK);
	assert_int_equal(
		weir_columns_choose(WEIR_RUN, "id,name,flow,state", 0, &set, &err),
		WEIR_OK);
	if (sort)
		assert_int_equal(
			weir_sort_parse(WEIR_RUN, sort, &set, by, &sel.n_sort, &err),
			WEIR_OK);
	sel.query = q;
	assert_int_equal(weir_rows_open(farm->store, &sel, &rows, &err), WEIR_OK);
	if (plan)
		sqlite3_trace_v2(store_db(farm->store)->sqlite, SQLITE_TRACE_STMT,
			(int (*)(unsigned, void *, void *, void *))explain, plan);
	while (weir_rows_next(rows, &row, &err) == WEIR_OK && row) {
		sqlite3_trace_v2(store_db(farm->store)->sqlite, 0, NULL, NULL);
		if (ids)
			ids[n] = weir_rows_cell(rows, 0)->id;
		n++;
	}
	sqlite3_trace_v2(store_db(farm->store)->sqlite, 0, NULL, NULL);
	assert_int_equal(weir_rows_next(rows, &row, &err), WEIR_OK);
	assert_false(row);
	weir_rows_close(rows);
	weir_columns_release(&set);
	weir_query_free(q);
	return n;
}

/* What lists show first is walked by an index, never sorted. */
static void
test_plans(void **state)
{
	static const char *const queries[] = { "", "state:failed",
		"state:failed,crashed", "state:live", "flow:build-3", "flow:build-1*",
		"deployment:deploy-1", "flow:build-3 state:failed", "since:2d",
		"state:failed since:1d", "deployment:none", "platform:linux-64",
		"parent:none", "-platform:win-64 state:failed", "dur:>1m",
		"param.version:>3" };

	(void)state;
	for (size_t i = 0; i < N_ELEM(queries); i++) {
		struct plan plan = { 0 };

		/* Parents that are few are read from their index instead. */
		list(queries[i], NULL, 50, &plan, NULL);
		if (plan.sorts || plan.scans)
			fail_msg("'%s': %d sorts, %d scans", queries[i], plan.sorts,
				plan.scans);
		plan = (struct plan){ 0 };
		list(queries[i], "start:desc", 50, &plan, NULL);
		if (plan.sorts || plan.scans)
			fail_msg("'%s' by start: %d sorts, %d scans", queries[i],
				plan.sorts, plan.scans);
	}
}

static const struct farm_run *
run_of(const struct weir_id *id)
{
	for (size_t i = 0; i < FARM_RUNS; i++) {
		if (weir_id_cmp(&farm->runs[i].id, id) == 0)
			return &farm->runs[i];
	}
	fail_msg("a run that is not in the farm");
	return NULL;
}

/* Newest first, then what is due, soonest first. */
static void
check_own_order(const struct weir_id *ids, size_t n, const char *query)
{
	for (size_t i = 1; i < n; i++) {
		const struct farm_run *a = run_of(&ids[i - 1]), *b = run_of(&ids[i]);
		bool due_a = a->at_us > farm_now_us, due_b = b->at_us > farm_now_us;

		if (due_a > due_b || (due_a && due_b && a->at_us > b->at_us) ||
			(!due_a && !due_b && a->at_us < b->at_us))
			fail_msg("'%s': row %zu is out of order", query, i);
	}
}

static void
test_own_order(void **state)
{
	static const char *const queries[] = { "", "state:failed,crashed,scheduled",
		"flow:build-1,build-2,build-3", "flow:build-*", "numpy", "state:live",
		"name:numpy*", "not numpy", "state:scheduled" };
	struct weir_id all[FARM_RUNS], some[FARM_RUNS];

	(void)state;
	for (size_t i = 0; i < N_ELEM(queries); i++) {
		size_t n = list(queries[i], NULL, 0, NULL, all);

		assert_true(n > 10);
		check_own_order(all, n, queries[i]);
		/* A shorter list is the begin of the longer. */
		for (int64_t limit = 1; limit < (int64_t)n; limit += 7) {
			assert_int_equal(
				list(queries[i], NULL, limit, NULL, some), limit);
			assert_memory_equal(some, all, (size_t)limit * sizeof(some[0]));
		}
	}
}

static void
test_sort(void **state)
{
	struct weir_id ids[FARM_RUNS];
	size_t n;
	bool none = false;

	(void)state;
	n = list("", "name:desc", 0, NULL, ids);
	assert_int_equal(n, FARM_RUNS);
	for (size_t i = 1; i < n; i++)
		assert_true(strcasecmp(run_of(&ids[i - 1])->name,
				    run_of(&ids[i])->name) >= 0);
	n = list("", "at", 0, NULL, ids);
	for (size_t i = 1; i < n; i++)
		assert_true(run_of(&ids[i - 1])->at_us <= run_of(&ids[i])->at_us);
	/* What has no end comes last. */
	for (int down = 0; down < 2; down++) {
		none = false;
		n = list("", down ? "end:desc" : "end", 0, NULL, ids);
		assert_int_equal(n, FARM_RUNS);
		for (size_t i = 0; i < n; i++) {
			bool is_none = run_of(&ids[i])->end_us == WEIR_NO_TIME;

			assert_true(is_none || !none);
			none = is_none;
		}
	}
	list("", "param.version:desc,label.a.b,dur,platform", 0, NULL, ids);
	for (size_t i = 1; i < n; i++)
		assert_true(run_of(&ids[i - 1])->version >= run_of(&ids[i])->version ||
			    i == 0);
}

static void
test_cells(void **state)
{
	struct weir_column_set set;
	struct weir_select sel = {
		.kind = WEIR_RUN, .columns = &set, .now_us = farm_now_us
	};
	struct weir_rows *rows;
	bool row;

	(void)state;
	assert_int_equal(
		weir_columns_choose(WEIR_RUN,
			"id,state,state_type,flow,deployment,platform,param.package,"
			"param.version,start,end,dur,auto_scheduled,tags,param.none,"
			"rest",
			0, &set, NULL),
		WEIR_OK);
	assert_int_equal(weir_rows_open(farm->store, &sel, &rows, NULL), WEIR_OK);
	while (weir_rows_next(rows, &row, NULL) == WEIR_OK && row) {
		const struct weir_cell *c = weir_rows_cell(rows, 0);
		const struct farm_run *r = run_of(&c[0].id);
		char text[40];

		assert_true(weir_rows_key(rows) > 0);
		assert_true(str_eq(c[1].s, r->state_name));
		assert_int_equal(c[1].i, r->state);
		assert_int_equal(c[2].i, r->state);
		assert_true(str_eq(c[3].s, farm->flow_names[r->flow]));
		assert_int_equal(c[4].null, r->deployment < 0);
		assert_int_equal(c[5].null, !*r->platform);
		snprintf(text, sizeof(text), "\"%s\"", r->package);
		assert_true(str_eq(c[6].s, text));
		snprintf(text, sizeof(text), "%d", r->version);
		assert_true(str_eq(c[7].s, text));
		assert_int_equal(c[8].null, r->start_us == WEIR_NO_TIME);
		assert_true(c[8].null || c[8].i == r->start_us);
		assert_int_equal(c[9].null, r->end_us == WEIR_NO_TIME);
		assert_int_equal(c[10].null, r->start_us == WEIR_NO_TIME);
		assert_int_equal(c[11].i, r->automatic);
		assert_true(str_eq(c[12].s, r->tags));
		assert_true(c[13].null);
		assert_true(str_starts(c[14].s, "\"parameters\":{"));
	}
	weir_rows_close(rows);
	weir_columns_release(&set);
}

static void
test_key(void **state)
{
	struct weir_column_set set;
	struct weir_select sel = {
		.kind = WEIR_RUN, .columns = &set, .now_us = farm_now_us
	};
	struct weir_rows *rows;
	int64_t key;
	struct weir_id id;
	bool row;

	(void)state;
	assert_int_equal(weir_columns_choose(WEIR_RUN, "id", 0, &set, NULL), WEIR_OK);
	sel.limit = 1;
	assert_int_equal(weir_rows_open(farm->store, &sel, &rows, NULL), WEIR_OK);
	assert_int_equal(weir_rows_next(rows, &row, NULL), WEIR_OK);
	key = weir_rows_key(rows);
	id = weir_rows_cell(rows, 0)->id;
	weir_rows_close(rows);
	sel.key = key;
	assert_int_equal(weir_rows_open(farm->store, &sel, &rows, NULL), WEIR_OK);
	assert_int_equal(weir_rows_next(rows, &row, NULL), WEIR_OK);
	assert_true(row);
	assert_memory_equal(&id, &weir_rows_cell(rows, 0)->id, sizeof(id));
	assert_int_equal(weir_rows_next(rows, &row, NULL), WEIR_OK);
	assert_false(row);
	weir_rows_close(rows);
	weir_columns_release(&set);
	/* Only keys. */
	sel.key = 0;
	sel.columns = NULL;
	assert_int_equal(weir_rows_open(farm->store, &sel, &rows, NULL), WEIR_OK);
	assert_int_equal(weir_rows_next(rows, &row, NULL), WEIR_OK);
	assert_int_equal(weir_rows_key(rows), key);
	weir_rows_close(rows);
}

static void
test_count_limit(void **state)
{
	struct weir_select sel = { .kind = WEIR_RUN, .limit = 5 };
	int64_t n;

	(void)state;
	assert_int_equal(weir_rows_count(farm->store, &sel, &n, NULL), WEIR_OK);
	assert_int_equal(n, 5);
	sel.limit = 0;
	assert_int_equal(weir_rows_count(farm->store, &sel, &n, NULL), WEIR_OK);
	assert_int_equal(n, FARM_RUNS);
}

/* Documents: only those that the server gave, as members and as columns. */
static void
test_documents(void **state)
{
	struct weir_column_set set;
	struct weir_select sel = { .kind = WEIR_DEPLOYMENT, .columns = &set };
	struct weir_rows *rows;
	size_t n = 0;
	bool row;

	(void)state;
	assert_int_equal(
		weir_columns_choose(WEIR_DEPLOYMENT,
			"flow,name,paused,status,last_polled,doc", 0, &set, NULL),
		WEIR_OK);
	assert_int_equal(weir_rows_open(farm->store, &sel, &rows, NULL), WEIR_OK);
	while (weir_rows_next(rows, &row, NULL) == WEIR_OK && row) {
		const struct weir_cell *c = weir_rows_cell(rows, 0);
		struct str last = { c[5].s.s + c[5].s.len - 1, 1 };

		assert_true(str_starts(c[0].s, "build-"));
		assert_true(str_starts(c[1].s, "deploy-"));
		assert_int_equal(c[2].i, (c[0].s.s[c[0].s.len - 1] - '0') % 2);
		assert_true(str_eq(c[3].s, "READY"));
		assert_int_equal(c[4].i, INT64_C(1795269600000000));
		assert_true(str_starts(c[5].s, "\"name\":"));
		assert_true(str_eq(last, "\""));
		n++;
	}
	assert_int_equal(n, FARM_DEPLOYMENTS);
	weir_rows_close(rows);
	weir_columns_release(&set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_own_order),
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_count_limit),
		cmocka_unit_test(test_documents),
	};

	return FARM_TESTS(tests, 11);
}
