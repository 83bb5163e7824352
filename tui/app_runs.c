/*
 * Trigger, cancel, retrigger, resume, pause, unpause: of what is marked, else of what
 * the cursor is on.
 */
#include <weir/act.h>

#include "app.h"
#include "confirm.h"
#include "listview.h"
#include "view_form.h"
#include "view_history.h"

enum { RUNS_MAX = 5000 };

/* Can it be done to objects of that kind? */
static bool
fits(const struct weir_act *act, enum weir_kind kind)
{
	if (act->kind < WEIR_ACT_PAUSE)
		return kind == WEIR_RUN;
	return kind == WEIR_DEPLOYMENT || kind == WEIR_POOL || kind == WEIR_QUEUE;
}

static bool
one_object(struct app *a, struct weir_act *act, struct weir_id **ret_ids, size_t *ret_n)
{
	enum weir_kind kind;
	struct weir_id id;

	if (!a->top->ops->object || !a->top->ops->object(a->top, &kind, &id) ||
		!fits(act, kind))
		return false;
	act->of = kind;
	*ret_ids = xmemdup(&id, sizeof(id));
	*ret_n = 1;
	return true;
}

static bool
gather(struct app *a, struct weir_act *act, struct weir_id **ret_ids, size_t *ret_n)
{
	struct listview *r;

	if (a->top->ops->context != CONTEXT_LIST)
		return one_object(a, act, ret_ids, ret_n);
	r = listview_of(a->top);
	if (!fits(act, r->kind))
		return false;
	act->of = r->kind;
	*ret_n = listview_marked(r, ret_ids);
	return *ret_n > 0 || one_object(a, act, ret_ids, ret_n);
}

/* `:retrigger same`, `:cancel force`, with or without dashes. */
static bool
read_words(struct app *a, const char *arg, struct weir_act *act)
{
	const char *word = arg ? arg : "";

	while (*word == '-' || *word == ' ')
		word++;
	if (act->kind == WEIR_ACT_CANCEL && !strcmp(word, "force"))
		act->force = true;
	else if (act->kind == WEIR_ACT_RETRIGGER && !strcmp(word, "same"))
		act->same = true;
	else if (act->kind == WEIR_ACT_RETRIGGER && !strcmp(word, "defaults"))
		act->defaults = true;
	else if (*word) {
		status_say(a, true, "%s: '%s': %s", weir_act_verb(act->kind), word,
			act->kind == WEIR_ACT_CANCEL      ? "only: force"
			: act->kind == WEIR_ACT_RETRIGGER ? "only: same, defaults, edit"
							  : "takes no word");
		return false;
	}
	return true;
}

/* The form of a deployment or a run. */
static void
open_form(struct app *a, enum weir_kind kind, const struct weir_id *id)
{
	struct weir_err err = { 0 };
	struct view *v = view_form_new(a, kind, id, &err);

	if (v)
		app_push(a, v);
	else
		status_say(a, true, "%.*s", (int)strcspn(err.text, "\n"), err.text);
}

static void
open_form_here(struct app *a)
{
	enum weir_kind kind;
	struct weir_id id;

	if (!a->top->ops->object || !a->top->ops->object(a->top, &kind, &id) ||
		(kind != WEIR_DEPLOYMENT && kind != WEIR_RUN))
		status_say(a, true, "trigger: there is no deployment or run here");
	else
		open_form(a, kind, &id);
}

void
app_trigger(struct app *a, enum action_id id, const char *arg)
{
	struct weir_err err = { 0 };
	enum weir_kind kind;
	struct weir_id of;

	if (a->top->ops->context == CONTEXT_FORM)
		view_do(a->top, id, arg);
	else if (!arg || !*arg)
		open_form_here(a);
	else if (app_resolve(a, 1u << WEIR_DEPLOYMENT | 1u << WEIR_RUN, arg, &kind, &of,
			 &err))
		status_say(a, true, "%.*s", (int)strcspn(err.text, "\n"), err.text);
	else
		open_form(a, kind, &of);
}

void
app_started(struct app *a, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	if (weir_id_is_null(&a->made))
		status_say(a, false, "nothing was started from here yet");
	else
		app_open(a, WEIR_RUN, &a->made);
}

void
app_act(struct app *a, enum action_id id, const char *arg)
{
	struct weir_act act = {
		.kind = id == ACTION_CANCEL    ? WEIR_ACT_CANCEL
			: id == ACTION_RESUME  ? WEIR_ACT_RESUME
			: id == ACTION_PAUSE   ? WEIR_ACT_PAUSE
			: id == ACTION_UNPAUSE ? WEIR_ACT_UNPAUSE
					       : WEIR_ACT_RETRIGGER,
	};
	struct weir_id *ids = NULL;
	struct weir_err err = { 0 };
	size_t n = 0;

	if (id == ACTION_RETRIGGER && arg && !strcmp(arg + strspn(arg, "- "), "edit")) {
		open_form_here(a);
		return;
	}
	if (!read_words(a, arg, &act))
		return;
	if (weir_act_allowed(a->config, act.kind, &err))
		status_say(a, true, "%s", err.text);
	else if (!a->engine)
		status_say(a, true, "%s: %s", weir_act_verb(act.kind),
			a->no_server ? "no server is configured"
				     : "offline: the server is not asked");
	else if (!gather(a, &act, &ids, &n))
		status_say(a, true, "%s: there is no %s here", weir_act_verb(act.kind),
			act.kind < WEIR_ACT_PAUSE ? "run"
						  : "deployment, pool or queue");
	else if (n > RUNS_MAX) {
		status_say(a, true, "%s: %zu: at most %d at once",
			weir_act_verb(act.kind), n, RUNS_MAX);
		free(ids);
	} else
		confirm_ask(a, &act, ids, n);
}

void
app_history(struct app *a, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	app_push(a, view_history_new(a));
}
