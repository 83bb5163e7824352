#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gantt.h"

static void
test_cells(void **state)
{
	(void)state;
	assert_int_equal(gantt_cell(0, 0, 100, 10), 0);
	assert_int_equal(gantt_cell(9, 0, 100, 10), 0);
	assert_int_equal(gantt_cell(10, 0, 100, 10), 1);
	assert_int_equal(gantt_cell(99, 0, 100, 10), 9);
	assert_int_equal(gantt_cell(1000000, 0, 100, 10), 10); /* past the end */
	assert_int_equal(gantt_cell(-50000, 0, 100, 10), -1);
	assert_int_equal(gantt_cell(50, 100, 100, 10), 0); /* no time at all */
	assert_int_equal(gantt_cell(INT64_MAX / 2, 0, INT64_MAX, 10), 5);
}

static void
test_waited(void **state)
{
	struct weir_id from[] = { { { 2 } }, { { 3 } } };
	struct gantt_node nodes[] = { { .id = { { 1 } }, .from = from, .n_from = 2 },
		{ .id = { { 3 } } }, { .id = { { 4 } } } };
	struct gantt t = { .nodes = { nodes, 3, 3 } };

	(void)state;
	assert_true(gantt_waited(&t, 0, 1));
	assert_false(gantt_waited(&t, 0, 2));
	assert_false(gantt_waited(&t, 1, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_waited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
