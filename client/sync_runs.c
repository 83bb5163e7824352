/*
 * Steps A to C of a cycle: the live set, what ended since the watermark, what vanished.
 *
 * A is stored whole before B is asked for: a run that ends between them is then in
 * both, or in C, never in neither, and no older answer is stored after a newer one.
 */
#include "sync_parts.h"
#include "weir/log.h"

enum { DAY_US_S = 86400, NEVER_STARTED_DAYS = 3, ENDED_SLICE_US_S = 6 * 3600 };

static int64_t
seconds(int64_t s)
{
	return s * WEIR_SECOND_US;
}

enum weir_rc
sync_put_runs(struct sync *s, struct scan *c, const struct api_page *page)
{
	size_t changed = 0;
	enum weir_rc rc;

	(void)c;
	rc = store_put_runs(s->store, page->runs, page->n, &changed, &s->err);
	s->result.runs += (int64_t)changed;
	s->progress.done += (int64_t)page->n;
	return rc;
}

static enum weir_rc
put_live(struct sync *s, struct scan *c, const struct api_page *page)
{
	for (size_t i = 0; i < page->n; i++)
		VEC_PUSH(&s->live, page->runs[i].id);
	return sync_put_runs(s, c, page);
}

static struct scan *
live_scan(struct sync *s, unsigned states)
{
	struct scan *c = sync_scan(s, WEIR_RUN, SCAN_EXPECTED);

	c->ascending = true;
	c->list.states = states;
	c->rows = put_live;
	return c;
}

/*
 * far: also what is due after the horizon. The four other types first and by
 * themselves, then what is scheduled: a run that begins between them is then in C at
 * the latest.
 */
enum weir_rc
sync_live(struct sync *s, bool far)
{
	struct scan *c;

	sync_tell(s, "runs", 0, -1);
	sync_start(s, live_scan(s, API_STATES_LIVE & ~(1U << WEIR_ST_SCHEDULED)));
	c = live_scan(s, 1U << WEIR_ST_SCHEDULED);
	if (!far)
		c->list.next.before_us = api_now_us(s->api) + seconds(SYNC_HORIZON_S);
	sync_start(s, c);
	return sync_drain(s);
}

/* Start to read a page of ended runs, newest first: a screen has nothing yet. */
void
sync_newest(struct sync *s)
{
	struct scan *c = sync_scan(s, WEIR_RUN, SCAN_EXPECTED);

	c->list.states = API_STATES_ENDED;
	c->one_page = true;
	c->rows = sync_put_runs;
	sync_start(s, c);
}

/* A long absence is read in slices side by side. */
static void
ended_slices(struct sync *s, int64_t from_us)
{
	int64_t now = api_now_us(s->api), span = now - from_us;
	int64_t n = span > seconds(ENDED_SLICE_US_S) ? (int64_t)s->api->parallel : 1;

	for (int64_t i = n; i-- > 0;) {
		struct scan *c = sync_scan(s, WEIR_RUN, SCAN_END);

		c->list.states = API_STATES_ENDED;
		c->lo_us = from_us + span / n * i;
		if (i + 1 < n)
			c->hi_us = from_us + span / n * (i + 1);
		c->rows = sync_put_runs;
		sync_start(s, c);
	}
}

/* Servers before 3.0.4 cannot be asked for end times: newest first until older. */
static void
ended_by_hand(struct sync *s, int64_t from_us)
{
	struct scan *c = sync_scan(s, WEIR_RUN, SCAN_OFFSET);

	c->list.states = API_STATES_ENDED;
	c->list.never_started = -1;
	c->list.sort = API_END_DESC;
	c->older_us = from_us;
	c->rows = sync_put_runs;
	sync_start(s, c);
}

