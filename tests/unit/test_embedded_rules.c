/* Which transitions there are: the table of the notes on Prefect's REST API, 2.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "embedded_help.h"
#include "weir/time.h"

#define S(type) "{\"type\":\"" type "\"}"
#define NAMED(type, name) "{\"type\":\"" type "\",\"name\":\"" name "\"}"
#define SUSPENDED "{\"type\":\"PAUSED\",\"state_details\":{\"pause_reschedule\":true}}"
#define RESULT "{\"type\":\"COMPLETED\",\"data\":{\"storage_key\":\"x\"}}"
#define FUTURE                                                                         \
	"{\"type\":\"SCHEDULED\",\"state_details\":{\"scheduled_time\":"               \
	"\"2999-01-01T00:00:00Z\"}}"

enum { DEPLOYED, LOOSE, WITH_PID };

static const struct {
	const char *what;
	int how;
	const char *from[3]; /* forced, one after the other */
	const char *proposed;
	bool force;
	const char *status;
	const char *state, *name; /* afterwards */
	long http;
	const char *reason; /* a part of it; NULL: none */
} rows[] = {
	{ "nothing to cancel", DEPLOYED, { NULL }, S("CANCELLING"), false, "REJECT",
		"CANCELLED", "Cancelled", 201, "no infrastructure" },
	{ "nothing to cancel, forced", DEPLOYED, { NULL }, S("CANCELLING"), true,
		"REJECT", "CANCELLED", "Cancelled", 201, "no infrastructure" },
	{ "late is scheduled too", DEPLOYED, { NAMED("SCHEDULED", "Late") },
		S("CANCELLING"), false, "REJECT", "CANCELLED", "Cancelled", 201,
		"no infrastructure" },
	{ "resuming has none", WITH_PID, { NAMED("SCHEDULED", "Resuming") },
		S("CANCELLING"), false, "REJECT", "CANCELLED", "Cancelled", 201,
		"no infrastructure" },
	{ "suspended has none", DEPLOYED, { S("RUNNING"), SUSPENDED }, S("CANCELLING"),
		false, "REJECT", "CANCELLED", "Cancelled", 201, "Suspended" },
	{ "a retry that waits has a process", WITH_PID,
		{ NAMED("SCHEDULED", "AwaitingRetry") }, S("CANCELLING"), false,
		"ACCEPT", "CANCELLING", "Cancelling", 201, NULL },
	{ "pending", DEPLOYED, { S("PENDING") }, S("CANCELLING"), false, "ACCEPT",
		"CANCELLING", "Cancelling", 201, NULL },
	{ "running", DEPLOYED, { S("RUNNING") }, S("CANCELLING"), false, "ACCEPT",
		"CANCELLING", "Cancelling", 201, NULL },
	{ "paused, not suspended", DEPLOYED, { S("RUNNING"), S("PAUSED") },
		S("CANCELLING"), false, "REJECT", "PAUSED", "Paused", 200,
		"cannot transition to the CANCELLING state" },
	{ "paused to pending", DEPLOYED, { S("RUNNING"), S("PAUSED") }, S("PENDING"),
		false, "REJECT", "PAUSED", "Paused", 200,
		"cannot transition to the PENDING state" },
	{ "cancelling only to cancelled", DEPLOYED, { S("RUNNING"), S("CANCELLING") },
		S("COMPLETED"), false, "REJECT", "CANCELLING", "Cancelling", 200,
		"other than Cancelled" },
	{ "cancelling to cancelled", DEPLOYED, { S("RUNNING"), S("CANCELLING") },
		S("CANCELLED"), false, "ACCEPT", "CANCELLED", "Cancelled", 201, NULL },
	{ "cancelled again", DEPLOYED, { S("CANCELLED") }, S("SCHEDULED"), false,
		"ACCEPT", "SCHEDULED", "Scheduled", 201, NULL },
	{ "failed to running", DEPLOYED, { S("FAILED") }, S("RUNNING"), false, "ACCEPT",
		"RUNNING", "Running", 201, NULL },
	{ "crashed to running", DEPLOYED, { S("CRASHED") }, S("RUNNING"), false,
		"ACCEPT", "RUNNING", "Running", 201, NULL },
	{ "completed to running", DEPLOYED, { S("COMPLETED") }, S("RUNNING"), false,
		"ACCEPT", "RUNNING", "Running", 201, NULL },
	{ "one end to another", DEPLOYED, { S("FAILED") }, S("COMPLETED"), false,
		"ACCEPT", "COMPLETED", "Completed", 201, NULL },
	{ "ended, cancelling", DEPLOYED, { S("FAILED") }, S("CANCELLING"), false,
		"ABORT", "FAILED", "Failed", 200, "already in terminal state FAILED" },
	{ "ended, paused", DEPLOYED, { S("COMPLETED") }, S("PAUSED"), false, "ABORT",
		"COMPLETED", "Completed", 200, "terminal state COMPLETED" },
	{ "ended, crashed", DEPLOYED, { S("CANCELLED") }, S("CRASHED"), false, "ABORT",
		"CANCELLED", "Cancelled", 200, "terminal state CANCELLED" },
	{ "scheduled to cancelled", DEPLOYED, { NULL }, S("CANCELLED"), false, "ACCEPT",
		"CANCELLED", "Cancelled", 201, NULL },
	{ "running to cancelled", DEPLOYED, { S("RUNNING") }, S("CANCELLED"), false,
		"ACCEPT", "CANCELLED", "Cancelled", 201, NULL },
	{ "the claim", DEPLOYED, { NULL }, S("PENDING"), false, "ACCEPT", "PENDING",
		"Pending", 201, NULL },
	{ "claimed already", DEPLOYED, { S("PENDING") }, S("PENDING"), false, "ABORT",
		"PENDING", "Pending", 200, "" },
	{ "runs already", DEPLOYED, { S("RUNNING") }, S("PENDING"), false, "ABORT",
		"RUNNING", "Running", 200, "" },
	{ "is cancelled", DEPLOYED, { S("CANCELLED") }, S("PENDING"), false, "ABORT",
		"CANCELLED", "Cancelled", 200, "" },
	{ "is being cancelled", DEPLOYED, { S("RUNNING"), S("CANCELLING") },
		S("PENDING"), false, "REJECT", "CANCELLING", "Cancelling", 200,
		"other than Cancelled" },
	{ "a named step of pending", DEPLOYED, { S("PENDING") },
		NAMED("PENDING", "Submitting"), false, "ACCEPT", "PENDING",
		"Submitting", 201, NULL },
	{ "again: failed", DEPLOYED, { S("FAILED") }, S("SCHEDULED"), false, "ACCEPT",
		"SCHEDULED", "Scheduled", 201, NULL },
	{ "again: completed without a result", DEPLOYED, { S("COMPLETED") },
		S("SCHEDULED"), false, "ACCEPT", "SCHEDULED", "Scheduled", 201, NULL },
	{ "again: completed with a result", DEPLOYED, { RESULT }, S("SCHEDULED"), false,
		"REJECT", "COMPLETED", "Completed", 200, "already COMPLETED" },
	{ "again: completed with a result, forced", DEPLOYED, { RESULT },
		S("SCHEDULED"), true, "ACCEPT", "SCHEDULED", "Scheduled", 201, NULL },
	{ "a result is not lost", DEPLOYED, { RESULT }, S("COMPLETED"), true, "REJECT",
		"COMPLETED", "Completed", 200, "persisted result" },
	{ "again: no deployment", LOOSE, { S("FAILED") }, S("SCHEDULED"), false,
		"ABORT", "FAILED", "Failed", 200, "without an associated deployment" },
	{ "again: no deployment, forced", LOOSE, { S("FAILED") }, S("SCHEDULED"), true,
		"ACCEPT", "SCHEDULED", "Scheduled", 201, NULL },
	{ "too early", DEPLOYED, { FUTURE }, S("RUNNING"), false, "WAIT", "SCHEDULED",
		"Scheduled", 200, "in the future" },
	{ "too early, forced", DEPLOYED, { FUTURE }, S("RUNNING"), true, "ACCEPT",
		"RUNNING", "Running", 201, NULL },
	{ "not running, pause", DEPLOYED, { NULL }, S("PAUSED"), false, "REJECT",
		"SCHEDULED", "Scheduled", 200, "Cannot pause" },
	{ "pause", DEPLOYED, { S("RUNNING") }, S("PAUSED"), false, "ACCEPT", "PAUSED",
		"Paused", 201, NULL },
	{ "suspend", DEPLOYED, { S("RUNNING") }, SUSPENDED, false, "ACCEPT", "PAUSED",
		"Paused", 201, NULL },
	{ "suspend without deployment", LOOSE, { S("RUNNING") }, SUSPENDED, false,
		"ABORT", "RUNNING", "Running", 200, "without a deployment" },
	{ "running to scheduled", DEPLOYED, { S("RUNNING") }, S("SCHEDULED"), false,
		"ACCEPT", "SCHEDULED", "Scheduled", 201, NULL },
	{ "late", DEPLOYED, { NULL }, NAMED("SCHEDULED", "Late"), false, "ACCEPT",
		"SCHEDULED", "Late", 201, NULL },
	{ "late twice", DEPLOYED, { NAMED("SCHEDULED", "Late") },
		NAMED("SCHEDULED", "Late"), false, "REJECT", "SCHEDULED", "Late", 200,
		"already marked late" },
	{ "completed", DEPLOYED, { S("RUNNING") }, S("COMPLETED"), false, "ACCEPT",
		"COMPLETED", "Completed", 201, NULL },
	{ "resumed", DEPLOYED, { S("RUNNING"), S("PAUSED") }, S("RUNNING"), false,
		"ACCEPT", "RUNNING", "Running", 201, NULL },
};

