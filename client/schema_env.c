/*
 * The schema of the store of one Metaflow folder: that of a cache, whose tables of runs
 * and tasks it has too, and environments.
 */
#include "schema.h"

/* clang-format off */
static const char own_1[] =
/*
 * Where environments come from: 1 is conda_v2.cnd as it was when it was read, 2 the cache.
 */
"CREATE TABLE env_sources(k INTEGER PRIMARY KEY, path TEXT NOT NULL, inode INTEGER,"
" size INTEGER, mtime_ns INTEGER, looked_us INTEGER);"
/*
 * Passwords in addresses are masked in all of these. hash: of the object's text, so that what
 * has not changed is not read again. Lists are JSON arrays; packages: k of env_packages in the
 * order they are installed. resolved_us: as if it was this machine's time. aliases to in_cache
 * come from other tables: env_fill.c. shadow: the same is in a source before this one.
 */
"CREATE TABLE environments(k INTEGER PRIMARY KEY, source INTEGER NOT NULL,"
" req_id TEXT NOT NULL, full_id TEXT NOT NULL, arch TEXT NOT NULL, hash BLOB NOT NULL,"
" resolved_on TEXT, resolved_by TEXT, resolved_us INTEGER, archs TEXT, deps TEXT,"
" sources TEXT, extras TEXT, env_type TEXT, accurate INTEGER, unique_keys TEXT,"
" packages TEXT, n_conda INTEGER, n_pypi INTEGER, channels TEXT, helper INTEGER,"
" aliases TEXT, steps TEXT, folders TEXT, is_default INTEGER, shadow INTEGER,"
" in_cache INTEGER, UNIQUE(full_id, req_id, arch, source));"
"CREATE INDEX environments_req ON environments(req_id);"
"CREATE INDEX environments_at ON environments(resolved_us);"
/*
 * key: the name as it is looked for: lower case, dashes for `_` and `.`. Apart, since most
 * questions need only one of them: the object, and k of the environments that have it, 32 bits
 * each, little-endian, ascending.
 */
"CREATE TABLE env_packages(k INTEGER PRIMARY KEY, hash BLOB NOT NULL, type TEXT NOT NULL,"
" name TEXT NOT NULL, key TEXT NOT NULL, version TEXT NOT NULL, build TEXT NOT NULL,"
" channel TEXT NOT NULL);"
"CREATE INDEX env_packages_key ON env_packages(key, type, version);"
"CREATE TABLE env_package_docs(k INTEGER PRIMARY KEY, doc TEXT NOT NULL);"
"CREATE TABLE env_holders(k INTEGER PRIMARY KEY, envs BLOB NOT NULL);"
"CREATE TABLE env_defaults(arch TEXT NOT NULL, req_id TEXT NOT NULL, full_id TEXT NOT NULL,"
" PRIMARY KEY(arch, req_id)) WITHOUT ROWID;"
/* kind: enum env_alias. shown: `name:tag`. */
"CREATE TABLE env_aliases(name TEXT NOT NULL, kind INTEGER NOT NULL, arch TEXT NOT NULL,"
" shown TEXT NOT NULL, req_id TEXT NOT NULL, full_id TEXT NOT NULL,"
" PRIMARY KEY(name, kind, arch)) WITHOUT ROWID;"
"CREATE INDEX env_aliases_id ON env_aliases(full_id);"
"CREATE TABLE env_steps(pathspec TEXT PRIMARY KEY, req_id TEXT NOT NULL,"
" full_id TEXT NOT NULL) WITHOUT ROWID;"
"CREATE INDEX env_steps_id ON env_steps(full_id);"
/* Folders on this machine with a .metaflowenv. */
"CREATE TABLE env_folders(path TEXT PRIMARY KEY, req_id TEXT NOT NULL,"
" full_id TEXT NOT NULL, arch TEXT NOT NULL) WITHOUT ROWID;";

