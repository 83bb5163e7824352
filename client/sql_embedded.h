/* What the embedded backend asks of its own store (sql.h). */
#ifndef WEIR_CLIENT_SQL_EMBEDDED_H
#define WEIR_CLIENT_SQL_EMBEDDED_H

/* clang-format off */
/* Columns as sql_filter.c writes them. */
#define SQL_EMB_RUN_COLUMNS "r.id, r.name, f.id, d.id, r.created_us, r.updated_us, r.state," \
	" sn.name, r.state_id, r.start_us, r.end_us, r.expected_us, r.next_us, r.run_time," \
	" r.run_count, r.auto, r.tags, r.parent_task, pn.name, qn.name, x.rest"
#define SQL_EMB_RUN_FROM " FROM runs r LEFT JOIN flows f ON f.k = r.flow" \
	" LEFT JOIN deployments d ON d.k = r.deployment" \
	" LEFT JOIN names sn ON sn.k = r.state_name LEFT JOIN names pn ON pn.k = r.pool" \
	" LEFT JOIN names qn ON qn.k = r.queue LEFT JOIN run_docs x ON x.k = r.k"
#define SQL_EMB_TASK_COLUMNS "t.id, t.run, t.state, sn.name, t.state_id, t.name, t.task_key," \
	" t.dynamic_key, t.created_us, t.updated_us, t.expected_us, t.next_us, t.start_us," \
	" t.end_us, t.run_time, t.run_count, t.tags, t.rest"
#define SQL_EMB_TASK_FROM " FROM task_runs t LEFT JOIN names sn ON sn.k = t.state_name"

#define SQL_EMB_SCHEDULES_ON " FROM schedules s JOIN deployments d ON d.id = s.deployment" \
	" WHERE s.active AND json_extract(d.doc, '$.paused') IS NOT 1"

