#include "mouse.h"

#include <weir/time.h>

#include "app.h"

enum { WHEEL_LINES = 3, TWICE_US = 400000, PERCENT_MAX = 100 };

static void
wheel(struct app *a, enum action_id id)
{
	for (int i = 0; i < WHEEL_LINES; i++)
		view_do(a->top, id, NULL);
	view_touch(a->top, VIEW_PAINT);
}

/* The strip at the right edge of a log is the whole log. */
static bool
click_strip(struct app *a, int y, int x)
{
	struct view *v = a->top;
	char place[32];

	if (v->ops->context != CONTEXT_LOG || x != v->width - 1 || v->height < 2)
		return false;
	snprintf(place, sizeof(place), "%d%%", y * PERCENT_MAX / (v->height - 1));
	view_do(v, ACTION_GOTO, place);
	return true;
}

static void
click(struct app *a, bool twice)
{
	struct view *v = a->top;
	int y = a->input.mouse_y - v->y, x = a->input.mouse_x;

	if (y < 0 || y >= v->height)
		return;
	if (!click_strip(a, y, x) && v->ops->click && v->ops->click(v, y, x) && twice)
		view_do(v, ACTION_OPEN, NULL);
	if (a->top)
		view_touch(a->top, VIEW_PAINT);
}

bool
mouse_key(struct app *a, uint32_t key)
{
	bool twice;

	if (key != INPUT_CLICK && key != INPUT_WHEEL_UP && key != INPUT_WHEEL_DOWN)
		return false;
	if (a->prompt.active)
		return true;
	if (key == INPUT_CLICK) {
		twice = a->click_us && a->key_us - a->click_us < TWICE_US &&
			a->click_y == a->input.mouse_y;
		a->click_us = twice ? 0 : a->key_us;
		a->click_y = a->input.mouse_y;
		click(a, twice);
	} else {
		wheel(a, key == INPUT_WHEEL_UP ? ACTION_UP : ACTION_DOWN);
	}
	return true;
}
