/*
 * Which transitions of a flow run there are. The rules are asked in the order of
 * Prefect's, each when the transition, as those before it have left it, is one of its:
 * one that puts another state in its place is followed by the rules for that.
 */
#include "embedded_priv.h"
#include "weir/time.h"

#define ST(type) (1u << WEIR_ST_##type)
enum {
	ST_ENDED = ST(COMPLETED) | ST(FAILED) | ST(CANCELLED) | ST(CRASHED),
	ST_LIVE =
		ST(SCHEDULED) | ST(PENDING) | ST(RUNNING) | ST(PAUSED) | ST(CANCELLING),
	ST_ALL = ST_ENDED | ST_LIVE,
	SLOT_WAIT_S = 30,
};

static json_t *
details(const json_t *state)
{
	return json_object_get(state, "state_details");
}

static json_t *
policy(const struct embedded_move *m)
{
	return json_object_get(m->run, "empirical_policy");
}

static bool
is_named(const json_t *state, const char *name)
{
	const char *s = embedded_str(state, "name");

	return s && strcmp(s, name) == 0;
}

static void
end_with(struct embedded_move *m, enum embedded_verdict verdict, const char *reason)
{
	json_decref(m->proposed);
	m->proposed = NULL;
	m->verdict = verdict;
	snprintf(m->reason, sizeof(m->reason), "%s", reason);
}

/* Another state in its place. */
static void
replace(struct embedded_move *m, json_t *state, const char *reason)
{
	json_decref(m->proposed);
	m->proposed = state;
	m->verdict = EMBEDDED_REJECT;
	snprintf(m->reason, sizeof(m->reason), "%s", reason);
}

/* ---- rules */

static enum weir_rc
prevent_duplicate(struct embedded_move *m)
{
	const char *had = embedded_str(details(m->from), "transition_id");
	const char *has = embedded_str(details(m->proposed), "transition_id");

	if (had && has && strcmp(had, has) == 0)
		end_with(m, EMBEDDED_REJECT,
			"This run has already made this state transition.");
	return WEIR_OK;
}

/* A result that is kept somewhere: an object that says where. */
static bool
has_result(const json_t *state)
{
	return json_object_get(json_object_get(state, "data"), "storage_key") != NULL;
}

static enum weir_rc
prevent_result_loss(struct embedded_move *m)
{
	if (embedded_type(m->from) == WEIR_ST_COMPLETED &&
		embedded_type(m->proposed) == WEIR_ST_COMPLETED &&
		has_result(m->from) && !has_result(m->proposed))
		end_with(m, EMBEDDED_REJECT,
			"Cannot overwrite a COMPLETED state that carries persisted "
			"result data with one that does not.");
	return WEIR_OK;
}

static void
reset_policy(struct embedded_move *m, const char *retry_type)
{
	json_t *p = policy(m);

	json_object_set_new(p, "resuming", json_false());
	json_object_set_new(p, "pause_keys", json_array());
	json_object_set_new(
		p, "retry_type", retry_type ? json_string(retry_type) : json_null());
}

static enum weir_rc
leave_ended(struct embedded_move *m)
{
	enum weir_state from = embedded_type(m->from), to = embedded_type(m->proposed);
	char text[80];

	if (to == WEIR_ST_CANCELLING || to == WEIR_ST_PAUSED || to == WEIR_ST_CRASHED) {
		snprintf(text, sizeof(text), "Run is already in terminal state %s.",
			weir_state_type(from));
		end_with(m, EMBEDDED_ABORT, text);
	} else if (from == WEIR_ST_COMPLETED && !weir_state_is_terminal(to) &&
		   has_result(m->from)) {
		end_with(m, EMBEDDED_REJECT, "Run is already COMPLETED.");
	} else if (to == WEIR_ST_SCHEDULED && !embedded_str(m->run, "deployment_id")) {
		end_with(m, EMBEDDED_ABORT,
			"Cannot reschedule a run without an associated deployment.");
	} else if (!weir_state_is_terminal(to)) {
		reset_policy(m, to == WEIR_ST_SCHEDULED ? "reschedule" : NULL);
	}
	return m->proposed ? prevent_result_loss(m) : WEIR_OK;
}

static enum weir_rc
only_cancelled(struct embedded_move *m)
{
	end_with(m, EMBEDDED_REJECT,
		"Cannot transition flows that are cancelling to a state other than "
		"Cancelled.");
	return WEIR_OK;
}

static enum weir_rc
nothing_to_cancel(struct embedded_move *m)
{
	enum weir_state from = embedded_type(m->from);
	const char *pid = embedded_str(m->run, "infrastructure_pid");
	bool suspended =
		json_is_true(json_object_get(details(m->from), "pause_reschedule"));
	json_t *cancelled;

	if (from == WEIR_ST_PAUSED ? !suspended
				   : pid && *pid && !is_named(m->from, "Resuming"))
		return WEIR_OK;
	cancelled = embedded_state(m->c, "CANCELLED", NULL, NULL, WEIR_NO_TIME);
	/* so that the answer to a repeat is the same */
	embedded_take(details(cancelled), details(m->proposed),
		(const char *const[]){ "transition_id", NULL });
	replace(m, cancelled,
		from == WEIR_ST_PAUSED
			? "Suspended flow run has no infrastructure to terminate."
			: "Scheduled flow run has no infrastructure to terminate.");
	return WEIR_OK;
}

