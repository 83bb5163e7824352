/* A log as the store has it: its runs, its lines, as they come. */
#include <weir/select.h>

#include "app.h"
#include "logview.h"
#include "view_log.h"
#include "word.h"

/* Lines that are put in order while a key waits; more are by the query thread. */
enum { AT_ONCE = 50000 };

void
logview_resume(struct log *l)
{
	if (!l->resume || l->v.app->top != &l->v)
		return;
	l->resume = false;
	if (l->live && l->n_requests == 0)
		view_log_fetch(&l->v);
}

/* What the store knows of a run now. */
static void
take_run(void *arg, const struct weir_rows *row)
{
	struct logrun *r = arg;

	word_copy(r->name, sizeof(r->name), weir_rows_cell(row, 0)->s);
	r->live = !weir_state_is_terminal((enum weir_state)weir_rows_cell(row, 1)->i);
	word_copy(r->state, sizeof(r->state), weir_rows_cell(row, 2)->s);
	r->start_us = weir_rows_cell(row, 3)->i;
	if (weir_rows_cell(row, 3)->null)
		r->start_us = WEIR_NO_TIME;
}

void
logview_read_runs(struct log *l)
{
	l->live = false;
	for (struct logrun *r = l->runs; r < l->runs + l->n_runs; r++) {
		r->known = !weir_row_of(l->v.app->store, WEIR_RUN, &r->id,
			"name,state_type,state_name,start_time", take_run, r, NULL);
		l->live = l->live || (r->known && r->live);
	}
}

/* The last line of what was followed is here. */
static void
end_follow(struct log *l)
{
	if (!l->was_live || l->live || l->ended || !l->logs ||
		(!l->over && !weir_logs_complete(l->logs)))
		return;
	l->ended = true;
	l->touched = l->touched || l->follow; /* its end is where one is */
	if (l->follow)
		status_say(l->v.app, false, "%s: %s. This is the end of %s.",
			l->n_runs > 1 ? "the runs have ended" : "the run has ended",
			l->runs[0].state, l->n_runs > 1 ? "their logs" : "its log");
	logview_settle(l);
	l->follow = false;
}

/* What one looks at, while numbers of lines change. */
struct stay {
	struct anchor top, current;
	bool end; /* the last line that is in order so far */
};

static struct stay
stay_of(struct log *l)
{
	size_t n = logview_n(l);
	struct stay s = { logview_anchor(l, logview_top(l)),
		logview_anchor(l, logview_current(l)), false };

	s.end = weir_logs_behind(l->logs) && n > 0 && s.current.number == n - 1;
	return s;
}

/*
 * What is on the screen stays where it is, even when late lines went before it. One
 * that was not moved yet begins with the first line that there is.
 */
static void
stay(struct log *l, const struct stay *s, size_t from)
{
	l->fold.from = l->fold.to = 0;
	pager_changed(&l->pager);
	if (logview_filtered(l) || l->pager.current == PAGER_NONE)
		return;
	if (s->end && l->touched) {
		pager_end(&l->pager);
		return;
	}
	if (!l->touched && !l->goal) {
		l->pager.current = l->pager.top = 0;
		return;
	}
	if (from <= s->current.number)
		l->pager.current = logview_find_anchor(l, &s->current);
	if (from <= s->top.number)
		l->pager.top = logview_find_anchor(l, &s->top);
}

/* New lines. */
static enum weir_rc
read_lines(struct log *l, size_t *ret_from, struct weir_err *err)
{
	struct weir_id runs[WEIR_LOGS_RUNS_MAX];
	struct stay s;
	enum weir_rc rc;

	for (size_t i = 0; i < l->n_runs; i++)
		runs[i] = l->runs[i].id;
	*ret_from = 0;
	if (!l->logs)
		return weir_logs_open(
			l->v.app->store, runs, l->n_runs, AT_ONCE, &l->logs, err);
	s = stay_of(l);
	rc = weir_logs_update(l->logs, AT_ONCE, ret_from, err);
	stay(l, &s, *ret_from);
	return rc;
}

/* The lines from `from` on are others than before. */
static void
changed(struct log *l, size_t from)
{
	size_t n = logview_n(l);

	for (size_t i = 0; i < SLOT_N; i++)
		lineset_cut(&l->found[i].set, n);
	if (weir_logs_behind(l->logs))
		logview_ask_order(l);
	else if (from < n || !l->found[SLOT_ERRORS].job)
		logview_ask_all(l, from);
	if (l->goal && l->goal <= n) {
		logview_unfold(l, l->goal - 1);
		pager_goto(&l->pager, logview_at(l, l->goal - 1));
		l->goal = 0;
		l->touched = true;
	}
	logview_settle(l);
}

void
logview_put_order(struct log *l, struct finder_answer *answer)
{
	struct weir_log_order *order = answer->order;
	struct weir_err err = { 0 };
	struct stay s = stay_of(l);
	size_t from = 0;

	answer->order = NULL;
	l->ordering.asked = false;
	if (weir_logs_put(l->logs, order, AT_ONCE, &from, &err)) {
		word_copy(l->failed, sizeof(l->failed), str_of(err.text));
		return;
	}
	stay(l, &s, from);
	changed(l, from);
}

void
logview_data(struct view *v)
{
	struct log *l = logview_of(v);
	struct weir_err err = { 0 };
	size_t from = 0;
	enum weir_rc rc;

	/* Numbers of lines stay what they are until they are written. */
	if (!app_store(v->app) || logview_saving(l))
		return;
	logview_read_runs(l);
	logview_resume(l);
	rc = read_lines(l, &from, &err);
	l->failed[0] = '\0';
	if (rc && rc != WEIR_ENOTFOUND)
		word_copy(l->failed, sizeof(l->failed), str_of(err.text));
	if (rc)
		return;
	changed(l, from);
	end_follow(l);
	if (l->n_runs > 1 && l->live && v->app->engine && !v->app->script.path)
		l->poll_us = weir_monotonic_us() + LOGVIEW_POLL_US;
}
