#include "yaml_scalar.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

enum { NUMBER_MAX = 400 }; /* characters of a number */

static const char wrong_number[] = "is not a number that can be read";

/* ---- words */

struct word {
	const char *text;
	enum ykind kind;
	bool yes;
};

/* clang-format off */
static const struct word words[] = {
	{ "", Y_NULL, false }, { "~", Y_NULL, false },
	{ "null", Y_NULL, false }, { "Null", Y_NULL, false }, { "NULL", Y_NULL, false },
	{ "yes", Y_BOOL, true }, { "Yes", Y_BOOL, true }, { "YES", Y_BOOL, true },
	{ "true", Y_BOOL, true }, { "True", Y_BOOL, true }, { "TRUE", Y_BOOL, true },
	{ "on", Y_BOOL, true }, { "On", Y_BOOL, true }, { "ON", Y_BOOL, true },
	{ "no", Y_BOOL, false }, { "No", Y_BOOL, false }, { "NO", Y_BOOL, false },
	{ "false", Y_BOOL, false }, { "False", Y_BOOL, false },
	{ "FALSE", Y_BOOL, false },
	{ "off", Y_BOOL, false }, { "Off", Y_BOOL, false }, { "OFF", Y_BOOL, false },
};
/* clang-format on */

static bool
is_word(struct str text, struct ynode *ret_node)
{
	if (text.len > 5)
		return false;
	for (size_t i = 0; i < N_ELEM(words); i++) {
		if (!str_eq(text, words[i].text))
			continue;
		ret_node->kind = words[i].kind;
		ret_node->yes = words[i].yes;
		return true;
	}
	return false;
}

/* ---- shapes of numbers; p runs over a NUL-terminated text */

static size_t
span(const char *p, const char *set)
{
	return strspn(p, set);
}

#define DIGITS "0123456789"

/* [0-9][0-9_]* */
static const char *
skip_digits(const char *p)
{
	return isdigit((unsigned char)*p) ? p + span(p, DIGITS "_") : NULL;
}

static const char *
skip_sign(const char *p)
{
	return *p == '-' || *p == '+' ? p + 1 : p;
}

/* (:[0-5]?[0-9])+, at least one; NULL if there is none. */
static const char *
skip_sixties(const char *p)
{
	const char *from = p;

	while (*p == ':' && isdigit((unsigned char)p[1])) {
		if (isdigit((unsigned char)p[2]) && p[1] <= '5')
			p += 3;
		else
			p += 2;
	}
	return p == from ? NULL : p;
}

static bool
is_int(const char *p)
{
	const char *q;

	p = skip_sign(p);
	if (p[0] == '0' && p[1] == 'b')
		return p[2] && !p[2 + span(p + 2, "01_")];
	if (p[0] == '0' && p[1] == 'x')
		return p[2] && !p[2 + span(p + 2, DIGITS "abcdefABCDEF_")];
	if (p[0] == '0')
		return !p[1 + span(p + 1, "01234567_")];
	q = skip_digits(p);
	if (!q)
		return false;
	if (*q)
		q = skip_sixties(q);
	return q && !*q;
}

/* ([eE][-+][0-9]+)? up to the end */
static bool
is_exponent(const char *p)
{
	if (!*p)
		return true;
	if ((*p != 'e' && *p != 'E') || (p[1] != '-' && p[1] != '+'))
		return false;
	p += 2;
	return *p && !p[span(p, DIGITS)];
}

static bool
is_special(const char *p)
{
	static const char *const names[] = { ".inf", ".Inf", ".INF" };
	static const char *const nans[] = { ".nan", ".NaN", ".NAN" };

	for (size_t i = 0; i < N_ELEM(nans); i++)
		if (strcmp(p, nans[i]) == 0)
			return true;
	p = skip_sign(p);
	for (size_t i = 0; i < N_ELEM(names); i++)
		if (strcmp(p, names[i]) == 0)
			return true;
	return false;
}

