/* input.c: bytes of a terminal to keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/mem.h>

#include "input.h"

static void
test_sequences(void **state)
{
	static const struct {
		const char *bytes;
		uint32_t keys[4];
		int x, y; /* of the mouse */
	} cases[] = {
		{ "a", { 'a' }, 0, 0 },
		{ "\x1b[A", { INPUT_UP }, 0, 0 },
		{ "\x1bOA", { INPUT_UP }, 0, 0 },
		{ "\x1b[1;5D", { INPUT_CTRL | INPUT_LEFT }, 0, 0 },
		{ "\x1b[15~", { INPUT_F1 + 4 }, 0, 0 },
		{ "\x1bx", { INPUT_ALT | 'x' }, 0, 0 },
		{ "\x1b[M", { INPUT_ENTER }, 0, 0 },
		{ "\x1b[<0;1;1M", { INPUT_CLICK }, 0, 0 },
		{ "\x1b[<0;300;70M\x1b[<0;300;70m", { INPUT_CLICK }, 299, 69 },
		{ "\x1b[<64;5;6M", { INPUT_WHEEL_UP }, 4, 5 },
		{ "\x1b[<65;5;6Mq", { INPUT_WHEEL_DOWN, 'q' }, 4, 5 },
		/* What the terminal tells of itself; the same letters after ESC O are
		 * not.
		 */
		{ "\x1b[I\x1b[Oa", { INPUT_FOCUS, INPUT_BLUR, 'a' }, 0, 0 },
		{ "\x1bOIa", { 'a' }, 0, 0 },
		{ "\x1b[?2026;2$y", { INPUT_SYNCS }, 0, 0 },
		{ "\x1b[?2026;0$ya", { INPUT_NO_SYNC, 'a' }, 0, 0 },
		{ "\x1b[?2026;4$y", { INPUT_NO_SYNC }, 0, 0 },
		{ "\x1b[?1004;2$ya", { 'a' }, 0, 0 },
		/* Other buttons, moves, and what no terminal sends. */
		{ "\x1b[<2;5;6Ma", { 'a' }, 0, 0 },
		{ "\x1b[<32;5;6Ma", { 'a' }, 0, 0 },
		{ "\x1b[<0;5Ma", { 'a' }, 0, 0 },
		{ "\x1b[<0;0;0Ma", { 'a' }, 0, 0 },
		{ "\x1b[<0;1;2;3Ma", { 'a' }, 0, 0 },
		{ "\x1b[<0;99999999999999999999;1Ma", { INPUT_CLICK, 'a' }, 99998, 0 },
		{ "\x1b[<Ma", { 'a' }, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		struct input in;
		uint32_t key;

		input_init(&in);
		input_feed(&in, cases[i].bytes, strlen(cases[i].bytes));
		for (size_t k = 0; cases[i].keys[k]; k++) {
			assert_true(input_next(&in, true, &key));
			assert_int_equal(key, cases[i].keys[k]);
		}
		assert_false(input_next(&in, true, &key));
		if (cases[i].keys[0] >= INPUT_CLICK) {
			assert_int_equal(in.mouse_x, cases[i].x);
			assert_int_equal(in.mouse_y, cases[i].y);
		}
		input_release(&in);
	}
}

/* The name of a key is parsed as that key. */
static void
test_names(void **state)
{
	static const uint32_t mods[] = { 0, INPUT_ALT, INPUT_CTRL,
		INPUT_ALT | INPUT_CTRL };
	static const uint32_t some[] = { ' ', '!', '-', 'a', 'Z', '~', 0xe9, 0x8c46 };

	(void)state;
	for (size_t m = 0; m < N_ELEM(mods); m++) {
		char name[INPUT_NAME];
		uint32_t key;

		for (size_t i = 0; i < N_ELEM(some); i++) {
			input_name(some[i] | mods[m], name);
			assert_true(input_parse(str_of(name), &key));
			assert_int_equal(key, some[i] | mods[m]);
		}
		for (uint32_t k = INPUT_UP; k <= INPUT_F12; k++) {
			input_name(k | mods[m], name);
			assert_true(input_parse(str_of(name), &key));
			assert_int_equal(key, k | mods[m]);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
