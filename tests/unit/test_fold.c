#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/mem.h>

#include "fold.h"

static void
assert_folds(const char *text, size_t n, const size_t want[][2])
{
	struct fold folds[FOLD_MAX];

	assert_int_equal(fold_find(str_of(text), folds), n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(folds[i].from, want[i][0]);
		assert_int_equal(folds[i].n, want[i][1]);
	}
}

static void
test_python(void **state)
{
	(void)state;
	assert_folds("it broke\n"
		     "Traceback (most recent call last):\n"
		     "  File \"a.py\", line 1, in f\n"
		     "    g()\n"
		     "  File \"a.py\", line 2, in g\n"
		     "    1 / 0\n"
		     "    ~~^~~\n"
		     "ZeroDivisionError: division by zero",
		1, (const size_t[][2]){ { 2, 5 } });
	/* the message of an exception may have more lines */
	assert_folds("Traceback (most recent call last):\n"
		     "  a\n  b\n  c\n  d\n"
		     "ValueError: one\ntwo\nthree",
		1, (const size_t[][2]){ { 1, 4 } });
	/* up to the end, cut off */
	assert_folds("Traceback (most recent call last):\n  a\n  b\n  c\n  d", 1,
		(const size_t[][2]){ { 1, 4 } });
	/* not worth it */
	assert_folds("Traceback (most recent call last):\n"
		     "  File \"build.py\", line 597\n"
		     "error: exit status 1",
		0, NULL);
}

static void
test_chained(void **state)
{
	(void)state;
	assert_folds("Traceback (most recent call last):\n"
		     "  a\n  b\n  c\n  d\n"
		     "KeyError: 'x'\n"
		     "\n"
		     "During handling of the above exception, another exception "
		     "occurred:\n"
		     "\n"
		     "Traceback (most recent call last):\n"
		     "  a\n  b\n  c\n  d\n  e\n"
		     "RuntimeError: y",
		2, (const size_t[][2]){ { 1, 4 }, { 10, 5 } });
	/* one inside of another's text: what stands deeper belongs to it */
	assert_folds("  Traceback (most recent call last):\n"
		     "    a\n    b\n    c\n    d\n"
		     "  KeyError: 'x'\n",
		1, (const size_t[][2]){ { 1, 4 } });
}

static void
test_frames_alone(void **state)
{
	(void)state;
	assert_folds("java.lang.IllegalStateException: no\n"
		     "\tat a.b.C.d(C.java:1)\n"
		     "\tat a.b.C.e(C.java:2)\n"
		     "\tat a.b.C.f(C.java:3)\n"
		     "\tat a.b.C.g(C.java:4)\n"
		     "Caused by: nothing",
		1, (const size_t[][2]){ { 1, 4 } });
	assert_folds("a list:\n  one\n  two\n  three\n  four\n  five", 0, NULL);
	assert_folds("", 0, NULL);
}

/* Whatever the text: folds are within it, in order, apart, and large enough. */
static void
test_any_text(void **state)
{
	static const char *const parts[] = { "Traceback (most recent call last):",
		"  File \"x\"", "\tat y", "Error: z", "", "    deep", "\n", "\r" };
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct buf text = BUF_INIT(BUF_MAX);
		struct fold folds[FOLD_MAX];
		size_t lines = 1, n, end = 0;

		for (int i = rand_r(&seed) % 60; i > 0; i--)
			buf_addf(&text, "%s\n",
				parts[(size_t)rand_r(&seed) % N_ELEM(parts)]);
		for (size_t i = 0; i < text.len; i++)
			lines += text.s[i] == '\n';
		n = fold_find(buf_str(&text), folds);
		for (size_t i = 0; i < n; i++) {
			assert_true(folds[i].n >= FOLD_LEAST);
			assert_true(folds[i].from >= end);
			end = folds[i].from + folds[i].n;
			assert_true(end <= lines);
		}
		buf_release(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_python),
		cmocka_unit_test(test_chained),
		cmocka_unit_test(test_frames_alone),
		cmocka_unit_test(test_any_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
