#include "pager.h"

#include <weir/text.h>

enum { LEFT_STEP = 16 };

void
pager_init(struct pager *p, const struct pager_source *source, void *arg)
{
	memset(p, 0, sizeof(*p));
	p->source = source;
	p->arg = arg;
	p->width = 80;
	p->height = 1;
	p->current = PAGER_NONE;
	p->generation = 1;
	buf_init(&p->text, PAGER_TEXT_MAX * 4);
}

void
pager_release(struct pager *p)
{
	buf_release(&p->text);
	VEC_FREE(&p->rows);
	VEC_FREE(&p->colours);
}

static size_t
count(const struct pager *p)
{
	return p->source->n(p->arg);
}

/* One row up or down; false at the end. Lines without rows are passed. */
static bool
step(struct pager *p, int direction)
{
	size_t i = p->top, rows;

	if (direction < 0) {
		if (p->sub > 0) {
			p->sub--;
			return true;
		}
		while (i > 0) {
			rows = pager_rows_of(p, --i);
			if (rows > 0) {
				p->top = i;
				p->sub = rows - 1;
				return true;
			}
		}
		return false;
	}
	if (p->sub + 1 < pager_rows_of(p, i)) {
		p->sub++;
		return true;
	}
	while (++i < count(p)) {
		if (pager_rows_of(p, i) > 0) {
			p->top = i;
			p->sub = 0;
			return true;
		}
	}
	return false;
}

/* The next line in a direction that has a row; PAGER_NONE: there is none. */
static size_t
neighbour(struct pager *p, size_t i, int direction)
{
	size_t n = count(p);

	while (direction > 0 ? i + 1 < n : i > 0) {
		i += direction > 0 ? 1 : (size_t)-1;
		if (pager_rows_of(p, i) > 0)
			return i;
	}
	return PAGER_NONE;
}

/* The last line that has a row. */
static size_t
last_line(struct pager *p)
{
	size_t n = count(p), i;

	if (n == 0)
		return PAGER_NONE;
	if (pager_rows_of(p, n - 1) > 0)
		return n - 1;
	i = neighbour(p, n - 1, -1);
	return i == PAGER_NONE ? 0 : i;
}

/* The end of the text at the end of the screen. */
static void
to_end(struct pager *p)
{
	size_t last = last_line(p), rows;

	p->top = p->sub = 0;
	if (last == PAGER_NONE)
		return;
	rows = pager_rows_of(p, last);
	p->top = last;
	p->sub = rows > 0 ? rows - 1 : 0;
	for (int i = 1; i < p->height; i++) {
		if (!step(p, -1))
			break;
	}
}

void
pager_end(struct pager *p)
{
	to_end(p);
	if (p->cursor)
		p->current = last_line(p);
}

/* Is there no row below the screen? */
bool
pager_at_end(struct pager *p)
{
	size_t n = count(p), i = p->top, rows;

	if (n == 0)
		return true;
	rows = pager_rows_of(p, i);
	rows = rows > p->sub ? rows - p->sub : 0;
	while (rows <= (size_t)p->height) {
		if (++i >= n)
			return true;
		rows += pager_rows_of(p, i);
	}
	return false;
}

size_t
pager_bottom(struct pager *p)
{
	size_t n = count(p), i = p->top, rows, last = i;

	if (n == 0)
		return 0;
	rows = pager_rows_of(p, i);
	rows = rows > p->sub ? rows - p->sub : 0;
	while (rows < (size_t)p->height && i + 1 < n) {
		size_t more = pager_rows_of(p, ++i);

		if (more > 0)
			last = i;
		rows += more;
	}
	return last;
}

/* Rows from the top of the screen to row `row` of a line at or after it. */
static size_t
distance(struct pager *p, size_t line, size_t row)
{
	size_t rows = 0;

	for (size_t i = p->top; i < line && rows < p->sub + (size_t)p->height * 2; i++)
		rows += pager_rows_of(p, i);
	rows += row;
	return rows > p->sub ? rows - p->sub : 0;
}

