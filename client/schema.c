/*
 * The schema of a profile's cache, as a ladder: step i brings user_version from i to i
 * + 1, in one transaction. A released step is never edited; a change is a new step.
 *
 * Ids are 16-byte blobs, times int64 microseconds UTC, names of few values (states,
 * pools, queues, platforms) are interned in `names`, and what is rarely shown is JSON
 * text.
 */
#include "schema.h"

/* clang-format off */
const char schema_cache_1[] =
/* One value a key: address, watermark_us, filled_us, cycle_us, clock_offset_us, version... */
"CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"

"CREATE TABLE names(k INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"

/* A flow or deployment seen only by its id in a run has no name and no doc yet. */
"CREATE TABLE flows(k INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, name TEXT,"
" created_us INTEGER, updated_us INTEGER, doc TEXT);"
"CREATE TABLE deployments(k INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, name TEXT,"
" flow INTEGER, created_us INTEGER, updated_us INTEGER, doc TEXT);"
"CREATE TABLE pools(k INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, name TEXT,"
" created_us INTEGER, updated_us INTEGER, doc TEXT);"
"CREATE TABLE queues(k INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, name TEXT,"
" pool INTEGER, created_us INTEGER, updated_us INTEGER, doc TEXT);"
"CREATE TABLE workers(k INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, name TEXT,"
" pool INTEGER, created_us INTEGER, updated_us INTEGER, doc TEXT);"
"CREATE TABLE artifacts(k INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, name TEXT,"
" run BLOB, created_us INTEGER, updated_us INTEGER, doc TEXT);"
"CREATE INDEX artifacts_run ON artifacts(run);"
"CREATE TABLE limits(k INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, name TEXT,"
" created_us INTEGER, updated_us INTEGER, doc TEXT);"

/*
 * at_us: coalesce(start, expected start, created), what lists are ordered by. state: enum
 * weir_state. flow, deployment: k of their tables. state_name, pool, queue, platform: k of
 * names. parent: id of the flow run above; filled after the run itself. tags: JSON array.
 */
"CREATE TABLE runs(k INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, at_us INTEGER NOT NULL,"
" state INTEGER NOT NULL, state_name INTEGER, state_id BLOB, name TEXT NOT NULL,"
" flow INTEGER, deployment INTEGER, pool INTEGER, queue INTEGER, platform INTEGER,"
" created_us INTEGER, updated_us INTEGER, expected_us INTEGER, next_us INTEGER,"
" start_us INTEGER, end_us INTEGER, run_time REAL, run_count INTEGER, auto INTEGER,"
" tags TEXT, parent_task BLOB, parent BLOB);"
/* The members of the object that have no column: parameters, labels, state... */
"CREATE TABLE run_docs(k INTEGER PRIMARY KEY, rest TEXT NOT NULL);"
/*
 * What bare words search, of runs b*256 .. b*256+255: a line a run, `k TAB name TAB tags TAB
 * platform TAB scalar parameter values TAB id`, controls replaced by spaces. Between tags and
 * between values stands 0x1f, so that no word is found across two of them.
 */
"CREATE TABLE run_text(b INTEGER PRIMARY KEY, text TEXT NOT NULL);"
"CREATE INDEX runs_at ON runs(at_us);"
"CREATE INDEX runs_state ON runs(state, at_us);"
"CREATE INDEX runs_flow ON runs(flow, at_us);"
"CREATE INDEX runs_deployment ON runs(deployment, at_us);"
"CREATE INDEX runs_end ON runs(end_us);"
"CREATE INDEX runs_parent ON runs(parent) WHERE parent IS NOT NULL;"
"CREATE INDEX runs_parent_task ON runs(parent_task) WHERE parent_task IS NOT NULL;"
"CREATE INDEX runs_orphan ON runs(k) WHERE parent_task IS NOT NULL AND parent IS NULL;"

"CREATE TABLE task_runs(k INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, run BLOB,"
" state INTEGER NOT NULL, state_name INTEGER, state_id BLOB, name TEXT NOT NULL,"
" task_key TEXT, dynamic_key TEXT, created_us INTEGER, updated_us INTEGER,"
" expected_us INTEGER, next_us INTEGER, start_us INTEGER, end_us INTEGER, run_time REAL,"
" run_count INTEGER, tags TEXT, rest TEXT NOT NULL);"
"CREATE INDEX task_runs_run ON task_runs(run, expected_us);"
/* Which runs have their task runs, states and artifacts here, and as of which state. */
"CREATE TABLE run_details(run BLOB PRIMARY KEY, state_id BLOB, updated_us INTEGER,"
" states TEXT, fetched_us INTEGER NOT NULL) WITHOUT ROWID;"

/*
 * The log of a run. at_us: of the run. complete: the run has ended and its log was read to the
 * end. until_us: newest time stamp. runs: run_count of the run when it was completed; more
 * means there is more to read.
 */
"CREATE TABLE logs(k INTEGER PRIMARY KEY, run BLOB NOT NULL UNIQUE, at_us INTEGER NOT NULL,"
" complete INTEGER NOT NULL, until_us INTEGER, n INTEGER NOT NULL, runs INTEGER,"
" fetched_us INTEGER NOT NULL);"
"CREATE INDEX logs_at ON logs(at_us);"
/*
 * Blocks of lines in order (logblock.h): k is log << 32 | place, so a log's blocks lie side by
 * side. A search reads log_index alone until a bitmap lets a block through; a row of it fits
 * a page. bytes: of the text. levels: bit level/10. grams: trigram bitmap. Ids of lines are
 * kept while the run is live.
 */
"CREATE TABLE log_index(k INTEGER PRIMARY KEY, log INTEGER NOT NULL, from_us INTEGER NOT NULL,"
" to_us INTEGER NOT NULL, n INTEGER NOT NULL, bytes INTEGER NOT NULL,"
" levels INTEGER NOT NULL, grams BLOB NOT NULL);"
"CREATE INDEX log_index_to ON log_index(log, to_us);"
"CREATE TABLE log_text(k INTEGER PRIMARY KEY, lines BLOB NOT NULL, text BLOB NOT NULL);"
"CREATE TABLE log_ids(k INTEGER PRIMARY KEY, ids BLOB NOT NULL);"
"PRAGMA user_version = 1;";

const char schema_cache_2[] =
/* In whose place a run was started, as its label or key says (chain.h). */
"CREATE TABLE retriggers(run BLOB PRIMARY KEY, of BLOB NOT NULL) WITHOUT ROWID;"
"CREATE INDEX retriggers_of ON retriggers(of);"
"PRAGMA user_version = 2;";

const char schema_cache_3[] =
/*
 * Environments of Metaflow that parameters of runs name (env_named.h): `req_id:full_id:arch`,
 * or a pathspec; of: `Flow/run` of that, else "". at_us: of the run, so that the newest are
 * first. by: the parameters.
 */
"CREATE TABLE env_names(k INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, of TEXT NOT NULL);"
"CREATE INDEX env_names_of ON env_names(of) WHERE of <> '';"
"CREATE TABLE run_envs(run INTEGER NOT NULL, env INTEGER NOT NULL, at_us INTEGER NOT NULL,"
" by TEXT NOT NULL, PRIMARY KEY(run, env)) WITHOUT ROWID;"
"CREATE INDEX run_envs_env ON run_envs(env, at_us);"
"PRAGMA user_version = 3;";
/* clang-format on */

static const char *const steps[] = { schema_cache_1, schema_cache_2, schema_cache_3 };
const struct schema schema_cache = { steps, sizeof(steps) / sizeof(steps[0]), false };
