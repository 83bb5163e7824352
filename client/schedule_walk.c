/* The dates of recurrence rules, one after the other. */
#include <stdlib.h>

#include "civil.h"
#include "schedule_rrule.h"

enum {
	DAYS_MAX = 366,      /* of a period */
	STEPS_MAX = 10000000 /* periods that are looked at */
};

/* One rule on its way. */
struct way {
	const struct schedule_rule *rule;
	int64_t start_s, to_s;
	int64_t period; /* the next one */
	int64_t left;   /* of COUNT */
	/* those left out in the rule are of its start */
	bool has_month, has_monthday, has_weekday;
	uint32_t months, hours;
	uint64_t minutes, seconds;
	int monthday, weekday;

	/* the period that is walked through */
	int64_t days[DAYS_MAX];
	size_t n_days;
	struct schedule_numbers times; /* seconds of a day */
	struct schedule_times picked;  /* with BYSETPOS: what is left of it */
	size_t at;
	bool ended;

	bool filled; /* next is */
	int64_t next;
};

struct schedule_walk {
	const struct schedule_rrule *set;
	VEC(struct way *) ways;
	struct schedule_times more; /* sorted */
	size_t at;
	int64_t last;
	bool begun, tired; /* last is; gave up */
	int64_t steps;
};

/* ---- which days */

static bool
holds(const struct schedule_numbers *list, int v)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i] == v)
			return true;
	return false;
}

static int
monday_based(int64_t days)
{
	return (civil_weekday(days) + 6) % 7;
}

static int64_t
easter(int64_t year)
{
	int64_t g = year % 19, c = year / 100;
	int64_t h = (c - c / 4 - (8 * c + 13) / 25 + 19 * g + 15) % 30;
	int64_t i = h - (h / 28) * (1 - (h / 28) * (29 / (h + 1)) * ((21 - g) / 11));
	int64_t j = (year + year / 4 + i + 2 - c + c / 4) % 7;

	return civil_days(year, 3, 1) + i - j + 27;
}

static bool
is_easter_day(const struct schedule_rule *r, int64_t day, int64_t year)
{
	return holds(&r->by[RRULE_EASTER], (int)(day - easter(year)));
}

static bool
is_week(const struct schedule_rule *r, int64_t day)
{
	int64_t middle = day - (monday_based(day) - r->week_start + 7) % 7 + 3;
	int64_t year = civil_date(middle).year, from = civil_days(year, 1, 1);
	int64_t length = civil_is_leap(year) ? 366 : 365;
	int n = (int)((middle - from) / 7) + 1;
	int all = (int)((length - (middle - from) % 7 + 6) / 7);

	return holds(&r->by[RRULE_WEEKNO], n) ||
	       holds(&r->by[RRULE_WEEKNO], n - all - 1);
}

static bool
is_year_day(const struct schedule_rule *r, int64_t day, int64_t year)
{
	int64_t from = civil_days(year, 1, 1), next = civil_days(year + 1, 1, 1);

	return holds(&r->by[RRULE_YEARDAY], (int)(day - from) + 1) ||
	       holds(&r->by[RRULE_YEARDAY], (int)(day - next));
}

static bool
is_month_day(const struct way *w, const struct civil_date *d)
{
	int before_end = d->day - civil_month_days(d->year, d->month) - 1;

	if (!w->rule->has[RRULE_MONTHDAY])
		return d->day == w->monthday;
	return holds(&w->rule->by[RRULE_MONTHDAY], d->day) ||
	       holds(&w->rule->by[RRULE_MONTHDAY], before_end);
}

/* Does its n count within these days? Only in months and years it does. */
static bool
is_nth(const struct schedule_nth *n, int64_t day, int64_t first, int64_t last)
{
	if (monday_based(day) != n->weekday)
		return false;
	return n->n > 0 ? (day - first) / 7 + 1 == n->n
			: -((last - day) / 7 + 1) == n->n;
}

/* Both those of each week and those that are counted must fit, where both are. */
static bool
is_weekday(const struct way *w, int64_t day, const struct civil_date *d)
{
	const struct schedule_rule *r = w->rule;
	bool counts = r->freq <= RRULE_MONTHLY;
	bool year = r->freq == RRULE_YEARLY && !w->has_month;
	int64_t first = civil_days(d->year, year ? 1 : d->month, 1);
	int64_t last = year ? civil_days(d->year, 12, 31)
			    : first + civil_month_days(d->year, d->month) - 1;
	bool plain = false, plain_fits = false, nth = false, nth_fits = false;

	if (!r->has_days)
		return monday_based(day) == w->weekday;
	for (size_t i = 0; i < r->days.n; i++) {
		const struct schedule_nth *n = &r->days.v[i];

		if (n->n && counts) {
			nth = true;
			nth_fits |= is_nth(n, day, first, last);
		} else {
			plain = true;
			plain_fits |= monday_based(day) == n->weekday;
		}
	}
	return (!plain || plain_fits) && (!nth || nth_fits);
}

