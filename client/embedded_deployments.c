/*
 * Deployments of the embedded backend. A POST is a new one or replaces that of its flow
 * and name; both it and a PATCH take back the runs that schedules made, as Prefect's
 * servers do.
 */
#include "embedded_deployments.h"

static const char *const fields[] = { "name", "flow_id", "version", "description",
	"tags", "labels", "parameters", "parameter_openapi_schema",
	"enforce_parameter_schema", "path", "entrypoint", "pull_steps", "paused",
	"work_pool_name", "work_queue_name", "job_variables", "storage_document_id",
	"infrastructure_document_id", "concurrency_options", NULL };

bool
embedded_limit_of(const json_t *deployment, int64_t *ret_limit, bool *ret_cancel)
{
	const json_t *g = json_object_get(deployment, "global_concurrency_limit");
	const json_t *limit = json_object_get(g, "limit");
	const char *strategy =
		embedded_str(json_object_get(deployment, "concurrency_options"),
			"collision_strategy");

	if (!json_is_integer(limit))
		return false;
	*ret_limit = json_integer_value(limit);
	*ret_cancel = strategy && strcmp(strategy, "CANCEL_NEW") == 0;
	return true;
}

/* The limit as the server tells it, of the number that is asked for. */
static void
set_limit(struct embedded_call *c, json_t *d)
{
	json_t *limit = json_object_get(c->body, "concurrency_limit");
	json_t *g = json_object_get(d, "global_concurrency_limit");
	char *name;

	json_object_set_new(d, "concurrency_limit", json_null());
	if (!limit)
		return;
	if (!json_is_integer(limit)) {
		json_object_set_new(d, "global_concurrency_limit", json_null());
		return;
	}
	g = json_is_object(g) ? json_incref(g) : embedded_new(c);
	name = xasprintf("deployment:%s", embedded_str(d, "id"));
	json_object_set_new(g, "name", json_string(name));
	json_object_set(g, "limit", limit);
	json_object_set_new(g, "active", json_true());
	json_object_set_new(g, "slot_decay_per_second", json_real(0));
	json_object_set_new(d, "global_concurrency_limit", g);
	free(name);
}

static void
set_defaults(json_t *d)
{
	static const char *const nulls[] = { "version", "description",
		"parameter_openapi_schema", "path", "entrypoint", "pull_steps",
		"work_pool_name", "work_queue_name", "work_queue_id",
		"storage_document_id", "infrastructure_document_id",
		"concurrency_options", "global_concurrency_limit", "last_polled",
		"created_by", "updated_by", NULL };

	for (size_t i = 0; nulls[i]; i++)
		if (!json_object_get(d, nulls[i]))
			json_object_set_new(d, nulls[i], json_null());
	embedded_default(d, "tags", json_array());
	embedded_default(d, "labels", json_object());
	embedded_default(d, "parameters", json_object());
	embedded_default(d, "job_variables", json_object());
	embedded_default(d, "enforce_parameter_schema", json_true());
	embedded_default(d, "paused", json_false());
	embedded_default(d, "schedules", json_array());
	embedded_default(d, "status", json_string("NOT_READY"));
}

/* ---- what would be refused */

static bool
check_parameters(struct embedded_call *c, const json_t *d)
{
	const json_t *schema = json_object_get(d, "parameter_openapi_schema");
	const json_t *parameters = json_object_get(d, "parameters");
	json_t *loose;
	struct buf why = BUF_INIT(4096);
	bool ok = true;

	if (!json_is_true(json_object_get(d, "enforce_parameter_schema")) ||
		!json_is_object(schema))
		return true;
	/* what is missing may be given with each run */
	loose = json_copy((json_t *)(uintptr_t)schema);
	json_object_del(loose, "required");
	ok = embedded_fits(loose, parameters, &why);
	if (!ok)
		(void)embedded_refuse(
			c, 409, "Error creating deployment: %s", buf_cstr(&why));
	json_decref(loose);
	buf_release(&why);
	return ok;
}

