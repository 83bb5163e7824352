#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/sgr.h>
#include <weir/text.h>

static struct weir_sgr
after(const char *params)
{
	struct weir_sgr sgr = WEIR_SGR_NONE;

	weir_sgr_apply(&sgr, str_of(params));
	return sgr;
}

static void
test_parameters(void **state)
{
	static const struct {
		const char *params;
		int fg, bg;
		unsigned attrs;
	} table[] = {
		{ "", -1, -1, 0 },
		{ "31", 1, -1, 0 },
		{ "1;31", 1, -1, WEIR_SGR_BOLD },
		{ "1;31;22", 1, -1, 0 },
		{ "1;31;0", -1, -1, 0 },
		{ "1;31;", -1, -1, 0 },
		{ "91;104", 9, 12, 0 },
		{ "4;7;41", -1, 1, WEIR_SGR_UNDERLINE | WEIR_SGR_REVERSE },
		{ "4:0", -1, -1, 0 },
		{ "4:3;32", 2, -1, WEIR_SGR_UNDERLINE },
		{ "38;5;196", 9, -1, 0 },
		{ "38;5;28", 2, -1, 0 },
		{ "38;5;244;1", 8, -1, WEIR_SGR_BOLD },
		{ "48;2;0;0;170", -1, 4, 0 },
		{ "38:2::255:0:0;1", 9, -1, WEIR_SGR_BOLD },
		{ "38:5:2", 2, -1, 0 },
		{ "38;2;1", -1, -1, 0 },
		{ "38;5;999", -1, -1, 0 },
		{ "38;5;1;39", -1, -1, 0 },
		{ "58;5;1", -1, -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(table); i++) {
		struct weir_sgr sgr = after(table[i].params);

		assert_int_equal(sgr.fg, table[i].fg);
		assert_int_equal(sgr.bg, table[i].bg);
		assert_int_equal(sgr.attrs, table[i].attrs);
	}
}

static void
test_text(void **state)
{
	struct buf out = BUF_INIT(1024);
	struct weir_sgr_runs runs = { 0 };

	(void)state;
	weir_sgr_text(&out,
		STR("a\033[1;31mbad\033[0m\033]0;title\ag\033[2J\033[32m\033[39mood"),
		0, &runs);
	assert_string_equal(buf_cstr(&out), "abadgood");
	assert_int_equal(runs.n, 3);
	assert_int_equal(runs.v[0].at, 1);
	assert_int_equal(runs.v[0].sgr.fg, 1);
	assert_int_equal(runs.v[1].at, 4);
	assert_true(weir_sgr_equal(runs.v[1].sgr, WEIR_SGR_NONE));
	/* set and taken back at once: nothing is to be seen */
	assert_int_equal(runs.v[2].at, 5);
	assert_true(weir_sgr_equal(runs.v[2].sgr, WEIR_SGR_NONE));
	VEC_FREE(&runs);
	buf_release(&out);
}

static void
test_emit(void **state)
{
	struct buf out = BUF_INIT(64);

	(void)state;
	weir_sgr_emit(&out, WEIR_SGR_NONE);
	assert_string_equal(buf_cstr(&out), "\033[0m");
	buf_clear(&out);
	weir_sgr_emit(&out, (struct weir_sgr){ 9, 4, WEIR_SGR_BOLD });
	assert_string_equal(buf_cstr(&out), "\033[0;1;91;44m");
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_emit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
