#include "view_log.h"

#include <weir/logs.h>
#include <weir/text.h>
#include <weir/time.h>

#include "app.h"
#include "pager.h"
#include "word.h"

enum slot { SLOT_FILTER, SLOT_SEARCH, SLOT_ERRORS, SLOT_WARNINGS, SLOT_N };
enum { NAME_MAX_COLUMNS = 16, TASK_ID_CHARS = WEIR_ID_TEXT, CONTEXT_MAX = 1000 };
enum times { TIMES_CLOCK, TIMES_FULL, TIMES_NONE, TIMES_N };

/* Numbers of lines in rising order. */
struct lines {
	size_t *v;
	size_t n;
	uint64_t job;
	bool asked;
};

struct log {
	struct view v;
	struct weir_id run, task; /* task all zero: the whole run */
	char run_text[WEIR_ID_TEXT + 1], task_text[WEIR_ID_TEXT + 1];
	char name[256];                 /* of the run, for the title */
	bool live;                      /* the run has not ended */
	struct weir_log_reader *reader; /* NULL: no line is here yet */
	struct pager pager;

	struct lines found[SLOT_N];
	size_t *shown; /* the lines on the screen when filtered, context included */
	size_t n_shown;
	int min_level;
	char *filter; /* "" none; a leading `!` turns it round */
	char *search;
	struct weir_match *match;
	bool jump;     /* the next answer of the search moves the screen */
	size_t origin; /* where the search began */
	size_t context;

	bool follow, paused; /* paused: scrolled away, it stays there */
	size_t seen;         /* lines that were there when it was paused */
	bool syncing;        /* the engine has not answered yet */
	uint64_t request;
	enum times times;
	int name_width;
	char failed[256];
	char time_text[WEIR_TIME_TEXT];
};

static struct log *
log_of(struct view *v)
{
	return (struct log *)v;
}

static bool
is_filtered(const struct log *l)
{
	return l->min_level > 10 || *l->filter || !weir_id_is_null(&l->task);
}

static size_t
n_lines(const struct log *l)
{
	return l->reader ? weir_log_n(l->reader) : 0;
}

/* The number in the log of line i of the screen. */
static size_t
line_number(const struct log *l, size_t i)
{
	return is_filtered(l) ? (i < l->n_shown ? l->shown[i] : 0) : i;
}

/* The first element at or after value. */
static size_t
lower_bound(const size_t *v, size_t n, size_t value)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (v[mid] < value)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Where a line of the log is on the screen's list; the next one when it is not shown.
 */
static size_t
shown_at(const struct log *l, size_t number)
{
	return is_filtered(l) ? lower_bound(l->shown, l->n_shown, number) : number;
}

