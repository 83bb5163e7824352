/* api_body.c, api_reply.c, api_pace.c, web_url.c: what is asked, and what answers mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api_body.h"
#include "api_pace.h"
#include "api_reply.h"
#include "weir/mem.h"
#include "weir/url.h"

static const struct weir_id ids[] = { { { 1 } }, { { 2 } } };
#define ID1 "01000000-0000-0000-0000-000000000000"
#define ID2 "02000000-0000-0000-0000-000000000000"

enum { T = 1795250982 };
#define US(s) ((int64_t)(s)*WEIR_SECOND_US)

static void
check_list(const struct api_list *list, const char *path, const char *body)
{
	struct buf b = BUF_INIT(BUF_MAX);

	assert_true(api_body_path(list, &b));
	assert_string_equal(buf_cstr(&b), path);
	buf_clear(&b);
	api_body_list(list, true, &b);
	api_body_limit(&b, 200);
	assert_string_equal(buf_cstr(&b), body);
	buf_release(&b);
}

static void
test_runs(void **state)
{
	struct api_list l = API_LIST_INIT;

	(void)state;
	check_list(&l, "/flow_runs/filter", "{\"limit\":200}");
	l.states = API_STATES_LIVE;
	l.next.before_us = US(T);
	l.sort = API_EXPECTED_ASC;
	check_list(&l, "/flow_runs/filter",
		"{\"flow_runs\":{\"state\":{\"type\":{\"any_\":[\"SCHEDULED\","
		"\"PENDING\","
		"\"RUNNING\",\"PAUSED\",\"CANCELLING\"]}},\"next_scheduled_start_"
		"time\":"
		"{\"before_\":\"2026-11-21T08:49:42Z\"}},\"sort\":"
		"\"EXPECTED_START_TIME_ASC\",\"limit\":200}");
	l = (struct api_list)API_LIST_INIT;
	l.states = API_STATES_ENDED;
	l.never_started = -1;
	l.end.after_us = US(T) + 5;
	l.sort = API_END_DESC;
	l.offset = 400;
	check_list(&l, "/flow_runs/filter",
		"{\"flow_runs\":{\"state\":{\"type\":{\"any_\":[\"COMPLETED\","
		"\"FAILED\","
		"\"CANCELLED\",\"CRASHED\"]}},\"start_time\":{\"is_null_\":false},"
		"\"end_time\":{\"after_\":\"2026-11-21T08:49:42.000005Z\"}},\"sort\":"
		"\"END_TIME_DESC\",\"offset\":400,\"limit\":200}");
	l = (struct api_list)API_LIST_INIT;
	l.ids = ids;
	l.n_ids = 2;
	l.run_ids = ids;
	l.n_run_ids = 1;
	l.never_started = 1;
	l.expected = (struct api_range){ US(T), US(T) };
	check_list(&l, "/flow_runs/filter",
		"{\"flow_runs\":{\"id\":{\"any_\":[\"" ID1 "\",\"" ID2 "\"]},"
		"\"start_time\":{\"is_null_\":true},\"expected_start_time\":{\"after_"
		"\":"
		"\"2026-11-21T08:49:42Z\",\"before_\":\"2026-11-21T08:49:42Z\"},"
		"\"parent_flow_run_id\":{\"any_\":[\"" ID1 "\"]}},\"limit\":200}");
}

static void
test_old_server_gets_no_end_filter(void **state)
{
	struct api_list l = API_LIST_INIT;
	struct buf b = BUF_INIT(BUF_MAX);

	(void)state;
	l.end.after_us = US(T);
	l.sort = API_END_DESC;
	api_body_list(&l, false, &b);
	api_body_limit(&b, 7);
	assert_string_equal(buf_cstr(&b), "{\"sort\":\"END_TIME_DESC\",\"limit\":7}");
	buf_release(&b);
}

static void
test_other_kinds(void **state)
{
	struct api_list l = API_LIST_INIT;

	(void)state;
	l.kind = WEIR_TASK_RUN;
	l.run_ids = ids;
	l.n_run_ids = 2;
	l.sort = API_ID_DESC;
	check_list(&l, "/task_runs/filter",
		"{\"task_runs\":{\"flow_run_id\":{\"any_\":[\"" ID1 "\",\"" ID2
		"\"]}},\"sort\":\"ID_DESC\",\"limit\":200}");
	l.kind = WEIR_ARTIFACT;
	l.n_run_ids = 0;
	check_list(&l, "/artifacts/filter",
		"{\"artifacts\":{\"flow_run_id\":{\"any_\":[]}},\"sort\":\"ID_DESC\","
		"\"limit\":200}");
	l = (struct api_list)API_LIST_INIT;
	l.kind = WEIR_DEPLOYMENT;
	l.sort = API_UPDATED_DESC;
	check_list(
		&l, "/deployments/filter", "{\"sort\":\"UPDATED_DESC\",\"limit\":200}");
	l = (struct api_list)API_LIST_INIT;
	l.kind = WEIR_QUEUE;
	check_list(&l, "/work_queues/filter", "{\"limit\":200}");
	l.pool = "my pool/%";
	check_list(&l, "/work_pools/my%20pool%2F%25/queues/filter", "{\"limit\":200}");
	l.kind = WEIR_WORKER;
	check_list(&l, "/work_pools/my%20pool%2F%25/workers/filter", "{\"limit\":200}");
}

static void
test_workers_need_a_pool(void **state)
{
	struct api_list l = API_LIST_INIT;
	struct buf b = BUF_INIT(BUF_MAX);

	(void)state;
	l.kind = WEIR_WORKER;
	assert_false(api_body_path(&l, &b));
	buf_release(&b);
}

static void
test_logs_and_history(void **state)
{
	struct api_logs l = { .run = ids[0],
		.timestamp = { US(T), WEIR_NO_TIME },
		.sort = API_TIMESTAMP_ASC };
	struct buf b = BUF_INIT(BUF_MAX);

	(void)state;
	api_body_logs(&l, &b);
	api_body_limit(&b, 200);
	assert_string_equal(buf_cstr(&b),
		"{\"logs\":{\"flow_run_id\":{\"any_\":[\"" ID1
		"\"]},\"timestamp\":{\"after_\":\"2026-11-21T08:49:42Z\"}},\"sort\":"
		"\"TIMESTAMP_ASC\",\"limit\":200}");
	buf_clear(&b);
	api_body_history((struct api_range){ US(T), US(T + 60) }, 60, &b);
	assert_string_equal(buf_cstr(&b),
		"{\"history_start\":\"2026-11-21T08:49:42Z\",\"history_end\":"
		"\"2026-11-21T08:50:42Z\",\"history_interval_seconds\":60}");
	buf_release(&b);
}

/* ---- answers */

