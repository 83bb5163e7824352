/* Statements about Metaflow's runs; sql.h includes this. */
#ifndef WEIR_CLIENT_SQL_MF_H
#define WEIR_CLIENT_SQL_MF_H

/* clang-format off */
/* A row of weir_task_env as mf_env.c reads it. */
#define SQL_MF_ROW SQL_MF_ROW_OF("")
#define SQL_MF_ROW_OF(db) "SELECT e.task, e.run, e.attempt, e.kind, e.req_id, e.full_id, e.arch," \
	" e.value, r.name || '/' || t.name, e.origin_path, t.created_us FROM " db "task_envs e" \
	" JOIN " db "task_runs t ON t.id = e.task JOIN " db "runs r ON r.id = e.run"
#define SQL_MF_USERS(db) SQL_MF_ROW_OF(db) " WHERE e.full_id = ?1 AND e.req_id = ?2" \
	" AND e.arch = coalesce(?3, e.arch) AND e.attempt = (SELECT min(o.attempt)" \
	" FROM " db "task_envs o WHERE o.task = e.task AND o.full_id = e.full_id" \
	" AND o.req_id = e.req_id) ORDER BY t.created_us DESC, t.k DESC"

/* A run of a server that names an environment; u: the row of run_envs. */
#define SQL_MF_NAMER "u.at_us, (SELECT q.id FROM profile.runs q WHERE q.k = u.run) AS id," \
	" u.run AS k, (SELECT coalesce((SELECT f.name FROM profile.flows f WHERE f.k = q.flow)" \
	" || '/', '') || q.name FROM profile.runs q WHERE q.k = u.run) AS shown"
#define SQL_MF_PATHS(db) "CREATE TEMP VIEW env_paths AS SELECT m.id AS run," \
	" weir_env_at(e.name) AS env, " SQL_MF_NAMER " FROM " db "runs m JOIN profile.env_names e" \
	" ON e.of = m.name AND e.of <> '' JOIN profile.run_envs u ON u.env = e.k"

