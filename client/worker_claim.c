/*
 * A run is taken: Pending is proposed, and it is ours if the server accepts that.
 *
 * A server accepts it of a run that has ended, too. So a poll's answer that comes late,
 * when another worker has done the run already, would have it done twice. Its history
 * is looked at: what was before our Pending must be a state that waits.
 */
#include "api_body.h"
#include "json_out.h"
#include "worker.h"

#define LOG_MODULE "worker"
#include "weir/log.h"

/* Is it still the one that was claimed, or waits for its next try here? */
static bool
is_ours(const json_t *doc)
{
	const char *state = worker_text(doc, "state_type");
	const json_t *policy = json_object_get(doc, "empirical_policy");

	if (strcmp(state, "SCHEDULED") == 0)
		return strcmp(worker_text(policy, "retry_type"), "in_process") == 0;
	return strcmp(state, "PENDING") == 0 || strcmp(state, "RUNNING") == 0;
}

static void
on_run(struct worker_run *r, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	json_t *doc = rc ? NULL : worker_parse(page);

	(void)err;
	if (doc && strcmp(worker_text(doc, "state_type"), "CANCELLING") == 0) {
		r->stop = WORKER_CANCELLED;
		worker_result(r);
	} else if (doc && is_ours(doc)) {
		json_decref(r->doc);
		r->doc = json_incref(doc);
		worker_run_prepare(r);
	} else {
		worker_run_end(r);
	}
	json_decref(doc);
}

/* As Prefect's workers do; servers before 3.1.6 cannot. */
static void
label(struct worker_run *r)
{
	json_t *labels;
	char path[128], *text;

	if (!api_since(r->w->api, 3, 1, 6))
		return;
	labels = json_pack("{s:s, s:s, s:s, s:s}", "prefect.worker.name", r->w->name,
		"prefect.worker.type", r->w->engine ? "process" : "weir",
		"prefect.work-pool.name", r->w->pool, "prefect.work-pool.id",
		r->w->pool_id);
	text = json_out_text(labels);
	snprintf(path, sizeof(path), "/flow_runs/%s/labels", r->id_text);
	worker_tell(r->w, "PATCH", path, text);
	free(text);
	json_decref(labels);
}

static void
taken(struct worker_run *r)
{
	struct weir_err err;

	r->claimed = true;
	if (spool_open(&r->spool, r->dir, &err)) {
		r->spool.fd = -1;
		worker_run_fail(r, &err);
		return;
	}
	LOG(LOG_INFO, "%s: taken, %s", r->id_text, r->name);
	label(r);
	if (r->doc && json_object_get(r->doc, "flow_id")) {
		worker_run_prepare(r);
		return;
	}
	worker_ask_run(r, on_run);
}

/* ---- was it waiting? */

/* The state before the one that we made; NULL: it is not known. */
static const json_t *
state_before(const struct worker_run *r, const json_t *states)
{
	for (size_t i = 1; i < json_array_size(states); i++) {
		const json_t *details =
			json_object_get(json_array_get(states, i), "state_details");

		if (strcmp(worker_text(details, "transition_id"), r->claim_text) == 0)
			return json_array_get(states, i - 1);
	}
	return NULL;
}

static void
on_given_back(struct worker_run *r, const struct act_verdict *v, const json_t *state)
{
	(void)v;
	(void)state;
	worker_run_end(r);
}

static void
on_history(struct worker_run *r, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	json_t *states = rc ? NULL : worker_parse(page);
	const json_t *before = state_before(r, states);
	enum weir_state type;

	(void)err;
	if (before && weir_state_parse(str_of(worker_text(before, "type")), &type) &&
		weir_state_is_terminal(type)) {
		worker_say(r->w, WEIR_WORKER_WARNING,
			"%s: another worker has done it already", r->name);
		worker_propose(r, type, worker_text(before, "name"),
			json_string_value(json_object_get(before, "message")), true,
			on_given_back);
	} else {
		taken(r);
	}
	json_decref(states);
}

static void
ask_history(struct worker_run *r)
{
	char path[128];

	snprintf(path, sizeof(path), "/flow_run_states/?flow_run_id=%s", r->id_text);
	worker_ask(r, "GET", path, "", on_history);
}

static void
on_claim(struct worker_run *r, const struct act_verdict *v, const json_t *state)
{
	(void)state;
	if (!v || !worker_accepted(v, WEIR_ST_PENDING)) {
		/* another worker has it, or there is no slot */
		worker_run_end(r);
		return;
	}
	if (r->w->api->local)
		taken(r); /* the embedded store refuses what has ended */
	else
		ask_history(r);
}

void
worker_claim_resume(struct worker_run *r)
{
	char *work = xasprintf("%s/work", r->dir);

	worker_sweep(r->w, work);
	free(work);
	r->claimed = r->late = true;
	r->adopted = r->reaped = r->left_killed = false;
	r->spool.tasks = true; /* of an earlier try, perhaps */
	worker_ask_run(r, on_run);
}

void
worker_claim(struct worker_run *r)
{
	worker_note(r, WORKER_PHASE_CLAIM);
	weir_id_format(&r->transition, r->claim_text);
	worker_propose(r, WEIR_ST_PENDING, "Pending", NULL, false, on_claim);
}
