#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>

#include <cmocka.h>

#include <weir/text.h>

#include "app.h"
#include "page.h"

/* What a row holds, without its styles. */
static char *
text_of(const struct page *p, size_t i, int columns, const struct weir_match *match)
{
	static struct theme theme = { .utf8 = true };
	struct draw d;
	struct buf out = BUF_INIT(BUF_MAX);

	draw_init(&d, &theme);
	d.rows = 1;
	d.cols = columns;
	draw_begin(&d, 0);
	page_row(p, &d, i, columns, 100, match);
	for (size_t at = 0; at < d.row.len;) {
		const char *s = d.row.s + at + 1;

		buf_adds(&out, s);
		at += strlen(s) + 2;
	}
	d.rows = 0;
	draw_release(&d);
	return buf_steal(&out);
}

static void
check_row(const struct page *p, size_t i, int columns, const char *want)
{
	char *got = text_of(p, i, columns, NULL);

	assert_string_equal(got ? got : "", want);
	free(got);
}

static void
test_spans(void **state)
{
	struct page p = { 0 };

	(void)state;
	page_clear(&p);
	page_begin(&p, 7);
	page_gap(&p, 2);
	page_add(&p, STYLE_PLAIN, STR("name"), 6, false);
	page_add(&p, STYLE_DIM, STR("12"), 4, true);
	page_addf(&p, STYLE_PLAIN, " %d of %d", 3, 17);
	page_add(&p, STYLE_DIM, STR("right"), 0, true);
	assert_int_equal(p.lines.v[0].key, 7);
	check_row(&p, 0, 40, "  name    12 3 of 17               right");
	check_row(&p, 0, 22, "  name    12 3 of 17");
	check_row(&p, 0, 10, "  name    ");
	page_release(&p);
}

static void
test_text_is_broken(void **state)
{
	struct page p = { .width = 30 };

	(void)state;
	page_clear(&p);
	assert_int_equal(
		page_text(&p, "why", 9, STYLE_PLAIN,
			STR("command exited with 1 in\ntask \033[31mcompile"), 5),
		3);
	check_row(&p, 0, 30, " why     command exited with 1");
	check_row(&p, 1, 30, "         in");
	check_row(&p, 2, 30, "         task compile");
	page_clear(&p);
	/* No more lines than are wanted: the last one is cut. */
	assert_int_equal(
		page_text(&p, NULL, 0, STYLE_PLAIN,
			STR("one two three four five six seven eight nine"), 1),
		1);
	check_row(&p, 0, 30, "one two three four five six s…");
	assert_int_equal(page_text(&p, "x", 9, STYLE_PLAIN, STR(""), 5), 0);
	page_release(&p);
}

static void
test_bar(void **state)
{
	struct page p = { .width = 30 };
	struct page_line *line;

	(void)state;
	page_clear(&p);
	p.from_us = 0;
	p.to_us = 100;
	line = page_begin(&p, 0);
	line->start_us = 50;
	line->end_us = 74;
	check_row(&p, 0, 21, "          ▇▇▇▇▇");
	line->end_us = WEIR_NO_TIME; /* until now, which is 100 */
	check_row(&p, 0, 21, "          ▇▇▇▇▇▇▇▇▇▇");
	check_row(&p, 0, 6, "");
	page_release(&p);
}

static void
test_limits(void **state)
{
	struct page p = { .width = 80 };
	struct weir_id id = { { 1 } };

	(void)state;
	page_clear(&p);
	for (int i = 0; i < PAGE_LINES_MAX + 100; i++) {
		page_begin(&p, i + 1);
		for (int k = 0; k < PAGE_SPANS_MAX + 3; k++)
			page_add(&p, STYLE_PLAIN, STR("a"), 0, false);
		page_object(&p, WEIR_RUN, &id);
	}
	assert_int_equal(p.lines.n, PAGE_LINES_MAX);
	assert_int_equal(p.lines.v[0].n_spans, PAGE_SPANS_MAX);
	check_row(&p, PAGE_LINES_MAX - 1, 80, "  more than fits a page is left out");
	assert_int_equal(p.lines.v[PAGE_LINES_MAX - 1].opens, PAGE_OPENS_NOTHING);
	assert_int_equal(page_find(&p, 5, 9000), 4);
	assert_true(page_find(&p, -99, 0) == PAGE_NONE);
	page_release(&p);
}

/* ---- the view */

static int n_lines, opened;
static bool every; /* all lines open something, else each tenth */

static void
write_page(struct page_view *v, struct page *p, void *arg)
{
	(void)v;
	(void)arg;
	for (int i = 0; i < n_lines; i++) {
		struct page_line *line = page_begin(p, i + 1);

		if (every || i % 10 == 9)
			line->opens = PAGE_OPENS_SELF;
		if (i == 19 || i == 33)
			line->state = WEIR_ST_FAILED;
		page_addf(p, STYLE_PLAIN, "line %d", i);
	}
}

static void
say_command(struct page_view *v, void *arg, struct buf *out)
{
	(void)v;
	(void)arg;
	buf_adds(out, "weir show x");
}

static void
on_open(struct page_view *v, void *arg, const struct page_line *line)
{
	(void)v;
	(void)arg;
	opened = (int)line->key - 1;
}

static const struct page_user user = { .context = CONTEXT_PAGE,
	.write = write_page,
	.command = say_command,
	.open = on_open };

static struct page_view *
start(struct app *a, int n, bool all)
{
	struct view *v = page_view_new(a, &user, NULL);

	n_lines = n;
	every = all;
	opened = -1;
	v->app = a;
	v->width = 80;
	v->height = 20;
	view_update(v);
	return page_view_of(v);
}

