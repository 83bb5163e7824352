/* Several logs as one, against sorting all lines; patterns over coloured text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_help.h"
#include "weir/logs.h"

enum { RUNS = 3, LINES_MAX = 4000 };

struct world {
	struct help h;
	struct arena a;
	struct weir_id runs[RUNS];
	unsigned n[RUNS];
	struct weir_log all[LINES_MAX];
	size_t n_all;
	unsigned seed;
};

static unsigned
rnd(struct world *w, unsigned n)
{
	return (unsigned)rand_r(&w->seed) % n;
}

/* n more lines of a run, at or after `us`. */
static void
add(struct world *w, unsigned run, unsigned n, int64_t us)
{
	struct weir_log page[300];
	struct weir_err *err = &w->h.err;

	for (unsigned i = 0; i < n; i++) {
		us += rnd(w, 20) ? 1 + rnd(w, 9) : 0;
		page[i] = (struct weir_log){ .id = help_id(run + 10, w->n[run]),
			.flow_run_id = w->runs[run],
			.timestamp_us = us,
			.created_us = us,
			.level = rnd(w, 8) ? 20 : 40,
			.message = str_of(arena_printf(
				&w->a, "run %u line %u", run, w->n[run])) };
		w->all[w->n_all++] = page[i];
		w->n[run]++;
	}
	OK(store_put_logs(w->h.s, &w->runs[run], page, n, NULL, err));
}

static int
by_time(const void *a, const void *b)
{
	const struct weir_log *x = a, *y = b;
	int c;

	if (x->timestamp_us != y->timestamp_us)
		return x->timestamp_us < y->timestamp_us ? -1 : 1;
	c = weir_id_cmp(&x->flow_run_id, &y->flow_run_id);
	return c ? c : weir_id_cmp(&x->id, &y->id);
}

static void
assert_all(struct world *w, struct weir_logs *l)
{
	struct weir_err *err = &w->h.err;
	struct weir_log_filter f = { .min_level = 40 };
	size_t *lines, n, at = 0;

	qsort(w->all, w->n_all, sizeof(w->all[0]), by_time);
	assert_int_equal(weir_logs_n(l), w->n_all);
	for (size_t i = 0; i < w->n_all; i++) {
		struct weir_line line;

		OK(weir_logs_get(l, i, &line, err));
		assert_int_equal(line.us, w->all[i].timestamp_us);
		assert_true(str_equal(line.message, w->all[i].message));
		assert_int_equal(weir_id_cmp(&line.run, &w->all[i].flow_run_id), 0);
	}
	OK(weir_logs_filter(l, &f, 100, SIZE_MAX, &lines, &n, err));
	for (size_t i = 100; i < w->n_all; i++) {
		if (w->all[i].level < 40)
			continue;
		assert_true(at < n);
		assert_int_equal(lines[at++], i);
	}
	assert_int_equal(at, n);
	free(lines);
	at = weir_logs_at(l, w->all[w->n_all / 2].timestamp_us);
	assert_int_equal(w->all[at].timestamp_us, w->all[w->n_all / 2].timestamp_us);
	assert_true(at == 0 || w->all[at - 1].timestamp_us < w->all[at].timestamp_us);
}

static void
test_merged(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct weir_err *err = &w->h.err;
	struct weir_logs *l;

	(void)state;
	w->seed = 5;
	help_new(&w->h);
	for (unsigned i = 0; i < RUNS; i++) {
		w->runs[i] = help_id(1, i);
		add(w, i, 200, 1000000 + i * 300);
	}
	OK(weir_logs_open(w->h.s, w->runs, RUNS, SIZE_MAX, &l, err));
	assert_all(w, l);
	for (int round = 0; round < 12; round++) {
		size_t from, n = weir_logs_n(l);
		struct weir_log *before = xcalloc(n, sizeof(*before));

		memcpy(before, w->all, n * sizeof(*before));
		/* in turns at the end, and late lines in the middle */
		add(w, rnd(w, RUNS), 1 + rnd(w, 200),
			round % 3 == 2 ? 1000500 : w->all[w->n_all - 1].timestamp_us);
		OK(weir_logs_update(l, SIZE_MAX, &from, err));
		assert_all(w, l);
		/* what it says has not changed has not */
		assert_true(from <= n);
		for (size_t i = 0; i < from; i++)
			assert_int_equal(by_time(&before[i], &w->all[i]), 0);
		free(before);
	}
	weir_logs_close(l);
	arena_free(&w->a);
	help_end(&w->h);
	free(w);
}

