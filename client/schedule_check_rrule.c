/* Recurrence rules, as strictly as Python's dateutil reads them. */
#include <ctype.h>
#include <stdlib.h>

#include "schedule_check.h"
#include "weir/mem.h"

enum { RRULE_MAX = 6500 };

struct rule {
	bool freq, dtstart, dtstart_utc, until, until_utc;
	size_t rules;
	struct buf *why;
};

static const char *const freqs[] = { "YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY",
	"MINUTELY", "SECONDLY" };
static const char *const weekdays[] = { "MO", "TU", "WE", "TH", "FR", "SA", "SU" };

static bool
is_one_of(const char *s, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s, names[i]) == 0)
			return true;
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

/* 20240131, 20240131T080000, 2024-01-31T08:00:00, with or without Z. */
static bool
is_date(const char *s, bool *ret_utc)
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
	digits[n] = '\0';
	if (n != 8 && n != 12 && n != 14)
		return false;
	return strncmp(digits + 4, "00", 2) > 0 && strncmp(digits + 4, "12", 2) <= 0 &&
	       strncmp(digits + 6, "00", 2) > 0 && strncmp(digits + 6, "31", 2) <= 0 &&
	       (n < 12 || (strncmp(digits + 8, "24", 2) < 0 && digits[10] < '6'));
}

/* +1MO, MO, MO(+1) */
static bool
is_weekday(char *s)
{
	char *paren = strchr(s, '('), *name = s;
	size_t n;
	long v = 1;

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
		if (name != s) {
			char first = *name;

			*name = '\0';
			if (!is_integer(s, &v))
				return false;
			*name = first;
		}
	}
	return v && is_one_of(name, weekdays, N_ELEM(weekdays));
}

enum value { V_FREQ, V_COUNT, V_POSITIVE, V_WKST, V_UNTIL, V_DAYS, V_LIST };

struct parameter {
	const char *name;
	enum value value;
	long min, max; /* of the numbers of a list */
};

static const struct parameter parameters[] = {
	{ "FREQ", V_FREQ, 0, 0 },
	{ "INTERVAL", V_POSITIVE, 0, 0 },
	{ "COUNT", V_COUNT, 0, 0 },
	{ "UNTIL", V_UNTIL, 0, 0 },
	{ "WKST", V_WKST, 0, 0 },
	{ "BYDAY", V_DAYS, 0, 0 },
	{ "BYWEEKDAY", V_DAYS, 0, 0 },
	{ "BYSETPOS", V_LIST, -366, 366 },
	{ "BYMONTH", V_LIST, 1, 12 },
	{ "BYMONTHDAY", V_LIST, -31, 31 },
	{ "BYYEARDAY", V_LIST, -366, 366 },
	{ "BYEASTER", V_LIST, -1000, 1000 },
	{ "BYWEEKNO", V_LIST, -53, 53 },
	{ "BYHOUR", V_LIST, 0, 23 },
	{ "BYMINUTE", V_LIST, 0, 59 },
	{ "BYSECOND", V_LIST, 0, 59 },
};

/* Each part between commas; value is changed. */
static bool
is_list(const struct parameter *p, char *value)
{
	bool good = true;
	long v;

	for (char *from = value, *comma; from && good; from = comma) {
		comma = strchr(from, ',');
		if (comma)
			*comma++ = '\0';
		if (p->value == V_DAYS)
			good = is_weekday(from);
		else
			good = is_integer(from, &v) && v >= p->min && v <= p->max &&
			       (v || strcmp(p->name, "BYSETPOS") != 0);
	}
	return good;
}

static bool
is_value(struct rule *r, const struct parameter *p, char *value)
{
	long v = 0;

	switch (p->value) {
	case V_FREQ:
		r->freq = true;
		return is_one_of(value, freqs, N_ELEM(freqs));
	case V_COUNT:
		return is_integer(value, &v);
	case V_POSITIVE:
		return is_integer(value, &v) && v > 0;
	case V_WKST:
		return is_one_of(value, weekdays, N_ELEM(weekdays));
	case V_UNTIL:
		r->until = true;
		return is_date(value, &r->until_utc);
	default:
		return is_list(p, value);
	}
}

static bool
check_pair(struct rule *r, char *pair)
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
		good = is_value(r, &parameters[i], copy);
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
check_rule(struct rule *r, char *text)
{
	bool good = true;

	r->freq = r->until = false;
	for (char *from = text, *next; from && good; from = next) {
		next = strchr(from, ';');
		if (next)
			*next++ = '\0';
		good = check_pair(r, from);
	}
	if (good && !r->freq) {
		buf_adds(r->why, "FREQ is missing");
		return false;
	}
	if (good && r->until && r->dtstart && r->until_utc != r->dtstart_utc) {
		buf_adds(r->why, "UNTIL and DTSTART must both have a Z, or neither");
		return false;
	}
	return good;
}

static bool
check_dates(struct rule *r, const char *name, char *value, bool *ret_utc)
{
	size_t n = 0;

	for (char *from = value, *comma; from; from = comma, n++) {
		comma = strchr(from, ',');
		if (comma)
			*comma++ = '\0';
		if (!is_date(from, ret_utc) || (n && strcmp(name, "DTSTART") == 0)) {
			buf_addf(r->why, "%s cannot be %.60s", name, from);
			return false;
		}
	}
	return true;
}

static bool
check_line(struct rule *r, char *line)
{
	char *colon = strchr(line, ':'), *parm;
	const char *name = colon ? line : "RRULE";
	char *value = colon ? colon + 1 : line;
	bool utc = false;

	if (colon)
		*colon = '\0';
	parm = colon ? strchr(line, ';') : NULL;
	if (parm)
		*parm++ = '\0';
	if (strcmp(name, "RRULE") == 0 || strcmp(name, "EXRULE") == 0) {
		r->rules += *name == 'R';
		return check_rule(r, value);
	}
	if (strcmp(name, "RDATE") == 0 || strcmp(name, "EXDATE") == 0)
		return check_dates(r, name, value, &utc);
	if (strcmp(name, "DTSTART") == 0) {
		if (!check_dates(r, name, value, &utc))
			return false;
		r->dtstart = true;
		r->dtstart_utc = utc || (parm && strstr(parm, "TZID="));
		return true;
	}
	buf_addf(r->why, "%.40s is no line of a rule", name);
	return false;
}

bool
schedule_check_rrule(const char *text, struct buf *why)
{
	struct rule r = { .why = why };
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
		good = check_line(&r, line);
	free(copy);
	if (good && !r.rules) {
		buf_adds(why, "no RRULE in it");
		return false;
	}
	return good;
}
