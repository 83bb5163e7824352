#include "schedule_check.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "weir/mem.h"

/* ---- cron */

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, SECOND, YEAR, N_FIELDS };
enum { PART_MAX = 64, NUMBER_HUGE = 1000000 };

struct cron_field {
	const char *name;
	int min, max;
	const char *const *names; /* of its values */
	size_t n_names;
	int first; /* value of the first name */
};

static const char *const month_names[] = { "jan", "feb", "mar", "apr", "may", "jun",
	"jul", "aug", "sep", "oct", "nov", "dec" };
static const char *const day_names[] = { "sun", "mon", "tue", "wed", "thu", "fri",
	"sat" };

static const struct cron_field cron_fields[N_FIELDS] = {
	[MINUTE] = { "minute", 0, 59, NULL, 0, 0 },
	[HOUR] = { "hour", 0, 23, NULL, 0, 0 },
	[DAY] = { "day of month", 1, 31, NULL, 0, 0 },
	[MONTH] = { "month", 1, 12, month_names, N_ELEM(month_names), 1 },
	[WEEKDAY] = { "day of week", 0, 6, day_names, N_ELEM(day_names), 0 },
	[SECOND] = { "second", 0, 59, NULL, 0, 0 },
	[YEAR] = { "year", 1970, 2099, NULL, 0, 0 },
};

struct cron {
	size_t n;           /* fields */
	unsigned days, nth; /* of the week: all, those with #n or L; bit 7: * */
	struct buf *why;
};

static bool
is_digits(const char *s)
{
	return *s && !s[strspn(s, "0123456789")];
}

static int
number(const char *s)
{
	long v = strtol(s, NULL, 10);

	return v > NUMBER_HUGE ? NUMBER_HUGE : (int)v;
}

/* Sunday is 7 too, and 0 the first day or month: in lines of some lengths. */
static int
alias(const struct cron *c, size_t field, int v)
{
	if (field == WEEKDAY && v == 7 && c->n == 5)
		return 0;
	if (field == DAY && v == 0 && c->n == 6)
		return 1;
	return v;
}

/* A number or a name. */
static bool
cron_value(const struct cron *c, size_t field, const char *s, int *ret)
{
	const struct cron_field *f = &cron_fields[field];

	if (is_digits(s)) {
		*ret = alias(c, field, number(s));
		return true;
	}
	for (size_t i = 0; i < f->n_names; i++) {
		if (strcmp(s, f->names[i]) != 0)
			continue;
		*ret = f->first + (int)i;
		return true;
	}
	return false;
}

static bool
wrong_part(const struct cron *c, size_t field, const char *part)
{
	buf_addf(c->why, "%s cannot be %s", cron_fields[field].name,
		*part ? part : "empty");
	return false;
}

static void
note_days(struct cron *c, size_t field, unsigned days, bool nth)
{
	if (field != WEEKDAY)
		return;
	c->days |= days;
	if (nth)
		c->nth |= days;
}

/* The days from low to high, by step, round the week. */
static unsigned
days_between(int low, int high, int step)
{
	unsigned days = 0;

	if (low == high) {
		low = 0;
		high = 6;
	}
	if (low > high)
		high += 7;
	for (int d = low; d <= high; d += step)
		days |= 1U << (d % 7);
	return days;
}

static bool
cron_range(struct cron *c, size_t field, const char *low, const char *high,
	const char *step, bool nth)
{
	const struct cron_field *f = &cron_fields[field];
	int from, to, by = number(step);

	if (field == DAY && strcmp(high, "l") == 0)
		high = "31";
	if (!by || !cron_value(c, field, low, &from) ||
		!cron_value(c, field, high, &to))
		return false;
	if (from > f->max || to > f->max || (from != to && from < f->min))
		return false;
	note_days(c, field, field == WEEKDAY ? days_between(from, to, by) : 0, nth);
	return true;
}

static bool
cron_single(struct cron *c, size_t field, const char *s, bool nth)
{
	int v;

	if (strcmp(s, "*") == 0) {
		note_days(c, field, 1U << 7, nth);
		return true;
	}
	if (field == DAY && strcmp(s, "l") == 0)
		return true;
	if (!cron_value(c, field, s, &v))
		return false;
	if (v < cron_fields[field].min || v > cron_fields[field].max)
		return false;
	note_days(c, field, field == WEEKDAY ? 1U << v : 0, nth);
	return true;
}

