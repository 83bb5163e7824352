/*
 * Every SQL statement of the program, by name. Parameters are ?1, ?2...; values are
 * bound, never printed. The one exception is select.c, which joins whitelisted
 * fragments of column.c and query.c and binds every value.
 */
#ifndef WEIR_CLIENT_SQL_H
#define WEIR_CLIENT_SQL_H

#include "sql_embedded.h"
#include "sql_env.h"
#include "sql_mf.h"

/* clang-format off */
#define SQL_STATEMENTS(X) \
	/* the connection */ \
	X(USER_VERSION, "PRAGMA user_version") \
	X(DATA_VERSION, "PRAGMA data_version") \
	X(WRITER, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" \
		" PRAGMA cache_size=-32768;" \
		" PRAGMA journal_size_limit=1048576") \
	X(STATE_WRITER, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" \
		" PRAGMA journal_size_limit=1048576") \
	X(EMBEDDED_WRITER, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" \
		" PRAGMA cache_size=-2048; PRAGMA journal_size_limit=4194304") \
	X(EXCLUSIVE, "PRAGMA locking_mode=EXCLUSIVE") \
	X(CHECK, "PRAGMA quick_check(1)") \
	X(PROBE, "SELECT (SELECT max(k) FROM runs), (SELECT max(at_us) FROM runs)," \
		" (SELECT max(k) FROM run_docs), (SELECT max(b) FROM run_text)," \
		" (SELECT max(k) FROM task_runs), (SELECT max(k) FROM log_index)") \
	X(BEGIN, "BEGIN IMMEDIATE") \
	X(COMMIT, "COMMIT") \
	X(ROLLBACK, "ROLLBACK") \
	/* meta, names */ \
	X(META_GET, "SELECT value FROM meta WHERE key = ?1") \
	X(META_SET, "INSERT INTO meta(key, value) VALUES(?1, ?2)" \
		" ON CONFLICT(key) DO UPDATE SET value = ?2 WHERE value IS NOT ?2") \
	X(META_UNSET, "DELETE FROM meta WHERE key = ?1") \
	X(NAME_GET, "SELECT k FROM names WHERE name = ?1") \
	X(NAME_ADD, "INSERT INTO names(name) VALUES(?1)") \
	/* runs: ?1 to ?23 as store_runs.c binds them */ \
	X(RUN_GET, "SELECT k, state_id, updated_us FROM runs WHERE id = ?1") \
	X(RUN_ADD, "INSERT INTO runs(id, at_us, state, state_name, state_id, name, flow," \
		" deployment, pool, queue, platform, created_us, updated_us, expected_us," \
		" next_us, start_us, end_us, run_time, run_count, auto, tags, parent_task," \
		" parent) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14," \
		" ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)") \
	X(RUN_SET, "UPDATE runs SET id = ?1, at_us = ?2, state = ?3, state_name = ?4," \
		" state_id = ?5, name = ?6, flow = ?7, deployment = ?8, pool = ?9, queue = ?10," \
		" platform = ?11, created_us = ?12, updated_us = ?13, expected_us = ?14," \
		" next_us = ?15, start_us = ?16, end_us = ?17, run_time = ?18, run_count = ?19," \
		" auto = ?20, tags = ?21, parent = coalesce(?23, CASE WHEN parent_task IS ?22" \
		" THEN parent END), parent_task = ?22 WHERE k = ?24") \
	X(RUN_DOC_PUT, "INSERT INTO run_docs(k, rest) VALUES(?1, ?2)" \
		" ON CONFLICT(k) DO UPDATE SET rest = ?2 WHERE rest IS NOT ?2") \
	X(RUN_DELETE, "DELETE FROM runs WHERE k = ?1") \
	X(RUN_DOC_DELETE, "DELETE FROM run_docs WHERE k = ?1") \
	/* environments that parameters of runs name */ \
	X(NAMED_ADD, "INSERT OR IGNORE INTO env_names(name, of) VALUES(?1, ?2)") \
	X(NAMED_BY, "INSERT INTO run_envs(run, env, at_us, by) SELECT ?1, k, ?2, ?3" \
		" FROM env_names WHERE name = ?4" \
		" ON CONFLICT(run, env) DO UPDATE SET by = by || ', ' || excluded.by") \
	X(NAMED_GONE, "DELETE FROM run_envs WHERE run = ?1") \
	X(NAMED_NAMES_GONE, "DELETE FROM env_names WHERE k IN (SELECT env FROM run_envs" \
		" WHERE run = ?1) AND NOT EXISTS(SELECT 1 FROM run_envs o" \
		" WHERE o.env = env_names.k AND o.run <> ?1)") \
	X(NAMED_OF_RUN, "SELECT e.name, e.of, u.by FROM run_envs u JOIN env_names e" \
		" ON e.k = u.env WHERE u.run = (SELECT k FROM runs WHERE id = ?1) ORDER BY e.k") \
	X(NAMED_DOCS, "SELECT run_docs.k, runs.at_us, rest FROM run_docs" \
		" CROSS JOIN runs ON runs.k = run_docs.k") \
	X(NAMED_SINCE, "SELECT e.name, e.of, coalesce((SELECT f.name FROM flows f" \
		" WHERE f.k = q.flow) || '/', '') || q.name, max(max(q.at_us," \
		" coalesce(q.end_us, 0))) AS last FROM run_envs u JOIN env_names e ON e.k = u.env" \
		" JOIN runs q ON q.k = u.run GROUP BY e.k HAVING last > ?1") \
	X(RETRIGGER_PUT, "INSERT OR IGNORE INTO retriggers(run, of) VALUES(?1, ?2)") \
	X(RETRIGGER_DELETE, "DELETE FROM retriggers WHERE run = ?1") \
	X(RETRIGGER_OF, "SELECT of FROM retriggers WHERE run = ?1") \
	X(RETRIGGER_RUNS, "SELECT t.run FROM retriggers t LEFT JOIN runs r ON r.id = t.run" \
		" WHERE t.of = ?1 ORDER BY r.created_us, t.run") \
	/* runs of a pool that are live, and those of them that have a child which is due */ \
	X(RUN_PLACES, "SELECT count(*), total(EXISTS(SELECT 1 FROM runs c WHERE c.parent = r.id" \
		" AND c.state = 1 AND c.pool = r.pool AND c.next_us <= ?2)) FROM runs r" \
		" WHERE r.state IN (2, 3, 5) AND r.pool = (SELECT k FROM names WHERE name = ?1)") \
	X(RUN_LIVE_IDS, "SELECT id FROM runs WHERE state BETWEEN 1 AND 5") \
	X(RUN_ORPHANS, "SELECT parent_task FROM runs INDEXED BY runs_orphan" \
		" WHERE parent_task IS NOT NULL AND parent IS NULL ORDER BY k DESC LIMIT ?1") \
	/* by parent, so that each is looked up once and near the one before */ \
	X(RUN_PARENTS, "SELECT c.k, p.k FROM runs c INDEXED BY runs_parent" \
		" CROSS JOIN runs p WHERE c.parent IS NOT NULL AND p.id = c.parent" \
		" ORDER BY c.parent") \
	X(RUN_SET_PARENT, "UPDATE runs SET parent = ?2 WHERE parent_task = ?1" \
		" AND parent IS NOT ?2") \
	X(RUN_NO_PARENT, "UPDATE runs SET parent = NULL, parent_task = NULL" \
		" WHERE parent = ?1") \
	X(RUN_HISTORY, "SELECT (expected_us - ?1) / ?2, state, count(*) FROM runs" \
		" WHERE expected_us >= ?1 AND expected_us < ?3 GROUP BY 1, 2") \
	X(RUN_EXPECTED_IDS, "SELECT id FROM runs WHERE expected_us >= ?1 AND expected_us < ?2") \
	X(RUN_COUNT, "SELECT count(*) FROM runs") \
	X(TEXT_GET, "SELECT text FROM run_text WHERE b = ?1") \
	X(TEXT_PUT, "INSERT INTO run_text(b, text) VALUES(?1, ?2)" \
		" ON CONFLICT(b) DO UPDATE SET text = ?2") \
	X(TEXT_DELETE, "DELETE FROM run_text WHERE b = ?1") \
	/* task runs and details */ \
	X(TASK_GET, "SELECT k, state_id, updated_us FROM task_runs WHERE id = ?1") \
	X(TASK_ADD, "INSERT INTO task_runs(id, run, state, state_name, state_id, name," \
		" task_key, dynamic_key, created_us, updated_us, expected_us, next_us, start_us," \
		" end_us, run_time, run_count, tags, rest) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7," \
		" ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)") \
	X(TASK_SET, "UPDATE task_runs SET id = ?1, run = ?2, state = ?3, state_name = ?4," \
		" state_id = ?5, name = ?6, task_key = ?7, dynamic_key = ?8, created_us = ?9," \
		" updated_us = ?10, expected_us = ?11, next_us = ?12, start_us = ?13," \
		" end_us = ?14, run_time = ?15, run_count = ?16, tags = ?17, rest = ?18" \
		" WHERE k = ?19") \
	X(TASK_RUN_OF, "SELECT run FROM task_runs WHERE id = ?1") \
	X(TASK_IDS_OF, "SELECT id FROM task_runs WHERE run = ?1") \
	X(TASK_IDS, "SELECT id FROM task_runs") \
	X(TASK_DELETE, "DELETE FROM task_runs WHERE id = ?1") \
	X(TASK_DELETE_OF, "DELETE FROM task_runs WHERE run = ?1") \
	X(TASK_COUNT, "SELECT count(*) FROM task_runs") \
	X(DETAILS_PUT, "INSERT INTO run_details(run, state_id, updated_us, states, fetched_us)" \
		" VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(run) DO UPDATE SET state_id = ?2," \
		" updated_us = ?3, states = ?4, fetched_us = ?5" \
		" WHERE state_id IS NOT ?2 OR updated_us IS NOT ?3 OR states IS NOT ?4") \
	X(DETAILS_STATES, "SELECT states FROM run_details WHERE run = ?1") \
	X(DETAILS_DELETE, "DELETE FROM run_details WHERE run = ?1") \
	SQL_DOC_STATEMENTS(X) \
	SQL_SYNC_STATEMENTS(X) \
	SQL_STATE_STATEMENTS(X) \
	SQL_WHY_STATEMENTS(X) \
	SQL_EMBEDDED_STATEMENTS(X) \
	SQL_ENV_STATEMENTS(X) \
	SQL_MF_STATEMENTS(X) \
	/* logs: k of a block is log << 32 | place */ \
	X(LOG_GET, "SELECT k, complete, until_us, n, runs FROM logs WHERE run = ?1") \
	X(LOG_ADD, "INSERT INTO logs(run, at_us, complete, n, fetched_us)" \
		" VALUES(?1, coalesce((SELECT at_us FROM runs WHERE id = ?1), ?2), 0, 0, 0)") \
	X(LOG_SET, "UPDATE logs SET complete = ?2, until_us = ?3, n = ?4, runs = ?5," \
		" fetched_us = ?6, at_us = coalesce((SELECT at_us FROM runs" \
		" WHERE id = logs.run), at_us) WHERE k = ?1") \
	X(LOG_DELETE, "DELETE FROM logs WHERE k = ?1") \
	X(LOG_BLOCK_AT, "SELECT min(k) FROM log_index WHERE log = ?1 AND to_us = (SELECT" \
		" to_us FROM log_index WHERE log = ?1 AND to_us >= ?2 ORDER BY to_us LIMIT 1)") \
	X(LOG_BLOCK_BEFORE, "SELECT max(k) FROM log_index WHERE k >= ?1 AND k < ?2") \
	X(LOG_BLOCKS, "SELECT k, from_us, to_us, n, bytes, levels FROM log_index" \
		" WHERE k >= ?1 AND k <= ?2 ORDER BY k") \
	X(LOG_BLOCK_GRAMS, "SELECT grams FROM log_index WHERE k = ?1") \
	X(LOG_BLOCK_TEXT, "SELECT text, lines FROM log_text WHERE k = ?1") \
	X(LOG_BLOCK_IDS, "SELECT ids FROM log_ids WHERE k = ?1") \
	X(LOG_INDEX_PUT, "INSERT OR REPLACE INTO log_index(k, log, from_us, to_us, n, bytes," \
		" levels, grams) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)") \
	X(LOG_TEXT_PUT, "INSERT OR REPLACE INTO log_text(k, text, lines) VALUES(?1, ?2, ?3)") \
	X(LOG_IDS_PUT, "INSERT OR REPLACE INTO log_ids(k, ids) VALUES(?1, ?2)") \
	X(LOG_INDEX_MOVE, "UPDATE log_index SET k = ?2 WHERE k = ?1") \
	X(LOG_TEXT_MOVE, "UPDATE log_text SET k = ?2 WHERE k = ?1") \
	X(LOG_IDS_MOVE, "UPDATE log_ids SET k = ?2 WHERE k = ?1") \
	X(LOG_INDEX_CUT, "DELETE FROM log_index WHERE k >= ?1 AND k <= ?2") \
	X(LOG_TEXT_CUT, "DELETE FROM log_text WHERE k >= ?1 AND k <= ?2") \
	X(LOG_IDS_CUT, "DELETE FROM log_ids WHERE k >= ?1 AND k <= ?2") \
	X(LOG_NEWEST, "SELECT k, run FROM logs ORDER BY at_us DESC, k DESC") \
	X(LOG_COMPLETE, "SELECT logs.k, logs.run FROM logs CROSS JOIN runs" \
		" ON runs.id = logs.run WHERE complete AND state > 5 AND coalesce(run_count, 0) <= coalesce(runs, 0)") \
	X(LOG_MISSING_ALL, "SELECT (SELECT count(*) FROM runs)" \
		" - (SELECT count(*) FROM runs WHERE state = 1)" \
		" - (SELECT count(*) FROM logs CROSS JOIN runs ON runs.id = logs.run WHERE complete" \
		" AND state > 5 AND coalesce(run_count, 0) <= coalesce(runs, 0))") \
	X(LOG_SCAN, "SELECT k, from_us, to_us, levels, grams FROM log_index" \
		" WHERE k >= ?1 AND k <= ?2 ORDER BY k") \
	X(TASK_NAME, "SELECT name FROM task_runs WHERE id = ?1")

