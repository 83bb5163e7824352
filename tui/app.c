#include "app.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <weir/select.h>
#include <weir/time.h>

#include "view_log.h"
#include "view_run.h"
#include "view_runs.h"
#include "word.h"

enum { FIRST_FRAME_MS = 40 };

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
	for (struct view *v = a->top; v; v = v->below)
		view_touch(v, VIEW_DATA);
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

	a->top = v->below;
	finder_cancel(a->finder, v->serial);
	v->ops->free(v);
	a->dirty = true;
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

void
app_paint(struct app *a)
{
	if (!a->top)
		return;
	a->now_us = weir_now_us();
	view_update(a->top);
	a->top->dirty &= ~(unsigned)VIEW_PAINT;
	a->top->ops->paint(a->top, &a->draw);
	status_paint(a);
	draw_flush(&a->draw);
	a->drawn_us = weir_monotonic_us();
	a->dirty = false;
}

bool
app_idle(struct app *a)
{
	if (a->dirty || (a->top && a->top->dirty))
		return false;
	if (a->top && a->top->ops->due && a->top->ops->due(a->top))
		return false;
	return finder_idle(a->finder) && (!a->engine || weir_engine_idle(a->engine));
}

void
app_prompt(struct app *a, char label, const char *text)
{
	prompt_start(&a->prompt, label, text);
	a->dirty = true;
}

static void
prompt_done(struct app *a, enum view_prompt what)
{
	prompt_stop(&a->prompt, what == VIEW_PROMPT_ACCEPTED);
	a->top->ops->prompt(a->top, &a->prompt, what);
}

static void
key_of_prompt(struct app *a, uint32_t key)
{
	struct prompt *p = &a->prompt;
	struct buf text = BUF_INIT(PROMPT_MAX);

	switch (prompt_key(p, key, buf_str(&a->input.paste))) {
	case PROMPT_CHANGED:
		a->top->ops->prompt(a->top, p, VIEW_PROMPT_CHANGED);
		break;
	case PROMPT_ACCEPTED:
		prompt_done(a, VIEW_PROMPT_ACCEPTED);
		break;
	case PROMPT_CANCELLED:
		prompt_done(a, VIEW_PROMPT_CANCELLED);
		break;
	case PROMPT_COMPLETE:
		if (p->ghost.len == 0)
			break;
		buf_addstr(&text, buf_str(&p->text));
		buf_addstr(&text, buf_str(&p->ghost));
		prompt_set(p, buf_cstr(&text));
		buf_clear(&p->ghost);
		a->top->ops->prompt(a->top, p, VIEW_PROMPT_CHANGED);
		break;
	case PROMPT_MOVED:
	case PROMPT_IGNORED:
		break;
	}
	buf_release(&text);
}

void
app_key(struct app *a, uint32_t key)
{
	enum action_id id;

	a->key_us = weir_monotonic_us();
	a->dirty = true;
	status_clear(a);
	if (a->prompt.active) {
		key_of_prompt(a, key);
		return;
	}
	if (a->top->ops->key && a->top->ops->key(a->top, key))
		return;
	id = keymap_find(&a->keymap, a->top->ops->context, key);
	if (id != ACTION_NONE)
		action_get(id)->run(a, id);
}

static void
take_event(struct app *a, const struct weir_event *ev)
{
	struct status *s = &a->status;

	switch (ev->kind) {
	case WEIR_EV_CHANGED:
		app_changed(a);
		break;
	case WEIR_EV_PROGRESS:
		s->busy = true;
		s->done = ev->done;
		s->total = ev->total;
		break;
	case WEIR_EV_IDLE:
		s->busy = false;
		s->done = s->total = 0;
		app_changed(a);
		break;
	case WEIR_EV_ONLINE:
		s->offline = false;
		s->offline_why[0] = '\0';
		status_read(a);
		break;
	case WEIR_EV_OFFLINE:
		s->offline = true;
		word_copy(s->offline_why, sizeof(s->offline_why), str_of(ev->text));
		status_read(a);
		break;
	case WEIR_EV_DONE:
		if (ev->rc && ev->rc != WEIR_EINTR && ev->text[0])
			status_say(a, true, "%s", ev->text);
		break;
	case WEIR_EV_NOTE:
		status_say(a, false, "%s", ev->text);
		break;
	}
	for (struct view *v = a->top; v; v = v->below) {
		if (v->ops->event)
			v->ops->event(v, ev);
	}
	a->dirty = true;
}

