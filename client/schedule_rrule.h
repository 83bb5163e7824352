/*
 * Recurrence rules: sets of lines with DTSTART, RRULE, EXRULE, RDATE, EXDATE, read as
 * strictly as Python's dateutil does, which Prefect uses. All times are in seconds of a
 * clock without zone: Prefect reads them in the schedule's zone, whatever they say.
 */
#ifndef WEIR_CLIENT_SCHEDULE_RRULE_H
#define WEIR_CLIENT_SCHEDULE_RRULE_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/buf.h"
#include "weir/mem.h"

enum schedule_freq {
	RRULE_YEARLY,
	RRULE_MONTHLY,
	RRULE_WEEKLY,
	RRULE_DAILY,
	RRULE_HOURLY,
	RRULE_MINUTELY,
	RRULE_SECONDLY
};

/* What numbers a list may hold; SETPOS is not one of the filters. */
enum schedule_by {
	RRULE_SETPOS,
	RRULE_MONTH,
	RRULE_MONTHDAY,
	RRULE_YEARDAY,
	RRULE_EASTER,
	RRULE_WEEKNO,
	RRULE_HOUR,
	RRULE_MINUTE,
	RRULE_SECOND,
	RRULE_BYS
};

struct schedule_nth {
	int weekday; /* 0: Monday */
	int n;       /* from the end if negative; 0: each */
};

VEC_TYPE(schedule_numbers, int);
VEC_TYPE(schedule_nths, struct schedule_nth);
VEC_TYPE(schedule_times, int64_t);

struct schedule_rule {
	bool excludes; /* EXRULE */
	enum schedule_freq freq;
	int64_t interval, count; /* INT64_MAX: without end */
	int64_t until_s;         /* INT64_MAX: without end */
	int week_start;
	bool has_days;
	struct schedule_nths days;
	bool has[RRULE_BYS];
	struct schedule_numbers by[RRULE_BYS];
};

struct schedule_rrule {
	int64_t start_s;
	VEC(struct schedule_rule) rules;
	struct schedule_times more, less; /* RDATE, EXDATE */
};

/* Or it appends to why what is wrong. */
bool schedule_rrule_read(const char *text, struct schedule_rrule *ret, struct buf *why);
void schedule_rrule_release(struct schedule_rrule *r);

/* Dates in order, from one on; the rules must live as long. */
struct schedule_walk;
struct schedule_walk *schedule_walk_new(
	const struct schedule_rrule *r, int64_t from_s, int64_t to_s);
bool schedule_walk_next(struct schedule_walk *w, int64_t *ret_s);
/* It gave up: a rule with COUNT that has fired too often to be counted. */
bool schedule_walk_is_tired(const struct schedule_walk *w);
void schedule_walk_free(struct schedule_walk *w);

#endif
