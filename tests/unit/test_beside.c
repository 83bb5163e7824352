/* beside.c: two stores read as one give what one store with all of their rows gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "beside.h"
#include "env_named.h"
#include "farm.h"
#include "select_build.h"
#include "weir/group.h"
#include "weir/keys.h"
#include "weir/logs.h"
#include "weir/run_env.h"
#include "weir/tree.h"

enum { HEAD = 40, TASKS = 60 };

/* The farm's own store has all; a some of it, with b beside it the rest. */
static struct {
	struct weir_store *a, *b;
	char path[2][96];
} two;

static bool
is_beside(size_t run)
{
	return run % 7 == 3 || run % 31 == 1;
}

static struct weir_store *
new_store(int i)
{
	struct weir_store *s = NULL;

	snprintf(two.path[i], sizeof(two.path[i]), "%s/%d.db", farm->folder, i);
	assert_int_equal(weir_store_open(two.path[i], "http://farm/api",
				 "platform,arch,subdir,target_platform",
				 WEIR_STORE_WRITE, &s, NULL, NULL),
		WEIR_OK);
	return s;
}

/* The same run into another store, too. */
static void
put_run(struct weir_store *s, size_t i)
{
	struct weir_store *all = farm->store;

	farm->seed = i;
	farm->store = s;
	farm_put(farm, &farm->runs[i]);
	farm->store = all;
}

static void
put_docs(struct weir_store *s)
{
	struct weir_store *all = farm->store;

	farm->seed = 1;
	farm->store = s;
	farm_put_docs(farm);
	farm->store = all;
}

static void
put_task(struct weir_store *s, size_t i)
{
	char name[32], key[16];
	/* Of a run in the same store. */
	struct weir_task_run t = { .created_us = farm_now_us - (int64_t)i % 9,
		.updated_us = WEIR_NO_TIME,
		.flow_run_id = farm->runs[is_beside(i) ? 3 + i % 2 * 7 : i % 2 * 2].id,
		.state_type = i % 3 ? WEIR_ST_COMPLETED : WEIR_ST_FAILED,
		.state_name = STR("x"),
		.expected_start_us = WEIR_NO_TIME,
		.next_scheduled_us = WEIR_NO_TIME,
		.start_us = i % 4 ? farm_now_us - (int64_t)(i * 37 % 11) : WEIR_NO_TIME,
		.end_us = WEIR_NO_TIME,
		.tags = STR("[]"),
		.rest = STR("") };

	memset(t.id.b, (int)i + 1, sizeof(t.id.b));
	snprintf(name, sizeof(name), "step%d/%d", (int)(i % 6), (int)i);
	snprintf(key, sizeof(key), "step%d", (int)(i % 6));
	t.name = str_of(name);
	t.task_key = str_of(key);
	assert_int_equal(store_put_task_runs(s, &t, 1, NULL, NULL), WEIR_OK);
}

static int
set_up(void **state)
{
	struct weir_store *stores[3];

	farm_set_up(state);
	for (size_t i = 0; i < FARM_RUNS; i++)
		assert_int_equal(
			store_delete_runs(farm->store, &farm->runs[i].id, 1, NULL),
			WEIR_OK);
	stores[0] = two.a = new_store(0);
	stores[1] = two.b = new_store(1);
	stores[2] = farm->store;
	for (size_t i = 0; i < N_ELEM(stores); i++)
		assert_int_equal(store_begin(stores[i], NULL), WEIR_OK);
	put_docs(two.a);
	put_docs(two.b);
	put_docs(farm->store);
	/* In one store those of b come after all of a, as their keys do. */
	for (size_t pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < FARM_RUNS; i++) {
			if (is_beside(i) != (pass == 1))
				continue;
			put_run(pass ? two.b : two.a, i);
			put_run(farm->store, i);
		}
		for (size_t i = 0; i < TASKS; i++) {
			if (is_beside(i) != (pass == 1))
				continue;
			put_task(pass ? two.b : two.a, i);
			put_task(farm->store, i);
		}
	}
	for (size_t i = 0; i < N_ELEM(stores); i++)
		assert_int_equal(store_end(stores[i], WEIR_OK, NULL), WEIR_OK);
	weir_store_attach(two.a, two.b);
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
	char path[128];

	weir_store_close(two.a);
	weir_store_close(two.b);
	for (size_t i = 0; i < 2 * N_ELEM(ends); i++) {
		snprintf(path, sizeof(path), "%s%s", two.path[i / N_ELEM(ends)],
			ends[i % N_ELEM(ends)]);
		unlink(path);
	}
	return farm_tear_down(state);
}

