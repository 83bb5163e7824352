/* What lies below runs that are watched: their child runs, their task runs. */
#include "session_beside.h"
#include "sync_local.h"
#include "sync_parts.h"

/* Child runs were stored before: now it is known whose they are. */
static enum weir_rc
put_tasks(struct sync *s, struct scan *c, const struct api_page *page)
{
	size_t changed = 0;
	enum weir_rc rc = store_put_task_runs(
		s->store, page->task_runs, page->n, &changed, &s->err);

	(void)c;
	for (size_t i = 0; !rc && i < page->n; i++)
		rc = store_set_parent(s->store, &page->task_runs[i].id,
			&page->task_runs[i].flow_run_id, &s->err);
	s->result.task_runs += (int64_t)changed;
	return rc;
}

static enum weir_rc
read_all(struct sync *s, enum weir_kind kind, const struct weir_id *runs, size_t n)
{
	for (size_t i = 0; i < n; i += SYNC_DETAIL_BATCH) {
		struct scan *c = sync_scan(s, kind, SCAN_OFFSET);

		c->list.run_ids = runs + i;
		c->list.n_run_ids =
			n - i < SYNC_DETAIL_BATCH ? n - i : SYNC_DETAIL_BATCH;
		c->list.sort = API_ID_DESC;
		c->rows = kind == WEIR_RUN ? sync_put_runs : put_tasks;
		sync_start(s, c);
	}
	return sync_drain(s);
}

enum weir_rc
weir_sync_below(struct weir_session *session, const struct weir_id *runs, size_t n,
	int64_t budget_ms, struct weir_err *err)
{
	const struct weir_sync_options options = { .budget_ms = budget_ms };
	struct sync s;
	enum weir_rc rc;

	bool any = false;

	for (size_t i = 0; !any && i < n; i++)
		any = !session_is_metaflow(session, &runs[i]);
	if (!any)
		return WEIR_OK;
	if (sync_local(session))
		return sync_local_store(session, err);
	rc = sync_begin(&s, session, &options);
	if (!rc)
		rc = read_all(&s, WEIR_RUN, runs, n);
	if (!rc)
		rc = read_all(&s, WEIR_TASK_RUN, runs, n);
	return sync_end(&s, rc, err);
}
