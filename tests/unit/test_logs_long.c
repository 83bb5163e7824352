/* A log of many blocks: only the first are looked up when it is opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_help.h"
#include "weir/logs.h"

enum { LINES = 30000 };

struct world {
	struct help h;
	struct weir_id run;
	struct weir_log_reader *l;
};

static void
put(struct world *w, size_t first, size_t n, int64_t us)
{
	struct weir_err *err = &w->h.err;
	struct weir_log *lines = xcalloc(n, sizeof(*lines));
	struct arena a = { 0 };

	for (size_t i = 0; i < n; i++) {
		lines[i] = (struct weir_log){ .id = help_id(7, (unsigned)(first + i)),
			.flow_run_id = w->run,
			.timestamp_us = us + (int64_t)i * 10,
			.created_us = us + (int64_t)i * 10,
			.level = i % 100 ? 20 : 40,
			.message = str_of(arena_printf(&a, "line %zu", first + i)) };
	}
	OK(store_put_logs(w->h.s, &w->run, lines, n, NULL, err));
	arena_free(&a);
	free(lines);
}

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct weir_err *err = &w->h.err;

	help_new(&w->h);
	w->run = help_id(1, 1);
	put(w, 0, LINES, 1000);
	OK(weir_log_open(w->h.s, &w->run, &w->l, err));
	assert_int_equal(weir_log_n(w->l), LINES);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	weir_log_close(w->l);
	help_end(&w->h);
	free(w);
	return 0;
}

static void
assert_text(struct world *w, size_t i, const char *want)
{
	struct weir_err *err = &w->h.err;
	struct weir_line line;

	OK(weir_log_get(w->l, i, &line, err));
	assert_true(str_equal(line.message, str_of(want)));
}

static void
test_both_ends(void **state)
{
	struct world *w = *state;
	struct weir_line line;

	assert_text(w, 0, "line 0");
	assert_text(w, 20000, "line 20000");
	assert_text(w, LINES - 1, "line 29999");
	assert_text(w, 1, "line 1");
	assert_int_equal(weir_log_get(w->l, LINES, &line, &w->h.err), WEIR_ENOTFOUND);
}

static void
test_filter_and_time(void **state)
{
	struct world *w = *state;
	struct weir_err *err = &w->h.err;
	struct weir_log_filter f = { .min_level = 40 };
	size_t *lines, n;

	OK(weir_log_filter(w->l, &f, 0, SIZE_MAX, &lines, &n, err));
	assert_int_equal(n, LINES / 100);
	assert_int_equal(lines[n - 1], LINES - 100);
	free(lines);
	assert_int_equal(weir_log_at(w->l, 1000 + 25000 * 10), 25000);
}

static void
test_time_alone(void **state)
{
	struct world *w = *state;

	assert_int_equal(weir_log_at(w->l, 1000 + 25000 * 10), 25000);
}

/* Nothing new is told as nothing new, whatever was looked up before. */
static void
test_update_of_nothing(void **state)
{
	struct world *w = *state;
	struct weir_err *err = &w->h.err;
	size_t from;

	for (int i = 0; i < 3; i++) {
		OK(weir_log_update(w->l, &from, err));
		assert_int_equal(from, LINES);
		assert_int_equal(weir_log_n(w->l), LINES);
	}
}

static void
test_grows_behind(void **state)
{
	struct world *w = *state;
	struct weir_err *err = &w->h.err;
	size_t from;

	put(w, LINES, 5, 1000 + LINES * 10);
	OK(weir_log_update(w->l, &from, err));
	assert_true(from <= LINES);
	assert_int_equal(weir_log_n(w->l), LINES + 5);
	assert_text(w, LINES + 4, "line 30004");
}

/* A line that goes before those that were read: the next update tells of it. */
static void
test_grows_before(void **state)
{
	struct world *w = *state;
	struct weir_err *err = &w->h.err;
	size_t from;

	assert_text(w, 100, "line 100");
	put(w, LINES, 1, 1001);
	assert_text(w, 29000, "line 28999");
	assert_int_equal(weir_log_n(w->l), LINES + 1);
	OK(weir_log_update(w->l, &from, err));
	assert_true(from <= 1);
	assert_text(w, 1, "line 30000");
	assert_text(w, 101, "line 100");
}

static void
test_vanishes(void **state)
{
	struct world *w = *state;
	struct weir_err *err = &w->h.err;
	struct weir_line line;
	size_t from;

	OK(store_delete_runs(w->h.s, &w->run, 1, err));
	assert_int_equal(weir_log_get(w->l, 20000, &line, err), WEIR_ENOTFOUND);
	OK(weir_log_update(w->l, &from, err));
	assert_int_equal(from, 0);
	assert_int_equal(weir_log_n(w->l), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_both_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter_and_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_update_of_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_grows_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_grows_before, setup, teardown),
		cmocka_unit_test_setup_teardown(test_vanishes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
