#include "api_prefect.h"

#include "api_body.h"
#include "api_fields.h"
#include "api_pace.h"
#include "api_reply.h"
#include "http.h"
#include "weir/mem.h"

/*
 * An operation: one request, repeated when the server says that the page is too large
 * or that it wants a CSRF token:
 *
 *   list, logs, get... -> op_send -> http -> op_reply -> done
 *                            ^                  | 422 limit
 *                            +------------------+ 403 CSRF (after csrf_fetch)
 */
enum { PAGE_LIMIT = 200, PARALLEL_UP = 2, LIMIT_PAGES_MAX = 100 };

enum op_what {
	OP_RAW,
	OP_OBJECTS, /* a page or one object of `kind` */
	OP_LOGS,
	OP_LIMITS, /* all concurrency limits, of both kinds */
};

struct prefect {
	struct api api;
	struct http *http;
	struct api_pace pace;
	struct op *ops; /* all that are not done */
	bool csrf_allowed;
	char client[WEIR_ID_TEXT + 1]; /* our name to the server's CSRF table */
	char token[512];               /* "" until one was needed */
	unsigned token_n;              /* counts tokens */
	bool token_fetching;
	VEC(struct op *) token_waiters;
};

struct op {
	struct prefect *p;
	struct op *next, **prev;
	enum op_what what;
	enum weir_kind kind;
	const char *method;
	char *path;
	struct buf body;
	size_t limit_at; /* where the limit stands in body; 0: it has none */
	size_t limit;
	bool repeatable, one; /* one: a list of none means not found */
	unsigned token_n;     /* the token that was sent */
	int token_tries;
	api_done *done;
	void *arg;

	/* OP_LIMITS: what was read so far */
	struct arena arena;
	struct doc_vec docs;
	bool old_kind;
	size_t offset;
	int pages;
};

static void op_send(struct op *op);

/* ---- life of an operation */

static struct op *
op_new(struct prefect *p, enum op_what what, const char *method, api_done *done,
	void *arg)
{
	struct op *op = xcalloc(1, sizeof(*op));

	op->p = p;
	op->what = what;
	op->method = method;
	op->repeatable = true;
	op->done = done;
	op->arg = arg;
	buf_init(&op->body, BUF_MAX);
	op->next = p->ops;
	op->prev = &p->ops;
	if (op->next)
		op->next->prev = &op->next;
	p->ops = op;
	return op;
}

static void
op_free(struct op *op)
{
	*op->prev = op->next;
	if (op->next)
		op->next->prev = op->prev;
	free(op->path);
	buf_release(&op->body);
	VEC_FREE(&op->docs);
	arena_free(&op->arena);
	free(op);
}

static void
op_finish(struct op *op, enum weir_rc rc, const struct api_page *page,
	struct weir_err *err)
{
	op->done(op->arg, rc, rc ? NULL : page, rc ? err : NULL);
	op_free(op);
}

static void
op_set_limit(struct op *op, size_t limit)
{
	size_t max = op->p->api.page_limit;

	if (!op->limit_at)
		op->limit_at = op->body.len;
	op->limit = limit == 0 || limit > max ? max : limit;
	buf_truncate(&op->body, op->limit_at);
	api_body_limit(&op->body, op->limit);
}

/* ---- CSRF tokens: without one first; a new one makes the last one invalid */

static void
csrf_done(void *arg, enum weir_rc rc, const struct http_reply *reply,
	const struct weir_err *err)
{
	struct prefect *p = arg;
	struct weir_err why = { 0 };
	VEC(struct op *)
	ops = { p->token_waiters.v, p->token_waiters.n, p->token_waiters.cap };

	p->token_waiters.v = NULL;
	p->token_waiters.n = p->token_waiters.cap = 0;
	p->token_fetching = false;
	if (err)
		why = *err;
	if (!rc)
		rc = api_reply_check(reply, p->api.base, "GET", "/csrf-token", &why);
	if (!rc && api_reply_token(reply, p->token, sizeof(p->token)))
		p->token_n++;
	else if (!rc)
		rc = weir_fail(&why, WEIR_EBADDATA,
			"server: %s: GET /csrf-token: no token in the answer",
			p->api.base);
	for (size_t i = 0; i < ops.n; i++) {
		if (rc)
			op_finish(ops.v[i], rc, NULL, &why);
		else
			op_send(ops.v[i]);
	}
	VEC_FREE(&ops);
}

