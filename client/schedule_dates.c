#include "schedule_dates.h"

#include <stdlib.h>

#include "civil.h"
#include "schedule_cron.h"
#include "schedule_rrule.h"
#include "schedule_zone.h"
#include "weir/time.h"

enum kind { CRON, INTERVAL, RRULE };

struct schedule_dates {
	enum kind kind;
	struct schedule_zone *zone;
	struct schedule_cron cron;
	bool day_or;
	double interval_s;
	int64_t interval_us, anchor_us;
	struct schedule_rrule rrule;
};

static const int64_t interval_max_us = 100000000000000000; /* three thousand years */
static const int64_t until_max_us = 253402300799000000;    /* the year 9999 */
enum { CANDIDATES_MAX = 1002, MARGIN_S = 2 * CIVIL_DAY_S };

/* ---- the document */

static const char *
text_of(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static enum weir_rc
wrong(const char *what, const char *text, struct buf *why, struct weir_err *err)
{
	enum weir_rc rc = weir_fail(
		err, WEIR_EBADDATA, "%s '%.60s': %s", what, text, buf_cstr(why));

	return rc;
}

static enum weir_rc
read_cron(struct schedule_dates *s, const json_t *doc, struct weir_err *err)
{
	const char *text = text_of(doc, "cron");
	struct buf why = BUF_INIT(300);
	enum weir_rc rc = WEIR_OK;

	s->kind = CRON;
	s->day_or = !json_is_false(json_object_get(doc, "day_or"));
	if (!schedule_cron_read(text, &s->cron, &why))
		rc = wrong("cron", text, &why, err);
	buf_release(&why);
	return rc;
}

static enum weir_rc
read_rrule(struct schedule_dates *s, const json_t *doc, struct weir_err *err)
{
	const char *text = text_of(doc, "rrule");
	struct buf why = BUF_INIT(300);
	enum weir_rc rc = WEIR_OK;

	if (!schedule_rrule_read(text, &s->rrule, &why))
		rc = wrong("rrule", text, &why, err);
	else
		s->kind = RRULE;
	buf_release(&why);
	return rc;
}

static enum weir_rc
read_interval(struct schedule_dates *s, const json_t *doc, struct weir_err *err)
{
	const char *anchor = text_of(doc, "anchor_date");
	double us;

	s->kind = INTERVAL;
	s->interval_s = json_number_value(json_object_get(doc, "interval"));
	us = s->interval_s * WEIR_SECOND_US;
	if (!(us >= 1))
		return weir_fail(err, WEIR_EBADDATA, "interval: longer than nothing");
	s->interval_us =
		us < (double)interval_max_us ? (int64_t)(us + 0.5) : interval_max_us;
	/* what it leaps by, too: else it walks the rest, for ever if it is short */
	s->interval_s = (double)s->interval_us / WEIR_SECOND_US;
	if (!anchor || !weir_time_parse(str_of(anchor), &s->anchor_us))
		return weir_fail(err, WEIR_EBADDATA, "anchor_date '%.60s': no date",
			anchor ? anchor : "");
	return WEIR_OK;
}

enum weir_rc
schedule_dates_new(const json_t *doc, struct schedule_dates **ret, struct weir_err *err)
{
	struct schedule_dates *s = xcalloc(1, sizeof(*s));
	const char *zone = text_of(doc, "timezone");
	enum weir_rc rc;

	if (text_of(doc, "cron"))
		rc = read_cron(s, doc, err);
	else if (text_of(doc, "rrule"))
		rc = read_rrule(s, doc, err);
	else if (json_is_number(json_object_get(doc, "interval")))
		rc = read_interval(s, doc, err);
	else
		rc = weir_fail(err, WEIR_EBADDATA,
			"a schedule has a cron line, an interval in seconds or an "
			"rrule");
	if (!rc)
		rc = schedule_zone_open(zone && *zone ? zone : "UTC", &s->zone, err);
	if (rc)
		schedule_dates_free(s);
	else
		*ret = s;
	return rc;
}

void
schedule_dates_free(struct schedule_dates *s)
{
	if (!s)
		return;
	schedule_rrule_release(&s->rrule);
	schedule_zone_close(s->zone);
	free(s);
}

/* ---- the clock of the zone */

static int64_t
local_us(const struct schedule_dates *s, int64_t us)
{
	int64_t second = civil_div(us, WEIR_SECOND_US);

	return us + (schedule_zone_local(s->zone, second) - second) * WEIR_SECOND_US;
}

static int64_t
utc_us(const struct schedule_dates *s, int64_t local, bool late)
{
	int64_t second = civil_div(local, WEIR_SECOND_US);

	return local +
	       (schedule_zone_utc(s->zone, second, late) - second) * WEIR_SECOND_US;
}

void
schedule_dates_text(const struct schedule_dates *s, int64_t us, struct buf *out)
{
	int64_t local = local_us(s, us), minutes = (local - us) / WEIR_SECOND_US / 60;
	char text[WEIR_TIME_TEXT], *at;

	weir_time_format(local, text);
	at = strchr(text, 'Z');
	if (at)
		*at = '\0';
	at = strchr(text, 'T');
	if (at)
		*at = ' ';
	buf_addf(out, "%s%c%02d:%02d", text, minutes < 0 ? '-' : '+',
		(int)(llabs(minutes) / 60), (int)(llabs(minutes) % 60));
}

/* ---- collecting */

struct found {
	const struct schedule_dates *s;
	const struct schedule_want *want;
	int64_t *us;
	size_t n;
};

static bool
has(const struct found *f, int64_t us)
{
	for (size_t i = f->n; i-- > 0;)
		if (f->us[i] == us)
			return true;
	return false;
}

/* Take it, unless it is there; false: that is all. */
static bool
add(struct found *f, int64_t us)
{
	const struct schedule_want *w = f->want;

	if (us > w->until_us)
		return false;
	if (has(f, us))
		return true;
	f->us[f->n++] = us;
	return f->n < w->max && f->n < SCHEDULE_DATES_MAX &&
	       (f->n < w->enough || us < w->enough_us);
}

static void
get_cron(struct found *f)
{
	const struct schedule_dates *s = f->s;
	int64_t from = f->want->from_us - WEIR_SECOND_US, at;

	if (civil_mod(from, WEIR_SECOND_US))
		from += WEIR_SECOND_US;
	at = civil_div(local_us(s, from), WEIR_SECOND_US);
	for (int i = 0; i < CANDIDATES_MAX; i++)
		if (!schedule_cron_next(&s->cron, s->day_or, at, &at) ||
			!add(f, utc_us(s, at * WEIR_SECOND_US, false)))
			break;
}

/* The one after: by the clock where it is of days, else by the distance. */
static int64_t
step(const struct schedule_dates *s, int64_t us)
{
	if (s->interval_us < (int64_t)CIVIL_DAY_S * WEIR_SECOND_US)
		return us + s->interval_us;
	return utc_us(s, local_us(s, us) + s->interval_us, true);
}

/*
 * It leaps from the anchor by distance, then goes by the clock: as Prefect does, and so
 * a date may be another one when it is looked for from another day.
 */
static void
get_interval(struct found *f)
{
	const struct schedule_dates *s = f->s;
	double apart_s = (double)(f->want->from_us - s->anchor_us) / WEIR_SECOND_US;
	int64_t from = local_us(s, f->want->from_us);
	int64_t at = s->anchor_us + (int64_t)(apart_s / s->interval_s) * s->interval_us;

	while (local_us(s, at) < from)
		at = step(s, at);
	for (int i = 0; i < CANDIDATES_MAX && add(f, at); i++)
		at = step(s, at);
}

static enum weir_rc
get_rrule(struct found *f, struct weir_err *err)
{
	const struct schedule_dates *s = f->s;
	const struct schedule_want *w = f->want;
	int64_t from = civil_div(local_us(s, w->from_us), WEIR_SECOND_US) - MARGIN_S;
	int64_t to = civil_div(local_us(s, w->until_us), WEIR_SECOND_US) + MARGIN_S;
	struct schedule_walk *walk = schedule_walk_new(&s->rrule, from, to);
	enum weir_rc rc = WEIR_OK;
	int64_t at, us;
	int tried = 0;

	while (tried < CANDIDATES_MAX && schedule_walk_next(walk, &at)) {
		us = utc_us(s, at * WEIR_SECOND_US, false);
		if (us < w->from_us)
			continue;
		tried++;
		if (!add(f, us))
			break;
	}
	if (schedule_walk_is_tired(walk))
		rc = weir_fail(err, WEIR_EBADDATA,
			"rrule: its COUNT starts too long ago to be counted from "
			"there");
	schedule_walk_free(walk);
	return rc;
}

static int
cmp_us(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

enum weir_rc
schedule_dates_get(const struct schedule_dates *s, const struct schedule_want *want,
	int64_t *ret_us, size_t *ret_n, struct weir_err *err)
{
	struct schedule_want w = *want;
	struct found f = { .s = s, .want = &w, .us = ret_us };
	enum weir_rc rc = WEIR_OK;

	if (w.until_us > until_max_us)
		w.until_us = until_max_us;
	if (w.max && w.from_us <= w.until_us) {
		if (s->kind == CRON)
			get_cron(&f);
		else if (s->kind == INTERVAL)
			get_interval(&f);
		else
			rc = get_rrule(&f, err);
	}
	qsort(ret_us, f.n, sizeof(*ret_us), cmp_us);
	*ret_n = f.n;
	return rc;
}
