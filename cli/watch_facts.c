/* What is known of runs that are watched, beside their states. */
#include <weir/query.h>
#include <weir/select.h>
#include <weir/sync.h>
#include <weir/text.h>
#include <weir/why.h>

#include "watch_parts.h"

enum {
	EARLIER = 25,      /* runs that an estimate is made of */
	DETAILS_MAX = 120, /* runs whose children and tasks are counted */
	WHY_MAX = 30,      /* runs that are explained while one waits */
	BUDGET_MS = 8000,
	WHY_BUDGET_MS = 1500,
	DETAIL_US = 2000000,
	DETAIL_SHARE = 10, /* of the time at most a tenth is spent on details */
};

static bool
wants_details(const struct watch_run *r)
{
	return r->known && !r->ended && r->f.start_us != WEIR_NO_TIME;
}

/* ---- counts */

static void
count(struct weir_store *store, enum weir_kind kind, const char *field,
	const struct weir_id *id, int64_t n[WEIR_N_STATES])
{
	struct weir_select sel = { .kind = kind, .any_order = true };
	struct weir_query *query = NULL;
	char text[64], hex[WEIR_ID_TEXT + 1];

	snprintf(text, sizeof(text), "%s:%s", field, weir_id_format(id, hex));
	if (weir_query_parse(kind, str_of(text), weir_now_us(), &query, NULL))
		return;
	sel.query = query;
	if (weir_rows_count_states(store, &sel, n, NULL))
		memset(n, 0, WEIR_N_STATES * sizeof(n[0]));
	weir_query_free(query);
}

/* The stand-in of a child run is no task of its own. */
static void
count_below(struct weir_store *store, struct watch_run *r)
{
	count(store, WEIR_RUN, "parent", &r->f.id, r->children);
	count(store, WEIR_TASK_RUN, "flow_run_id", &r->f.id, r->tasks);
	for (size_t i = 0; i < WEIR_N_STATES; i++)
		r->tasks[i] -=
			r->children[i] < r->tasks[i] ? r->children[i] : r->tasks[i];
}

static enum weir_rc
fetch_below(struct watch *w, const struct watch_ids *ids)
{
	struct weir_err err;
	enum weir_rc rc =
		weir_sync_below(w->ctx->session, ids->v, ids->n, BUDGET_MS, &err);

	if (rc == WEIR_EINTR)
		*w->ctx->err = err;
	return rc == WEIR_EINTR ? rc : WEIR_OK;
}

static enum weir_rc
fetch_lines(struct watch *w, const struct watch_ids *ids)
{
	struct weir_tail *tails = xcalloc(ids->n, sizeof(*tails));
	struct weir_err err;
	enum weir_rc rc;

	for (size_t i = 0; i < ids->n; i++)
		tails[i] = (struct weir_tail){ .id = ids->v[i], .us = WEIR_NO_TIME };
	rc = weir_follow_tails(w->ctx->session, tails, ids->n,
		weir_monotonic_us() + BUDGET_MS * INT64_C(1000), &err);
	for (size_t i = 0, k = 0; !rc && i < w->runs.n && k < ids->n; i++) {
		struct watch_run *r = &w->runs.v[i];

		if (weir_id_cmp(&r->f.id, &tails[k].id) != 0)
			continue;
		if (tails[k].us != WEIR_NO_TIME) {
			r->last_us = tails[k].us;
			memcpy(r->last, tails[k].text, sizeof(r->last));
		}
		k++;
	}
	free(tails);
	if (rc == WEIR_EINTR)
		*w->ctx->err = err;
	return rc == WEIR_EINTR ? rc : WEIR_OK;
}

static void
read_facts(struct watch *w, const struct watch_ids *ids)
{
	struct weir_store *store;

	if (weir_session_store(w->ctx->session, WEIR_STORE_READ, &store, NULL))
		return;
	for (size_t i = 0, k = 0; i < w->runs.n && k < ids->n; i++) {
		if (weir_id_cmp(&w->runs.v[i].f.id, &ids->v[k]) != 0)
			continue;
		count_below(store, &w->runs.v[i]);
		watch_estimate(w, &w->runs.v[i]);
		k++;
	}
}

