/*
 * Cursors over rows: whatever keys are pressed and however rows come, go and change
 * places, the cursor stays on its item as long as that exists, within the rows, on the
 * screen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/mem.h>

#include "../../tui/list.h"

enum { ROWS_MAX = 120, STEPS = 60000 };

struct world {
	int64_t keys[ROWS_MAX];
	size_t n;
	bool headings; /* keys that divide by 5 cannot be stood on */
	struct list list;
	int64_t next;
};

static uint64_t seed;

static size_t
dice(size_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(seed >> 33) % n;
}

static size_t
world_n(void *arg)
{
	return ((struct world *)arg)->n;
}

static int64_t
world_key(void *arg, size_t row)
{
	const struct world *w = arg;

	assert_true(row < w->n);
	return w->keys[row];
}

static bool
world_find(void *arg, int64_t key, size_t hint, size_t *ret_row)
{
	const struct world *w = arg;

	(void)hint;
	for (size_t i = 0; i < w->n; i++) {
		if (w->keys[i] == key) {
			*ret_row = i;
			return true;
		}
	}
	return false;
}

static bool
world_selectable(void *arg, size_t row)
{
	const struct world *w = arg;

	assert_true(row < w->n);
	return !w->headings || w->keys[row] % 5 != 0;
}

static const struct list_model all_rows = { world_n, world_key, world_find, NULL };
static const struct list_model some_rows = { world_n, world_key, NULL,
	world_selectable };

static void
add_row(struct world *w)
{
	size_t at = dice(w->n + 1);

	if (w->n == ROWS_MAX)
		return;
	memmove(w->keys + at + 1, w->keys + at, (w->n - at) * sizeof(w->keys[0]));
	w->keys[at] = ++w->next;
	w->n++;
}

static void
drop_row(struct world *w)
{
	size_t at;

	if (w->n == 0)
		return;
	at = dice(w->n);
	w->n--;
	memmove(w->keys + at, w->keys + at + 1, (w->n - at) * sizeof(w->keys[0]));
}

static void
shuffle(struct world *w)
{
	for (size_t i = w->n; i > 1; i--) {
		size_t k = dice(i);
		int64_t key = w->keys[k];

		w->keys[k] = w->keys[i - 1];
		w->keys[i - 1] = key;
	}
}

static void
refresh(struct world *w)
{
	switch (dice(8)) {
	case 0:
		shuffle(w);
		break;
	case 1:
		if (dice(6) == 0)
			w->n = 0;
		break;
	case 2:
		for (int i = 0; i < 40; i++)
			add_row(w);
		break;
	case 3:
		for (int i = 0; i < 30; i++)
			drop_row(w);
		break;
	default:
		for (size_t i = dice(4); i-- > 0;) {
			add_row(w);
			drop_row(w);
		}
		break;
	}
	list_sync(&w->list);
}

static void
check(const struct world *w, uint64_t start, int step, const char *what)
{
	const struct list *l = &w->list;
	bool seen = l->top <= l->row && l->row - l->top < (size_t)l->height;
	bool full = l->top == 0 || l->top + (size_t)l->height <= w->n;
	/* Headings above the first row that can be stood on are shown instead. */
	bool right = l->row < w->n && full && (seen || w->headings);

	if (w->n == 0)
		right = l->row == 0 && l->top == 0;
	else if (right && !w->headings)
		right = l->key == w->keys[l->row];
	if (!right)
		fail_msg("seed %llu, step %d: after %s: row %zu of %zu, top %zu, "
			 "height %d",
			(unsigned long long)start, step, what, l->row, w->n, l->top,
			l->height);
}

static void
move(struct world *w)
{
	static const enum action_id moves[] = { ACTION_UP, ACTION_DOWN, ACTION_DOWN,
		ACTION_PAGE_UP, ACTION_PAGE_DOWN, ACTION_HALF_UP, ACTION_HALF_DOWN,
		ACTION_FIRST, ACTION_LAST };

	if (dice(10) == 0)
		list_goto(&w->list, dice(ROWS_MAX));
	else
		assert_true(list_act(&w->list, moves[dice(N_ELEM(moves))]));
}

