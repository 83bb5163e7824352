/* query_keys.c, query_group.c, query_values.c: what is kept in memory is what a
 * statement would say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "farm.h"
#include "weir/group.h"
#include "weir/keys.h"

enum { HEAD = 40 };

struct told {
	uint32_t *keys, first[HEAD];
	size_t n, heads;
	int64_t states[WEIR_N_STATES];
	bool counted;
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
	struct told *t = arg;

	t->counted = true;
	memcpy(t->states, states, sizeof(t->states));
}

static struct weir_query *
parse(const char *text)
{
	struct weir_query *q = NULL;

	assert_int_equal(
		weir_query_parse(WEIR_RUN, str_of(text), farm_now_us, &q, NULL),
		WEIR_OK);
	return q;
}

/* The keys as one statement gives them. */
static size_t
plain(const struct weir_select *sel, uint32_t *keys)
{
	struct weir_rows *rows = NULL;
	bool row = true;
	size_t n = 0;

	assert_int_equal(weir_rows_open(farm->store, sel, &rows, NULL), WEIR_OK);
	while (weir_rows_next(rows, &row, NULL) == WEIR_OK && row)
		keys[n++] = (uint32_t)weir_rows_key(rows);
	assert_false(row);
	weir_rows_close(rows);
	return n;
}

static void
check_in(struct weir_store *s, struct weir_keys *k, const char *query, const char *sort)
{
	struct told t = { 0 };
	struct weir_keys_user user = { &t, on_head, on_all, on_counts };
	struct weir_column_set set = { 0 };
	struct weir_sort by[WEIR_SORT_MAX];
	struct weir_select sel = {
		.kind = WEIR_RUN, .sort = by, .now_us = farm_now_us
	};
	struct weir_query *q = parse(query);
	uint32_t want[FARM_RUNS];
	int64_t sum = 0;
	size_t n;

	assert_int_equal(
		weir_sort_parse(WEIR_RUN, sort, &set, by, &sel.n_sort, NULL), WEIR_OK);
	sel.query = q;
	n = plain(&sel, want);
	assert_int_equal(weir_keys_find(k, s, &sel, query, HEAD, &user, NULL), WEIR_OK);
	assert_non_null(t.keys);
	if (t.n != n)
		fail_msg("'%s' by '%s': %zu rows, not %zu", query, sort, t.n, n);
	for (size_t i = 0; i < n; i++) {
		if (t.keys[i] != want[i])
			fail_msg("'%s' by '%s': row %zu is %u, not %u", query, sort, i,
				t.keys[i], want[i]);
	}
	assert_true(t.heads == 0 || t.heads == HEAD);
	assert_memory_equal(t.first, want, t.heads * sizeof(*want));
	assert_true(t.counted);
	for (size_t i = 0; i < WEIR_N_STATES; i++)
		sum += t.states[i];
	assert_int_equal(sum, (int64_t)n);
	free(t.keys);
	weir_columns_release(&set);
	weir_query_free(q);
}

static void
check(struct weir_keys *k, const char *query, const char *sort)
{
	check_in(farm->store, k, query, sort);
}

/* Letter by letter, taken back, in capitals, words after each other: what a shorter
 * word found is all that a longer one can find. The farm's own store keeps nothing. */
static void
test_typed(void **state)
{
	static const char *const texts[] = { "numpy 2", "NumPy", "py Py pY",
		"pr-1 zlib", "openssl", "pen /op.nssl/", "-num num", "ompleted num",
		"build-1", "p yp", "\"numpy 1\"" };
	struct weir_keys *k = weir_keys_new();
	struct weir_store *s = NULL;
	char text[32];

	(void)state;
	assert_int_equal(weir_store_open(farm->path, "http://farm/api", NULL,
				 WEIR_STORE_READ, &s, NULL, NULL),
		WEIR_OK);
	check_in(s, k, "", "");
	for (size_t i = 0; i < 200; i++) {
		const char *all = texts[farm_random(farm, N_ELEM(texts))];
		size_t n = strlen(all), to = 1 + farm_random(farm, n);

		for (size_t len = 1; len < n + n - to; len++) {
			size_t shown = len <= n ? len : n - (len - n);
			struct weir_query *q = NULL;

			snprintf(text, sizeof(text), "%.*s", (int)shown, all);
			if (weir_query_parse(WEIR_RUN, str_of(text), farm_now_us, &q,
				    NULL) == WEIR_OK)
				check_in(s, k, text, "");
			weir_query_free(q);
		}
	}
	weir_store_close(s);
	weir_keys_free(k);
}