static void
csrf_fetch(struct prefect *p)
{
	char *path = xasprintf("/csrf-token?client=%s", p->client);
	struct http_request r = {
		.method = "GET",
		.path = path,
		.repeatable = true,
		.done = csrf_done,
		.arg = p,
	};

	p->token_fetching = true;
	http_submit(p->http, &r);
	free(path);
}

static bool
op_retry_with_token(struct op *op, const struct http_reply *reply)
{
	struct prefect *p = op->p;

	if (!p->csrf_allowed || op->token_tries == 2 || !api_reply_wants_csrf(reply))
		return false;
	op->token_tries++;
	if (op->token_n < p->token_n) {
		op_send(op); /* another one has got a newer token meanwhile */
		return true;
	}
	VEC_PUSH(&p->token_waiters, op);
	if (!p->token_fetching)
		csrf_fetch(p);
	return true;
}

/* ---- replies */

static enum weir_rc
decode_page(struct op *op, struct arena *arena, struct api_page *page,
	struct run_vec *runs, struct task_run_vec *tasks, struct log_vec *logs,
	struct doc_vec *docs, struct weir_err *err)
{
	enum weir_rc rc;

	if (op->what == OP_LOGS) {
		rc = api_decode_logs(page->body, arena, logs, err);
		page->n = logs->n;
		page->logs = logs->v;
	} else if (op->kind == WEIR_RUN) {
		rc = api_decode_runs(page->body, arena, runs, err);
		page->n = runs->n;
		page->runs = runs->v;
	} else if (op->kind == WEIR_TASK_RUN) {
		rc = api_decode_task_runs(page->body, arena, tasks, err);
		page->n = tasks->n;
		page->task_runs = tasks->v;
	} else {
		rc = api_decode_docs(op->kind, page->body, arena, docs, err);
		page->n = docs->n;
		page->docs = docs->v;
	}
	if (rc)
		weir_prefix(err, "server: %s: %s %s: the answer cannot be read",
			op->p->api.base, op->method, op->path);
	else if (op->one && page->n == 0)
		rc = weir_fail(err, WEIR_ENOTFOUND, "server: %s: %s: not found",
			op->p->api.base, weir_kind_name(op->kind));
	return rc;
}

static void
op_decode(struct op *op, struct api_page *page)
{
	struct arena arena = { 0 };
	struct run_vec runs = { 0 };
	struct task_run_vec tasks = { 0 };
	struct log_vec logs = { 0 };
	struct doc_vec docs = { 0 };
	struct weir_err err = { 0 };
	enum weir_rc rc = WEIR_OK;

	if (op->what != OP_RAW)
		rc = decode_page(op, &arena, page, &runs, &tasks, &logs, &docs, &err);
	op_finish(op, rc, page, &err);
	VEC_FREE(&runs);
	VEC_FREE(&tasks);
	VEC_FREE(&logs);
	VEC_FREE(&docs);
	arena_free(&arena);
}

static bool
has_doc(const struct doc_vec *docs, const struct weir_id *id)
{
	for (size_t i = 0; i < docs->n; i++)
		if (weir_id_cmp(&docs->v[i].id, id) == 0)
			return true;
	return false;
}

static void
limits_ask(struct op *op)
{
	free(op->path);
	op->path = xstrdup(op->old_kind ? "/concurrency_limits/filter"
					: "/v2/concurrency_limits/filter");
	buf_clear(&op->body);
	buf_addf(&op->body, "{\"offset\":%zu", op->offset);
	op->limit_at = 0;
	op_set_limit(op, 0);
	op_send(op);
}

/*
 * Global limits first, page by page, then those of tags. A 3.x server shows the latter
 * among the former as well, and skips rows of its pages of the latter: the first of two
 * of one id stays.
 */
