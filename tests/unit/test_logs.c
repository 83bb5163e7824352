#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logblock.h"
#include "store_help.h"
#include "weir/logs.h"

static unsigned seed;

static unsigned
rnd(unsigned n)
{
	return (unsigned)rand_r(&seed) % n;
}

/* What the store should hold: all lines, in order. */
VEC_TYPE(model, struct weir_log);

static int
cmp_line(const void *a, const void *b)
{
	return logblock_cmp(a, b);
}

static struct weir_log
make_line(struct arena *a, unsigned i, int64_t us)
{
	static const int levels[] = { 10, 20, 20, 20, 30, 40, 50, 7, -3, 1000 };
	static const char *const loggers[] = { "prefect.flow_runs", "prefect.task_runs",
		"x" };
	struct weir_log l = { .id = help_id(rnd(1u << 30), i),
		.timestamp_us = us,
		.created_us = us + rnd(3),
		.level = levels[rnd(N_ELEM(levels))],
		.name = str_of(loggers[rnd(N_ELEM(loggers))]) };
	size_t n = rnd(40) == 0 ? rnd(9000) : rnd(60);
	char *s = arena_printf(a, "line %u %*s", i, (int)n, "");

	for (size_t k = 0; s[k]; k++)
		if (s[k] == ' ')
			s[k] = "abcdefgh\n\t \x80"[rnd(12)];
	if (rnd(300) == 0)
		s[0] = '\0';
	l.message = str_of(s);
	if (rnd(3) == 0)
		l.task_run_id = help_id(5, rnd(20));
	return l;
}

static void
assert_line(const struct weir_line *got, const struct weir_log *want)
{
	assert_int_equal(got->us, want->timestamp_us);
	assert_int_equal(got->level, want->level);
	assert_memory_equal(&got->task, &want->task_run_id, 16);
	assert_true(str_equal(got->logger, want->name));
	assert_true(str_equal(got->message, want->message));
}

static void
assert_same(struct help *h, const struct weir_id *run, const struct model *m)
{
	struct weir_err *err = &h->err;
	struct weir_log_reader *l;
	struct weir_line line;

	OK(weir_log_open(h->s, run, &l, err));
	assert_int_equal(weir_log_n(l), m->n);
	for (size_t i = 0; i < m->n; i++) {
		OK(weir_log_get(l, i, &line, err));
		assert_line(&line, &m->v[i]);
	}
	weir_log_close(l);
}

/* Pages in any order, lines twice, ties, late ones: always the sorted set of all. */
static void
test_random(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	const struct weir_id run = help_id(1, 1);

	(void)state;
	for (unsigned round = 0; round < 12; round++) {
		struct model m = { 0 };
		struct arena a = { 0 };
		int64_t now = 1000;

		seed = round + 1;
		help_new(&h);
		for (unsigned step = 0, i = 0; step < 25; step++) {
			struct weir_log page[220];
			size_t n = rnd(3) ? rnd(200) : 1, added = 0, fresh = 0;

			for (size_t k = 0; k < n; k++) {
				int64_t us =
					now - (rnd(4) ? rnd(5) : rnd((unsigned)now));

				if (m.n && rnd(5) == 0) {
					page[k] = m.v[rnd((unsigned)m.n)];
					continue;
				}
				page[k] = make_line(&a, i++, us);
				VEC_PUSH(&m, page[k]);
				fresh++;
				now += rnd(3);
			}
			OK(store_put_logs(h.s, &run, page, n, &added, err));
			assert_int_equal(added, fresh);
			qsort(m.v, m.n, sizeof(*m.v), cmp_line);
			if (step % 8 == 7)
				assert_same(&h, &run, &m);
		}
		OK(store_complete_logs(h.s, &run, 1, err));
		assert_same(&h, &run, &m);
		assert_int_equal(help_number(&h, "SELECT count(*) FROM log_ids"), 0);
		arena_free(&a);
		VEC_FREE(&m);
		help_end(&h);
	}
}

/* Fill m with n lines some microseconds apart and store them, page by page, newest page
 * first. */
