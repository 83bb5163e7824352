#include "table.h"

#include <ctype.h>
#include <string.h>

#include <weir/cell.h>
#include <weir/text.h>
#include <weir/time.h>

enum { GAP = 2, FREE_MAX = 48, CELL_MAX = 4096, GLYPH_COLUMNS = 2 };

static const struct weir_column *
column(const struct table *t, size_t i)
{
	return t->rows->columns.v[t->cols[i].index];
}

static bool
is_shown_kind(const struct table *t, size_t index, unsigned flag)
{
	const struct weir_column *c = t->rows->columns.v[index];

	/* id and state_type are read for other reasons: they come first. */
	if (index == t->rows->id || index == t->rows->state)
		return false;
	return (c->flags & flag) != 0 &&
	       (flag != WEIR_COL_WIDE || !(c->flags & WEIR_COL_TABLE));
}

/* The first letter of the title that no column before has taken. */
static char
choose_letter(const struct table *t, const char *title)
{
	for (const char *p = title; *p; p++) {
		char c = (char)tolower((unsigned char)*p);
		bool taken = !isalpha((unsigned char)c);

		for (size_t i = 0; i < t->n; i++)
			taken = taken || t->cols[i].letter == c;
		if (!taken)
			return c;
	}
	return 0;
}

static void
add_columns(struct table *t, unsigned flag)
{
	for (size_t i = 0; i < t->rows->columns.n && t->n < TABLE_COLUMNS_MAX; i++) {
		if (!is_shown_kind(t, i, flag))
			continue;
		t->cols[t->n].index = i;
		t->cols[t->n].letter = choose_letter(t, t->rows->columns.v[i]->title);
		t->n++;
	}
}

void
table_init(struct table *t, struct rows *rows)
{
	memset(t, 0, sizeof(*t));
	t->rows = rows;
	add_columns(t, WEIR_COL_TABLE);
	add_columns(t, WEIR_COL_WIDE);
	table_reset(t);
}

void
table_reset(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->cols[i].want = (int)strlen(column(t, i)->title);
}

static void
cell_text(const struct table *t, const struct draw *d, const struct weir_cell *cell,
	struct buf *out)
{
	struct weir_cell_style style = {
		.now_us = t->now_us, .utc = t->utc, .ascii = !d->theme->utf8
	};

	if (cell->null)
		return;
	if (cell->type == WEIR_T_TIME && t->absolute)
		weir_time_absolute(out, cell->i, t->utc, false);
	else if (cell->type == WEIR_T_JSON && cell->s.len <= 2)
		return; /* {} and [] say nothing */
	else
		weir_cell_show(out, cell, &style);
}

/* The widest that a column may become. */
static int
ceiling(const struct table *t, size_t i)
{
	const struct weir_column *c = column(t, i);

	if (c->type == WEIR_T_TIME && t->absolute)
		return 19;
	return c->max ? c->max : FREE_MAX;
}

static void
measure(struct table *t, const struct draw *d, const struct rows_row *row)
{
	for (size_t i = 0; i < t->n; i++) {
		struct buf text = BUF_INIT(CELL_MAX);
		int width, most = ceiling(t, i);

		cell_text(t, d, &row->cells[t->cols[i].index], &text);
		width = draw_width(d, buf_cstr(&text));
		if (width > most)
			width = most;
		if (width > t->cols[i].want)
			t->cols[i].want = width;
		buf_release(&text);
	}
}

static int
total(const struct table *t, size_t n)
{
	int sum = t->rows->state < t->rows->columns.n ? GLYPH_COLUMNS : 0;

	for (size_t i = 0; i < n; i++)
		sum += t->cols[i].width + (i > 0 ? GAP : 0);
	return sum;
}

static int
floor_of(const struct table *t, size_t i)
{
	int least = column(t, i)->min;

	return least < t->cols[i].want ? least : t->cols[i].want;
}

/* Take columns of a screen from where there is most to take. False: nothing is left. */
static bool
shrink(struct table *t, size_t n)
{
	size_t widest = n;
	int most = 0;

	for (size_t i = 0; i < n; i++) {
		int spare = t->cols[i].width - floor_of(t, i);

		/* What takes the rest is what tells rows apart: it gives half as much.
		 */
		if (!column(t, i)->max)
			spare = (spare + 1) / 2;

		if (spare > most) {
			most = spare;
			widest = i;
		}
	}
	if (widest == n)
		return false;
	t->cols[widest].width--;
	return true;
}

static size_t
n_table(const struct table *t)
{
	size_t n = 0;

	while (n < t->n && (column(t, n)->flags & WEIR_COL_TABLE))
		n++;
	return n;
}

