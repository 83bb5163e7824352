#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "grams.h"
#include "weir/mem.h"

static bool
may(const char *text, const char *literal, bool caseless)
{
	uint8_t map[GRAMS_MIN];
	struct grams_needle needle;

	grams_build(map, sizeof(map), str_of(text));
	grams_needle(&needle, str_of(literal), caseless);
	return grams_may_contain(
		(struct str){ (const char *)map, sizeof(map) }, &needle);
}

static void
test_cases(void **state)
{
	(void)state;
	assert_true(may("solving environment", "environ", false));
	assert_false(may("solving environment", "needle-zq", false));
	assert_true(may("Solving ENVIRONMENT", "environ", true));
	assert_true(may("Solving ENVIRONMENT", "ENVIRON", false));
	assert_true(may("abc", "ab", false));
	assert_true(may("", "ab", false));
	assert_false(may("", "abc", false));
	assert_false(may("ab", "abc", false));
	/* Beyond ASCII case folds in ways that bytes do not show. */
	assert_true(may("L'\xc3\x89T\xc3\x89", "\xc3\xa9t\xc3\xa9", true));
	assert_false(may("L'\xc3\x89T\xc3\x89", "\xc3\xa9t\xc3\xa9", false));
}

static void
test_sizes(void **state)
{
	size_t last = 0;

	(void)state;
	for (size_t n = 0; n < 200000; n += 97) {
		size_t size = grams_size(n);

		assert_true(size >= GRAMS_MIN && size <= GRAMS_MAX && size >= last);
		last = size;
	}
	assert_int_equal(grams_size((size_t)1 << 40), GRAMS_MAX);
}

/* Whatever is in a text is never said to be absent; most of what is not, is. */
static void
test_random(void **state)
{
	enum { TEXT = 30000, TRIES = 3000 };
	char *text = xmalloc(TEXT);
	size_t size = grams_size(TEXT), wrong = 0;
	uint8_t *map = xmalloc(size);
	struct str bits = { (const char *)map, size };
	struct grams_needle needle;
	unsigned seed = 1;

	(void)state;
	for (size_t i = 0; i < TEXT; i++)
		text[i] = "abcdefghij 0123\n\xc3\xa9XYZ"[rand_r(&seed) % 21];
	grams_build(map, size, (struct str){ text, TEXT });
	for (int i = 0; i < TRIES; i++) {
		size_t n = 1 + (size_t)rand_r(&seed) % 200;
		char no[9];

		grams_needle(&needle,
			(struct str){ text + (size_t)rand_r(&seed) % (TEXT - n), n },
			i % 2);
		assert_true(grams_may_contain(bits, &needle));
		for (size_t k = 0; k < sizeof(no); k++)
			no[k] = (char)('k' + rand_r(&seed) % 15);
		grams_needle(&needle, (struct str){ no, sizeof(no) }, false);
		wrong += grams_may_contain(bits, &needle);
	}
	assert_true(wrong < TRIES / 20);
	assert_true(grams_may_contain((struct str){ NULL, 0 }, &needle));
	free(map);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
