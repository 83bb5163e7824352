#include "draw.h"

#include <wchar.h>

#include <curses.h>

#include <weir/mem.h>
#include <weir/text.h>

enum { ROW_MAX = 64 << 10, TEXT_PIECE_MAX = 32 << 10, STYLE_LONG = 0x7e };

void
draw_init(struct draw *d, const struct theme *theme)
{
	memset(d, 0, sizeof(*d));
	d->theme = theme;
	buf_init(&d->row, ROW_MAX);
	buf_init(&d->clean, ROW_MAX);
	d->cursor_y = -1;
	d->focus = -1;
}

static void
frame_free(struct draw *d)
{
	for (int i = 0; i < d->rows; i++)
		buf_release(&d->frame[i]);
	free(d->frame);
	d->frame = NULL;
	d->rows = 0;
}

void
draw_release(struct draw *d)
{
	frame_free(d);
	buf_release(&d->row);
	buf_release(&d->clean);
}

void
draw_resize(struct draw *d, int rows, int cols)
{
	frame_free(d);
	d->rows = rows < 1 ? 1 : rows > DRAW_ROWS_MAX ? DRAW_ROWS_MAX : rows;
	d->cols = cols < 1 ? 1 : cols > DRAW_COLS_MAX ? DRAW_COLS_MAX : cols;
	d->frame = xcalloc((size_t)d->rows, sizeof(*d->frame));
	for (int i = 0; i < d->rows; i++)
		buf_init(&d->frame[i], ROW_MAX);
	draw_forget(d);
}

void
draw_forget(struct draw *d)
{
	for (int i = 0; i < d->rows; i++) {
		buf_clear(&d->frame[i]);
		buf_addc(&d->frame[i], (char)0xff); /* no row begins so */
	}
	erase();
	clearok(curscr, TRUE);
}

void
draw_begin(struct draw *d, int y)
{
	buf_clear(&d->row);
	d->y = y;
	d->x = 0;
	d->limit = d->cols;
	d->selected = 0;
}

int
draw_left(const struct draw *d)
{
	return d->limit > d->x ? d->limit - d->x : 0;
}

/* A byte, or for the styles of coloured text a mark and four; none is 0. */
static void
add_style(struct buf *row, enum style style)
{
	unsigned code = (unsigned)style;

	if (style < STYLE_N) {
		buf_addc(row, (char)(style + 1));
		return;
	}
	buf_addc(row, STYLE_LONG);
	for (int shift = 0; shift < 20; shift += 5)
		buf_addc(row, (char)(0x20 + (code >> shift & 31)));
}

static enum style
read_style(const char **p)
{
	unsigned code = 0;

	if (*(*p)++ != STYLE_LONG)
		return (enum style)((*p)[-1] - 1);
	for (int shift = 0; shift < 20; shift += 5)
		code |= (unsigned)(*(*p)++ - 0x20) << shift;
	return (enum style)code;
}

static void
put(struct draw *d, enum style style, struct str s, int width)
{
	if (s.len == 0)
		return;
	add_style(&d->row, style);
	buf_addstr(&d->row, s);
	buf_addc(&d->row, '\0');
	d->x += width;
}

static struct str
clean(struct draw *d, struct str s)
{
	if (s.len > TEXT_PIECE_MAX)
		s.len = TEXT_PIECE_MAX;
	buf_clear(&d->clean);
	text_sanitize(&d->clean, s, d->theme->utf8 ? 0 : TEXT_ASCII);
	return buf_str(&d->clean);
}

void
draw_str(struct draw *d, enum style style, struct str s, int columns)
{
	int room = draw_left(d);
	struct str text = clean(d, s);
	struct buf cut = BUF_INIT(ROW_MAX);
	size_t used;

	if (columns > room)
		columns = room;
	if (columns <= 0)
		return;
	used = text_fit(&cut, text, (size_t)columns, d->theme->utf8 ? 0 : TEXT_ASCII);
	put(d, style, buf_str(&cut), (int)used);
	buf_release(&cut);
}

void
draw_text(struct draw *d, enum style style, const char *s)
{
	draw_str(d, style, str_of(s), draw_left(d));
}

