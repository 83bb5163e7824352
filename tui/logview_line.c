/* One line of a log on the screen: its columns, its text. */
#include "app.h"
#include "logview.h"
#include "word.h"

enum { SHORT_ID = 8 };

static void
add_span(struct pager_line *out, enum style style, struct str text, int width)
{
	out->spans[out->n_spans++] = (struct pager_span){ style, text, width, false };
}

/* `+1:02:03.441`, `-0.250`: since the mark, or before it. */
static void
add_elapsed(struct buf *out, int64_t us)
{
	int64_t ms = (us < 0 ? -us : us) / 1000;

	buf_addc(out, us < 0 ? '-' : '+');
	if (ms >= 3600000)
		buf_addf(out, "%lld:%02d:%02d", (long long)(ms / 3600000),
			(int)(ms / 60000 % 60), (int)(ms / 1000 % 60));
	else if (ms >= 60000)
		buf_addf(out, "%d:%02d", (int)(ms / 60000), (int)(ms / 1000 % 60));
	else
		buf_addf(out, "%d", (int)(ms / 1000));
	buf_addf(out, ".%03d", (int)(ms % 1000));
}

/* What times are counted from. */
static int64_t
origin_us(const struct log *l)
{
	int64_t us = WEIR_NO_TIME;

	if (l->mark_us != WEIR_NO_TIME)
		return l->mark_us;
	for (size_t i = 0; i < l->n_runs; i++) {
		int64_t start = l->runs[i].start_us;

		if (start != WEIR_NO_TIME && (us == WEIR_NO_TIME || start < us))
			us = start;
	}
	return us;
}

static void
add_time_span(struct log *l, struct pager_line *out, int64_t us)
{
	static const int widths[TIMES_N] = { 13, 24, 12, 14, 0 };
	struct buf text = BUF_INIT(WEIR_TIME_TEXT);
	const struct app *a = l->v.app;
	int64_t origin;
	const char *s;

	switch (l->times) {
	case TIMES_CLOCK:
	case TIMES_FULL:
		weir_time_absolute(&text, us, a->utc, true);
		break;
	case TIMES_AGO:
		weir_time_relative(&text, us, a->now_us, a->utc, false);
		break;
	case TIMES_ELAPSED:
		origin = origin_us(l);
		if (origin != WEIR_NO_TIME)
			add_elapsed(&text, us - origin);
		break;
	default:
		return;
	}
	s = buf_cstr(&text);
	if (l->times == TIMES_CLOCK && text.len > 11)
		s += 11; /* the date */
	snprintf(l->time_text, sizeof(l->time_text), "%s", s);
	add_span(out, STYLE_DIM, str_of(l->time_text), widths[l->times]);
	out->spans[out->n_spans - 1].right =
		l->times == TIMES_AGO || l->times == TIMES_ELAPSED;
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

/* A run by its name, where there is no room for that by its short id. */
static void
add_run_span(const struct log *l, struct pager_line *out, const struct weir_id *id)
{
	bool name = l->v.width >= 110;
	const struct logrun *r = l->runs;

	while (r < l->runs + l->n_runs - 1 && weir_id_cmp(&r->id, id) != 0)
		r++;
	add_span(out, STYLE_DIM,
		name ? str_of(r->name) : (struct str){ r->id_text, SHORT_ID },
		name ? l->run_width + 2 : SHORT_ID + 2);
}

static struct str
task_name(const struct weir_line *line)
{
	if (line->task_name.len)
		return line->task_name;
	return weir_id_is_null(&line->task) ? STR("flow") : STR("task");
}

static void
add_columns(struct log *l, const struct weir_line *line, bool context,
	struct pager_line *out)
{
	enum style style = context ? STYLE_DIM : theme_level(line->level);

	if (l->v.width >= 40)
		add_time_span(l, out, line->us);
	if (l->n_runs > 1 && l->v.width >= 60)
		add_run_span(l, out, &line->run);
	add_span(out, style, str_of(level_letter(line->level)), 2);
	if (l->v.width >= 60 && weir_id_is_null(&l->task) && l->name_width > 0)
		add_span(out, STYLE_DIM, task_name(line), l->name_width + 2);
}

bool
logview_fill(struct log *l, size_t number, struct pager_line *out)
{
	struct weir_line line;
	bool context = !logview_passes(l, number);

	out->n_spans = 0;
	if (!logview_line(l, number, &line))
		return false;
	out->style = context            ? STYLE_DIM
		     : line.level >= 30 ? theme_level(line.level)
					: STYLE_PLAIN;
	out->text = line.message;
	out->folded = logview_folded(l, number);
	add_columns(l, &line, context, out);
	return true;
}

static bool
source_line(void *arg, size_t i, struct pager_line *out)
{
	struct log *l = arg;
	size_t number = logview_number(l, i), head, n;
	struct weir_line line;

	out->n_spans = 0;
	if (!logview_line(l, number, &line))
		return false;
	if (logview_fold(l, number, &line, &head, &n) && logview_folded(l, head)) {
		out->hidden = number != head;
		out->n_hidden = number == head ? n : 0;
	}
	if (out->hidden)
		return true;
	return logview_fill(l, number, out);
}

const struct pager_source logview_source = { logview_count, source_line };

static void
widen(struct log *l, int *width, int most, struct str text)
{
	char *name;
	int n;

	if (*width >= most)
		return;
	name = str_copy(text);
	n = draw_width(&l->v.app->draw, name);
	free(name);
	if (n > most)
		n = most;
	if (n > *width)
		*width = n;
}

/* Wide enough for the names on the screen, within reason; they never shrink. */
void
logview_measure(struct log *l)
{
	size_t n = logview_count(l);

	for (size_t i = 0; i < l->n_runs; i++)
		widen(l, &l->run_width, LOGVIEW_RUN_COLUMNS, str_of(l->runs[i].name));
	for (int i = 0; i < l->pager.height; i++) {
		size_t at = l->pager.top + (size_t)i;
		struct weir_line line;

		if (at >= n || !logview_line(l, logview_number(l, at), &line))
			return;
		widen(l, &l->name_width, LOGVIEW_NAME_COLUMNS, task_name(&line));
	}
}