#define SQL_EMBEDDED_STATEMENTS(X) \
	X(EMB_ONE_FILE, "PRAGMA journal_mode=DELETE") \
	X(EMB_RUN, "SELECT " SQL_EMB_RUN_COLUMNS SQL_EMB_RUN_FROM " WHERE r.id = ?1") \
	X(EMB_TASK, "SELECT " SQL_EMB_TASK_COLUMNS SQL_EMB_TASK_FROM " WHERE t.id = ?1") \
	X(EMB_TASK_KEY, "SELECT id FROM task_runs WHERE run = ?1 AND task_key = ?2" \
		" AND dynamic_key = ?3") \
	/* states */ \
	X(EMB_STATE_ADD, "INSERT INTO states(run, id, doc) VALUES(?1, ?2, ?3)") \
	X(EMB_STATES, "SELECT '[' || group_concat(doc) || ']' FROM" \
		" (SELECT doc FROM states WHERE run = ?1 ORDER BY k)") \
	X(EMB_STATE, "SELECT doc FROM states WHERE id = ?1") \
	/* idempotency keys */ \
	X(EMB_KEY, "SELECT run FROM keys WHERE flow = ?1 AND key = ?2") \
	X(EMB_KEY_ADD, "INSERT INTO keys(flow, key, run) VALUES(?1, ?2, ?3)") \
	/* documents by id and by name */ \
	X(EMB_FLOW, "SELECT doc FROM flows WHERE id = ?1") \
	X(EMB_DEPLOYMENT, "SELECT doc FROM deployments WHERE id = ?1") \
	X(EMB_POOL, "SELECT doc FROM pools WHERE id = ?1") \
	X(EMB_QUEUE, "SELECT doc FROM queues WHERE id = ?1") \
	X(EMB_WORKER, "SELECT doc FROM workers WHERE id = ?1") \
	X(EMB_ARTIFACT, "SELECT doc FROM artifacts WHERE id = ?1") \
	X(EMB_LIMIT, "SELECT doc FROM limits WHERE id = ?1") \
	X(EMB_FLOW_NAMED, "SELECT doc FROM flows WHERE name = ?2 AND doc IS NOT NULL") \
	X(EMB_DEPLOYMENT_NAMED, "SELECT doc FROM deployments WHERE name = ?2" \
		" AND flow = (SELECT k FROM flows WHERE id = ?1) AND doc IS NOT NULL") \
	X(EMB_POOL_NAMED, "SELECT doc FROM pools WHERE name = ?2 AND doc IS NOT NULL") \
	X(EMB_QUEUE_NAMED, "SELECT doc FROM queues WHERE name = ?2" \
		" AND pool = (SELECT k FROM pools WHERE id = ?1) AND doc IS NOT NULL") \
	X(EMB_WORKER_NAMED, "SELECT doc FROM workers WHERE name = ?2" \
		" AND pool = (SELECT k FROM pools WHERE id = ?1) AND doc IS NOT NULL") \
	X(EMB_LIMIT_NAMED, "SELECT doc FROM limits WHERE name = ?2") \
	X(EMB_QUEUES_OF, "SELECT doc FROM queues WHERE doc IS NOT NULL" \
		" AND pool = (SELECT k FROM pools WHERE id = ?1)" \
		" ORDER BY json_extract(doc, '$.priority'), name") \
	X(EMB_WORKERS_OF, "SELECT doc FROM workers WHERE doc IS NOT NULL" \
		" AND pool = (SELECT k FROM pools WHERE id = ?1) ORDER BY name") \
	X(EMB_WORKERS_ONLINE, "SELECT doc FROM workers WHERE doc IS NOT NULL" \
		" AND json_extract(doc, '$.status') = 'ONLINE' AND ?1 IS NULL") \
	X(EMB_POOLS_READY, "SELECT doc FROM pools WHERE doc IS NOT NULL" \
		" AND json_extract(doc, '$.status') = 'READY' AND ?1 IS NULL") \
	X(EMB_DEPLOYMENTS_READY, "SELECT doc FROM deployments WHERE doc IS NOT NULL" \
		" AND json_extract(doc, '$.status') = 'READY' AND (?1 IS NULL OR" \
		" json_extract(doc, '$.work_pool_name') = (SELECT name FROM pools WHERE id = ?1))") \
	X(EMB_DEPLOYMENTS_WAITING, "SELECT doc FROM deployments WHERE doc IS NOT NULL" \
		" AND json_extract(doc, '$.status') = 'NOT_READY'" \
		" AND json_extract(doc, '$.work_pool_name') = (SELECT name FROM pools WHERE id = ?1)") \
	X(EMB_QUEUES_READY, "SELECT doc FROM queues WHERE doc IS NOT NULL" \
		" AND json_extract(doc, '$.status') = 'READY' AND ?1 IS NULL") \
	X(EMB_ONLINE, "SELECT (SELECT count(*) FROM workers" \
		" WHERE json_extract(doc, '$.status') = 'ONLINE') + (SELECT count(*) FROM pools" \
		" WHERE json_extract(doc, '$.status') = 'READY')") \
	X(EMB_LATE, "SELECT id FROM runs WHERE next_us IS NOT NULL AND next_us <= ?1" \
		" AND state = 1 AND state_name = (SELECT k FROM names WHERE name = 'Scheduled')" \
		" ORDER BY next_us LIMIT ?2") \
	X(EMB_PAUSES, "SELECT r.id, json_extract(s.doc, '$.state_details.pause_timeout')" \
		" FROM runs r JOIN states s ON s.id = r.state_id WHERE r.state = 4") \
	X(EMB_DEPLOYMENTS_OF, "SELECT id FROM deployments WHERE doc IS NOT NULL" \
		" AND flow = (SELECT k FROM flows WHERE id = ?1)") \
	/* runs of something */ \
	X(EMB_RUNS_OF_FLOW, "SELECT id FROM runs" \
		" WHERE flow = (SELECT k FROM flows WHERE id = ?1)") \
	X(EMB_RUNS_DUE_OF, "SELECT id FROM runs WHERE state = 1" \
		" AND deployment = (SELECT k FROM deployments WHERE id = ?1)") \
	X(EMB_RUNS_AUTO_OF, "SELECT id FROM runs WHERE state = 1 AND auto" \
		" AND deployment = (SELECT k FROM deployments WHERE id = ?1)") \
	X(EMB_CHILDREN, "SELECT id FROM runs WHERE parent = ?1 AND state BETWEEN 1 AND 4") \
	/* what holds a slot */ \
	X(EMB_BUSY_POOL, "SELECT count(*) FROM runs WHERE state IN (2, 3)" \
		" AND pool = (SELECT k FROM names WHERE name = ?1)") \
	X(EMB_BUSY_QUEUE, "SELECT count(*) FROM runs WHERE state IN (2, 3)" \
		" AND pool = (SELECT k FROM names WHERE name = ?1)" \
		" AND queue = (SELECT k FROM names WHERE name = ?2)") \
	X(EMB_BUSY_DEPLOYMENT, "SELECT count(*) FROM runs WHERE state IN (2, 3, 5)" \
		" AND deployment = (SELECT k FROM deployments WHERE id = ?1)") \
	X(EMB_SCHEDULED, "SELECT " SQL_EMB_RUN_COLUMNS " FROM runs r INDEXED BY runs_next" \
		" LEFT JOIN flows f ON f.k = r.flow LEFT JOIN deployments d" \
		" ON d.k = r.deployment LEFT JOIN names sn ON sn.k = r.state_name" \
		" LEFT JOIN names pn ON pn.k = r.pool LEFT JOIN names qn ON qn.k = r.queue" \
		" LEFT JOIN run_docs x ON x.k = r.k WHERE r.next_us IS NOT NULL" \
		" AND r.next_us <= ?3 AND r.next_us >= ?4 AND r.state = 1" \
		" AND r.pool = (SELECT k FROM names WHERE name = ?1)" \
		" AND r.queue = (SELECT k FROM names WHERE name = ?2)" \
		" AND json_extract('{' || x.rest || '}', '$.empirical_policy.retry_type')" \
		" IS NOT 'in_process' ORDER BY r.next_us, r.k") \
	/* schedules */ \
	X(EMB_SCHEDULE_ADD, "INSERT INTO schedules(id, deployment, active, doc)" \
		" VALUES(?1, ?2, ?3, ?4) ON CONFLICT(id) DO UPDATE SET active = ?3," \
		" doc = ?4, made_us = CASE WHEN doc IS ?4 AND active IS ?3 THEN made_us END") \
	X(EMB_SCHEDULE_IDS, "SELECT id FROM schedules WHERE deployment = ?1") \
	X(EMB_SCHEDULE_DELETE, "DELETE FROM schedules WHERE id = ?1") \
	X(EMB_SCHEDULES_DUE, "SELECT s.id, s.deployment, s.doc" SQL_EMB_SCHEDULES_ON \
		" AND (s.made_us IS NULL OR s.made_us <= ?1 OR s.made_us > ?2)" \
		" ORDER BY s.made_us LIMIT ?3") \
	X(EMB_SCHEDULES_NEXT, "SELECT min(CASE WHEN s.made_us IS NULL OR s.made_us > ?1" \
		" THEN 0 ELSE s.made_us END)" SQL_EMB_SCHEDULES_ON) \
	X(EMB_SCHEDULE_LOOK, "UPDATE schedules SET made_us = ?2 WHERE id = ?1") \
	X(EMB_LATE_NEXT, "SELECT next_us FROM runs WHERE next_us IS NOT NULL AND state = 1" \
		" AND state_name = (SELECT k FROM names WHERE name = 'Scheduled')" \
		" ORDER BY next_us LIMIT 1") \
	X(EMB_SCHEDULES_AGAIN, "UPDATE schedules SET made_us = NULL WHERE deployment = ?1")
/* clang-format on */

#endif