static void
limits_add(struct op *op, struct api_page *page)
{
	struct doc_vec docs = { 0 };
	struct weir_err err = { 0 };
	struct str body = { arena_strndup(&op->arena, page->body.s, page->body.len),
		page->body.len };
	enum weir_rc rc = api_decode_docs(WEIR_LIMIT, body, &op->arena, &docs, &err);
	bool more = docs.n == op->limit && ++op->pages < LIMIT_PAGES_MAX;

	for (size_t i = 0; i < docs.n; i++)
		if (!has_doc(&op->docs, &docs.v[i].id))
			VEC_PUSH(&op->docs, docs.v[i]);
	op->offset = more ? op->offset + docs.n : 0;
	VEC_FREE(&docs);
	if (!rc && (more || !op->old_kind)) {
		op->old_kind = op->old_kind || !more;
		limits_ask(op);
		return;
	}
	if (rc)
		weir_prefix(&err, "server: %s: %s: the answer cannot be read",
			op->p->api.base, op->path);
	page->n = op->docs.n;
	page->docs = op->docs.v;
	page->limit = SIZE_MAX;
	op_finish(op, rc, page, &err);
}

static void
op_ok(struct op *op, const struct http_reply *reply)
{
	struct api_page page = {
		.kind = op->kind,
		.date_us = reply->date_us,
		.limit = op->limit,
		.bytes = reply->body.len,
		.body = reply->body,
		.path = str_of(op->path),
		.status = reply->status,
	};

	if (op->what == OP_LIMITS)
		limits_add(op, &page);
	else
		op_decode(op, &page);
}

static bool
op_retry_with_limit(struct op *op, const struct http_reply *reply)
{
	size_t max = op->limit_at ? api_reply_limit(reply) : 0;

	if (max == 0 || max >= op->limit)
		return false;
	if (max < op->p->api.page_limit)
		op->p->api.page_limit = max;
	op_set_limit(op, max);
	op_send(op);
	return true;
}

static void
set_pace(struct prefect *p, const struct http_reply *reply)
{
	bool pushed_back = reply->retries > 0 || reply->status == 429 ||
			   (reply->status >= 502 && reply->status <= 504);

	api_pace_reply(&p->pace, weir_monotonic_us(), pushed_back);
	p->api.parallel = p->pace.parallel;
}

static void
op_reply(void *arg, enum weir_rc rc, const struct http_reply *reply,
	const struct weir_err *http_err)
{
	struct op *op = arg;
	struct weir_err err = { 0 };
	struct http_reply none = { .status = 200, .body = STR("[]"), .is_json = true };

	if (rc) {
		err = *http_err;
		op_finish(op, rc, NULL, &err);
		return;
	}
	set_pace(op->p, reply);
	if (op_retry_with_limit(op, reply) || op_retry_with_token(op, reply))
		return;
	rc = api_reply_check(reply, op->p->api.base, op->method, op->path, &err);
	none.date_us = reply->date_us;
	/* An old server has one kind of limits only. */
	if (op->what == OP_LIMITS && (rc == WEIR_ENOTFOUND || rc == WEIR_EREFUSED))
		op_ok(op, &none);
	else if (rc)
		op_finish(op, rc, NULL, &err);
	else
		op_ok(op, reply);
}

static void
op_send(struct op *op)
{
	struct prefect *p = op->p;
	char token[sizeof(p->token) + 32], client[sizeof(p->client) + 32];
	struct http_request r = {
		.method = op->method,
		.path = op->path,
		.body = buf_str(&op->body),
		.repeatable = op->repeatable,
		.done = op_reply,
		.arg = op,
	};

	op->token_n = p->token_n;
	if (p->token[0] && strcmp(op->method, "GET") != 0) {
		snprintf(token, sizeof(token), "Prefect-Csrf-Token: %s", p->token);
		snprintf(client, sizeof(client), "Prefect-Csrf-Client: %s", p->client);
		r.headers[0] = token;
		r.headers[1] = client;
	}
	http_submit(p->http, &r);
}

/* ---- the interface */

static struct prefect *
prefect_of(struct api *a)
{
	return (struct prefect *)(void *)a; /* its first member */
}

static void
refuse(struct op *op, const char *why)
{
	struct weir_err err = { 0 };
	enum weir_rc rc = weir_fail(
		&err, WEIR_EFAIL, "server: %s: %s", weir_kind_plural(op->kind), why);

	op_finish(op, rc, NULL, &err);
}

