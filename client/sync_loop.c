/*
 * The loop under all scans: requests go out, pages come in and wait, one after the
 * other is put into a transaction while the next requests are on their way.
 */
#include <pthread.h>
#include <signal.h>

#include "sync_parts.h"

enum { PUMP_MS = 200, COMMIT_PUMP_MS = 5 };

/* A page that was copied off the wire and waits for the store. */
struct queued_page {
	struct queued_page *next;
	struct scan *scan;
	bool last;
	struct api_page page;
	struct arena arena;
};

/* An answer that cannot be read is none that a server should give. */
enum weir_rc
sync_server_rc(enum weir_rc rc)
{
	return rc == WEIR_EBADDATA ? WEIR_ENET : rc;
}

void
sync_enqueue(struct sync *s, struct scan *c, const struct api_page *page, bool last)
{
	struct queued_page *q = s->spare;

	if (q)
		s->spare = q->next;
	else
		q = xcalloc(1, sizeof(*q));
	q->next = NULL;
	q->scan = c;
	q->last = last;
	sync_page_copy(&q->arena, page, c->by == SCAN_TIMESTAMP, &q->page);
	if (s->pages)
		s->pages_last->next = q;
	else
		s->pages = q;
	s->pages_last = q;
	s->n_pages++;
}

enum weir_rc
sync_fail(struct sync *s, enum weir_rc rc, const struct weir_err *err)
{
	if (s->rc)
		return s->rc;
	s->rc = rc;
	if (err && err != &s->err)
		s->err = *err;
	return rc;
}

enum weir_rc
sync_tx(struct sync *s)
{
	if (s->in_tx)
		return WEIR_OK;
	if (store_begin(s->store, &s->err))
		return sync_fail(s, s->err.rc, NULL);
	s->in_tx = true;
	s->tx_rows = 0;
	s->tx_began_us = weir_monotonic_us();
	return WEIR_OK;
}

/* A commit on a thread of its own: answers are taken meanwhile, nothing is stored. */
struct commit {
	struct weir_store *store;
	struct weir_err err;
	enum weir_rc rc;
	atomic_bool done;
};

static void *
run_commit(void *arg)
{
	struct commit *c = arg;

	c->rc = store_end(c->store, WEIR_OK, &c->err);
	atomic_store(&c->done, true);
	return NULL;
}