static void
fill(struct help *h, const struct weir_id *run, struct model *m, struct arena *a,
	unsigned n, bool backwards)
{
	struct weir_err *err = &h->err;

	for (unsigned i = 0; i < n; i++)
		VEC_PUSH(m, make_line(a, i, 1000000 + 10 * (int64_t)i));
	for (size_t at = 0; at < m->n; at += 200) {
		size_t from = backwards ? m->n - at : at;
		size_t many = m->n - at < 200 ? m->n - at : 200;

		OK(store_put_logs(h->s, run, m->v + (backwards ? from - many : from),
			many, NULL, err));
	}
}

static void
test_backwards(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	const struct weir_id run = help_id(1, 1);
	struct model m = { 0 };
	struct arena a = { 0 };

	(void)state;
	seed = 3;
	help_new(&h);
	fill(&h, &run, &m, &a, 5000, true);
	assert_same(&h, &run, &m);
	OK(store_complete_logs(h.s, &run, 1, err));
	assert_same(&h, &run, &m);
	assert_true(help_number(&h, "SELECT count(*) FROM log_index") < 20);
	arena_free(&a);
	VEC_FREE(&m);
	help_end(&h);
}

/* Between two blocks until there is no place left between their numbers. */
static void
test_crowded(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	const struct weir_id run = help_id(1, 1);
	struct model m = { 0 };
	struct arena a = { 0 };

	(void)state;
	seed = 4;
	help_new(&h);
	fill(&h, &run, &m, &a, 1200, false);
	for (int round = 0; round < 40; round++) {
		struct weir_log page[300];

		for (unsigned i = 0; i < N_ELEM(page); i++) {
			page[i] = make_line(
				&a, 10000 + i, 1000000 + 5121 + (round % 2 ? 1 : 0));
			VEC_PUSH(&m, page[i]);
		}
		OK(store_put_logs(h.s, &run, page, N_ELEM(page), NULL, err));
	}
	qsort(m.v, m.n, sizeof(*m.v), cmp_line);
	assert_same(&h, &run, &m);
	arena_free(&a);
	VEC_FREE(&m);
	help_end(&h);
}

static void
test_again_writes_nothing(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	const struct weir_id run = help_id(1, 1);
	struct model m = { 0 };
	struct arena a = { 0 };
	struct store_log_state log;
	int64_t wal;

	(void)state;
	seed = 5;
	help_new(&h);
	fill(&h, &run, &m, &a, 3000, false);
	wal = help_size(&h, "-wal");
	OK(store_put_logs(h.s, &run, m.v, m.n, NULL, err));
	assert_int_equal(help_size(&h, "-wal"), wal);
	OK(store_complete_logs(h.s, &run, 1, err));
	wal = help_size(&h, "-wal");
	OK(store_complete_logs(h.s, &run, 1, err));
	/* Without ids what comes again is known by its content. */
	OK(store_put_logs(h.s, &run, m.v + 100, 2000, NULL, err));
	assert_int_equal(help_size(&h, "-wal"), wal);
	OK(store_log_state(h.s, &run, &log, err));
	assert_true(log.complete);
	assert_int_equal(log.n, 3000);
	/* The run is started again: its log goes on. */
	VEC_PUSH(&m, make_line(&a, 9999, 2000000));
	OK(store_put_logs(h.s, &run, m.v + 2900, 101, NULL, err));
	assert_same(&h, &run, &m);
	OK(store_log_state(h.s, &run, &log, err));
	assert_false(log.complete);
	assert_int_equal(log.until_us, 2000000);
	arena_free(&a);
	VEC_FREE(&m);
	help_end(&h);
}

