/* json.c: trees that can be looked at without knowing what is in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/json.h>
#include <weir/mem.h>

static struct weir_json *
parse(const char *text)
{
	struct weir_json *j = NULL;
	struct weir_err err = { 0 };

	if (weir_json_parse(str_of(text), &j, &err))
		fail_msg("%s", err.text);
	return j;
}

static void
test_look(void **state)
{
	struct weir_json *j = parse("{\"b\":[1,\"x\\u0000y\",true,null],\"a\":{}}");
	const struct weir_json *b = weir_json_get(j, "b");

	(void)state;
	assert_int_equal(weir_json_type(j), WEIR_JSON_OBJECT);
	assert_int_equal(weir_json_size(j), 2);
	assert_int_equal(weir_json_type(b), WEIR_JSON_ARRAY);
	assert_int_equal(weir_json_size(b), 4);
	assert_true(weir_json_number(weir_json_at(b, 0)) == 1);
	assert_int_equal(weir_json_text(weir_json_at(b, 1)).len, 3);
	assert_true(weir_json_true(weir_json_at(b, 2)));
	assert_int_equal(weir_json_type(weir_json_at(b, 3)), WEIR_JSON_NULL);
	weir_json_free(j);
}

/* What is not there is null, empty, zero; never a crash. */
static void
test_absent(void **state)
{
	struct weir_json *j = parse("[1]");
	const struct weir_json *none = weir_json_get(j, "x");
	const struct weir_json *value;
	const char *name;
	void *at = NULL;

	(void)state;
	assert_null(none);
	assert_null(weir_json_at(j, 1));
	assert_null(weir_json_at(none, 0));
	assert_int_equal(weir_json_type(none), WEIR_JSON_NULL);
	assert_int_equal(weir_json_size(none), 0);
	assert_string_equal(weir_json_text(none).s, "");
	assert_true(weir_json_number(none) == 0);
	assert_false(weir_json_true(none));
	assert_false(weir_json_next(none, &at, &name, &value));
	weir_json_free(j);
	weir_json_free(NULL);
}

/* Members keep their order, numbers their value. */
static void
test_order_and_dump(void **state)
{
	static const char text[] =
		"{\"z\":0.1,\"a\":\"\xc3\xa9\",\"m\":[true,null,-7]}";
	struct weir_json *j = parse(text);
	struct buf names = BUF_INIT(64), out = BUF_INIT(256);
	const struct weir_json *value;
	const char *name;
	void *at = NULL;

	(void)state;
	while (weir_json_next(j, &at, &name, &value))
		buf_adds(&names, name);
	assert_string_equal(buf_cstr(&names), "zam");
	weir_json_dump(j, &out);
	weir_json_free(j);
	j = parse(buf_cstr(&out));
	assert_true(weir_json_number(weir_json_get(j, "z")) == 0.1);
	buf_clear(&out);
	weir_json_dump(weir_json_get(j, "m"), &out);
	assert_string_equal(buf_cstr(&out), "[true,null,-7]");
	buf_clear(&out);
	weir_json_dump(NULL, &out);
	assert_string_equal(buf_cstr(&out), "null");
	weir_json_free(j);
	buf_release(&names);
	buf_release(&out);
}

static void
test_bad(void **state)
{
	static const char *const bad[] = { "", "{", "[1,]", "{\"a\" 1}", "1 2", "\"\\",
		"\"\\u12", "[1e5e5]", "\"\\q\"" };

	(void)state;
	for (size_t i = 0; i < N_ELEM(bad); i++) {
		struct weir_json *j = NULL;
		struct weir_err err = { 0 };

		assert_int_equal(
			weir_json_parse(str_of(bad[i]), &j, &err), WEIR_EBADDATA);
		assert_null(j);
		assert_non_null(strstr(err.text, "JSON: byte "));
	}
}

/* What servers send although no JSON should hold it: nothing else is lost by it. */
static void
test_repaired(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "[\"a\\ud800b\"]", "[\"a\xef\xbf\xbd"
				     "b\"]" },
		{ "[\"\\udc00\\\\ud800\"]", "[\"\xef\xbf\xbd\\\\ud800\"]" },
		{ "[\"\\ud800\\ud83d\\ude00\"]", "[\"\xef\xbf\xbd\xf0\x9f\x98\x80\"]" },
		{ "{\"k\\u0000\":1}", "{\"k\xef\xbf\xbd\":1}" },
		{ "[\"\xe2\x82\"]", "[\"\xef\xbf\xbd\xef\xbf\xbd\"]" },
		{ "[\"a\tb\"]", "[\"a b\"]" },
		{ "[99999999999999999999,-7]", "[1e+20,-7]" },
		{ "[1e400,-1E999,\"1e400\"]", "[1.7976931348623157e+308,"
					      "-1.7976931348623157e+308,\"1e400\"]" },
	};
	struct buf out = BUF_INIT(256);

	(void)state;
	for (size_t i = 0; i < N_ELEM(rows); i++) {
		struct weir_json *j = parse(rows[i].text);

		buf_clear(&out);
		weir_json_dump(j, &out);
		assert_string_equal(buf_cstr(&out), rows[i].want);
		weir_json_free(j);
	}
	buf_release(&out);
}

static void
test_shown(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "[\"a \\\"b\\\"\"]", "a \"b\"" },
		{ "[[\"a\",1]]", "[\"a\",1]" },
		{ "[null]", "null" },
		{ "[]", "null" },
	};
	struct buf out = BUF_INIT(256);

	(void)state;
	for (size_t i = 0; i < N_ELEM(rows); i++) {
		struct weir_json *j = parse(rows[i].text);

		buf_clear(&out);
		weir_json_show(weir_json_at(j, 0), &out);
		assert_string_equal(buf_cstr(&out), rows[i].want);
		weir_json_free(j);
	}
	buf_release(&out);
}

/* What is read is written as it was: reals with the digits that Python gives them. */
static void
test_out(void **state)
{
	static const char *const texts[] = { "0.1", "2.641719", "0.30000000000000004",
		"1e-07", "1e+300", "-0.0", "3.0", "9007199254740993",
		"\"\\u0000\\\"\\n\"", "[]", "{}", "null",
		"[true,false,{\"b\":1,\"a\":[null,1.5]}]" };

	(void)state;
	for (size_t i = 0; i < N_ELEM(texts); i++) {
		struct weir_json *j = parse(texts[i]);
		struct buf out = BUF_INIT(1 << 10);

		weir_json_dump(j, &out);
		assert_string_equal(buf_cstr(&out), texts[i]);
		buf_release(&out);
		weir_json_free(j);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_out),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_order_and_dump),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_repaired),
		cmocka_unit_test(test_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
