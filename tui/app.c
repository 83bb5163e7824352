#include "app.h"

#include <weir/time.h>

#include "mouse.h"
#include "recall.h"
#include "word.h"

struct weir_store *
app_store(struct app *a)
{
	struct weir_err err = { 0 };
	enum weir_rc rc;

	if (a->store)
		return a->store;
	rc = weir_session_store(a->session, WEIR_STORE_READ, &a->store, &err);
	if (!rc) {
		a->store_why[0] = '\0';
		a->generation = weir_store_generation(a->store);
		status_read(a);
		return a->store;
	}
	a->store = NULL;
	a->no_server = rc == WEIR_ENOSERVER;
	if (rc == WEIR_ENOTFOUND)
		a->store_why[0] = '\0';
	else
		word_copy(a->store_why, sizeof(a->store_why), str_of(err.text));
	return NULL;
}

void
app_changed(struct app *a)
{
	int64_t generation;

	if (!app_store(a))
		return;
	generation = weir_store_generation(a->store);
	status_read(a);
	a->dirty = true;
	if (generation == a->generation && a->top->dirty == 0)
		return;
	a->generation = generation;
	desk_look(a);
	for (struct view *v = a->top; v; v = v->below)
		view_touch(v, VIEW_DATA);
}

const char *
app_asking(const struct app *a)
{
	return weir_config_embedded(a->config) ? "under way" : "asking the server";
}

uint64_t
app_submit(struct app *a, enum weir_req_kind kind, const struct weir_id *id)
{
	struct weir_req req = { .kind = kind };

	if (!a->engine)
		return 0;
	if (id)
		req.id = *id;
	return weir_engine_submit(a->engine, &req);
}

struct finder *
app_helper(struct app *a)
{
	if (a->helper)
		return a->helper;
	if (finder_start(a->config, &a->helper, NULL))
		return a->finder;
	finder_envs(a->helper, a->start->env_file, a->start->no_network);
	return a->helper;
}

void
app_cancel(struct app *a, uint64_t serial)
{
	finder_cancel(a->finder, serial);
	if (a->helper)
		finder_cancel(a->helper, serial);
}

static void
place(struct app *a, struct view *v)
{
	status_body(a->draw.rows, &v->y, &v->height);
	v->width = a->draw.cols;
	view_touch(v, VIEW_LAYOUT);
}

void
app_push(struct app *a, struct view *v)
{
	v->below = a->top;
	a->top = v;
	place(a, v);
	status_clear(a);
	a->dirty = true;
}

void
app_pop(struct app *a)
{
	struct view *v = a->top;

	if (a->prompt.active && a->prompt.arg == v)
		prompt_stop(&a->prompt, false);
	a->top = v->below;
	app_cancel(a, v->serial);
	desk_leave(a, v);
	v->ops->free(v);
	a->dirty = true;
	a->here_us = 0;
	if (a->top)
		place(a, a->top);
}

void
app_layout(struct app *a)
{
	draw_resize(&a->draw, a->screen.rows, a->screen.cols);
	for (struct view *v = a->top; v; v = v->below)
		place(a, v);
	a->dirty = true;
}

/* Two rows instead of a screen: a key that is held down costs next to nothing. */
static bool
paint_cursor(struct app *a)
{
	struct view *v = a->top;

	if (a->dirty || v->dirty || !a->moved || !v->ops->cursor ||
		!v->ops->cursor(v, &a->draw) || a->dirty)
		return false;
	draw_flush(&a->draw);
	a->moved = false;
	return true;
}

void
app_paint(struct app *a)
{
	bool whole = a->dirty; /* not the few bytes of a list that scrolls */

	if (!a->top || paint_cursor(a))
		return;
	a->now_us = weir_now_us();
	view_update(a->top);
	a->top->dirty &= ~(unsigned)VIEW_PAINT;
	a->top->ops->paint(a->top, &a->draw);
	status_paint(a);
	if (whole)
		screen_begin_frame(&a->screen);
	draw_flush(&a->draw);
	if (whole)
		screen_end_frame(&a->screen);
	a->drawn_us = weir_monotonic_us();
	a->dirty = a->moved = false;
}

bool
app_idle(struct app *a)
{
	if (a->dirty || a->moved || (a->top && a->top->dirty))
		return false;
	if (a->top && a->top->ops->due && a->top->ops->due(a->top))
		return false;
	return finder_idle(a->finder) && (!a->helper || finder_idle(a->helper)) &&
	       desk_idle(a) && (!a->engine || weir_engine_idle(a->engine));
}

bool
app_stands(const struct app *a)
{
	return a->script.path || getenv("WEIR_NOW");
}

