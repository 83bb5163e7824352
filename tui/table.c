#include "table_cell.h"

#include <ctype.h>
#include <string.h>

enum { GAP = 2, GAP_CROWDED = 1, FREE_MAX = 48, GLYPH_COLUMNS = 2, MARK_COLUMNS = 1 };
/* Of a column that gives some of its width to a tree's lines. */
enum { INDENT_LEAST = 4 };

static const struct weir_column *
column(const struct table *t, size_t i)
{
	return t->rows->columns.v[t->cols[i].index];
}

/* The first letter of the title that no column before has taken. In lists of
 * environments `r` turns the order round, as it did in the menu that they had. */
static char
choose_letter(const struct table *t, const char *title)
{
	for (const char *p = title; *p; p++) {
		char c = (char)tolower((unsigned char)*p);
		bool taken = !isalpha((unsigned char)c) ||
			     (c == 'r' && t->rows->kind == WEIR_ENVIRONMENT);

		for (size_t i = 0; i < t->n; i++)
			taken = taken || t->cols[i].letter == c;
		if (!taken)
			return c;
	}
	return 0;
}

void
table_columns(struct table *t)
{
	const struct weir_column_set *all = &t->rows->columns;

	t->n = 0;
	t->skip = 0;
	for (size_t i = t->rows->first; i < all->n && t->n < TABLE_COLUMNS_MAX; i++) {
		unsigned flags = all->v[i]->flags;

		t->cols[t->n] = (struct table_column){ .index = i,
			.letter = choose_letter(t, all->v[i]->title),
			.wide = !t->rows->chosen && !(flags & WEIR_COL_TABLE) };
		t->n++;
	}
	table_reset(t);
}

void
table_init(struct table *t, struct rows *rows)
{
	memset(t, 0, sizeof(*t));
	t->rows = rows;
	table_columns(t);
}

void
table_reset(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->cols[i].full = t->cols[i].want = (int)strlen(column(t, i)->title);
}

/* The widest that a column may become. */
static int
ceiling(const struct table *t, size_t i)
{
	const struct weir_column *c = column(t, i);

	if (c->width)
		return c->width;
	if (c->type == WEIR_T_TIME && t->absolute)
		return 19;
	return c->max ? c->max : FREE_MAX;
}

static void
measure(struct table *t, const struct draw *d, const struct rows_row *row)
{
	for (size_t i = 0; i < t->n; i++) {
		struct buf text = BUF_INIT(TABLE_CELL_MAX);
		int width, most = ceiling(t, i);

		table_cell_text(t, d, &row->cells[t->cols[i].index], &text);
		width = draw_width(d, buf_cstr(&text));
		if (width > t->cols[i].full)
			t->cols[i].full = width < FREE_MAX ? width : FREE_MAX;
		if (width > most)
			width = most;
		if (width > t->cols[i].want)
			t->cols[i].want = width;
		buf_release(&text);
	}
}

static bool
has_glyph(const struct table *t)
{
	return t->rows->state < t->rows->columns.n;
}

/* What stands before the first column: a mark, and the state's glyph or a blank. */
static int
lead(const struct table *t)
{
	return MARK_COLUMNS + (has_glyph(t) ? GLYPH_COLUMNS : 1);
}

static int
total(const struct table *t, size_t n)
{
	int sum = lead(t);

	for (size_t i = 0; i < n; i++)
		sum += t->cols[i].width + (i > 0 ? t->gap : 0);
	return sum;
}

static int
floor_of(const struct table *t, size_t i)
{
	int least = column(t, i)->min;

	if (column(t, i)->width)
		return column(t, i)->width;
	/* A number or time that is cut says something else. */
	if (column(t, i)->flags & WEIR_COL_RIGHT)
		return t->cols[i].want;
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
		 * A state's name stands beside its glyph: it gives most. */
		if (!column(t, i)->max)
			spare = (spare + 1) / 2;
		if (column(t, i)->type == WEIR_T_STATE_NAME)
			spare *= 4;

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

	while (n < t->n && !t->cols[n].wide)
		n++;
	return n;
}

