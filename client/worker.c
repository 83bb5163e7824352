#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "session.h"
#include "weir/time.h"

enum { HOST_MAX = 256 };
static const int64_t nap_us = 60000000; /* nothing is due: as long as it sleeps */
static const int64_t bury_us = 2000000, bury_look_us = 20000;
static const int64_t poll_us = 2000000, poll_cloud_us = 10000000;

/* What the handlers wake, and what they saw. */
static _Atomic(struct api *) worker_api;
static volatile sig_atomic_t worker_stops;

/* To systemd: `READY=1`, `STOPPING=1`. */
static void
notify(const char *what)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = path ? strlen(path) : 0;
	int fd;

	if (n < 2 || n >= sizeof(to.sun_path) || (*path != '/' && *path != '@'))
		return;
	memcpy(to.sun_path, path, n);
	if (*path == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0)
		return;
	(void)!sendto(fd, what, strlen(what), 0, (const struct sockaddr *)&to,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(fd);
}

/* ---- signals */

static void
on_signal(int sig)
{
	struct api *a = atomic_load(&worker_api);
	int why = errno;

	if (sig != SIGCHLD)
		worker_stops++;
	if (a)
		a->ops->wake(a);
	errno = why;
}

static const int signals[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };

static void
take_signals(struct api *a, struct sigaction old[N_ELEM(signals)])
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	worker_stops = 0;
	atomic_store(&worker_api, a);
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < N_ELEM(signals); i++)
		sigaction(signals[i], &sa, &old[i]);
	/* nohup means it */
	if (old[N_ELEM(signals) - 1].sa_handler == SIG_IGN)
		sigaction(SIGHUP, &old[N_ELEM(signals) - 1], NULL);
	sa.sa_handler = SIG_IGN; /* EFBIG says it, of a file of the store too */
	sigaction(SIGXFSZ, &sa, NULL);
}

static void
give_signals_back(const struct sigaction old[N_ELEM(signals)])
{
	for (size_t i = 0; i < N_ELEM(signals); i++)
		sigaction(signals[i], &old[i], NULL);
	atomic_store(&worker_api, NULL);
}

/* ---- the loop */

void
worker_wake_at(struct worker *w, int64_t us)
{
	if (us < w->next_us)
		w->next_us = us;
}

/* Told to stop: once, no more are taken; twice, those that run are stopped. */
static void
obey(struct worker *w)
{
	int stops = worker_stops;

	if (stops == w->stopping)
		return;
	if (!w->stopping) {
		notify("STOPPING=1");
		if (w->runs.n)
			worker_say(w, WEIR_WORKER_INFO,
				"no more runs are taken; %zu go%s on to the end; once "
				"more stops %s",
				w->runs.n, w->runs.n == 1 ? "es" : "",
				w->runs.n == 1 ? "it" : "them");
	}
	w->stopping = stops;
	for (size_t i = 0; i < w->runs.n; i++)
		if (stops > 1 || w->runs.v[i]->step == WORKER_DUE)
			worker_stop(w->runs.v[i], WORKER_LEFT);
}

static bool
is_over(const struct worker *w)
{
	if (w->stopping > 2)
		return true;
	if (w->runs.n || (w->stopping < 2 && (w->sweeper || w->sweep_more)))
		return false;
	return w->stopping || (w->o->once && !w->polling && (w->idle || w->err.rc));
}

static void
sleep_until_next(struct worker *w)
{
	int64_t left = w->next_us - weir_monotonic_us();

	w->next_us = weir_monotonic_us() + nap_us;
	w->api->ops->pump(w->api, left <= 0 ? 0 : (int)((left + 999) / 1000));
}

/* Another has ended. Its locks go one by one with its last breath: more than once. */
static void
look_after_left(struct worker *w, int64_t now_us)
{
	static const int64_t pauses_us[] = { 0, 20000, 200000, 2000000 };

	if (w->api->left) {
		w->api->left = false;
		w->left_looks = N_ELEM(pauses_us);
		w->left_us = now_us;
	}
	if (!w->left_looks)
		return;
	if (now_us >= w->left_us) {
		w->tick_soon = true;
		w->tick_try_us = 0;
		w->orphans_us = 0;
		if (--w->left_looks)
			w->left_us =
				now_us + pauses_us[N_ELEM(pauses_us) - w->left_looks];
	}
	if (w->left_looks)
		worker_wake_at(w, w->left_us);
}

