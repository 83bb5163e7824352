#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

#include <weir/time.h>

#include "alive.h"
#include "embedded_help.h"

static int
set_clock(void **state)
{
	(void)state;
	return setenv("WEIR_NOW", "2026-11-21T14:02:19Z", 1);
}

/* Look, and do what is due, until nothing is. */
static json_t *
tick(struct emb *e)
{
	for (int i = 0; i < 50; i++) {
		emb_call(e, "GET", xstrdup("/weir/tick"), NULL);
		if (!json_is_true(json_object_get(e->last, "due")))
			return e->last;
		emb_call(e, "POST", xstrdup("/weir/tick"), NULL);
		assert_int_equal(e->status, 200);
	}
	fail_msg("something is always due");
	return NULL;
}

/* Runs that fit a filter: how many; the first by time is in e->last[0]. */
static size_t
runs(struct emb *e, const char *filter)
{
	char *body = xasprintf("{\"sort\":\"NEXT_SCHEDULED_START_TIME_ASC\","
			       "\"limit\":200,\"flow_runs\":%s}",
		filter);

	emb_call(e, "POST", xstrdup("/flow_runs/filter"), body);
	free(body);
	return json_array_size(e->last);
}

static size_t
scheduled(struct emb *e)
{
	return runs(e, "{\"state\":{\"type\":{\"any_\":[\"SCHEDULED\"]}}}");
}

static int64_t
time_of(const json_t *o, const char *name)
{
	int64_t us;

	assert_true(weir_time_parse(str_of(emb_text(o, name)), &us));
	return us;
}

static void
test_runs(void **state)
{
	struct emb e;
	const json_t *run, *by;
	char *id, *want;
	int64_t next;

	(void)state;
	emb_new(&e);
	id = emb_deployment(&e,
		"\"parameters\":{\"a\":1,\"b\":2},\"tags\":[\"x\"],\"schedules\":["
		"{\"schedule\":{\"cron\":\"0 3 * * *\",\"timezone\":\"UTC\"},"
		"\"slug\":\"night\",\"parameters\":{\"b\":3}}]");
	assert_int_equal(scheduled(&e), 0);
	next = time_of(tick(&e), "next");
	assert_int_equal(scheduled(&e), 3);
	run = json_array_get(e.last, 0);
	/* not before one of three has its time, or tomorrow */
	assert_true(next <= time_of(run, "next_scheduled_start_time"));
	assert_int_equal(
		time_of(run, "next_scheduled_start_time") / 1000000 % 86400, 3 * 3600);
	assert_int_equal(time_of(run, "expected_start_time"),
		time_of(run, "next_scheduled_start_time"));
	assert_true(json_is_true(json_object_get(run, "auto_scheduled")));
	by = json_object_get(run, "created_by");
	assert_string_equal(emb_text(by, "type"), "SCHEDULE");
	assert_string_equal(emb_text(by, "display_value"), "night");
	want = xasprintf("scheduled %s %s ", id, emb_text(by, "id"));
	assert_memory_equal(emb_text(run, "idempotency_key"), want, strlen(want));
	assert_non_null(strstr(emb_text(run, "idempotency_key"), " 03:00:00+00:00"));
	run = json_object_get(run, "parameters");
	assert_int_equal(json_integer_value(json_object_get(run, "a")), 1);
	assert_int_equal(json_integer_value(json_object_get(run, "b")), 3);
	/* once more: none twice */
	emb_call(&e, "POST", xstrdup("/weir/tick"), NULL);
	assert_int_equal(scheduled(&e), 3);
	free(want);
	free(id);
	emb_end(&e);
}

static void
test_how_many(void **state)
{
	struct emb e;
	char *id;

	(void)state;
	emb_new(&e);
	id = emb_deployment(&e, "\"schedules\":["
				"{\"schedule\":{\"cron\":\"* * * * * *\"}},"
				"{\"schedule\":{\"interval\":1200},"
				"\"max_scheduled_runs\":2},"
				"{\"schedule\":{\"interval\":60},\"active\":false}]");
	(void)tick(&e);
	assert_int_equal(scheduled(&e), 102);
	free(id);
	emb_end(&e);
}

/* Paused, changed or gone: so are the runs that were made, and made again. */
static void
test_changes(void **state)
{
	struct emb e;
	char *id;

	(void)state;
	emb_new(&e);
	id = emb_deployment(
		&e, "\"schedules\":[{\"schedule\":{\"cron\":\"0 3 * * *\"}}]");
	(void)tick(&e);
	assert_int_equal(scheduled(&e), 3);
	emb_call(&e, "POST", xasprintf("/deployments/%s/pause_deployment", id), NULL);
	assert_int_equal(scheduled(&e), 0);
	assert_true(json_is_null(json_object_get(tick(&e), "next")));
	assert_int_equal(scheduled(&e), 0);
	emb_call(&e, "POST", xasprintf("/deployments/%s/resume_deployment", id), NULL);
	(void)tick(&e);
	assert_int_equal(scheduled(&e), 3);
	emb_call(&e, "PATCH", xasprintf("/deployments/%s", id),
		"{\"schedules\":[{\"schedule\":{\"cron\":\"* * * * *\"}}]}");
	assert_int_equal(scheduled(&e), 0);
	(void)tick(&e);
	assert_in_range(scheduled(&e), 60, 61);
	emb_call(&e, "DELETE", xasprintf("/deployments/%s", id), NULL);
	assert_int_equal(scheduled(&e), 0);
	assert_true(json_is_null(json_object_get(tick(&e), "next")));
	free(id);
	emb_end(&e);
}

