/*
 * http.c, api_prefect.c and api.c against the fake server: faults of the wire, retries,
 * bounds, credentials, CSRF, page limits, and what first contact says of other servers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>

#include "../lib/fake.h"
#include "http.h"
#include "weir/session.h"

static struct fake fake;

struct got {
	int calls;
	enum weir_rc rc;
	long status;
	int retries;
	struct buf body;
	struct weir_err err;
};

static void
on_reply(void *arg, enum weir_rc rc, const struct transport_reply *reply,
	const struct weir_err *err)
{
	struct got *g = arg;

	g->calls++;
	g->rc = rc;
	buf_init(&g->body, BUF_MAX);
	if (rc) {
		g->err = *err;
		return;
	}
	g->status = reply->status;
	g->retries = reply->retries;
	buf_addstr(&g->body, reply->body);
}

static struct http *
open_http(const char *url)
{
	struct weir_config *config = fake_config(url);
	struct http *h;

	assert_int_equal(http_open(config, &h, NULL), WEIR_OK);
	weir_config_free(config);
	return h;
}

static void
ask(struct http *h, const char *method, const char *path, const char *body,
	bool repeatable, struct got *g)
{
	struct transport_request r = { .method = method,
		.path = path,
		.body = str_of(body),
		.repeatable = repeatable,
		.done = on_reply,
		.arg = g };

	*g = (struct got){ 0 };
	http_submit(h, &r);
	while (http_in_flight(h))
		http_pump(h, 1000);
	assert_int_equal(g->calls, 1);
}

/* Give an order at the fake's own door. */
static void
control(const char *order)
{
	struct http *h = open_http(fake.url);
	struct got g;

	ask(h, "POST", "/../_control", order, false, &g);
	assert_int_equal(g.status, 200);
	buf_release(&g.body);
	http_close(h);
}

static int
reset(void **state)
{
	(void)state;
	fake_environment();
	control("{\"faults\":[],\"set\":{\"limit\":200,\"delay_ms\":0,\"auth\":null,"
		"\"key\":null,\"csrf\":false},\"take\":\"requests\",\"forget_tokens\":"
		"true}");
	return 0;
}

static const char runs[] = "{\"limit\":5}";

static void
test_a_page(void **state)
{
	struct http *h = open_http(fake.url);
	struct got g;

	(void)state;
	ask(h, "POST", "/flow_runs/filter", runs, true, &g);
	assert_int_equal(g.status, 200);
	assert_int_equal(g.retries, 0);
	assert_int_equal(g.body.s[0], '[');
	buf_release(&g.body);
	http_close(h);
}

/* Every fault that passes: the request is repeated and the answer is whole. */
static void
test_faults_that_pass(void **state)
{
	static const char *const faults[] = {
		"{\"kind\":\"cut\",\"at\":0,\"times\":1}",
		"{\"kind\":\"cut\",\"at\":1,\"times\":1}",
		"{\"kind\":\"cut\",\"at\":5000,\"times\":1}",
		"{\"kind\":\"drop\",\"times\":1}",
		"{\"kind\":\"drop\",\"reset\":true,\"times\":1}",
		"{\"kind\":\"status\",\"status\":503,\"times\":2}",
		"{\"kind\":\"status\",\"status\":502,\"times\":1}",
		"{\"kind\":\"status\",\"status\":429,\"times\":1,\"headers\":{\"Retry-"
		"After\":"
		"1}}",
		"{\"kind\":\"status\",\"status\":408,\"times\":1}",
	};
	struct http *h = open_http(fake.url);
	struct got g;
	int64_t start;
	char *order;

	(void)state;
	ask(h, "POST", "/flow_runs/filter", runs, true, &g);
	buf_release(&g.body);
	for (size_t i = 0; i < N_ELEM(faults); i++) {
		order = xasprintf("{\"faults\":[%s]}", faults[i]);
		control(order);
		free(order);
		start = weir_monotonic_us();
		ask(h, "POST", "/flow_runs/filter", runs, true, &g);
		assert_int_equal(g.rc, WEIR_OK);
		assert_int_equal(g.status, 200);
		assert_int_equal(g.body.s[g.body.len - 1], ']');
		if (strstr(faults[i], "Retry-After"))
			assert_true(weir_monotonic_us() - start >= WEIR_SECOND_US);
		buf_release(&g.body);
	}
	http_close(h);
}

