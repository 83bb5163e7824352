#include "logview.h"

#include "app.h"

struct log *
logview_of(struct view *v)
{
	return (struct log *)v;
}

void
logview_set(char **where, const char *text)
{
	char *copy = xstrdup(text);

	free(*where);
	*where = copy;
}

static bool
has_task(const struct log *l)
{
	return !weir_id_is_null(&l->task) || *l->task_name;
}

bool
logview_filtered(const struct log *l)
{
	return l->min_level > 10 || l->filters.n > 0 || l->typed || has_task(l) ||
	       *l->loggers;
}

size_t
logview_n(const struct log *l)
{
	return l->logs ? weir_logs_n(l->logs) : 0;
}

/* The lines on the screen when filtered. */
static const struct lineset *
list_of(const struct log *l)
{
	return l->shown.words > 0 ? &l->shown : &l->found[SLOT_FILTER].set;
}

void
logview_shown(const struct log *l, struct lineset *ret_lines)
{
	lineset_copy(ret_lines, list_of(l));
}

size_t
logview_count(void *arg)
{
	const struct log *l = arg;

	return logview_filtered(l) ? list_of(l)->n : logview_n(l);
}

/* The number in the log of line i of the screen. */
size_t
logview_number(const struct log *l, size_t i)
{
	const struct lineset *list = list_of(l);

	if (!logview_filtered(l))
		return i;
	if (list->n == 0)
		return 0;
	return lineset_at(list, i < list->n ? i : list->n - 1);
}

/* Where a line of the log is on the screen's list; the next one when it is not shown.
 */
size_t
logview_at(const struct log *l, size_t number)
{
	return logview_filtered(l) ? lineset_bound(list_of(l), number) : number;
}

bool
logview_shows(const struct log *l, size_t number)
{
	size_t i = logview_at(l, number);

	return i < logview_count((void *)(uintptr_t)l) &&
	       logview_number(l, i) == number;
}

bool
logview_passes(const struct log *l, size_t number)
{
	return !logview_filtered(l) || lineset_has(&l->found[SLOT_FILTER].set, number);
}

size_t
logview_top(const struct log *l)
{
	return logview_number(l, l->pager.top);
}

size_t
logview_current(const struct log *l)
{
	return logview_number(
		l, l->pager.current == PAGER_NONE ? l->pager.top : l->pager.current);
}

bool
logview_line(struct log *l, size_t number, struct weir_line *ret_line)
{
	struct weir_err err;

	return l->logs && weir_logs_get(l->logs, number, ret_line, &err) == WEIR_OK;
}

/* shown = what the filter found, and the context opened around some of it. */
static void
make_shown(struct log *l)
{
	size_t total = logview_n(l);

	lineset_release(&l->shown);
	if (l->context.n == 0)
		return;
	lineset_copy(&l->shown, &l->found[SLOT_FILTER].set);
	for (size_t i = 0; i < l->context.n; i++) {
		const struct around *c = &l->context.v[i];
		size_t end = c->number + c->n + 1;

		lineset_add_range(&l->shown, c->number > c->n ? c->number - c->n : 0,
			end < total ? end : total);
	}
}

void
logview_build(struct log *l)
{
	size_t keep = l->placed ? l->origin : logview_current(l);
	int row = l->placed ? l->origin_row : pager_row(&l->pager);

	make_shown(l);
	if (!l->touched && !l->placed && !l->goal)
		keep = 0, row = 0;
	pager_put(&l->pager, logview_at(l, keep), row);
}

bool
logview_following(const struct log *l)
{
	return l->follow && !l->paused;
}

void
logview_settle(struct log *l)
{
	if (logview_following(l)) {
		pager_changed(&l->pager);
		pager_end(&l->pager);
	} else {
		pager_clamp(&l->pager);
	}
}

