#include "view_log.h"

#include <weir/beside.h>
#include <weir/query.h>
#include <weir/select.h>
#include <weir/session.h>
#include <weir/sync.h>

#include "app.h"
#include "logview.h"
#include "word.h"

static void
view_layout(struct view *v)
{
	struct log *l = logview_of(v);

	l->pager.utf8 = v->app->theme.utf8;
	pager_size(&l->pager, v->width > 2 ? v->width - 2 : v->width, v->height);
	logview_resume(l);
	logview_settle(l);
}

void
view_log_goto(struct view *v, size_t number)
{
	struct log *l = logview_of(v);

	l->goal = number + 1;
	l->follow = false;
}

/* Several live logs are asked for in turns. */
static int64_t
view_due(const struct view *v)
{
	const struct log *l = (const struct log *)(const void *)v;

	if (logview_saving(l) &&
		logview_save_step(logview_of((struct view *)(uintptr_t)v)))
		return weir_monotonic_us();
	/* An answer that is awaited wakes by itself. */
	if (l->n_runs < 2 || !l->live || !l->poll_us || l->n_requests > 0 ||
		!v->app->engine || v->app->script.path)
		return 0;
	if (weir_monotonic_us() >= l->poll_us)
		view_log_fetch((struct view *)(uintptr_t)v);
	return l->poll_us;
}

static void
view_command(struct view *v, struct buf *out)
{
	struct log *l = logview_of(v);
	struct buf ids = BUF_INIT(WEIR_LOGS_RUNS_MAX * WEIR_ID_TEXT);
	struct buf grep = BUF_INIT(PROMPT_MAX * LOGVIEW_FILTERS_MAX * 4);
	char task[WEIR_ID_TEXT + 1];
	struct weir_view view = { .show = WEIR_SHOW_LOG };

	for (size_t i = 0; i < l->n_runs; i++)
		buf_addf(&ids, "%s%.8s", i ? "\n" : "", l->runs[i].id_text);
	view.id = ids.s;
	if (l->min_level > 10)
		view.level = (char *)(uintptr_t)logview_level_name(l->min_level);
	logview_grep(l, &grep);
	if (grep.len > 0)
		view.grep = grep.s;
	if (!weir_id_is_null(&l->task)) {
		weir_id_format(&l->task, task);
		task[8] = '\0';
		view.task = task;
	} else if (*l->task_name) {
		view.task = l->task_name;
	}
	if (*l->loggers)
		view.logger = l->loggers;
	view.follow = logview_following(l) && l->live;
	weir_view_format(&view, out);
	buf_release(&ids);
	buf_release(&grep);
}

/* Whose log it is. */
static void
view_about(struct view *v, struct buf *out)
{
	struct log *l = logview_of(v);

	if (l->n_runs > 1)
		buf_addf(out, "%zu runs", l->n_runs);
	else
		buf_adds(out, l->runs[0].name);
}

static bool
view_move(struct view *v, enum action_id id)
{
	struct log *l = logview_of(v);

	if (!pager_act(&l->pager, id))
		return false;
	logview_moved(l);
	return true;
}

/* The highlight goes first, then filters, the last one first. */
static bool
view_back(struct view *v)
{
	struct log *l = logview_of(v);

	if (*l->search) {
		logview_search(l, "");
		l->jump = false;
		return true;
	}
	if (l->filters.n > l->n_start_filters) {
		logview_remember(l);
		free(l->filters.v[--l->filters.n]);
		logview_refilter(l);
		return true;
	}
	return false;
}

static void
view_event(struct view *v, const struct weir_event *event)
{
	struct log *l = logview_of(v);

	if (event->kind != WEIR_EV_DONE)
		return;
	for (size_t i = 0; i < l->n_requests; i++) {
		if (l->requests[i] != event->request)
			continue;
		l->requests[i] = l->requests[--l->n_requests];
		/* Another view has taken the engine's eye; it comes back. */
		l->resume = l->resume || event->rc == WEIR_EINTR;
		/* Nothing more comes; several are asked for again while one lives. */
		l->over = l->n_requests == 0 && event->rc == WEIR_OK;
		l->syncing = l->n_requests > 0;
		view_touch(v, VIEW_DATA);
		return;
	}
}

/* What the line is of. */
static bool
view_object(struct view *v, enum weir_kind *ret_kind, struct weir_id *ret_id)
{
	struct log *l = logview_of(v);
	struct weir_line line;

	*ret_kind = WEIR_RUN;
	*ret_id = l->runs[0].id;
	if (!weir_id_is_null(&l->task)) {
		*ret_kind = WEIR_TASK_RUN;
		*ret_id = l->task;
	} else if (l->n_runs > 1 && logview_line(l, logview_current(l), &line)) {
		*ret_id = line.run;
	}
	return true;
}