static char *
make_run(struct emb *e, const char *deployment, int how)
{
	char *run, *body;

	if (how == LOOSE) {
		emb_call(e, "POST", xstrdup("/flows/"), "{\"name\":\"build\"}");
		body = xasprintf("{\"flow_id\":\"%s\"}", emb_text(e->last, "id"));
		emb_call(e, "POST", xstrdup("/flow_runs/"), body);
		free(body);
		return emb_id(e);
	}
	run = emb_run(e, deployment, "{}");
	if (how == WITH_PID)
		emb_call(e, "PATCH", xasprintf("/flow_runs/%s", run),
			"{\"infrastructure_pid\":\"host:1\"}");
	return run;
}

static void
test_rules(void **state)
{
	struct emb e;
	char *deployment;

	(void)state;
	emb_new(&e);
	deployment = emb_deployment(&e, "");
	for (size_t i = 0; i < N_ELEM(rows); i++) {
		char *run = make_run(&e, deployment, rows[i].how);
		const char *status, *reason;
		long http;

		for (size_t k = 0; k < 3 && rows[i].from[k]; k++) {
			emb_state(&e, run, rows[i].from[k], true);
			if (strcmp(emb_text(e.last, "status"), "ACCEPT") != 0)
				fail_msg("%s: step %zu: %s", rows[i].what, k,
					json_dumps(e.last, 0));
		}
		emb_state(&e, run, rows[i].proposed, rows[i].force);
		http = e.status;
		status = emb_text(e.last, "status");
		reason = emb_text(json_object_get(e.last, "details"), "reason");
		if (strcmp(status, rows[i].status) != 0 || http != rows[i].http ||
			(rows[i].reason && !strstr(reason, rows[i].reason)))
			fail_msg("%s: %ld %s", rows[i].what, http,
				json_dumps(e.last, 0));
		emb_get(&e, run);
		if (strcmp(emb_text(e.last, "state_type"), rows[i].state) != 0 ||
			strcmp(emb_text(e.last, "state_name"), rows[i].name) != 0)
			fail_msg("%s: is %s %s", rows[i].what,
				emb_text(e.last, "state_type"),
				emb_text(e.last, "state_name"));
		free(run);
	}
	free(deployment);
	emb_end(&e);
}