/* The state store. */
#define SQL_STATE_STATEMENTS(X) \
	X(TEXTS_GET, "SELECT text FROM texts WHERE space = ?1 AND name = ?2") \
	X(TEXTS_PUT, "INSERT INTO texts(space, name, text) VALUES(?1, ?2, ?3)" \
		" ON CONFLICT(space, name) DO UPDATE SET text = ?3 WHERE text IS NOT ?3") \
	X(TEXTS_DELETE, "DELETE FROM texts WHERE space = ?1 AND name = ?2") \
	X(TEXTS_EACH, "SELECT name, text FROM texts WHERE space = ?1 ORDER BY k") \
	X(MARKS_PUT, "INSERT OR IGNORE INTO marks(kind, id) VALUES(?1, ?2)") \
	X(MARKS_DELETE, "DELETE FROM marks WHERE kind = ?1 AND id = ?2") \
	X(MARKS_CLEAR, "DELETE FROM marks WHERE kind = ?1") \
	X(MARKS_OF, "SELECT id FROM marks WHERE kind = ?1 ORDER BY id") \
	X(ACTS_ADD, "INSERT INTO acts(at_us, verb, who, profile, server, kind, object, name," \
		" key, path, body, owner, sent_us, state) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8," \
		" ?9, ?10, ?11, ?12, ?13, 0)") \
	X(ACTS_ANSWER, "UPDATE acts SET state = ?2, answered_us = ?3, answer = ?4, said = ?5," \
		" made = ?6, reverse = ?7 WHERE k = ?1") \
	X(ACTS_HOLD, "UPDATE acts SET sent_us = NULL WHERE k = ?1") \
	X(ACTS_OPEN, "SELECT k FROM acts WHERE state = 0 ORDER BY k") \
	X(ACTS_OWNER, "SELECT owner, at_us FROM acts WHERE k = ?1 AND state = 0") \
	X(ACTS_TAKE, "UPDATE acts SET owner = ?2 WHERE k = ?1 AND state = 0") \
	X(ACTS_NEWEST, "SELECT " SQL_ACT " FROM acts ORDER BY k DESC LIMIT ?1") \
	X(ACTS_GET, "SELECT " SQL_ACT " FROM acts WHERE k = ?1") \
	X(CHAIN_PUT, "INSERT OR IGNORE INTO chain(run, of, at_us) VALUES(?1, ?2, ?3)") \
	X(CHAIN_UP, "SELECT of FROM chain WHERE run = ?1") \
	X(CHAIN_DOWN, "SELECT run FROM chain WHERE of = ?1 ORDER BY at_us") \
	X(CHAIN_OF, "WITH RECURSIVE up(id, n) AS (VALUES(?1, 0) UNION SELECT chain.of, n + 1" \
		" FROM chain JOIN up ON chain.run = up.id WHERE n < ?2)," \
		" down(id, at) AS (SELECT id, 0 FROM (SELECT id FROM up ORDER BY n DESC LIMIT 1)" \
		" UNION SELECT chain.run, chain.at_us FROM chain JOIN down ON chain.of = down.id)" \
		" SELECT id FROM down ORDER BY at LIMIT ?2")
