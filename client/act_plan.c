/* What acting would send and what it changes, from what the store knows. */
#include "act_objects.h"
#include "actions.h"
#include "weir/query.h"
#include "weir/select.h"

enum { NAMES_MAX = 160 };

enum {
	COL_NAME,
	COL_STATE,
	COL_STATE_NAME,
	COL_DEPLOYMENT,
	COL_TAGS,
	COL_POOL,
	COL_REST
};
static const char columns[] = "name,state_type,state_name,deployment_id,tags,"
			      "work_pool_name,rest";

static void
take_row(void *arg, const struct weir_rows *rows)
{
	struct act_run *run = arg;

	run->name = str_copy(weir_rows_cell(rows, COL_NAME)->s);
	run->state = (enum weir_state)weir_rows_cell(rows, COL_STATE)->i;
	run->state_name = str_copy(weir_rows_cell(rows, COL_STATE_NAME)->s);
	run->deployment = weir_rows_cell(rows, COL_DEPLOYMENT)->id;
	run->tags = str_copy(weir_rows_cell(rows, COL_TAGS)->s);
	run->pool = str_copy(weir_rows_cell(rows, COL_POOL)->s);
	act_run_rest(run, weir_rows_cell(rows, COL_REST)->s);
}

/* What is sent has another key each time. */
static void
add_without(struct buf *out, const char *body, const struct weir_id *id)
{
	char text[WEIR_ID_TEXT + 1];
	const char *at;

	weir_id_format(id, text);
	for (; (at = strstr(body, text)); body = at + WEIR_ID_TEXT) {
		buf_add(out, body, (size_t)(at - body));
		buf_adds(out, "NEW");
	}
	buf_adds(out, body);
}

/* ---- deployments, pools, queues */

struct reading {
	enum weir_kind kind;
	struct act_object *object;
	struct buf *name;
	enum weir_rc rc;
	struct weir_err *err;
};

static void
take_object(void *arg, const struct weir_rows *rows)
{
	struct reading *r = arg;
	struct buf doc = BUF_INIT(BUF_MAX);

	buf_addc(&doc, '{');
	buf_addstr(&doc, weir_rows_cell(rows, 0)->s);
	buf_addc(&doc, '}');
	r->rc = act_object_parse(r->kind, buf_str(&doc), r->object, r->err);
	if (!r->rc && r->kind == WEIR_DEPLOYMENT && weir_rows_cell(rows, 1)->s.len) {
		buf_addstr(r->name, weir_rows_cell(rows, 1)->s);
		buf_addc(r->name, '/');
	}
	buf_release(&doc);
}

/* What stands before its own name goes into name: `flow/`. */
static enum weir_rc
object_of_store(struct weir_store *store, enum weir_kind kind, const struct weir_id *id,
	struct act_object *ret, struct buf *name, struct weir_err *err)
{
	struct reading r = { kind, ret, name, WEIR_OK, err };
	enum weir_rc rc = weir_row_of(store, kind, id,
		kind == WEIR_DEPLOYMENT ? "doc,flow_name" : "doc", take_object, &r,
		err);

	return rc ? rc : r.rc;
}

/* Of a queue: the default queue and the name of its pool. */
static void
add_pool(struct weir_store *store, struct act_object *o)
{
	struct act_object pool = { 0 };
	struct buf name = BUF_INIT(4096);
	struct weir_err err;

	if (o->kind == WEIR_QUEUE && !weir_id_is_null(&o->pool_id) &&
		!object_of_store(store, WEIR_POOL, &o->pool_id, &pool, &name, &err))
		act_object_take_pool(o, &pool);
	act_object_release(&pool);
	buf_release(&name);
}

static enum weir_rc
plan_object(struct action *a, struct weir_store *store, const struct weir_id *id,
	const struct api_version *version, struct weir_err *err)
{
	struct buf name = BUF_INIT(4096);
	struct act_object o = { 0 };
	enum weir_rc rc = WEIR_OK;

	if (a->act.kind == WEIR_ACT_CREATE) {
		act_object_wish_name(a->act.wish, &name);
		act_object_plan(&a->act, NULL, version, &a->plan);
	} else {
		rc = object_of_store(store, a->act.of, id, &o, &name, err);
		if (!rc) {
			add_pool(store, &o);
			act_object_name(&o, &name);
			act_object_plan(&a->act, &o, version, &a->plan);
		}
	}
	if (!rc)
		actions_name(a->result, buf_cstr(&name));
	act_object_release(&o);
	buf_release(&name);
	return rc;
}

static enum weir_rc
plan_run(struct action *a, struct weir_store *store, const struct weir_id *id,
	const struct api_version *version, const struct weir_id *key,
	struct weir_err *err)
{
	enum weir_rc rc;

	a->run.id = *id;
	rc = weir_row_of(store, WEIR_RUN, id, columns, take_row, &a->run, err);
	if (rc)
		return rc;
	actions_name(a->result, a->run.name);
	act_plan_make(&a->act, &a->run, version, key, weir_now_us(), &a->plan);
	return WEIR_OK;
}

static enum weir_rc
server_version(struct weir_store *store, struct api_version *ret, struct weir_err *err)
{
	char *text = NULL;
	enum weir_rc rc = weir_store_text(store, "version", &text, err);

	if (!text || !api_version_parse(str_of(text), ret))
		*ret = (struct api_version){ 0 };
	free(text);
	return rc;
}

enum weir_rc
weir_act_plan(struct weir_store *store, const struct weir_act *act,
	const struct weir_id *run, struct buf *path, struct buf *body,
	struct weir_act_result *ret_result, struct weir_err *err)
{
	struct weir_id key = weir_id_random();
	struct api_version version = { 0 };
	struct action a = { .act = *act, .result = ret_result };
	enum weir_rc rc;

