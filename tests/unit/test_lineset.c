#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lineset.h"

enum { ALL = 5000 };

/* What the set must be, the plain way. */
struct plain {
	bool has[ALL * 2];
};

static void
same(const struct lineset *s, const struct plain *p)
{
	size_t n = 0;

	for (size_t i = 0; i < ALL * 2; i++) {
		assert_int_equal(lineset_has(s, i), p->has[i]);
		assert_int_equal(lineset_bound(s, i), n);
		if (p->has[i])
			assert_int_equal(lineset_at(s, n++), i);
	}
	assert_int_equal(s->n, n);
}

static unsigned
next(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 8;
}

static void
test_empty(void **state)
{
	struct lineset s = { 0 };

	(void)state;
	assert_int_equal(lineset_bound(&s, 7), 0);
	assert_false(lineset_has(&s, 0));
	lineset_cut(&s, 0);
	lineset_cut(&s, 9);
	lineset_add_range(&s, 5, 5);
	assert_int_equal(s.n, 0);
	lineset_release(&s);
}

/* Anything done in any order is as with a plain array. */
static void
test_as_an_array(void **state)
{
	struct plain *p = calloc(1, sizeof(*p));
	struct lineset s = { 0 }, other = { 0 };
	unsigned seed = 5;

	(void)state;
	for (int round = 0; round < 300; round++) {
		size_t at = next(&seed) % ALL, to = at + next(&seed) % 700;

		switch (next(&seed) % 5) {
		case 0:
		case 1:
			for (int i = 0; i < 40; i++) {
				size_t k = next(&seed) % ALL;

				lineset_add(&s, k);
				p->has[k] = true;
			}
			break;
		case 2:
			lineset_add_range(&s, at, to);
			for (size_t i = at; i < to; i++)
				p->has[i] = true;
			break;
		case 3:
			lineset_cut(&s, at);
			memset(p->has + at, 0, sizeof(p->has) - at);
			break;
		default:
			lineset_copy(&other, &s);
			lineset_cut(&other, ALL - 1);
			lineset_replace(&s, at, &other);
			memmove(p->has + at, p->has, ALL - 1);
			memset(p->has + at + ALL - 1, 0, ALL + 1 - at);
			lineset_cut(&s, ALL);
			memset(p->has + ALL, 0, ALL);
			break;
		}
		if (round % 10 == 0)
			same(&s, p);
	}
	same(&s, p);
	lineset_release(&s);
	lineset_release(&other);
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_as_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
