/* messages.c: the last of what was said, in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "messages.h"

static void
test_order(void **state)
{
	static struct messages m;

	(void)state;
	messages_add(&m, false, "one");
	messages_add(&m, true, "two");
	messages_add(&m, true, "two");
	messages_add(&m, false, "two");
	messages_add(&m, true, "two");
	assert_int_equal(m.n, 4);
	assert_int_equal(m.said, 5);
	assert_string_equal(messages_get(&m, 0)->text, "one");
	assert_int_equal(messages_get(&m, 0)->times, 1);
	assert_int_equal(messages_get(&m, 1)->times, 2);
	assert_true(messages_get(&m, 1)->error);
	assert_false(messages_get(&m, 2)->error);
	assert_int_equal(messages_get(&m, 3)->times, 1);
	messages_release(&m);
	assert_int_equal(m.n, 0);
}

/* The oldest go. */
static void
test_bound(void **state)
{
	static struct messages m;
	char text[32];

	(void)state;
	for (int i = 0; i < MESSAGES_MAX + 7; i++) {
		snprintf(text, sizeof(text), "%d", i);
		messages_add(&m, false, text);
	}
	assert_int_equal(m.n, MESSAGES_MAX);
	assert_string_equal(messages_get(&m, 0)->text, "7");
	assert_string_equal(messages_get(&m, MESSAGES_MAX - 1)->text, text);
	messages_release(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
