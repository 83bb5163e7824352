/* Scans: many lists read at once, page by page, by keyset or overlapping offsets. */
#define LOG_MODULE "sync"
#include "sync_parts.h"
#include "weir/log.h"

enum { COPIES_MIN = 8, SPLIT_PAGES = 3 };

struct scan *
sync_scan(struct sync *s, enum weir_kind kind, enum scan_by by)
{
	struct scan *c = arena_zalloc(&s->arena, sizeof(*c));

	c->sync = s;
	c->list = (struct api_list)API_LIST_INIT;
	c->list.kind = kind;
	c->by = by;
	c->lo_us = c->hi_us = c->older_us = WEIR_NO_TIME;
	if (by == SCAN_TIMESTAMP)
		sync_own(s, &c->seen);
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

static int
compare_ids(const void *a, const void *b)
{
	return weir_id_cmp(a, b);
}

static size_t
count_distinct(struct id_vec *ids)
{
	size_t n = 0;

	if (ids->n)
		qsort(ids->v, ids->n, sizeof(*ids->v), compare_ids);
	for (size_t i = 0; i < ids->n; i++)
		if (i == 0 || weir_id_cmp(&ids->v[i], &ids->v[n - 1]) != 0)
			ids->v[n++] = ids->v[i];
	ids->n = n;
	return n;
}

/*
 * Lines of one instant have no order that a server keeps from page to page. So they are
 * read again until as many were seen as there are.
 */
static bool
next_lines(struct scan *c, const struct api_page *p)
{
	for (size_t i = 0; i < p->n; i++)
		VEC_PUSH(&c->seen, p->logs[i].id);
	c->offset += p->n;
	if (p->n && p->n >= p->limit)
		return true;
	if (count_distinct(&c->seen) < c->offset) {
		if (c->restarts++ < SYNC_PASSES) {
			c->offset = 0;
			return true;
		}
		c->unsure = true;
	}
	VEC_FREE(&c->seen);
	c->restarts = 0;
	return leave_tie(c);
}

/*
 * Pages by offset overlap by one row: if it is not there again, rows have gone before
 * it and others may have been skipped, so the read begins anew.
 */
static bool
next_offset(struct scan *c, const struct api_page *p)
{
	size_t asked = c->has_last ? c->offset - 1 : c->offset;

	if (c->by == SCAN_TIMESTAMP)
		return next_lines(c, p);
	if (c->has_last && sync_page_find(p, &c->last) == p->n && restart(c))
		return true;
	c->offset = asked + p->n;
	if (p->n == 0 || p->n < p->limit)
		return c->tie && leave_tie(c);
	if (!c->tie && c->older_us != WEIR_NO_TIME && last_time(c, p) < c->older_us) {
		c->cut = true;
		return false;
	}
	c->has_last = p->limit > 1;
	c->last = sync_page_id(p, p->n - 1);
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
		weir_fail(&c->sync->err, WEIR_ENET,
			"%s: the server's pages are not in the order that was asked "
			"for",
			weir_kind_plural(c->list.kind));
		sync_fail(c->sync, WEIR_ENET, NULL);
		return false;
	}
	c->density = (double)p->n / (double)llabs(row_time(c, p, 0) - last);
	*bound = last;
	return c->lo_us == WEIR_NO_TIME || c->hi_us == WEIR_NO_TIME ||
	       c->lo_us <= c->hi_us;
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
		sync_fail(s, sync_server_rc(rc), err);
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
	sync_enqueue(s, c, page, !more);
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
void
sync_send(struct sync *s)
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