void
table_layout(struct table *t, const struct draw *d, struct weir_store *store,
	size_t first, size_t n, int width)
{
	rows_load(t->rows, store, first, n);
	for (size_t i = first; i < first + n && i < t->rows->n; i++) {
		const struct rows_row *row = rows_get(t->rows, store, i);

		if (row)
			measure(t, d, row);
	}
	for (size_t i = 0; i < t->n; i++)
		t->cols[i].width = t->cols[i].want;
	t->shown = n_table(t);
	while (t->shown > 1 && total(t, t->shown) > width) {
		if (!shrink(t, t->shown))
			t->shown--;
	}
	/* Room for columns that are shown only on wide screens. */
	while (t->shown >= n_table(t) && t->shown < t->n &&
		total(t, t->shown + 1) <= width)
		t->shown++;
}

/* A title, with its letter to sort by made visible and an arrow when sorted by it. */
static void
header_cell(const struct table *t, struct draw *d, size_t i, bool letters,
	const char *arrow)
{
	const struct weir_column *c = column(t, i);
	int width = t->cols[i].width, start = d->x;
	struct buf title = BUF_INIT(128);

	buf_adds(&title, c->title);
	if (arrow)
		buf_adds(&title, arrow);
	if (c->flags & WEIR_COL_RIGHT)
		draw_spaces(d, width - draw_width(d, buf_cstr(&title)));
	for (size_t k = 0; k < title.len && letters; k++) {
		bool is = tolower((unsigned char)title.s[k]) == t->cols[i].letter;

		if (!is)
			continue;
		draw_str(d, STYLE_HEADER, (struct str){ title.s, k }, width);
		draw_str(d, STYLE_CURRENT, (struct str){ title.s + k, 1 }, 1);
		draw_str(d, STYLE_HEADER,
			(struct str){ title.s + k + 1, title.len - k - 1 },
			start + width - d->x);
		goto out;
	}
	draw_str(d, arrow ? STYLE_STRONG : STYLE_HEADER, buf_str(&title),
		start + width + (arrow ? 1 : 0) - d->x);
out:
	draw_to(d, start + width);
	buf_release(&title);
}

void
table_letters(const struct table *t, struct buf *out)
{
	for (size_t i = 0; i < t->shown; i++)
		if (t->cols[i].letter)
			buf_addf(out, "  %c %s", (char)t->cols[i].letter,
				column(t, i)->title);
}

static bool
begin_column(const struct table *t, struct draw *d, size_t i)
{
	if (i > 0 && i <= t->skip)
		return false;
	if (i > 0)
		draw_spaces(d, GAP);
	return draw_left(d) > 0;
}

void
table_header(const struct table *t, struct draw *d, bool letters,
	const struct weir_column *sort, bool descending)
{
	const char *arrow = theme_glyph(d->theme, descending ? GLYPH_DOWN : GLYPH_UP);

	if (t->rows->state < t->rows->columns.n)
		draw_spaces(d, GLYPH_COLUMNS);
	for (size_t i = 0; i < t->shown; i++) {
		if (begin_column(t, d, i))
			header_cell(
				t, d, i, letters, column(t, i) == sort ? arrow : NULL);
	}
}

void
table_row(const struct table *t, struct draw *d, const struct rows_row *row)
{
	enum style state_style = STYLE_PLAIN;

	if (!row)
		return;
	if (t->rows->state < t->rows->columns.n) {
		char glyph[8];
		struct str name = STR("");

		for (size_t i = 0; i < t->rows->columns.n; i++) {
			if (t->rows->columns.v[i]->type == WEIR_T_STATE_NAME)
				name = row->cells[i].s;
		}
		state_style = theme_state(d->theme,
			(enum weir_state)row->cells[t->rows->state].i, name, glyph);
		draw_text(d, state_style, glyph);
		draw_to(d, GLYPH_COLUMNS);
	}
	for (size_t i = 0; i < t->shown; i++) {
		const struct weir_column *c = column(t, i);
		struct buf text = BUF_INIT(CELL_MAX);

		if (begin_column(t, d, i)) {
			cell_text(t, d, &row->cells[t->cols[i].index], &text);
			draw_cell(d,
				c->type == WEIR_T_STATE_NAME ? state_style
							     : STYLE_PLAIN,
				buf_str(&text), t->cols[i].width,
				(c->flags & WEIR_COL_RIGHT) != 0);
		}
		buf_release(&text);
	}
}

const struct weir_column *
table_pick(const struct table *t, uint32_t key)
{
	for (size_t i = 0; i < t->shown; i++) {
		if (key == (uint32_t)t->cols[i].letter ||
			(key >= '1' && key <= '9' && i == key - '1'))
			return column(t, i);
	}
	return NULL;
}

bool
table_scroll(struct table *t, int direction)
{
	if (direction < 0 ? t->skip == 0 : t->skip + 2 >= t->shown)
		return false;
	t->skip += direction < 0 ? (size_t)-1 : 1;
	return true;
}
