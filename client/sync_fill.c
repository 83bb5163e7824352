/*
 * The first fill: ended runs by expected start, newest first, in slices side by side.
 *
 * One history request tells how many runs each stretch of time has; slices of a few
 * pages are cut from it, shrinking towards the end so that no request is left to run
 * alone. What is wholly here, counted from the newest, is remembered with each slice:
 * WEIR_META_FILLED_US.
 */
#include <jansson.h>

#define LOG_MODULE "sync"
#include "sync_parts.h"
#include "weir/log.h"

enum {
	SLICE_PAGES = 16,     /* the most a slice is cut to have */
	DENSE_PAGES = 12,     /* a bucket of more is looked into */
	DENSE_MAX = 64,       /* so many of them */
	FUTURE_S = 3600,      /* history goes a bit past now */
	BLIND_FIRST_S = 3600, /* without history: slices of 1 h, 2 h, 4 h... */
};

struct cell {
	int64_t from_us;
	int64_t n;
};
VEC_TYPE(cell_vec, struct cell);

struct slice {
	struct slice *older;
	int64_t lo_us;
	bool done;
};

struct fill {
	int64_t since_us, top_us; /* top: what is filled already begins here, or open */
	struct cell_vec cells;    /* oldest first; each reaches to the next */
	struct slice *oldest;
	struct slice *open; /* the newest one that is not done */
	int64_t total;
};

static void
parse_bucket(const json_t *item, struct history_bucket *ret)
{
	const char *from = json_string_value(json_object_get(item, "interval_start"));
	const json_t *states = json_object_get(item, "states"), *state;
	size_t i;

	memset(ret, 0, sizeof(*ret));
	if (!from || !weir_time_parse(str_of(from), &ret->from_us))
		ret->from_us = WEIR_NO_TIME;
	json_array_foreach((json_t *)states, i, state)
	{
		const char *type =
			json_string_value(json_object_get(state, "state_type"));
		enum weir_state number = WEIR_ST_NONE;

		if (!type || !weir_state_parse(str_of(type), &number))
			continue;
		ret->n[number] +=
			json_integer_value(json_object_get(state, "count_runs"));
	}
}

enum weir_rc
sync_history_parse(struct str body, struct history_vec *ret, struct weir_err *err)
{
	json_error_t error;
	json_t *array = json_loadb(body.s ? body.s : "", body.len, 0, &error), *item;
	size_t i;

	if (!json_is_array(array)) {
		json_decref(array);
		return weir_fail(err, WEIR_EBADDATA,
			"flow_runs/history: the answer is not a JSON array");
	}
	json_array_foreach(array, i, item)
	{
		struct history_bucket bucket;

		parse_bucket(item, &bucket);
		if (bucket.from_us != WEIR_NO_TIME)
			VEC_PUSH(ret, bucket);
	}
	json_decref(array);
	return WEIR_OK;
}

static int64_t
ended(const struct history_bucket *b)
{
	int64_t n = 0;

	for (int i = 0; i < WEIR_N_STATES; i++)
		if (API_STATES_ENDED & (1 << i))
			n += b->n[i];
	return n;
}

static int
compare_cells(const void *a, const void *b)
{
	const struct cell *x = a, *y = b;

	return (x->from_us > y->from_us) - (x->from_us < y->from_us);
}

static int64_t
width_for(int64_t from_us, int64_t to_us)
{
	int64_t s = (to_us - from_us) / WEIR_SECOND_US / SYNC_BUCKETS + 1;

	return s < 1 ? 1 : s;
}

static void
ask_history(struct sync *s, struct sync_answer *a, int64_t from_us, int64_t to_us)
{
	sync_answer_init(s, a);
	s->api->ops->history(s->api, (struct api_range){ from_us, to_us },
		width_for(from_us, to_us), sync_answered, a);
}

/* The cells of an answer; none when the server has no history to give. */
static void
take_history(struct sync_answer *a, struct cell_vec *cells)
{
	struct history_vec buckets = { 0 };
	struct weir_err err;

	if (a->rc || sync_history_parse(buf_str(&a->body), &buckets, &err))
		LOG(LOG_WARN, "history: %s", a->rc ? a->err.text : err.text);
	for (size_t i = 0; i < buckets.n; i++) {
		struct cell cell = { buckets.v[i].from_us, ended(&buckets.v[i]) };

		VEC_PUSH(cells, cell);
	}
	VEC_FREE(&buckets);
}

/* Replace cell i by what a closer look at it gave. */
static void
put_closer(struct fill *f, size_t i, const struct cell_vec *closer)
{
	int64_t n = 0;

	for (size_t j = 0; j < closer->n; j++)
		n += closer->v[j].n;
	if (!n)
		return;
	f->cells.v[i].n = 0;
	for (size_t j = 0; j < closer->n; j++)
		VEC_PUSH(&f->cells, closer->v[j]);
}

