#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/mem.h>
#include <weir/tree.h>

static void
check(const struct weir_tree *t, const uint32_t *keys, size_t n, const char *want)
{
	struct buf got = BUF_INIT(BUF_MAX);
	uint32_t *copy = xmemdup(keys, (n + 1) * sizeof(*keys));
	unsigned char *depths;

	weir_tree_arrange(t, copy, n, &depths);
	for (size_t i = 0; i < n; i++) {
		buf_addn(&got, '.', depths[i]);
		buf_addf(&got, "%u ", copy[i]);
	}
	assert_string_equal(buf_cstr(&got), want);
	buf_release(&got);
	free(depths);
	free(copy);
}

static void
children_stand_below_their_parents(void **state)
{
	/*                     0  1  2  3  4  5  6  7 */
	uint32_t parents[] = { 0, 0, 1, 1, 0, 3, 9, 6 };
	const struct weir_tree t = { parents, N_ELEM(parents) };
	const uint32_t all[] = { 5, 4, 3, 2, 1, 7, 6, 8, 0 };
	const uint32_t some[] = { 5, 2, 1, 0 };

	(void)state;
	check(&t, all, 8, "4 1 .3 ..5 .2 6 .7 8 ");
	check(&t, some, 3, "5 1 .2 ");
	check(&t, some, 0, "");
}

static void
circles_are_shown_whole(void **state)
{
	uint32_t parents[] = { 0, 2, 1, 3, 1 };
	const struct weir_tree t = { parents, N_ELEM(parents) };
	const uint32_t keys[] = { 1, 2, 3, 4, 0 };

	(void)state;
	check(&t, keys, 4, "3 1 .2 .4 ");
}

/* Any parents, circles too: every key once, each below a row of lower depth. */
static void
nothing_is_lost(void **state)
{
	enum { N = 60, SIZE = N + 8 };
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		uint32_t parents[SIZE] = { 0 }, keys[N + 1] = { 0 };
		const struct weir_tree t = { parents, SIZE };
		bool seen[SIZE] = { false };
		unsigned char *depths;
		size_t n = 0;

		for (uint32_t k = 1; k < SIZE; k++) {
			seed = seed * 1664525 + 1013904223;
			parents[k] = (seed >> 8) % 3 ? (seed >> 16) % SIZE : 0;
			if ((seed >> 12) % 5 && n < N)
				keys[n++] = k;
		}
		weir_tree_arrange(&t, keys, n, &depths);
		for (size_t i = 0; i < n; i++) {
			size_t above = i;

			assert_false(seen[keys[i]]);
			seen[keys[i]] = true;
			if (depths[i] == 0)
				continue;
			assert_true(i > 0 && depths[i] <= depths[i - 1] + 1);
			while (depths[above] >= depths[i])
				above--;
			assert_int_equal(keys[above], parents[keys[i]]);
		}
		free(depths);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(children_stand_below_their_parents),
		cmocka_unit_test(circles_are_shown_whole),
		cmocka_unit_test(nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