/* A write without a key is never sent twice. */
static void
test_writes_are_not_repeated(void **state)
{
	struct http *h = open_http(fake.url);
	struct got g;

	(void)state;
	control("{\"faults\":[{\"kind\":\"drop\",\"times\":1}]}");
	ask(h, "POST", "/flow_runs/filter", runs, false, &g);
	assert_int_equal(g.rc, WEIR_ENET);
	buf_release(&g.body);
	control("{\"faults\":[{\"kind\":\"status\",\"status\":503,\"times\":1}]}");
	ask(h, "POST", "/flow_runs/filter", runs, false, &g);
	assert_int_equal(g.status, 503);
	buf_release(&g.body);
	http_close(h);
}

static void
test_bodies_are_bounded(void **state)
{
	struct http *h = open_http(fake.url);
	struct got g;

	(void)state;
	http_set_body_max(h, 4 << 20);
	control("{\"faults\":[{\"kind\":\"gigantic\",\"times\":1}]}");
	ask(h, "POST", "/flow_runs/filter", runs, true, &g);
	assert_int_equal(g.rc, WEIR_ENET);
	assert_non_null(strstr(g.err.text, "larger than 4 MB"));
	buf_release(&g.body);
	control("{\"faults\":[{\"kind\":\"gigantic\",\"announced\":true,\"times\":1}]"
		"}");
	ask(h, "POST", "/flow_runs/filter", runs, true, &g);
	assert_int_equal(g.rc, WEIR_ENET);
	buf_release(&g.body);
	http_close(h);
}

static void
test_a_stalled_server_does_not_hang(void **state)
{
	struct http *h;
	struct got g;
	int64_t start = weir_monotonic_us();

	(void)state;
	setenv("PREFECT_API_REQUEST_TIMEOUT", "1", 1);
	h = open_http(fake.url);
	control("{\"faults\":[{\"kind\":\"stall\",\"times\":1}]}");
	ask(h, "POST", "/flow_runs/filter", runs, true, &g);
	assert_int_equal(g.rc, WEIR_ENET);
	assert_non_null(strstr(g.err.text, "no answer within 1 s"));
	assert_true(weir_monotonic_us() - start < 10 * (int64_t)WEIR_SECOND_US);
	buf_release(&g.body);
	http_close(h);
}

static void
test_nobody_there(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* bound, not listening */
	char url[64];
	struct http *h;
	struct got g;
	int64_t start = weir_monotonic_us();

	(void)state;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	snprintf(url, sizeof(url), "http://user:pass@127.0.0.1:%d/api",
		ntohs(a.sin_port));
	h = open_http(url);
	ask(h, "GET", "/health", "", true, &g);
	assert_int_equal(g.rc, WEIR_ENET);
	assert_non_null(strstr(g.err.text, "Connection refused"));
	assert_null(strstr(g.err.text, "pass"));
	assert_null(strstr(g.err.hint, "pass"));
	assert_true(weir_monotonic_us() - start < 20 * (int64_t)WEIR_SECOND_US);
	http_close(h);
	close(fd);
}

static void
test_not_http(void **state)
{
	struct http *h = open_http(fake.url);
	struct got g;

	(void)state;
	control("{\"faults\":[{\"kind\":\"raw\",\"match\":\"health\"}]}");
	ask(h, "GET", "/health", "", true, &g);
	assert_int_equal(g.rc, WEIR_ENET);
	assert_non_null(strstr(g.err.text, "not HTTP"));
	http_close(h);
}

