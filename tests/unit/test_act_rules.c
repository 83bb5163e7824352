/* What is proposed in which state, and what answers mean; recorded ones where they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <jansson.h>
#include <unistd.h>

#include "act_rules.h"
#include "weir/json.h"

#define RUN "11111111-2222-4333-8444-555555555555"
#define DEPLOYMENT "99999999-2222-4333-8444-555555555555"

static const struct api_version now3 = { 3, 8, 3, "3.8.3" };
static const struct api_version v3_0 = { 3, 0, 4, "3.0.4" };
static const struct api_version v2 = { 2, 20, 25, "2.20.25" };

struct facts {
	const char *type, *name, *pid, *retry, *deployment;
};

static struct act_run
run_of(const struct facts *f)
{
	struct act_run run;
	struct weir_err err;
	char *text = xasprintf(
		"{\"id\":\"" RUN "\",\"name\":\"calm-otter\",\"flow_id\":\"" RUN "\","
		"\"deployment_id\":%s,\"state_type\":\"%s\",\"state_name\":\"%s\","
		"\"state\":{\"type\":\"%s\",\"timestamp\":\"2026-11-21T12:00:00Z\"},"
		"\"work_pool_name\":\"farm\",\"infrastructure_pid\":%s,"
		"\"empirical_policy\":{\"retries\":1,\"retry_type\":%s},"
		"\"tags\":[\"pr-1\",\"auto-scheduled\",\"x\\\"y\"],"
		"\"parameters\":{\"n\":12345678901234567890,\"f\":0.10,\"s\":"
		"\"a\\u00e9\","
		"\"o\":{\"k\":[1,null]}},\"job_variables\":{\"env\":{\"A\":\"1\"}}}",
		f->deployment ? f->deployment : "\"" DEPLOYMENT "\"", f->type, f->name,
		f->type, f->pid ? f->pid : "null", f->retry ? f->retry : "null");

	assert_int_equal(act_run_parse(str_of(text), &run, &err), WEIR_OK);
	free(text);
	return run;
}

static void
plan(const struct facts *f, const struct weir_act *act, const struct api_version *v,
	struct act_plan *ret)
{
	struct act_run run = run_of(f);
	struct weir_id id = weir_id_random();
	int64_t now = 0;

	assert_true(weir_time_parse(STR("2026-11-21T12:04:00Z"), &now));
	act_plan_make(act, &run, v, &id, now, ret);
	act_run_release(&run);
}

/* ---- cancel: specs 2.5, step 1 */

