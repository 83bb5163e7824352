/*
 * When a schedule fires: of the document that Prefect keeps of it (`cron`, `interval`
 * or `rrule`, with a `timezone`), the dates that Prefect makes runs for. No clock is
 * read.
 *
 * Where clocks are set, Prefect's rules: what cron and rules name in an hour that is
 * left out comes an hour earlier, and in one that comes twice the first time. Intervals
 * of a day and more keep the time of day, shorter ones the distance.
 */
#ifndef WEIR_CLIENT_SCHEDULE_DATES_H
#define WEIR_CLIENT_SCHEDULE_DATES_H

#include <jansson.h>

#include "weir/error.h"

struct schedule_dates;

/* WEIR_EBADDATA, WEIR_ENOTFOUND (its time zone): one clear line. */
WEIR_NODISCARD enum weir_rc schedule_dates_new(
	const json_t *schedule, struct schedule_dates **ret, struct weir_err *err);
void schedule_dates_free(struct schedule_dates *s); /* accepts NULL */

struct schedule_want {
	int64_t from_us, until_us; /* the first that may be, the last */
	size_t max;                /* at most so many */
	/* no more than so many once one is at or after that time: Prefect's minimum */
	size_t enough;
	int64_t enough_us;
};

/* A date as Prefect names it in keys of runs: `2026-11-21 04:00:00+01:00`. */
struct buf;
void schedule_dates_text(const struct schedule_dates *s, int64_t us, struct buf *out);

enum { SCHEDULE_DATES_MAX = 1000 };

/*
 * In order; at most SCHEDULE_DATES_MAX. WEIR_EBADDATA: a rule with COUNT whose start is
 * too long ago to count from it.
 */
WEIR_NODISCARD enum weir_rc schedule_dates_get(const struct schedule_dates *s,
	const struct schedule_want *want, int64_t *ret_us, size_t *ret_n,
	struct weir_err *err);

#endif