static bool
is_day(const struct way *w, int64_t day)
{
	const struct schedule_rule *r = w->rule;
	struct civil_date d = civil_date(day);

	if (w->has_month && !(w->months >> d.month & 1))
		return false;
	if (w->has_weekday && !is_weekday(w, day, &d))
		return false;
	if (w->has_monthday && !is_month_day(w, &d))
		return false;
	if (r->has[RRULE_WEEKNO] && !is_week(r, day))
		return false;
	if (r->has[RRULE_YEARDAY] && !is_year_day(r, day, d.year))
		return false;
	return !r->has[RRULE_EASTER] || is_easter_day(r, day, d.year);
}

/* ---- which times of a day */

static uint64_t
bits_of(const struct schedule_numbers *list)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < list->n; i++)
		bits |= UINT64_C(1) << list->v[i];
	return bits;
}

/* The least of the bits, taken from them. */
static int
take_bit(uint64_t *bits)
{
	int i = __builtin_ctzll(*bits);

	*bits &= *bits - 1;
	return i;
}

static void
set_times(struct way *w, uint64_t hours, uint64_t minutes, uint64_t seconds)
{
	w->times.n = 0;
	while (hours) {
		int h = take_bit(&hours);

		for (uint64_t left = minutes; left;) {
			int m = take_bit(&left);

			for (uint64_t more = seconds; more;)
				VEC_PUSH(
					&w->times, h * 3600 + m * 60 + take_bit(&more));
		}
	}
}

/* ---- periods */

static int64_t
unit_of(enum schedule_freq freq)
{
	static const int64_t units[] = {
		[RRULE_HOURLY] = 3600, [RRULE_MINUTELY] = 60, [RRULE_SECONDLY] = 1
	};

	return units[freq];
}

static void
add_days(struct way *w, int64_t first, int64_t n)
{
	w->n_days = 0;
	for (int64_t day = first; day < first + n; day++)
		if (is_day(w, day))
			w->days[w->n_days++] = day;
}

/* The first day of a period of days or more, and how many. */
static int64_t
days_of(const struct way *w, int64_t period, int64_t *ret_n)
{
	int64_t start = civil_div(w->start_s, CIVIL_DAY_S), months, year;
	struct civil_date d = civil_date(start);
	int64_t by = period * w->rule->interval;
	int back;

	switch (w->rule->freq) {
	case RRULE_YEARLY:
		year = d.year + by;
		*ret_n = civil_is_leap(year) ? 366 : 365;
		return civil_days(year, 1, 1);
	case RRULE_MONTHLY:
		months = d.month - 1 + by;
		year = d.year + months / 12;
		*ret_n = civil_month_days(year, (int)(months % 12) + 1);
		return civil_days(year, (int)(months % 12) + 1, 1);
	case RRULE_WEEKLY:
		back = (monday_based(start) - w->rule->week_start + 7) % 7;
		*ret_n = period ? 7 : 7 - back;
		return period ? start - back + by * 7 : start;
	default:
		*ret_n = 1;
		return start + by;
	}
}

/* The period that is at or behind a moment. */
static void
jump_to(struct way *w, int64_t at_s)
{
	int64_t unit = unit_of(w->rule->freq);
	int64_t begin = civil_div(w->start_s, unit) * unit;
	int64_t step = unit * w->rule->interval;
	int64_t p = civil_div(at_s - begin + step - 1, step);

	if (p > w->period)
		w->period = p;
}

