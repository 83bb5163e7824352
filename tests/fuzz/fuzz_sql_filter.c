/* Filters of the REST API: whatever is asked, it is refused or it is SQL that runs. */
#include <stddef.h>
#include <stdint.h>

#include "schema.h"
#include "sql_filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An empty embedded store in memory. */
static struct db *
empty_db(void)
{
	static struct db db;

	if (db.sqlite)
		return &db;
	db.path = xstrdup(":memory:");
	if (sqlite3_open(":memory:", &db.sqlite) != SQLITE_OK)
		abort();
	for (int i = 0; i < schema_embedded.version; i++)
		if (sqlite3_exec(db.sqlite, schema_embedded.steps[i], NULL, NULL, NULL))
			abort();
	return &db;
}

static void
check_run(const struct sql_filter *f, bool count)
{
	sqlite3_stmt *st = NULL;
	struct weir_err err = { 0 };
	int code;

	if (sql_filter_prepare(empty_db(), f, count, &st, &err)) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	code = sqlite3_step(st);
	if (code != (count ? SQLITE_ROW : SQLITE_DONE))
		abort();
	sqlite3_finalize(st);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum weir_kind kind =
		size ? (enum weir_kind)(data[0] % WEIR_N_SERVED) : WEIR_RUN;
	json_t *body = json_loadb((const char *)data + (size > 0), size - (size > 0),
		JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	struct sql_filter f;

	if (!body)
		return 0;
	if (sql_filter_read(kind, body, 200, &f)) {
		check_run(&f, false);
		check_run(&f, true);
	} else if (!f.wrong[0]) {
		abort();
	}
	sql_filter_release(&f);
	json_decref(body);
	return 0;
}
