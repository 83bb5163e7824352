#include "schedule_check.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "civil.h"
#include "schedule_cron.h"
#include "weir/mem.h"

bool
schedule_check_cron(const char *text, struct buf *why)
{
	struct schedule_cron c;

	return schedule_cron_read(text, &c, why);
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

const char *
schedule_check_zones(void)
{
	const char *folder = getenv("TZDIR");

	return folder && *folder ? folder : "/usr/share/zoneinfo";
}

bool
schedule_check_zone(const char *name, struct buf *why)
{
	const char *folder = schedule_check_zones();

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
	return year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= civil_month_days(year, month);
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
