#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sortkeys.h"

/* What --sort says after a column was chosen; NULL: it was refused. */
static void
chooses(const char *before, const char *column, bool add, const char *after)
{
	struct weir_sort sort[WEIR_SORT_MAX], chosen[WEIR_SORT_MAX];
	struct weir_column_set set = { 0 };
	struct buf text = BUF_INIT(1024);
	size_t n = 0, one = 0;
	bool taken;

	assert_int_equal(
		weir_sort_parse(WEIR_RUN, before, &set, sort, &n, NULL), WEIR_OK);
	assert_int_equal(
		weir_sort_parse(WEIR_RUN, column, &set, chosen, &one, NULL), WEIR_OK);
	taken = sortkeys_choose(sort, n, chosen[0].column, add, &text);
	assert_int_equal(taken, after != NULL);
	if (after)
		assert_string_equal(buf_cstr(&text), after);
	buf_release(&text);
	weir_columns_release(&set);
}

static void
test_one(void **state)
{
	(void)state;
	chooses("", "name", false, "name");
	chooses("name", "name", false, "name:desc");
	chooses("name:desc", "name", false, "name");
	/* Times and spans begin with the largest. */
	chooses("", "dur", false, "dur:desc");
	chooses("dur:desc", "dur", false, "dur");
	chooses("name:desc", "dur", false, "dur:desc");
	/* Several become one. */
	chooses("flow,dur:desc", "flow", false, "flow:desc");
	chooses("flow,dur:desc", "dur", false, "dur:desc");
	chooses("", "param.package", false, "param.package");
}

static void
test_several(void **state)
{
	(void)state;
	chooses("", "flow", true, "flow");
	chooses("state", "flow_name", true, "state,flow");
	chooses("state,flow", "state", true, "state:desc,flow");
	chooses("state:desc,flow", "flow", true, "state:desc,flow:desc");
	chooses("state,flow,name", "dur", true, "state,flow,name,dur:desc");
	chooses("state,flow,name,dur", "pool", true, NULL);
	chooses("state,flow,name,dur", "dur", true, "state,flow,name,dur:desc");
	chooses("param.x", "param.y", true, "param.x,param.y");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