static bool
check_variables(struct embedded_call *c, const json_t *d, const json_t *pool)
{
	const json_t *template = json_object_get(pool, "base_job_template");
	const json_t *schema = json_object_get(template, "variables");
	struct buf why = BUF_INIT(4096);
	json_t *loose;
	bool ok;

	if (!json_is_object(schema))
		return true;
	loose = json_copy((json_t *)(uintptr_t)schema);
	json_object_del(loose, "required");
	ok = embedded_fits(loose, json_object_get(d, "job_variables"), &why);
	if (!ok)
		(void)embedded_refuse(
			c, 422, "Error creating deployment: %s", buf_cstr(&why));
	json_decref(loose);
	buf_release(&why);
	return ok;
}

static bool
is_ready(const json_t *pool)
{
	const char *status = embedded_str(pool, "status");

	return status && strcmp(status, "READY") == 0;
}

/* Pool and queue of the deployment; *ret_ok false: the answer says why not. */
static enum weir_rc
set_pool(struct embedded_call *c, json_t *d, bool *ret_ok)
{
	const char *name = embedded_str(d, "work_pool_name");
	json_t *pool = NULL, *queue = NULL;
	enum weir_rc rc;

	*ret_ok = true;
	json_object_set_new(d, "work_queue_id", json_null());
	if (!name)
		return WEIR_OK;
	rc = embedded_named(c, WEIR_POOL, NULL, name, &pool);
	if (!rc && !pool) {
		*ret_ok = false;
		return embedded_refuse(c, 404, "Work pool \"%s\" not found.", name);
	}
	if (!rc && !check_variables(c, d, pool))
		*ret_ok = false;
	if (!rc && *ret_ok)
		rc = embedded_queue(
			c, pool, embedded_str(d, "work_queue_name"), &queue);
	if (!rc && *ret_ok)
		json_object_set_new(d, "status",
			json_string(is_ready(pool) ? "READY" : "NOT_READY"));
	if (queue) {
		json_object_set(d, "work_queue_name", json_object_get(queue, "name"));
		json_object_set(d, "work_queue_id", json_object_get(queue, "id"));
	}
	json_decref(queue);
	json_decref(pool);
	return rc;
}

/* ---- written */

static enum weir_rc
unschedule(struct embedded_call *c, const struct weir_id *id)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = embedded_delete_runs(c, SQL_EMB_RUNS_AUTO_OF, id);

	if (!rc)
		rc = db_get(c->db, SQL_EMB_SCHEDULES_AGAIN, &st, c->err);
	if (rc)
		return rc;
	db_bind_id(st, 1, id);
	return db_run(c->db, st, c->err);
}

/* Its limit is among the others too, which is where it is counted how much is taken. */
static enum weir_rc
put_limit(struct embedded_call *c, const json_t *d, const struct weir_id *id)
{
	json_t *limit = json_object_get(d, "global_concurrency_limit");
	enum weir_rc rc;

	if (!json_is_object(limit))
		return embedded_drop_limit(c, id);
	limit = json_copy(limit);
	embedded_default(limit, "active_slots", json_integer(0));
	rc = embedded_put_doc(c, WEIR_LIMIT, limit);
	json_decref(limit);
	return rc ? rc : embedded_count_slots(c, id);
}

/* d is checked; with its schedules, without the runs that were made by them. */
static enum weir_rc
put(struct embedded_call *c, json_t *d)
{
	struct weir_id id;
	enum weir_rc rc;

	(void)embedded_get_id(json_object_get(d, "id"), &id);
	rc = embedded_put_doc(c, WEIR_DEPLOYMENT, d);
	if (!rc)
		rc = put_limit(c, d, &id);
	if (!rc)
		rc = embedded_put_schedules(c, &id, json_object_get(d, "schedules"));
	return rc ? rc : unschedule(c, &id);
}

/* The flow is there; *ret_ok false: the answer says that it is not. */
static enum weir_rc
check_flow(struct embedded_call *c, struct weir_id *ret_flow, bool *ret_ok)
{
	json_t *flow = NULL;
	enum weir_rc rc;

	*ret_ok = false;
	(void)embedded_get_id(json_object_get(c->body, "flow_id"), ret_flow);
	rc = embedded_doc(c, WEIR_FLOW, ret_flow, &flow);
	if (!rc && !flow)
		return embedded_refuse(c, 409,
			"Error creating deployment. Associated object not found.");
	json_decref(flow);
	*ret_ok = !rc;
	return rc;
}

