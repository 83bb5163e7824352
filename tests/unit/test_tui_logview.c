/* logview_find.c: what answers of the query thread do to a log view. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app.h"
#include "logview.h"

enum { JOB = 7 };

/* A view that has asked, and jumps to the first line that is found. */
static struct log
asking(struct app *a)
{
	struct log l = { .v.app = a, .search = (char *)(uintptr_t) "error" };

	l.jump = true;
	for (size_t i = 0; i < SLOT_N; i++)
		l.found[i] = (struct lines){ .job = JOB, .asked = true };
	return l;
}

/* While several logs are put in order nothing is found, and nothing is missing. */
static void
test_doing(void **state)
{
	struct app a = { 0 };
	struct log l = asking(&a);

	(void)state;
	for (size_t i = 0; i < SLOT_N; i++) {
		struct finder_answer answer = { .number = JOB,
			.slot = (int)i,
			.part = FINDER_DOING,
			.n = 32768,
			.total = 100000 };

		logview_answer(&l.v, &answer);
		assert_true(l.found[i].asked);
		assert_true(l.jump);
	}
}

/* Of a job that another has replaced: as if it were not. */
static void
test_old(void **state)
{
	struct app a = { 0 };
	struct log l = asking(&a);
	struct finder_answer answer = {
		.number = JOB - 1, .slot = SLOT_SEARCH, .part = FINDER_LINES
	};

	(void)state;
	logview_answer(&l.v, &answer);
	assert_true(l.found[SLOT_SEARCH].asked);
	assert_true(l.jump);
}

/* The first part may have no match, and more come. */
static void
test_parts(void **state)
{
	struct app a = { 0 };
	struct log l = asking(&a);
	struct finder_answer answer = {
		.number = JOB, .slot = SLOT_SEARCH, .part = FINDER_LINES, .more = true
	};

	(void)state;
	logview_answer(&l.v, &answer);
	assert_true(l.found[SLOT_SEARCH].asked);
	assert_true(l.jump);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doing),
		cmocka_unit_test(test_old),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