/*
 * The claim: one of two that propose PENDING is not accepted. Nor is that of a run that
 * has ended, as it would be by Prefect's servers: the worker that proposes it found it
 * before another took it, and would run it a second time.
 */
static enum weir_rc
one_claim(struct embedded_move *m)
{
	enum weir_state from = embedded_type(m->from);
	const char *was = embedded_str(m->from, "name");
	char text[120];

	if (from == WEIR_ST_PENDING && was && !is_named(m->proposed, was) &&
		!is_named(m->proposed, "Pending")) {
		embedded_default(details(m->proposed), "scheduled_time",
			json_incref(
				json_object_get(details(m->from), "scheduled_time")));
		return WEIR_OK;
	}
	snprintf(text, sizeof(text),
		"This run is in a %s state and cannot transition "
		"to a PENDING state.",
		weir_state_type(from));
	end_with(m, EMBEDDED_ABORT, text);
	return WEIR_OK;
}

static enum weir_rc
secure_slot(struct embedded_move *m)
{
	static const char why[] = "Deployment concurrency limit reached.";
	struct weir_id id;
	json_t *deployment = NULL;
	int64_t limit = 0, busy = 0;
	bool cancel = false, limited;
	enum weir_rc rc;

	if (!embedded_get_id(json_object_get(m->run, "deployment_id"), &id))
		return WEIR_OK;
	rc = embedded_doc(m->c, WEIR_DEPLOYMENT, &id, &deployment);
	if (rc)
		return rc;
	limited = embedded_limit_of(deployment, &limit, &cancel);
	if (!deployment)
		end_with(m, EMBEDDED_ABORT, "Deployment not found.");
	else if (limited && limit == 0)
		end_with(m, EMBEDDED_ABORT,
			"The deployment concurrency limit is 0. The flow will deadlock "
			"if submitted again.");
	else if (limited)
		rc = embedded_busy(m->c, &id, &busy);
	json_decref(deployment);
	if (rc || !m->proposed || !limited || busy < limit)
		return rc;
	if (cancel)
		replace(m, embedded_state(m->c, "CANCELLED", NULL, why, WEIR_NO_TIME),
			why);
	else
		replace(m,
			embedded_state(m->c, "SCHEDULED", "AwaitingConcurrencySlot",
				NULL,
				m->c->now_us + (int64_t)SLOT_WAIT_S * WEIR_SECOND_US),
			why);
	return WEIR_OK;
}

static enum weir_rc
only_scheduled_late(struct embedded_move *m)
{
	if (!is_named(m->proposed, "Late"))
		return WEIR_OK;
	if (embedded_type(m->from) != WEIR_ST_SCHEDULED)
		end_with(
			m, EMBEDDED_REJECT, "Only scheduled flows can be marked late.");
	else if (is_named(m->from, "Late"))
		end_with(m, EMBEDDED_REJECT, "This flow run is already marked late.");
	return WEIR_OK;
}

static bool
array_has(const json_t *array, const char *text)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *s = json_string_value(json_array_get(array, i));

		if (s && strcmp(s, text) == 0)
			return true;
	}
	return false;
}

/* It is not asked for again with the same key. */
static void
remember_pause(struct embedded_move *m)
{
	const char *key = embedded_str(details(m->proposed), "pause_key");
	struct weir_id id = weir_id_random();
	json_t *keys = json_object_get(policy(m), "pause_keys");

	if (!json_is_array(keys)) {
		json_object_set_new(policy(m), "pause_keys", json_array());
		keys = json_object_get(policy(m), "pause_keys");
	}
	json_array_append_new(keys, key ? json_string(key) : embedded_id(&id));
}

static enum weir_rc
pause_run(struct embedded_move *m)
{
	const char *verb = is_named(m->proposed, "Suspended") ? "suspend" : "pause";
	const char *key = embedded_str(details(m->proposed), "pause_key");
	bool leaves =
		json_is_true(json_object_get(details(m->proposed), "pause_reschedule"));
	enum embedded_verdict verdict = EMBEDDED_REJECT;
	char text[120] = "";

	if (embedded_type(m->from) != WEIR_ST_RUNNING) {
		snprintf(text, sizeof(text),
			"Cannot %s flows that are not currently running.", verb);
	} else if (key && array_has(json_object_get(policy(m), "pause_keys"), key)) {
		snprintf(text, sizeof(text), "This %s has already fired.", verb);
	} else if (leaves && embedded_str(m->run, "parent_task_run_id")) {
		verdict = EMBEDDED_ABORT;
		snprintf(text, sizeof(text), "Cannot %s subflows.", verb);
	} else if (leaves && !embedded_str(m->run, "deployment_id")) {
		verdict = EMBEDDED_ABORT;
		snprintf(text, sizeof(text), "Cannot %s flows without a deployment.",
			verb);
	}
	if (text[0])
		end_with(m, verdict, text);
	else
		remember_pause(m);
	return WEIR_OK;
}