/* A period of hours or less; what cannot fit is left out as a whole. */
static void
fill_short(struct way *w)
{
	const struct schedule_rule *r = w->rule;
	int64_t unit = unit_of(r->freq);
	int64_t at = (civil_div(w->start_s, unit) + w->period * r->interval) * unit;
	int64_t day = civil_div(at, CIVIL_DAY_S), second = civil_mod(at, CIVIL_DAY_S);
	uint64_t hour = UINT64_C(1) << (second / 3600);
	uint64_t minute = UINT64_C(1) << (second / 60 % 60);
	uint64_t own = UINT64_C(1) << (second % 60);

	w->n_days = 0;
	w->period++;
	if (at > w->to_s) {
		w->ended = true;
	} else if (!is_day(w, day)) {
		jump_to(w, (day + 1) * CIVIL_DAY_S);
	} else if (r->has[RRULE_HOUR] && !(w->hours & hour)) {
		jump_to(w, civil_div(at, 3600) * 3600 + 3600);
	} else if (r->freq >= RRULE_MINUTELY && r->has[RRULE_MINUTE] &&
		   !(w->minutes & minute)) {
		jump_to(w, civil_div(at, 60) * 60 + 60);
	} else if (r->freq != RRULE_SECONDLY || !r->has[RRULE_SECOND] ||
		   w->seconds & own) {
		w->days[w->n_days++] = day;
		set_times(w, hour, r->freq == RRULE_HOURLY ? w->minutes : minute,
			r->freq == RRULE_SECONDLY ? own : w->seconds);
	}
}

static int
cmp_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Only those places of the period. */
static void
pick(struct way *w)
{
	const struct schedule_numbers *places = &w->rule->by[RRULE_SETPOS];
	int64_t all = (int64_t)(w->n_days * w->times.n), i;

	w->picked.n = 0;
	for (size_t p = 0; p < places->n; p++) {
		i = places->v[p] > 0 ? places->v[p] - 1 : all + places->v[p];
		if (i < 0 || i >= all)
			continue;
		VEC_PUSH(&w->picked, w->days[i / (int64_t)w->times.n] * CIVIL_DAY_S +
					     w->times.v[i % (int64_t)w->times.n]);
	}
	if (w->picked.n)
		qsort(w->picked.v, w->picked.n, sizeof(*w->picked.v), cmp_times);
}

static void
fill(struct way *w)
{
	int64_t n, first;

	w->at = 0;
	if (w->rule->freq >= RRULE_HOURLY) {
		fill_short(w);
	} else {
		first = days_of(w, w->period++, &n);
		if (first * CIVIL_DAY_S > w->to_s)
			w->ended = true;
		else
			add_days(w, first, n);
	}
	if (!w->ended && w->rule->has[RRULE_SETPOS])
		pick(w);
}

/* The next of the period, in order. */
static bool
take(struct way *w, int64_t *ret)
{
	size_t i = w->at;

	if (w->rule->has[RRULE_SETPOS]) {
		if (i >= w->picked.n)
			return false;
		*ret = w->picked.v[i];
		while (w->at < w->picked.n && w->picked.v[w->at] == *ret)
			w->at++;
		return true;
	}
	if (i >= w->n_days * w->times.n)
		return false;
	w->at++;
	*ret = w->days[i / w->times.n] * CIVIL_DAY_S + w->times.v[i % w->times.n];
	return true;
}

/* ---- one rule */

/* What the rule leaves open is as at its start. */
static void
set_defaults(struct way *w)
{
	const struct schedule_rule *r = w->rule;
	int64_t start = civil_div(w->start_s, CIVIL_DAY_S);
	int64_t second = civil_mod(w->start_s, CIVIL_DAY_S);
	struct civil_date d = civil_date(start);
	bool open = !r->has[RRULE_WEEKNO] && !r->has[RRULE_YEARDAY] &&
		    !r->has[RRULE_MONTHDAY] && !r->has_days && !r->has[RRULE_EASTER];

	w->has_month = r->has[RRULE_MONTH];
	w->months = (uint32_t)bits_of(&r->by[RRULE_MONTH]);
	if (open && r->freq == RRULE_YEARLY && !w->has_month) {
		w->has_month = true;
		w->months = UINT32_C(1) << d.month;
	}
	w->has_monthday = r->has[RRULE_MONTHDAY] || (open && r->freq <= RRULE_MONTHLY);
	w->monthday = d.day;
	w->has_weekday = r->has_days || (open && r->freq == RRULE_WEEKLY);
	w->weekday = monday_based(start);
	w->hours = r->has[RRULE_HOUR] ? (uint32_t)bits_of(&r->by[RRULE_HOUR])
				      : UINT32_C(1) << (second / 3600);
	w->minutes = r->has[RRULE_MINUTE] ? bits_of(&r->by[RRULE_MINUTE])
					  : UINT64_C(1) << (second / 60 % 60);
	w->seconds = r->has[RRULE_SECOND] ? bits_of(&r->by[RRULE_SECOND])
					  : UINT64_C(1) << (second % 60);
	if (r->freq < RRULE_HOURLY)
		set_times(w, w->hours, w->minutes, w->seconds);
}