/* A new one of the body, in the place of old if there is one. Owned. */
static json_t *
compose(struct embedded_call *c, const json_t *old)
{
	static const char *const same[] = { "id", "created", "global_concurrency_limit",
		"last_polled", "status", NULL };
	json_t *d = embedded_new(c);

	if (old)
		embedded_take(d, old, same);
	embedded_take(d, c->body, fields);
	set_defaults(d);
	set_limit(c, d);
	json_object_set_new(d, "schedules",
		embedded_new_schedules(c, embedded_str(d, "id"),
			json_object_get(c->body, "schedules")));
	return d;
}

enum weir_rc
embedded_do_post_deployment(struct embedded_call *c)
{
	const char *name = embedded_str(c->body, "name");
	struct weir_id flow;
	json_t *old = NULL, *d = NULL;
	bool ok = true;
	enum weir_rc rc;

	if (!embedded_check_schedules(c, json_object_get(c->body, "schedules")))
		return WEIR_OK;
	rc = check_flow(c, &flow, &ok);
	if (rc || !ok)
		return rc;
	rc = embedded_named(c, WEIR_DEPLOYMENT, &flow, name, &old);
	if (rc)
		return rc;
	d = compose(c, old);
	ok = check_parameters(c, d);
	if (ok)
		rc = set_pool(c, d, &ok);
	if (!rc && ok)
		rc = put(c, d);
	if (!rc && ok)
		rc = embedded_answer(c, old ? 200 : 201, json_incref(d));
	json_decref(old);
	json_decref(d);
	return rc;
}

/* Another pool without a queue: its default. */
static void
forget_queue(struct embedded_call *c, json_t *d)
{
	if (json_object_get(c->body, "work_pool_name") &&
		!json_object_get(c->body, "work_queue_name"))
		json_object_set_new(d, "work_queue_name", json_null());
}

enum weir_rc
embedded_do_patch_deployment(struct embedded_call *c)
{
	const json_t *schedules = json_object_get(c->body, "schedules");
	struct weir_id id;
	json_t *d;
	bool ok = true;
	enum weir_rc rc;

	if (!embedded_check_schedules(c, schedules))
		return WEIR_OK;
	rc = embedded_find(c, WEIR_DEPLOYMENT, &id, &d);
	if (rc || !d)
		return rc;
	forget_queue(c, d);
	embedded_take(d, c->body, fields);
	set_limit(c, d);
	if (schedules)
		ok = embedded_patch_schedules(c, d, schedules);
	if (ok)
		ok = check_parameters(c, d);
	if (ok && (json_object_get(c->body, "work_pool_name") ||
			  json_object_get(c->body, "work_queue_name") ||
			  json_object_get(c->body, "job_variables")))
		rc = set_pool(c, d, &ok);
	if (!rc && ok)
		rc = put(c, d);
	if (!rc && ok)
		rc = embedded_answer(c, 204, NULL);
	json_decref(d);
	return rc;
}

enum weir_rc
embedded_do_deployment_named(struct embedded_call *c)
{
	struct weir_id flow_id;
	json_t *flow = NULL, *d = NULL;
	enum weir_rc rc = embedded_named(c, WEIR_FLOW, NULL, c->part[0], &flow);

	if (!rc && flow) {
		(void)embedded_get_id(json_object_get(flow, "id"), &flow_id);
		rc = embedded_named(c, WEIR_DEPLOYMENT, &flow_id, c->part[1], &d);
	}
	json_decref(flow);
	if (rc)
		return rc;
	return d ? embedded_answer(c, 200, d)
		 : embedded_refuse(c, 404, "Deployment not found");
}

enum weir_rc
embedded_drop_deployment(struct embedded_call *c, const struct weir_id *id)
{
	enum weir_rc rc = embedded_drop_limit(c, id);

	if (!rc)
		rc = embedded_put_schedules(c, id, NULL);
	if (!rc)
		rc = store_doc_gone(c->store, WEIR_DEPLOYMENT, id, c->err);
	return rc;
}