int
draw_width(const struct draw *d, const char *s)
{
	struct buf b = BUF_INIT(ROW_MAX);
	int n;

	text_sanitize(&b, str_of(s), d->theme->utf8 ? 0 : TEXT_ASCII);
	n = (int)text_width(buf_str(&b));
	buf_release(&b);
	return n;
}

void
draw_spaces(struct draw *d, int n)
{
	struct buf b = BUF_INIT(DRAW_COLS_MAX);

	if (n > draw_left(d))
		n = draw_left(d);
	if (n > 0) {
		buf_addn(&b, ' ', (size_t)n);
		put(d, STYLE_PLAIN, buf_str(&b), n);
	}
	buf_release(&b);
}

void
draw_to(struct draw *d, int x)
{
	draw_spaces(d, x - d->x);
}

void
draw_cell(struct draw *d, enum style style, struct str s, int columns, bool right)
{
	int start = d->x;

	if (right) {
		int width = (int)text_width(clean(d, s));

		if (width < columns)
			draw_spaces(d, columns - width);
	}
	draw_str(d, style, s, start + columns - d->x);
	draw_to(d, start + columns);
}

/*
 * One character with what combines with it, at its column. ncurses and the terminal may
 * know another width than we do; such a character is shown as unknown so that columns
 * stay true.
 */
static int
put_cluster(struct str s, size_t *pos, int y, int x, attr_t attrs, short pair)
{
	wchar_t wide[CCHARW_MAX + 1] = { 0 };
	cchar_t cell;
	uint32_t cp = text_decode(s, pos);
	int width = text_cp_width(cp);
	int n = 1;

	wide[0] = (wchar_t)cp;
	if (width < 1 || wcwidth((wchar_t)cp) != width) {
		wide[0] = width == 2 ? L'?' : 0xfffd;
		if (width < 1)
			width = 1;
	}
	/* Marks beyond what a cell holds are dropped. */
	while (*pos < s.len) {
		size_t next = *pos;
		uint32_t mark = text_decode(s, &next);

		if (text_cp_width(mark) != 0)
			break;
		if (n < CCHARW_MAX && wcwidth((wchar_t)mark) == 0)
			wide[n++] = (wchar_t)mark;
		*pos = next;
	}
	if (width == 2 && wcwidth(wide[0]) != 2) {
		(void)attr_set(attrs, pair, NULL);
		mvaddstr(y, x, "  ");
	}
	if (setcchar(&cell, wide, attrs, pair, NULL) == OK)
		mvadd_wch(y, x, &cell);
	return width;
}

static bool
is_ascii(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((signed char)s[i] < 0x20)
			return false;
	}
	return true;
}

static attr_t
span_attrs(const struct draw *d, enum style style, bool selected, short *ret_pair)
{
	uint32_t attrs;

	theme_attrs(d->theme, style, &attrs, ret_pair);
	if (!selected)
		return (attr_t)attrs;
	*ret_pair = 0;
	return ((attr_t)attrs & ~(attr_t)A_DIM) ^ A_REVERSE;
}

static int
put_span(struct draw *d, int x, enum style style, struct str s, bool selected)
{
	short pair;
	attr_t attrs = span_attrs(d, style, selected, &pair);
	size_t pos = 0;

	/* Attributes of the window join those of a cell. */
	(void)attr_set(attrs, pair, NULL);
	if (is_ascii(s.s, s.len)) {
		mvaddnstr(d->y, x, s.s, (int)s.len);
		return x + (int)s.len;
	}
	while (pos < s.len)
		x += put_cluster(s, &pos, d->y, x, attrs, pair);
	return x;
}

void
draw_select(struct draw *d, int x)
{
	draw_to(d, x);
	d->selected = d->x;
}

static void
set_focus(struct draw *d, int y, bool selected)
{
	if (selected)
		d->focus = y;
	else if (d->focus == y)
		d->focus = -1;
}

/* A row ends with how many of its columns are selected, in two bytes. */
static int
read_selected(const struct buf *row)
{
	const char *end = row->s + row->len;

	return end[-2] - 1 + (end[-1] - 1) * 64;
}

