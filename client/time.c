#include "weir/time.h"

#include "civil.h"
#include "weir/mem.h"

enum { DAY_S = 86400 };

/* A time of day and date as text names it; seconds_us counts from midnight. */
struct civil {
	int64_t year;
	int month, day;
	int64_t seconds_us;
};

/* From the year 1 to the end of 9999: what four digits can say. */
static const int64_t least_us = -62135596800000000;
static const int64_t most_us = 253402300799999999;

struct cursor {
	const char *p, *end;
};

static struct civil
civil_from_us(int64_t us)
{
	struct civil c;
	int64_t days = civil_div(us, (int64_t)DAY_S * WEIR_SECOND_US);
	struct civil_date date = civil_date(days);

	c.year = date.year;
	c.month = date.month;
	c.day = date.day;
	c.seconds_us = us % ((int64_t)DAY_S * WEIR_SECOND_US);
	if (c.seconds_us < 0)
		c.seconds_us += (int64_t)DAY_S * WEIR_SECOND_US;
	return c;
}

static int64_t
civil_to_us(const struct civil *c)
{
	return civil_days(c->year, c->month, c->day) * DAY_S * WEIR_SECOND_US +
	       c->seconds_us;
}

/* The instant at which clocks of the local zone show c; a skipped hour moves forward.
 */
static int64_t
local_to_us(const struct civil *c)
{
	int64_t s = c->seconds_us / WEIR_SECOND_US;
	struct tm tm = {
		.tm_year = (int)(c->year - 1900),
		.tm_mon = c->month - 1,
		.tm_mday = c->day,
		.tm_hour = (int)(s / 3600),
		.tm_min = (int)(s / 60 % 60),
		.tm_sec = (int)(s % 60),
		.tm_isdst = -1,
	};

	return (int64_t)mktime(&tm) * WEIR_SECOND_US + c->seconds_us % WEIR_SECOND_US;
}

/* What clocks show at us; falls back to UTC where the C library has no answer. */
static struct civil
shown_at(int64_t us, bool utc)
{
	time_t t = (time_t)civil_div(us, WEIR_SECOND_US);
	struct civil c;
	struct tm tm;

	if (utc || !localtime_r(&t, &tm))
		return civil_from_us(us);
	c.year = (int64_t)tm.tm_year + 1900;
	c.month = tm.tm_mon + 1;
	c.day = tm.tm_mday;
	c.seconds_us = ((int64_t)tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec) *
			       WEIR_SECOND_US +
		       (us % WEIR_SECOND_US + WEIR_SECOND_US) % WEIR_SECOND_US;
	return c;
}

static bool
take(struct cursor *c, char want)
{
	if (c->p == c->end || *c->p != want)
		return false;
	c->p++;
	return true;
}

static bool
at_digit(const struct cursor *c)
{
	return c->p < c->end && *c->p >= '0' && *c->p <= '9';
}

/* Exactly n digits. */
static bool
take_digits(struct cursor *c, int n, int64_t *ret)
{
	int64_t v = 0;

	while (n-- > 0) {
		if (!at_digit(c))
			return false;
		v = v * 10 + (*c->p++ - '0');
	}
	*ret = v;
	return true;
}

/* `.` and digits after it, in millionths; finer digits are cut. Nothing there is 0. */
static bool
take_fraction(struct cursor *c, int64_t *ret)
{
	int64_t v = 0;
	int64_t unit = 100000;

	if (take(c, '.') || take(c, ',')) {
		if (!at_digit(c))
			return false;
		for (; at_digit(c); c->p++, unit /= 10)
			v += (*c->p - '0') * unit;
	}
	*ret = v;
	return true;
}

/* `2026-11-21` */
static bool
take_date(struct cursor *c, struct civil *ret)
{
	int64_t y, m, d;

	if (!take_digits(c, 4, &y) || !take(c, '-') || !take_digits(c, 2, &m) ||
		!take(c, '-') || !take_digits(c, 2, &d))
		return false;
	if (m < 1 || m > 12 || d < 1 || d > civil_month_days(y, (int)m))
		return false;
	*ret = (struct civil){ y, (int)m, (int)d, 0 };
	return true;
}

