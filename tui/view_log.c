#include "view_log.h"

#include <weir/text.h>

#include "app.h"
#include "logview.h"
#include "word.h"

static void
view_layout(struct view *v)
{
	struct log *l = logview_of(v);

	l->pager.utf8 = v->app->theme.utf8;
	pager_size(&l->pager, v->width > 2 ? v->width - 2 : v->width, v->height);
	logview_settle(l);
}

/* Wide enough for the task names on the first screens, within reason. */
static void
measure_names(struct log *l)
{
	size_t n = logview_n(l);

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
	struct log *l = logview_of(v);
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
	if (from < logview_n(l) || !l->found[SLOT_ERRORS].job)
		logview_ask_all(l, from);
	if (l->goal && l->goal <= logview_n(l)) {
		pager_goto(&l->pager, logview_at(l, l->goal - 1));
		l->goal = 0;
	}
	logview_settle(l);
}

void
view_log_goto(struct view *v, size_t number)
{
	struct log *l = logview_of(v);

	l->goal = number + 1;
	l->follow = false;
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
	struct log *l = logview_of(v);

	buf_addf(out, "weir logs %.8s", l->run_text);
	if (!weir_id_is_null(&l->task))
		buf_addf(out, " --task %.8s", l->task_text);
	if (l->min_level > 10)
		buf_addf(out, " --level %s", level_name(l->min_level));
	if (*l->filter && *l->filter != '!') {
		buf_adds(out, " --grep ");
		weir_view_quote(out, l->filter);
	}
	if (logview_following(l) && l->live)
		buf_adds(out, " -f");
	if (l->name[0])
		buf_addf(out, "   %s", l->name);
}

static void
set_level(struct log *l, int level)
{
	l->min_level = level;
	logview_refilter(l);
	status_say(l->v.app, false, level > 10 ? "level %s and above" : "all levels",
		level_name(level));
}

static void
set_context(struct log *l, bool more)
{
	if (!logview_filtered(l)) {
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
	logview_build(l);
	status_say(l->v.app, false, "%zu lines of context", l->context);
}

static void
set_follow(struct log *l)
{
	l->follow = !logview_following(l);
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
		l->seen = logview_n(l);
	}
}

static bool
view_move(struct view *v, enum action_id id)
{
	struct log *l = logview_of(v);

	if (!pager_act(&l->pager, id))
		return false;
	l->pager.current = PAGER_NONE;
	moved(l);
	return true;
}

static void
on_filter(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	struct log *l = arg;
	const char *text = ev == PROMPT_EV_CANCELLED ? p->original : prompt_text(p);

	(void)a;
	if (strcmp(l->filter, text) == 0)
		return;
	logview_set(&l->filter, text);
	logview_refilter(l);
}

static void
on_search(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	struct log *l = arg;
	const char *text = ev == PROMPT_EV_CANCELLED ? p->original : prompt_text(p);

	(void)a;
	if (strcmp(l->search, text) == 0 || !logview_search(l, text)) {
		if (ev == PROMPT_EV_CHANGED)
			p->valid = strcmp(l->search, text) == 0 ? p->text.len : 0;
		return;
	}
	if (ev == PROMPT_EV_CANCELLED)
		pager_goto(&l->pager, logview_at(l, l->origin));
	l->jump = *text != '\0';
	if (*text)
		logview_ask_search(l);
}

static void
found_filter(struct app *a, void *arg, struct buf *out)
{
	(void)a;
	logview_paint_found(arg, SLOT_FILTER, out);
}

static void
found_search(struct app *a, void *arg, struct buf *out)
{
	(void)a;
	logview_paint_found(arg, SLOT_SEARCH, out);
}

static const struct prompt_user filter_user = {
	.label = "&",
	.event = on_filter,
	.found = found_filter,
	.history = "filter",
};
static const struct prompt_user search_user = {
	.label = "/",
	.event = on_search,
	.found = found_search,
	.history = "search",
};

static void
act_search(struct view *v, enum action_id id, const char *arg)
{
	struct log *l = logview_of(v);

	(void)id;
	l->origin = logview_top(l);
	app_prompt(v->app, &search_user, v, arg ? arg : "");
}

static void
act_filter(struct view *v, enum action_id id, const char *arg)
{
	(void)id;
	app_prompt(v->app, &filter_user, v, arg ? arg : logview_of(v)->filter);
}

