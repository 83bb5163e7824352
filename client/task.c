/* A task run at the server: made, its states, its tries. */
#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "act_rules.h"
#include "api_body.h"
#include "json_out.h"
#include "session.h"
#include "weir/time.h"
#include "worker_env.h"

enum { ANSWER_MAX = 16 << 20, PATIENCE_US = 5000000, NAP_US = 60000000 };

struct task {
	const struct weir_task *t;
	struct api *api; /* NULL: it is no task run */
	struct weir_id run;
	struct task_try try;
};

static void
note(const struct weir_task *t, const struct weir_err *err)
{
	char *text;

	if (!t->note)
		return;
	text = xasprintf("task %s: not recorded: %s", t->name, err->text);
	t->note(t->arg, text);
	free(text);
}

/* ---- requests */

enum weir_rc
task_ask(struct api *a, const char *method, const char *path, struct str body,
	json_t **ret, struct weir_err *err)
{
	struct buf out = BUF_INIT(ANSWER_MAX);
	enum weir_rc rc = api_raw_wait(a, method, path, body, true, &out, err);

	if (!rc)
		*ret = json_loadb(buf_cstr(&out), out.len, 0, NULL);
	buf_release(&out);
	if (!rc && !*ret)
		rc = weir_fail(
			err, WEIR_EBADDATA, "the server's answer cannot be read");
	return rc;
}

json_t *
task_inputs(void)
{
	const char *id = getenv("WEIR_TASK_RUN_ID");

	if (!id || !*id)
		return json_object();
	return json_pack(
		"{s:[{s:s, s:s}]}", "__parents__", "input_type", "task_run", "id", id);
}

static enum weir_rc
make(struct task *k, struct weir_err *err)
{
	char run[WEIR_ID_TEXT + 1], key[WEIR_ID_TEXT + 1];
	struct weir_id id = weir_id_random();
	char *task_key = xasprintf("weir.task.%s", k->t->name), *text;
	json_t *answer = NULL,
	       *body = json_pack(
		       "{s:s, s:s, s:s, s:s, s:o, s:{s:s, s:s}, s:{s:I, s:I}}", "name",
		       k->t->name, "flow_run_id", weir_id_format(&k->run, run),
		       "task_key", task_key, "dynamic_key", weir_id_format(&id, key),
		       "task_inputs", task_inputs(), "state", "type", "PENDING", "name",
		       "Pending", "empirical_policy", "retries",
		       (json_int_t)k->t->retries, "retry_delay",
		       (json_int_t)(k->t->retry_delay_us / WEIR_SECOND_US));
	enum weir_rc rc;

	text = json_out_text(body);
	rc = text ? task_ask(k->api, "POST", "/task_runs/", str_of(text), &answer, err)
		  : weir_fail(err, WEIR_EUSAGE, "its name is no UTF-8");
	if (!rc &&
		!weir_id_parse(str_of(json_string_value(json_object_get(answer, "id"))),
			&k->try.task))
		rc = weir_fail(
			err, WEIR_EBADDATA, "the server's answer is no task run");
	json_decref(answer);
	json_decref(body);
	free(text);
	free(task_key);
	return rc;
}

/* *ret_at_us: when to try again, WEIR_NO_TIME if not. */
static enum weir_rc
set_state(struct task *k, enum weir_state type, const char *name, const char *message,
	int64_t *ret_at_us, struct weir_err *err)
{
	struct api_state state = {
		.type = type,
		.name = name,
		.message = message && *message ? message : NULL,
		.scheduled_us = WEIR_NO_TIME,
		.transition = weir_id_random(),
	};
	struct buf body = BUF_INIT(16 << 10);
	char path[128], id[WEIR_ID_TEXT + 1];
	json_t *answer = NULL, *now;
	const char *text;
	enum weir_rc rc;

	*ret_at_us = WEIR_NO_TIME;
	snprintf(path, sizeof(path), "/task_runs/%s/set_state",
		weir_id_format(&k->try.task, id));
	api_body_state(&state, &body);
	rc = task_ask(k->api, "POST", path, buf_str(&body), &answer, err);
	now = json_object_get(answer, "state");
	text = json_string_value(json_object_get(now, "type"));
	if (!rc && text && strcmp(text, "SCHEDULED") == 0) {
		text = json_string_value(json_object_get(
			json_object_get(now, "state_details"), "scheduled_time"));
		if (!text || !weir_time_parse(str_of(text), ret_at_us))
			*ret_at_us = api_now_us(k->api);
	}
	json_decref(answer);
	buf_release(&body);
	return rc;
}

