/*
 * A cycle and its bookkeeping: what is done in which order, and when the watermark
 * moves.
 *
 * A, B and C as in sync_runs.c; then the small collections; then, in one transaction,
 * the watermark. The first fill, parents and the drift check follow: each has a mark of
 * its own and goes on where it was left.
 */
#define LOG_MODULE "sync"
#include "sync_local.h"
#include "sync_parts.h"
#include "weir/log.h"

enum { FRESH_S = 10, READING_MS = 1000, WHOLE_DOCS_S = 900 };
enum { DAY_S = 86400, MONTH_S = 30 * DAY_S };
enum { LOCK_NAP_MS = 20, PRUNE_LOCK_MS = 10000, READING_LOCK_MS = 500 };

#define DOCS_KEY "docs_us"
#define WHOLE_DOCS_KEY "docs_whole_us"
#define TASKS_KEY "tasks_us"

static int64_t
meta(struct sync *s, enum weir_meta key)
{
	int64_t value = WEIR_NO_TIME;

	if (!s->rc && weir_store_meta(s->store, key, &value, &s->err))
		sync_fail(s, s->err.rc, NULL);
	return value;
}

static void
set_meta(struct sync *s, enum weir_meta key, int64_t value)
{
	if (!s->rc && weir_store_set_meta(s->store, key, value, &s->err))
		sync_fail(s, s->err.rc, NULL);
}

static int64_t
text_meta(struct sync *s, const char *key)
{
	int64_t value = WEIR_NO_TIME;
	char *text = NULL;

	if (!s->rc && weir_store_text(s->store, key, &text, &s->err))
		sync_fail(s, s->err.rc, NULL);
	if (text)
		value = strtoll(text, NULL, 10);
	free(text);
	return value;
}

static void
set_text_meta(struct sync *s, const char *key, int64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	if (!s->rc && weir_store_set_text(s->store, key, text, &s->err))
		sync_fail(s, s->err.rc, NULL);
}

/* A server that is away leaves its mark, so that readers can say so without asking. */
static void
note_offline(struct sync *s, const struct weir_err *err)
{
	struct weir_err ignored;
	int64_t since = WEIR_NO_TIME;

	if (!s->store || weir_store_meta(s->store, WEIR_META_OFFLINE_US, &since, NULL))
		return;
	if (since == WEIR_NO_TIME && weir_store_set_meta(s->store, WEIR_META_OFFLINE_US,
					     weir_now_us(), &ignored))
		return;
	if (weir_store_set_text(s->store, "offline_why", err->text, &ignored))
		return;
}

static void
note_online(struct sync *s)
{
	struct weir_err ignored;
	int64_t since = WEIR_NO_TIME;

	if (weir_store_meta(s->store, WEIR_META_OFFLINE_US, &since, &ignored) ||
		since == WEIR_NO_TIME)
		return;
	if (weir_store_set_meta(
		    s->store, WEIR_META_OFFLINE_US, WEIR_NO_TIME, &ignored) ||
		weir_store_set_text(s->store, "offline_why", NULL, &ignored))
		return;
}

/* Cycles are short: another process's is often over in a moment. */
static enum weir_rc
lock(struct sync *s)
{
	int64_t end = weir_monotonic_us() + s->o->lock_ms * 1000;
	struct timespec nap = { .tv_nsec = LOCK_NAP_MS * 1000000L };
	enum weir_rc rc;

	while ((rc = store_lock(s->store, &s->err)) == WEIR_EBUSY &&
		weir_monotonic_us() < end && !weir_session_interrupted(s->session) &&
		!(s->o->stop && atomic_load(s->o->stop)))
		nanosleep(&nap, NULL);
	s->locked = rc == WEIR_OK;
	if (rc == WEIR_EBUSY && weir_session_interrupted(s->session))
		rc = weir_fail(&s->err, WEIR_EINTR, "interrupted");
	return rc ? sync_fail(s, rc, NULL) : WEIR_OK;
}

enum weir_rc
sync_begin_offline(
	struct sync *s, struct weir_session *session, const struct weir_sync_options *o)
{
	memset(s, 0, sizeof(*s));
	s->session = session;
	s->o = o;
	s->t0_us = WEIR_NO_TIME;
	s->progress.total = -1;
	if (o->budget_ms)
		s->deadline_us = weir_monotonic_us() + o->budget_ms * 1000;
	if (weir_session_store(session, WEIR_STORE_WRITE, &s->store, &s->err))
		return sync_fail(s, s->err.rc, NULL);
	return lock(s);
}