static bool
start_commit(struct commit *c, pthread_t *ret_thread)
{
	sigset_t all, before;
	bool started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(ret_thread, NULL, run_commit, c) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

enum weir_rc
sync_commit(struct sync *s)
{
	struct commit c = { .store = s->store };
	pthread_t thread;

	if (!s->in_tx)
		return WEIR_OK;
	s->in_tx = false;
	if (!s->rc && s->flying && start_commit(&c, &thread)) {
		while (!atomic_load(&c.done)) {
			sync_send(s);
			s->api->ops->pump(s->api, COMMIT_PUMP_MS);
		}
		pthread_join(thread, NULL);
	} else {
		run_commit(&c);
	}
	return c.rc ? sync_fail(s, c.rc, &c.err) : WEIR_OK;
}

void
sync_tell(struct sync *s, const char *what, int64_t done, int64_t total)
{
	if (what)
		s->progress.what = what;
	s->progress.done = done;
	s->progress.total = total;
	if (!s->o->progress || s->in_tx)
		return;
	s->progress.changed = s->changed;
	s->changed = false;
	s->o->progress(s->o->arg, &s->progress);
}

static int64_t
altered(const struct sync *s)
{
	const struct weir_sync_result *r = &s->result;

	return r->runs + r->task_runs + r->docs + r->deleted;
}

/* One page into the store; a new page every so often goes out meanwhile. */
static void
store_page(struct sync *s)
{
	struct queued_page *q = s->pages;
	struct scan *c = q->scan;
	int64_t before = altered(s);
	enum weir_rc rc;

	s->pages = q->next;
	s->n_pages--;
	rc = sync_tx(s);
	if (!rc)
		rc = c->rows(s, c, &q->page);
	if (!rc && q->last && c->done)
		rc = c->done(s, c);
	if (rc) {
		sync_fail(s, rc, &s->err);
		if (s->in_tx) {
			struct weir_err ignored;

			s->in_tx = false;
			rc = store_end(s->store, rc, &ignored);
		}
	}
	s->tx_rows += q->page.n;
	if (altered(s) != before)
		s->changed = true;
	arena_clear(&q->arena);
	q->next = s->spare;
	s->spare = q;
}

static void
commit_when_due(struct sync *s)
{
	if (!s->in_tx || (s->tx_rows < SYNC_TX_ROWS &&
				 weir_monotonic_us() - s->tx_began_us < SYNC_TX_US))
		return;
	if (!sync_commit(s))
		sync_tell(s, NULL, s->progress.done, s->progress.total);
}

static void
check_limits(struct sync *s)
{
	if (weir_session_interrupted(s->session)) {
		weir_fail(&s->err, WEIR_EINTR, "interrupted");
		sync_fail(s, WEIR_EINTR, NULL);
	} else if ((s->deadline_us && weir_monotonic_us() >= s->deadline_us) ||
		   (s->o->stop && atomic_load(s->o->stop))) {
		weir_fail(&s->err, WEIR_EPENDING, "not everything was fetched in time");
		sync_fail(s, WEIR_EPENDING, NULL);
	}
}

static void
pump(struct sync *s)
{
	int64_t ms = PUMP_MS, now = weir_monotonic_us();

	if (s->in_tx)
		ms = (s->tx_began_us + SYNC_TX_US - now) / 1000;
	if (s->deadline_us && (s->deadline_us - now) / 1000 < ms)
		ms = (s->deadline_us - now) / 1000;
	if (s->pages || ms < 0)
		ms = 0;
	s->api->ops->pump(s->api, (int)ms);
}

/* After a failure: nothing of ours may call back later. */
static void
abandon(struct sync *s)
{
	s->waiting = s->splits = NULL;
	if (s->flying)
		s->api->ops->cancel(s->api);
	while (s->flying)
		s->api->ops->pump(s->api, PUMP_MS);
	while (s->pages) {
		struct queued_page *q = s->pages;

		s->pages = q->next;
		arena_clear(&q->arena);
		q->next = s->spare;
		s->spare = q;
	}
	s->n_pages = 0;
}

enum weir_rc
sync_drain(struct sync *s)
{
	while (!s->rc && (s->waiting || s->flying || s->pages)) {
		sync_send(s);
		if (!s->rc && s->flying)
			pump(s);
		/* what came makes room for what goes out before it is stored */
		sync_send(s);
		if (!s->rc && s->flying && s->pages)
			s->api->ops->pump(s->api, 0);
		if (!s->rc && s->pages)
			store_page(s);
		commit_when_due(s);
		if (!s->rc)
			check_limits(s);
	}
	if (s->rc)
		abandon(s);
	if (!sync_commit(s))
		sync_tell(s, NULL, s->progress.done, s->progress.total);
	return s->rc;
}

void
sync_answer_init(struct sync *s, struct sync_answer *a)
{
	memset(a, 0, sizeof(*a));
	a->sync = s;
	a->date_us = WEIR_NO_TIME;
	buf_init(&a->body, BUF_MAX);
	s->flying++;
}

void
sync_answer_release(struct sync_answer *a)
{
	buf_release(&a->body);
}

void
sync_answered(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	struct sync_answer *a = arg;
	struct sync *s = a->sync;

	s->flying--;
	s->result.requests++;
	a->done = true;
	a->rc = sync_server_rc(rc);
	if (rc) {
		a->err = *err;
		return;
	}
	s->result.bytes += (int64_t)page->bytes;
	a->date_us = page->date_us;
	buf_addstr(&a->body, page->body);
	if (page->n && page->kind == WEIR_RUN && page->runs) {
		struct api_page copy;

		sync_page_copy(&s->arena, page, false, &copy);
		a->run = copy.runs;
	}
}

/* Wait for n answers. Fails only when the call as a whole does: each has an rc of its
 * own. */
enum weir_rc
sync_wait(struct sync *s, struct sync_answer *a, size_t n)
{
	size_t done = 0;

	while (done < n) {
		for (done = 0; done < n && a[done].done; done++)
			;
		if (done < n)
			pump(s);
		if (!s->rc)
			check_limits(s);
		if (s->rc && s->flying) {
			abandon(s);
			break;
		}
	}
	return s->rc;
}

/* What hangs on scans that did not come to their end. */
void
sync_own(struct sync *s, struct id_vec *ids)
{
	VEC_PUSH(&s->owned, ids);
}

void
sync_free_pages(struct sync *s)
{
	for (size_t i = 0; i < s->owned.n; i++)
		VEC_FREE(s->owned.v[i]);
	VEC_FREE(&s->owned);
	while (s->spare) {
		struct queued_page *q = s->spare;

		s->spare = q->next;
		arena_free(&q->arena);
		free(q);
	}
}
