#include <weir/query.h>
#include <weir/time.h>

#include "app.h"
#include "listview.h"
#include "word.h"

enum { TITLE_MAX = 24 }; /* letters of a title in the line of the letters */

/* What is said where no row is. */
static void
paint_empty(struct listview *r, struct draw *d, int row)
{
	struct app *a = r->v.app;
	const char *lines[3] = { NULL, NULL, NULL };
	struct buf text = BUF_INIT(1024), hint = BUF_INIT(1024), more = BUF_INIT(1024);

	if (r->kind == WEIR_ENVIRONMENT) {
		lines[0] = listview_env_empty(r, 0, &text);
		lines[1] = listview_env_empty(r, 1, &hint);
		lines[2] = listview_env_empty(r, 2, &more);
	} else if (a->store_why[0]) {
		lines[0] = a->store_why;
		if (a->no_server)
			lines[1] =
				"try: export PREFECT_API_URL=http://127.0.0.1:4200/api";
	} else if (!a->store && a->status.offline) {
		lines[0] = "The server does not answer, and nothing is stored yet.";
		lines[1] = a->status.offline_why;
		lines[2] = "try: weir doctor";
	} else if (!a->store) {
		lines[0] =
			a->start->offline
				? "Nothing is stored yet: start once without --offline."
				: "Fetching the first runs...";
	} else if (r->failed[0]) {
		lines[0] = r->failed;
	} else if (r->asked) {
		lines[0] = "...";
	} else if (*r->query) {
		buf_addf(&text, "No %s matches. / changes the query%s.",
			listview_kind(r->kind)->one,
			listquery_narrowed(r) ? ", Esc clears it" : "");
		lines[0] = buf_cstr(&text);
	} else {
		buf_addf(&text, "There is no %s yet.", listview_kind(r->kind)->one);
		lines[0] = buf_cstr(&text);
	}
	if (row >= 1 && row <= 3 && lines[row - 1]) {
		draw_spaces(d, 2);
		draw_text(d, row == 1 ? STYLE_PLAIN : STYLE_DIM, lines[row - 1]);
	}
	buf_release(&text);
	buf_release(&hint);
	buf_release(&more);
}

/* The compiled words of the query that is shown. */
static size_t
words_of(struct listview *r, const struct weir_match *const **ret_words)
{
	if (!r->words_of || strcmp(r->words_of, r->query) != 0) {
		weir_query_free(r->words);
		r->words = NULL;
		if (weir_query_parse(r->kind, str_of(r->query), r->v.app->now_us,
			    &r->words, NULL))
			r->words = NULL;
		listview_set(&r->words_of, r->query);
	}
	return r->words ? weir_query_words(r->words, ret_words) : 0;
}

static void
paint_header(const struct listview *r, struct draw *d)
{
	struct weir_sort sort[WEIR_SORT_MAX];
	struct weir_column_set set = { 0 };
	size_t n = listview_sorts(r, sort, &set);

	table_header(&r->table, d, r->letters, sort, n);
	weir_columns_release(&set);
}

static void
paint_row(
	struct listview *r, struct draw *d, size_t row, const struct table_look *query)
{
	struct table_look look = *query;
	const struct rows_row *cells = rows_get(&r->rows, listview_store(r), row);

	if (cells && r->rows.flagged_us)
		look.changed = rows_changed(cells, weir_monotonic_us());
	table_row(&r->table, d, cells, &look);
}

static void
begin_rows(struct listview *r, int n, struct table_look *ret_look)
{
	*ret_look = (struct table_look){ 0 };
	ret_look->n_words = words_of(r, &ret_look->words);
	r->rows.now_us = r->table.now_us = r->v.app->now_us;
	rows_load(&r->rows, listview_store(r), r->list.top, (size_t)n);
}

static void
paint_line(struct listview *r, struct draw *d, int i, const struct table_look *query)
{
	size_t row = r->list.top + (size_t)i;
	struct table_look look = *query;
	int limit = d->limit;

	if (row < r->rows.n) {
		look.marked = listview_is_marked(r, row);
		look.depth = listview_depth(r, row);
		look.folded = listview_is_folded(r, row);
		paint_row(r, d, row, &look);
		draw_to(d, limit);
		if (row == r->list.row)
			draw_select(d, limit);
	} else if (r->rows.n == 0) {
		paint_empty(r, d, i);
	}
}

