/* A log on the screen: lines, the strip beside them, the line below. */
#include <time.h>

#include "app.h"
#include "logview.h"
#include "word.h"

static bool
any_between(const struct lines *f, size_t from, size_t to)
{
	return lineset_bound(&f->set, from) < lineset_bound(&f->set, to);
}

/*
 * The strip at the right edge is the whole log: in its last column where errors,
 * warnings and what a search found are; left of it where the screen is.
 */
static void
paint_edge(void *arg, struct draw *d, int row)
{
	struct log *l = arg;
	size_t total = logview_n(l), height = (size_t)l->pager.height, from, to;

	if (total == 0 || d->cols < 20)
		return;
	from = total * (size_t)row / height;
	to = total * ((size_t)row + 1) / height;
	if (to == from)
		to = from + 1;
	if (total > height && from <= l->bottom && to > logview_top(l)) {
		draw_to(d, d->cols - 2);
		draw_text(d, STYLE_DIM, theme_glyph(d->theme, GLYPH_STRIP));
	}
	draw_to(d, d->cols - 1);
	if (any_between(&l->found[SLOT_ERRORS], from, to))
		draw_text(d, STYLE_ERROR, theme_glyph(d->theme, GLYPH_MARK));
	else if (*l->search && any_between(&l->found[SLOT_SEARCH], from, to))
		draw_text(d, STYLE_MATCH, theme_glyph(d->theme, GLYPH_HIT));
	else if (any_between(&l->found[SLOT_WARNINGS], from, to))
		draw_text(d, STYLE_WARNING, theme_glyph(d->theme, GLYPH_WARN));
}

/* There are lines, but none of them is shown. */
static const char *
none_passes(const struct log *l)
{
	if (l->min_level > 10 || l->filters.n > 0 || l->typed || *l->loggers)
		return "No line passes the level and filters (1: all levels, & Enter: "
		       "no filter).";
	return l->live ? "No line of this task yet." : "This task wrote no line.";
}

/* Why there is nothing to see. */
static const char *
empty_text(const struct log *l)
{
	bool complete = l->logs && weir_logs_complete(l->logs);
	bool known = false;

	for (size_t i = 0; i < l->n_runs; i++)
		known = known || l->runs[i].known;
	if (l->failed[0])
		return l->failed;
	if (logview_n(l) > 0)
		return l->found[SLOT_FILTER].asked ? "..." : none_passes(l);
	if (!known)
		return "This run is no longer here: the server has deleted it.";
	/* One that is followed is asked for again and again. */
	if (l->syncing && !l->v.app->status.offline)
		return l->live && l->n_runs == 1
			       ? "No line is here yet: they are shown as they come."
			       : "Fetching the log...";
	if (!l->v.app->engine && !complete)
		return "This log was not fetched yet, and the server is not asked.";
	if (l->v.app->status.offline && !complete)
		return "This log was not fetched yet, and the server is away.";
	if (!l->live)
		return "This run wrote no log.";
	return strcmp(l->runs[0].state, "Running") == 0
		       ? "No line yet: the run is at work, lines come as it writes "
			 "them."
		       : "No line yet: the run has not begun to write.";
}

void
logview_paint(struct view *v, struct draw *d)
{
	struct log *l = logview_of(v);

	logview_measure(l);
	l->bottom = logview_number(l, pager_bottom(&l->pager));
	pager_paint(&l->pager, d, v->y, paint_edge);
	if (logview_count(l) == 0 && v->height > 1) {
		draw_begin(d, v->y + 1);
		draw_spaces(d, 2);
		draw_text(d, STYLE_PLAIN, empty_text(l));
		draw_end(d, false);
	}
}

/* The name of the zone that times are shown in, of the current line's day. */
static void
add_zone(struct log *l, struct buf *out)
{
	struct weir_line line;
	char name[32] = "UTC";
	struct tm tm;
	time_t t;

	if ((l->times != TIMES_CLOCK && l->times != TIMES_FULL) ||
		!logview_line(l, logview_current(l), &line))
		return;
	t = (time_t)(line.us / WEIR_SECOND_US);
	if (!l->v.app->utc && localtime_r(&t, &tm))
		strftime(name, sizeof(name), "%Z", &tm);
	buf_addf(out, " %s %s", theme_glyph(&l->v.app->theme, GLYPH_DOT), name);
}

static void
add_position(struct log *l, bool zone, struct buf *out)
{
	size_t n = logview_count(l), total = logview_n(l), number;

	if (n == 0)
		return;
	number = logview_current(l) + 1;
	/* The query thread found it in lines that came since the log was read. */
	if (number > total)
		return;
	buf_adds(out, "line ");
	word_number(out, (int64_t)number);
	buf_adds(out, " of ");
	word_number(out, (int64_t)total);
	buf_addf(out, " %s %zu %%", theme_glyph(&l->v.app->theme, GLYPH_DOT),
		number * 100 / total);
	if (zone)
		add_zone(l, out);
}

