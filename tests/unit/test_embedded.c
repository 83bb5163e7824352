/* The embedded backend: what is made, found and claimed; kills. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/socket.h>

#include "alive.h"
#include "bell.h"
#include "embedded_help.h"

#define S(type) "{\"type\":\"" type "\"}"

static size_t
n_due(struct emb *e)
{
	emb_call(e, "POST", xstrdup("/work_pools/farm/get_scheduled_flow_runs"),
		"{\"limit\":100}");
	assert_int_equal(e->status, 200);
	return json_array_size(e->last);
}

static void
test_idempotency(void **state)
{
	static const char body[] =
		"{\"idempotency_key\":\"k\",\"parameters\":{\"a\":%d}}";
	struct emb e;
	char *deployment, *first, *again, *other, *text;

	(void)state;
	emb_new(&e);
	deployment = emb_deployment(&e, "\"parameters\":{\"a\":0,\"b\":1}");
	first = emb_run(&e, deployment,
		"{\"idempotency_key\":\"k\",\"parameters\":"
		"{\"a\":1}}");
	assert_int_equal(e.status, 201);
	text = json_dumps(json_object_get(e.last, "parameters"), JSON_SORT_KEYS);
	assert_string_equal(text, "{\"a\": 1, \"b\": 1}");
	free(text);
	again = emb_run(&e, deployment, body);
	assert_int_equal(e.status, 422); /* not JSON: %d */
	free(again);
	again = emb_run(&e, deployment, "{\"idempotency_key\":\"k\"}");
	assert_int_equal(e.status, 200);
	assert_string_equal(first, again);
	emb_call(&e, "POST", xstrdup("/flow_runs/filter"),
		"{\"flow_runs\":{\"idempotency_key\":{\"any_\":[\"k\"]}}}");
	assert_int_equal(json_array_size(e.last), 1);
	/* another flow, the same key */
	emb_call(&e, "POST", xstrdup("/flows/"), "{\"name\":\"other\"}");
	text = xasprintf("{\"flow_id\":\"%s\",\"idempotency_key\":\"k\"}",
		emb_text(e.last, "id"));
	emb_call(&e, "POST", xstrdup("/flow_runs/"), text);
	assert_int_equal(e.status, 201);
	other = emb_id(&e);
	assert_string_not_equal(first, other);
	/* spent until the run is deleted */
	emb_call(&e, "DELETE", xasprintf("/flow_runs/%s", first), NULL);
	assert_int_equal(e.status, 204);
	free(again);
	again = emb_run(&e, deployment, "{\"idempotency_key\":\"k\"}");
	assert_int_equal(e.status, 201);
	assert_string_not_equal(first, again);
	free(text);
	free(first);
	free(again);
	free(other);
	free(deployment);
	emb_end(&e);
}

static void
test_parameters(void **state)
{
	struct emb e;
	char *deployment, *run;

	(void)state;
	emb_new(&e);
	deployment = emb_deployment(&e, "");
	emb_call(&e, "PATCH", xasprintf("/deployments/%s", deployment),
		"{\"enforce_parameter_schema\":true,\"parameter_openapi_schema\":{"
		"\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}},"
		"\"required\":[\"n\"]}}");
	assert_int_equal(e.status, 204);
	run = emb_run(&e, deployment, "{}");
	assert_int_equal(e.status, 409);
	free(run);
	run = emb_run(&e, deployment, "{\"parameters\":{\"n\":\"x\"}}");
	assert_int_equal(e.status, 409);
	free(run);
	run = emb_run(&e, deployment,
		"{\"parameters\":{\"n\":\"x\"},\"enforce_parameter_schema\":false}");
	assert_int_equal(e.status, 201);
	free(run);
	run = emb_run(&e, deployment, "{\"parameters\":{\"n\":3}}");
	assert_int_equal(e.status, 201);
	free(run);
	run = emb_run(&e, "00000000-0000-0000-0000-000000000001", "{}");
	assert_int_equal(e.status, 404);
	free(run);
	free(deployment);
	emb_end(&e);
}

/* Two that have both been told of a run: one has it. */
static void
test_two_claimers(void **state)
{
	struct emb a, b;
	char *deployment, *run;

	(void)state;
	emb_new(&a);
	b = (struct emb){ 0 };
	memcpy(b.path, a.path, sizeof(b.path));
	emb_open(&b);
	deployment = emb_deployment(&a, "");
	run = emb_run(&a, deployment, "{}");
	assert_int_equal(n_due(&a), 1);
	assert_int_equal(n_due(&b), 1);
	emb_state(&b, run, S("PENDING"), false);
	assert_string_equal(emb_text(b.last, "status"), "ACCEPT");
	emb_state(&a, run, S("PENDING"), false);
	assert_string_equal(emb_text(a.last, "status"), "ABORT");
	assert_int_equal(n_due(&a), 0);
	emb_close(&b);
	free(run);
	free(deployment);
	emb_end(&a);
}