static struct weir_query *
parse(enum weir_kind kind, const char *text)
{
	struct weir_query *q = NULL;

	assert_int_equal(
		weir_query_parse(kind, str_of(text), farm_now_us, &q, NULL), WEIR_OK);
	return q;
}

struct list {
	struct weir_id id[FARM_RUNS + 1];
	uint32_t key[FARM_RUNS + 1];
	size_t n;
};

static void
read_list(struct weir_store *s, const struct weir_select *by, struct list *l)
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = *by;
	struct weir_rows *rows = NULL;
	bool row = true;

	l->n = 0;
	assert_int_equal(weir_columns_choose(by->kind, "id,name", 0, &set, NULL), 0);
	sel.columns = &set;
	assert_int_equal(weir_rows_open(s, &sel, &rows, NULL), WEIR_OK);
	while (weir_rows_next(rows, &row, NULL) == WEIR_OK && row) {
		assert_true(l->n < FARM_RUNS);
		l->key[l->n] = (uint32_t)weir_rows_key(rows);
		l->id[l->n++] = weir_rows_cell(rows, 0)->id;
	}
	assert_false(row);
	weir_rows_close(rows);
	weir_columns_release(&set);
}

static void
check_list(const struct weir_select *sel, const char *what)
{
	struct list one, both;

	read_list(farm->store, sel, &one);
	read_list(two.a, sel, &both);
	if (one.n != both.n)
		fail_msg("%s: %zu rows, not %zu", what, both.n, one.n);
	for (size_t i = 0; i < one.n; i++)
		if (weir_id_cmp(&one.id[i], &both.id[i]) != 0)
			fail_msg("%s: row %zu is another", what, i);
}

static const char *const queries[] = { "", "state:failed,crashed", "numpy",
	"flow:build-1*", "dur:>1m", "platform:none or state:live", "at:>now" };

/* Every column, both ways. */
static void
test_sorts(void **state)
{
	static const enum weir_kind of[] = { WEIR_RUN, WEIR_TASK_RUN };
	char what[128];

	(void)state;
	for (size_t k = 0; k < N_ELEM(of); k++) {
		for (const struct weir_column *c = weir_columns(of[k]); c->name; c++) {
			struct weir_sort by = { .column = c };
			struct weir_select sel = { .kind = of[k],
				.sort = &by,
				.n_sort = 1,
				.now_us = farm_now_us };

			if (strcmp(c->name, "rest") == 0)
				continue;
			for (int down = 0; down < 2; down++) {
				by.descending = down;
				snprintf(what, sizeof(what), "%s %s", c->name,
					down ? "down" : "up");
				sel.limit = 0;
				check_list(&sel, what);
				sel.limit = 17;
				check_list(&sel, what);
			}
		}
	}
}

static void
test_queries(void **state)
{
	static const char *const sorts[] = { "", "at", "at:desc", "flow,dur:desc",
		"flow:desc,dur", "platform:desc,name", "state", "param.version:desc" };
	char what[128];

	(void)state;
	for (size_t i = 0; i < N_ELEM(queries); i++) {
		struct weir_query *q = parse(WEIR_RUN, queries[i]);

		for (size_t k = 0; k < N_ELEM(sorts); k++) {
			struct weir_column_set set = { 0 };
			struct weir_sort by[WEIR_SORT_MAX];
			struct weir_select sel = { .kind = WEIR_RUN,
				.query = q,
				.sort = by,
				.now_us = farm_now_us };

			assert_int_equal(weir_sort_parse(WEIR_RUN, sorts[k], &set, by,
						 &sel.n_sort, NULL),
				0);
			snprintf(what, sizeof(what), "'%s' by '%s'", queries[i],
				sorts[k]);
			check_list(&sel, what);
			sel.limit = 9;
			check_list(&sel, what);
			weir_columns_release(&set);
		}
		weir_query_free(q);
	}
}