#define SQL_ACT "k, at_us, verb, who, profile, server, kind, object, name, key, path, body," \
	" sent_us, state, answered_us, answer, said, made, reverse"

/* What sync asks of its own. */
#define SQL_SYNC_STATEMENTS(X) \
	X(RUNS_FAR, "SELECT id FROM runs WHERE state = 1 AND next_us > ?1") \
	X(RUNS_WINDOW, "SELECT min(expected_us), max(expected_us) FROM runs") \
	X(RUNS_ENDED_BEFORE, "SELECT id FROM runs WHERE state > 5" \
		" AND coalesce(end_us, at_us) < ?1") \
	X(RUNS_ACTIVE, "SELECT * FROM (SELECT id, 0 FROM runs WHERE state BETWEEN 2 AND 5" \
		" ORDER BY at_us DESC LIMIT ?2) UNION ALL SELECT * FROM (SELECT id, 1 FROM runs" \
		" INDEXED BY runs_end WHERE end_us >= ?1 AND state > 5 ORDER BY end_us DESC" \
		" LIMIT ?2) LIMIT ?2") \
	X(CHILD_CREATED, "SELECT max(created_us) FROM runs WHERE parent_task = ?1") \
	X(RUN_ENDED, "SELECT state, coalesce(end_us, updated_us), run_count FROM runs" \
		" WHERE id = ?1")

