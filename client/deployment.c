/* A deployment as far as starting runs of it depends on it. */
#define LOG_MODULE "deployment"
#include "deployment.h"

#include "api_body.h"
#include "api_fields.h"
#include "session.h"
#include "store_write.h"
#include "transport.h"
#include "weir/log.h"
#include "weir/members.h"
#include "weir/select.h"
#include "weir/time.h"
#include "weir/trigger.h"

/* What is known of pools and workers is asked again when it is older. */
static const int64_t fresh_us = INT64_C(30) * WEIR_SECOND_US;

/* A member's value: text as text, all else as JSON; owned, "" when null or missing. */
static char *
member(struct str object, const char *name)
{
	return weir_members_copy(object, name, BUF_MAX);
}

static bool
is_true(struct str object, const char *name)
{
	char *text = member(object, name);
	bool is = !strcmp(text, "true");

	free(text);
	return is;
}

/* object: as GET /deployments/ID answers, and as the store keeps it. */
static void
take(struct str object, const char *flow, struct weir_deployment *d)
{
	d->name = member(object, "name");
	d->flow_name = xstrdup(flow);
	d->parameters = member(object, "parameters");
	d->schema = member(object, "parameter_openapi_schema");
	d->tags = member(object, "tags");
	d->job_variables = member(object, "job_variables");
	if (!*d->job_variables) { /* 2.x */
		free(d->job_variables);
		d->job_variables = member(object, "infra_overrides");
	}
	d->pool = member(object, "work_pool_name");
	d->queue = member(object, "work_queue_name");
	d->paused = is_true(object, "paused");
	d->enforced = is_true(object, "enforce_parameter_schema");
}

void
weir_deployment_release(struct weir_deployment *d)
{
	char **texts[] = { &d->name, &d->flow_name, &d->parameters, &d->schema,
		&d->tags, &d->job_variables, &d->pool, &d->queue };

	for (size_t i = 0; i < N_ELEM(texts); i++) {
		free(*texts[i]);
		*texts[i] = NULL;
	}
}

/* ---- from the store */

static void
take_row(void *arg, const struct weir_rows *rows)
{
	char *flow = str_copy(weir_rows_cell(rows, 0)->s);
	struct buf doc = BUF_INIT(BUF_MAX);
	struct str text = weir_rows_cell(rows, 1)->s;
	bool whole = text.len && text.s[0] == '{';

	buf_adds(&doc, whole ? "" : "{");
	buf_addstr(&doc, text);
	buf_adds(&doc, whole ? "" : "}");
	take(buf_str(&doc), flow, arg);
	buf_release(&doc);
	free(flow);
}

enum weir_rc
weir_deployment_of(struct weir_store *store, const struct weir_id *id,
	struct weir_deployment *ret_d, struct weir_err *err)
{
	struct weir_deployment d = { .id = *id };
	enum weir_rc rc;

	rc = weir_row_of(
		store, WEIR_DEPLOYMENT, id, "flow_name,doc", take_row, &d, err);
	if (!rc)
		*ret_d = d;
	return rc;
}

/* ---- from the server */

static enum weir_rc
get(struct api *api, enum weir_kind kind, const struct weir_id *id, struct buf *out,
	struct weir_err *err)
{
	struct api_wait w = { .out = out, .err = err };

	api->ops->get(api, kind, id, api_wait_done, &w);
	return api_wait(api, &w);
}

static void
put(struct weir_store *store, enum weir_kind kind, struct str body)
{
	struct arena arena = { 0 };
	struct doc_vec docs = { 0 };
	struct weir_err err;

	if (store && !api_decode_docs(kind, body, &arena, &docs, &err) && docs.n &&
		store_put_docs(store, kind, docs.v, docs.n, NULL, &err))
		LOG(LOG_WARN, "%s", err.text);
	VEC_FREE(&docs);
	arena_free(&arena);
}

static void
take_name(void *arg, const struct weir_rows *rows)
{
	*(char **)arg = str_copy(weir_rows_cell(rows, 0)->s);
}

/* The flow's name is not in its deployment. */
static enum weir_rc
find_flow(struct api *api, struct weir_store *store, struct str object, char **ret_name,
	struct weir_err *err)
{
	struct buf body = BUF_INIT(BUF_MAX);
	char *text = member(object, "flow_id"), *name = NULL;
	struct weir_id id;
	enum weir_rc rc = WEIR_OK;

	if (!weir_id_parse(str_of(text), &id))
		rc = weir_fail(err, WEIR_EBADDATA,
			"deployment: the server's answer is not a deployment");
	else if (!store ||
		 weir_row_of(store, WEIR_FLOW, &id, "name", take_name, &name, NULL))
		rc = get(api, WEIR_FLOW, &id, &body, err);
	if (!rc && !name) {
		put(store, WEIR_FLOW, buf_str(&body));
		name = member(buf_str(&body), "name");
	}
	if (!rc)
		*ret_name = name;
	free(text);
	buf_release(&body);
	return rc;
}

static enum weir_rc
gone(const struct weir_id *id, struct weir_err *err)
{
	char text[WEIR_ID_TEXT + 1];

	(void)weir_fail(err, WEIR_ENOTFOUND,
		"deployment %s: there is no such deployment", weir_id_format(id, text));
	return weir_hint(err, "weir deployments --refresh");
}

