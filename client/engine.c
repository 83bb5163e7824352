/*
 * The engine's thread: requests first, then the log that is followed, then cycles.
 *
 * It waits in poll() on a pipe that submit writes to, until the next thing is due. A
 * long cycle (first fill) gives way to a request by the stop flag and goes on
 * afterwards.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#define LOG_MODULE "engine"
#include "engine_ear.h"
#include "engine_req.h"
#include "pipe.h"
#include "weir/engine.h"
#include "weir/log.h"
#include "weir/mem.h"
#include "weir/session.h"
#include "weir/store.h"
#include "weir/sync.h"

enum {
	ACTIVE_US = 5 * WEIR_SECOND_US,
	QUIET_US = 30 * WEIR_SECOND_US,
	AWAY_MAX_US = 60 * WEIR_SECOND_US,
	BUSY_US = WEIR_SECOND_US, /* another process syncs: look again */
	WHOLE_EVERY = 6,          /* of so many cycles one is not quick */
	FOLLOW_MIN_US = 400000,
	FOLLOW_MAX_US = 800000, /* when nothing comes: still within a second */
	FOLLOW_WHOLE_EVERY = 10,
	PROGRESS_US = 100000,
	BUSY_TRIES = 5,
};

struct waiting_req {
	struct weir_req req;
	uint64_t number;
};

struct weir_engine {
	pthread_t thread;
	const struct weir_config *config;
	struct weir_session *session; /* the thread's own, but for the interrupt */
	bool offline, on_request;     /* on_request: no cycles by themselves */
	int wake[2];                  /* to the thread */
	int ready[2];                 /* to the reader of events */
	atomic_bool give_way;         /* something waits: end a long cycle */
	atomic_bool active;           /* someone looks */

	pthread_mutex_t lock; /* of what follows */
	VEC(struct waiting_req) requests;
	VEC(struct weir_event) events;
	uint64_t last_number;
	bool stop, busy;

	/* The thread's own. */
	bool following, away, pending;
	bool settled; /* nothing of an earlier weir's is without an answer */
	struct weir_id follow;
	uint64_t follow_number;
	int64_t follow_due_us, follow_wait_us, away_wait_us;
	int64_t cycle_due_us, cycle_end_us, progress_us;
	unsigned cycles, polls;
	int64_t generation;
	struct engine_ear ear;
};

/* Queue an event; of CHANGED and PROGRESS the last that waits is enough. */
static void
post(struct weir_engine *e, const struct weir_event *event)
{
	bool first;

	pthread_mutex_lock(&e->lock);
	first = e->events.n == 0;
	for (size_t i = e->events.n; i-- > 0;) {
		struct weir_event *old = &e->events.v[i];

		if (old->kind != event->kind ||
			(event->kind != WEIR_EV_CHANGED &&
				event->kind != WEIR_EV_PROGRESS))
			continue;
		memmove(old, old + 1, (e->events.n - i - 1) * sizeof(*old));
		e->events.n--;
		break;
	}
	VEC_PUSH(&e->events, *event);
	pthread_mutex_unlock(&e->lock);
	if (first)
		pipe_poke(e->ready[1]);
}

static void
set_text(struct weir_event *event, const char *text)
{
	size_t n = text ? strnlen(text, sizeof(event->text) - 1) : 0;

	if (n)
		memcpy(event->text, text, n);
	event->text[n] = '\0';
}

static void
post_kind(struct weir_engine *e, enum weir_ev_kind kind, const char *text)
{
	struct weir_event event = { .kind = kind };

	set_text(&event, text);
	post(e, &event);
}

static void
post_done(struct weir_engine *e, uint64_t number, enum weir_rc rc, const char *text)
{
	struct weir_event event = { .kind = WEIR_EV_DONE, .request = number, .rc = rc };

	set_text(&event, rc ? text : NULL);
	post(e, &event);
}

static void
progress(void *arg, const struct weir_progress *p)
{
	struct weir_engine *e = arg;
	struct weir_event event = {
		.kind = WEIR_EV_PROGRESS, .done = p->done, .total = p->total
	};
	int64_t now = weir_monotonic_us();

	if (p->changed)
		post_kind(e, WEIR_EV_CHANGED, NULL);
	if (now - e->progress_us < PROGRESS_US)
		return;
	e->progress_us = now;
	set_text(&event, p->what);
	post(e, &event);
}

static void
note(void *arg, const char *text)
{
	post_kind(arg, WEIR_EV_NOTE, text);
}

static struct weir_sync_options
options(struct weir_engine *e)
{
	return (struct weir_sync_options){
		.since_us = WEIR_NO_TIME,
		.progress = progress,
		.arg = e,
	};
}