/* ---- where it is */

/* An open descriptor to write to, of the run's spool. */
static int
log_fd(void)
{
	const char *text = getenv("WEIR_LOG_FD");
	char *end = NULL;
	long fd = text ? strtol(text, &end, 10) : -1;
	int flags;

	if (!text || end == text || *end || fd < 0 || fd > 1 << 20)
		return -1;
	flags = fcntl((int)fd, F_GETFL);
	return flags >= 0 && (flags & O_APPEND) ? (int)fd : -1;
}

void
task_mark(void)
{
	struct spool_frame f = { .from = SPOOL_TASK, .us = weir_now_us() };
	int fd = log_fd();

	if (fd >= 0)
		(void)!spool_append(fd, &f, "");
}

/* Its task run, if it is in a run; else k->api stays NULL. */
static void
begin(struct task *k, struct weir_session *s)
{
	const char *run = getenv("PREFECT__FLOW_RUN_ID");
	struct weir_err err;
	int64_t again;
	enum weir_rc rc;

	k->try.log_fd = -1;
	if (!run || !weir_id_parse(str_of(run), &k->run))
		return;
	rc = session_api(s, weir_monotonic_us() + PATIENCE_US, &k->api, &err);
	if (!rc) {
		task_mark();
		k->api->deadline_us = weir_monotonic_us() + PATIENCE_US;
		rc = make(k, &err);
	}
	if (!rc)
		rc = set_state(k, WEIR_ST_RUNNING, "Running", NULL, &again, &err);
	if (k->api)
		k->api->deadline_us = 0;
	if (rc) {
		note(k->t, &err);
		k->api = NULL;
		k->try.task = (struct weir_id){ { 0 } };
		return;
	}
	k->try.log_fd = log_fd();
}

/* ---- its end */

struct end {
	enum weir_state type;
	const char *name;
	char message[SPOOL_SAID_MAX];
};

static void
judge(const struct task_try *y, struct end *e)
{
	snprintf(e->message, sizeof(e->message), "%s", y->said);
	e->type = WEIR_ST_FAILED;
	e->name = "Failed";
	if (y->timed_out) {
		e->name = "TimedOut";
		snprintf(e->message, sizeof(e->message), "it took too long");
	} else if (y->signal) {
		e->type = WEIR_ST_CRASHED;
		e->name = "Crashed";
		snprintf(e->message, sizeof(e->message), "killed by signal %d (%s)",
			y->signal, strsignal(y->signal));
	} else if (y->status == 0) {
		e->type = WEIR_ST_COMPLETED;
		e->name = "Completed";
		e->message[0] = '\0';
	} else if (!e->message[0]) {
		snprintf(e->message, sizeof(e->message), "exited with %d", y->status);
	}
}

static int64_t
now_of(const struct task *k)
{
	return k->api ? api_now_us(k->api) : weir_now_us();
}

/* In naps: the clock may be set meanwhile. */
static void
wait_until(const struct task *k, int64_t at_us)
{
	int64_t left;

	while ((left = at_us - now_of(k)) > 0)
		poll(NULL, 0, (int)((left < NAP_US ? left : NAP_US) / 1000) + 1);
}

/* Tell it; true: try again, and the time for that has come. */
static bool
report(struct task *k, int64_t tries)
{
	struct end e;
	struct weir_err err;
	int64_t at_us = WEIR_NO_TIME, ignored;

	judge(&k->try, &e);
	if (k->api && set_state(k, e.type, e.name, e.message, &at_us, &err))
		note(k->t, &err);
	/* the server may have counted otherwise, if an answer of it was lost */
	if (at_us == WEIR_NO_TIME && e.type == WEIR_ST_FAILED && tries <= k->t->retries)
		at_us = now_of(k) + k->t->retry_delay_us;
	if (at_us == WEIR_NO_TIME || e.type != WEIR_ST_FAILED)
		return false;
	wait_until(k, at_us);
	if (k->api && set_state(k, WEIR_ST_RUNNING, "Retrying", NULL, &ignored, &err))
		note(k->t, &err);
	return true;
}

enum weir_rc
weir_task_run(struct weir_session *s, const struct weir_task *t, int *ret_status,
	struct weir_err *err)
{
	struct task k = { .t = t };
	int64_t tries = 0;
	enum weir_rc rc;

	begin(&k, s);
	do {
		rc = task_try(t, &k.try, err);
		if (rc)
			snprintf(k.try.said, sizeof(k.try.said), "%.290s", err->text);
		tries++;
	} while (report(&k, tries));
	*ret_status = k.try.status;
	return rc;
}
