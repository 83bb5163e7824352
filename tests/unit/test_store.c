#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "store_help.h"
#include "weir/store.h"

static void
put_runs(struct help *h, unsigned n, size_t *changed)
{
	struct weir_err *err = &h->err;
	struct weir_run *runs = xcalloc(n, sizeof(*runs));

	for (unsigned i = 0; i < n; i++)
		runs[i] = help_run(i);
	OK(store_put_runs(h->s, runs, n, changed, err));
	free(runs);
}

static void
test_modes(void **state)
{
	struct help h;
	struct stat st;
	mode_t old = umask(0);

	(void)state;
	help_new(&h);
	umask(old);
	put_runs(&h, 3, NULL);
	assert_int_equal(stat(h.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	for (const char *const *s = (const char *const[]){ "-wal", "-shm", NULL }; *s;
		s++) {
		char name[128];

		snprintf(name, sizeof(name), "%s%s", h.path, *s);
		assert_int_equal(stat(name, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	*strrchr(h.path, '/') = '\0';
	assert_int_equal(stat(h.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	help_end(&h);
}

static void
test_again_writes_nothing(void **state)
{
	struct help h;
	size_t changed = 0;
	int64_t wal, generation;

	(void)state;
	help_new(&h);
	put_runs(&h, 300, &changed);
	assert_int_equal(changed, 300);
	wal = help_size(&h, "-wal");
	generation = weir_store_generation(h.s);
	put_runs(&h, 300, &changed);
	assert_int_equal(changed, 300);
	assert_int_equal(help_size(&h, "-wal"), wal);
	assert_int_equal(weir_store_generation(h.s), generation);
	help_end(&h);
}

static void
test_interned(void **state)
{
	struct help h;

	(void)state;
	help_new(&h);
	put_runs(&h, 100, NULL);
	assert_int_equal(help_number(&h, "SELECT count(*) FROM flows"), 3);
	assert_int_equal(help_number(&h, "SELECT count(*) FROM deployments"), 2);
	/* Completed, farm, default, linux-64 */
	assert_int_equal(help_number(&h, "SELECT count(*) FROM names"), 4);
	assert_string_equal(help_text(&h, "SELECT names.name FROM names JOIN runs ON"
					  " names.k = platform LIMIT 1"),
		"linux-64");
	assert_int_equal(
		help_number(&h, "SELECT at_us FROM runs ORDER BY k LIMIT 1"), 4000000);
	help_end(&h);
}

static void
test_platform(void **state)
{
	/* clang-format off */
	static const struct { const char *parameters, *tags, *platform; } cases[] = {
		{ "{\"platform\":\"osx-arm64\",\"arch\":\"win-64\"}", "[]", "osx-arm64" },
		{ "{\"platform\":\"amiga\",\"arch\":\"win-64\"}", "[]", "win-64" },
		{ "{ \"arch\" : 7 }", "[\"a\",\"linux-s390x\"]", "linux-s390x" },
		{ "{\"other\":\"win-64\"}", "[\"linux\"]", "" },
		{ "{\"platform\":{\"platform\":\"win-64\"}}", NULL, "" },
		{ "{\"platform\":\"linux\\u002d64\"}", NULL, "linux-64" },
		{ "{\"platform\":\"win-64", NULL, "" },
		{ "{\"platform\"", "[\"noarch\"", "noarch" },
		{ "", "{", "" },
	};
	/* clang-format on */
	struct help h;
	struct weir_err *err = &h.err;

	(void)state;
	help_new(&h);
	for (unsigned i = 0; i < N_ELEM(cases); i++) {
		struct weir_run r = help_run(i);

		r.parameters = str_of(cases[i].parameters);
		r.tags = str_of(cases[i].tags);
		OK(store_put_runs(h.s, &r, 1, NULL, err));
		assert_string_equal(
			help_text(&h,
				"SELECT names.name FROM names JOIN runs ON names.k ="
				" platform WHERE runs.k = (SELECT max(k) FROM runs)"),
			cases[i].platform);
	}
	help_end(&h);
}

static void
test_text(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	struct weir_run r = help_run(1);
	char id[WEIR_ID_TEXT + 1], want[256];

	(void)state;
	help_new(&h);
	put_runs(&h, 600, NULL);
	assert_int_equal(help_number(&h, "SELECT count(*) FROM run_text"), 3);
	assert_int_equal(
		help_number(&h, "SELECT sum(length(text) - length(replace(text,"
				" char(10), ''))) FROM run_text"),
		600);
	weir_id_format(&r.id, id);
	snprintf(want, sizeof(want),
		"2\tcalm-otter\tpr-1\x1fx\xc3\xa9\tlinux-64\tnumpy\x1flinux-64\t%s",
		id);
	assert_non_null(
		strstr(help_text(&h, "SELECT text FROM run_text WHERE b = 0"), want));
	r.name = STR("new\tname\n");
	r.updated_us++;
	OK(store_put_runs(h.s, &r, 1, NULL, err));
	assert_non_null(strstr(help_text(&h, "SELECT text FROM run_text WHERE b = 0"),
		"\n2\tnew name \tpr-1"));
	OK(store_delete_runs(h.s, &r.id, 1, err));
	assert_null(strstr(
		help_text(&h, "SELECT text FROM run_text WHERE b = 0"), "\n2\t"));
	assert_int_equal(help_number(&h, "SELECT count(*) FROM run_docs"), 599);
	help_end(&h);
}

/* A failed transaction leaves nothing behind, in the file or in memory. */
static void
test_roll_back(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;

	(void)state;
	help_new(&h);
	OK(store_begin(h.s, err));
	put_runs(&h, 10, NULL);
	assert_int_equal(store_end(h.s, WEIR_EINTR, err), WEIR_EINTR);
	assert_int_equal(help_number(&h, "SELECT count(*) FROM names"), 0);
	put_runs(&h, 10, NULL);
	assert_int_equal(
		help_number(&h, "SELECT count(*) FROM runs JOIN names n ON n.k ="
				" pool WHERE n.name = 'farm'"),
		10);
	assert_int_equal(help_number(&h, "SELECT count(*) FROM run_text"), 1);
	help_end(&h);
}

static void
test_parents(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	struct weir_run child = help_run(5);
	struct weir_task_run task = { .id = help_id(6, 1),
		.flow_run_id = help_id(1, 9),
		.state_id = help_id(7, 1),
		.updated_us = 1 };
	struct id_vec ids = { 0 };
	struct weir_id none = { { 0 } };

	(void)state;
	help_new(&h);
	child.parent_task_run_id = task.id;
	OK(store_put_runs(h.s, &child, 1, NULL, err));
	OK(store_orphans(h.s, 10, &ids, err));
	assert_int_equal(ids.n, 1);
	assert_memory_equal(&ids.v[0], &task.id, 16);
	OK(store_put_task_runs(h.s, &task, 1, NULL, err));
	assert_int_equal(
		help_number(&h, "SELECT count(*) FROM runs WHERE parent NOT NULL"), 1);
	/* A new state of the child keeps its parent. */
	child.updated_us++;
	OK(store_put_runs(h.s, &child, 1, NULL, err));
	assert_int_equal(
		help_number(&h, "SELECT count(*) FROM runs WHERE parent NOT NULL"), 1);
	ids.n = 0;
	OK(store_orphans(h.s, 10, &ids, err));
	assert_int_equal(ids.n, 0);
	OK(store_set_parent(h.s, &task.id, &none, err));
	OK(store_orphans(h.s, 10, &ids, err));
	assert_int_equal(ids.n, 0);
	VEC_FREE(&ids);
	help_end(&h);
}

static void
test_docs(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	struct weir_doc flow = {
		.id = help_id(2, 0), .name = STR("build"), .doc = STR("{}")
	};
	struct weir_doc queue = { .id = help_id(8, 1),
		.owner_id = help_id(9, 1),
		.name = STR("default"),
		.doc = STR("{\"a\":1}") };
	size_t changed = 0;
	int64_t n;

	(void)state;
	help_new(&h);
	put_runs(&h, 3, NULL);
	OK(weir_store_count(h.s, WEIR_FLOW, &n, err));
	assert_int_equal(n, 0);
	OK(store_put_docs(h.s, WEIR_FLOW, &flow, 1, &changed, err));
	OK(store_put_docs(h.s, WEIR_FLOW, &flow, 1, &changed, err));
	assert_int_equal(changed, 1);
	OK(weir_store_count(h.s, WEIR_FLOW, &n, err));
	assert_int_equal(n, 1);
	/* Deleted on the server: no longer listed, but runs keep the name. */
	OK(store_keep_only(h.s, WEIR_FLOW, NULL, NULL, 0, &changed, err));
	OK(weir_store_count(h.s, WEIR_FLOW, &n, err));
	assert_int_equal(n, 0);
	assert_int_equal(
		help_number(&h, "SELECT count(*) FROM runs JOIN flows ON flows.k ="
				" flow WHERE flows.name = 'build'"),
		1);
	OK(store_put_docs(h.s, WEIR_QUEUE, &queue, 1, &changed, err));
	OK(store_keep_only(h.s, WEIR_QUEUE, &flow.id, NULL, 0, &changed, err));
	assert_int_equal(help_number(&h, "SELECT count(*) FROM queues"), 1);
	OK(store_keep_only(h.s, WEIR_QUEUE, &queue.owner_id, NULL, 0, &changed, err));
	assert_int_equal(help_number(&h, "SELECT count(*) FROM queues"), 0);
	assert_int_equal(changed, 4);
	help_end(&h);
}

static void
test_sets(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	struct weir_run live = help_run(50);
	struct id_vec seen = { 0 }, ids = { 0 };
	int64_t counts[4][WEIR_N_STATES];

	(void)state;
	help_new(&h);
	put_runs(&h, 20, NULL);
	live.state_type = WEIR_ST_RUNNING;
	OK(store_put_runs(h.s, &live, 1, NULL, err));
	OK(store_live_unseen(h.s, &seen, &ids, err));
	assert_int_equal(ids.n, 1);
	VEC_PUSH(&seen, live.id);
	OK(store_live_unseen(h.s, &seen, &ids, err));
	assert_int_equal(ids.n, 1);
	OK(store_history(h.s, 3000000, 10, 4, counts, err));
	assert_int_equal(counts[1][WEIR_ST_COMPLETED], 10);
	assert_int_equal(counts[2][WEIR_ST_COMPLETED], 0);
	ids.n = 0;
	OK(store_expected_ids(h.s, 3000010, 3000020, &ids, err));
	assert_int_equal(ids.n, 10);
	ids.n = 0;
	VEC_FREE(&seen);
	VEC_FREE(&ids);
	help_end(&h);
}

static void
test_address(void **state)
{
	struct help h;
	struct weir_store *s;

	(void)state;
	help_new(&h);
	assert_null(strstr(
		help_text(&h, "SELECT group_concat(value) FROM meta"), "secret"));
	help_close(&h);
	help_open(&h, WEIR_STORE_READ);
	assert_int_equal(weir_store_open(h.path, "http://other.test/api", NULL,
				 WEIR_STORE_READ, &s, NULL, &h.err),
		WEIR_EDB);
	assert_non_null(strstr(h.err.text, "other.test"));
	assert_null(strstr(h.err.text, "secret"));
	help_end(&h);
}

static void
test_newer(void **state)
{
	struct help h;
	struct weir_store *s;

	(void)state;
	help_new(&h);
	help_number(&h, "PRAGMA user_version = 99");
	help_close(&h);
	for (int mode = WEIR_STORE_READ; mode <= WEIR_STORE_WRITE; mode++) {
		assert_int_equal(weir_store_open(h.path, HELP_ADDRESS, NULL,
					 (enum weir_store_mode)mode, &s, NULL, &h.err),
			WEIR_ENEWER);
		assert_non_null(strstr(h.err.text, "newer"));
	}
	help_end(&h);
}

static void
test_none(void **state)
{
	struct help h;
	struct weir_store *s;

	(void)state;
	help_new(&h);
	help_close(&h);
	unlink(h.path);
	assert_int_equal(weir_store_open(h.path, HELP_ADDRESS, NULL, WEIR_STORE_READ,
				 &s, NULL, &h.err),
		WEIR_ENOTFOUND);
	/* Begun and killed before anything was written. */
	close(open(h.path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(weir_store_open(h.path, HELP_ADDRESS, NULL, WEIR_STORE_READ,
				 &s, NULL, &h.err),
		WEIR_ENOTFOUND);
	help_open(&h, WEIR_STORE_WRITE);
	help_end(&h);
}

/* Run fn as another user, who may not write, if we are root; as ourselves otherwise. */
static void
as_reader(struct help *h, void (*fn)(struct help *))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (getuid() == 0 && setuid(65534) != 0)
			_exit(9);
		fn(h);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static void
read_ten(struct help *h)
{
	int64_t n = 0;

	if (weir_store_open(h->path, HELP_ADDRESS, NULL, WEIR_STORE_READ, &h->s, NULL,
		    &h->err)) {
		fprintf(stderr, "%s\n", h->err.text);
		_exit(1);
	}
	if (weir_store_count(h->s, WEIR_RUN, &n, &h->err) || n != 10)
		_exit(2);
	weir_store_close(h->s);
	h->s = NULL;
	if (weir_store_open(h->path, HELP_ADDRESS, NULL, WEIR_STORE_WRITE, &h->s, NULL,
		    &h->err) != WEIR_EDB)
		_exit(3);
	if (!strstr(h->err.text, "read-only") && !strstr(h->err.text, "denied"))
		_exit(4);
}

/* A folder that cannot be written, with and without a WAL that has the rows. */
static void
test_read_only(void **state)
{
	struct help h;

	(void)state;
	/* Another user cannot get to a folder below one that is ours alone. */
	if (getuid() == 0)
		unsetenv("TMPDIR");
	help_new(&h);
	put_runs(&h, 10, NULL);
	/* As a process that was killed leaves them: the rows are in the -wal alone. */
	help_sh(xasprintf(
		"cd '%s/a/weir' && mkdir ../k && cp x.db x.db-wal ../k/ &&"
		" chmod 444 ../k/* && chmod 555 ../k && chmod 755 ../../a ../..",
		h.folder));
	help_close(&h);
	snprintf(h.path, sizeof(h.path), "%s/a/k/x.db", h.folder);
	as_reader(&h, read_ten);
	snprintf(h.path, sizeof(h.path), "%s/a/weir/x.db", h.folder);
	help_sh(xasprintf("cd '%s/a/weir' && rm -f *-wal *-shm && chmod 444 * &&"
			  " chmod 555 .",
		h.folder));
	as_reader(&h, read_ten);
	help_end(&h);
}

static void
overwrite(const struct help *h, int64_t at, const char *bytes, size_t n)
{
	int fd = open(h->path, O_WRONLY);

	assert_int_equal(pwrite(fd, bytes, n, at), n);
	close(fd);
}

static void
test_not_a_database(void **state)
{
	struct help h;
	struct weir_store *s;
	char *note = NULL;
	struct weir_err *err = &h.err;
	int64_t n;

	(void)state;
	help_new(&h);
	put_runs(&h, 10, NULL);
	help_close(&h);
	overwrite(&h, 0, "this is not a database at all", 29);
	assert_int_equal(weir_store_open(h.path, HELP_ADDRESS, NULL, WEIR_STORE_READ,
				 &s, NULL, err),
		WEIR_EDB);
	assert_non_null(strstr(err->text, "damaged"));
	assert_non_null(strstr(err->hint, "weir sync"));
	OK(weir_store_open(
		h.path, HELP_ADDRESS, NULL, WEIR_STORE_WRITE, &h.s, &note, err));
	assert_non_null(strstr(note, ".damaged-"));
	free(note);
	OK(weir_store_count(h.s, WEIR_RUN, &n, err));
	assert_int_equal(n, 0);
	help_end(&h);
}

/* Use every table; whatever happens, it is no crash. */
static void
use_all(struct weir_store *s)
{
	struct weir_err err;
	struct id_vec ids = { 0 };
	struct weir_run r = help_run(3);
	int64_t n;

	r.updated_us += 5;
	for (int kind = 0; kind < WEIR_N_SERVED; kind++)
		(void)!weir_store_count(s, (enum weir_kind)kind, &n, &err);
	(void)!store_expected_ids(s, 0, INT64_MAX, &ids, &err);
	(void)!store_put_runs(s, &r, 1, NULL, &err);
	(void)!store_orphans(s, 100, &ids, &err);
	VEC_FREE(&ids);
}

static void
test_damage(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	int64_t size;
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 30; round++) {
		struct weir_store *s = NULL;
		char *note = NULL;

		help_new(&h);
		put_runs(&h, 400, NULL);
		help_close(&h);
		size = help_size(&h, "");
		if (round % 3 == 0)
			assert_int_equal(
				truncate(h.path, size * (rand_r(&seed) % 90) / 100), 0);
		for (int i = 0; round % 3 && i < 20; i++)
			overwrite(&h, rand_r(&seed) % size,
				"\xff\x07\x80\x01\xaa\x55\x99\x00", 8);
		if (weir_store_open(h.path, HELP_ADDRESS, NULL, WEIR_STORE_READ, &s,
			    NULL, err) == WEIR_OK)
			use_all(s);
		else
			assert_null(strchr(err->text, '\n'));
		weir_store_close(s);
		/* For writing it opens; what is met later is mended at the next
		 * opening. */
		for (int again = 0; again < 2; again++) {
			OK(weir_store_open(h.path, HELP_ADDRESS, NULL, WEIR_STORE_WRITE,
				&s, &note, err));
			use_all(s);
			weir_store_close(s);
		}
		free(note);
		/* What nobody met, a check finds; the next opening mends it. */
		help_open(&h, WEIR_STORE_WRITE);
		if (weir_store_check(h.s, err)) {
			help_close(&h);
			help_open(&h, WEIR_STORE_WRITE);
			OK(weir_store_check(h.s, err));
		}
		help_end(&h);
	}
}

static void
test_disk_full(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	struct weir_run *runs = xcalloc(2000, sizeof(*runs));

	(void)state;
	help_new(&h);
	put_runs(&h, 10, NULL);
	for (unsigned i = 0; i < 2000; i++)
		runs[i] = help_run(i + 100);
	help_number(&h, "PRAGMA max_page_count = 40");
	assert_int_equal(store_put_runs(h.s, runs, 2000, NULL, err), WEIR_EDB);
	assert_non_null(strstr(err->text, "disk is full"));
	assert_int_equal(help_number(&h, "SELECT count(*) FROM runs"), 10);
	help_number(&h, "PRAGMA max_page_count = 400000");
	OK(store_put_runs(h.s, runs, 2000, NULL, err));
	assert_int_equal(help_number(&h, "SELECT count(*) FROM runs"), 2010);
	free(runs);
	help_end(&h);
}

/* Two processes read all the while one writes: no error, and each sees whole
 * transactions. */
static void
reader(struct help *h)
{
	struct weir_err *err = &h->err;
	int64_t until = weir_monotonic_us() + 700000, n, last = 0;

	while (weir_monotonic_us() < until) {
		if (weir_store_open(h->path, HELP_ADDRESS, NULL, WEIR_STORE_READ, &h->s,
			    NULL, err) != WEIR_OK)
			_exit(1);
		for (int i = 0; i < 20; i++) {
			err->text[0] = 0;
			if (weir_store_count(h->s, WEIR_RUN, &n, err) || n % 100 ||
				n < last)
				fprintf(stderr, "%s %ld %ld\n", err->text, (long)n,
					(long)last),
					_exit(2);
			last = n;
		}
		weir_store_close(h->s);
	}
	_exit(last == 0 ? 3 : 0);
}

static void
test_readers(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	pid_t pids[2];
	struct weir_run runs[100];
	int64_t until;
	int status;

	(void)state;
	help_new(&h);
	put_runs(&h, 100, NULL);
	/* SQLite's locks do not survive a fork: it must not know of the file then. */
	help_close(&h);
	for (size_t i = 0; i < N_ELEM(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			reader(&h);
	}
	help_open(&h, WEIR_STORE_WRITE);
	until = weir_monotonic_us() + 700000;
	for (unsigned n = 100; weir_monotonic_us() < until; n += 100) {
		for (unsigned i = 0; i < 100; i++)
			runs[i] = help_run(n + i);
		OK(store_put_runs(h.s, runs, 100, NULL, err));
		if (n % 1000 == 0) {
			help_close(&h);
			help_open(&h, WEIR_STORE_WRITE);
		}
	}
	for (size_t i = 0; i < N_ELEM(pids); i++) {
		waitpid(pids[i], &status, 0);
		assert_int_equal(status, 0);
	}
	help_end(&h);
}

/* Killed at any moment, the store opens and has whole transactions only. */
static void
test_kill(void **state)
{
	struct help h;
	int64_t n, before = 0;
	int status, put[2];
	char byte = 0;

	(void)state;
	help_new(&h);
	help_close(&h);
	for (int round = 0; round < 12; round++) {
		pid_t pid;

		assert_int_equal(pipe(put), 0);
		pid = fork();
		if (pid == 0) {
			help_open(&h, WEIR_STORE_WRITE);
			for (unsigned i = (unsigned)before;; i += 50) {
				struct weir_run runs[50];

				for (unsigned j = 0; j < 50; j++)
					runs[j] = help_run(i + j);
				if (store_put_runs(h.s, runs, 50, NULL, &h.err))
					_exit(1);
				if (i == (unsigned)before &&
					write(put[1], &byte, 1) != 1)
					_exit(1);
			}
		}
		close(put[1]);
		/* every other one when it has put some, however long that takes */
		if (round % 2)
			assert_int_equal(read(put[0], &byte, 1), 1);
		usleep(15000 + (unsigned)round * 3000);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		close(put[0]);
		assert_true(WIFSIGNALED(status));
		help_open(&h, WEIR_STORE_WRITE);
		assert_int_equal(weir_store_check(h.s, &h.err), WEIR_OK);
		n = help_number(&h, "SELECT count(*) FROM runs");
		assert_int_equal(n % 50, 0);
		assert_true(n >= before);
		assert_int_equal(help_number(&h, "SELECT count(*) FROM run_docs"), n);
		before = n;
		help_close(&h);
	}
	assert_true(before > 0);
	help_end(&h);
}

static void
test_fault(void **state)
{
	struct help h;
	int status;
	pid_t pid;

	(void)state;
	help_new(&h);
	help_close(&h);
	pid = fork();
	if (pid == 0) {
		setenv("WEIR_FAULT", "commit:2", 1);
		help_open(&h, WEIR_STORE_WRITE);
		put_runs(&h, 10, NULL);
		put_runs(&h, 20, NULL);
		put_runs(&h, 30, NULL);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), DB_FAULT_STATUS);
	help_open(&h, WEIR_STORE_WRITE);
	assert_int_equal(help_number(&h, "SELECT count(*) FROM runs"), 20);
	help_end(&h);
}

static void
test_lock(void **state)
{
	struct help h;
	struct weir_store *other;
	struct weir_err *err = &h.err;

	(void)state;
	help_new(&h);
	OK(weir_store_open(
		h.path, HELP_ADDRESS, NULL, WEIR_STORE_WRITE, &other, NULL, err));
	OK(store_lock(h.s, err));
	assert_int_equal(store_lock(other, err), WEIR_EBUSY);
	store_unlock(h.s);
	OK(store_lock(other, err));
	weir_store_close(other);
	OK(store_lock(h.s, err));
	help_end(&h);
}

/* Another connection deletes a flow that this one knows the number of. */
static void
test_two_writers(void **state)
{
	struct help h, other;
	struct weir_err *err = &h.err;
	struct weir_doc flow = {
		.id = help_id(2, 77), .name = STR("gone"), .doc = STR("{}")
	};
	struct weir_run r = help_run(1);

	(void)state;
	help_new(&h);
	OK(store_put_docs(h.s, WEIR_FLOW, &flow, 1, NULL, err));
	r.flow_id = flow.id;
	OK(store_put_runs(h.s, &r, 1, NULL, err));
	other = h;
	help_open(&other, WEIR_STORE_WRITE);
	OK(store_delete_runs(other.s, &r.id, 1, err));
	OK(store_keep_only(other.s, WEIR_FLOW, NULL, NULL, 0, NULL, err));
	assert_int_equal(help_number(&other, "SELECT count(*) FROM flows"), 0);
	flow.id = help_id(2, 78);
	OK(store_put_docs(other.s, WEIR_FLOW, &flow, 1, NULL, err));
	help_close(&other);
	OK(store_put_runs(h.s, &r, 1, NULL, err));
	assert_int_equal(
		help_number(&h, "SELECT count(*) FROM runs JOIN flows ON flows.k = flow"
				" AND flows.name IS NULL"),
		1);
	help_end(&h);
}

static void
test_meta(void **state)
{
	struct help h;
	struct weir_err *err = &h.err;
	char *text;
	int64_t v;

	(void)state;
	help_new(&h);
	OK(weir_store_meta(h.s, WEIR_META_CYCLE_US, &v, err));
	assert_int_equal(v, WEIR_NO_TIME);
	OK(weir_store_set_meta(h.s, WEIR_META_CYCLE_US, -5, err));
	OK(weir_store_meta(h.s, WEIR_META_CYCLE_US, &v, err));
	assert_int_equal(v, -5);
	OK(weir_store_set_meta(h.s, WEIR_META_CYCLE_US, WEIR_NO_TIME, err));
	OK(weir_store_meta(h.s, WEIR_META_CYCLE_US, &v, err));
	assert_int_equal(v, WEIR_NO_TIME);
	OK(weir_store_set_text(h.s, "version", "3.8.3", err));
	OK(weir_store_text(h.s, "version", &text, err));
	assert_string_equal(text, "3.8.3");
	free(text);
	OK(weir_store_text(h.s, "nothing", &text, err));
	assert_null(text);
	help_end(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_again_writes_nothing),
		cmocka_unit_test(test_interned),
		cmocka_unit_test(test_platform),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_roll_back),
		cmocka_unit_test(test_parents),
		cmocka_unit_test(test_docs),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_newer),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_not_a_database),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_disk_full),
		cmocka_unit_test(test_readers),
		cmocka_unit_test(test_kill),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_two_writers),
		cmocka_unit_test(test_meta),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
