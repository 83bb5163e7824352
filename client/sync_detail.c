/* What hangs on runs: parents of subflows, task runs in a cycle, all of one run. */
#include "session_beside.h"
#include "sync_local.h"
#include "sync_parts.h"

enum { YOUNG_S = 600 };

/* The stand-in task runs of one request; found: those the server knows. */
struct stand_ins {
	const struct weir_id *ids;
	size_t n, n_found;
	struct weir_id *found;
};

static enum weir_rc
put_parents(struct sync *s, struct scan *c, const struct api_page *page)
{
	struct stand_ins *t = c->arg;
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < page->n && t->n_found < t->n; i++) {
		const struct weir_task_run *r = &page->task_runs[i];

		t->found[t->n_found++] = r->id;
		rc = store_set_parent(s->store, &r->id, &r->flow_run_id, &s->err);
	}
	s->progress.done += (int64_t)page->n;
	return rc;
}

static int
compare_ids(const void *a, const void *b)
{
	return weir_id_cmp(a, b);
}

/* Is the child so young that its stand-in may still come (3.x writes them late)? */
static enum weir_rc
is_young(struct sync *s, const struct weir_id *task, bool *ret_young)
{
	struct db *db = store_db(s->store);
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(db, SQL_CHILD_CREATED, &st, &s->err);

	*ret_young = false;
	if (!rc) {
		db_bind_id(st, 1, task);
		rc = db_step(db, st, &row, &s->err);
	}
	if (!rc && row) {
		int64_t created = db_time(st, 0);

		*ret_young = created != WEIR_NO_TIME &&
			     created > api_now_us(s->api) -
					       (int64_t)YOUNG_S * WEIR_SECOND_US;
	}
	db_reset(st);
	return rc;
}

/* A parent that the server does not know will not be asked for again. */
static enum weir_rc
no_parents(struct sync *s, struct scan *c)
{
	static const struct weir_id none;
	struct stand_ins *t = c->arg;
	enum weir_rc rc = WEIR_OK;

	if (t->n_found)
		qsort(t->found, t->n_found, sizeof(*t->found), compare_ids);
	for (size_t i = 0; !rc && i < t->n; i++) {
		bool young = false;

		if (t->n_found && bsearch(&t->ids[i], t->found, t->n_found,
					  sizeof(*t->found), compare_ids))
			continue;
		rc = is_young(s, &t->ids[i], &young);
		if (!rc && !young)
			rc = store_set_parent(s->store, &t->ids[i], &none, &s->err);
	}
	return rc;
}

static size_t
ids_a_request(const struct sync *s)
{
	return s->api->page_limit < SYNC_IDS ? s->api->page_limit : SYNC_IDS;
}

static void
start_stand_ins(struct sync *s, const struct weir_id *ids, size_t n)
{
	struct scan *c = sync_scan(s, WEIR_TASK_RUN, SCAN_OFFSET);
	struct stand_ins *t = arena_zalloc(&s->arena, sizeof(*t));

	t->ids = ids;
	t->n = n;
	t->found = arena_alloc(&s->arena, n * sizeof(*t->found));
	c->list.ids = ids;
	c->list.n_ids = n;
	c->list.sort = API_ID_DESC;
	c->one_page = true;
	c->rows = put_parents;
	c->done = no_parents;
	c->arg = t;
	sync_start(s, c);
}

/* child.parent_task_run_id is a task run of the parent: 200 of those a request. */
enum weir_rc
sync_parents(struct sync *s, size_t limit)
{
	struct id_vec orphans = { 0 };
	size_t batch = ids_a_request(s);

	if (store_orphans(s->store, limit, &orphans, &s->err))
		return sync_fail(s, s->err.rc, NULL);
	sync_tell(s, "parents", 0, (int64_t)orphans.n);
	for (size_t i = 0; i < orphans.n; i += batch)
		start_stand_ins(s, orphans.v + i,
			orphans.n - i < batch ? orphans.n - i : batch);
	sync_drain(s);
	VEC_FREE(&orphans);
	return s->rc;
}

static enum weir_rc
put_task_runs(struct sync *s, struct scan *c, const struct api_page *page)
{
	size_t changed = 0;
	enum weir_rc rc = store_put_task_runs(
		s->store, page->task_runs, page->n, &changed, &s->err);

	(void)c;
	s->result.task_runs += (int64_t)changed;
	s->progress.done += (int64_t)page->n;
	return rc;
}

static struct scan *
of_runs(struct sync *s, enum weir_kind kind, const struct weir_id *runs, size_t n)
{
	struct scan *c = sync_scan(s, kind, SCAN_OFFSET);

	c->list.run_ids = runs;
	c->list.n_run_ids = n;
	c->list.sort = API_ID_DESC;
	return c;
}

static enum weir_rc
active_runs(struct sync *s, int64_t since_us, struct id_vec *ret, bool *ret_ended)
{
	struct db *db = store_db(s->store);
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(db, SQL_RUNS_ACTIVE, &st, &s->err);

	if (!rc) {
		db_bind_time(st, 1, since_us);
		sqlite3_bind_int(st, 2, SYNC_DETAIL_RUNS);
		while (!(rc = db_step(db, st, &row, &s->err)) && row) {
			VEC_PUSH(ret, db_id(st, 0));
			if (sqlite3_column_int(st, 1))
				*ret_ended = true;
		}
	}
	db_reset(st);
	return rc;
}

