#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/mem.h>
#include <weir/time.h>

static const int64_t now_us =
	1795269739441000; /* 2026-11-21T14:02:19.441Z, a Saturday */

struct time_case {
	const char *text;
	const char *want; /* as formatted; NULL: refused */
};

/* clang-format off */
static const struct time_case rfc3339[] = {
	{ "2026-11-21T14:02:19.441000Z",      "2026-11-21T14:02:19.441000Z" },
	{ "2026-11-21T14:02:19Z",             "2026-11-21T14:02:19Z" },
	{ "2026-11-21t14:02:19.5z",           "2026-11-21T14:02:19.500000Z" },
	{ "2026-11-21 14:02:19+00:00",        "2026-11-21T14:02:19Z" },
	{ "2026-11-21T14:02:19+0200",         "2026-11-21T12:02:19Z" },
	{ "2026-11-21T14:02:19-05",           "2026-11-21T19:02:19Z" },
	{ "2026-11-21T00:30:00+01:00",        "2026-11-20T23:30:00Z" },
	{ "2026-11-21T14:02:19.123456789Z",   "2026-11-21T14:02:19.123456Z" },
	{ "2026-11-21T14:02:19.000001",       "2026-11-21T14:02:19.000001Z" },
	{ "2024-02-29T23:59:60Z",             "2024-03-01T00:00:00Z" },
	{ "2000-02-29T00:00:00Z",             "2000-02-29T00:00:00Z" },
	{ "1969-12-31T23:59:59.999999Z",      "1969-12-31T23:59:59.999999Z" },
	{ "0001-01-01T00:00:00Z",             "0001-01-01T00:00:00Z" },
	{ "9999-12-31T23:59:59Z",             "9999-12-31T23:59:59Z" },
	{ "0000-12-31T23:59:59Z",             NULL },
	{ "0001-01-01T00:00:00+00:01",        NULL },
	{ "9999-12-31T23:59:59-00:01",        NULL },
	{ "",                                 NULL },
	{ "2026",                             NULL },
	{ "2026-11-21",                       NULL },
	{ "2026-11-21T14:02Z",                NULL },
	{ "2026-02-29T00:00:00Z",             NULL },
	{ "1900-02-29T00:00:00Z",             NULL },
	{ "2026-13-01T00:00:00Z",             NULL },
	{ "2026-00-01T00:00:00Z",             NULL },
	{ "2026-04-31T00:00:00Z",             NULL },
	{ "2026-11-21T24:00:00Z",             NULL },
	{ "2026-11-21T14:60:00Z",             NULL },
	{ "2026-11-21T14:02:61Z",             NULL },
	{ "2026-11-21T14:02:19.Z",            NULL },
	{ "2026-11-21T14:02:19+24:00",        NULL },
	{ "2026-11-21T14:02:19+2",            NULL },
	{ "2026-11-21T14:02:19Zjunk",         NULL },
	{ "2026-11-21T14:02:19Z ",            NULL },
	{ " 2026-11-21T14:02:19Z",            NULL },
	{ "+026-11-21T14:02:19Z",             NULL },
};
/* clang-format on */

static void
rfc3339_table(void **state)
{
	char text[WEIR_TIME_TEXT];
	int64_t us;

	(void)state;
	for (size_t i = 0; i < N_ELEM(rfc3339); i++) {
		us = 42;
		if (!rfc3339[i].want) {
			assert_false(weir_time_parse(str_of(rfc3339[i].text), &us));
			assert_int_equal(us, 42);
			continue;
		}
		assert_true(weir_time_parse(str_of(rfc3339[i].text), &us));
		assert_string_equal(weir_time_format(us, text), rfc3339[i].want);
	}
}

static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void
format_and_parse_are_inverse(void **state)
{
	const int64_t least = -62135596800000000; /* year 1 */
	const uint64_t span = 315537897600000000; /* to the end of 9999 */
	uint64_t seed = 88172645463325252;
	char text[WEIR_TIME_TEXT];
	int64_t us, back;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		us = least + (int64_t)(next_random(&seed) % span);
		if (i % 3 == 0)
			us -= us % WEIR_SECOND_US;
		weir_time_format(us, text);
		assert_true(weir_time_parse(str_of(text), &back));
		assert_int_equal(us, back);
	}
}

/* The calendar of the C library, which shares no code with ours, must agree. */
static void
calendar_agrees_with_gmtime(void **state)
{
	uint64_t seed = 42;
	char ours[WEIR_TIME_TEXT], theirs[64];
	struct tm tm;
	time_t t;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		t = (time_t)(next_random(&seed) % 315537897600) - 62135596800;
		assert_non_null(gmtime_r(&t, &tm));
		snprintf(theirs, sizeof(theirs), "%04d-%02d-%02dT%02d:%02d:%02dZ",
			tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
			tm.tm_min, tm.tm_sec);
		weir_time_format((int64_t)t * WEIR_SECOND_US, ours);
		assert_string_equal(ours, theirs);
	}
}

