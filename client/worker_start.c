/* The command of a run: started, watched, stopped, reported. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "json_out.h"
#include "relay.h"
#include "weir/file.h"
#include "weir/text.h"
#include "weir/time.h"
#include "worker.h"
#include "worker_env.h"

static const int64_t left_grace_us = 500000;   /* of what the command left running */
static const int64_t relay_grace_us = 1000000; /* of a relay whose command is gone */
static const int64_t check_us = 5000000; /* before an adopted run is looked at again */
static const int64_t first_look_us = 20000, last_look_us = 250000;

enum { CHECKS_MAX = 2 };

static void propose_running(struct worker_run *r);

/* ---- starting */

enum weir_rc
worker_start_process(struct worker_run *r, char *const *words, char *const *env,
	const char *dir, struct weir_err *err)
{
	char *path = NULL;
	enum weir_rc rc = worker_child_find(words[0], env, dir, &path, err);

	spool_share(&r->spool);
	if (!rc)
		rc = worker_child_fork(
			&r->child, path, words, env, dir, r->spool.fd, err);
	if (!rc) {
		r->reaped = r->killed = r->rest_ended = false;
		r->term_us = r->ended_us = 0;
		worker_note(r, WORKER_PHASE_RUN);
		rc = worker_child_go(&r->child, path, err);
		r->started_us = weir_monotonic_us();
		r->look_us = 0;
		r->look_every_us = first_look_us;
		r->step = WORKER_RUNS;
		worker_wake_at(r->w, 0);
	}
	free(path);
	return rc;
}

static bool
write_parameters(struct worker_run *r, struct weir_err *err)
{
	char *text = json_out_text(json_object_get(r->doc, "parameters"));
	int fd;

	free(r->params_file);
	r->params_file = xasprintf("%s/parameters.json", r->dir);
	fd = open(r->params_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || !weir_write_all(fd, str_of(text ? text : "")))
		(void)weir_fail(
			err, WEIR_EFAIL, "%s: %s", r->params_file, strerror(errno));
	else
		err->rc = WEIR_OK;
	if (fd >= 0)
		close(fd);
	free(text);
	return !err->rc;
}

static void
make_env(struct worker_run *r)
{
	struct buf warnings = BUF_INIT(64 << 10);
	struct worker_env e = {
		.config = weir_session_config(r->w->session),
		.job = json_is_object(r->job.env) ? r->job.env : NULL,
		.parameters = json_object_get(r->doc, "parameters"),
		.parameters_file = r->params_file,
		.run = r->id,
		.engine = r->w->engine,
	};
	const char *line, *end;

	worker_env_free(r->env);
	r->env = worker_env_make(&e, &warnings);
	for (line = buf_cstr(&warnings); (end = strchr(line, '\n')); line = end + 1)
		spool_note(
			&r->spool, 30, weir_now_us(), "%.*s", (int)(end - line), line);
	buf_release(&warnings);
}

static char *
command_dir(const struct worker_run *r)
{
	const char *dir = r->job.dir;

	if (!dir)
		return xstrdup(r->cwd);
	return *dir == '/' ? xstrdup(dir) : xasprintf("%s/%s", r->cwd, dir);
}

static void
say_pid(struct worker_run *r)
{
	char path[128], *body;

	snprintf(path, sizeof(path), "/flow_runs/%s", r->id_text);
	body = xasprintf("{\"infrastructure_pid\":\"%s:%ld\"}", r->w->host,
		(long)r->child.group);
	worker_tell(r->w, "PATCH", path, body);
	free(body);
}

static void
run_command(struct worker_run *r)
{
	struct weir_err err = { 0 };
	char *dir = command_dir(r);
	enum weir_rc rc = worker_start_process(r, r->job.words, r->env, dir, &err);

	free(dir);
	if (rc && r->step != WORKER_RUNS) {
		worker_run_fail(r, &err);
		return;
	}
	if (rc) {
		/* its process says 127 when it is reaped */
		free(r->failure);
		r->failure = xstrdup(err.text);
		return;
	}
	worker_say_started(r);
	say_pid(r);
}

/* ---- Running */

static void
wait_for(struct worker_run *r, int64_t delay_us)
{
	r->due_us = weir_monotonic_us() + delay_us;
	r->step = WORKER_WAITS;
	worker_wake_at(r->w, r->due_us);
}

