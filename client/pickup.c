#include "weir/pickup.h"

#include "store_write.h"
#include "weir/mem.h"
#include "weir/query.h"
#include "weir/select.h"

/* A worker that is online and has a place takes what is due sooner than that. */
static const int64_t late_us = 15000000;

struct walk {
	struct weir_store *store;
	int64_t now_us;
	struct weir_pickup *out;
	struct weir_err *err;
	/* Of the run; copied. */
	struct arena arena;
	enum weir_state state;
	struct str state_name, deployment, pool, queue, policy;
	struct weir_id deployment_id;
	int64_t due_us;
};

/* One object, looked up by a field. Cells are borrowed until look_close. */
struct look {
	struct weir_query *query;
	struct weir_column_set set;
	struct weir_select sel;
	struct weir_rows *rows;
	bool found;
};

static void WEIR_PRINTF(4, 5) add(struct walk *w, const char *what,
	enum weir_check_result result, const char *fmt, ...)
{
	struct weir_check *c = &w->out->v[w->out->n];
	va_list ap;

	if (w->out->n == WEIR_CHECKS_MAX)
		return;
	w->out->n++;
	w->out->n_bad += result == WEIR_CHECK_BAD;
	c->what = what;
	c->result = result;
	va_start(ap, fmt);
	vsnprintf(c->text, sizeof(c->text), fmt, ap);
	va_end(ap);
}

/* Append `field:"value"`, so that nothing in value is special. */
static void
add_term(struct buf *b, const char *field, struct str value)
{
	buf_addf(b, "%s%s:\"", b->len ? " " : "", field);
	for (size_t i = 0; i < value.len; i++) {
		if (value.s[i] == '"' || value.s[i] == '\\')
			buf_addc(b, '\\');
		buf_addc(b, value.s[i]);
	}
	buf_addc(b, '"');
}

static void
look_close(struct look *l)
{
	weir_rows_close(l->rows);
	weir_columns_release(&l->set);
	weir_query_free(l->query);
}

static enum weir_rc
look_open(struct walk *w, enum weir_kind kind, const char *query, const char *columns,
	struct look *ret)
{
	enum weir_rc rc;

	*ret = (struct look){ .sel = {
				      .kind = kind, .now_us = w->now_us, .limit = 1 } };
	rc = weir_query_parse(kind, str_of(query), w->now_us, &ret->query, w->err);
	if (!rc)
		rc = weir_columns_choose(kind, columns, 0, &ret->set, w->err);
	ret->sel.query = ret->query;
	ret->sel.columns = &ret->set;
	if (!rc)
		rc = weir_rows_open(w->store, &ret->sel, &ret->rows, w->err);
	return rc ? rc : weir_rows_next(ret->rows, &ret->found, w->err);
}

static struct str
keep(struct walk *w, const struct weir_cell *cell)
{
	if (cell->null || !cell->s.len)
		return STR("");
	return (struct str){ arena_strndup(&w->arena, cell->s.s, cell->s.len),
		cell->s.len };
}

static const struct weir_cell *
cell(const struct look *l, size_t i)
{
	return weir_rows_cell(l->rows, i);
}

static bool
is_true(const struct look *l, size_t i)
{
	return !cell(l, i)->null && cell(l, i)->i;
}

static enum weir_rc
read_run(struct walk *w, const struct weir_id *run)
{
	char query[64], id[WEIR_ID_TEXT + 1];
	struct look l;
	enum weir_rc rc;

	snprintf(query, sizeof(query), "id:%s", weir_id_format(run, id));
	rc = look_open(w, WEIR_RUN, query,
		"state_type,state_name,deployment_id,deployment_name,work_pool_name,"
		"work_queue_name,next_scheduled_start_time,empirical_policy",
		&l);
	if (!rc && !l.found)
		rc = weir_fail(w->err, WEIR_ENOTFOUND, "run '%s': not found", id);
	if (rc)
		goto out;
	w->state = (enum weir_state)cell(&l, 0)->i;
	w->state_name = keep(w, cell(&l, 1));
	if (!cell(&l, 2)->null)
		w->deployment_id = cell(&l, 2)->id;
	w->deployment = keep(w, cell(&l, 3));
	w->pool = keep(w, cell(&l, 4));
	w->queue = keep(w, cell(&l, 5));
	w->due_us = cell(&l, 6)->null ? WEIR_NO_TIME : cell(&l, 6)->i;
	w->policy = keep(w, cell(&l, 7));
out:
	look_close(&l);
	return rc;
}

