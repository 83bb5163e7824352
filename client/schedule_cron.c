#include "schedule_cron.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "civil.h"
#include "weir/mem.h"

enum { PART_MAX = 64, LINE_BYTES_MAX = 4096, NUMBER_HUGE = 1000000 };
enum { ALL_FIVE = 5, YEARS_AHEAD = 50 };

/* ---- reading */

struct field {
	const char *name;
	int min, max;
	int all; /* so many values mean any */
	const char *const *names;
	size_t n_names;
	int first; /* value of the first name */
};

static const char *const month_names[] = { "jan", "feb", "mar", "apr", "may", "jun",
	"jul", "aug", "sep", "oct", "nov", "dec" };
static const char *const day_names[] = { "sun", "mon", "tue", "wed", "thu", "fri",
	"sat" };

static const struct field fields[CRON_FIELDS] = {
	[CRON_MINUTE] = { "minute", 0, 59, 60, NULL, 0, 0 },
	[CRON_HOUR] = { "hour", 0, 23, 24, NULL, 0, 0 },
	[CRON_DAY] = { "day of month", 1, 31, 31, NULL, 0, 0 },
	[CRON_MONTH] = { "month", 1, 12, 12, month_names, N_ELEM(month_names), 1 },
	[CRON_WEEKDAY] = { "day of week", 0, 6, 7, day_names, N_ELEM(day_names), 0 },
	[CRON_SECOND] = { "second", 0, 59, 60, NULL, 0, 0 },
	[CRON_YEAR] = { "year", 1970, 2099, 130, NULL, 0, 0 },
};