static void
begin(struct world *w, uint64_t start, bool headings)
{
	*w = (struct world){ .headings = headings };
	seed = start;
	list_init(&w->list, headings ? &some_rows : &all_rows, w);
	list_height(&w->list, 10);
}

static void
run(uint64_t start, bool headings)
{
	struct world w;

	begin(&w, start, headings);
	for (int step = 0; step < STEPS; step++) {
		int64_t key = w.list.key;
		bool was = w.n > 0 && w.list.moved;
		size_t row;

		switch (dice(5)) {
		case 0:
			list_height(&w.list, (int)dice(30));
			check(&w, start, step, "a resize");
			break;
		case 1:
		case 2:
			refresh(&w);
			check(&w, start, step, "a refresh");
			/* While its item exists nothing else is stood on, but for one
			 * that the user put the cursor on before. */
			if (was && key && world_find(&w, key, 0, &row) &&
				w.list.key != key && w.list.key != w.list.want)
				fail_msg("seed %llu, step %d: lost %lld",
					(unsigned long long)start, step,
					(long long)key);
			break;
		default:
			move(&w);
			check(&w, start, step, "a move");
			break;
		}
		/* Where the user put it, it is as long as that is there. */
		if (w.list.want && world_find(&w, w.list.want, 0, &row) &&
			w.list.row != row)
			fail_msg("seed %llu, step %d: not on %lld",
				(unsigned long long)start, step,
				(long long)w.list.want);
	}
}

static void
random_keys_and_refreshes(void **state)
{
	(void)state;
	for (uint64_t s = 1; s <= 6; s++)
		run(s, false);
}

static void
rows_that_cannot_be_stood_on(void **state)
{
	(void)state;
	for (uint64_t s = 11; s <= 14; s++)
		run(s, true);
}

static void
fill(struct world *w, int64_t from, size_t n)
{
	w->n = n;
	for (size_t i = 0; i < n; i++)
		w->keys[i] = from + (int64_t)i;
	list_sync(&w->list);
}

/* A filter takes the item away and gives it back: the screen is as it was. */
static void
an_item_that_comes_back(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 1, false);
	fill(&w, 1, 100);
	list_goto(&w.list, 60);
	list_act(&w.list, ACTION_UP);
	list_act(&w.list, ACTION_UP);
	assert_int_equal(w.list.key, 59);
	assert_int_equal(w.list.row - w.list.top, 7);
	fill(&w, 1, 12); /* the first rows of another question */
	assert_int_equal(w.list.row, 11);
	fill(&w, 200, 0);
	fill(&w, 200, 5);
	fill(&w, 1, 100);
	assert_int_equal(w.list.key, 59);
	assert_int_equal(w.list.row - w.list.top, 7);
	/* Moving on another row gives it up. */
	fill(&w, 1, 12);
	list_act(&w.list, ACTION_UP);
	fill(&w, 1, 100);
	assert_int_equal(w.list.key, 11);
}

static void
an_item_that_is_expected(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 1, false);
	list_expect(&w.list, 50);
	fill(&w, 1, 20);
	assert_int_not_equal(w.list.row, 49);
	fill(&w, 1, 100);
	assert_int_equal(w.list.row, 49);
	assert_int_equal(w.list.row - w.list.top, 5);
	begin(&w, 1, false);
	list_expect(&w.list, 5);
	fill(&w, 1, 100);
	assert_int_equal(w.list.row, 4);
	assert_int_equal(w.list.top, 0);
}

/* What comes in above is not seen where the list shows its beginning: it is. */
static void
the_beginning_stays_in_sight(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 1, false);
	fill(&w, 10, 50);
	list_act(&w.list, ACTION_DOWN);
	fill(&w, 7, 53);
	assert_int_equal(w.list.key, 11);
	assert_int_equal(w.list.row, 4);
	assert_int_equal(w.list.top, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_keys_and_refreshes),
		cmocka_unit_test(rows_that_cannot_be_stood_on),
		cmocka_unit_test(an_item_that_comes_back),
		cmocka_unit_test(an_item_that_is_expected),
		cmocka_unit_test(the_beginning_stays_in_sight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