/* What its state says; false: nothing else is to be asked. */
static bool
check_state(struct walk *w)
{
	struct str n = w->state_name;

	if (weir_state_is_terminal(w->state)) {
		add(w, "state", WEIR_CHECK_NOTE, "it has ended: %.*s", (int)n.len, n.s);
	} else if (w->state == WEIR_ST_PAUSED) {
		add(w, "state", WEIR_CHECK_BAD, "it is %.*s until someone resumes it",
			(int)n.len, n.s);
	} else if (w->state == WEIR_ST_PENDING) {
		add(w, "state", WEIR_CHECK_BAD,
			"a worker took it and it has not begun: look at that worker");
	} else if (w->state != WEIR_ST_SCHEDULED) {
		add(w, "state", WEIR_CHECK_NOTE, "it was picked up: %.*s", (int)n.len,
			n.s);
	} else {
		add(w, "state", WEIR_CHECK_OK, "%.*s", (int)n.len, n.s);
		return true;
	}
	return false;
}

static void
check_time(struct walk *w)
{
	struct buf b = BUF_INIT(128);

	if (w->due_us == WEIR_NO_TIME)
		return;
	weir_time_relative(&b, w->due_us, w->now_us, false, true);
	if (w->due_us > w->now_us)
		add(w, "time", WEIR_CHECK_BAD, "it is due %s", buf_cstr(&b));
	else
		add(w, "time", WEIR_CHECK_OK, "it was due %s", buf_cstr(&b));
	buf_release(&b);
}

static void
check_retry(struct walk *w)
{
	if (str_eq(w->state_name, "AwaitingRetry") && w->policy.len &&
		strstr(w->policy.s, "in_process"))
		add(w, "retry", WEIR_CHECK_BAD,
			"only the process that ran it can try again (retry_type "
			"in_process)");
}

/* Runs that have a slot; field and value say of what. */
static enum weir_rc
count_busy(struct walk *w, const char *field, struct str value, const char *field2,
	struct str value2, int64_t *ret_n)
{
	struct weir_select sel = { .kind = WEIR_RUN, .now_us = w->now_us };
	struct weir_query *query = NULL;
	struct buf b = BUF_INIT(WEIR_QUERY_MAX);
	enum weir_rc rc;

	add_term(&b, field, value);
	if (field2)
		add_term(&b, field2, value2);
	buf_adds(&b, " state_type:pending,running,cancelling");
	rc = weir_query_parse(WEIR_RUN, buf_str(&b), w->now_us, &query, w->err);
	sel.query = query;
	if (!rc)
		rc = weir_rows_count(w->store, &sel, ret_n, w->err);
	weir_query_free(query);
	buf_release(&b);
	return rc;
}

static void
add_slots(struct walk *w, const char *what, int64_t busy, int64_t limit)
{
	add(w, what, busy >= limit ? WEIR_CHECK_BAD : WEIR_CHECK_OK,
		"%lld of %lld slots are taken", (long long)busy, (long long)limit);
}

static enum weir_rc
check_deployment(struct walk *w)
{
	char query[64], id[WEIR_ID_TEXT + 1];
	struct str n = w->deployment;
	enum weir_rc rc = WEIR_OK;
	int64_t busy;
	struct look l;

	if (weir_id_is_null(&w->deployment_id)) {
		add(w, "deployment", WEIR_CHECK_NOTE,
			"it has none: no worker takes it, the process that made it "
			"runs it");
		return WEIR_OK;
	}
	weir_id_format(&w->deployment_id, id);
	snprintf(query, sizeof(query), "id:%s", id);
	rc = look_open(w, WEIR_DEPLOYMENT, query, "paused,concurrency_limit", &l);
	if (rc)
		goto out;
	if (!l.found)
		add(w, "deployment", WEIR_CHECK_BAD, "'%s' is gone", id);
	else if (is_true(&l, 0))
		add(w, "deployment", WEIR_CHECK_NOTE,
			"'%.*s' is paused: its schedules rest, runs that exist start",
			(int)n.len, n.s);
	else
		add(w, "deployment", WEIR_CHECK_OK, "'%.*s' is not paused", (int)n.len,
			n.s);
	if (l.found && !cell(&l, 1)->null) {
		rc = count_busy(w, "deployment_id", str_of(id), NULL, STR(""), &busy);
		if (!rc)
			add_slots(w, "deployment limit", busy, cell(&l, 1)->i);
	}
out:
	look_close(&l);
	return rc;
}