static void
test_redirects_are_not_followed(void **state)
{
	struct http *h = open_http(fake.url);
	struct got g;

	(void)state;
	control("{\"faults\":[{\"kind\":\"redirect\",\"to\":"
		"\"http://127.0.0.1:1/steal\",\"times\":1}]}");
	ask(h, "POST", "/flow_runs/filter", runs, true, &g);
	assert_int_equal(g.rc, WEIR_OK);
	assert_int_equal(g.status, 302);
	buf_release(&g.body);
	http_close(h);
}

static void
test_cancel_and_wake(void **state)
{
	struct http *h = open_http(fake.url);
	struct got g[3] = { 0 };
	struct transport_request r = {
		.method = "GET", .path = "/health", .repeatable = true, .done = on_reply
	};
	int64_t start = weir_monotonic_us();

	(void)state;
	control("{\"faults\":[{\"kind\":\"stall\"}]}");
	for (int i = 0; i < 3; i++) {
		r.arg = &g[i];
		http_submit(h, &r);
	}
	http_pump(h, 50);
	http_wake(h);
	http_pump(h, 60000);
	assert_true(weir_monotonic_us() - start < 10 * (int64_t)WEIR_SECOND_US);
	assert_int_equal(http_in_flight(h), 3);
	http_cancel_all(h);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(g[i].calls, 1);
		assert_int_equal(g[i].rc, WEIR_EINTR);
	}
	assert_int_equal(http_in_flight(h), 0);
	/* what is still on the way when it closes is not called back */
	http_submit(h, &r);
	http_pump(h, 20);
	http_close(h);
	assert_int_equal(g[2].calls, 1);
}

static void *
wake_later(void *arg)
{
	usleep(100 * 1000);
	http_wake(arg);
	return NULL;
}

static void
test_wake_from_another_thread(void **state)
{
	struct http *h = open_http(fake.url);
	pthread_t thread;
	int64_t start = weir_monotonic_us();

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, wake_later, h), 0);
	http_pump(h, 60000);
	pthread_join(thread, NULL);
	assert_true(weir_monotonic_us() - start < 20 * (int64_t)WEIR_SECOND_US);
	http_close(h);
}

/* ---- the backend */

static struct api *
open_api(const char *url)
{
	struct weir_config *config = fake_config(url);
	struct api *a;

	assert_int_equal(api_open(config, &a, NULL), WEIR_OK);
	weir_config_free(config);
	return a;
}

struct page {
	int calls;
	enum weir_rc rc;
	size_t n, limit;
	struct weir_err err;
};

static void
on_page(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	struct page *p = arg;

	p->calls++;
	p->rc = rc;
	if (rc) {
		p->err = *err;
		return;
	}
	p->n = page->n;
	p->limit = page->limit;
}

static void
list(struct api *a, enum weir_kind kind, struct page *p)
{
	struct api_list l = API_LIST_INIT;

	l.kind = kind;
	*p = (struct page){ 0 };
	a->ops->list(a, &l, on_page, p);
	while (!p->calls)
		a->ops->pump(a, 1000);
}

static void
check_connect(const char *url, enum weir_rc rc, const char *text, const char *hint)
{
	struct api *a = open_api(url);
	struct weir_err err = { 0 };

	assert_int_equal(api_connect(a, &err), rc);
	if (text && !strstr(err.text, text))
		fail_msg("%s: `%s` has no `%s`", url, err.text, text);
	if (hint && !strstr(err.hint, hint))
		fail_msg("%s: `%s` has no `%s`", url, err.hint, hint);
	api_close(a);
}