/* Failed runs (7) and crashed ones (9), and their task runs. */
#define SQL_WHY_STATEMENTS(X) \
	X(WHY_RUN, "SELECT r.name, r.state, sn.name, f.name, p.name, r.at_us, r.end_us," \
		" r.run_count, d.rest FROM runs r LEFT JOIN names sn ON sn.k = r.state_name" \
		" LEFT JOIN flows f ON f.k = r.flow LEFT JOIN names p ON p.k = r.platform" \
		" LEFT JOIN run_docs d ON d.k = r.k WHERE r.id = ?1") \
	X(WHY_CHILDREN, "SELECT id FROM runs WHERE parent = ?1 AND state IN (7, 9)" \
		" ORDER BY coalesce(end_us, at_us), k LIMIT ?2") \
	X(WHY_TASKS, "SELECT id, name, rest FROM task_runs WHERE run = ?1" \
		" AND state IN (7, 9) ORDER BY coalesce(end_us, updated_us), k LIMIT ?2")

/*
 * Flows, deployments, pools, queues, workers, artifacts, limits: six statements each. A flow
 * or deployment that a run still names is not deleted; it loses its document, so that lists
 * of runs keep its name.
 */
#define SQL_DOC_STATEMENTS(X) \
	SQL_DOC(X, FLOW, "flows") \
	SQL_DOC_OWNED(X, DEPLOYMENT, "deployments", "flow") \
	SQL_DOC(X, POOL, "pools") \
	SQL_DOC_OWNED(X, QUEUE, "queues", "pool") \
	SQL_DOC_OWNED(X, WORKER, "workers", "pool") \
	SQL_DOC_OWNED(X, ARTIFACT, "artifacts", "run") \
	SQL_DOC(X, LIMIT, "limits") \
	X(FLOW_GET, "SELECT k FROM flows WHERE id = ?1") \
	X(FLOW_NEW, "INSERT INTO flows(id) VALUES(?1)") \
	X(FLOW_DELETE, "DELETE FROM flows WHERE id = ?1" \
		" AND NOT EXISTS(SELECT 1 FROM runs WHERE flow = flows.k)" \
		" AND NOT EXISTS(SELECT 1 FROM deployments WHERE flow = flows.k)") \
	X(FLOW_HIDE, "UPDATE flows SET doc = NULL WHERE id = ?1") \
	X(DEPLOYMENT_GET, "SELECT k FROM deployments WHERE id = ?1") \
	X(DEPLOYMENT_NEW, "INSERT INTO deployments(id) VALUES(?1)") \
	X(DEPLOYMENT_DELETE, "DELETE FROM deployments WHERE id = ?1" \
		" AND NOT EXISTS(SELECT 1 FROM runs WHERE deployment = deployments.k)") \
	X(DEPLOYMENT_HIDE, "UPDATE deployments SET doc = NULL WHERE id = ?1") \
	X(POOL_GET, "SELECT k FROM pools WHERE id = ?1") \
	X(POOL_NEW, "INSERT INTO pools(id) VALUES(?1)") \
	X(POOL_DELETE, "DELETE FROM pools WHERE id = ?1") \
	X(QUEUE_DELETE, "DELETE FROM queues WHERE id = ?1") \
	X(QUEUE_IDS_OF, "SELECT id FROM queues WHERE pool = (SELECT k FROM pools WHERE id = ?1)") \
	X(WORKER_DELETE, "DELETE FROM workers WHERE id = ?1") \
	X(WORKER_IDS_OF, "SELECT id FROM workers WHERE pool = (SELECT k FROM pools WHERE id = ?1)") \
	X(ARTIFACT_DELETE, "DELETE FROM artifacts WHERE id = ?1") \
	X(ARTIFACT_IDS_OF, "SELECT id FROM artifacts WHERE run = ?1") \
	X(ARTIFACT_DELETE_OF, "DELETE FROM artifacts WHERE run = ?1") \
	X(LIMIT_DELETE, "DELETE FROM limits WHERE id = ?1")

