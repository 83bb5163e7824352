/* The embedded backend over a store in a folder of its own. */
#ifndef WEIR_TESTS_EMBEDDED_HELP_H
#define WEIR_TESTS_EMBEDDED_HELP_H

#include <jansson.h>

#include "embedded.h"
#include "store_help.h"
#include "weir/mem.h"

struct emb {
	char folder[64], path[96];
	const char *conf; /* weir.conf, or NULL */
	struct transport *t;
	long status;  /* of the last answer */
	json_t *last; /* and what it said; borrowed until the next */
	enum weir_rc rc;
	struct weir_err err;
};

static inline void
emb_done(void *arg, enum weir_rc rc, const struct transport_reply *reply,
	const struct weir_err *err)
{
	struct emb *e = arg;

	e->rc = rc;
	json_decref(e->last);
	e->last = NULL;
	e->status = reply ? reply->status : 0;
	if (reply && reply->body.len)
		e->last = json_loadb(reply->body.s, reply->body.len,
			JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (err)
		e->err = *err;
}

static inline void
emb_open(struct emb *e)
{
	struct weir_err *err = &e->err;

	OK(embedded_open_file(e->path, "platform", e->conf, &e->t, err));
}

static inline void
emb_close(struct emb *e)
{
	json_decref(e->last);
	e->last = NULL;
	if (e->t)
		e->t->ops->close(e->t);
	e->t = NULL;
}

static inline void
emb_new(struct emb *e)
{
	const char *tmp = getenv("TMPDIR");

	memset(e, 0, sizeof(*e));
	snprintf(e->folder, sizeof(e->folder), "%.40s/weirXXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(e->folder))
		fail_msg("no temporary folder");
	snprintf(e->path, sizeof(e->path), "%s/weir/embedded.db", e->folder);
	emb_open(e);
}

static inline void
emb_end(struct emb *e)
{
	emb_close(e);
	help_sh(xasprintf("rm -rf '%s'", e->folder));
}

/* One request, answered. body may be NULL; path is freed. */
static inline json_t *
emb_call(struct emb *e, const char *method, char *path, const char *body)
{
	struct transport_request r = {
		.method = method,
		.path = path,
		.body = str_of(body),
		.done = emb_done,
		.arg = e,
	};

	e->t->ops->submit(e->t, &r);
	e->t->ops->pump(e->t, -1);
	if (e->rc)
		fail_msg("%s %s: %s", method, path, e->err.text);
	free(path);
	return e->last;
}

static inline const char *
emb_text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s ? s : "";
}

/* The id of what was answered; owned. */
static inline char *
emb_id(const struct emb *e)
{
	return xstrdup(emb_text(e->last, "id"));
}

/* A flow `build` with a deployment `d` in the pool `farm`; its id, owned. */
static inline char *
emb_deployment(struct emb *e, const char *more)
{
	char *flow, *body, *id;

	emb_call(e, "POST", xstrdup("/work_pools/"), "{\"name\":\"farm\"}");
	emb_call(e, "POST", xstrdup("/flows/"), "{\"name\":\"build\"}");
	flow = emb_id(e);
	body = xasprintf("{\"flow_id\":\"%s\",\"name\":\"d\",\"work_pool_name\":"
			 "\"farm\",\"enforce_parameter_schema\":false%s%s}",
		flow, *more ? "," : "", more);
	emb_call(e, "POST", xstrdup("/deployments/"), body);
	if (e->status != 201 && e->status != 200)
		fail_msg("%ld %s", e->status, json_dumps(e->last, JSON_ENCODE_ANY));
	id = emb_id(e);
	free(body);
	free(flow);
	return id;
}

/* A run of it; its id, owned. */
static inline char *
emb_run(struct emb *e, const char *deployment, const char *body)
{
	emb_call(e, "POST", xasprintf("/deployments/%s/create_flow_run", deployment),
		body);
	return emb_id(e);
}

static inline json_t *
emb_state(struct emb *e, const char *run, const char *state, bool force)
{
	char *body = xasprintf(
		"{\"state\":%s,\"force\":%s}", state, force ? "true" : "false");

	emb_call(e, "POST", xasprintf("/flow_runs/%s/set_state", run), body);
	free(body);
	return e->last;
}

static inline json_t *
emb_get(struct emb *e, const char *run)
{
	return emb_call(e, "GET", xasprintf("/flow_runs/%s", run), NULL);
}

#endif
