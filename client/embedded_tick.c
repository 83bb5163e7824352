/*
 * What a server does as time goes by, done here when a worker says that it has come
 * (worker_tick.c): runs are made of schedules, as far ahead as Prefect's scheduler
 * makes them, those that should have started are Late, and those that were paused for
 * too long are Failed.
 */
#include "embedded_priv.h"
#include "schedule_dates.h"
#include "weir/time.h"

/* Prefect's defaults; how many schedules one transaction looks at. */
enum { RUNS_MIN = 3, RUNS_MAX = 100, HORIZON_DAYS = 100, SCHEDULES_MAX = 20 };
static const int64_t least_us = INT64_C(3600) * WEIR_SECOND_US;
static const int64_t day_us = INT64_C(86400) * WEIR_SECOND_US;

/* One schedule of a deployment. */
struct job {
	struct embedded_call *c;
	struct weir_id id, deployment_id;
	json_t *doc, *deployment;
	struct schedule_dates *dates;
	int64_t at_us[SCHEDULE_DATES_MAX];
	size_t n, max;
};

VEC_TYPE(jobs, struct job *);

static void
job_free(struct job *j)
{
	json_decref(j->doc);
	json_decref(j->deployment);
	schedule_dates_free(j->dates);
	free(j);
}

/* ---- what is due */

/* Later than any schedule is put off: the clock was set back. */
static int64_t
too_late(const struct embedded_call *c)
{
	return c->now_us + day_us + least_us;
}

static enum weir_rc
least_of(struct embedded_call *c, enum sql_id sql, int64_t bound, int64_t *ret_us)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(c->db, sql, &st, c->err);

	if (rc)
		return rc;
	if (sqlite3_bind_parameter_count(st))
		sqlite3_bind_int64(st, 1, bound);
	rc = db_step(c->db, st, &row, c->err);
	if (!rc && row && sqlite3_column_type(st, 0) != SQLITE_NULL)
		*ret_us = sqlite3_column_int64(st, 0);
	db_reset(st);
	return rc;
}

/* {"due":bool, "next":time or null} and what went wrong. problems is stolen. */
static enum weir_rc
say(struct embedded_call *c, json_t *problems)
{
	int64_t next = INT64_MAX, late = INT64_MAX, pause = INT64_MAX;
	json_t *body;
	enum weir_rc rc = least_of(c, SQL_EMB_SCHEDULES_NEXT, too_late(c), &next);

	if (!rc)
		rc = least_of(c, SQL_EMB_LATE_NEXT, 0, &late);
	if (!rc)
		rc = embedded_pause_next(c, &pause);
	if (rc) {
		json_decref(problems);
		return rc;
	}
	if (late != INT64_MAX && late + EMBEDDED_LATE_US < next)
		next = late + EMBEDDED_LATE_US;
	if (pause < next)
		next = pause;
	body = json_object();
	json_object_set_new(body, "due", json_boolean(next <= c->now_us));
	json_object_set_new(
		body, "next", next == INT64_MAX ? json_null() : embedded_time(next));
	json_object_set_new(body, "problems", problems);
	return embedded_answer(c, 200, body);
}

enum weir_rc
embedded_do_get_tick(struct embedded_call *c)
{
	return say(c, json_array());
}

/* ---- runs of a schedule */

static json_t *
made_by(const struct job *j)
{
	const char *slug = embedded_str(j->doc, "slug");
	const json_t *s = json_object_get(j->doc, "schedule");
	const char *kind = json_object_get(s, "cron")       ? "CronSchedule"
			   : json_object_get(s, "interval") ? "IntervalSchedule"
							    : "RRuleSchedule";
	json_t *by = json_object();

	json_object_set(by, "id", json_object_get(j->doc, "id"));
	json_object_set_new(by, "display_value", json_string(slug ? slug : kind));
	json_object_set_new(by, "type", json_string("SCHEDULE"));
	return by;
}

/* The request for the run of that date. */
static json_t *
run_body(const struct job *j, int64_t at_us)
{
	json_t *body = json_object(), *parameters;
	struct buf key = BUF_INIT(512);

	buf_addf(&key, "scheduled %s %s ", embedded_str(j->deployment, "id"),
		embedded_str(j->doc, "id"));
	schedule_dates_text(j->dates, at_us, &key);
	parameters = json_object_get(j->doc, "parameters");
	if (json_is_object(parameters))
		json_object_set(body, "parameters", parameters);
	json_object_set_new(body, "tags", json_pack("[s]", "auto-scheduled"));
	json_object_set_new(body, "auto_scheduled", json_true());
	json_object_set_new(body, "created_by", made_by(j));
	json_object_set_new(body, "idempotency_key", json_string(buf_cstr(&key)));
	json_object_set_new(body, "state",
		embedded_state(j->c, "SCHEDULED", NULL, "Flow run scheduled", at_us));
	buf_release(&key);
	return body;
}

