/* Spans of time: what people write, and what they read. */
#include "weir/mem.h"
#include "weir/time.h"

enum { SPAN_DIGITS = 12 }; /* of a number in a span */

/* clang-format off */
static const struct {
	const char *name;
	int64_t us;
} units[] = {
	{ "us",      1 },
	{ "ms",      1000 },
	{ "s",       1000000 },
	{ "sec",     1000000 },
	{ "second",  1000000 },
	{ "seconds", 1000000 },
	{ "m",       60000000 },
	{ "min",     60000000 },
	{ "minute",  60000000 },
	{ "minutes", 60000000 },
	{ "h",       3600000000 },
	{ "hour",    3600000000 },
	{ "hours",   3600000000 },
	{ "d",       86400000000 },
	{ "day",     86400000000 },
	{ "days",    86400000000 },
	{ "w",       604800000000 },
	{ "week",    604800000000 },
	{ "weeks",   604800000000 },
};
/* clang-format on */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void
skip_spaces(struct str *s)
{
	while (s->len && *s->s == ' ')
		*s = (struct str){ s->s + 1, s->len - 1 };
}

static bool
take(struct str *s, char c)
{
	if (s->len == 0 || *s->s != c)
		return false;
	*s = (struct str){ s->s + 1, s->len - 1 };
	return true;
}

static bool
take_number(struct str *s, int64_t *ret)
{
	int64_t v = 0;
	int n = 0;

	for (; s->len && is_digit(*s->s); s->s++, s->len--) {
		if (++n > SPAN_DIGITS)
			return false;
		v = v * 10 + (*s->s - '0');
	}
	*ret = v;
	return n > 0;
}

/* Digits behind a point, in millionths; finer ones are cut. */
static bool
take_fraction(struct str *s, int64_t *ret)
{
	int64_t v = 0;
	int64_t unit = 100000;

	if (s->len == 0 || !is_digit(*s->s))
		return false;
	for (; s->len && is_digit(*s->s); s->s++, s->len--, unit /= 10)
		v += (*s->s - '0') * unit;
	*ret = v;
	return true;
}

/* The unit that s begins with, spaces before it skipped; 0 if there is none. */
static int64_t
take_unit(struct str *s)
{
	struct str word = *s;

	skip_spaces(&word);
	*s = word;
	for (word.len = 0; word.len < s->len; word.len++)
		if (s->s[word.len] < 'a' || s->s[word.len] > 'z')
			break;
	for (size_t i = 0; i < N_ELEM(units); i++) {
		if (str_eq(word, units[i].name)) {
			*s = (struct str){ s->s + word.len, s->len - word.len };
			return units[i].us;
		}
	}
	return 0;
}

/* Add number * unit + millionths of a unit. */
static bool
add(int64_t *us, int64_t number, int64_t fraction, int64_t unit)
{
	int64_t v;

	return !__builtin_mul_overflow(number, unit, &v) &&
	       !__builtin_add_overflow(*us, v, us) &&
	       !__builtin_add_overflow(*us, fraction * (unit / 1000) / 1000, us);
}

/*
 * What follows the first number of `4:12`, `1:02:03` or, behind days, `04:05` (hours
 * and minutes). s begins with the colon.
 */
static bool
parse_clock(struct str *s, int64_t first, bool behind_days, int64_t *us)
{
	int64_t part[2] = { 0 };
	int64_t fraction = 0;
	int n = 0;

	while (n < 2 && take(s, ':')) {
		if (s->len < 2 || !is_digit(s->s[0]) || !is_digit(s->s[1]))
			return false;
		part[n] = (s->s[0] - '0') * 10 + (s->s[1] - '0');
		*s = (struct str){ s->s + 2, s->len - 2 };
		if (part[n++] > 59)
			return false;
	}
	if (take(s, '.') && !take_fraction(s, &fraction))
		return false;
	if (s->len)
		return false;
	if (n == 2 || behind_days)
		return add(us, first, 0, 3600000000) &&
		       add(us, part[0] * 60 + part[1], fraction, WEIR_SECOND_US);
	return add(us, first, 0, 60000000) &&
	       add(us, part[0], fraction, WEIR_SECOND_US);
}

bool
weir_duration_parse(struct str s, int64_t *ret_us)
{
	int64_t us = 0;
	int64_t number, fraction, unit;
	int terms = 0;

	do {
		fraction = 0;
		if (!take_number(&s, &number))
			return false;
		if (s.len && *s.s == ':') {
			if (!parse_clock(&s, number, terms > 0, &us))
				return false;
			break;
		}
		if (take(&s, '.') && !take_fraction(&s, &fraction))
			return false;
		unit = s.len ? take_unit(&s) : terms == 0 ? WEIR_SECOND_US : 0;
		if (unit == 0 || !add(&us, number, fraction, unit))
			return false;
		terms++;
		skip_spaces(&s);
	} while (s.len);
	*ret_us = us;
	return true;
}

void
weir_duration_format(struct buf *out, int64_t us)
{
	int64_t s;

	if (us == WEIR_NO_TIME)
		return;
	if (us < 0) {
		us = -us;
		buf_adds(out, us < 100000 ? "" : "-");
	}
	s = us / WEIR_SECOND_US;
	if (s == 0)
		buf_addf(out, "0.%d s", (int)(us / 100000));
	else if (s < 3600)
		buf_addf(out, "%d:%02d", (int)(s / 60), (int)(s % 60));
	else if (s < 86400)
		buf_addf(out, "%d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60),
			(int)(s % 60));
	else
		buf_addf(out, "%lld d %02d:%02d", (long long)(s / 86400),
			(int)(s / 3600 % 24), (int)(s / 60 % 60));
}