static void
add_selected(struct buf *row, int columns)
{
	buf_addc(row, (char)(1 + columns % 64));
	buf_addc(row, (char)(1 + columns / 64));
}

void
draw_reselect(struct draw *d, int y, int columns)
{
	struct buf *row = &d->frame[y];
	const char *p = row->s, *end = row->s + row->len - 2;
	int was = read_selected(row), x = 0;

	while (p < end) {
		enum style style = read_style(&p);
		struct str s = str_of(p);
		bool selected = x < columns;
		short pair;
		attr_t attrs = span_attrs(d, style, selected, &pair);
		int width = is_ascii(s.s, s.len) ? (int)s.len : (int)text_width(s);

		if (selected != (x < was))
			mvchgat(y, x, width, attrs, pair, NULL);
		x += width;
		p += s.len + 1;
	}
	buf_truncate(row, row->len - 2);
	add_selected(row, columns);
	set_focus(d, y, columns > 0);
}

void
draw_end(struct draw *d, bool selected)
{
	struct buf *old;
	const char *p, *end;
	int x = 0;

	if (d->y < 0 || d->y >= d->rows)
		return;
	if (selected)
		draw_select(d, d->cols);
	set_focus(d, d->y, d->selected > 0);
	add_selected(&d->row, d->selected);
	old = &d->frame[d->y];
	if (old->len == d->row.len && memcmp(old->s, d->row.s, old->len) == 0)
		return;

	for (p = d->row.s, end = p + d->row.len - 2; p < end;) {
		enum style style = read_style(&p);
		size_t n = strlen(p);

		x = put_span(d, x, style, (struct str){ p, n }, x < d->selected);
		p += n + 1;
	}
	(void)attr_set(A_NORMAL, 0, NULL);
	if (x < d->cols) {
		move(d->y, x);
		clrtoeol();
	}
	buf_clear(old);
	buf_add(old, d->row.s, d->row.len);
}

void
draw_cursor(struct draw *d, int y, int x)
{
	d->cursor_y = y;
	d->cursor_x = x < d->cols ? x : d->cols - 1;
}

void
draw_flush(struct draw *d)
{
	if (d->cursor_y >= 0) {
		move(d->cursor_y, d->cursor_x);
		curs_set(1);
	} else if (d->follows && d->focus >= 0 && d->focus < d->rows) {
		move(d->focus, 0);
		curs_set(1);
	} else {
		move(d->rows - 1, 0);
		curs_set(0);
	}
	refresh();
}

static void
dump_cell(struct buf *out, const cchar_t *cell, bool attributes)
{
	wchar_t wide[CCHARW_MAX + 1] = { 0 };
	char bytes[16];
	attr_t attrs = 0;
	short pair = 0;
	mbstate_t state = { 0 };

	if (getcchar(cell, wide, &attrs, &pair, NULL) != OK)
		return;
	if (attributes) {
		buf_addc(out, theme_letter((uint32_t)attrs, pair));
		return;
	}
	for (size_t i = 0; wide[i] != L'\0'; i++) {
		size_t n = wcrtomb(bytes, wide[i], &state);

		buf_add(out, n == (size_t)-1 ? "?" : bytes, n == (size_t)-1 ? 1 : n);
	}
}

void
draw_dump(const struct draw *d, bool attributes, struct buf *out)
{
	for (int y = 0; y < d->rows; y++) {
		size_t start = out->len;

		for (int x = 0; x < d->cols; x++) {
			cchar_t cell;
			wchar_t wide[CCHARW_MAX + 1] = { 0 };
			attr_t attrs;
			short pair;

			if (mvin_wch(y, x, &cell) != OK)
				continue;
			dump_cell(out, &cell, attributes);
			/* The second half of a wide character repeats it. */
			if (getcchar(&cell, wide, &attrs, &pair, NULL) == OK &&
				wcwidth(wide[0]) == 2) {
				x++;
				if (attributes)
					buf_addc(out,
						theme_letter((uint32_t)attrs, pair));
			}
		}
		while (out->len > start && out->s[out->len - 1] == ' ')
			buf_truncate(out, out->len - 1);
		buf_addc(out, '\n');
	}
}
