/*
 * Workers of the embedded backend, and what is READY by them: their pool, its queues,
 * the deployments that run there.
 */
#include "alive.h"
#include "embedded_priv.h"
#include "weir/time.h"

/* ONLINE, if it said so lately and nobody knows better. */
static bool
is_online(const struct embedded_call *c, const json_t *worker)
{
	const json_t *at = json_object_get(worker, "last_heartbeat_time");
	const char *status = embedded_str(worker, "status");
	int64_t last = embedded_us(at);
	double every = json_number_value(
		json_object_get(worker, "heartbeat_interval_seconds"));

	if (last == WEIR_NO_TIME || (status && strcmp(status, "ONLINE") != 0))
		return false;
	return c->now_us - last <=
	       (int64_t)(3 * (every > 0 ? every : 30) * WEIR_SECOND_US);
}

enum weir_rc
embedded_pool_status(struct embedded_call *c, json_t *pool)
{
	const char *status = "NOT_READY";
	struct weir_id id;
	json_t *workers = NULL;
	enum weir_rc rc;

	(void)embedded_get_id(json_object_get(pool, "id"), &id);
	rc = embedded_docs_of(c, SQL_EMB_WORKERS_OF, &id, &workers);
	for (size_t i = 0; !rc && i < json_array_size(workers); i++)
		if (is_online(c, json_array_get(workers, i)))
			status = "READY";
	if (json_is_true(json_object_get(pool, "is_paused")))
		status = "PAUSED";
	json_object_set_new(pool, "status", json_string(status));
	json_decref(workers);
	return rc;
}

/* ---- what is READY while one is ONLINE */

/*
 * Those of the array that say another thing, but for what is paused. A queue is told
 * each time that somebody asks for its runs.
 */
static enum weir_rc
set_all(struct embedded_call *c, enum weir_kind kind, json_t *all, const char *status)
{
	bool polled = strcmp(status, "READY") == 0;
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < json_array_size(all); i++) {
		json_t *doc = json_array_get(all, i);
		const char *was = embedded_str(doc, "status");

		if (was && !strcmp(was, status) && (kind != WEIR_QUEUE || !polled))
			continue;
		if (was && !strcmp(was, "PAUSED"))
			continue;
		json_object_set_new(doc, "status", json_string(status));
		if (polled)
			json_object_set_new(
				doc, "last_polled", embedded_time(c->now_us));
		rc = embedded_put_doc(c, kind, doc);
	}
	return rc;
}

/* A pool's queues and deployments are as it is. */
static enum weir_rc
spread_status(struct embedded_call *c, const json_t *pool)
{
	const char *of_pool = embedded_str(pool, "status");
	bool ready = of_pool && strcmp(of_pool, "READY") == 0;
	const char *status = ready ? "READY" : "NOT_READY";
	json_t *queues = NULL, *deployments = NULL;
	struct weir_id id;
	enum weir_rc rc;

	(void)embedded_get_id(json_object_get(pool, "id"), &id);
	rc = embedded_docs_of(c, SQL_EMB_QUEUES_OF, &id, &queues);
	if (!rc)
		rc = set_all(c, WEIR_QUEUE, queues, status);
	if (!rc)
		rc = embedded_docs_of(c,
			ready ? SQL_EMB_DEPLOYMENTS_WAITING : SQL_EMB_DEPLOYMENTS_READY,
			&id, &deployments);
	if (!rc)
		rc = set_all(c, WEIR_DEPLOYMENT, deployments, status);
	json_decref(queues);
	json_decref(deployments);
	return rc;
}

/* ---- signs of life */

static enum weir_rc
put_status(struct embedded_call *c, json_t *pool)
{
	const char *was = embedded_str(pool, "status");
	char old[16];
	enum weir_rc rc;

	snprintf(old, sizeof(old), "%s", was ? was : "");
	rc = embedded_pool_status(c, pool);
	if (!rc && strcmp(old, embedded_str(pool, "status")) != 0)
		rc = embedded_put_doc(c, WEIR_POOL, pool);
	return rc ? rc : spread_status(c, pool);
}

