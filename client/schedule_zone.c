#include "schedule_zone.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "civil.h"
#include "schedule_check.h"
#include "weir/mem.h"

enum {
	ZONE_BYTES_MAX = 1 << 20,
	ZONE_TIMES_MAX = 20000,
	HEADER = 44,
	OFFSET_MAX = 93600 /* 26 h: no zone is that far from UTC */
};

/* A day of the year when clocks change, and the second of it. */
struct change {
	char kind; /* M: weekday of a month; J: day 1-365; 0: day 0-365 */
	int month, week, day;
	int64_t at_s;
};

/* What goes on after the last change that is listed: `CET-1CEST,M3.5.0,M10.5.0/3`. */
struct rule {
	bool known, dst;
	int64_t std_s, dst_s; /* offsets */
	struct change from, to;
};

struct schedule_zone {
	size_t n, n_types;
	int64_t *at;   /* changes, UTC */
	uint8_t *type; /* that begins there */
	int32_t offset[256];
	int first; /* type before all changes */
	struct rule rule;
};

/* ---- bytes */

static int64_t
big_endian(const unsigned char *p, int n)
{
	uint64_t v = 0;

	for (int i = 0; i < n; i++)
		v = v << 8 | p[i];
	return n == 4 ? (int32_t)(uint32_t)v : (int64_t)v;
}

/* ---- the rule */

static bool
take_digits(const char **p, int max, int64_t *ret)
{
	size_t n = strspn(*p, "0123456789");

	if (!n || n > 4)
		return false;
	*ret = strtol(*p, NULL, 10);
	*p += n;
	return *ret <= max;
}

/* [+-]hh[:mm[:ss]] */
static bool
take_span(const char **p, int64_t *ret)
{
	bool negative = **p == '-';
	int64_t v, scale = 3600;

	*p += **p == '-' || **p == '+';
	if (!take_digits(p, 167, &v))
		return false;
	*ret = v * scale;
	for (int i = 0; i < 2 && **p == ':'; i++) {
		(*p)++;
		scale /= 60;
		if (!take_digits(p, 59, &v))
			return false;
		*ret += v * scale;
	}
	if (negative)
		*ret = -*ret;
	return true;
}

static bool
take_name(const char **p)
{
	const char *from = *p;

	if (**p == '<') {
		*p += strcspn(*p, ">");
		if (**p != '>')
			return false;
		(*p)++;
		return true;
	}
	while (isalpha((unsigned char)**p))
		(*p)++;
	return *p > from;
}

static bool
take_change(const char **p, struct change *c)
{
	int64_t v[3] = { 0 };

	if (*(*p)++ != ',')
		return false;
	c->kind = **p == 'M' || **p == 'J' ? *(*p)++ : '0';
	c->at_s = 7200;
	if (!take_digits(p, c->kind == 'M' ? 12 : 365, &v[0]))
		return false;
	for (int i = 1; i < 3 && c->kind == 'M'; i++)
		if (*(*p)++ != '.' || !take_digits(p, i == 1 ? 5 : 6, &v[i]))
			return false;
	if (c->kind == 'M' && (!v[0] || !v[1]))
		return false;
	c->month = (int)v[0];
	c->week = (int)v[1];
	c->day = c->kind == 'M' ? (int)v[2] : (int)v[0];
	if (**p != '/')
		return true;
	(*p)++;
	return take_span(p, &c->at_s);
}

static bool
is_near(int64_t offset_s)
{
	return offset_s >= -OFFSET_MAX && offset_s <= OFFSET_MAX;
}

static bool
parse_rule(const char *p, struct rule *r)
{
	if (!*p)
		return true;
	if (!take_name(&p) || !take_span(&p, &r->std_s) || !is_near(r->std_s))
		return false;
	r->std_s = -r->std_s;
	r->known = true;
	if (!*p)
		return true;
	if (!take_name(&p))
		return false;
	r->dst = true;
	r->dst_s = r->std_s + 3600;
	if (*p != ',') {
		if (!take_span(&p, &r->dst_s) || !is_near(r->dst_s))
			return false;
		r->dst_s = -r->dst_s;
	}
	return take_change(&p, &r->from) && take_change(&p, &r->to) && !*p;
}

