/* Scans: many lists read at once, page by page, their rows put into transactions. */
#define LOG_MODULE "sync"
#include "sync_parts.h"
#include "weir/log.h"

enum { PUMP_MS = 200, COPIES_MIN = 8, SPLIT_PAGES = 3 };

/* A page that was copied off the wire and waits for the store. */
struct queued_page {
	struct queued_page *next;
	struct scan *scan;
	bool last;
	struct api_page page;
	struct arena arena;
};

struct scan *
sync_scan(struct sync *s, enum weir_kind kind, enum scan_by by)
{
	struct scan *c = arena_zalloc(&s->arena, sizeof(*c));

	c->sync = s;
	c->list = (struct api_list)API_LIST_INIT;
	c->list.kind = kind;
	c->by = by;
	c->lo_us = c->hi_us = c->older_us = WEIR_NO_TIME;
	return c;
}

/* To the end of the queue: scans begin in the order in which they were started. */
void
sync_start(struct sync *s, struct scan *c)
{
	c->next = NULL;
	if (s->waiting)
		s->waiting_last->next = c;
	else
		s->waiting = c;
	s->waiting_last = c;
	s->progress.requests++;
	if (!c->split)
		return;
	c->next_split = s->splits;
	c->prev_split = &s->splits;
	if (c->next_split)
		c->next_split->prev_split = &c->next_split;
	s->splits = c;
}

static void
no_more_splits(struct scan *c)
{
	if (!c->prev_split)
		return;
	*c->prev_split = c->next_split;
	if (c->next_split)
		c->next_split->prev_split = c->prev_split;
	c->prev_split = NULL;
}

/* How many rows c is likely to have still, if they lie as close as those of its page.
 */
static double
rows_left(const struct scan *c)
{
	if (c->tie || c->ascending || c->lo_us == WEIR_NO_TIME ||
		c->hi_us == WEIR_NO_TIME || c->hi_us <= c->lo_us)
		return 0;
	return (double)(c->hi_us - c->lo_us) * c->density;
}

/* Nothing waits and less is in flight than could be: halve the longest scan. */
static bool
split_one(struct sync *s)
{
	double most = (double)s->api->page_limit * SPLIT_PAGES;
	struct scan *best = NULL, *more;
	int64_t lo, mid;

	for (struct scan *c = s->splits; c; c = c->next_split) {
		double n = rows_left(c);

		if (n > most) {
			most = n;
			best = c;
		}
	}
	if (!best)
		return false;
	lo = best->lo_us;
	mid = lo + (best->hi_us - lo) / 2;
	best->lo_us = mid + 1;
	more = best->split(s, best, lo, mid);
	more->density = best->density;
	sync_start(s, more);
	return true;
}