static bool
count_steps(void *arg, size_t done, size_t total)
{
	size_t *steps = arg;

	assert_true(done <= total);
	return ++*steps < 1000;
}

static bool
stop_at_once(void *arg, size_t done, size_t total)
{
	(void)arg;
	(void)done;
	(void)total;
	return false;
}

/* The lines before `from` are those that were there. */
static void
assert_kept(struct world *w, struct weir_logs *l, const struct weir_log *before,
	size_t from)
{
	struct weir_err *err = &w->h.err;

	assert_true(from <= weir_logs_n(l) || from == 0);
	for (size_t i = 0; i < from; i++) {
		struct weir_line line;

		OK(weir_logs_get(l, i, &line, err));
		assert_true(str_equal(line.message, before[i].message));
	}
}

/* What is shown now; owned. */
static struct weir_log *
shown(struct world *w, struct weir_logs *l)
{
	struct weir_err *err = &w->h.err;
	struct weir_log *lines = xcalloc(weir_logs_n(l) + 1, sizeof(*lines));

	for (size_t i = 0; i < weir_logs_n(l); i++) {
		struct weir_line line;

		OK(weir_logs_get(l, i, &line, err));
		lines[i].message = (struct str){ arena_strndup(&w->a, line.message.s,
							 line.message.len),
			line.message.len };
	}
	return lines;
}

/* As the screen and the query thread do it, with lines that come at any moment. */
static void
hand_over(struct world *w, struct weir_logs *l, struct weir_logs *other)
{
	struct weir_err *err = &w->h.err;

	for (int tries = 0; weir_logs_behind(l); tries++) {
		struct weir_log *before = shown(w, l);
		struct weir_log_order *order;
		size_t from, steps = 0;

		assert_true(tries < 20);
		weir_logs_begin(l);
		if (tries == 0 && rnd(w, 2))
			add(w, rnd(w, RUNS), 1 + rnd(w, 20), 1000000 + rnd(w, 9000));
		OK(weir_logs_update(other, 0, &from, err));
		if (weir_logs_behind(other) && rnd(w, 3) == 0)
			assert_int_equal(
				weir_logs_merge(other, stop_at_once, NULL, err),
				WEIR_EINTR);
		OK(weir_logs_merge(other, count_steps, &steps, err));
		assert_false(weir_logs_behind(other));
		order = weir_logs_order(other);
		if (tries == 0 && rnd(w, 2)) {
			add(w, rnd(w, RUNS), 1 + rnd(w, 20), 1000000 + rnd(w, 9000));
			OK(weir_logs_update(l, 10, &from, err));
			assert_kept(w, l, before, from);
			free(before);
			before = shown(w, l);
		}
		OK(weir_logs_put(l, order, 10, &from, err));
		assert_kept(w, l, before, from);
		free(before);
	}
}

static void
test_handed_over(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct weir_err *err = &w->h.err;
	struct weir_logs *l, *other;
	size_t from;

	(void)state;
	w->seed = 9;
	help_new(&w->h);
	for (unsigned i = 0; i < RUNS; i++) {
		w->runs[i] = help_id(1, i);
		add(w, i, 280, 1000000 + i * 300);
	}
	OK(weir_logs_open(w->h.s, w->runs, RUNS, 100, &l, err));
	/* the first of them are there and right at once */
	assert_true(weir_logs_behind(l));
	assert_int_equal(weir_logs_n(l), 100);
	qsort(w->all, w->n_all, sizeof(w->all[0]), by_time);
	assert_kept(w, l, w->all, 100);
	OK(weir_logs_open(w->h.s, w->runs, RUNS, 0, &other, err));
	hand_over(w, l, other);
	assert_all(w, l);
	for (int round = 0; round < 40 && w->n_all + 100 < LINES_MAX; round++) {
		struct weir_log *before = shown(w, l);

		add(w, rnd(w, RUNS), 1 + rnd(w, 30),
			round % 3 == 2 ? 1000500 + rnd(w, 3000)
				       : w->all[w->n_all - 1].timestamp_us);
		OK(weir_logs_update(l, 10, &from, err));
		assert_kept(w, l, before, from);
		free(before);
		hand_over(w, l, other);
		OK(weir_logs_update(l, 10, &from, err));
		hand_over(w, l, other);
		assert_all(w, l);
	}
	weir_logs_close(l);
	weir_logs_close(other);
	arena_free(&w->a);
	help_end(&w->h);
	free(w);
}

