/* What a command shows, opened as a view. */
#include <weir/logs.h>
#include <weir/mem.h>
#include <weir/select.h>

#include "app.h"
#include "listview.h"
#include "view_detail.h"
#include "view_env.h"
#include "view_env_diff.h"
#include "view_groups.h"
#include "view_history.h"
#include "view_list.h"
#include "view_log.h"
#include "view_timeline.h"
#include "view_why.h"

/* Places of errors that are shown over several lines are left out. */
static void
say(struct app *a, const struct weir_err *err)
{
	status_say(a, true, "%.*s", (int)strcspn(err->text, "\n"), err->text);
}

enum weir_rc
app_resolve(struct app *a, unsigned kinds, const char *word, enum weir_kind *ret_kind,
	struct weir_id *ret_id, struct weir_err *err)
{
	int64_t key;

	if (!app_store(a))
		return weir_fail(
			err, WEIR_ENOTFOUND, "'%s': nothing is stored yet", word);
	return weir_resolve(a->store, kinds, word, ret_kind, ret_id, &key, err);
}

static enum weir_rc
resolve(struct app *a, const struct weir_view *view, enum weir_kind *ret_kind,
	struct weir_id *ret_id, struct weir_err *err)
{
	unsigned kinds = view->show == WEIR_SHOW_OBJECT
				 ? (1u << WEIR_N_SERVED) - 1
				 : 1u << WEIR_RUN | 1u << WEIR_TASK_RUN;

	if (!view->id)
		return weir_fail(err, WEIR_EUSAGE,
			"%s: of what? an id, a name, @latest, @failed",
			weir_view_command(view));
	return app_resolve(a, kinds, view->id, ret_kind, ret_id, err);
}

static struct view *
open_list(struct app *a, const struct weir_view *view, struct weir_err *err)
{
	struct view *v = NULL;

	if (view->count_by ? view_groups_new(a, view, &v, err)
			   : view_list_new(a, view, &v, err))
		return NULL;
	return v;
}

static struct view *
open_detail(struct app *a, const struct weir_view *view, enum weir_kind kind,
	const struct weir_id *id)
{
	(void)view;
	return view_detail_new(a, kind, id);
}

static struct view *
open_log(struct app *a, const struct weir_view *view, enum weir_kind kind,
	const struct weir_id *id)
{
	struct view *v = view_log_new(a, kind, id);

	if (v)
		view_log_look(v, view);
	return v;
}

static struct view *
open_why(struct app *a, const struct weir_view *view, enum weir_kind kind,
	const struct weir_id *id)
{
	(void)view;
	(void)kind;
	return view_why_new(a, id);
}

static struct view *
open_graph(struct app *a, const struct weir_view *view, enum weir_kind kind,
	const struct weir_id *id)
{
	struct weir_id run = *id;

	(void)view;
	if (kind == WEIR_TASK_RUN && !app_run_of_task(a, id, &run))
		return NULL;
	return view_timeline_new(a, &run);
}

/* Views of one object; NULL: there is none of this sort yet. */
static struct view *(*const openers[WEIR_N_SHOWS])(struct app *a,
	const struct weir_view *view, enum weir_kind kind, const struct weir_id *id) = {
	[WEIR_SHOW_OBJECT] = open_detail,
	[WEIR_SHOW_LOG] = open_log,
	[WEIR_SHOW_WHY] = open_why,
	[WEIR_SHOW_GRAPH] = open_graph,
};