/* One of the parts between commas; s is changed. */
static bool
cron_part(struct cron *c, size_t field, char *s, bool nth)
{
	char max[16], *slash = strrchr(s, '/'), *dash;
	const char *step = "1";

	snprintf(max, sizeof(max), "%d", cron_fields[field].max);
	if (slash) {
		*slash = '\0';
		step = slash + 1;
		if (!is_digits(step))
			return false;
	}
	dash = strchr(s, '-');
	if (dash) {
		*dash = '\0';
		return *s && dash[1] && cron_range(c, field, s, dash + 1, step, nth);
	}
	if (!slash)
		return cron_single(c, field, s, nth);
	if (strcmp(s, "*") == 0) {
		char min[16];

		snprintf(min, sizeof(min), "%d", cron_fields[field].min);
		return cron_range(c, field, min, max, step, nth);
	}
	return cron_range(c, field, s, max, step, nth);
}

/* What may stand before `#`: a word, or two days by name. */
static bool
is_nth_day(const char *from, const char *hash)
{
	size_t n = (size_t)(hash - from);

	if (n == 7 && from[3] == '-' && isalpha((unsigned char)from[0]) &&
		isalpha((unsigned char)from[4]))
		return true;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)from[i]) && from[i] != '_')
			return false;
	return n > 0;
}

/* `2#3`, `mon-fri#1`, `L5`: cut to the day; false if it is none of them. */
static bool
cut_nth(char **s, bool *ret_good)
{
	char *hash = strchr(*s, '#');

	*ret_good = true;
	if (hash && is_nth_day(*s, hash) && is_digits(hash + 1)) {
		*ret_good = number(hash + 1) >= 1 && number(hash + 1) <= 5;
		*hash = '\0';
		return true;
	}
	if (**s == 'l' && is_digits(*s + 1)) {
		(*s)++;
		return true;
	}
	return false;
}

static bool
cron_field(struct cron *c, size_t field, const char *text)
{
	const char *from = text, *comma;
	char part[PART_MAX], *s;
	bool last = false, good = true;

	if (strchr(text, '?'))
		return (text[1] == '\0' && (field == DAY || field == WEEKDAY)) ||
		       wrong_part(c, field, text);
	if (*text == 'h' || *text == 'r') {
		buf_adds(c->why, "random and hashed fields are not supported");
		return false;
	}
	for (; !last; from = comma + 1) {
		comma = from + strcspn(from, ",");
		last = !*comma;
		if (comma - from >= PART_MAX)
			return wrong_part(c, field, "that long");
		memcpy(part, from, (size_t)(comma - from));
		part[comma - from] = '\0';
		s = part;
		if (field == WEEKDAY && cut_nth(&s, &good))
			good = good && cron_part(c, field, s, true);
		else
			good = cron_part(c, field, s, false);
		if (!good) {
			part[0] = '\0';
			buf_addf(c->why, "%s cannot be %.*s", cron_fields[field].name,
				comma == from ? 5 : (int)(comma - from),
				comma == from ? "empty" : from);
			return false;
		}
	}
	return true;
}

static const char *
cron_alias(const char *text)
{
	static const char *const names[] = { "@midnight", "@hourly", "@daily",
		"@weekly", "@monthly", "@yearly", "@annually" };

	for (size_t i = 0; i < N_ELEM(names); i++)
		if (strcasecmp(text, names[i]) == 0)
			return "0 0 1 1 *";
	return text;
}

static size_t
cron_split(char *line, char *fields[N_FIELDS + 1])
{
	size_t n = 0;
	char *save = NULL, *word;

	for (word = strtok_r(line, " \t\r\n\v\f", &save); word && n <= N_FIELDS;
		word = strtok_r(NULL, " \t\r\n\v\f", &save))
		fields[n++] = word;
	return n;
}

/* Days of the week in two ways at once are more than Prefect's scheduler can do. */
static bool
cron_days_fit(const struct cron *c)
{
	unsigned rest = c->days & ~c->nth & ~(1U << 7);

	if (!c->nth || !rest || __builtin_popcount(c->days) == 7)
		return true;
	buf_adds(c->why, "day of week cannot mix plain days with #n or L");
	return false;
}

