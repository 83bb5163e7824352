#include "finder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <weir/group.h>
#include <weir/keys.h>
#include <weir/logs.h>
#include <weir/mem.h>
#include <weir/session.h>
#include <weir/time.h>

#include "finder_part.h"
#include "word.h"

static void
work_release(struct finder_work *w)
{
	free((char *)w->job.query);
	free((char *)w->job.sort);
	free((char *)w->job.patterns);
	free((void *)(uintptr_t)w->job.runs);
	free((char *)w->job.task);
	free((char *)w->job.loggers);
	free((char *)w->job.field);
	free((char *)w->job.prefix);
	if (w->job.state)
		w->job.call->free(w->job.state);
	*w = (struct finder_work){ 0 };
}

bool
finder_cancelled(struct finder *f)
{
	bool cancelled;

	pthread_mutex_lock(&f->lock);
	cancelled = f->cancelled || f->stop;
	pthread_mutex_unlock(&f->lock);
	return cancelled;
}

struct finder_answer *
finder_answer_new(const struct finder_work *w, enum finder_part part)
{
	struct finder_answer *a = xcalloc(1, sizeof(*a));

	a->view = w->job.view;
	a->number = w->job.number;
	a->slot = w->job.slot;
	a->part = part;
	a->us = weir_monotonic_us() - w->start_us;
	return a;
}

/* taken */
void
finder_post(struct finder *f, struct finder_answer *a)
{
	char byte = 0;

	pthread_mutex_lock(&f->lock);
	if (f->last)
		f->last->next = a;
	else
		f->first = a;
	f->last = a;
	pthread_mutex_unlock(&f->lock);
	while (write(f->pipe[1], &byte, 1) < 0 && errno == EINTR)
		;
}

static bool
work_cancelled(void *arg)
{
	return finder_cancelled(arg);
}

/* The store, opened at the first job that finds one. */
static enum weir_rc
open_store(struct finder *f, struct weir_err *err)
{
	struct weir_store *store = NULL;
	enum weir_rc rc;

	f->at = f->store;
	if (f->store)
		return WEIR_OK;
	if (!f->session)
		f->session = weir_session_new(f->config);
	rc = weir_session_store(f->session, WEIR_STORE_READ, &store, err);
	if (rc)
		return rc;
	weir_store_ask(store, work_cancelled, f);
	pthread_mutex_lock(&f->lock);
	f->store = f->at = store;
	pthread_mutex_unlock(&f->lock);
	return WEIR_OK;
}

static void
work(struct finder *f)
{
	const struct finder_work *w = &f->now;
	struct finder_answer *a;
	enum weir_rc rc;

	f->err = (struct weir_err){ 0 };
	rc = w->job.object == WEIR_ENVIRONMENT ? finder_env_open(f, w, &f->err)
					       : open_store(f, &f->err);
	if (!rc && !finder_cancelled(f))
		rc = finder_do(f, w, &f->err);
	if (!rc || finder_cancelled(f))
		return;
	a = finder_answer_new(w, FINDER_FAILED);
	a->rc = rc;
	word_copy(a->text, sizeof(a->text), str_of(f->err.text));
	word_copy(a->hint, sizeof(a->hint), str_of(f->err.hint));
	finder_post(f, a);
}

static void *
run(void *arg)
{
	struct finder *f = arg;
	char byte = 0;
	ssize_t ignored;

	pthread_mutex_lock(&f->lock);
	for (;;) {
		while (!f->stop && f->n_queue == 0)
			pthread_cond_wait(&f->wake, &f->lock);
		if (f->stop)
			break;
		f->now = f->queue[0];
		f->n_queue--;
		memmove(f->queue, f->queue + 1, f->n_queue * sizeof(f->queue[0]));
		f->busy = true;
		f->cancelled = false;
		pthread_mutex_unlock(&f->lock);

		work(f);

		pthread_mutex_lock(&f->lock);
		f->busy = false;
		work_release(&f->now);
		/* The loop may wait for idleness, of which no answer tells. */
		ignored = write(f->pipe[1], &byte, 1);
		(void)ignored;
	}
	pthread_mutex_unlock(&f->lock);
	finder_log_free(f->log);
	return NULL;
}

enum weir_rc
finder_start(const struct weir_config *config, struct finder **ret_finder,
	struct weir_err *err)
{
	struct finder *f = xcalloc(1, sizeof(*f));
	sigset_t all, old;
	int failed;

