#include "app.h"
#include "logview.h"
#include "word.h"

size_t
logview_count(void *arg)
{
	const struct log *l = arg;

	return logview_filtered(l) ? l->n_shown : logview_n(l);
}

static void
add_span(struct pager_line *out, enum style style, struct str text, int width)
{
	out->spans[out->n_spans++] = (struct pager_span){ style, text, width };
}

static void
add_time_span(struct log *l, struct pager_line *out, int64_t us)
{
	struct buf text = BUF_INIT(WEIR_TIME_TEXT);
	const char *s;

	if (l->times == TIMES_NONE)
		return;
	weir_time_absolute(&text, us, l->v.app->utc, true);
	s = buf_cstr(&text);
	if (l->times == TIMES_CLOCK && text.len > 11)
		s += 11; /* the date */
	snprintf(l->time_text, sizeof(l->time_text), "%s", s);
	add_span(out, STYLE_DIM, str_of(l->time_text), (int)strlen(l->time_text) + 1);
	buf_release(&text);
}

static const char *
level_letter(int level)
{
	return level >= 50   ? "C"
	       : level >= 40 ? "E"
	       : level >= 30 ? "W"
	       : level >= 20 ? "I"
			     : "D";
}

static bool
source_line(void *arg, size_t i, struct pager_line *out)
{
	struct log *l = arg;
	struct weir_line line;
	struct weir_err err;
	enum style style;

	if (!l->reader || weir_log_get(l->reader, logview_number(l, i), &line, &err))
		return false;
	style = theme_level(line.level);
	out->n_spans = 0;
	out->style = line.level >= 30 ? style : STYLE_PLAIN;
	out->text = line.message;
	if (l->v.width >= 40)
		add_time_span(l, out, line.us);
	add_span(out, style, str_of(level_letter(line.level)), 2);
	if (l->v.width >= 60 && weir_id_is_null(&l->task) && l->name_width > 0)
		add_span(out, STYLE_DIM,
			line.task_name.len ? line.task_name : STR("flow"),
			l->name_width + 2);
	return true;
}

const struct pager_source logview_source = { logview_count, source_line };

/* The strip at the right edge: where errors and warnings are, and where the screen is.
 */
static bool
any_between(const struct lines *f, size_t from, size_t to)
{
	size_t i = logview_bound(f->v, f->n, from);

	return i < f->n && f->v[i] < to;
}

static void
paint_edge(void *arg, struct draw *d, int row)
{
	struct log *l = arg;
	size_t total = logview_n(l), height = (size_t)l->pager.height, from, to;
	bool here;

	if (total == 0 || d->cols < 20)
		return;
	from = total * (size_t)row / height;
	to = total * ((size_t)row + 1) / height;
	if (to == from)
		to = from + 1;
	here = from <= l->bottom && to > logview_top(l);
	draw_to(d, d->cols - 1);
	if (any_between(&l->found[SLOT_ERRORS], from, to))
		draw_text(d, STYLE_ERROR, theme_glyph(d->theme, GLYPH_MARK));
	else if (any_between(&l->found[SLOT_WARNINGS], from, to))
		draw_text(d, STYLE_WARNING, theme_glyph(d->theme, GLYPH_WARN));
	else if (here && total > height)
		draw_text(d, STYLE_DIM, theme_glyph(d->theme, GLYPH_STRIP));
}

static const char *
empty_text(const struct log *l)
{
	if (l->failed[0])
		return l->failed;
	if (logview_n(l) > 0)
		return l->found[SLOT_FILTER].asked ? "..."
						   : "No line passes the filter.";
	if (l->syncing)
		return "Fetching the log...";
	if (!l->v.app->engine && (!l->reader || !weir_log_complete(l->reader)))
		return "This log was not fetched yet, and the server is not asked.";
	return l->live ? "No line yet." : "This run wrote no log.";
}

void
logview_paint(struct view *v, struct draw *d)
{
	struct log *l = logview_of(v);

	l->bottom = logview_number(l, pager_bottom(&l->pager));
	pager_paint(&l->pager, d, v->y, paint_edge);
	if (logview_count(l) == 0 && v->height > 1) {
		draw_begin(d, v->y + 1);
		draw_spaces(d, 2);
		draw_text(d, STYLE_PLAIN, empty_text(l));
		draw_end(d, false);
	}
}

static void
add_position(const struct log *l, struct buf *out)
{
	size_t n = logview_count((void *)l), total = logview_n(l), bottom;

	if (n == 0)
		return;
	bottom = logview_number(l, pager_bottom((struct pager *)&l->pager)) + 1;
	buf_adds(out, "line ");
	word_number(out, (int64_t)bottom);
	buf_adds(out, " of ");
	word_number(out, (int64_t)total);
	buf_addf(out, " %s %zu %%", theme_glyph(&l->v.app->theme, GLYPH_DOT),
		bottom * 100 / total);
}

void
logview_paint_counts(struct view *v, struct draw *d)
{
	struct log *l = logview_of(v);
	struct buf left = BUF_INIT(PROMPT_MAX * 2), right = BUF_INIT(128);
	const struct lines *e = &l->found[SLOT_ERRORS], *s = &l->found[SLOT_SEARCH];
	const struct lines *w = &l->found[SLOT_WARNINGS];
	const char *dot = theme_glyph(d->theme, GLYPH_DOT);

	if (*l->search) {
		buf_addf(&left, "/%s  ", l->search);
		if (l->pager.current != PAGER_NONE) {
			word_number(
				&left, (int64_t)logview_bound(s->v, s->n,
					       logview_number(l, l->pager.current)) +
					       1);
			buf_adds(&left, " of ");
		}
		word_number(&left, (int64_t)s->n);
		buf_adds(&left, s->asked ? " (counting)" : "");
	} else {
		word_number(&left, (int64_t)logview_n(l));
		buf_adds(&left, " lines");
		if (e->n > 0)
			buf_addf(&left, " %s %zu errors", dot, e->n);
		if (w->n > e->n)
			buf_addf(&left, " %s %zu warnings", dot, w->n - e->n);
		if (logview_filtered(l))
			buf_addf(&left, " %s %zu shown", dot, l->n_shown);
	}
	draw_text(d, STYLE_PLAIN, buf_cstr(&left));
	add_position(l, &right);
	if (l->follow && l->live && !l->paused) {
		buf_addf(&right, "  FOLLOW");
	} else if (l->follow && l->paused && logview_n(l) > l->seen) {
		buf_addf(&right, "  %s %zu new", theme_glyph(d->theme, GLYPH_DOWN),
			logview_n(l) - l->seen);
	}
	status_right(d, STYLE_DIM, buf_cstr(&right));
	buf_release(&left);
	buf_release(&right);
}

void
logview_paint_found(const struct log *l, enum slot slot, struct buf *out)
{
	const struct lines *f = &l->found[slot];

	if (!*prompt_text(&l->v.app->prompt))
		return;
	word_number(out, (int64_t)f->n);
	buf_adds(out, f->asked ? " lines (counting)" : " lines");
}
