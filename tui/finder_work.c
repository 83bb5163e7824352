/* What the query thread does, job by job. */
#include <weir/group.h>
#include <weir/keys.h>
#include <weir/logs.h>
#include <weir/mem.h>
#include <weir/select.h>
#include <weir/tree.h>

#include "finder_part.h"
#include "word.h"

static bool
work_cancelled(void *arg)
{
	return finder_cancelled(arg);
}

static void
take_head(void *arg, uint32_t *keys, size_t n)
{
	struct finder *f = arg;
	struct finder_answer *a = finder_answer_new(&f->now, FINDER_HEAD);

	a->keys = keys;
	a->n = n;
	finder_post(f, a);
}

static enum weir_rc
arrange(struct finder *f, struct finder_answer *a, struct weir_err *err)
{
	struct weir_tree tree = { 0 };
	enum weir_rc rc = weir_tree_read(f->at, &tree, err);

	if (!rc)
		weir_tree_arrange(&tree, a->keys, a->n, &a->depths);
	weir_tree_release(&tree);
	return rc;
}

static void
take_all(void *arg, uint32_t *keys, size_t n)
{
	struct finder *f = arg;
	struct finder_answer *a = finder_answer_new(&f->now, FINDER_KEYS);
	enum weir_rc rc = WEIR_OK;

	a->keys = keys;
	a->n = n;
	if (f->now.job.tree)
		rc = arrange(f, a, &f->err);
	if (rc) {
		a->part = FINDER_FAILED;
		a->rc = rc;
		word_copy(a->text, sizeof(a->text), str_of(f->err.text));
	}
	finder_post(f, a);
}

static void
take_counts(void *arg, const int64_t states[WEIR_N_STATES])
{
	struct finder *f = arg;
	struct finder_answer *a = finder_answer_new(&f->now, FINDER_COUNTS);

	memcpy(a->states, states, sizeof(a->states));
	finder_post(f, a);
}

static enum weir_rc
work_rows(struct finder *f, const struct finder_work *w, struct weir_err *err)
{
	const struct finder_job *job = &w->job;
	struct weir_query *query = NULL;
	struct weir_column_set none = { 0 }, extra = { 0 };
	struct weir_sort sort[WEIR_SORT_MAX];
	struct weir_select sel = { .kind = job->object,
		.columns = &none,
		.sort = sort,
		.now_us = job->now_us };
	struct weir_keys_user user = { f, take_head, take_all,
		job->counts ? take_counts : NULL };
	enum weir_rc rc;

	rc = weir_query_parse(
		job->object, str_of(job->query), job->now_us, &query, err);
	if (rc)
		return rc;
	sel.query = query;
	if (job->sort && *job->sort)
		rc = weir_sort_parse(
			job->object, job->sort, &extra, sort, &sel.n_sort, err);
	if (!rc)
		rc = weir_keys_find(
			job->object == WEIR_ENVIRONMENT ? f->env_keys : f->keys, f->at,
			&sel, job->query ? job->query : "", job->tree ? 0 : job->head,
			&user, err);
	weir_columns_release(&extra);
	weir_query_free(query);
	return rc;
}

static void
log_found(void *arg, struct lineset *lines, size_t from, bool more)
{
	struct finder *f = arg;
	struct finder_answer *a = finder_answer_new(&f->now, FINDER_LINES);

	a->lines = *lines;
	a->from = from;
	a->more = more;
	finder_post(f, a);
}

static enum weir_rc
work_count(struct finder *f, const struct finder_work *w, struct weir_err *err)
{
	struct weir_select sel = { .kind = w->job.object, .now_us = w->job.now_us };
	struct weir_query *query = NULL;
	struct finder_answer *a;
	int64_t n = 0;
	enum weir_rc rc;

	rc = weir_query_parse(
		w->job.object, str_of(w->job.query), w->job.now_us, &query, err);
	sel.query = query;
	if (!rc)
		rc = weir_rows_count(f->at, &sel, &n, err);
	weir_query_free(query);
	if (rc)
		return rc;
	a = finder_answer_new(w, FINDER_TOTAL);
	a->total = n;
	finder_post(f, a);
	return WEIR_OK;
}