enum { CLAIMERS = 4, CLAIMED = 60 };

/* In a process of its own: how many it got. */
static int
claim_all(const char *path)
{
	struct emb e = { 0 };
	int n = 0;

	snprintf(e.path, sizeof(e.path), "%s", path);
	emb_open(&e);
	while (n_due(&e)) {
		json_t *due = json_incref(e.last);

		for (size_t i = 0; i < json_array_size(due); i++) {
			const json_t *r =
				json_object_get(json_array_get(due, i), "flow_run");
			char *id = xstrdup(emb_text(r, "id"));

			emb_state(&e, id, S("PENDING"), false);
			n += strcmp(emb_text(e.last, "status"), "ACCEPT") == 0;
			free(id);
		}
		json_decref(due);
	}
	emb_close(&e);
	return n;
}

static void
test_many_claimers(void **state)
{
	struct emb e;
	char *deployment, *run;
	pid_t pids[CLAIMERS];
	int total = 0, status;

	(void)state;
	emb_new(&e);
	deployment = emb_deployment(&e, "");
	for (int i = 0; i < CLAIMED; i++) {
		run = emb_run(&e, deployment, "{}");
		free(run);
	}
	emb_close(&e);
	for (int i = 0; i < CLAIMERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(claim_all(e.path));
	}
	for (int i = 0; i < CLAIMERS; i++) {
		waitpid(pids[i], &status, 0);
		assert_true(WIFEXITED(status));
		total += WEXITSTATUS(status);
	}
	assert_int_equal(total, CLAIMED);
	emb_open(&e);
	emb_call(&e, "POST", xstrdup("/flow_runs/count"),
		"{\"flow_runs\":{\"state\":{\"type\":{\"any_\":[\"PENDING\"]}}}}");
	assert_int_equal(json_integer_value(e.last), CLAIMED);
	free(deployment);
	emb_end(&e);
}

/* ---- limits */

static void
test_limits(void **state)
{
	struct emb e;
	char *deployment, *runs[4];

	(void)state;
	emb_new(&e);
	deployment = emb_deployment(&e, "");
	for (int i = 0; i < 4; i++)
		runs[i] = emb_run(&e, deployment, "{}");
	assert_int_equal(n_due(&e), 4);
	emb_call(&e, "PATCH", xstrdup("/work_pools/farm"), "{\"concurrency_limit\":3}");
	assert_int_equal(n_due(&e), 3);
	emb_call(&e, "PATCH", xstrdup("/work_pools/farm/queues/default"),
		"{\"concurrency_limit\":2}");
	assert_int_equal(n_due(&e), 2);
	emb_state(&e, runs[0], S("PENDING"), false);
	assert_int_equal(n_due(&e), 1);
	emb_state(&e, runs[0], S("RUNNING"), false);
	emb_state(&e, runs[0], S("COMPLETED"), false);
	assert_int_equal(n_due(&e), 2);
	emb_call(&e, "PATCH", xstrdup("/work_pools/farm/queues/default"),
		"{\"concurrency_limit\":null,\"is_paused\":true}");
	assert_int_equal(n_due(&e), 0);
	emb_call(&e, "PATCH", xstrdup("/work_pools/farm/queues/default"),
		"{\"is_paused\":false}");
	emb_call(&e, "PATCH", xstrdup("/work_pools/farm"), "{\"is_paused\":true}");
	assert_int_equal(n_due(&e), 0);
	for (int i = 0; i < 4; i++)
		free(runs[i]);
	free(deployment);
	emb_end(&e);
}

static void
test_deployment_limit(void **state)
{
	struct emb e;
	char *deployment, *a, *b;

	(void)state;
	emb_new(&e);
	deployment = emb_deployment(&e, "\"concurrency_limit\":1");
	a = emb_run(&e, deployment, "{}");
	b = emb_run(&e, deployment, "{}");
	assert_int_equal(n_due(&e), 1);
	emb_state(&e, a, S("PENDING"), false);
	assert_int_equal(n_due(&e), 0);
	emb_state(&e, b, S("PENDING"), false);
	assert_string_equal(emb_text(e.last, "status"), "REJECT");
	assert_int_equal(e.status, 201);
	assert_string_equal(emb_text(json_object_get(e.last, "state"), "name"),
		"AwaitingConcurrencySlot");
	emb_call(&e, "PATCH", xasprintf("/deployments/%s", deployment),
		"{\"concurrency_options\":{\"collision_strategy\":\"CANCEL_NEW\"}}");
	assert_int_equal(e.status, 204);
	emb_state(&e, b, S("PENDING"), false);
	assert_string_equal(emb_text(e.last, "status"), "REJECT");
	assert_string_equal(
		emb_text(json_object_get(e.last, "state"), "type"), "CANCELLED");
	/* the slot is free when the one that has it ends, however it does */
	emb_state(&e, a, S("CRASHED"), false);
	free(b);
	b = emb_run(&e, deployment, "{}");
	emb_state(&e, b, S("PENDING"), false);
	assert_string_equal(emb_text(e.last, "status"), "ACCEPT");
	free(a);
	free(b);
	free(deployment);
	emb_end(&e);
}