/* body: as the server answered. */
static enum weir_rc
take_body(struct api *api, struct weir_store *store, struct str body,
	struct weir_deployment *ret_d, struct weir_err *err)
{
	struct weir_deployment d = { 0 };
	char *flow = NULL, *id = member(body, "id");
	enum weir_rc rc = find_flow(api, store, body, &flow, err);

	if (!rc && !weir_id_parse(str_of(id), &d.id))
		rc = weir_fail(err, WEIR_EBADDATA,
			"deployment: the server's answer is not a deployment");
	if (!rc) {
		put(store, WEIR_DEPLOYMENT, body);
		take(body, flow, &d);
		*ret_d = d;
	}
	free(flow);
	free(id);
	return rc;
}

/* ---- what takes its runs, asked in the same moment if what is known is old */

enum { FARM_LISTS = 3 };

struct farm {
	char *pool; /* owned; NULL: nothing is asked */
	struct {
		enum weir_kind kind;
		struct api_wait wait;
		struct buf body;
	} v[FARM_LISTS];
};

static void
take_pool(void *arg, const struct weir_rows *rows)
{
	if (!weir_rows_cell(rows, 0)->null)
		*(char **)arg = str_copy(weir_rows_cell(rows, 0)->s);
}

static void
farm_ask(struct farm *f, struct api *api, struct weir_store *store,
	const struct weir_id *id)
{
	static const enum weir_kind kinds[FARM_LISTS] = { WEIR_POOL, WEIR_QUEUE,
		WEIR_WORKER };
	int64_t cycle_us;

	*f = (struct farm){ 0 };
	if (!store || weir_store_meta(store, WEIR_META_CYCLE_US, &cycle_us, NULL) ||
		(cycle_us != WEIR_NO_TIME && weir_now_us() - cycle_us < fresh_us))
		return;
	(void)weir_row_of(store, WEIR_DEPLOYMENT, id, "work_pool_name", take_pool,
		&f->pool, NULL);
	for (size_t i = 0; f->pool && *f->pool && i < FARM_LISTS; i++) {
		struct api_list list = API_LIST_INIT;

		f->v[i].kind = list.kind = kinds[i];
		list.pool = kinds[i] == WEIR_POOL ? NULL : f->pool;
		buf_init(&f->v[i].body, BUF_MAX);
		f->v[i].wait.out = &f->v[i].body;
		api->ops->list(api, &list, api_wait_done, &f->v[i].wait);
	}
}

static void
farm_take(struct farm *f, struct api *api, struct weir_store *store)
{
	for (size_t i = 0; f->pool && *f->pool && i < FARM_LISTS; i++) {
		if (!api_wait(api, &f->v[i].wait))
			put(store, f->v[i].kind, buf_str(&f->v[i].body));
		buf_release(&f->v[i].body);
	}
	free(f->pool);
}

enum weir_rc
deployment_get(struct api *api, struct weir_store *store, const struct weir_id *id,
	struct weir_deployment *ret_d, struct weir_err *err)
{
	struct buf body = BUF_INIT(BUF_MAX);
	struct farm farm;
	enum weir_rc rc;

	farm_ask(&farm, api, store, id);
	rc = get(api, WEIR_DEPLOYMENT, id, &body, err);
	farm_take(&farm, api, store);
	if (rc == WEIR_ENOTFOUND)
		rc = gone(id, err);
	else if (!rc)
		rc = take_body(api, store, buf_str(&body), ret_d, err);
	buf_release(&body);
	return rc;
}

static enum weir_rc
open_session(struct weir_session *s, struct api **ret_api,
	struct weir_store **ret_store, struct weir_err *err)
{
	if (weir_session_store(s, WEIR_STORE_WRITE, ret_store, NULL))
		*ret_store = NULL;
	return session_api_known(s, ret_api, err);
}

enum weir_rc
weir_deployment_read(struct weir_session *s, const struct weir_id *id,
	struct weir_deployment *ret_d, struct weir_err *err)
{
	struct weir_store *store;
	struct api *api;
	enum weir_rc rc = open_session(s, &api, &store, err);

	return rc ? rc : deployment_get(api, store, id, ret_d, err);
}

enum weir_rc
weir_deployment_named(struct weir_session *s, const char *name,
	struct weir_deployment *ret_d, struct weir_err *err)
{
	const char *slash = strchr(name, '/');
	char *flow = xstrndup(name, slash ? (size_t)(slash - name) : 0);
	struct buf path = BUF_INIT(TRANSPORT_TARGET_MAX), body = BUF_INIT(BUF_MAX);
	struct weir_store *store;
	struct api *api;
	enum weir_rc rc = open_session(s, &api, &store, err);

	buf_adds(&path, "/deployments/name/");
	api_body_percent(&path, flow);
	buf_addc(&path, '/');
	api_body_percent(&path, slash ? slash + 1 : name);
	if (!rc && (!slash || path.truncated))
		rc = WEIR_ENOTFOUND;
	if (!rc)
		rc = api_raw_wait(
			api, "GET", buf_cstr(&path), STR(""), true, &body, err);
	if (rc == WEIR_ENOTFOUND || rc == WEIR_EREFUSED)
		rc = weir_fail(err, WEIR_ENOTFOUND,
			"'%.100s': there is no such deployment", name);
	if (!rc)
		rc = take_body(api, store, buf_str(&body), ret_d, err);
	free(flow);
	buf_release(&path);
	buf_release(&body);
	return rc;
}