static void
test_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEM(queries); i++) {
		struct weir_select sel = { .kind = WEIR_RUN, .now_us = farm_now_us };
		int64_t n[2] = { -1, -2 }, states[2][WEIR_N_STATES];

		sel.query = parse(WEIR_RUN, queries[i]);
		assert_int_equal(weir_rows_count(farm->store, &sel, &n[0], NULL), 0);
		assert_int_equal(weir_rows_count(two.a, &sel, &n[1], NULL), 0);
		assert_int_equal(n[0], n[1]);
		assert_int_equal(
			weir_rows_count_states(farm->store, &sel, states[0], NULL), 0);
		assert_int_equal(
			weir_rows_count_states(two.a, &sel, states[1], NULL), 0);
		assert_memory_equal(states[0], states[1], sizeof(states[0]));
		sel.limit = 5;
		assert_int_equal(weir_rows_count(two.a, &sel, &n[1], NULL), 0);
		assert_int_equal(n[1], n[0] < 5 ? n[0] : 5);
		weir_query_free((struct weir_query *)(uintptr_t)sel.query);
	}
	{
		int64_t n = 0;

		assert_int_equal(weir_store_count(two.a, WEIR_RUN, &n, NULL), 0);
		assert_int_equal(n, FARM_RUNS);
	}
}

static void
test_groups(void **state)
{
	static const char *const fields[] = { "flow", "state", "tag", "platform",
		"param.package", "dur", "name" };

	(void)state;
	for (size_t i = 0; i < N_ELEM(fields); i++) {
		struct weir_select sel = { .kind = WEIR_RUN, .now_us = farm_now_us };
		struct weir_groups g[2] = { 0 };

		assert_int_equal(
			weir_rows_group(farm->store, &sel, fields[i], &g[0], NULL), 0);
		assert_int_equal(
			weir_rows_group(two.a, &sel, fields[i], &g[1], NULL), 0);
		assert_int_equal(g[0].n, g[1].n);
		assert_int_equal(g[0].rows, g[1].rows);
		for (size_t k = 0; k < g[0].n; k++) {
			assert_int_equal(g[0].v[k].n, g[1].v[k].n);
			assert_true(str_equal(g[0].v[k].value, g[1].v[k].value));
			assert_int_equal(g[0].v[k].newest_us, g[1].v[k].newest_us);
		}
		weir_groups_release(&g[0]);
		weir_groups_release(&g[1]);
	}
}

static void
test_values(void **state)
{
	static const char *const fields[] = { "flow", "tag", "platform", "name",
		"param.", "param.package", "deployment" };

	(void)state;
	for (size_t i = 0; i < N_ELEM(fields); i++) {
		struct buf b[2] = { BUF_INIT(64 << 10), BUF_INIT(64 << 10) };

		assert_int_equal(weir_query_values(farm->store, WEIR_RUN, fields[i],
					 STR(""), &b[0], NULL),
			0);
		assert_int_equal(weir_query_values(two.a, WEIR_RUN, fields[i], STR(""),
					 &b[1], NULL),
			0);
		assert_true(b[0].len > 0);
		/* Names of other objects are of both, and counted twice. */
		if (strcmp(fields[i], "flow") != 0 &&
			strcmp(fields[i], "deployment") != 0)
			assert_string_equal(buf_cstr(&b[0]), buf_cstr(&b[1]));
		buf_release(&b[0]);
		buf_release(&b[1]);
	}
}

/* ---- keys */

struct told {
	uint32_t *keys, first[HEAD];
	size_t n, heads;
	int64_t states[WEIR_N_STATES];
};

static void
on_head(void *arg, uint32_t *keys, size_t n)
{
	struct told *t = arg;

	assert_true(n <= HEAD);
	memcpy(t->first, keys, n * sizeof(*keys));
	t->heads += n;
	free(keys);
}

static void
on_all(void *arg, uint32_t *keys, size_t n)
{
	struct told *t = arg;

	assert_null(t->keys);
	t->keys = keys;
	t->n = n;
}

