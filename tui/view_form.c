#include "view_form.h"

#include <weir/pickup.h>

#include "app.h"
#include "confirm.h"

static struct form_view *
form_of(struct view *v)
{
	return page_view_of(v)->arg;
}

/* The field under the cursor, or FORM_NONE. */
static size_t
field_here(struct view *v)
{
	const struct page_line *line = page_view_line(page_view_of(v));
	size_t n = form_of(v)->form.fields.n;

	return line && line->key > 0 && (size_t)line->key <= n ? (size_t)line->key - 1
							       : FORM_NONE;
}

static void
go_to(struct view *v, int64_t key)
{
	struct page_view *pv = page_view_of(v);
	size_t row = page_find(&pv->page, key, PAGE_NONE);

	if (row != PAGE_NONE)
		page_view_goto(pv, row);
}

/* ---- why nobody would take it up */

static void
look_for_workers(struct view *v)
{
	struct form_view *fv = form_of(v);
	struct weir_pickup p = { .n = 0 };
	struct form_wish w;

	fv->wait[0] = '\0';
	form_wish(&fv->form, weir_now_us(), &w);
	if (!app_store(v->app) || weir_pickup_deployment(v->app->store, &fv->form.d.id,
					  w.trigger.queue, weir_now_us(), &p, NULL))
		p.n = 0;
	form_wish_release(&w);
	for (size_t i = 0; i < p.n; i++) {
		if (p.v[i].result != WEIR_CHECK_BAD)
			continue;
		snprintf(fv->wait, sizeof(fv->wait), "it will wait: %s: %s",
			p.v[i].what, p.v[i].text);
		return;
	}
}

/* ---- starting */

static void
send(struct app *a, void *arg)
{
	struct view *v = arg;
	struct form_view *fv = form_of(v);
	struct weir_req req = { 0 };
	struct form_wish w;

	form_wish(&fv->form, weir_now_us(), &w);
	if (weir_id_is_null(&fv->form.run)) {
		req.kind = WEIR_REQ_TRIGGER;
		req.trigger = w.trigger;
	} else {
		req.kind = WEIR_REQ_ACT;
		req.act = w.act;
		req.id = fv->form.run;
	}
	fv->request = weir_engine_submit(a->engine, &req);
	form_wish_release(&w);
	status_say(a, false, "%s: %s",
		weir_id_is_null(&fv->form.run) ? "trigger" : "retrigger",
		app_asking(a));
	view_touch(v, VIEW_DATA);
}

/* What would be sent, with secrets masked. False: nothing, and that is said. */
static bool
plan(struct view *v)
{
	struct form_view *fv = form_of(v);
	struct buf body = BUF_INIT(FORM_TEXT_MAX * 2);
	struct weir_store *store = app_store(v->app);
	struct weir_act_result r = { 0 };
	struct weir_err err = { 0 };
	struct form_wish w;
	enum weir_rc rc;

	form_wish(&fv->form, weir_now_us(), &w);
	w.trigger.known = &fv->form.d;
	buf_clear(&fv->path);
	buf_clear(&fv->body);
	if (weir_id_is_null(&fv->form.run))
		rc = weir_trigger_plan(store, &w.trigger, &fv->path, &body, &r, &err);
	else
		rc = weir_act_plan(
			store, &w.act, &fv->form.run, &fv->path, &body, &r, &err);
	form_mask(&fv->form, buf_str(&body), &fv->body);
	if (rc || r.rc || !fv->path.len)
		status_say(v->app, true, "%s", rc ? err.text : r.said);
	form_wish_release(&w);
	buf_release(&body);
	return !rc && !r.rc && fv->path.len;
}

static void
add_notes(struct form_view *fv)
{
	const struct form *f = &fv->form;

	buf_clear(&fv->notes);
	for (size_t i = 0; i < f->faults.n; i++)
		buf_addf(&fv->notes, "%s %s\n", f->faults.v[i].path,
			f->faults.v[i].text);
	if (fv->wait[0])
		buf_addf(&fv->notes, "%s\n", fv->wait);
}

