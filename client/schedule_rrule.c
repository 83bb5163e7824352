#include "schedule_rrule.h"

#include <ctype.h>
#include <stdlib.h>

#include "civil.h"
#include "schedule_check.h"

enum { RRULE_MAX = 6500 };

struct reading {
	struct schedule_rrule *set;
	struct schedule_rule *rule; /* that is read */
	bool freq, dtstart, dtstart_utc, until_utc;
	struct buf *why;
};

static const char *const freqs[] = { "YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY",
	"MINUTELY", "SECONDLY" };
static const char *const weekdays[] = { "MO", "TU", "WE", "TH", "FR", "SA", "SU" };

static bool
is_one_of(const char *s, const char *const *names, size_t n, int *ret)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s, names[i]) == 0) {
			*ret = (int)i;
			return true;
		}
	return false;
}

static bool
is_integer(const char *s, long *ret)
{
	char *end;

	if (!isdigit((unsigned char)s[*s == '-' || *s == '+']) || strlen(s) > 9)
		return false;
	*ret = strtol(s, &end, 10);
	return !*end;
}

static int
digits_at(const char *s, int n)
{
	int v = 0;

	while (n-- > 0)
		v = v * 10 + *s++ - '0';
	return v;
}

/* 8, 12 or 14 digits. */
static bool
to_seconds(const char *digits, size_t n, int64_t *ret)
{
	int year = digits_at(digits, 4), month = digits_at(digits + 4, 2);
	int day = digits_at(digits + 6, 2);
	int hour = n > 8 ? digits_at(digits + 8, 2) : 0;
	int minute = n > 8 ? digits_at(digits + 10, 2) : 0;
	int second = n > 12 ? digits_at(digits + 12, 2) : 0;

	if (!year || !month || month > 12 || !day ||
		day > civil_month_days(year, month) || hour > 23 || minute > 59 ||
		second > 59)
		return false;
	*ret = civil_days(year, month, day) * CIVIL_DAY_S + hour * 3600L +
	       minute * 60L + second;
	return true;
}

/* 20240131, 20240131T080000, 2024-01-31T08:00:00, with or without Z. */
static bool
is_date(const char *s, int64_t *ret, bool *ret_utc)
{
	char digits[32];
	size_t n = 0;

	for (; *s && n < sizeof(digits) - 1; s++)
		if (isdigit((unsigned char)*s))
			digits[n++] = *s;
		else if (*s == 'Z' && !s[1])
			break;
		else if (!strchr("-:T", *s))
			return false;
	*ret_utc = *s == 'Z';
	return (n == 8 || n == 12 || n == 14) && to_seconds(digits, n, ret);
}

/* +1MO, MO, MO(+1); s is changed. */
static bool
is_weekday(char *s, struct schedule_nth *ret)
{
	char *paren = strchr(s, '('), *name = s, first;
	size_t n;
	long v = 0;
	bool said = paren;

	if (paren) {
		n = strlen(paren);
		if (n < 3 || paren[n - 1] != ')')
			return false;
		paren[n - 1] = '\0';
		*paren = '\0';
		if (!is_integer(paren + 1, &v))
			return false;
	} else {
		name += strspn(s, "+-0123456789");
		said = name != s;
		first = *name;
		*name = '\0';
		if (said && !is_integer(s, &v))
			return false;
		*name = first;
	}
	ret->n = (int)v;
	return (v || !said) &&
	       is_one_of(name, weekdays, N_ELEM(weekdays), &ret->weekday);
}

enum value { V_FREQ, V_COUNT, V_POSITIVE, V_WKST, V_UNTIL, V_DAYS, V_LIST };

struct parameter {
	const char *name;
	enum value value;
	enum schedule_by by; /* of a list, with what its numbers may be */
	long min, max;
};

static const struct parameter parameters[] = {
	{ "FREQ", V_FREQ, 0, 0, 0 },
	{ "INTERVAL", V_POSITIVE, 0, 0, 0 },
	{ "COUNT", V_COUNT, 0, 0, 0 },
	{ "UNTIL", V_UNTIL, 0, 0, 0 },
	{ "WKST", V_WKST, 0, 0, 0 },
	{ "BYDAY", V_DAYS, 0, 0, 0 },
	{ "BYWEEKDAY", V_DAYS, 0, 0, 0 },
	{ "BYSETPOS", V_LIST, RRULE_SETPOS, -366, 366 },
	{ "BYMONTH", V_LIST, RRULE_MONTH, 1, 12 },
	{ "BYMONTHDAY", V_LIST, RRULE_MONTHDAY, -31, 31 },
	{ "BYYEARDAY", V_LIST, RRULE_YEARDAY, -366, 366 },
	{ "BYEASTER", V_LIST, RRULE_EASTER, -1000, 1000 },
	{ "BYWEEKNO", V_LIST, RRULE_WEEKNO, -53, 53 },
	{ "BYHOUR", V_LIST, RRULE_HOUR, 0, 23 },
	{ "BYMINUTE", V_LIST, RRULE_MINUTE, 0, 59 },
	{ "BYSECOND", V_LIST, RRULE_SECOND, 0, 59 },
};