/* Seconds since 1970 by the clocks before the change. */
static int64_t
change_in(const struct change *c, int64_t year)
{
	int64_t day = civil_days(year, 1, 1), first, last;

	if (c->kind == 'J') {
		day += c->day - 1 + (civil_is_leap(year) && c->day >= 60);
	} else if (c->kind == '0') {
		day += c->day;
	} else {
		first = civil_days(year, c->month, 1);
		last = first + civil_month_days(year, c->month) - 1;
		day = first + (c->day - civil_weekday(first) + 7) % 7 +
		      (c->week - 1) * 7;
		while (day > last)
			day -= 7;
	}
	return day * CIVIL_DAY_S + c->at_s;
}

static int64_t
offset_by_rule(const struct rule *r, int64_t utc_s)
{
	int64_t year = civil_date(civil_div(utc_s + r->std_s, CIVIL_DAY_S)).year;
	int64_t from, to;
	bool summer;

	if (!r->dst)
		return r->std_s;
	from = change_in(&r->from, year) - r->std_s;
	to = change_in(&r->to, year) - r->dst_s;
	if (from < to)
		summer = utc_s >= from && utc_s < to;
	else
		summer = utc_s >= from || utc_s < to;
	return summer ? r->dst_s : r->std_s;
}

/* ---- the file */

/* Of one of its two parts: bytes of its data; 0: it is none. */
static size_t
part_size(const unsigned char *p, size_t left, int wide, int64_t counts[6])
{
	int64_t size;

	if (left < HEADER || memcmp(p, "TZif", 4) != 0)
		return 0;
	for (int i = 0; i < 6; i++) {
		counts[i] = big_endian(p + 20 + i * 4, 4);
		if (counts[i] < 0 || counts[i] > ZONE_TIMES_MAX)
			return 0;
	}
	size = counts[3] * (wide + 1) + counts[4] * 6 + counts[5] +
	       counts[2] * (wide + 4) + counts[1] + counts[0];
	return (size_t)size <= left - HEADER ? HEADER + (size_t)size : 0;
}

/* Changes and types of a part that has been measured. */
static bool
take_part(struct schedule_zone *z, const unsigned char *p, int wide,
	const int64_t counts[6])
{
	const unsigned char *types;
	bool found = false;

	z->n = (size_t)counts[3];
	z->n_types = (size_t)counts[4];
	if (!z->n_types || z->n_types > N_ELEM(z->offset))
		return false;
	z->at = xcalloc(z->n + 1, sizeof(*z->at));
	z->type = xcalloc(z->n + 1, 1);
	types = p + z->n * (size_t)(wide + 1);
	for (size_t i = 0; i < z->n; i++) {
		z->at[i] = big_endian(p + i * (size_t)wide, wide);
		z->type[i] = p[z->n * (size_t)wide + i];
		if (z->type[i] >= z->n_types || (i && z->at[i] < z->at[i - 1]))
			return false;
	}
	for (size_t i = 0; i < z->n_types; i++) {
		z->offset[i] = (int32_t)big_endian(types + i * 6, 4);
		if (!is_near(z->offset[i]))
			return false;
		if (!types[i * 6 + 4] && !found) {
			z->first = (int)i;
			found = true;
		}
	}
	return true;
}

static bool
take_footer(struct schedule_zone *z, const unsigned char *p, size_t left)
{
	const unsigned char *end;
	char text[128];

	if (left < 2 || *p != '\n')
		return left == 0;
	end = memchr(p + 1, '\n', left - 1);
	if (!end || (size_t)(end - p) > sizeof(text))
		return false;
	memcpy(text, p + 1, (size_t)(end - p - 1));
	text[end - p - 1] = '\0';
	return parse_rule(text, &z->rule);
}