static void
extremes_do_not_overflow(void **state)
{
	char text[WEIR_TIME_TEXT];
	struct buf out = BUF_INIT(1024);

	(void)state;
	assert_string_equal(weir_time_format(WEIR_NO_TIME, text), "");
	assert_string_equal(
		weir_time_format(INT64_MAX, text), "294247-01-10T04:00:54.775807Z");
	weir_time_format(INT64_MIN + 1, text);
	weir_time_relative(&out, INT64_MAX, INT64_MIN + 1, true, true);
	weir_time_relative(&out, INT64_MIN + 1, INT64_MAX, true, true);
	weir_time_relative(&out, INT64_MAX, 0, false, true);
	weir_duration_format(&out, INT64_MAX);
	weir_duration_format(&out, INT64_MIN + 1);
	buf_clear(&out);
	weir_time_relative(&out, WEIR_NO_TIME, 0, true, true);
	weir_time_absolute(&out, WEIR_NO_TIME, true, true);
	weir_duration_format(&out, WEIR_NO_TIME);
	assert_int_equal(out.len, 0);
	buf_release(&out);
}

/* clang-format off */
static const struct time_case human[] = {
	{ "now",                       "2026-11-21T14:02:19.441000Z" },
	{ "today",                     "2026-11-21T05:00:00Z" },
	{ "yesterday",                 "2026-11-20T05:00:00Z" },
	{ "tomorrow",                  "2026-11-22T05:00:00Z" },
	{ "2026-11-21",                "2026-11-21T05:00:00Z" },
	{ "2026-07-01",                "2026-07-01T04:00:00Z" },
	{ "2026-11-21 14:02",          "2026-11-21T19:02:00Z" },
	{ "2026-11-21T14:02:19.5",     "2026-11-21T19:02:19.500000Z" },
	{ "2026-11-21T14:02:19Z",      "2026-11-21T14:02:19Z" },
	{ "2026-11-21T14:02:19+02:00", "2026-11-21T12:02:19Z" },
	{ "08:15",                     "2026-11-21T13:15:00Z" },
	{ "08:15:30",                  "2026-11-21T13:15:30Z" },
	{ "2d",                        "2026-11-19T14:02:19.441000Z" },
	{ "1h30m",                     "2026-11-21T12:32:19.441000Z" },
	{ "90",                        "2026-11-21T14:00:49.441000Z" },
	/* the night in which clocks jump from 2 to 3 and, in autumn, show 1:30 twice */
	{ "2026-03-08 02:30",          "2026-03-08T07:30:00Z" },
	{ "2026-03-08 04:00",          "2026-03-08T08:00:00Z" },
	{ "",                          NULL },
	{ "4:12",                      NULL },
	{ "25:00",                     NULL },
	{ "2026-11-31",                NULL },
	{ "2026-11-21 ",               NULL },
	{ "2026-11-21 14",             NULL },
	{ "2026-11-21 14:02 x",        NULL },
	{ "0000-01-01",                NULL },
	{ "sometime",                  NULL },
	{ "-2d",                       NULL },
};
/* clang-format on */

static void
human_times_are_local(void **state)
{
	char text[WEIR_TIME_TEXT];
	int64_t us;

	(void)state;
	setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1);
	tzset();
	for (size_t i = 0; i < N_ELEM(human); i++) {
		us = 42;
		if (!human[i].want) {
			assert_false(weir_time_parse_human(
				str_of(human[i].text), now_us, &us));
			assert_int_equal(us, 42);
			continue;
		}
		assert_true(weir_time_parse_human(str_of(human[i].text), now_us, &us));
		assert_string_equal(weir_time_format(us, text), human[i].want);
	}
	setenv("TZ", "UTC", 1);
	tzset();
}

struct span_case {
	const char *text;
	int64_t us; /* -1: refused */
};

/* clang-format off */
static const struct span_case spans[] = {
	{ "20m", 1200000000 }, { "1h30m", 5400000000 }, { "2d", 172800000000 },
	{ "500ms", 500000 }, { "7us", 7 }, { "90", 90000000 }, { "1.5h", 5400000000 },
	{ "2w", 1209600000000 }, { "0.25s", 250000 }, { "1 h 30 min", 5400000000 },
	{ "2 days", 172800000000 }, { "4:12", 252000000 }, { "1:02:03", 3723000000 },
	{ "3 d 04:05", 273900000000 }, { "0:07", 7000000 }, { "0.4 s", 400000 },
	{ "0", 0 }, { "100:00", 6000000000 }, { "4:12.5", 252500000 },
	{ "1.0000001s", 1000000 },
	{ "", -1 }, { "m", -1 }, { "-1h", -1 }, { "1x", -1 }, { "1h30", -1 },
	{ "1:2", -1 }, { "1:60", -1 }, { "1:02:03:04", -1 }, { "1.h", -1 }, { ".5h", -1 },
	{ "1h ago", -1 }, { "9999999999999s", -1 }, { "999999999999w", -1 },
	{ "1e3", -1 }, { "1M", -1 },
};
/* clang-format on */

