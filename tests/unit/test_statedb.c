#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>

#include "schema.h"
#include "state_help.h"

static void
test_made_private(void **state)
{
	struct state_help h;
	struct weir_err *err = &h.err;
	mode_t old = umask(0);
	struct stat st;
	char *folder;

	(void)state;
	state_new(&h);
	assert_int_equal(weir_statedb_open(h.config, false, &h.s, err), WEIR_ENOTFOUND);
	assert_null(h.s);
	assert_int_not_equal(stat(weir_config_state(h.config), &st), 0);
	state_open(&h, true);
	umask(old);
	assert_int_equal(stat(weir_config_state(h.config), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	folder = xstrndup(weir_config_state(h.config),
		(size_t)(strrchr(weir_config_state(h.config), '/') -
			 weir_config_state(h.config)));
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	free(folder);
	/* the same name as the cache has */
	assert_string_equal(strrchr(weir_config_state(h.config), '/'),
		strrchr(weir_config_store(h.config), '/'));
	state_end(&h);
}

static void
test_synced_whole(void **state)
{
	struct state_help h;
	sqlite3_stmt *st = NULL;

	(void)state;
	state_new(&h);
	state_open(&h, true);
	assert_int_equal(sqlite3_prepare_v2(statedb_db(h.s)->sqlite,
				 "PRAGMA synchronous", -1, &st, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(st, 0), 2);
	sqlite3_finalize(st);
	state_end(&h);
}

static bool
gather(void *arg, const char *name, const char *text)
{
	struct buf *b = arg;

	buf_addf(b, "%s=%s;", name, text);
	return b->len < 12;
}

static void
test_texts(void **state)
{
	struct state_help h;
	struct weir_err *err = &h.err;
	struct buf all = BUF_INIT(BUF_MAX);
	char *text = NULL, *big;

	(void)state;
	state_new(&h);
	state_open(&h, true);
	OK(weir_statedb_get(h.s, "view", "runs", &text, err));
	assert_null(text);
	OK(weir_statedb_put(h.s, "view", "runs", "one", err));
	OK(weir_statedb_put(h.s, "view", "flows", "", err));
	OK(weir_statedb_put(h.s, "named", "runs", "other", err));
	OK(weir_statedb_put(h.s, "view", "a", "b", err));
	OK(weir_statedb_put(h.s, "view", "runs", "two", err));
	state_close(&h);
	state_open(&h, false);
	OK(weir_statedb_get(h.s, "view", "runs", &text, err));
	assert_string_equal(text, "two");
	free(text);
	OK(weir_statedb_get(h.s, "view", "flows", &text, err));
	assert_string_equal(text, "");
	free(text);
	/* in the order in which they were first put, until fn has enough */
	OK(weir_statedb_each(h.s, "view", gather, &all, err));
	assert_string_equal(buf_cstr(&all), "runs=two;flows=;");
	state_close(&h);
	state_open(&h, true);
	OK(weir_statedb_put(h.s, "view", "runs", NULL, err));
	OK(weir_statedb_get(h.s, "view", "runs", &text, err));
	assert_null(text);
	big = xcalloc(1, WEIR_STATEDB_TEXT_MAX + 2);
	memset(big, 'x', WEIR_STATEDB_TEXT_MAX + 1);
	assert_int_equal(weir_statedb_put(h.s, "view", "big", big, err), WEIR_ETOOBIG);
	free(big);
	buf_release(&all);
	state_end(&h);
}

static void
test_marks(void **state)
{
	struct weir_id ids[] = { help_id(1, 3), help_id(1, 1), help_id(1, 2) };
	struct state_help h;
	struct weir_err *err = &h.err;
	struct weir_id *found = NULL;
	size_t n = 99;

	(void)state;
	state_new(&h);
	state_open(&h, true);
	OK(weir_statedb_marks(h.s, WEIR_RUN, &found, &n, err));
	assert_int_equal(n, 0);
	free(found);
	OK(weir_statedb_mark(h.s, WEIR_RUN, ids, 3, true, err));
	OK(weir_statedb_mark(h.s, WEIR_RUN, ids, 1, true, err));
	OK(weir_statedb_mark(h.s, WEIR_FLOW, ids, 1, true, err));
	OK(weir_statedb_mark(h.s, WEIR_RUN, &ids[2], 1, false, err));
	OK(weir_statedb_marks(h.s, WEIR_RUN, &found, &n, err));
	assert_int_equal(n, 2);
	assert_memory_equal(&found[0], &ids[1], sizeof(ids[0]));
	assert_memory_equal(&found[1], &ids[0], sizeof(ids[0]));
	free(found);
	OK(weir_statedb_unmark_all(h.s, WEIR_RUN, err));
	OK(weir_statedb_marks(h.s, WEIR_RUN, &found, &n, err));
	assert_int_equal(n, 0);
	free(found);
	OK(weir_statedb_marks(h.s, WEIR_FLOW, &found, &n, err));
	assert_int_equal(n, 1);
	free(found);
	state_end(&h);
}

static size_t
files_in(const struct state_help *h)
{
	char *name = xasprintf("%s/weir", h->folder);
	DIR *d = opendir(name);
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	free(name);
	return n;
}

/* Damage is told, and nothing is set aside, marked or written. */
static void
test_damaged(void **state)
{
	struct state_help h;
	struct weir_err *err = &h.err;
	size_t files;

	(void)state;
	state_new(&h);
	state_open(&h, true);
	OK(weir_statedb_put(h.s, "view", "runs", "one", err));
	state_close(&h);
	help_sh(xasprintf("cd '%s/weir' && rm -f ./*-wal ./*-shm && for f in *.db; do "
			  "printf 'not a database at all, whatever it may be' |"
			  " dd of=\"$f\" conv=notrunc status=none; done",
		h.folder));
	files = files_in(&h);
	for (int write = 0; write < 2; write++) {
		assert_int_equal(
			weir_statedb_open(h.config, write, &h.s, err), WEIR_EDB);
		assert_null(h.s);
		assert_non_null(strstr(err->text, "the file is damaged"));
		assert_non_null(strstr(err->text, weir_config_state(h.config)));
		assert_non_null(strstr(err->hint, "history"));
		assert_int_equal(files_in(&h), files);
	}
	state_end(&h);
}

static void
test_newer(void **state)
{
	struct state_help h;
	struct weir_err *err = &h.err;

	(void)state;
	state_new(&h);
	state_open(&h, true);
	assert_int_equal(sqlite3_exec(statedb_db(h.s)->sqlite,
				 "PRAGMA user_version = 999", NULL, NULL, NULL),
		SQLITE_OK);
	state_close(&h);
	for (int write = 0; write < 2; write++) {
		assert_int_equal(
			weir_statedb_open(h.config, write, &h.s, err), WEIR_ENEWER);
		assert_non_null(strstr(err->text, "made by a newer weir (schema 999"));
		assert_null(strstr(err->hint, "cache"));
	}
	state_end(&h);
}

/* What an older weir left is kept, by who only reads it too. */
static void
test_older(void **state)
{
	struct state_help h;
	sqlite3 *db;
	sqlite3_stmt *st = NULL;

	(void)state;
	state_new(&h);
	state_open(&h, true);
	db = statedb_db(h.s)->sqlite;
	assert_int_equal(sqlite3_exec(db,
				 "DROP TABLE acts; DROP TABLE meta; DROP TABLE texts;"
				 "DROP TABLE marks; DROP TABLE chain;",
				 NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, schema_state.steps[0], NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				 "INSERT INTO acts(at_us, verb, key, state) VALUES"
				 "(7, 'retrigger', 'k', 0)",
				 NULL, NULL, NULL),
		SQLITE_OK);
	state_close(&h);
	for (int write = 0; write < 2; write++) {
		state_open(&h, write);
		assert_int_equal(
			sqlite3_prepare_v2(statedb_db(h.s)->sqlite,
				"SELECT key FROM acts WHERE at_us = 7", -1, &st, NULL),
			SQLITE_OK);
		assert_int_equal(sqlite3_step(st), SQLITE_ROW);
		assert_string_equal((const char *)sqlite3_column_text(st, 0), "k");
		sqlite3_finalize(st);
		state_close(&h);
	}
	state_end(&h);
}

static void
test_other_address(void **state)
{
	struct state_help h;
	struct weir_err *err = &h.err;

	(void)state;
	state_new(&h);
	state_open(&h, true);
	assert_int_equal(
		sqlite3_exec(statedb_db(h.s)->sqlite,
			"UPDATE meta SET value = 'http://other/api'", NULL, NULL, NULL),
		SQLITE_OK);
	state_close(&h);
	assert_int_equal(weir_statedb_open(h.config, true, &h.s, err), WEIR_EDB);
	assert_non_null(strstr(err->text, "it is of http://other/api"));
	state_end(&h);
}

/* Two processes that make it and write to it at once lose nothing. */
static void
test_two_processes(void **state)
{
	enum { PROCESSES = 4, EACH = 40 };
	struct state_help h;
	struct weir_err *err = &h.err;
	pid_t pids[PROCESSES];
	int status;
	int64_t n = 0;
	sqlite3_stmt *st = NULL;

	(void)state;
	state_new(&h);
	for (int p = 0; p < PROCESSES; p++) {
		pids[p] = fork();
		if (pids[p] != 0)
			continue;
		if (weir_statedb_open(h.config, true, &h.s, err))
			_exit(2);
		for (unsigned i = 0; i < EACH; i++) {
			char name[32];
			struct weir_id id = help_id((unsigned)p, i);

			snprintf(name, sizeof(name), "%d.%u", p, i);
			if (weir_statedb_put(h.s, "prompt", name, "x", err) ||
				weir_statedb_mark(h.s, WEIR_RUN, &id, 1, true, err))
				_exit(3);
		}
		weir_statedb_close(h.s);
		_exit(0);
	}
	for (int p = 0; p < PROCESSES; p++) {
		waitpid(pids[p], &status, 0);
		assert_int_equal(status, 0);
	}
	state_open(&h, false);
	assert_int_equal(sqlite3_prepare_v2(statedb_db(h.s)->sqlite,
				 "SELECT (SELECT count(*) FROM texts)"
				 " + (SELECT count(*) FROM marks)",
				 -1, &st, NULL),
		SQLITE_OK);
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	assert_int_equal(n, 2 * PROCESSES * EACH);
	state_end(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_private),
		cmocka_unit_test(test_synced_whole),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_newer),
		cmocka_unit_test(test_older),
		cmocka_unit_test(test_other_address),
		cmocka_unit_test(test_two_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