/* Several runs' logs as one; NULL with the reason in err. */
static struct view *
open_logs(struct app *a, const struct weir_view *view, struct weir_err *err)
{
	struct weir_id runs[WEIR_LOGS_RUNS_MAX + 1];
	char *ids = xstrdup(view->id), *save = NULL;
	struct view *v = NULL;
	enum weir_rc rc = WEIR_OK;
	enum weir_kind kind;
	size_t n = 0;
	int64_t key;

	if (!app_store(a))
		rc = weir_fail(err, WEIR_ENOTFOUND, "nothing is stored yet");
	for (char *id = strtok_r(ids, "\n", &save); !rc && id && n < N_ELEM(runs);
		id = strtok_r(NULL, "\n", &save))
		rc = weir_resolve(
			a->store, 1u << WEIR_RUN, id, &kind, &runs[n++], &key, err);
	free(ids);
	if (!rc)
		v = view_log_many(a, runs, n);
	if (!rc && !v)
		(void)weir_fail(err, WEIR_EUSAGE, "logs: %zu runs are too many", n);
	if (v)
		view_log_look(v, view);
	return v;
}

static struct view *
open_env(struct app *a, const struct weir_view *view, struct weir_err *err)
{
	struct view *v = NULL;

	if (view_env_open(a, view->id, view->arch, &v, err))
		return NULL;
	return v;
}

static struct view *
open_env_diff(struct app *a, const struct weir_view *view, struct weir_err *err)
{
	char *left = xstrdup(view->id), *right = strchr(left, '\n');
	struct view *v = NULL;

	(void)err;
	if (right) {
		*right++ = '\0';
		v = view_env_diff_new(a, left, view->arch, right, view->arch);
	}
	free(left);
	return v;
}

/* All environments of one request, of which Enter selects one. */
static struct view *
open_select(struct app *a, const struct weir_view *view, struct weir_err *err)
{
	struct weir_view list = {
		.show = WEIR_SHOW_LIST, .kind = WEIR_ENVIRONMENT, .all = true
	};
	struct view *v = NULL;

	list.query = xasprintf(LISTVIEW_PICK "%s%s%s", view->id, view->query ? " " : "",
		view->query ? view->query : "");
	if (!view_list_new(a, &list, &v, err))
		view_list_pick(v);
	weir_view_release(&list);
	return v;
}

static struct view *
open_object(struct app *a, const struct weir_view *view, struct weir_err *err)
{
	static struct view *(*const others[WEIR_N_SHOWS])(
		struct app * a, const struct weir_view *view, struct weir_err *err) = {
		[WEIR_SHOW_ENV] = open_env,
		[WEIR_SHOW_DIFF] = open_env_diff,
		[WEIR_SHOW_SELECT] = open_select,
	};
	struct view *v;
	struct weir_id id;
	enum weir_kind kind;

	if (view->show == WEIR_SHOW_HISTORY)
		return view_history_new(a);
	if (others[view->show] && view->id)
		return others[view->show](a, view, err);
	if (!openers[view->show]) {
		(void)weir_fail(err, WEIR_EFAIL, "%s: is not shown in the menu",
			weir_view_command(view));
		return NULL;
	}
	if (view->show == WEIR_SHOW_LOG && view->id && strchr(view->id, '\n'))
		return open_logs(a, view, err);
	/* Failed runs by error, where no run is called so. */
	if (view->show == WEIR_SHOW_WHY && view->id && strchr(view->id, ':') &&
		(!app_store(a) || resolve(a, view, &kind, &id, NULL)))
		return view_errors_new(a, view->id);
	if (resolve(a, view, &kind, &id, err))
		return NULL;
	v = openers[view->show](a, view, kind, &id);
	if (!v)
		(void)weir_fail(err, WEIR_ENOTFOUND, "%s '%s' is no longer here",
			weir_kind_name(kind), view->id);
	return v;
}

enum weir_rc
app_view_open(struct app *a, const struct weir_view *view, struct weir_err *err)
{
	struct weir_err why = { 0 };
	struct view *v = view->show == WEIR_SHOW_LIST ? open_list(a, view, &why)
						      : open_object(a, view, &why);

	if (!v) {
		if (err)
			*err = why;
		return why.rc;
	}
	app_push(a, v);
	return WEIR_OK;
}

void
app_open_view(struct app *a, const struct weir_view *view)
{
	struct weir_err err = { 0 };

	if (app_view_open(a, view, &err))
		say(a, &err);
}

