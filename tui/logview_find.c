/* What the query thread is asked of a log, and what it answers. */
#include <ctype.h>

#include "app.h"
#include "finder_log.h"
#include "logview.h"

/* One filter as a regular expression. */
static void
add_regex(struct buf *out, const char *text)
{
	size_t n = strlen(text);

	if (text[0] == '/' && n > 1) {
		n -= text[n - 1] == '/' && n > 2 ? 2 : 1;
		buf_add(out, text + 1, n);
		return;
	}
	for (; *text; text++) {
		if ((unsigned char)*text < 0x80 && !isalnum((unsigned char)*text) &&
			*text != '_' && *text != ' ')
			buf_addc(out, '\\');
		buf_addc(out, *text);
	}
}

/* The filters, one a line, and one more. */
static void
add_patterns(const struct log *l, enum slot slot, struct buf *out)
{
	if (slot == SLOT_ERRORS || slot == SLOT_WARNINGS)
		return;
	for (size_t i = 0; i < l->filters.n; i++)
		buf_addf(out, "%s\n", l->filters.v[i]);
	if (l->typed)
		buf_addf(out, "%s\n", l->typed);
	if (slot != SLOT_SEARCH)
		return;
	if (*l->search != '!') {
		buf_addf(out, "%s\n", l->search);
		return;
	}
	/* A search has no `!`: it is what it looks for. */
	buf_addc(out, '/');
	add_regex(out, l->search);
	buf_adds(out, "/\n");
}

/* Ask the query thread for one of the lists of line numbers, from a line on. */
static void
ask(struct log *l, enum slot slot, size_t from)
{
	struct finder_job job = { .kind = FINDER_LOG,
		.view = l->v.serial,
		.slot = (int)slot,
		.n_runs = l->n_runs,
		.from = from };
	struct buf patterns = BUF_INIT(PROMPT_MAX * (LOGVIEW_FILTERS_MAX + 4));
	struct weir_id runs[WEIR_LOGS_RUNS_MAX];
	char task[WEIR_ID_TEXT + 1];

	for (size_t i = 0; i < l->n_runs; i++)
		runs[i] = l->runs[i].id;
	job.runs = runs;
	/* What is asked for and not yet answered is asked for again. */
	if (l->found[slot].asked && l->found[slot].from < from)
		job.from = l->found[slot].from;
	add_patterns(l, slot, &patterns);
	job.patterns = buf_cstr(&patterns);
	if (slot == SLOT_ERRORS || slot == SLOT_WARNINGS)
		job.min_level = slot == SLOT_ERRORS ? 40 : 30;
	else
		job.min_level = l->min_level > 10 ? l->min_level : 0;
	job.task = !weir_id_is_null(&l->task) ? weir_id_format(&l->task, task)
					      : l->task_name;
	if (slot == SLOT_FILTER || slot == SLOT_SEARCH)
		job.loggers = l->loggers;
	l->found[slot].job = finder_submit(l->v.app->finder, &job);
	l->found[slot].asked = true;
	l->found[slot].from = job.from;
	buf_release(&patterns);
}

void
logview_ask_order(struct log *l)
{
	struct finder_job job = { .kind = FINDER_ORDER,
		.view = l->v.serial,
		.slot = SLOT_ORDER,
		.n_runs = l->n_runs };
	struct weir_id runs[WEIR_LOGS_RUNS_MAX];

	if (l->ordering.asked)
		return;
	for (size_t i = 0; i < l->n_runs; i++)
		runs[i] = l->runs[i].id;
	job.runs = runs;
	weir_logs_begin(l->logs);
	l->ordering.job = finder_submit(l->v.app->finder, &job);
	l->ordering.asked = true;
	l->ordering.done = l->ordering.total = 0;
}

static void
answer_order(struct log *l, struct finder_answer *answer)
{
	if (answer->number != l->ordering.job)
		return;
	if (answer->part == FINDER_DOING) {
		l->ordering.done = answer->n;
		l->ordering.total = (size_t)answer->total;
	} else if (answer->part == FINDER_ORDERED) {
		logview_put_order(l, answer);
	} else {
		l->ordering.asked = false;
		status_say(l->v.app, true, "%s", answer->text);
	}
	view_touch(&l->v, VIEW_PAINT);
}

void
logview_ask_all(struct log *l, size_t from)
{
	if (!l->logs)
		return;
	if (logview_filtered(l))
		ask(l, SLOT_FILTER, from);
	if (*l->search)
		ask(l, SLOT_SEARCH, from);
	ask(l, SLOT_ERRORS, from);
	ask(l, SLOT_WARNINGS, from);
}

bool
logview_pattern(struct log *l, const char *text, bool may_invert)
{
	struct weir_match *match = NULL;
	struct weir_err err = { 0 };
	bool invert;

	if (finder_log_match(str_of(text), may_invert, &invert, &match, &err)) {
		status_say(
			l->v.app, true, "%.*s", (int)strcspn(err.text, "\n"), err.text);
		return false;
	}
	weir_match_free(match);
	return true;
}

