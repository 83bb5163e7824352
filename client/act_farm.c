/*
 *   act_farm_do -> read -> act_object_plan -> actions_journal -> send
 *                                                                |
 *   journal, store  <-  actions_end  <-  the object, read again -+
 */
#define LOG_MODULE "act"
#include "act_farm.h"

#include "act_objects.h"
#include "api_body.h"
#include "api_fields.h"
#include "store_write.h"
#include "weir/log.h"
#include "weir/members.h"
#include "weir/select.h"

enum { DOC_MAX = 16 << 20 };

/* ---- the store */

static void
put(struct action *a, enum weir_kind kind, struct str body)
{
	struct arena arena = { 0 };
	struct doc_vec docs = { 0 };
	struct weir_err err;

	if (a->store && !api_decode_docs(kind, body, &arena, &docs, &err) &&
		docs.n == 1 && store_put_docs(a->store, kind, docs.v, 1, NULL, &err))
		LOG(LOG_WARN, "%s", err.text);
	VEC_FREE(&docs);
	arena_free(&arena);
}

static void
forget(struct action *a, enum weir_kind kind, const struct weir_id *id)
{
	struct weir_err err;

	if (a->store && store_doc_gone(a->store, kind, id, &err))
		LOG(LOG_WARN, "%s", err.text);
}

/* ---- reading */

/* Lists of one come as arrays. */
static struct str
only(const struct buf *b)
{
	struct str s = buf_str(b);

	if (s.len > 1 && s.s[0] == '[')
		s = (struct str){ s.s + 1, s.len - 2 };
	return s;
}

/* The default queue of a queue's pool: it cannot be deleted. */
static void
read_default(struct action *a, struct act_object *o)
{
	struct buf body = BUF_INIT(DOC_MAX);
	struct act_object pool = { 0 };
	struct weir_err err;

	if (!weir_id_is_null(&o->pool_id) &&
		!actions_get(a, WEIR_POOL, &o->pool_id, &body) &&
		!act_object_parse(WEIR_POOL, only(&body), &pool, &err))
		act_object_take_pool(o, &pool);
	act_object_release(&pool);
	buf_release(&body);
}

/* The object as the server has it now; body: all of it, may be NULL. */
static enum weir_rc
read_object(struct action *a, enum weir_kind kind, const struct weir_id *id,
	struct act_object *ret, struct buf *body)
{
	struct buf own = BUF_INIT(DOC_MAX);
	struct buf *b = body ? body : &own;
	enum weir_rc rc = actions_get(a, kind, id, b);

	if (!rc)
		rc = act_object_parse(kind, only(b), ret, &a->err);
	if (!rc)
		put(a, kind, only(b));
	else if (rc == WEIR_ENOTFOUND)
		forget(a, kind, id);
	if (!rc && kind == WEIR_QUEUE &&
		(a->act.kind == WEIR_ACT_DELETE || !*ret->pool))
		read_default(a, ret);
	buf_release(&own);
	return rc;
}

/* FLOW/DEPLOYMENT, POOL, POOL/QUEUE. */
static void
name_object(struct action *a, const struct act_object *o)
{
	struct buf name = BUF_INIT(4096), flow = BUF_INIT(DOC_MAX);

	if (o->kind == WEIR_DEPLOYMENT && !actions_get(a, WEIR_FLOW, &o->flow, &flow) &&
		weir_members_get(buf_str(&flow), "name", &name))
		buf_addc(&name, '/');
	act_object_name(o, &name);
	free(a->name);
	a->name = xstrdup(buf_cstr(&name));
	actions_name(a->result, a->name);
	buf_release(&name);
	buf_release(&flow);
}

static void
name_wish(struct action *a)
{
	struct buf name = BUF_INIT(4096);

	act_object_wish_name(a->act.wish, &name);
	free(a->name);
	a->name = xstrdup(buf_cstr(&name));
	actions_name(a->result, a->name);
	buf_release(&name);
}

/* ---- how it ended */

static void
gone(struct action *a)
{
	snprintf(a->result->said, sizeof(a->result->said), "there is no such %s",
		weir_kind_name(a->act.of));
	a->result->hint[0] = '\0';
}

static void
end_done(struct action *a, const struct act_object *before, struct str answer)
{
	struct buf doc = BUF_INIT(DOC_MAX);
	struct act_object after = { 0 };

	a->result->rc = WEIR_OK;
	act_object_said(&a->act, before, a->result->said, sizeof(a->result->said));
	if (a->act.kind == WEIR_ACT_DELETE) {
		forget(a, a->act.of, &a->result->run);
	} else if (a->act.kind == WEIR_ACT_CREATE) {
		if (!act_object_parse(a->act.of, answer, &after, &a->err)) {
			a->result->run = after.id;
			put(a, a->act.of, answer);
		}
	} else if (read_object(a, a->act.of, &a->result->run, &after, &doc)) {
		LOG(LOG_WARN, "%s", a->err.text);
	}
	buf_clear(&a->reverse);
	act_object_reverse(&a->act, before, a->name, &a->reverse);
	actions_end(a, WEIR_DEED_DONE, answer);
	act_object_release(&after);
	buf_release(&doc);
}

