#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_help.h"
#include "why_priv.h"

enum { HOUR = 3600 };
static const int64_t now_us = INT64_C(1795269739441000);

/*
 * A log as text: a line begins with its level (I, W, E, C) and the number of its task
 * (0: none); a line that begins with a tab goes on with the message before it.
 */
static void
put_log(struct help *h, const struct weir_id *run, const char *text)
{
	struct weir_err *err = &h->err;
	struct str rest = str_of(text), line;
	struct weir_log lines[600];
	struct buf b[600];
	size_t n = 0;

	while (why_line(&rest, &line)) {
		if (*line.s == '\t') {
			buf_addc(&b[n - 1], '\n');
			buf_add(&b[n - 1], line.s + 1, line.len - 1);
			continue;
		}
		buf_init(&b[n], BUF_MAX);
		buf_add(&b[n], line.s + 3, line.len - 3);
		lines[n] = (struct weir_log){ .id = help_id(77, (unsigned)n),
			.timestamp_us = now_us + (int64_t)n,
			.created_us = now_us + (int64_t)n,
			.name = STR("prefect.flow_runs"),
			.level = *line.s == 'I'   ? 20
				 : *line.s == 'W' ? 30
				 : *line.s == 'E' ? 40
						  : 50,
			.flow_run_id = *run };
		if (line.s[1] != '0')
			lines[n].task_run_id = help_id(9, (unsigned)line.s[1] - '0');
		n++;
	}
	for (size_t i = 0; i < n; i++)
		lines[i].message = buf_str(&b[i]);
	if (n)
		OK(store_put_logs(h->s, run, lines, n, NULL, err));
	OK(store_complete_logs(h->s, run, 1, err));
	for (size_t i = 0; i < n; i++)
		buf_release(&b[i]);
}

static void
put_run(struct help *h, unsigned i, enum weir_state state, const char *message,
	const char *platform, int64_t end_us)
{
	struct weir_err *err = &h->err;
	struct weir_run r = help_run(i);
	struct buf rest = BUF_INIT(4096), params = BUF_INIT(4096);

	buf_addf(&params, "{\"platform\":\"%s\"}", platform);
	buf_addf(&rest, "\"parameters\":%s,\"state\":{\"message\":", buf_cstr(&params));
	if (message) {
		buf_addc(&rest, '"');
		buf_adds(&rest, message);
		buf_addc(&rest, '"');
	} else {
		buf_adds(&rest, "null");
	}
	buf_addc(&rest, '}');
	r.state_type = state;
	r.state_name = state == WEIR_ST_CRASHED  ? STR("Crashed")
		       : state == WEIR_ST_FAILED ? STR("Failed")
						 : STR("Completed");
	r.parameters = buf_str(&params);
	r.rest = buf_str(&rest);
	r.end_us = end_us;
	r.start_us = end_us - WEIR_SECOND_US;
	OK(store_put_runs(h->s, &r, 1, NULL, err));
	buf_release(&rest);
	buf_release(&params);
}

static void
put_task(
	struct help *h, unsigned run, unsigned i, const char *name, const char *message)
{
	struct weir_err *err = &h->err;
	struct buf rest = BUF_INIT(4096);
	struct weir_task_run t = { .id = help_id(9, i),
		.flow_run_id = help_id(1, run),
		.name = str_of(name),
		.state_type = WEIR_ST_FAILED,
		.state_name = STR("Failed"),
		.expected_start_us = now_us,
		.next_scheduled_us = WEIR_NO_TIME,
		.start_us = now_us,
		.end_us = now_us + i,
		.tags = STR("[]") };

	buf_addf(&rest, "\"state\":{\"message\":\"%s\"}", message);
	t.rest = buf_str(&rest);
	OK(store_put_task_runs(h->s, &t, 1, NULL, err));
	buf_release(&rest);
}

/* clang-format off */
#define PREFECT_TRACE \
	"	Traceback (most recent call last):\n" \
	"	  File \"/py/prefect/flow_engine.py\", line 1277, in run\n" \
	"	    yield self\n" \
	"	  File \"/work/flows/build.py\", line 88, in compile\n" \
	"	    raise RuntimeError(text)\n"