static void
tick(struct worker *w)
{
	int64_t now_us = weir_monotonic_us();

	obey(w);
	look_after_left(w, now_us);
	if (w->api->rang) {
		w->api->rang = false;
		worker_poll_soon(w);
		w->watch_us = 0;
		w->tick_soon = true;
	}
	/* a run may go, and the last take its place */
	for (size_t i = w->runs.n; i-- > 0;)
		if (i < w->runs.n)
			worker_run_tick(w->runs.v[i], now_us);
	worker_tell_tick(w);
	worker_tick(w, now_us);
	worker_poll_tick(w, now_us);
	worker_sweep_tick(w);
}

static void
work(struct worker *w)
{
	w->next_us = 0;
	do {
		tick(w);
		if (!is_over(w))
			sleep_until_next(w);
	} while (!is_over(w));
}

/* ---- beginning and end */

/* Who it is, and where it keeps what it runs. */
static enum weir_rc
settle_in(struct worker *w, struct weir_err *err)
{
	char host[HOST_MAX] = "localhost";
	enum weir_rc rc = session_api(w->session, 0, &w->api, err);

	if (rc)
		return rc;
	(void)!gethostname(host, sizeof(host) - 1);
	w->host = xstrdup(host);
	w->name = w->o->name ? xstrdup(w->o->name) : xasprintf("weir-%s", host);
	w->base = worker_note_base(weir_session_config(w->session));
	return w->base ? WEIR_OK
		       : weir_fail(err, WEIR_ENOSERVER, "no server is configured");
}

static enum weir_rc
begin(struct worker *w, struct weir_err *err)
{
	enum weir_rc rc = settle_in(w, err);

	w->poll_every_us = poll_us;
	if (!rc)
		rc = w->api->ops->serve(w->api, err);
	if (rc)
		return rc;
	if (w->api->rings)
		w->poll_every_us = nap_us;
	else if (w->api->base && strstr(w->api->base, ".prefect.cloud"))
		w->poll_every_us = poll_cloud_us;
	return worker_poll_pool(w, err);
}

static void
finish(struct worker *w)
{
	if (w->api) {
		/* last words on their way */
		for (int i = 0; i < 50 && (w->told.n || w->flying); i++) {
			worker_tell_tick(w);
			w->api->ops->pump(w->api, 100);
		}
		w->api->ops->cancel(w->api);
	}
	while (w->runs.n)
		worker_run_free(w->runs.v[w->runs.n - 1]);
	VEC_FREE(&w->runs);
	worker_sweep_end(w);
	worker_told_release(w);
	worker_tick_end(w);
	json_decref(w->template);
	free(w->pool_id);
	free(w->name);
	free(w->base);
	free(w->host);
}

enum weir_rc
weir_worker_run(
	struct weir_session *s, const struct weir_worker *o, struct weir_err *err)
{
	struct worker w = {
		.session = s,
		.o = o,
		.pool = o->pool ? o->pool : "weir",
		.limit = o->limit ? o->limit : WEIR_WORKER_LIMIT,
		.tick_lock = -1,
	};
	struct sigaction old[N_ELEM(signals)];
	enum weir_rc rc;

	if (w.limit > WEIR_WORKER_LIMIT_MAX)
		return weir_fail(err, WEIR_EUSAGE, "--limit: at most %d at once",
			WEIR_WORKER_LIMIT_MAX);
	rc = begin(&w, err);
	if (!rc) {
		take_signals(w.api, old);
		worker_say(&w, WEIR_WORKER_INFO,
			"%s serves pool %s, up to %zu run%s at once", w.name, w.pool,
			w.limit, w.limit == 1 ? "" : "s");
		notify("READY=1");
		work(&w);
		give_signals_back(old);
	}
	if (!rc && w.err.rc && o->once) {
		*err = w.err;
		rc = err->rc;
	}
	finish(&w);
	return rc;
}

enum weir_rc
worker_bury(struct weir_session *s, struct weir_err *err)
{
	static const struct weir_worker nothing = { .name = "" };
	struct worker w = { .session = s,
		.o = &nothing,
		.pool = "",
		.burying = true,
		.tick_lock = -1 };
	int64_t until_us = weir_monotonic_us() + bury_us, now_us;
	enum weir_rc rc = settle_in(&w, err);

	if (!rc)
		worker_orphans(&w);
	while (!rc && w.runs.n && (now_us = weir_monotonic_us()) < until_us) {
		for (size_t i = w.runs.n; i-- > 0;)
			if (i < w.runs.n)
				worker_run_tick(w.runs.v[i], now_us);
		worker_tell_tick(&w);
		worker_wake_at(&w, now_us + bury_look_us);
		sleep_until_next(&w);
	}
	finish(&w);
	return rc;
}
