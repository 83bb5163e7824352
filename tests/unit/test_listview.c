/* listview.c: no new order under a moving cursor; what was held comes when it rests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app.h"
#include "farm.h"
#include "listview.h"
#include "view_list.h"

enum { JOB = 7, N = 3 };

struct world {
	struct app app;
	struct listview *list;
};

static int
begin(void **state)
{
	struct weir_view view = { .show = WEIR_SHOW_LIST, .kind = WEIR_RUN };
	struct world *w = xcalloc(1, sizeof(*w));
	struct view *v = NULL;

	w->app.store = farm->store;
	w->app.generation = weir_store_generation(farm->store);
	w->app.now_us = farm_now_us;
	draw_init(&w->app.draw, &w->app.theme);
	draw_resize(&w->app.draw, 24, 80);
	assert_int_equal(view_list_new(&w->app, &view, &v, NULL), WEIR_OK);
	v->height = 20;
	v->width = 80;
	v->ops->layout(v);
	w->app.top = v;
	w->list = listview_of(v);
	/* A question that is on its way, and no other is asked. */
	w->list->job = JOB;
	w->list->asked = true;
	w->list->again_us = INT64_MAX;
	*state = w;
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;

	w->app.top->ops->free(w->app.top);
	draw_release(&w->app.draw);
	free(w);
	return 0;
}

/* Keys first, first + step, ... as the query thread answers them. */
static void
answer(struct world *w, uint32_t first, int step)
{
	struct finder_answer *a = xcalloc(1, sizeof(*a));

	a->number = JOB;
	a->slot = SLOT_ROWS;
	a->part = FINDER_KEYS;
	a->n = N;
	a->keys = xcalloc(N, sizeof(*a->keys));
	for (int i = 0; i < N; i++)
		a->keys[i] = (uint32_t)((int)first + i * step);
	w->app.top->ops->answer(w->app.top, a);
	finder_answer_free(a);
}

static void
check_order(const struct world *w, uint32_t first, int step)
{
	assert_int_equal(w->list->rows.n, N);
	for (int i = 0; i < N; i++)
		assert_int_equal(w->list->rows.keys[i], (int)first + i * step);
}

static void
test_held(void **state)
{
	struct world *w = *state;
	struct view *v = w->app.top;

	answer(w, 1, 1);
	check_order(w, 1, 1);
	w->app.here_us = weir_monotonic_us();
	assert_true(v->ops->move(v, ACTION_DOWN));
	answer(w, 3, -1);
	check_order(w, 1, 1);
	assert_int_equal(listview_due(v), w->app.here_us + HOLD_US);
	/* Looked at before it is due, it still waits. */
	listview_data(v);
	check_order(w, 1, 1);
	w->app.here_us -= HOLD_US;
	listview_data(v);
	check_order(w, 3, -1);
	assert_null(w->list->held);
	/* The cursor is on the row that it was on. */
	assert_int_equal(w->list->list.key, 2);
	assert_int_equal(w->list->list.row, 1);
}

/* Only the newest is worth waiting for. */
static void
test_the_last_one_held(void **state)
{
	struct world *w = *state;
	struct view *v = w->app.top;

	answer(w, 1, 1);
	w->app.here_us = weir_monotonic_us();
	assert_true(v->ops->move(v, ACTION_LAST));
	answer(w, 3, -1);
	answer(w, 2, 1);
	check_order(w, 1, 1);
	w->app.here_us -= HOLD_US;
	listview_data(v);
	check_order(w, 2, 1);
	assert_int_equal(w->list->list.key, 3);
	assert_int_equal(w->list->list.row, 1);
}

/* Nobody moves: at once. A new question: at once, whoever moves. */
static void
test_not_held(void **state)
{
	struct world *w = *state;
	struct view *v = w->app.top;

	answer(w, 1, 1);
	w->app.here_us = weir_monotonic_us() - HOLD_US;
	assert_true(v->ops->move(v, ACTION_DOWN));
	answer(w, 3, -1);
	check_order(w, 3, -1);
	w->app.here_us = weir_monotonic_us();
	w->list->fresh = true;
	answer(w, 1, 1);
	check_order(w, 1, 1);
}

/* Who comes back from what was opened finds all that has come meanwhile. */
static void
test_not_held_for_who_comes_back(void **state)
{
	struct world *w = *state;
	struct weir_view view = { .show = WEIR_SHOW_LIST, .kind = WEIR_FLOW };
	struct view *v = w->app.top, *other = NULL;
	struct tui_start start = { 0 };

	w->app.start = &start;
	answer(w, 1, 1);
	w->app.here_us = weir_monotonic_us();
	assert_true(v->ops->move(v, ACTION_DOWN));
	answer(w, 3, -1);
	assert_int_equal(view_list_new(&w->app, &view, &other, NULL), WEIR_OK);
	assert_int_equal(finder_start(NULL, &w->app.finder, NULL), WEIR_OK);
	app_push(&w->app, other);
	app_pop(&w->app);
	finder_stop(w->app.finder);
	desk_release(&w->app);
	assert_ptr_equal(w->app.top, v);
	assert_true(listview_due(v) <= weir_monotonic_us());
	listview_data(v);
	check_order(w, 3, -1);
	answer(w, 1, 1);
	check_order(w, 1, 1);
	assert_int_equal(w->list->list.key, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_held, begin, end),
		cmocka_unit_test_setup_teardown(test_the_last_one_held, begin, end),
		cmocka_unit_test_setup_teardown(test_not_held, begin, end),
		cmocka_unit_test_setup_teardown(
			test_not_held_for_who_comes_back, begin, end),
	};

	return FARM_TESTS(tests, 9);
}
