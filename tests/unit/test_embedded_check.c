/* Bodies that Prefect's servers would not take, and where they say it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "embedded_help.h"

#define NOBODY "00000000-0000-4000-8000-000000000000"
#define T "\"2026-01-01T00:00:00Z\""

/* clang-format off */
static const struct {
	const char *method, *path, *body, *loc; /* of the first fault */
} bad[] = {
	{ "POST", "/flows/", "", "[\"body\"]" },
	{ "POST", "/flows/", "[]", "[\"body\"]" },
	{ "POST", "/flows/", "{}", "[\"body\",\"name\"]" },
	{ "POST", "/flows/", "{\"name\":\"a/b\"}", "[\"body\",\"name\"]" },
	{ "POST", "/flows/", "{\"name\":5}", "[\"body\",\"name\"]" },
	{ "POST", "/flows/", "{\"name\":\"f\",\"tags\":[1]}", "[\"body\",\"tags\"]" },
	{ "POST", "/flows/", "{\"name\":\"f\",\"bogus\":1}", "[\"body\",\"bogus\"]" },
	{ "POST", "/work_pools/", "{\"name\":\"p\",\"concurrency_limit\":-1}",
		"[\"body\",\"concurrency_limit\"]" },
	{ "POST", "/work_pools/", "{\"name\":\"p\",\"is_paused\":null}",
		"[\"body\",\"is_paused\"]" },
	{ "PATCH", "/work_pools/none", "{\"concurrency_limit\":\"x\"}",
		"[\"body\",\"concurrency_limit\"]" },
	{ "POST", "/work_pools/none/queues", "{\"name\":\"q\",\"priority\":0}",
		"[\"body\",\"priority\"]" },
	{ "POST", "/work_pools/none/workers/heartbeat", "{}", "[\"body\",\"name\"]" },
	{ "POST", "/deployments/", "{\"name\":\"d\"}", "[\"body\",\"flow_id\"]" },
	{ "POST", "/deployments/", "{\"name\":\"d\",\"flow_id\":\"x\"}", "[\"body\",\"flow_id\"]" },
	{ "PATCH", "/deployments/" NOBODY, "{\"name\":\"d\"}", "[\"body\",\"name\"]" },
	{ "POST", "/flow_runs/", "{\"flow_id\":\"zz\"}", "[\"body\",\"flow_id\"]" },
	{ "POST", "/deployments/" NOBODY "/create_flow_run", "{\"state\":{\"type\":\"NO\"}}",
		"[\"body\",\"state\"]" },
	{ "POST", "/flow_runs/" NOBODY "/set_state", "{}", "[\"body\",\"state\"]" },
	{ "POST", "/flow_runs/" NOBODY "/set_state", "{\"state\":{\"type\":\"NO\"}}",
		"[\"body\",\"state\"]" },
	{ "PATCH", "/flow_runs/" NOBODY "/labels", "[]", "[\"body\"]" },
	{ "POST", "/task_runs/", "{\"dynamic_key\":\"0\"}", "[\"body\",\"task_key\"]" },
	{ "POST", "/logs/", "{}", "[\"body\"]" },
	{ "POST", "/logs/", "[{\"name\":\"l\",\"level\":20,\"message\":\"m\",\"timestamp\":" T "},"
		"{\"name\":\"l\",\"level\":20,\"timestamp\":" T "}]", "[\"body\",1,\"message\"]" },
	{ "POST", "/artifacts/", "{\"key\":1}", "[\"body\",\"key\"]" },
	{ "POST", "/v2/concurrency_limits/", "{\"name\":\"l\"}", "[\"body\",\"limit\"]" },
	{ "POST", "/flow_runs/history", "{\"history_start\":" T "}", "[\"body\",\"history_end\"]" },
	{ "POST", "/flow_runs/filter", "{\"flow_runs\":{\"id\":{\"any_\":[\"x\"]}}}",
		"[\"body\",\"flow_runs\",\"id\",\"any_\"]" },
	{ "POST", "/flow_runs/filter", "{\"sort\":\"NO\"}", "[\"body\",\"sort\"]" },
	{ "POST", "/flow_runs/filter", "{\"flow_runs\":{\"bogus\":1}}",
		"[\"body\",\"flow_runs\",\"bogus\"]" },
};
/* clang-format on */

static void
test_refused(void **state)
{
	struct emb e;

	(void)state;
	emb_new(&e);
	for (size_t i = 0; i < N_ELEM(bad); i++) {
		const json_t *detail;
		char *loc;

		emb_call(&e, bad[i].method, xstrdup(bad[i].path), bad[i].body);
		detail = json_array_get(json_object_get(e.last, "exception_detail"), 0);
		loc = json_dumps(json_object_get(detail, "loc"), JSON_COMPACT);
		if (e.status != 422 || !loc || strcmp(loc, bad[i].loc) != 0)
			fail_msg("%s %s: %ld %s", bad[i].path, bad[i].body, e.status,
				loc ? loc : "nowhere");
		assert_string_not_equal(emb_text(detail, "msg"), "");
		free(loc);
	}
	emb_end(&e);
}

/* All faults at once; what may be null may be. */
static void
test_several(void **state)
{
	struct emb e;

	(void)state;
	emb_new(&e);
	emb_call(&e, "POST", xstrdup("/work_pools/"),
		"{\"name\":\"\",\"is_paused\":3,\"x\":0}");
	assert_int_equal(e.status, 422);
	assert_int_equal(
		json_array_size(json_object_get(e.last, "exception_detail")), 3);
	emb_call(&e, "POST", xstrdup("/work_pools/"),
		"{\"name\":\"p\",\"description\":null,\"concurrency_limit\":null}");
	assert_int_equal(e.status, 201);
	emb_end(&e);
}

/* Whole numbers that no value of JSON holds here are named, and where they stand. */
static void
test_too_big(void **state)
{
	static const struct {
		const char *body, *said; /* said NULL: it is taken */
	} all[] = {
		{ "{\"name\":9223372036854775808}", "name: 9223372036854775808: " },
		{ "[9223372036854775807,[{\"a\":-9223372036854775809}]]",
			"[1][0].a: -9223372036854775809: " },
		{ "{\"a\":\"9223372036854775808\",\"b\":1e30,"
		  "\"c\":123456789012345678901234567890}",
			"c: 123456789012345678901234...: " },
		{ "18446744073709551616", "18446744073709551616: " },
		{ "{\"name\":-9223372036854775808", "The body is not JSON" },
		{ "{\"name\":\"f\",\"labels\":{\"n\":-9223372036854775808}}", NULL },
	};
	struct emb e;

	(void)state;
	emb_new(&e);
	for (size_t i = 0; i < N_ELEM(all); i++) {
		const char *said;

		emb_call(&e, "POST", xstrdup("/flows/"), all[i].body);
		said = emb_text(e.last, "detail");
		if (!all[i].said)
			assert_int_equal(e.status, 201);
		else if (e.status != 422 || strstr(said, all[i].said) != said)
			fail_msg("%s: %ld %s", all[i].body, e.status, said);
	}
	emb_end(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_too_big),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