static const struct {
	const char *name, *message, *log, *error, *folded, *exit;
	size_t line, n_lines;
	bool crashed;
} cases[] = {
	{ "a compiler, in one message of the error level with colours",
	  "Flow run encountered an exception: RuntimeError: build failed",
	  "I0 [341/702] s390x-conda-linux-gnu-cc -c vec_arith.c\n"
	  "E0 \x1b[1mvec_arith.c:88:9: \x1b[1;31merror: \x1b[0m'vec_xl' undeclared\n"
	  "	   88 |   v = vec_xl(0, p);\n"
	  "	make: *** [Makefile:1200: vec_arith.o] Error 1\n"
	  "E0 Encountered exception during execution: RuntimeError('build failed')\n"
	  PREFECT_TRACE
	  "	RuntimeError: build failed\n"
	  "E0 Finished in state Failed('Flow run encountered an exception')\n",
	  "vec_arith.c:88:9: error: 'vec_xl' undeclared",
	  "vec_arith.c:#: error: 'vec_xl' undeclared", "", 1, 7, false },
	{ "a compiler among lines of no level, the level only says that it ended",
	  "Flow run encountered an exception: CalledProcessError: x",
	  "I0 checking for gcc... yes\n"
	  "I0 /home/conda/feedstock_root/build_artifacts/zlib_1763733137/work/gz.c:12:10:"
	  " fatal error: zconf.h: No such file or directory\n"
	  "I0    12 | #include <zconf.h>\n"
	  "I0 compilation terminated.\n"
	  "I0 make[2]: *** [Makefile:3: gz.o] Error 1\n"
	  "E0 Encountered exception during execution:\n"
	  PREFECT_TRACE
	  "	subprocess.CalledProcessError: Command '['make', '-j8']' returned non-zero"
	  " exit status 2.\n",
	  "/home/conda/feedstock_root/build_artifacts/zlib_1763733137/work/gz.c:12:10:"
	  " fatal error: zconf.h: No such file or directory",
	  "gz.c:#: fatal error: zconf.h: No such file or directory", "exited with 2",
	  1, 7, false },
	{ "a linker",
	  "command exited with 1",
	  "I0 [9/9] Linking CXX shared library libx.so\n"
	  "I0 FAILED: libx.so\n"
	  "I0 /usr/bin/ld: CMakeFiles/x.o: in function `main':\n"
	  "I0 x.cc:(.text+0x1f4): undefined reference to `foo(int)'\n"
	  "I0 collect2: error: ld returned 1 exit status\n"
	  "I0 ninja: build stopped: subcommand failed.\n"
	  "E0 command exited with 1\n",
	  "x.cc:(.text+0x1f4): undefined reference to `foo(int)'",
	  "x.cc:(.text+#): undefined reference to `foo(int)'", "exited with 1", 3, 7,
	  false },
	{ "a chain of exceptions in one message",
	  "Flow run encountered an exception: RuntimeError: cannot solve",
	  "I0 Beginning flow run\n"
	  "E0 Encountered exception during execution:\n"
	  "	Traceback (most recent call last):\n"
	  "	  File \"/a/b.py\", line 3, in f\n"
	  "	    d['x']\n"
	  "	    ~^^^^^\n"
	  "	KeyError: 'x'\n"
	  "	\n"
	  "	During handling of the above exception, another exception occurred:\n"
	  "	\n"
	  PREFECT_TRACE
	  "	RuntimeError: no channel at http://10.2.3.4:8080/conda for 2026-11-21\n"
	  "	  tried 3 times\n"
	  "E0 Finished in state Failed('x')\n",
	  "RuntimeError: no channel at http://10.2.3.4:8080/conda for 2026-11-21",
	  "RuntimeError: no channel at http:#/conda for #", "", 1, 8, false },
	{ "a traceback that is a line of the log each",
	  NULL,
	  "I0 Traceback (most recent call last):\n"
	  "I0   File \"/a/b.py\", line 3, in <module>\n"
	  "I0     import numpy\n"
	  "I0 ModuleNotFoundError: No module named 'numpy'\n"
	  "I0 done\n"
	  "E0 Process 4711 exited with status code: 1\n",
	  "ModuleNotFoundError: No module named 'numpy'",
	  "ModuleNotFoundError: No module named 'numpy'", "exited with 1", 3, 6, false },
	{ "a solve that conda gave up",
	  "Flow run encountered an exception: RuntimeError: conda exited with 1",
	  "I0 Solving environment: ...working... failed\n"
	  "I0 \n"
	  "I0 LibMambaUnsatisfiableError: Encountered problems while solving:\n"
	  "I0   - nothing provides __glibc >=2.28,<3.0.a0 needed by libx-2.1-h0_0\n"
	  "E0 RuntimeError: conda exited with 1\n",
	  "LibMambaUnsatisfiableError: Encountered problems while solving: - nothing "
	  "provides __glibc >=2.28,<3.0.a0 needed by libx-2.1-h0_0",
	  "LibMambaUnsatisfiableError: Encountered problems while solving: - nothing "
	  "provides __glibc >=#,<#.a# needed by libx-#-h#", "exited with 1", 2, 4, false },
	{ "a test that failed",
	  "Flow run encountered an exception: RuntimeError: tests failed",
	  "I0 ============ FAILURES ============\n"
	  "I0 _____ test_add[int64] _____\n"
	  "I0     def test_add(): \n"
	  "I0 >       assert f(1) == 2\n"
	  "I0 E       AssertionError: assert 3 == 2\n"
	  "I0 FAILED tests/test_add.py::test_add[int64] - AssertionError: assert 3 == 2\n"
	  "I0 ======= 1 failed, 811 passed in 12.31s =======\n"
	  "E0 CalledProcessError: pytest returned 1\n",
	  "E       AssertionError: assert 3 == 2",
	  "E AssertionError: assert # == #", "", 4, 8, false },
	{ "killed for want of memory",
	  "Flow run process exited with non-zero status code -9.",
	  "I0 [17/702] building\n"
	  "E1 Task run failed: ConnectionError: mirror closed the connection\n"
	  "E0 Process 6341 exited with status code: -9; This indicates that the process"
	  " exited due to a SIGKILL signal.\n",
	  "Process 6341 exited with status code: -9; This indicates that the process"
	  " exited due to a SIGKILL signal.",
	  "Process # exited with status code: -#; This indicates that the process"
	  " exited due to a SIGKILL signal.",
	  "killed by SIGKILL (often for want of memory)", 2, 2, true },
	{ "a shell tells of a signal",
	  "Process exited with status code: 139",
	  "I0 ./run.sh: line 3: 4711 Segmentation fault (core dumped) ./x --n 3\n",
	  "./run.sh: line 3: 4711 Segmentation fault (core dumped) ./x --n 3",
	  "run.sh: line #: # Segmentation fault (core dumped) x --n #",
	  "killed by SIGSEGV (it crashed)", 0, 1, true },
	{ "nothing but words of the state",
	  "Flow run encountered an exception. ValueError: recipe 4f3c2a1 is bad",
	  "I0 one\nI0 two\nI0 three\n",
	  "ValueError: recipe 4f3c2a1 is bad", "ValueError: recipe # is bad", "", 2, 3,
	  false },
	{ "no word at all", NULL, "", "Failed", "Failed", "", 0, 0, false },
};
/* clang-format on */