enum weir_rc
embedded_do_delete_deployment(struct embedded_call *c)
{
	struct weir_id id;
	json_t *d;
	enum weir_rc rc = embedded_find(c, WEIR_DEPLOYMENT, &id, &d);

	if (rc || !d)
		return rc;
	json_decref(d);
	rc = embedded_delete_runs(c, SQL_EMB_RUNS_DUE_OF, &id);
	if (!rc)
		rc = embedded_drop_deployment(c, &id);
	return rc ? rc : embedded_answer(c, 204, NULL);
}

static enum weir_rc
set_paused(struct embedded_call *c, bool paused)
{
	struct weir_id id;
	json_t *d;
	enum weir_rc rc = embedded_find(c, WEIR_DEPLOYMENT, &id, &d);

	if (rc || !d)
		return rc;
	json_object_set_new(d, "paused", json_boolean(paused));
	rc = put(c, d);
	json_decref(d);
	return rc ? rc : embedded_answer(c, 200, json_null());
}

enum weir_rc
embedded_do_pause_deployment(struct embedded_call *c)
{
	return set_paused(c, true);
}

enum weir_rc
embedded_do_resume_deployment(struct embedded_call *c)
{
	return set_paused(c, false);
}

/* ---- schedules, one by one */

enum weir_rc
embedded_do_get_schedules(struct embedded_call *c)
{
	struct weir_id id;
	json_t *d;
	enum weir_rc rc = embedded_find(c, WEIR_DEPLOYMENT, &id, &d);

	if (rc || !d)
		return rc;
	rc = embedded_answer(c, 200, json_incref(json_object_get(d, "schedules")));
	json_decref(d);
	return rc;
}

enum weir_rc
embedded_do_post_schedules(struct embedded_call *c)
{
	struct weir_id id;
	json_t *d, *made;
	enum weir_rc rc;

	if (!embedded_check_schedules(c, c->body))
		return WEIR_OK;
	rc = embedded_find(c, WEIR_DEPLOYMENT, &id, &d);
	if (rc || !d)
		return rc;
	made = embedded_new_schedules(c, embedded_str(d, "id"), c->body);
	json_array_extend(json_object_get(d, "schedules"), made);
	rc = put(c, d);
	json_decref(d);
	if (!rc)
		return embedded_answer(c, 201, made);
	json_decref(made);
	return rc;
}

/* Where the schedule of the path is in the deployment; its size: nowhere. */
static size_t
find_schedule(const struct embedded_call *c, const json_t *d)
{
	const json_t *all = json_object_get(d, "schedules");
	size_t i = 0;

	while (i < json_array_size(all) &&
		strcmp(embedded_str(json_array_get(all, i), "id"), c->part[1]) != 0)
		i++;
	return i;
}

static enum weir_rc
change_schedule(struct embedded_call *c, bool drop)
{
	struct weir_id id;
	json_t *d, *all;
	size_t at;
	enum weir_rc rc = embedded_find(c, WEIR_DEPLOYMENT, &id, &d);

	if (rc || !d)
		return rc;
	all = json_object_get(d, "schedules");
	at = find_schedule(c, d);
	if (at == json_array_size(all)) {
		json_decref(d);
		return embedded_refuse(c, 404, "Schedule not found.");
	}
	if (drop)
		json_array_remove(all, at);
	else
		embedded_merge_schedule(c, json_array_get(all, at), c->body);
	rc = put(c, d);
	json_decref(d);
	return rc ? rc : embedded_answer(c, 204, NULL);
}

enum weir_rc
embedded_do_patch_schedule(struct embedded_call *c)
{
	json_t *one = json_pack("[O]", c->body);
	bool ok = !json_object_get(c->body, "schedule") ||
		  embedded_check_schedules(c, one);

	json_decref(one);
	return ok ? change_schedule(c, false) : WEIR_OK;
}

enum weir_rc
embedded_do_delete_schedule(struct embedded_call *c)
{
	return change_schedule(c, true);
}
