/* Requests of runs: repeated while the server is away, proposals by their id. */
#include "worker.h"

#include "api_body.h"
#include "weir/time.h"

#define LOG_MODULE "worker"
#include "weir/log.h"

json_t *
worker_parse(const struct api_page *page)
{
	return json_loadb(page->body.s ? page->body.s : "", page->body.len,
		JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

const char *
worker_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

void
worker_ask_release(struct worker_ask *a)
{
	free(a->path);
	free(a->body);
	memset(a, 0, sizeof(*a));
}

/* ---- asking */

/*
 * Is it to be asked again: nobody answered, or who may ask is not known just now? That
 * a secret may not be read is an answer.
 */
static bool
is_away(const struct worker_run *r, enum weir_rc rc)
{
	return rc == WEIR_ENET || rc == WEIR_EINTR || rc == WEIR_EDB ||
	       rc == WEIR_EPENDING || (rc == WEIR_EAUTH && !r->reference);
}

static void send(struct worker_run *r);

/* Nobody answered: once more, later. */
static void
send_later(struct worker_run *r, enum weir_rc rc, const struct weir_err *err)
{
	struct worker *w = r->w;

	if (!w->away && rc != WEIR_EINTR)
		worker_say(w, WEIR_WORKER_WARNING, "%s", err->text);
	w->away = true;
	r->ask.again_us = weir_monotonic_us() + WORKER_AGAIN_US;
	r->ask.looks = r->ask.fails;
	worker_wake_at(w, r->ask.again_us);
}

static void
on_answer(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	struct worker_run *r = arg;
	struct worker *w = r->w;
	struct worker_ask done;

	r->ask.in_flight = false;
	w->flying--;
	worker_wake_at(w, 0);
	if (is_away(r, rc)) {
		send_later(r, rc, err);
		return;
	}
	w->away = false;
	done = r->ask;
	memset(&r->ask, 0, sizeof(r->ask));
	if (done.then)
		done.then(r, rc, page, err);
	worker_ask_release(&done);
}

bool
worker_has_room(const struct worker *w)
{
	size_t most = w->api->parallel > 2 ? w->api->parallel - 1 : 2;

	/* what is asked of the own store at once is one transaction */
	return w->api->local || w->flying + w->posts < most;
}

static bool
is_retry(const json_t *state)
{
	const char *name = json_string_value(json_object_get(state, "name"));

	return name && strcmp(name, "AwaitingRetry") == 0;
}

/*
 * Failed was, or may have been, proposed: where that made a retry the server does not
 * know the proposal again and would take it for the end.
 */
static void
on_looked(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	struct worker_run *r = arg;
	struct act_verdict v = { .status = ACT_REJECT, .state = WEIR_ST_SCHEDULED };
	struct worker_ask done;
	json_t *doc, *state;

	r->ask.in_flight = false;
	r->w->flying--;
	worker_wake_at(r->w, 0);
	if (is_away(r, rc)) {
		send_later(r, rc, err);
		return;
	}
	doc = rc ? NULL : worker_parse(page);
	state = json_object_get(doc, "state");
	r->ask.looks = false;
	if (is_retry(state)) {
		done = r->ask;
		memset(&r->ask, 0, sizeof(r->ask));
		r->verdict_then(r, &v, state);
		worker_ask_release(&done);
	} else {
		send(r);
	}
	json_decref(doc);
}

static void
look(struct worker_run *r)
{
	char path[128];

	snprintf(path, sizeof(path), "/flow_runs/%s", r->id_text);
	r->w->api->ops->raw(r->w->api, "GET", path, STR(""), true, on_looked, r);
}

static void
send(struct worker_run *r)
{
	struct worker_ask *a = &r->ask;

	if (!worker_has_room(r->w)) {
		a->again_us = 1; /* with the next tick that finds room */
		return;
	}
	r->w->flying++;
	a->in_flight = true;
	a->again_us = 0;
	if (a->looks) {
		look(r);
		return;
	}
	r->w->api->ops->raw(
		r->w->api, a->method, a->path, str_of(a->body), true, on_answer, r);
}

static void
prepare(struct worker_run *r, const char *method, const char *path, const char *body,
	worker_then *then)
{
	BUG_ON(r->ask.in_flight);
	worker_ask_release(&r->ask);
	r->ask = (struct worker_ask){
		.method = method,
		.path = xstrdup(path),
		.body = xstrdup(body),
		.then = then,
	};
	r->step = WORKER_ASKS;
}

void
worker_ask(struct worker_run *r, const char *method, const char *path, const char *body,
	worker_then *then)
{
	prepare(r, method, path, body, then);
	send(r);
}

void
worker_ask_run(struct worker_run *r, worker_then *then)
{
	char path[128];

	snprintf(path, sizeof(path), "/flow_runs/%s", r->id_text);
	worker_ask(r, "GET", path, "", then);
}

void
worker_ask_tick(struct worker_run *r, int64_t now_us)
{
	if (r->ask.in_flight || !r->ask.again_us)
		return;
	if (now_us >= r->ask.again_us)
		send(r); /* an answer wakes the loop */
	else
		worker_wake_at(r->w, r->ask.again_us);
}

/* ---- proposing */

bool
worker_accepted(const struct act_verdict *v, enum weir_state type)
{
	if (v->state != type)
		return false;
	/* said once more after a lost answer, it was accepted the first time */
	return v->status == ACT_ACCEPT || strstr(v->reason, "already made this state");
}

static void
on_verdict(struct worker_run *r, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	worker_verdict *then = r->verdict_then;
	struct act_verdict v;
	struct weir_err why;
	json_t *answer;

	if (rc) {
		LOG(LOG_WARN, "%s: %s", r->id_text, err->text);
		then(r, NULL, NULL);
		return;
	}
	if (act_verdict_parse(page->body, &v, &why)) {
		worker_say(r->w, WEIR_WORKER_WARNING, "%s: %s", r->name, why.text);
		then(r, NULL, NULL);
		return;
	}
	answer = worker_parse(page);
	then(r, &v, json_object_get(answer, "state"));
	json_decref(answer);
}

void
worker_propose(struct worker_run *r, enum weir_state type, const char *name,
	const char *message, bool force, worker_verdict *then)
{
	struct buf path = BUF_INIT(256), body = BUF_INIT(16 << 10);
	struct api_state state = {
		.type = type,
		.name = name,
		.message = message,
		.scheduled_us = WEIR_NO_TIME,
		.transition = r->transition,
		.force = force,
	};

	api_body_write_path(API_SET_STATE, &r->id, &path);
	api_body_state(&state, &body);
	r->transition = weir_id_random();
	r->verdict_then = then;
	prepare(r, "POST", buf_cstr(&path), buf_cstr(&body), on_verdict);
	r->ask.fails = type == WEIR_ST_FAILED;
	r->ask.looks = r->ask.fails && r->adopted;
	send(r);
	buf_release(&path);
	buf_release(&body);
}

/* ---- telling */

struct worker_told {
	const char *method;
	char *path, *body;
};

static void
release_told(struct worker_told *t)
{
	free(t->path);
	free(t->body);
	free(t);
}

void
worker_told_release(struct worker *w)
{
	for (size_t i = 0; i < w->told.n; i++)
		release_told(w->told.v[i]);
	VEC_FREE(&w->told);
}

static void
on_told(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	struct worker *w = arg;

	(void)page;
	w->flying--;
	worker_wake_at(w, 0);
	if (rc)
		LOG(LOG_WARN, "%s", err->text);
}

void
worker_tell_tick(struct worker *w)
{
	while (w->told.n && worker_has_room(w)) {
		struct worker_told *t = w->told.v[0];

		memmove(w->told.v, w->told.v + 1, --w->told.n * sizeof(*w->told.v));
		w->flying++;
		w->api->ops->raw(
			w->api, t->method, t->path, str_of(t->body), true, on_told, w);
		release_told(t);
	}
}

void
worker_tell(struct worker *w, const char *method, const char *path, const char *body)
{
	struct worker_told *t = xcalloc(1, sizeof(*t));

	t->method = method;
	t->path = xstrdup(path);
	t->body = xstrdup(body);
	VEC_PUSH(&w->told, t);
	worker_wake_at(w, 0);
}