enum weir_rc
sync_begin(
	struct sync *s, struct weir_session *session, const struct weir_sync_options *o)
{
	if (sync_begin_offline(s, session, o))
		return s->rc;
	if (session_api(session, s->deadline_us, &s->api, &s->err))
		return sync_fail(s, s->err.rc, NULL);
	return WEIR_OK;
}

enum weir_rc
sync_end(struct sync *s, enum weir_rc rc, struct weir_err *err)
{
	sync_free_pages(s);
	if (s->ahead)
		sync_answer_release(s->ahead);
	if (s->locked) {
		if (rc == WEIR_ENET)
			note_offline(s, &s->err);
		else if (s->api && rc != WEIR_EINTR)
			note_online(s);
		store_unlock(s->store);
	}
	VEC_FREE(&s->live);
	arena_free(&s->arena);
	if (rc && err)
		*err = s->err;
	return rc;
}

/* How far back the fill is to go: as asked, as remembered, as configured. */
static int64_t
wish_since(struct sync *s, int64_t remembered_us)
{
	int64_t wish = s->o->since_us, span;
	const char *text =
		weir_config_str(weir_session_config(s->session), WEIR_KEY_SYNC_SINCE);

	if (wish == WEIR_NO_TIME)
		wish = remembered_us;
	if (wish == WEIR_NO_TIME && text && strcmp(text, "all") == 0)
		wish = 0;
	if (wish == WEIR_NO_TIME) {
		if (!text || !weir_duration_parse(str_of(text), &span))
			span = (int64_t)MONTH_S * WEIR_SECOND_US;
		wish = s->t0_us - span;
	}
	return wish - wish % WEIR_SECOND_US; /* history counts in whole seconds */
}

static enum weir_rc
wanted_since(struct sync *s, int64_t *ret_since)
{
	int64_t since = meta(s, WEIR_META_SINCE_US), wish = wish_since(s, since);

	if (since == WEIR_NO_TIME || wish < since)
		set_meta(s, WEIR_META_SINCE_US, wish);
	*ret_since = since != WEIR_NO_TIME && since < wish ? since : wish;
	return s->rc;
}

/* So long after last; a clock that was set back counts as that too. */
static bool
is_due(const struct sync *s, int64_t last_us, int64_t after_s)
{
	return last_us == WEIR_NO_TIME || s->t0_us < last_us ||
	       s->t0_us - last_us > after_s * WEIR_SECOND_US;
}

static enum weir_rc
docs_step(struct sync *s, bool whole)
{
	int64_t since = text_meta(s, DOCS_KEY), last = text_meta(s, WHOLE_DOCS_KEY);

	if (s->rc)
		return s->rc;
	if (since == WEIR_NO_TIME || is_due(s, last, WHOLE_DOCS_S))
		whole = true;
	if (sync_docs(s, whole ? 0 : since, whole) || sync_tx(s))
		return s->rc;
	/* written with the watermark: the transaction stays open */
	set_text_meta(s, DOCS_KEY, s->t0_us);
	if (whole)
		set_text_meta(s, WHOLE_DOCS_KEY, s->t0_us);
	return s->rc;
}

/* All before t0 is here or will be found by the fill: the watermark moves. */
static enum weir_rc
move_watermark(struct sync *s, int64_t *ret_since)
{
	if (sync_tx(s) || wanted_since(s, ret_since))
		return s->rc;
	set_meta(s, WEIR_META_WATERMARK_US, s->t0_us);
	set_meta(s, WEIR_META_CYCLE_US, weir_now_us());
	if (!s->rc)
		sync_commit(s);
	return s->rc;
}

static enum weir_rc
fill_step(struct sync *s, int64_t since)
{
	int64_t filled = meta(s, WEIR_META_FILLED_US);

	if (s->rc || (filled != WEIR_NO_TIME && filled <= since))
		return s->rc;
	return sync_fill(s, since, filled);
}

static enum weir_rc
drift_step(struct sync *s, int64_t since, bool filled_now)
{
	int64_t last = meta(s, WEIR_META_DRIFT_US);
	bool due = is_due(s, last, SYNC_DRIFT_S);

	if (s->rc || (!due && !s->o->drift))
		return s->rc;
	/* what was filled just now cannot have drifted */
	if ((!filled_now || s->o->drift) && sync_drift(s, since))
		return s->rc;
	if (!sync_tx(s))
		set_meta(s, WEIR_META_DRIFT_US, s->t0_us);
	sync_commit(s);
	return s->rc;
}

/*
 * Task runs of what lives and of what ended since they were last read, whatever quick
 * cycles came between; the first time, of a day. The mark moves only when there was
 * something to read: a cycle without news writes nothing here.
 */