/* Did this or another process write? Then views are to read again. */
static void
look_for_changes(struct weir_engine *e)
{
	struct weir_store *store = NULL;
	struct weir_err err;
	int64_t generation;

	if (weir_session_store(e->session, WEIR_STORE_READ, &store, &err))
		return;
	generation = weir_store_generation(store);
	if (generation != e->generation)
		post_kind(e, WEIR_EV_CHANGED, NULL);
	e->generation = generation;
}

static void
set_away(void *arg, const char *why)
{
	struct weir_engine *e = arg;

	if (!e->away)
		post_kind(e, WEIR_EV_OFFLINE, why);
	e->away = true;
}

/* The server is away or there again: said once each time. */
static void
note_server(struct weir_engine *e, enum weir_rc rc, const struct weir_err *err)
{
	bool away = rc == WEIR_ENET || rc == WEIR_EAUTH || rc == WEIR_ENOSERVER;

	if (rc == WEIR_EINTR || rc == WEIR_EBUSY || rc == WEIR_EPENDING ||
		rc == WEIR_EDB)
		return;
	if (away) {
		set_away(e, err->text);
	} else if (e->away) {
		post_kind(e, WEIR_EV_ONLINE, NULL);
		e->away_wait_us = 0;
	}
	e->away = away;
}

static void
plan_cycle(struct weir_engine *e, enum weir_rc rc)
{
	int64_t wait = atomic_load(&e->active) ? ACTIVE_US : QUIET_US;

	e->pending = rc == WEIR_EPENDING;
	if (e->pending)
		wait = 0;
	else if (rc == WEIR_EBUSY)
		wait = BUSY_US;
	else if (e->away) {
		e->away_wait_us = e->away_wait_us ? e->away_wait_us * 2 : ACTIVE_US;
		if (e->away_wait_us > AWAY_MAX_US)
			e->away_wait_us = AWAY_MAX_US;
		wait = e->away_wait_us;
	}
	e->cycle_end_us = weir_monotonic_us();
	e->cycle_due_us = e->cycle_end_us + wait;
}

static enum weir_rc
cycle(struct weir_engine *e, bool asked, struct weir_err *err)
{
	struct weir_sync_options o = options(e);
	struct weir_sync_result result;
	enum weir_rc rc;

	engine_ear_metaflow(&e->ear, e->session, asked, &e->give_way, note, e);
	o.stop = &e->give_way;
	o.quick = !asked && e->cycles++ % WHOLE_EVERY != 0;
	o.lock_ms = asked ? BUSY_US / 1000 : 0;
	rc = weir_sync_cycle(e->session, &o, &result, err);
	note_server(e, rc, err);
	plan_cycle(e, rc);
	look_for_changes(e);
	if (rc && rc != WEIR_EINTR && rc != WEIR_EBUSY && rc != WEIR_EPENDING &&
		!e->away)
		post_kind(e, WEIR_EV_NOTE, err->text);
	if (!rc && !e->settled)
		e->settled = !weir_act_settle(e->session, note, e, err);
	return rc;
}

/* One that had no answer is looked up after the next cycle. */
static void
act(struct weir_engine *e, const struct waiting_req *w)
{
	struct weir_event event = { .kind = WEIR_EV_ACTED, .request = w->number };

	engine_req_act(e->session, &w->req, &event);
	if (event.rc == WEIR_ENET || event.rc == WEIR_EINTR)
		e->settled = false;
	post(e, &event);
}

static void
end_follow(struct weir_engine *e, enum weir_rc rc, const char *text)
{
	if (e->following)
		post_done(e, e->follow_number, rc, text);
	e->following = false;
}

static void
begin_follow(struct weir_engine *e, const struct waiting_req *w)
{
	end_follow(e, WEIR_EINTR, "");
	if (weir_id_is_null(&w->req.id)) {
		post_done(e, w->number, WEIR_OK, NULL);
		return;
	}
	e->following = true;
	e->follow = w->req.id;
	e->follow_number = w->number;
	e->follow_due_us = 0;
	e->follow_wait_us = FOLLOW_MIN_US;
	e->polls = 0;
}

