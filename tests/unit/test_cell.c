#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "weir/cell.h"
#include "weir/mem.h"

static void
joins(const char *array, const char *want)
{
	struct buf b = BUF_INIT(BUF_MAX);

	weir_json_join(&b, str_of(array), ", ");
	assert_string_equal(buf_cstr(&b), want);
	buf_release(&b);
}

static void
arrays_of_strings(void **state)
{
	(void)state;
	joins("[]", "");
	joins("[\"a\"]", "a");
	joins("[ \"a\" , \"b c\" ]", "a, b c");
	joins("[\"\",\"x\"]", ", x");
	joins("[\"q\\\"\\\\\\/\",\"t\\tn\\n\"]", "q\"\\/, t\tn\n");
	joins("[\"\\u00e9\\u20ac\\ud83d\\ude00\"]",
		"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	joins("[\"\\ud83d\",\"\\ud83dx\"]", "\xef\xbf\xbd, \xef\xbf\xbdx");
	/* broken off anywhere: no byte behind the end is read */
	joins("[\"\\", "\\");
	joins("[\"\\u12", "u12");
}

static void
doubles(void **state)
{
	static const struct {
		double d;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 170.566, "170.566" },
		{ 0.1, "0.1" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 1e300, "1e+300" },
		{ -2.5, "-2.5" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(rows); i++) {
		struct buf b = BUF_INIT(64);

		weir_double(&b, rows[i].d);
		assert_string_equal(buf_cstr(&b), rows[i].text);
		buf_release(&b);
	}
}

/* One cell in its three forms. */
static void
three(const struct weir_cell *cell, const char *show, const char *plain,
	const char *json)
{
	const struct weir_cell_style style = { .now_us = 0, .utc = true };
	struct buf b = BUF_INIT(BUF_MAX);

	weir_cell_show(&b, cell, &style);
	assert_string_equal(buf_cstr(&b), show);
	buf_clear(&b);
	weir_cell_plain(&b, cell);
	assert_string_equal(b.len ? buf_cstr(&b) : "", plain);
	buf_clear(&b);
	weir_cell_json(&b, cell);
	assert_string_equal(b.len ? buf_cstr(&b) : "", json);
	buf_release(&b);
}

static void
forms(void **state)
{
	const struct weir_cell text = { .type = WEIR_T_TEXT, .s = STR("a\tb\x1b[1m") };
	const struct weir_cell tags = { .type = WEIR_T_TAGS,
		.s = STR("[\"x\",\"y\"]") };
	const struct weir_cell yes = { .type = WEIR_T_BOOL, .i = 1 };
	const struct weir_cell took = { .type = WEIR_T_DURATION, .d = 170.566 };
	const struct weir_cell failed = { .type = WEIR_T_STATE, .i = WEIR_ST_FAILED };
	const struct weir_cell none = { .type = WEIR_T_TIME, .null = true };
	const struct weir_cell no_text = { .type = WEIR_T_TEXT, .null = true };
	const struct weir_cell object = { .type = WEIR_T_MEMBERS,
		.s = STR(" {\"a\":{\"b\":1}} ") };
	const struct weir_cell bare = { .type = WEIR_T_MEMBERS, .s = STR("\"a\":{}") };

	(void)state;
	three(&text, "a b", "a\tb\x1b[1m", "\"a\\tb\\u001b[1m\"");
	three(&tags, "x, y", "x,y", "[\"x\",\"y\"]");
	three(&yes, "yes", "true", "true");
	three(&took, "2:50", "170.566", "170.566");
	three(&failed, "FAILED", "FAILED", "\"FAILED\"");
	three(&none, "-", "", "null");
	three(&no_text, "", "", "null");
	three(&object, " {\"a\":{\"b\":1}} ", " {\"a\":{\"b\":1}} ", "\"a\":{\"b\":1}");
	three(&bare, "\"a\":{}", "\"a\":{}", "\"a\":{}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrays_of_strings),
		cmocka_unit_test(doubles),
		cmocka_unit_test(forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