static void
on_counts(void *arg, const int64_t states[WEIR_N_STATES])
{
	memcpy(((struct told *)arg)->states, states,
		sizeof(((struct told *)arg)->states));
}

static void
check_keys(
	struct weir_keys *k, enum weir_kind kind, const char *query, const char *sort)
{
	struct told t = { 0 };
	struct weir_keys_user user = { &t, on_head, on_all, on_counts };
	struct weir_column_set set = { 0 };
	struct weir_sort by[WEIR_SORT_MAX];
	struct weir_select sel = { .kind = kind, .sort = by, .now_us = farm_now_us };
	struct list want;
	int64_t sum = 0;

	assert_int_equal(weir_sort_parse(kind, sort, &set, by, &sel.n_sort, NULL), 0);
	sel.query = parse(kind, query);
	read_list(two.a, &sel, &want);
	assert_int_equal(weir_keys_find(k, two.a, &sel, query, HEAD, &user, NULL), 0);
	if (t.n != want.n)
		fail_msg("'%s' by '%s': %zu keys, not %zu", query, sort, t.n, want.n);
	for (size_t i = 0; i < t.n; i++)
		if (t.keys[i] != want.key[i])
			fail_msg("'%s' by '%s': key %zu is %u, not %u", query, sort, i,
				t.keys[i], want.key[i]);
	assert_memory_equal(t.first, want.key, t.heads * sizeof(*t.first));
	for (size_t i = 0; i < WEIR_N_STATES; i++)
		sum += t.states[i];
	if (kind == WEIR_RUN)
		assert_int_equal(sum, (int64_t)want.n);
	free(t.keys);
	weir_columns_release(&set);
	weir_query_free((struct weir_query *)(uintptr_t)sel.query);
}

static void
test_keys(void **state)
{
	static const char *const sorts[] = { "", "at", "at:desc", "dur", "dur:desc",
		"flow", "flow:desc", "platform", "state", "name:desc", "tags",
		"flow,dur:desc", "param.version:desc", "param.package", "id", "source",
		"source:desc" };
	struct weir_keys *k = weir_keys_new();

	(void)state;
	for (size_t s = 0; s < N_ELEM(sorts); s++)
		for (size_t i = 0; i < N_ELEM(queries); i++)
			check_keys(k, WEIR_RUN, queries[i], sorts[s]);
	farm->seed = 7;
	for (size_t i = 0; i < 300; i++)
		check_keys(k, WEIR_RUN, queries[farm_random(farm, N_ELEM(queries))],
			sorts[farm_random(farm, N_ELEM(sorts))]);
	check_keys(k, WEIR_TASK_RUN, "", "");
	check_keys(k, WEIR_TASK_RUN, "state:failed", "name:desc");
	weir_keys_free(k);
}

/* Rows by their keys, of both stores, and one alone. */
static void
test_rows_by_key(void **state)
{
	struct weir_column_set set = { 0 };
	struct weir_select all = { .kind = WEIR_RUN, .now_us = farm_now_us };
	struct weir_select sel = { .kind = WEIR_RUN, .columns = &set };
	struct weir_rows *rows = NULL;
	struct list l;
	int64_t keys[50];
	bool row = true;
	size_t n = 0, marked = 0;

	(void)state;
	read_list(two.a, &all, &l);
	for (size_t i = 0; i < N_ELEM(keys); i++)
		keys[i] = l.key[i];
	assert_int_equal(weir_columns_choose(WEIR_RUN, "id", 0, &set, NULL), 0);
	sel.keys = keys;
	sel.n_keys = N_ELEM(keys);
	assert_int_equal(weir_rows_open(two.a, &sel, &rows, NULL), 0);
	while (!weir_rows_next(rows, &row, NULL) && row) {
		size_t at = 0;

		while (at < l.n && l.key[at] != (uint32_t)weir_rows_key(rows))
			at++;
		assert_true(at < N_ELEM(keys));
		assert_memory_equal(
			&l.id[at], &weir_rows_cell(rows, 0)->id, sizeof(l.id[at]));
		marked += (weir_rows_key(rows) & WEIR_KEY_BESIDE) != 0;
		n++;
	}
	weir_rows_close(rows);
	assert_int_equal(n, N_ELEM(keys));
	assert_true(marked > 0 && marked < n);
	sel.keys = NULL;
	for (size_t i = 0; i < l.n; i++) {
		sel.key = l.key[i];
		assert_int_equal(weir_rows_open(two.a, &sel, &rows, NULL), 0);
		assert_int_equal(weir_rows_next(rows, &row, NULL), 0);
		assert_true(row);
		assert_int_equal(weir_rows_key(rows), l.key[i]);
		assert_memory_equal(
			&l.id[i], &weir_rows_cell(rows, 0)->id, sizeof(l.id[i]));
		weir_rows_close(rows);
	}
	weir_columns_release(&set);
}

