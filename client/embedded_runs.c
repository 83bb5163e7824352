/* Flow runs of the embedded backend: made, read, changed, deleted. */
#include "embedded_priv.h"
#include "weir/params.h"
#include "weir/time.h"

static json_t *
make_name(void)
{
	struct weir_id dice = weir_id_random();
	struct buf name = BUF_INIT(64);
	json_t *ret;

	embedded_name(&dice, &name);
	ret = json_string(buf_cstr(&name));
	buf_release(&name);
	return ret;
}

/* ---- parameters */

static void
add_fault(void *arg, const char *path, const char *text)
{
	struct buf *why = arg;

	buf_addf(why, "%s%s: %s", why->len ? "; " : "", path, text);
}

bool
embedded_fits(const json_t *schema, const json_t *parameters, struct buf *why)
{
	char *schema_text = json_out_text(schema);
	char *text = json_out_text(parameters);
	struct weir_schema *s = NULL;
	struct weir_json *tree = NULL;
	struct weir_err err = { 0 };
	size_t n = 0;

	if (weir_schema_parse(str_of(schema_text), &s, &err) ||
		weir_json_parse(str_of(text), &tree, &err)) {
		buf_adds(why, err.text);
		n = 1;
	} else {
		n = weir_params_check(s, tree, add_fault, why);
	}
	weir_schema_free(s);
	weir_json_free(tree);
	free(schema_text);
	free(text);
	return n == 0;
}

/* ---- creating */

static json_t *
new_policy(const json_t *given)
{
	json_t *p = json_pack("{s:i, s:f, s:n, s:n, s:[], s:b, s:n}", "max_retries", 0,
		"retry_delay_seconds", 0.0, "retries", "retry_delay", "pause_keys",
		"resuming", 0, "retry_type");

	if (json_is_object(given))
		json_object_update(p, (json_t *)(uintptr_t)given);
	return p;
}

static bool
too_big(const json_t *parameters)
{
	char *text = json_out_text(parameters);
	bool big = text && strlen(text) > EMBEDDED_PARAMETERS_MAX;

	free(text);
	return big;
}

/* All members that a run has, of what the request and the deployment say. */
static json_t *
new_run(struct embedded_call *c, const char *flow_id)
{
	static const char *const kept[] = { "parameters", "context", "labels",
		"job_variables", "name", "parent_task_run_id", "flow_version",
		"idempotency_key", "tags", "created_by", NULL };
	static const char *const nulls[] = { "deployment_id", "deployment_version",
		"work_queue_id", "work_queue_name", "work_pool_id", "work_pool_name",
		"flow_version", "idempotency_key", "parent_task_run_id", "state",
		"start_time", "end_time", "expected_start_time",
		"next_scheduled_start_time", "infrastructure_document_id",
		"infrastructure_pid", "created_by", "job_variables", NULL };
	json_t *run = embedded_new(c);
	json_t *given = json_object_get(c->body, "empirical_policy");

	json_object_set_new(run, "flow_id", json_string(flow_id));
	for (size_t i = 0; nulls[i]; i++)
		json_object_set_new(run, nulls[i], json_null());
	embedded_take(run, c->body, kept);
	embedded_default(run, "parameters", json_object());
	embedded_default(run, "context", json_object());
	embedded_default(run, "labels", json_object());
	embedded_default(run, "tags", json_array());
	embedded_default(run, "name", make_name());
	json_object_set_new(json_object_get(run, "labels"), "prefect.flow.id",
		json_string(flow_id));
	json_object_set_new(run, "empirical_policy", new_policy(given));
	json_object_set_new(run, "run_count", json_integer(0));
	json_object_set_new(run, "total_run_time", json_real(0));
	json_object_set_new(run, "auto_scheduled",
		json_boolean(json_is_true(json_object_get(c->body, "auto_scheduled"))));
	return run;
}

/* The run that has this key already, or NULL. */
static enum weir_rc
find_key(struct embedded_call *c, const json_t *run, json_t **ret)
{
	const char *key = embedded_str(run, "idempotency_key");
	struct id_vec ids = { 0 };
	struct weir_id flow;
	sqlite3_stmt *st = NULL;
	enum weir_rc rc;

	*ret = NULL;
	if (!key || !embedded_get_id(json_object_get(run, "flow_id"), &flow))
		return WEIR_OK;
	rc = db_get(c->db, SQL_EMB_KEY, &st, c->err);
	if (rc)
		return rc;
	db_bind_id(st, 1, &flow);
	db_bind_str(st, 2, str_of(key));
	rc = db_ids(c->db, st, &ids, c->err);
	if (!rc && ids.n)
		rc = embedded_run(c, &ids.v[0], ret);
	VEC_FREE(&ids);
	return rc;
}