/* `14:02` or `14:02:19.441`; a leap second counts as the second after it. */
static bool
take_clock(struct cursor *c, bool need_seconds, int64_t *ret_us)
{
	int64_t h, m;
	int64_t s = 0;
	int64_t us = 0;

	if (!take_digits(c, 2, &h) || !take(c, ':') || !take_digits(c, 2, &m))
		return false;
	if (take(c, ':')) {
		if (!take_digits(c, 2, &s) || !take_fraction(c, &us))
			return false;
	} else if (need_seconds) {
		return false;
	}
	if (h > 23 || m > 59 || s > 60)
		return false;
	*ret_us = ((h * 60 + m) * 60 + s) * WEIR_SECOND_US + us;
	return true;
}

/* `Z`, `+02:00`, `-0200`, `+02`. */
static bool
take_zone(struct cursor *c, int64_t *ret_us)
{
	int64_t h;
	int64_t m = 0;
	int64_t sign;

	if (take(c, 'Z') || take(c, 'z')) {
		*ret_us = 0;
		return true;
	}
	sign = take(c, '-') ? -1 : take(c, '+') ? 1 : 0;
	if (sign == 0 || !take_digits(c, 2, &h))
		return false;
	if ((take(c, ':') || at_digit(c)) && !take_digits(c, 2, &m))
		return false;
	if (h > 23 || m > 59)
		return false;
	*ret_us = sign * (h * 60 + m) * 60 * WEIR_SECOND_US;
	return true;
}

bool
weir_time_parse(struct str text, int64_t *ret_us)
{
	struct cursor c = { text.s, text.s + text.len };
	struct civil civil;
	int64_t zone = 0;
	int64_t us;

	if (text.len == 0 || !take_date(&c, &civil))
		return false;
	if (!take(&c, 'T') && !take(&c, 't') && !take(&c, ' '))
		return false;
	if (!take_clock(&c, true, &civil.seconds_us))
		return false;
	if (c.p < c.end && !take_zone(&c, &zone))
		return false;
	if (c.p < c.end)
		return false;
	us = civil_to_us(&civil) - zone;
	if (us < least_us || us > most_us)
		return false;
	*ret_us = us;
	return true;
}

/* n digits of v and what follows them; a list formats millions of times. */
static char *
put_digits(char *p, int64_t v, int n, char after)
{
	for (int i = n; i-- > 0; v /= 10)
		p[i] = (char)('0' + v % 10);
	p[n] = after;
	return p + n + 1;
}

char *
weir_time_format(int64_t us, char out[WEIR_TIME_TEXT])
{
	char *p = out;
	struct civil c;
	int64_t s;

	out[0] = '\0';
	if (us == WEIR_NO_TIME)
		return out;
	c = civil_from_us(us);
	s = c.seconds_us / WEIR_SECOND_US;
	us = c.seconds_us % WEIR_SECOND_US;
	if (c.year < 0 || c.year > 9999)
		p += snprintf(p, 24, "%04lld-", (long long)c.year);
	else
		p = put_digits(p, c.year, 4, '-');
	p = put_digits(p, c.month, 2, '-');
	p = put_digits(p, c.day, 2, 'T');
	p = put_digits(p, s / 3600, 2, ':');
	p = put_digits(p, s / 60 % 60, 2, ':');
	p = put_digits(p, s % 60, 2, us ? '.' : 'Z');
	if (us)
		p = put_digits(p, us, 6, 'Z');
	*p = '\0';
	return out;
}

int64_t
weir_monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * WEIR_SECOND_US + ts.tv_nsec / 1000;
}

void
weir_nap(int ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000L };

	nanosleep(&t, NULL);
}

int64_t
weir_now_us(void)
{
	const char *frozen = getenv("WEIR_NOW");
	struct timespec ts;
	char *end;
	int64_t us;

	if (frozen && *frozen) {
		if (weir_time_parse(str_of(frozen), &us))
			return us;
		us = strtoll(frozen, &end, 10);
		if (!*end)
			return us;
	}
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * WEIR_SECOND_US + ts.tv_nsec / 1000;
}

/* Midnight, by local clocks, `days` days after the day of now_us. */
static int64_t
local_midnight(int64_t now_us, int days)
{
	struct civil c = shown_at(now_us, false);

	c.seconds_us = 0;
	c.day += days; /* mktime brings it into range */
	return local_to_us(&c);
}