static enum weir_rc
leave_paused(struct embedded_move *m)
{
	enum weir_state to = embedded_type(m->proposed);
	int64_t until = embedded_us(json_object_get(details(m->from), "pause_timeout"));
	bool left = json_is_true(json_object_get(details(m->from), "pause_reschedule"));
	char text[160];

	m->resumed = true; /* refused or not, as Prefect's servers */
	if (to != WEIR_ST_RUNNING && to != WEIR_ST_SCHEDULED &&
		!weir_state_is_terminal(to)) {
		snprintf(text, sizeof(text),
			"This run cannot transition to the %s state from the PAUSED "
			"state.",
			weir_state_type(to));
		end_with(m, EMBEDDED_REJECT, text);
	} else if (left && !embedded_str(m->run, "deployment_id")) {
		end_with(m, EMBEDDED_REJECT,
			"Cannot reschedule a paused flow run without a deployment.");
	} else if (until != WEIR_NO_TIME && until < m->c->now_us) {
		replace(m,
			embedded_state(m->c, "FAILED", NULL, EMBEDDED_NEVER_RESUMED,
				WEIR_NO_TIME),
			"The flow run pause has timed out and can no longer resume.");
	}
	return WEIR_OK;
}

static enum weir_rc
copy_time(struct embedded_move *m)
{
	embedded_default(details(m->proposed), "scheduled_time",
		json_incref(json_object_get(details(m->from), "scheduled_time")));
	return WEIR_OK;
}

static enum weir_rc
wait_for_time(struct embedded_move *m)
{
	int64_t at = embedded_us(json_object_get(details(m->from), "scheduled_time"));
	int64_t left_s;

	if (at == WEIR_NO_TIME)
		return WEIR_OK;
	left_s = (at - m->c->now_us + WEIR_SECOND_US / 2) / WEIR_SECOND_US;
	if (left_s <= 0)
		return WEIR_OK;
	end_with(m, EMBEDDED_WAIT, "Scheduled time is in the future");
	m->delay_s = left_s;
	return WEIR_OK;
}

static enum weir_rc
retry(struct embedded_move *m)
{
	json_t *p = policy(m);
	const json_t *retries = json_object_get(p, "retries");
	const char *message = embedded_str(m->proposed, "message");
	int64_t run_count = json_integer_value(json_object_get(m->run, "run_count"));
	const json_t *delay = json_object_get(p, "retry_delay");

	if (!json_is_integer(retries) || run_count > json_integer_value(retries)) {
		json_object_set_new(p, "retry_type", json_null());
		return WEIR_OK;
	}
	reset_policy(m, "in_process");
	replace(m,
		embedded_state(m->c, "SCHEDULED", "AwaitingRetry", message,
			embedded_after(m->c, delay)),
		"Retrying");
	return WEIR_OK;
}

struct rule {
	unsigned from, to; /* masks of states */
	enum weir_rc (*apply)(struct embedded_move *m);
};

/* clang-format off */
static const struct rule rules[] = {
	{ ST_ALL, ST_ALL, prevent_duplicate },
	{ ST_ENDED, ST_ALL, leave_ended },
	{ ST(CANCELLING), ST_ALL & ~ST(CANCELLED), only_cancelled },
	{ ST(SCHEDULED) | ST(PAUSED), ST(CANCELLING), nothing_to_cancel },
	{ ST(PENDING) | ST(CANCELLING) | ST(RUNNING) | ST_ENDED, ST(PENDING), one_claim },
	{ ST_ALL & ~(ST(PENDING) | ST(RUNNING) | ST(CANCELLING)), ST(PENDING), secure_slot },
	{ ST_ALL, ST(SCHEDULED), only_scheduled_late },
	{ ST_ALL, ST(PAUSED), pause_run },
	{ ST(PAUSED), ST_ALL, leave_paused },
	{ ST(SCHEDULED), ST(PENDING), copy_time },
	{ ST(SCHEDULED) | ST(PENDING), ST(RUNNING), wait_for_time },
	{ ST(RUNNING), ST(FAILED), retry },
};
static const struct rule forced[] = {
	{ ST_ENDED, ST_ENDED, prevent_result_loss },
	{ ST(SCHEDULED) | ST(PAUSED), ST(CANCELLING), nothing_to_cancel },
};
/* clang-format on */

enum weir_rc
embedded_rules(struct embedded_move *m, bool force)
{
	const struct rule *of = force ? forced : rules;
	size_t n = force ? N_ELEM(forced) : N_ELEM(rules);
	unsigned from = 1u << embedded_type(m->from);
	enum weir_rc rc = WEIR_OK;

	if (!json_is_object(policy(m)))
		json_object_set_new(m->run, "empirical_policy", json_object());
	for (size_t i = 0; !rc && i < n && m->proposed; i++)
		if ((of[i].from & from) &&
			(of[i].to & 1u << embedded_type(m->proposed)))
			rc = of[i].apply(m);
	return rc;
}
