/*
 * Logs, run by run: what is new while the run lives, then the whole once more, then
 * never again.
 *
 * Time stamps are the client's and batches arrive late, so a live log is read again
 * from a minute before its newest line (five seconds in a quick poll). A run's log is
 * over when it was read from its beginning some seconds after the run's end and that
 * gave nothing new. It counts as complete, never to be asked for again, when it was
 * read so a minute after the end: a client that is short of time sends its last lines
 * late.
 */
#define LOG_MODULE "sync"
#include "beside.h"
#include "session_beside.h"
#include "sync_local.h"
#include "sync_parts.h"
#include "weir/log.h"

enum {
	OVERLAP_S = 60,
	QUICK_OVERLAP_S = 5,
	SETTLE_S = 5,       /* after the end: the client sends every two seconds */
	SETTLED_S = 60,     /* nothing comes that late */
	JOBS_A_REQUEST = 2, /* logs that are begun for each request in flight */
};

/* Reading the log of one run. */
struct log_job {
	struct weir_id run;
	struct log_list *list; /* or NULL: a single one */
	bool known;            /* the run is in the store */
	bool ended;
	int64_t end_us, run_count;
	bool full; /* read from the beginning */
	bool over; /* nothing more will come */
	int64_t n_new;
};

/* The logs of many runs, newest first; a few are worked on at a time. */
struct log_list {
	struct id_vec runs;
	size_t next;
	int64_t done;
};

/* An end that lies well ahead is one of before the server's clock was set back. */
static int64_t
since_end(struct sync *s, const struct log_job *job)
{
	int64_t us = api_now_us(s->api) - job->end_us;
	int64_t settled = (int64_t)SETTLED_S * WEIR_SECOND_US;

	return us < -settled ? settled : us;
}

static enum weir_rc
look_up_run(struct sync *s, struct log_job *job)
{
	struct db *db = store_db(s->store);
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(db, SQL_RUN_ENDED, &st, &s->err);

	if (!rc) {
		db_bind_id(st, 1, &job->run);
		rc = db_step(db, st, &row, &s->err);
	}
	job->known = row;
	if (!rc && row) {
		job->ended = weir_state_is_terminal(
			(enum weir_state)sqlite3_column_int(st, 0));
		job->end_us = db_time(st, 1);
		job->run_count = sqlite3_column_int64(st, 2);
	}
	db_reset(st);
	return rc;
}

static enum weir_rc
put_lines(struct sync *s, struct scan *c, const struct api_page *page)
{
	struct log_job *job = c->arg;
	size_t n_new = 0;
	enum weir_rc rc = store_put_logs(
		s->store, &job->run, page->logs, page->n, &n_new, &s->err);

	job->n_new += (int64_t)n_new;
	s->result.log_lines += (int64_t)n_new;
	if (n_new)
		s->changed = true;
	return rc;
}

static enum weir_rc start_next(struct sync *s, struct log_list *list);

static enum weir_rc
log_done(struct sync *s, struct scan *c)
{
	struct log_job *job = c->arg;
	enum weir_rc rc = WEIR_OK;

	bool settled = since_end(s, job) >= (int64_t)SETTLED_S * WEIR_SECOND_US;

	if (job->full && !c->unsure && (settled || job->n_new == 0))
		job->over = true;
	if (job->over && settled)
		rc = store_complete_logs(s->store, &job->run, job->run_count, &s->err);
	if (rc || !job->list)
		return rc;
	s->progress.done = ++job->list->done;
	return start_next(s, job->list);
}

/* What is to be read of this log, if anything. */
static enum weir_rc
start_log(struct sync *s, struct log_job *job, bool quick)
{
	struct store_log_state state;
	struct scan *c;
	int64_t overlap = quick ? QUICK_OVERLAP_S : OVERLAP_S;

	if (look_up_run(s, job) ||
		store_log_state(s->store, &job->run, &state, &s->err))
		return s->err.rc;
	if (state.complete && job->ended && job->run_count <= state.runs) {
		job->over = true;
		return WEIR_OK;
	}
	job->full =
		job->ended && since_end(s, job) >= (int64_t)SETTLE_S * WEIR_SECOND_US;
	c = sync_scan(s, WEIR_RUN, SCAN_TIMESTAMP);
	c->run = job->run;
	c->ascending = true;
	if (!job->full && state.known && state.until_us != WEIR_NO_TIME)
		c->lo_us = state.until_us - overlap * WEIR_SECOND_US;
	c->rows = put_lines;
	c->done = log_done;
	c->arg = job;
	sync_start(s, c);
	return WEIR_OK;
}

