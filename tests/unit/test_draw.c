#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <locale.h>

#include <cmocka.h>

#include "draw.h"
#include "screen.h"
#include "weir/mem.h"

enum { ROUNDS = 500, ROWS = 6, COLS = 48, SPANS_MAX = 6 };

struct world {
	struct screen screen;
	struct theme theme;
	struct draw draw;
};

static uint32_t
random_below(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % n;
}

/* The rows of this seed, the first `columns` of row `at` selected. */
static void
draw_rows(struct draw *d, uint32_t seed, int at, int columns)
{
	static const char *const texts[] = { "numpy", " ", "\xe2\x97\x8f",
		"\xe6\x97\xa5\xe6\x9c\xac", "e\xcc\x81t\xc3\xa9", "\xf0\x9f\x9a\x80 go",
		"osx-arm64" };
	static const enum style styles[] = { STYLE_PLAIN, STYLE_DIM, STYLE_GREEN,
		STYLE_STRONG, STYLE_MATCH, STYLE_CURRENT };

	for (int y = 0; y < ROWS; y++) {
		int n = (int)random_below(&seed, SPANS_MAX);

		draw_begin(d, y);
		d->limit = columns;
		for (int i = 0; i < n; i++)
			draw_text(d, styles[random_below(&seed, N_ELEM(styles))],
				texts[random_below(&seed, N_ELEM(texts))]);
		draw_to(d, columns);
		if (y == at)
			draw_select(d, columns);
		d->limit = COLS;
		draw_text(d, STYLE_DIM, "| beside");
		draw_end(d, false);
	}
}

/* A cursor that moves over rows leaves what drawing them all would. */
static void
test_reselect(void **state)
{
	struct world w = { 0 };
	struct buf moved = BUF_INIT(1 << 20), whole = BUF_INIT(1 << 20);
	uint32_t seed = 7;

	(void)state;
	assert_int_equal(screen_open(&w.screen, true, false, NULL), WEIR_OK);
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	theme_init(&w.theme, true);
	w.theme.utf8 = true;
	draw_init(&w.draw, &w.theme);
	draw_resize(&w.draw, ROWS, COLS);
	for (int round = 0; round < ROUNDS; round++) {
		int columns = 1 + (int)random_below(&seed, COLS);
		int at = (int)random_below(&seed, ROWS);
		uint32_t rows = seed;

		draw_rows(&w.draw, rows, at, columns);
		for (int i = 0; i < 3; i++) {
			draw_reselect(&w.draw, at, 0);
			at = (int)random_below(&seed, ROWS);
			draw_reselect(&w.draw, at, columns);
			assert_int_equal(w.draw.focus, at);
		}
		buf_clear(&moved);
		buf_clear(&whole);
		draw_dump(&w.draw, round % 2, &moved);
		draw_forget(&w.draw);
		draw_rows(&w.draw, rows, at, columns);
		draw_dump(&w.draw, round % 2, &whole);
		assert_string_equal(buf_cstr(&moved), buf_cstr(&whole));
	}
	buf_release(&moved);
	buf_release(&whole);
	draw_release(&w.draw);
	screen_close(&w.screen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reselect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