	memset(ret_result, 0, sizeof(*ret_result));
	ret_result->run = *run;
	if (act_metaflow_refused(store, act->kind, run, ret_result))
		return WEIR_OK;
	rc = server_version(store, &version, err);
	if (!rc && act->kind >= WEIR_ACT_PAUSE)
		rc = plan_object(&a, store, run, &version, err);
	else if (!rc)
		rc = plan_run(&a, store, run, &version, &key, err);
	if (!rc) {
		actions_take_plan(&a);
		if (a.plan.path.len && a.plan.method && strcmp(a.plan.method, "POST"))
			buf_addf(path, "%s ", a.plan.method);
		buf_addstr(path, buf_str(&a.plan.path));
		if (body)
			add_without(body, buf_cstr(&a.plan.body), &key);
	}
	actions_close(&a);
	return rc;
}

/* ---- what goes with it */

/* `3 queues: a, b, c`: rows of a kind that a query finds; what may have a %s. */
static enum weir_rc
count_rows(struct weir_store *store, enum weir_kind kind, const char *query,
	const char *one, const char *many, const char *name, struct buf *out,
	struct weir_err *err)
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = { .kind = kind, .columns = &set };
	struct weir_query *q = NULL;
	struct weir_rows *rows = NULL;
	struct buf names = BUF_INIT(NAMES_MAX);
	int64_t n = 0;
	bool row = true;
	enum weir_rc rc = weir_query_parse(kind, str_of(query), weir_now_us(), &q, err);

	sel.query = q;
	if (!rc)
		rc = weir_columns_choose(kind, name, 0, &set, err);
	if (!rc)
		rc = weir_rows_open(store, &sel, &rows, err);
	while (!rc && row) {
		rc = weir_rows_next(rows, &row, err);
		if (rc || !row)
			break;
		n++;
		buf_adds(&names, n > 1 ? ", " : "");
		for (size_t i = 0; i < set.n; i++) {
			buf_adds(&names, i ? "/" : "");
			buf_addstr(&names, weir_rows_cell(rows, i)->s);
		}
	}
	if (!rc && n)
		buf_addf(out, "%s%lld %s: %s%s", out->len ? "\n" : "", (long long)n,
			n == 1 ? one : many, buf_cstr(&names),
			names.truncated ? " ..." : "");
	weir_rows_close(rows);
	weir_columns_release(&set);
	weir_query_free(q);
	buf_release(&names);
	return rc;
}

/* field:"value", quoted. */
static void
add_term(struct buf *b, const char *field, const char *value)
{
	buf_addf(b, "%s%s:", b->len ? " " : "", field);
	weir_query_quote(b, str_of(value), true);
}

static enum weir_rc
company_of(struct weir_store *store, const struct act_object *o, bool delete,
	struct buf *out, struct weir_err *err)
{
	struct buf q = BUF_INIT(WEIR_QUERY_MAX);
	bool queue = o->kind == WEIR_QUEUE;
	enum weir_rc rc = WEIR_OK;

	add_term(&q, "work_pool_name", o->pool);
	if (delete &&!queue)
		rc = count_rows(store, WEIR_QUEUE, buf_cstr(&q), "queue goes with it",
			"queues go with it", "name", out, err);
	if (!rc && delete &&!queue)
		rc = count_rows(store, WEIR_WORKER, buf_cstr(&q),
			"worker is left without a pool",
			"workers are left without a pool", "name", out, err);
	if (queue)
		add_term(&q, "work_queue_name", o->name);
	if (!rc && delete)
		rc = count_rows(store, WEIR_DEPLOYMENT, buf_cstr(&q),
			"deployment is left without a pool",
			"deployments are left without a pool", "flow_name,name", out,
			err);
	buf_adds(&q, " state_type:scheduled,pending");
	if (!rc)
		rc = count_rows(store, WEIR_RUN, buf_cstr(&q),
			delete ? "run waits that nobody will take up"
			       : "run waits until it goes on",
			delete ? "runs wait that nobody will take up"
			       : "runs wait until it goes on",
			"name", out, err);
	buf_release(&q);
	return rc;
}

static enum weir_rc
company_of_deployment(struct weir_store *store, const struct act_object *o,
	struct buf *out, struct weir_err *err)
{
	struct buf q = BUF_INIT(WEIR_QUERY_MAX);
	char id[WEIR_ID_TEXT + 1];
	enum weir_rc rc;

	buf_addf(&q, "deployment_id:%s auto_scheduled:yes state_type:scheduled",
		weir_id_format(&o->id, id));
	rc = count_rows(store, WEIR_RUN, buf_cstr(&q),
		"run that its schedule made is deleted",
		"runs that its schedules made are deleted", "name", out, err);
	buf_release(&q);
	return rc;
}

enum weir_rc
weir_act_company(struct weir_store *store, const struct weir_act *act,
	const struct weir_id *id, struct buf *out, struct weir_err *err)
{
	bool delete = act->kind == WEIR_ACT_DELETE;
	struct buf name = BUF_INIT(4096);
	struct act_object o = { 0 };
	enum weir_rc rc;

	if (!delete &&act->kind != WEIR_ACT_PAUSE)
		return WEIR_OK;
	rc = object_of_store(store, act->of, id, &o, &name, err);
	if (!rc)
		add_pool(store, &o);
	if (!rc && act->of == WEIR_DEPLOYMENT)
		rc = company_of_deployment(store, &o, out, err);
	else if (!rc)
		rc = company_of(store, &o, delete, out, err);
	act_object_release(&o);
	buf_release(&name);
	return rc;
}
