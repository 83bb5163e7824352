/* Runs of Metaflow out of its folder: rows, states, environments. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "mf_alive.h"
#include "mf_help.h"
#include "mf_id.h"
#include "mf_open.h"
#include "mf_says.h"
#include "mf_sync.h"
#include "store_write.h"
#include "weir/logs.h"

/* The first column of the first row, in a buffer that the next call reuses. */
static const char *
text(struct weir_store *s, const char *sql)
{
	static char out[4096];
	sqlite3_stmt *st = NULL;

	out[0] = '\0';
	if (sqlite3_prepare_v2(store_db(s)->sqlite, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(store_db(s)->sqlite));
	if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0))
		snprintf(out, sizeof(out), "%s", sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return out;
}

#define RUN_STATES                                                                     \
	"SELECT group_concat(name || '=' || state, ' ') FROM"                          \
	" (SELECT name, state FROM runs ORDER BY name)"
#define TASK_STATES                                                                    \
	"SELECT group_concat(name || '=' || state, ' ') FROM"                          \
	" (SELECT name, state FROM task_runs ORDER BY name)"

static void
test_ids(void **state)
{
	struct str parts[MF_PARTS];
	struct weir_id id, same;
	char shown[WEIR_ID_TEXT + 1];

	(void)state;
	assert_int_equal(weir_metaflow_id(STR("F/12"), &id, NULL), 0);
	/* printf metaflow:F/12 | sha1sum, with the bits of version 5 */
	assert_string_equal(
		weir_id_format(&id, shown), "f756079a-5f69-5b05-b2da-b9f2be1a1ff1");
	assert_int_equal(mf_id_split(STR("F/12/start/3"), parts), 4);
	assert_int_equal(mf_id(parts, 2, &same, NULL), 0);
	assert_int_equal(weir_id_cmp(&id, &same), 0);
	assert_int_equal(mf_id_split(STR("F"), parts), 1);
	assert_int_equal(mf_id_split(STR(""), parts), 0);
	assert_int_equal(mf_id_split(STR("F//x"), parts), 0);
	assert_int_equal(mf_id_split(STR("F/.."), parts), 0);
	assert_int_equal(mf_id_split(STR("a/b/c/d/e"), parts), 0);
	assert_false(mf_id_is_name(STR("a\nb")));
	assert_false(mf_id_is_name(STR("\xff")));
}

/* One run that ended well, one that failed, one resumed from that. */
static void
make_runs(const struct env_world *w)
{
	mf_self(w, "F", MF_MS, "");
	mf_self(w, "F/1", MF_MS,
		"\"tags\": [\"a\"], \"system_tags\": [\"user:alice\"], ");
	mf_task(w, "F/1/start/1", MF_MS + 1, "\"True\"", MF_ENV(ENV_R1, ENV_FA));
	mf_task(w, "F/1/end/2", MF_MS + 100, "\"False\"", "\"\"");
	mf_self(w, "F/2", MF_MS + 1000, "\"tags\": null, ");
	mf_task(w, "F/2/start/1", MF_MS + 1001, "\"True\"", NULL);
	mf_record(w, "F/2/start/1", "origin-run-id", "\"1\"", 0, MF_MS + 1002);
	mf_record(w, "F/2/start/1", "origin-task-id", "\"1\"", 0, MF_MS + 1002);
	mf_task(w, "F/2/end/2", MF_MS + 1100, "\"True\"", MF_ENV(ENV_R2, ENV_FB));
	mf_self(w, "F/2/_parameters/0", MF_MS + 1000, "");
	mf_write(w, "F/latest_run", "2");
}

static void
test_runs(void **state)
{
	struct buf notes = BUF_INIT(4096);
	struct env_world w;
	struct weir_store *s;

	(void)state;
	env_world_make(&w);
	make_runs(&w);
	s = mf_store(&w, &notes);
	assert_string_equal(text(s, RUN_STATES), "F/1=7 F/2=6");
	assert_string_equal(
		text(s, TASK_STATES), "end/2=6 end/2=7 start/1=6 start/1=6");
	assert_string_equal(text(s, "SELECT tags FROM runs WHERE name = 'F/1'"),
		"[\"a\",\"user:alice\"]");
	assert_string_equal(text(s, "SELECT name FROM flows"), "F");
	assert_string_equal(
		text(s, "SELECT end_us - start_us FROM runs WHERE name = 'F/2'"),
		"120000");
	assert_int_equal(notes.len, 0);
	assert_int_equal(weir_store_check(s, NULL), WEIR_OK);
	weir_store_close(s);
	buf_release(&notes);
	env_world_drop(&w);
}

