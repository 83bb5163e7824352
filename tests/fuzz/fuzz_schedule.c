/*
 * Schedules: the first byte says what the rest is. What is accepted has dates that are
 * in order, not before it is asked from (but for an hour that clocks show twice or
 * never) and not after the end.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <weir/mem.h>
#include <weir/time.h>

#include "schedule_dates.h"
#include "schedule_zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t from_us = 1795269739441000;
static const int64_t hour_us = INT64_C(3600) * WEIR_SECOND_US;

static void
check_dates(const char *kind, struct str text)
{
	struct schedule_want w = { .from_us = from_us,
		.until_us = from_us + 24 * 100 * hour_us,
		.max = 100,
		.enough = 3,
		.enough_us = from_us + hour_us };
	json_t *value = json_stringn(text.s, text.len), *doc;
	int64_t us[SCHEDULE_DATES_MAX];
	struct schedule_dates *s = NULL;
	struct weir_err err;
	size_t n = 0;

	if (!value)
		return;
	doc = json_pack("{s:o, s:s}", kind, value, "timezone", "UTC");
	if (!schedule_dates_new(doc, &s, &err) &&
		!schedule_dates_get(s, &w, us, &n, &err)) {
		if (n > w.max)
			abort();
		for (size_t i = 0; i < n; i++)
			if (us[i] < from_us || us[i] > w.until_us ||
				(i && us[i] <= us[i - 1]))
				abort();
	}
	schedule_dates_free(s);
	json_decref(doc);
}

static void
check_zone(struct str bytes)
{
	static const int64_t at[] = { 0, 1795269739, -5000000000, 99999999999 };
	struct schedule_zone *z = NULL;
	struct weir_err err;

	if (schedule_zone_parse(bytes, &z, &err))
		return;
	for (size_t i = 0; i < N_ELEM(at); i++) {
		int64_t local = schedule_zone_local(z, at[i]);
		int64_t early = schedule_zone_utc(z, local, false);

		if (early > schedule_zone_utc(z, local, true) ||
			local - at[i] > 30 * 3600 || at[i] - local > 30 * 3600)
			abort();
	}
	schedule_zone_close(z);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data + 1, size - 1 };

	if (!size)
		return 0;
	if (*data == 'z')
		check_zone(rest);
	else
		check_dates(*data == 'c' ? "cron" : "rrule", rest);
	return 0;
}