static void
widths(struct table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		/* An arrow alone may stand in the gap. */
		int title = (int)strlen(column(t, i)->title) + (t->several ? 2 : 0);
		int want = t->cols[i].want;

		t->cols[i].width = want < title ? title : want;
		if (column(t, i)->width)
			t->cols[i].width = column(t, i)->width;
	}
}

/* Make the first n columns as narrow as needed. False: they cannot be. */
static bool
fit(struct table *t, size_t n, int width)
{
	widths(t);
	t->gap = total(t, n) <= width ? GAP : GAP_CROWDED;
	while (total(t, n) > width) {
		if (!shrink(t, n))
			return false;
	}
	return true;
}

/* Room that is left goes to columns that would show more than is their due. */
static void
spread(struct table *t, int width)
{
	int left = width - total(t, t->shown);

	for (size_t i = 0; i < t->shown && left > 0; i++) {
		int more = t->cols[i].full - t->cols[i].width;

		if (more <= 0 || column(t, i)->width)
			continue;
		more = more < left ? more : left;
		t->cols[i].width += more;
		left -= more;
	}
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
	t->shown = n_table(t);
	while (!fit(t, t->shown, width) && t->shown > 1)
		t->shown--;
	/* Room for columns that are shown only on wide screens. */
	while (t->shown >= n_table(t) && t->shown < t->n &&
		total(t, t->shown + 1) <= width)
		t->shown++;
	spread(t, width);
}

/* A title, with its letter to sort by made visible, and after it `arrow`. */
static void
header_cell(const struct table *t, struct draw *d, size_t i, bool letters,
	const char *arrow)
{
	const struct weir_column *c = column(t, i);
	int width = t->cols[i].width, start = d->x, end = start + width;
	enum style style = *arrow ? STYLE_STRONG : STYLE_HEADER;
	struct str title = str_of(c->title);
	size_t k = 0;

	while (letters && k < title.len &&
		tolower((unsigned char)title.s[k]) != t->cols[i].letter)
		k++;
	if (c->flags & WEIR_COL_RIGHT)
		draw_spaces(d, width - draw_width(d, c->title) - draw_width(d, arrow));
	if (letters && k < title.len) {
		draw_str(d, style, (struct str){ title.s, k }, end - d->x);
		draw_str(d, STYLE_CURRENT, (struct str){ title.s + k, 1 }, end - d->x);
		title = (struct str){ title.s + k + 1, title.len - k - 1 };
	}
	draw_str(d, style, title, end - d->x);
	draw_text(d, style, arrow); /* at most into the gap */
	draw_to(d, end);
}

void
table_letters(const struct table *t, int most, struct buf *out)
{
	for (size_t i = 0; i < t->shown; i++)
		if (t->cols[i].letter)
			buf_addf(out, "  %c %.*s", (char)t->cols[i].letter, most,
				column(t, i)->title);
}

static bool
begin_column(const struct table *t, struct draw *d, size_t i, int start)
{
	if (i > 0 && i <= t->skip)
		return false;
	if (i > 0)
		draw_to(d, start);
	return draw_left(d) > 0;
}

/* `↓`, and with several columns which one it is: `↓2`. */
static void
arrow_of(const struct table *t, const struct draw *d, size_t i,
	const struct weir_sort *sort, size_t n, char out[16])
{
	out[0] = '\0';
	for (int k = 0; k < (int)n && k < WEIR_SORT_MAX; k++) {
		enum glyph glyph = sort[k].descending ? GLYPH_DOWN : GLYPH_UP;

		if (strcmp(sort[k].column->name, column(t, i)->name) != 0)
			continue;
		snprintf(out, 16, "%s", theme_glyph(d->theme, glyph));
		if (n > 1)
			snprintf(out + strlen(out), 16 - strlen(out), "%d", k + 1);
		return;
	}
}