static void
test_update(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	const struct weir_id run = help_id(1, 1);
	struct model m = { 0 };
	struct arena a = { 0 };
	struct weir_log_reader *l;
	struct weir_line line;
	size_t from;

	(void)state;
	seed = 6;
	help_new(&h);
	OK(weir_log_open(h.s, &run, &l, err));
	assert_int_equal(weir_log_n(l), 0);
	fill(&h, &run, &m, &a, 1500, false);
	OK(weir_log_update(l, &from, err));
	assert_int_equal(from, 0);
	assert_int_equal(weir_log_n(l), 1500);
	OK(weir_log_update(l, &from, err));
	assert_int_equal(from, 1500);
	OK(weir_log_get(l, 10, &line, err));
	VEC_PUSH(&m, make_line(&a, 5000, 1000000 + 10 * 1200 + 5));
	OK(store_put_logs(h.s, &run, &m.v[1500], 1, NULL, err));
	/* A line of a block that was rewritten since: read anew, told at the next
	 * update. */
	qsort(m.v, m.n, sizeof(*m.v), cmp_line);
	OK(weir_log_get(l, 1400, &line, err));
	OK(weir_log_update(l, &from, err));
	assert_true(from <= 1201);
	assert_int_equal(weir_log_n(l), 1501);
	OK(weir_log_get(l, 1201, &line, err));
	assert_line(&line, &m.v[1201]);
	assert_int_equal(weir_log_at(l, m.v[700].timestamp_us), 700);
	assert_int_equal(weir_log_at(l, 0), 0);
	assert_int_equal(weir_log_at(l, INT64_MAX), 1501);
	assert_int_equal(weir_log_get(l, 1501, &line, err), WEIR_ENOTFOUND);
	OK(store_delete_runs(h.s, &run, 1, err));
	OK(weir_log_update(l, &from, err));
	assert_int_equal(weir_log_n(l), 0);
	weir_log_close(l);
	arena_free(&a);
	VEC_FREE(&m);
	help_end(&h);
}

static void
test_gigantic(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	const struct weir_id run = help_id(1, 1);
	struct arena a = { 0 };
	struct weir_log lines[3] = { make_line(&a, 1, 1), make_line(&a, 2, 2),
		make_line(&a, 3, 3) };
	size_t big = (size_t)100 << 20;
	char *s = xmalloc(big);
	struct weir_log_reader *l;
	struct weir_line line;

	(void)state;
	memset(s, 'x', big);
	memcpy(s + big - 6, "needle", 6);
	lines[1].message = (struct str){ s, big };
	help_new(&h);
	OK(store_put_logs(h.s, &run, lines, 3, NULL, err));
	OK(weir_log_open(h.s, &run, &l, err));
	OK(weir_log_get(l, 1, &line, err));
	assert_int_equal(line.message.len, big);
	assert_memory_equal(line.message.s + big - 6, "needle", 6);
	OK(weir_log_get(l, 2, &line, err));
	assert_line(&line, &lines[2]);
	assert_int_equal(help_number(&h, "SELECT count(*) FROM log_index"), 3);
	weir_log_close(l);
	free(s);
	arena_free(&a);
	help_end(&h);
}

/* Lines as text, one after another. */
struct hits {
	size_t n;
	uint64_t hash;
	size_t stop_after;
	struct weir_id last_run;
	unsigned runs;
};

static void
add_hit(struct hits *hits, int64_t us, struct str message)
{
	hits->n++;
	hits->hash = hits->hash * 31 + (uint64_t)us;
	for (size_t i = 0; i < message.len; i++)
		hits->hash = hits->hash * 31 + (unsigned char)message.s[i];
}

static bool
on_hit(void *arg, const struct weir_line *line)
{
	struct hits *hits = arg;

	if (weir_id_cmp(&line->run, &hits->last_run) != 0)
		hits->runs++;
	hits->last_run = line->run;
	add_hit(hits, line->us, line->message);
	return hits->n != hits->stop_after;
}

static bool
model_passes(const struct weir_log *l, const struct weir_log_filter *f)
{
	if (f->min_level && l->level < f->min_level)
		return false;
	if ((f->since_us && l->timestamp_us < f->since_us) ||
		(f->until_us && l->timestamp_us > f->until_us))
		return false;
	return !f->match || weir_match_test(f->match, l->message) != f->invert;
}

enum { N_RUNS = 60, N_LINES = 700 };

/* Runs of N_LINES lines; run 0 is the newest. */
static void
fill_many(struct help *h, struct model *m, struct arena *a)
{
	struct weir_err *err = &h->err;

	for (unsigned r = 0; r < N_RUNS; r++) {
		unsigned i =
			(r * 37) % N_RUNS; /* not stored in the order of the runs */
		struct weir_run run = help_run(N_RUNS - i);

		OK(store_put_runs(h->s, &run, 1, NULL, err));
		fill(h, &run.id, &m[i], a, N_LINES, false);
		OK(store_complete_logs(h->s, &run.id, 1, err));
	}
}