/* Before 3.6.14 a run that ended without ever starting has no end time. */
static void
never_started(struct sync *s, int64_t from_us)
{
	struct scan *c = sync_scan(s, WEIR_RUN, SCAN_EXPECTED);

	c->list.states = API_STATES_ENDED;
	c->list.never_started = 1;
	c->lo_us = from_us - seconds(NEVER_STARTED_DAYS * DAY_US_S);
	c->rows = sync_put_runs;
	sync_start(s, c);
}

enum weir_rc
sync_ended(struct sync *s, int64_t watermark_us)
{
	int64_t from = watermark_us - seconds(SYNC_OVERLAP_S);

	if (api_since(s->api, 3, 0, 4))
		ended_slices(s, from);
	else
		ended_by_hand(s, from);
	if (!api_since(s->api, 3, 6, 14))
		never_started(s, from);
	return sync_drain(s);
}

static int
compare_ids(const void *a, const void *b)
{
	return weir_id_cmp(a, b);
}

/* The ids of a request and, as answers come, which of them are still there. */
struct vanished {
	const struct weir_id *ids;
	size_t n;
	struct id_vec found;
};

static enum weir_rc
put_found(struct sync *s, struct scan *c, const struct api_page *page)
{
	struct vanished *v = c->arg;

	for (size_t i = 0; i < page->n; i++)
		VEC_PUSH(&v->found, page->runs[i].id);
	return sync_put_runs(s, c, page);
}

static enum weir_rc
delete_missing(struct sync *s, struct scan *c)
{
	struct vanished *v = c->arg;
	struct id_vec gone = { 0 };
	enum weir_rc rc = WEIR_OK;

	if (v->found.n)
		qsort(v->found.v, v->found.n, sizeof(*v->found.v), compare_ids);
	for (size_t i = 0; i < v->n; i++)
		if (!v->found.n || !bsearch(&v->ids[i], v->found.v, v->found.n,
					   sizeof(*v->found.v), compare_ids))
			VEC_PUSH(&gone, v->ids[i]);
	VEC_FREE(&v->found);
	if (gone.n)
		rc = store_runs_gone(s->store, gone.v, gone.n, &s->err);
	s->result.deleted += (int64_t)gone.n;
	VEC_FREE(&gone);
	return rc;
}

/* A cycle that did not read what is due after the horizon takes it as seen. */
static enum weir_rc
add_far(struct sync *s)
{
	int64_t horizon = api_now_us(s->api) + seconds(SYNC_HORIZON_S);
	struct db *db = store_db(s->store);
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(db, SQL_RUNS_FAR, &st, &s->err);

	if (rc)
		return rc;
	db_bind_time(st, 1, horizon);
	return db_ids(db, st, &s->live, &s->err);
}

/* Live here and in neither A nor B: ask for them by id; who is missing was deleted. */
enum weir_rc
sync_vanished(struct sync *s, bool far)
{
	struct id_vec unseen = { 0 };
	size_t batch = SYNC_IDS < s->api->page_limit ? SYNC_IDS : s->api->page_limit;
	enum weir_rc rc;

	if (!far && add_far(s))
		return sync_fail(s, s->err.rc, NULL);
	if (s->live.n)
		qsort(s->live.v, s->live.n, sizeof(*s->live.v), compare_ids);
	if (store_live_unseen(s->store, &s->live, &unseen, &s->err))
		return sync_fail(s, s->err.rc, NULL);
	for (size_t i = 0; i < unseen.n; i += batch) {
		struct scan *c = sync_scan(s, WEIR_RUN, SCAN_OFFSET);
		struct vanished *v = arena_zalloc(&s->arena, sizeof(*v));

		sync_own(s, &v->found);
		v->ids = unseen.v + i;
		v->n = unseen.n - i < batch ? unseen.n - i : batch;
		c->list.ids = v->ids;
		c->list.n_ids = v->n;
		c->list.sort = API_ID_DESC;
		c->one_page = true;
		c->rows = put_found;
		c->done = delete_missing;
		c->arg = v;
		sync_start(s, c);
	}
	rc = sync_drain(s);
	VEC_FREE(&unseen);
	return rc;
}
