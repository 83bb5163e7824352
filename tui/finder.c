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
#include <weir/select.h>
#include <weir/session.h>
#include <weir/time.h>
#include <weir/tree.h>

#include "finder_log.h"
#include "word.h"

enum { JOBS_MAX = 16 };

struct work {
	struct finder_job job; /* its strings are owned */
	int64_t start_us;
};

struct finder {
	const struct weir_config *config;
	pthread_t thread;
	int pipe[2];
	/* The lock protects all below but the last four, which the thread owns. */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop, busy, cancelled;
	struct work queue[JOBS_MAX];
	size_t n_queue;
	struct work now; /* what is worked on while busy */
	struct finder_answer *first, *last;
	uint64_t number;
	struct weir_store *store; /* NULL until opened; written by the thread */

	struct weir_session *session;
	struct weir_keys *keys;
	struct finder_log *log;
	struct weir_err err;
};

static void
work_release(struct work *w)
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
	*w = (struct work){ 0 };
}

static bool
is_cancelled(struct finder *f)
{
	bool cancelled;

	pthread_mutex_lock(&f->lock);
	cancelled = f->cancelled || f->stop;
	pthread_mutex_unlock(&f->lock);
	return cancelled;
}

static struct finder_answer *
answer_new(const struct work *w, enum finder_part part)
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
static void
post(struct finder *f, struct finder_answer *a)
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
	return is_cancelled(arg);
}

/* The store, opened at the first job that finds one. */
static enum weir_rc
open_store(struct finder *f, struct weir_err *err)
{
	struct weir_store *store = NULL;
	enum weir_rc rc;

	if (f->store)
		return WEIR_OK;
	if (!f->session)
		f->session = weir_session_new(f->config);
	rc = weir_session_store(f->session, WEIR_STORE_READ, &store, err);
	if (rc)
		return rc;
	weir_store_ask(store, work_cancelled, f);
	pthread_mutex_lock(&f->lock);
	f->store = store;
	pthread_mutex_unlock(&f->lock);
	return WEIR_OK;
}

static void
take_head(void *arg, uint32_t *keys, size_t n)
{
	struct finder *f = arg;
	struct finder_answer *a = answer_new(&f->now, FINDER_HEAD);

	a->keys = keys;
	a->n = n;
	post(f, a);
}

static enum weir_rc
arrange(struct finder *f, struct finder_answer *a, struct weir_err *err)
{
	struct weir_tree tree = { 0 };
	enum weir_rc rc = weir_tree_read(f->store, &tree, err);

	if (!rc)
		weir_tree_arrange(&tree, a->keys, a->n, &a->depths);
	weir_tree_release(&tree);
	return rc;
}

static void
take_all(void *arg, uint32_t *keys, size_t n)
{
	struct finder *f = arg;
	struct finder_answer *a = answer_new(&f->now, FINDER_KEYS);
	enum weir_rc rc = WEIR_OK;

	a->keys = keys;
	a->n = n;
	if (f->now.job.tree)
		rc = arrange(f, a, &f->err);
	if (rc) {
		a->part = FINDER_FAILED;
		a->rc = rc;
		word_copy(a->text, sizeof(a->text), str_of(f->err.text));
	}
	post(f, a);
}

static void
take_counts(void *arg, const int64_t states[WEIR_N_STATES])
{
	struct finder *f = arg;
	struct finder_answer *a = answer_new(&f->now, FINDER_COUNTS);

	memcpy(a->states, states, sizeof(a->states));
	post(f, a);
}

static enum weir_rc
work_rows(struct finder *f, const struct work *w, struct weir_err *err)
{
	const struct finder_job *job = &w->job;
	struct weir_query *query = NULL;
	struct weir_column_set none = { 0 }, extra = { 0 };
	struct weir_sort sort[WEIR_SORT_MAX];
	struct weir_select sel = { .kind = job->object,
		.columns = &none,
		.sort = sort,
		.now_us = job->now_us };
	struct weir_keys_user user = { f, take_head, take_all,
		job->counts ? take_counts : NULL };
	enum weir_rc rc;

	rc = weir_query_parse(
		job->object, str_of(job->query), job->now_us, &query, err);
	if (rc)
		return rc;
	sel.query = query;
	if (job->sort && *job->sort)
		rc = weir_sort_parse(
			job->object, job->sort, &extra, sort, &sel.n_sort, err);
	if (!rc)
		rc = weir_keys_find(f->keys, f->store, &sel,
			job->query ? job->query : "", job->tree ? 0 : job->head, &user,
			err);
	weir_columns_release(&extra);
	weir_query_free(query);
	return rc;
}

static void
log_found(void *arg, struct lineset *lines, size_t from, bool more)
{
	struct finder *f = arg;
	struct finder_answer *a = answer_new(&f->now, FINDER_LINES);

	a->lines = *lines;
	a->from = from;
	a->more = more;
	post(f, a);
}