static void
on_running(struct worker_run *r, const struct act_verdict *v, const json_t *state)
{
	(void)state;
	if (v && v->state == WEIR_ST_CANCELLING && !r->stop)
		r->stop = WORKER_CANCELLED;
	if (r->stop)
		worker_result(r);
	else if (v && worker_accepted(v, WEIR_ST_RUNNING))
		run_command(r);
	else if (v && v->status == ACT_WAIT)
		wait_for(r, (v->delay_s > 0 ? v->delay_s : 1) * WEIR_SECOND_US);
	else
		worker_run_end(r);
}

static void
propose_running(struct worker_run *r)
{
	memset(&r->child, 0, sizeof(r->child)); /* not that of a pull step */
	r->reaped = false;
	if (!weir_id_is_null(&r->begun)) {
		r->transition = r->begun;
		memset(&r->begun, 0, sizeof(r->begun));
	}
	worker_note(r, WORKER_PHASE_START);
	worker_propose(r, WEIR_ST_RUNNING, "Running", NULL, false, on_running);
}

static void
on_policy(struct worker_run *r, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	(void)page;
	if (rc)
		worker_say(r->w, WEIR_WORKER_WARNING, "%s: retries: %s", r->name,
			err->text);
	propose_running(r);
}

/* The server counts the retries of what the worker starts again. */
static bool
ask_policy(struct worker_run *r)
{
	const json_t *old = json_object_get(r->doc, "empirical_policy");
	json_t *policy = json_is_object(old) ? json_deep_copy(old) : json_object();
	char *text, *body, path[128];
	bool differs;

	if (r->job.retries >= 0)
		json_object_set_new(policy, "retries", json_integer(r->job.retries));
	if (r->job.retry_delay >= 0)
		json_object_set_new(
			policy, "retry_delay", json_integer(r->job.retry_delay));
	differs = !json_equal(old, policy);
	text = json_out_text(policy);
	json_decref(policy);
	if (differs) {
		body = xasprintf("{\"empirical_policy\":%s}", text ? text : "{}");
		snprintf(path, sizeof(path), "/flow_runs/%s", r->id_text);
		worker_ask(r, "PATCH", path, body, on_policy);
		free(body);
	}
	free(text);
	return differs;
}

void
worker_start(struct worker_run *r)
{
	struct weir_err err = { 0 };
	char *dir = command_dir(r), *path = NULL;
	enum weir_rc rc = WEIR_OK;

	if (!write_parameters(r, &err))
		rc = err.rc;
	if (!rc) {
		make_env(r);
		/* what cannot be started is better not called Running */
		rc = worker_child_find(r->job.words[0], r->env, dir, &path, &err);
	}
	free(path);
	free(dir);
	if (rc)
		worker_run_fail(r, &err);
	else if (r->w->engine)
		run_command(r);
	else if (!ask_policy(r))
		propose_running(r);
}

/* ---- ending */

/*
 * What the dead worker had asked for may still be on its way: servers let an ended run
 * become Running again.
 */
static void
check_later(struct worker_run *r)
{
	r->checked++;
	r->due_us = weir_monotonic_us() + r->checked * check_us;
	r->step = WORKER_CHECKS;
	worker_wake_at(r->w, r->due_us);
}

static void
on_check(struct worker_run *r, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	json_t *doc = rc ? NULL : worker_parse(page);
	const char *type = json_string_value(json_object_get(doc, "state_type"));

	(void)err;
	if (type && (!strcmp(type, "RUNNING") || !strcmp(type, "PENDING"))) {
		r->stop = WORKER_LEFT;
		worker_result(r);
	} else if (r->checked < CHECKS_MAX) {
		check_later(r);
	} else {
		worker_run_end(r);
	}
	json_decref(doc);
}

static bool
may_retry(const struct worker_run *r)
{
	return !r->stop || r->stop == WORKER_TIMED_OUT;
}