static void
test_priorities(void **state)
{
	struct emb e;
	char *deployment, *low, *high, *later;
	const json_t *first;

	(void)state;
	emb_new(&e);
	deployment = emb_deployment(&e, "");
	low = emb_run(&e, deployment, "{}");
	high = emb_run(&e, deployment, "{\"work_queue_name\":\"now\"}");
	assert_int_equal(e.status, 201);
	later = emb_run(&e, deployment,
		"{\"state\":{\"type\":\"SCHEDULED\",\"state_details\":{"
		"\"scheduled_time\":\"2999-01-01T00:00:00Z\"}}}");
	emb_call(&e, "PATCH", xstrdup("/work_pools/farm/queues/default"),
		"{\"priority\":5}");
	emb_call(&e, "PATCH", xstrdup("/work_pools/farm/queues/now"),
		"{\"priority\":1}");
	emb_call(&e, "POST", xstrdup("/work_pools/farm/get_scheduled_flow_runs"),
		"{\"scheduled_before\":\"2990-01-01T00:00:00Z\"}");
	assert_int_equal(json_array_size(e.last), 2);
	first = json_object_get(json_array_get(e.last, 0), "flow_run");
	assert_string_equal(emb_text(first, "id"), high);
	emb_call(&e, "POST", xstrdup("/work_pools/farm/get_scheduled_flow_runs"),
		"{\"work_queue_names\":[\"default\"]}");
	assert_int_equal(json_array_size(e.last), 2);
	first = json_object_get(json_array_get(e.last, 1), "flow_run");
	assert_string_equal(emb_text(first, "id"), later);
	free(low);
	free(high);
	free(later);
	free(deployment);
	emb_end(&e);
}

/* ---- deployments */

static void
test_deployments(void **state)
{
	struct emb e;
	char *id, *again, *schedule, *body;
	const json_t *all;

	(void)state;
	emb_new(&e);
	id = emb_deployment(&e, "\"schedules\":[{\"schedule\":{\"cron\":\"0 3 * * *\"},"
				"\"slug\":\"nightly\"}],\"tags\":[\"x\"]");
	emb_call(&e, "GET", xstrdup("/deployments/name/build/d"), NULL);
	assert_string_equal(emb_text(e.last, "id"), id);
	assert_string_equal(emb_text(e.last, "work_queue_name"), "default");
	all = json_object_get(e.last, "schedules");
	assert_int_equal(json_array_size(all), 1);
	schedule = xstrdup(emb_text(json_array_get(all, 0), "id"));
	/* a patch with the same slug keeps the schedule's id */
	emb_call(&e, "PATCH", xasprintf("/deployments/%s", id),
		"{\"schedules\":[{\"schedule\":{\"cron\":\"0 4 * * *\"},"
		"\"slug\":\"nightly\"}]}");
	assert_int_equal(e.status, 204);
	emb_call(&e, "GET", xasprintf("/deployments/%s/schedules", id), NULL);
	assert_string_equal(emb_text(json_array_get(e.last, 0), "id"), schedule);
	emb_call(&e, "PATCH", xasprintf("/deployments/%s", id),
		"{\"schedules\":[{\"schedule\":{\"cron\":\"0 4 * * *\"}}]}");
	assert_int_equal(e.status, 422);
	/* a second post is the same deployment */
	again = emb_deployment(&e, "\"description\":\"two\"");
	assert_string_equal(id, again);
	assert_int_equal(e.status, 200);
	assert_int_equal(json_array_size(json_object_get(e.last, "schedules")), 0);
	emb_call(&e, "POST", xasprintf("/deployments/%s/pause_deployment", id), NULL);
	assert_int_equal(e.status, 200);
	emb_call(&e, "GET", xasprintf("/deployments/%s", id), NULL);
	assert_true(json_is_true(json_object_get(e.last, "paused")));
	emb_call(&e, "POST", xstrdup("/flows/"), "{\"name\":\"build\"}");
	assert_int_equal(e.status, 200);
	body = xasprintf(
		"{\"flow_id\":\"%s\",\"name\":\"n\",\"work_pool_name\":\"no\"}",
		emb_text(e.last, "id"));
	emb_call(&e, "POST", xstrdup("/deployments/"), body);
	assert_int_equal(e.status, 404);
	assert_string_equal(emb_text(e.last, "detail"), "Work pool \"no\" not found.");
	/* runs that wait go with it, those that ended stay */
	free(schedule);
	schedule = emb_run(&e, id, "{}");
	emb_state(&e, schedule, S("COMPLETED"), true);
	free(emb_run(&e, id, "{}"));
	emb_call(&e, "DELETE", xasprintf("/deployments/%s", id), NULL);
	assert_int_equal(e.status, 204);
	emb_call(&e, "POST", xstrdup("/flow_runs/count"), "{}");
	assert_int_equal(json_integer_value(e.last), 1);
	emb_get(&e, schedule);
	assert_string_equal(emb_text(e.last, "deployment_id"), id);
	emb_call(&e, "GET", xasprintf("/deployments/%s", id), NULL);
	assert_int_equal(e.status, 404);
	free(body);
	free(schedule);
	free(again);
	free(id);
	emb_end(&e);
}