static void
take_answers(struct app *a)
{
	struct finder_answer *answer;

	while ((answer = finder_next(a->finder))) {
		for (struct view *v = a->top; v; v = v->below) {
			if (v->serial == answer->view && v->ops->answer)
				v->ops->answer(v, answer);
		}
		finder_answer_free(answer);
		a->dirty = true;
	}
}

static void
take_signals(struct app *a)
{
	int sig;

	while ((sig = screen_signal(&a->screen))) {
		if (sig == SIGWINCH || sig == SIGCONT) {
			if (screen_measure(&a->screen) || sig == SIGCONT)
				app_layout(a);
		} else if (sig == SIGTSTP) {
			app_suspend(a, ACTION_SUSPEND);
		} else {
			a->died_of = sig;
			a->quit = true;
		}
	}
}

/* All keys that are there now, so that one repaint shows what they did together. */
static void
take_input(struct app *a, bool waited)
{
	unsigned char bytes[1024];
	struct pollfd tty = { .fd = STDIN_FILENO, .events = POLLIN };
	uint32_t key;

	do {
		ssize_t n = 0;

		if (poll(&tty, 1, 0) > 0) {
			n = read(STDIN_FILENO, bytes, sizeof(bytes));
			if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
				a->quit = true; /* the terminal is gone */
				return;
			}
		}
		if (n > 0) {
			input_feed(&a->input, bytes, (size_t)n);
			waited = false;
		}
		while (!a->quit && input_next(&a->input, waited, &key))
			app_key(a, key);
		if (n <= 0)
			return;
	} while (!a->quit);
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return !a || (b && b < a) ? b : a;
}

/* Milliseconds until something is due, -1: never. */
static int
timeout_ms(struct app *a)
{
	int64_t due = 0, now = weir_monotonic_us();

	if (a->script.path)
		due = now + (a->script.waiting && !app_idle(a) ? 20000 : 0);
	if (input_pending(&a->input))
		due = earlier(due, now + INPUT_ESC_MS * 1000);
	if (a->top->ops->due)
		due = earlier(due, a->top->ops->due(a->top));
	due = earlier(due, status_due(a));
	if (!due)
		return -1;
	return due <= now ? 0 : (int)((due - now + 999) / 1000);
}

static void
take_timers(struct app *a)
{
	int64_t now = weir_monotonic_us(), due = status_due(a);

	if (a->top->ops->due) {
		int64_t wants = a->top->ops->due(a->top);

		if (wants && wants <= now)
			view_touch(a->top, VIEW_DATA), a->dirty = true;
	}
	if (due && due <= now)
		a->dirty = true;
}

static void
turn(struct app *a)
{
	struct pollfd fds[] = {
		{ .fd = a->script.path ? -1 : STDIN_FILENO, .events = POLLIN },
		{ .fd = a->screen.signal_fd, .events = POLLIN },
		{ .fd = finder_fd(a->finder), .events = POLLIN },
		{ .fd = a->engine ? weir_engine_fd(a->engine) : -1, .events = POLLIN },
	};
	struct weir_event ev;
	int n = poll(fds, N_ELEM(fds), timeout_ms(a));

	take_signals(a);
	if (!a->quit && !a->script.path && (fds[0].revents || input_pending(&a->input)))
		take_input(a, n == 0);
	if (a->quit)
		return;
	while (a->engine && weir_engine_next(a->engine, &ev))
		take_event(a, &ev);
	take_answers(a);
	take_timers(a);
}

static enum weir_rc
loop(struct app *a, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;
	bool more = true;

	while (!a->quit && more) {
		turn(a);
		if (a->script.path)
			rc = script_step(&a->script, a, &more, err);
		if (rc)
			return rc;
		if (!a->quit && (a->dirty || a->top->dirty) &&
			(!a->script.path || a->script.waiting))
			app_paint(a);
	}
	while (!rc && a->script.path && more)
		rc = script_step(&a->script, a, &more, err);
	return rc;
}

/* The first frame waits a moment for the first rows, so that it need not be drawn
 * twice. */
static void
first_frame(struct app *a)
{
	struct pollfd fd = { .fd = finder_fd(a->finder), .events = POLLIN };
	int64_t until = weir_monotonic_us() + FIRST_FRAME_MS * 1000;

	view_update(a->top);
	while (weir_monotonic_us() < until && poll(&fd, 1, FIRST_FRAME_MS) > 0) {
		take_answers(a);
		if (!(a->top->dirty & VIEW_DATA) || finder_idle(a->finder))
			break;
	}
	app_paint(a);
}