static void
on_result(struct worker_run *r, const struct act_verdict *v, const json_t *state)
{
	const char *at = json_string_value(json_object_get(
		json_object_get(state, "state_details"), "scheduled_time"));
	int64_t at_us, delay_us = WEIR_SECOND_US;

	if (v && v->state == WEIR_ST_CANCELLING && !r->proposed_cancel) {
		r->stop = WORKER_CANCELLED;
		worker_result(r);
	} else if (v && v->state == WEIR_ST_SCHEDULED && may_retry(r) &&
		   r->w->stopping > 1) {
		r->stop = WORKER_LEFT; /* nobody else would try it again */
		worker_result(r);
	} else if (v && v->state == WEIR_ST_SCHEDULED && r->adopted && may_retry(r)) {
		worker_claim_resume(r);
	} else if (v && v->state == WEIR_ST_SCHEDULED && may_retry(r)) {
		r->stop = WORKER_NOT_STOPPED;
		if (at && weir_time_parse(str_of(at), &at_us))
			delay_us = at_us - api_now_us(r->w->api);
		worker_say_again(r, delay_us);
		free(r->failure);
		r->failure = NULL;
		r->spool.error[0] = r->spool.err[0] = '\0';
		memset(&r->child, 0, sizeof(r->child));
		r->reaped = false;
		worker_note(r, WORKER_PHASE_START);
		wait_for(r, delay_us > 0 ? delay_us : 0);
	} else {
		if (!r->checked)
			worker_say_end(r, v);
		if (v && r->late && !r->checked)
			check_later(r);
		else if (v && r->spool.tasks)
			worker_tasks_end(r);
		else
			worker_run_end(r);
	}
}

/* ---- of Prefect's own engine, which says its states itself */

static void
on_engine_run(struct worker_run *r, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	json_t *doc = rc ? NULL : worker_parse(page);
	const char *type = json_string_value(json_object_get(doc, "state_type"));
	bool pending = type && strcmp(type, "PENDING") == 0;

	(void)err;
	worker_say(r->w, WEIR_WORKER_INFO, "%s: its engine ended: %s", r->name,
		type ? type : "it is gone");
	json_decref(doc);
	if (pending)
		worker_propose(r, WEIR_ST_CRASHED, "Crashed",
			"the command ended well without ever reporting a state; for "
			"a plain command use a pool of type weir",
			false, on_result);
	else
		worker_run_end(r);
}

static void
engine_result(struct worker_run *r)
{
	int status = r->child.status;
	struct worker_result q;
	char path[128];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		snprintf(path, sizeof(path), "/flow_runs/%s", r->id_text);
		worker_ask(r, "GET", path, "", on_engine_run);
		return;
	}
	worker_result_of_engine(status, &q);
	worker_propose(r, q.type, q.name, q.message, false, on_result);
}

void
worker_result(struct worker_run *r)
{
	struct worker_ended e = {
		.stop = r->stop,
		.status = r->child.status,
		.failure = r->failure,
		.said = r->spool.error[0] ? r->spool.error : r->spool.err,
		.timeout_us = r->job.timeout_us,
		.host = r->w->host,
	};
	struct worker_result q;

	if (r->stop == WORKER_ENDED) {
		worker_run_end(r);
	} else if (r->w->engine && !r->stop && !r->failure) {
		engine_result(r);
	} else {
		worker_result_of(&e, &q);
		r->proposed_cancel = q.type == WEIR_ST_CANCELLED;
		worker_propose(r, q.type, q.name, q.message[0] ? q.message : NULL,
			false, on_result);
	}
}

/* ---- stopping */

/* What it came to stands, though not all of it is said yet. */
static bool
has_result(const struct worker_run *r)
{
	return r->failure || (r->reaped && !r->pulling);
}

void
worker_stop(struct worker_run *r, enum worker_stop why)
{
	if (r->stop && r->stop != WORKER_LEFT)
		return;
	if (why == WORKER_LEFT && has_result(r))
		return;
	r->stop = why;
	worker_wake_at(r->w, 0);
	if (r->step == WORKER_DUE) {
		worker_run_end(r);
	} else if (r->step == WORKER_WAITS) {
		r->step = WORKER_FLUSHES;
	} else if (r->step == WORKER_RUNS && !r->term_us && !r->reaped) {
		r->term_us = weir_monotonic_us();
		worker_child_kill(&r->child, SIGTERM);
		worker_child_kill(&r->child, SIGCONT);
	}
}