static void
add_state(const struct log *l, struct buf *out)
{
	const struct theme *t = &l->v.app->theme;
	size_t n = logview_n(l);

	if (l->ordering.asked && l->ordering.total > 0)
		buf_addf(out, "  merging: %zu %%",
			l->ordering.done * 100 / l->ordering.total);
	if (logview_following(l) && l->live)
		buf_adds(out, "  FOLLOW");
	else if (l->follow && l->paused && n > l->seen)
		buf_addf(out, "  %s %zu new", theme_glyph(t, GLYPH_DOWN), n - l->seen);
	else if (l->was_live && !l->live && l->ended)
		buf_addf(out, "  ended: %s", l->runs[0].state);
}

/* `/vec_xl  3 of 17 (counting…)` */
static void
add_search(struct log *l, struct buf *out)
{
	const struct lines *s = &l->found[SLOT_SEARCH];
	size_t number = logview_current(l);

	buf_addf(out, "/%s  ", l->search);
	if (lineset_has(&s->set, number)) {
		word_number(out, (int64_t)lineset_bound(&s->set, number) + 1);
		buf_adds(out, " of ");
	}
	word_number(out, (int64_t)s->set.n);
	if (s->asked)
		buf_addf(out, " (counting%s)",
			theme_glyph(&l->v.app->theme, GLYPH_MORE));
}

static void
add_filters(struct log *l, struct buf *out)
{
	const char *dot = theme_glyph(&l->v.app->theme, GLYPH_DOT);

	for (size_t i = 0; i < l->filters.n; i++)
		buf_addf(out, "&%s ", l->filters.v[i]);
	if (*l->task_name)
		buf_addf(out, "task %s ", l->task_name);
	if (*l->loggers)
		buf_addf(out, "%s %s ", *l->loggers == '!' ? "without" : "logger",
			l->loggers + (*l->loggers == '!'));
	if (l->min_level > 10)
		buf_addf(out, "%s+ ", logview_level_name(l->min_level));
	if (out->len > 0)
		buf_addf(out, "%s ", dot);
	word_number(out, (int64_t)l->found[SLOT_FILTER].set.n);
	buf_adds(out, " of ");
	word_number(out, (int64_t)logview_n(l));
	buf_adds(out, " lines");
}

static void
add_counts(struct log *l, struct buf *out)
{
	size_t errors = l->found[SLOT_ERRORS].set.n;
	size_t warnings = l->found[SLOT_WARNINGS].set.n;
	const char *dot = theme_glyph(&l->v.app->theme, GLYPH_DOT);

	word_number(out, (int64_t)logview_n(l));
	buf_adds(out, logview_n(l) == 1 ? " line" : " lines");
	if (errors > 0) {
		buf_addf(out, " %s ", dot);
		word_number(out, (int64_t)errors);
		buf_adds(out, errors == 1 ? " error" : " errors");
	}
	if (warnings > errors) {
		buf_addf(out, " %s ", dot);
		word_number(out, (int64_t)(warnings - errors));
		buf_adds(out, warnings - errors == 1 ? " warning" : " warnings");
	}
}

/* How much is at the right end: all, without the zone, without the place. */
enum right { RIGHT_ZONE, RIGHT_PLACE, RIGHT_STATE };

void
logview_paint_counts(struct view *v, struct draw *d)
{
	struct log *l = logview_of(v);
	struct buf left = BUF_INIT(PROMPT_MAX * 4), right = BUF_INIT(128);
	bool follow = logview_following(l) && l->live;

	if (*l->search)
		add_search(l, &left);
	if (logview_filtered(l)) {
		if (left.len > 0)
			buf_adds(&left, "  ");
		add_filters(l, &left);
	} else if (!*l->search) {
		add_counts(l, &left);
	}
	/* The zone makes room first, then the place; whether it follows stays. */
	for (enum right most = RIGHT_ZONE; most <= RIGHT_STATE; most++) {
		buf_clear(&right);
		if (most < RIGHT_STATE)
			add_position(l, most == RIGHT_ZONE, &right);
		add_state(l, &right);
		d->limit = d->cols - (right.len > 0 ? 2 : 0) -
			   draw_width(d, buf_cstr(&right));
		if (d->limit >= d->cols / 2 ||
			d->limit >= draw_width(d, buf_cstr(&left)))
			break;
	}
	if (d->limit < d->cols / 2)
		d->limit = d->cols;
	draw_text(d, STYLE_PLAIN, buf_cstr(&left));
	d->limit = d->cols;
	status_right(d, follow ? STYLE_STRONG : STYLE_DIM, buf_cstr(&right));
	buf_release(&left);
	buf_release(&right);
}

void
logview_paint_found(const struct log *l, enum slot slot, struct buf *out)
{
	const struct lines *f = &l->found[slot];
	size_t number = logview_current(l);

	if (!*prompt_text(&l->v.app->prompt))
		return;
	if (slot == SLOT_SEARCH && lineset_has(&f->set, number)) {
		word_number(out, (int64_t)lineset_bound(&f->set, number) + 1);
		buf_adds(out, " of ");
	}
	word_number(out, (int64_t)f->set.n);
	buf_adds(out, f->set.n == 1 ? " line" : " lines");
	if (f->asked)
		buf_addf(out, " (counting%s)",
			theme_glyph(&l->v.app->theme, GLYPH_MORE));
}
