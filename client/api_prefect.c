#include "api_prefect.h"

#include "api_body.h"
#include "api_op.h"
#include "weir/text.h"
#include "weir/time.h"

enum { PAGE_LIMIT = 200, PARALLEL_UP = 2 };

static struct api_prefect *
prefect_of(struct api *a)
{
	return (struct api_prefect *)(void *)a; /* its first member */
}

static void
prefect_list(struct api *a, const struct api_list *list, api_done *done, void *arg)
{
	struct api_op *op = api_op_new(prefect_of(a),
		list->kind == WEIR_LIMIT ? API_OP_LIMITS : API_OP_OBJECTS, "POST", done,
		arg);
	struct buf path = BUF_INIT(TRANSPORT_TARGET_MAX);
	bool can;

	op->kind = list->kind;
	if (op->what == API_OP_LIMITS) {
		api_op_limits(op);
		return;
	}
	can = api_body_path(list, &path);
	op->path = buf_steal(&path);
	if (!can) {
		api_op_refuse(op, "can only be listed of a pool");
		return;
	}
	api_body_list(list, api_since(a, 3, 0, 4), &op->body);
	api_op_set_limit(op, list->limit);
	api_op_send(op);
}

static void
prefect_logs(struct api *a, const struct api_logs *logs, api_done *done, void *arg)
{
	struct api_op *op = api_op_new(prefect_of(a), API_OP_LOGS, "POST", done, arg);

	op->path = xstrdup("/logs/filter");
	api_body_logs(logs, &op->body);
	api_op_set_limit(op, logs->limit);
	api_op_send(op);
}

static void
prefect_get(struct api *a, enum weir_kind kind, const struct weir_id *id,
	api_done *done, void *arg)
{
	struct api_op *op = api_op_new(prefect_of(a), API_OP_OBJECTS, "GET", done, arg);
	struct api_list list = API_LIST_INIT;
	struct buf path = BUF_INIT(TRANSPORT_TARGET_MAX);
	bool can = true;

	op->kind = kind;
	op->one = true;
	if (!api_body_get_path(kind, id, &path)) {
		list.kind = kind;
		list.ids = id;
		list.n_ids = 1;
		op->method = "POST";
		can = api_body_path(&list, &path);
		api_body_list(&list, true, &op->body);
		api_op_set_limit(op, 1);
	}
	op->path = buf_steal(&path);
	if (can)
		api_op_send(op);
	else
		api_op_refuse(op, "can only be listed of a pool");
}

static void
prefect_raw(struct api *a, const char *method, const char *path, struct str body,
	bool repeatable, api_done *done, void *arg)
{
	struct api_op *op = api_op_new(prefect_of(a), API_OP_RAW, method, done, arg);

	op->path = xstrdup(path);
	op->repeatable = repeatable;
	buf_addstr(&op->body, body);
	api_op_send(op);
}

static void
prefect_states(struct api *a, const struct weir_id *run, api_done *done, void *arg)
{
	char id[WEIR_ID_TEXT + 1], path[128];

	snprintf(path, sizeof(path), "/flow_run_states/?flow_run_id=%s",
		weir_id_format(run, id));
	prefect_raw(a, "GET", path, STR(""), true, done, arg);
}

static void
prefect_history(struct api *a, struct api_range expected, int64_t bucket_seconds,
	api_done *done, void *arg)
{
	struct buf body = BUF_INIT(BUF_MAX);

	api_body_history(expected, bucket_seconds, &body);
	prefect_raw(a, "POST", "/flow_runs/history", buf_str(&body), true, done, arg);
	buf_release(&body);
}

static void
prefect_write(struct api *a, enum api_write what, const struct weir_id *id,
	struct str body, api_done *done, void *arg)
{
	struct buf path = BUF_INIT(TRANSPORT_TARGET_MAX);

	api_body_write_path(what, id, &path);
	prefect_raw(a, "POST", buf_cstr(&path), body, true, done, arg);
	buf_release(&path);
}

static void
prefect_put_logs(
	struct api *a, const struct weir_log *logs, size_t n, api_done *done, void *arg)
{
	struct api_prefect *p = prefect_of(a);
	struct api_op *op = api_op_new(p, API_OP_RAW, "POST", done, arg);

	op->path = xstrdup("/logs/");
	op->repeatable = false;
	if (p->transport->takes_logs) {
		op->put = logs;
		op->n_put = n;
	} else {
		api_body_put_logs(logs, n, &op->body);
	}
	api_op_send(op);
}

static void
prefect_pump(struct api *a, int timeout_ms)
{
	struct transport *t = prefect_of(a)->transport;

	t->ops->pump(t, timeout_ms);
	a->rang |= t->rang;
	a->left |= t->left;
	t->rang = t->left = false;
}

static enum weir_rc
prefect_serve(struct api *a, struct weir_err *err)
{
	struct transport *t = prefect_of(a)->transport;
	enum weir_rc rc = t->ops->serve ? t->ops->serve(t, err) : WEIR_OK;

	a->rings = t->rings;
	return rc;
}

static void
prefect_wake(struct api *a)
{
	struct transport *t = prefect_of(a)->transport;

	t->ops->wake(t);
}

static void
prefect_cancel(struct api *a)
{
	struct transport *t = prefect_of(a)->transport;

	t->ops->cancel(t);
}

static size_t
prefect_in_flight(const struct api *a)
{
	const struct api_prefect *p = (const void *)a;

	return p->transport->ops->in_flight(p->transport) + p->token_waiters.n;
}

static void
prefect_close(struct api *a)
{
	struct api_prefect *p = prefect_of(a);

	p->transport->ops->close(p->transport);
	while (p->ops)
		api_op_free(p->ops);
	VEC_FREE(&p->token_waiters);
	explicit_bzero(p->token, sizeof(p->token));
	free(p);
}

static const struct api_ops ops = {
	.close = prefect_close,
	.list = prefect_list,
	.logs = prefect_logs,
	.get = prefect_get,
	.states = prefect_states,
	.history = prefect_history,
	.write = prefect_write,
	.raw = prefect_raw,
	.put_logs = prefect_put_logs,
	.pump = prefect_pump,
	.wake = prefect_wake,
	.cancel = prefect_cancel,
	.in_flight = prefect_in_flight,
	.serve = prefect_serve,
};

struct api *
api_prefect_open(const struct weir_config *config, struct transport *transport)
{
	struct api_prefect *p = xcalloc(1, sizeof(*p));
	struct weir_id id = weir_id_random();
	size_t parallel = (size_t)weir_config_int(config, WEIR_KEY_PARALLEL);
	const char *origin = weir_config_origin(config, WEIR_KEY_PARALLEL);
	bool fixed = origin && strcmp(origin, "default") != 0;

	p->transport = transport;
	p->api.away = transport->away;
	p->api.local = transport->local;
	api_pace_init(&p->pace, parallel, fixed ? parallel : parallel * PARALLEL_UP);
	weir_id_format(&id, p->client);
	p->csrf_allowed = weir_config_bool(config, WEIR_KEY_CSRF);
	p->api.ops = &ops;
	p->api.page_limit = PAGE_LIMIT;
	p->api.parallel = p->pace.parallel;
	p->api.base = transport->base;
	return &p->api;
}
