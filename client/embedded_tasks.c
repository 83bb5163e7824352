/* Task runs of the embedded backend. */
#include "embedded_priv.h"
#include "weir/time.h"

static json_t *
new_task(struct embedded_call *c)
{
	static const char *const kept[] = { "name", "flow_run_id", "task_key",
		"dynamic_key", "cache_key", "cache_expiration", "task_version",
		"empirical_policy", "tags", "labels", "task_inputs", NULL };
	static const char *const nulls[] = { "state", "start_time", "end_time",
		"expected_start_time", "next_scheduled_start_time", "cache_key",
		"cache_expiration", "task_version", NULL };
	json_t *policy = json_pack("{s:i, s:f, s:n, s:n, s:n}", "max_retries", 0,
		"retry_delay_seconds", 0.0, "retries", "retry_delay",
		"retry_jitter_factor");
	json_t *t = embedded_new(c);

	for (size_t i = 0; nulls[i]; i++)
		json_object_set_new(t, nulls[i], json_null());
	embedded_take(t, c->body, kept);
	embedded_default(t, "name", json_string(embedded_str(t, "task_key")));
	embedded_default(t, "tags", json_array());
	embedded_default(t, "labels", json_object());
	embedded_default(t, "task_inputs", json_object());
	json_object_update(policy, json_object_get(t, "empirical_policy"));
	json_object_set_new(t, "empirical_policy", policy);
	json_object_set_new(t, "run_count", json_integer(0));
	json_object_set_new(t, "flow_run_run_count", json_integer(0));
	json_object_set_new(t, "total_run_time", json_real(0));
	return t;
}

static enum weir_rc
find_key(struct embedded_call *c, json_t **ret)
{
	struct id_vec ids = { 0 };
	struct weir_id run;
	sqlite3_stmt *st = NULL;
	enum weir_rc rc;

	*ret = NULL;
	if (!embedded_get_id(json_object_get(c->body, "flow_run_id"), &run))
		return WEIR_OK;
	rc = db_get(c->db, SQL_EMB_TASK_KEY, &st, c->err);
	if (rc)
		return rc;
	db_bind_id(st, 1, &run);
	db_bind_str(st, 2, str_of(embedded_str(c->body, "task_key")));
	db_bind_str(st, 3, str_of(embedded_str(c->body, "dynamic_key")));
	rc = db_ids(c->db, st, &ids, c->err);
	if (!rc && ids.n)
		rc = embedded_task(c, &ids.v[0], ret);
	VEC_FREE(&ids);
	return rc;
}

/* The flow run of the body; *ret_ok false: the answer says that it is not there. */
static enum weir_rc
check_run(struct embedded_call *c, bool *ret_ok)
{
	struct weir_id id;
	json_t *run = NULL;
	enum weir_rc rc;

	*ret_ok = true;
	if (!embedded_get_id(json_object_get(c->body, "flow_run_id"), &id))
		return WEIR_OK;
	rc = embedded_run(c, &id, &run);
	*ret_ok = run != NULL;
	json_decref(run);
	return rc || *ret_ok ? rc : embedded_refuse(c, 404, "Flow run not found");
}

enum weir_rc
embedded_do_post_task(struct embedded_call *c)
{
	const json_t *given = json_object_get(c->body, "state");
	json_t *task = NULL, *state;
	bool ok;
	enum weir_rc rc;

	rc = check_run(c, &ok);
	if (rc || !ok)
		return rc;
	rc = find_key(c, &task);
	if (rc)
		return rc;
	if (task)
		return embedded_answer(c, 200, task);
	task = new_task(c);
	state = embedded_type(given) == WEIR_ST_NONE
			? embedded_state(c, "PENDING", NULL, NULL, WEIR_NO_TIME)
			: embedded_state_of(c, given);
	rc = embedded_enter_task(c, task, state);
	if (!rc)
		return embedded_answer(c, 201, task);
	json_decref(task);
	return rc;
}

enum weir_rc
embedded_do_get_task(struct embedded_call *c)
{
	struct weir_id id;
	json_t *task;
	enum weir_rc rc = embedded_find(c, WEIR_TASK_RUN, &id, &task);

	return rc || !task ? rc : embedded_answer(c, 200, task);
}

enum weir_rc
embedded_do_patch_task(struct embedded_call *c)
{
	struct weir_id id;
	json_t *task;
	enum weir_rc rc = embedded_find(c, WEIR_TASK_RUN, &id, &task);

	if (rc || !task)
		return rc;
	embedded_take(task, c->body, (const char *const[]){ "name", NULL });
	rc = embedded_put_task(c, task);
	json_decref(task);
	return rc ? rc : embedded_answer(c, 204, NULL);
}