static void
resolves(const char *text, enum weir_rc want)
{
	enum weir_kind kind[2] = { 0 };
	struct weir_id id[2] = { 0 };
	int64_t key[2] = { 0 };
	unsigned kinds = 1u << WEIR_RUN | 1u << WEIR_TASK_RUN;
	enum weir_rc rc =
		weir_resolve(farm->store, kinds, text, &kind[0], &id[0], &key[0], NULL);

	assert_int_equal(rc, want);
	rc = weir_resolve(two.a, kinds, text, &kind[1], &id[1], &key[1], NULL);
	if (rc != want)
		fail_msg("'%s': %d, not %d", text, (int)rc, (int)want);
	if (rc)
		return;
	assert_int_equal(kind[0], kind[1]);
	assert_int_equal(weir_id_cmp(&id[0], &id[1]), 0);
}

/* What is ambiguous in one store is so across both. */
static void
test_resolve(void **state)
{
	char id[WEIR_ID_TEXT + 1];
	size_t twice = 0, i;

	(void)state;
	for (i = 0; i < FARM_RUNS; i += 3) {
		weir_id_format(&farm->runs[i].id, id);
		resolves(id, WEIR_OK);
		id[13] = '\0';
		resolves(id, WEIR_OK);
	}
	for (i = 0; i < FARM_RUNS; i++) {
		size_t same = 0, other = 0;

		for (size_t k = 0; k < FARM_RUNS; k++) {
			if (strcmp(farm->runs[i].name, farm->runs[k].name) != 0)
				continue;
			same++;
			other += is_beside(k) != is_beside(i);
		}
		resolves(farm->runs[i].name, same > 1 ? WEIR_EAMBIGUOUS : WEIR_OK);
		twice += same == 2 && other == 1;
	}
	assert_true(twice > 0);
	resolves("@latest", WEIR_OK);
	resolves("@failed", WEIR_OK);
	resolves("nosuch", WEIR_ENOTFOUND);
}

static void
test_tree(void **state)
{
	struct weir_select sel = { .kind = WEIR_RUN, .now_us = farm_now_us };
	struct weir_tree t = { 0 };
	struct list l;
	uint32_t keys[FARM_RUNS];
	unsigned char *depths = NULL;

	(void)state;
	read_list(two.a, &sel, &l);
	memcpy(keys, l.key, l.n * sizeof(*keys));
	assert_int_equal(weir_tree_read(two.a, &t, NULL), WEIR_OK);
	weir_tree_arrange(&t, keys, l.n, &depths);
	for (size_t i = 0; i < l.n; i++) {
		assert_int_equal(keys[i], l.key[i]); /* no parents here */
		assert_int_equal(depths[i], 0);
	}
	free(depths);
	weir_tree_release(&t);
}

struct hits {
	struct weir_id run[4];
	size_t n;
};

static bool
on_hit(void *arg, const struct weir_line *line)
{
	struct hits *h = arg;

	assert_true(h->n < N_ELEM(h->run));
	h->run[h->n++] = line->run;
	return true;
}