/* The next run of the list whose log is not complete. */
static enum weir_rc
start_next(struct sync *s, struct log_list *list)
{
	while (list->next < list->runs.n) {
		struct log_job *job = arena_zalloc(&s->arena, sizeof(*job));

		job->run = list->runs.v[list->next++];
		job->list = list;
		if (start_log(s, job, false))
			return s->err.rc;
		if (!job->over)
			return WEIR_OK;
		s->progress.done = ++list->done;
	}
	return WEIR_OK;
}

/* Ask for the run itself, to learn whether it has ended. */
static void
ask_run(struct sync *s, struct sync_answer *a, const struct weir_id *run)
{
	sync_answer_init(s, a);
	s->api->ops->get(s->api, WEIR_RUN, run, sync_answered, a);
}

static enum weir_rc
take_run(struct sync *s, struct sync_answer *a)
{
	size_t changed = 0;

	if (sync_wait(s, a, 1))
		return s->rc;
	if (a->rc)
		return sync_fail(s, a->rc, &a->err);
	if (a->run &&
		(sync_tx(s) || store_put_runs(s->store, a->run, 1, &changed, &s->err)))
		return sync_fail(s, s->err.rc, NULL);
	s->result.runs += (int64_t)changed;
	s->changed = s->changed || changed;
	return sync_commit(s);
}

/*
 * Whether the run had ended is decided by what was known before its lines were asked
 * for, so that no line can come between. The run itself is asked for at the same time.
 */
static enum weir_rc
one_log(struct sync *s, struct log_job *job)
{
	struct sync_answer a;
	bool asked;

	sync_tell(s, "logs", 0, -1);
	if (look_up_run(s, job))
		return sync_fail(s, s->err.rc, NULL);
	if (!job->known) {
		ask_run(s, &a, &job->run);
		take_run(s, &a);
		sync_answer_release(&a);
	}
	if (!s->rc && start_log(s, job, s->o->quick))
		sync_fail(s, s->err.rc, NULL);
	asked = !s->rc && !job->over && !job->ended;
	if (asked)
		ask_run(s, &a, &job->run);
	sync_drain(s);
	if (asked) {
		if (!s->rc)
			take_run(s, &a);
		sync_answer_release(&a);
	}
	return s->rc;
}

enum weir_rc
weir_sync_logs(struct weir_session *session, const struct weir_id *run,
	const struct weir_sync_options *o, bool *ret_ended, struct weir_err *err)
{
	struct weir_sync_options mine = { .since_us = WEIR_NO_TIME };
	struct log_job job = { .run = *run };
	struct sync s;
	enum weir_rc rc;

	if (session_is_metaflow(session, run))
		return session_metaflow_logs(session, run, ret_ended, err);
	if (sync_local(session))
		return sync_local_run(session, run, ret_ended, err);
	mine = o ? *o : mine;
	mine.lock_ms = mine.lock_ms ? mine.lock_ms : SYNC_LOCK_MS;
	rc = sync_begin(&s, session, &mine);
	if (!rc)
		rc = one_log(&s, &job);
	*ret_ended = job.over;
	return sync_end(&s, rc, err);
}

static enum weir_rc
many_logs(struct sync *s, const struct weir_query *query)
{
	struct log_list list = { 0 };
	size_t jobs = s->api->parallel * JOBS_A_REQUEST;

	if (beside_runs(s->store, query, &list.runs, &s->err)) {
		sync_fail(s, s->err.rc, NULL);
	} else {
		sync_tell(s, "logs", 0, (int64_t)list.runs.n);
		for (size_t i = 0; !s->rc && i < jobs; i++)
			if (start_next(s, &list))
				sync_fail(s, s->err.rc, NULL);
		sync_drain(s);
	}
	s->result.whole = !s->rc;
	VEC_FREE(&list.runs);
	return s->rc;
}

enum weir_rc
weir_sync_logs_of(struct weir_session *session, const struct weir_query *query,
	const struct weir_sync_options *o, struct weir_sync_result *ret_result,
	struct weir_err *err)
{
	struct weir_sync_options mine = *o;
	struct sync s;
	enum weir_rc rc;

	rc = session_metaflow_logs_of(session, query, err);
	if (rc)
		return rc;
	if (sync_local(session))
		return sync_local_cycle(session, ret_result, err);
	mine.lock_ms = mine.lock_ms ? mine.lock_ms : SYNC_LOCK_MS;
	rc = sync_begin(&s, session, &mine);
	if (!rc)
		rc = many_logs(&s, query);
	*ret_result = s.result;
	return sync_end(&s, rc, err);
}
