#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/mem.h>
#include <weir/nest.h>

/* "the one above each": ids are 1 to n, parents by their ids, 0 for none. */
static void
check(const char *parents, int depth_max, const char *want)
{
	struct weir_id ids[40] = { 0 }, above[40] = { 0 };
	struct buf got = BUF_INIT(BUF_MAX);
	size_t n = strlen(parents), ret[40];

	for (size_t i = 0; i < n; i++) {
		ids[i].b[0] = (uint8_t)(i + 1);
		above[i].b[0] = (uint8_t)(parents[i] - '0');
	}
	weir_nest(ids, above, n, depth_max, ret);
	for (size_t i = 0; i < n; i++)
		buf_addc(&got, ret[i] < n ? (char)('1' + ret[i]) : '-');
	assert_string_equal(buf_cstr(&got), want);
	buf_release(&got);
}

static void
test_above(void **state)
{
	(void)state;
	check("", 9, "");
	check("000", 9, "---");
	check("0112", 9, "-112");
	check("201", 9, "2-1"); /* before the one that it is in */
	check("08", 9, "--");   /* that one is not here */
	check("0112", 0, "----");
}

static void
test_deep(void **state)
{
	(void)state;
	check("01234", 2, "-1222");
	check("01234", 1, "-1111");
	check("01234", 4, "-1234");
}

/* No server makes them; what is shown must end all the same. */
static void
test_rings(void **state)
{
	(void)state;
	check("1", 9, "-");
	check("21", 9, "-1");
	check("2312", 9, "-312");
	check("21", 1, "-1");
	check("3121", 2, "-121");
}

static void
parent(const char *text, const char *want)
{
	struct weir_json *inputs;
	struct weir_id id = { { 7 } };
	char got[WEIR_ID_TEXT + 1];

	assert_int_equal(weir_json_parse(str_of(text), &inputs, NULL), 0);
	weir_nest_parent(inputs, &id);
	assert_string_equal(weir_id_format(&id, got), want);
	weir_json_free(inputs);
}

static void
test_parent(void **state)
{
	const char *none = "00000000-0000-0000-0000-000000000000";

	(void)state;
	parent("{\"__parents__\":[{\"input_type\":\"task_run\","
	       "\"id\":\"0d8f3f1c-73b3-4f3b-8a57-0a2f4b1f6c11\"}]}",
		"0d8f3f1c-73b3-4f3b-8a57-0a2f4b1f6c11");
	parent("{\"x\":[{\"input_type\":\"task_run\","
	       "\"id\":\"0d8f3f1c-73b3-4f3b-8a57-0a2f4b1f6c11\"}]}",
		none);
	parent("{}", none);
	parent("{\"__parents__\":[]}", none);
	parent("{\"__parents__\":[{\"id\":\"x\"}]}", none);
	parent("{\"__parents__\":{\"id\":7}}", none);
	parent("[]", none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_above),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_rings),
		cmocka_unit_test(test_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