/* A log is found by its run, wherever it is. */
static void
test_logs(void **state)
{
	struct weir_log_filter filter = { 0 };
	struct weir_log_reader *log = NULL;
	struct hits hits = { 0 };
	int64_t missing[2];
	size_t runs[2] = { 0, 3 };

	(void)state;
	assert_false(is_beside(runs[0]));
	assert_true(is_beside(runs[1]));
	assert_int_equal(weir_log_missing(two.a, NULL, &missing[0], NULL), 0);
	for (size_t i = 0; i < 2; i++) {
		struct weir_log line = { .created_us = farm_now_us,
			.timestamp_us = farm_now_us,
			.name = STR("x"),
			.level = 20,
			.message = i ? STR("beside it") : STR("of the server"),
			.flow_run_id = farm->runs[runs[i]].id };
		struct weir_line got;

		line.id.b[0] = 1;
		assert_int_equal(store_put_logs(i ? two.b : two.a, &line.flow_run_id,
					 &line, 1, NULL, NULL),
			0);
		assert_int_equal(
			weir_log_open(two.a, &line.flow_run_id, &log, NULL), 0);
		assert_int_equal(weir_log_n(log), 1);
		assert_int_equal(weir_log_get(log, 0, &got, NULL), 0);
		assert_true(str_equal(got.message, line.message));
		weir_log_close(log);
	}
	assert_int_equal(
		weir_log_search(two.a, NULL, &filter, on_hit, &hits, NULL), WEIR_OK);
	assert_int_equal(hits.n, 2);
	assert_int_equal(weir_log_missing(two.a, NULL, &missing[1], NULL), 0);
	assert_int_equal(missing[0], missing[1]); /* none of them is complete */
}

#define REQ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define FULL "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* A parameter names an environment: as an array, as its text; others do not. */
static void
test_parameters(void **state)
{
	static const struct {
		const char *parameters, *by;
	} cases[] = {
		{ "{\"env\":\"[\\\"" REQ "\\\", \\\"" FULL "\\\", \\\"linux-64\\\"]\"}",
			"env" },
		{ "{\"x\":1,\"e\":[\"" REQ "\",\"" FULL "\",\"linux-64\"]}", "e" },
		{ "{\"a\":[\"" REQ "\",\"" FULL "\",\"linux-64\"],\"b\":[\"" REQ
		  "\",\"" FULL "\",\"linux-64\"]}",
			"a, b" },
		{ "{\"e\":[\"" REQ "\",\"short\",\"linux-64\"]}", NULL },
		{ "{\"e\":\"[\\\"" REQ "\\\"\",\"f\":\"[\",\"g\":\"A/b/c\"}", NULL },
		{ "{}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		struct weir_run_env v[WEIR_RUN_ENVS_MAX];
		struct buf rest = BUF_INIT(4096), said = BUF_INIT(4096);
		struct weir_run run = { .name = STR("x"),
			.created_us = farm_now_us + (int64_t)i,
			.updated_us = farm_now_us,
			.state_type = WEIR_ST_COMPLETED,
			.state_name = STR("x"),
			.expected_start_us = farm_now_us,
			.next_scheduled_us = WEIR_NO_TIME,
			.start_us = WEIR_NO_TIME,
			.end_us = WEIR_NO_TIME,
			.tags = STR("[]") };
		size_t n = 99;

		memset(run.id.b, 0xe0 + (int)i, sizeof(run.id.b));
		buf_addf(&rest, "\"parameters\":%s", cases[i].parameters);
		run.parameters = str_of(cases[i].parameters);
		run.rest = buf_str(&rest);
		assert_int_equal(store_put_runs(two.a, &run, 1, NULL, NULL), WEIR_OK);
		assert_int_equal(
			weir_run_envs(two.a, WEIR_RUN, &run.id, v, &n, NULL), WEIR_OK);
		assert_int_equal(n, cases[i].by ? 1 : 0);
		if (n) {
			weir_run_env_say(&v[0], &said);
			assert_string_equal(v[0].by, cases[i].by);
			assert_string_equal(v[0].pair.req_id, REQ);
			assert_string_equal(v[0].pair.full_id, FULL);
			assert_true(strstr(buf_cstr(&said),
					    "aaaaaaaa:bbbbbbbb linux-64  ") != NULL);
		}
		assert_int_equal(store_delete_runs(two.a, &run.id, 1, NULL), WEIR_OK);
		buf_release(&rest);
		buf_release(&said);
	}
}

/* What is kept of parameters, as `name=of by` of each. */
static const char *
named(struct weir_store *s)
{
	static char out[1024];
	sqlite3_stmt *st = NULL;

	out[0] = '\0';
	assert_int_equal(sqlite3_prepare_v2(store_db(s)->sqlite,
				 "SELECT group_concat(e.name || '=' || e.of || ' ' || "
				 "u.by, '; ')"
				 " FROM run_envs u JOIN env_names e ON e.k = u.env",
				 -1, &st, NULL),
		SQLITE_OK);
	if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0))
		snprintf(out, sizeof(out), "%s", sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return out;
}

