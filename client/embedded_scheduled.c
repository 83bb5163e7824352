/*
 * Which runs a worker may take now: of a pool's queues in the order of their priority,
 * as many as limits of pool and queues leave room for. Nothing is reserved by it: the
 * PENDING that is proposed then is the claim.
 */
#include "embedded_priv.h"
#include "weir/time.h"

/* How many more runs a deployment may have, from its limit; looked up once. */
struct room {
	struct weir_id deployment;
	int64_t left;
};

struct search {
	struct embedded_call *c;
	const char *pool;
	const json_t *pool_id;
	int64_t before_us, after_us, left;
	VEC(struct room) rooms;
};

/* Room by a limit that may be null, with so many in it. */
static int64_t
room_of(const json_t *limit, int64_t busy, int64_t most)
{
	int64_t left;

	if (!json_is_integer(limit))
		return most;
	left = json_integer_value(limit) - busy;
	return left < 0 ? 0 : left < most ? left : most;
}

static enum weir_rc
find_room(struct search *s, const struct weir_id *deployment, struct room **ret)
{
	struct room r = { *deployment, INT64_MAX };
	json_t *doc = NULL;
	int64_t limit = 0, busy = 0;
	bool cancel = false;
	enum weir_rc rc;

	for (size_t i = 0; i < s->rooms.n; i++)
		if (weir_id_cmp(&s->rooms.v[i].deployment, deployment) == 0) {
			*ret = &s->rooms.v[i];
			return WEIR_OK;
		}
	rc = embedded_doc(s->c, WEIR_DEPLOYMENT, deployment, &doc);
	/* one that is to be cancelled is so when it is claimed */
	if (!rc && embedded_limit_of(doc, &limit, &cancel) && !cancel) {
		rc = embedded_busy(s->c, deployment, &busy);
		r.left = limit - busy;
	}
	json_decref(doc);
	VEC_PUSH(&s->rooms, r);
	*ret = &s->rooms.v[s->rooms.n - 1];
	return rc;
}

/* The row of st, if its deployment has room. */
static enum weir_rc
take(struct search *s, const json_t *queue, sqlite3_stmt *st, int64_t *left)
{
	struct weir_id deployment = db_id(st, 3);
	struct room *room = NULL;
	struct buf *out = &s->c->out;
	enum weir_rc rc;

	if (!weir_id_is_null(&deployment)) {
		rc = find_room(s, &deployment, &room);
		if (rc || room->left <= 0)
			return rc;
		room->left--;
	}
	buf_addf(out,
		"%s{\"work_pool_id\":\"%s\",\"work_queue_id\":\"%s\",\"flow_run\":",
		out->len > 1 ? "," : "", json_string_value(s->pool_id),
		embedded_str(queue, "id"));
	embedded_run_text(st, out);
	buf_addc(out, '}');
	--*left;
	s->left--;
	return WEIR_OK;
}

static enum weir_rc
search_queue(struct search *s, const json_t *queue)
{
	const char *name = embedded_str(queue, "name");
	struct embedded_call *c = s->c;
	sqlite3_stmt *st = NULL;
	int64_t busy = 0, left;
	bool row = false;
	enum weir_rc rc = embedded_count(c, SQL_EMB_BUSY_QUEUE, s->pool, name, &busy);

	left = room_of(json_object_get(queue, "concurrency_limit"), busy, s->left);
	if (!rc)
		rc = db_get(c->db, SQL_EMB_SCHEDULED, &st, c->err);
	if (rc)
		return rc;
	db_bind_str(st, 1, str_of(s->pool));
	db_bind_str(st, 2, str_of(name));
	sqlite3_bind_int64(st, 3, s->before_us);
	sqlite3_bind_int64(st, 4, s->after_us);
	while (!rc && left > 0 && !(rc = db_step(c->db, st, &row, c->err)) && row)
		rc = take(s, queue, st, &left);
	db_reset(st);
	return rc;
}

static bool
is_wanted(const struct embedded_call *c, const json_t *queue)
{
	const json_t *names = json_object_get(c->body, "work_queue_names");
	const char *name = embedded_str(queue, "name");

	if (json_is_true(json_object_get(queue, "is_paused")))
		return false;
	if (!json_is_array(names))
		return true;
	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *one = json_string_value(json_array_get(names, i));

		if (one && strcmp(one, name) == 0)
			return true;
	}
	return false;
}

static enum weir_rc
search_pool(struct search *s, const json_t *pool)
{
	const json_t *limit = json_object_get(s->c->body, "limit");
	struct weir_id id;
	json_t *queues = NULL;
	int64_t busy = 0;
	enum weir_rc rc;

	s->left = EMBEDDED_PAGE;
	if (json_is_integer(limit) && json_integer_value(limit) < s->left)
		s->left = json_integer_value(limit);
	rc = embedded_count(s->c, SQL_EMB_BUSY_POOL, s->pool, NULL, &busy);
	s->left = room_of(json_object_get(pool, "concurrency_limit"), busy, s->left);
	(void)embedded_get_id(s->pool_id, &id);
	if (!rc)
		rc = embedded_docs_of(s->c, SQL_EMB_QUEUES_OF, &id, &queues);
	for (size_t i = 0; !rc && s->left > 0 && i < json_array_size(queues); i++)
		if (is_wanted(s->c, json_array_get(queues, i)))
			rc = search_queue(s, json_array_get(queues, i));
	json_decref(queues);
	return rc;
}

enum weir_rc
embedded_do_scheduled(struct embedded_call *c)
{
	struct search s = { .c = c, .pool = c->part[0] };
	struct weir_id id;
	json_t *pool;
	enum weir_rc rc = embedded_find_pool(c, &id, &pool);

	if (rc || !pool)
		return rc;
	s.pool_id = json_object_get(pool, "id");
	s.before_us = embedded_us(json_object_get(c->body, "scheduled_before"));
	s.after_us = embedded_us(json_object_get(c->body, "scheduled_after"));
	if (s.before_us == WEIR_NO_TIME)
		s.before_us = INT64_MAX;
	buf_addc(&c->out, '[');
	if (!json_is_true(json_object_get(pool, "is_paused")))
		rc = search_pool(&s, pool);
	buf_addc(&c->out, ']');
	VEC_FREE(&s.rooms);
	json_decref(pool);
	return rc;
}
