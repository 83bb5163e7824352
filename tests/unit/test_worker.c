#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/fake.h"
#include "spool.h"
#include "weir/time.h"
#include "worker_child.h"
#include "worker_env.h"
#include "worker_result.h"

/* ---- the environment */

struct world {
	struct weir_config *config;
	struct buf warnings;
	json_t *parameters, *job;
	char **env;
};

static void
make_env(struct world *w, const char *parameters, const char *job, bool engine)
{
	struct worker_env e = { .parameters_file = "/tmp/p.json",
		.run = { { 0xab, 1 } },
		.engine = engine };

	memset(w, 0, sizeof(*w));
	buf_init(&w->warnings, 1 << 20);
	fake_environment();
	setenv("WEIR_PARAM_OUTER", "1", 1);
	setenv("WEIR_TASK_RUN_ID", "x", 1);
	setenv("KEPT", "kept", 1);
	w->config = fake_config("http://127.0.0.1:9/api");
	w->parameters = json_loads(parameters, 0, NULL);
	w->job = json_loads(job, 0, NULL);
	assert_non_null(w->parameters);
	e.config = w->config;
	e.parameters = w->parameters;
	e.job = w->job;
	w->env = worker_env_make(&e, &w->warnings);
}

static void
drop_env(struct world *w)
{
	worker_env_free(w->env);
	weir_config_free(w->config);
	json_decref(w->parameters);
	json_decref(w->job);
	buf_release(&w->warnings);
}

static void
check(struct world *w, const char *name, const char *expected)
{
	const char *value = worker_env_get(w->env, name);

	if (expected && !value)
		fail_msg("%s is not set", name);
	if (expected)
		assert_string_equal(value, expected);
	else
		assert_null(value);
}

static void
environment(void **state)
{
	struct world w;

	(void)state;
	make_env(&w,
		"{\"package\":\"zlib\",\"jobs\":4,\"fast\":true,\"none\":null,"
		"\"list\":[1],\"py-version\":3.5}",
		"{\"A\":\"b\",\"KEPT\":null,\"N\":3}", false);
	check(&w, "WEIR_PARAM_PACKAGE", "zlib");
	check(&w, "WEIR_PARAM_JOBS", "4");
	check(&w, "WEIR_PARAM_FAST", "true");
	check(&w, "WEIR_PARAM_NONE", "");
	check(&w, "WEIR_PARAM_LIST", NULL);
	check(&w, "WEIR_PARAM_PY_VERSION", "3.5");
	check(&w, "WEIR_PARAM_OUTER", NULL);
	check(&w, "WEIR_TASK_RUN_ID", NULL);
	check(&w, "KEPT", NULL);
	check(&w, "A", "b");
	check(&w, "N", "3");
	check(&w, "WEIR_LOG_FD", "3");
	check(&w, "WEIR_PARAMETERS_FILE", "/tmp/p.json");
	check(&w, "PREFECT__FLOW_RUN_ID", "ab010000-0000-0000-0000-000000000000");
	check(&w, "PREFECT_API_URL", "http://127.0.0.1:9/api");
	assert_non_null(strstr(worker_env_get(w.env, "WEIR_PARAMETERS"), "\"zlib\""));
	assert_int_equal(w.warnings.len, 0);
	drop_env(&w);
}

static void
no_variables(void **state)
{
	struct buf b = BUF_INIT(1 << 20);
	struct world w;

	(void)state;
	buf_adds(&b, "{\"a-b\":\"1\",\"a_b\":\"2\",\"nul\":\"x\\u0000y\",\"long\":\"");
	buf_addn(&b, 'x', 200000);
	buf_adds(&b, "\"}");
	w.parameters = NULL;
	fake_environment();
	memset(&w, 0, sizeof(w));
	buf_init(&w.warnings, 1 << 20);
	w.config = fake_config("http://127.0.0.1:9/api");
	w.parameters = json_loads(buf_cstr(&b), JSON_ALLOW_NUL, NULL);
	assert_non_null(w.parameters);
	w.env = worker_env_make(
		&(struct worker_env){ .config = w.config, .parameters = w.parameters },
		&w.warnings);
	check(&w, "WEIR_PARAM_A_B", NULL);
	check(&w, "WEIR_PARAM_NUL", NULL);
	check(&w, "WEIR_PARAM_LONG", NULL);
	check(&w, "WEIR_PARAMETERS", NULL);
	assert_non_null(strstr(buf_cstr(&w.warnings), "parameter a-b: "));
	assert_non_null(strstr(buf_cstr(&w.warnings), "parameter a_b: "));
	assert_non_null(strstr(buf_cstr(&w.warnings), "parameter nul: "));
	assert_non_null(strstr(buf_cstr(&w.warnings), "parameter long: "));
	drop_env(&w);
	buf_release(&b);
}

/* The worker that makes them does nothing else meanwhile. */
static void
many_variables(void **state)
{
	enum { MANY = 40000 };
	struct buf b = BUF_INIT(1 << 20);
	int64_t began_us = weir_monotonic_us();
	struct world w;

	(void)state;
	for (int i = 0; i < MANY; i++)
		buf_addf(&b, "%c\"p%d\":1", i ? ',' : '{', i);
	buf_adds(&b, ",\"P7\":2}");
	make_env(&w, buf_cstr(&b), "{\"WEIR_PARAM_P8\":\"8\"}", false);
	check(&w, "WEIR_PARAM_P39999", "1");
	check(&w, "WEIR_PARAM_P8", "1");
	check(&w, "WEIR_PARAM_P7", NULL);
	assert_true(weir_monotonic_us() - began_us < 10 * WEIR_SECOND_US);
	drop_env(&w);
	buf_release(&b);
}