#define SQL_DOC_COMMON(X, NAME, table) \
	X(NAME##_IDS, "SELECT id FROM " table " WHERE doc IS NOT NULL") \
	X(NAME##_COUNT, "SELECT count(*) FROM " table " WHERE doc IS NOT NULL")
#define SQL_DOC(X, NAME, table) \
	SQL_DOC_COMMON(X, NAME, table) \
	X(NAME##_PUT, "INSERT INTO " table "(id, name, created_us, updated_us, doc)" \
		" VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(id) DO UPDATE SET name = ?2," \
		" created_us = ?3, updated_us = ?4, doc = ?5 WHERE doc IS NOT ?5")
#define SQL_DOC_OWNED(X, NAME, table, owner) \
	SQL_DOC_COMMON(X, NAME, table) \
	X(NAME##_PUT, "INSERT INTO " table "(id, name, created_us, updated_us, doc, " owner ")" \
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(id) DO UPDATE SET name = ?2," \
		" created_us = ?3, updated_us = ?4, doc = ?5, " owner " = ?6" \
		" WHERE doc IS NOT ?5 OR " owner " IS NOT ?6")
/* clang-format on */

enum sql_id {
#define X(name, text) SQL_##name,
	SQL_STATEMENTS(X)
#undef X
		SQL_N
};

extern const char *const sql_text[SQL_N];

#endif
