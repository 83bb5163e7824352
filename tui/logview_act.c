/* What keys do in a log. */
#include "app.h"
#include "logview.h"
#include "view_log.h"
#include "word.h"

const char *
logview_level_name(int level)
{
	return level >= 50   ? "critical"
	       : level >= 40 ? "error"
	       : level >= 30 ? "warning"
			     : "info";
}

static void
return_to_place(struct log *l)
{
	l->pager.left = l->origin_left;
	pager_put(&l->pager, logview_at(l, l->origin), l->origin_row);
	logview_moved(l);
}

static void
on_search(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	struct log *l = arg;
	const char *text = prompt_text(p);

	(void)a;
	if (ev == PROMPT_EV_CANCELLED) {
		l->jump = false;
		logview_search(l, l->before ? l->before : "");
		return_to_place(l);
		return;
	}
	if (ev == PROMPT_EV_ACCEPTED && !*text) {
		logview_search(l, "");
		return_to_place(l);
		return;
	}
	if (strcmp(l->search, text) == 0)
		return;
	if (!logview_search(l, text)) {
		p->valid = 0;
		return;
	}
	l->jump = *l->search != '\0';
	if (!l->jump)
		return_to_place(l);
}

static void
found_search(struct app *a, void *arg, struct buf *out)
{
	(void)a;
	logview_paint_found(arg, SLOT_SEARCH, out);
}

static const struct prompt_user search_user = {
	.label = "/", .event = on_search, .found = found_search, .history = "log-search"
};

static void
act_search(struct view *v, enum action_id id, const char *arg)
{
	struct log *l = logview_of(v);

	(void)id;
	logview_remember(l);
	if (arg && *arg) {
		l->jump = logview_search(l, arg) && *l->search;
		return;
	}
	logview_set(&l->before, l->search);
	app_prompt(v->app, &search_user, v, "");
}

static void
clear_filters(struct log *l)
{
	for (size_t i = 0; i < l->filters.n; i++)
		free(l->filters.v[i]);
	l->filters.n = 0;
}

static void
set_typed(struct log *l, const char *text)
{
	free(l->typed);
	l->typed = *text ? xstrdup(text) : NULL;
	logview_refilter(l);
}

/* Take one more filter; none at all takes all of them away. */
static void
take_filter(struct log *l, const char *text)
{
	free(l->typed);
	l->typed = NULL;
	if (!*text) {
		clear_filters(l);
		l->n_start_filters = 0;
		logview_set(&l->task_name, "");
		logview_set(&l->loggers, "");
	} else if (l->filters.n < LOGVIEW_FILTERS_MAX) {
		VEC_PUSH(&l->filters, xstrdup(text));
	} else {
		status_say(
			l->v.app, true, "%d filters are enough", LOGVIEW_FILTERS_MAX);
	}
	logview_refilter(l);
}

static void
on_filter(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	struct log *l = arg;
	const char *text = prompt_text(p);

	(void)a;
	if (ev == PROMPT_EV_CANCELLED) {
		set_typed(l, "");
		return_to_place(l);
		return;
	}
	if (!logview_pattern(l, text, true)) {
		p->valid = 0;
		if (ev == PROMPT_EV_ACCEPTED)
			set_typed(l, "");
		return;
	}
	if (ev == PROMPT_EV_ACCEPTED)
		take_filter(l, text);
	else
		set_typed(l, text);
}

static void
found_filter(struct app *a, void *arg, struct buf *out)
{
	(void)a;
	logview_paint_found(arg, SLOT_FILTER, out);
}

static const struct prompt_user filter_user = {
	.label = "&", .event = on_filter, .found = found_filter, .history = "log-filter"
};

static void
act_filter(struct view *v, enum action_id id, const char *arg)
{
	struct log *l = logview_of(v);

	(void)id;
	logview_remember(l);
	if (!arg || !*arg)
		app_prompt(v->app, &filter_user, v, "");
	else if (logview_pattern(l, arg, true))
		take_filter(l, arg);
}

static void
act_step(struct view *v, enum action_id id, const char *arg)
{
	struct log *l = logview_of(v);
	bool match = id == ACTION_NEXT || id == ACTION_PREVIOUS;

	(void)arg;
	if (match && !*l->search) {
		status_say(v->app, false, "nothing is searched for (/ searches)");
		return;
	}
	logview_step(l, match ? SLOT_SEARCH : SLOT_ERRORS,
		id == ACTION_NEXT || id == ACTION_NEXT_BAD ? 1 : -1);
}

static void
act_follow(struct view *v, enum action_id id, const char *arg)
{
	struct log *l = logview_of(v);

	(void)id;
	(void)arg;
	l->touched = true;
	l->follow = !logview_following(l);
	l->paused = false;
	if (l->follow)
		pager_end(&l->pager);
	if (l->follow && l->live)
		view_log_fetch(v);
	if (!l->follow || !l->live) /* that it follows is told by FOLLOW */
		status_say(v->app, false, "%s",
			!l->follow ? "staying here"
				   : "the run has ended: this is the end of its log");
	if (!l->live)
		l->follow = false;
}

static void
act_level(struct view *v, enum action_id id, const char *arg)
{
	struct log *l = logview_of(v);

	(void)arg;
	logview_remember(l);
	l->min_level = 10 * (int)(id - ACTION_LEVEL_1 + 1);
	logview_refilter(l);
	if (l->min_level > 10)
		status_say(v->app, false, "level %s and above",
			logview_level_name(l->min_level));
	else
		status_say(v->app, false, "all levels");
}

