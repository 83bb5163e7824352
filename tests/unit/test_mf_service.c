/* Runs of a metadata service, of tests/lib/fake_metaflow.py. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "mf_help.h"
#include "store_write.h"

struct service {
	struct env_world w;
	char address[128];
	char *file, *log;
	pid_t pid;
	struct weir_metaflow_open how;
	struct buf notes;
	struct weir_err err;
	struct weir_store *s;
};

static char *
read_file(const char *path)
{
	struct buf b = BUF_INIT(1 << 20);
	char chunk[4096];
	size_t n;
	FILE *f = fopen(path, "r");

	while (f && (n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&b, chunk, n);
	if (f)
		fclose(f);
	buf_adds(&b, "");
	return buf_steal(&b);
}

static void
wait_for_address(struct service *v)
{
	struct timespec nap = { .tv_nsec = 20000000 };

	for (int i = 0; i < 3000; i++) {
		char *text = read_file(v->file);

		snprintf(v->address, sizeof(v->address), "%s", text);
		free(text);
		if (v->address[0])
			return;
		nanosleep(&nap, NULL);
	}
	fail_msg("the fake service does not start");
}

/* options: words with single spaces. */
static void
serve(struct service *v, const char *options)
{
	const char *root = getenv("ROOT");
	char *rest = NULL,
	     *fake = xasprintf("%s/tests/lib/fake_metaflow.py", root ? root : ".");
	char *words = xstrdup(options), *argv[16] = { xstrdup("python3"), fake };
	size_t n = 2;

	memset(v, 0, sizeof(*v));
	env_world_make(&v->w);
	buf_init(&v->notes, 1 << 16);
	v->file = xasprintf("%s/address", v->w.folder);
	v->log = xasprintf("%s/log", v->w.folder);
	argv[n++] = v->file;
	argv[n++] = xstrdup("--log");
	argv[n++] = v->log;
	for (char *p = strtok_r(words, " ", &rest); p && n + 1 < N_ELEM(argv);
		p = strtok_r(NULL, " ", &rest))
		argv[n++] = p;
	v->pid = fork();
	if (v->pid == 0) {
		execvp("python3", argv);
		_exit(127);
	}
	wait_for_address(v);
	setenv("METAFLOW_DEFAULT_METADATA", "service", 1);
	setenv("METAFLOW_SERVICE_URL", v->address, 1);
	setenv("WEIR_NOW", "2026-11-21T02:10:00Z", 1);
	v->how = (struct weir_metaflow_open){
		.config = v->w.config, .root = &v->w.root, .refresh = true
	};
	free(words);
	free(argv[0]);
	free(argv[3]);
	free(fake);
}

static void
stop(struct service *v)
{
	if (v->pid > 0) {
		kill(v->pid, SIGKILL);
		waitpid(v->pid, NULL, 0);
	}
	v->pid = 0;
}

static void
end(struct service *v)
{
	static const char *const set[] = { "METAFLOW_DEFAULT_METADATA",
		"METAFLOW_SERVICE_URL", "METAFLOW_SERVICE_AUTH_KEY",
		"METAFLOW_SERVICE_HEADERS", "WEIR_NOW" };

	stop(v);
	weir_store_close(v->s);
	for (size_t i = 0; i < N_ELEM(set); i++)
		unsetenv(set[i]);
	buf_release(&v->notes);
	free(v->file);
	free(v->log);
	env_world_drop(&v->w);
}

static enum weir_rc
look(struct service *v)
{
	weir_store_close(v->s);
	v->s = NULL;
	buf_clear(&v->notes);
	return weir_metaflow_open(&v->how, &v->s, &v->notes, &v->err);
}

