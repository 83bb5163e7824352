#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/mem.h>
#include <weir/time.h>

#include "schedule_dates.h"
#include "schedule_zone.h"

/* A file of a zone that has nothing but its rule. */
static const char zone_head[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4";
static const char zone_data[] = "\0\0\0\0\0\0XXX"; /* one type, its name */

static void
add_zone(struct buf *out, const char *rule)
{
	for (int i = 0; i < 2; i++) {
		buf_add(out, zone_head, sizeof(zone_head) - 1);
		buf_add(out, zone_data, sizeof(zone_data));
	}
	buf_addf(out, "\n%s\n", rule);
}

static void
write_zone(const char *folder, const char *name, const char *rule)
{
	struct buf bytes = BUF_INIT(4096);
	char *path = xasprintf("%s/%s", folder, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	add_zone(&bytes, rule);
	assert_int_equal(fwrite(bytes.s, 1, bytes.len, f), bytes.len);
	assert_int_equal(fclose(f), 0);
	buf_release(&bytes);
	free(path);
}

static int
set_up(void **state)
{
	char folder[] = "/tmp/weir-zones-XXXXXX";

	if (!mkdtemp(folder))
		return -1;
	write_zone(folder, "York", "EST5EDT,M3.2.0,M11.1.0");
	write_zone(folder, "South", "<-03>3<-02>,M10.3.0/0,M2.3.0/0");
	write_zone(folder, "Nepal", "<+0545>-5:45");
	setenv("TZDIR", folder, 1);
	*state = xstrdup(folder);
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = { "York", "South", "Nepal" };

	for (size_t i = 0; i < N_ELEM(names); i++) {
		char *path = xasprintf("%s/%s", (char *)*state, names[i]);

		unlink(path);
		free(path);
	}
	rmdir(*state);
	free(*state);
	unsetenv("TZDIR");
	return 0;
}

static int64_t
us_of(const char *text)
{
	int64_t us;

	assert_true(weir_time_parse(str_of(text), &us));
	return us;
}

struct dates_case {
	const char *schedule, *from, *want; /* want: dates, or a part of the error */
};

/* What Prefect 3.8.3 says of them, York being America/New_York. */
/* clang-format off */
static const struct dates_case cases[] = {
	{ "{'cron':'0 3 * * *'}", "2026-11-21T03:00:00Z",
	  "2026-11-21T03:00:00Z 2026-11-22T03:00:00Z 2026-11-23T03:00:00Z" },
	{ "{'cron':'0 3 * * *'}", "2026-11-21T03:00:00.000001Z",
	  "2026-11-22T03:00:00Z 2026-11-23T03:00:00Z 2026-11-24T03:00:00Z" },
	{ "{'cron':'@weekly'}", "2026-11-21T03:00:00Z",
	  "2026-11-22T00:00:00Z 2026-11-29T00:00:00Z 2026-12-06T00:00:00Z" },
	{ "{'cron':'*/20 8-9 * * mon-fri','timezone':'York'}", "2026-11-20T14:30:00Z",
	  "2026-11-20T14:40:00Z 2026-11-23T13:00:00Z 2026-11-23T13:20:00Z" },
	{ "{'cron':'0 0 13 * fri'}", "2026-11-01T00:00:00Z",
	  "2026-11-06T00:00:00Z 2026-11-13T00:00:00Z 2026-11-20T00:00:00Z" },
	{ "{'cron':'0 0 13 * fri','day_or':false}", "2026-09-20T00:00:00Z",
	  "2026-11-13T00:00:00Z 2027-08-13T00:00:00Z 2028-10-13T00:00:00Z" },
	{ "{'cron':'0 0 l * *'}", "2028-02-01T00:00:00Z",
	  "2028-02-29T00:00:00Z 2028-03-31T00:00:00Z 2028-04-30T00:00:00Z" },
	{ "{'cron':'0 0 * * 2#2'}", "2026-11-01T00:00:00Z",
	  "2026-11-10T00:00:00Z 2026-12-08T00:00:00Z 2027-01-12T00:00:00Z" },
	{ "{'cron':'0 0 * * L5'}", "2026-11-01T00:00:00Z",
	  "2026-11-27T00:00:00Z 2026-12-25T00:00:00Z 2027-01-29T00:00:00Z" },
	{ "{'cron':'0 0 * * fri-mon'}", "2026-11-16T00:00:01Z",
	  "2026-11-20T00:00:00Z 2026-11-21T00:00:00Z 2026-11-22T00:00:00Z" },
	{ "{'cron':'0 0 1 1 * 30 2028-2029'}", "2026-11-16T00:00:01Z",
	  "2028-01-01T00:00:30Z 2029-01-01T00:00:30Z" },
	{ "{'cron':'* * * * * */20'}", "2026-11-16T00:00:01Z",
	  "2026-11-16T00:00:20Z 2026-11-16T00:00:40Z 2026-11-16T00:01:00Z" },
	{ "{'cron':'0 0 30 2 *'}", "2026-11-16T00:00:01Z", "" },
	/* an hour is left out, an hour comes twice */
	{ "{'cron':'30 2 * * *','timezone':'York'}", "2024-03-09T12:00:00Z",
	  "2024-03-10T06:30:00Z 2024-03-11T06:30:00Z 2024-03-12T06:30:00Z" },
	{ "{'cron':'30 1 * * *','timezone':'York'}", "2024-11-03T00:00:00Z",
	  "2024-11-03T05:30:00Z 2024-11-04T06:30:00Z 2024-11-05T06:30:00Z" },
	{ "{'cron':'30 * * * *','timezone':'York'}", "2024-03-10T06:00:00Z",
	  "2024-03-10T06:30:00Z 2024-03-10T07:30:00Z 2024-03-10T08:30:00Z" },
	{ "{'cron':'0 9 * * *','timezone':'South'}", "2030-02-16T00:00:00Z",
	  "2030-02-16T11:00:00Z 2030-02-17T12:00:00Z 2030-02-18T12:00:00Z" },
	{ "{'cron':'0 9 * * *','timezone':'Nepal'}", "2030-02-16T00:00:00Z",
	  "2030-02-16T03:15:00Z 2030-02-17T03:15:00Z 2030-02-18T03:15:00Z" },
	{ "{'interval':3600.5,'anchor_date':'2026-11-21T00:00:00Z'}",
	  "2026-11-21T00:00:01Z",
	  "2026-11-21T01:00:00.500000Z 2026-11-21T02:00:01Z "
	  "2026-11-21T03:00:01.500000Z" },
	{ "{'interval':86400,'anchor_date':'2024-03-08T09:00:00-05:00',"
	  "'timezone':'York'}", "2024-03-09T00:00:00Z",
	  "2024-03-09T14:00:00Z 2024-03-10T13:00:00Z 2024-03-11T13:00:00Z" },
	{ "{'interval':3600,'anchor_date':'2024-01-01T00:00:00Z',"
	  "'timezone':'York'}", "2024-11-03T05:00:00Z",
	  "2024-11-03T05:00:00Z 2024-11-03T06:00:00Z 2024-11-03T07:00:00Z" },
	{ "{'interval':86400,'anchor_date':'2030-01-01T06:00:00Z'}",
	  "2026-11-21T07:00:00Z",
	  "2026-11-22T06:00:00Z 2026-11-23T06:00:00Z 2026-11-24T06:00:00Z" },
	{ "{'interval':1e18,'anchor_date':'2030-01-01T06:00:00Z'}",
	  "2026-11-21T07:00:00Z", "2030-01-01T06:00:00Z" },
	{ "{'interval':0.0000014,'anchor_date':'2000-01-01T00:00:00Z'}",
	  "2026-11-21T07:00:00Z",
	  "2026-11-21T07:00:00Z 2026-11-21T07:00:00.000001Z "
	  "2026-11-21T07:00:00.000002Z" },
	{ "{'rrule':'FREQ=WEEKLY;BYDAY=MO,FR;BYHOUR=7'}", "2026-11-21T00:00:00Z",
	  "2026-11-23T07:00:00Z 2026-11-27T07:00:00Z 2026-11-30T07:00:00Z" },
	{ "{'rrule':'DTSTART:20240101T023000\\nRRULE:FREQ=DAILY','timezone':'York'}",
	  "2024-03-09T12:00:00Z",
	  "2024-03-10T06:30:00Z 2024-03-11T06:30:00Z 2024-03-12T06:30:00Z" },
	{ "{'rrule':'DTSTART:20240131T060000\\nRRULE:FREQ=MONTHLY'}",
	  "2024-02-01T00:00:00Z",
	  "2024-03-31T06:00:00Z 2024-05-31T06:00:00Z 2024-07-31T06:00:00Z" },
	{ "{'rrule':'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1'}",
	  "2026-11-21T00:00:00Z",
	  "2026-11-30T00:00:00Z 2026-12-31T00:00:00Z 2027-01-29T00:00:00Z" },
	{ "{'rrule':'FREQ=YEARLY;BYEASTER=0'}", "2026-01-01T00:00:00Z",
	  "2026-04-05T00:00:00Z 2027-03-28T00:00:00Z 2028-04-16T00:00:00Z" },
	{ "{'rrule':'DTSTART:20240101T000000\\nRRULE:FREQ=DAILY\\n"
	  "EXDATE:20240302T000000\\nEXRULE:FREQ=DAILY;INTERVAL=2\\n"
	  "RDATE:20240301T120000'}", "2024-02-29T00:00:00Z",
	  "2024-02-29T00:00:00Z 2024-03-01T12:00:00Z 2024-03-04T00:00:00Z" },
	{ "{'rrule':'DTSTART:20240101T000000\\nRRULE:FREQ=DAILY;COUNT=3'}",
	  "2024-01-02T00:00:00Z", "2024-01-02T00:00:00Z 2024-01-03T00:00:00Z" },
	{ "{'rrule':'DTSTART:20240101T000000\\nRRULE:FREQ=DAILY;UNTIL=20240103'}",
	  "2024-01-02T00:00:00Z", "2024-01-02T00:00:00Z 2024-01-03T00:00:00Z" },
	{ "{'rrule':'DTSTART;TZID=Asia/Tokyo:20240309T023000\\nRRULE:FREQ=DAILY;"
	  "UNTIL=20240311T023000Z\\nEXDATE;VALUE=DATE-TIME;TZID=Asia/Tokyo:"
	  "20240310T023000','timezone':'York'}", "2024-03-09T00:00:00Z",
	  "2024-03-09T07:30:00Z 2024-03-11T06:30:00Z" },
	{ "{'rrule':'FREQ=SECONDLY;INTERVAL=7'}", "2026-11-21T00:00:00Z",
	  "2026-11-21T00:00:03Z 2026-11-21T00:00:10Z 2026-11-21T00:00:17Z" },
	{ "{'rrule':'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30'}", "2026-11-21T00:00:00Z",
	  "" },
	/* what cannot be */
	{ "{'rrule':'FREQ=SECONDLY;COUNT=999999999'}", "2026-11-21T00:00:00Z",
	  "too long ago" },
	{ "{'cron':'70 * * * *'}", "2026-11-21T00:00:00Z",
	  "cron '70 * * * *': minute cannot be 70" },
	{ "{'rrule':'FREQ=DAILY\\nRDATE;TZID=Asia/Tokyo:20240310T023000'}",
	  "2024-03-09T00:00:00Z", "RDATE takes no `TZID=ASIA/TOKYO`" },
	{ "{'rrule':'DTSTART;TZID=Asia/Tokyo:20240310T023000Z\\nFREQ=DAILY'}",
	  "2024-03-09T00:00:00Z", "DTSTART: a TZID and the Z of 20240310T023000Z" },
	{ "{'rrule':'DTSTART;VALUE=DATE;VALUE=DATE:20240310\\nFREQ=DAILY'}",
	  "2024-03-09T00:00:00Z", "DTSTART takes no `VALUE=DATE`" },
	{ "{'rrule':'RRULE;X=1:FREQ=DAILY'}", "2024-03-09T00:00:00Z",
	  "RRULE takes no `X=1`" },
	{ "{'rrule':'DTSTART;:20240310\\nFREQ=DAILY'}", "2024-03-09T00:00:00Z",
	  "DTSTART takes no ``" },
	{ "{'rrule':'FREQ=NEVER'}", "2026-11-21T00:00:00Z", "FREQ cannot be NEVER" },
	{ "{'interval':0,'anchor_date':'2030-01-01T06:00:00Z'}",
	  "2026-11-21T07:00:00Z", "interval: longer" },
	{ "{'interval':5,'anchor_date':'soon'}", "2026-11-21T07:00:00Z",
	  "anchor_date 'soon'" },
	{ "{'cron':'0 0 * * *','timezone':'Mars/Olympus'}", "2026-11-21T07:00:00Z",
	  "Mars/Olympus is no time zone of this machine" },
	{ "{'cron':'0 0 * * *','timezone':'../York'}", "2026-11-21T07:00:00Z",
	  "no time zone" },
	{ "{}", "2026-11-21T07:00:00Z", "a schedule has a cron line" },
};
/* clang-format on */

static enum weir_rc
get(const char *schedule, const struct schedule_want *w, int64_t *us, size_t *n,
	struct weir_err *err)
{
	char *text = xstrdup(schedule);
	struct schedule_dates *s = NULL;
	json_t *doc;
	enum weir_rc rc;

	for (char *p = text; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	doc = json_loads(text, 0, NULL);
	assert_non_null(doc);
	rc = schedule_dates_new(doc, &s, err);
	if (!rc)
		rc = schedule_dates_get(s, w, us, n, err);
	schedule_dates_free(s);
	json_decref(doc);
	free(text);
	return rc;
}

static void
test_dates(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		struct schedule_want w = { .from_us = us_of(cases[i].from), .max = 3 };
		struct buf got = BUF_INIT(4096);
		struct weir_err err = { 0 };
		char text[WEIR_TIME_TEXT];
		int64_t us[SCHEDULE_DATES_MAX];
		size_t n = 0;

		w.enough = 3;
		w.until_us = w.from_us + INT64_C(5000) * 86400 * WEIR_SECOND_US;
		if (get(cases[i].schedule, &w, us, &n, &err)) {
			if (!strstr(err.text, cases[i].want))
				fail_msg("%s: %s", cases[i].schedule, err.text);
			continue;
		}
		for (size_t k = 0; k < n; k++)
			buf_addf(&got, "%s%s", k ? " " : "",
				weir_time_format(us[k], text));
		if (strcmp(buf_cstr(&got), cases[i].want) != 0)
			fail_msg("%s: %s, not %s", cases[i].schedule, buf_cstr(&got),
				cases[i].want);
		buf_release(&got);
	}
}

/* So many and so far ahead as Prefect's scheduler makes runs. */
static void
test_enough(void **state)
{
	struct schedule_want w = {
		.from_us = us_of("2026-11-21T00:00:00Z"), .max = 100, .enough = 3
	};
	struct weir_err err = { 0 };
	int64_t us[SCHEDULE_DATES_MAX];
	size_t n = 0;

	(void)state;
	w.enough_us = w.from_us + INT64_C(3600) * WEIR_SECOND_US;
	w.until_us = w.from_us + INT64_C(100) * 86400 * WEIR_SECOND_US;
	assert_int_equal(get("{'cron':'* * * * *'}", &w, us, &n, &err), WEIR_OK);
	assert_int_equal(n, 61);
	assert_int_equal(get("{'cron':'0 0 * * *'}", &w, us, &n, &err), WEIR_OK);
	assert_int_equal(n, 3);
	assert_int_equal(get("{'cron':'* * * * * *'}", &w, us, &n, &err), WEIR_OK);
	assert_int_equal(n, 100);
	assert_int_equal(get("{'cron':'0 0 1 2 *'}", &w, us, &n, &err), WEIR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(get("{'cron':'0 0 1 6 *'}", &w, us, &n, &err), WEIR_OK);
	assert_int_equal(n, 0);
}

static void
test_no_zones(void **state)
{
	struct schedule_zone *z = NULL;
	struct weir_err err = { 0 };
	char *was = xstrdup(getenv("TZDIR"));

	(void)state;
	setenv("TZDIR", "/nonexistent", 1);
	assert_int_equal(schedule_zone_open("UTC", &z, &err), WEIR_OK);
	assert_int_equal(schedule_zone_local(z, 5), 5);
	schedule_zone_close(z);
	assert_int_equal(schedule_zone_open("Europe/Berlin", &z, &err), WEIR_ENOTFOUND);
	assert_non_null(strstr(err.text, "this machine knows no zones"));
	assert_non_null(strstr(err.hint, "tzdata"));
	setenv("TZDIR", was, 1);
	free(was);
}

static void
test_bad_zones(void **state)
{
	static const char *const rules[] = { "EST5EDT,M13.2.0,M11.1.0", "EST", "5",
		"EST5EDT,M3.2.0", "EST5EDT,M3.0.0,M11.1.0", "EST5EDT,M3.2.0,Q",
		"EST66" };
	struct schedule_zone *z = NULL;
	struct weir_err err = { 0 };
	struct buf bytes = BUF_INIT(4096);

	(void)state;
	for (size_t i = 0; i < N_ELEM(rules); i++) {
		buf_clear(&bytes);
		add_zone(&bytes, rules[i]);
		assert_int_equal(
			schedule_zone_parse(buf_str(&bytes), &z, &err), WEIR_EBADDATA);
	}
	buf_clear(&bytes);
	add_zone(&bytes, "EST5");
	assert_int_equal(schedule_zone_parse(buf_str(&bytes), &z, &err), WEIR_OK);
	assert_int_equal(schedule_zone_local(z, 0), -18000);
	schedule_zone_close(z);
	for (size_t n = 0; n < bytes.len - 1; n++) {
		struct str cut = { bytes.s, n };

		z = NULL;
		if (schedule_zone_parse(cut, &z, &err) == WEIR_OK) {
			assert_in_range(n, bytes.len - 6, bytes.len - 6);
			schedule_zone_close(z);
		}
	}
	buf_release(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_enough),
		cmocka_unit_test(test_no_zones),
		cmocka_unit_test(test_bad_zones),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