static enum weir_rc
add_key(struct embedded_call *c, const json_t *run)
{
	const char *key = embedded_str(run, "idempotency_key");
	struct weir_id flow, id;
	sqlite3_stmt *st = NULL;
	enum weir_rc rc;

	if (!key || !embedded_get_id(json_object_get(run, "flow_id"), &flow) ||
		!embedded_get_id(json_object_get(run, "id"), &id))
		return WEIR_OK;
	rc = db_get(c->db, SQL_EMB_KEY_ADD, &st, c->err);
	if (rc)
		return rc;
	db_bind_id(st, 1, &flow);
	db_bind_str(st, 2, str_of(key));
	db_bind_id(st, 3, &id);
	return db_run(c->db, st, c->err);
}

/* Its first state, as it is told or `type`; the answer. run is stolen. */
static enum weir_rc
create(struct embedded_call *c, json_t *run, const char *type)
{
	const json_t *given = json_object_get(c->body, "state");
	json_t *there = NULL, *state;
	enum weir_rc rc = find_key(c, run, &there);

	if (rc || there) {
		json_decref(run);
		return rc ? rc : embedded_answer(c, 200, there);
	}
	state = embedded_type(given) == WEIR_ST_NONE
			? embedded_state(c, type, NULL, NULL, WEIR_NO_TIME)
			: embedded_state_of(c, given);
	rc = embedded_enter(c, run, state);
	if (!rc)
		rc = add_key(c, run);
	if (!rc)
		return embedded_answer(c, 201, run);
	json_decref(run);
	return rc;
}

enum weir_rc
embedded_do_post_run(struct embedded_call *c)
{
	const char *flow_id = embedded_str(c->body, "flow_id");
	struct weir_id id;
	json_t *flow = NULL;
	enum weir_rc rc;

	(void)embedded_get_id(json_object_get(c->body, "flow_id"), &id);
	rc = embedded_doc(c, WEIR_FLOW, &id, &flow);
	if (rc)
		return rc;
	if (!flow)
		return embedded_refuse(c, 409,
			"Data integrity conflict: there is no flow %s", flow_id);
	json_decref(flow);
	return create(c, new_run(c, flow_id), "PENDING");
}

/* Where it waits: the deployment's queue, or the one that is asked for. */
static enum weir_rc
set_queue(struct embedded_call *c, const json_t *deployment, json_t *run, bool *ret_ok)
{
	const char *pool_name = embedded_str(deployment, "work_pool_name");
	const char *name = embedded_str(c->body, "work_queue_name");
	json_t *pool = NULL, *queue = NULL;
	enum weir_rc rc;

	*ret_ok = true;
	if (!pool_name && name)
		*ret_ok = false;
	if (!pool_name)
		return WEIR_OK;
	if (!name)
		name = embedded_str(deployment, "work_queue_name");
	rc = embedded_named(c, WEIR_POOL, NULL, pool_name, &pool);
	if (!rc && pool)
		rc = embedded_queue(c, pool, name, &queue);
	if (!rc && queue) {
		json_object_set(run, "work_pool_name", json_object_get(pool, "name"));
		json_object_set(run, "work_pool_id", json_object_get(pool, "id"));
		json_object_set(run, "work_queue_name", json_object_get(queue, "name"));
		json_object_set(run, "work_queue_id", json_object_get(queue, "id"));
	}
	json_decref(pool);
	json_decref(queue);
	return rc;
}

/* What the deployment says, with what the request says laid over it. */
static void
take_deployment(struct embedded_call *c, const json_t *d, json_t *run)
{
	json_t *parameters = json_object(), *labels = json_object();
	const json_t *p = json_object_get(d, "parameters");
	const json_t *l = json_object_get(d, "labels");

	json_object_set(run, "deployment_id", json_object_get(d, "id"));
	json_object_set(run, "deployment_version", json_object_get(d, "version"));
	if (json_is_object(p))
		json_object_update(parameters, (json_t *)(uintptr_t)p);
	json_object_update(parameters, json_object_get(run, "parameters"));
	json_object_set_new(run, "parameters", parameters);
	if (json_is_object(l))
		json_object_update(labels, (json_t *)(uintptr_t)l);
	json_object_update(labels, json_object_get(run, "labels"));
	json_object_set(labels, "prefect.deployment.id", json_object_get(d, "id"));
	json_object_set_new(run, "labels", labels);
	json_object_set_new(run, "tags",
		embedded_union(
			json_object_get(d, "tags"), json_object_get(c->body, "tags")));
}