static void
end_refused(struct action *a)
{
	struct weir_act_result *r = a->result;

	actions_fail(a, "");
	r->hint[0] = '\0';
	if (a->err.rc == WEIR_ENOTFOUND)
		snprintf(r->said, sizeof(r->said), "refused: there is no such %s",
			a->act.kind == WEIR_ACT_CREATE ? "work pool"
						       : weir_kind_name(a->act.of));
	else
		actions_refused(a);
	if (a->act.kind == WEIR_ACT_CREATE && strstr(a->err.text, "(409)")) {
		snprintf(
			r->said, sizeof(r->said), "refused: there is one of that name");
		snprintf(
			r->hint, sizeof(r->hint), "weir pools set %.200s ...", a->name);
	} else if (a->act.kind == WEIR_ACT_CREATE)
		snprintf(r->hint, sizeof(r->hint), "%s",
			a->err.rc == WEIR_ENOTFOUND ? "weir pools create POOL"
						    : "weir pools");
	else
		snprintf(r->hint, sizeof(r->hint), "weir pools --queues");
	if (r->rc == WEIR_ENOTFOUND || strstr(r->said, "reserved"))
		r->rc = WEIR_EREFUSED;
	actions_end(a, WEIR_DEED_REFUSED, str_of(a->err.text));
}

/* What may be sent twice is; of a create the second would be refused. */
static void
send(struct action *a, const struct act_object *before)
{
	struct buf body = BUF_INIT(DOC_MAX);
	const struct act_plan *p = &a->plan;
	enum weir_rc rc;

	rc = api_raw_wait(a->api, p->method, buf_cstr(&p->path), buf_str(&p->body),
		a->act.kind != WEIR_ACT_CREATE, &body, &a->err);
	if (rc == WEIR_ENOTFOUND && a->act.kind == WEIR_ACT_DELETE)
		rc = WEIR_OK;
	if (!rc)
		end_done(a, before, buf_str(&body));
	else if (rc == WEIR_ENOTFOUND || rc == WEIR_EREFUSED || rc == WEIR_EAUTH)
		end_refused(a);
	else
		actions_unanswered(a);
	buf_release(&body);
}

static void
do_it(struct action *a, const struct act_object *before)
{
	act_object_plan(&a->act, before, &a->api->version, &a->plan);
	actions_take_plan(a);
	if (!a->plan.path.len)
		return;
	if (actions_journal(a, a->act.of, a->name))
		actions_fail(a, "");
	else
		send(a, before);
}

void
act_farm_do(struct action *a, const struct weir_id *id)
{
	struct act_object o = { 0 };

	if (a->act.kind == WEIR_ACT_CREATE) {
		name_wish(a);
		do_it(a, NULL);
		return;
	}
	if (read_object(a, a->act.of, id, &o, NULL)) {
		actions_fail(a, "");
		if (a->err.rc == WEIR_ENOTFOUND)
			gone(a);
		return;
	}
	name_object(a, &o);
	do_it(a, &o);
	act_object_release(&o);
}

/* ---- what was left without an answer */

/* `PATCH /path`; POST is not said. */
static const char *
split_method(const char *path, char method[16])
{
	const char *at = strchr(path, '/');
	size_t n = at ? (size_t)(at - path) : 0;

	snprintf(method, 16, "%s", "POST");
	if (at && n > 1 && n < 16)
		snprintf(method, 16, "%.*s", (int)n - 1, path);
	return at ? at : path;
}

/* One that was to be made is looked for by its name. */
static enum weir_rc
look_for_made(struct action *a, const char *path, const char *body, bool *ret_found)
{
	struct buf where = BUF_INIT(4096), doc = BUF_INIT(DOC_MAX);
	struct buf name = BUF_INIT(4096);
	enum weir_rc rc;

	buf_adds(&where, path);
	if (path[strlen(path) - 1] != '/')
		buf_addc(&where, '/');
	if (weir_members_get(str_of(body), "name", &name))
		api_body_percent(&where, buf_cstr(&name));
	rc = api_raw_wait(
		a->api, "GET", buf_cstr(&where), STR(""), true, &doc, &a->err);
	*ret_found = !rc;
	if (rc == WEIR_ENOTFOUND)
		rc = WEIR_OK;
	buf_release(&where);
	buf_release(&doc);
	buf_release(&name);
	return rc;
}

enum weir_rc
act_farm_look(struct action *a, const struct weir_id *id, const char *path,
	const char *body, bool *ret_found)
{
	struct buf doc = BUF_INIT(DOC_MAX);
	struct act_object o = { 0 };
	char method[16];
	enum weir_rc rc;

	path = split_method(path, method);
	if (a->act.kind == WEIR_ACT_CREATE)
		return look_for_made(a, path, body, ret_found);
	rc = read_object(a, a->act.of, id, &o, &doc);
	if (a->act.kind == WEIR_ACT_DELETE) {
		*ret_found = rc == WEIR_ENOTFOUND;
		if (*ret_found)
			rc = WEIR_OK;
	} else {
		*ret_found = !rc && act_object_is_so(&o, only(&doc), path, body);
	}
	act_object_release(&o);
	buf_release(&doc);
	return rc;
}

void
act_farm_again(
	struct action *a, const struct weir_id *id, const char *path, const char *body)
{
	struct act_object o = { 0 };
	char method[16];

	path = split_method(path, method);
	a->plan =
		(struct act_plan){ .path = BUF_INIT(4096), .body = BUF_INIT(BUF_MAX) };
	a->plan.method = method;
	buf_adds(&a->plan.path, path);
	buf_adds(&a->plan.body, body);
	if (a->act.kind == WEIR_ACT_CREATE) {
		send(a, NULL);
	} else if (read_object(a, a->act.of, id, &o, NULL)) {
		actions_fail(a, "");
		if (a->err.rc == WEIR_ENOTFOUND)
			gone(a);
	} else {
		send(a, &o);
	}
	a->plan.method = NULL;
	act_object_release(&o);
}