struct rows {
	struct buf text;
};

static bool
add_row(void *arg, const struct weir_task_env *e)
{
	struct rows *r = arg;

	buf_addf(&r->text, "%.*s@%d:%d:%.2s<%.*s ", (int)e->pathspec.len, e->pathspec.s,
		e->attempt, (int)e->kind, e->full_id.s ? e->full_id.s : "",
		(int)e->origin.len, e->origin.s);
	return true;
}

static const char *
told(struct rows *r)
{
	static char out[1024];

	snprintf(out, sizeof(out), "%s", buf_cstr(&r->text));
	buf_release(&r->text);
	r->text = (struct buf)BUF_INIT(1000);
	return out;
}

static void
test_envs(void **state)
{
	struct weir_env_pair pair = { ENV_R1, ENV_FA };
	struct rows r = { BUF_INIT(1000) };
	struct weir_task_pair p;
	struct env_world w;
	struct weir_store *s;
	struct weir_err err;
	struct weir_id id;

	(void)state;
	env_world_make(&w);
	make_runs(&w);
	s = mf_store(&w, NULL);
	assert_int_equal(weir_metaflow_id(STR("F/2"), &id, NULL), 0);
	assert_int_equal(weir_envs_of_run(s, &id, add_row, &r, NULL), 0);
	assert_string_equal(
		told(&r), "F/2/start/1@-1:1:aa<F/1/start/1 F/2/end/2@-1:0:ab< ");
	assert_int_equal(weir_tasks_of_env(s, &pair, NULL, add_row, &r, NULL), 0);
	assert_string_equal(
		told(&r), "F/2/start/1@-1:1:aa<F/1/start/1 F/1/start/1@-1:0:aa< ");
	assert_int_equal(weir_tasks_of_env(s, &pair, "osx-64", add_row, &r, NULL), 0);
	assert_string_equal(told(&r), "");
	assert_int_equal(weir_env_of_pathspec(s, "F/2/start", &p, NULL), 0);
	assert_string_equal(p.pair.full_id, ENV_FA);
	assert_string_equal(p.arch, "linux-64");
	assert_int_equal(weir_env_of_pathspec(s, "F/2", &p, &err), WEIR_EAMBIGUOUS);
	assert_non_null(strstr(err.text, "F/2/end/2"));
	assert_int_equal(
		weir_env_of_pathspec(s, "F/9/start", &p, &err), WEIR_ENOTFOUND);
	assert_non_null(strstr(err.text, "no run 9 of F"));
	assert_int_equal(weir_env_of_pathspec(s, "F/1/none", &p, &err), WEIR_ENOTFOUND);
	assert_non_null(strstr(err.text, "no such step"));
	assert_int_equal(
		weir_env_of_pathspec(s, "F/1/end/9", &p, &err), WEIR_ENOTFOUND);
	assert_non_null(strstr(err.text, "no such task"));
	assert_int_equal(weir_env_of_pathspec(s, "F", &p, &err), WEIR_ENOTFOUND);
	assert_int_equal(
		weir_env_of_pathspec(s, "F/1/end/2", &p, &err), WEIR_ENOTFOUND);
	assert_non_null(strstr(err.text, "no environment of conda"));
	weir_store_close(s);
	buf_release(&r.text);
	env_world_drop(&w);
}

static const char *
log_of(const struct env_world *w, struct weir_store *s, const struct weir_id *run)
{
	static char out[1024];
	struct weir_metaflow_open how = { .config = w->config, .root = &w->root };
	struct buf b = BUF_INIT(1000);
	struct weir_log_reader *log = NULL;
	struct weir_line line;
	bool ended = false;

	assert_int_equal(weir_metaflow_logs(&how, run, &ended, &b, NULL), 0);
	assert_int_equal(weir_log_open(s, run, &log, NULL), 0);
	for (size_t i = 0; i < weir_log_n(log); i++) {
		assert_int_equal(weir_log_get(log, i, &line, NULL), 0);
		buf_addf(&b, "%d %.*s|", line.level, (int)line.message.len,
			line.message.s);
	}
	buf_adds(&b, weir_log_complete(log) ? "complete" : ended ? "ended" : "live");
	weir_log_close(log);
	snprintf(out, sizeof(out), "%s", buf_cstr(&b));
	buf_release(&b);
	return out;
}

