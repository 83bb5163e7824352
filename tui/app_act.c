/* Actions that mean the same in every view. */
#include <errno.h>

#include "app.h"
#include "outside.h"
#include "view_help.h"
#include "view_messages.h"
#include "web.h"

void
app_nothing(struct app *a, enum action_id id, const char *arg)
{
	(void)a;
	(void)id;
	(void)arg;
}

void
app_forward(struct app *a, enum action_id id, const char *arg)
{
	view_do(a->top, id, arg);
	if (a->top && a->top->ops->cursor && id <= ACTION_LAST)
		a->moved = true;
	else if (a->top)
		view_touch(a->top, VIEW_PAINT);
}

void
app_back(struct app *a, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	/* A filter or search that can be taken back goes before the view does. */
	if (a->top->ops->back && a->top->ops->back(a->top))
		return;
	/* The last view stays until the end: how it is left is kept. */
	if (a->top->below)
		app_pop(a);
	else
		a->quit = true;
}

void
app_quit(struct app *a, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	a->quit = true;
}

void
app_refresh(struct app *a, enum action_id id, const char *arg)
{
	if (a->top->ops->context & (CONTEXT_ENVS | CONTEXT_ENV)) {
		view_do(a->top, id, arg);
		return;
	}
	if (!a->engine) {
		status_say(a, true, "%s",
			a->no_server
				? "no server is configured: there is nothing to ask"
				: "offline: the server is not asked");
		return;
	}
	view_do(a->top, id, arg);
	status_say(a, false, "%s", app_asking(a));
	a->status.until = app_submit(a, WEIR_REQ_SYNC, NULL);
}

void
app_repaint(struct app *a, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	screen_measure(&a->screen);
	app_layout(a);
}

void
app_suspend(struct app *a, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	screen_suspend(&a->screen);
	screen_measure(&a->screen);
	app_layout(a);
}

void
app_zone(struct app *a, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	a->utc = !a->utc;
	for (struct view *v = a->top; v; v = v->below)
		view_touch(v, VIEW_LAYOUT);
	status_say(a, false, a->utc ? "times in UTC" : "times of this machine's zone");
}

void
app_command(struct app *a, enum action_id id, const char *arg)
{
	struct weir_err err = { 0 };

	(void)id;
	if (!arg || !*arg)
		palette_open(a);
	else if (palette_run(a, arg, &err))
		status_say(a, true, "%s", err.text);
}

/*
 * The view's command is read and written again, so that what the shell sees is quoted
 * by us, whatever a title shows and whatever names the server has.
 */
void
app_shell(struct app *a, enum action_id id, const char *arg)
{
	struct buf title = BUF_INIT(PROMPT_MAX * 4), command = BUF_INIT(PROMPT_MAX * 8);
	struct weir_view view = { 0 };
	struct weir_err err = { 0 };

	(void)id;
	(void)arg;
	a->top->ops->command(a->top, &title);
	if (weir_view_parse(buf_str(&title), &view, &err)) {
		status_say(a, true, "no command shows this view");
	} else {
		buf_clear(&title);
		weir_view_format(&view, &title);
		outside_command(a, buf_cstr(&title),
			a->start->no_network ? "--offline --no-menu" : "--no-menu",
			&command);
		outside_run(a, buf_cstr(&command), true);
	}
	weir_view_release(&view);
	buf_release(&title);
	buf_release(&command);
}

void
app_messages(struct app *a, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	app_push(a, view_messages_new(a));
}

void
app_help(struct app *a, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	app_push(a, view_help_new(a, a->top->ops->context));
}

void
app_copy(struct app *a, const char *text)
{
	if (screen_copy(&a->screen, text))
		status_say(a, false, "copied %s", text);
	else
		status_say(a, true, "too long for the clipboard");
}

void
app_copy_id(struct app *a, enum action_id id, const char *arg)
{
	char text[WEIR_ID_TEXT + 1];
	struct buf own = BUF_INIT(256);
	enum weir_kind kind;
	struct weir_id object;

	(void)id;
	(void)arg;
	if (a->top->ops->ident)
		a->top->ops->ident(a->top, &own);
	if (own.len)
		app_copy(a, buf_cstr(&own));
	else if (a->top->ops->object && a->top->ops->object(a->top, &kind, &object))
		app_copy(a, weir_id_format(&object, text));
	else
		status_say(a, true, "nothing here has an id");
	buf_release(&own);
}

void
app_copy_command(struct app *a, enum action_id id, const char *arg)
{
	struct buf text = BUF_INIT(PROMPT_MAX * 2);

	(void)id;
	(void)arg;
	a->top->ops->command(a->top, &text);
	app_copy(a, buf_cstr(&text));
	buf_release(&text);
}

void
app_web(struct app *a, enum action_id id, const char *arg)
{
	struct buf address = BUF_INIT(4096), name = BUF_INIT(4096);
	struct weir_err err = { 0 };
	enum weir_kind kind;
	struct weir_id object;

	(void)id;
	(void)arg;
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

enum weir_kind
app_list_kind(enum action_id id)
{
	/* From ACTION_RUNS on. */
	static const enum weir_kind kinds[] = { WEIR_RUN, WEIR_TASK_RUN, WEIR_FLOW,
		WEIR_DEPLOYMENT, WEIR_POOL, WEIR_QUEUE, WEIR_WORKER, WEIR_LIMIT,
		WEIR_ARTIFACT, WEIR_ENVIRONMENT };

	return id >= ACTION_RUNS && id <= ACTION_ENVIRONMENTS ? kinds[id - ACTION_RUNS]
							      : WEIR_RUN;
}

void
app_dump(struct app *a, enum action_id id, const char *arg)
{
	struct buf cells = BUF_INIT(DRAW_COLS_MAX * DRAW_ROWS_MAX);
	FILE *f;
	bool ok;

	(void)id;
	if (!arg || !*arg) {
		status_say(a, true, "dump into which file?");
		return;
	}
	app_paint(a);
	draw_dump(&a->draw, false, &cells);
	f = fopen(arg, "w");
	ok = f && fwrite(buf_cstr(&cells), 1, cells.len, f) == cells.len;
	ok = f && fclose(f) == 0 && ok;
	if (ok)
		status_say(a, false, "the screen is in %s", arg);
	else
		status_say(a, true, "%s: %s", arg, strerror(errno));
	buf_release(&cells);
}