enum weir_rc
embedded_do_delete_task(struct embedded_call *c)
{
	struct weir_id id;
	sqlite3_stmt *st = NULL;
	json_t *task;
	enum weir_rc rc = embedded_find(c, WEIR_TASK_RUN, &id, &task);

	if (rc || !task)
		return rc;
	json_decref(task);
	rc = db_get(c->db, SQL_TASK_DELETE, &st, c->err);
	if (rc)
		return rc;
	db_bind_id(st, 1, &id);
	rc = db_run(c->db, st, c->err);
	return rc ? rc : embedded_answer(c, 204, NULL);
}

/* ---- states: few rules */

static json_t *
verdict(const char *status, const char *type, const char *reason, json_t *state)
{
	json_t *body =
		json_pack("{s:s, s:{s:s}}", "status", status, "details", "type", type);

	if (reason)
		json_object_set_new(json_object_get(body, "details"), "reason",
			json_string(reason));
	json_object_set(body, "state", state ? state : json_null());
	return body;
}

/* Why not, or NULL. */
static const char *
refusal(const json_t *task, enum weir_state to, enum weir_state run)
{
	enum weir_state from = embedded_type(json_object_get(task, "state"));

	if (weir_state_is_terminal(from) && to != WEIR_ST_SCHEDULED &&
		!weir_state_is_terminal(to) && to != WEIR_ST_RUNNING)
		return "This run is already terminal.";
	if (to == WEIR_ST_RUNNING && run != WEIR_ST_RUNNING && run != WEIR_ST_NONE)
		return "The enclosing flow must be running to begin task execution.";
	return NULL;
}

static enum weir_rc
state_of_run(struct embedded_call *c, const json_t *task, enum weir_state *ret)
{
	struct weir_id id;
	json_t *run = NULL;
	enum weir_rc rc;

	*ret = WEIR_ST_NONE;
	if (!embedded_get_id(json_object_get(task, "flow_run_id"), &id))
		return WEIR_OK;
	rc = embedded_run(c, &id, &run);
	if (!rc && run)
		*ret = embedded_type(json_object_get(run, "state"));
	json_decref(run);
	return rc;
}

/* What failed and has retries left is to be tried again; NULL: it has not. */
static json_t *
once_more(struct embedded_call *c, const json_t *task, const json_t *proposed)
{
	const json_t *policy = json_object_get(task, "empirical_policy");
	const json_t *retries = json_object_get(policy, "retries");
	const json_t *delay = json_object_get(policy, "retry_delay");
	int64_t runs = json_integer_value(json_object_get(task, "run_count"));

	if (embedded_type(proposed) != WEIR_ST_FAILED || !json_is_integer(retries) ||
		embedded_type(json_object_get(task, "state")) != WEIR_ST_RUNNING ||
		runs > json_integer_value(retries))
		return NULL;
	/* one for each retry, the last for all that follow */
	if (json_is_array(delay) && json_array_size(delay)) {
		size_t n = json_array_size(delay);

		delay = json_array_get(delay,
			runs > (int64_t)n ? n - 1 : (size_t)(runs > 0 ? runs - 1 : 0));
	}
	return embedded_state(c, "SCHEDULED", "AwaitingRetry",
		embedded_str(proposed, "message"), embedded_after(c, delay));
}

enum weir_rc
embedded_do_set_task_state(struct embedded_call *c)
{
	const json_t *proposed = json_object_get(c->body, "state");
	bool force = json_is_true(json_object_get(c->body, "force")), again;
	enum weir_state run = WEIR_ST_NONE;
	const char *why = NULL;
	struct weir_id id;
	json_t *task, *state = NULL;
	enum weir_rc rc;

	rc = embedded_find(c, WEIR_TASK_RUN, &id, &task);
	if (rc || !task)
		return rc;
	rc = state_of_run(c, task, &run);
	if (!rc && !force)
		why = refusal(task, embedded_type(proposed), run);
	if (!rc && why)
		rc = embedded_answer(c, 200,
			verdict("ABORT", "abort_details", why,
				json_object_get(task, "state")));
	else if (!rc) {
		state = force ? NULL : once_more(c, task, proposed);
		again = state != NULL;
		if (!again)
			state = embedded_state_of(c, proposed);
		rc = embedded_enter_task(c, task, json_incref(state));
		if (!rc)
			rc = embedded_answer(c, 201,
				again ? verdict("REJECT", "reject_details", "Retrying",
						state)
				      : verdict("ACCEPT", "accept_details", NULL,
						state));
	}
	json_decref(state);
	json_decref(task);
	return rc;
}