static enum weir_rc
task_runs_step(struct sync *s)
{
	int64_t last = text_meta(s, TASKS_KEY), t0 = s->t0_us, since;
	bool ended = false;

	since = t0 - (int64_t)DAY_S * WEIR_SECOND_US;
	if (last != WEIR_NO_TIME && last <= t0)
		since = last - (int64_t)SYNC_OVERLAP_S * WEIR_SECOND_US;
	if (s->rc || sync_task_runs(s, since, &ended) || !ended || sync_tx(s))
		return s->rc;
	set_text_meta(s, TASKS_KEY, t0);
	sync_commit(s);
	return s->rc;
}

static enum weir_rc
after_watermark(struct sync *s, int64_t since)
{
	bool fill = meta(s, WEIR_META_FILLED_US) == WEIR_NO_TIME;

	if (s->rc || sync_parents(s, SYNC_IDS) || fill_step(s, since))
		return s->rc;
	if (!s->o->quick && task_runs_step(s))
		return s->rc;
	if (sync_parents(s, SYNC_ORPHANS_MAX))
		return s->rc;
	return drift_step(s, since, fill);
}

/*
 * Where to look for ended runs from. A server whose clock was set back after the last
 * cycle has a mark ahead of it: then our own clock tells how long ago that was.
 */
static int64_t
watermark(struct sync *s)
{
	int64_t mark = meta(s, WEIR_META_WATERMARK_US);
	int64_t cycle_us = meta(s, WEIR_META_CYCLE_US), now = weir_now_us(), ago = 0;

	if (mark == WEIR_NO_TIME || s->t0_us == WEIR_NO_TIME || mark <= s->t0_us)
		return mark;
	if (cycle_us != WEIR_NO_TIME && cycle_us < now)
		ago = now - cycle_us;
	LOG(LOG_WARN, "the server's clock was set back");
	return s->t0_us - ago;
}

static enum weir_rc
cycle(struct sync *s)
{
	bool first = meta(s, WEIR_META_WATERMARK_US) == WEIR_NO_TIME;
	bool far = !s->o->quick || first;
	int64_t since = WEIR_NO_TIME;

	if (s->rc || sync_live(s, far))
		return s->rc;
	if (!first && sync_ended(s, watermark(s)))
		return s->rc;
	if (sync_vanished(s, far))
		return s->rc;
	/* these come with the collections */
	if (first)
		sync_newest(s);
	if (first && !s->o->first_page && meta(s, WEIR_META_FILLED_US) == WEIR_NO_TIME)
		sync_fill_ahead(s, wish_since(s, meta(s, WEIR_META_SINCE_US)));
	if (far && docs_step(s, s->o->drift))
		return s->rc;
	s->progress.finished = true;
	if (move_watermark(s, &since))
		return s->rc;
	if (s->o->first_page)
		return WEIR_OK;
	if (after_watermark(s, since))
		return s->rc;
	s->result.whole = true;
	return WEIR_OK;
}

enum weir_rc
weir_sync_cycle(struct weir_session *session, const struct weir_sync_options *o,
	struct weir_sync_result *ret_result, struct weir_err *err)
{
	struct sync s;
	enum weir_rc rc;

	if (sync_local(session))
		return sync_local_cycle(session, ret_result, err);
	rc = sync_begin(&s, session, o);
	if (!rc)
		rc = cycle(&s);
	LOG(LOG_INFO, "cycle: rc %d, %lld requests, %lld runs altered", (int)rc,
		(long long)s.result.requests, (long long)s.result.runs);
	*ret_result = s.result;
	return sync_end(&s, rc, err);
}

/* How old is what is here, and is it all? */
static enum weir_rc
freshness(struct weir_store *store, bool *ret_fresh, bool *ret_empty,
	struct weir_err *err)
{
	int64_t cycle_us, filled_us, since_us, now = weir_now_us();

	if (weir_store_meta(store, WEIR_META_CYCLE_US, &cycle_us, err) ||
		weir_store_meta(store, WEIR_META_FILLED_US, &filled_us, err) ||
		weir_store_meta(store, WEIR_META_SINCE_US, &since_us, err))
		return err->rc;
	*ret_empty = cycle_us == WEIR_NO_TIME;
	*ret_fresh = cycle_us != WEIR_NO_TIME && filled_us != WEIR_NO_TIME &&
		     filled_us <= since_us && now >= cycle_us &&
		     now - cycle_us < (int64_t)FRESH_S * WEIR_SECOND_US;
	return WEIR_OK;
}

/* The reasons for which a reader goes on with what is there. */
static bool
bearable(enum weir_rc rc)
{
	return rc == WEIR_ENET || rc == WEIR_EAUTH || rc == WEIR_EREFUSED ||
	       rc == WEIR_EBUSY || rc == WEIR_EPENDING || rc == WEIR_ENOTFOUND ||
	       rc == WEIR_EBADDATA;
}

