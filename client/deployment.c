/* A deployment as far as starting runs of it depends on it. */
#define LOG_MODULE "deployment"
#include "deployment.h"

#include "api_fields.h"
#include "session.h"
#include "store_write.h"
#include "weir/log.h"
#include "weir/members.h"
#include "weir/select.h"
#include "weir/trigger.h"

/* A member's value: text as text, all else as JSON; owned, "" when null or missing. */
static char *
member(struct str object, const char *name)
{
	struct buf b = BUF_INIT(BUF_MAX);

	buf_adds(&b, "");
	if (!weir_members_get(object, name, &b) || !strcmp(buf_cstr(&b), "null"))
		buf_clear(&b);
	return b.len ? buf_steal(&b) : (buf_release(&b), xstrdup(""));
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

	if (store && !api_decode_docs(kind, body, &arena, &docs, &err) && docs.n == 1 &&
		store_put_docs(store, kind, docs.v, 1, NULL, &err))
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
		"deployment %s: the server has no such deployment",
		weir_id_format(id, text));
	return weir_hint(err, "weir deployments --refresh");
}

enum weir_rc
deployment_get(struct api *api, struct weir_store *store, const struct weir_id *id,
	struct weir_deployment *ret_d, struct weir_err *err)
{
	struct weir_deployment d = { .id = *id };
	struct buf body = BUF_INIT(BUF_MAX);
	char *flow = NULL;
	enum weir_rc rc = get(api, WEIR_DEPLOYMENT, id, &body, err);

	if (rc == WEIR_ENOTFOUND)
		rc = gone(id, err);
	else if (!rc)
		rc = find_flow(api, store, buf_str(&body), &flow, err);
	if (!rc) {
		put(store, WEIR_DEPLOYMENT, buf_str(&body));
		take(buf_str(&body), flow, &d);
		*ret_d = d;
	}
	free(flow);
	buf_release(&body);
	return rc;
}

enum weir_rc
weir_deployment_read(struct weir_session *s, const struct weir_id *id,
	struct weir_deployment *ret_d, struct weir_err *err)
{
	struct weir_store *store = NULL;
	struct api *api;
	enum weir_rc rc;

	if (weir_session_store(s, WEIR_STORE_WRITE, &store, NULL))
		store = NULL;
	rc = session_api_known(s, &api, err);
	return rc ? rc : deployment_get(api, store, id, ret_d, err);
}