static int64_t
number(struct service *v, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t n = -1;

	if (sqlite3_prepare_v2(store_db(v->s)->sqlite, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(store_db(v->s)->sqlite));
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

/* How many requests went to a path that holds this. */
static int
asked(const struct service *v, const char *what)
{
	char *rest = NULL, *log = read_file(v->log);
	int n = 0;

	for (char *line = strtok_r(log, "\n", &rest); line;
		line = strtok_r(NULL, "\n", &rest))
		n += strstr(line, what) != NULL;
	free(log);
	return n;
}

#define RUNS "SELECT count(*) FROM runs"

static void
test_pages(void **state)
{
	struct service v;

	(void)state;
	serve(&v, "--runs 1200 --pages");
	v.how.since_us = (MF_MS + 1101 * 1000) * 1000; /* 100 of them */
	assert_int_equal(look(&v), WEIR_OK);
	assert_int_equal(number(&v, RUNS), 100);
	assert_int_equal(asked(&v, "BigFlow/runs?"), 1); /* newest first: enough */
	assert_int_equal(number(&v, "SELECT count(*) FROM runs WHERE state = 6"), 100);
	assert_int_equal(
		number(&v, "SELECT count(*) FROM task_envs WHERE attempt = -1"), 200);
	v.how.since_us = WEIR_NO_TIME;
	v.how.budget_ms = 1;
	assert_int_equal(look(&v), WEIR_OK);
	assert_non_null(strstr(buf_cstr(&v.notes), "http://127.0.0.1"));
	v.how.budget_ms = 0;
	v.how.since_us = (MF_MS + 1001 * 1000) * 1000;
	assert_int_equal(look(&v), WEIR_OK);
	assert_int_equal(number(&v, RUNS), 200);
	assert_int_equal(asked(&v, "/1150/metadata"), 1); /* has ended: never again */
	end(&v);
}

static void
test_all_at_once(void **state)
{
	struct service v;

	(void)state;
	serve(&v, "--runs 300 --pad 95000"); /* 28 MB */
	v.how.since_us = (MF_MS + 295 * 1000) * 1000;
	assert_int_equal(look(&v), WEIR_OK);
	assert_int_equal(number(&v, RUNS), 6);
	end(&v);
}

static void
test_faults(void **state)
{
	struct service v;

	(void)state;
	serve(&v, "--fail /flows=503*2 --fail /runs/2/metadata=500*1");
	assert_int_equal(look(&v), WEIR_OK);
	assert_int_equal(number(&v, RUNS), 2);
	assert_non_null(strstr(
		buf_cstr(&v.notes), "/runs/2/metadata: 500: relation is gone\n"));
	assert_int_equal(look(&v), WEIR_OK); /* what was left out is asked again */
	assert_int_equal(number(&v, RUNS), 3);
	assert_int_equal(v.notes.len, 0);
	end(&v);
	serve(&v, "--fail /BigFlow/runs=500*9");
	assert_int_equal(look(&v), WEIR_ENET);
	assert_non_null(strstr(v.err.text, "GET /flows/BigFlow/runs: 500: relation"));
	assert_null(strchr(v.err.text, '\n'));
	end(&v);
}

static void
test_keys(void **state)
{
	struct service v;

	(void)state;
	serve(&v, "--key sekret1");
	assert_int_equal(look(&v), WEIR_EAUTH);
	assert_non_null(strstr(v.err.hint, "METAFLOW_SERVICE_AUTH_KEY"));
	setenv("METAFLOW_SERVICE_AUTH_KEY", "sekret1", 1);
	assert_int_equal(look(&v), WEIR_OK);
	unsetenv("METAFLOW_SERVICE_AUTH_KEY");
	setenv("METAFLOW_SERVICE_HEADERS", "{\"X-Api-Key\": \"sekret1\"}", 1);
	assert_int_equal(look(&v), WEIR_OK);
	setenv("METAFLOW_SERVICE_HEADERS", "{\"a\": 1}", 1);
	assert_int_equal(look(&v), WEIR_ECONFIG);
	assert_null(strstr(v.err.text, "sekret1"));
	unsetenv("METAFLOW_SERVICE_HEADERS");
	setenv("METAFLOW_SERVICE_URL", "s3://bob:sekret1@host/x", 1);
	assert_int_equal(look(&v), WEIR_ECONFIG);
	assert_null(strstr(v.err.text, "sekret1"));
	end(&v);
}

/* A service that is away: what is known is shown, and how old it is. */
static void
test_away(void **state)
{
	struct service v;
	char *url;

	(void)state;
	serve(&v, "");
	v.how.refresh = false;
	v.how.offline = true;
	assert_int_equal(look(&v), WEIR_ENOTFOUND);
	v.how.offline = false;
	url = xasprintf("http://bob:sekret1@%s", v.address + strlen("http://"));
	setenv("METAFLOW_SERVICE_URL", url, 1);
	assert_int_equal(look(&v), WEIR_OK);
	assert_int_equal(number(&v, RUNS), 3);
	stop(&v);
	assert_int_equal(look(&v), WEIR_OK); /* asked a moment ago */
	assert_int_equal(v.notes.len, 0);
	setenv("WEIR_NOW", "2026-11-21T02:11:00Z", 1);
	assert_int_equal(look(&v), WEIR_OK);
	assert_int_equal(number(&v, RUNS), 3);
	assert_non_null(strstr(buf_cstr(&v.notes), "refused"));
	assert_non_null(strstr(buf_cstr(&v.notes), "as of 1 min ago"));
	assert_null(strstr(buf_cstr(&v.notes), "sekret1"));
	v.how.refresh = true;
	assert_int_equal(look(&v), WEIR_ENET);
	assert_non_null(strstr(v.err.hint, "/ping"));
	free(url);
	end(&v);
}

/* A log that lies elsewhere: where, without the password in it. */
static void
test_log_elsewhere(void **state)
{
	struct service v;
	struct weir_id id;
	bool ended = false;

	(void)state;
	serve(&v, "");
	assert_int_equal(look(&v), WEIR_OK);
	assert_int_equal(weir_metaflow_id(STR("BigFlow/2"), &id, NULL), 0);
	assert_int_equal(
		weir_metaflow_logs(&v.how, &id, &ended, &v.notes, &v.err), WEIR_OK);
	assert_true(ended);
	assert_string_equal(buf_cstr(&v.notes),
		"BigFlow/2: the log of 2 of 2 tasks is in the data store, which is not "
		"read: s3://***@bucket/mf (s3)\n");
	assert_int_equal(weir_metaflow_id(STR("BigFlow/9"), &id, NULL), 0);
	assert_int_equal(weir_metaflow_logs(&v.how, &id, &ended, &v.notes, &v.err),
		WEIR_ENOTFOUND);
	end(&v);
}

/* Who only reads does not ask it again and again; who wants to know does. */
static void
test_slow(void **state)
{
	struct service v;
	int n;

	(void)state;
	serve(&v, "--slow 0.4");
	v.how.refresh = false;
	assert_int_equal(look(&v), WEIR_OK); /* there was nothing: to the first runs */
	assert_int_equal(number(&v, RUNS), 3);
	setenv("WEIR_NOW", "2026-11-21T02:10:12Z", 1);
	n = asked(&v, "/flows?");
	assert_int_equal(look(&v), WEIR_OK);
	assert_int_equal(asked(&v, "/flows?"), n);
	setenv("WEIR_NOW", "2026-11-21T02:12:00Z", 1);
	v.how.budget_ms = 100;
	assert_int_equal(look(&v), WEIR_OK);
	assert_int_equal(number(&v, RUNS), 3);
	assert_non_null(strstr(buf_cstr(&v.notes), "it has not answered yet\n"));
	v.how.budget_ms = 0;
	v.how.refresh = true;
	assert_int_equal(look(&v), WEIR_OK);
	assert_int_equal(asked(&v, "/flows?"), n + 2);
	end(&v);
}

/* The long wait for the first runs is not had by each command. */
static void
test_slow_unknown(void **state)
{
	struct service v;
	int64_t began;

	(void)state;
	serve(&v, "--slow 0.8");
	v.how.refresh = false;
	v.how.first_ms = 600; /* /flows alone takes longer */
	assert_int_equal(look(&v), WEIR_OK);
	assert_int_equal(number(&v, RUNS), 0);
	assert_non_null(
		strstr(buf_cstr(&v.notes), "it has not answered yet; nothing is "));
	assert_non_null(strstr(buf_cstr(&v.notes), " known of it yet, weir sync "));
	v.how.first_ms = 60000; /* now it would be waited for */
	buf_clear(&v.notes);
	began = weir_monotonic_us();
	assert_int_equal(look(&v), WEIR_OK);
	assert_true(weir_monotonic_us() - began < 30 * WEIR_SECOND_US);
	assert_int_equal(number(&v, RUNS), 0);
	assert_non_null(strstr(buf_cstr(&v.notes), "it has not answered yet; "));
	/* for some minutes */
	setenv("WEIR_NOW", "2026-11-21T02:16:00Z", 1);
	assert_int_equal(look(&v), WEIR_OK);
	assert_int_equal(number(&v, RUNS), 3);
	end(&v);
}

/* Answers of the real service's classes, where they are at hand. */
static void
test_sample(void **state)
{
	char *path = mf_shared("metadata-service-sample.json"), *options;
	struct weir_task_pair p;
	struct service v;

	(void)state;
	if (!path)
		skip();
	options = xasprintf("--answers %s", path);
	serve(&v, options);
	v.how.since_us = WEIR_NO_TIME;
	assert_int_equal(look(&v), WEIR_OK);
	assert_int_equal(number(&v, RUNS), 3);
	assert_int_equal(
		weir_env_of_pathspec(v.s, "TreeFlow/13/start/601", &p, NULL), 0);
	assert_string_equal(p.pair.req_id, "d55302a04ef0533d94e6395c0e951c9e1493782e");
	assert_int_equal(
		weir_env_of_pathspec(v.s, "TreeFlow/13/end", &p, NULL), WEIR_ENOTFOUND);
	assert_int_equal(
		number(&v, "SELECT count(*) FROM task_envs WHERE kind = 3"), 2);
	assert_int_equal(number(&v, "SELECT count(DISTINCT full_id || req_id) FROM "
				    "task_envs e JOIN task_runs t ON t.id = e.task "
				    "WHERE t.name = 'fan/502'"),
		2);
	assert_int_equal(
		number(&v, "SELECT state FROM runs WHERE name = 'TreeFlow/13'"),
		WEIR_ST_COMPLETED);
	free(path);
	free(options);
	end(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_away),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_slow_unknown),
		cmocka_unit_test(test_log_elsewhere),
		cmocka_unit_test(test_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