enum weir_rc
embedded_do_heartbeat(struct embedded_call *c)
{
	const char *name = embedded_str(c->body, "name");
	struct weir_id id;
	json_t *pool = NULL, *worker = NULL;
	enum weir_rc rc;

	rc = embedded_find_pool(c, &id, &pool);
	if (rc || !pool)
		return rc;
	rc = embedded_named(c, WEIR_WORKER, &id, name, &worker);
	if (!rc && !worker) {
		worker = embedded_new(c);
		json_object_set_new(worker, "name", json_string(name));
		json_object_set(worker, "work_pool_id", json_object_get(pool, "id"));
	}
	/* before anybody can read that it is ONLINE */
	if (!rc && c->alive && embedded_get_id(json_object_get(worker, "id"), &id))
		alive_say(c->alive, &id);
	if (!rc) {
		json_object_set_new(
			worker, "last_heartbeat_time", embedded_time(c->now_us));
		json_object_set_new(worker, "status", json_string("ONLINE"));
		embedded_take(worker, c->body,
			(const char *const[]){ "heartbeat_interval_seconds", NULL });
		embedded_default(worker, "heartbeat_interval_seconds", json_null());
		rc = embedded_put_doc(c, WEIR_WORKER, worker);
	}
	if (!rc)
		rc = put_status(c, pool);
	json_decref(worker);
	json_decref(pool);
	return rc ? rc : embedded_answer(c, 204, NULL);
}

enum weir_rc
embedded_do_delete_worker(struct embedded_call *c)
{
	struct weir_id id, worker_id;
	json_t *pool = NULL, *worker = NULL;
	enum weir_rc rc = embedded_find_pool(c, &id, &pool);

	if (rc || !pool)
		return rc;
	rc = embedded_named(c, WEIR_WORKER, &id, c->part[1], &worker);
	if (!rc && worker) {
		(void)embedded_get_id(json_object_get(worker, "id"), &worker_id);
		rc = store_doc_gone(c->store, WEIR_WORKER, &worker_id, c->err);
		if (!rc)
			rc = put_status(c, pool);
		if (!rc)
			rc = embedded_answer(c, 204, NULL);
	} else if (!rc) {
		rc = embedded_refuse(c, 404, "Worker not found.");
	}
	json_decref(worker);
	json_decref(pool);
	return rc;
}

/* ---- those that ended */

/* Documents of workers that are ONLINE and live no more. */
static enum weir_rc
find_left(struct embedded_call *c, const char *path, json_t **ret)
{
	const struct weir_id none = { { 0 } };
	struct id_vec living = { 0 };
	struct weir_id id;
	json_t *all = NULL;
	enum weir_rc rc = embedded_docs_of(c, SQL_EMB_WORKERS_ONLINE, &none, &all);
	bool known = alive_said(path, &living), lives;

	for (size_t i = json_array_size(all); i-- > 0;) {
		(void)embedded_get_id(
			json_object_get(json_array_get(all, i), "id"), &id);
		lives = !known;
		for (size_t k = 0; k < living.n && !lives; k++)
			lives = weir_id_cmp(&living.v[k], &id) == 0;
		if (lives)
			json_array_remove(all, i);
	}
	VEC_FREE(&living);
	if (!rc)
		*ret = all;
	return rc;
}

bool
embedded_has_left(struct embedded_call *c, const char *path)
{
	json_t *left = NULL;
	bool some = !find_left(c, path, &left) && json_array_size(left) > 0;

	json_decref(left);
	return some;
}

/* A pool that has another stays as it is: that one lives, however old its last sign of
 * life is. */
static enum weir_rc
set_left_pool(struct embedded_call *c, const struct weir_id *id)
{
	json_t *workers = NULL, *pool = NULL;
	const char *status;
	size_t others = 0;
	enum weir_rc rc = embedded_docs_of(c, SQL_EMB_WORKERS_OF, id, &workers);

	for (size_t i = 0; i < json_array_size(workers); i++) {
		status = embedded_str(json_array_get(workers, i), "status");
		others += status && strcmp(status, "ONLINE") == 0;
	}
	if (!rc && !others)
		rc = embedded_doc(c, WEIR_POOL, id, &pool);
	if (!rc && pool)
		rc = put_status(c, pool);
	json_decref(workers);
	json_decref(pool);
	return rc;
}

static enum weir_rc
set_left(struct embedded_call *c, json_t *worker)
{
	struct weir_id id;
	enum weir_rc rc;

	json_object_set_new(worker, "status", json_string("OFFLINE"));
	rc = embedded_put_doc(c, WEIR_WORKER, worker);
	if (!rc && embedded_get_id(json_object_get(worker, "work_pool_id"), &id))
		rc = set_left_pool(c, &id);
	return rc;
}

enum weir_rc
embedded_settle_left(struct embedded_call *c, const char *path)
{
	json_t *left = NULL;
	enum weir_rc rc = find_left(c, path, &left);

	for (size_t i = 0; !rc && i < json_array_size(left); i++)
		rc = set_left(c, json_array_get(left, i));
	json_decref(left);
	return rc;
}