/* Kept with the run, replaced and gone with it; taken from a store that has none. */
static void
test_named(void **state)
{
	static const char *const cases[][2] = {
		{ "{\"p\":\"F/1/start\"}", "F/1/start=F/1 p" },
		{ "{\"p\":\"F/argo-x\"}", "F/argo-x=F/argo-x p" },
		{ "{\"p\":\"refs/pull/7\",\"q\":\"a-b/1\",\"r\":\"org/repo\",\"s\":"
		  "\"https://h/1\",\"t\":\"F/1/a/b/c\",\"u\":\"/F/1\",\"v\":7}",
			"" },
		{ "{\"\\u00e9\":\"F\\/1\",\"b\":\"F/1\"}", "F/1=F/1 \xc3\xa9, b" },
		{ "{\"e\":\"[\\\"" REQ "\\\",\\\"" FULL "\\\",\\\"x\\\"\"}", "" },
		{ "{\"e\":[\"" REQ "\",\"" FULL "\",\"x\"] }", REQ ":" FULL ":x= e" },
		{ "[\"F/1\"]", "" },
		{ "", "" },
	};
	struct weir_run run = { .name = STR("x"), .updated_us = farm_now_us };

	(void)state;
	memset(run.id.b, 0xd7, sizeof(run.id.b));
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		struct buf rest = BUF_INIT(4096);

		buf_addf(&rest, "\"a\":{},\"parameters\":%s",
			*cases[i][0] ? cases[i][0] : "null");
		run.updated_us++;
		run.parameters = str_of(cases[i][0]);
		run.rest = buf_str(&rest);
		assert_int_equal(store_put_runs(two.a, &run, 1, NULL, NULL), WEIR_OK);
		assert_string_equal(named(two.a), cases[i][1]);
		assert_int_equal(
			db_exec(store_db(two.a),
				"DELETE FROM run_envs; DELETE FROM env_names", NULL),
			WEIR_OK);
		assert_int_equal(env_named_fill(store_db(two.a), NULL), WEIR_OK);
		assert_string_equal(named(two.a), cases[i][1]);
		buf_release(&rest);
	}
	run.parameters = str_of(cases[0][0]);
	run.rest = STR("");
	run.updated_us++;
	assert_int_equal(store_put_runs(two.a, &run, 1, NULL, NULL), WEIR_OK);
	assert_int_equal(store_delete_runs(two.a, &run.id, 1, NULL), WEIR_OK);
	assert_string_equal(named(two.a), "");
	assert_int_equal(
		db_exec(store_db(two.a),
			"INSERT INTO env_names(name, of) VALUES('F/1/start', '')",
			NULL),
		WEIR_OK); /* it has gone with its run */
}

/* A change of either is one of both; what belongs to one is found there. */
static void
test_generation(void **state)
{
	int64_t before = weir_store_generation(two.a), after;

	(void)state;
	assert_int_equal(weir_store_generation(two.a), before);
	assert_int_equal(weir_store_set_text(two.b, "x", "y", NULL), WEIR_OK);
	after = weir_store_generation(two.a);
	assert_true(after != before);
	assert_ptr_equal(beside_of(two.a, &farm->runs[3].id), two.b);
	assert_ptr_equal(beside_of(two.a, &farm->runs[0].id), two.a);
	assert_false(weir_is_metaflow(two.a, &farm->runs[0].id));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sorts),
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_rows_by_key),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_logs),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_generation),
	};

	farm_seed = 41;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