/* Line i of the body. */
static void
paint_body_line(
	struct listview *r, struct draw *d, int i, const struct table_look *look)
{
	int header = listview_has_header(&r->v) ? 1 : 0;

	draw_begin(d, r->v.y + i);
	d->limit = listview_pane(r).list_width;
	if (i < header)
		paint_header(r, d);
	else
		paint_line(r, d, i - header, look);
	listview_paint_beside(r, d, i);
	draw_end(d, false);
}

void
listview_paint(struct view *v, struct draw *d)
{
	struct listview *r = listview_of(v);
	struct listview_pane pane = listview_pane(r);
	struct table_look look;

	listview_look(r);
	listview_env_under(r);
	begin_rows(r, r->list.height, &look);
	for (int i = 0; i < pane.list_height; i++)
		paint_body_line(r, d, i, &look);
	listview_paint_below(r, d);
	r->painted_row = r->list.row;
	r->painted_top = r->list.top;
}

bool
listview_paint_cursor(struct view *v, struct draw *d)
{
	struct listview *r = listview_of(v);
	int y = v->y + (listview_has_header(v) ? 1 : 0);

	if (r->rows.n == 0 || r->list.top != r->painted_top || r->range_key)
		return false;
	listview_look(r);
	listview_env_under(r);
	draw_reselect(d, y + (int)(r->painted_row - r->list.top), 0);
	draw_reselect(
		d, y + (int)(r->list.row - r->list.top), listview_pane(r).list_width);
	r->painted_row = r->list.row;
	return true;
}

void
listview_paint_sample(struct listview *r, struct draw *d, int y, int lines)
{
	struct table_look look;

	begin_rows(r, lines, &look);
	for (int i = 0; i < lines; i++) {
		size_t row = r->list.top + (size_t)i - 1;

		draw_begin(d, y + i);
		if (i == 0)
			paint_header(r, d);
		else if (row < r->rows.n)
			paint_row(r, d, row, &look);
		draw_end(d, false);
	}
}

static const enum weir_state state_order[] = { WEIR_ST_FAILED, WEIR_ST_CRASHED,
	WEIR_ST_RUNNING, WEIR_ST_PENDING, WEIR_ST_SCHEDULED, WEIR_ST_PAUSED,
	WEIR_ST_CANCELLING, WEIR_ST_CANCELLED, WEIR_ST_COMPLETED };

/* ` · 9 failed` for each state, as long as there is room left of `reserve` columns. */
static void
paint_state_counts(const struct listview *r, struct draw *d, int reserve)
{
	const char *dot = theme_glyph(d->theme, GLYPH_DOT);

	for (size_t i = 0; i < N_ELEM(state_order); i++) {
		enum weir_state state = state_order[i];
		bool bad = state == WEIR_ST_FAILED || state == WEIR_ST_CRASHED;
		struct buf part = BUF_INIT(128);

		word_number(&part, r->states[state]);
		buf_addc(&part, ' ');
		for (const char *p = weir_state_type(state); *p; p++)
			buf_addc(&part, (char)(*p | 0x20));
		if (r->states[state] > 0 &&
			draw_left(d) - reserve > draw_width(d, buf_cstr(&part)) + 4) {
			draw_text(d, STYLE_DIM, " ");
			draw_text(d, STYLE_DIM, dot);
			draw_text(d, STYLE_DIM, " ");
			draw_text(d, bad ? STYLE_RED : STYLE_PLAIN, buf_cstr(&part));
		}
		buf_release(&part);
	}
}

static int64_t
total(const struct listview *r)
{
	int64_t n = 0;

	if (r->held) /* it is counted, though not shown yet */
		return (int64_t)r->held->n;
	if (r->rows.whole || !r->counted)
		return (int64_t)r->fold.n;
	for (size_t i = 0; i < WEIR_N_STATES; i++)
		n += r->states[i];
	return n;
}

static size_t
range_length(const struct listview *r)
{
	size_t from = r->range_row, to = r->list.row;

	return from < to ? to - from + 1 : from - to + 1;
}

/* `: V marks it` */
static void
add_key(const struct listview *r, enum action_id id, const char *before,
	const char *does, struct buf *out)
{
	uint32_t key = keymap_key(&r->v.app->keymap, r->v.ops->context, id);
	char name[INPUT_NAME];

	if (key)
		buf_addf(out, "%s%s%s", before, input_name(key, name), does);
}

