/* retry.c: when a failed request is sent again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "retry.h"

static const struct retry_try usual = {
	.attempt = 1,
	.status = 503,
	.repeatable = true,
	.retry_after_ms = -1,
	.max_retries = -1,
	.random = 200, /* the middle: no jitter */
};

static void
test_statuses(void **state)
{
	static const struct {
		long status;
		bool again;
	} t[] = {
		{ 0, true },
		{ 408, true },
		{ 429, true },
		{ 502, true },
		{ 503, true },
		{ 504, true },
		{ 400, false },
		{ 401, false },
		{ 403, false },
		{ 404, false },
		{ 405, false },
		{ 409, false },
		{ 422, false },
		{ 500, false },
		{ 200, false },
	};
	struct retry_try r = usual;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		r.status = t[i].status;
		r.repeatable = true;
		assert_int_equal(retry_delay_ms(&r), t[i].again ? 300 : RETRY_GIVE_UP);
		r.repeatable = false;
		assert_int_equal(retry_delay_ms(&r), RETRY_GIVE_UP);
	}
}

static void
test_doubles_to_ten_seconds(void **state)
{
	static const int want[] = { 300, 600, 1200, 2400, 4800, 9600, 10000, 10000 };
	struct retry_try r = usual;

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		r.attempt = (int)i + 1;
		assert_int_equal(retry_delay_ms(&r), want[i]);
	}
	r.attempt = INT32_MAX;
	assert_int_equal(retry_delay_ms(&r), 10000);
}

static void
test_jitter_is_a_fifth(void **state)
{
	struct retry_try r = usual;
	int64_t low = INT64_MAX, high = 0, d;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		r.random = i * UINT32_C(2654435761);
		d = retry_delay_ms(&r);
		low = d < low ? d : low;
		high = d > high ? d : high;
	}
	assert_in_range(low, 240, 245);
	assert_in_range(high, 355, 360);
}

static void
test_a_minute_in_all(void **state)
{
	struct retry_try r = usual;

	(void)state;
	r.elapsed_ms = 59700;
	assert_int_equal(retry_delay_ms(&r), 300);
	r.elapsed_ms = 59701;
	assert_int_equal(retry_delay_ms(&r), RETRY_GIVE_UP);
}

static void
test_retry_after_is_obeyed(void **state)
{
	struct retry_try r = usual;

	(void)state;
	r.status = 429;
	r.retry_after_ms = 7000;
	assert_int_equal(retry_delay_ms(&r), 7000);
	r.retry_after_ms = 0;
	assert_int_equal(retry_delay_ms(&r), 300);
	r.retry_after_ms = 61000;
	assert_int_equal(retry_delay_ms(&r), RETRY_GIVE_UP);
}

static void
test_settings(void **state)
{
	static const int extra[] = { 500, 520 };
	struct retry_try r = usual;

	(void)state;
	r.max_retries = 1;
	assert_int_equal(retry_delay_ms(&r), 300);
	r.attempt = 2;
	assert_int_equal(retry_delay_ms(&r), RETRY_GIVE_UP);
	r.max_retries = 0;
	r.attempt = 1;
	assert_int_equal(retry_delay_ms(&r), RETRY_GIVE_UP);
	r = usual;
	r.status = 520;
	assert_int_equal(retry_delay_ms(&r), RETRY_GIVE_UP);
	r.extra_codes = extra;
	r.n_extra_codes = 2;
	assert_int_equal(retry_delay_ms(&r), 300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_doubles_to_ten_seconds),
		cmocka_unit_test(test_jitter_is_a_fifth),
		cmocka_unit_test(test_a_minute_in_all),
		cmocka_unit_test(test_retry_after_is_obeyed),
		cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
