/*
 * The clock of the embedded store: one worker of those that live holds the lock and
 * says when time has come (embedded_tick.c); when it dies the others are told (alive.h)
 * and one takes it. It sleeps until the next schedule, or run
 * that would be Late or has been paused for too long.
 */
#include <unistd.h>

#include "alive.h"
#include "bell.h"
#include "session.h"
#include "weir/time.h"
#include "worker.h"

static const int64_t again_us = 1000000; /* after changes, not at each of them */
static const int64_t try_us = 10000000;  /* after a failure */

static void ask(struct worker *w, const char *method);

static void
say_problems(struct worker *w, const json_t *problems)
{
	for (size_t i = 0; i < json_array_size(problems); i++) {
		const char *text = json_string_value(json_array_get(problems, i));

		if (text)
			worker_say(w, WEIR_WORKER_WARNING, "%s", text);
	}
}

static void
on_look(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	struct worker *w = arg;
	json_t *body = rc ? NULL : worker_parse(page);
	const char *next = json_string_value(json_object_get(body, "next"));
	bool due = json_is_true(json_object_get(body, "due"));

	w->ticking = false;
	w->tick_at_us = INT64_MAX;
	if (rc && rc != WEIR_EINTR) {
		worker_say(w, WEIR_WORKER_WARNING, "schedules: %s", err->text);
		w->tick_at_us = weir_now_us() + try_us;
	} else if (next) {
		(void)weir_time_parse(str_of(next), &w->tick_at_us);
	}
	say_problems(w, json_object_get(body, "problems"));
	json_decref(body);
	if (due)
		ask(w, "POST");
	worker_wake_at(w, 0);
}

/* It was done: there may be runs to take, and more to do. */
static void
on_done(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	struct worker *w = arg;

	if (!rc)
		worker_poll_soon(w);
	on_look(arg, rc, page, err);
}

static void
ask(struct worker *w, const char *method)
{
	bool does = *method == 'P';

	w->ticking = true;
	w->ticked_us = weir_monotonic_us();
	w->ticked_at_us = weir_now_us();
	w->api->ops->raw(w->api, method, "/weir/tick", STR(""), true,
		does ? on_done : on_look, w);
}

/* Tried when something has changed, or another worker has ended. */
static bool
has_lock(struct worker *w, int64_t now_us)
{
	const char *path = weir_config_store(weir_session_config(w->session));

	if (w->tick_lock >= 0)
		return true;
	if (now_us < w->tick_try_us) {
		if (w->tick_soon)
			worker_wake_at(w, w->tick_try_us);
		return false;
	}
	w->tick_try_us = now_us + again_us;
	w->tick_lock = alive_tick(path);
	w->tick_soon = w->tick_lock >= 0;
	return w->tick_soon;
}

void
worker_tick(struct worker *w, int64_t now_us)
{
	int64_t wall = weir_now_us();

	if (!w->api->local || w->ticking)
		return;
	if (w->stopping) {
		worker_tick_end(w);
		return;
	}
	if (!has_lock(w, now_us))
		return;
	/* set back: what seemed far away may be near */
	if (wall < w->ticked_at_us)
		w->tick_soon = true;
	if (w->tick_soon && now_us < w->ticked_us + again_us) {
		worker_wake_at(w, w->ticked_us + again_us);
	} else if (w->tick_soon || wall >= w->tick_at_us) {
		w->tick_soon = false;
		ask(w, "GET");
	} else if (w->tick_at_us != INT64_MAX) {
		worker_wake_at(w, now_us + w->tick_at_us - wall);
	}
}

void
worker_tick_end(struct worker *w)
{
	if (w->tick_lock < 0)
		return;
	close(w->tick_lock);
	w->tick_lock = -1;
	bell_ring(weir_config_store(weir_session_config(w->session)));
}
