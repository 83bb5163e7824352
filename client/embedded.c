#include "embedded.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>

#define LOG_MODULE "embedded"
#include "alive.h"
#include "bell.h"
#include "embedded_check.h"
#include "embedded_priv.h"
#include "pipe.h"
#include "weir/log.h"
#include "weir/mem.h"
#include "weir/store.h"

/* ---- routes */

struct route {
	const char *method;
	const char *path; /* `{}`: one part, handed on */
	embedded_handler *handler;
	enum weir_kind kind;
	bool writes;
	enum embedded_body body;
};

/* clang-format off */
#define R(method, path, handler, kind) \
	{ method, path, embedded_do_##handler, WEIR_##kind, false, BODY_ANY }
#define W(method, path, handler, kind) \
	{ method, path, embedded_do_##handler, WEIR_##kind, true, BODY_ANY }
/* one whose body is checked first */
#define B(method, path, handler, kind, body) \
	{ method, path, embedded_do_##handler, WEIR_##kind, true, BODY_##body }
static const struct route routes[] = {
	R("GET", "/health", yes, RUN), R("GET", "/ready", yes, RUN),
	R("GET", "/hello", yes, RUN), R("GET", "/version", api_version, RUN),
	R("GET", "/admin/version", version, RUN),

	R("POST", "/flow_runs/filter", list, RUN), R("POST", "/flow_runs/count", count, RUN),
	B("POST", "/flow_runs/history", history, RUN, HISTORY),
	B("POST", "/flow_runs/", post_run, RUN, RUN), R("GET", "/flow_runs/{}", get_run, RUN),
	B("PATCH", "/flow_runs/{}", patch_run, RUN, RUN_CHANGE),
	B("PATCH", "/flow_runs/{}/labels", patch_labels, RUN, LABELS),
	W("DELETE", "/flow_runs/{}", delete_run, RUN),
	B("POST", "/flow_runs/{}/set_state", set_state, RUN, STATE),
	W("POST", "/flow_runs/{}/resume", resume, RUN),
	R("GET", "/flow_run_states/", states, RUN),
	R("GET", "/flow_run_states/{}", get_state, RUN),

	R("POST", "/task_runs/filter", list, TASK_RUN),
	R("POST", "/task_runs/count", count, TASK_RUN),
	B("POST", "/task_runs/", post_task, TASK_RUN, TASK),
	R("GET", "/task_runs/{}", get_task, TASK_RUN),
	B("PATCH", "/task_runs/{}", patch_task, TASK_RUN, TASK_CHANGE),
	W("DELETE", "/task_runs/{}", delete_task, TASK_RUN),
	B("POST", "/task_runs/{}/set_state", set_task_state, TASK_RUN, STATE),

	R("POST", "/flows/filter", list, FLOW), R("POST", "/flows/count", count, FLOW),
	B("POST", "/flows/", post_flow, FLOW, FLOW), R("GET", "/flows/name/{}", flow_named, FLOW),
	R("GET", "/flows/{}", get_doc, FLOW), B("PATCH", "/flows/{}", patch_flow, FLOW, FLOW_CHANGE),
	W("DELETE", "/flows/{}", delete_flow, FLOW),

	R("POST", "/deployments/filter", list, DEPLOYMENT),
	R("POST", "/deployments/count", count, DEPLOYMENT),
	B("POST", "/deployments/", post_deployment, DEPLOYMENT, DEPLOYMENT),
	R("GET", "/deployments/name/{}/{}", deployment_named, DEPLOYMENT),
	R("GET", "/deployments/{}", get_doc, DEPLOYMENT),
	B("PATCH", "/deployments/{}", patch_deployment, DEPLOYMENT, DEPLOYMENT_CHANGE),
	W("DELETE", "/deployments/{}", delete_deployment, DEPLOYMENT),
	W("POST", "/deployments/{}/pause_deployment", pause_deployment, DEPLOYMENT),
	W("POST", "/deployments/{}/resume_deployment", resume_deployment, DEPLOYMENT),
	B("POST", "/deployments/{}/create_flow_run", create_run, DEPLOYMENT, RUN_OF_DEPLOYMENT),
	R("GET", "/deployments/{}/schedules", get_schedules, DEPLOYMENT),
	B("POST", "/deployments/{}/schedules", post_schedules, DEPLOYMENT, SCHEDULES),
	B("PATCH", "/deployments/{}/schedules/{}", patch_schedule, DEPLOYMENT, SCHEDULE_CHANGE),
	W("DELETE", "/deployments/{}/schedules/{}", delete_schedule, DEPLOYMENT),

	R("POST", "/work_pools/filter", list, POOL), R("POST", "/work_pools/count", count, POOL),
	B("POST", "/work_pools/", post_pool, POOL, POOL),
	R("GET", "/work_pools/{}", pool_named, POOL),
	B("PATCH", "/work_pools/{}", patch_pool, POOL, POOL_CHANGE),
	W("DELETE", "/work_pools/{}", delete_pool, POOL),
	R("POST", "/work_pools/{}/get_scheduled_flow_runs", scheduled, POOL),
	R("POST", "/work_pools/{}/queues/filter", list_of_pool, QUEUE),
	B("POST", "/work_pools/{}/queues", post_queue, QUEUE, QUEUE),
	R("GET", "/work_pools/{}/queues/{}", queue_named, QUEUE),
	B("PATCH", "/work_pools/{}/queues/{}", patch_queue, QUEUE, QUEUE_CHANGE),
	W("DELETE", "/work_pools/{}/queues/{}", delete_queue, QUEUE),
	R("POST", "/work_pools/{}/workers/filter", list_of_pool, WORKER),
	B("POST", "/work_pools/{}/workers/heartbeat", heartbeat, WORKER, HEARTBEAT),
	W("DELETE", "/work_pools/{}/workers/{}", delete_worker, WORKER),
	R("POST", "/work_queues/filter", list, QUEUE),
	R("GET", "/work_queues/{}", get_doc, QUEUE),

	B("POST", "/logs/", post_logs, RUN, LOGS), R("POST", "/logs/filter", list_logs, RUN),

	R("POST", "/artifacts/filter", list, ARTIFACT),
	R("POST", "/artifacts/count", count, ARTIFACT),
	B("POST", "/artifacts/", post_artifact, ARTIFACT, ARTIFACT),
	R("GET", "/artifacts/{}", get_doc, ARTIFACT),
	W("DELETE", "/artifacts/{}", delete_doc, ARTIFACT),

	R("POST", "/v2/concurrency_limits/filter", list, LIMIT),
	B("POST", "/v2/concurrency_limits/", post_limit, LIMIT, LIMIT),
	R("GET", "/v2/concurrency_limits/{}", limit_named, LIMIT),
	W("DELETE", "/v2/concurrency_limits/{}", delete_limit_named, LIMIT),
	R("POST", "/concurrency_limits/filter", empty, LIMIT),

	R("GET", "/weir/tick", get_tick, RUN), W("POST", "/weir/tick", tick, RUN),

	R("POST", "/automations/filter", empty, RUN),
	R("DELETE", "/automations/owned-by/{}", nothing, RUN),
	R("POST", "/variables/filter", variables, RUN),
	R("GET", "/variables/name/{}", variable, RUN),
	R("GET", "/block_types/slug/{}/block_documents/name/{}", block, RUN),
};
/* clang-format on */

/* %41 and the like, in place. */
static void
decode_percent(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '%' && isxdigit((unsigned char)s[1]) &&
			isxdigit((unsigned char)s[2])) {
			char hex[3] = { s[1], s[2], '\0' };

			*to++ = (char)strtol(hex, NULL, 16);
			s += 2;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* Do they fit, and what stands for each `{}`? */
static bool
fits(const char *pattern, const char *path, char *parts[EMBEDDED_PARTS])
{
	size_t n = 0, i, len;

	while (*pattern) {
		if (strncmp(pattern, "{}", 2) != 0) {
			if (*pattern++ != *path++)
				goto no;
			continue;
		}
		len = strcspn(path, "/?");
		if (len == 0 || n == EMBEDDED_PARTS)
			goto no;
		parts[n] = xstrndup(path, len);
		decode_percent(parts[n++]);
		pattern += 2;
		path += len;
	}
	if (*path == '\0' || *path == '?')
		return true;
no:
	for (i = 0; i < n; i++) {
		free(parts[i]);
		parts[i] = NULL;
	}
	return false;
}

static const struct route *
find_route(const char *method, const char *path, char *parts[EMBEDDED_PARTS],
	bool *ret_known)
{
	*ret_known = false;
	for (size_t i = 0; i < N_ELEM(routes); i++) {
		if (!fits(routes[i].path, path, parts))
			continue;
		if (strcmp(routes[i].method, method) == 0)
			return &routes[i];
		*ret_known = true;
		for (size_t p = 0; p < EMBEDDED_PARTS; p++) {
			free(parts[p]);
			parts[p] = NULL;
		}
	}
	return NULL;
}

/* ---- requests */

struct job {
	char *path;
	char *body;
	size_t body_len;
	const struct route *route; /* NULL: there is none */
	void (*done)(void *arg, enum weir_rc rc, const struct transport_reply *reply,
		const struct weir_err *err);
	void *arg;

	struct embedded_call call;
	enum weir_rc rc;
	struct weir_err err;
};

VEC_TYPE(jobs, struct job *);

struct embedded {
	struct transport transport;
	struct weir_store *store;
	char *path;
	char *conf; /* or NULL */
	struct jobs jobs;
	int wake[2];
	struct bell *bell;   /* of a worker; or NULL */
	struct alive *alive; /* of a worker; or NULL */
};

static struct embedded *
embedded_of(struct transport *t)
{
	return (struct embedded *)(void *)t; /* its first member */
}

static void
job_free(struct job *j)
{
	for (size_t i = 0; i < EMBEDDED_PARTS; i++)
		free(j->call.part[i]);
	json_decref(j->call.body);
	buf_release(&j->call.out);
	free(j->path);
	free(j->body);
	free(j);
}

static void
submit(struct transport *t, const struct transport_request *r)
{
	struct embedded *e = embedded_of(t);
	struct job *j = xcalloc(1, sizeof(*j));
	const char *query = strchr(r->path, '?');
	bool known;

	j->path = xstrdup(r->path);
	j->body = str_copy(r->body);
	j->body_len = r->body.len;
	j->done = r->done;
	j->arg = r->arg;
	j->call.logs = r->logs;
	j->call.n_logs = r->n_logs;
	j->call.query = query ? j->path + (query - r->path) + 1 : "";
	j->call.status = 200;
	buf_init(&j->call.out, BUF_MAX);
	j->route = find_route(r->method, j->path, j->call.part, &known);
	if (!j->route)
		(void)embedded_refuse(&j->call, known ? 405 : 404, "%s",
			known ? "Method Not Allowed" : "Not Found");
	VEC_PUSH(&e->jobs, j);
}

static bool
parse_body(struct job *j)
{
	struct embedded_call *c = &j->call;
	struct buf place = BUF_INIT(EMBEDDED_PLACE_MAX);
	const char *why = "The body is not JSON";

	if (j->body_len == 0)
		c->body = json_null();
	else if (j->body_len <= EMBEDDED_BODY_MAX)
		c->body = json_loadb(
			j->body, j->body_len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (c->body)
		return true;
	if (j->body_len > EMBEDDED_BODY_MAX)
		why = "The body is too large";
	else if (embedded_too_big((struct str){ j->body, j->body_len }, &place))
		why = buf_cstr(&place);
	(void)embedded_refuse(c, 422, "%s", why);
	buf_release(&place);
	return false;
}

static enum weir_rc
answer(struct embedded *e, struct job *j)
{
	struct embedded_call *c = &j->call;

	if (!j->route || !parse_body(j))
		return WEIR_OK;
	c->store = e->store;
	c->db = store_db(e->store);
	c->kind = j->route->kind;
	c->conf = e->conf;
	c->alive = e->alive;
	c->now_us = weir_now_us();
	c->err = &j->err;
	return embedded_check(c, j->route->body) ? j->route->handler(c) : WEIR_OK;
}

/* As it was before it was answered. */
static void
job_reset(struct job *j)
{
	if (!j->route)
		return;
	json_decref(j->call.body);
	j->call.body = NULL;
	buf_clear(&j->call.out);
	j->call.status = 200;
	j->rc = WEIR_OK;
	j->err = (struct weir_err){ 0 };
}

/*
 * These within one transaction, if one of them writes. ret_bad (may be NULL): one could
 * not be answered, and so none is.
 */
static void
answer_some(struct embedded *e, struct job **v, size_t n, bool *ret_bad)
{
	struct weir_err err = { 0 };
	bool writes = false, bad = false;
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < n; i++)
		writes |= v[i]->route && v[i]->route->writes;
	if (writes)
		rc = store_begin(e->store, &err);
	for (size_t i = 0; !rc && i < n; i++) {
		v[i]->rc = answer(e, v[i]);
		if (writes && v[i]->rc) {
			err = v[i]->err;
			rc = v[i]->rc;
			bad = true;
		}
	}
	if (writes && store_db(e->store)->depth)
		rc = store_end(e->store, rc, &err);
	for (size_t i = 0; rc && i < n; i++) {
		v[i]->rc = rc;
		v[i]->err = err;
	}
	if (writes && !rc)
		bell_ring(e->path);
	if (ret_bad)
		*ret_bad = bad;
}

/* All at once; one that cannot be answered must not stand in the way of the others. */
static void
answer_all(struct embedded *e, struct jobs *all)
{
	bool bad;

	answer_some(e, all->v, all->n, &bad);
	for (size_t i = 0; bad && all->n > 1 && i < all->n; i++) {
		job_reset(all->v[i]);
		answer_some(e, &all->v[i], 1, NULL);
	}
}

static void
finish(struct job *j)
{
	struct transport_reply reply = {
		.status = j->call.status,
		.body = buf_str(&j->call.out),
		.date_us = weir_now_us(),
		.is_json = true,
	};

	LOG(LOG_DEBUG, "%s: %ld, %zu bytes", j->path, j->call.status, j->call.out.len);
	if (j->rc)
		j->done(j->arg, j->rc, NULL, &j->err);
	else
		j->done(j->arg, WEIR_OK, &reply, NULL);
	job_free(j);
}

static struct jobs
take_jobs(struct embedded *e)
{
	struct jobs all = e->jobs;

	e->jobs = (struct jobs){ 0 };
	return all;
}

/* For so long; not at all: only who has rung or ended. */
static void
wait_for(struct embedded *e, int timeout_ms)
{
	struct pollfd p[2 + ALIVE_PEERS_MAX] = { { .fd = e->wake[0], .events = POLLIN },
		{ .fd = e->bell ? bell_fd(e->bell) : -1, .events = POLLIN } };
	size_t n = e->alive ? alive_polled(e->alive, p + 2) : 0;

	if (poll(p, (nfds_t)(2 + n), timeout_ms) <= 0)
		return;
	if (p[0].revents)
		pipe_drain(e->wake[0]);
	if (n && alive_heard(e->alive, p + 2, n))
		e->transport.left = true;
	if (p[1].revents) {
		bell_hush(e->bell);
		e->transport.rang = true;
		e->transport.left |= e->alive && alive_look(e->alive);
	}
}

static void
pump(struct transport *t, int timeout_ms)
{
	struct embedded *e = embedded_of(t);
	struct jobs all = take_jobs(e);

	if (all.n == 0) {
		if (timeout_ms >= 0)
			wait_for(e, timeout_ms);
		return;
	}
	if (e->bell)
		wait_for(e, 0);
	answer_all(e, &all);
	for (size_t i = 0; i < all.n; i++)
		finish(all.v[i]);
	VEC_FREE(&all);
}

static void
wake(struct transport *t)
{
	pipe_poke(embedded_of(t)->wake[1]);
}

static void
cancel(struct transport *t)
{
	struct jobs all = take_jobs(embedded_of(t));

	for (size_t i = 0; i < all.n; i++) {
		all.v[i]->rc = weir_fail(&all.v[i]->err, WEIR_EINTR, "interrupted");
		finish(all.v[i]);
	}
	VEC_FREE(&all);
}

static enum weir_rc
serve(struct transport *t, struct weir_err *err)
{
	struct embedded *e = embedded_of(t);
	struct weir_err why;
	enum weir_rc rc = e->alive ? WEIR_OK : alive_hold(e->path, &e->alive, err);

	if (!rc && !e->bell && bell_open(e->path, &e->bell, &why))
		LOG(LOG_WARN, "%s", why.text);
	if (!rc)
		t->left |= alive_look(e->alive);
	t->rings = e->bell != NULL;
	return rc;
}

static size_t
in_flight(const struct transport *t)
{
	return ((const struct embedded *)(const void *)t)->jobs.n;
}

/* Its last word, if it was ever ONLINE. */
static void
take_leave(struct embedded *e)
{
	static const struct weir_id none;
	struct weir_err err;

	alive_say(e->alive, &none);
	if (!embedded_is_unsettled(e->store, e->path))
		return;
	if (embedded_settle_open(e->store, e->path, &err))
		LOG(LOG_WARN, "%s", err.text);
	bell_ring(e->path);
}

static void
shut(struct transport *t)
{
	struct embedded *e = embedded_of(t);

	for (size_t i = 0; i < e->jobs.n; i++)
		job_free(e->jobs.v[i]);
	VEC_FREE(&e->jobs);
	bell_close(e->bell);
	if (e->alive)
		take_leave(e);
	alive_drop(e->alive);
	weir_store_close(e->store);
	pipe_shut(e->wake);
	free(e->path);
	free(e->conf);
	free(e);
}

static const struct transport_ops ops = {
	.name = "embedded",
	.submit = submit,
	.pump = pump,
	.wake = wake,
	.cancel = cancel,
	.in_flight = in_flight,
	.serve = serve,
	.close = shut,
};

enum weir_rc
embedded_open_file(const char *path, const char *platform_params, const char *conf,
	struct transport **ret_transport, struct weir_err *err)
{
	struct embedded *e = xcalloc(1, sizeof(*e));
	enum weir_rc rc = WEIR_OK;

	e->path = xstrdup(path);
	e->conf = conf ? xstrdup(conf) : NULL;
	e->wake[0] = e->wake[1] = -1;
	e->transport = (struct transport){ .ops = &ops,
		.base = WEIR_STORE_EMBEDDED,
		.takes_logs = true,
		.local = true };
	if (!pipe_make(e->wake))
		rc = weir_fail(err, WEIR_EFAIL, "embedded: %s", strerror(errno));
	if (!rc)
		rc = weir_store_open_embedded(
			path, platform_params, WEIR_STORE_WRITE, &e->store, err);
	if (!rc)
		store_own(e->store);
	if (rc)
		shut(&e->transport);
	else
		*ret_transport = &e->transport;
	return rc;
}

enum weir_rc
embedded_open(const struct weir_config *config, struct transport **ret_transport,
	struct weir_err *err)
{
	return embedded_open_file(weir_config_store(config),
		weir_config_str(config, WEIR_KEY_PLATFORM_PARAMS),
		weir_config_file(config), ret_transport, err);
}