static bool
is_real(const char *p)
{
	const char *q;

	if (is_special(p))
		return true;
	if (*p == '.')
		return (q = skip_digits(p + 1)) && is_exponent(q);
	q = skip_digits(skip_sign(p));
	if (!q)
		return false;
	if (*q == '.')
		return is_exponent(q + 1 + span(q + 1, DIGITS "_"));
	q = skip_sixties(q);
	return q && *q == '.' && !q[1 + span(q + 1, DIGITS "_")];
}

/* ---- their values */

/* Without underscores; false if it is too long. */
static bool
strip(struct str text, char out[static NUMBER_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.s[i] == '_')
			continue;
		if (n == NUMBER_MAX - 1)
			return false;
		out[n++] = text.s[i];
	}
	out[n] = '\0';
	return true;
}

static bool
sixties_int(const char *p, long long *ret)
{
	long long sum = 0, part;
	char *end;

	for (;; p = end + 1) {
		errno = 0;
		part = strtoll(p, &end, 10);
		if (end == p || errno || __builtin_mul_overflow(sum, 60, &sum) ||
			__builtin_add_overflow(sum, part, &sum))
			return false;
		if (*end != ':')
			break;
	}
	*ret = sum;
	return !*end;
}

static const char *
int_value(struct str text, struct ynode *ret_node)
{
	char digits[NUMBER_MAX], *end;
	const char *p;
	long long v;
	bool negative;
	int base = 10;

	if (!strip(text, digits))
		return "is a number with too many digits";
	negative = *digits == '-';
	p = skip_sign(digits);
	if (p[0] == '0' && p[1] == 'b') {
		base = 2;
		p += 2;
	} else if (p[0] == '0' && p[1] == 'x') {
		base = 16;
		p += 2;
	} else if (p[0] == '0') {
		base = 8;
	}
	if (!isxdigit((unsigned char)*p))
		return wrong_number;
	if (strchr(p, ':')) {
		if (!sixties_int(p, &v))
			return wrong_number;
	} else {
		errno = 0;
		v = strtoll(p, &end, base);
		if (errno)
			return "is a number of more than 64 bits";
		if (*end)
			return wrong_number;
	}
	ret_node->kind = Y_INT;
	ret_node->number = negative ? -v : v;
	return NULL;
}

static double
sixties_real(const char *p)
{
	double sum = 0;
	char *end;

	for (;; p = end + 1) {
		sum = sum * 60 + strtod(p, &end);
		if (*end != ':')
			return sum;
	}
}

static const char *
real_value(struct str text, struct ynode *ret_node)
{
	char digits[NUMBER_MAX], *end = NULL;
	const char *p;
	double v;

	if (!strip(text, digits))
		return "is a number with too many digits";
	p = skip_sign(digits);
	if (strcasecmp(p, ".inf") == 0)
		v = INFINITY;
	else if (strcasecmp(p, ".nan") == 0)
		v = NAN;
	else if (strchr(p, ':'))
		v = sixties_real(p);
	else
		v = strtod(p, &end);
	if (end && (end == p || *end))
		return wrong_number;
	ret_node->kind = Y_REAL;
	ret_node->real = *digits == '-' ? -v : v;
	return NULL;
}

/* ---- times */

struct stamp {
	int year, month, day, hour, minute, second, micro;
	bool clock, zone, utc, west;
	int zone_hour, zone_minute;
};

/* From min to max digits. */
static bool
take(const char **p, int min, int max, int *ret)
{
	int n = 0, v = 0;

	for (; n < max && isdigit((unsigned char)(*p)[n]); n++)
		v = v * 10 + ((*p)[n] - '0');
	if (n < min)
		return false;
	*p += n;
	*ret = v;
	return true;
}