static void
test_cancel_proposals(void **state)
{
	static const struct {
		struct facts f;
		bool force;
		const char *type; /* proposed; NULL: nothing is sent */
		enum weir_rc rc;
	} cases[] = {
		{ { "SCHEDULED", "Scheduled", NULL, NULL, NULL }, false, "CANCELLED",
			0 },
		{ { "SCHEDULED", "Late", NULL, NULL, NULL }, false, "CANCELLED", 0 },
		/* its process sleeps, and would go on */
		{ { "SCHEDULED", "AwaitingRetry", "\"host:7\"", "\"in_process\"",
			  NULL },
			false, "CANCELLING", 0 },
		/* it waits for a new process: nobody would answer CANCELLING */
		{ { "SCHEDULED", "AwaitingRetry", "\"7\"", "\"reschedule\"", NULL },
			false, "CANCELLED", 0 },
		{ { "SCHEDULED", "AwaitingRetry", "\"7\"", NULL, NULL }, false,
			"CANCELLED", 0 },
		{ { "PENDING", "Pending", NULL, NULL, NULL }, false, "CANCELLING", 0 },
		{ { "RUNNING", "Running", "\"7\"", NULL, NULL }, false, "CANCELLING",
			0 },
		/* servers refuse CANCELLING of what is paused */
		{ { "PAUSED", "Paused", "\"7\"", NULL, NULL }, false, "CANCELLED", 0 },
		{ { "PAUSED", "Suspended", NULL, NULL, NULL }, false, "CANCELLED", 0 },
		{ { "CANCELLING", "Cancelling", "\"7\"", NULL, NULL }, false, NULL, 0 },
		{ { "CANCELLING", "Cancelling", "\"7\"", NULL, NULL }, true,
			"CANCELLED", 0 },
		{ { "RUNNING", "Running", "\"7\"", NULL, NULL }, true, "CANCELLED", 0 },
		{ { "CANCELLED", "Cancelled", NULL, NULL, NULL }, false, NULL,
			WEIR_OK },
		{ { "CANCELLED", "Cancelled", NULL, NULL, NULL }, true, NULL, WEIR_OK },
		{ { "COMPLETED", "Skipped", NULL, NULL, NULL }, false, NULL,
			WEIR_EREFUSED },
		{ { "FAILED", "Failed", NULL, NULL, NULL }, true, NULL, WEIR_EREFUSED },
		{ { "CRASHED", "Crashed", NULL, NULL, NULL }, false, NULL,
			WEIR_EREFUSED },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		struct weir_act act = { .kind = WEIR_ACT_CANCEL,
			.force = cases[i].force };
		struct act_plan p;
		json_t *body;

		plan(&cases[i].f, &act, &now3, &p);
		assert_int_equal(p.rc, cases[i].rc);
		if (!cases[i].type) {
			assert_int_equal(p.path.len, 0);
			assert_int_not_equal(strlen(p.said), 0);
			act_plan_release(&p);
			continue;
		}
		assert_string_equal(buf_cstr(&p.path), "/flow_runs/" RUN "/set_state");
		body = json_loads(buf_cstr(&p.body), 0, NULL);
		assert_non_null(body);
		assert_string_equal(json_string_value(json_object_get(
					    json_object_get(body, "state"), "type")),
			cases[i].type);
		assert_int_equal(
			json_is_true(json_object_get(body, "force")), cases[i].force);
		assert_string_equal(
			json_string_value(json_object_get(
				json_object_get(json_object_get(body, "state"),
					"state_details"),
				"transition_id")),
			p.key);
		json_decref(body);
		act_plan_release(&p);
	}
}

static void
test_stuck_cancelling(void **state)
{
	struct facts f = { "CANCELLING", "Cancelling", "\"7\"", NULL, NULL };
	struct weir_act act = { .kind = WEIR_ACT_CANCEL };
	struct act_plan p;

	(void)state;
	plan(&f, &act, &now3, &p);
	assert_non_null(strstr(p.said, "for 4:00; if nobody ends it, the server does"));
	assert_non_null(strstr(p.hint, "--force " RUN));
	act_plan_release(&p);
	plan(&f, &act, &v2, &p);
	assert_non_null(strstr(p.said, "if its worker has gone, nobody ends it"));
	act_plan_release(&p);
}

/* ---- the same run once more */