/* One look at the log that is followed; soon again when something came. */
static void
poll_follow(struct weir_engine *e)
{
	struct weir_sync_options o = options(e);
	struct weir_err err = { 0 };
	int64_t before = e->generation;
	bool ended = false;
	enum weir_rc rc;

	o.quick = e->polls++ % FOLLOW_WHOLE_EVERY != 0;
	o.lock_ms = BUSY_US / 1000;
	o.stop = &e->give_way;
	rc = weir_sync_logs(e->session, &e->follow, &o, &ended, &err);
	note_server(e, rc, &err);
	look_for_changes(e);
	if (ended || rc == WEIR_ENOTFOUND || rc == WEIR_EREFUSED || rc == WEIR_EDB) {
		end_follow(e, rc, err.text);
		return;
	}
	if (rc == WEIR_EPENDING)
		e->follow_wait_us = 0;
	else if (e->generation != before)
		e->follow_wait_us = FOLLOW_MIN_US;
	else if (e->follow_wait_us < FOLLOW_MAX_US)
		e->follow_wait_us += FOLLOW_MIN_US / 8;
	e->follow_due_us = weir_monotonic_us() +
			   (e->away ? e->away_wait_us + ACTIVE_US : e->follow_wait_us);
}

/* It gave way to another request: its turn comes again. */
static void
put_back(struct weir_engine *e, const struct waiting_req *w)
{
	pthread_mutex_lock(&e->lock);
	VEC_PUSH(&e->requests, *w);
	pthread_mutex_unlock(&e->lock);
}

static void
work(struct weir_engine *e, const struct waiting_req *w)
{
	struct weir_sync_options o = options(e);
	struct weir_err err = { 0 };
	bool ended = false;
	enum weir_rc rc = WEIR_OK;

	if (e->offline) {
		rc = weir_fail(&err, WEIR_ENET, "offline by choice");
	} else if (w->req.kind == WEIR_REQ_SYNC) {
		rc = cycle(e, true, &err);
	} else if (w->req.kind == WEIR_REQ_ACT || w->req.kind == WEIR_REQ_TRIGGER) {
		act(e, w);
	} else if (w->req.kind == WEIR_REQ_RUN) {
		rc = weir_sync_run(e->session, &w->req.id, &err);
		note_server(e, rc, &err);
	} else if (w->req.kind == WEIR_REQ_LOGS) {
		o.lock_ms = BUSY_TRIES * BUSY_US / 1000;
		o.stop = &e->give_way;
		rc = weir_sync_logs(e->session, &w->req.id, &o, &ended, &err);
		note_server(e, rc, &err);
	} else {
		begin_follow(e, w);
		return;
	}
	if (!e->offline)
		look_for_changes(e);
	if (rc == WEIR_EPENDING && w->req.kind != WEIR_REQ_RUN)
		put_back(e, w);
	else
		post_done(e, w->number, rc, err.text);
}

static bool
next_request(struct weir_engine *e, struct waiting_req *ret, bool *ret_stop)
{
	bool some, others = false;

	pthread_mutex_lock(&e->lock);
	some = e->requests.n > 0;
	if (some) {
		*ret = e->requests.v[0];
		memmove(e->requests.v, e->requests.v + 1,
			--e->requests.n * sizeof(*ret));
		e->busy = true;
	}
	/* Logs that make way for each other would all wait for ever. */
	for (size_t i = 0; i < e->requests.n; i++)
		others = others || e->requests.v[i].req.kind != WEIR_REQ_LOGS;
	if (!others)
		atomic_store(&e->give_way, e->stop);
	*ret_stop = e->stop;
	pthread_mutex_unlock(&e->lock);
	return some;
}

static void
set_busy(struct weir_engine *e, bool busy)
{
	bool was;

	pthread_mutex_lock(&e->lock);
	was = e->busy;
	e->busy = busy;
	pthread_mutex_unlock(&e->lock);
	if (was && !busy)
		post_kind(e, WEIR_EV_IDLE, NULL);
}

/* Somebody looks again: the next cycle is due earlier. */
static void
hurry(struct weir_engine *e)
{
	if (atomic_load(&e->active) && !e->away &&
		e->cycle_due_us > e->cycle_end_us + ACTIVE_US)
		e->cycle_due_us = e->cycle_end_us + ACTIVE_US;
}

static bool
cycles_by_itself(struct weir_engine *e)
{
	return !e->offline && (!e->on_request || e->pending) &&
	       !(e->cycles && !e->ear.metaflow && engine_ear_hears(&e->ear));
}

/* Until a request comes or something is due. */
static void
wait_for_work(struct weir_engine *e)
{
	int64_t due = INT64_MAX, now = weir_monotonic_us();
	int timeout = -1;

	hurry(e);
	if (cycles_by_itself(e))
		due = e->cycle_due_us;
	if (e->following && e->follow_due_us < due && !e->ear.bell)
		due = e->follow_due_us;
	if (due != INT64_MAX)
		timeout = due <= now ? 0 : (int)((due - now + 999) / 1000);
	if (engine_ear_wait(&e->ear, e->wake[0], timeout)) {
		look_for_changes(e);
		e->follow_due_us = 0;
	}
}