static void
prefect_list(struct api *a, const struct api_list *list, api_done *done, void *arg)
{
	struct op *op = op_new(prefect_of(a),
		list->kind == WEIR_LIMIT ? OP_LIMITS : OP_OBJECTS, "POST", done, arg);
	struct buf path = BUF_INIT(HTTP_TARGET_MAX);
	bool can;

	op->kind = list->kind;
	if (op->what == OP_LIMITS) {
		limits_ask(op);
		return;
	}
	can = api_body_path(list, &path);
	op->path = buf_steal(&path);
	if (!can) {
		refuse(op, "can only be listed of a pool");
		return;
	}
	api_body_list(list, api_since(a, 3, 0, 4), &op->body);
	op_set_limit(op, list->limit);
	op_send(op);
}

static void
prefect_logs(struct api *a, const struct api_logs *logs, api_done *done, void *arg)
{
	struct op *op = op_new(prefect_of(a), OP_LOGS, "POST", done, arg);

	op->path = xstrdup("/logs/filter");
	api_body_logs(logs, &op->body);
	op_set_limit(op, logs->limit);
	op_send(op);
}

static void
prefect_get(struct api *a, enum weir_kind kind, const struct weir_id *id,
	api_done *done, void *arg)
{
	struct op *op = op_new(prefect_of(a), OP_OBJECTS, "GET", done, arg);
	struct api_list list = API_LIST_INIT;
	struct buf path = BUF_INIT(HTTP_TARGET_MAX);
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
		op_set_limit(op, 1);
	}
	op->path = buf_steal(&path);
	if (can)
		op_send(op);
	else
		refuse(op, "can only be listed of a pool");
}

static void
prefect_raw(struct api *a, const char *method, const char *path, struct str body,
	bool repeatable, api_done *done, void *arg)
{
	struct op *op = op_new(prefect_of(a), OP_RAW, method, done, arg);

	op->path = xstrdup(path);
	op->repeatable = repeatable;
	buf_addstr(&op->body, body);
	op_send(op);
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
	struct buf path = BUF_INIT(HTTP_TARGET_MAX);

	api_body_write_path(what, id, &path);
	prefect_raw(a, "POST", buf_cstr(&path), body, true, done, arg);
	buf_release(&path);
}

static void
prefect_pump(struct api *a, int timeout_ms)
{
	http_pump(prefect_of(a)->http, timeout_ms);
}

static void
prefect_wake(struct api *a)
{
	http_wake(prefect_of(a)->http);
}

static void
prefect_cancel(struct api *a)
{
	http_cancel_all(prefect_of(a)->http);
}

static size_t
prefect_in_flight(const struct api *a)
{
	const struct prefect *p = (const void *)a;

	return http_in_flight(p->http) + p->token_waiters.n;
}

static void
prefect_close(struct api *a)
{
	struct prefect *p = prefect_of(a);

	http_close(p->http);
	while (p->ops)
		op_free(p->ops);
	VEC_FREE(&p->token_waiters);
	explicit_bzero(p->token, sizeof(p->token));
	free(p);
}

static const struct api_ops ops = {
	.name = "prefect",
	.close = prefect_close,
	.list = prefect_list,
	.logs = prefect_logs,
	.get = prefect_get,
	.states = prefect_states,
	.history = prefect_history,
	.write = prefect_write,
	.raw = prefect_raw,
	.pump = prefect_pump,
	.wake = prefect_wake,
	.cancel = prefect_cancel,
	.in_flight = prefect_in_flight,
};

enum weir_rc
api_prefect_open(
	const struct weir_config *config, struct api **ret_api, struct weir_err *err)
{
	struct prefect *p = xcalloc(1, sizeof(*p));
	struct weir_id id = weir_id_random();
	size_t parallel = (size_t)weir_config_int(config, WEIR_KEY_PARALLEL);
	const char *origin = weir_config_origin(config, WEIR_KEY_PARALLEL);
	bool fixed = origin && strcmp(origin, "default") != 0;
	enum weir_rc rc = http_open(config, &p->http, err);

	if (rc) {
		free(p);
		return rc;
	}
	p->api.away = http_away(p->http);
	api_pace_init(&p->pace, parallel, fixed ? parallel : parallel * PARALLEL_UP);
	weir_id_format(&id, p->client);
	p->csrf_allowed = weir_config_bool(config, WEIR_KEY_CSRF);
	p->api.ops = &ops;
	p->api.page_limit = PAGE_LIMIT;
	p->api.parallel = p->pace.parallel;
	p->api.base = http_base(p->http);
	*ret_api = &p->api;
	return WEIR_OK;
}