#define HEAD(time, id)                                                                 \
	"[MFLOG|0|2026-11-21T02:06:4" time "Z|runtime|00000000-0000-4000-8000-0000000" \
	"0000" id "]"

/* A log grows; a line that is being written waits for its end. */
static void
test_logs(void **state)
{
	struct env_world w;
	struct weir_store *s;
	struct weir_id id;

	(void)state;
	env_world_make(&w);
	mf_self(&w, "F", MF_MS, "");
	mf_self(&w, "F/1", MF_MS, "");
	mf_task(&w, "F/1/start/1", MF_MS + 1, NULL, NULL);
	mf_write(&w, "F/1/start/1/0.runtime_stdout.log",
		HEAD("7.5", "1") "one\n" HEAD("8.5", "2") "ValueError: no\n" HEAD(
			"9.0", "3") "cut");
	mf_write(&w, "F/1/start/1/0.task_stderr.log",
		"no head\n" HEAD("8.0", "4") "two\n");
	s = mf_store(&w, NULL);
	assert_int_equal(weir_metaflow_id(STR("F/1"), &id, NULL), 0);
	assert_string_equal(
		log_of(&w, s, &id), "20 no head|20 one|20 two|40 ValueError: no|live");
	mf_record(&w, "F/1/start/1", "attempt_ok", "\"False\"", 0, MF_MS + 5000);
	mf_write(&w, "F/1/start/1/0.runtime_stdout.log",
		HEAD("7.5", "1") "one\n" HEAD("8.5", "2") "ValueError: no\n" HEAD(
			"9.0", "3") "cut off\n");
	weir_store_close(s);
	s = mf_store(&w, NULL);
	assert_string_equal(log_of(&w, s, &id),
		"20 no head|20 one|20 two|40 ValueError: no|20 cut off|ended");
	setenv("WEIR_NOW", "2100-01-01T00:00:00Z", 1);
	assert_string_equal(log_of(&w, s, &id),
		"20 no head|20 one|20 two|40 ValueError: no|20 cut off|complete");
	unsetenv("WEIR_NOW");
	weir_store_close(s);
	env_world_drop(&w);
}

static void
link_to(const struct env_world *w, const char *path, const char *target)
{
	char *full = xasprintf("%s/%s", w->root.folder, path);

	if (symlink(target, full) != 0)
		abort();
	free(full);
}

static void
mkfifo_at(const struct env_world *w, const char *path)
{
	char *full = xasprintf("%s/%s", w->root.folder, path);

	if (mkfifo(full, 0600) != 0)
		abort();
	free(full);
}

/* Whatever lies there, the rest is read; what is broken is said. */
static void
test_odd_files(void **state)
{
	struct buf notes = BUF_INIT(1 << 16), big = BUF_INIT(4 << 20);
	struct env_world w;
	struct weir_store *s;

	(void)state;
	env_world_make(&w);
	make_runs(&w);
	mf_write(&w, "conda_env/packages/x", "");
	mf_write(&w, "F/data/ab/abcd", "blob");
	mf_write(&w, "F/1/start/1/_meta/sysmeta_attempt_5.json",
		"{\"field_name\": \"att");
	mf_write(&w, "F/1/start/1/_meta/sysmeta_attempt_ok_9.json", "[]");
	buf_addn(&big, ' ', 2 << 20);
	mf_write(&w, "F/1/start/1/_meta/sysmeta_ds-root_1.json", buf_cstr(&big));
	link_to(&w, "F/1/start/1/_meta/sysmeta_ds-type_1.json",
		"sysmeta_ds-type_1.json");
	link_to(&w, "F/1/start/loop", "../start");
	link_to(&w, "F/3", "3");
	link_to(&w, "G", "F");
	mf_self(&w, "F/4", MF_MS, "\"tags\": \"no list\", \"ts_epoch\": \"x\", ");
	mf_task(&w,
		"F/4/st\xff"
		"art/1",
		MF_MS, "\"True\"", NULL);
	mf_task(&w, "F/4/_own/1", MF_MS, "\"True\"", NULL);
	mf_task(&w, "F/4/a b/c d", MF_MS, "\"True\"", "\"\\u00e9\\ud800\"");
	mf_write(&w, "F/5/_meta/_self.json", "");
	mkfifo_at(&w, "F/1/start/1/_meta/sysmeta_origin-run-id_1.json");
	s = mf_store(&w, &notes);
	assert_string_equal(text(s, RUN_STATES), "F/1=7 F/2=6 F/4=3 G/1=7 G/2=6 G/4=3");
	assert_string_equal(text(s, "SELECT group_concat(t.name) FROM task_runs t JOIN "
				    "runs r ON r.id = t.run WHERE r.name = 'F/4'"),
		"a b/c d");
	assert_string_equal(
		text(s, "SELECT t.state FROM task_runs t JOIN runs r ON r.id = "
			"t.run WHERE r.name || t.name = 'F/1start/1'"),
		"6");
	assert_non_null(
		strstr(buf_cstr(&notes), "sysmeta_attempt_5.json: not a record"));
	assert_non_null(
		strstr(buf_cstr(&notes), "sysmeta_ds-root_1.json: more than 1 MB"));
	assert_non_null(strstr(buf_cstr(&notes), "F/5/_meta/_self.json: not a record"));
	weir_store_close(s);
	buf_release(&notes);
	buf_release(&big);
	env_world_drop(&w);
}