static void
test_search(void **state)
{
	/* clang-format off */
	static const struct { int kind; const char *pattern; int min_level; int64_t since, until; bool invert; } cases[] = {
		{ WEIR_MATCH_WORD, "line 69", 0, 0, 0, false },
		{ WEIR_MATCH_WORD, "699", 0, 0, 0, false },
		{ WEIR_MATCH_WORD, "ab", 0, 0, 0, false },
		{ WEIR_MATCH_WORD, "LINE", 0, 0, 0, false },
		{ WEIR_MATCH_WORD, "no such text", 0, 0, 0, false },
		{ WEIR_MATCH_WORD, "line 1", 40, 1001000, 1004000, false },
		{ WEIR_MATCH_WORD, "line", 0, 0, 0, true },
		{ WEIR_MATCH_REGEX, "^line 6[0-9]0", 0, 0, 0, false },
		{ WEIR_MATCH_REGEX, "h$", 0, 0, 0, false },
		{ WEIR_MATCH_REGEX, "\\Aline 69", 0, 0, 0, false },
		{ WEIR_MATCH_REGEX, "[^a]{300}", 0, 0, 0, false },
		{ WEIR_MATCH_REGEX, "h\\sg", 0, 0, 0, false },
		{ WEIR_MATCH_REGEX, "(a+|b+|c+)+x", 0, 0, 0, false },
		{ WEIR_MATCH_REGEX, "", 50, 0, 0, false },
		{ WEIR_MATCH_REGEX, "x*", 0, 1002000, 0, false },
		{ WEIR_MATCH_GLOB, "line 12?a*", 0, 0, 0, false },
		{ WEIR_MATCH_FUZZY, "lin3g", 0, 0, 0, false },
	};
	/* clang-format on */
	struct help h;
	struct weir_err *err = &h.err;
	struct model m[N_RUNS] = { 0 };
	struct arena a = { 0 };
	size_t total = 0;

	(void)state;
	seed = 8;
	help_new(&h);
	fill_many(&h, m, &a);
	for (size_t c = 0; c < N_ELEM(cases); c++) {
		struct weir_log_filter f = { .min_level = cases[c].min_level,
			.since_us = cases[c].since,
			.until_us = cases[c].until,
			.invert = cases[c].invert };
		struct weir_match *match;
		struct hits want = { 0 }, got = { 0 }, first = { .stop_after = 5 };

		OK(weir_match_new((enum weir_match_kind)cases[c].kind,
			str_of(cases[c].pattern), &match, err));
		f.match = match;
		for (unsigned r = 0; r < N_RUNS; r++)
			for (size_t i = 0; i < m[r].n; i++)
				if (model_passes(&m[r].v[i], &f))
					add_hit(&want, m[r].v[i].timestamp_us,
						m[r].v[i].message);
		OK(weir_log_search(h.s, NULL, &f, on_hit, &got, err));
		if (got.n != want.n || got.hash != want.hash)
			fail_msg("%s: %zu of %zu", cases[c].pattern, got.n, want.n);
		assert_true(got.runs <= N_RUNS);
		total += got.n;
		OK(weir_log_search(h.s, NULL, &f, on_hit, &first, err));
		assert_int_equal(first.n, want.n < 5 ? want.n : 5);
		weir_match_free(match);
	}
	assert_true(total > 1000);
	arena_free(&a);
	for (unsigned r = 0; r < N_RUNS; r++)
		VEC_FREE(&m[r]);
	help_end(&h);
}

