#include "pager.h"

#include <weir/text.h>

enum { LEFT_STEP = 16, ROWS_MAX = 20000 };

void
pager_init(struct pager *p, const struct pager_source *source, void *arg)
{
	memset(p, 0, sizeof(*p));
	p->source = source;
	p->arg = arg;
	p->width = 80;
	p->height = 1;
	p->current = PAGER_NONE;
	buf_init(&p->text, PAGER_TEXT_MAX * 4);
}

void
pager_release(struct pager *p)
{
	buf_release(&p->text);
	VEC_FREE(&p->rows);
}

static size_t
count(const struct pager *p)
{
	return p->source->n(p->arg);
}

static int
prefix_width(const struct pager_line *line)
{
	int width = 0;

	for (int i = 0; i < line->n_spans; i++)
		width += line->spans[i].width;
	return width;
}

/* Columns for the text beside its prefix; a prefix never takes more than half. */
static int
text_columns(const struct pager *p, const struct pager_line *line)
{
	int room = p->width - prefix_width(line);

	return room < p->width / 2 ? p->width : room < 1 ? 1 : room;
}

static void
split_row(struct pager *p, struct str row, size_t columns)
{
	do {
		size_t n = p->wrap ? text_prefix(row, columns) : row.len;

		if (n == 0 && row.len > 0)
			n = row.len;
		for (size_t k = n; p->prose && n < row.len && k > n / 2; k--) {
			if (row.s[k - 1] == ' ') {
				n = k;
				break;
			}
		}
		VEC_PUSH(&p->rows, ((struct str){ row.s, n }));
		row.s += n;
		row.len -= n;
	} while (row.len > 0 && p->rows.n < ROWS_MAX);
}

/* The rows of a line into p->rows. Carriage returns end what progress bars overwrite.
 */
static void
split(struct pager *p, const struct pager_line *line)
{
	struct str s = line->text;
	size_t columns = (size_t)text_columns(p, line);

	if (s.len > PAGER_TEXT_MAX)
		s.len = PAGER_TEXT_MAX;
	while (s.len > 0 && (s.s[s.len - 1] == '\n' || s.s[s.len - 1] == '\r'))
		s.len--;
	buf_clear(&p->text);
	text_sanitize(&p->text, s,
		TEXT_KEEP_NEWLINE | TEXT_EXPAND_TABS | (p->utf8 ? 0 : TEXT_ASCII));
	if (line->text.len > PAGER_TEXT_MAX)
		buf_addf(&p->text, "\n(%zu bytes more)", line->text.len - s.len);
	p->rows.n = 0;
	s = buf_str(&p->text);
	for (;;) {
		const char *end = s.len ? memchr(s.s, '\n', s.len) : NULL;
		struct str row = { s.s, end ? (size_t)(end - s.s) : s.len };

		split_row(p, row, columns);
		if (!end || p->rows.n >= ROWS_MAX)
			break;
		s.s += row.len + 1;
		s.len -= row.len + 1;
	}
}

static size_t
rows_of(struct pager *p, size_t i)
{
	struct pager_line line = { 0 };

	if (!p->source->line(p->arg, i, &line))
		return 1;
	split(p, &line);
	return p->rows.n;
}

void
pager_size(struct pager *p, int width, int height)
{
	p->width = width < 1 ? 1 : width;
	p->height = height < 1 ? 1 : height;
	pager_clamp(p);
}

/* One row up or down; false at the end. */
static bool
step(struct pager *p, int direction)
{
	if (direction < 0) {
		if (p->sub > 0) {
			p->sub--;
			return true;
		}
		if (p->top == 0)
			return false;
		p->sub = rows_of(p, --p->top) - 1;
		return true;
	}
	if (p->sub + 1 < rows_of(p, p->top)) {
		p->sub++;
		return true;
	}
	if (p->top + 1 >= count(p))
		return false;
	p->top++;
	p->sub = 0;
	return true;
}

void
pager_end(struct pager *p)
{
	size_t n = count(p);

	if (n == 0) {
		p->top = p->sub = 0;
		return;
	}
	p->top = n - 1;
	p->sub = rows_of(p, p->top) - 1;
	for (int i = 1; i < p->height; i++) {
		if (!step(p, -1))
			break;
	}
}

/* Is there a row below the screen? */
bool
pager_at_end(struct pager *p)
{
	size_t n = count(p), i = p->top, rows;

	if (n == 0)
		return true;
	rows = rows_of(p, i) - p->sub;
	while (rows <= (size_t)p->height) {
		if (++i >= n)
			return true;
		rows += rows_of(p, i);
	}
	return false;
}

void
pager_clamp(struct pager *p)
{
	size_t n = count(p), rows;

	if (p->top >= n) {
		pager_end(p);
		return;
	}
	rows = rows_of(p, p->top);
	if (p->sub >= rows)
		p->sub = rows - 1;
	if (pager_at_end(p))
		pager_end(p);
}