/* Any order of questions: each is answered from what the ones before left. */
static void
test_keys(void **state)
{
	static const char *const queries[] = { "", "state:failed", "numpy",
		"nothing-is", "flow:build-1*", "dur:>1m", "n",
		"platform:none or state:live" };
	static const char *const sorts[] = { "", "at", "at:desc", "dur", "dur:desc",
		"flow", "flow:desc", "platform", "platform:desc", "state", "name:desc",
		"name", "tags", "run_count", "run_count:desc", "auto_scheduled",
		"deployment", "deployment:desc", "flow,dur:desc", "flow:desc,dur",
		"param.version", "param.version:desc", "param.package", "tags:desc",
		"id" };
	struct weir_keys *k = weir_keys_new();

	(void)state;
	for (size_t s = 0; s < N_ELEM(sorts); s++) {
		for (size_t i = 0; i < N_ELEM(queries); i++)
			check(k, queries[i], sorts[s]);
	}
	for (size_t i = 0; i < 300; i++)
		check(k, queries[farm_random(farm, N_ELEM(queries))],
			sorts[farm_random(farm, N_ELEM(sorts))]);
	weir_keys_free(k);
}

/* What was kept is not used once the store holds something else. */
static void
test_keys_new_rows(void **state)
{
	struct weir_keys *k = weir_keys_new();

	(void)state;
	check(k, "", "");
	check(k, "numpy", "");
	check(k, "", "dur");
	assert_int_equal(store_begin(farm->store, NULL), WEIR_OK);
	assert_int_equal(
		store_delete_runs(farm->store, &farm->runs[3].id, 1, NULL), WEIR_OK);
	assert_int_equal(store_end(farm->store, WEIR_OK, NULL), WEIR_OK);
	check(k, "", "dur");
	check(k, "numpy", "");
	check(k, "", "");
	weir_keys_free(k);
}

static bool
always(void *arg)
{
	(void)arg;
	return true;
}

static void
test_cancelled(void **state)
{
	struct told t = { 0 };
	struct weir_keys_user user = { &t, on_head, on_all, on_counts };
	struct weir_select sel = { .kind = WEIR_RUN, .now_us = farm_now_us };
	struct weir_keys *k = weir_keys_new();
	struct weir_query *q = parse("name:/z.*z/ or dur:>1s");

	(void)state;
	sel.query = q;
	weir_store_ask(farm->store, always, NULL);
	assert_int_equal(weir_keys_find(k, farm->store, &sel, "x", HEAD, &user, NULL),
		WEIR_EINTR);
	assert_null(t.keys);
	weir_store_ask(farm->store, NULL, NULL);
	assert_int_equal(
		weir_keys_find(k, farm->store, &sel, "x", HEAD, &user, NULL), WEIR_OK);
	free(t.keys);
	weir_query_free(q);
	weir_keys_free(k);
}