void
app_open_command(struct app *a, const char *command)
{
	struct weir_view view = { 0 };
	struct weir_err err = { 0 };

	if (weir_view_parse(str_of(command), &view, &err))
		say(a, &err);
	else
		app_open_view(a, &view);
	weir_view_release(&view);
}

void
app_open_list(struct app *a, enum weir_kind kind, const char *query, const char *sort)
{
	struct weir_view view = { .show = WEIR_SHOW_LIST, .kind = kind };

	view.query = query && *query ? xstrdup(query) : NULL;
	view.sort = sort && *sort ? xstrdup(sort) : NULL;
	app_open_view(a, &view);
	weir_view_release(&view);
}

void
app_open(struct app *a, enum weir_kind kind, const struct weir_id *id)
{
	struct view *v = kind == WEIR_TASK_RUN ? view_log_new(a, kind, id)
					       : view_detail_new(a, kind, id);

	if (v)
		app_push(a, v);
	else
		status_say(a, true, "this %s is no longer here", weir_kind_name(kind));
}

void
app_list(struct app *a, enum action_id id, const char *arg)
{
	enum weir_kind kind = app_list_kind(id);
	struct weir_view view = { 0 };

	if ((arg && *arg) || !desk_left(a, kind, &view)) {
		app_open_list(a, kind, arg, NULL);
		return;
	}
	if (!app_view_open(a, &view, NULL))
		desk_restore(a, a->top);
	weir_view_release(&view);
}

void
app_show(struct app *a, enum action_id id, const char *arg)
{
	struct weir_view view = { .show = WEIR_SHOW_OBJECT };

	(void)id;
	view.id = arg && *arg ? xstrdup(arg) : NULL;
	app_open_view(a, &view);
	weir_view_release(&view);
}

static void
take_run(void *arg, const struct weir_rows *row)
{
	struct weir_id *run = arg;

	*run = weir_rows_cell(row, 0)->id;
}

bool
app_run_of_task(struct app *a, const struct weir_id *task, struct weir_id *ret_run)
{
	return app_store(a) &&
	       !weir_row_of(a->store, WEIR_TASK_RUN, task, "flow_run_id", take_run,
		       ret_run, NULL) &&
	       !weir_id_is_null(ret_run);
}

/* A view of what the cursor is on, or of what the view is about. */
static void
open_here(struct app *a,
	struct view *(*make)(struct app *, enum weir_kind, const struct weir_id *),
	const char *else_say)
{
	enum weir_kind kind;
	struct weir_id id;
	struct view *v = NULL;

	if (a->top->ops->object && a->top->ops->object(a->top, &kind, &id))
		v = make(a, kind, &id);
	if (v)
		app_push(a, v);
	else
		status_say(a, false, "%s", else_say);
}

static struct view *
timeline_of(struct app *a, enum weir_kind kind, const struct weir_id *id)
{
	return kind == WEIR_RUN || kind == WEIR_TASK_RUN ? open_graph(a, NULL, kind, id)
							 : NULL;
}

void
app_timeline(struct app *a, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	open_here(a, timeline_of, "only runs have a timeline");
}

void
app_parameters(struct app *a, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	open_here(a, view_parameters_new, "only runs and deployments have parameters");
}

/* ---- named views */

/* One tab goes for another; what it was opened over stays. */
static void
replace_tab(struct app *a, uint64_t serial)
{
	struct view *v = a->top, *old = v->below;

	if (!old || old->serial != serial)
		return;
	v->below = old->below;
	app_cancel(a, old->serial);
	desk_leave(a, old);
	old->ops->free(old);
}

static void
open_tab(struct app *a, size_t i)
{
	uint64_t serial = a->desk.tab_serial;
	struct weir_view view = { 0 };
	struct weir_err err = { 0 };
	enum weir_rc rc = weir_view_parse(str_of(a->desk.views.v[i].text), &view, &err);

	if (!rc)
		rc = app_view_open(a, &view, &err);
	weir_view_release(&view);
	if (rc) {
		say(a, &err);
		return;
	}
	replace_tab(a, serial);
	desk_tab_opened(a, i);
}