static void
ask(struct view *v)
{
	struct form_view *fv = form_of(v);
	bool again = !weir_id_is_null(&fv->form.run);
	struct confirm_start start = {
		.kind = again ? WEIR_ACT_RETRIGGER : WEIR_ACT_TRIGGER,
		.title =
			again ? "start a new run with these parameters" : "start a run",
		.path = &fv->path,
		.body = &fv->body,
		.command = &fv->command,
		.notes = &fv->notes,
		.go = send,
		.arg = v,
	};

	add_notes(fv);
	buf_clear(&fv->command);
	form_command(&fv->form, &fv->command);
	confirm_start(v->app, &start);
}

static void
act_start(struct view *v, enum action_id id, const char *arg)
{
	struct form_view *fv = form_of(v);
	struct app *a = v->app;
	struct weir_err err = { 0 };

	(void)id;
	(void)arg;
	look_for_workers(v);
	view_form_changed(v);
	view_update(v);
	if (fv->started || fv->request) {
		status_say(a, false, "%s",
			fv->started ? "it was started" : "the server was asked");
	} else if (fv->form.n_stop) {
		go_to(v, LINE_FAULT);
		if (fv->form.faults.v[0].field != FORM_NONE)
			go_to(v, (int64_t)fv->form.faults.v[0].field + 1);
		status_say(a, true, "not sent: %s %s", fv->form.faults.v[0].path,
			fv->form.faults.v[0].text);
	} else if (weir_act_allowed(a->config, WEIR_ACT_TRIGGER, &err)) {
		status_say(a, true, "%s", err.text);
	} else if (!a->engine) {
		status_say(a, true, "trigger: %s",
			a->no_server ? "no server is configured"
				     : "offline: the server is not asked");
	} else if (plan(v)) {
		ask(v);
	}
}

static void
on_event(struct page_view *v, void *arg, const struct weir_event *ev)
{
	struct form_view *fv = arg;
	bool answer = ev->kind == WEIR_EV_ACTED || ev->kind == WEIR_EV_DONE;

	if (!answer || !fv->request || ev->request != fv->request)
		return;
	fv->request = 0;
	fv->started = ev->kind == WEIR_EV_ACTED && ev->rc == WEIR_OK;
	view_touch(&v->v, VIEW_DATA);
	if (fv->started && v->v.app->top == &v->v)
		app_pop(v->v.app);
}

/* ---- leaving */

static void
leave(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	struct form_view *fv = form_of(arg);

	(void)p;
	if (ev != PROMPT_EV_CHANGED && fv->go)
		app_pop(a);
}

static bool
leave_key(struct app *a, void *arg, struct prompt *p, uint32_t k)
{
	struct form_view *fv = form_of(arg);

	fv->go = k == 'y' || k == 'Y';
	prompt_stop(p, false);
	leave(a, arg, p, PROMPT_EV_ACCEPTED);
	return true;
}

static const struct prompt_user leaving = {
	.label = "leave what was entered? [y/N] ",
	.event = leave,
	.key = leave_key,
};

static bool
back(struct view *v)
{
	struct form_view *fv = form_of(v);

	if (fv->started || fv->request || !form_is_dirty(&fv->form))
		return false;
	app_prompt(v->app, &leaving, v, "");
	return true;
}

/* ---- keys */

static void
act_open(struct view *v, enum action_id id, const char *arg)
{
	const struct page_line *line = page_view_line(page_view_of(v));
	const struct form *f = &form_of(v)->form;
	size_t i = field_here(v);

	if (i != FORM_NONE) {
		view_form_edit(v, i);
	} else if (line && line->key == LINE_START) {
		act_start(v, id, arg);
	} else if (line && line->key == LINE_ADD) {
		view_form_edit(v, FORM_NONE);
	} else if (line && line->key >= LINE_FAULT) {
		i = (size_t)(line->key - LINE_FAULT);
		if (i < f->faults.n && f->faults.v[i].field != FORM_NONE)
			go_to(v, (int64_t)f->faults.v[i].field + 1);
	}
}