/* ---- child runs, task runs, logs */

static void
test_children(void **state)
{
	struct emb e;
	char *deployment, *parent, *task, *child, *body, *body2, *other;

	(void)state;
	emb_new(&e);
	deployment = emb_deployment(&e, "");
	parent = emb_run(&e, deployment, "{}");
	emb_state(&e, parent, S("RUNNING"), true);
	body = xasprintf("{\"flow_run_id\":\"%s\",\"task_key\":\"t\",\"dynamic_key\":"
			 "\"0\",\"name\":\"compile\"}",
		parent);
	emb_call(&e, "POST", xstrdup("/task_runs/"), body);
	assert_int_equal(e.status, 201);
	task = emb_id(&e);
	emb_call(&e, "POST", xstrdup("/task_runs/"), body);
	assert_int_equal(e.status, 200);
	assert_string_equal(emb_text(e.last, "id"), task);
	free(body);
	body = xasprintf("{\"parent_task_run_id\":\"%s\"}", task);
	body2 = xstrdup(body);
	child = emb_run(&e, deployment, body);
	emb_state(&e, child, S("RUNNING"), true);
	emb_state(&e, child, S("FAILED"), true);
	emb_call(&e, "GET", xasprintf("/task_runs/%s", task), NULL);
	assert_string_equal(emb_text(e.last, "state_type"), "FAILED");
	assert_string_equal(emb_text(json_object_get(json_object_get(e.last, "state"),
					     "state_details"),
				    "child_flow_run_id"),
		child);
	free(body);
	body = xasprintf(
		"{\"flow_runs\":{\"parent_flow_run_id\":{\"any_\":[\"%s\"]}}}", parent);
	emb_call(&e, "POST", xstrdup("/flow_runs/filter"), body);
	assert_int_equal(json_array_size(e.last), 1);
	emb_call(&e, "POST", xasprintf("/task_runs/%s/set_state", task),
		"{\"state\":{\"type\":\"RUNNING\"}}");
	assert_string_equal(emb_text(e.last, "status"), "ACCEPT");
	/* those that live end with it: at once, or by who runs them */
	free(child);
	child = emb_run(&e, deployment, body2);
	other = emb_run(&e, deployment, body2);
	emb_state(&e, other, S("RUNNING"), true);
	emb_state(&e, parent, S("CANCELLED"), false);
	emb_get(&e, child);
	assert_string_equal(emb_text(e.last, "state_type"), "CANCELLED");
	emb_get(&e, other);
	assert_string_equal(emb_text(e.last, "state_type"), "CANCELLING");
	/* without their parent they are runs of their own */
	emb_call(&e, "DELETE", xasprintf("/flow_runs/%s", parent), NULL);
	emb_get(&e, child);
	assert_true(json_is_null(json_object_get(e.last, "parent_task_run_id")));
	free(body);
	free(body2);
	free(other);
	free(child);
	free(task);
	free(parent);
	free(deployment);
	emb_end(&e);
}