static void
view_free(struct view *v)
{
	struct log *l = logview_of(v);
	struct weir_id none = { { 0 } };

	logview_save_stop(l, "the log was left before it was written");
	app_submit(v->app, WEIR_REQ_FOLLOW, &none);
	for (size_t i = 0; i < SLOT_N; i++)
		lineset_release(&l->found[i].set);
	for (size_t i = 0; i < l->filters.n; i++)
		free(l->filters.v[i]);
	VEC_FREE(&l->filters);
	VEC_FREE(&l->context);
	VEC_FREE(&l->turned);
	weir_logs_close(l->logs);
	weir_match_free(l->match);
	pager_release(&l->pager);
	free(l->runs);
	lineset_release(&l->shown);
	free(l->typed);
	free(l->search);
	free(l->before);
	free(l->task_name);
	free(l->loggers);
	logview_pick_release(&l->pick);
	free(l->path);
	free(l);
}

static const enum action_id hints[] = { ACTION_FOLLOW, ACTION_SEARCH, ACTION_FILTER,
	ACTION_NEXT_BAD, ACTION_MORE_CONTEXT, ACTION_TIMES, ACTION_WRAP, ACTION_HELP,
	ACTION_SAVE, ACTION_NONE };

/* ---- without an engine: what Metaflow has lies on this machine */

struct local {
	const struct weir_config *config;
	struct weir_id runs[WEIR_LOGS_RUNS_MAX];
	size_t n;
	bool offline;
	const atomic_bool *leaving;
};

static enum weir_rc
local_run(void *state, struct weir_store *store, struct weir_err *err)
{
	const struct local *k = state;
	const struct weir_session_metaflow how = { .stop = k->leaving };
	struct weir_session *s = weir_session_new(k->config);
	bool ended = false;
	enum weir_rc rc = WEIR_OK;

	(void)store;
	if (k->offline)
		weir_session_offline(s);
	weir_session_metaflow(s, &how, NULL);
	for (size_t i = 0; !rc && i < k->n && !atomic_load(k->leaving); i++)
		rc = weir_sync_logs(s, &k->runs[i], NULL, &ended, err);
	weir_session_free(s);
	return rc;
}

static void
local_free(void *state)
{
	free(state);
}

static void
fetch_local(struct log *l)
{
	static const struct finder_call call = { local_run, local_free };
	struct app *a = l->v.app;
	struct finder_job job = { .kind = FINDER_CALL,
		.view = l->v.serial,
		.slot = SLOT_LOCAL,
		.call = &call };
	struct local *k = xcalloc(1, sizeof(*k));

	k->config = a->config;
	k->offline = a->start->no_network;
	k->leaving = &a->leaving;
	for (size_t i = 0; i < l->n_runs && k->n < WEIR_LOGS_RUNS_MAX; i++)
		if (weir_is_metaflow(a->store, &l->runs[i].id))
			k->runs[k->n++] = l->runs[i].id;
	if (!k->n) {
		local_free(k);
		return;
	}
	job.state = k;
	finder_submit(app_helper(a), &job);
}

static void
view_answer(struct view *v, struct finder_answer *answer)
{
	if (answer->slot != SLOT_LOCAL)
		logview_answer(v, answer);
	else if (answer->part == FINDER_CALLED)
		view_touch(v, VIEW_DATA);
	else if (answer->part == FINDER_FAILED && answer->rc != WEIR_ENOTFOUND)
		status_say(v->app, true, "%s", answer->text);
}

static const struct view_ops ops = {
	.context = CONTEXT_LOG,
	.free = view_free,
	.layout = view_layout,
	.data = logview_data,
	.paint = logview_paint,
	.counts = logview_paint_counts,
	.command = view_command,
	.about = view_about,
	.acts = logview_acts,
	.move = view_move,
	.back = view_back,
	.key = logview_answer_key,
	.answer = view_answer,
	.event = view_event,
	.due = view_due,
	.object = view_object,
	.hints = hints,
};

void
view_log_fetch(struct view *v)
{
	struct log *l = logview_of(v);

	if (!v->app->engine) {
		fetch_local(l);
		return;
	}
	for (size_t i = 0; i < l->n_runs && l->n_requests < WEIR_LOGS_RUNS_MAX; i++) {
		struct logrun *r = &l->runs[i];
		bool follow = l->n_runs == 1 && r->live;
		uint64_t number;

		if (l->n_runs > 1 && l->ended)
			return;
		number = app_submit(
			v->app, follow ? WEIR_REQ_FOLLOW : WEIR_REQ_LOGS, &r->id);
		if (number)
			l->requests[l->n_requests++] = number;
	}
	l->syncing = l->n_requests > 0;
	l->poll_us = weir_monotonic_us() + LOGVIEW_POLL_US;
}

