/* pull.c: walking JSON, decoding strings and numbers, and every way a text can be
 * wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pull.h"

/* Is text one whole JSON value? */
static bool
accepts(struct str text)
{
	struct arena arena = { 0 };
	struct pull p;
	bool ok;

	pull_init(&p, text, &arena);
	pull_raw(&p);
	ok = pull_end(&p);
	arena_free(&arena);
	return ok;
}

static void
test_grammar(void **state)
{
	static const char *const good[] = { "{}", "[]", "null", "true", "false", "0",
		"-0", "12", "-1.5", "1e5", "1.25E-3", "\"\"", "\"a\"", " [ 1 , 2 ] ",
		"{\"a\":{\"b\":[{}]}}", "[[],[],{}]", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
		"\"\\u00e9\\ud83d\\ude00\"", "\t\r\n[1]\n",
		"[\"a\",null,true,{\"k\":0}]" };
	static const char *const bad[] = { "", " ", "{", "[", "]", "}", "[1", "[1,",
		"[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
		"{1:2}", "{\"a\" 1}", "[}", "{]", "nul", "tru", "falsee", "01", "1.",
		".5", "-", "+1", "1e", "1e+", "\"", "\"a", "\"\\", "\"\\x\"",
		"\"\\u12\"", "\"\\u12g4\"", "\"a\\\"", "1 2", "[1]]", "NaN", "Infinity",
		"'a'", "[\"a\":1]" };

	(void)state;
	for (size_t i = 0; i < N_ELEM(good); i++)
		if (!accepts(str_of(good[i])))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < N_ELEM(bad); i++)
		if (accepts(str_of(bad[i])))
			fail_msg("taken: %s", bad[i]);
}

/* Every cut of a text that is good as a whole is bad, and nothing reads past its end.
 */
static void
test_every_cut(void **state)
{
	static const char text[] =
		"[{\"id\":\"01234567-89ab\",\"n\":-12.5e3,\"s\":\"a\\u00e9"
		"\\n\",\"l\":[true,false,null,{\"x\":[]}]},\"tail\"]";
	char *copy;

	(void)state;
	assert_true(accepts(STR(text)));
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		copy = xmemdup(text, n); /* exactly n bytes: ASan sees one more */
		assert_false(accepts((struct str){ copy, n }));
		free(copy);
	}
}

static void
test_depth(void **state)
{
	struct buf b = BUF_INIT(BUF_MAX);

	(void)state;
	buf_addn(&b, '[', PULL_DEPTH_MAX);
	buf_addn(&b, ']', PULL_DEPTH_MAX);
	assert_true(accepts(buf_str(&b)));
	buf_clear(&b);
	buf_addn(&b, '[', PULL_DEPTH_MAX + 1);
	buf_addn(&b, ']', PULL_DEPTH_MAX + 1);
	assert_false(accepts(buf_str(&b)));
	buf_clear(&b);
	buf_addn(&b, '[', 3000000);
	assert_false(accepts(buf_str(&b)));
	buf_clear(&b);
	for (int i = 0; i < PULL_DEPTH_MAX; i++)
		buf_adds(&b, i % 3 ? "{\"a\":" : "[");
	assert_false(accepts(buf_str(&b)));
	buf_release(&b);
}

