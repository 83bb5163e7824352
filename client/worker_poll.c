/* What a worker asks of its pool: runs that are due, a sign of life, who was cancelled.
 */
#include <errno.h>

#include "api_body.h"
#include "json_out.h"
#include "session.h"
#include "weir/text.h"
#include "weir/time.h"
#include "worker.h"

enum { POOL_BYTES_MAX = 4 << 20 };
static const int64_t watch_every_us = 5000000; /* cancelled by the server within 15 s */
static const int64_t beat_every_us = 30000000;
static const int64_t orphans_every_us = 30000000;
/* of a store that tells what changes: all of it at once, so that an idle worker sleeps
 */
static const int64_t told_every_us = 60000000;
static const int64_t again_us = 10000; /* other workers write a lot: not at each time */
/* A server writes at each poll, and other workers ask it too: not once a run. */
static const int64_t again_server_us = 500000;

static int64_t
every(const struct worker *w, int64_t us)
{
	return w->api->rings ? told_every_us : us;
}

/* ---- the pool */

static void
pool_path(const struct worker *w, const char *more, struct buf *out)
{
	buf_adds(out, "/work_pools/");
	if (w->pool)
		api_body_percent(out, w->pool);
	buf_adds(out, more);
}

/* A pool that was made without one gets the template of its type. */
static void
give_template(struct worker *w)
{
	struct buf path = BUF_INIT(4096);
	char *body = xasprintf("{\"base_job_template\":%s}", worker_job_base());

	json_decref(w->template);
	w->template = json_loads(worker_job_base(), 0, NULL);
	pool_path(w, "", &path);
	if (!w->engine)
		worker_tell(w, "PATCH", buf_cstr(&path), body);
	buf_release(&path);
	free(body);
}

/* What is worth knowing of it. */
static enum weir_rc
take_pool(struct worker *w, json_t *pool, struct weir_err *err)
{
	const char *type = json_string_value(json_object_get(pool, "type"));
	const char *id = json_string_value(json_object_get(pool, "id"));
	json_t *base = json_object_get(pool, "base_job_template");

	if (!type || !id)
		return weir_fail(err, WEIR_EBADDATA,
			"pool '%s': the server's answer is no pool", w->pool);
	if (strcmp(type, "weir") != 0 && strcmp(type, "process") != 0) {
		weir_fail(err, WEIR_EREFUSED,
			"pool '%s': it is of type %.40s; weir's worker serves the "
			"types "
			"weir and process",
			w->pool, type);
		return weir_hint(err, "weir pools create NAME --type weir");
	}
	free(w->pool_id);
	w->pool_id = xstrdup(id);
	w->engine = strcmp(type, "process") == 0;
	json_decref(w->template);
	w->template = json_deep_copy(base);
	if (!json_object_get(base, "job_configuration"))
		give_template(w);
	return WEIR_OK;
}

static enum weir_rc
make_pool(struct worker *w, struct buf *out, struct weir_err *err)
{
	json_t *body = json_pack("{s:s, s:s, s:s, s:o}", "name", w->pool, "type",
		"weir", "description", "Commands, run by weir worker.",
		"base_job_template", json_loads(worker_job_base(), 0, NULL));
	char *text = json_out_text(body);
	enum weir_rc rc = api_raw_wait(
		w->api, "POST", "/work_pools/", str_of(text), true, out, err);

	if (!rc)
		worker_say(w, WEIR_WORKER_INFO, "pool %s: made, of type weir", w->pool);
	free(text);
	json_decref(body);
	return rc;
}

enum weir_rc
worker_poll_pool(struct worker *w, struct weir_err *err)
{
	struct buf path = BUF_INIT(4096), out = BUF_INIT(POOL_BYTES_MAX);
	json_t *pool = NULL;
	enum weir_rc rc;

	pool_path(w, "", &path);
	rc = api_raw_wait(w->api, "GET", buf_cstr(&path), STR(""), true, &out, err);
	if (rc == WEIR_ENOTFOUND) {
		buf_clear(&out);
		rc = make_pool(w, &out, err);
	}
	if (!rc) {
		pool = json_loadb(buf_str(&out).s, out.len, 0, NULL);
		rc = take_pool(w, pool, err);
	}
	json_decref(pool);
	buf_release(&out);
	buf_release(&path);
	return rc;
}

/* ---- answers */

static bool
is_well(struct worker *w, enum weir_rc rc, const struct weir_err *err)
{
	if (!rc) {
		if (w->away)
			worker_say(w, WEIR_WORKER_INFO, "%s answers again",
				w->api->local ? "the embedded store" : "the server");
		w->away = false;
		return true;
	}
	if (!w->away && rc != WEIR_EINTR)
		worker_say(w, WEIR_WORKER_WARNING, "%s", err->text);
	w->away = true;
	return false;
}