static void
spans_table(void **state)
{
	int64_t us;

	(void)state;
	for (size_t i = 0; i < N_ELEM(spans); i++) {
		us = 42;
		if (spans[i].us < 0) {
			assert_false(weir_duration_parse(str_of(spans[i].text), &us));
			assert_int_equal(us, 42);
			continue;
		}
		assert_true(weir_duration_parse(str_of(spans[i].text), &us));
		assert_int_equal(us, spans[i].us);
	}
}

static void
expect_span(int64_t us, const char *want)
{
	struct buf out = BUF_INIT(100);

	weir_duration_format(&out, us);
	assert_string_equal(buf_cstr(&out), want);
	buf_release(&out);
}

static void
spans_are_shown(void **state)
{
	(void)state;
	expect_span(0, "0.0 s");
	expect_span(-99999, "0.0 s");
	expect_span(-100000, "-0.1 s");
	expect_span(449999, "0.4 s");
	expect_span(999999, "0.9 s");
	expect_span(1000000, "0:01");
	expect_span(252000000, "4:12");
	expect_span(3599999999, "59:59");
	expect_span(3723000000, "1:02:03");
	expect_span(86399000000, "23:59:59");
	expect_span(273900000000, "3 d 04:05");
	expect_span(-252000000, "-4:12");
}

/* What is shown can be typed again: it differs by less than the smallest unit shown. */
static void
shown_spans_parse_again(void **state)
{
	struct buf out = BUF_INIT(100);
	uint64_t seed = 3;
	int64_t us, back, unit;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		us = (int64_t)(next_random(&seed) % (1ull << (10 + i % 36)));
		unit = us < 1000000 ? 100000 : us < 86400000000 ? 1000000 : 60000000;
		buf_clear(&out);
		weir_duration_format(&out, us);
		assert_true(weir_duration_parse(buf_str(&out), &back));
		assert_true(back <= us && us - back < unit);
	}
	buf_release(&out);
}

static void
expect_relative(int64_t before_us, bool ago, const char *want)
{
	struct buf out = BUF_INIT(100);

	weir_time_relative(&out, now_us - before_us, now_us, true, ago);
	assert_string_equal(buf_cstr(&out), want);
	buf_release(&out);
}

static void
relative(void **state)
{
	const int64_t s = WEIR_SECOND_US;

	(void)state;
	expect_relative(0, true, "now");
	expect_relative(s - 1, false, "now");
	expect_relative(-s + 1, false, "now");
	expect_relative(38 * s, false, "38 s");
	expect_relative(38 * s, true, "38 s ago");
	expect_relative(60 * s, true, "1 min ago");
	expect_relative(3 * 3600 * s, false, "3 h");
	expect_relative(86400 * s - 1, false, "23 h");
	expect_relative(86400 * s, true, "Fri 14:02");
	expect_relative(5 * 86400 * s, true, "Mon 14:02");
	expect_relative(6 * 86400 * s, true, "2026-11-15");
	expect_relative(-3 * 3600 * s, true, "in 3 h");
	expect_relative(-2 * 86400 * s, true, "Mon 14:02");
	expect_relative(-20 * 86400 * s, false, "2026-12-11");
}

static void
absolute(void **state)
{
	struct buf out = BUF_INIT(100);

	(void)state;
	weir_time_absolute(&out, now_us, true, true);
	assert_string_equal(out.s, "2026-11-21 14:02:19.441");
	setenv("TZ", "IST-5:30", 1);
	tzset();
	buf_clear(&out);
	weir_time_absolute(&out, now_us, false, false);
	assert_string_equal(out.s, "2026-11-21 19:32:19");
	setenv("TZ", "UTC", 1);
	tzset();
	buf_release(&out);
}

static void
the_clock_can_be_frozen(void **state)
{
	int64_t a, b;

	(void)state;
	setenv("WEIR_NOW", "2026-11-21T14:02:19.441Z", 1);
	assert_int_equal(weir_now_us(), now_us);
	setenv("WEIR_NOW", "1795269739441000", 1);
	assert_int_equal(weir_now_us(), now_us);
	a = weir_monotonic_us();
	unsetenv("WEIR_NOW");
	b = weir_monotonic_us();
	assert_true(b >= a);
	assert_true(weir_now_us() / WEIR_SECOND_US - (int64_t)time(NULL) <= 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3339_table),
		cmocka_unit_test(format_and_parse_are_inverse),
		cmocka_unit_test(calendar_agrees_with_gmtime),
		cmocka_unit_test(extremes_do_not_overflow),
		cmocka_unit_test(human_times_are_local),
		cmocka_unit_test(spans_table),
		cmocka_unit_test(spans_are_shown),
		cmocka_unit_test(shown_spans_parse_again),
		cmocka_unit_test(relative),
		cmocka_unit_test(absolute),
		cmocka_unit_test(the_clock_can_be_frozen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