/* Cells with more runs than a slice should have are asked for again, finer. */
static enum weir_rc
look_closer(struct sync *s, struct fill *f, int64_t to_us)
{
	size_t dense[DENSE_MAX], n = 0, n_cells = f->cells.n;
	int64_t limit = (int64_t)s->api->page_limit * DENSE_PAGES;
	struct sync_answer *a = arena_zalloc(&s->arena, DENSE_MAX * sizeof(*a));

	for (size_t i = 0; i < n_cells && n < DENSE_MAX; i++) {
		int64_t end = i + 1 < n_cells ? f->cells.v[i + 1].from_us : to_us;

		if (f->cells.v[i].n <= limit ||
			end - f->cells.v[i].from_us <= 2 * WEIR_SECOND_US)
			continue;
		ask_history(s, &a[n], f->cells.v[i].from_us, end - 1);
		dense[n++] = i;
	}
	(void)sync_wait(s, a, n);
	for (size_t i = 0; i < n; i++) {
		struct cell_vec closer = { 0 };

		if (!s->rc)
			take_history(&a[i], &closer);
		put_closer(f, dense[i], &closer);
		VEC_FREE(&closer);
		sync_answer_release(&a[i]);
	}
	return s->rc;
}

/* No history to be had: slices that double in width; idle requests split them. */
static void
blind_cells(struct fill *f, int64_t to_us)
{
	int64_t width = (int64_t)BLIND_FIRST_S * WEIR_SECOND_US;

	for (int64_t at = to_us; at > f->since_us; width *= 2) {
		at = at - f->since_us > width ? at - width : f->since_us;
		VEC_PUSH(&f->cells, ((struct cell){ at, -1 }));
	}
}

/* To top_us, or a bit past now. */
static int64_t
fill_end(const struct sync *s, int64_t top_us)
{
	return top_us != WEIR_NO_TIME ? top_us
				      : s->t0_us + (int64_t)FUTURE_S * WEIR_SECOND_US;
}

static void
ask_all(struct sync *s, struct sync_answer *a, int64_t since_us, int64_t to_us)
{
	int64_t from = since_us - since_us % WEIR_SECOND_US;

	ask_history(s, a, from, to_us > from ? to_us : from + WEIR_SECOND_US);
}

/* "All" has to find the oldest run first. */
void
sync_fill_ahead(struct sync *s, int64_t since_us)
{
	if (s->rc || since_us == 0)
		return;
	s->ahead = arena_zalloc(&s->arena, sizeof(*s->ahead));
	ask_all(s, s->ahead, since_us, fill_end(s, WEIR_NO_TIME));
}

static enum weir_rc
count_cells(struct sync *s, struct fill *f)
{
	int64_t to = fill_end(s, f->top_us);
	struct sync_answer a, *answer = s->ahead ? s->ahead : &a;

	if (!s->ahead)
		ask_all(s, &a, f->since_us, to);
	if (!sync_wait(s, answer, 1))
		take_history(answer, &f->cells);
	if (!s->ahead)
		sync_answer_release(&a);
	if (s->rc)
		return s->rc;
	if (!f->cells.n)
		blind_cells(f, to);
	else if (look_closer(s, f, to))
		return s->rc;
	qsort(f->cells.v, f->cells.n, sizeof(*f->cells.v), compare_cells);
	if (f->cells.v[0].from_us > f->since_us)
		f->cells.v[0].from_us = f->since_us;
	for (size_t i = 0; i < f->cells.n; i++)
		f->total += f->cells.v[i].n > 0 ? f->cells.v[i].n : 0;
	return WEIR_OK;
}

/* What is whole, counted from the newest, is remembered. */
static enum weir_rc
slice_done(struct sync *s, struct scan *c)
{
	struct fill *f = c->arg;
	struct slice *slice = c->slice, *whole = NULL;

	slice->done = true;
	for (; f->open && f->open->done; f->open = f->open->older)
		whole = f->open;
	if (!whole)
		return WEIR_OK;
	return weir_store_set_meta(
		s->store, WEIR_META_FILLED_US, whole->lo_us, &s->err);
}

/* The newest slice that is not done counts as far as it has come. */
static enum weir_rc
put_slice(struct sync *s, struct scan *c, const struct api_page *page)
{
	struct fill *f = c->arg;
	enum weir_rc rc = sync_put_runs(s, c, page);
	int64_t last =
		page->n ? page->runs[page->n - 1].expected_start_us : WEIR_NO_TIME;

	s->progress.total = f->total > s->progress.done ? f->total : s->progress.done;
	if (rc || c->slice != f->open || last == WEIR_NO_TIME || last < f->open->lo_us)
		return rc;
	return weir_store_set_meta(s->store, WEIR_META_FILLED_US, last, &s->err);
}

static struct scan *slice_scan(struct sync *s, struct fill *f, struct slice *slice);