void
app_prompt(struct app *a, const struct prompt_user *user, void *arg, const char *text)
{
	if (user->history)
		recall_read(a, prompt_history(&a->prompt, user->history));
	prompt_start(&a->prompt, user, arg, text);
	a->dirty = true;
}

static void
prompt_tell(struct app *a, enum prompt_event ev)
{
	struct prompt *p = &a->prompt;

	if (ev != PROMPT_EV_CHANGED)
		prompt_stop(p, ev == PROMPT_EV_ACCEPTED);
	if (ev == PROMPT_EV_ACCEPTED && p->history)
		recall_keep(a, p->history);
	a->typing = ev == PROMPT_EV_CHANGED;
	p->user->event(a, p->arg, p, ev);
	a->typing = false;
}

static void
key_of_prompt(struct app *a, uint32_t key)
{
	struct prompt *p = &a->prompt;
	struct buf text = BUF_INIT(PROMPT_MAX);

	if (p->user->key && p->user->key(a, p->arg, p, key))
		return;
	switch (prompt_key(p, key, buf_str(&a->input.paste))) {
	case PROMPT_CHANGED:
		a->untold = true;
		break;
	case PROMPT_ACCEPTED:
		prompt_tell(a, PROMPT_EV_ACCEPTED);
		break;
	case PROMPT_CANCELLED:
		prompt_tell(a, PROMPT_EV_CANCELLED);
		break;
	case PROMPT_COMPLETE:
		if (p->ghost.len == 0)
			break;
		buf_addstr(&text, buf_str(&p->text));
		buf_addstr(&text, buf_str(&p->ghost));
		prompt_set(p, buf_cstr(&text));
		buf_clear(&p->ghost);
		a->untold = true;
		break;
	case PROMPT_MOVED:
	case PROMPT_IGNORED:
		break;
	}
	buf_release(&text);
}

void
app_settle(struct app *a)
{
	if (a->top->dirty & VIEW_LAYOUT)
		view_update(a->top);
}

void
app_echo(struct app *a)
{
	if (!a->untold)
		return;
	status_echo(a);
	app_tell(a);
}

void
app_tell(struct app *a)
{
	if (!a->untold)
		return;
	a->untold = false;
	prompt_tell(a, PROMPT_EV_CHANGED);
}

/* Does the key do nothing but move a cursor, which is painted alone? */
static bool
moves(const struct app *a, uint32_t key)
{
	const struct view_ops *ops = a->top->ops;
	const struct binding *b = keymap_at(&a->keymap, ops->context, key);

	return !a->prompt.active && ops->cursor && b && b->action <= ACTION_LAST &&
	       action_get(b->action)->run == app_forward;
}

/* Who looks again sees what is new now. */
static void
focus(struct app *a, bool here)
{
	if (a->unfocused == !here)
		return;
	a->unfocused = !here;
	a->dirty = true;
	if (a->engine)
		weir_engine_active(a->engine, here);
	if (here && a->status.offline)
		app_submit(a, WEIR_REQ_SYNC, NULL);
	if (here)
		app_changed(a);
}

/* What comes as keys do, and is none. */
static bool
terminal_tells(struct app *a, uint32_t key)
{
	if (key == INPUT_FOCUS || key == INPUT_BLUR)
		focus(a, key == INPUT_FOCUS);
	else if (key == INPUT_SYNCS || key == INPUT_NO_SYNC)
		screen_synced(&a->screen, key == INPUT_SYNCS);
	else
		return false;
	return true;
}

/* A key that does nothing here says what it is for. */
static void
explain(struct app *a, uint32_t key)
{
	struct buf text = BUF_INIT(256);

	if (key == INPUT_PASTE || key >= INPUT_CLICK)
		return;
	keymap_explain(&a->keymap, a->top->ops->context, key, &text);
	status_hint(a, buf_cstr(&text));
	buf_release(&text);
}

void
app_key(struct app *a, uint32_t key)
{
	const struct binding *b;

	if (terminal_tells(a, key))
		return;
	app_tell(a);
	a->desk.touched = true;
	a->key_us = a->here_us = weir_monotonic_us();
	if (!moves(a, key))
		a->dirty = true;
	status_clear(a);
	if (key == INPUT_CLICK)
		app_settle(a);
	if (mouse_key(a, key))
		return;
	if (a->prompt.active) {
		key_of_prompt(a, key);
		if (a->script.path)
			app_tell(a);
		return;
	}
	app_settle(a);
	if (a->top->ops->key && a->top->ops->key(a->top, key)) {
		a->dirty = true;
		return;
	}
	b = keymap_at(&a->keymap, a->top->ops->context, key);
	if (b && b->action != ACTION_NONE)
		action_get(b->action)->run(a, b->action, b->arg);
	else
		explain(a, key);
}