/* What is due and was not asked for just now; false: nothing. */
static bool
work_by_itself(struct weir_engine *e)
{
	struct weir_err err = { 0 };
	int64_t now = weir_monotonic_us();

	if (e->following && now >= e->follow_due_us) {
		poll_follow(e);
		return true;
	}
	if (!cycles_by_itself(e) || now < e->cycle_due_us)
		return false;
	set_busy(e, true);
	(void)cycle(e, false, &err);
	return true;
}

static void *
run_engine(void *arg)
{
	struct weir_engine *e = arg;
	struct waiting_req w;
	bool stop = false;

	if (e->offline)
		post_kind(e, WEIR_EV_OFFLINE, "offline by choice");
	for (;;) {
		if (next_request(e, &w, &stop)) {
			if (stop)
				break;
			work(e, &w);
			engine_req_release(&w.req);
			continue;
		}
		if (stop)
			break;
		if (work_by_itself(e))
			continue;
		set_busy(e, false);
		wait_for_work(e);
	}
	return NULL;
}

static void
free_engine(struct weir_engine *e)
{
	weir_session_free(e->session);
	engine_ear_release(&e->ear);
	pipe_shut(e->wake);
	pipe_shut(e->ready);
	for (size_t i = 0; i < e->requests.n; i++)
		engine_req_release(&e->requests.v[i].req);
	VEC_FREE(&e->requests);
	VEC_FREE(&e->events);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

/* Signals are the screen thread's. */
static int
start_thread(struct weir_engine *e)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&e->thread, NULL, run_engine, e);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

enum weir_rc
weir_engine_start(const struct weir_config *config, bool offline,
	struct weir_engine **ret_engine, struct weir_err *err)
{
	struct weir_engine *e = xcalloc(1, sizeof(*e));
	int error;

	e->config = config;
	e->offline = offline && !weir_config_embedded(config);
	e->on_request = getenv("WEIR_NOW") != NULL;
	e->busy = true; /* until the first look around is done */
	atomic_init(&e->active, true);
	e->wake[0] = e->wake[1] = e->ready[0] = e->ready[1] = -1;
	pthread_mutex_init(&e->lock, NULL);
	e->session = weir_session_lasting(config, offline);
	engine_ear_init(&e->ear, config);
	weir_session_on_away(e->session, set_away, e);
	if (!pipe_make(e->wake) || !pipe_make(e->ready))
		error = errno;
	else
		error = start_thread(e);
	if (error) {
		free_engine(e);
		return weir_fail(err, WEIR_EFAIL, "engine: %s", strerror(error));
	}
	*ret_engine = e;
	return WEIR_OK;
}

void
weir_engine_stop(struct weir_engine *e)
{
	if (!e)
		return;
	pthread_mutex_lock(&e->lock);
	e->stop = true;
	atomic_store(&e->give_way, true);
	pthread_mutex_unlock(&e->lock);
	weir_session_interrupt(e->session);
	pipe_poke(e->wake[1]);
	pthread_join(e->thread, NULL);
	free_engine(e);
}

uint64_t
weir_engine_submit(struct weir_engine *e, const struct weir_req *req)
{
	struct waiting_req w = { .req = *req };

	engine_req_own(&w.req);
	pthread_mutex_lock(&e->lock);
	w.number = ++e->last_number;
	VEC_PUSH(&e->requests, w);
	atomic_store(&e->give_way, true);
	pthread_mutex_unlock(&e->lock);
	pipe_poke(e->wake[1]);
	return w.number;
}

int
weir_engine_fd(const struct weir_engine *e)
{
	return e->ready[0];
}

bool
weir_engine_next(struct weir_engine *e, struct weir_event *ret_event)
{
	bool some;

	pthread_mutex_lock(&e->lock);
	some = e->events.n > 0;
	if (some) {
		*ret_event = e->events.v[0];
		memmove(e->events.v, e->events.v + 1,
			--e->events.n * sizeof(*ret_event));
	}
	if (!e->events.n)
		pipe_drain(e->ready[0]);
	pthread_mutex_unlock(&e->lock);
	return some;
}

void
weir_engine_active(struct weir_engine *e, bool active)
{
	if (!atomic_exchange(&e->active, active) && active)
		pipe_poke(e->wake[1]);
}

bool
weir_engine_idle(struct weir_engine *e)
{
	bool idle;

	pthread_mutex_lock(&e->lock);
	idle = !e->busy && e->requests.n == 0 && e->events.n == 0;
	pthread_mutex_unlock(&e->lock);
	return idle;
}