/* Once for each date, however often it is asked for. */
static enum weir_rc
make_run(const struct job *j, int64_t at_us)
{
	struct embedded_call one = *j->c;
	enum weir_rc rc;

	one.body = run_body(j, at_us);
	buf_init(&one.out, BUF_MAX);
	rc = embedded_make_run(&one, j->deployment, false);
	json_decref(one.body);
	buf_release(&one.out);
	return rc;
}

/*
 * When there will be too few of them: three, and an hour. Where a hundred last for
 * less, when half of them are gone; and once a day whatever is there.
 */
static int64_t
next_look(const struct job *j)
{
	int64_t now = j->c->now_us, next = now + day_us, half, hour;

	if (j->n == 0)
		return next;
	if (j->n == j->max) {
		half = j->at_us[(j->n - 1) / 2];
		if (half < now + WEIR_SECOND_US)
			half = now + WEIR_SECOND_US;
		return half < next ? half : next;
	}
	hour = j->at_us[j->n - 1] - least_us + 1;
	if (hour > now && hour < next)
		next = hour;
	half = j->at_us[j->n < RUNS_MIN ? 0 : j->n - RUNS_MIN];
	return half > now && half < next ? half : next;
}

static enum weir_rc
find_dates(struct job *j, struct weir_err *err)
{
	const json_t *max = json_object_get(j->doc, "max_scheduled_runs");
	struct schedule_want w = {
		.from_us = j->c->now_us,
		.until_us = j->c->now_us + HORIZON_DAYS * day_us,
		.max = RUNS_MAX,
		.enough = RUNS_MIN,
		.enough_us = j->c->now_us + least_us,
	};
	enum weir_rc rc =
		schedule_dates_new(json_object_get(j->doc, "schedule"), &j->dates, err);

	if (json_is_integer(max) && json_integer_value(max) > 0 &&
		json_integer_value(max) < RUNS_MAX)
		w.max = (size_t)json_integer_value(max);
	j->max = w.max;
	return rc ? rc : schedule_dates_get(j->dates, &w, j->at_us, &j->n, err);
}

static void
complain(const struct job *j, const struct weir_err *err, json_t *problems)
{
	char *text = xasprintf("deployment %s: schedule %.8s: %s%s%s",
		embedded_str(j->deployment, "name"), embedded_str(j->doc, "id"),
		err->text, *err->hint ? "; try: " : "", err->hint);

	json_array_append_new(problems, json_string(text));
	free(text);
}

static enum weir_rc
put_look(const struct job *j, int64_t at_us)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(j->c->db, SQL_EMB_SCHEDULE_LOOK, &st, j->c->err);

	if (rc)
		return rc;
	db_bind_id(st, 1, &j->id);
	sqlite3_bind_int64(st, 2, at_us);
	return db_run(j->c->db, st, j->c->err);
}

static enum weir_rc
do_job(struct job *j, json_t *problems)
{
	struct weir_err why = { 0 };
	enum weir_rc rc =
		embedded_doc(j->c, WEIR_DEPLOYMENT, &j->deployment_id, &j->deployment);

	if (rc || !j->deployment)
		return rc;
	if (find_dates(j, &why)) {
		complain(j, &why, problems);
		return put_look(j, j->c->now_us + day_us);
	}
	for (size_t i = 0; !rc && i < j->n; i++)
		rc = make_run(j, j->at_us[i]);
	return rc ? rc : put_look(j, next_look(j));
}

/* ---- all that are due */

static enum weir_rc
find_jobs(struct embedded_call *c, struct jobs *ret)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(c->db, SQL_EMB_SCHEDULES_DUE, &st, c->err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, c->now_us);
	sqlite3_bind_int64(st, 2, too_late(c));
	sqlite3_bind_int(st, 3, SCHEDULES_MAX);
	while (!(rc = db_step(c->db, st, &row, c->err)) && row) {
		struct job *j = xcalloc(1, sizeof(*j));
		struct str doc = db_str(st, 2);

		j->c = c;
		j->id = db_id(st, 0);
		j->deployment_id = db_id(st, 1);
		j->doc = json_loadb(doc.s, doc.len, 0, NULL);
		VEC_PUSH(ret, j);
	}
	db_reset(st);
	return rc;
}

enum weir_rc
embedded_do_tick(struct embedded_call *c)
{
	struct jobs jobs = { 0 };
	json_t *problems = json_array();
	enum weir_rc rc = find_jobs(c, &jobs);

	for (size_t i = 0; !rc && i < jobs.n; i++)
		rc = do_job(jobs.v[i], problems);
	for (size_t i = 0; i < jobs.n; i++)
		job_free(jobs.v[i]);
	VEC_FREE(&jobs);
	if (!rc)
		rc = embedded_settle_late(c);
	if (!rc)
		rc = embedded_settle_pauses(c);
	if (!rc)
		return say(c, problems);
	json_decref(problems);
	return rc;
}