/* One that cannot be: said, the others go on; what Prefect refuses is refused. */
static void
test_problems(void **state)
{
	static const char *const refused[] = { "{\"cron\":\"70 * * * *\"}",
		"{\"rrule\":\"FREQ=NEVER\"}",
		"{\"cron\":\"0 0 * * *\",\"timezone\":\"Mars/Olympus\"}" };
	struct emb e;
	char *id, *body;
	const json_t *said;

	(void)state;
	emb_new(&e);
	id = emb_deployment(&e, "\"schedules\":[{\"schedule\":{\"rrule\":"
				"\"FREQ=SECONDLY;COUNT=999999999\"}},"
				"{\"schedule\":{\"interval\":3600}}]");
	emb_call(&e, "POST", xstrdup("/weir/tick"), NULL);
	said = json_object_get(e.last, "problems");
	assert_int_equal(json_array_size(said), 1);
	assert_non_null(strstr(json_string_value(json_array_get(said, 0)),
		"its COUNT starts too long ago"));
	assert_int_equal(json_array_size(json_object_get(tick(&e), "problems")), 0);
	assert_int_equal(scheduled(&e), 3);
	for (size_t i = 0; i < N_ELEM(refused); i++) {
		body = xasprintf("[{\"schedule\":%s}]", refused[i]);
		emb_call(&e, "POST", xasprintf("/deployments/%s/schedules", id), body);
		if (strstr(body, "Mars") && access("/usr/share/zoneinfo", X_OK) != 0)
			assert_int_equal(e.status, 201);
		else
			assert_int_equal(e.status, 422);
		free(body);
	}
	free(id);
	emb_end(&e);
}

/* A run that waits for more than 15 s is Late. */
static void
test_late(void **state)
{
	struct emb e;
	char *id, *run, *body, text[WEIR_TIME_TEXT];

	(void)state;
	emb_new(&e);
	id = emb_deployment(&e, "");
	weir_time_format(weir_now_us() - INT64_C(16000000), text);
	body = xasprintf("{\"state\":{\"type\":\"SCHEDULED\",\"state_details\":"
			 "{\"scheduled_time\":\"%s\"}}}",
		text);
	run = emb_run(&e, id, body);
	(void)tick(&e);
	assert_string_equal(emb_text(emb_get(&e, run), "state_name"), "Late");
	free(run);
	free(body);
	run = emb_run(&e, id, "{}");
	/* nor is it before */
	assert_true(time_of(tick(&e), "next") > weir_now_us() + 10000000);
	assert_string_equal(emb_text(emb_get(&e, run), "state_name"), "Scheduled");
	free(run);
	free(id);
	emb_end(&e);
}

static bool
is_unsettled(struct emb *e)
{
	struct weir_store *store = NULL;
	bool is;

	assert_int_equal(weir_store_open_embedded(
				 e->path, "platform", WEIR_STORE_READ, &store, &e->err),
		WEIR_OK);
	is = embedded_is_unsettled(store, e->path);
	weir_store_close(store);
	return is;
}

static char *
make_paused(struct emb *e, const char *deployment, const char *until)
{
	char *run = emb_run(e, deployment, "{}"), *state;

	state = xasprintf("{\"type\":\"PAUSED\",\"state_details\":"
			  "{\"pause_timeout\":%s}}",
		until);
	emb_state(e, run, "{\"type\":\"RUNNING\"}", true);
	emb_state(e, run, state, false);
	assert_string_equal(emb_text(e->last, "status"), "ACCEPT");
	free(state);
	return run;
}

static void
assert_failed(struct emb *e, const char *run)
{
	const json_t *state = json_object_get(emb_get(e, run), "state");

	assert_string_equal(emb_text(state, "type"), "FAILED");
	assert_string_equal(emb_text(state, "name"), "Failed");
	assert_string_equal(
		emb_text(state, "message"), "The flow was paused and never resumed.");
	assert_int_equal(time_of(e->last, "end_time"), weir_now_us());
}

static void
assert_paused(struct emb *e, const char *run)
{
	assert_string_equal(emb_text(emb_get(e, run), "state_type"), "PAUSED");
}

