#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/id.h>
#include <weir/mem.h>

static const char sample[] = "5c1d0e7a-0f3b-4c2d-9e8f-0123456789ab";

static void
parse_and_format(void **state)
{
	char text[WEIR_ID_TEXT + 1];
	struct weir_id id, upper, bare;

	(void)state;
	assert_true(weir_id_parse(str_of(sample), &id));
	assert_int_equal(id.b[0], 0x5c);
	assert_int_equal(id.b[15], 0xab);
	assert_string_equal(weir_id_format(&id, text), sample);
	assert_true(weir_id_parse(STR("5C1D0E7A-0F3B-4C2D-9E8F-0123456789AB"), &upper));
	assert_true(weir_id_parse(STR("5c1d0e7a0f3b4c2d9e8f0123456789ab"), &bare));
	assert_int_equal(weir_id_cmp(&id, &upper), 0);
	assert_int_equal(weir_id_cmp(&id, &bare), 0);
}

static void
other_texts_are_refused(void **state)
{
	static const char *const bad[] = { "", "-", "5c1d", "5c1d0e7a-0f3b-4c2d-9e8f",
		"5c1d0e7a-0f3b-4c2d-9e8f-0123456789a",
		"5c1d0e7a-0f3b-4c2d-9e8f-0123456789abc",
		"5c1d0e7a-0f3b-4c2d-9e8f-0123456789ag",
		" 5c1d0e7a-0f3b-4c2d-9e8f-0123456789ab",
		"{5c1d0e7a-0f3b-4c2d-9e8f-0123456789ab}" };
	struct weir_id id;

	(void)state;
	memset(&id, 7, sizeof(id));
	for (size_t i = 0; i < N_ELEM(bad); i++)
		assert_false(weir_id_parse(str_of(bad[i]), &id));
	assert_false(weir_id_parse((struct str){ sample, 12 }, &id));
	assert_false(weir_id_parse((struct str){ sample, sizeof(sample) }, &id));
	assert_int_equal(id.b[0], 7);
}

/* Every prefix of a random id gives a range that holds it and whose ends begin with it.
 */
static void
prefix_ranges(void **state)
{
	struct weir_id id, low, high;
	char text[WEIR_ID_TEXT + 1], end[WEIR_ID_TEXT + 1];

	(void)state;
	for (int i = 0; i < 200; i++) {
		id = weir_id_random();
		weir_id_format(&id, text);
		for (size_t n = 1; n <= WEIR_ID_TEXT; n++) {
			assert_true(weir_id_parse_prefix(
				(struct str){ text, n }, &low, &high));
			assert_true(weir_id_cmp(&low, &id) <= 0);
			assert_true(weir_id_cmp(&id, &high) <= 0);
			assert_memory_equal(weir_id_format(&low, end), text, n);
			assert_memory_equal(weir_id_format(&high, end), text, n);
		}
		assert_int_equal(weir_id_cmp(&low, &high), 0);
	}
	assert_true(weir_id_parse_prefix(STR("f"), &low, &high));
	assert_string_equal(
		weir_id_format(&low, text), "f0000000-0000-0000-0000-000000000000");
	assert_string_equal(
		weir_id_format(&high, text), "ffffffff-ffff-ffff-ffff-ffffffffffff");
	assert_false(weir_id_parse_prefix(STR(""), &low, &high));
	assert_false(weir_id_parse_prefix(STR("---"), &low, &high));
	assert_false(weir_id_parse_prefix(STR("xyz"), &low, &high));
}

static void
order_is_that_of_the_text(void **state)
{
	char a[WEIR_ID_TEXT + 1], b[WEIR_ID_TEXT + 1];
	struct weir_id x, y;
	int by_text, by_id;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		x = weir_id_random();
		y = weir_id_random();
		by_id = weir_id_cmp(&x, &y);
		by_text = strcmp(weir_id_format(&x, a), weir_id_format(&y, b));
		assert_int_equal(by_id < 0, by_text < 0);
		assert_int_not_equal(by_id, 0);
		assert_int_equal(a[14], '4');
		assert_non_null(strchr("89ab", a[19]));
	}
}

static void
the_null_id(void **state)
{
	struct weir_id id = { { 0 } };

	(void)state;
	assert_true(weir_id_is_null(&id));
	id.b[15] = 1;
	assert_false(weir_id_is_null(&id));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_and_format),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(prefix_ranges),
		cmocka_unit_test(order_is_that_of_the_text),
		cmocka_unit_test(the_null_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