static void
act_step(struct view *v, enum action_id id, const char *arg)
{
	size_t i = field_here(v);

	(void)arg;
	if (i != FORM_NONE &&
		form_step(&form_of(v)->form, i, id == ACTION_LEFT ? -1 : 1))
		view_form_changed(v);
	else if (id == ACTION_MARK)
		status_say(v->app, false, "there is nothing to switch");
}

static void
act_value(struct view *v, enum action_id id, const char *arg)
{
	struct form *f = &form_of(v)->form;
	size_t i = field_here(v);

	(void)arg;
	if (i == FORM_NONE) {
		status_say(v->app, false, "there is no value here");
		return;
	}
	if (id == ACTION_NULL && !form_null(f, i))
		status_say(v->app, true, "%s must not be null", f->fields.v[i].name);
	else if (id == ACTION_DEFAULT)
		form_default(f, i);
	else if (id == ACTION_UNDO)
		form_undo(f, i);
	view_form_changed(v);
}

static const struct view_act acts[] = {
	{ ACTION_OPEN, act_open },
	{ ACTION_LEFT, act_step },
	{ ACTION_RIGHT, act_step },
	{ ACTION_MARK, act_step },
	{ ACTION_EDITOR, view_form_editor },
	{ ACTION_DEFAULT, act_value },
	{ ACTION_UNDO, act_value },
	{ ACTION_NULL, act_value },
	{ ACTION_TRIGGER, act_start },
	{ ACTION_NONE, NULL },
};

static const enum action_id hints[] = { ACTION_OPEN, ACTION_TRIGGER, ACTION_DEFAULT,
	ACTION_UNDO, ACTION_NULL, ACTION_COPY_COMMAND, ACTION_HELP, ACTION_BACK,
	ACTION_NONE };

/* ---- the rest of a page */

static void
command(struct page_view *v, void *arg, struct buf *out)
{
	const struct form_view *fv = arg;

	(void)v;
	form_command(&fv->form, out);
}

static void
crumb(struct page_view *v, void *arg, struct buf *out)
{
	const struct form_view *fv = arg;

	(void)v;
	buf_adds(out, weir_id_is_null(&fv->form.run) ? "trigger" : "retrigger");
}

static void
free_form(void *arg)
{
	struct form_view *fv = arg;

	form_close(&fv->form);
	buf_release(&fv->path);
	buf_release(&fv->body);
	buf_release(&fv->command);
	buf_release(&fv->notes);
	free(fv->old);
	free(fv);
}

static const struct page_user user = {
	.context = CONTEXT_FORM,
	.write = view_form_write,
	.free = free_form,
	.command = command,
	.hints = hints,
	.acts = acts,
	.counts = view_form_counts,
	.event = on_event,
	.crumb = crumb,
};

struct view *
view_form_new(struct app *a, enum weir_kind kind, const struct weir_id *id,
	struct weir_err *err)
{
	struct form_view *fv;
	struct view *v;
	struct form form;

	if (!app_store(a)) {
		(void)weir_fail(err, WEIR_ENOTFOUND, "nothing is stored yet");
		return NULL;
	}
	if (form_open(&form, a->store, kind, id, err))
		return NULL;
	fv = xcalloc(1, sizeof(*fv));
	fv->form = form;
	fv->field = FORM_NONE;
	buf_init(&fv->path, 4096);
	buf_init(&fv->body, FORM_TEXT_MAX * 2);
	buf_init(&fv->command, FORM_TEXT_MAX * 2);
	buf_init(&fv->notes, FORM_TEXT_MAX);
	form_check(&fv->form, weir_now_us());
	v = page_view_new(a, &user, fv);
	page_view_of(v)->ops.back = back;
	look_for_workers(v);
	return v;
}