bool
schedule_check_cron(const char *text, struct buf *why)
{
	struct cron c = { .why = why };
	char *fields[N_FIELDS + 1], *line = xstrdup(cron_alias(text));
	bool good = true;

	for (char *p = line; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	c.n = cron_split(line, fields);
	if (c.n < 5 || c.n > N_FIELDS) {
		buf_adds(why, "a cron line has five fields, or six or seven");
		good = false;
	}
	for (size_t i = 0; i < c.n && good; i++)
		good = cron_field(&c, i, fields[i]);
	free(line);
	return good && cron_days_fit(&c);
}

/* ---- zones */

static bool
is_zone_file(const char *folder, const char *name)
{
	char path[PATH_MAX], magic[4];
	int n = snprintf(path, sizeof(path), "%s/%s", folder, name), fd;
	bool good;

	if (n < 0 || (size_t)n >= sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	good = read(fd, magic, sizeof(magic)) == sizeof(magic) &&
	       memcmp(magic, "TZif", sizeof(magic)) == 0;
	close(fd);
	return good;
}

static bool
is_zone_name(const char *name)
{
	static const char *const not [] = { "posix/", "right/", "posixrules",
		"localtime" };

	if (!*name || *name == '/' || strstr(name, ".."))
		return false;
	for (size_t i = 0; i < N_ELEM(not ); i++)
		if (strncmp(name, not [i], strlen(not [i])) == 0)
			return false;
	return true;
}

bool
schedule_check_zone(const char *name, struct buf *why)
{
	const char *folder = getenv("TZDIR");

	if (!folder || !*folder)
		folder = "/usr/share/zoneinfo";
	if (strcmp(name, "UTC") == 0)
		return true;
	if (is_zone_name(name) &&
		(is_zone_file(folder, name) || access(folder, X_OK) != 0))
		return true;
	buf_addf(why, "%s is no time zone; they are named like Europe/Berlin", name);
	return false;
}

/* ---- durations */

static bool
take_number(const char **p, double *ret)
{
	const char *from = *p;
	char text[32];
	size_t n;

	n = strspn(from, "0123456789");
	if (!n)
		return false;
	if (from[n] == '.' || from[n] == ',')
		n += 1 + strspn(from + n + 1, "0123456789");
	if (n >= sizeof(text))
		return false;
	memcpy(text, from, n);
	text[n] = '\0';
	for (char *c = text; *c; c++)
		*c = *c == ',' ? '.' : *c;
	*ret = strtod(text, NULL);
	*p += n;
	return true;
}

struct unit {
	char letter;
	double seconds;
};

static bool
iso_duration(const char *p, double *ret)
{
	static const struct unit dates[] = { { 'Y', 365 * 86400.0 },
		{ 'M', 30 * 86400.0 }, { 'W', 7 * 86400.0 }, { 'D', 86400.0 } };
	static const struct unit times[] = { { 'H', 3600 }, { 'M', 60 }, { 'S', 1 },
		{ '\0', 0 } };
	const struct unit *units = dates;
	bool any = false;
	double v;
	size_t i;

	for (*ret = 0; *p; p++) {
		if (*p == 'T' && units == dates) {
			units = times;
			continue;
		}
		if (!take_number(&p, &v))
			return false;
		for (i = 0; i < N_ELEM(dates) && units[i].letter != *p; i++)
			;
		if (i == N_ELEM(dates) || !*p)
			return false;
		*ret += v * units[i].seconds;
		any = true;
	}
	return any;
}

/* HH:MM, HH:MM:SS, HH:MM:SS.ffffff */
static bool
clock_duration(const char *p, double *ret)
{
	size_t n = strspn(p, "0123456789");
	double seconds = 0;

	if (!n || n > 9 || p[n] != ':')
		return false;
	*ret = strtod(p, NULL) * 3600;
	p += n + 1;
	if (!isdigit((unsigned char)p[0]) || !isdigit((unsigned char)p[1]) ||
		p[0] > '5')
		return false;
	*ret += ((p[0] - '0') * 10 + (p[1] - '0')) * 60;
	p += 2;
	if (!*p)
		return true;
	if (*p != ':' || !isdigit((unsigned char)p[1]) ||
		!isdigit((unsigned char)p[2]) || p[1] > '5')
		return false;
	p++;
	if (!take_number(&p, &seconds) || *p || seconds >= 60)
		return false;
	*ret += seconds;
	return true;
}

/* `2d`, `2 days`, `1 day, 01:00:00` */
static bool
days_duration(const char *p, double *ret)
{
	size_t n = strspn(p, "0123456789");
	double days = strtod(p, NULL), rest = 0;

	if (!n || n > 9)
		return false;
	p += n;
	p += strspn(p, " ");
	if (*p != 'd' && *p != 'D')
		return false;
	p++;
	if (strncasecmp(p, "ays", 3) == 0)
		p += 3;
	else if (strncasecmp(p, "ay", 2) == 0)
		p += 2;
	p += *p == ',';
	p += strspn(p, " ");
	if (*p && !clock_duration(p, &rest))
		return false;
	*ret = days * 86400 + rest;
	return true;
}

bool
schedule_check_duration(const char *text, double *ret_seconds, struct buf *why)
{
	const char *p = text;
	bool negative = *p == '-', good;
	double v = 0;

	p += *p == '-' || *p == '+';
	if (*p == 'P')
		good = iso_duration(p + 1, &v);
	else if (strpbrk(p, "dD"))
		good = days_duration(p, &v);
	else
		good = strlen(p) >= 5 && clock_duration(p, &v);
	if (!good) {
		buf_addf(why,
			"%.40s is no duration: seconds as a number, PT1H, 1:30:00",
			text);
		return false;
	}
	*ret_seconds = negative ? -v : v;
	return true;
}

/* ---- dates */

static bool
two_digits(const char **p, int max, int *ret)
{
	if (!isdigit((unsigned char)(*p)[0]) || !isdigit((unsigned char)(*p)[1]))
		return false;
	*ret = ((*p)[0] - '0') * 10 + ((*p)[1] - '0');
	*p += 2;
	return *ret <= max;
}

static bool
date_exists(int year, int month, int day)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= (month == 2 && leap ? 29 : days[month - 1]);
}

/* [T ]HH[:MM[:SS[.ffffff]]] */
static bool
read_clock(const char **p, int clock[3], int *ret_micro)
{
	int scale = 100000;

	if (**p != 'T' && **p != ' ' && **p != 't')
		return false;
	(*p)++;
	if (!two_digits(p, 23, &clock[0]))
		return false;
	for (int i = 1; i < 3 && **p == ':'; i++) {
		(*p)++;
		if (!two_digits(p, 59, &clock[i]))
			return false;
	}
	if (**p != '.')
		return true;
	for ((*p)++; isdigit((unsigned char)**p); (*p)++, scale /= 10)
		*ret_micro += (**p - '0') * scale;
	return true;
}

/* Z, +HH:MM, +HHMM, +HH; without one it is UTC. */
static bool
read_offset(const char *p, char ret[8])
{
	char sign = *p;
	int hours, minutes = 0;

	snprintf(ret, 8, "Z");
	if (!*p || ((*p == 'Z' || *p == 'z') && !p[1]))
		return true;
	if (sign != '+' && sign != '-')
		return false;
	p++;
	if (!two_digits(&p, 23, &hours))
		return false;
	p += *p == ':';
	if (*p && !two_digits(&p, 59, &minutes))
		return false;
	if (hours || minutes)
		snprintf(ret, 8, "%c%02d:%02d", sign, hours & 31, minutes & 63);
	return !*p;
}

bool
schedule_check_date(const char *text, char ret[SCHEDULE_DATE_TEXT], struct buf *why)
{
	int century, year, month, day, clock[3] = { 0 }, micro = 0;
	char offset[8] = "Z", fraction[16] = "";
	const char *p = text;
	bool good;

	good = two_digits(&p, 99, &century) && two_digits(&p, 99, &year) &&
	       *p++ == '-' && two_digits(&p, 12, &month) && *p++ == '-' &&
	       two_digits(&p, 31, &day) &&
	       date_exists(century * 100 + year, month, day);
	if (good && *p)
		good = read_clock(&p, clock, &micro) && read_offset(p, offset);
	if (!good) {
		buf_addf(why, "%.40s is no date: 2024-01-31 or 2024-01-31T08:00:00Z",
			text);
		return false;
	}
	if (micro)
		snprintf(fraction, sizeof(fraction), ".%06d", micro);
	snprintf(ret, SCHEDULE_DATE_TEXT, "%02d%02d-%02d-%02dT%02d:%02d:%02d%s%s",
		century, year, month, day, clock[0], clock[1], clock[2], fraction,
		offset);
	return true;
}