/* The same transition twice is one. */
static void
test_transition_id(void **state)
{
	static const char once[] =
		"{\"type\":\"PENDING\",\"state_details\":{\"transition_id\":"
		"\"11111111-2222-4333-8444-555555555555\"}}";
	struct emb e;
	char *deployment, *run;

	(void)state;
	emb_new(&e);
	deployment = emb_deployment(&e, "");
	run = emb_run(&e, deployment, "{}");
	emb_state(&e, run, once, false);
	assert_string_equal(emb_text(e.last, "status"), "ACCEPT");
	emb_state(&e, run, once, false);
	assert_string_equal(emb_text(e.last, "status"), "REJECT");
	assert_int_equal(e.status, 200);
	assert_non_null(strstr(emb_text(json_object_get(e.last, "details"), "reason"),
		"already made this state transition"));
	assert_string_equal(
		emb_text(json_object_get(e.last, "state"), "type"), "PENDING");
	free(run);
	free(deployment);
	emb_end(&e);
}

/* Retries of the policy, and what times and counts come of it. */
static void
test_retry(void **state)
{
	struct emb e;
	char *deployment, *run, *end;
	const json_t *policy;

	(void)state;
	emb_new(&e);
	deployment = emb_deployment(&e, "");
	run = emb_run(&e, deployment,
		"{\"empirical_policy\":{\"retries\":1,\"retry_delay\":0}}");
	emb_state(&e, run, S("PENDING"), false);
	emb_state(&e, run, S("RUNNING"), false);
	emb_state(&e, run, "{\"type\":\"FAILED\",\"message\":\"no\"}", false);
	assert_string_equal(emb_text(e.last, "status"), "REJECT");
	assert_int_equal(e.status, 201);
	emb_get(&e, run);
	assert_string_equal(emb_text(e.last, "state_name"), "AwaitingRetry");
	policy = json_object_get(e.last, "empirical_policy");
	assert_string_equal(emb_text(policy, "retry_type"), "in_process");
	assert_int_equal(json_integer_value(json_object_get(e.last, "run_count")), 1);
	assert_true(json_is_null(json_object_get(e.last, "end_time")));
	assert_true(json_is_string(json_object_get(e.last, "start_time")));
	/* no worker is given what waits in its process */
	emb_call(&e, "POST", xstrdup("/work_pools/farm/get_scheduled_flow_runs"), "{}");
	assert_int_equal(json_array_size(e.last), 0);
	emb_state(&e, run, S("RUNNING"), false);
	emb_state(&e, run, S("FAILED"), false);
	assert_string_equal(emb_text(e.last, "status"), "ACCEPT");
	emb_get(&e, run);
	assert_int_equal(json_integer_value(json_object_get(e.last, "run_count")), 2);
	end = xstrdup(emb_text(e.last, "end_time"));
	assert_true(*end);
	/* one end to another does not move it; leaving the end clears it */
	emb_state(&e, run, S("COMPLETED"), false);
	emb_get(&e, run);
	assert_string_equal(emb_text(e.last, "end_time"), end);
	emb_state(&e, run, S("SCHEDULED"), false);
	emb_get(&e, run);
	assert_true(json_is_null(json_object_get(e.last, "end_time")));
	policy = json_object_get(e.last, "empirical_policy");
	assert_string_equal(emb_text(policy, "retry_type"), "reschedule");
	emb_call(&e, "GET", xasprintf("/flow_run_states/?flow_run_id=%s", run), NULL);
	assert_int_equal(json_array_size(e.last), 8);
	free(end);
	free(run);
	free(deployment);
	emb_end(&e);
}