/* Scroll as little as brings a line to the screen, its first row before its last. */
static void
make_visible(struct pager *p, size_t line)
{
	size_t rows = pager_rows_of(p, line), height = (size_t)p->height;

	if (line < p->top) {
		p->top = line;
		p->sub = rows > height ? rows - height : 0;
		return;
	}
	if (line > p->top && distance(p, line, 0) >= height * 2) {
		p->top = line; /* far away: from there upwards */
		p->sub = rows > 0 ? rows - 1 : 0;
		for (size_t i = 1; i < height; i++) {
			if (!step(p, -1))
				break;
		}
	}
	while (distance(p, line, rows) > height &&
		!(p->top == line && p->sub + height >= rows)) {
		if (p->top == line && rows > height)
			break;
		if (!step(p, 1))
			break;
	}
}

/* Stand on a line that is there and on the screen. */
static void
hold_cursor(struct pager *p)
{
	size_t n = count(p);

	if (!p->cursor)
		return;
	if (n == 0) {
		p->current = PAGER_NONE;
		return;
	}
	if (p->current == PAGER_NONE)
		p->current = p->top;
	if (p->current >= n)
		p->current = n - 1;
	if (pager_rows_of(p, p->current) == 0) {
		size_t i = neighbour(p, p->current, -1);

		p->current = i == PAGER_NONE ? 0 : i;
	}
	if (p->current < p->top || p->current > pager_bottom(p))
		make_visible(p, p->current);
}

void
pager_changed(struct pager *p)
{
	p->generation++;
}

void
pager_clamp(struct pager *p)
{
	size_t n = count(p), rows;

	p->generation++;
	if (p->top >= n) {
		to_end(p);
	} else {
		rows = pager_rows_of(p, p->top);
		if (rows == 0) {
			p->sub = 0;
			step(p, -1);
		} else if (p->sub >= rows) {
			p->sub = rows - 1;
		}
		if (pager_at_end(p))
			to_end(p);
	}
	hold_cursor(p);
}

void
pager_size(struct pager *p, int width, int height)
{
	p->width = width < 1 ? 1 : width;
	p->height = height < 1 ? 1 : height;
	pager_clamp(p);
}

/* Show a line below `before` rows of what stands before it, and stand on it. */
static void
show_below(struct pager *p, size_t line, int before)
{
	size_t n = count(p);

	p->top = line < n ? line : n - 1;
	p->sub = 0;
	if (pager_rows_of(p, p->top) == 0)
		step(p, -1);
	if (p->cursor)
		p->current = p->top;
	for (int i = 0; i < before; i++) {
		if (!step(p, -1))
			break;
	}
	if (pager_at_end(p))
		to_end(p);
}

/* Some lines before it, for the context. */
void
pager_goto(struct pager *p, size_t line)
{
	if (count(p) > 0)
		show_below(p, line, p->height / 3);
}

void
pager_show(struct pager *p, size_t line)
{
	size_t bottom = pager_bottom(p);

	if (p->cursor && line < count(p))
		p->current = line;
	if (line < p->top || (line == p->top && p->sub > 0) || line > bottom ||
		(line == bottom && !pager_at_end(p) && line != p->top))
		pager_goto(p, line);
}

int
pager_row(struct pager *p)
{
	size_t at;

	if (p->current == PAGER_NONE || p->current < p->top || p->current >= count(p) ||
		p->top >= count(p))
		return 0;
	at = distance(p, p->current, 0);
	return at < (size_t)p->height ? (int)at : p->height - 1;
}

void
pager_put(struct pager *p, size_t line, int row)
{
	p->generation++;
	if (count(p) == 0) {
		p->top = p->sub = 0;
		p->current = PAGER_NONE;
		return;
	}
	show_below(p, line, row);
	hold_cursor(p);
}