static enum weir_rc
work_count(struct finder *f, const struct work *w, struct weir_err *err)
{
	struct weir_select sel = { .kind = w->job.object, .now_us = w->job.now_us };
	struct weir_query *query = NULL;
	struct finder_answer *a;
	int64_t n = 0;
	enum weir_rc rc;

	rc = weir_query_parse(
		w->job.object, str_of(w->job.query), w->job.now_us, &query, err);
	sel.query = query;
	if (!rc)
		rc = weir_rows_count(f->store, &sel, &n, err);
	weir_query_free(query);
	if (rc)
		return rc;
	a = answer_new(w, FINDER_TOTAL);
	a->total = n;
	post(f, a);
	return WEIR_OK;
}

static enum weir_rc
work_values(struct finder *f, const struct work *w, struct weir_err *err)
{
	struct buf words = BUF_INIT(64 << 10);
	struct finder_answer *a;
	enum weir_rc rc = weir_query_values(f->store, w->job.object, w->job.field,
		str_of(w->job.prefix), &words, err);

	if (rc) {
		buf_release(&words);
		return rc;
	}
	a = answer_new(w, FINDER_WORDS);
	buf_adds(&words, "");
	a->words = buf_steal(&words);
	post(f, a);
	return WEIR_OK;
}

static enum weir_rc
work_groups(struct finder *f, const struct work *w, struct weir_err *err)
{
	struct weir_select sel = { .kind = w->job.object, .now_us = w->job.now_us };
	struct weir_groups groups = { 0 };
	struct weir_query *query = NULL;
	struct finder_answer *a;
	enum weir_rc rc;

	rc = weir_query_parse(
		w->job.object, str_of(w->job.query), w->job.now_us, &query, err);
	sel.query = query;
	if (!rc)
		rc = weir_rows_group(f->store, &sel, w->job.field, &groups, err);
	weir_query_free(query);
	if (rc)
		return rc;
	a = answer_new(w, FINDER_GROUPED);
	a->groups = xmemdup(&groups, sizeof(groups));
	post(f, a);
	return WEIR_OK;
}

static void
log_doing(void *arg, size_t done, size_t total)
{
	struct finder *f = arg;
	struct finder_answer *a = answer_new(&f->now, FINDER_DOING);

	a->n = done;
	a->total = (int64_t)total;
	post(f, a);
}

static enum weir_rc
work_log(struct finder *f, const struct work *w, struct weir_err *err)
{
	struct finder_log_sink sink = { f, work_cancelled, log_found, log_doing };

	return finder_log_work(&f->log, f->store, &w->job, &sink, err);
}

static enum weir_rc
work_order(struct finder *f, const struct work *w, struct weir_err *err)
{
	struct finder_log_sink sink = { f, work_cancelled, log_found, log_doing };
	struct weir_log_order *order = NULL;
	struct finder_answer *a;
	enum weir_rc rc =
		finder_log_order(&f->log, f->store, &w->job, &sink, &order, err);

	if (rc)
		return rc;
	a = answer_new(w, FINDER_ORDERED);
	a->order = order;
	post(f, a);
	return WEIR_OK;
}

static enum weir_rc
work_names(struct finder *f, const struct work *w, struct weir_err *err)
{
	struct finder_log_sink sink = { f, work_cancelled, log_found, log_doing };
	struct buf words = BUF_INIT(BUF_MAX);
	struct finder_answer *a;
	enum weir_rc rc =
		finder_log_names(&f->log, f->store, &w->job, &sink, &words, err);

	if (rc) {
		buf_release(&words);
		return rc;
	}
	a = answer_new(w, FINDER_WORDS);
	buf_adds(&words, "");
	a->words = buf_steal(&words);
	post(f, a);
	return WEIR_OK;
}

static enum weir_rc
work_call(struct finder *f, const struct work *w, struct weir_err *err)
{
	struct finder_answer *a;
	enum weir_rc rc = w->job.call->run(w->job.state, f->store, err);

	if (rc)
		return rc;
	a = answer_new(w, FINDER_CALLED);
	a->call = w->job.call;
	a->state = w->job.state;
	f->now.job.state = NULL;
	post(f, a);
	return WEIR_OK;
}

static enum weir_rc (*const works[])(
	struct finder *f, const struct work *w, struct weir_err *err) = {
	[FINDER_ROWS] = work_rows,
	[FINDER_LOG] = work_log,
	[FINDER_COUNT] = work_count,
	[FINDER_VALUES] = work_values,
	[FINDER_GROUPS] = work_groups,
	[FINDER_ORDER] = work_order,
	[FINDER_LOGGERS] = work_names,
	[FINDER_TASKS] = work_names,
	[FINDER_CALL] = work_call,
};

static void
work(struct finder *f)
{
	const struct work *w = &f->now;
	struct finder_answer *a;
	enum weir_rc rc = open_store(f, &f->err);

	if (!rc && !is_cancelled(f))
		rc = works[w->job.kind](f, w, &f->err);
	if (!rc || is_cancelled(f))
		return;
	a = answer_new(w, FINDER_FAILED);
	a->rc = rc;
	word_copy(a->text, sizeof(a->text), str_of(f->err.text));
	post(f, a);
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
	struct work w = { .job = *job, .start_us = weir_monotonic_us() };

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
	if (f->n_queue == JOBS_MAX)
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
