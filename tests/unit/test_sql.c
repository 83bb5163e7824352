#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "state_help.h"

/* Tables that may have a million rows or more. */
static const char *const big[] = { "runs", "run_docs", "run_text", "task_runs",
	"log_index", "log_text", "log_ids", "logs", "run_details" };

/* Statements that do read one of them from end to end, and why they may. */
static const struct {
	enum sql_id id;
	const char *why;
} whole[] = {
	{ SQL_RUN_COUNT,
		"count over the smallest index; for doctor and the bottom line" },
	{ SQL_RUN_HISTORY, "all buckets of a drift check, every few minutes" },
	{ SQL_RUN_EXPECTED_IDS, "a bucket that a drift check found to differ" },
	{ SQL_RUNS_WINDOW, "a drift check" },
	{ SQL_TASK_COUNT, "doctor" },
	{ SQL_TASK_IDS, "keep_only of all; sync asks by run" },
	{ SQL_LOG_COMPLETE, "logs that are whole, to count the others" },
	{ SQL_LOG_MISSING_ALL, "counts, for the remark under a search of all logs" },
	{ SQL_LOG_NEWEST, "a search of all logs, by logs_at" },
	{ SQL_NAMED_DOCS, "once, of a store that an older weir made" },
	{ SQL_RUN_ORPHANS, "over runs_orphan, which has only these" },
};

/* Position among them; their number when it is not there. */
static size_t
listed(enum sql_id id)
{
	size_t i = 0;

	while (i < N_ELEM(whole) && whole[i].id != id)
		i++;
	return i;
}

static bool
is_big(const char *detail)
{
	char want[64];

	for (size_t i = 0; i < N_ELEM(big); i++) {
		snprintf(want, sizeof(want), "SCAN %s", big[i]);
		if (strncmp(detail, want, strlen(want)) == 0 &&
			(detail[strlen(want)] == ' ' || !detail[strlen(want)]))
			return true;
	}
	return false;
}

/* Those that are for the other files. */
static const bool of_state[SQL_N] = {
#define X(name, text) [SQL_##name] = true,
	SQL_STATE_STATEMENTS(X)
#undef X
};

static const bool of_embedded[SQL_N] = {
#define X(name, text) [SQL_##name] = true,
	SQL_EMBEDDED_STATEMENTS(X)
#undef X
};

static const bool of_metaflow[SQL_N] = {
#define X(name, text) [SQL_##name] = true,
	SQL_ENV_STATEMENTS(X) SQL_MF_STATEMENTS(X)
#undef X
};

static void
test_plans(void **state)
{
	bool scans[N_ELEM(whole) + 1] = { false };
	struct state_help sh;
	struct weir_store *embedded = NULL, *metaflow = NULL;
	struct weir_err *err;
	struct help h;
	char *path;

	(void)state;
	help_new(&h);
	err = &h.err;
	path = xasprintf("%s/embedded.db", h.folder);
	OK(weir_store_open_embedded(path, NULL, WEIR_STORE_WRITE, &embedded, err));
	free(path);
	path = xasprintf("%s/metaflow.db", h.folder);
	OK(store_open_metaflow(path, "/x", WEIR_STORE_WRITE, &metaflow, NULL, err));
	OK(db_attach(
		store_db(metaflow), SQL_MF_ATTACH, path, err)); /* as a service's */
	OK(db_attach(store_db(metaflow), SQL_MF_PROFILE, path, err));
	state_new(&sh);
	state_open(&sh, true);
	for (int id = 0; id < SQL_N; id++) {
		char *explain = xasprintf("EXPLAIN QUERY PLAN %s", sql_text[id]);
		struct db *db = of_state[id]      ? statedb_db(sh.s)
				: of_embedded[id] ? store_db(embedded)
				: of_metaflow[id] ? store_db(metaflow)
						  : store_db(h.s);
		sqlite3 *sqlite = db->sqlite;
		sqlite3_stmt *st = NULL;
		int code = sqlite3_prepare_v2(sqlite, explain, -1, &st, NULL);

		if (code != SQLITE_OK)
			fail_msg("%s: %s", sql_text[id], sqlite3_errmsg(sqlite));
		while (sqlite3_step(st) == SQLITE_ROW) {
			const char *detail = (const char *)sqlite3_column_text(st, 3);

			size_t at = listed((enum sql_id)id);

			if (is_big(detail) && at == N_ELEM(whole))
				fail_msg("%s: %s", sql_text[id], detail);
			scans[at] |= is_big(detail);
		}
		sqlite3_finalize(st);
		free(explain);
	}
	for (size_t i = 0; i < N_ELEM(whole); i++)
		if (!scans[i])
			fail_msg("no longer whole: %s", sql_text[whole[i].id]);
	weir_store_close(embedded);
	weir_store_close(metaflow);
	free(path);
	state_end(&sh);
	help_end(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