/* A date with or without a time, or a time of today; by local clocks. */
static bool
parse_local(struct str text, int64_t now_us, int64_t *ret_us)
{
	struct cursor c = { text.s, text.s + text.len };
	struct civil civil;

	if (take_date(&c, &civil)) {
		if (c.p < c.end && !take(&c, 'T') && !take(&c, 't') && !take(&c, ' '))
			return false;
		if (c.p < c.end && !take_clock(&c, false, &civil.seconds_us))
			return false;
	} else {
		c.p = text.s;
		civil = shown_at(now_us, false);
		if (!take_clock(&c, false, &civil.seconds_us))
			return false;
	}
	if (c.p < c.end || text.s[text.len - 1] == ' ' || civil.year < 1)
		return false;
	*ret_us = local_to_us(&civil);
	return true;
}

static bool
has_zone(struct str text)
{
	enum { DATE = 10 };

	for (size_t i = DATE; i < text.len; i++)
		if (strchr("Zz+-", text.s[i]))
			return true;
	return false;
}

bool
weir_time_parse_human(struct str text, int64_t now_us, int64_t *ret_us)
{
	static const struct {
		const char *word;
		int days;
	} words[] = { { "today", 0 }, { "yesterday", -1 }, { "tomorrow", 1 } };
	int64_t span;

	if (text.len == 0)
		return false;
	if (str_eq(text, "now")) {
		*ret_us = now_us;
		return true;
	}
	for (size_t i = 0; i < N_ELEM(words); i++) {
		if (str_eq(text, words[i].word)) {
			*ret_us = local_midnight(now_us, words[i].days);
			return true;
		}
	}
	if (has_zone(text) && weir_time_parse(text, ret_us))
		return true;
	if (parse_local(text, now_us, ret_us))
		return true;
	if (memchr(text.s, ':', text.len) || !weir_duration_parse(text, &span))
		return false;
	return !__builtin_sub_overflow(now_us, span, ret_us);
}

/* A bare span with its unit, or false when it is a day or longer. */
static bool
format_span(struct buf *out, int64_t us)
{
	int64_t s = us / WEIR_SECOND_US;

	if (s >= DAY_S)
		return false;
	if (s < 60)
		buf_addf(out, "%d s", (int)s);
	else if (s < 3600)
		buf_addf(out, "%d min", (int)(s / 60));
	else
		buf_addf(out, "%d h", (int)(s / 3600));
	return true;
}

void
weir_time_relative(struct buf *out, int64_t us, int64_t now_us, bool utc, bool ago)
{
	static const char days[][4] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue",
		"Wed" };
	struct civil c;
	int64_t diff, day;

	if (us == WEIR_NO_TIME)
		return;
	if (__builtin_sub_overflow(now_us, us, &diff) || diff == INT64_MIN)
		diff = INT64_MAX;
	if (diff > -WEIR_SECOND_US && diff < WEIR_SECOND_US) {
		buf_adds(out, "now");
		return;
	}
	if (diff < 0 && -diff < (int64_t)DAY_S * WEIR_SECOND_US)
		buf_adds(out, "in ");
	if (format_span(out, diff < 0 ? -diff : diff)) {
		buf_adds(out, ago && diff > 0 ? " ago" : "");
		return;
	}
	c = shown_at(us, utc);
	day = (civil_days(c.year, c.month, c.day) % 7 + 7) % 7;
	if ((diff < 0 ? -diff : diff) < (int64_t)6 * DAY_S * WEIR_SECOND_US)
		buf_addf(out, "%s %02d:%02d", days[day],
			(int)(c.seconds_us / WEIR_SECOND_US / 3600),
			(int)(c.seconds_us / WEIR_SECOND_US / 60 % 60));
	else
		buf_addf(out, "%04lld-%02d-%02d", (long long)c.year, c.month, c.day);
}

void
weir_time_absolute(struct buf *out, int64_t us, bool utc, bool millis)
{
	struct civil c;
	int64_t s;

	if (us == WEIR_NO_TIME)
		return;
	c = shown_at(us, utc);
	s = c.seconds_us / WEIR_SECOND_US;
	buf_addf(out, "%04lld-%02d-%02d %02d:%02d:%02d", (long long)c.year, c.month,
		c.day, (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
	if (millis)
		buf_addf(out, ".%03d", (int)(c.seconds_us % WEIR_SECOND_US / 1000));
}
