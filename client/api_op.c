#include "api_op.h"

#include "api_body.h"
#include "api_reply.h"

enum { LIMIT_PAGES_MAX = 100 };

/* ---- life of an operation */

struct api_op *
api_op_new(struct api_prefect *p, enum api_op_what what, const char *method,
	api_done *done, void *arg)
{
	struct api_op *op = xcalloc(1, sizeof(*op));

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

void
api_op_free(struct api_op *op)
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
op_finish(struct api_op *op, enum weir_rc rc, const struct api_page *page,
	struct weir_err *err)
{
	op->done(op->arg, rc, rc ? NULL : page, rc ? err : NULL);
	api_op_free(op);
}

void
api_op_set_limit(struct api_op *op, size_t limit)
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
csrf_done(void *arg, enum weir_rc rc, const struct transport_reply *reply,
	const struct weir_err *err)
{
	struct api_prefect *p = arg;
	struct weir_err why = { 0 };
	VEC(struct api_op *)
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
			api_op_send(ops.v[i]);
	}
	VEC_FREE(&ops);
}

static void
csrf_fetch(struct api_prefect *p)
{
	char *path = xasprintf("/csrf-token?client=%s", p->client);
	struct transport_request r = {
		.method = "GET",
		.path = path,
		.repeatable = true,
		.done = csrf_done,
		.arg = p,
	};

	p->token_fetching = true;
	p->transport->ops->submit(p->transport, &r);
	free(path);
}

static bool
op_retry_with_token(struct api_op *op, const struct transport_reply *reply)
{
	struct api_prefect *p = op->p;

	if (!p->csrf_allowed || op->token_tries == 2 || !api_reply_wants_csrf(reply))
		return false;
	op->token_tries++;
	if (op->token_n < p->token_n) {
		api_op_send(op); /* another one has got a newer token meanwhile */
		return true;
	}
	VEC_PUSH(&p->token_waiters, op);
	if (!p->token_fetching)
		csrf_fetch(p);
	return true;
}

/* ---- replies */

static enum weir_rc
decode_page(struct api_op *op, struct arena *arena, struct api_page *page,
	struct run_vec *runs, struct task_run_vec *tasks, struct log_vec *logs,
	struct doc_vec *docs, struct weir_err *err)
{
	enum weir_rc rc;

	if (op->what == API_OP_LOGS) {
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
op_decode(struct api_op *op, struct api_page *page)
{
	struct arena arena = { 0 };
	struct run_vec runs = { 0 };
	struct task_run_vec tasks = { 0 };
	struct log_vec logs = { 0 };
	struct doc_vec docs = { 0 };
	struct weir_err err = { 0 };
	enum weir_rc rc = WEIR_OK;

	if (op->what != API_OP_RAW)
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

void
api_op_limits(struct api_op *op)
{
	free(op->path);
	op->path = xstrdup(op->old_kind ? "/concurrency_limits/filter"
					: "/v2/concurrency_limits/filter");
	buf_clear(&op->body);
	buf_addf(&op->body, "{\"offset\":%zu", op->offset);
	op->limit_at = 0;
	api_op_set_limit(op, 0);
	api_op_send(op);
}

/*
 * Global limits first, page by page, then those of tags. A 3.x server shows the latter
 * among the former as well, and skips rows of its pages of the latter: the first of two
 * of one id stays.
 */
static void
limits_add(struct api_op *op, struct api_page *page)
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
		api_op_limits(op);
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
op_ok(struct api_op *op, const struct transport_reply *reply)
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

	if (op->what == API_OP_LIMITS)
		limits_add(op, &page);
	else
		op_decode(op, &page);
}

static bool
op_retry_with_limit(struct api_op *op, const struct transport_reply *reply)
{
	size_t max = op->limit_at ? api_reply_limit(reply) : 0;

	if (max == 0 || max >= op->limit)
		return false;
	if (max < op->p->api.page_limit)
		op->p->api.page_limit = max;
	api_op_set_limit(op, max);
	api_op_send(op);
	return true;
}

static void
set_pace(struct api_prefect *p, const struct transport_reply *reply)
{
	bool pushed_back = reply->retries > 0 || reply->status == 429 ||
			   (reply->status >= 502 && reply->status <= 504);

	api_pace_reply(&p->pace, weir_monotonic_us(), pushed_back);
	p->api.parallel = p->pace.parallel;
}

static void
op_reply(void *arg, enum weir_rc rc, const struct transport_reply *reply,
	const struct weir_err *http_err)
{
	struct api_op *op = arg;
	struct weir_err err = { 0 };
	struct transport_reply none = {
		.status = 200, .body = STR("[]"), .is_json = true
	};

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
	if (op->what == API_OP_LIMITS && (rc == WEIR_ENOTFOUND || rc == WEIR_EREFUSED))
		op_ok(op, &none);
	else if (rc)
		op_finish(op, rc, NULL, &err);
	else
		op_ok(op, reply);
}

void
api_op_send(struct api_op *op)
{
	struct api_prefect *p = op->p;
	char token[sizeof(p->token) + 32], client[sizeof(p->client) + 32];
	struct transport_request r = {
		.method = op->method,
		.path = op->path,
		.body = buf_str(&op->body),
		.logs = op->put,
		.n_logs = op->n_put,
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
	p->transport->ops->submit(p->transport, &r);
}

void
api_op_refuse(struct api_op *op, const char *why)
{
	struct weir_err err = { 0 };
	enum weir_rc rc = weir_fail(
		&err, WEIR_EFAIL, "server: %s: %s", weir_kind_plural(op->kind), why);

	op_finish(op, rc, NULL, &err);
}