static bool
take_char(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static void
take_fraction(const char **p, int *ret_micro)
{
	int scale = 100000, v = 0;

	for (; isdigit((unsigned char)**p); (*p)++, scale /= 10)
		v += (**p - '0') * scale;
	*ret_micro = v;
}

static bool
take_zone(const char **p, struct stamp *t)
{
	*p += span(*p, " \t");
	t->zone = true;
	if (take_char(p, 'Z')) {
		t->utc = true;
		return true;
	}
	t->west = **p == '-';
	if (!take_char(p, '-') && !take_char(p, '+'))
		return false;
	if (!take(p, 1, 2, &t->zone_hour))
		return false;
	return **p != ':' || (take_char(p, ':') && take(p, 2, 2, &t->zone_minute));
}

static bool
take_clock(const char **p, struct stamp *t)
{
	size_t blanks = span(*p, " \t");

	if (!blanks && !take_char(p, 'T') && !take_char(p, 't'))
		return false;
	*p += blanks;
	t->clock = true;
	if (!take(p, 1, 2, &t->hour) || !take_char(p, ':') ||
		!take(p, 2, 2, &t->minute) || !take_char(p, ':') ||
		!take(p, 2, 2, &t->second))
		return false;
	if (take_char(p, '.'))
		take_fraction(p, &t->micro);
	return !**p || take_zone(p, t);
}

static bool
is_stamp(const char *p, struct stamp *ret)
{
	struct stamp t = { 0 };
	const char *from = p;
	bool strict;

	if (!take(&p, 4, 4, &t.year) || !take_char(&p, '-') ||
		!take(&p, 1, 2, &t.month) || !take_char(&p, '-') ||
		!take(&p, 1, 2, &t.day))
		return false;
	strict = p - from == 10;
	if (*p && !take_clock(&p, &t))
		return false;
	*ret = t;
	return !*p && (t.clock || strict);
}

static int
days_of(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool
stamp_exists(const struct stamp *t)
{
	return t->year && t->month >= 1 && t->month <= 12 && t->day >= 1 &&
	       t->day <= days_of(t->year, t->month) && t->hour < 24 && t->minute < 60 &&
	       t->second < 60 && t->zone_hour < 24 && t->zone_minute < 60;
}

/* As Python's JSON has it: 2024-01-02T03:04:05.060000+02:00, Z for UTC. */
static const char *
stamp_text(struct arena *arena, const struct stamp *t)
{
	char zone[16] = "", fraction[16] = "";

	if (!t->clock)
		return arena_printf(arena, "%04d-%02d-%02d", t->year, t->month, t->day);
	if (t->micro)
		snprintf(fraction, sizeof(fraction), ".%06d", t->micro);
	if (t->zone && (t->utc || (!t->zone_hour && !t->zone_minute)))
		snprintf(zone, sizeof(zone), "Z");
	else if (t->zone)
		snprintf(zone, sizeof(zone), "%c%02d:%02d", t->west ? '-' : '+',
			t->zone_hour, t->zone_minute);
	return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d%s%s", t->year,
		t->month, t->day, t->hour, t->minute, t->second, fraction, zone);
}

static const char *
stamp_value(struct arena *arena, const struct stamp *t, struct ynode *ret_node)
{
	if (!stamp_exists(t))
		return "is a date that does not exist: quote it if it is text";
	ret_node->kind = Y_TIME;
	ret_node->text = stamp_text(arena, t);
	ret_node->n = strlen(ret_node->text);
	return NULL;
}

/* ---- */

const char *
yaml_scalar_plain(struct arena *arena, struct str text, struct ynode *ret_node)
{
	struct stamp t;

	ret_node->kind = Y_TEXT;
	if (is_word(text, ret_node))
		return NULL;
	/* Numbers and times begin with one of these, and so does little else. */
	if (!strchr("-+.0123456789=", *text.s))
		return NULL;
	if (str_eq(text, "="))
		return "has no meaning that YAML 1.1 readers agree on: quote it";
	if (is_int(text.s))
		return int_value(text, ret_node);
	if (is_real(text.s))
		return real_value(text, ret_node);
	if (is_stamp(text.s, &t))
		return stamp_value(arena, &t, ret_node);
	return NULL;
}

const char *
yaml_scalar_tagged(
	struct arena *arena, struct str text, enum ykind kind, struct ynode *ret_node)
{
	const char *why = NULL;

	ret_node->kind = kind;
	if (kind == Y_TEXT || kind == Y_NULL)
		return NULL;
	if (kind == Y_INT && is_int(text.s))
		return int_value(text, ret_node);
	if (kind == Y_REAL && (is_real(text.s) || is_int(text.s)))
		return real_value(text, ret_node);
	why = yaml_scalar_plain(arena, text, ret_node);
	if (!why && ret_node->kind != kind)
		why = "is not what its tag says";
	return why;
}