/* To the front: what has begun goes on before something new begins. */
static void
go_on(struct sync *s, struct scan *c)
{
	c->next = s->waiting;
	s->waiting = c;
	if (!c->next)
		s->waiting_last = c;
	s->progress.requests++;
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

static bool
by_offset(const struct scan *c)
{
	return c->tie || c->by == SCAN_OFFSET;
}

static int64_t
row_time(const struct scan *c, const struct api_page *p, size_t i)
{
	if (c->by == SCAN_TIMESTAMP)
		return p->logs[i].timestamp_us;
	if (p->kind == WEIR_RUN)
		return c->by == SCAN_EXPECTED ? p->runs[i].expected_start_us
					      : p->runs[i].end_us;
	return p->kind == WEIR_TASK_RUN ? p->task_runs[i].expected_start_us
					: p->docs[i].updated_us;
}

/* The time of the last row that has one. */
static int64_t
last_time(const struct scan *c, const struct api_page *p)
{
	for (size_t i = p->n; i-- > 0;)
		if (row_time(c, p, i) != WEIR_NO_TIME)
			return row_time(c, p, i);
	return WEIR_NO_TIME;
}

static bool
restart(struct scan *c)
{
	if (c->restarts++ >= SYNC_RESTARTS) {
		c->unsure = true;
		return false;
	}
	c->offset = 0;
	c->has_last = false;
	return true;
}

/* Past a tie group: 1 us further, if the range goes so far. */
static bool
leave_tie(struct scan *c)
{
	c->tie = c->has_last = false;
	c->offset = 0;
	if (c->ascending)
		c->lo_us = c->tie_us + 1;
	else
		c->hi_us = c->tie_us - 1;
	return c->lo_us == WEIR_NO_TIME || c->hi_us == WEIR_NO_TIME ||
	       c->lo_us <= c->hi_us;
}

/*
 * Pages by offset overlap by one row: if it is not there again, rows have gone before
 * it and others may have been skipped, so the read begins anew.
 */
static bool
next_offset(struct scan *c, const struct api_page *p)
{
	size_t asked = c->has_last ? c->offset - 1 : c->offset;

	if (c->has_last &&
		sync_page_find(p, c->by == SCAN_TIMESTAMP, &c->last) == p->n &&
		restart(c))
		return true;
	c->offset = asked + p->n;
	if (p->n == 0 || p->n < p->limit)
		return c->tie && leave_tie(c);
	if (!c->tie && c->older_us != WEIR_NO_TIME && last_time(c, p) < c->older_us) {
		c->cut = true;
		return false;
	}
	c->has_last = p->limit > 1;
	c->last = sync_page_id(p, c->by == SCAN_TIMESTAMP, p->n - 1);
	return true;
}

/* Inclusive bounds: the next page begins with the last time of this one. */
static bool
next_keyset(struct scan *c, const struct api_page *p)
{
	int64_t last = last_time(c, p), *bound = c->ascending ? &c->lo_us : &c->hi_us;

	if (p->n == 0 || p->n < p->limit)
		return false;
	if (last == WEIR_NO_TIME) {
		/* a page of rows without the time: they sort first; go to those with it
		 */
		if (!c->ascending || c->lo_us != WEIR_NO_TIME)
			return false;
		c->lo_us = 0;
		return true;
	}
	if (row_time(c, p, 0) == last || *bound == last) {
		c->tie = true;
		c->tie_us = *bound = last;
		c->offset = 0;
		c->has_last = false;
		return true;
	}
	if (*bound != WEIR_NO_TIME && (c->ascending ? last < *bound : last > *bound)) {
		weir_fail(&c->sync->err, WEIR_EBADDATA,
			"%s: the server's pages are not in the order that was asked "
			"for",
			weir_kind_plural(c->list.kind));
		sync_fail(c->sync, WEIR_EBADDATA, NULL);
		return false;
	}
	c->density = (double)p->n / (double)llabs(row_time(c, p, 0) - last);
	*bound = last;
	return c->lo_us == WEIR_NO_TIME || c->hi_us == WEIR_NO_TIME ||
	       c->lo_us <= c->hi_us;
}

static void
enqueue(struct sync *s, struct scan *c, const struct api_page *page, bool last)
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

static void
scan_answered(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	struct scan *c = arg;
	struct sync *s = c->sync;
	struct api_page none = { .kind = c->list.kind };
	bool more = false;

	s->flying--;
	s->result.requests++;
	s->progress.requests_done++;
	if (s->rc)
		return;
	if (c->optional && (rc == WEIR_ENOTFOUND || rc == WEIR_EREFUSED)) {
		LOG(LOG_INFO, "%s: %s", weir_kind_plural(c->list.kind), err->text);
		c->unsure = true;
		page = &none;
	} else if (rc) {
		sync_fail(s, rc, err);
		return;
	} else {
		s->result.bytes += (int64_t)page->bytes;
		if (s->t0_us == WEIR_NO_TIME)
			s->t0_us = page->date_us != WEIR_NO_TIME ? page->date_us
								 : api_now_us(s->api);
		if (!c->one_page)
			more = by_offset(c) ? next_offset(c, page)
					    : next_keyset(c, page);
	}
	if (s->rc)
		return;
	if (more)
		go_on(s, c);
	else
		no_more_splits(c);
	enqueue(s, c, page, !more);
}

static void
send_logs(struct sync *s, struct scan *c, struct api_range range, size_t offset)
{
	struct api_logs request = {
		.run = c->run,
		.timestamp = range,
		.sort = c->ascending ? API_TIMESTAMP_ASC : API_TIMESTAMP_DESC,
		.offset = offset,
	};

	s->api->ops->logs(s->api, &request, scan_answered, c);
}

static void
send_list(struct sync *s, struct scan *c, struct api_range range, size_t offset)
{
	struct api_list request = c->list;

	request.offset = offset;
	if (c->by == SCAN_EXPECTED) {
		request.expected = range;
		request.sort = c->ascending ? API_EXPECTED_ASC : API_EXPECTED_DESC;
	} else if (c->by == SCAN_END) {
		request.end = range;
		request.sort = API_END_DESC;
	}
	if (c->tie)
		request.sort = API_ID_DESC;
	s->api->ops->list(s->api, &request, scan_answered, c);
}

static void
send_scan(struct sync *s, struct scan *c)
{
	struct api_range range = { c->lo_us, c->hi_us };
	size_t offset = 0;

	if (c->tie)
		range = (struct api_range){ c->tie_us, c->tie_us };
	if (by_offset(c))
		offset = c->has_last ? c->offset - 1 : c->offset;
	s->flying++;
	if (c->by == SCAN_TIMESTAMP)
		send_logs(s, c, range, offset);
	else
		send_list(s, c, range, offset);
}

/* As many requests in flight as the backend aims at, unless the store cannot follow. */
static void
send_waiting(struct sync *s)
{
	size_t parallel = s->api->parallel ? s->api->parallel : 1;

	while (!s->rc && s->flying < parallel &&
		s->n_pages < 2 * parallel + COPIES_MIN &&
		(s->waiting || split_one(s))) {
		struct scan *c = s->waiting;

		s->waiting = c->next;
		send_scan(s, c);
	}
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

enum weir_rc
sync_commit(struct sync *s)
{
	if (!s->in_tx)
		return WEIR_OK;
	s->in_tx = false;
	if (store_end(s->store, WEIR_OK, &s->err))
		return sync_fail(s, s->err.rc, NULL);
	return WEIR_OK;
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
		send_waiting(s);
		if (!s->rc && s->flying)
			pump(s);
		/* what came makes room for what goes out before it is stored */
		send_waiting(s);
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
	a->rc = rc;
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

void
sync_free_pages(struct sync *s)
{
	while (s->spare) {
		struct queued_page *q = s->spare;

		s->spare = q->next;
		arena_free(&q->arena);
		free(q);
	}
}