size_t
pager_bottom(struct pager *p)
{
	size_t n = count(p), i = p->top, rows;

	if (n == 0)
		return 0;
	rows = rows_of(p, i) - p->sub;
	while (rows < (size_t)p->height && i + 1 < n)
		rows += rows_of(p, ++i);
	return i;
}

void
pager_goto(struct pager *p, size_t line)
{
	size_t n = count(p);

	if (n == 0)
		return;
	p->top = line < n ? line : n - 1;
	p->sub = 0;
	/* Some lines before it, for the context. */
	for (int i = 0; i < p->height / 3; i++) {
		if (!step(p, -1))
			break;
	}
	if (pager_at_end(p))
		pager_end(p);
}

void
pager_show(struct pager *p, size_t line)
{
	if (line < p->top || (line == p->top && p->sub > 0) || line > pager_bottom(p) ||
		(line == pager_bottom(p) && !pager_at_end(p) && line != p->top))
		pager_goto(p, line);
}

static void
scroll(struct pager *p, int direction, int rows)
{
	if (direction > 0 && pager_at_end(p))
		return;
	for (int i = 0; i < rows; i++) {
		if (!step(p, direction))
			break;
	}
	if (direction > 0 && pager_at_end(p))
		pager_end(p);
}

bool
pager_act(struct pager *p, enum action_id id)
{
	switch ((int)id) {
	case ACTION_UP:
		scroll(p, -1, 1);
		return true;
	case ACTION_DOWN:
		scroll(p, 1, 1);
		return true;
	case ACTION_PAGE_UP:
		scroll(p, -1, p->height);
		return true;
	case ACTION_PAGE_DOWN:
		scroll(p, 1, p->height);
		return true;
	case ACTION_HALF_UP:
		scroll(p, -1, (p->height + 1) / 2);
		return true;
	case ACTION_HALF_DOWN:
		scroll(p, 1, (p->height + 1) / 2);
		return true;
	case ACTION_FIRST:
		p->top = p->sub = 0;
		return true;
	case ACTION_LAST:
		pager_end(p);
		return true;
	case ACTION_LEFT:
		p->left = p->left > LEFT_STEP ? p->left - LEFT_STEP : 0;
		return true;
	case ACTION_RIGHT:
		if (!p->wrap && p->left < DRAW_COLS_MAX)
			p->left += LEFT_STEP;
		return true;
	default:
		return false;
	}
}

/* A row of text with what matches in it made visible. */
static void
paint_text(struct pager *p, struct draw *d, struct str row, enum style style,
	enum style found)
{
	size_t pos = 0, start, end;

	if (!p->wrap && p->left > 0) {
		size_t skip = text_prefix(row, (size_t)p->left);

		row.s += skip;
		row.len -= skip;
	}
	while (p->match && pos < row.len && draw_left(d) > 0 &&
		weir_match_find(p->match, row, pos, &start, &end) && end > start) {
		draw_str(d, style, (struct str){ row.s + pos, start - pos },
			draw_left(d));
		draw_str(d, found, (struct str){ row.s + start, end - start },
			draw_left(d));
		pos = end;
	}
	draw_str(d, style, (struct str){ row.s + pos, row.len - pos }, draw_left(d));
}

static void
paint_row(struct pager *p, struct draw *d, const struct pager_line *line, size_t sub,
	bool current)
{
	int indent = p->width - text_columns(p, line);

	for (int i = 0; i < line->n_spans && indent > 0; i++) {
		if (sub == 0)
			draw_cell(d, line->spans[i].style, line->spans[i].text,
				line->spans[i].width, false);
	}
	draw_to(d, indent);
	paint_text(p, d, p->rows.v[sub], line->style,
		current ? STYLE_CURRENT : STYLE_MATCH);
}

void
pager_paint(struct pager *p, struct draw *d, int y,
	void (*edge)(void *arg, struct draw *d, int row))
{
	size_t n = count(p), i = p->top, sub = p->sub;
	struct pager_line line = { 0 };
	bool loaded = false;

	for (int row = 0; row < p->height; row++) {
		draw_begin(d, y + row);
		d->limit = p->width;
		if (i < n && !loaded) {
			memset(&line, 0, sizeof(line));
			loaded = p->source->line(p->arg, i, &line);
			if (!loaded)
				line.text = STR("(cannot be read)");
			split(p, &line);
			loaded = true;
		}
		if (i < n && sub < p->rows.n) {
			paint_row(p, d, &line, sub, i == p->current);
			if (++sub >= p->rows.n) {
				sub = 0;
				i++;
				loaded = false;
			}
		}
		if (edge) {
			d->limit = d->cols;
			edge(p->arg, d, row);
		}
		draw_end(d, false);
	}
}