/* Which row of the line matches, and where; false: none does. */
static bool
find_row(struct pager *p, size_t i, size_t *ret_row, size_t *ret_column)
{
	struct pager_line line = { 0 };
	size_t start, end;

	if (!p->match || !p->source->line(p->arg, i, &line))
		return false;
	pager_rows_split(p, &line, true);
	for (size_t k = 0; k < p->rows.n; k++) {
		struct str text = p->rows.v[k].text;

		if (!p->rows.v[k].fold &&
			weir_match_find(p->match, text, 0, &start, &end)) {
			*ret_row = k;
			*ret_column = text_width((struct str){ text.s, end });
			return true;
		}
	}
	return false;
}

void
pager_show_match(struct pager *p, size_t line)
{
	struct pager_line one = { 0 };
	size_t row, column;
	int columns;

	pager_show(p, line);
	if (line >= count(p) || !find_row(p, line, &row, &column))
		return;
	while (line >= p->top && distance(p, line, row + 1) > (size_t)p->height) {
		if (!step(p, 1))
			break;
	}
	if (p->wrap || !p->source->line(p->arg, line, &one))
		return;
	columns = pager_rows_columns(p, &one) - 1;
	if (column > (size_t)p->left + (size_t)columns)
		p->left = (int)column - columns + LEFT_STEP;
	else if (column <= (size_t)columns)
		p->left = 0;
	if (p->left > DRAW_COLS_MAX * 16)
		p->left = DRAW_COLS_MAX * 16;
}

/* Move the text under the screen; the current line keeps its place on it. */
static void
scroll(struct pager *p, int direction, int rows)
{
	size_t top = p->top, sub = p->sub, at = 0;
	bool held = p->cursor && p->current != PAGER_NONE;

	if (held && p->current >= p->top)
		at = distance(p, p->current, 0);
	if (direction < 0 || !pager_at_end(p)) {
		for (int i = 0; i < rows; i++) {
			if (!step(p, direction))
				break;
		}
		if (direction > 0 && pager_at_end(p))
			to_end(p);
	}
	if (!held)
		return;
	if (p->top == top && p->sub == sub) { /* it is the end: then the cursor moves */
		p->current = direction < 0 ? p->top : last_line(p);
		return;
	}
	p->current = p->top;
	while (p->current < pager_bottom(p) &&
		distance(p, p->current, pager_rows_of(p, p->current)) <= at) {
		size_t next = neighbour(p, p->current, 1);

		if (next == PAGER_NONE)
			break;
		p->current = next;
	}
}

/* The cursor one line up or down; over a line taller than the screen row by row. */
static void
move(struct pager *p, int direction)
{
	size_t next, rows;

	if (!p->cursor || p->current == PAGER_NONE) {
		if (direction < 0 || !pager_at_end(p))
			step(p, direction);
		return;
	}
	rows = pager_rows_of(p, p->current);
	if (direction > 0 && distance(p, p->current, rows) > (size_t)p->height) {
		step(p, 1);
		return;
	}
	if (direction < 0 && p->current == p->top && p->sub > 0) {
		step(p, -1);
		return;
	}
	next = neighbour(p, p->current, direction);
	if (next == PAGER_NONE)
		return;
	p->current = next;
	make_visible(p, next);
}

bool
pager_act(struct pager *p, enum action_id id)
{
	switch ((int)id) {
	case ACTION_UP:
		move(p, -1);
		return true;
	case ACTION_DOWN:
		move(p, 1);
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
		if (p->cursor && count(p) > 0)
			p->current = 0;
		return true;
	case ACTION_LAST:
		pager_end(p);
		return true;
	case ACTION_LEFT:
		p->left = p->left > LEFT_STEP ? p->left - LEFT_STEP : 0;
		return true;
	case ACTION_RIGHT:
		if (!p->wrap && p->left < PAGER_TEXT_MAX)
			p->left += LEFT_STEP;
		return true;
	default:
		return false;
	}
}