static void
test_same(void **state)
{
	static const struct {
		struct facts f;
		const char *said; /* NULL: it is sent */
	} cases[] = {
		{ { "FAILED", "Failed", "\"7\"", "\"in_process\"", NULL }, NULL },
		{ { "CRASHED", "Crashed", NULL, NULL, NULL }, NULL },
		{ { "CANCELLED", "Cancelled", NULL, NULL, NULL }, NULL },
		{ { "COMPLETED", "Completed", NULL, NULL, NULL }, NULL },
		{ { "RUNNING", "Running", NULL, NULL, NULL },
			"has not ended (Running)" },
		{ { "SCHEDULED", "Late", NULL, NULL, NULL }, "has not ended (Late)" },
		{ { "PAUSED", "Paused", NULL, NULL, NULL }, "has not ended" },
		{ { "CANCELLING", "Cancelling", NULL, NULL, NULL }, "has not ended" },
		{ { "FAILED", "Failed", NULL, NULL, "null" }, "has no deployment" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		struct weir_act act = { .kind = WEIR_ACT_RETRIGGER, .same = true };
		struct act_plan p;

		plan(&cases[i].f, &act, &now3, &p);
		if (cases[i].said) {
			assert_int_equal(p.rc, WEIR_EREFUSED);
			assert_int_equal(p.path.len, 0);
			assert_non_null(strstr(p.said, cases[i].said));
		} else {
			assert_non_null(strstr(buf_cstr(&p.body), "\"AwaitingRetry\""));
			assert_non_null(
				strstr(buf_cstr(&p.body), "\"scheduled_time\""));
			/* the force trap: never by itself */
			assert_non_null(strstr(buf_cstr(&p.body), "\"force\":false"));
		}
		act_plan_release(&p);
	}
}

/* ---- a new run */

static json_t *
new_run(const struct weir_act *act, const struct api_version *v, char key[128])
{
	struct facts f = { "FAILED", "Failed", NULL, NULL, NULL };
	struct act_plan p;
	json_t *body;

	plan(&f, act, v, &p);
	assert_int_equal(p.rc, WEIR_OK);
	assert_string_equal(
		buf_cstr(&p.path), "/deployments/" DEPLOYMENT "/create_flow_run");
	body = json_loads(buf_cstr(&p.body), JSON_DECODE_INT_AS_REAL, NULL);
	assert_non_null(body);
	/* numbers as they were written */
	if (!act->defaults)
		assert_non_null(strstr(buf_cstr(&p.body), "12345678901234567890"));
	snprintf(key, 128, "%s", p.key);
	act_plan_release(&p);
	return body;
}

static void
test_new(void **state)
{
	struct weir_act act = { .kind = WEIR_ACT_RETRIGGER };
	char key[128], other[128];
	json_t *body = new_run(&act, &now3, key), *again;

	(void)state;
	assert_int_equal(strncmp(key, "weir-retrigger-" RUN "-",
				 strlen("weir-retrigger-" RUN "-")),
		0);
	assert_string_equal(
		json_string_value(json_object_get(body, "idempotency_key")), key);
	/* auto-scheduled is not inherited */
	assert_int_equal(json_array_size(json_object_get(body, "tags")), 2);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(body, "tags"), 1)),
		"x\"y");
	assert_string_equal(
		json_string_value(json_object_get(
			json_object_get(body, "labels"), "weir.retrigger-of")),
		RUN);
	assert_int_equal(json_object_size(json_object_get(body, "parameters")), 4);
	assert_non_null(json_object_get(json_object_get(body, "job_variables"), "env"));
	assert_null(json_object_get(body, "name"));
	/* each wish has a key of its own; an old server knows no labels */
	again = new_run(&act, &v3_0, other);
	assert_string_not_equal(key, other);
	assert_null(json_object_get(again, "labels"));
	json_decref(body);
	json_decref(again);
}

static void
test_new_parameters(void **state)
{
	struct weir_act act = { .kind = WEIR_ACT_RETRIGGER,
		.parameters = "{\"s\":\"new\",\"z\":[1]}" };
	char key[128];
	json_t *body = new_run(&act, &now3, key), *p;

	(void)state;
	p = json_object_get(body, "parameters");
	assert_int_equal(json_object_size(p), 5);
	assert_string_equal(json_string_value(json_object_get(p, "s")), "new");
	assert_int_equal(json_array_size(json_object_get(p, "z")), 1);
	json_decref(body);
	act.defaults = true;
	body = new_run(&act, &now3, key);
	assert_int_equal(json_object_size(json_object_get(body, "parameters")), 2);
	json_decref(body);
	act.parameters = NULL;
	body = new_run(&act, &now3, key);
	assert_int_equal(json_object_size(json_object_get(body, "parameters")), 0);
	json_decref(body);
}

static void
test_new_without_deployment(void **state)
{
	struct facts f = { "FAILED", "Failed", NULL, NULL, "null" };
	struct weir_act act = { .kind = WEIR_ACT_RETRIGGER };
	struct act_plan p;

	(void)state;
	plan(&f, &act, &now3, &p);
	assert_int_equal(p.rc, WEIR_EREFUSED);
	assert_int_equal(p.path.len, 0);
	assert_non_null(strstr(p.said, "has no deployment"));
	act_plan_release(&p);
}