static void
check_time(struct worker_run *r, int64_t now_us)
{
	int64_t end_us = r->started_us + r->job.timeout_us;

	if (r->job.timeout_us && !r->pulling && !r->stop) {
		if (now_us >= end_us)
			worker_stop(r, WORKER_TIMED_OUT);
		else
			worker_wake_at(r->w, end_us);
	}
	if (!r->term_us || r->killed)
		return;
	if (now_us < r->term_us + r->job.grace_us) {
		worker_wake_at(r->w, r->term_us + r->job.grace_us);
		return;
	}
	worker_child_kill(&r->child, SIGKILL);
	r->killed = true;
}

/* What it left running in its group goes too. */
static bool
group_gone(struct worker_run *r, int64_t now_us)
{
	if (!worker_child_kill(&r->child, 0))
		return true;
	if (!r->killed && now_us >= r->ended_us + left_grace_us) {
		worker_child_kill(&r->child, SIGKILL);
		r->killed = true;
		return true;
	}
	if (now_us == r->ended_us)
		worker_child_kill(&r->child, SIGTERM);
	worker_wake_at(r->w, now_us + first_look_us);
	return r->killed;
}

/* It ends when nobody holds the pipes; who left the group may still do. */
static bool
relay_gone(struct worker_run *r, int64_t now_us)
{
	int64_t since = now_us - r->ended_us - left_grace_us;

	if (r->child.relay <= 0)
		return true;
	if (since >= 2 * relay_grace_us)
		kill(r->child.relay, SIGKILL);
	else if (since >= relay_grace_us)
		kill(r->child.relay, SIGTERM);
	worker_wake_at(r->w, now_us + first_look_us);
	return false;
}

/* It ends well before the command, if that closes its output. */
static bool
relay_failed(const struct worker_child *c)
{
	return c->relay == 0 && WIFEXITED(c->relay_status) &&
	       WEXITSTATUS(c->relay_status) == RELAY_NO_SPACE;
}

static void
ended(struct worker_run *r)
{
	if (relay_failed(&r->child) && !r->stop)
		r->stop = WORKER_NO_ROOM;
	worker_wake_at(r->w, 0);
	if (r->pulling)
		worker_pull_ended(r);
	else
		r->step = WORKER_FLUSHES;
}

/* What was stopped is stopped whole; what ends by itself may leave a daemon. */
static void
end_rest(struct worker_run *r)
{
	size_t n;

	if (!r->stop || r->rest_ended)
		return;
	r->rest_ended = true;
	n = worker_kill_marked(r);
	if (n)
		spool_note(&r->spool, 30, weir_now_us(),
			"%zu of its processes had left its group: killed", n);
}

static void
watch(struct worker_run *r, int64_t now_us)
{
	worker_child_reap(&r->child);
	if (!r->reaped && r->child.pid == 0) {
		r->reaped = true;
		r->ended_us = now_us;
		worker_note(r, WORKER_PHASE_RUN);
	}
	if (!r->reaped) {
		check_time(r, now_us);
		if (relay_failed(&r->child))
			worker_stop(r, WORKER_NO_ROOM);
	} else if (group_gone(r, now_us)) {
		end_rest(r);
		if (relay_gone(r, now_us))
			ended(r);
	}
}

/* How soon to look for lines again: at once after some came. */
static void
look(struct worker_run *r, int64_t now_us)
{
	int64_t before = r->spool.size;

	if (now_us < r->look_us) {
		worker_wake_at(r->w, r->look_us);
		return;
	}
	(void)spool_grown(&r->spool);
	if (r->spool.size != before)
		r->look_every_us = first_look_us;
	else if (r->look_every_us < last_look_us)
		r->look_every_us += r->look_every_us / 2;
	r->look_us = now_us + r->look_every_us;
	if (r->look_every_us >= last_look_us) /* those of other runs with it */
		r->look_us -= r->look_us % last_look_us;
	worker_wake_at(r->w, r->look_us);
}

void
worker_start_tick(struct worker_run *r, int64_t now_us)
{
	if (r->step == WORKER_RUNS) {
		look(r, now_us);
		watch(r, now_us);
	}
	if (r->claimed)
		worker_ship_tick(r, now_us);
	if (r->step == WORKER_FLUSHES && worker_orphan_is_still(r, now_us) &&
		worker_shipped(r))
		worker_result(r);
	if (r->step != WORKER_WAITS && r->step != WORKER_CHECKS)
		return;
	if (now_us < r->due_us)
		worker_wake_at(r->w, r->due_us);
	else if (r->step == WORKER_CHECKS)
		worker_ask_run(r, on_check);
	else
		propose_running(r);
}
