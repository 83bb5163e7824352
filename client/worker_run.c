/* A run from the poll until all that its command needs is there. */
#include "worker.h"

#include <errno.h>
#include <unistd.h>

#include "api_body.h"
#include "template.h"
#include "weir/text.h"
#include "weir/time.h"
#include "worker_env.h"

#define LOG_MODULE "worker"
#include "weir/log.h"

static const char variable_prefix[] = "prefect.variables.";
enum { BLOCK_PREFIX = sizeof("prefect.blocks.") - 1 };

static void ask_references(struct worker_run *r);

/* ---- life */

struct worker_run *
worker_run_new(struct worker *w, json_t *doc)
{
	struct worker_run *r = xcalloc(1, sizeof(*r));

	r->w = w;
	r->doc = doc;
	r->lock = -1;
	r->spool.fd = -1;
	r->name = xstrdup(worker_text(doc, "name"));
	r->values = json_object();
	r->outputs = json_object();
	r->transition = weir_id_random();
	if (weir_id_parse(str_of(worker_text(doc, "id")), &r->id)) {
		weir_id_format(&r->id, r->id_text);
		r->dir = xasprintf("%s/%s", w->base, r->id_text);
	}
	if (!weir_time_parse(
		    str_of(worker_text(doc, "next_scheduled_start_time")), &r->due_us))
		r->due_us = 0;
	VEC_PUSH(&w->runs, r);
	return r;
}

void
worker_run_free(struct worker_run *r)
{
	struct worker *w = r->w;
	size_t i = 0;

	while (i < w->runs.n && w->runs.v[i] != r)
		i++;
	if (i < w->runs.n)
		w->runs.v[i] = w->runs.v[--w->runs.n];
	worker_ask_release(&r->ask);
	worker_job_release(&r->job);
	worker_env_free(r->env);
	spool_batch_release(&r->batch);
	spool_close(&r->spool);
	if (r->lock >= 0)
		close(r->lock);
	json_decref(r->doc);
	json_decref(r->deployment);
	json_decref(r->config);
	json_decref(r->pull);
	json_decref(r->values);
	json_decref(r->outputs);
	json_decref(r->open_tasks);
	free(r->name);
	free(r->dir);
	free(r->params_file);
	free(r->cwd);
	free(r->failure);
	free(r);
	/* its end may have made room for another, within limits too */
	if (w->api->rings)
		worker_poll_soon(w);
}

void
worker_run_end(struct worker_run *r)
{
	r->step = WORKER_GONE;
	worker_sweep(r->w, r->dir);
	worker_wake_at(r->w, 0);
}

void
worker_run_fail(struct worker_run *r, const struct weir_err *err)
{
	struct buf b = BUF_INIT(SPOOL_SAID_MAX * 4);

	text_sanitize(&b, str_of(err->text), 0);
	spool_note(&r->spool, 40, weir_now_us(), "%s", buf_cstr(&b));
	free(r->failure);
	r->failure = b.len ? buf_steal(&b) : xstrdup("it cannot be started");
	r->step = WORKER_FLUSHES;
	worker_wake_at(r->w, 0);
}

/* ---- the job */

/* Blocks and variables may be secret: they live here, never in a file or message. */
static void
resolved(struct worker_run *r)
{
	json_t *config = NULL, *pull = NULL;
	struct weir_err err = { 0 };
	enum weir_rc rc = worker_job_resolve(r->config, r->values, &config, &err);

	if (!rc && r->pull)
		rc = worker_job_resolve(r->pull, r->values, &pull, &err);
	if (!rc) {
		json_decref(r->config);
		json_decref(r->pull);
		r->config = config;
		r->pull = pull;
		rc = worker_job_read(r->config, r->w->engine, &r->job, &err);
	}
	if (rc)
		worker_run_fail(r, &err);
	else
		worker_pull_next(r);
}

/* What a block is about that has nothing but a `value`. */
static const json_t *
block_value(const json_t *data, struct str keys)
{
	const json_t *only = json_object_get(data, "value");

	if (json_object_size(data) == 1 && only && !str_starts(keys, "value"))
		data = only;
	return template_member(data, keys);
}

/* `TYPE.NAME.keys`: what comes after the name. */
static struct str
block_keys(const char *reference)
{
	struct str keys = str_of(reference + BLOCK_PREFIX);

	for (int dots = 0; keys.len && dots < 2; keys.s++, keys.len--)
		if (*keys.s == '.' || (*keys.s == '[' && dots == 1))
			dots += *keys.s == '[' ? 2 : 1;
	return keys;
}

