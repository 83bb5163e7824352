#include "list.h"

#include <string.h>

/* Of a row that was not on the screen yet. */
static const size_t LINE_FREE = SIZE_MAX;

void
list_init(struct list *l, const struct list_model *model, void *arg)
{
	memset(l, 0, sizeof(*l));
	l->model = model;
	l->arg = arg;
	l->height = 1;
}

static size_t
count(const struct list *l)
{
	return l->model->n(l->arg);
}

static bool
find(const struct list *l, int64_t key, size_t *ret_row)
{
	size_t n = count(l);

	if (l->model->find)
		return l->model->find(l->arg, key, l->row, ret_row);
	for (size_t i = 0; i < n; i++)
		if (l->model->key(l->arg, i) == key) {
			*ret_row = i;
			return true;
		}
	return false;
}

static bool
selectable(const struct list *l, size_t row)
{
	return !l->model->selectable || l->model->selectable(l->arg, row);
}

/* Bring top to where the cursor is visible and no line is wasted below the last row. */
static void
clamp(struct list *l)
{
	size_t n = count(l), height = (size_t)l->height;

	if (n == 0) {
		l->row = l->top = 0;
		return;
	}
	if (l->row >= n)
		l->row = n - 1;
	if (l->top > l->row)
		l->top = l->row;
	if (l->row - l->top >= height)
		l->top = l->row - height + 1;
	if (l->top + height > n)
		l->top = n > height ? n - height : 0;
}

void
list_height(struct list *l, int height)
{
	l->height = height < 1 ? 1 : height;
	clamp(l);
}

/* The nearest selectable row, downwards first; the row itself if there is none. */
static size_t
nearest(const struct list *l, size_t row)
{
	size_t n = count(l);

	for (size_t i = row; i < n; i++) {
		if (selectable(l, i))
			return i;
	}
	for (size_t i = row < n ? row : n; i-- > 0;) {
		if (selectable(l, i))
			return i;
	}
	return row;
}

void
list_goto(struct list *l, size_t row)
{
	size_t n = count(l);

	if (n == 0)
		return;
	l->row = nearest(l, row < n ? row : n - 1);
	l->key = l->want = l->model->key(l->arg, l->row);
	l->lost = false;
	l->moved = true;
	clamp(l);
}

void
list_expect(struct list *l, int64_t key)
{
	l->key = l->want = key;
	l->line = LINE_FREE;
	l->lost = l->moved = true;
}

void
list_home(struct list *l)
{
	l->key = l->want = 0;
	l->lost = false;
	l->row = l->top = 0;
	l->moved = false;
}

/* The row is not here: remember where on the screen it was. */
static void
lose(struct list *l)
{
	if (!l->lost)
		l->line = l->row - l->top;
	l->lost = true;
}

/* Stand on a row, at the line of the screen where the cursor was. */
static void
stand(struct list *l, size_t row, bool found)
{
	size_t line = found && l->lost ? l->line : l->row - l->top;
	bool at_top = l->top == 0 && !(found && l->lost && l->line != LINE_FREE);

	if (line == LINE_FREE)
		line = (size_t)l->height / 2;

	l->row = row;
	/* A list that shows its beginning goes on showing it while it can. */
	if (!at_top || row >= (size_t)l->height)
		l->top = row > line ? row - line : 0;
	if (found)
		l->lost = false;
}

void
list_sync(struct list *l)
{
	size_t n = count(l), row;

	if (n == 0) {
		lose(l);
		l->row = l->top = 0;
		return;
	}
	if (l->want && find(l, l->want, &row)) {
		stand(l, row, true);
		l->key = l->want;
	} else {
		if (l->want)
			lose(l);
		if (l->key && l->key != l->want && find(l, l->key, &row)) {
			stand(l, row, false);
		} else {
			/* At first the screen shows its beginning, whatever can be
			 * stood on. */
			if (l->moved)
				l->row = nearest(l, l->row < n ? l->row : n - 1);
			l->key = l->model->key(l->arg, l->row);
		}
	}
	clamp(l);
}

static void
move_by(struct list *l, int direction, size_t steps)
{
	size_t n = count(l), row = l->row;

	while (steps-- > 0) {
		size_t next = row;

		do {
			if (direction < 0 ? next == 0 : next + 1 >= n)
				goto done;
			next += direction < 0 ? (size_t)-1 : 1;
		} while (!selectable(l, next));
		row = next;
	}
done:
	if (row == l->row && l->model->selectable) {
		/* Nothing to stand on that way: show what is there. */
		if (direction < 0)
			l->top = 0;
		return;
	}
	list_goto(l, row);
}

static void
page(struct list *l, int direction)
{
	size_t height = (size_t)l->height, n = count(l), step = height;
	size_t row;

	if (direction < 0)
		row = l->row > step ? l->row - step : 0;
	else
		row = l->row + step < n ? l->row + step : n - 1;
	if (direction < 0)
		l->top = l->top > step ? l->top - step : 0;
	else
		l->top += step;
	list_goto(l, row);
}

bool
list_act(struct list *l, enum action_id id)
{
	size_t n = count(l);

	if (n == 0)
		return id == ACTION_UP || id == ACTION_DOWN || id == ACTION_PAGE_UP ||
		       id == ACTION_PAGE_DOWN || id == ACTION_HALF_UP ||
		       id == ACTION_HALF_DOWN || id == ACTION_FIRST ||
		       id == ACTION_LAST;
	switch ((int)id) {
	case ACTION_UP:
		move_by(l, -1, 1);
		return true;
	case ACTION_DOWN:
		move_by(l, 1, 1);
		return true;
	case ACTION_PAGE_UP:
		page(l, -1);
		return true;
	case ACTION_PAGE_DOWN:
		page(l, 1);
		return true;
	case ACTION_HALF_UP:
	case ACTION_HALF_DOWN:
		move_by(l, id == ACTION_HALF_UP ? -1 : 1, (l->height + 1) / 2);
		return true;
	case ACTION_FIRST:
		list_goto(l, 0);
		l->top = 0;
		clamp(l);
		return true;
	case ACTION_LAST:
		list_goto(l, n - 1);
		return true;
	default:
		return false;
	}
}

bool
list_seek(struct list *l, int direction, bool (*passes)(void *arg, size_t row))
{
	size_t n = count(l), row = l->row;

	for (;;) {
		if (direction < 0 ? row == 0 : row + 1 >= n)
			return false;
		row += direction < 0 ? (size_t)-1 : 1;
		if (selectable(l, row) && passes(l->arg, row)) {
			list_goto(l, row);
			return true;
		}
	}
}