/* A delay that no clock has is as long as can be. */
static void
test_retry_late(void **state)
{
	struct emb e;
	char *deployment, *run;
	const char *at;
	int64_t at_us;

	(void)state;
	emb_new(&e);
	deployment = emb_deployment(&e, "");
	run = emb_run(&e, deployment,
		"{\"empirical_policy\":{\"retries\":1,\"retry_delay\":1e300}}");
	emb_state(&e, run, S("PENDING"), false);
	emb_state(&e, run, S("RUNNING"), false);
	emb_state(&e, run, S("FAILED"), false);
	emb_get(&e, run);
	at = emb_text(e.last, "next_scheduled_start_time");
	assert_true(weir_time_parse(str_of(at), &at_us));
	assert_true(at_us > weir_now_us() + INT64_C(9) * 365 * 86400 * WEIR_SECOND_US);
	free(run);
	free(deployment);
	emb_end(&e);
}

static void
test_resume(void **state)
{
	struct emb e;
	char *deployment, *run;

	(void)state;
	emb_new(&e);
	deployment = emb_deployment(&e, "");
	run = emb_run(&e, deployment, "{}");
	emb_call(&e, "POST", xasprintf("/flow_runs/%s/resume", run), "{}");
	assert_string_equal(emb_text(e.last, "status"), "ABORT");
	assert_true(json_is_null(json_object_get(e.last, "state")));
	emb_state(&e, run, S("RUNNING"), true);
	emb_state(&e, run, SUSPENDED, false);
	emb_call(&e, "POST", xasprintf("/flow_runs/%s/resume", run), "{}");
	assert_string_equal(emb_text(e.last, "status"), "ACCEPT");
	assert_string_equal(
		emb_text(json_object_get(e.last, "state"), "name"), "Resuming");
	emb_state(&e, run, S("PENDING"), false);
	emb_state(&e, run, S("RUNNING"), false);
	emb_get(&e, run);
	assert_int_equal(json_integer_value(json_object_get(e.last, "run_count")), 1);
	free(run);
	free(deployment);
	emb_end(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_transition_id),
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_retry_late),
		cmocka_unit_test(test_resume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
