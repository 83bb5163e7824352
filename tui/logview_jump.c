/* Places of a log: a line, a part, a time. */
#include <time.h>

#include "app.h"
#include "logview.h"

static bool
line_us(struct log *l, size_t number, int64_t *ret_us)
{
	struct weir_line line;

	if (!logview_line(l, number, &line))
		return false;
	*ret_us = line.us;
	return true;
}

static bool
is_number(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.s[i] < '0' || s.s[i] > '9')
			return false;
	}
	return s.len > 0 && s.len < 18;
}

/* `14:03`, `14:03:07.5`: on the day of a moment, in the zone that is shown. */
static bool
clock_of_day(struct str text, int64_t day_us, bool utc, int64_t *ret_us)
{
	char copy[32];
	int hours, minutes, used = 0;
	double seconds = 0;
	time_t t = (time_t)(day_us / WEIR_SECOND_US);
	struct tm tm;

	snprintf(copy, sizeof(copy), "%.*s", (int)(text.len < 31 ? text.len : 31),
		text.s);
	if (sscanf(copy, "%2d:%2d%n", &hours, &minutes, &used) != 2 || used == 0)
		return false;
	if (copy[used] == ':') {
		char *end;

		seconds = strtod(copy + used + 1, &end);
		if (*end || end == copy + used + 1)
			return false;
	} else if (copy[used]) {
		return false;
	}
	if (hours > 23 || minutes > 59 || hours < 0 || minutes < 0 ||
		!(seconds >= 0 && seconds < 61) ||
		!(utc ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)))
		return false;
	tm.tm_hour = hours;
	tm.tm_min = minutes;
	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	t = utc ? timegm(&tm) : mktime(&tm);
	*ret_us = (int64_t)t * WEIR_SECOND_US + (int64_t)(seconds * WEIR_SECOND_US);
	return true;
}

/* A date as people write it; without a zone in the one that is shown. */
static bool
date_of(struct str text, int64_t now_us, bool utc, int64_t *ret_us)
{
	static const char *const ends[] = { "Z", ":00Z", "T00:00:00Z" };
	bool found = false;

	for (size_t i = 0; utc && !found && i < N_ELEM(ends); i++) {
		char *whole = xasprintf("%.*s%s", (int)text.len, text.s, ends[i]);

		found = weir_time_parse(str_of(whole), ret_us);
		free(whole);
	}
	return found || weir_time_parse_human(text, now_us, ret_us);
}

/* A time in the log; false: it is none. */
static bool
time_of(struct log *l, struct str text, int64_t *ret_us)
{
	const struct app *a = l->v.app;
	struct str rest = { text.s + 1, text.len > 0 ? text.len - 1 : 0 };
	int64_t here = 0, span;

	if (!line_us(l, logview_current(l), &here))
		return false;
	if (text.len > 1 && *text.s == '+' && weir_duration_parse(rest, &span)) {
		*ret_us = here + span;
		return true;
	}
	if (text.len > 1 && *text.s == '-' && weir_duration_parse(rest, &span) &&
		line_us(l, logview_n(l) - 1, ret_us)) {
		*ret_us -= span;
		return true;
	}
	return clock_of_day(text, here, a->utc, ret_us) ||
	       date_of(text, weir_now_us(), a->utc, ret_us);
}

static void
go(struct log *l, size_t number)
{
	size_t n = logview_count(l), at = logview_at(l, number);

	logview_unfold(l, number);
	pager_goto(&l->pager, at < n ? at : n - 1);
	logview_moved(l);
}

static void
go_to_time(struct log *l, int64_t us)
{
	size_t total = logview_n(l), number = weir_logs_at(l->logs, us);

	go(l, number < total ? number : total - 1);
	if (number >= total)
		status_say(l->v.app, false, "the log ends before that");
	else if (number == 0)
		status_say(l->v.app, false, "the log begins there, or later");
}

static void
jump(struct log *l, const char *text)
{
	size_t total = logview_n(l);
	struct str s = str_of(text);
	int64_t us;

	if (total == 0 || logview_count(l) == 0) {
		status_say(l->v.app, true, "there is no line to go to");
		return;
	}
	while (s.len > 0 && s.s[s.len - 1] == ' ')
		s.len--;
	if (is_number(s)) {
		size_t number = (size_t)strtoull(text, NULL, 10);

		go(l, number == 0 ? 0 : number <= total ? number - 1 : total - 1);
	} else if (s.len > 1 && s.s[s.len - 1] == '%' &&
		   is_number((struct str){ s.s, s.len - 1 })) {
		size_t part = (size_t)strtoull(text, NULL, 10);

		part = part < 100 ? part : 100;
		go(l, part == 100 ? total - 1 : total * part / 100);
	} else if (time_of(l, s, &us)) {
		go_to_time(l, us);
	} else {
		status_say(l->v.app, true,
			"'%s': not a place; a line (8412), a part (42%%), a time "
			"(14:03, -10m, +5m, 2026-11-20 09:00)",
			text);
	}
}

static void
on_place(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	(void)a;
	if (ev == PROMPT_EV_ACCEPTED && p->text.len > 0)
		jump(arg, prompt_text(p));
}

static const struct prompt_user place_user = {
	.label = "@", .event = on_place, .history = "log-place"
};

void
logview_jump(struct view *v, enum action_id id, const char *arg)
{
	(void)id;
	if (arg && *arg)
		jump(logview_of(v), arg);
	else
		app_prompt(v->app, &place_user, v, "");
}