/* Following stops where one leaves the last line, and goes on where one is there. */
void
logview_moved(struct log *l)
{
	size_t n = logview_count(l);
	bool end;

	l->touched = true;
	end = n == 0 || (l->pager.current != PAGER_NONE &&
				pager_bottom(&l->pager) <= l->pager.current &&
				pager_at_end(&l->pager));

	if (l->follow && l->paused && end) {
		l->paused = false;
	} else if (l->follow && !l->paused && !end) {
		l->paused = true;
		l->seen = logview_n(l);
	}
}

void
logview_go(struct log *l, size_t number)
{
	size_t at = logview_at(l, number), n = logview_count(l);

	if (n == 0)
		return;
	pager_show(&l->pager, at < n ? at : n - 1);
	logview_moved(l);
}

static uint64_t
hash_line(const struct weir_line *line)
{
	uint64_t h = 0xcbf29ce484222325u ^ (uint64_t)line->level;

	for (size_t i = 0; i < sizeof(line->task.b); i++)
		h = (h ^ line->task.b[i] ^ line->run.b[i]) * 0x100000001b3u;
	for (size_t i = 0; i < line->message.len; i++)
		h = (h ^ (unsigned char)line->message.s[i]) * 0x100000001b3u;
	return h;
}

struct anchor
logview_anchor(struct log *l, size_t number)
{
	struct anchor a = { .number = number, .us = WEIR_NO_TIME };
	struct weir_line line;

	if (logview_line(l, number, &line)) {
		a.us = line.us;
		a.hash = hash_line(&line);
	}
	return a;
}

size_t
logview_find_anchor(struct log *l, const struct anchor *a)
{
	struct weir_line line;
	size_t i;

	if (a->us == WEIR_NO_TIME || !l->logs)
		return a->number;
	if (logview_line(l, a->number, &line) && line.us == a->us &&
		hash_line(&line) == a->hash)
		return a->number;
	i = weir_logs_at(l->logs, a->us);
	for (; logview_line(l, i, &line) && line.us == a->us; i++) {
		if (hash_line(&line) == a->hash)
			return i;
	}
	return a->number;
}

/* The context that holds a line; l->context.n: none does. */
static size_t
context_of(const struct log *l, size_t number)
{
	for (size_t i = 0; i < l->context.n; i++) {
		const struct around *c = &l->context.v[i];

		if (number + c->n >= c->number && number <= c->number + c->n)
			return i;
	}
	return l->context.n;
}

static void
add_context(struct log *l, size_t number)
{
	struct around c = { number, 0 };
	size_t i = 0;

	while (i < l->context.n && l->context.v[i].number < number)
		i++;
	VEC_PUSH(&l->context, c);
	memmove(l->context.v + i + 1, l->context.v + i,
		(l->context.n - 1 - i) * sizeof(c));
	l->context.v[i] = c;
}

void
logview_context(struct log *l, bool more)
{
	size_t number = logview_current(l), i;

	if (!logview_filtered(l)) {
		status_say(l->v.app, false,
			"all lines are shown: there is no more context (& filters, "
			"2-5 level)");
		return;
	}
	i = context_of(l, number);
	if (i == l->context.n && !more) {
		status_say(l->v.app, false, "no context is open here (e opens it)");
		return;
	}
	if (i == l->context.n) {
		add_context(l, number);
		i = context_of(l, number);
	}
	if (more && l->context.v[i].n < LOGVIEW_CONTEXT_MAX)
		l->context.v[i].n += LOGVIEW_CONTEXT;
	if (!more)
		l->context.v[i].n -= LOGVIEW_CONTEXT;
	number = l->context.v[i].number;
	status_say(l->v.app, false, "%zu lines around line %zu", l->context.v[i].n,
		number + 1);
	if (l->context.v[i].n == 0) {
		l->context.n--;
		memmove(l->context.v + i, l->context.v + i + 1,
			(l->context.n - i) * sizeof(l->context.v[0]));
	}
	if (!more)
		logview_go(l, number);
	logview_build(l);
}
