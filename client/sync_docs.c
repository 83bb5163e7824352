/*
 * Flows and deployments by what was updated last; pools, queues, workers and limits
 * whole.
 */
#include "sync_parts.h"

VEC_TYPE(pool_vec, struct weir_doc);

struct collection {
	const struct weir_id *owner;
	struct id_vec ids;
	struct pool_vec *pools; /* pools: what to look into next */
};

static enum weir_rc
put_docs(struct sync *s, struct scan *c, const struct api_page *page)
{
	struct collection *all = c->arg;
	size_t changed = 0;
	enum weir_rc rc = store_put_docs(
		s->store, c->list.kind, page->docs, page->n, &changed, &s->err);

	for (size_t i = 0; i < page->n; i++)
		VEC_PUSH(&all->ids, page->docs[i].id);
	s->result.docs += (int64_t)changed;
	s->progress.done += (int64_t)page->n;
	return rc;
}

/* Read to the end and sure of it: what is not among them is gone. */
static enum weir_rc
keep_docs(struct sync *s, struct scan *c)
{
	struct collection *all = c->arg;
	size_t gone = 0;
	enum weir_rc rc = WEIR_OK;

	if (!c->unsure && !c->cut)
		rc = store_keep_only(s->store, c->list.kind, all->owner, all->ids.v,
			all->ids.n, &gone, &s->err);
	s->result.deleted += (int64_t)gone;
	VEC_FREE(&all->ids);
	return rc;
}

static int
compare_ids(const void *a, const void *b)
{
	return weir_id_cmp(a, b);
}

/* What we have of kind and did not see. */
static enum weir_rc
unseen(struct sync *s, enum weir_kind kind, struct id_vec *seen, struct id_vec *ret)
{
	struct db *db = store_db(s->store);
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(db,
		kind == WEIR_FLOW ? SQL_FLOW_IDS : SQL_DEPLOYMENT_IDS, &st, &s->err);

	if (seen->n)
		qsort(seen->v, seen->n, sizeof(*seen->v), compare_ids);
	while (!rc && !(rc = db_step(db, st, &row, &s->err)) && row) {
		struct weir_id id = db_id(st, 0);

		if (!seen->n ||
			!bsearch(&id, seen->v, seen->n, sizeof(id), compare_ids))
			VEC_PUSH(ret, id);
	}
	db_reset(st);
	return rc;
}

/*
 * A list of several pages can have skipped a row that moved while it was read (names
 * tie, updates move): what seems to be gone is asked for by id first.
 */
static enum weir_rc
confirm_gone(struct sync *s, struct scan *c)
{
	struct collection *all = c->arg;
	struct id_vec missing = { 0 };
	struct scan *again;
	enum weir_rc rc;

	if (c->cut || c->unsure || c->offset < s->api->page_limit)
		return keep_docs(s, c);
	rc = unseen(s, c->list.kind, &all->ids, &missing);
	if (!rc && missing.n && missing.n <= s->api->page_limit) {
		struct weir_id *ids = arena_alloc(&s->arena, missing.n * sizeof(*ids));

		memcpy(ids, missing.v, missing.n * sizeof(*ids));
		again = sync_scan(s, c->list.kind, SCAN_OFFSET);
		again->list.ids = ids;
		again->list.n_ids = missing.n;
		again->one_page = true;
		again->rows = put_docs;
		again->done = keep_docs;
		again->arg = all;
		sync_start(s, again);
	} else {
		VEC_FREE(&all->ids);
	}
	VEC_FREE(&missing);
	return rc;
}

static struct scan *
docs_scan(struct sync *s, enum weir_kind kind)
{
	struct scan *c = sync_scan(s, kind, SCAN_OFFSET);
	struct collection *all = arena_zalloc(&s->arena, sizeof(*all));

	sync_own(s, &all->ids);
	c->arg = all;
	c->rows = put_docs;
	c->done = keep_docs;
	return c;
}

/* A list that is read whole comes in the order of names, which does not move. */
static void
start_updated(struct sync *s, enum weir_kind kind, int64_t older_us, bool whole)
{
	struct scan *c = docs_scan(s, kind);

	c->done = confirm_gone;
	if (!whole) {
		c->list.sort = API_UPDATED_DESC;
		c->older_us = older_us;
	}
	sync_start(s, c);
}

static enum weir_rc
put_pools(struct sync *s, struct scan *c, const struct api_page *page)
{
	struct collection *all = c->arg;

	for (size_t i = 0; i < page->n; i++) {
		struct weir_doc doc = page->docs[i];

		doc.name.s = arena_strndup(
			&s->arena, doc.name.s ? doc.name.s : "", doc.name.len);
		VEC_PUSH(all->pools, doc);
	}
	return put_docs(s, c, page);
}

static void
start_pool_part(struct sync *s, const struct weir_doc *pool, enum weir_kind kind)
{
	struct scan *c = docs_scan(s, kind);
	struct collection *all = c->arg;
	struct weir_id *owner = arena_alloc(&s->arena, sizeof(*owner));

	*owner = pool->id;
	all->owner = owner;
	c->list.pool = pool->name.s;
	c->optional = true;
	sync_start(s, c);
}

/* since_us: when flows and deployments were last read; whole: read them to the end. */
enum weir_rc
sync_docs(struct sync *s, int64_t since_us, bool whole)
{
	struct pool_vec pools = { 0 };
	int64_t older = since_us - (int64_t)SYNC_OVERLAP_S * WEIR_SECOND_US;
	struct scan *c;

	sync_tell(s, "flows", 0, -1);
	start_updated(s, WEIR_FLOW, older, whole);
	start_updated(s, WEIR_DEPLOYMENT, older, whole);
	c = docs_scan(s, WEIR_POOL);
	c->rows = put_pools;
	((struct collection *)c->arg)->pools = &pools;
	sync_start(s, c);
	c = docs_scan(s, WEIR_LIMIT);
	c->optional = true;
	sync_start(s, c);
	sync_drain(s);
	for (size_t i = 0; !s->rc && i < pools.n; i++) {
		start_pool_part(s, &pools.v[i], WEIR_QUEUE);
		start_pool_part(s, &pools.v[i], WEIR_WORKER);
	}
	sync_drain(s);
	VEC_FREE(&pools);
	return s->rc;
}