static struct log *
new_log(struct app *a, const struct weir_id *runs, size_t n)
{
	struct log *l = xcalloc(1, sizeof(*l));

	view_init(&l->v, &ops, a);
	l->runs = xcalloc(n, sizeof(*l->runs));
	for (size_t i = 0; i < n; i++) {
		l->runs[i].id = runs[i];
		weir_id_format(&runs[i], l->runs[i].id_text);
	}
	l->n_runs = n;
	l->min_level = 10;
	l->mark_us = WEIR_NO_TIME;
	l->search = xstrdup("");
	l->task_name = xstrdup("");
	l->loggers = xstrdup("");
	pager_init(&l->pager, &logview_source, l);
	l->pager.cursor = true;
	logview_read_runs(l);
	l->follow = l->was_live = l->live;
	return l;
}

struct view *
view_log_new(struct app *a, enum weir_kind kind, const struct weir_id *id)
{
	struct weir_id run = *id;
	struct log *l;

	if (!app_store(a) || (kind == WEIR_TASK_RUN && !app_run_of_task(a, id, &run)))
		return NULL;
	l = new_log(a, &run, 1);
	if (kind == WEIR_TASK_RUN)
		l->task = *id;
	if (!l->runs[0].known) {
		view_free(&l->v);
		return NULL;
	}
	view_log_fetch(&l->v);
	return &l->v;
}

struct view *
view_log_many(struct app *a, const struct weir_id *runs, size_t n)
{
	struct log *l;

	if (!app_store(a) || n == 0)
		return NULL;
	if (n > WEIR_LOGS_RUNS_MAX) {
		status_say(a, true, "%zu runs at once: there is room for %d", n,
			WEIR_LOGS_RUNS_MAX);
		return NULL;
	}
	l = new_log(a, runs, n);
	view_log_fetch(&l->v);
	return &l->v;
}

/* The child runs of those from `at` on are added behind them. */
static size_t
add_children(struct app *a, struct weir_id *runs, size_t n)
{
	struct weir_column_set columns = { 0 };
	struct weir_err err;

	if (weir_columns_choose(WEIR_RUN, "id", 0, &columns, &err))
		return n;
	for (size_t i = 0; i < n; i++) {
		struct weir_select sel = { .kind = WEIR_RUN, .columns = &columns };
		char id[WEIR_ID_TEXT + 1], text[WEIR_ID_TEXT + 16];
		struct weir_query *query = NULL;
		struct weir_rows *rows = NULL;
		bool row = true;

		snprintf(text, sizeof(text), "parent:%s", weir_id_format(&runs[i], id));
		if (weir_query_parse(
			    WEIR_RUN, str_of(text), weir_now_us(), &query, &err))
			break;
		sel.query = query;
		row = !weir_rows_open(a->store, &sel, &rows, &err);
		while (row && n < WEIR_LOGS_RUNS_MAX &&
			!weir_rows_next(rows, &row, &err) && row)
			runs[n++] = weir_rows_cell(rows, 0)->id;
		weir_rows_close(rows);
		weir_query_free(query);
	}
	weir_columns_release(&columns);
	return n;
}

void
view_log_tree(struct app *a, const struct weir_id *run)
{
	struct weir_id runs[WEIR_LOGS_RUNS_MAX] = { *run };
	struct view *v;
	size_t n;

	if (!app_store(a))
		return;
	n = add_children(a, runs, 1);
	if (n == 1) {
		status_say(a, false, "no run is below this one: its log is alone");
		return;
	}
	v = view_log_many(a, runs, n);
	if (v)
		app_push(a, v);
	if (v && n == WEIR_LOGS_RUNS_MAX)
		status_say(a, false, "the first %d runs", WEIR_LOGS_RUNS_MAX);
}

void
view_log_look(struct view *v, const struct weir_view *view)
{
	struct log *l = logview_of(v);

	for (int level = 20; view->level && level <= 50; level += 10)
		if (strcmp(view->level, logview_level_name(level)) == 0)
			l->min_level = level;
	if (view->grep)
		VEC_PUSH(&l->filters, xasprintf("/%s/", view->grep));
	l->n_start_filters = l->filters.n;
	if (view->task)
		logview_set(&l->task_name, view->task);
	if (view->logger)
		logview_set(&l->loggers, view->logger);
	if (view->follow)
		l->follow = l->live;
}
