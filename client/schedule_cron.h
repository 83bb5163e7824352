/* Cron lines, as Prefect's reader takes them and steps through them. */
#ifndef WEIR_CLIENT_SCHEDULE_CRON_H
#define WEIR_CLIENT_SCHEDULE_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/buf.h"

enum schedule_cron_field {
	CRON_MINUTE,
	CRON_HOUR,
	CRON_DAY,
	CRON_MONTH,
	CRON_WEEKDAY,
	CRON_SECOND,
	CRON_YEAR,
	CRON_FIELDS
};

struct schedule_cron {
	size_t n; /* fields: 5, 6, 7 */
	struct {
		uint64_t bits[3]; /* values from the field's least */
		bool star;        /* any */
	} field[CRON_FIELDS];
	bool last_day;  /* L among the days */
	uint8_t nth[7]; /* of a weekday: bit n for #n, bit 0 for its last */
};

/*
 * Five to seven fields (minute, hour, day, month, weekday, second, year), names,
 * ranges, steps, `?`, `L`, `2#3`, `L5`, `@daily`. Or it appends to why what is wrong.
 */
bool schedule_cron_read(const char *text, struct schedule_cron *ret, struct buf *why);

/*
 * The first time after that one, in seconds of a clock without zone. Day and weekday
 * must both fit if not day_or. False: none within fifty years.
 */
bool schedule_cron_next(
	const struct schedule_cron *c, bool day_or, int64_t after_s, int64_t *ret_s);

#endif
