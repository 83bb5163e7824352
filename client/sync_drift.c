/*
 * Step D, the drift check: counts by expected start and state, the server's against
 * ours.
 *
 * A stretch of time that differs is read again whole: its runs are replaced, and those
 * that the server no longer has are deleted. So deletions of ended runs and changes
 * from one ended state to another come in.
 */
#define LOG_MODULE "sync"
#include "sync_parts.h"
#include "weir/log.h"

enum { DRIFT_AHEAD_S = 86400 };

struct stretch {
	int64_t from_us, to_us; /* to: exclusive */
	struct id_vec found;
};

static int
compare_ids(const void *a, const void *b)
{
	return weir_id_cmp(a, b);
}

static enum weir_rc
put_stretch(struct sync *s, struct scan *c, const struct api_page *page)
{
	struct stretch *t = c->arg;

	for (size_t i = 0; i < page->n; i++)
		VEC_PUSH(&t->found, page->runs[i].id);
	return sync_put_runs(s, c, page);
}

static enum weir_rc
delete_rest(struct sync *s, struct scan *c)
{
	struct stretch *t = c->arg;
	struct id_vec ours = { 0 }, gone = { 0 };
	enum weir_rc rc =
		store_expected_ids(s->store, t->from_us, t->to_us, &ours, &s->err);

	if (t->found.n)
		qsort(t->found.v, t->found.n, sizeof(*t->found.v), compare_ids);
	for (size_t i = 0; !rc && !c->unsure && i < ours.n; i++)
		if (!t->found.n || !bsearch(&ours.v[i], t->found.v, t->found.n,
					   sizeof(*t->found.v), compare_ids))
			VEC_PUSH(&gone, ours.v[i]);
	if (!rc && gone.n)
		rc = store_runs_gone(s->store, gone.v, gone.n, &s->err);
	s->result.deleted += (int64_t)gone.n;
	VEC_FREE(&ours);
	VEC_FREE(&gone);
	VEC_FREE(&t->found);
	return rc;
}

static void
read_stretch(struct sync *s, int64_t from_us, int64_t to_us)
{
	struct scan *c = sync_scan(s, WEIR_RUN, SCAN_EXPECTED);
	struct stretch *t = arena_zalloc(&s->arena, sizeof(*t));

	sync_own(s, &t->found);
	t->from_us = from_us;
	t->to_us = to_us;
	c->lo_us = from_us;
	c->hi_us = to_us - 1;
	c->ascending = true;
	c->rows = put_stretch;
	c->done = delete_rest;
	c->arg = t;
	sync_start(s, c);
}

/* Neighbours that differ are read as one. */
static void
compare(struct sync *s, const struct history_vec *theirs, int64_t from_us,
	int64_t width_us, size_t n, int64_t (*ours)[WEIR_N_STATES])
{
	int64_t(*counts)[WEIR_N_STATES] = arena_zalloc(&s->arena, n * sizeof(*counts));
	size_t begin = n;

	for (size_t i = 0; i < theirs->n; i++) {
		int64_t at = theirs->v[i].from_us - from_us + width_us / 2;

		if (at >= 0 && (size_t)(at / width_us) < n)
			for (int state = 0; state < WEIR_N_STATES; state++)
				counts[at / width_us][state] += theirs->v[i].n[state];
	}
	for (size_t i = 0; i <= n; i++) {
		bool same = i == n || memcmp(counts[i], ours[i], sizeof(*ours)) == 0;

		if (!same && begin == n)
			begin = i;
		if (!same || begin == n)
			continue;
		LOG(LOG_INFO, "drift: buckets %zu to %zu differ", begin, i - 1);
		read_stretch(s, from_us + (int64_t)begin * width_us,
			from_us + (int64_t)i * width_us);
		begin = n;
	}
}

/* The oldest and newest expected start that we have. */
static enum weir_rc
window(struct sync *s, int64_t *ret_from, int64_t *ret_to)
{
	struct db *db = store_db(s->store);
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(db, SQL_RUNS_WINDOW, &st, &s->err);

	*ret_from = *ret_to = WEIR_NO_TIME;
	if (!rc && !(rc = db_step(db, st, &row, &s->err)) && row) {
		*ret_from = db_time(st, 0);
		*ret_to = db_time(st, 1);
	}
	db_reset(st);
	return rc;
}

enum weir_rc
sync_drift(struct sync *s, int64_t since_us)
{
	struct history_vec theirs = { 0 };
	struct sync_answer a;
	int64_t from, to, width, (*ours)[WEIR_N_STATES];
	int64_t ahead = s->t0_us + (int64_t)DRIFT_AHEAD_S * WEIR_SECOND_US;
	size_t n;

	if (window(s, &from, &to))
		return sync_fail(s, s->err.rc, NULL);
	if (since_us != WEIR_NO_TIME && (since_us > 0 || from == WEIR_NO_TIME))
		from = since_us;
	to = to == WEIR_NO_TIME || to < ahead ? ahead : to;
	if (from == WEIR_NO_TIME || from >= to)
		return WEIR_OK;
	from -= from % WEIR_SECOND_US;
	width = ((to - from) / WEIR_SECOND_US / SYNC_BUCKETS + 1) * WEIR_SECOND_US;
	n = (size_t)((to - from) / width) + 1;
	sync_tell(s, "drift check", 0, -1);
	sync_answer_init(s, &a);
	s->api->ops->history(s->api,
		(struct api_range){ from, from + (int64_t)n * width },
		width / WEIR_SECOND_US, sync_answered, &a);
	if (!sync_wait(s, &a, 1) && !a.rc &&
		!sync_history_parse(buf_str(&a.body), &theirs, &s->err)) {
		ours = arena_zalloc(&s->arena, n * sizeof(*ours));
		if (store_history(s->store, from, width, n, ours, &s->err))
			sync_fail(s, s->err.rc, NULL);
		else
			compare(s, &theirs, from, width, n, ours);
		sync_drain(s);
	} else if (a.rc) {
		sync_fail(s, a.rc, &a.err);
	} else if (!s->rc) {
		sync_fail(s, s->err.rc, NULL);
	}
	sync_answer_release(&a);
	VEC_FREE(&theirs);
	return s->rc;
}