static void
test_first_contact(void **state)
{
	char root[256];

	(void)state;
	check_connect(fake.url, WEIR_OK, NULL, NULL);
	snprintf(root, sizeof(root), "%.*s", (int)(strlen(fake.url) - 4), fake.url);
	check_connect(root, WEIR_ENET, "no Prefect API at this address", "/api");
	control("{\"faults\":[{\"kind\":\"html\"}]}");
	check_connect(root, WEIR_ENET, "web page", "/api");
	check_connect(fake.url, WEIR_ENET, "web page", "weir config get api_url");
	control("{\"faults\":[{\"kind\":\"garbage\",\"text\":\"{\\\"a\\\":1}\"}]}");
	check_connect(fake.url, WEIR_ENET, "not as Prefect does", NULL);
	control("{\"faults\":[],\"set\":{\"auth\":\"u:p\"}}");
	check_connect(fake.url, WEIR_EAUTH, "not authorised (401)", "PREFECT_API_KEY");
	setenv("PREFECT_API_AUTH_STRING", "u:p", 1);
	check_connect(fake.url, WEIR_OK, NULL, NULL);
	unsetenv("PREFECT_API_AUTH_STRING");
	control("{\"set\":{\"auth\":null,\"key\":\"k-1\"}}");
	setenv("PREFECT_API_KEY", "k-1", 1);
	check_connect(fake.url, WEIR_OK, NULL, NULL);
	setenv("PREFECT_API_KEY", "k-2", 1);
	check_connect(fake.url, WEIR_EAUTH, "(401)", NULL);
	/* a server that does not tell its version: Cloud */
	unsetenv("PREFECT_API_KEY");
	control("{\"set\":{\"key\":null},\"faults\":[{\"kind\":\"status\",\"status\":"
		"404,"
		"\"match\":\"admin/version\",\"body\":{\"detail\":\"Not Found\"}}]}");
	check_connect(fake.url, WEIR_OK, NULL, NULL);
}

/* A slow answer is no wrong clock; a wrong clock is seen. */
static void
test_clock(void **state)
{
	static const char *const args[] = { "--runs", "8", "--now", "1700000000",
		NULL };
	struct fake other;
	struct api *a = open_api(fake.url);
	int64_t off;

	(void)state;
	control("{\"faults\":[{\"kind\":\"delay\",\"ms\":2500,\"times\":1}]}");
	assert_int_equal(api_connect(a, NULL), WEIR_OK);
	assert_int_equal(a->clock_offset_us, 0);
	api_close(a);
	fake_start(&other, args);
	a = open_api(other.url);
	assert_int_equal(api_connect(a, NULL), WEIR_OK);
	off = api_now_us(a) - INT64_C(1700000000) * WEIR_SECOND_US;
	assert_true(off > -5 * (int64_t)WEIR_SECOND_US);
	assert_true(off < 60 * (int64_t)WEIR_SECOND_US);
	api_close(a);
	fake_stop(&other);
}

static void
test_version_gates(void **state)
{
	struct api *a = open_api(fake.url);

	(void)state;
	assert_true(api_since(a, 9, 9, 9)); /* unknown counts as newest */
	assert_int_equal(api_connect(a, NULL), WEIR_OK);
	assert_int_equal(a->version.major, 3);
	assert_string_equal(a->version.text, "3.8.3");
	assert_true(api_since(a, 3, 8, 3));
	assert_true(api_since(a, 2, 20, 25));
	assert_false(api_since(a, 3, 8, 4));
	assert_false(api_since(a, 3, 9, 0));
	assert_int_equal(a->clock_offset_us, 0);
	api_close(a);
}

static void
test_page_limit_is_learnt(void **state)
{
	struct api *a = open_api(fake.url);
	struct page p;

	(void)state;
	control("{\"set\":{\"limit\":7}}");
	list(a, WEIR_RUN, &p);
	assert_int_equal(p.rc, WEIR_OK);
	assert_int_equal(p.n, 7);
	assert_int_equal(p.limit, 7);
	assert_int_equal(a->page_limit, 7);
	api_close(a);
}