/* ---- answers */

static void
judge(const char *was, bool same, bool force, const struct api_version *version,
	const char *answer, struct weir_act_result *ret)
{
	struct facts f = { was, was, NULL, NULL, NULL };
	struct weir_act act = {
		.kind = same ? WEIR_ACT_RETRIGGER : WEIR_ACT_CANCEL,
		.same = same,
		.force = force,
	};
	struct act_run run = run_of(&f), none = { 0 };
	struct act_verdict v;
	struct weir_err err;

	memset(ret, 0, sizeof(*ret));
	assert_int_equal(act_verdict_parse(str_of(answer), &v, &err), WEIR_OK);
	act_verdict_judge(&act, &run, version, &v, &none, ret);
	act_run_release(&run);
}

#define ANSWER(status, type, name, reason)                                             \
	"{\"state\":{\"type\":\"" type "\",\"name\":\"" name                           \
	"\"},\"status\":\"" status "\",\"details\":{\"type\":\"abort_details\","       \
	"\"reason\":\"" reason "\"}}"

static void
test_cancel_answers(void **state)
{
	struct weir_act_result r;

	(void)state;
	/* success by the state, not by the word */
	judge("SCHEDULED", false, false, &now3,
		ANSWER("REJECT", "CANCELLED", "Cancelled",
			"Scheduled flow run has no infrastructure to terminate."),
		&r);
	assert_int_equal(r.rc, WEIR_OK);
	assert_string_equal(r.said, "cancelled");
	judge("RUNNING", false, false, &now3,
		ANSWER("ACCEPT", "CANCELLING", "Cancelling", ""), &r);
	assert_int_equal(r.rc, WEIR_OK);
	assert_string_equal(r.said, "being cancelled: a worker of pool farm ends it");
	judge("RUNNING", false, false, &v2,
		ANSWER("ACCEPT", "CANCELLING", "Cancelling", ""), &r);
	assert_non_null(strstr(r.said, "if none does, it stays Cancelling"));
	judge("RUNNING", false, true, &now3,
		ANSWER("ACCEPT", "CANCELLED", "Cancelled", ""), &r);
	assert_non_null(strstr(r.said, "its code may still run"));
	judge("RUNNING", false, false, &now3,
		ANSWER("ABORT", "COMPLETED", "Completed",
			"Run is already in terminal state COMPLETED."),
		&r);
	assert_int_equal(r.rc, WEIR_EREFUSED);
	assert_string_equal(r.said, "refused: Run is already in terminal state "
				    "COMPLETED; it is Completed");
}

static void
test_same_answers(void **state)
{
	struct weir_act_result r;

	(void)state;
	judge("FAILED", true, false, &now3,
		ANSWER("ACCEPT", "SCHEDULED", "AwaitingRetry", ""), &r);
	assert_int_equal(r.rc, WEIR_OK);
	assert_string_equal(r.said, "runs once more (AwaitingRetry)");
	judge("COMPLETED", true, false, &now3,
		ANSWER("REJECT", "COMPLETED", "Completed", "Run is already COMPLETED."),
		&r);
	assert_int_equal(r.rc, WEIR_EREFUSED);
	assert_non_null(strstr(r.hint, "weir retrigger " RUN));
	judge("CANCELLED", true, false, &v2,
		ANSWER("REJECT", "CANCELLED", "Cancelled",
			"Cannot transition flows that are cancelling to a state other "
			"than Cancelled."),
		&r);
	assert_int_equal(r.rc, WEIR_EREFUSED);
	/* the answer to a repeat, when it was taken up meanwhile */
	judge("FAILED", true, false, &now3,
		ANSWER("REJECT", "RUNNING", "Running",
			"This run has already made this state transition."),
		&r);
	assert_int_equal(r.rc, WEIR_OK);
	judge("FAILED", true, false, &now3,
		"{\"state\":null,\"status\":\"WAIT\",\"details\":{\"reason\":\"busy\","
		"\"delay_seconds\":30}}",
		&r);
	assert_int_equal(r.rc, WEIR_EREFUSED);
	assert_non_null(strstr(r.said, "not now: busy"));
	assert_non_null(strstr(r.said, "30 s"));
}

