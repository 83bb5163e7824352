/*
 * The syntax of schedules, as far as Prefect looks at it when a deployment is made:
 * cron lines, recurrence rules, time zones, durations, anchor dates. When a schedule
 * fires is none of its business.
 */
#ifndef WEIR_CLIENT_SCHEDULE_CHECK_H
#define WEIR_CLIENT_SCHEDULE_CHECK_H

#include <stdbool.h>

#include "weir/buf.h"

/* Each returns true, or appends to why what is wrong. */

/* Five to seven fields, names, ranges, steps, `?`, `L`, `2#3`, `@daily`. */
bool schedule_check_cron(const char *text, struct buf *why);

/* RFC 5545: rules, or a set of lines with DTSTART, RRULE, EXRULE, RDATE, EXDATE. */
bool schedule_check_rrule(const char *text, struct buf *why);

/* A name of the system's zones. Any will do on a machine that has none. */
bool schedule_check_zone(const char *name, struct buf *why);
const char *schedule_check_zones(void); /* the folder of their files */

/* `PT1H`, `P1DT2H`, `1:30:00`, `2 days, 1:00:00`: seconds. */
bool schedule_check_duration(const char *text, double *ret_seconds, struct buf *why);

/* `2024-01-01`, RFC 3339; UTC without a zone. *ret is RFC 3339. */
enum { SCHEDULE_DATE_TEXT = 48 };
bool schedule_check_date(
	const char *text, char ret[SCHEDULE_DATE_TEXT], struct buf *why);

#endif