static void
end(struct app *a, struct page_view *v)
{
	v->v.ops->free(&v->v);
	messages_release(&a->messages);
}

static void
test_moves(void **state)
{
	struct app a = { 0 };
	struct page_view *v = start(&a, 60, false);

	(void)state;
	/* The cursor is on the first line that opens something, and Enter opens it. */
	assert_int_equal(v->row, 9);
	assert_true(view_do(&v->v, ACTION_OPEN, NULL));
	assert_int_equal(opened, 9);
	view_do(&v->v, ACTION_DOWN, NULL);
	assert_int_equal(v->row, 19);
	assert_int_equal(v->top, 0);
	/* What is far below comes nearer line by line. */
	view_do(&v->v, ACTION_DOWN, NULL);
	assert_int_equal(v->top, 1);
	assert_int_equal(v->row, 19);
	for (int i = 0; i < 9; i++)
		view_do(&v->v, ACTION_DOWN, NULL);
	assert_int_equal(v->row, 29);
	view_do(&v->v, ACTION_LAST, NULL);
	assert_int_equal(v->top, 40);
	assert_int_equal(v->row, 59);
	view_do(&v->v, ACTION_FIRST, NULL);
	assert_int_equal(v->top, 0);
	assert_int_equal(v->row, 9);
	view_do(&v->v, ACTION_PAGE_DOWN, NULL);
	assert_int_equal(v->top, 20);
	assert_int_equal(v->row, 29);
	end(&a, v);
}

static void
test_moves_without_cursor(void **state)
{
	struct app a = { 0 };
	struct page_view *v = start(&a, 9, false);

	(void)state;
	assert_null(page_view_line(v));
	view_do(&v->v, ACTION_DOWN, NULL);
	assert_int_equal(v->top, 0);
	view_do(&v->v, ACTION_OPEN, NULL);
	assert_int_equal(opened, -1);
	n_lines = 0;
	view_touch(&v->v, VIEW_DATA);
	view_update(&v->v);
	view_do(&v->v, ACTION_LAST, NULL);
	view_do(&v->v, ACTION_UP, NULL);
	view_do(&v->v, ACTION_NEXT_BAD, NULL);
	assert_null(page_view_line(v));
	end(&a, v);
}

static void
test_failures(void **state)
{
	struct app a = { 0 };
	struct page_view *v = start(&a, 60, true);

	(void)state;
	view_do(&v->v, ACTION_NEXT_BAD, NULL);
	assert_int_equal(v->row, 19);
	view_do(&v->v, ACTION_NEXT_BAD, NULL);
	assert_int_equal(v->row, 33);
	view_do(&v->v, ACTION_NEXT_BAD, NULL);
	assert_int_equal(v->row, 33);
	view_do(&v->v, ACTION_PREVIOUS_BAD, NULL);
	assert_int_equal(v->row, 19);
	end(&a, v);
}

static void
test_search(void **state)
{
	const struct weir_config_flags flags = { .profile = NULL };
	struct weir_config *config = NULL;
	struct weir_err err = { 0 };
	struct app a = { 0 };
	struct page_view *v = start(&a, 60, true);

	(void)state;
	/* Nowhere: what was searched for before is looked for there. */
	setenv("HOME", "/nonexistent", 1);
	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	setenv("XDG_STATE_HOME", "/nonexistent", 1);
	assert_int_equal(weir_config_load(&flags, &config, &err), WEIR_OK);
	a.config = config;
	prompt_init(&a.prompt);
	prompt_history(&a.prompt, "search")->read = true; /* no state store is here */
	view_do(&v->v, ACTION_SEARCH, NULL);
	assert_true(a.prompt.active);
	prompt_set(&a.prompt, "line 4");
	a.prompt.user->event(&a, a.prompt.arg, &a.prompt, PROMPT_EV_ACCEPTED);
	assert_int_equal(v->n_matches, 11); /* 4, 40 to 49 */
	assert_int_equal(v->row, 4);
	view_do(&v->v, ACTION_NEXT, NULL);
	assert_int_equal(v->row, 40);
	assert_string_equal(a.status.message, "2 of 11");
	view_do(&v->v, ACTION_PREVIOUS, NULL);
	view_do(&v->v, ACTION_PREVIOUS, NULL);
	assert_int_equal(v->row, 49);
	prompt_set(&a.prompt, "/9$/");
	a.prompt.user->event(&a, a.prompt.arg, &a.prompt, PROMPT_EV_ACCEPTED);
	assert_int_equal(v->n_matches, 6);
	prompt_set(&a.prompt, "/(/");
	a.prompt.user->event(&a, a.prompt.arg, &a.prompt, PROMPT_EV_ACCEPTED);
	assert_int_equal(v->n_matches, 6); /* what was valid stays */
	assert_true(a.status.error);
	prompt_release(&a.prompt);
	weir_config_free(config);
	end(&a, v);
}

/* Lines come and go before the cursor: it stays on its line. */
static void
test_stays(void **state)
{
	struct app a = { 0 };
	struct page_view *v = start(&a, 60, true);

	(void)state;
	for (int i = 0; i < 30; i++)
		view_do(&v->v, ACTION_DOWN, NULL);
	assert_int_equal(v->page.lines.v[v->row].key, 31);
	n_lines = 35;
	view_touch(&v->v, VIEW_DATA);
	view_update(&v->v);
	assert_int_equal(v->page.lines.v[v->row].key, 31);
	n_lines = 10; /* it is gone */
	view_touch(&v->v, VIEW_DATA);
	view_update(&v->v);
	assert_int_equal(v->top, 0);
	assert_non_null(page_view_line(v));
	end(&a, v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_text_is_broken),
		cmocka_unit_test(test_bar),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_moves_without_cursor),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
