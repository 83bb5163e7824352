/* Work pools and their queues of the embedded backend. */
#include "embedded_priv.h"
#include "weir/time.h"

enum { FIRST_PRIORITY = 1 };

/* ---- pools */

enum weir_rc
embedded_find_pool(struct embedded_call *c, struct weir_id *ret_id, json_t **ret_pool)
{
	enum weir_rc rc = embedded_named(c, WEIR_POOL, NULL, c->part[0], ret_pool);

	if (!rc && !*ret_pool)
		rc = embedded_refuse(c, 404, "Work pool \"%s\" not found.", c->part[0]);
	else if (!rc)
		(void)embedded_get_id(json_object_get(*ret_pool, "id"), ret_id);
	return rc;
}

static json_t *
new_queue(
	struct embedded_call *c, const json_t *pool, const char *name, int64_t priority)
{
	static const char *const kept[] = { "description", "is_paused",
		"concurrency_limit", "priority", NULL };
	const char *asked = embedded_str(c->body, "name");
	json_t *q = embedded_new(c);

	json_object_set_new(q, "name", json_string(name));
	if (c->kind == WEIR_QUEUE && asked && strcmp(asked, name) == 0)
		embedded_take(q, c->body, kept);
	embedded_default(q, "description", json_string(""));
	embedded_default(q, "is_paused", json_false());
	embedded_default(q, "concurrency_limit", json_null());
	embedded_default(q, "priority", json_integer(priority));
	json_object_set(q, "work_pool_id", json_object_get(pool, "id"));
	json_object_set(q, "work_pool_name", json_object_get(pool, "name"));
	json_object_set_new(q, "filter", json_null());
	json_object_set_new(q, "last_polled", json_null());
	json_object_set_new(q, "status", json_string("NOT_READY"));
	return q;
}

static int64_t
priority_of(const json_t *queue)
{
	return json_integer_value(json_object_get(queue, "priority"));
}

/* The first number that none of a pool's queues has. */
static enum weir_rc
next_priority(struct embedded_call *c, const json_t *pool, int64_t *ret_priority)
{
	struct weir_id id;
	json_t *all = NULL;
	int64_t free_one = FIRST_PRIORITY;
	enum weir_rc rc;

	(void)embedded_get_id(json_object_get(pool, "id"), &id);
	rc = embedded_docs_of(c, SQL_EMB_QUEUES_OF, &id, &all); /* in their order */
	for (size_t i = 0; !rc && i < json_array_size(all); i++)
		if (priority_of(json_array_get(all, i)) == free_one)
			free_one++;
	json_decref(all);
	*ret_priority = free_one;
	return rc;
}

/* No two queues have one number: what stands in the way of first moves down. */
static enum weir_rc
make_way(struct embedded_call *c, const json_t *first)
{
	const char *own = embedded_str(first, "id");
	int64_t taken = priority_of(first);
	struct weir_id pool;
	json_t *all = NULL;
	enum weir_rc rc;

	(void)embedded_get_id(json_object_get(first, "work_pool_id"), &pool);
	rc = embedded_docs_of(c, SQL_EMB_QUEUES_OF, &pool, &all);
	for (size_t i = 0; !rc && i < json_array_size(all); i++) {
		json_t *q = json_array_get(all, i);

		if (strcmp(embedded_str(q, "id"), own) == 0 || priority_of(q) != taken)
			continue;
		json_object_set_new(q, "priority", json_integer(++taken));
		rc = embedded_put_doc(c, WEIR_QUEUE, q);
	}
	json_decref(all);
	return rc;
}

enum weir_rc
embedded_queue(
	struct embedded_call *c, const json_t *pool, const char *name, json_t **ret)
{
	struct weir_id id;
	int64_t priority = FIRST_PRIORITY;
	enum weir_rc rc;

	if (!name && embedded_get_id(json_object_get(pool, "default_queue_id"), &id))
		return embedded_doc(c, WEIR_QUEUE, &id, ret);
	(void)embedded_get_id(json_object_get(pool, "id"), &id);
	rc = embedded_named(c, WEIR_QUEUE, &id, name ? name : "default", ret);
	if (rc || *ret)
		return rc;
	rc = next_priority(c, pool, &priority);
	if (rc)
		return rc;
	*ret = new_queue(c, pool, name ? name : "default", priority);
	rc = embedded_put_doc(c, WEIR_QUEUE, *ret);
	return rc ? rc : make_way(c, *ret);
}

static json_t *
new_pool(struct embedded_call *c)
{
	static const char *const kept[] = { "name", "description", "type",
		"base_job_template", "is_paused", "concurrency_limit",
		"storage_configuration", NULL };
	json_t *p = embedded_new(c);

	embedded_take(p, c->body, kept);
	embedded_default(p, "type", json_string("weir"));
	embedded_default(p, "description", json_null());
	embedded_default(p, "base_job_template", json_object());
	embedded_default(p, "is_paused", json_false());
	embedded_default(p, "concurrency_limit", json_null());
	embedded_default(p, "storage_configuration", json_object());
	json_object_set_new(p, "status",
		json_string(json_is_true(json_object_get(p, "is_paused"))
				    ? "PAUSED"
				    : "NOT_READY"));
	return p;
}

static enum weir_rc
add_pool(struct embedded_call *c)
{
	json_t *pool = new_pool(c);
	json_t *queue = new_queue(c, pool, "default", FIRST_PRIORITY);
	enum weir_rc rc;

	json_object_set(pool, "default_queue_id", json_object_get(queue, "id"));
	rc = embedded_put_doc(c, WEIR_POOL, pool);
	if (!rc)
		rc = embedded_put_doc(c, WEIR_QUEUE, queue);
	json_decref(queue);
	if (!rc)
		return embedded_answer(c, 201, pool);
	json_decref(pool);
	return rc;
}