enum weir_rc
watch_details(struct watch *w)
{
	int64_t began = weir_monotonic_us(), took;
	struct watch_ids ids = { 0 };
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < w->runs.n && ids.n < DETAILS_MAX; i++)
		if (wants_details(&w->runs.v[i]))
			VEC_PUSH(&ids, w->runs.v[i].f.id);
	if (ids.n)
		rc = fetch_below(w, &ids);
	if (!rc && ids.n && !w->o->logs)
		rc = fetch_lines(w, &ids);
	if (!rc && ids.n)
		read_facts(w, &ids);
	VEC_FREE(&ids);
	took = weir_monotonic_us() - began;
	w->detail_us =
		weir_monotonic_us() +
		(took * DETAIL_SHARE > DETAIL_US ? took * DETAIL_SHARE : DETAIL_US);
	return rc;
}

/* ---- how long such runs take */

static int
compare_times(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static size_t
read_times(struct weir_store *store, const char *text, int64_t us[EARLIER])
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = {
		.kind = WEIR_RUN, .columns = &set, .limit = EARLIER
	};
	struct weir_query *query = NULL;
	struct weir_rows *rows = NULL;
	struct weir_err err;
	bool row = true;
	size_t n = 0;

	if (weir_query_parse(WEIR_RUN, str_of(text), weir_now_us(), &query, &err) ||
		weir_columns_choose(WEIR_RUN, "start_time,end_time", 0, &set, &err))
		goto out;
	sel.query = query;
	if (weir_rows_open(store, &sel, &rows, &err))
		goto out;
	while (n < EARLIER && !weir_rows_next(rows, &row, &err) && row) {
		const struct weir_cell *start = weir_rows_cell(rows, 0);
		const struct weir_cell *end = weir_rows_cell(rows, 1);

		if (!start->null && !end->null && end->i > start->i)
			us[n++] = end->i - start->i;
	}
out:
	weir_rows_close(rows);
	weir_columns_release(&set);
	weir_query_free(query);
	return n;
}

void
watch_estimate(struct watch *w, struct watch_run *r)
{
	bool deployed = !weir_id_is_null(&r->f.deployment_id);
	const struct weir_id *of = deployed ? &r->f.deployment_id : &r->f.flow_id;
	char text[128], hex[WEIR_ID_TEXT + 1];
	struct weir_store *store;
	int64_t us[EARLIER];
	size_t n;

	if (r->estimated || weir_id_is_null(of) ||
		weir_session_store(w->ctx->session, WEIR_STORE_READ, &store, NULL))
		return;
	r->estimated = true;
	snprintf(text, sizeof(text), "%s:%s state:completed",
		deployed ? "deployment_id" : "flow_id", weir_id_format(of, hex));
	n = read_times(store, text, us);
	if (!n)
		return;
	qsort(us, n, sizeof(us[0]), compare_times);
	r->median_us = us[n / 2];
}

/* ---- why */

static bool
lacks_log(const struct weir_why *why)
{
	return why->n_causes && why->causes[0].no_log;
}

static void
read_why(struct watch *w, const struct watch_run *r, struct weir_why *why)
{
	struct weir_store *store;

	weir_why_release(why);
	*why = (struct weir_why){ 0 };
	if (!weir_session_store(w->ctx->session, WEIR_STORE_READ, &store, NULL) &&
		weir_why(store, &r->f.id, weir_now_us(), why, NULL))
		*why = (struct weir_why){ 0 };
}

void
watch_explain(struct watch *w, struct watch_run *r)
{
	struct weir_sync_options o = { .since_us = WEIR_NO_TIME,
		.budget_ms = WHY_BUDGET_MS };
	struct weir_why why = { 0 };
	struct buf b = BUF_INIT(WEIR_WHY_TEXT_MAX * 4);
	struct weir_err err;
	bool ended, ask;

	if (r->why || w->o->quiet || w->n_why++ >= WHY_MAX)
		return;
	ask = !w->explain_us || weir_monotonic_us() < w->explain_us;
	if (ask)
		(void)!weir_sync_run_within(
			w->ctx->session, &r->f.id, WHY_BUDGET_MS, &err);
	read_why(w, r, &why);
	if (ask && lacks_log(&why)) {
		struct weir_id run = why.causes[0].run;

		(void)!weir_sync_logs(w->ctx->session, &run, &o, &ended, &err);
		read_why(w, r, &why);
	}
	if (why.n_causes || why.message.len)
		weir_why_line(&why, &b);
	if (b.len)
		r->why = buf_steal(&b);
	weir_why_release(&why);
	buf_release(&b);
}