void
app_view_named(struct app *a, const char *name)
{
	struct weir_err err = { 0 };
	size_t i;

	if (weir_views_find(&a->desk.views, name, &i, &err))
		status_say(a, true, "%s%s%s", err.text, *err.hint ? ", try " : "",
			*err.hint ? strrchr(err.hint, ' ') + 1 : "");
	else
		open_tab(a, i);
}

static void
on_name(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	struct buf names = BUF_INIT(64 << 10);

	(void)arg;
	p->valid = p->text.len;
	for (size_t i = 0; i < a->desk.views.n; i++)
		buf_addf(&names, "%s\n", a->desk.views.v[i].name);
	if (ev == PROMPT_EV_CHANGED)
		prompt_offer(p, 0, buf_str(&names));
	else if (ev == PROMPT_EV_ACCEPTED && p->text.len > 0)
		app_view_named(a, prompt_text(p));
	buf_release(&names);
}

/* A digit opens at once: no name is a number. */
static bool
on_digit(struct app *a, void *arg, struct prompt *p, uint32_t key)
{
	char name[2] = { 0 };

	(void)arg;
	if (p->text.len > 0 || key < '1' || key > '9')
		return false;
	name[0] = (char)key;
	prompt_stop(p, false);
	app_view_named(a, name);
	return true;
}

static void
about_views(struct app *a, void *arg, struct draw *d)
{
	(void)a;
	(void)arg;
	draw_text(d, STYLE_DIM, "a number opens at once; Tab completes a name");
}

static const struct prompt_user view_user = {
	.label = "view: ",
	.event = on_name,
	.key = on_digit,
	.about = about_views,
};

static bool
has_views(struct app *a)
{
	if (a->desk.views.n > 0)
		return true;
	status_say(a, false,
		"no views are named: :save-view NAME, or [views] in weir.conf");
	return false;
}

void
app_view(struct app *a, enum action_id id, const char *arg)
{
	(void)id;
	if (!has_views(a))
		return;
	if (arg && *arg)
		app_view_named(a, arg);
	else
		app_prompt(a, &view_user, a, "");
}

void
app_view_step(struct app *a, enum action_id id, const char *arg)
{
	size_t n = a->desk.views.n, i = a->desk.current;

	(void)arg;
	if (!has_views(a))
		return;
	if (i >= n || !desk_tab_is_open(a))
		i = id == ACTION_NEXT_VIEW ? 0 : n - 1;
	else
		i = (i + (id == ACTION_NEXT_VIEW ? 1 : n - 1)) % n;
	open_tab(a, i);
}

static void
save_view(struct app *a, const char *name)
{
	struct buf text = BUF_INIT(WEIR_VIEW_MAX);
	struct weir_err err = { 0 };
	size_t i;

	a->top->ops->command(a->top, &text);
	if (weir_views_save(&a->desk.views, name, buf_cstr(&text), &err)) {
		say(a, &err);
	} else {
		keeper_put(a->desk.keeper, "named", name, buf_cstr(&text));
		if (!weir_views_find(&a->desk.views, name, &i, &err))
			desk_tab_opened(a, i);
		status_say(a, false, "this is view %s from now on: weir -V %s", name,
			name);
	}
	buf_release(&text);
}

static void
on_save(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	(void)arg;
	p->valid = p->text.len;
	if (ev == PROMPT_EV_ACCEPTED && p->text.len > 0)
		save_view(a, prompt_text(p));
}

static const struct prompt_user save_user = {
	.label = "save this view as: ",
	.event = on_save,
};

void
app_save_view(struct app *a, enum action_id id, const char *arg)
{
	(void)id;
	if (arg && *arg)
		save_view(a, arg);
	else
		app_prompt(a, &save_user, a, "");
}