static void
test_strings(void **state)
{
	static const struct {
		const char *json;
		struct str want;
	} t[] = {
		{ "\"plain\"", { "plain", 5 } },
		{ "\"a\\\"b\\\\c\\/d\"", { "a\"b\\c/d", 7 } },
		{ "\"\\b\\f\\n\\r\\t\"", { "\b\f\n\r\t", 5 } },
		{ "\"\\u0041\\u00e9\\u20ac\"", { "A\xc3\xa9\xe2\x82\xac", 6 } },
		{ "\"\\ud83d\\ude00\"", { "\xf0\x9f\x98\x80", 4 } },
		{ "\"\\uD83D\\uDE00!\"", { "\xf0\x9f\x98\x80!", 5 } },
		{ "\"\\ud83d\"", { "\xef\xbf\xbd", 3 } },
		{ "\"\\ude00x\"", { "\xef\xbf\xbdx", 4 } },
		{ "\"\\ud83d\\u0041\"", { "\xef\xbf\xbd"
					  "A",
						4 } },
		{ "\"\\ud83d\\ud83d\\ude00\"", { "\xef\xbf\xbd\xf0\x9f\x98\x80", 7 } },
		{ "\"a\\u0000b\"", { "a\0b", 3 } },
		{ "\"\xc3\xa9\"", { "\xc3\xa9", 2 } },
		{ "\"\xff\"", { "\xef\xbf\xbd", 3 } },
		{ "\"\xc3\"", { "\xef\xbf\xbd", 3 } },
		{ "\"\xe2\x82\"", { "\xef\xbf\xbd\xef\xbf\xbd", 6 } },
		{ "\"\xed\xa0\x80\"", { "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 9 } },
		{ "\"\xc0\x80\"", { "\xef\xbf\xbd\xef\xbf\xbd", 6 } },
		{ "\"a\tb\nc\"", { "a b c", 5 } },
	};
	struct arena arena = { 0 };
	struct pull p;
	struct str s;

	(void)state;
	for (size_t i = 0; i < N_ELEM(t); i++) {
		pull_init(&p, str_of(t[i].json), &arena);
		assert_true(pull_string(&p, &s));
		assert_true(pull_end(&p));
		if (!str_equal(s, t[i].want))
			fail_msg("%s: got %zu bytes, `%.*s`", t[i].json, s.len,
				(int)s.len, s.s);
	}
	arena_free(&arena);
}

static void
test_clean_text_is_not_copied(void **state)
{
	static const char text[] =
		"[\"caf\xc3\xa9 \xe2\x98\x83 and so on and on\",\"x\"]";
	struct arena arena = { 0 };
	struct pull p;
	struct str s;
	bool first = true;

	(void)state;
	pull_init(&p, STR(text), &arena);
	assert_true(pull_enter(&p));
	assert_true(pull_item(&p, &first));
	assert_true(pull_string(&p, &s));
	assert_ptr_equal(s.s, text + 2);
	assert_null(arena.head);
}

/* 64 of them: twice is more than the decoder keeps of an ordinary number. */
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void
test_numbers(void **state)
{
	static const struct {
		const char *json;
		double d;
		int64_t i;
		bool exact;
	} t[] = {
		{ "0", 0, 0, true },
		{ "-0", 0, 0, true },
		{ "-0.0", -0.0, 0, false },
		{ "42", 42, 42, true },
		{ "-7", -7, -7, true },
		{ "2.245305", 2.245305, 2, false },
		{ "0.1", 0.1, 0, false },
		{ "-12.5", -12.5, -12, false },
		{ "1e3", 1000, 1000, false },
		{ "123456789012345678", 123456789012345678.0, 123456789012345678,
			true },
		{ "1e300", 1e300, INT64_MAX, false },
		{ "-1e300", -1e300, INT64_MIN + 1, false },
		{ "9223372036854775807", 9223372036854775807.0, INT64_MAX, true },
		{ "9223372036854775808", 9223372036854775808.0, INT64_MAX, false },
		{ "-1000000000000000001", -1e18, -1000000000000000001, true },
		{ "-9223372036854775808", -9223372036854775808.0, INT64_MIN, true },
		{ "-9223372036854775809", -9223372036854775808.0, INT64_MIN + 1,
			false },
		{ "99999999999999999999", 1e20, INT64_MAX, false },
		{ "0.30000000000000004", 0.30000000000000004, 0, false },
		{ "5e-324", 5e-324, 0, false },
		{ "0." ZEROS ZEROS "1e130", 1e1, 10, false },
	};
	struct arena arena = { 0 };
	struct pull p;
	double d;
	int64_t i;
	bool exact;

	(void)state;
	for (size_t n = 0; n < N_ELEM(t); n++) {
		pull_init(&p, str_of(t[n].json), &arena);
		assert_true(pull_number(&p, &d, &i, &exact));
		assert_memory_equal(&d, &t[n].d, sizeof(d));
		assert_int_equal(i, t[n].i);
		assert_int_equal(exact, t[n].exact);
	}
	arena_free(&arena);
}

static void
test_members(void **state)
{
	struct arena arena = { 0 };
	struct pull p;
	struct str key, raw;
	bool first = true;

	(void)state;
	pull_init(&p, STR(" { \"a\" : [1, 2] , \"\\u0062c\":{} } "), &arena);
	assert_int_equal(pull_peek(&p), PULL_OBJECT);
	assert_true(pull_enter(&p));
	assert_true(pull_member(&p, &first, &key));
	assert_true(str_eq(key, "a"));
	raw = pull_raw(&p);
	assert_true(str_eq(raw, "[1, 2]"));
	assert_true(pull_member(&p, &first, &key));
	assert_true(str_eq(key, "bc"));
	assert_int_equal(*p.member, '"');
	assert_true(str_eq(pull_raw(&p), "{}"));
	assert_false(pull_member(&p, &first, &key));
	assert_true(pull_end(&p));
	arena_free(&arena);
}

/* A fault sticks: nothing moves any more and the place is told. */
static void
test_faults_stick(void **state)
{
	struct arena arena = { 0 };
	struct pull p;
	struct str key;
	bool first = true;

	(void)state;
	pull_init(&p, STR("{\"a\":1 \"b\":2}"), &arena);
	pull_enter(&p);
	assert_true(pull_member(&p, &first, &key));
	pull_raw(&p);
	assert_false(pull_member(&p, &first, &key));
	assert_string_equal(p.why, "no ',' between values");
	assert_int_equal(pull_offset(&p), 7);
	assert_false(pull_member(&p, &first, &key));
	assert_int_equal(pull_peek(&p), PULL_BAD);
	assert_int_equal(pull_raw(&p).len, 0);
	assert_false(pull_end(&p));
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_clean_text_is_not_copied),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_faults_stick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