static void
act_step(struct view *v, enum action_id id, const char *arg)
{
	struct log *l = logview_of(v);
	bool match = id == ACTION_NEXT || id == ACTION_PREVIOUS;

	(void)arg;
	logview_step(l, match ? SLOT_SEARCH : SLOT_ERRORS,
		id == ACTION_NEXT || id == ACTION_NEXT_BAD ? 1 : -1);
}

static void
act_follow(struct view *v, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	set_follow(logview_of(v));
}

static void
act_level(struct view *v, enum action_id id, const char *arg)
{
	(void)arg;
	set_level(logview_of(v), 10 * (int)(id - ACTION_LEVEL_1 + 1));
}

static void
act_context(struct view *v, enum action_id id, const char *arg)
{
	(void)arg;
	set_context(logview_of(v), id == ACTION_MORE_CONTEXT);
}

static void
act_times(struct view *v, enum action_id id, const char *arg)
{
	struct log *l = logview_of(v);

	(void)id;
	(void)arg;
	l->times = (l->times + 1) % TIMES_N;
}

static void
act_wrap(struct view *v, enum action_id id, const char *arg)
{
	struct log *l = logview_of(v);

	(void)id;
	(void)arg;
	l->pager.wrap = !l->pager.wrap;
	l->pager.left = 0;
	l->pager.sub = 0;
	logview_settle(l);
}

static void
act_refresh(struct view *v, enum action_id id, const char *arg)
{
	struct log *l = logview_of(v);

	(void)id;
	(void)arg;
	l->request = app_submit(v->app, WEIR_REQ_LOGS, &l->run);
}

static const struct view_act acts[] = {
	{ ACTION_SEARCH, act_search },
	{ ACTION_FILTER, act_filter },
	{ ACTION_NEXT, act_step },
	{ ACTION_PREVIOUS, act_step },
	{ ACTION_NEXT_BAD, act_step },
	{ ACTION_PREVIOUS_BAD, act_step },
	{ ACTION_FOLLOW, act_follow },
	{ ACTION_LEVEL_1, act_level },
	{ ACTION_LEVEL_2, act_level },
	{ ACTION_LEVEL_3, act_level },
	{ ACTION_LEVEL_4, act_level },
	{ ACTION_LEVEL_5, act_level },
	{ ACTION_MORE_CONTEXT, act_context },
	{ ACTION_LESS_CONTEXT, act_context },
	{ ACTION_TIMES, act_times },
	{ ACTION_WRAP, act_wrap },
	{ ACTION_REFRESH, act_refresh },
	{ ACTION_NONE, NULL },
};

static void
view_event(struct view *v, const struct weir_event *event)
{
	struct log *l = logview_of(v);

	if (event->kind == WEIR_EV_DONE && event->request == l->request) {
		l->syncing = false;
		view_touch(v, VIEW_DATA);
	}
}

static bool
view_object(struct view *v, enum weir_kind *ret_kind, struct weir_id *ret_id)
{
	struct log *l = logview_of(v);
	bool task = !weir_id_is_null(&l->task);

	*ret_kind = task ? WEIR_TASK_RUN : WEIR_RUN;
	*ret_id = task ? l->task : l->run;
	return true;
}

static void
view_free(struct view *v)
{
	struct log *l = logview_of(v);
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
	.paint = logview_paint,
	.counts = logview_paint_counts,
	.command = view_command,
	.acts = acts,
	.move = view_move,
	.answer = logview_answer,
	.event = view_event,
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
	pager_init(&l->pager, &logview_source, l);
	if (!read_run(l)) {
		view_free(&l->v);
		return NULL;
	}
	l->follow = l->live;
	l->request = app_submit(a, l->live ? WEIR_REQ_FOLLOW : WEIR_REQ_LOGS, &run);
	l->syncing = l->request != 0;
	return &l->v;
}

void
view_log_look(struct view *v, const struct weir_view *view)
{
	struct log *l = logview_of(v);

	for (int level = 20; view->level && level <= 50; level += 10)
		if (strcmp(view->level, level_name(level)) == 0)
			l->min_level = level;
	if (view->grep)
		logview_set(&l->filter, view->grep);
	if (view->task && !view_do(v, ACTION_TASK, view->task))
		status_say(v->app, true, "one task's lines are not shown in the menu");
}