static enum weir_rc
check_pool(struct walk *w, bool *ret_found)
{
	struct buf b = BUF_INIT(WEIR_QUERY_MAX);
	struct str n = w->pool;
	struct look l;
	int64_t busy;
	enum weir_rc rc;

	add_term(&b, "name", n);
	rc = look_open(w, WEIR_POOL, buf_cstr(&b), "is_paused,concurrency_limit", &l);
	if (rc)
		goto out;
	*ret_found = l.found;
	if (!l.found)
		add(w, "pool", WEIR_CHECK_BAD, "there is no pool '%.*s'", (int)n.len,
			n.s);
	else if (is_true(&l, 0))
		add(w, "pool", WEIR_CHECK_BAD, "'%.*s' is paused", (int)n.len, n.s);
	else
		add(w, "pool", WEIR_CHECK_OK, "'%.*s' is not paused", (int)n.len, n.s);
	if (l.found && !cell(&l, 1)->null) {
		rc = count_busy(w, "work_pool_name", n, NULL, STR(""), &busy);
		if (!rc)
			add_slots(w, "pool limit", busy, cell(&l, 1)->i);
	}
out:
	look_close(&l);
	buf_release(&b);
	return rc;
}

static enum weir_rc
check_queue(struct walk *w)
{
	struct buf b = BUF_INIT(WEIR_QUERY_MAX);
	struct str n = w->queue;
	struct look l;
	int64_t busy;
	enum weir_rc rc;

	if (!n.len)
		return WEIR_OK;
	add_term(&b, "name", n);
	add_term(&b, "work_pool_name", w->pool);
	rc = look_open(w, WEIR_QUEUE, buf_cstr(&b), "is_paused,concurrency_limit", &l);
	if (rc)
		goto out;
	if (!l.found)
		add(w, "queue", WEIR_CHECK_BAD, "the pool has no queue '%.*s'",
			(int)n.len, n.s);
	else if (is_true(&l, 0))
		add(w, "queue", WEIR_CHECK_BAD, "'%.*s' is paused", (int)n.len, n.s);
	else
		add(w, "queue", WEIR_CHECK_OK, "'%.*s' is not paused", (int)n.len, n.s);
	if (l.found && !cell(&l, 1)->null) {
		rc = count_busy(
			w, "work_pool_name", w->pool, "work_queue_name", n, &busy);
		if (!rc)
			add_slots(w, "queue limit", busy, cell(&l, 1)->i);
	}
out:
	look_close(&l);
	buf_release(&b);
	return rc;
}

/* Workers of the pool: how many there are, how many are online, who was seen last. */
static enum weir_rc
check_workers(struct walk *w)
{
	struct buf b = BUF_INIT(WEIR_QUERY_MAX), seen = BUF_INIT(128);
	int64_t n = 0, online = 0, last = WEIR_NO_TIME;
	struct look l;
	enum weir_rc rc;

	add_term(&b, "work_pool_name", w->pool);
	rc = look_open(w, WEIR_WORKER, buf_cstr(&b), "status,last_heartbeat_time", &l);
	weir_rows_close(l.rows);
	l.rows = NULL;
	l.sel.limit = 0;
	if (!rc)
		rc = weir_rows_open(w->store, &l.sel, &l.rows, w->err);
	while (!rc && !(rc = weir_rows_next(l.rows, &l.found, w->err)) && l.found) {
		n++;
		online += str_eq(cell(&l, 0)->s, "ONLINE");
		if (!cell(&l, 1)->null && cell(&l, 1)->i > last)
			last = cell(&l, 1)->i;
	}
	if (rc)
		goto out;
	if (last != WEIR_NO_TIME)
		weir_time_relative(&seen, last, w->now_us, false, true);
	if (!n)
		add(w, "workers", WEIR_CHECK_BAD, "the pool has no worker");
	else if (!online)
		add(w, "workers", WEIR_CHECK_BAD,
			"none of %lld is online; the last was seen %s", (long long)n,
			buf_cstr(&seen));
	else
		add(w, "workers", WEIR_CHECK_OK, "%lld of %lld online",
			(long long)online, (long long)n);
out:
	look_close(&l);
	buf_release(&seen);
	buf_release(&b);
	return rc;
}