static void
test_logs(void **state)
{
	static const char line[] =
		"{\"name\":\"l\",\"level\":%d,\"message\":\"m%d\",\"timestamp\":"
		"\"2026-01-01T00:00:0%dZ\",\"flow_run_id\":\"%s\"}";
	struct emb e;
	struct weir_log rows[2] = { { .level = 40,
					    .name = STR("l"),
					    .message = STR("a\0b"),
					    .timestamp_us = 1767225609000000 },
		{ .level = 20,
			.name = STR("l"),
			.message = STR("last"),
			.timestamp_us = 1767225609000001 } };
	struct transport_request r = { .method = "POST",
		.path = "/logs/",
		.logs = rows,
		.n_logs = 2,
		.done = emb_done,
		.arg = &e };
	char *deployment, *run, *body, *a, *b;

	(void)state;
	emb_new(&e);
	deployment = emb_deployment(&e, "");
	run = emb_run(&e, deployment, "{}");
	a = xasprintf(line, 20, 1, 1, run);
	b = xasprintf(line, 30, 2, 2, run);
	body = xasprintf("[%s,%s]", b, a);
	emb_call(&e, "POST", xstrdup("/logs/"), body);
	assert_int_equal(e.status, 201);
	assert_true(weir_id_parse(str_of(run), &rows[0].flow_run_id));
	rows[1].flow_run_id = rows[0].flow_run_id;
	e.t->ops->submit(e.t, &r);
	e.t->ops->pump(e.t, -1);
	assert_int_equal(e.status, 201);
	free(body);
	body = xasprintf("{\"logs\":{\"flow_run_id\":{\"any_\":[\"%s\"]}}}", run);
	emb_call(&e, "POST", xstrdup("/logs/filter"), body);
	assert_int_equal(json_array_size(e.last), 4);
	assert_string_equal(emb_text(json_array_get(e.last, 0), "message"), "m1");
	assert_string_equal(emb_text(json_array_get(e.last, 3), "message"), "last");
	free(body);
	body = xasprintf("{\"logs\":{\"flow_run_id\":{\"any_\":[\"%s\"]},\"level\":"
			 "{\"ge_\":30}},\"sort\":\"TIMESTAMP_DESC\",\"limit\":1}",
		run);
	emb_call(&e, "POST", xstrdup("/logs/filter"), body);
	assert_int_equal(json_array_size(e.last), 1);
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(e.last, 0), "level")),
		40);
	free(body);
	free(a);
	free(b);
	free(run);
	free(deployment);
	emb_end(&e);
}

/* ---- lists */