struct answer {
	long status;
	const char *body;
	bool json;
	enum weir_rc rc;
	const char *text, *hint;
};

static void
check_answer(const struct answer *a, const char *base, const char *location)
{
	struct transport_reply reply = {
		.status = a->status,
		.body = str_of(a->body),
		.is_json = a->json,
		.location = str_of(location),
	};
	struct weir_err err = { 0 };

	assert_int_equal(api_reply_check(&reply, base, "POST", "/x", &err), a->rc);
	assert_string_equal(err.text, a->text);
	assert_string_equal(err.hint, a->hint);
}

static void
test_answers(void **state)
{
	static const struct answer t[] = {
		{ 200, "[]", true, WEIR_OK, "", "" },
		{ 204, "", false, WEIR_OK, "", "" },
		{ 201, " {} ", false, WEIR_OK, "", "" },
		{ 401, "{\"exception_message\":\"Unauthorized\"}", true, WEIR_EAUTH,
			"server: http://h/api: POST /x: not authorised (401): "
			"Unauthorized",
			"check PREFECT_API_AUTH_STRING or PREFECT_API_KEY: weir config "
			"list" },
		{ 403, "{\"detail\":\"No.\"}", true, WEIR_EAUTH,
			"server: http://h/api: POST /x: not permitted (403): No",
			"check whose key this is and what it may do: weir config "
			"list" },
		{ 404, "{\"detail\":\"Flow run not found\"}", true, WEIR_ENOTFOUND,
			"server: http://h/api: POST /x: not found (404): Flow run not "
			"found",
			"is the server one that weir knows? weir doctor" },
		{ 409, "{\"detail\":\"It exists.\"}", true, WEIR_EREFUSED,
			"server: http://h/api: POST /x: refused (409): It exists",
			"is the server one that weir knows? weir doctor" },
		{ 422,
			"{\"exception_message\":\"Invalid request received.\","
			"\"exception_detail\":[{\"loc\":[\"body\",\"flow_runs\","
			"\"bogus\"],"
			"\"msg\":\"Extra inputs are not permitted\"}],\"request_body\":"
			"\"SECRET\"}",
			true, WEIR_EREFUSED,
			"server: http://h/api: POST /x: refused (422): "
			"flow_runs.bogus: "
			"Extra inputs are not permitted",
			"is the server one that weir knows? weir doctor" },
		{ 422,
			"{\"detail\":[{\"loc\":[\"body\",1],\"msg\":\"m\"},{\"msg\":"
			"\"n\"}]}",
			true, WEIR_EREFUSED,
			"server: http://h/api: POST /x: refused (422): 1: m; n",
			"is the server one that weir knows? weir doctor" },
		{ 503, "{\"exception_message\":\"Service Unavailable\"}", true,
			WEIR_ENET,
			"server: http://h/api: POST /x: the server is not available "
			"(503): "
			"Service Unavailable",
			"is it starting or overloaded? weir doctor" },
		{ 502, "<html>bad gateway</html>", false, WEIR_ENET,
			"server: http://h/api: POST /x: the server is not available "
			"(502)",
			"is it starting or overloaded? weir doctor" },
		{ 500, "x", false, WEIR_ENET,
			"server: http://h/api: POST /x: the server failed (500)",
			"its own log tells why" },
		{ 401, "<html>login</html>", false, WEIR_EAUTH,
			"server: http://h/api: POST /x: not authorised (401)",
			"check PREFECT_API_AUTH_STRING or PREFECT_API_KEY: weir config "
			"list" },
		{ 200, "\n<!DOCTYPE html>", false, WEIR_ENET,
			"server: http://h/api: it answers with a web page, not "
			"Prefect's API "
			"(200)",
			"check the address: weir config get api_url" },
		{ 200, "hello", false, WEIR_ENET,
			"server: http://h/api: POST /x: the answer is not JSON",
			"check the address: weir config get api_url" },
		{ 404, "{\"detail\":\"a\\u001b[31mred\\nx\"}", true, WEIR_ENOTFOUND,
			"server: http://h/api: POST /x: not found (404): "
			"ared x",
			"is the server one that weir knows? weir doctor" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(t); i++)
		check_answer(&t[i], "http://h/api", NULL);
}

static void
test_wrong_addresses(void **state)
{
	static const struct answer page = { 200, "<html>", false, WEIR_ENET,
		"server: http://h:4200: it answers with a web page, not Prefect's API "
		"(200)",
		"export PREFECT_API_URL=http://h:4200/api" };
	static const struct answer moved = { 301, "", false, WEIR_ENET,
		"server: http://h/api: it redirects to https://h/api/x",
		"export PREFECT_API_URL=https://h/api" };
	static const struct answer login = { 302, "", false, WEIR_ENET,
		"server: http://h/api: it redirects to /login",
		"check the address: weir config get api_url" };
	static const struct answer graphql = { 400, "GET query missing.", false,
		WEIR_ENET,
		"server: http://h:4200: this is Prefect 1 (GraphQL), not Prefect 2 or "
		"3",
		"export PREFECT_API_URL=http://h:4200/api" };

	(void)state;
	check_answer(&page, "http://h:4200", NULL);
	check_answer(&moved, "http://h/api", "https://h/api/x");
	check_answer(&login, "http://h/api", "/login");
	check_answer(&graphql, "http://h:4200", NULL);
}

static void
test_limit_and_csrf(void **state)
{
	struct transport_reply r = { .status = 422, .is_json = true };

	(void)state;
	r.body = STR(
		"{\"detail\":\"Invalid limit: must be less than or equal to 200.\"}");
	assert_int_equal(api_reply_limit(&r), 200);
	r.body = STR("{\"detail\":\"must be less than or equal to 200\"}");
	assert_int_equal(api_reply_limit(&r), 0);
	r.body = STR("{\"detail\":\"limit less than or equal to 99999999999\"}");
	assert_int_equal(api_reply_limit(&r), 0);
	assert_false(api_reply_wants_csrf(&r));
	r.status = 403;
	r.body = STR("{\"detail\":\"Missing CSRF token.\"}");
	assert_true(api_reply_wants_csrf(&r));
	r.body = STR("{\"detail\":\"Forbidden\"}");
	assert_false(api_reply_wants_csrf(&r));
}

/* ---- pace: a server that takes 50 ms a request and serves `servers` at once */

static size_t
settle(size_t servers, size_t from, size_t max, int replies)
{
	struct api_pace p;
	int64_t now = 0;

	api_pace_init(&p, from, max);
	for (int i = 0; i < replies; i++) {
		now += 50000 / (int64_t)(p.parallel < servers ? p.parallel : servers);
		api_pace_reply(&p, now, false);
	}
	return p.parallel;
}

static void
test_pace(void **state)
{
	struct api_pace p;

	(void)state;
	assert_int_equal(settle(100, 4, 8, 200), 8);
	assert_int_equal(settle(4, 4, 8, 60), 4);
	assert_int_equal(settle(100, 8, 8, 500), 8);
	assert_int_equal(settle(1, 1, 1, 100), 1);
	api_pace_init(&p, 4, 8);
	api_pace_reply(&p, 0, true);
	assert_int_equal(p.parallel, 2);
	api_pace_reply(&p, 0, true);
	api_pace_reply(&p, 0, true);
	assert_int_equal(p.parallel, 1);
}

/* ---- web pages */

static void
check_url(const char *api, const char *ui, enum weir_kind kind, const char *want)
{
	struct weir_config_flags flags = { 0 };
	struct weir_config *config;
	struct buf b = BUF_INIT(BUF_MAX);

	setenv("PREFECT_API_URL", api, 1);
	if (ui)
		setenv("PREFECT_UI_URL", ui, 1);
	else
		unsetenv("PREFECT_UI_URL");
	assert_int_equal(weir_config_load(&flags, &config, NULL), WEIR_OK);
	assert_true(weir_web_url(config, kind, &ids[0], "a b", &b));
	assert_string_equal(buf_cstr(&b), want);
	weir_config_free(config);
	buf_release(&b);
}

static void
test_web_urls(void **state)
{
	(void)state;
	setenv("HOME", "/nonexistent", 1);
	check_url("http://h:4200/api/", NULL, WEIR_RUN,
		"http://h:4200/runs/flow-run/" ID1);
	check_url("http://u:p@h:4200/api", NULL, WEIR_FLOW,
		"http://h:4200/flows/flow/" ID1);
	check_url("http://h/prefect/api", NULL, WEIR_POOL,
		"http://h/prefect/work-pools/work-pool/a%20b");
	check_url("http://h/api", "https://ui.example/", WEIR_DEPLOYMENT,
		"https://ui.example/deployments/deployment/" ID1);
	check_url("https://api.prefect.cloud/api/accounts/A/workspaces/W", NULL,
		WEIR_TASK_RUN,
		"https://app.prefect.cloud/account/A/workspace/W/runs/task-run/" ID1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_old_server_gets_no_end_filter),
		cmocka_unit_test(test_other_kinds),
		cmocka_unit_test(test_workers_need_a_pool),
		cmocka_unit_test(test_logs_and_history),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_wrong_addresses),
		cmocka_unit_test(test_limit_and_csrf),
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_web_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
