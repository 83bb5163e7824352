#include "logview.h"

#include "app.h"

struct log *
logview_of(struct view *v)
{
	return (struct log *)v;
}

bool
logview_filtered(const struct log *l)
{
	return l->min_level > 10 || *l->filter || !weir_id_is_null(&l->task);
}

size_t
logview_n(const struct log *l)
{
	return l->reader ? weir_log_n(l->reader) : 0;
}

/* The number in the log of line i of the screen. */
size_t
logview_number(const struct log *l, size_t i)
{
	return logview_filtered(l) ? (i < l->n_shown ? l->shown[i] : 0) : i;
}

/* The first element at or after value. */
size_t
logview_bound(const size_t *v, size_t n, size_t value)
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
size_t
logview_at(const struct log *l, size_t number)
{
	return logview_filtered(l) ? logview_bound(l->shown, l->n_shown, number)
				   : number;
}

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
		.runs = &l->run,
		.n_runs = 1,
		.from = from };

	job.patterns = slot == SLOT_FILTER   ? l->filter
		       : slot == SLOT_SEARCH ? l->search
					     : "";
	if (slot == SLOT_FILTER)
		job.min_level = l->min_level > 10 ? l->min_level : 0;
	if (slot == SLOT_ERRORS || slot == SLOT_WARNINGS)
		job.min_level = slot == SLOT_ERRORS ? 40 : 30;
	if (!weir_id_is_null(&l->task))
		job.task = l->task_text;
	l->found[slot].job = finder_submit(l->v.app->finder, &job);
	l->found[slot].asked = true;
}

void
logview_ask_all(struct log *l, size_t from)
{
	if (!l->reader)
		return;
	ask(l, SLOT_ERRORS, from);
	ask(l, SLOT_WARNINGS, from);
	if (logview_filtered(l))
		ask(l, SLOT_FILTER, from);
	if (*l->search)
		ask(l, SLOT_SEARCH, from);
}

size_t
logview_top(const struct log *l)
{
	return logview_number(l, l->pager.top);
}

void
logview_ask_search(struct log *l)
{
	ask(l, SLOT_SEARCH, 0);
}

/* shown = what the filter found, and `context` lines around each. */
void
logview_build(struct log *l)
{
	const struct lines *f = &l->found[SLOT_FILTER];
	size_t keep = l->shown ? logview_top(l) : 0, total = logview_n(l);
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
	l->pager.top = logview_bound(l->shown, l->n_shown, keep);
	l->pager.sub = 0;
	pager_clamp(&l->pager);
}

bool
logview_following(const struct log *l)
{
	return l->follow && !l->paused;
}

void
logview_settle(struct log *l)
{
	if (logview_following(l))
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
	i = logview_bound(f->v, f->n, number);
	if (direction < 0)
		i = i > 0 ? i - 1 : f->n - 1;
	else if (i >= f->n)
		i = 0;
	at = logview_at(l, f->v[i]);
	if (at >= logview_count(l) || logview_number(l, at) != f->v[i]) {
		status_say(l->v.app, false, "line %zu is not shown at this level",
			f->v[i] + 1);
		return;
	}
	l->pager.current = at;
	pager_show(&l->pager, at);
	l->paused = true;
	l->seen = logview_n(l);
}

void
logview_step(struct log *l, enum slot slot, int direction)
{
	size_t from = l->pager.current != PAGER_NONE
			      ? logview_number(l, l->pager.current)
			      : logview_top(l);

	if (direction > 0 && l->pager.current != PAGER_NONE)
		from++;
	go_to_match(l, slot, from, direction);
}

void
logview_set(char **where, const char *text)
{
	char *copy = xstrdup(text);

	free(*where);
	*where = copy;
}

/* The pattern to highlight; false with the reason said when it cannot be one. */
bool
logview_search(struct log *l, const char *text)
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
	logview_set(&l->search, text);
	l->found[SLOT_SEARCH].n = 0;
	l->pager.current = PAGER_NONE;
	return true;
}

void
logview_refilter(struct log *l)
{
	size_t keep = logview_top(l);

	if (!logview_filtered(l)) {
		l->pager.top = keep;
		l->pager.sub = 0;
		free(l->shown);
		l->shown = NULL;
		l->n_shown = 0;
		l->pager.current = PAGER_NONE;
		logview_settle(l);
		return;
	}
	if (!l->shown) { /* until the answer is here, all lines are the ones before */
		l->found[SLOT_FILTER].n = 0;
		logview_build(l);
	}
	l->origin = keep;
	ask(l, SLOT_FILTER, 0);
}

static void
take_lines(struct lines *f, const struct finder_answer *answer)
{
	size_t keep = logview_bound(f->v, f->n, answer->from);

	f->v = xreallocarray(f->v, keep + answer->n + 1, sizeof(*f->v));
	if (answer->n > 0)
		memcpy(f->v + keep, answer->lines, answer->n * sizeof(*f->v));
	f->n = keep + answer->n;
	f->asked = answer->more;
}

void
logview_answer(struct view *v, struct finder_answer *answer)
{
	struct log *l = logview_of(v);
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

		logview_build(l);
		if (first && l->origin)
			pager_goto(&l->pager, logview_at(l, l->origin));
		logview_settle(l);
	}
	if (answer->slot == SLOT_SEARCH && l->jump) {
		l->jump = false;
		go_to_match(l, SLOT_SEARCH, l->origin, 1);
	}
	view_touch(v, VIEW_PAINT);
}