/* ---- runs that are due */

static bool
is_known(const struct worker *w, const char *id)
{
	for (size_t i = 0; i < w->runs.n; i++)
		if (strcmp(w->runs.v[i]->id_text, id) == 0)
			return true;
	return false;
}

static bool
take_run(struct worker *w, json_t *doc)
{
	const char *id = json_string_value(json_object_get(doc, "id"));
	struct worker_run *r;

	if (!id || is_known(w, id) || w->runs.n >= w->limit)
		return false;
	r = worker_run_new(w, json_incref(doc));
	if (!r->dir || !worker_note_open(r, true)) {
		if (r->dir && errno != EWOULDBLOCK && !w->full)
			worker_say(w, WEIR_WORKER_WARNING, "%s: not taken: %s: %s",
				r->name, r->dir, strerror(errno));
		w->full = r->dir && errno != EWOULDBLOCK;
		worker_run_free(r);
		return false;
	}
	w->full = false;
	if (!worker_orphan_take(r))
		worker_note(r, WORKER_PHASE_DUE);
	return true;
}

static void
on_due(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	struct worker *w = arg;
	json_t *found;
	size_t taken = 0;

	w->polling = false;
	w->poll_us = weir_monotonic_us() + w->poll_every_us;
	worker_wake_at(w, 0);
	w->err.rc = WEIR_OK;
	if (!is_well(w, rc, err)) {
		w->err = *err;
		return;
	}
	if (w->stopping)
		return;
	found = worker_parse(page);
	for (size_t i = 0; i < json_array_size(found); i++)
		taken += take_run(
			w, json_object_get(json_array_get(found, i), "flow_run"));
	w->idle = json_array_size(found) == 0;
	/* more than there were slots for: again soon after there is one */
	if (taken && json_array_size(found) >= w->limit - (w->runs.n - taken))
		w->poll_us = w->api->rings ? 0 : w->polled_us + again_server_us;
	json_decref(found);
}

void
worker_poll_soon(struct worker *w)
{
	if (w->poll_us > w->polled_us + again_us)
		w->poll_us = w->polled_us + again_us;
}

/* When one is due that is not yet. */
static void
on_next(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	struct worker *w = arg;
	json_t *found = rc ? NULL : worker_parse(page);
	const char *at = json_string_value(
		json_object_get(json_array_get(found, 0), "next_scheduled_start_time"));
	int64_t at_us;

	(void)err;
	if (at && weir_time_parse(str_of(at), &at_us)) {
		at_us += weir_monotonic_us() - api_now_us(w->api);
		if (w->poll_us > at_us)
			w->poll_us = at_us;
		worker_wake_at(w, w->poll_us);
	}
	json_decref(found);
}

/* Nobody rings when time has come. */
static void
poll_next(struct worker *w)
{
	struct buf body = BUF_INIT(8192);
	char now[WEIR_TIME_TEXT];

	buf_addf(&body,
		"{\"limit\":1,\"sort\":\"NEXT_SCHEDULED_START_TIME_ASC\",\"flow_runs\":"
		"{\"state\":{\"type\":{\"any_\":[\"SCHEDULED\"]}},"
		"\"next_scheduled_start_time\":{\"after_\":\"%s\"}},"
		"\"work_pools\":{\"name\":{\"any_\":[",
		weir_time_format(api_now_us(w->api) + 1, now));
	text_json(&body, str_of(w->pool));
	buf_adds(&body, "]}}}");
	w->api->ops->raw(
		w->api, "POST", "/flow_runs/filter", buf_str(&body), true, on_next, w);
	buf_release(&body);
}

static void
poll_due(struct worker *w)
{
	struct buf path = BUF_INIT(4096), body = BUF_INIT(64 << 10);
	/* what is due before the next poll, unless one is told when it is */
	int64_t ahead_us = w->api->rings ? 0 : w->poll_every_us;
	char at[WEIR_TIME_TEXT];

	pool_path(w, "/get_scheduled_flow_runs", &path);
	buf_addf(&body, "{\"limit\":%zu,\"scheduled_before\":\"%s\"",
		w->limit - w->runs.n,
		weir_time_format(api_now_us(w->api) + ahead_us, at));
	for (size_t i = 0; i < w->o->n_queues; i++) {
		buf_adds(&body, i ? "," : ",\"work_queue_names\":[");
		text_json(&body, str_of(w->o->queues[i]));
	}
	buf_adds(&body, w->o->n_queues ? "]}" : "}");
	w->polling = true;
	w->polled_us = weir_monotonic_us();
	w->api->ops->raw(
		w->api, "POST", buf_cstr(&path), buf_str(&body), true, on_due, w);
	if (w->api->rings)
		poll_next(w);
	buf_release(&path);
	buf_release(&body);
}