/* Words go to the screen, or nowhere: they are released. */
static enum weir_rc
post_words(struct finder *f, const struct finder_work *w, struct buf *words,
	enum weir_rc rc)
{
	struct finder_answer *a;

	if (rc) {
		buf_release(words);
		return rc;
	}
	a = finder_answer_new(w, FINDER_WORDS);
	buf_adds(words, "");
	a->words = buf_steal(words);
	finder_post(f, a);
	return WEIR_OK;
}

static enum weir_rc
work_values(struct finder *f, const struct finder_work *w, struct weir_err *err)
{
	struct buf words = BUF_INIT(64 << 10);
	enum weir_rc rc = weir_query_values(
		f->at, w->job.object, w->job.field, str_of(w->job.prefix), &words, err);

	return post_words(f, w, &words, rc);
}

static enum weir_rc
work_groups(struct finder *f, const struct finder_work *w, struct weir_err *err)
{
	struct weir_select sel = { .kind = w->job.object, .now_us = w->job.now_us };
	struct weir_groups groups = { 0 };
	struct weir_query *query = NULL;
	struct finder_answer *a;
	enum weir_rc rc;

	rc = weir_query_parse(
		w->job.object, str_of(w->job.query), w->job.now_us, &query, err);
	sel.query = query;
	if (!rc)
		rc = weir_rows_group(f->at, &sel, w->job.field, &groups, err);
	weir_query_free(query);
	if (rc)
		return rc;
	a = finder_answer_new(w, FINDER_GROUPED);
	a->groups = xmemdup(&groups, sizeof(groups));
	finder_post(f, a);
	return WEIR_OK;
}

static void
log_doing(void *arg, size_t done, size_t total)
{
	struct finder *f = arg;
	struct finder_answer *a = finder_answer_new(&f->now, FINDER_DOING);

	a->n = done;
	a->total = (int64_t)total;
	finder_post(f, a);
}

static enum weir_rc
work_log(struct finder *f, const struct finder_work *w, struct weir_err *err)
{
	struct finder_log_sink sink = { f, work_cancelled, log_found, log_doing };

	return finder_log_work(&f->log, f->at, &w->job, &sink, err);
}

static enum weir_rc
work_order(struct finder *f, const struct finder_work *w, struct weir_err *err)
{
	struct finder_log_sink sink = { f, work_cancelled, log_found, log_doing };
	struct weir_log_order *order = NULL;
	struct finder_answer *a;
	enum weir_rc rc = finder_log_order(&f->log, f->at, &w->job, &sink, &order, err);

	if (rc)
		return rc;
	a = finder_answer_new(w, FINDER_ORDERED);
	a->order = order;
	finder_post(f, a);
	return WEIR_OK;
}

static enum weir_rc
work_names(struct finder *f, const struct finder_work *w, struct weir_err *err)
{
	struct finder_log_sink sink = { f, work_cancelled, log_found, log_doing };
	struct buf words = BUF_INIT(BUF_MAX);
	enum weir_rc rc = finder_log_names(&f->log, f->at, &w->job, &sink, &words, err);

	return post_words(f, w, &words, rc);
}

static enum weir_rc
work_call(struct finder *f, const struct finder_work *w, struct weir_err *err)
{
	struct finder_answer *a;
	enum weir_rc rc = w->job.call->run(w->job.state, f->at, err);

	if (rc)
		return rc;
	a = finder_answer_new(w, FINDER_CALLED);
	a->call = w->job.call;
	a->state = w->job.state;
	f->now.job.state = NULL;
	finder_post(f, a);
	return WEIR_OK;
}

static enum weir_rc (*const works[])(
	struct finder *f, const struct finder_work *w, struct weir_err *err) = {
	[FINDER_ROWS] = work_rows,
	[FINDER_LOG] = work_log,
	[FINDER_COUNT] = work_count,
	[FINDER_VALUES] = work_values,
	[FINDER_GROUPS] = work_groups,
	[FINDER_ORDER] = work_order,
	[FINDER_LOGGERS] = work_names,
	[FINDER_TASKS] = work_names,
	[FINDER_CALL] = work_call,
};

enum weir_rc
finder_do(struct finder *f, const struct finder_work *w, struct weir_err *err)
{
	return works[w->job.kind](f, w, err);
}
