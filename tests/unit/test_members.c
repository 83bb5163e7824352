#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/members.h>

static bool
collect(void *arg, struct str name, struct str value, bool is_string)
{
	struct buf *out = arg;

	buf_addf(out, "%.*s=%.*s%s;", (int)name.len, name.s, (int)value.len, value.s,
		is_string ? "'" : "");
	return true;
}

static void
expect(const char *json, bool good, const char *want)
{
	struct buf out = BUF_INIT(4096);

	assert_int_equal(weir_members_each(str_of(json), collect, &out), good);
	assert_string_equal(buf_cstr(&out), want);
	buf_release(&out);
}

static void
test_each(void **state)
{
	(void)state;
	expect("{\"a\":\"x\",\"b\":[1, 2],\"c\":null}", true, "a=x';b=[1, 2];c=null;");
	expect("[1,\"t\\u00e9\",{}]", true, "=1;=t\xc3\xa9';={};");
	expect("{}", true, "");
	expect("", false, "");
	expect("7", false, "");
	expect("{\"a\":1,\"b\":", false, "a=1;");
}

static void
test_get(void **state)
{
	struct buf out = BUF_INIT(64);

	(void)state;
	assert_true(weir_members_get(STR("{\"a\":1,\"name\":\"n\"}"), "name", &out));
	assert_string_equal(buf_cstr(&out), "n");
	assert_false(weir_members_get(STR("{\"a\":1}"), "b", &out));
	assert_string_equal(buf_cstr(&out), "n");
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_get),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