/* Late, and nothing of the above hinders it: what has the workers' places? */
static enum weir_rc
check_places(struct walk *w)
{
	struct db *db = store_db(w->store);
	int64_t live = 0, wait = 0;
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc;

	if (w->state != WEIR_ST_SCHEDULED || w->out->n_bad ||
		w->due_us == WEIR_NO_TIME || w->due_us > w->now_us - late_us)
		return WEIR_OK;
	rc = db_get(db, SQL_RUN_PLACES, &st, w->err);
	if (rc)
		return rc;
	db_bind_str(st, 1, w->pool);
	sqlite3_bind_int64(st, 2, w->now_us);
	rc = db_step(db, st, &row, w->err);
	if (!rc && row) {
		live = sqlite3_column_int64(st, 0);
		wait = sqlite3_column_int64(st, 1);
	}
	db_reset(st);
	if (rc || !live)
		return rc;
	if (wait == live)
		add(w, "places", WEIR_CHECK_BAD,
			"the pool has %lld live run%s, each with a child that waits "
			"like this: they may hold all places of its workers (--limit); "
			"give parents a queue with a lower limit",
			(long long)live, live == 1 ? "" : "s");
	else
		add(w, "places", WEIR_CHECK_NOTE,
			"%lld runs of the pool are live: a worker that has as many as "
			"its --limit takes no more",
			(long long)live);
	return WEIR_OK;
}

static enum weir_rc
check_place(struct walk *w)
{
	bool found = false;
	enum weir_rc rc;

	if (!w->pool.len) {
		if (!weir_id_is_null(&w->deployment_id))
			add(w, "pool", WEIR_CHECK_BAD,
				"its deployment names no work pool: only the process "
				"that serves it takes it");
		return WEIR_OK;
	}
	rc = check_pool(w, &found);
	if (!rc && found)
		rc = check_queue(w);
	if (!rc && found)
		rc = check_workers(w);
	if (!rc && found)
		rc = check_places(w);
	return rc;
}

enum weir_rc
weir_pickup(struct weir_store *s, const struct weir_id *run, int64_t now_us,
	struct weir_pickup *ret_pickup, struct weir_err *err)
{
	struct weir_pickup out = { 0 };
	struct walk w = { .store = s, .now_us = now_us, .out = &out, .err = err };
	enum weir_rc rc = read_run(&w, run);

	if (!rc && check_state(&w)) {
		rc = check_deployment(&w);
		if (!rc)
			rc = check_place(&w);
		check_time(&w);
		check_retry(&w);
	}
	arena_free(&w.arena);
	if (!rc)
		*ret_pickup = out;
	return rc;
}

static enum weir_rc
read_deployment(struct walk *w, const struct weir_id *id)
{
	char query[64], text[WEIR_ID_TEXT + 1];
	struct look l;
	enum weir_rc rc;

	snprintf(query, sizeof(query), "id:%s", weir_id_format(id, text));
	rc = look_open(
		w, WEIR_DEPLOYMENT, query, "name,work_pool_name,work_queue_name", &l);
	if (!rc && !l.found)
		rc = weir_fail(
			w->err, WEIR_ENOTFOUND, "deployment '%s': not found", text);
	if (!rc) {
		w->deployment_id = *id;
		w->deployment = keep(w, cell(&l, 0));
		w->pool = keep(w, cell(&l, 1));
		w->queue = keep(w, cell(&l, 2));
	}
	look_close(&l);
	return rc;
}

enum weir_rc
weir_pickup_deployment(struct weir_store *s, const struct weir_id *deployment,
	const char *queue, int64_t now_us, struct weir_pickup *ret_pickup,
	struct weir_err *err)
{
	struct weir_pickup out = { 0 };
	struct walk w = { .store = s, .now_us = now_us, .out = &out, .err = err };
	enum weir_rc rc = read_deployment(&w, deployment);

	if (!rc && queue)
		w.queue = str_of(queue);
	if (!rc)
		rc = check_deployment(&w);
	if (!rc)
		rc = check_place(&w);
	arena_free(&w.arena);
	if (!rc)
		*ret_pickup = out;
	return rc;
}