enum weir_rc
embedded_do_post_pool(struct embedded_call *c)
{
	const char *name = embedded_str(c->body, "name");
	const char *type = embedded_str(c->body, "type");
	json_t *there = NULL;
	enum weir_rc rc;

	if (strncmp(name, "prefect", 7) == 0)
		return embedded_refuse(
			c, 403, "Worker pools starting with 'Prefect' are reserved.");
	if (type && strcmp(type, "weir") != 0)
		return embedded_refuse(c, 422,
			"type: '%s': this machine alone has work pools of type weir",
			type);
	rc = embedded_named(c, WEIR_POOL, NULL, name, &there);
	if (rc)
		return rc;
	if (there) {
		json_decref(there);
		return embedded_refuse(
			c, 409, "A work pool with this name already exists: %s", name);
	}
	return add_pool(c);
}

enum weir_rc
embedded_do_pool_named(struct embedded_call *c)
{
	struct weir_id id;
	json_t *pool = NULL;
	enum weir_rc rc = embedded_find_pool(c, &id, &pool);

	return rc || !pool ? rc : embedded_answer(c, 200, pool);
}

enum weir_rc
embedded_do_patch_pool(struct embedded_call *c)
{
	static const char *const kept[] = { "description", "is_paused",
		"base_job_template", "concurrency_limit", "storage_configuration",
		NULL };
	struct weir_id id;
	json_t *pool = NULL;
	enum weir_rc rc;

	rc = embedded_find_pool(c, &id, &pool);
	if (rc || !pool)
		return rc;
	embedded_take(pool, c->body, kept);
	rc = embedded_pool_status(c, pool);
	if (!rc)
		rc = embedded_put_doc(c, WEIR_POOL, pool);
	json_decref(pool);
	return rc ? rc : embedded_answer(c, 204, NULL);
}

enum weir_rc
embedded_do_delete_pool(struct embedded_call *c)
{
	struct weir_id id;
	json_t *pool = NULL;
	enum weir_rc rc = embedded_find_pool(c, &id, &pool);

	if (rc || !pool)
		return rc;
	json_decref(pool);
	rc = store_doc_gone(c->store, WEIR_POOL, &id, c->err);
	return rc ? rc : embedded_answer(c, 204, NULL);
}

/* ---- queues */

enum weir_rc
embedded_do_post_queue(struct embedded_call *c)
{
	const char *name = embedded_str(c->body, "name");
	struct weir_id id;
	json_t *pool = NULL, *queue = NULL;
	bool there;
	enum weir_rc rc;

	rc = embedded_find_pool(c, &id, &pool);
	if (rc || !pool)
		return rc;
	rc = embedded_named(c, WEIR_QUEUE, &id, name, &queue);
	there = queue != NULL;
	if (!rc && !there)
		rc = embedded_queue(c, pool, name, &queue);
	json_decref(pool);
	if (!rc && !there)
		return embedded_answer(c, 201, queue);
	json_decref(queue);
	return rc ? rc
		  : embedded_refuse(c, 409,
			    "A work queue with this name already exists in work pool "
			    "'%s': %s",
			    c->part[0], name);
}

/* The queue of the path, with its pool. */
static enum weir_rc
find_queue(struct embedded_call *c, json_t **ret_pool, json_t **ret_queue)
{
	struct weir_id id;
	enum weir_rc rc = embedded_find_pool(c, &id, ret_pool);

	*ret_queue = NULL;
	if (rc || !*ret_pool)
		return rc;
	rc = embedded_named(c, WEIR_QUEUE, &id, c->part[1], ret_queue);
	if (!rc && !*ret_queue)
		rc = embedded_refuse(c, 404, "Work queue '%s/%s' not found.",
			c->part[0], c->part[1]);
	return rc;
}

enum weir_rc
embedded_do_queue_named(struct embedded_call *c)
{
	json_t *pool = NULL, *queue = NULL;
	enum weir_rc rc = find_queue(c, &pool, &queue);

	json_decref(pool);
	return rc || !queue ? rc : embedded_answer(c, 200, queue);
}

enum weir_rc
embedded_do_patch_queue(struct embedded_call *c)
{
	static const char *const kept[] = { "name", "description", "is_paused",
		"concurrency_limit", "priority", NULL };
	json_t *pool = NULL, *queue = NULL;
	bool paused;
	enum weir_rc rc;

	rc = find_queue(c, &pool, &queue);
	if (!rc && queue) {
		embedded_take(queue, c->body, kept);
		paused = json_is_true(json_object_get(queue, "is_paused"));
		json_object_set_new(
			queue, "status", json_string(paused ? "PAUSED" : "NOT_READY"));
		rc = embedded_put_doc(c, WEIR_QUEUE, queue);
		if (!rc)
			rc = make_way(c, queue);
		if (!rc)
			rc = embedded_answer(c, 204, NULL);
	}
	json_decref(pool);
	json_decref(queue);
	return rc;
}

enum weir_rc
embedded_do_delete_queue(struct embedded_call *c)
{
	json_t *pool = NULL, *queue = NULL;
	struct weir_id id, first;
	enum weir_rc rc = find_queue(c, &pool, &queue);

	if (!rc && queue) {
		(void)embedded_get_id(json_object_get(queue, "id"), &id);
		(void)embedded_get_id(
			json_object_get(pool, "default_queue_id"), &first);
		if (weir_id_cmp(&id, &first) == 0)
			rc = embedded_refuse(
				c, 409, "Cannot delete a pool's default queue.");
		else if (!(rc = store_doc_gone(c->store, WEIR_QUEUE, &id, c->err)))
			rc = embedded_answer(c, 204, NULL);
	}
	json_decref(pool);
	json_decref(queue);
	return rc;
}