static void
paint_marked(const struct listview *r, struct draw *d)
{
	struct buf text = BUF_INIT(128);

	if (listview_n_marked(r) > 0) {
		buf_addf(&text, " %s ", theme_glyph(d->theme, GLYPH_DOT));
		word_number(&text, (int64_t)listview_n_marked(r));
		buf_adds(&text, " marked");
	}
	if (r->range_key) {
		buf_addf(&text, " %s ", theme_glyph(d->theme, GLYPH_DOT));
		buf_adds(&text, "range of ");
		word_number(&text, (int64_t)range_length(r));
		add_key(r, ACTION_MARK_RANGE, ": ", " marks it", &text);
		add_key(r, ACTION_BACK, ", ", " gives it up", &text);
	}
	draw_text(d, STYLE_STRONG, buf_cstr(&text));
	buf_release(&text);
}

/* `sort by:  s STATE  f FLOW`; without the words, then with less of the titles, which
 * stand above, as far as all fit. */
static void
paint_letters(const struct listview *r, struct draw *d)
{
	struct buf text = BUF_INIT(512);

	buf_adds(&text, r->adding ? "and by:" : "sort by:");
	table_letters(&r->table, TITLE_MAX, &text);
	for (int most = TITLE_MAX; most >= 0; most--) {
		if (draw_width(d, buf_cstr(&text)) <= draw_left(d))
			break;
		buf_clear(&text);
		table_letters(&r->table, most, &text);
	}
	draw_text(d, STYLE_STRONG, buf_cstr(&text));
	buf_release(&text);
}

static void
paint_key(struct draw *d, const char *key, const char *does)
{
	draw_text(d, STYLE_KEY, key);
	draw_spaces(d, 1);
	draw_text(d, STYLE_DIM, does);
	draw_spaces(d, 2);
}

bool
listview_paint_keys(struct view *v, struct draw *d)
{
	const struct listview *r = listview_of(v);

	if (!r->letters)
		return false;
	if (r->kind == WEIR_ENVIRONMENT)
		paint_key(d, "r", "reverse");
	if (!r->adding) {
		paint_key(d, "~", "one more");
		paint_key(d, "0", "reset");
	}
	paint_key(d, "Esc", "back");
	return true;
}

void
listview_paint_counts(struct view *v, struct draw *d)
{
	struct listview *r = listview_of(v);
	const char *command = listview_kind(r->kind)->command;
	const char *steps = r->v.app->start->about;
	struct buf left = BUF_INIT(128), right = BUF_INIT(128);
	size_t last = r->list.top + (size_t)r->list.height;
	bool exact = r->rows.whole || r->counted || r->rows.n == 0;

	if (r->letters) {
		paint_letters(r, d);
		return;
	}
	if (r->rows.n > 0) {
		last = last > r->rows.n ? r->rows.n : last;
		buf_addf(&right, "%s ", theme_glyph(d->theme, GLYPH_UPDOWN));
		word_number(&right, (int64_t)r->list.top + 1);
		buf_addc(&right, '-');
		word_number(&right, (int64_t)last);
	}
	word_number(&left, total(r));
	buf_addf(&left, "%s %.*s", exact ? "" : "+",
		(int)strlen(command) - (exact && total(r) == 1), command);
	if (r->pick && steps && *steps)
		buf_addf(&left, " for step%s %s", strchr(steps, ',') ? "s" : "", steps);
	draw_text(d, STYLE_PLAIN, buf_cstr(&left));
	paint_marked(r, d);
	if (r->counted)
		paint_state_counts(r, d, draw_width(d, buf_cstr(&right)));
	status_right(d, STYLE_DIM, buf_cstr(&right));
	buf_release(&left);
	buf_release(&right);
}

void
listview_paint_found(struct view *v, struct buf *out)
{
	struct listview *r = listview_of(v);

	word_number(out, total(r));
	if (!r->rows.whole && !r->counted)
		buf_addc(out, '+');
	if (r->find.counted) {
		buf_adds(out, " of ");
		word_number(out, r->find.total);
	}
	if (!v->app->script.path) /* a script's screens are the same each time */
		buf_addf(out, " %s %lld ms", theme_glyph(&v->app->theme, GLYPH_DOT),
			(long long)(r->us / 1000));
}