static const struct weir_why_line *
marked(const struct weir_why_cause *c)
{
	for (size_t i = 0; i < c->n_lines; i++) {
		if (c->lines[i].error)
			return &c->lines[i];
	}
	return NULL;
}

static void
check_case(size_t i)
{
	const char *message = cases[i].message;
	struct help h;
	struct weir_err *err = &h.err;
	struct weir_id id = help_id(1, 1);
	struct buf exit = BUF_INIT(256);
	struct weir_why w;

	help_new(&h);
	put_run(&h, 1, cases[i].crashed ? WEIR_ST_CRASHED : WEIR_ST_FAILED, message,
		"linux-64", now_us);
	put_log(&h, &id, cases[i].log);
	OK(weir_why(h.s, &id, now_us, &w, err));
	assert_int_equal(w.n_causes, 1);
	assert_string_equal(w.causes[0].error.s, cases[i].error);
	assert_string_equal(w.causes[0].folded.s, cases[i].folded);
	weir_why_exit(&w.causes[0], &exit);
	assert_string_equal(buf_cstr(&exit), cases[i].exit);
	assert_int_equal(w.causes[0].n_lines, cases[i].n_lines);
	assert_false(w.causes[0].no_log);
	if (w.causes[0].in_log) {
		assert_int_equal(w.causes[0].line, cases[i].line);
		assert_non_null(marked(&w.causes[0]));
		assert_int_equal(marked(&w.causes[0])->line, cases[i].line);
	} else {
		assert_null(marked(&w.causes[0]));
	}
	weir_why_release(&w);
	buf_release(&exit);
	help_end(&h);
}