/* Each group's own query finds as many rows as were counted. */
static void
test_groups(void **state)
{
	static const char *const fields[] = { "flow", "state", "state_type", "tag",
		"platform", "deployment", "dur", "at", "pool", "param.package",
		"param.version", "auto_scheduled", "run_count", "name" };

	(void)state;
	for (size_t i = 0; i < N_ELEM(fields); i++) {
		struct weir_select sel = { .kind = WEIR_RUN, .now_us = farm_now_us };
		struct weir_groups g = { 0 };
		int64_t sum = 0, all = 0;

		assert_int_equal(
			weir_rows_group(farm->store, &sel, fields[i], &g, NULL),
			WEIR_OK);
		if (g.n < 2)
			fail_msg("%s: %zu groups", fields[i], g.n);
		assert_int_equal(g.others, 0);
		assert_int_equal(weir_rows_count(farm->store, &sel, &all, NULL), 0);
		assert_int_equal(g.rows, all);
		for (size_t k = 0; k < g.n; k++) {
			struct buf text = BUF_INIT(4096);
			int64_t n = -1, states = 0;

			weir_groups_query(&g, k, &text);
			sel.query = parse(buf_cstr(&text));
			assert_int_equal(
				weir_rows_count(farm->store, &sel, &n, NULL), WEIR_OK);
			if (n != g.v[k].n)
				fail_msg("%s: %lld rows, counted %lld", buf_cstr(&text),
					(long long)n, (long long)g.v[k].n);
			for (size_t s = 0; s < WEIR_N_STATES; s++)
				states += g.v[k].states[s];
			assert_int_equal(states, n);
			assert_true(k == 0 || g.v[k - 1].n >= n);
			sum += n;
			weir_query_free((struct weir_query *)(uintptr_t)sel.query);
			sel.query = NULL;
			buf_release(&text);
		}
		if (strcmp(fields[i], "tag") != 0)
			assert_int_equal(sum, all);
		weir_groups_release(&g);
	}
}

static void
test_group_errors(void **state)
{
	struct weir_err err;

	(void)state;
	assert_int_equal(weir_group_check(WEIR_RUN, "nosuch", &err), WEIR_EUSAGE);
	assert_int_equal(weir_group_check(WEIR_RUN, "", &err), WEIR_EUSAGE);
	assert_int_equal(weir_group_check(WEIR_RUN, "flow,name", &err), WEIR_EUSAGE);
	assert_int_equal(weir_group_check(WEIR_RUN, "rest", &err), WEIR_EUSAGE);
	assert_int_equal(weir_group_check(WEIR_FLOW, "name", &err), WEIR_OK);
}

/* Values that are offered can be typed: each finds something, or is an object's name.
 */
static void
test_values(void **state)
{
	static const struct {
		const char *field, *prefix;
	} cases[] = { { "flow", "" }, { "flow", "BUILD" }, { "tag", "" },
		{ "platform", "linux" }, { "pool", "" }, { "param.package", "n" },
		{ "deployment_name", "" }, { "name", "" } };
	struct buf out = BUF_INIT(64 << 10);

	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		buf_clear(&out);
		assert_int_equal(
			weir_query_values(farm->store, WEIR_RUN, cases[i].field,
				str_of(cases[i].prefix), &out, NULL),
			WEIR_OK);
		if (out.len == 0)
			fail_msg(
				"%s:%s has no values", cases[i].field, cases[i].prefix);
		for (const char *v = buf_cstr(&out); *v;
			v += strcspn(v, "\n"), v += *v == '\n') {
			char *text = xasprintf(
				"%s:%.*s", cases[i].field, (int)strcspn(v, "\n"), v);
			const char *bare = *v == '"' ? v + 1 : v;
			struct weir_query *q = parse(text);

			assert_true(sqlite3_strnicmp(bare, cases[i].prefix,
					    (int)strlen(cases[i].prefix)) == 0);
			weir_query_free(q);
			free(text);
		}
	}
	buf_clear(&out);
	assert_int_equal(weir_query_values(farm->store, WEIR_RUN, "param.", STR("pa"),
				 &out, NULL),
		WEIR_OK);
	assert_non_null(strstr(buf_cstr(&out), "param.package:"));
	buf_clear(&out);
	assert_int_equal(weir_query_values(farm->store, WEIR_RUN, "flow",
				 STR("no such flow"), &out, NULL),
		WEIR_OK);
	assert_int_equal(out.len, 0);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_typed),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_group_errors),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_keys_new_rows),
	};

	return FARM_TESTS(tests, 7);
}