enum weir_rc
sync_task_runs(struct sync *s, int64_t since_us, bool *ret_ended)
{
	struct id_vec runs = { 0 };

	if (active_runs(s, since_us, &runs, ret_ended))
		return sync_fail(s, s->err.rc, NULL);
	sync_tell(s, "task runs", 0, -1);
	for (size_t i = 0; i < runs.n; i += SYNC_DETAIL_BATCH) {
		size_t n =
			runs.n - i < SYNC_DETAIL_BATCH ? runs.n - i : SYNC_DETAIL_BATCH;
		struct scan *c = of_runs(s, WEIR_TASK_RUN, runs.v + i, n);

		c->rows = put_task_runs;
		sync_start(s, c);
	}
	sync_drain(s);
	VEC_FREE(&runs);
	return s->rc;
}

/* One run whole. */
struct part {
	const struct weir_id *run;
	struct id_vec ids;
};

static enum weir_rc
put_part(struct sync *s, struct scan *c, const struct api_page *page)
{
	struct part *p = c->arg;
	size_t changed = 0;
	enum weir_rc rc;

	for (size_t i = 0; i < page->n; i++)
		VEC_PUSH(&p->ids, sync_page_id(page, i));
	if (c->list.kind == WEIR_TASK_RUN)
		return put_task_runs(s, c, page);
	rc = store_put_docs(
		s->store, c->list.kind, page->docs, page->n, &changed, &s->err);
	s->result.docs += (int64_t)changed;
	return rc;
}

static enum weir_rc
keep_part(struct sync *s, struct scan *c)
{
	struct part *p = c->arg;
	size_t gone = 0;
	enum weir_rc rc = WEIR_OK;

	if (!c->unsure)
		rc = store_keep_only(s->store, c->list.kind, p->run, p->ids.v, p->ids.n,
			&gone, &s->err);
	s->result.deleted += (int64_t)gone;
	VEC_FREE(&p->ids);
	return rc;
}

static enum weir_rc
put_children(struct sync *s, struct scan *c, const struct api_page *page)
{
	enum weir_rc rc = sync_put_runs(s, c, page);

	for (size_t i = 0; !rc && i < page->n; i++)
		rc = store_set_parent(
			s->store, &page->runs[i].parent_task_run_id, c->arg, &s->err);
	return rc;
}

static void
start_parts(struct sync *s, struct weir_id *run)
{
	static const enum weir_kind kinds[] = { WEIR_TASK_RUN, WEIR_ARTIFACT };
	struct scan *c;

	for (size_t i = 0; i < N_ELEM(kinds); i++) {
		struct part *p = arena_zalloc(&s->arena, sizeof(*p));

		sync_own(s, &p->ids);
		p->run = run;
		c = of_runs(s, kinds[i], run, 1);
		c->rows = put_part;
		c->done = keep_part;
		c->arg = p;
		sync_start(s, c);
	}
	c = of_runs(s, WEIR_RUN, run, 1);
	c->rows = put_children;
	c->arg = run;
	sync_start(s, c);
}

/* The run itself; one that the server does not know is forgotten. */
static enum weir_rc
get_run(struct sync *s, const struct weir_id *id, const struct weir_run **ret_run)
{
	struct sync_answer a;
	size_t changed = 0;

	sync_answer_init(s, &a);
	s->api->ops->get(s->api, WEIR_RUN, id, sync_answered, &a);
	if (sync_wait(s, &a, 1) || sync_tx(s)) {
		sync_answer_release(&a);
		return s->rc;
	}
	if (a.rc == WEIR_ENOTFOUND && store_runs_gone(s->store, id, 1, &s->err))
		sync_fail(s, s->err.rc, NULL);
	else if (a.rc)
		sync_fail(s, a.rc, &a.err);
	else if (!a.run)
		sync_fail(s,
			weir_fail(&s->err, WEIR_EBADDATA,
				"run: the server's answer is not a run"),
			NULL);
	else if (store_put_runs(s->store, a.run, 1, &changed, &s->err))
		sync_fail(s, s->err.rc, NULL);
	s->result.runs += (int64_t)changed;
	*ret_run = a.run;
	sync_commit(s);
	sync_answer_release(&a);
	return s->rc;
}

static enum weir_rc
run_whole(struct sync *s, struct weir_id *id)
{
	const struct weir_run *run = NULL;
	struct sync_answer states;

	sync_tell(s, "run", 0, -1);
	if (get_run(s, id, &run))
		return s->rc;
	sync_answer_init(s, &states);
	s->api->ops->states(s->api, id, sync_answered, &states);
	start_parts(s, id);
	if (!sync_drain(s) && !sync_wait(s, &states, 1)) {
		if (states.rc)
			sync_fail(s, states.rc, &states.err);
		else if (!sync_tx(s) && store_put_details(s->store, run,
						buf_str(&states.body), &s->err))
			sync_fail(s, s->err.rc, NULL);
	}
	sync_commit(s);
	sync_answer_release(&states);
	if (!s->rc)
		sync_parents(s, SYNC_IDS);
	return s->rc;
}

enum weir_rc
weir_sync_run(
	struct weir_session *session, const struct weir_id *run, struct weir_err *err)
{
	return weir_sync_run_within(session, run, 0, err);
}

enum weir_rc
weir_sync_run_within(struct weir_session *session, const struct weir_id *run,
	int64_t budget_ms, struct weir_err *err)
{
	const struct weir_sync_options options = {
		.lock_ms = SYNC_LOCK_MS,
		.budget_ms = budget_ms,
	};
	struct weir_id id = *run;
	struct sync s;
	enum weir_rc rc;

	if (session_is_metaflow(session, run))
		return session_metaflow_run(session, run, NULL, err);
	if (sync_local(session))
		return sync_local_run(session, run, NULL, err);
	rc = sync_begin(&s, session, &options);
	if (!rc)
		rc = run_whole(&s, &id);
	return sync_end(&s, rc, err);
}