static void
test_logs(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		print_message("%s\n", cases[i].name);
		check_case(i);
	}
}

/* Of several task runs the one that the run speaks of; its lines alone. */
static void
test_task(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	struct weir_id id = help_id(1, 1);
	struct buf line = BUF_INIT(1024);
	struct weir_why w;

	(void)state;
	help_new(&h);
	put_run(&h, 1, WEIR_ST_FAILED,
		"Flow run encountered an exception: RuntimeError: no disk", "linux-64",
		now_us);
	put_task(&h, 1, 1, "fetch-0",
		"Task run encountered an exception OSError: refused");
	put_task(&h, 1, 2, "compile-0",
		"Task run encountered an exception RuntimeError: no disk");
	put_log(&h, &id,
		"I1 x\n"
		"E1 cc1.c:1: error: of another task\n"
		"I2 one\n"
		"I1 between\n"
		"I2 cp: cannot stat 'a': No such file or directory\n"
		"I2 cp: cannot stat 'b': No such file or directory\n"
		"E2 Finished in state Failed('x')\n");
	OK(weir_why(h.s, &id, now_us, &w, err));
	assert_int_equal(w.n_causes, 1);
	assert_string_equal(w.causes[0].task_name.s, "compile-0");
	assert_string_equal(
		w.causes[0].error.s, "cp: cannot stat 'b': No such file or directory");
	assert_int_equal(w.causes[0].line, 5);
	assert_int_equal(w.causes[0].n_lines, 4);
	assert_string_equal(w.causes[0].lines[0].text.s, "one");
	weir_why_line(&w, &line);
	assert_string_equal(buf_cstr(&line),
		"compile-0: cp: cannot stat 'b': No such file or directory");
	weir_why_release(&w);
	buf_release(&line);
	help_end(&h);
}