/* A run that is not resumed in time is Failed: it is known when, and not before. */
static void
test_pauses(void **state)
{
	struct emb e;
	char *id, *soon, *later, *never, *resumed;

	(void)state;
	emb_new(&e);
	id = emb_deployment(&e, "");
	never = make_paused(&e, id, "null");
	assert_true(json_is_null(json_object_get(tick(&e), "next")));
	later = make_paused(&e, id, "\"2026-11-21T16:03:00+02:00\"");
	soon = make_paused(&e, id, "\"2026-11-21T14:02:29Z\"");
	resumed = make_paused(&e, id, "\"2026-11-21T14:02:25Z\"");
	emb_call(&e, "POST", xasprintf("/flow_runs/%s/resume", resumed), NULL);
	assert_string_equal(emb_text(tick(&e), "next"), "2026-11-21T14:02:29.000001Z");
	setenv("WEIR_NOW", "2026-11-21T14:02:29Z", 1);
	(void)tick(&e);
	assert_paused(&e, soon);
	setenv("WEIR_NOW", "2026-11-21T14:02:29.000001Z", 1);
	assert_string_equal(emb_text(tick(&e), "next"), "2026-11-21T14:03:00.000001Z");
	assert_failed(&e, soon);
	assert_paused(&e, later);
	assert_paused(&e, never);
	assert_string_equal(emb_text(emb_get(&e, resumed), "state_type"), "RUNNING");
	/* no worker lives: whoever looks */
	assert_false(is_unsettled(&e));
	setenv("WEIR_NOW", "2026-11-21T14:04:00Z", 1);
	assert_true(is_unsettled(&e));
	assert_int_equal(embedded_settle(e.path, "platform", &e.err), WEIR_OK);
	assert_false(is_unsettled(&e));
	assert_failed(&e, later);
	assert_paused(&e, never);
	free(never);
	free(resumed);
	free(later);
	free(soon);
	free(id);
	emb_end(&e);
	(void)set_clock(state);
}

/* The clock was set back: runs are made for what is near again. */
static void
test_set_back(void **state)
{
	struct emb e;
	char *id;

	(void)state;
	emb_new(&e);
	setenv("WEIR_NOW", "2027-11-21T14:02:19Z", 1);
	id = emb_deployment(
		&e, "\"schedules\":[{\"schedule\":{\"cron\":\"0 3 * * *\"}}]");
	(void)tick(&e);
	assert_int_equal(scheduled(&e), 3);
	(void)set_clock(state);
	(void)tick(&e);
	assert_int_equal(scheduled(&e), 6);
	assert_string_equal(emb_text(json_array_get(e.last, 0), "expected_start_time"),
		"2026-11-22T03:00:00Z");
	free(id);
	emb_end(&e);
}

static void
test_lock(void **state)
{
	struct emb e;
	int one, two;

	(void)state;
	emb_new(&e);
	one = alive_tick(e.path);
	assert_true(one >= 0);
	assert_int_equal(alive_tick(e.path), -1);
	close(one);
	two = alive_tick(e.path);
	assert_true(two >= 0);
	close(two);
	emb_end(&e);
}

/* A process of its own that is alive until the pipe is shut; -1 in *ret_go: it died. */
static pid_t
start_other(const char *path, int *ret_go)
{
	struct alive *a = NULL;
	struct weir_err err;
	int go[2], up[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(up), 0);
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		byte = alive_hold(path, &a, &err) ? 'n' : 'y';
		(void)!write(up[1], &byte, 1);
		(void)!read(go[0], &byte, 1);
		_exit(0);
	}
	close(go[0]);
	close(up[1]);
	assert_int_equal(read(up[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	close(up[0]);
	*ret_go = go[1];
	return pid;
}

static void
end_other(pid_t pid, int go)
{
	close(go);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
test_others(void **state)
{
	struct emb e;
	struct alive *a = NULL;
	struct pollfd v[ALIVE_PEERS_MAX];
	pid_t one, two;
	int go_one, go_two;

	(void)state;
	emb_new(&e);
	one = start_other(e.path, &go_one);
	assert_int_equal(alive_hold(e.path, &a, &e.err), WEIR_OK);
	assert_false(alive_look(a));
	two = start_other(e.path, &go_two);
	assert_false(alive_look(a));
	assert_int_equal(alive_polled(a, v), 2);
	assert_int_equal(poll(v, 2, 0), 0);
	assert_false(alive_heard(a, v, 2));
	end_other(two, go_two);
	assert_int_equal(poll(v, 2, -1), 1);
	assert_true(alive_heard(a, v, 2));
	assert_int_equal(alive_polled(a, v), 1);
	assert_int_equal(poll(v, 1, 0), 0);
	/* what it left is found once, and is gone then */
	assert_true(alive_look(a));
	assert_false(alive_look(a));
	/* one that came and went unseen */
	two = start_other(e.path, &go_two);
	end_other(two, go_two);
	assert_true(alive_look(a));
	assert_int_equal(alive_other(e.path), one);
	end_other(one, go_one);
	assert_int_equal(alive_other(e.path), 0);
	alive_drop(a);
	emb_end(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_how_many),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_pauses),
		cmocka_unit_test(test_set_back),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, set_clock, NULL);
}