static bool
take_number(struct schedule_rule *rule, const struct parameter *p, const char *s)
{
	long v;

	if (!is_integer(s, &v) || v < p->min || v > p->max ||
		(!v && p->by == RRULE_SETPOS))
		return false;
	VEC_PUSH(&rule->by[p->by], (int)v);
	return true;
}

/* Each part between commas; value is changed. What was said before is forgotten. */
static bool
take_list(struct schedule_rule *rule, const struct parameter *p, char *value)
{
	struct schedule_nth day = { 0 };
	bool good = true;

	if (p->value == V_DAYS) {
		rule->has_days = true;
		rule->days.n = 0;
	} else {
		rule->has[p->by] = true;
		rule->by[p->by].n = 0;
	}
	for (char *from = value, *comma; from && good; from = comma) {
		comma = strchr(from, ',');
		if (comma)
			*comma++ = '\0';
		if (p->value == V_LIST) {
			good = take_number(rule, p, from);
		} else {
			good = is_weekday(from, &day);
			VEC_PUSH(&rule->days, day);
		}
	}
	return good;
}

static bool
take_value(struct reading *r, const struct parameter *p, char *value)
{
	struct schedule_rule *rule = r->rule;
	long v = 0;
	int which = 0;
	bool good;

	switch (p->value) {
	case V_FREQ:
		r->freq = true;
		good = is_one_of(value, freqs, N_ELEM(freqs), &which);
		rule->freq = (enum schedule_freq)which;
		return good;
	case V_COUNT:
		good = is_integer(value, &v);
		rule->count = v;
		return good;
	case V_POSITIVE:
		good = is_integer(value, &v) && v > 0;
		rule->interval = v;
		return good;
	case V_WKST:
		return is_one_of(value, weekdays, N_ELEM(weekdays), &rule->week_start);
	case V_UNTIL:
		return is_date(value, &rule->until_s, &r->until_utc);
	default:
		return take_list(rule, p, value);
	}
}

static bool
take_pair(struct reading *r, char *pair)
{
	char *value = strchr(pair, '='), *copy;
	bool good;

	if (!value || strchr(value + 1, '=')) {
		buf_addf(r->why, "`%s` is not NAME=VALUE", pair);
		return false;
	}
	*value++ = '\0';
	for (size_t i = 0; i < N_ELEM(parameters); i++) {
		if (strcmp(pair, parameters[i].name) != 0)
			continue;
		copy = xstrdup(value);
		good = take_value(r, &parameters[i], copy);
		free(copy);
		if (!good)
			buf_addf(r->why, "%s cannot be %.60s", pair, value);
		return good;
	}
	buf_addf(r->why, "%.40s is no part of a rule", pair);
	return false;
}

/* NAME=VALUE;NAME=VALUE */
static bool
take_rule(struct reading *r, char *text, bool excludes)
{
	struct schedule_rule rule = { .excludes = excludes,
		.interval = 1,
		.count = INT64_MAX,
		.until_s = INT64_MAX };
	bool good = true;

	VEC_PUSH(&r->set->rules, rule);
	r->rule = &r->set->rules.v[r->set->rules.n - 1];
	r->freq = false;
	for (char *from = text, *next; from && good; from = next) {
		next = strchr(from, ';');
		if (next)
			*next++ = '\0';
		good = take_pair(r, from);
	}
	if (good && !r->freq) {
		buf_adds(r->why, "FREQ is missing");
		return false;
	}
	if (good && r->rule->until_s != INT64_MAX && r->dtstart &&
		r->until_utc != r->dtstart_utc) {
		buf_adds(r->why, "UNTIL and DTSTART must both have a Z, or neither");
		return false;
	}
	return good;
}

/* Dates with commas between them. zoned: a TZID says where they are, so that no Z may.
 */