/* Has the other process, which syncs now, still nothing to show? */
static bool
still_empty(struct weir_session *s)
{
	struct weir_store *store = NULL;
	struct weir_err ignored;
	int64_t cycle_us;

	return !weir_session_store(s, WEIR_STORE_READ, &store, &ignored) &&
	       !weir_store_meta(store, WEIR_META_CYCLE_US, &cycle_us, &ignored) &&
	       cycle_us == WEIR_NO_TIME;
}

enum weir_rc
weir_sync_for_reading(struct weir_session *s, bool insist,
	const struct weir_sync_options *o, char **ret_why, struct weir_err *err)
{
	struct weir_sync_options mine = *o;
	struct weir_sync_result result;
	struct weir_store *store = NULL;
	struct weir_err own;
	bool fresh = false, empty = true;
	enum weir_rc rc;

	err = err ? err : &own;
	if (sync_local(s))
		return sync_local_store(s, err);
	rc = weir_session_store(s, WEIR_STORE_READ, &store, err);
	if (rc == WEIR_OK)
		rc = freshness(store, &fresh, &empty, err);
	else if (rc == WEIR_EDB) /* damage: for writing it is set aside */
		rc = weir_session_store(s, WEIR_STORE_WRITE, &store, err);
	else if (rc == WEIR_ENOTFOUND)
		rc = WEIR_OK;
	if (rc || (fresh && !insist))
		return rc;
	if (!insist) {
		mine.budget_ms = empty ? 0 : READING_MS;
		mine.first_page = empty;
		mine.quick = !empty;
	}
	if (insist || empty)
		mine.lock_ms = READING_LOCK_MS;
	do
		rc = weir_sync_cycle(s, &mine, &result, err);
	while (rc == WEIR_EBUSY && (insist || (empty && still_empty(s))));
	if (rc == WEIR_OK || insist || (empty && rc != WEIR_EBUSY) || !bearable(rc))
		return rc;
	if (ret_why)
		*ret_why = xstrdup(err->text);
	return WEIR_OK;
}

/* Ended before us: their logs, task runs and documents go with them. */
static enum weir_rc
prune(struct sync *s, int64_t before_us)
{
	struct db *db = store_db(s->store);
	struct id_vec ids = { 0 };
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(db, SQL_RUNS_ENDED_BEFORE, &st, &s->err);

	if (!rc) {
		db_bind_time(st, 1, before_us);
		rc = db_ids(db, st, &ids, &s->err);
	}
	for (size_t i = 0; !rc && i < ids.n; i += SYNC_TX_ROWS) {
		size_t n = ids.n - i < SYNC_TX_ROWS ? ids.n - i : SYNC_TX_ROWS;

		rc = store_begin(s->store, &s->err);
		if (!rc)
			rc = store_delete_runs(s->store, ids.v + i, n, &s->err);
		if (!rc)
			rc = store_end(s->store, WEIR_OK, &s->err);
		s->result.deleted += (int64_t)n;
	}
	VEC_FREE(&ids);
	return rc ? sync_fail(s, rc, NULL) : WEIR_OK;
}

static enum weir_rc
prune_marks(struct sync *s, int64_t before_us)
{
	int64_t since = meta(s, WEIR_META_SINCE_US);
	int64_t filled = meta(s, WEIR_META_FILLED_US);

	if (s->rc || sync_tx(s))
		return s->rc;
	before_us -= before_us % WEIR_SECOND_US;
	if (since != WEIR_NO_TIME && since < before_us)
		set_meta(s, WEIR_META_SINCE_US, before_us);
	if (filled != WEIR_NO_TIME && filled < before_us)
		set_meta(s, WEIR_META_FILLED_US, before_us);
	sync_commit(s);
	return s->rc;
}

enum weir_rc
weir_sync_prune(struct weir_session *session, int64_t before_us, int64_t *ret_runs,
	struct weir_err *err)
{
	static const struct weir_sync_options options = { .lock_ms = PRUNE_LOCK_MS };
	struct sync s;
	enum weir_rc rc = sync_begin_offline(&s, session, &options);

	/* nobody else forgets for the embedded store */
	if (!rc && sync_local(session))
		store_own(s.store);
	/* the marks first: after a kill between, the next prune deletes the rest */
	if (!rc)
		rc = prune_marks(&s, before_us);
	if (!rc)
		rc = prune(&s, before_us);
	*ret_runs = s.result.deleted;
	return sync_end(&s, rc, err);
}