static void
test_csrf(void **state)
{
	struct api *a = open_api(fake.url);
	struct page p[8] = { 0 };
	struct api_list l = API_LIST_INIT;

	(void)state;
	control("{\"set\":{\"csrf\":true}}");
	/* several at once: one token for all */
	for (size_t i = 0; i < N_ELEM(p); i++)
		a->ops->list(a, &l, on_page, &p[i]);
	while (a->ops->in_flight(a))
		a->ops->pump(a, 1000);
	for (size_t i = 0; i < N_ELEM(p); i++) {
		assert_int_equal(p[i].rc, WEIR_OK);
		assert_int_equal(p[i].calls, 1);
	}
	/* a server that forgot: a new token, once */
	control("{\"forget_tokens\":true}");
	list(a, WEIR_FLOW, &p[0]);
	assert_int_equal(p[0].rc, WEIR_OK);
	api_close(a);
}

static void
test_all_kinds(void **state)
{
	struct api *a = open_api(fake.url);
	struct page p;

	(void)state;
	for (int k = 0; k < WEIR_N_SERVED; k++) {
		list(a, (enum weir_kind)k, &p);
		assert_int_equal(p.rc, k == WEIR_WORKER ? WEIR_EFAIL : WEIR_OK);
	}
	list(a, WEIR_LIMIT, &p);
	assert_int_equal(p.n, 2); /* the tag's limit is shown in both lists */
	api_close(a);
}

static void
test_garbage_pages(void **state)
{
	struct api *a = open_api(fake.url);
	struct page p;

	(void)state;
	control("{\"faults\":[{\"kind\":\"garbage\",\"times\":1}]}");
	list(a, WEIR_RUN, &p);
	assert_int_equal(p.rc, WEIR_EBADDATA);
	assert_non_null(strstr(p.err.text, "the answer cannot be read"));
	control("{\"faults\":[{\"kind\":\"mangle\",\"drop\":[\"id\"],\"times\":1}]}");
	list(a, WEIR_RUN, &p);
	assert_int_equal(p.rc, WEIR_EBADDATA);
	assert_non_null(strstr(p.err.text, "[0].id: missing"));
	control("{\"faults\":[{\"kind\":\"mangle\",\"null\":[\"name\",\"state\","
		"\"tags\"],"
		"\"set\":{\"run_count\":\"many\",\"created\":7,\"x\":[1]},\"times\":1}]"
		"}");
	list(a, WEIR_RUN, &p);
	assert_int_equal(p.rc, WEIR_OK);
	api_close(a);
}

static bool
always(void *arg)
{
	(void)arg;
	return true;
}

static void
test_waiting_can_be_interrupted(void **state)
{
	struct api *a = open_api(fake.url);
	struct weir_err err = { 0 };

	(void)state;
	control("{\"faults\":[{\"kind\":\"stall\"}]}");
	a->interrupted = always;
	assert_int_equal(api_connect(a, &err), WEIR_EINTR);
	api_close(a);
}

static int
start(void **state)
{
	static const char *const args[] = { "--runs", "300", "--days", "1", NULL };

	(void)state;
	fake_environment();
	fake_start(&fake, args);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	fake_stop(&fake);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup(f, reset)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_page),
		TEST(test_faults_that_pass),
		TEST(test_writes_are_not_repeated),
		TEST(test_bodies_are_bounded),
		TEST(test_a_stalled_server_does_not_hang),
		TEST(test_nobody_there),
		TEST(test_not_http),
		TEST(test_redirects_are_not_followed),
		TEST(test_cancel_and_wake),
		TEST(test_wake_from_another_thread),
		TEST(test_first_contact),
		TEST(test_clock),
		TEST(test_version_gates),
		TEST(test_page_limit_is_learnt),
		TEST(test_csrf),
		TEST(test_all_kinds),
		TEST(test_garbage_pages),
		TEST(test_waiting_can_be_interrupted),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