struct reading {
	struct schedule_cron *c;
	size_t field;
	int nth; /* of the part that is read: 0 its last, -1 none */
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

/* Sunday is 7 too, and 0 the first day: in lines of some lengths. */
static int
alias(const struct reading *r, int v)
{
	if (r->field == CRON_WEEKDAY && v == 7 && r->c->n == ALL_FIVE)
		return 0;
	if (r->field == CRON_DAY && v == 0 && r->c->n == ALL_FIVE + 1)
		return 1;
	return v;
}

/* A number or a name. */
static bool
read_value(const struct reading *r, const char *s, int *ret)
{
	const struct field *f = &fields[r->field];

	if (is_digits(s)) {
		*ret = alias(r, number(s));
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
has(const struct schedule_cron *c, size_t field, int v)
{
	int bit = v - fields[field].min;

	return c->field[field].bits[bit / 64] >> (bit % 64) & 1;
}

static bool
add(struct reading *r, int v)
{
	const struct field *f = &fields[r->field];
	int bit;

	v = alias(r, v);
	if (v < f->min || v > f->max)
		return false;
	bit = v - f->min;
	r->c->field[r->field].bits[bit / 64] |= UINT64_C(1) << (bit % 64);
	if (r->nth >= 0)
		r->c->nth[v] |= (uint8_t)(1U << r->nth);
	return true;
}

static bool
add_steps(struct reading *r, int from, int to, int step)
{
	for (int v = from; v <= to; v += step)
		if (!add(r, v))
			return false;
	return true;
}

/* `fri-mon`: to the end, and on from the start in the same step. */
static bool
add_round(struct reading *r, int from, int to, int step)
{
	const struct field *f = &fields[r->field];
	int size = f->max - f->min + 1, last = from + (f->max - from) / step * step;
	int skip = 0;

	if (last - f->min + step > size && f->max - last < step)
		skip = step - (f->max - last);
	return add_steps(r, from, f->max, step) &&
	       add_steps(r, f->min + skip, to, step);
}

static bool
read_range(struct reading *r, const char *low, const char *high, const char *step)
{
	const struct field *f = &fields[r->field];
	int from, to, by = number(step);

	if (r->field == CRON_DAY && strcmp(high, "l") == 0)
		high = "31";
	if (!by || !read_value(r, low, &from) || !read_value(r, high, &to))
		return false;
	if (from > f->max || to > f->max)
		return false;
	if (from == to)
		return add_steps(r, f->min, f->max, by);
	return from > to ? add_round(r, from, to, by) : add_steps(r, from, to, by);
}

static bool
read_single(struct reading *r, const char *s)
{
	int v;

	if (strcmp(s, "*") == 0) {
		r->c->field[r->field].star = true;
		return true;
	}
	if (r->field == CRON_DAY && strcmp(s, "l") == 0) {
		r->c->last_day = true;
		return true;
	}
	return read_value(r, s, &v) && add(r, v);
}

/* One of the parts between commas; s is changed. */
static bool
read_part(struct reading *r, char *s)
{
	char max[16], *slash = strrchr(s, '/'), *dash;
	const char *step = "1";

	snprintf(max, sizeof(max), "%d", fields[r->field].max);
	if (slash) {
		*slash = '\0';
		step = slash + 1;
		if (!is_digits(step))
			return false;
	}
	dash = strchr(s, '-');
	if (dash) {
		*dash = '\0';
		return *s && dash[1] && read_range(r, s, dash + 1, step);
	}
	if (!slash)
		return read_single(r, s);
	if (strcmp(s, "*") == 0) {
		char min[16];

		snprintf(min, sizeof(min), "%d", fields[r->field].min);
		return read_range(r, min, max, step);
	}
	return read_range(r, s, max, step);
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

/* `2#3`, `mon-fri#1`, `L5`: cut to the day. */
static bool
cut_nth(struct reading *r, char **s)
{
	char *hash = strchr(*s, '#');

	r->nth = -1;
	if (r->field != CRON_WEEKDAY)
		return true;
	if (hash && is_nth_day(*s, hash) && is_digits(hash + 1)) {
		r->nth = number(hash + 1);
		*hash = '\0';
		return r->nth >= 1 && r->nth <= 5;
	}
	if (**s == 'l' && is_digits(*s + 1)) {
		(*s)++;
		r->nth = 0;
	}
	return true;
}

static bool
wrong(struct reading *r, const char *from, int n)
{
	buf_addf(r->why, "%s cannot be %.*s", fields[r->field].name, n ? n : 5,
		n ? from : "empty");
	return false;
}

static bool
read_field(struct reading *r, const char *text)
{
	const char *from = text, *comma;
	char part[PART_MAX], *s;
	size_t n;

	if (strchr(text, '?')) {
		r->c->field[r->field].star = true;
		return (text[1] == '\0' &&
			       (r->field == CRON_DAY || r->field == CRON_WEEKDAY)) ||
		       wrong(r, text, PART_MAX);
	}
	if (*text == 'h' || *text == 'r') {
		buf_adds(r->why, "random and hashed fields are not supported");
		return false;
	}
	for (;; from = comma + 1) {
		comma = from + strcspn(from, ",");
		n = (size_t)(comma - from);
		if (n >= PART_MAX)
			return wrong(r, from, PART_MAX);
		memcpy(part, from, n);
		part[n] = '\0';
		s = part;
		if (!cut_nth(r, &s) || !read_part(r, s))
			return wrong(r, from, (int)n);
		if (!*comma)
			return true;
	}
}

static const char *
expand(const char *text)
{
	static const char *const names[][2] = { { "@midnight", "0 0 * * *" },
		{ "@hourly", "0 * * * *" }, { "@daily", "0 0 * * *" },
		{ "@weekly", "0 0 * * 0" }, { "@monthly", "0 0 1 * *" },
		{ "@yearly", "0 0 1 1 *" }, { "@annually", "0 0 1 1 *" } };

	for (size_t i = 0; i < N_ELEM(names); i++)
		if (strcasecmp(text, names[i][0]) == 0)
			return names[i][1];
	return text;
}

static size_t
split(char *line, char *ret_fields[CRON_FIELDS + 1])
{
	size_t n = 0;
	char *save = NULL, *word;

	for (word = strtok_r(line, " \t\r\n\v\f", &save); word && n <= CRON_FIELDS;
		word = strtok_r(NULL, " \t\r\n\v\f", &save))
		ret_fields[n++] = word;
	return n;
}

static int
count(const struct schedule_cron *c, size_t field)
{
	int n = c->field[field].star + (field == CRON_DAY && c->last_day);

	for (int i = 0; i < 3; i++)
		n += __builtin_popcountll(c->field[field].bits[i]);
	return n;
}

/*
 * All values mean any: but days only where the other field of days has a star too, for
 * one that is named is enough where both are.
 */
static void
find_stars(struct schedule_cron *c, char *const *texts)
{
	for (size_t i = 0; i < c->n; i++) {
		if (count(c, i) != fields[i].all)
			continue;
		if (i == CRON_DAY && !strchr(texts[CRON_WEEKDAY], '*'))
			continue;
		if (i == CRON_WEEKDAY && !strchr(texts[CRON_DAY], '*'))
			continue;
		c->field[i].star = true;
	}
}

/* Days of the week in two ways at once are more than Prefect's scheduler can do. */
static bool
days_fit(const struct schedule_cron *c, int named, struct buf *why)
{
	int plain = 0;
	bool any = false;

	for (int d = 0; d < 7; d++) {
		any |= c->nth[d] != 0;
		plain += has(c, CRON_WEEKDAY, d) && !c->nth[d];
	}
	if (!any || !plain || named == 7)
		return true;
	buf_adds(why, "day of week cannot mix plain days with #n or L");
	return false;
}

bool
schedule_cron_read(const char *text, struct schedule_cron *ret, struct buf *why)
{
	struct schedule_cron c = { 0 };
	struct reading r = { .c = &c, .nth = -1, .why = why };
	char *texts[CRON_FIELDS + 1], *line;
	bool good = strlen(text) < LINE_BYTES_MAX;

	line = xstrndup(expand(text), LINE_BYTES_MAX);
	for (char *p = line; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	c.n = split(line, texts);
	if (!good || c.n < ALL_FIVE || c.n > CRON_FIELDS) {
		buf_adds(why, "a cron line has five fields, or six or seven");
		good = false;
	}
	for (r.field = 0; good && r.field < c.n; r.field++)
		good = read_field(&r, texts[r.field]);
	if (good)
		good = days_fit(&c, count(&c, CRON_WEEKDAY), why);
	if (good) {
		find_stars(&c, texts);
		*ret = c;
	}
	free(line);
	return good;
}

/* ---- stepping */

/* A moment on its way to the next one that fits. */
struct moment {
	const struct schedule_cron *c;
	bool any_day, any_weekday; /* whatever the line says */
	int64_t days;
	int64_t second; /* of the day */
	struct civil_date date;
};

static void
set_days(struct moment *m, int64_t days)
{
	m->days = days;
	m->date = civil_date(days);
	m->second = 0;
}

/* From x to the next that is listed, round the field's range. */
static int
distance(const struct schedule_cron *c, size_t field, int x, int range)
{
	const struct field *f = &fields[field];
	int v = x;

	while (v <= f->max && !has(c, field, v))
		v++;
	if (v <= f->max)
		return v - x;
	if (field == CRON_DAY && c->last_day)
		return range - x; /* its least, where no other is */
	for (v = f->min; !has(c, field, v); v++)
		;
	return v - x + range;
}

/* Each moves on if it must, and says so. */
typedef bool step(struct moment *m);

static bool
step_year(struct moment *m)
{
	int64_t y = m->date.year;

	if (m->c->n < CRON_FIELDS || m->c->field[CRON_YEAR].star)
		return false;
	while (y <= fields[CRON_YEAR].max &&
		(y < fields[CRON_YEAR].min || !has(m->c, CRON_YEAR, (int)y)))
		y++;
	if (y == m->date.year)
		return false;
	if (y > fields[CRON_YEAR].max)
		y = INT16_MAX; /* there is none */
	set_days(m, civil_days(y, 1, 1));
	return true;
}

static bool
step_month(struct moment *m)
{
	int by;

	if (m->c->field[CRON_MONTH].star)
		return false;
	by = distance(m->c, CRON_MONTH, m->date.month, 12);
	if (by == 0)
		return false;
	by += m->date.month - 1;
	set_days(m, civil_days(m->date.year + by / 12, by % 12 + 1, 1));
	return true;
}

/*
 * A day that the month does not have leads that many days on, past those that the next
 * month may have before it: so does Prefect's reader.
 */
static bool
step_day(struct moment *m)
{
	int length = civil_month_days(m->date.year, m->date.month), by;

	if (m->c->field[CRON_DAY].star || m->any_day)
		return false;
	if (m->c->last_day && m->date.day == length)
		return false;
	by = distance(m->c, CRON_DAY, m->date.day, length);
	if (by == 0)
		return false;
	set_days(m, m->days + by);
	return true;
}

/* The first day of the month from today on that is one of the named; 0: none. */
static int
nth_day(const struct moment *m)
{
	int length = civil_month_days(m->date.year, m->date.month);

	for (int day = m->date.day; day <= length; day++) {
		int weekday = civil_weekday(m->days + day - m->date.day);
		unsigned nth = m->c->nth[weekday];

		if (nth >> ((day + 6) / 7) & 1 || (nth & 1 && day + 7 > length))
			return day;
	}
	return 0;
}

static bool
step_nth(struct moment *m)
{
	int day = nth_day(m);

	if (day == m->date.day)
		return false;
	if (day == 0)
		day = civil_month_days(m->date.year, m->date.month) + 1;
	set_days(m, m->days + day - m->date.day);
	return true;
}

static bool
step_weekday(struct moment *m)
{
	static const uint8_t none[7];
	int by;

	if (memcmp(m->c->nth, none, sizeof(none)) != 0)
		return step_nth(m);
	if (m->c->field[CRON_WEEKDAY].star || m->any_weekday)
		return false;
	by = distance(m->c, CRON_WEEKDAY, civil_weekday(m->days), 7);
	if (by)
		set_days(m, m->days + by);
	return by != 0;
}

static void
set_second(struct moment *m, int64_t second)
{
	if (second >= CIVIL_DAY_S) {
		set_days(m, m->days + second / CIVIL_DAY_S);
		second %= CIVIL_DAY_S;
	}
	m->second = second;
}

static bool
step_hour(struct moment *m)
{
	int by = 0, hour = (int)(m->second / 3600);

	if (!m->c->field[CRON_HOUR].star)
		by = distance(m->c, CRON_HOUR, hour, 24);
	if (by)
		set_second(m, (hour + by) * 3600L);
	return by != 0;
}

static bool
step_minute(struct moment *m)
{
	int by = 0;

	if (!m->c->field[CRON_MINUTE].star)
		by = distance(m->c, CRON_MINUTE, (int)(m->second / 60 % 60), 60);
	if (by)
		set_second(m, m->second / 60 * 60 + by * 60L);
	return by != 0;
}

static bool
step_second(struct moment *m)
{
	int by = 0;

	if (m->c->n == ALL_FIVE)
		m->second = m->second / 60 * 60;
	else if (!m->c->field[CRON_SECOND].star)
		by = distance(m->c, CRON_SECOND, (int)(m->second % 60), 60);
	if (by)
		set_second(m, m->second + by);
	return by != 0;
}

static bool
find(struct moment m, int64_t from_s, int64_t *ret_s)
{
	static step *const steps[] = { step_year, step_month, step_day, step_weekday,
		step_hour, step_minute, step_second };
	int64_t last_year;
	size_t i;

	set_days(&m, civil_div(from_s, CIVIL_DAY_S));
	m.second = civil_mod(from_s, CIVIL_DAY_S);
	last_year = m.date.year + YEARS_AHEAD;
	do {
		for (i = 0; i < N_ELEM(steps) && !steps[i](&m); i++)
			;
		if (m.date.year > last_year)
			return false;
	} while (i < N_ELEM(steps));
	*ret_s = m.days * CIVIL_DAY_S + m.second;
	return true;
}

bool
schedule_cron_next(
	const struct schedule_cron *c, bool day_or, int64_t after_s, int64_t *ret_s)
{
	int64_t from_s = after_s + (c->n == ALL_FIVE ? 60 : 1), days, weekdays;
	struct moment m = { .c = c };
	bool some, more;

	if (!day_or || c->field[CRON_DAY].star || c->field[CRON_WEEKDAY].star)
		return find(m, from_s, ret_s);
	m.any_weekday = true;
	some = find(m, from_s, &days);
	m.any_weekday = false;
	m.any_day = true;
	more = find(m, from_s, &weekdays);
	if (some || more)
		*ret_s = !more || (some && days < weekdays) ? days : weekdays;
	return some || more;
}