static const char own_2[] =
/*
 * Runs as they were read: mark is another when something of the run is, beat_us when it
 * last said that it lives. Tasks: ok and the times by which a run's state is told.
 */
"CREATE TABLE mf_runs(run BLOB PRIMARY KEY, path TEXT NOT NULL, mark INTEGER NOT NULL,"
" settled INTEGER NOT NULL, beat_us INTEGER) WITHOUT ROWID;"
"CREATE TABLE mf_tasks(task BLOB PRIMARY KEY, run BLOB NOT NULL, step TEXT NOT NULL,"
" mark INTEGER NOT NULL, state INTEGER NOT NULL, ok INTEGER, ok_us INTEGER,"
" attempt_us INTEGER, active_us INTEGER) WITHOUT ROWID;"
"CREATE INDEX mf_tasks_run ON mf_tasks(run);"
/*
 * Which environment a task used. attempt: -1 for the task as a whole. kind: enum
 * weir_task_env_kind. value: as it was recorded, NULL of a clone whose origin is not here
 * (yet). origin: the task that it is a clone of.
 */
"CREATE TABLE task_envs(task BLOB NOT NULL, attempt INTEGER NOT NULL, run BLOB NOT NULL,"
" kind INTEGER NOT NULL, req_id TEXT, full_id TEXT, arch TEXT, value TEXT, origin BLOB,"
" origin_path TEXT, PRIMARY KEY(task, attempt)) WITHOUT ROWID;"
"CREATE INDEX task_envs_run ON task_envs(run);"
"CREATE INDEX task_envs_id ON task_envs(full_id, req_id) WHERE full_id IS NOT NULL;"
"CREATE INDEX task_envs_open ON task_envs(origin) WHERE value IS NULL;"
/* How much of the files of a log has been read. */
"CREATE TABLE mf_logs(run BLOB NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL,"
" mark INTEGER NOT NULL, PRIMARY KEY(run, path)) WITHOUT ROWID;";
/* clang-format on */

/* What folders of env_folders take on the disk; mark: when they were last changed. */
static const char own_sizes[] =
	"CREATE TABLE env_sizes(path TEXT PRIMARY KEY, mark INTEGER NOT NULL,"
	" size INTEGER NOT NULL) WITHOUT ROWID;";

/* Who used an environment; mf_env.c puts a service's beside it. */
static const char own_uses[] =
	"CREATE VIEW env_uses AS SELECT t.req_id, t.full_id, t.arch, q.name, q.at_us,"
	" (SELECT m.step FROM mf_tasks m WHERE m.task = t.task) AS step"
	" FROM task_envs t JOIN runs q ON q.id = t.run WHERE t.full_id IS NOT NULL;";

/*
 * The same with the run's id. env_named, env_paths: runs of a server that name one, by
 * its ids and by a pathspec of run; empty until mf_env.c puts a profile's in their
 * place.
 */
static const char own_named[] =
	"DROP VIEW env_uses;"
	"CREATE VIEW env_uses AS SELECT t.req_id, t.full_id, t.arch, q.name, q.at_us,"
	" (SELECT m.step FROM mf_tasks m WHERE m.task = t.task) AS step, t.run"
	" FROM task_envs t JOIN runs q ON q.id = t.run WHERE t.full_id IS NOT NULL;"
	"CREATE VIEW env_named AS SELECT '' AS env, 0 AS at_us, x'' AS id, 0 AS k,"
	" '' AS shown WHERE 0;"
	"CREATE VIEW env_paths AS SELECT x'' AS run, '' AS env, 0 AS at_us, x'' AS id,"
	" 0 AS k, '' AS shown WHERE 0;";

static const char *const steps[] = { schema_cache_1, schema_cache_2, own_1, own_2,
	own_sizes, own_uses, schema_cache_3, own_named };
const struct schema schema_metaflow = { steps, sizeof(steps) / sizeof(steps[0]), true };
