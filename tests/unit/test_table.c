#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "farm.h"
#include "table.h"
#include "weir/match.h"
#include "weir/text.h"

enum { ROUNDS = 3000, ROWS = 40 };

struct world {
	struct theme theme;
	struct draw draw;
	struct rows rows;
	struct table table;
};

static void
open_world(struct world *w, const char *columns)
{
	uint32_t *keys = xcalloc(ROWS, sizeof(*keys));

	memset(w, 0, sizeof(*w));
	w->theme.utf8 = true;
	draw_init(&w->draw, &w->theme);
	assert_int_equal(rows_init(&w->rows, WEIR_RUN, columns, NULL), WEIR_OK);
	for (size_t i = 0; i < ROWS; i++)
		keys[i] = (uint32_t)i + 1;
	rows_set(&w->rows, keys, ROWS, true);
	w->rows.now_us = farm_now_us;
	table_init(&w->table, &w->rows);
	w->table.now_us = farm_now_us;
}

static void
close_world(struct world *w)
{
	rows_release(&w->rows);
	draw_release(&w->draw);
}

/* A row on a screen of so many columns; no terminal is needed before it is ended. */
static void
begin(struct world *w, int width)
{
	w->draw.cols = width;
	draw_begin(&w->draw, 0);
}

/* The text of the row that was made: spans are a style, text and a NUL each. */
static void
row_text(const struct draw *d, struct buf *out)
{
	buf_clear(out);
	for (size_t i = 0; i < d->row.len;) {
		const char *text = d->row.s + i + 1;

		buf_adds(out, text);
		i += strlen(text) + 2;
	}
}

/* Whatever is shown, marked, indented and searched: it stays on the screen, and numbers
 * of the same column end at the same place. */
static void
test_stays_inside(void **state)
{
	static const char *const choices[] = { "", "", "name", "dur,name:40,at",
		"state,flow:3,param.package,label.a.b:9,parameters",
		"id,name,tags,start,end,dur,pool,queue,platform,run_count" };
	struct weir_match *word = NULL;
	const struct weir_match *words[1];

	(void)state;
	assert_int_equal(
		weir_match_new(WEIR_MATCH_WORD, STR("n"), &word, NULL), WEIR_OK);
	words[0] = word;
	for (int round = 0; round < ROUNDS; round++) {
		struct world w;
		int width = 1 + (int)farm_random(farm, 260);
		struct table_look look = { .words = words };

		open_world(&w, choices[farm_random(farm, N_ELEM(choices))]);
		w.theme.utf8 = farm_random(farm, 4) != 0;
		w.table.several = farm_random(farm, 2);
		w.table.absolute = farm_random(farm, 2);
		table_layout(&w.table, &w.draw, farm->store, farm_random(farm, ROWS), 8,
			width);
		assert_true(w.table.shown >= 1);
		for (int i = (int)farm_random(farm, 3); i > 0; i--)
			table_scroll(&w.table, 1);
		begin(&w, width);
		table_header(&w.table, &w.draw, farm_random(farm, 2), NULL, 0);
		assert_true(w.draw.x <= width);
		look.marked = farm_random(farm, 2);
		look.depth = (int)farm_random(farm, 12);
		look.n_words = farm_random(farm, 2);
		look.changed = farm_random(farm, 1 << 20);
		begin(&w, width);
		table_row(&w.table, &w.draw,
			rows_get(&w.rows, farm->store, farm_random(farm, ROWS)), &look);
		assert_true(w.draw.x <= width);
		close_world(&w);
	}
	weir_match_free(word);
}

/* Columns stand under their titles, with and without a tree's lines before them. */
static void
test_aligned(void **state)
{
	struct world w;
	struct buf text = BUF_INIT(4096);

	(void)state;
	open_world(&w, "name:12,pool:6,run_count,flow:9");
	table_layout(&w.table, &w.draw, farm->store, 0, ROWS, 80);
	begin(&w, 80);
	table_header(&w.table, &w.draw, false, NULL, 0);
	row_text(&w.draw, &text);
	assert_string_equal(
		buf_cstr(&text), "   RUN           POOL    TRIES  FLOW     ");
	for (size_t i = 0; i < ROWS; i++) {
		const struct rows_row *row = rows_get(&w.rows, farm->store, i);
		struct table_look look = { .marked = i % 2, .depth = (int)i % 3 };
		const char *p, *flow;

		begin(&w, 80);
		table_row(&w.table, &w.draw, row, &look);
		row_text(&w.draw, &text);
		p = buf_cstr(&text);
		assert_int_equal(*p, i % 2 ? '*' : ' ');
		flow = strstr(p, "build-");
		if (!flow)
			flow = strstr(p, "nightly-");
		assert_non_null(flow);
		assert_int_equal(text_width((struct str){ p, (size_t)(flow - p) }), 32);
	}
	buf_release(&text);
	close_world(&w);
}

/* A letter names one column; numbers count those on the screen. */
static void
test_letters(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, "");
	table_layout(&w.table, &w.draw, farm->store, 0, ROWS, 250);
	for (size_t i = 0; i < w.table.shown; i++) {
		const struct weir_column *c =
			table_pick(&w.table, (uint32_t)w.table.cols[i].letter);

		assert_ptr_equal(c, w.rows.columns.v[w.table.cols[i].index]);
		if (i < 9)
			assert_ptr_equal(table_pick(&w.table, '1' + (uint32_t)i), c);
	}
	assert_null(table_pick(&w.table, '0'));
	close_world(&w);
}

/* Where there is room nothing is cut, though columns have their due elsewhere. */
static void
test_room_is_used(void **state)
{
	size_t wider = 0;
	struct world w;

	(void)state;
	open_world(&w, "");
	table_layout(&w.table, &w.draw, farm->store, 0, ROWS, 400);
	assert_int_equal(w.table.shown, w.table.n);
	for (size_t i = 0; i < w.table.n; i++) {
		assert_true(w.table.cols[i].width >= w.table.cols[i].full);
		wider += w.table.cols[i].full > w.table.cols[i].want;
	}
	assert_true(wider > 0);
	close_world(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stays_inside),
		cmocka_unit_test(test_aligned),
		cmocka_unit_test(test_letters),
		cmocka_unit_test(test_room_is_used),
	};

	return FARM_TESTS(tests, 21);
}