#define ID "\"00000000-0000-0000-0000-000000000001\""
#define T "\"2026-01-01T00:00:00Z\""
static const struct {
	const char *path, *body;
	long status;
} lists[] = {
	{ "/flow_runs/filter",
		"{\"flow_runs\":{\"operator\":\"or_\",\"id\":{\"any_\":[" ID
		"],\"not_any_\":[]},\"name\":{\"any_\":[\"x\"],\"like_\":\"y\"},"
		"\"tags\":{\"all_\":[\"a\",\"b\"],\"any_\":[\"c\"],\"is_null_\":true},"
		"\"state\":{\"type\":{\"any_\":[\"FAILED\"]},\"name\":{\"any_\":["
		"\"Late\"],"
		"\"not_any_\":[]}},\"deployment_id\":{\"any_\":[" ID
		"],\"is_null_\":false},\"work_queue_name\":{\"any_\":[\"q\"]},"
		"\"flow_version\":{\"any_\":[\"1\"]},\"start_time\":{\"before_\":" T
		",\"after_\":" T ",\"is_null_\":true},\"end_time\":{\"before_\":" T
		"},\"expected_start_time\":{\"after_\":" T
		"},\"next_scheduled_start_time\":{\"before_\":" T
		"},\"parent_flow_run_id\":{\"any_\":[" ID
		"]},\"parent_task_run_id\":{\"any_\":[" ID
		"],\"is_null_\":true},\"idempotency_key\":{\"any_\":[\"k\"],\"not_any_"
		"\":"
		"[\"l\"]}},\"flows\":{\"name\":{\"like_\":\"b\"},\"id\":{\"any_\":[" ID
		"]}},\"deployments\":{\"name\":{\"any_\":[\"d\"]}},\"work_pools\":{"
		"\"name\":"
		"{\"any_\":[\"p\"]}},\"sort\":\"START_TIME_DESC\",\"limit\":5,"
		"\"offset\":1}",
		200 },
	{ "/flow_runs/filter", "{\"limit\":201}", 422 },
	{ "/flow_runs/filter", "{\"sort\":\"NO\"}", 422 },
	{ "/flow_runs/filter", "{\"flow_runs\":{\"bogus\":{\"any_\":[]}}}", 422 },
	{ "/flow_runs/filter", "{\"flow_runs\":{\"id\":{\"any_\":[\"x\"]}}}", 422 },
	{ "/flow_runs/filter", "{\"flow_runs\":{\"id\":{\"any_\":\"x\"}}}", 422 },
	{ "/flow_runs/filter", "not JSON", 422 },
	{ "/task_runs/filter",
		"{\"task_runs\":{\"id\":{\"any_\":[" ID
		"]},\"name\":{\"like_\":\"x\"},\"tags\":{\"all_\":[\"a\"]},\"state\":"
		"{\"type\":{\"any_\":[\"FAILED\"]},\"name\":{\"any_\":[\"x\"]}},"
		"\"flow_run_id\":{\"any_\":[" ID
		"],\"is_null_\":false},\"start_time\":{\"before_\":" T
		"},\"end_time\":{\"after_\":" T
		"},\"expected_start_time\":{\"before_\":" T
		"},\"subflow_runs\":{\"exists_\":true}},\"flow_runs\":{\"id\":{\"any_"
		"\":[" ID "]}}}",
		200 },
	{ "/flows/filter",
		"{\"flows\":{\"id\":{\"any_\":[" ID
		"]},\"name\":{\"any_\":[\"x\"],\"like_\":\"b\"},\"tags\":{\"is_null_\":"
		"true},"
		"\"deployment\":{\"is_null_\":true}},\"deployments\":{\"id\":{\"any_\":"
		"[" ID "]}},\"sort\":\"UPDATED_DESC\"}",
		200 },
	{ "/deployments/filter",
		"{\"deployments\":{\"paused\":{\"eq_\":false},\"work_queue_name\":{"
		"\"any_\":"
		"[\"q\"]},\"flow_or_deployment_name\":{\"like_\":\"b/d\"},\"tags\":"
		"{\"any_\":[\"x\"]}},\"flows\":{\"id\":{\"any_\":[" ID
		"]},\"name\":{\"any_\":[\"x\"]}},\"work_pools\":{\"name\":{\"any_\":["
		"\"p\"]}}}",
		200 },
	{ "/work_pools/filter",
		"{\"work_pools\":{\"name\":{\"any_\":[\"x\"]},\"type\":{\"any_\":["
		"\"weir\"]}}}",
		200 },
	{ "/work_queues/filter", "{\"work_queues\":{\"name\":{\"any_\":[\"x\"]}}}",
		200 },
	{ "/work_pools/farm/queues/filter", "{}", 200 },
	{ "/work_pools/farm/workers/filter",
		"{\"workers\":{\"status\":{\"any_\":[\"ONLINE\"],\"not_any_\":[]},"
		"\"last_heartbeat_time\":{\"after_\":" T "}}}",
		200 },
	{ "/work_pools/none/workers/filter", "{}", 404 },
	{ "/artifacts/filter",
		"{\"artifacts\":{\"key\":{\"any_\":[\"k\"],\"like_\":\"k\",\"exists_\":"
		"true},"
		"\"flow_run_id\":{\"any_\":[" ID "]},\"task_run_id\":{\"any_\":[" ID
		"]},\"type\":{\"any_\":[\"markdown\"],\"not_any_\":[\"x\"]}}}",
		200 },
	{ "/v2/concurrency_limits/filter", "{\"limit\":10}", 200 },
	{ "/concurrency_limits/filter", "{}", 200 },
	{ "/flow_runs/count",
		"{\"flow_runs\":{\"state\":{\"type\":{\"not_any_\":"
		"[\"FAILED\"]}}}}",
		200 },
	{ "/deployments/count", "{}", 200 },
	{ "/flow_runs/history",
		"{\"history_start\":" T ",\"history_end\":\"2026-01-02T00:00:00Z\","
		"\"history_interval_seconds\":3600}",
		200 },
	{ "/flow_runs/history",
		"{\"history_start\":" T ",\"history_end\":\"2026-01-02T00:00:00Z\","
		"\"history_interval_seconds\":1}",
		200 }, /* the first 500 */
	{ "/flow_runs/history",
		"{\"history_start\":" T ",\"history_end\":\"2025-01-02T00:00:00Z\","
		"\"history_interval_seconds\":1}",
		422 },
	{ "/flow_runs/filter", "{\"limit\":\"x\"}", 422 },
	{ "/flow_runs/filter", "{\"task_runs\":{\"id\":{\"any_\":[]}}}", 422 },
	{ "/no/such/path", "{}", 404 },
	{ "/flow_runs/"
	  "00000000-0000-0000-0000-000000000001",
		"{}", 405 },
};

static void
test_lists(void **state)
{
	struct emb e;
	char *id;

	(void)state;
	emb_new(&e);
	id = emb_deployment(&e, "\"tags\":[\"x\"]");
	for (size_t i = 0; i < N_ELEM(lists); i++) {
		emb_call(&e, "POST", xstrdup(lists[i].path), lists[i].body);
		if (e.status != lists[i].status)
			fail_msg("%s %s: %ld %s", lists[i].path, lists[i].body,
				e.status, json_dumps(e.last, JSON_ENCODE_ANY));
	}
	emb_call(&e, "POST", xstrdup("/deployments/filter"),
		"{\"deployments\":{\"tags\":{\"all_\":[\"x\"]},\"name\":{\"like_\":"
		"\"D\"}}}");
	assert_int_equal(json_array_size(e.last), 1);
	emb_call(&e, "POST", xstrdup("/deployments/filter"),
		"{\"deployments\":{\"tags\":{\"all_\":[\"x\",\"y\"]}}}");
	assert_int_equal(json_array_size(e.last), 0);
	emb_call(&e, "POST", xstrdup("/deployments/filter"),
		"{\"deployments\":{\"id\":{\"any_\":[]}}}");
	assert_int_equal(json_array_size(e.last), 0);
	free(id);
	emb_end(&e);
}