static void
act_context(struct view *v, enum action_id id, const char *arg)
{
	(void)arg;
	logview_context(logview_of(v), id == ACTION_MORE_CONTEXT);
}

static void
act_times(struct view *v, enum action_id id, const char *arg)
{
	static const char *const names[TIMES_N] = { "of the day", "with the day",
		"as how long ago", "since the mark, or the start (m sets the mark)",
		"not shown" };
	struct log *l = logview_of(v);

	(void)id;
	(void)arg;
	l->times = (l->times + 1) % TIMES_N;
	pager_changed(&l->pager);
	logview_settle(l);
	status_say(v->app, false, "times %s", names[l->times]);
}

static void
act_mark(struct view *v, enum action_id id, const char *arg)
{
	struct log *l = logview_of(v);
	size_t number = logview_current(l);
	struct weir_line line;

	(void)id;
	(void)arg;
	if (!logview_line(l, number, &line))
		return;
	if (l->mark_us != WEIR_NO_TIME && l->mark == number) {
		l->mark_us = WEIR_NO_TIME;
		status_say(v->app, false, "times are counted from the start");
	} else {
		l->mark_us = line.us;
		l->mark = number;
		status_say(
			v->app, false, "times are counted from line %zu", number + 1);
	}
	l->times = TIMES_ELAPSED;
	pager_changed(&l->pager);
}

static void
act_wrap(struct view *v, enum action_id id, const char *arg)
{
	struct log *l = logview_of(v);
	size_t current = l->pager.current;
	int row = pager_row(&l->pager);

	(void)id;
	(void)arg;
	l->pager.wrap = !l->pager.wrap;
	l->pager.left = 0;
	pager_put(&l->pager, current, row);
	logview_settle(l);
	status_say(v->app, false,
		l->pager.wrap ? "long lines are wrapped" : "long lines are cut");
}

static void
act_fold(struct view *v, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	logview_turn(logview_of(v));
}

static void
act_refresh(struct view *v, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	view_log_fetch(v);
}

/* What wrote the line. */
static void
act_open(struct view *v, enum action_id id, const char *arg)
{
	struct log *l = logview_of(v);
	bool task = weir_id_is_null(&l->task);
	struct weir_line line;

	(void)id;
	(void)arg;
	if (!logview_line(l, logview_current(l), &line))
		return;
	if (task && !weir_id_is_null(&line.task))
		app_open(v->app, WEIR_TASK_RUN, &line.task);
	else
		app_open(v->app, WEIR_RUN, &line.run);
}

static void
act_copy(struct view *v, enum action_id id, const char *arg)
{
	struct log *l = logview_of(v);
	struct weir_line line;
	char *text;

	(void)id;
	(void)arg;
	if (!logview_line(l, logview_current(l), &line))
		return;
	text = str_copy(line.message);
	if (screen_copy(&v->app->screen, text))
		status_say(v->app, false, "copied line %zu", logview_current(l) + 1);
	else
		status_say(v->app, true, "too long for the clipboard");
	free(text);
}

static void
act_merge(struct view *v, enum action_id id, const char *arg)
{
	struct log *l = logview_of(v);

	(void)id;
	(void)arg;
	if (l->n_runs > 1)
		status_say(v->app, false, "these are merged already");
	else
		view_log_tree(v->app, &l->runs[0].id);
}

static void
act_log(struct view *v, enum action_id id, const char *arg)
{
	struct log *l = logview_of(v);
	struct weir_line line;

	(void)id;
	(void)arg;
	if (l->n_runs > 1 && logview_line(l, logview_current(l), &line)) {
		struct view *log = view_log_new(v->app, WEIR_RUN, &line.run);

		if (log)
			app_push(v->app, log);
	}
}

const struct view_act logview_acts[] = {
	{ ACTION_SEARCH, act_search },
	{ ACTION_FILTER, act_filter },
	{ ACTION_TASK, logview_pick },
	{ ACTION_LOGGER, logview_pick },
	{ ACTION_NEXT, act_step },
	{ ACTION_PREVIOUS, act_step },
	{ ACTION_NEXT_BAD, act_step },
	{ ACTION_PREVIOUS_BAD, act_step },
	{ ACTION_GOTO, logview_jump },
	{ ACTION_JUMP, logview_jump },
	{ ACTION_FOLLOW, act_follow },
	{ ACTION_LEVEL_1, act_level },
	{ ACTION_LEVEL_2, act_level },
	{ ACTION_LEVEL_3, act_level },
	{ ACTION_LEVEL_4, act_level },
	{ ACTION_LEVEL_5, act_level },
	{ ACTION_MORE_CONTEXT, act_context },
	{ ACTION_LESS_CONTEXT, act_context },
	{ ACTION_TIMES, act_times },
	{ ACTION_TIME_MARK, act_mark },
	{ ACTION_WRAP, act_wrap },
	{ ACTION_FOLD, act_fold },
	{ ACTION_OPEN, act_open },
	{ ACTION_LOG, act_log },
	{ ACTION_MERGE, act_merge },
	{ ACTION_COPY_LINE, act_copy },
	{ ACTION_SAVE, logview_save },
	{ ACTION_PAGER, logview_out },
	{ ACTION_EDITOR, logview_out },
	{ ACTION_REFRESH, act_refresh },
	{ ACTION_NONE, NULL },
};