static void
test_hostile_answers(void **state)
{
	static const char *const bad[] = { "", "[]", "null", "{}", "{\"status\":3}",
		"{\"status\":\"MAYBE\",\"state\":{\"type\":\"CANCELLED\"}}",
		"{\"status\":\"ACCEPT\"", "<html>" };
	struct weir_act_result r;
	struct act_verdict v;
	struct act_run run;
	struct weir_err err;

	(void)state;
	for (size_t i = 0; i < N_ELEM(bad); i++)
		assert_int_equal(
			act_verdict_parse(str_of(bad[i]), &v, &err), WEIR_EBADDATA);
	assert_int_equal(act_run_parse(STR("{\"id\":7}"), &run, &err), WEIR_EBADDATA);
	assert_int_equal(act_run_parse(STR("[]"), &run, &err), WEIR_EBADDATA);
	judge("RUNNING", false, false, &now3,
		ANSWER("ABORT", "WHATEVER", "\\u001b[31mred\\u0007",
			"\\u001b]0;title\\u0007 no\\nline"),
		&r);
	assert_int_equal(r.rc, WEIR_EREFUSED);
	for (const char *p = r.said; *p; p++)
		assert_true((unsigned char)*p >= 0x20);
}

/* ---- what real servers answered */

static char *
read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;
	ssize_t n;

	if (fd < 0)
		return NULL;
	text = xcalloc(1, 1 << 20);
	n = read(fd, text, (1 << 20) - 1);
	close(fd);
	return n > 0 ? text : (free(text), NULL);
}

static void
test_recorded(void **state)
{
	static const struct {
		const char *name;
		bool same;
		enum weir_rc rc;
		const char *said;
	} files[] = {
		{ "set_state_reject_cancel_scheduled_becomes_cancelled", false, WEIR_OK,
			"cancelled" },
		{ "set_state_abort_cancel_terminal", false, WEIR_OK, "cancelled" },
		{ "set_state_accept_awaiting_retry", true, WEIR_OK, "runs once more" },
		{ "set_state_wait_future", true, WEIR_EREFUSED, "not now: " },
		{ "set_state_abort_duplicate_pending", true, WEIR_EREFUSED,
			"refused: " },
		{ "set_state_accept_running", false, WEIR_EREFUSED, "refused: " },
	};
	static const char *const versions[] = { "3.8.3", "2.20.25" };
	int n = 0;

	for (size_t i = 0; i < N_ELEM(files) * 2; i++) {
		char *path = xasprintf("%s/../shared/data/prefect/recorded/%s.%s.json",
			getenv("ROOT") ? getenv("ROOT") : ".", files[i / 2].name,
			versions[i % 2]);
		char *text = read_file(path), *answer;
		struct weir_act_result r;
		json_t *j;

		free(path);
		if (!text)
			continue;
		j = json_loads(text, 0, NULL);
		assert_non_null(j);
		answer = json_dumps(json_object_get(j, "response"), 0);
		judge("SCHEDULED", files[i / 2].same, false, i % 2 ? &v2 : &now3,
			answer, &r);
		assert_int_equal(r.rc, files[i / 2].rc);
		assert_non_null(strstr(r.said, files[i / 2].said));
		free(answer);
		json_decref(j);
		free(text);
		n++;
	}
	(void)state;
	if (!n)
		skip();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cancel_proposals),
		cmocka_unit_test(test_stuck_cancelling),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_new_parameters),
		cmocka_unit_test(test_new_without_deployment),
		cmocka_unit_test(test_cancel_answers),
		cmocka_unit_test(test_same_answers),
		cmocka_unit_test(test_hostile_answers),
		cmocka_unit_test(test_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