/* ---- workers */

static void
test_workers(void **state)
{
	struct emb e;
	char *id;

	(void)state;
	emb_new(&e);
	id = emb_deployment(&e, "");
	emb_call(&e, "POST", xstrdup("/work_pools/none/workers/heartbeat"),
		"{\"name\":\"w\"}");
	assert_int_equal(e.status, 404);
	emb_call(&e, "POST", xstrdup("/work_pools/farm/workers/heartbeat"),
		"{\"name\":\"w 1\",\"heartbeat_interval_seconds\":30}");
	assert_int_equal(e.status, 204);
	emb_call(&e, "GET", xstrdup("/work_pools/farm"), NULL);
	assert_string_equal(emb_text(e.last, "status"), "READY");
	emb_call(&e, "DELETE", xstrdup("/work_pools/farm/workers/w%201"), NULL);
	assert_int_equal(e.status, 204);
	emb_call(&e, "GET", xstrdup("/work_pools/farm"), NULL);
	assert_string_equal(emb_text(e.last, "status"), "NOT_READY");
	emb_call(&e, "POST", xstrdup("/work_pools/"), "{\"name\":\"farm\"}");
	assert_int_equal(e.status, 409);
	emb_call(&e, "POST", xstrdup("/work_pools/"),
		"{\"name\":\"p\",\"type\":\"process\"}");
	assert_int_equal(e.status, 422);
	emb_call(&e, "DELETE", xstrdup("/work_pools/farm/queues/default"), NULL);
	assert_int_equal(e.status, 409);
	free(id);
	emb_end(&e);
}

/* What it said last is put right when it holds no lock any more. */
static void
test_dead_worker(void **state)
{
	struct emb e;
	struct alive *alive = NULL;
	struct weir_err *err = &e.err;
	char *id;

	(void)state;
	emb_new(&e);
	id = emb_deployment(&e, "");
	OK(alive_hold(e.path, &alive, err));
	assert_int_equal(alive_any(e.path), getpid());
	emb_call(&e, "POST", xstrdup("/work_pools/farm/workers/heartbeat"),
		"{\"name\":\"w\"}");
	OK(embedded_settle(e.path, "platform", err));
	emb_call(&e, "POST", xstrdup("/work_pools/farm/workers/filter"), "{}");
	assert_string_equal(emb_text(json_array_get(e.last, 0), "status"), "ONLINE");
	alive_drop(alive);
	assert_int_equal(alive_any(e.path), 0);
	OK(embedded_settle(e.path, "platform", err));
	emb_call(&e, "POST", xstrdup("/work_pools/farm/workers/filter"), "{}");
	assert_string_equal(emb_text(json_array_get(e.last, 0), "status"), "OFFLINE");
	emb_call(&e, "GET", xstrdup("/work_pools/farm"), NULL);
	assert_string_equal(emb_text(e.last, "status"), "NOT_READY");
	free(id);
	emb_end(&e);
}

static void
test_late(void **state)
{
	struct emb e;
	struct weir_err *err = &e.err;
	char *id, *due, *later;

	(void)state;
	emb_new(&e);
	id = emb_deployment(&e, "");
	due = emb_run(&e, id,
		"{\"state\":{\"type\":\"SCHEDULED\",\"state_details\":{"
		"\"scheduled_time\":\"2026-01-01T00:00:00Z\"}}}");
	later = emb_run(&e, id, "{}");
	OK(embedded_settle(e.path, "platform", err));
	emb_get(&e, due);
	assert_string_equal(emb_text(e.last, "state_name"), "Late");
	assert_string_equal(
		emb_text(e.last, "next_scheduled_start_time"), "2026-01-01T00:00:00Z");
	emb_get(&e, later);
	assert_string_equal(emb_text(e.last, "state_name"), "Scheduled");
	assert_int_equal(n_due(&e), 2);
	free(due);
	free(later);
	free(id);
	emb_end(&e);
}