/* The older half of a slice becomes one of its own. */
static struct scan *
split_slice(struct sync *s, struct scan *c, int64_t lo_us, int64_t mid_us)
{
	struct fill *f = c->arg;
	struct slice *newer = c->slice,
		     *slice = arena_zalloc(&s->arena, sizeof(*slice));
	struct scan *more;

	*slice = (struct slice){ .older = newer->older, .lo_us = lo_us };
	newer->older = slice;
	newer->lo_us = c->lo_us;
	if (f->oldest == newer)
		f->oldest = slice;
	more = slice_scan(s, f, slice);
	more->hi_us = mid_us;
	return more;
}

static struct scan *
slice_scan(struct sync *s, struct fill *f, struct slice *slice)
{
	struct scan *c = sync_scan(s, WEIR_RUN, SCAN_EXPECTED);

	c->list.states = API_STATES_ENDED;
	c->lo_us = slice->lo_us;
	c->rows = put_slice;
	c->done = slice_done;
	c->split = split_slice;
	c->arg = f;
	c->slice = slice;
	return c;
}

static void
add_slice(struct sync *s, struct fill *f, int64_t lo_us, int64_t hi_us)
{
	struct slice *slice = arena_zalloc(&s->arena, sizeof(*slice));
	struct scan *c;

	slice->lo_us = lo_us;
	if (f->oldest)
		f->oldest->older = slice;
	else
		f->open = slice;
	f->oldest = slice;
	c = slice_scan(s, f, slice);
	c->hi_us = hi_us;
	sync_start(s, c);
}

/*
 * From the newest cell down: a slice ends when it has its share. Cells of unknown size
 * (-1) are a slice each.
 */
static void
cut_slices(struct sync *s, struct fill *f)
{
	int64_t page = (int64_t)s->api->page_limit, n = 0;
	int64_t hi = f->top_us, share = page; /* one page first, for the screen */

	for (size_t i = f->cells.n; i-- > 0;) {
		const struct cell *cell = &f->cells.v[i];
		int64_t next = i ? f->cells.v[i - 1].n : 0;

		n += cell->n > 0 ? cell->n : 0;
		if (i && cell->n >= 0 && n + next / 2 < share)
			continue;
		add_slice(s, f, cell->from_us, hi);
		hi = cell->from_us - 1;
		n = 0;
		share = page * SLICE_PAGES;
	}
}

/* Runs due before since that ended after it. */
static void
start_leftovers(struct sync *s, int64_t since_us)
{
	struct scan *c;

	if (since_us <= 0 || !api_since(s->api, 3, 0, 4))
		return;
	c = sync_scan(s, WEIR_RUN, SCAN_END);
	c->list.states = API_STATES_ENDED;
	c->list.expected.before_us = since_us;
	c->lo_us = since_us;
	c->rows = sync_put_runs;
	sync_start(s, c);
}

static enum weir_rc
put_oldest(struct sync *s, struct scan *c, const struct api_page *page)
{
	int64_t *oldest = c->arg;

	if (page->n)
		*oldest = page->runs[0].expected_start_us;
	return sync_put_runs(s, c, page);
}

/* "Everything" begins with the oldest ended run. */
static enum weir_rc
find_oldest(struct sync *s, int64_t *ret_since)
{
	struct scan *c = sync_scan(s, WEIR_RUN, SCAN_EXPECTED);
	int64_t oldest = WEIR_NO_TIME;

	c->list.states = API_STATES_ENDED;
	c->list.limit = 1;
	c->ascending = true;
	c->one_page = true;
	c->lo_us = 0;
	c->rows = put_oldest;
	c->arg = &oldest;
	sync_start(s, c);
	if (sync_drain(s))
		return s->rc;
	*ret_since = oldest != WEIR_NO_TIME ? oldest : s->t0_us;
	return WEIR_OK;
}

enum weir_rc
sync_fill(struct sync *s, int64_t since_us, int64_t filled_us)
{
	struct fill f = { .since_us = since_us, .top_us = filled_us };
	enum weir_rc rc = WEIR_OK;

	sync_tell(s, "runs", 0, -1);
	if (since_us == 0)
		rc = find_oldest(s, &f.since_us);
	if (!rc && filled_us != WEIR_NO_TIME && f.since_us > filled_us)
		f.since_us = filled_us;
	if (!rc)
		rc = count_cells(s, &f);
	if (!rc) {
		cut_slices(s, &f);
		start_leftovers(s, since_us);
		sync_tell(s, "runs", 0, f.total);
		rc = sync_drain(s);
	}
	if (!rc && !(rc = sync_tx(s))) {
		rc = weir_store_set_meta(
			s->store, WEIR_META_FILLED_US, since_us, &s->err);
		rc = rc ? sync_fail(s, rc, NULL) : sync_commit(s);
	}
	VEC_FREE(&f.cells);
	return rc;
}