/* ---- signs of life */

static void
on_pool(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	struct worker *w = arg;
	struct weir_err why;
	json_t *pool;

	w->beating = false;
	if (!is_well(w, rc, err))
		return;
	pool = worker_parse(page);
	if (take_pool(w, pool, &why))
		worker_say(w, WEIR_WORKER_WARNING, "%s", why.text);
	json_decref(pool);
}

static void
on_beat(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	struct worker *w = arg;
	struct buf path = BUF_INIT(4096);

	(void)page;
	if (!is_well(w, rc, err)) {
		w->beating = false;
		return;
	}
	/* its template may have been changed */
	pool_path(w, "", &path);
	w->api->ops->raw(w->api, "GET", buf_cstr(&path), STR(""), true, on_pool, w);
	buf_release(&path);
}

static void
beat(struct worker *w)
{
	struct buf path = BUF_INIT(4096), body = BUF_INIT(4096);

	pool_path(w, "/workers/heartbeat", &path);
	buf_adds(&body, "{\"name\":");
	text_json(&body, str_of(w->name));
	buf_addf(&body, ",\"heartbeat_interval_seconds\":%d}",
		(int)(every(w, beat_every_us) / WEIR_SECOND_US));
	w->beating = true;
	w->api->ops->raw(
		w->api, "POST", buf_cstr(&path), buf_str(&body), true, on_beat, w);
	buf_release(&path);
	buf_release(&body);
}

/* ---- what the server says of our runs */

static const struct weir_run *
find_run(const struct api_page *page, const struct weir_id *id)
{
	for (size_t i = 0; i < page->n; i++)
		if (weir_id_cmp(&page->runs[i].id, id) == 0)
			return &page->runs[i];
	return NULL;
}

/* Has it ended there, whatever becomes of its process? now: NULL if it is gone. */
static bool
is_ended(const struct worker_run *r, const struct weir_run *now)
{
	if (!now)
		return true;
	if (r->w->engine) /* which ends it itself, unless somebody forced it */
		return now->state_type == WEIR_ST_CANCELLED && r->step == WORKER_RUNS;
	return weir_state_is_terminal(now->state_type) && r->step != WORKER_FLUSHES;
}

/* Those that were asked for are the claimed ones; what came since is not judged. */
static void
on_watch(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	struct worker *w = arg;
	bool whole;

	w->watching = false;
	if (!is_well(w, rc, err))
		return;
	whole = page->n < page->limit;
	for (size_t i = 0; i < w->runs.n; i++) {
		struct worker_run *r = w->runs.v[i];
		const struct weir_run *now = find_run(page, &r->id);

		if (!r->watched || r->step == WORKER_ASKS)
			continue;
		if (now && now->state_type == WEIR_ST_CANCELLING)
			worker_stop(r, WORKER_CANCELLED);
		else if ((now || whole) && is_ended(r, now))
			worker_stop(r, WORKER_ENDED);
	}
}

static void
watch(struct worker *w)
{
	struct api_list list = API_LIST_INIT;
	struct weir_id ids[WEIR_WORKER_LIMIT_MAX];

	list.kind = WEIR_RUN;
	list.ids = ids;
	for (size_t i = 0; i < w->runs.n && list.n_ids < N_ELEM(ids); i++) {
		struct worker_run *r = w->runs.v[i];

		r->watched = r->claimed && r->step != WORKER_ASKS;
		if (r->watched)
			ids[list.n_ids++] = r->id;
	}
	if (!list.n_ids)
		return;
	w->watching = true;
	w->api->ops->list(w->api, &list, on_watch, w);
}

/* ---- */

/* Is it time, and if so when next? */
static bool
is_due(struct worker *w, int64_t *at_us, int64_t every_us, int64_t now_us)
{
	if (now_us < *at_us) {
		worker_wake_at(w, *at_us);
		return false;
	}
	*at_us = now_us + every_us;
	worker_wake_at(w, *at_us);
	return true;
}

static void
look_for_orphans(struct worker *w)
{
	worker_orphans(w);
	worker_lost(w);
}

void
worker_poll_tick(struct worker *w, int64_t now_us)
{
	if (!w->beating && is_due(w, &w->beat_us, every(w, beat_every_us), now_us))
		beat(w);
	if (w->runs.n && !w->watching &&
		is_due(w, &w->watch_us, every(w, watch_every_us), now_us))
		watch(w);
	if (!w->stopping &&
		is_due(w, &w->orphans_us, every(w, orphans_every_us), now_us))
		look_for_orphans(w);
	if (!w->stopping && !w->polling && w->runs.n < w->limit &&
		is_due(w, &w->poll_us, w->poll_every_us, now_us))
		poll_due(w);
}