	f->config = config;
	f->keys = weir_keys_new();
	if (pipe(f->pipe) < 0) {
		weir_keys_free(f->keys);
		free(f);
		return weir_fail(err, WEIR_EFAIL, "pipe: %s", strerror(errno));
	}
	for (int i = 0; i < 2; i++) {
		fcntl(f->pipe[i], F_SETFD, FD_CLOEXEC);
		fcntl(f->pipe[i], F_SETFL, O_NONBLOCK);
	}
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->wake, NULL);
	/* Signals are the screen's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	failed = pthread_create(&f->thread, NULL, run, f);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (failed) {
		close(f->pipe[0]);
		close(f->pipe[1]);
		weir_keys_free(f->keys);
		free(f);
		return weir_fail(err, WEIR_EFAIL, "thread: %s", strerror(failed));
	}
	*ret_finder = f;
	return WEIR_OK;
}

/* What is being done is of no use any more. The lock is held. */
static void
interrupt(struct finder *f)
{
	f->cancelled = true;
	if (f->store)
		weir_store_interrupt(f->store);
	if (f->envs)
		weir_store_interrupt(f->envs);
}

void
finder_envs(struct finder *f, const char *file, bool local_only)
{
	f->env_file = file;
	f->env_local = local_only;
}

void
finder_stop(struct finder *f)
{
	struct finder_answer *a;

	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	interrupt(f);
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	while ((a = finder_next(f)))
		finder_answer_free(a);
	for (size_t i = 0; i < f->n_queue; i++)
		work_release(&f->queue[i]);
	finder_env_close(f);
	weir_session_free(f->session);
	weir_keys_free(f->keys);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->wake);
	close(f->pipe[0]);
	close(f->pipe[1]);
	free(f);
}

static char *
copy(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static void
remove_queued(struct finder *f, size_t i)
{
	work_release(&f->queue[i]);
	f->n_queue--;
	memmove(f->queue + i, f->queue + i + 1, (f->n_queue - i) * sizeof(f->queue[0]));
}

uint64_t
finder_submit(struct finder *f, const struct finder_job *job)
{
	struct finder_work w = { .job = *job, .start_us = weir_monotonic_us() };

	w.job.query = copy(job->query);
	w.job.sort = copy(job->sort);
	w.job.patterns = copy(job->patterns);
	if (job->n_runs > 0)
		w.job.runs = xmemdup(job->runs, job->n_runs * sizeof(*job->runs));
	w.job.task = copy(job->task);
	w.job.loggers = copy(job->loggers);
	w.job.field = copy(job->field);
	w.job.prefix = copy(job->prefix);
	pthread_mutex_lock(&f->lock);
	for (size_t i = f->n_queue; i-- > 0;) {
		const struct finder_job *old = &f->queue[i].job;

		if (old->view == job->view && old->slot == job->slot)
			remove_queued(f, i);
	}
	if (f->n_queue == FINDER_JOBS_MAX)
		remove_queued(f, 0);
	if (f->busy && f->now.job.view == job->view && f->now.job.slot == job->slot)
		interrupt(f);
	w.job.number = ++f->number;
	f->queue[f->n_queue++] = w;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
	return w.job.number;
}

void
finder_cancel(struct finder *f, uint64_t view)
{
	pthread_mutex_lock(&f->lock);
	for (size_t i = f->n_queue; i-- > 0;) {
		if (f->queue[i].job.view == view)
			remove_queued(f, i);
	}
	if (f->busy && f->now.job.view == view)
		interrupt(f);
	pthread_mutex_unlock(&f->lock);
}

int
finder_fd(const struct finder *f)
{
	return f->pipe[0];
}

struct finder_answer *
finder_next(struct finder *f)
{
	struct finder_answer *a;
	char drain[64];

	while (read(f->pipe[0], drain, sizeof(drain)) > 0)
		;
	pthread_mutex_lock(&f->lock);
	a = f->first;
	if (a) {
		f->first = a->next;
		if (!f->first)
			f->last = NULL;
	}
	pthread_mutex_unlock(&f->lock);
	return a;
}

void
finder_answer_free(struct finder_answer *a)
{
	if (!a)
		return;
	free(a->keys);
	free(a->depths);
	lineset_release(&a->lines);
	free(a->words);
	if (a->groups)
		weir_groups_release(a->groups);
	free(a->groups);
	weir_log_order_free(a->order);
	if (a->state)
		a->call->free(a->state);
	free(a);
}

bool
finder_idle(struct finder *f)
{
	bool idle;

	pthread_mutex_lock(&f->lock);
	idle = !f->busy && f->n_queue == 0 && !f->first;
	pthread_mutex_unlock(&f->lock);
	return idle;
}