static size_t
source_n(void *arg)
{
	const struct log *l = arg;

	return is_filtered(l) ? l->n_shown : n_lines(l);
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

	if (!l->reader || weir_log_get(l->reader, line_number(l, i), &line, &err))
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

static const struct pager_source source = { source_n, source_line };

static bool
is_pattern(const char *text, const char **ret_pattern, size_t *ret_len)
{
	size_t n = strlen(text);

	if (n < 2 || text[0] != '/')
		return false;
	*ret_pattern = text + 1;
	*ret_len = n - 1 - (text[n - 1] == '/' && n > 2 ? 1 : 0);
	return true;
}

/* Ask the query thread for one of the lists of line numbers, from a line on. */
static void
ask(struct log *l, enum slot slot, size_t from)
{
	struct finder_job job = { .kind = FINDER_LOG,
		.view = l->v.serial,
		.slot = (int)slot,
		.run = l->run,
		.from = from };
	const char *text = slot == SLOT_FILTER   ? l->filter
			   : slot == SLOT_SEARCH ? l->search
						 : "";
	const char *pattern;
	char *copy = NULL;
	size_t n;

	if (slot == SLOT_FILTER && *text == '!') {
		job.invert = true;
		text++;
	}
	job.regex = is_pattern(text, &pattern, &n);
	if (job.regex)
		job.pattern = copy = xstrndup(pattern, n);
	else
		job.pattern = text;
	if (slot == SLOT_FILTER)
		job.min_level = l->min_level > 10 ? l->min_level : 0;
	if (slot == SLOT_ERRORS || slot == SLOT_WARNINGS)
		job.min_level = slot == SLOT_ERRORS ? 40 : 30;
	if (!weir_id_is_null(&l->task))
		job.task = l->task_text;
	l->found[slot].job = finder_submit(l->v.app->finder, &job);
	l->found[slot].asked = true;
	free(copy);
}

static void
ask_all(struct log *l, size_t from)
{
	if (!l->reader)
		return;
	ask(l, SLOT_ERRORS, from);
	ask(l, SLOT_WARNINGS, from);
	if (is_filtered(l))
		ask(l, SLOT_FILTER, from);
	if (*l->search)
		ask(l, SLOT_SEARCH, from);
}

static size_t
top_number(const struct log *l)
{
	return line_number(l, l->pager.top);
}

/* shown = what the filter found, and `context` lines around each. */
static void
build_shown(struct log *l)
{
	const struct lines *f = &l->found[SLOT_FILTER];
	size_t keep = l->shown ? top_number(l) : 0, total = n_lines(l);
	VEC(size_t) out = { 0 };

	for (size_t i = 0; i < f->n; i++) {
		size_t first = f->v[i] > l->context ? f->v[i] - l->context : 0;
		size_t last = f->v[i] + l->context;

		if (out.n > 0 && first <= out.v[out.n - 1])
			first = out.v[out.n - 1] + 1;
		for (size_t k = first; k <= last && k < total; k++)
			VEC_PUSH(&out, k);
	}
	free(l->shown);
	l->shown = out.v;
	l->n_shown = out.n;
	l->pager.top = lower_bound(l->shown, l->n_shown, keep);
	l->pager.sub = 0;
	pager_clamp(&l->pager);
}

static bool
is_following(const struct log *l)
{
	return l->follow && !l->paused;
}

static void
settle(struct log *l)
{
	if (is_following(l))
		pager_end(&l->pager);
	else
		pager_clamp(&l->pager);
}

/* Stand on the match at or after a line, or the one before it; wraps around. */
static void
go_to_match(struct log *l, enum slot slot, size_t number, int direction)
{
	const struct lines *f = &l->found[slot];
	size_t i, at;

	if (f->n == 0) {
		if (!f->asked)
			status_say(l->v.app, false,
				slot == SLOT_SEARCH ? "not found"
						    : "no error in this log");
		return;
	}
	i = lower_bound(f->v, f->n, number);
	if (direction < 0)
		i = i > 0 ? i - 1 : f->n - 1;
	else if (i >= f->n)
		i = 0;
	at = shown_at(l, f->v[i]);
	if (at >= source_n(l) || line_number(l, at) != f->v[i]) {
		status_say(l->v.app, false, "line %zu is not shown at this level",
			f->v[i] + 1);
		return;
	}
	l->pager.current = at;
	pager_show(&l->pager, at);
	l->paused = true;
	l->seen = n_lines(l);
}

static void
step_match(struct log *l, enum slot slot, int direction)
{
	size_t from = l->pager.current != PAGER_NONE ? line_number(l, l->pager.current)
						     : top_number(l);

	if (direction > 0 && l->pager.current != PAGER_NONE)
		from++;
	go_to_match(l, slot, from, direction);
}

static void
set(char **where, const char *text)
{
	char *copy = xstrdup(text);

	free(*where);
	*where = copy;
}

/* The pattern to highlight; false with the reason said when it cannot be one. */
static bool
set_search(struct log *l, const char *text)
{
	const char *pattern = text;
	size_t n = strlen(text);
	bool regex = is_pattern(text, &pattern, &n);
	struct weir_match *match = NULL;
	struct weir_err err = { 0 };

	if (n > 0 && weir_match_new(regex ? WEIR_MATCH_REGEX : WEIR_MATCH_WORD,
			     (struct str){ pattern, n }, &match, &err)) {
		status_say(
			l->v.app, true, "%.*s", (int)strcspn(err.text, "\n"), err.text);
		return false;
	}
	weir_match_free(l->match);
	l->match = match;
	l->pager.match = match;
	set(&l->search, text);
	l->found[SLOT_SEARCH].n = 0;
	l->pager.current = PAGER_NONE;
	return true;
}

static void
refilter(struct log *l)
{
	size_t keep = top_number(l);

	if (!is_filtered(l)) {
		l->pager.top = keep;
		l->pager.sub = 0;
		free(l->shown);
		l->shown = NULL;
		l->n_shown = 0;
		l->pager.current = PAGER_NONE;
		settle(l);
		return;
	}
	if (!l->shown) { /* until the answer is here, all lines are the ones before */
		l->found[SLOT_FILTER].n = 0;
		build_shown(l);
	}
	l->origin = keep;
	ask(l, SLOT_FILTER, 0);
}

static void
take_lines(struct lines *f, const struct finder_answer *answer)
{
	size_t keep = lower_bound(f->v, f->n, answer->from);

	f->v = xreallocarray(f->v, keep + answer->n + 1, sizeof(*f->v));
	if (answer->n > 0)
		memcpy(f->v + keep, answer->lines, answer->n * sizeof(*f->v));
	f->n = keep + answer->n;
	f->asked = false;
}

static void
view_answer(struct view *v, struct finder_answer *answer)
{
	struct log *l = log_of(v);
	struct lines *f = &l->found[answer->slot];

	if (answer->number != f->job)
		return;
	if (answer->part == FINDER_FAILED) {
		f->asked = false;
		if (answer->rc != WEIR_ENOTFOUND)
			status_say(v->app, true, "%s", answer->text);
		return;
	}
	take_lines(f, answer);
	if (answer->slot == SLOT_FILTER) {
		bool first = l->n_shown == 0;

		build_shown(l);
		if (first && l->origin)
			pager_goto(&l->pager, shown_at(l, l->origin));
		settle(l);
	}
	if (answer->slot == SLOT_SEARCH && l->jump) {
		l->jump = false;
		go_to_match(l, SLOT_SEARCH, l->origin, 1);
	}
	view_touch(v, VIEW_PAINT);
}

static void
view_layout(struct view *v)
{
	struct log *l = log_of(v);

	l->pager.utf8 = v->app->theme.utf8;
	pager_size(&l->pager, v->width > 2 ? v->width - 2 : v->width, v->height);
	settle(l);
}

/* Wide enough for the task names on the first screens, within reason. */
static void
measure_names(struct log *l)
{
	size_t n = n_lines(l);

	for (size_t i = 0; i < n && i < 200; i++) {
		struct weir_line line;
		struct weir_err err;
		int width;

		if (weir_log_get(l->reader, i, &line, &err))
			return;
		width = line.task_name.len ? draw_width(&l->v.app->draw, "flow") : 4;
		if (line.task_name.len) {
			char *name = str_copy(line.task_name);

			width = draw_width(&l->v.app->draw, name);
			free(name);
		}
		if (width > NAME_MAX_COLUMNS)
			width = NAME_MAX_COLUMNS;
		if (width > l->name_width)
			l->name_width = width;
	}
}

/* The run's name and whether it lives; false: the store does not know it. */
static bool
read_run(struct log *l)
{
	struct app *a = l->v.app;
	struct weir_column_set columns = { 0 };
	struct weir_rows *rows = NULL;
	struct weir_err err;
	enum weir_kind kind;
	struct weir_id id;
	int64_t key;
	bool found = false;
	struct weir_select sel = { .kind = WEIR_RUN, .columns = &columns };

	if (weir_resolve(a->store, 1u << WEIR_RUN, l->run_text, &kind, &id, &key, &err))
		return false;
	if (weir_columns_choose(WEIR_RUN, "name,state_type", 0, &columns, &err))
		return false;
	sel.key = key;
	if (!weir_rows_open(a->store, &sel, &rows, &err) &&
		!weir_rows_next(rows, &found, &err) && found) {
		struct str name = weir_rows_cell(rows, 0)->s;

		word_copy(l->name, sizeof(l->name), name);
		l->live = !weir_state_is_terminal(
			(enum weir_state)weir_rows_cell(rows, 1)->i);
	}
	weir_rows_close(rows);
	weir_columns_release(&columns);
	return found;
}

static void
view_data(struct view *v)
{
	struct log *l = log_of(v);
	struct weir_err err = { 0 };
	size_t from = 0;
	enum weir_rc rc = WEIR_OK;

	if (!app_store(v->app))
		return;
	read_run(l);
	if (l->reader)
		rc = weir_log_update(l->reader, &from, &err);
	else
		rc = weir_log_open(v->app->store, &l->run, &l->reader, &err);
	l->failed[0] = '\0';
	if (rc && rc != WEIR_ENOTFOUND)
		word_copy(l->failed, sizeof(l->failed), str_of(err.text));
	if (rc)
		return;
	measure_names(l);
	if (from < n_lines(l) || !l->found[SLOT_ERRORS].job)
		ask_all(l, from);
	settle(l);
}

/* The strip at the right edge: where errors and warnings are, and where the screen is.
 */
static bool
any_between(const struct lines *f, size_t from, size_t to)
{
	size_t i = lower_bound(f->v, f->n, from);

	return i < f->n && f->v[i] < to;
}

static void
paint_edge(void *arg, struct draw *d, int row)
{
	struct log *l = arg;
	size_t total = n_lines(l), height = (size_t)l->pager.height, from, to;
	size_t first = top_number(l), last = line_number(l, pager_bottom(&l->pager));
	bool here;

	if (total == 0 || d->cols < 20)
		return;
	from = total * (size_t)row / height;
	to = total * ((size_t)row + 1) / height;
	if (to == from)
		to = from + 1;
	here = from <= last && to > first;
	draw_to(d, d->cols - 1);
	if (any_between(&l->found[SLOT_ERRORS], from, to))
		draw_text(d, STYLE_ERROR, theme_glyph(d->theme, GLYPH_MARK));
	else if (any_between(&l->found[SLOT_WARNINGS], from, to))
		draw_text(d, STYLE_WARNING, theme_glyph(d->theme, GLYPH_MARK));
	else if (here && total > height)
		draw_text(d, STYLE_DIM, theme_glyph(d->theme, GLYPH_STRIP));
}

static const char *
empty_text(const struct log *l)
{
	if (l->failed[0])
		return l->failed;
	if (n_lines(l) > 0)
		return l->found[SLOT_FILTER].asked ? "..."
						   : "No line passes the filter.";
	if (l->syncing)
		return "Fetching the log...";
	if (!l->v.app->engine && (!l->reader || !weir_log_complete(l->reader)))
		return "This log was not fetched yet, and the server is not asked.";
	return l->live ? "No line yet." : "This run wrote no log.";
}

static void
view_paint(struct view *v, struct draw *d)
{
	struct log *l = log_of(v);

	pager_paint(&l->pager, d, v->y, paint_edge);
	if (source_n(l) == 0 && v->height > 1) {
		draw_begin(d, v->y + 1);
		draw_spaces(d, 2);
		draw_text(d, STYLE_PLAIN, empty_text(l));
		draw_end(d, false);
	}
}

static void
add_position(const struct log *l, struct buf *out)
{
	size_t n = source_n((void *)l), total = n_lines(l), bottom;

	if (n == 0)
		return;
	bottom = line_number(l, pager_bottom((struct pager *)&l->pager)) + 1;
	buf_adds(out, "line ");
	word_number(out, (int64_t)bottom);
	buf_adds(out, " of ");
	word_number(out, (int64_t)total);
	buf_addf(out, " %s %zu %%", theme_glyph(&l->v.app->theme, GLYPH_DOT),
		bottom * 100 / total);
}

static void
view_counts(struct view *v, struct draw *d)
{
	struct log *l = log_of(v);
	struct buf left = BUF_INIT(PROMPT_MAX * 2), right = BUF_INIT(128);
	const struct lines *e = &l->found[SLOT_ERRORS], *s = &l->found[SLOT_SEARCH];
	const struct lines *w = &l->found[SLOT_WARNINGS];
	const char *dot = theme_glyph(d->theme, GLYPH_DOT);

	if (*l->search) {
		buf_addf(&left, "/%s  ", l->search);
		if (l->pager.current != PAGER_NONE) {
			word_number(&left, (int64_t)lower_bound(s->v, s->n,
						   line_number(l, l->pager.current)) +
						   1);
			buf_adds(&left, " of ");
		}
		word_number(&left, (int64_t)s->n);
		buf_adds(&left, s->asked ? " (counting)" : "");
	} else {
		word_number(&left, (int64_t)n_lines(l));
		buf_adds(&left, " lines");
		if (e->n > 0)
			buf_addf(&left, " %s %zu errors", dot, e->n);
		if (w->n > e->n)
			buf_addf(&left, " %s %zu warnings", dot, w->n - e->n);
		if (is_filtered(l))
			buf_addf(&left, " %s %zu shown", dot, l->n_shown);
	}
	draw_text(d, STYLE_PLAIN, buf_cstr(&left));
	add_position(l, &right);
	if (l->follow && l->live && !l->paused) {
		buf_addf(&right, "  FOLLOW");
	} else if (l->follow && l->paused && n_lines(l) > l->seen) {
		buf_addf(&right, "  %s %zu new", theme_glyph(d->theme, GLYPH_DOWN),
			n_lines(l) - l->seen);
	}
	status_right(d, STYLE_DIM, buf_cstr(&right));
	buf_release(&left);
	buf_release(&right);
}

static void
view_found(struct view *v, struct buf *out)
{
	struct log *l = log_of(v);
	const struct lines *f = v->app->prompt.label == '&' ? &l->found[SLOT_FILTER]
							    : &l->found[SLOT_SEARCH];

	if (!*prompt_text(&v->app->prompt))
		return;
	word_number(out, (int64_t)f->n);
	buf_adds(out, f->asked ? " lines (counting)" : " lines");
}

static const char *
level_name(int level)
{
	return level >= 50   ? "critical"
	       : level >= 40 ? "error"
	       : level >= 30 ? "warning"
			     : "info";
}

static void
view_command(struct view *v, struct buf *out)
{
	struct log *l = log_of(v);

	buf_addf(out, "weir logs %.8s", l->run_text);
	if (!weir_id_is_null(&l->task))
		buf_addf(out, " --task %.8s", l->task_text);
	if (l->min_level > 10)
		buf_addf(out, " --level %s", level_name(l->min_level));
	if (*l->filter && *l->filter != '!') {
		buf_adds(out, " --grep ");
		word_quote(out, l->filter);
	}
	if (is_following(l) && l->live)
		buf_adds(out, " -f");
	if (l->name[0])
		buf_addf(out, "   %s", l->name);
}

static void
set_level(struct log *l, int level)
{
	l->min_level = level;
	refilter(l);
	status_say(l->v.app, false, level > 10 ? "level %s and above" : "all levels",
		level_name(level));
}

static void
set_context(struct log *l, bool more)
{
	if (!is_filtered(l)) {
		status_say(l->v.app, false,
			"all lines are shown: there is no more "
			"context (& filters, 1-5 level)");
		return;
	}
	if (more)
		l->context = l->context ? l->context * 2 : 3;
	else
		l->context = l->context > 3 ? l->context / 2 : 0;
	if (l->context > CONTEXT_MAX)
		l->context = CONTEXT_MAX;
	build_shown(l);
	status_say(l->v.app, false, "%zu lines of context", l->context);
}

static void
set_follow(struct log *l)
{
	l->follow = !is_following(l);
	l->paused = false;
	if (l->follow)
		pager_end(&l->pager);
	if (l->follow && l->live)
		app_submit(l->v.app, WEIR_REQ_FOLLOW, &l->run);
	status_say(l->v.app, false,
		!l->follow ? "staying here"
		: l->live  ? "following"
			   : "the run has ended: this is the end of its log");
}

/* The user moved: following stops where the end is not on the screen any more. */
static void
moved(struct log *l)
{
	bool end = pager_at_end(&l->pager);

	if (l->follow && l->paused && end)
		l->paused = false;
	else if (l->follow && !l->paused && !end) {
		l->paused = true;
		l->seen = n_lines(l);
	}
}

static bool
view_act(struct view *v, enum action_id id)
{
	struct log *l = log_of(v);

	if (pager_act(&l->pager, id)) {
		l->pager.current = PAGER_NONE;
		moved(l);
		return true;
	}
	switch ((int)id) {
	case ACTION_SEARCH:
		l->origin = top_number(l);
		app_prompt(v->app, '/', "");
		return true;
	case ACTION_FILTER:
		app_prompt(v->app, '&', l->filter);
		return true;
	case ACTION_NEXT:
		step_match(l, SLOT_SEARCH, 1);
		return true;
	case ACTION_PREVIOUS:
		step_match(l, SLOT_SEARCH, -1);
		return true;
	case ACTION_NEXT_BAD:
		step_match(l, SLOT_ERRORS, 1);
		return true;
	case ACTION_PREVIOUS_BAD:
		step_match(l, SLOT_ERRORS, -1);
		return true;
	case ACTION_FOLLOW:
		set_follow(l);
		return true;
	case ACTION_LEVEL_1:
	case ACTION_LEVEL_2:
	case ACTION_LEVEL_3:
	case ACTION_LEVEL_4:
	case ACTION_LEVEL_5:
		set_level(l, 10 * (int)(id - ACTION_LEVEL_1 + 1));
		return true;
	case ACTION_MORE_CONTEXT:
	case ACTION_LESS_CONTEXT:
		set_context(l, id == ACTION_MORE_CONTEXT);
		return true;
	case ACTION_TIMES:
		l->times = (l->times + 1) % TIMES_N;
		return true;
	case ACTION_WRAP:
		l->pager.wrap = !l->pager.wrap;
		l->pager.left = 0;
		l->pager.sub = 0;
		settle(l);
		return true;
	case ACTION_REFRESH:
		l->request = app_submit(v->app, WEIR_REQ_LOGS, &l->run);
		return true;
	default:
		return false;
	}
}

static void
view_prompt(struct view *v, struct prompt *p, enum view_prompt what)
{
	struct log *l = log_of(v);
	const char *text = what == VIEW_PROMPT_CANCELLED ? p->original : prompt_text(p);

	if (p->label == '&') {
		if (strcmp(l->filter, text) != 0) {
			set(&l->filter, text);
			refilter(l);
		}
		return;
	}
	if (strcmp(l->search, text) == 0 || !set_search(l, text)) {
		if (what == VIEW_PROMPT_CHANGED)
			p->valid = strcmp(l->search, text) == 0 ? p->text.len : 0;
		return;
	}
	if (what == VIEW_PROMPT_CANCELLED)
		pager_goto(&l->pager, shown_at(l, l->origin));
	l->jump = *text != '\0';
	if (*text)
		ask(l, SLOT_SEARCH, 0);
}

static void
view_event(struct view *v, const struct weir_event *event)
{
	struct log *l = log_of(v);

	if (event->kind == WEIR_EV_DONE && event->request == l->request) {
		l->syncing = false;
		view_touch(v, VIEW_DATA);
	}
}

static bool
view_object(struct view *v, enum weir_kind *ret_kind, struct weir_id *ret_id)
{
	struct log *l = log_of(v);
	bool task = !weir_id_is_null(&l->task);

	*ret_kind = task ? WEIR_TASK_RUN : WEIR_RUN;
	*ret_id = task ? l->task : l->run;
	return true;
}

static void
view_free(struct view *v)
{
	struct log *l = log_of(v);
	struct weir_id none = { { 0 } };

	app_submit(v->app, WEIR_REQ_FOLLOW, &none);
	for (size_t i = 0; i < SLOT_N; i++)
		free(l->found[i].v);
	weir_log_close(l->reader);
	weir_match_free(l->match);
	pager_release(&l->pager);
	free(l->shown);
	free(l->filter);
	free(l->search);
	free(l);
}

static const enum action_id hints[] = { ACTION_FOLLOW, ACTION_SEARCH, ACTION_FILTER,
	ACTION_NEXT_BAD, ACTION_LEVEL_4, ACTION_LEVEL_1, ACTION_WRAP, ACTION_TIMES,
	ACTION_HELP, ACTION_NONE };

static const struct view_ops ops = {
	.context = CONTEXT_LOG,
	.free = view_free,
	.layout = view_layout,
	.data = view_data,
	.paint = view_paint,
	.counts = view_counts,
	.command = view_command,
	.act = view_act,
	.found = view_found,
	.answer = view_answer,
	.event = view_event,
	.prompt = view_prompt,
	.object = view_object,
	.hints = hints,
};

/* The run that a task run belongs to. */
static bool
run_of_task(struct app *a, const struct weir_id *task, struct weir_id *ret_run)
{
	struct weir_column_set columns = { 0 };
	struct weir_select sel = { .kind = WEIR_TASK_RUN, .columns = &columns };
	struct weir_rows *rows = NULL;
	struct weir_err err;
	char text[WEIR_ID_TEXT + 1];
	enum weir_kind kind;
	struct weir_id id;
	bool found = false;

	if (weir_resolve(a->store, 1u << WEIR_TASK_RUN, weir_id_format(task, text),
		    &kind, &id, &sel.key, &err) ||
		weir_columns_choose(WEIR_TASK_RUN, "flow_run_id", 0, &columns, &err))
		return false;
	if (!weir_rows_open(a->store, &sel, &rows, &err) &&
		!weir_rows_next(rows, &found, &err) && found)
		*ret_run = weir_rows_cell(rows, 0)->id;
	weir_rows_close(rows);
	weir_columns_release(&columns);
	return found;
}

struct view *
view_log_new(struct app *a, enum weir_kind kind, const struct weir_id *id)
{
	struct log *l;
	struct weir_id run = *id;

	if (!app_store(a) || (kind == WEIR_TASK_RUN && !run_of_task(a, id, &run)))
		return NULL;
	l = xcalloc(1, sizeof(*l));
	view_init(&l->v, &ops, a);
	l->run = run;
	if (kind == WEIR_TASK_RUN) {
		l->task = *id;
		weir_id_format(id, l->task_text);
	}
	weir_id_format(&run, l->run_text);
	l->min_level = 10;
	l->filter = xstrdup("");
	l->search = xstrdup("");
	pager_init(&l->pager, &source, l);
	if (!read_run(l)) {
		view_free(&l->v);
		return NULL;
	}
	l->follow = l->live;
	l->request = app_submit(a, l->live ? WEIR_REQ_FOLLOW : WEIR_REQ_LOGS, &run);
	l->syncing = l->request != 0;
	return &l->v;
}