static void
test_filter(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	const struct weir_id run = help_id(1, 1);
	struct model m = { 0 };
	struct arena a = { 0 };
	struct weir_log_reader *l;
	struct weir_log_filter f = { .min_level = 30 };
	struct weir_task_run task = { .id = help_id(5, 3), .name = STR("compile-7") };
	size_t *lines, n, want = 0;
	char id[WEIR_ID_TEXT + 1];

	(void)state;
	seed = 9;
	help_new(&h);
	OK(store_put_task_runs(h.s, &task, 1, NULL, err));
	fill(&h, &run, &m, &a, 2000, false);
	OK(weir_match_new(
		WEIR_MATCH_WORD, STR("line 1"), (struct weir_match **)&f.match, err));
	OK(weir_log_open(h.s, &run, &l, err));
	OK(weir_log_filter(l, &f, 300, SIZE_MAX, &lines, &n, err));
	for (size_t i = 300; i < m.n; i++) {
		if (!model_passes(&m.v[i], &f))
			continue;
		assert_true(want < n);
		assert_int_equal(lines[want++], i);
	}
	assert_int_equal(want, n);
	assert_true(n > 10);
	free(lines);
	weir_match_free((struct weir_match *)f.match);
	f = (struct weir_log_filter){ .task = "compile" };
	for (int by_id = 0; by_id < 2; by_id++) {
		OK(weir_log_filter(l, &f, 0, SIZE_MAX, &lines, &n, err));
		want = 0;
		for (size_t i = 0; i < m.n; i++)
			want += weir_id_cmp(&m.v[i].task_run_id, &task.id) == 0;
		assert_int_equal(n, want);
		assert_true(n > 5);
		free(lines);
		f.task = weir_id_format(&task.id, id);
	}
	weir_log_close(l);
	arena_free(&a);
	VEC_FREE(&m);
	help_end(&h);
}

/* Blobs of other blocks, cut and changed: an error or other lines, never a crash. */
static void
test_damaged_blocks(void **state)
{
	static const char *const harm[] = {
		"UPDATE log_text SET lines = x''",
		"UPDATE log_text SET lines = substr(lines, 1, length(lines) - 1)",
		"UPDATE log_text SET text = substr(text, 2)",
		"UPDATE log_text SET text = 'x'",
		"UPDATE log_text SET lines = 'text instead of a blob'",
		"UPDATE log_text SET lines = randomblob(3000)",
		"UPDATE log_index SET n = -1",
		"UPDATE log_index SET n = 1 << 60",
		"UPDATE log_index SET grams = x'00'",
		"UPDATE log_index SET grams = ''",
		"UPDATE log_index SET from_us = 'x', to_us = NULL WHERE 0",
		"UPDATE log_ids SET ids = x'0011'",
		"DELETE FROM log_text",
		"DELETE FROM log_index",
	};
	const struct weir_id run = help_id(1, 1);

	(void)state;
	for (size_t i = 0; i < N_ELEM(harm); i++) {
		struct help h;
		struct model m = { 0 };
		struct arena a = { 0 };
		struct weir_log_reader *l = NULL;
		struct weir_line line;
		struct hits hits = { 0 };
		struct weir_log_filter f = { 0 };
		struct weir_err *err = &h.err;
		size_t at;

		seed = 10;
		help_new(&h);
		fill(&h, &run, &m, &a, 900, false);
		OK(weir_log_open(h.s, &run, &l, err));
		help_number(&h, harm[i]);
		(void)!weir_log_get(l, 5, &line, err);
		(void)!weir_log_update(l, &at, err);
		(void)!weir_log_get(l, 600, &line, err);
		(void)!weir_log_search(h.s, NULL, &f, on_hit, &hits, err);
		(void)!store_put_logs(h.s, &run, m.v + 300, 400, NULL, err);
		(void)!store_complete_logs(h.s, &run, 1, err);
		assert_int_equal(weir_store_check(h.s, err), WEIR_OK);
		weir_log_close(l);
		arena_free(&a);
		VEC_FREE(&m);
		help_end(&h);
	}
}

static void
test_missing(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	struct weir_run r;
	int64_t missing;

	(void)state;
	help_new(&h);
	for (unsigned i = 0; i < 5; i++) {
		r = help_run(i);
		if (i == 4)
			r.state_type = WEIR_ST_SCHEDULED;
		OK(store_put_runs(h.s, &r, 1, NULL, err));
	}
	r = help_run(2);
	OK(store_complete_logs(h.s, &r.id, 1, err));
	OK(weir_log_missing(h.s, NULL, &missing, err));
	assert_int_equal(missing, 3);
	help_end(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_backwards),
		cmocka_unit_test(test_crowded),
		cmocka_unit_test(test_again_writes_nothing),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_gigantic),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_damaged_blocks),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