static bool
take_dates(struct reading *r, const char *name, char *value, struct schedule_times *to,
	bool zoned)
{
	int64_t at = 0;
	size_t n = 0;

	for (char *from = value, *comma; from; from = comma, n++) {
		bool utc = false;

		comma = strchr(from, ',');
		if (comma)
			*comma++ = '\0';
		if (!is_date(from, &at, &utc) || (n && strcmp(name, "DTSTART") == 0)) {
			buf_addf(r->why, "%s cannot be %.60s", name, from);
			return false;
		}
		if (utc && zoned) {
			buf_addf(r->why, "%s: a TZID and the Z of %.60s", name, from);
			return false;
		}
		if (strcmp(name, "DTSTART") == 0)
			r->dtstart_utc = utc || zoned;
		VEC_PUSH(to, at);
	}
	return true;
}

static bool
take_start(struct reading *r, char *value, bool zoned)
{
	struct schedule_times one = { 0 };
	bool good = take_dates(r, "DTSTART", value, &one, zoned);

	if (good) {
		r->set->start_s = one.v[0];
		r->dtstart = true;
	}
	VEC_FREE(&one);
	return good;
}

/*
 * What follows the name, `;NAME=VALUE` each: all that Prefect's servers take. A zone
 * does not count there, the schedule's own does.
 */
static bool
take_parms(struct reading *r, const char *name, char *parms, bool *ret_zoned)
{
	bool starts = strcmp(name, "DTSTART") == 0 || strcmp(name, "EXDATE") == 0;
	bool dates = starts || strcmp(name, "RDATE") == 0, typed = false;

	for (char *p = parms, *next; p; p = next) {
		next = strchr(p, ';');
		if (next)
			*next++ = '\0';
		if (starts && strncmp(p, "TZID=", 5) == 0) {
			*ret_zoned = p[5] != '\0';
		} else if (((dates && strcmp(p, "VALUE=DATE-TIME") == 0) ||
				   (starts && strcmp(p, "VALUE=DATE") == 0)) &&
			   !(starts && typed)) {
			typed = true;
		} else {
			buf_addf(r->why, "%s takes no `%.60s`", name, p);
			return false;
		}
	}
	return true;
}

static bool
take_line(struct reading *r, char *line)
{
	char *colon = strchr(line, ':'), *parms;
	const char *name = colon ? line : "RRULE";
	char *value = colon ? colon + 1 : line;
	bool zoned = false;

	if (colon)
		*colon = '\0';
	parms = colon ? strchr(line, ';') : NULL;
	if (parms)
		*parms++ = '\0';
	if (!take_parms(r, name, parms, &zoned))
		return false;
	if (strcmp(name, "RRULE") == 0 || strcmp(name, "EXRULE") == 0)
		return take_rule(r, value, *name == 'E');
	if (strcmp(name, "RDATE") == 0)
		return take_dates(r, name, value, &r->set->more, false);
	if (strcmp(name, "EXDATE") == 0)
		return take_dates(r, name, value, &r->set->less, zoned);
	if (strcmp(name, "DTSTART") == 0)
		return take_start(r, value, zoned);
	buf_addf(r->why, "%.40s is no line of a rule", name);
	return false;
}

static bool
has_rule(const struct schedule_rrule *set)
{
	for (size_t i = 0; i < set->rules.n; i++)
		if (!set->rules.v[i].excludes)
			return true;
	return false;
}

bool
schedule_rrule_read(const char *text, struct schedule_rrule *ret, struct buf *why)
{
	struct schedule_rrule set = { .start_s = civil_days(2020, 1, 1) * CIVIL_DAY_S };
	struct reading r = { .set = &set, .why = why };
	char *copy, *save = NULL;
	bool good = true;

	if (strlen(text) > RRULE_MAX) {
		buf_addf(why, "more than %d characters", RRULE_MAX);
		return false;
	}
	copy = xstrdup(text);
	for (char *p = copy; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	for (char *line = strtok_r(copy, " \t\r\n\v\f", &save); line && good;
		line = strtok_r(NULL, " \t\r\n\v\f", &save))
		good = take_line(&r, line);
	free(copy);
	if (good && !has_rule(&set)) {
		buf_adds(why, "no RRULE in it");
		good = false;
	}
	if (good)
		*ret = set;
	else
		schedule_rrule_release(&set);
	return good;
}

void
schedule_rrule_release(struct schedule_rrule *r)
{
	for (size_t i = 0; i < r->rules.n; i++) {
		VEC_FREE(&r->rules.v[i].days);
		for (size_t by = 0; by < RRULE_BYS; by++)
			VEC_FREE(&r->rules.v[i].by[by]);
	}
	VEC_FREE(&r->rules);
	VEC_FREE(&r->more);
	VEC_FREE(&r->less);
}

bool
schedule_check_rrule(const char *text, struct buf *why)
{
	struct schedule_rrule set;

	if (!schedule_rrule_read(text, &set, why))
		return false;
	schedule_rrule_release(&set);
	return true;
}
