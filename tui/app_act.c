/* Actions that mean the same in every view. */
#include "app.h"
#include "view_help.h"
#include "web.h"

void
app_nothing(struct app *a, enum action_id id)
{
	(void)a;
	(void)id;
}

void
app_forward(struct app *a, enum action_id id)
{
	a->top->ops->act(a->top, id);
	view_touch(a->top, VIEW_PAINT);
}

void
app_back(struct app *a, enum action_id id)
{
	/* A filter or search that can be taken back goes before the view does. */
	if (a->top->ops->act(a->top, id))
		return;
	app_pop(a);
	a->quit = !a->top;
}

void
app_quit(struct app *a, enum action_id id)
{
	(void)id;
	a->quit = true;
}

void
app_refresh(struct app *a, enum action_id id)
{
	if (!a->engine) {
		status_say(a, true, "%s",
			a->no_server
				? "no server is configured: there is nothing to ask"
				: "offline: the server is not asked");
		return;
	}
	a->top->ops->act(a->top, id);
	app_submit(a, WEIR_REQ_SYNC, NULL);
	status_say(a, false, "asking the server");
}

void
app_repaint(struct app *a, enum action_id id)
{
	(void)id;
	screen_measure(&a->screen);
	app_layout(a);
}

void
app_suspend(struct app *a, enum action_id id)
{
	(void)id;
	screen_suspend(&a->screen);
	screen_measure(&a->screen);
	app_layout(a);
}

void
app_zone(struct app *a, enum action_id id)
{
	(void)id;
	a->utc = !a->utc;
	for (struct view *v = a->top; v; v = v->below)
		view_touch(v, VIEW_LAYOUT);
	status_say(a, false, a->utc ? "times in UTC" : "times of this machine's zone");
}

void
app_help(struct app *a, enum action_id id)
{
	(void)id;
	app_push(a, view_help_new(a, a->top->ops->context));
}

static void
copy(struct app *a, const char *text)
{
	if (screen_copy(&a->screen, text))
		status_say(a, false, "copied %s", text);
	else
		status_say(a, true, "too long for the clipboard");
}

void
app_copy_id(struct app *a, enum action_id id)
{
	char text[WEIR_ID_TEXT + 1];
	enum weir_kind kind;
	struct weir_id object;

	(void)id;
	if (a->top->ops->object && a->top->ops->object(a->top, &kind, &object))
		copy(a, weir_id_format(&object, text));
	else
		status_say(a, true, "nothing here has an id");
}

void
app_copy_command(struct app *a, enum action_id id)
{
	struct buf text = BUF_INIT(PROMPT_MAX * 2);

	(void)id;
	a->top->ops->command(a->top, &text);
	copy(a, buf_cstr(&text));
	buf_release(&text);
}

void
app_web(struct app *a, enum action_id id)
{
	struct buf address = BUF_INIT(4096), name = BUF_INIT(4096);
	struct weir_err err = { 0 };
	enum weir_kind kind;
	struct weir_id object;

	(void)id;
	if (!a->top->ops->object || !a->top->ops->object(a->top, &kind, &object)) {
		status_say(a, true, "nothing here has a page");
		return;
	}
	if (a->top->ops->name)
		a->top->ops->name(a->top, &name);
	if (web_open(a, kind, &object, buf_cstr(&name), &address, &err))
		status_say(a, true, "%s", err.text);
	else
		status_say(a, false, "%s", buf_cstr(&address));
	buf_release(&address);
	buf_release(&name);
}