/* Colours in the middle of a word do not hide it, and patterns are ANDed. */
/* Of SQLite's steps, the one that is left of arg. */
static int
count_down(void *arg)
{
	int *left = arg;

	return --*left == 0;
}

/* What is interrupted while it looks for news has forgotten nothing. */
static void
test_interrupted(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct weir_err *err = &w->h.err;
	struct weir_logs *l;
	size_t from = 0;
	enum weir_rc rc;
	sqlite3 *db;

	(void)state;
	w->seed = 7;
	help_new(&w->h);
	db = store_db(w->h.s)->sqlite;
	for (unsigned i = 0; i < RUNS; i++) {
		w->runs[i] = help_id(1, i);
		add(w, i, 200, 1000000 + i * 300);
	}
	OK(weir_logs_open(w->h.s, w->runs, RUNS, SIZE_MAX, &l, err));
	for (int step = 1, left = 0; left <= 0; step++) {
		left = step;
		sqlite3_progress_handler(db, 1, count_down, &left);
		rc = weir_logs_update(l, 0, &from, err);
		sqlite3_progress_handler(db, 0, NULL, NULL);
		assert_int_equal(rc, left <= 0 ? WEIR_EINTR : WEIR_OK);
		assert_true(step > 1 || rc);
		OK(weir_logs_update(l, 0, &from, err));
		assert_int_equal(from, w->n_all);
		assert_false(weir_logs_behind(l));
	}
	assert_all(w, l);
	weir_logs_close(l);
	arena_free(&w->a);
	help_end(&w->h);
	free(w);
}

static void
test_patterns(void **state)
{
	static const char *const texts[] = { "plain error here",
		"an \033[1;31mer\033[0mror in pieces", "no such thing",
		"\033[33merror\033[0m with warnings" };
	struct help h;
	struct weir_err *err = &h.err;
	struct weir_id run = help_id(1, 1);
	struct weir_log lines[4];
	struct weir_match *error = NULL, *warn = NULL;
	struct weir_log_test also = { .invert = true };
	struct weir_log_filter f = { 0 };
	struct weir_logs *l;
	size_t *found, n;

	(void)state;
	help_new(&h);
	for (unsigned i = 0; i < 4; i++)
		lines[i] = (struct weir_log){ .id = help_id(2, i),
			.timestamp_us = 1000 + i,
			.created_us = 1000,
			.level = 20,
			.message = str_of(texts[i]) };
	OK(store_put_logs(h.s, &run, lines, 4, NULL, err));
	OK(weir_match_new(WEIR_MATCH_WORD, STR("error"), &error, err));
	OK(weir_match_new(WEIR_MATCH_WORD, STR("warnings"), &warn, err));
	OK(weir_logs_open(h.s, &run, 1, SIZE_MAX, &l, err));
	f.match = error;
	OK(weir_logs_filter(l, &f, 0, SIZE_MAX, &found, &n, err));
	assert_int_equal(n, 3);
	assert_int_equal(found[1], 1);
	free(found);
	also.match = warn;
	f.also = &also;
	f.n_also = 1;
	OK(weir_logs_filter(l, &f, 0, SIZE_MAX, &found, &n, err));
	assert_int_equal(n, 2);
	assert_int_equal(found[1], 1);
	free(found);
	OK(weir_logs_filter(l, &f, 0, 1, &found, &n, err));
	assert_int_equal(n, 1);
	free(found);
	weir_logs_close(l);
	weir_match_free(error);
	weir_match_free(warn);
	help_end(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_handed_over),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