/* Clones of clones, in a circle, of what is not there. */
static void
test_clones(void **state)
{
	struct env_world w;
	struct weir_store *s;
	char path[64];

	(void)state;
	env_world_make(&w);
	mf_self(&w, "F", MF_MS, "");
	for (int i = 1; i <= 8; i++) {
		/* 1 has one; 2 to 5 are clones of the one before, 6 and 7 of each
		 * other, 8 of 99 */
		int of = i == 6 ? 7 : i == 8 ? 99 : i - 1;
		char value[16];

		snprintf(path, sizeof(path), "F/%d", i);
		mf_self(&w, path, MF_MS + 1000 * i, "");
		snprintf(path, sizeof(path), "F/%d/start/1", i);
		mf_task(&w, path, MF_MS + 1000 * i, "\"True\"",
			i == 1 ? MF_ENV(ENV_R1, ENV_FA) : NULL);
		if (i == 1)
			continue;
		snprintf(value, sizeof(value), "\"%d\"", of);
		mf_record(&w, path, "origin-run-id", value, 0, MF_MS + 1000 * i + 1);
		mf_record(&w, path, "origin-task-id", "\"1\"", 0, MF_MS + 1000 * i + 1);
	}
	s = mf_store(&w, NULL);
	assert_string_equal(
		text(s, "SELECT group_concat(name, ' ') FROM (SELECT r.name FROM "
			"task_envs e JOIN runs r ON r.id = e.run WHERE "
			"attempt = -1 AND full_id = '" ENV_FA "' ORDER BY r.name)"),
		"F/1 F/2 F/3 F/4 F/5");
	assert_string_equal(
		text(s, "SELECT count(*) FROM task_envs WHERE value IS NULL "
			"AND attempt = -1"),
		"3");
	weir_store_close(s);
	env_world_drop(&w);
}

/* Without tags the times of `attempt` tell whose a record is. */
static void
test_attempts(void **state)
{
	struct env_world w;
	struct weir_store *s;

	(void)state;
	env_world_make(&w);
	mf_self(&w, "F", MF_MS, "");
	mf_self(&w, "F/1", MF_MS, "");
	mf_self(&w, "F/1/start/1", MF_MS, "");
	mf_record(&w, "F/1/start/1", "attempt", "\"0\"", 0, MF_MS + 10);
	mf_record(&w, "F/1/start/1", "conda_env_id", MF_ENV(ENV_R1, ENV_FA), -1,
		MF_MS + 11);
	mf_record(&w, "F/1/start/1", "attempt_ok", "\"False\"", 0, MF_MS + 12);
	mf_record(&w, "F/1/start/1", "attempt", "\"1\"", 1, MF_MS + 20);
	mf_record(&w, "F/1/start/1", "conda_env_id", MF_ENV(ENV_R1, ENV_FB), -1,
		MF_MS + 21);
	s = mf_store(&w, NULL);
#define OF(attempt)                                                                    \
	"SELECT substr(full_id, 1, 2) FROM task_envs WHERE attempt = " attempt
	assert_string_equal(text(s, OF("-1")), "ab");
	assert_string_equal(text(s, OF("0")), "aa");
	assert_string_equal(text(s, OF("1")), "ab");
	assert_string_equal(text(s, TASK_STATES), "start/1=3"); /* tried again */
	assert_string_equal(text(s, RUN_STATES), "F/1=3");
	weir_store_close(s);
	mf_write(&w, "F/1/start/1/1.runtime",
		"{\"return_code\": 3, \"killed\": false, \"success\": false}");
	s = mf_store(&w, NULL);
	assert_string_equal(text(s, TASK_STATES), "start/1=7");
	assert_string_equal(text(s, RUN_STATES), "F/1=7");
	assert_non_null(strstr(text(s, "SELECT rest FROM task_runs"), "exited with 3"));
	weir_store_close(s);
	env_world_drop(&w);
}