#define SQL_MF_STATEMENTS(X) \
	X(MF_RUNS, "SELECT m.run, m.path, m.mark, m.settled, r.at_us, r.state, m.beat_us" \
		" FROM mf_runs m LEFT JOIN runs r ON r.id = m.run") \
	X(MF_ORIGINS, "SELECT DISTINCT origin_path FROM task_envs WHERE value IS NULL" \
		" AND origin NOT IN (SELECT task FROM mf_tasks)") \
	X(MF_RUN_PUT, "INSERT INTO mf_runs(run, path, mark, settled, beat_us)" \
		" VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(run) DO UPDATE SET mark = ?3," \
		" settled = ?4, beat_us = ?5 WHERE mark IS NOT ?3 OR settled IS NOT ?4" \
		" OR beat_us IS NOT ?5") \
	X(MF_RUN_GONE, "DELETE FROM mf_runs WHERE run = ?1") \
	X(MF_TASKS_GONE, "DELETE FROM mf_tasks WHERE run = ?1") \
	X(MF_ENVS_GONE, "DELETE FROM task_envs WHERE run = ?1") \
	X(MF_LOGS_GONE, "DELETE FROM mf_logs WHERE run = ?1") \
	X(MF_TASKS, "SELECT task, mark FROM mf_tasks WHERE run = ?1 ORDER BY task") \
	X(MF_TASK_PUT, "INSERT OR REPLACE INTO mf_tasks(task, run, step, mark, state, ok," \
		" ok_us, attempt_us, active_us) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)") \
	X(MF_TASK_DROP, "DELETE FROM mf_tasks WHERE task = ?1") \
	X(MF_ENV_DROP, "DELETE FROM task_envs WHERE task = ?1") \
	X(MF_ENV_PUT, "INSERT OR REPLACE INTO task_envs(task, attempt, run, kind, req_id," \
		" full_id, arch, value, origin, origin_path) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7," \
		" ?8, ?9, ?10)") \
	X(MF_SUM, "SELECT count(*), total(state = 3), total(state = 7), max(active_us)" \
		" FROM mf_tasks WHERE run = ?1") \
	X(MF_SUM_END, "SELECT ok, ok_us, attempt_us FROM mf_tasks WHERE run = ?1" \
		" AND step = 'end'") \
	/* tasks that have not ended are what their run is: ?2, ?3 of names */ \
	X(MF_TASKS_OPEN, "UPDATE task_runs SET state = ?2, state_name = ?3 WHERE run = ?1" \
		" AND state <> ?2 AND id IN (SELECT task FROM mf_tasks WHERE run = ?1" \
		" AND state = 3)") \
	X(MF_FAILED, "SELECT t.name FROM task_runs t JOIN mf_tasks m ON m.task = t.id" \
		" WHERE m.run = ?1 AND m.state = 7 ORDER BY t.end_us DESC, t.k LIMIT ?2") \
	X(MF_CLONES, "SELECT task, attempt, origin FROM task_envs WHERE value IS NULL" \
		" AND origin IS NOT NULL") \
	X(MF_ENV_WHOLE, "SELECT kind, req_id, full_id, arch, value, origin FROM task_envs" \
		" WHERE task = ?1 AND attempt = -1") \
	X(MF_CLONE_SET, "UPDATE task_envs SET req_id = ?3, full_id = ?4, arch = ?5, value = ?6" \
		" WHERE task = ?1 AND attempt = ?2") \
	X(MF_ENV_OF_TASK, SQL_MF_ROW " WHERE e.task = ?1 ORDER BY e.attempt") \
	X(MF_ENVS_OF_RUN, SQL_MF_ROW " WHERE e.run = ?1 AND e.attempt = -1" \
		" ORDER BY t.created_us, t.k") \
	X(MF_TASKS_OF_ENV, SQL_MF_USERS("")) \
	X(MF_TASKS_OF_ENV_SERVICE, SQL_MF_USERS("service.")) \
	X(MF_ATTACH, "ATTACH ?1 AS service") \
	X(MF_USES, "CREATE TEMP VIEW env_uses AS SELECT * FROM main.env_uses UNION ALL" \
		" SELECT * FROM service.env_uses") \
	X(MF_PROFILE, "ATTACH ?1 AS profile") \
	X(MF_NAMED, "CREATE TEMP VIEW env_named AS SELECT e.name AS env, " SQL_MF_NAMER \
		" FROM profile.env_names e JOIN profile.run_envs u ON u.env = e.k") \
	X(MF_PATHS, SQL_MF_PATHS("main.")) \
	X(MF_PATHS_SERVICE, SQL_MF_PATHS("service.")) \
	X(MF_NAMERS, "SELECT id, shown, at_us FROM (SELECT n.id, n.shown, n.at_us FROM" \
		" (SELECT * FROM env_named WHERE env = ?1 ORDER BY at_us DESC LIMIT ?5) n UNION" \
		" SELECT p.id, p.shown, p.at_us FROM env_paths p WHERE p.run IN (SELECT t.run" \
		" FROM env_uses t WHERE t.full_id = ?2 AND t.req_id = ?3 AND t.arch = ?4)" \
		" AND p.env = ?1) ORDER BY at_us DESC, id LIMIT ?5") \
	/* of the step ?2 first, then of start, then of any */ \
	X(MF_CODE, "SELECT r.name || '/' || t.name, t.rest FROM task_runs t JOIN runs r" \
		" ON r.id = t.run WHERE t.run = ?1 AND instr(t.rest, '\"code-package\"') > 0" \
		" ORDER BY instr(t.name, ?2 || '/') = 1 DESC, instr(t.name, 'start/') = 1 DESC," \
		" t.created_us DESC, t.k DESC LIMIT 100") \
	X(MF_STEP, "SELECT 1 FROM task_runs WHERE run = ?1 AND task_key = ?2 LIMIT 1") \
	X(MF_LOG, "SELECT size, mark FROM mf_logs WHERE run = ?1 AND path = ?2") \
	X(MF_LOG_PUT, "INSERT OR REPLACE INTO mf_logs(run, path, size, mark)" \
		" VALUES(?1, ?2, ?3, ?4)") \
	X(MF_LOG_RUN, "SELECT m.path, r.state, r.end_us, r.run_count FROM mf_runs m" \
		" JOIN runs r ON r.id = m.run WHERE m.run = ?1") \
	X(MF_LOG_TASKS, "SELECT t.id, t.name, t.start_us, t.state, t.rest FROM task_runs t" \
		" WHERE t.run = ?1 ORDER BY t.k")
/* clang-format on */

#endif