/* To the period before that time; one that counts goes through all of them. */
static void
skip_to(struct way *w, int64_t from_s)
{
	const struct schedule_rule *r = w->rule;
	int64_t from = civil_div(from_s, CIVIL_DAY_S), p = 0;
	int64_t start = civil_div(w->start_s, CIVIL_DAY_S);
	struct civil_date a = civil_date(start), b = civil_date(from);

	if (r->count != INT64_MAX || from_s <= w->start_s)
		return;
	if (r->freq == RRULE_YEARLY)
		p = (b.year - a.year) / r->interval;
	else if (r->freq == RRULE_MONTHLY)
		p = ((b.year - a.year) * 12 + b.month - a.month) / r->interval;
	else if (r->freq == RRULE_WEEKLY)
		p = (from - start) / 7 / r->interval;
	else if (r->freq == RRULE_DAILY)
		p = (from - start) / r->interval;
	else
		p = (from_s - w->start_s) / unit_of(r->freq) / r->interval;
	w->period = p > 1 ? p - 1 : 0;
}

/* Fill w->next, or end. */
static void
advance(struct schedule_walk *walk, struct way *w)
{
	int64_t at;

	w->filled = false;
	while (!w->ended && !w->filled) {
		if (!take(w, &at)) {
			if (++walk->steps > STEPS_MAX) {
				walk->tired = w->ended = true;
				return;
			}
			fill(w);
			continue;
		}
		if (at > w->to_s || at > w->rule->until_s) {
			w->ended = true;
		} else if (at >= w->start_s) {
			if (w->left != INT64_MAX && w->left-- <= 0)
				w->ended = true;
			else
				w->filled = true;
			w->next = at;
		}
	}
}

/* ---- all of them */

struct schedule_walk *
schedule_walk_new(const struct schedule_rrule *r, int64_t from_s, int64_t to_s)
{
	struct schedule_walk *walk = xcalloc(1, sizeof(*walk));

	walk->set = r;
	for (size_t i = 0; i < r->rules.n; i++) {
		struct way *w = xcalloc(1, sizeof(*w));

		w->rule = &r->rules.v[i];
		w->start_s = r->start_s;
		w->to_s = to_s;
		w->left = w->rule->count;
		set_defaults(w);
		skip_to(w, from_s);
		VEC_PUSH(&walk->ways, w);
		advance(walk, w);
	}
	for (size_t i = 0; i < r->more.n; i++)
		if (r->more.v[i] <= to_s)
			VEC_PUSH(&walk->more, r->more.v[i]);
	if (walk->more.n)
		qsort(walk->more.v, walk->more.n, sizeof(*walk->more.v), cmp_times);
	return walk;
}

void
schedule_walk_free(struct schedule_walk *walk)
{
	for (size_t i = 0; i < walk->ways.n; i++) {
		VEC_FREE(&walk->ways.v[i]->times);
		VEC_FREE(&walk->ways.v[i]->picked);
		free(walk->ways.v[i]);
	}
	VEC_FREE(&walk->ways);
	VEC_FREE(&walk->more);
	free(walk);
}

bool
schedule_walk_is_tired(const struct schedule_walk *walk)
{
	return walk->tired;
}

/* Does a line that takes dates away name it? */
static bool
is_excluded(struct schedule_walk *walk, int64_t at)
{
	const struct schedule_times *less = &walk->set->less;

	for (size_t i = 0; i < less->n; i++)
		if (less->v[i] == at)
			return true;
	for (size_t i = 0; i < walk->ways.n; i++) {
		struct way *w = walk->ways.v[i];

		if (!w->rule->excludes)
			continue;
		while (w->filled && w->next < at)
			advance(walk, w);
		if (w->filled && w->next == at)
			return true;
	}
	return false;
}

/* The least of all that is not yet taken. */
static bool
least(struct schedule_walk *walk, int64_t *ret)
{
	struct way *first = NULL;

	for (size_t i = 0; i < walk->ways.n; i++) {
		struct way *w = walk->ways.v[i];

		if (!w->rule->excludes && w->filled &&
			(!first || w->next < first->next))
			first = w;
	}
	if (walk->at < walk->more.n &&
		(!first || walk->more.v[walk->at] <= first->next)) {
		*ret = walk->more.v[walk->at++];
		return true;
	}
	if (!first)
		return false;
	*ret = first->next;
	advance(walk, first);
	return true;
}

bool
schedule_walk_next(struct schedule_walk *walk, int64_t *ret_s)
{
	int64_t at;

	while (least(walk, &at)) {
		if ((walk->begun && at == walk->last) || is_excluded(walk, at))
			continue;
		walk->begun = true;
		walk->last = *ret_s = at;
		return true;
	}
	return false;
}
