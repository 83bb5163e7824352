/* engine.c against the fake server: requests, events, following, being away, stopping.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/fake.h"
#include <poll.h>

#include "weir/engine.h"
#include "weir/select.h"
#include "weir/session.h"
#include "weir/store.h"

enum { WAIT_MS = 20000 };

struct world {
	struct fake fake;
	struct weir_config *config;
	char *folder;
};

static int
begin(void **state)
{
	static const char *const args[] = { "--runs", "120", "--limit", "20", NULL };
	struct world *w = xcalloc(1, sizeof(*w));
	const char *tmp = getenv("TMPDIR");

	w->folder = xasprintf("%s/weir-engine-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(w->folder));
	fake_environment();
	unsetenv("WEIR_NOW");
	setenv("HOME", w->folder, 1);
	setenv("XDG_CACHE_HOME", w->folder, 1);
	fake_start(&w->fake, args);
	w->config = fake_config(w->fake.url);
	*state = w;
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;
	pid_t pid;

	fake_stop(&w->fake);
	weir_config_free(w->config);
	pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", w->folder, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	free(w->folder);
	free(w);
	return 0;
}

/* The next event of a kind (and request), others are thrown away. */
static struct weir_event
await(struct weir_engine *e, enum weir_ev_kind kind, uint64_t request)
{
	int64_t until = weir_monotonic_us() + (int64_t)WAIT_MS * 1000;
	struct weir_event event;

	while (weir_monotonic_us() < until) {
		struct pollfd p = { .fd = weir_engine_fd(e), .events = POLLIN };

		while (weir_engine_next(e, &event))
			if (event.kind == kind &&
				(!request || event.request == request))
				return event;
		poll(&p, 1, 100);
	}
	fail_msg("event %d did not come", (int)kind);
	return event;
}

static int64_t
count_runs(struct weir_config *config)
{
	struct weir_session *s = weir_session_new(config);
	struct weir_store *store = NULL;
	int64_t n = -1;

	if (weir_session_store(s, WEIR_STORE_READ, &store, NULL) ||
		weir_store_count(store, WEIR_RUN, &n, NULL))
		n = -1;
	weir_session_free(s);
	return n;
}

/* Some run's id: live ones begin the list. */
static struct weir_id
some_run(struct weir_config *config, const char *which)
{
	struct weir_session *s = weir_session_new(config);
	struct weir_store *store = NULL;
	enum weir_kind kind;
	struct weir_id id;
	int64_t key;

	assert_int_equal(weir_session_store(s, WEIR_STORE_READ, &store, NULL), 0);
	assert_int_equal(
		weir_resolve(store, 1U << WEIR_RUN, which, &kind, &id, &key, NULL),
		WEIR_OK);
	weir_session_free(s);
	return id;
}

static void
test_cycle_and_requests(void **state)
{
	struct world *w = *state;
	struct weir_engine *e = NULL;
	struct weir_req req = { .kind = WEIR_REQ_SYNC };
	struct weir_event event;
	uint64_t number;

	assert_int_equal(weir_engine_start(w->config, false, &e, NULL), WEIR_OK);
	await(e, WEIR_EV_CHANGED, 0);
	number = weir_engine_submit(e, &req);
	event = await(e, WEIR_EV_DONE, number);
	assert_int_equal(event.rc, WEIR_OK);
	assert_int_equal(count_runs(w->config), 120);

	req.kind = WEIR_REQ_RUN;
	req.id = some_run(w->config, "@failed");
	number = weir_engine_submit(e, &req);
	event = await(e, WEIR_EV_DONE, number);
	assert_int_equal(event.rc, WEIR_OK);

	req.id = weir_id_random();
	number = weir_engine_submit(e, &req);
	event = await(e, WEIR_EV_DONE, number);
	assert_int_equal(event.rc, WEIR_ENOTFOUND);
	assert_true(event.text[0] != '\0');
	await(e, WEIR_EV_IDLE, 0);
	while (weir_engine_next(e, &event))
		;
	assert_true(weir_engine_idle(e));
	weir_engine_stop(e);
}

