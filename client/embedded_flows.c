/* Flows, limits and artifacts of the embedded backend. */
#include "embedded_priv.h"

/* ---- flows */

enum weir_rc
embedded_do_post_flow(struct embedded_call *c)
{
	static const char *const kept[] = { "name", "tags", "labels", NULL };
	const char *name = embedded_str(c->body, "name");
	json_t *flow = NULL;
	enum weir_rc rc;

	rc = embedded_named(c, WEIR_FLOW, NULL, name, &flow);
	if (rc)
		return rc;
	if (flow)
		return embedded_answer(c, 200, flow);
	flow = embedded_new(c);
	embedded_take(flow, c->body, kept);
	embedded_default(flow, "tags", json_array());
	embedded_default(flow, "labels", json_object());
	rc = embedded_put_doc(c, WEIR_FLOW, flow);
	if (!rc)
		return embedded_answer(c, 201, flow);
	json_decref(flow);
	return rc;
}

enum weir_rc
embedded_do_flow_named(struct embedded_call *c)
{
	json_t *flow = NULL;
	enum weir_rc rc = embedded_named(c, WEIR_FLOW, NULL, c->part[0], &flow);

	if (rc)
		return rc;
	return flow ? embedded_answer(c, 200, flow)
		    : embedded_refuse(c, 404, "Flow %s not found", c->part[0]);
}

enum weir_rc
embedded_do_patch_flow(struct embedded_call *c)
{
	struct weir_id id;
	json_t *flow;
	enum weir_rc rc = embedded_find(c, WEIR_FLOW, &id, &flow);

	if (rc || !flow)
		return rc;
	embedded_take(flow, c->body, (const char *const[]){ "tags", NULL });
	rc = embedded_put_doc(c, WEIR_FLOW, flow);
	json_decref(flow);
	return rc ? rc : embedded_answer(c, 204, NULL);
}

static enum weir_rc
drop_deployments(struct embedded_call *c, const struct weir_id *flow)
{
	struct id_vec ids = { 0 };
	enum weir_rc rc = embedded_ids_of(c, SQL_EMB_DEPLOYMENTS_OF, flow, &ids);

	for (size_t i = 0; !rc && i < ids.n; i++)
		rc = embedded_drop_deployment(c, &ids.v[i]);
	VEC_FREE(&ids);
	return rc;
}

enum weir_rc
embedded_do_delete_flow(struct embedded_call *c)
{
	struct weir_id id;
	json_t *flow;
	enum weir_rc rc = embedded_find(c, WEIR_FLOW, &id, &flow);

	if (rc || !flow)
		return rc;
	json_decref(flow);
	rc = embedded_delete_runs(c, SQL_EMB_RUNS_OF_FLOW, &id);
	if (!rc)
		rc = drop_deployments(c, &id);
	if (!rc)
		rc = store_doc_gone(c->store, WEIR_FLOW, &id, c->err);
	return rc ? rc : embedded_answer(c, 204, NULL);
}

/* ---- artifacts */

enum weir_rc
embedded_do_post_artifact(struct embedded_call *c)
{
	static const char *const kept[] = { "key", "type", "description", "data",
		"metadata_", "flow_run_id", "task_run_id", NULL };
	json_t *a;
	enum weir_rc rc;

	a = embedded_new(c);
	for (size_t i = 0; kept[i]; i++)
		json_object_set_new(a, kept[i], json_null());
	embedded_take(a, c->body, kept);
	rc = embedded_put_doc(c, WEIR_ARTIFACT, a);
	if (!rc)
		return embedded_answer(c, 201, a);
	json_decref(a);
	return rc;
}

/* ---- limits; what they are for is the worker's business */

enum weir_rc
embedded_do_post_limit(struct embedded_call *c)
{
	static const char *const kept[] = { "name", "limit", "active",
		"slot_decay_per_second", NULL };
	const char *name = embedded_str(c->body, "name");
	json_t *l = NULL;
	enum weir_rc rc;

	rc = embedded_named(c, WEIR_LIMIT, NULL, name, &l);
	if (rc)
		return rc;
	if (l) {
		json_decref(l);
		return embedded_refuse(
			c, 409, "Concurrency limit already exists: %s", name);
	}
	l = embedded_new(c);
	embedded_take(l, c->body, kept);
	embedded_default(l, "active", json_true());
	embedded_default(l, "active_slots", json_integer(0));
	embedded_default(l, "denied_slots", json_integer(0));
	embedded_default(l, "slot_decay_per_second", json_real(0));
	embedded_default(l, "avg_slot_occupancy_seconds", json_real(2));
	rc = embedded_put_doc(c, WEIR_LIMIT, l);
	if (!rc)
		return embedded_answer(c, 201, l);
	json_decref(l);
	return rc;
}

/* By its id or name. */
static enum weir_rc
find_limit(struct embedded_call *c, json_t **ret)
{
	struct weir_id id;
	enum weir_rc rc =
		weir_id_parse(str_of(c->part[0]), &id)
			? embedded_doc(c, WEIR_LIMIT, &id, ret)
			: embedded_named(c, WEIR_LIMIT, NULL, c->part[0], ret);

	if (!rc && !*ret)
		rc = embedded_refuse(c, 404, "Concurrency Limit not found");
	return rc;
}

enum weir_rc
embedded_do_limit_named(struct embedded_call *c)
{
	json_t *l = NULL;
	enum weir_rc rc = find_limit(c, &l);

	return rc || !l ? rc : embedded_answer(c, 200, l);
}

enum weir_rc
embedded_do_delete_limit_named(struct embedded_call *c)
{
	struct weir_id id;
	json_t *l = NULL;
	enum weir_rc rc = find_limit(c, &l);

	if (rc || !l)
		return rc;
	(void)embedded_get_id(json_object_get(l, "id"), &id);
	json_decref(l);
	rc = store_doc_gone(c->store, WEIR_LIMIT, &id, c->err);
	return rc ? rc : embedded_answer(c, 204, NULL);
}

/* ---- limits of deployments */

static enum weir_rc
limit_of(struct embedded_call *c, const struct weir_id *deployment, json_t **ret)
{
	char text[WEIR_ID_TEXT + 1], name[WEIR_ID_TEXT + 16];

	snprintf(name, sizeof(name), "deployment:%s", weir_id_format(deployment, text));
	return embedded_named(c, WEIR_LIMIT, NULL, name, ret);
}

enum weir_rc
embedded_count_slots(struct embedded_call *c, const struct weir_id *deployment)
{
	json_t *limit = NULL;
	int64_t busy = 0;
	enum weir_rc rc = limit_of(c, deployment, &limit);

	if (rc || !limit)
		return rc;
	rc = embedded_busy(c, deployment, &busy);
	if (!rc && busy != json_integer_value(json_object_get(limit, "active_slots"))) {
		json_object_set_new(limit, "active_slots", json_integer(busy));
		rc = embedded_put_doc(c, WEIR_LIMIT, limit);
	}
	json_decref(limit);
	return rc;
}

enum weir_rc
embedded_drop_limit(struct embedded_call *c, const struct weir_id *deployment)
{
	struct weir_id id;
	json_t *limit = NULL;
	enum weir_rc rc = limit_of(c, deployment, &limit);

	if (rc || !limit)
		return rc;
	(void)embedded_get_id(json_object_get(limit, "id"), &id);
	json_decref(limit);
	return store_doc_gone(c->store, WEIR_LIMIT, &id, c->err);
}