void
table_header(const struct table *t, struct draw *d, bool letters,
	const struct weir_sort *sort, size_t n_sort)
{
	int start = lead(t);

	draw_to(d, start);
	for (size_t i = 0; i < t->shown; i++) {
		char arrow[16];

		if (!begin_column(t, d, i, start))
			continue;
		arrow_of(t, d, i, sort, n_sort, arrow);
		header_cell(t, d, i, letters, arrow);
		start += t->cols[i].width + t->gap;
	}
}

/* The mark, the lines of the tree and the state's glyph; its style is returned. */
static enum style
row_lead(const struct table *t, struct draw *d, const struct rows_row *row,
	const struct table_look *look, int indent)
{
	enum style style = STYLE_PLAIN;
	struct str name = STR("");
	char glyph[8];

	if (look->marked)
		draw_text(d, STYLE_MARKED, "*");
	else if (look->folded)
		draw_text(d, STYLE_DIM, "+");
	draw_to(d, MARK_COLUMNS);
	for (int i = 0; i < indent; i += 2) {
		draw_text(d, STYLE_DIM, theme_glyph(d->theme, GLYPH_RULE));
		draw_spaces(d, 1);
	}
	if (has_glyph(t)) {
		if (t->rows->state_name < t->rows->columns.n)
			name = row->cells[t->rows->state_name].s;
		style = theme_state(d->theme,
			(enum weir_state)row->cells[t->rows->state].i, name, glyph);
		draw_text(d, style, glyph);
		/* One run of colour with the name behind it: a third fewer bytes. */
		if (t->shown > 0 && column(t, 0)->type == WEIR_T_STATE_NAME)
			draw_text(d, style, " ");
	}
	draw_to(d, lead(t) + indent);
	return style;
}

/* Which column makes room for the tree's lines: the second one if it can. */
static size_t
gives_indent(const struct table *t, int indent)
{
	return t->shown > 1 && t->skip == 0 && t->cols[1].width - indent >= INDENT_LEAST
		       ? 1
		       : 0;
}

static void
row_cell(const struct table *t, struct draw *d, size_t i, const struct rows_row *row,
	const struct table_look *look, enum style style, int width)
{
	const struct weir_column *c = column(t, i);
	size_t index = t->cols[i].index;
	struct buf text = BUF_INIT(TABLE_CELL_MAX);
	const char *glyph;

	if (strcmp(c->name, "status") == 0 && !row->cells[index].null)
		style = theme_status(d->theme, row->cells[index].s, &glyph);
	if (look->changed >> index & 1)
		style = STYLE_CHANGED;
	table_cell_text(t, d, &row->cells[index], &text);
	table_cell_draw(d, style, buf_str(&text), width, c, look);
	buf_release(&text);
}

void
table_row(const struct table *t, struct draw *d, const struct rows_row *row,
	const struct table_look *look)
{
	int indent, start = lead(t);
	enum style state_style;
	size_t giver;

	if (!row)
		return;
	indent = 2 * (look->depth > TABLE_DEPTH_MAX ? TABLE_DEPTH_MAX : look->depth);
	giver = gives_indent(t, indent);
	state_style = row_lead(t, d, row, look, indent);
	for (size_t i = 0; i < t->shown; i++) {
		bool state = column(t, i)->type == WEIR_T_STATE_NAME;
		int end = start + t->cols[i].width + (i < giver ? indent : 0);

		if (!begin_column(t, d, i, start + (i <= giver ? indent : 0)))
			continue;
		row_cell(t, d, i, row, look, state ? state_style : STYLE_PLAIN,
			end - d->x);
		start += t->cols[i].width + t->gap;
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

const struct weir_column *
table_at(const struct table *t, int x)
{
	int start = lead(t);

	for (size_t i = 0; i < t->shown; i++) {
		if (i > 0 && i <= t->skip)
			continue;
		if (x < start + t->cols[i].width + t->gap)
			return x >= start || i == 0 ? column(t, i) : NULL;
		start += t->cols[i].width + t->gap;
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