static void
test_logs(void **state)
{
	struct world *w = *state;
	struct weir_engine *e = NULL;
	struct weir_req req = { .kind = WEIR_REQ_SYNC };
	uint64_t number;

	assert_int_equal(weir_engine_start(w->config, false, &e, NULL), WEIR_OK);
	await(e, WEIR_EV_DONE, weir_engine_submit(e, &req));
	req.kind = WEIR_REQ_LOGS;
	req.id = some_run(w->config, "@failed");
	number = weir_engine_submit(e, &req);
	assert_int_equal(await(e, WEIR_EV_DONE, number).rc, WEIR_OK);
	/* following a run that has ended is over at once */
	req.kind = WEIR_REQ_FOLLOW;
	number = weir_engine_submit(e, &req);
	assert_int_equal(await(e, WEIR_EV_DONE, number).rc, WEIR_OK);
	/* a live one is followed until it is called off */
	req.id = some_run(w->config, "@latest");
	number = weir_engine_submit(e, &req);
	req.id = (struct weir_id){ { 0 } };
	assert_int_equal(
		await(e, WEIR_EV_DONE, weir_engine_submit(e, &req)).rc, WEIR_OK);
	(void)number;
	weir_engine_stop(e);
}

static void
test_away_and_back(void **state)
{
	struct world *w = *state;
	struct weir_engine *e = NULL;
	struct weir_req req = { .kind = WEIR_REQ_SYNC };
	struct weir_event event;
	int64_t began;

	setenv("PREFECT_CLIENT_MAX_RETRIES", "0", 1);
	weir_config_free(w->config);
	w->config = fake_config("http://127.0.0.1:9/api");
	assert_int_equal(weir_engine_start(w->config, false, &e, NULL), WEIR_OK);
	event = await(e, WEIR_EV_OFFLINE, 0);
	assert_true(event.text[0] != '\0');
	event = await(e, WEIR_EV_DONE, weir_engine_submit(e, &req));
	assert_int_equal(event.rc, WEIR_ENET);
	began = weir_monotonic_us();
	weir_engine_stop(e);
	assert_true(weir_monotonic_us() - began < 8 * WEIR_SECOND_US);
	unsetenv("PREFECT_CLIENT_MAX_RETRIES");
}

static void
test_offline_by_choice(void **state)
{
	struct world *w = *state;
	struct weir_engine *e = NULL;
	struct weir_req req = { .kind = WEIR_REQ_SYNC };

	assert_int_equal(weir_engine_start(w->config, true, &e, NULL), WEIR_OK);
	await(e, WEIR_EV_OFFLINE, 0);
	await(e, WEIR_EV_IDLE, 0);
	assert_int_equal(
		await(e, WEIR_EV_DONE, weir_engine_submit(e, &req)).rc, WEIR_ENET);
	weir_engine_stop(e);
	assert_int_equal(count_runs(w->config), -1);
}

/* At any moment: while it starts, works, waits. */
static void
test_stops_quickly(void **state)
{
	struct world *w = *state;
	static const int after_ms[] = { 0, 1, 5, 20, 60, 150, 400 };

	for (size_t i = 0; i < N_ELEM(after_ms); i++) {
		struct timespec nap = { .tv_nsec = after_ms[i] * 1000000L };
		struct weir_engine *e = NULL;
		int64_t began;

		assert_int_equal(
			weir_engine_start(w->config, false, &e, NULL), WEIR_OK);
		nanosleep(&nap, NULL);
		began = weir_monotonic_us();
		weir_engine_stop(e);
		assert_true(weir_monotonic_us() - began < 8 * WEIR_SECOND_US);
	}
	weir_engine_stop(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cycle_and_requests, begin, end),
		cmocka_unit_test_setup_teardown(test_logs, begin, end),
		cmocka_unit_test_setup_teardown(test_away_and_back, begin, end),
		cmocka_unit_test_setup_teardown(test_offline_by_choice, begin, end),
		cmocka_unit_test_setup_teardown(test_stops_quickly, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