/* A task that is silent for long still runs when its process does. */
static void
test_alive(void **state)
{
	static const char words[] = "python\0flow.py\0step\0--run-id\0"
				    "12\0--task-id\0"
				    "1";
	struct mf_alive none = { .looked = true };
	struct env_world w;
	struct weir_store *s;
	char *id = xasprintf("7%lld", (long long)getpid()), *path;
	pid_t pid;

	(void)state;
	assert_true(str_eq(mf_alive_id((struct str){ words, sizeof(words) }), "12"));
	assert_int_equal(mf_alive_id(STR("--run-id")).len, 0);
	assert_int_equal(mf_alive_id(STR("")).len, 0);
	assert_false(mf_alive_run(&none, STR("12")));
	if (access("/proc/self/cmdline", R_OK) != 0)
		skip();
	env_world_make(&w);
	path = xasprintf("F/%s", id);
	mf_self(&w, "F", MF_MS, "");
	mf_self(&w, path, MF_MS, "");
	free(path);
	path = xasprintf("F/%s/start/1", id);
	mf_task(&w, path, MF_MS, NULL, NULL);
	free(path);
	setenv("WEIR_NOW", "2100-01-01T00:00:00Z", 1);
	pid = fork();
	if (pid == 0) {
		execlp("sh", "sh", "-c", "kill -STOP $$", "--run-id", id, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 3000; i++) {
		const struct timespec nap = { .tv_nsec = 10000000 };

		s = mf_store(&w, NULL);
		if (strcmp(text(s, "SELECT state FROM runs"), "3") == 0)
			break;
		weir_store_close(s);
		s = NULL;
		nanosleep(&nap, NULL);
	}
	assert_non_null(s);
	weir_store_close(s);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	s = mf_store(&w, NULL);
	assert_string_equal(text(s, "SELECT state FROM runs"), "7");
	assert_string_equal(text(s, TASK_STATES), "start/1=7");
	weir_store_close(s);
	unsetenv("WEIR_NOW");
	free(id);
	env_world_drop(&w);
}

/* As the service's own pages tell it. */
static void
test_run_states(void **state)
{
	enum { NOW = 1000, S = WEIR_SECOND_US };
	static const struct {
		int ok;
		int64_t ok_s, attempt_s, beat_s; /* 0: none */
		enum weir_state want;
		int64_t end_s;
	} cases[] = {
		{ 1, 900, 890, 100, WEIR_ST_COMPLETED, 900 },
		{ 1, 900, 950, 100, WEIR_ST_COMPLETED, 900 },
		{ 0, 900, 890, 990, WEIR_ST_FAILED, 900 },
		{ 0, 900, 950, 100, WEIR_ST_RUNNING, 0 },
		{ -1, 0, 950, 640, WEIR_ST_RUNNING, 0 },
		{ -1, 0, 950, 639, WEIR_ST_FAILED, 639 },
		{ -1, 0, 0, 1360, WEIR_ST_RUNNING, 0 },
		{ -1, 0, 0, 1361, WEIR_ST_FAILED, 1361 },
		{ -1, 0, 0, 0, WEIR_ST_FAILED, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
#define US(s) ((s) ? (s) * (int64_t)S : WEIR_NO_TIME)
		struct mf_sum sum = { cases[i].ok, US(cases[i].ok_s),
			US(cases[i].attempt_s), US(cases[i].beat_s) };
		enum weir_state got = WEIR_ST_NONE;
		int64_t end_us = 0;

		mf_says_run(&sum, NOW * (int64_t)S, &got, &end_us);
		assert_int_equal(got, cases[i].want);
		assert_int_equal(end_us, US(cases[i].end_s));
	}
}

/* What has vanished is dropped, with all that was known of it. */
static void
test_gone(void **state)
{
	struct env_world w;
	struct weir_store *s;
	char *path;

	(void)state;
	env_world_make(&w);
	make_runs(&w);
	weir_store_close(mf_store(&w, NULL));
	path = xasprintf("%s/F/1", w.root.folder);
	nftw(path, env_remove, 8, FTW_DEPTH | FTW_PHYS);
	free(path);
	mf_task(&w, "F/2/more/3", MF_MS + 2000, "\"True\"", NULL);
	s = mf_store(&w, NULL);
	assert_string_equal(text(s, RUN_STATES), "F/2=6");
	assert_string_equal(text(s, TASK_STATES), "end/2=6 more/3=6 start/1=6");
	weir_store_close(s);
	path = xasprintf("%s/F/2/more/3", w.root.folder);
	nftw(path, env_remove, 8, FTW_DEPTH | FTW_PHYS);
	free(path);
	s = mf_store(&w, NULL);
	assert_string_equal(text(s, TASK_STATES), "end/2=6 start/1=6");
	assert_string_equal(text(s, "SELECT count(*) FROM task_envs e LEFT JOIN runs r "
				    "ON r.id = e.run WHERE r.id IS NULL"),
		"0");
	weir_store_close(s);
	env_world_drop(&w);
}

#define LONG_AGO 1577836800 /* 2020-01-01T00:00:00Z */

static int
make_old(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	const struct timespec times[] = { { .tv_sec = LONG_AGO },
		{ .tv_sec = LONG_AGO } };

	(void)st;
	(void)kind;
	(void)at;
	return utimensat(AT_FDCWD, path, times, 0);
}

/* All files are of long ago, and read. */
static void
read_old(const struct env_world *w)
{
	assert_int_equal(nftw(w->root.folder, make_old, 8, FTW_DEPTH | FTW_PHYS), 0);
	weir_store_close(mf_store(w, NULL));
}

/* Is anything to be read, or to be written for it? */
static bool
is_due(const struct env_world *w)
{
	struct weir_metaflow_open how = { .config = w->config, .root = &w->root };
	struct mf_source *source = mf_local_open(w->root.folder);
	struct mf_sync *y = mf_sync_new(&how, source, NULL);
	struct weir_store *s = NULL;
	struct weir_err err;
	bool due = false;

	assert_int_equal(mf_open_store(&how, WEIR_STORE_READ, &s, NULL, &err), 0);
	assert_int_equal(mf_sync_look(y, s, &due, &err), 0);
	weir_store_close(s);
	mf_sync_free(y);
	mf_source_close(source);
	return due;
}

/* A run that may go on is looked at, and taken in again only when it has changed. */
static void
test_unsettled(void **state)
{
	struct env_world w;
	struct weir_store *s;
	char *path;

	(void)state;
	env_world_make(&w);
	setenv("WEIR_NOW", "2020-01-01T00:01:00Z", 1);
	mf_self(&w, "F", LONG_AGO * 1000LL, "");
	mf_self(&w, "F/1", LONG_AGO * 1000LL, "");
	mf_task(&w, "F/1/start/1", LONG_AGO * 1000LL, NULL, NULL);
	read_old(&w);
	s = mf_store(&w, NULL);
	assert_string_equal(text(s, RUN_STATES), "F/1=3");
	weir_store_close(s);
	assert_false(is_due(&w));
	/* it has been silent for too long */
	setenv("WEIR_NOW", "2020-01-01T00:10:00Z", 1);
	assert_true(is_due(&w));
	s = mf_store(&w, NULL);
	assert_string_equal(text(s, RUN_STATES), "F/1=7");
	weir_store_close(s);
	assert_false(is_due(&w));
	/* a record more, a task more, a task less */
	mf_record(&w, "F/1/start/1", "attempt_ok", "\"False\"", 0,
		LONG_AGO * 1000LL + 9000);
	assert_true(is_due(&w));
	read_old(&w);
	assert_false(is_due(&w));
	mf_task(&w, "F/1/start/2", LONG_AGO * 1000LL, NULL, NULL);
	assert_true(is_due(&w));
	read_old(&w);
	assert_false(is_due(&w));
	path = xasprintf("%s/F/1/start/2", w.root.folder);
	nftw(path, env_remove, 8, FTW_DEPTH | FTW_PHYS);
	free(path);
	assert_true(is_due(&w));
	read_old(&w);
	assert_false(is_due(&w));
	/* nothing more will come of it: that is noted, once */
	setenv("WEIR_NOW", "2021-01-01T00:00:00Z", 1);
	assert_true(is_due(&w));
	weir_store_close(mf_store(&w, NULL));
	assert_false(is_due(&w));
	unsetenv("WEIR_NOW");
	env_world_drop(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_envs),
		cmocka_unit_test(test_logs),
		cmocka_unit_test(test_odd_files),
		cmocka_unit_test(test_clones),
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_run_states),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_unsettled),
		cmocka_unit_test(test_alive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