static void
engine_environment(void **state)
{
	struct world w;

	(void)state;
	make_env(&w, "{\"package\":\"zlib\"}", "{}", true);
	check(&w, "WEIR_PARAM_PACKAGE", NULL);
	check(&w, "WEIR_LOG_FD", NULL);
	check(&w, "PREFECT_API_URL", "http://127.0.0.1:9/api");
	check(&w, "PREFECT__FLOW_RUN_ID", "ab010000-0000-0000-0000-000000000000");
	drop_env(&w);
}

/* ---- results */

static int
status_of(int code)
{
	return code << 8;
}

static void
results(void **state)
{
	static const struct {
		struct worker_ended e;
		enum weir_state type;
		const char *name, *message;
	} cases[] = {
		{ { .said = "" }, WEIR_ST_COMPLETED, "Completed", "" },
		{ { .said = "error: x" }, WEIR_ST_COMPLETED, "Completed", "" },
		{ { .status = 3 << 8, .said = "" }, WEIR_ST_FAILED, "Failed",
			"exited with 3" },
		{ { .status = 3 << 8, .said = "error: x" }, WEIR_ST_FAILED, "Failed",
			"error: x" },
		{ { .status = 9, .said = "error: x" }, WEIR_ST_CRASHED, "Crashed",
			"killed by signal 9 (Killed)" },
		{ { .status = 9, .said = "", .stop = WORKER_CANCELLED },
			WEIR_ST_CANCELLED, "Cancelled", "" },
		{ { .status = 9,
			  .said = "",
			  .stop = WORKER_TIMED_OUT,
			  .timeout_us = 90000000 },
			WEIR_ST_FAILED, "TimedOut", "timed out after 1:30" },
		{ { .status = 15, .said = "", .stop = WORKER_LEFT, .host = "h" },
			WEIR_ST_CRASHED, "Crashed",
			"its worker on h ended: the command was stopped" },
		{ { .status = 15, .said = "", .stop = WORKER_NO_ROOM, .host = "h" },
			WEIR_ST_CRASHED, "Crashed",
			"no room for its log on h: the command was stopped" },
		{ { .status = 127 << 8, .said = "", .failure = "not found" },
			WEIR_ST_FAILED, "Failed", "not found" },
	};
	struct worker_result q;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		worker_result_of(&cases[i].e, &q);
		assert_int_equal(q.type, cases[i].type);
		assert_string_equal(q.name, cases[i].name);
		assert_string_equal(q.message, cases[i].message);
	}
	worker_result_of_engine(status_of(2), &q);
	assert_int_equal(q.type, WEIR_ST_CRASHED);
	assert_non_null(strstr(q.message, "status code 2"));
}

/* ---- processes */

static enum weir_rc
find(const char *word, const char *dir, struct weir_err *err)
{
	char path[] = "PATH=/usr/bin:/bin", *env[] = { path, NULL };
	char *found = NULL;
	enum weir_rc rc = worker_child_find(word, env, dir, &found, err);

	if (!rc)
		assert_int_equal(*found, '/');
	free(found);
	return rc;
}

static void
programs(void **state)
{
	struct weir_err err;

	(void)state;
	assert_int_equal(find("sh", "/", &err), WEIR_OK);
	assert_int_equal(find("/bin/sh", "/", &err), WEIR_OK);
	assert_int_equal(find("bin/sh", "/", &err), WEIR_OK);
	assert_int_equal(find("no-such-program", "/", &err), WEIR_ENOTFOUND);
	assert_string_equal(err.text, "command 'no-such-program': not found");
	assert_int_equal(find("/etc/passwd", "/", &err), WEIR_EREFUSED);
	assert_string_equal(err.text, "command '/etc/passwd': not executable");
	assert_int_equal(find("/tmp", "/", &err), WEIR_EFAIL);
	assert_int_equal(find("sh", "/no/such/place", &err), WEIR_ENOTFOUND);
	assert_non_null(strstr(err.text, "working directory '/no/such/place'"));
	assert_int_equal(find("sh", "/etc/passwd", &err), WEIR_ENOTFOUND);
}

/* It does not run before it is told; a script may open its own output again. */
static void
process(void **state)
{
	char sh[] = "/bin/sh", c[] = "-c", *env[] = { NULL };
	char script[] = "echo one; echo two > /dev/stderr; echo three >&3; exit 7";
	char *words[] = { sh, c, script, NULL }, dir[] = "/tmp/childXXXXXX";
	struct worker_child child;
	struct spool_batch b;
	struct weir_err err;
	struct weir_id run = { { 1 } };
	struct spool s;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(spool_open(&s, dir, &err), WEIR_OK);
	assert_int_equal(
		worker_child_fork(&child, sh, words, env, dir, s.fd, &err), WEIR_OK);
	assert_int_equal(getpgid(child.pid), child.pid);
	usleep(20000);
	assert_false(spool_grown(&s));
	assert_int_equal(worker_child_go(&child, sh, &err), WEIR_OK);
	while (child.pid || child.relay) {
		worker_child_reap(&child);
		usleep(1000);
	}
	assert_true(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 7);
	assert_int_equal(child.relay_status, 0);
	assert_true(spool_grown(&s));
	assert_true(spool_next(&s, &run, &b));
	assert_int_equal(b.lines.n, 2);
	spool_batch_release(&b);
	spool_close(&s);
	(void)!chdir(dir);
	unlink("spool");
	unlink("progress");
	(void)!chdir("/");
	rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(environment),
		cmocka_unit_test(no_variables),
		cmocka_unit_test(many_variables),
		cmocka_unit_test(engine_environment),
		cmocka_unit_test(results),
		cmocka_unit_test(programs),
		cmocka_unit_test(process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