static void
test_bell(void **state)
{
	struct emb e;
	struct bell *bell = NULL;
	struct weir_err *err = &e.err;
	char byte;
	int status;
	pid_t pid;

	(void)state;
	emb_new(&e);
	OK(bell_open(e.path, &bell, err));
	emb_close(&e);
	bell_ring(e.path); /* our own is not rung */
	assert_int_equal(recv(bell_fd(bell), &byte, 1, 0), -1);
	pid = fork();
	if (pid == 0) {
		emb_open(&e);
		emb_call(&e, "POST", xstrdup("/flows/"), "{\"name\":\"x\"}");
		_exit(e.status == 201 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(recv(bell_fd(bell), &byte, 1, 0), 1);
	bell_hush(bell);
	bell_close(bell);
	emb_end(&e);
}

/* ---- kills */

enum { GROUP = 5 };

static void
submit_flow(struct emb *e, int i)
{
	char *body = xasprintf("{\"name\":\"f%d\"}", i);
	struct transport_request r = { .method = "POST",
		.path = "/flows/",
		.body = str_of(body),
		.done = emb_done,
		.arg = e };

	e->t->ops->submit(e->t, &r);
	free(body);
}

/* What is submitted together is committed together: dead after one, all are there. */
static void
test_group_commit(void **state)
{
	struct emb e;
	int status;
	pid_t pid;

	(void)state;
	emb_new(&e);
	emb_close(&e);
	pid = fork();
	if (pid == 0) {
		setenv("WEIR_FAULT", "commit:1", 1);
		emb_open(&e);
		for (int i = 0; i < GROUP; i++)
			submit_flow(&e, i);
		e.t->ops->pump(e.t, -1);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(WEXITSTATUS(status), DB_FAULT_STATUS);
	emb_open(&e);
	emb_call(&e, "POST", xstrdup("/flows/count"), "{}");
	assert_int_equal(json_integer_value(e.last), GROUP);
	emb_end(&e);
}

/* Of what is submitted together, an object that is damaged harms its own request. */
static void
test_damaged(void **state)
{
	struct emb e, bad = { 0 };
	struct transport_request r = { .method = "PATCH",
		.body = STR("{\"tags\":[]}"),
		.done = emb_done,
		.arg = &bad };
	char *id;

	(void)state;
	emb_new(&e);
	emb_call(&e, "POST", xstrdup("/flows/"), "{\"name\":\"bad\"}");
	id = emb_id(&e);
	emb_close(&e);
	help_sh(xasprintf("sqlite3 '%s' \"UPDATE flows SET doc = '{'\"", e.path));
	emb_open(&e);
	r.path = xasprintf("/flows/%s", id);
	e.t->ops->submit(e.t, &r);
	emb_call(&e, "POST", xstrdup("/flows/"), "{\"name\":\"good\"}");
	assert_int_equal(e.status, 201);
	assert_int_not_equal(bad.rc, WEIR_OK);
	emb_call(&e, "GET", xstrdup("/flows/name/good"), NULL);
	assert_int_equal(e.status, 200);
	free((char *)(uintptr_t)r.path);
	free(id);
	emb_end(&e);
}

enum { KILLS = 12 };

/* Makes runs and says each that is made, until it is killed. */
static void
make_runs(const char *path, const char *deployment, int out)
{
	struct emb e = { 0 };

	snprintf(e.path, sizeof(e.path), "%s", path);
	emb_open(&e);
	for (;;) {
		char *run = emb_run(&e, deployment, "{}");

		emb_state(&e, run, S("RUNNING"), true);
		if (write(out, run, WEIR_ID_TEXT) != WEIR_ID_TEXT)
			_exit(0);
		free(run);
	}
}

static void
test_kills(void **state)
{
	struct emb e;
	char *deployment, id[WEIR_ID_TEXT + 1] = "";
	int fds[2], n = 0;

	(void)state;
	emb_new(&e);
	deployment = emb_deployment(&e, "");
	emb_close(&e);
	for (int i = 0; i < KILLS; i++) {
		VEC(char *) said = { 0 };
		pid_t pid;

		assert_int_equal(pipe(fds), 0);
		pid = fork();
		if (pid == 0) {
			close(fds[0]);
			make_runs(e.path, deployment, fds[1]);
		}
		close(fds[1]);
		/* every other one when it has made one, however long that takes */
		if (i % 2 && read(fds[0], id, WEIR_ID_TEXT) == WEIR_ID_TEXT)
			VEC_PUSH(&said, xstrdup(id));
		usleep((useconds_t)(20000 + i * 7000));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		while (read(fds[0], id, WEIR_ID_TEXT) == WEIR_ID_TEXT)
			VEC_PUSH(&said, xstrdup(id));
		close(fds[0]);
		emb_open(&e);
		for (size_t k = 0; k < said.n; k++, n++) {
			emb_get(&e, said.v[k]);
			assert_int_equal(e.status, 200);
			assert_string_equal(emb_text(e.last, "state_type"), "RUNNING");
			free(said.v[k]);
		}
		emb_close(&e);
		VEC_FREE(&said);
	}
	assert_true(n > 0);
	help_sh(xasprintf(
		"test \"$(sqlite3 '%s' 'PRAGMA integrity_check')\" = ok", e.path));
	free(deployment);
	emb_end(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idempotency),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_two_claimers),
		cmocka_unit_test(test_many_claimers),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_deployment_limit),
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_deployments),
		cmocka_unit_test(test_children),
		cmocka_unit_test(test_logs),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_workers),
		cmocka_unit_test(test_dead_worker),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_bell),
		cmocka_unit_test(test_group_commit),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_kills),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