static bool
parse(struct schedule_zone *z, const unsigned char *p, size_t left)
{
	int64_t counts[6];
	size_t size = part_size(p, left, 4, counts);

	if (!size)
		return false;
	if (p[4] == '\0')
		return take_part(z, p + HEADER, 4, counts);
	p += size;
	left -= size;
	size = part_size(p, left, 8, counts);
	return size && take_part(z, p + HEADER, 8, counts) &&
	       take_footer(z, p + size, left - size);
}

enum weir_rc
schedule_zone_parse(
	struct str bytes, struct schedule_zone **ret_zone, struct weir_err *err)
{
	struct schedule_zone *z = xcalloc(1, sizeof(*z));

	if (!parse(z, (const unsigned char *)bytes.s, bytes.len)) {
		schedule_zone_close(z);
		return weir_fail(err, WEIR_EBADDATA, "no file of a time zone");
	}
	*ret_zone = z;
	return WEIR_OK;
}

/* ---- by name */

static enum weir_rc
read_file(const char *path, struct buf *out)
{
	char chunk[8192];
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return WEIR_ENOTFOUND;
	while (!out->truncated && (n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(out, chunk, (size_t)n);
	close(fd);
	return n < 0 || out->truncated ? WEIR_EBADDATA : WEIR_OK;
}

static bool
is_utc(const char *name)
{
	return strcmp(name, "UTC") == 0 || strcmp(name, "Etc/UTC") == 0 ||
	       strcmp(name, "GMT") == 0;
}

static enum weir_rc
missing(const char *name, struct weir_err *err)
{
	const char *folder = schedule_check_zones();

	if (access(folder, X_OK) == 0)
		return weir_fail(err, WEIR_ENOTFOUND,
			"%.60s is no time zone of this machine (%s)", name, folder);
	weir_fail(err, WEIR_ENOTFOUND,
		"time zone %.60s: this machine knows no zones (%s: %s)", name, folder,
		strerror(errno));
	return weir_hint(err, "apt-get install tzdata");
}

enum weir_rc
schedule_zone_open(
	const char *name, struct schedule_zone **ret_zone, struct weir_err *err)
{
	struct buf path = BUF_INIT(PATH_MAX), bytes = BUF_INIT(ZONE_BYTES_MAX);
	struct buf why = BUF_INIT(300);
	enum weir_rc rc = WEIR_ENOTFOUND;

	if (is_utc(name)) {
		*ret_zone = xcalloc(1, sizeof(**ret_zone));
		return WEIR_OK;
	}
	buf_addf(&path, "%s/%s", schedule_check_zones(), name);
	if (!path.truncated && schedule_check_zone(name, &why))
		rc = read_file(buf_cstr(&path), &bytes);
	if (rc)
		rc = missing(name, err);
	else
		rc = schedule_zone_parse(buf_str(&bytes), ret_zone, err);
	buf_release(&why);
	buf_release(&bytes);
	buf_release(&path);
	return rc;
}

void
schedule_zone_close(struct schedule_zone *z)
{
	if (!z)
		return;
	free(z->at);
	free(z->type);
	free(z);
}

/* ---- there and back */

static int64_t
offset_at(const struct schedule_zone *z, int64_t utc_s)
{
	size_t low = 0, high = z->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (z->at[mid] <= utc_s)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == z->n && z->rule.known)
		return offset_by_rule(&z->rule, utc_s);
	return z->offset[low ? z->type[low - 1] : z->first];
}

int64_t
schedule_zone_local(const struct schedule_zone *z, int64_t utc_s)
{
	return utc_s + offset_at(z, utc_s);
}

int64_t
schedule_zone_utc(const struct schedule_zone *z, int64_t local_s, bool late)
{
	int64_t a = local_s - offset_at(z, local_s - CIVIL_DAY_S);
	int64_t b = local_s - offset_at(z, local_s + CIVIL_DAY_S);
	bool a_fits = schedule_zone_local(z, a) == local_s;
	bool b_fits = schedule_zone_local(z, b) == local_s;

	if (a_fits != b_fits)
		return a_fits ? a : b;
	return late == (a > b) ? a : b;
}