static void
on_reference(struct worker_run *r, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	json_t *answer = rc ? NULL : worker_parse(page);
	const json_t *value;
	struct weir_err why;
	char *name = xstrdup(r->reference);

	r->reference = NULL;
	if (str_starts(str_of(name), variable_prefix))
		value = json_object_get(answer, "value");
	else
		value = block_value(json_object_get(answer, "data"), block_keys(name));
	/* null is what is not yet known */
	if (value)
		json_object_set_new(r->values, name,
			json_is_null(value) ? json_string("") : json_deep_copy(value));
	json_decref(answer);
	if (value) {
		ask_references(r);
	} else {
		bool none = !rc || rc == WEIR_ENOTFOUND;

		weir_fail(&why, WEIR_ENOTFOUND, "{{ %.200s }}: %.600s%s", name,
			none ? "there is no such value" : err->text,
			none && r->w->api->local
				? ": without a server it is looked for in [variables] "
				  "of weir.conf, a secret in a file beside it"
				: "");
		worker_run_fail(r, &why);
	}
	free(name);
}

static void
ask_reference(struct worker_run *r, const char *name)
{
	struct buf path = BUF_INIT(4096);
	const char *type = name + BLOCK_PREFIX, *dot;
	char *part;

	r->reference = name;
	if (str_starts(str_of(name), variable_prefix)) {
		buf_adds(&path, "/variables/name/");
		api_body_percent(&path, name + sizeof(variable_prefix) - 1);
	} else {
		dot = type + strcspn(type, ".");
		part = xstrndup(type, (size_t)(dot - type));
		buf_adds(&path, "/block_types/slug/");
		api_body_percent(&path, part);
		free(part);
		dot += *dot == '.';
		part = xstrndup(dot, strcspn(dot, ".["));
		buf_adds(&path, "/block_documents/name/");
		api_body_percent(&path, part);
		free(part);
		buf_adds(&path, "?include_secrets=true");
	}
	worker_ask(r, "GET", buf_cstr(&path), "", on_reference);
	buf_release(&path);
}

/* The next that is not known; none: the job is complete. */
static void
ask_references(struct worker_run *r)
{
	json_t *value;
	const char *name;

	json_object_foreach(r->values, name, value)
	{
		if (json_is_null(value)) {
			ask_reference(r, name);
			return;
		}
	}
	resolved(r);
}

/* ---- deployment */

/* What a template may say of the run: `{{ ctx.flow_run.id }}`. */
static json_t *
with_context(struct worker_run *r, const json_t *variables)
{
	json_t *out = json_is_object(variables)
			      ? json_copy((json_t *)(uintptr_t)variables)
			      : json_object();
	json_t *deployment = r->deployment ? r->deployment : json_null();

	json_object_set_new(out, "ctx",
		json_pack("{s:O, s:O, s:{s:s, s:s}}", "flow_run", r->doc, "deployment",
			deployment, "work_pool", "name", r->w->pool, "type",
			r->w->engine ? "process" : "weir"));
	return out;
}

static void
make_job(struct worker_run *r)
{
	json_t *theirs = json_object_get(r->deployment, "job_variables"), *own, *both;
	struct weir_err err = { 0 };
	enum weir_rc rc;

	if (!theirs)
		theirs = json_object_get(r->deployment, "infra_overrides");
	own = with_context(r, json_object_get(r->doc, "job_variables"));
	rc = worker_job_fill(r->w->template, theirs, own, &r->config, &err);
	json_decref(own);
	if (rc) {
		worker_run_fail(r, &err);
		return;
	}
	own = json_object_get(r->deployment, "pull_steps");
	if (!r->w->engine && json_is_array(own))
		r->pull = json_deep_copy(own);
	both = json_pack("[O, O]", r->config, r->pull ? r->pull : json_null());
	json_decref(r->values);
	r->values = worker_job_references(both);
	json_decref(both);
	ask_references(r);
}

static void
on_gone_set(struct worker_run *r, const struct act_verdict *v, const json_t *state)
{
	(void)v;
	(void)state;
	worker_run_end(r);
}

static void
on_deployment(struct worker_run *r, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	if (rc == WEIR_ENOTFOUND) {
		worker_say(r->w, WEIR_WORKER_WARNING, "%s: its deployment is gone",
			r->name);
		worker_propose(r, WEIR_ST_CANCELLED, "Cancelled",
			"its deployment is gone", true, on_gone_set);
		return;
	}
	if (rc) {
		worker_run_fail(r, err);
		return;
	}
	r->deployment = worker_parse(page);
	make_job(r);
}

void
worker_run_prepare(struct worker_run *r)
{
	const char *id = worker_text(r->doc, "deployment_id");
	char path[128];

	if (!*id) {
		make_job(r);
		return;
	}
	snprintf(path, sizeof(path), "/deployments/%.40s", id);
	worker_ask(r, "GET", path, "", on_deployment);
}

/* ---- the steps */

static void
wait_until_due(struct worker_run *r, int64_t now_us)
{
	int64_t left = r->due_us - api_now_us(r->w->api);

	if (left <= 0)
		worker_claim(r);
	else
		worker_wake_at(r->w, now_us + left);
}

void
worker_run_tick(struct worker_run *r, int64_t now_us)
{
	worker_ask_tick(r, now_us);
	if (r->step == WORKER_DUE)
		wait_until_due(r, now_us);
	if (r->step != WORKER_DUE && r->step != WORKER_GONE)
		worker_start_tick(r, now_us);
	if (r->step == WORKER_GONE && !r->ask.in_flight && !r->posting)
		worker_run_free(r);
}
