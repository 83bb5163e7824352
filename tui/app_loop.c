#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <weir/time.h>

#include "app.h"
#include "choice.h"
#include "confirm.h"
#include "word.h"

enum { FIRST_FRAME_MS = 40 };

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
		if (s->offline)
			messages_add(&a->messages, false, "the server answers again");
		s->offline = false;
		s->offline_why[0] = '\0';
		status_read(a);
		break;
	case WEIR_EV_OFFLINE:
		if (!s->offline)
			messages_add(&a->messages, true, ev->text);
		s->offline = true;
		word_copy(s->offline_why, sizeof(s->offline_why), str_of(ev->text));
		status_read(a);
		break;
	case WEIR_EV_DONE:
		if (s->until && ev->request == s->until)
			status_clear(a);
		if (ev->rc && ev->rc != WEIR_EINTR && ev->text[0])
			status_say(a, true, "%s", ev->text);
		break;
	case WEIR_EV_ACTED:
		confirm_done(a, ev);
		app_changed(a);
		break;
	case WEIR_EV_NOTE:
		status_say(a, false, "%s", ev->text);
		break;
	}
	/* The top view may end itself. */
	for (struct view *v = a->top, *below; v; v = below) {
		below = v->below;
		if (v->ops->event)
			v->ops->event(v, ev);
	}
	a->dirty = true;
}

static void
take_answers(struct app *a, struct finder *finder)
{
	struct finder_answer *answer;

	while ((answer = finder_next(finder))) {
		for (struct view *v = a->top; v; v = v->below) {
			if (v->serial == answer->view && v->ops->answer)
				v->ops->answer(v, answer);
		}
		if (answer->view == PALETTE_SERIAL)
			palette_answer(a, answer);
		if (answer->view == CHOICE_SERIAL)
			choice_answer(a, answer);
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
			app_suspend(a, ACTION_SUSPEND, NULL);
		} else {
			a->died_of = sig;
			a->quit = true;
		}
	}
}

/* All keys that are there now, so that one repaint shows what they did together. */
static void
take_input(struct app *a, bool there, bool waited)
{
	unsigned char bytes[1024];
	struct pollfd tty = { .fd = STDIN_FILENO, .events = POLLIN };
	uint32_t key;
	ssize_t n;

	do {
		n = 0;
		if (there || poll(&tty, 1, 0) > 0) {
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
		there = false;
		while (!a->quit && input_next(&a->input, waited, &key))
			app_key(a, key);
	} while (!a->quit && n == sizeof(bytes));
	if (!a->quit)
		app_echo(a);
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
	due = earlier(due, desk_due(a));
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
	if (desk_due(a) && desk_due(a) <= now)
		desk_keep(a);
}

static void
turn(struct app *a)
{
	struct pollfd fds[] = {
		{ .fd = a->script.path ? -1 : STDIN_FILENO, .events = POLLIN },
		{ .fd = a->screen.signal_fd, .events = POLLIN },
		{ .fd = finder_fd(a->finder), .events = POLLIN },
		{ .fd = keeper_fd(a->desk.keeper), .events = POLLIN },
		{ .fd = a->engine ? weir_engine_fd(a->engine) : -1, .events = POLLIN },
		{ .fd = a->envs.watch, .events = POLLIN },
		{ .fd = a->helper ? finder_fd(a->helper) : -1, .events = POLLIN },
	};
	struct weir_event ev;
	int n = poll(fds, N_ELEM(fds), timeout_ms(a));

	if (fds[1].revents)
		take_signals(a);
	if (!a->quit && !a->script.path && (fds[0].revents || input_pending(&a->input)))
		take_input(a, fds[0].revents != 0, n == 0);
	if (a->quit)
		return;
	while (a->engine && weir_engine_next(a->engine, &ev))
		take_event(a, &ev);
	if (fds[2].revents)
		take_answers(a, a->finder);
	if (fds[6].revents)
		take_answers(a, a->helper);
	if (fds[3].revents)
		desk_take(a);
	if (fds[5].revents)
		envs_take(a);
	take_timers(a);
}

enum weir_rc
app_loop(struct app *a, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;
	bool more = true;

	while (!a->quit && more) {
		turn(a);
		if (a->script.path)
			rc = script_step(&a->script, a, &more, err);
		if (rc)
			return rc;
		if (!a->quit && (a->dirty || a->moved || a->top->dirty) &&
			(!a->script.path || a->script.waiting))
			app_paint(a);
	}
	while (!rc && a->script.path && more)
		rc = script_step(&a->script, a, &more, err);
	return rc;
}

/* The first frame waits a moment for the first rows, so that it need not be drawn
 * twice. */
void
app_first_frame(struct app *a)
{
	struct pollfd fd = { .fd = finder_fd(a->finder), .events = POLLIN };
	int64_t until = weir_monotonic_us() + FIRST_FRAME_MS * 1000;

	view_update(a->top);
	/* A log has its lines at once. */
	while (a->top->ops->context != CONTEXT_LOG && weir_monotonic_us() < until &&
		poll(&fd, 1, FIRST_FRAME_MS) > 0) {
		take_answers(a, a->finder);
		if (!(a->top->dirty & VIEW_DATA) || finder_idle(a->finder))
			break;
	}
	app_paint(a);
}