static enum weir_rc
open_views(struct app *a, struct weir_err *err)
{
	const struct tui_start *start = a->start;
	struct view *v = NULL;
	struct weir_id id;
	enum weir_kind kind;
	int64_t key;
	enum weir_rc rc;

	rc = view_runs_new(a, start->kind, start->query, start->sort, &v, err);
	if (rc)
		return rc;
	app_push(a, v);
	if (!start->open)
		return WEIR_OK;
	if (!app_store(a))
		return weir_fail(err, WEIR_ENOTFOUND, "run '%s': nothing is stored yet",
			start->open);
	rc = weir_resolve(a->store, 1u << WEIR_RUN | 1u << WEIR_TASK_RUN, start->open,
		&kind, &id, &key, err);
	if (rc)
		return rc;
	v = start->log || kind == WEIR_TASK_RUN ? view_log_new(a, kind, &id)
						: view_run_new(a, &id);
	if (!v)
		return weir_fail(
			err, WEIR_ENOTFOUND, "run '%s': not here", start->open);
	app_push(a, v);
	return WEIR_OK;
}

static enum weir_rc
start_engine(struct app *a, struct weir_err *err)
{
	enum weir_rc rc;

	app_store(a);
	if (a->start->offline || a->no_server)
		return WEIR_OK;
	rc = weir_engine_start(a->config, false, &a->engine, err);
	if (rc == WEIR_ENOSERVER) {
		a->no_server = true;
		return WEIR_OK;
	}
	if (!rc)
		weir_engine_active(a->engine, true);
	return rc;
}

static bool
wants_colour(const struct app *a)
{
	const char *color = weir_config_str(a->config, WEIR_KEY_COLOR);
	const char *none = getenv("NO_COLOR");

	if (color && strcmp(color, "never") == 0)
		return false;
	if (color && strcmp(color, "always") == 0)
		return true;
	return !none || !*none;
}

static void
init(struct app *a, const struct tui_start *start)
{
	a->start = start;
	a->config = start->config;
	a->utc = weir_config_bool(a->config, WEIR_KEY_UTC);
	a->status.cycle_us = a->status.offline_us = WEIR_NO_TIME;
	a->session = weir_session_new(a->config);
	setlocale(LC_CTYPE, "");
	a->theme.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	input_init(&a->input);
	prompt_init(&a->prompt);
}

static void
release(struct app *a)
{
	while (a->top) {
		struct view *v = a->top;

		a->top = v->below;
		v->ops->free(v);
	}
	screen_close(&a->screen);
	weir_engine_stop(a->engine);
	finder_stop(a->finder);
	weir_session_free(a->session);
	draw_release(&a->draw);
	input_release(&a->input);
	prompt_release(&a->prompt);
	keymap_release(&a->keymap);
	script_close(&a->script);
}

enum weir_rc
app_run(const struct tui_start *start, struct weir_err *err)
{
	struct app a = { 0 };
	enum weir_rc rc;
	int died_of;

	init(&a, start);
	rc = keymap_parse(&a.keymap, "default keys", str_of(keymap_defaults), err);
	if (!rc && start->script)
		rc = script_open(&a.script, start->script, err);
	if (!rc)
		rc = finder_start(a.config, &a.finder, err);
	if (rc)
		goto out;
	/* The first question is on its way while the terminal is set up. */
	a.now_us = weir_now_us();
	draw_init(&a.draw, &a.theme);
	/* One run asks the server as it is opened; a list can wait for its first frame.
	 */
	if (start->open)
		rc = start_engine(&a, err);
	if (!rc)
		rc = open_views(&a, err);
	if (rc)
		goto out;
	a.top->ops->data(a.top);
	a.top->dirty &= ~(unsigned)VIEW_DATA;
	rc = screen_open(&a.screen, start->script != NULL, err);
	if (rc)
		goto out;
	theme_init(&a.theme, wants_colour(&a));
	app_layout(&a);
	first_frame(&a);
	if (!start->open)
		rc = start_engine(&a, err);
	if (!rc)
		rc = loop(&a, err);
out:
	died_of = a.died_of;
	release(&a);
	if (died_of)
		raise(died_of);
	return rc;
}