/* Stand on the match at or after a line, or the one before it; wraps around. */
static void
go_to_match(struct log *l, enum slot slot, size_t number, int direction)
{
	const struct lines *f = &l->found[slot];
	size_t n = f->set.n, i = lineset_bound(&f->set, number), tries = 0;
	size_t line;

	if (direction < 0)
		i = i > 0 ? i - 1 : n - 1;
	for (; tries < n; tries++) {
		i = i < n ? i : direction > 0 ? 0 : n - 1;
		if (logview_shows(l, lineset_at(&f->set, i)))
			break;
		i += direction > 0 ? 1 : (size_t)-1;
	}
	if (tries == n) {
		if (!f->asked)
			status_say(l->v.app, false, "%s",
				slot == SLOT_SEARCH ? "not found"
				: n > 0 ? "no error is shown at this level or filter"
					: "no error in this log");
		return;
	}
	line = lineset_at(&f->set, i);
	logview_unfold(l, line);
	if (slot == SLOT_SEARCH)
		pager_show_match(&l->pager, logview_at(l, line));
	else
		pager_show(&l->pager, logview_at(l, line));
	logview_moved(l);
}

void
logview_step(struct log *l, enum slot slot, int direction)
{
	go_to_match(l, slot, logview_current(l) + (direction > 0 ? 1 : 0), direction);
}

/* The pattern to highlight; false with the reason said when it cannot be one. */
bool
logview_search(struct log *l, const char *text)
{
	struct weir_match *match = NULL;
	struct weir_err err = { 0 };
	bool invert;

	if (finder_log_match(str_of(text), false, &invert, &match, &err)) {
		status_say(
			l->v.app, true, "%.*s", (int)strcspn(err.text, "\n"), err.text);
		return false;
	}
	weir_match_free(l->match);
	l->match = match;
	l->pager.match = match;
	logview_set(&l->search, match ? text : "");
	lineset_release(&l->found[SLOT_SEARCH].set);
	if (match && l->logs)
		ask(l, SLOT_SEARCH, 0);
	return true;
}

void
logview_remember(struct log *l)
{
	l->origin = logview_current(l);
	l->origin_row = pager_row(&l->pager);
	l->origin_left = l->pager.left;
}

void
logview_refilter(struct log *l)
{
	if (!logview_saving(l))
		logview_save_stop(l, "the filter has changed");
	if (*l->search && l->logs)
		ask(l, SLOT_SEARCH, 0);
	if (!logview_filtered(l)) {
		lineset_release(&l->found[SLOT_FILTER].set);
		lineset_release(&l->shown);
		l->context.n = 0;
		pager_put(&l->pager, l->origin, l->origin_row);
		logview_settle(l);
		return;
	}
	l->placed = true;
	if (l->logs)
		ask(l, SLOT_FILTER, 0);
}

static void
take_lines(struct lines *f, const struct finder_answer *answer)
{
	lineset_replace(&f->set, answer->from, &answer->lines);
	f->asked = answer->more;
	f->from = answer->from;
}

/* The list is another: stay on the line, or where it was when it is not in it. */
static void
take_filtered(struct log *l)
{
	if (!logview_filtered(l))
		return;
	logview_build(l);
	if (!l->found[SLOT_FILTER].asked)
		l->placed = false;
	logview_settle(l);
}

void
logview_answer(struct view *v, struct finder_answer *answer)
{
	struct log *l = logview_of(v);
	struct lines *f;

	if (answer->slot == SLOT_ORDER) {
		answer_order(l, answer);
		return;
	}
	if (answer->slot == SLOT_NAMES) {
		logview_pick_answer(l, answer);
		return;
	}
	f = &l->found[answer->slot];
	/* Several logs may have to be put in order first: no line is known then. */
	if (answer->number != f->job || answer->part == FINDER_DOING)
		return;
	if (answer->part == FINDER_FAILED) {
		f->asked = false;
		if (answer->rc != WEIR_ENOTFOUND)
			status_say(v->app, true, "%s", answer->text);
		return;
	}
	take_lines(f, answer);
	if (answer->slot == SLOT_FILTER)
		take_filtered(l);
	if (answer->slot == SLOT_FILTER && !f->asked)
		(void)logview_save_step(l);
	if (answer->slot == SLOT_SEARCH && l->jump) {
		size_t i = lineset_bound(&f->set, l->origin);

		/* Something before it is only taken when there is nothing behind it. */
		if (i < f->set.n || !answer->more) {
			l->jump = false;
			go_to_match(l, SLOT_SEARCH, l->origin, 1);
		}
	}
	view_touch(v, VIEW_PAINT);
}

static bool
has_upper(const char *s)
{
	for (; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		else if (isupper((unsigned char)*s) || (unsigned char)*s >= 0x80)
			return true;
	}
	return false;
}

void
logview_grep(const struct log *l, struct buf *out)
{
	struct buf one = BUF_INIT(PROMPT_MAX * 2);
	bool upper = false;

	if (l->filters.n == 1 && l->filters.v[0][0] != '!') {
		add_regex(out, l->filters.v[0]);
		goto out;
	}
	for (size_t i = 0; i < l->filters.n; i++) {
		buf_clear(&one);
		add_regex(&one, l->filters.v[i]);
		upper = upper || has_upper(buf_cstr(&one));
	}
	if (l->filters.n > 0)
		buf_adds(out, "(?s)\\A");
	for (size_t i = 0; i < l->filters.n; i++) {
		const char *text = l->filters.v[i];
		bool invert = *text == '!', group;

		text += invert ? 1 : 0;
		buf_clear(&one);
		add_regex(&one, text);
		group = *text == '/' || (upper && !has_upper(buf_cstr(&one)));
		buf_addf(out, "(?%c.*", invert ? '!' : '=');
		if (group)
			buf_addf(out, "(?%s:",
				upper && !has_upper(buf_cstr(&one)) ? "i" : "");
		buf_addf(out, "%s)%s", buf_cstr(&one), group ? ")" : "");
	}
out:
	buf_release(&one);
}