static void
set_parent(struct help *h, unsigned child, unsigned parent)
{
	char *sql =
		sqlite3_mprintf("UPDATE runs SET parent = (SELECT id FROM runs WHERE"
				" k = %u) WHERE k = %u",
			parent, child);

	assert_int_equal(
		sqlite3_exec(store_db(h->s)->sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_free(sql);
}

/* A build, two of its platforms failed alike, one otherwise; and runs of other builds.
 */
static void
put_build(struct help *h)
{
	const char *gcc = "E0 /b/1/a.c:7: error: no 'vec' on line 7\n";
	struct weir_id id;

	put_run(h, 1, WEIR_ST_FAILED, "failed on 3", "",
		now_us - HOUR * INT64_C(1000000));
	put_run(h, 2, WEIR_ST_FAILED, "x", "linux-s390x", now_us - 3000000);
	put_run(h, 3, WEIR_ST_FAILED, "x", "win-64", now_us - 2000000);
	put_run(h, 4, WEIR_ST_FAILED, "x", "osx-64", now_us - 1000000);
	put_run(h, 5, WEIR_ST_COMPLETED, NULL, "linux-64", now_us);
	put_run(h, 6, WEIR_ST_CRASHED, "y", "linux-s390x",
		now_us - 5 * HOUR * INT64_C(1000000));
	for (unsigned i = 2; i <= 5; i++)
		set_parent(h, i, 1);
	for (unsigned i = 2; i <= 3; i++) {
		id = help_id(1, i);
		put_log(h, &id, gcc);
	}
	id = help_id(1, 4);
	put_log(h, &id, "E0 ValueError: bad recipe\n");
	id = help_id(1, 6);
	put_log(h, &id, "E0 /b/2222/a.c:19: error: no 'vec' on line 19\n");
}

static void
test_children(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	struct weir_id id = help_id(1, 1);
	struct weir_why w;

	(void)state;
	help_new(&h);
	put_build(&h);
	OK(weir_why(h.s, &id, now_us, &w, err));
	assert_int_equal(w.n_failed, 3);
	assert_int_equal(w.n_causes, 3);
	assert_string_equal(w.causes[0].platform.s, "linux-s390x");
	assert_string_equal(w.causes[0].folded.s, "a.c:#: error: no 'vec' on line #");
	assert_string_equal(w.causes[1].folded.s, w.causes[0].folded.s);
	assert_string_equal(w.causes[2].error.s, "ValueError: bad recipe");
	weir_why_release(&w);
	help_end(&h);
}

static void
test_scan(void **state)
{
	const struct weir_why_group *g;
	struct weir_why_scan *scan;
	struct buf b = BUF_INIT(1024);
	struct help h;
	struct weir_err *err = &h.err;
	struct weir_id id = help_id(1, 2), none = help_id(1, 99);
	int64_t n, no_log;
	bool done = false;

	(void)state;
	help_new(&h);
	put_build(&h);
	OK(weir_why_scan_new(h.s, "", NULL, now_us, &scan, err));
	for (int i = 0; !done; i++) {
		assert_true(i < 10);
		OK(weir_why_scan_step(scan, 1, &done, err));
	}
	weir_why_scan_counts(scan, &n, &no_log);
	assert_int_equal(n, 5);
	assert_int_equal(no_log, 0);
	assert_int_equal(weir_why_scan_groups(scan, &g), 2);
	assert_int_equal(g[0].n, 3);
	assert_string_equal(g[0].platforms.s, "linux-s390x, win-64");
	assert_int_equal(g[0].to_us, now_us - 2000000);
	assert_int_equal(g[0].n_ids, 3);
	assert_int_equal(g[1].n, 1);
	weir_why_also(&g[0], &id, now_us, true, &b);
	assert_string_equal(
		buf_cstr(&b), "also 2 runs since 09:02: linux-s390x, win-64");
	buf_clear(&b);
	weir_why_also(&g[1], &g[1].ids[0], now_us, true, &b);
	assert_string_equal(buf_cstr(&b), "");
	weir_why_also(&g[1], &none, now_us, true, &b);
	assert_string_equal(buf_cstr(&b), "also 1 run since 14:02, all osx-64");
	weir_why_scan_free(scan);

	/* One error alone, in a query of its own. */
	OK(weir_why_scan_new(h.s, "platform:linux-s390x or platform:osx-64",
		"a.c:#: error: no 'vec' on line #", now_us, &scan, err));
	OK(weir_why_scan_step(scan, 0, &done, err));
	assert_true(done);
	assert_int_equal(weir_why_scan_groups(scan, &g), 1);
	assert_int_equal(g[0].n, 2);
	weir_why_scan_free(scan);
	assert_int_equal(
		weir_why_scan_new(h.s, "stat:failed", NULL, now_us, &scan, err),
		WEIR_EUSAGE);
	assert_non_null(strstr(err->text, "at column 1"));
	buf_release(&b);
	help_end(&h);
}

static void
test_other_states(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	struct weir_id id = help_id(1, 1);
	struct buf b = BUF_INIT(1024);
	struct weir_run r = help_run(1);
	struct weir_why w;

	(void)state;
	help_new(&h);
	OK(store_put_runs(h.s, &r, 1, NULL, err));
	OK(weir_why(h.s, &id, now_us, &w, err));
	assert_int_equal(w.n_causes, 0);
	weir_why_line(&w, &b);
	assert_string_equal(buf_cstr(&b), "it completed: nothing failed");
	weir_why_release(&w);

	r.state_type = WEIR_ST_SCHEDULED;
	r.state_name = STR("Late");
	r.updated_us++;
	OK(store_put_runs(h.s, &r, 1, NULL, err));
	OK(weir_why(h.s, &id, now_us, &w, err));
	assert_true(w.waits);
	assert_true(w.pickup.n_bad > 0);
	buf_clear(&b);
	weir_why_line(&w, &b);
	assert_string_equal(buf_cstr(&b),
		"deployment: '01000000-0400-0000-0000-000001000000' is gone");
	buf_clear(&b);
	assert_true(weir_why_next(&w, 0, &b));
	assert_string_equal(buf_cstr(&b), "weir pools");
	weir_why_release(&w);
	id = help_id(1, 2);
	assert_int_equal(weir_why(h.s, &id, now_us, &w, err), WEIR_ENOTFOUND);
	buf_release(&b);
	help_end(&h);
}

/* Folding: what is alike and what is not; it never grows without end. */
static void
test_fold(void **state)
{
	static const char *const pairs[][2] = {
		{ "a 12 b", "a 7 b" },
		{ "at 0x7ffdeadbeef0 in f", "at 0x12 in f" },
		{ "run 5c1d0e7a-1b2c-4d3e-8f90-a1b2c3d4e5f6 x",
			"run 0190abcd-1b2c-7d3e-8f90-a1b2c3d4e5f6 x" },
		{ "/tmp/a/b/x.c:3", "/home/z/q9/x.c:99" },
		{ "numpy-2.3.1 at 14:02:11", "numpy-2.10 at 9:00" },
		{ "on  2026-11-21T14:02:11.123456Z", "on 2025-01-02T00:00:00Z" },
		{ "Flow run encountered an exception: X: y", "X: y" },
	};
	struct buf a = BUF_INIT(BUF_MAX), b = BUF_INIT(BUF_MAX);
	char *longest = xmalloc(100001);

	(void)state;
	for (size_t i = 0; i < N_ELEM(pairs); i++) {
		buf_clear(&a);
		buf_clear(&b);
		weir_why_fold(str_of(pairs[i][0]), &a);
		weir_why_fold(str_of(pairs[i][1]), &b);
		assert_string_equal(buf_cstr(&a), buf_cstr(&b));
	}
	buf_clear(&a);
	buf_clear(&b);
	weir_why_fold(STR("build of numpy failed"), &a);
	weir_why_fold(STR("build of zlib failed"), &b);
	assert_string_not_equal(buf_cstr(&a), buf_cstr(&b));
	memset(longest, 'x', 100000);
	longest[100000] = '\0';
	buf_clear(&a);
	weir_why_fold(str_of(longest), &a);
	assert_true(a.len <= 400);
	free(longest);
	buf_release(&a);
	buf_release(&b);
}

static void
test_exit_status(void **state)
{
	static const struct {
		const char *text;
		int status; /* 0: none */
	} t[] = {
		{ "Process exited with status code: -9", -9 },
		{ "exited with 137", -9 },
		{ "Command failed: exit code 2", 2 },
		{ "returned non-zero exit status 1.", 1 },
		{ "exited with non-zero status code -15.", -15 },
		{ "exit status: 0", 0 },
		{ "killed by signal 9 (Killed)", -9 },
		{ "exit code 99999", 0 },
		{ "no exit", 0 },
		{ "xexit code 3", 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(t); i++) {
		int n = 0;

		assert_int_equal(
			why_exit_status(str_of(t[i].text), &n), t[i].status != 0);
		assert_int_equal(n, t[i].status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logs),
		cmocka_unit_test(test_task),
		cmocka_unit_test(test_children),
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_other_states),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_exit_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