/* false: the answer says why not. */
static bool
check_parameters(struct embedded_call *c, const json_t *d, const json_t *run)
{
	const json_t *said = json_object_get(c->body, "enforce_parameter_schema");
	const json_t *schema = json_object_get(d, "parameter_openapi_schema");
	const json_t *parameters = json_object_get(run, "parameters");
	struct buf why = BUF_INIT(4096);
	bool enforce =
		json_is_boolean(said)
			? json_is_true(said)
			: json_is_true(json_object_get(d, "enforce_parameter_schema"));
	bool ok = true;

	if (too_big(parameters)) {
		(void)embedded_refuse(c, 422,
			"parameters: Value error, the parameters are larger than %d "
			"bytes",
			EMBEDDED_PARAMETERS_MAX);
		return false;
	}
	if (enforce && json_is_object(schema))
		ok = embedded_fits(schema, parameters, &why);
	if (!ok)
		(void)embedded_refuse(
			c, 409, "Error creating flow run: %s", buf_cstr(&why));
	buf_release(&why);
	return ok;
}

enum weir_rc
embedded_make_run(struct embedded_call *c, const json_t *deployment, bool checked)
{
	json_t *run = new_run(c, embedded_str(deployment, "flow_id"));
	bool ok = true;
	enum weir_rc rc;

	take_deployment(c, deployment, run);
	if (checked && !check_parameters(c, deployment, run)) {
		json_decref(run);
		return WEIR_OK;
	}
	rc = set_queue(c, deployment, run, &ok);
	if (!rc && ok)
		return create(c, run, "SCHEDULED");
	json_decref(run);
	return rc ? rc
		  : embedded_refuse(c, 400,
			    "Cannot create flow run in work queue %s because "
			    "deployment %s is not associated with a work pool. Please "
			    "remove work_pool_name and try again.",
			    embedded_str(c->body, "work_queue_name"), c->part[0]);
}

enum weir_rc
embedded_do_create_run(struct embedded_call *c)
{
	struct weir_id id;
	json_t *deployment;
	enum weir_rc rc = embedded_find(c, WEIR_DEPLOYMENT, &id, &deployment);

	if (rc || !deployment)
		return rc;
	rc = embedded_make_run(c, deployment, true);
	json_decref(deployment);
	return rc;
}

/* ---- reading, changing, deleting */

enum weir_rc
embedded_do_get_run(struct embedded_call *c)
{
	struct weir_id id;
	json_t *run;
	enum weir_rc rc = embedded_find(c, WEIR_RUN, &id, &run);

	return rc || !run ? rc : embedded_answer(c, 200, run);
}

enum weir_rc
embedded_do_patch_run(struct embedded_call *c)
{
	static const char *const kept[] = { "name", "tags", "parameters",
		"flow_version", "infrastructure_pid", "job_variables", NULL };
	json_t *policy = json_object_get(c->body, "empirical_policy"), *run;
	struct weir_id id;
	enum weir_rc rc = embedded_find(c, WEIR_RUN, &id, &run);

	if (rc || !run)
		return rc;
	embedded_take(run, c->body, kept);
	if (json_is_object(policy))
		json_object_set_new(run, "empirical_policy", new_policy(policy));
	rc = embedded_put_run(c, run);
	json_decref(run);
	return rc ? rc : embedded_answer(c, 204, NULL);
}

enum weir_rc
embedded_do_patch_labels(struct embedded_call *c)
{
	struct weir_id id;
	json_t *run;
	enum weir_rc rc;

	rc = embedded_find(c, WEIR_RUN, &id, &run);
	if (rc || !run)
		return rc;
	embedded_default(run, "labels", json_object());
	json_object_update(json_object_get(run, "labels"), c->body);
	rc = embedded_put_run(c, run);
	json_decref(run);
	return rc ? rc : embedded_answer(c, 204, NULL);
}

enum weir_rc
embedded_do_delete_run(struct embedded_call *c)
{
	struct weir_id id, deployment;
	json_t *run;
	bool limited;
	enum weir_rc rc = embedded_find(c, WEIR_RUN, &id, &run);

	if (rc || !run)
		return rc;
	limited = embedded_get_id(json_object_get(run, "deployment_id"), &deployment);
	json_decref(run);
	rc = store_runs_gone(c->store, &id, 1, c->err);
	if (!rc && limited)
		rc = embedded_count_slots(c, &deployment);
	return rc ? rc : embedded_answer(c, 204, NULL);
}
