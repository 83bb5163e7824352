/*
 * The schema of the embedded store: that of a cache, so that all that reads one reads
 * it, and tables of its own for what a server would know. A new step of the cache is a
 * new step here.
 */
#include "schema.h"

/* clang-format off */
static const char own_1[] =
/* Each state a run was in, oldest first; doc: JSON. */
"CREATE TABLE states(k INTEGER PRIMARY KEY, run BLOB NOT NULL, id BLOB NOT NULL,"
" doc TEXT NOT NULL);"
"CREATE INDEX states_run ON states(run);"
"CREATE INDEX states_id ON states(id);"
/* Idempotency keys. */
"CREATE TABLE keys(flow BLOB NOT NULL, key TEXT NOT NULL, run BLOB NOT NULL,"
" PRIMARY KEY(flow, key)) WITHOUT ROWID;"
"CREATE INDEX keys_key ON keys(key);"
"CREATE INDEX keys_run ON keys(run);"
"CREATE TRIGGER runs_gone AFTER DELETE ON runs BEGIN"
" DELETE FROM keys WHERE run = old.id; DELETE FROM states WHERE run = old.id; END;"
/* Schedules of deployments, as in their documents; made_us: when runs are to be made again. */
"CREATE TABLE schedules(id BLOB PRIMARY KEY, deployment BLOB NOT NULL,"
" active INTEGER NOT NULL, doc TEXT NOT NULL, made_us INTEGER) WITHOUT ROWID;"
"CREATE INDEX schedules_deployment ON schedules(deployment);"
"CREATE INDEX runs_next ON runs(next_us) WHERE next_us IS NOT NULL;"
"CREATE UNIQUE INDEX task_runs_key ON task_runs(run, task_key, dynamic_key);"
"CREATE UNIQUE INDEX flows_name ON flows(name) WHERE doc IS NOT NULL;"
"CREATE UNIQUE INDEX deployments_name ON deployments(flow, name) WHERE doc IS NOT NULL;"
"CREATE UNIQUE INDEX pools_name ON pools(name) WHERE doc IS NOT NULL;"
"CREATE UNIQUE INDEX queues_name ON queues(pool, name) WHERE doc IS NOT NULL;"
"CREATE UNIQUE INDEX workers_name ON workers(pool, name) WHERE doc IS NOT NULL;";

const char *const schema_marks[SCHEMA_MARKS] = {
	"PRAGMA user_version = 0", "PRAGMA user_version = 1", "PRAGMA user_version = 2",
	"PRAGMA user_version = 3", "PRAGMA user_version = 4", "PRAGMA user_version = 5",
	"PRAGMA user_version = 6", "PRAGMA user_version = 7", "PRAGMA user_version = 8",
	"PRAGMA user_version = 9", "PRAGMA user_version = 10", "PRAGMA user_version = 11",
	"PRAGMA user_version = 12", "PRAGMA user_version = 13", "PRAGMA user_version = 14",
	"PRAGMA user_version = 15", "PRAGMA user_version = 16",
};
/* clang-format on */

static const char *const steps[] = { schema_cache_1, schema_cache_2, own_1,
	schema_cache_3 };
_Static_assert(sizeof(steps) / sizeof(steps[0]) < SCHEMA_MARKS, "a mark for each");
const struct schema schema_embedded = { steps, sizeof(steps) / sizeof(steps[0]), true };
