/* Columns of what is kept as whole documents; see columns.h, which includes this. */
#ifndef WEIR_CLIENT_COLUMNS_DOC_H
#define WEIR_CLIENT_COLUMNS_DOC_H

/* clang-format off */
/* A sign of life: of the own store, whose workers are known to live, it is now. */
#define COLUMN_SEEN(member) \
	"coalesce(CASE WHEN weir_value(r.doc, 'status') IN ('ONLINE', 'READY') " \
	"AND weir_us(weir_value(r.doc, '" member "')) IS NOT NULL " \
	"THEN (SELECT weir_live(count(*)) FROM workers o " \
	"WHERE weir_value(o.doc, 'status') = 'ONLINE') END, " \
	"weir_us(weir_value(r.doc, '" member "')))"

#define FLOW_COLUMNS(X) \
	X("id", NULL, "ID", ID, COL_P, 8, 36, "r.id", NULL, \
		"id of the flow; a prefix is enough", "id:5c1d0e7a") \
	X("name", "flow", "FLOW", TEXT, COL_T | COL_P, 12, 0, "r.name", NULL, \
		"name of the flow", "name:build-*") \
	X("last_run", NULL, "LAST RUN", TIME, COL_T | COL_R, 9, 11, \
		"(SELECT max(x.at_us) FROM runs x WHERE x.flow = r.k AND " \
		"x.at_us <= ?1)", NULL, "when its newest run began", "last_run:>1d") \
	X("deployments", NULL, "DEPLOYMENTS", INT, COL_T | COL_R, 4, 11, \
		"(SELECT count(*) FROM deployments x WHERE x.flow = r.k AND " \
		"x.doc IS NOT NULL)", NULL, "how many deployments it has", \
		"deployments:0") \
	X("tags", "tag", "TAGS", TAGS, COL_T | COL_P, 6, 20, \
		"weir_json(r.doc, 'tags')", NULL, "one of its tags", "tag:ci") \
	X("created", NULL, "CREATED", TIME, COL_T | COL_P | COL_R, 9, 11, \
		"r.created_us", NULL, "when it was created", "created:>7d") \
	X("updated", NULL, "UPDATED", TIME, COL_R, 9, 11, "r.updated_us", NULL, \
		"when it last changed", "updated:>1h") \
	X("runs", NULL, "RUNS", INT, COL_R, 4, 9, \
		"(SELECT count(*) FROM runs x WHERE x.flow = r.k)", NULL, \
		"how many runs of it are here", "runs:>0") \
	X("labels", NULL, "LABELS", JSON, COL_0, 8, 40, "weir_json(r.doc, 'labels')", \
		NULL, "labels as JSON text", "labels:none") \
	X("source", NULL, "SOURCE", TEXT, COL_0, 6, 8, "weir_source()", NULL, \
		"whose it is: prefect or metaflow", "source:metaflow") \
	X("doc", NULL, "DOC", MEMBERS, COL_O | COL_H, 8, 40, "r.doc", NULL, \
		"the whole object as the server said it", NULL)

#define DEPLOYMENT_COLUMNS(X) \
	X("id", NULL, "ID", ID, COL_P, 8, 36, "r.id", NULL, \
		"id of the deployment; a prefix is enough", "id:5c1d0e7a") \
	X("flow_name", "flow", "FLOW", TEXT, COL_O | COL_T | COL_P, 8, 24, \
		"(SELECT f.name FROM flows f WHERE f.k = r.flow)", NULL, \
		"name of the flow", "flow:build-*") \
	X("name", "deployment", "DEPLOYMENT", TEXT, COL_T | COL_P, 12, 0, "r.name", \
		NULL, "name of the deployment", "name:nightly") \
	X("status", NULL, "STATUS", TEXT, COL_T | COL_P, 6, 9, \
		"weir_value(r.doc, 'status')", NULL, \
		"READY when a worker polls its queue, else NOT_READY", \
		"status:not_ready") \
	X("paused", NULL, "PAUSED", BOOL, COL_T | COL_P, 6, 6, \
		"weir_value(r.doc, 'paused') = 'true'", NULL, \
		"are its schedules paused", "paused:yes") \
	X("work_pool_name", "pool", "POOL", TEXT, COL_T | COL_P, 6, 14, \
		"weir_value(r.doc, 'work_pool_name')", NULL, "work pool", "pool:farm") \
	X("work_queue_name", "queue", "QUEUE", TEXT, COL_T | COL_P, 6, 12, \
		"weir_value(r.doc, 'work_queue_name')", NULL, "work queue", \
		"queue:default") \
	X("last_run", NULL, "LAST RUN", TIME, COL_T | COL_R, 9, 11, \
		"(SELECT max(x.at_us) FROM runs x WHERE x.deployment = r.k AND " \
		"x.at_us <= ?1)", NULL, "when its newest run began", "last_run:>1d") \
	X("next_run", NULL, "NEXT RUN", TIME, COL_R, 9, 11, \
		"(SELECT min(x.at_us) FROM runs x WHERE x.deployment = r.k AND " \
		"x.at_us > ?1 AND x.state = 1)", NULL, \
		"when its next run is due", "next_run:none") \
	X("tags", "tag", "TAGS", TAGS, COL_W | COL_P, 6, 20, \
		"weir_json(r.doc, 'tags')", NULL, "one of its tags", "tag:ci") \
	X("schedules", NULL, "SCHEDULES", JSON, 0, 8, 30, \
		"weir_json(r.doc, 'schedules')", NULL, "schedules as JSON text", \
		"schedules:*cron*") \
	X("created", NULL, "CREATED", TIME, COL_R, 9, 11, "r.created_us", NULL, \
		"when it was created", "created:>7d") \
	X("updated", NULL, "UPDATED", TIME, COL_R, 9, 11, "r.updated_us", NULL, \
		"when it last changed", "updated:>1h") \
	X("flow_id", NULL, "FLOW ID", ID, COL_0, 8, 36, \
		"(SELECT f.id FROM flows f WHERE f.k = r.flow)", NULL, \
		"id of the flow", "flow_id:5c1d0e7a") \
	X("version", NULL, "VERSION", TEXT, COL_0, 6, 12, \
		"weir_value(r.doc, 'version')", NULL, "version", "version:1*") \
	X("description", NULL, "DESCRIPTION", TEXT, COL_0, 8, 40, \
		"weir_value(r.doc, 'description')", NULL, "description", \
		"description:none") \
	X("entrypoint", NULL, "ENTRYPOINT", TEXT, COL_0, 8, 40, \
		"weir_value(r.doc, 'entrypoint')", NULL, "file and function", \
		"entrypoint:flows/*") \
	X("path", NULL, "PATH", TEXT, COL_0, 8, 40, "weir_value(r.doc, 'path')", NULL, \
		"where its code lies", "path:/srv/*") \
	X("parameters", NULL, "PARAMETERS", JSON, COL_0, 8, 40, \
		"weir_json(r.doc, 'parameters')", NULL, "parameters as JSON text", \
		"parameters:*numpy*") \
	X("job_variables", NULL, "JOB VARIABLES", JSON, COL_0, 8, 40, \
		"coalesce(weir_json(r.doc, 'job_variables'), weir_json(r.doc, " \
		"'infra_overrides'))", NULL, "job variables as JSON text", \
		"job_variables:*cpu*") \
	X("labels", NULL, "LABELS", JSON, COL_0, 8, 40, "weir_json(r.doc, 'labels')", \
		NULL, "labels as JSON text", "labels:none") \
	X("concurrency_limit", NULL, "LIMIT", INT, COL_R, 5, 6, \
		"coalesce(weir_value(r.doc, 'global_concurrency_limit', " \
		"'limit'), weir_value(r.doc, 'concurrency_limit'))", NULL, \
		"how many of its runs may run at once", "concurrency_limit:1") \
	X("enforce_parameter_schema", NULL, "ENFORCED", BOOL, COL_0, 5, 8, \
		"weir_value(r.doc, 'enforce_parameter_schema') = 'true'", NULL, \
		"are parameters checked", "enforce_parameter_schema:no") \
	X("last_polled", NULL, "POLLED", TIME, COL_R, 9, 11, \
		COLUMN_SEEN("last_polled"), NULL, \
		"when a worker last asked for its runs", "last_polled:<1h") \
	X("pull_steps", NULL, "PULL STEPS", JSON, COL_0, 8, 40, \
		"weir_json(r.doc, 'pull_steps')", NULL, \
		"how its code is fetched, as JSON text", "pull_steps:*git_clone*") \
	X("parameter_openapi_schema", NULL, "SCHEMA", JSON, COL_0, 8, 40, \
		"weir_json(r.doc, 'parameter_openapi_schema')", NULL, \
		"schema of its parameters, as JSON text", \
		"parameter_openapi_schema:*package*") \
	X("doc", NULL, "DOC", MEMBERS, COL_O | COL_H, 8, 40, "r.doc", NULL, \
		"the whole object as the server said it", NULL)

#define POOL_COLUMNS(X) \
	X("id", NULL, "ID", ID, COL_P, 8, 36, "r.id", NULL, \
		"id of the pool; a prefix is enough", "id:5c1d0e7a") \
	X("name", "pool", "POOL", TEXT, COL_T | COL_P, 12, 0, "r.name", NULL, \
		"name of the pool", "name:farm") \
	X("type", NULL, "TYPE", TEXT, COL_T | COL_P, 6, 16, \
		"weir_value(r.doc, 'type')", NULL, "type of its workers", \
		"type:process") \
	X("status", NULL, "STATUS", TEXT, COL_T | COL_P, 6, 9, \
		"weir_value(r.doc, 'status')", NULL, "READY, NOT_READY or PAUSED", \
		"status:not_ready") \
	X("is_paused", "paused", "PAUSED", BOOL, COL_T | COL_P, 6, 6, \
		"weir_value(r.doc, 'is_paused') = 'true'", NULL, "is it paused", \
		"paused:yes") \
	X("concurrency_limit", "limit", "LIMIT", INT, COL_T | COL_P | COL_R, 5, 6, \
		"weir_value(r.doc, 'concurrency_limit')", NULL, \
		"how many runs it takes at once", "concurrency_limit:<10") \
	X("workers", NULL, "WORKERS", INT, COL_T | COL_R, 7, 7, \
		"(SELECT count(*) FROM workers x WHERE x.pool = r.k AND " \
		"weir_value(x.doc, 'status') = 'ONLINE')", NULL, \
		"how many of its workers are online", "workers:0") \
	X("queues", NULL, "QUEUES", INT, COL_T | COL_R, 6, 6, \
		"(SELECT count(*) FROM queues x WHERE x.pool = r.k AND x.doc " \
		"IS NOT NULL)", NULL, "how many queues it has", "queues:>1") \
	X("created", NULL, "CREATED", TIME, COL_R, 9, 11, "r.created_us", NULL, \
		"when it was created", "created:>7d") \
	X("updated", NULL, "UPDATED", TIME, COL_R, 9, 11, "r.updated_us", NULL, \
		"when it last changed", "updated:>1h") \
	X("description", NULL, "DESCRIPTION", TEXT, COL_0, 8, 40, \
		"weir_value(r.doc, 'description')", NULL, "description", \
		"description:none") \
	X("active_slots", NULL, "ACTIVE", INT, COL_R, 6, 6, \
		"weir_value(r.doc, 'active_slots')", NULL, "how many slots are taken", \
		"active_slots:>0") \
	X("default_queue_id", NULL, "DEFAULT QUEUE", ID, COL_0, 8, 36, \
		"weir_id(weir_value(r.doc, 'default_queue_id'))", NULL, \
		"id of its default queue", "default_queue_id:5c1d0e7a") \
	X("base_job_template", NULL, "TEMPLATE", JSON, COL_0, 8, 40, \
		"weir_json(r.doc, 'base_job_template')", NULL, \
		"template of its jobs, as JSON text", "base_job_template:*image*") \
	X("doc", NULL, "DOC", MEMBERS, COL_O | COL_H, 8, 40, "r.doc", NULL, \
		"the whole object as the server said it", NULL)

#define QUEUE_COLUMNS(X) \
	X("id", NULL, "ID", ID, COL_P, 8, 36, "r.id", NULL, \
		"id of the queue; a prefix is enough", "id:5c1d0e7a") \
	X("work_pool_name", "pool", "POOL", TEXT, COL_T | COL_P, 8, 20, \
		"coalesce((SELECT p.name FROM pools p WHERE p.k = r.pool), " \
		"weir_value(r.doc, 'work_pool_name'))", NULL, "work pool", \
		"pool:farm") \
	X("name", "queue", "QUEUE", TEXT, COL_T | COL_P, 12, 0, "r.name", NULL, \
		"name of the queue", "name:default") \
	X("status", NULL, "STATUS", TEXT, COL_T | COL_P, 6, 9, \
		"weir_value(r.doc, 'status')", NULL, "READY, NOT_READY or PAUSED", \
		"status:ready") \
	X("is_paused", "paused", "PAUSED", BOOL, COL_T | COL_P, 6, 6, \
		"weir_value(r.doc, 'is_paused') = 'true'", NULL, "is it paused", \
		"paused:yes") \
	X("priority", NULL, "PRIORITY", INT, COL_T | COL_P | COL_R, 4, 8, \
		"weir_value(r.doc, 'priority')", NULL, "1 comes first", "priority:1") \
	X("concurrency_limit", "limit", "LIMIT", INT, COL_T | COL_P | COL_R, 5, 6, \
		"weir_value(r.doc, 'concurrency_limit')", NULL, \
		"how many runs it gives at once", "concurrency_limit:none") \
	X("last_polled", NULL, "POLLED", TIME, COL_T | COL_P | COL_R, 9, 11, \
		COLUMN_SEEN("last_polled"), NULL, \
		"when a worker last asked for its runs", "last_polled:>5m") \
	X("created", NULL, "CREATED", TIME, COL_R, 9, 11, "r.created_us", NULL, \
		"when it was created", "created:>7d") \
	X("updated", NULL, "UPDATED", TIME, COL_R, 9, 11, "r.updated_us", NULL, \
		"when it last changed", "updated:>1h") \
	X("description", NULL, "DESCRIPTION", TEXT, COL_0, 8, 40, \
		"weir_value(r.doc, 'description')", NULL, "description", \
		"description:none") \
	X("active_slots", NULL, "ACTIVE", INT, COL_R, 6, 6, \
		"weir_value(r.doc, 'active_slots')", NULL, "how many slots are taken", \
		"active_slots:>0") \
	X("work_pool_id", NULL, "POOL ID", ID, COL_0, 8, 36, \
		"(SELECT p.id FROM pools p WHERE p.k = r.pool)", NULL, \
		"id of the pool", "work_pool_id:5c1d0e7a") \
	X("doc", NULL, "DOC", MEMBERS, COL_O | COL_H, 8, 40, "r.doc", NULL, \
		"the whole object as the server said it", NULL)

#define WORKER_COLUMNS(X) \
	X("id", NULL, "ID", ID, COL_P, 8, 36, "r.id", NULL, \
		"id of the worker; a prefix is enough", "id:5c1d0e7a") \
	X("work_pool_name", "pool", "POOL", TEXT, COL_O | COL_T | COL_P, 8, 20, \
		"coalesce((SELECT p.name FROM pools p WHERE p.k = r.pool), " \
		"weir_value(r.doc, 'work_pool_name'))", NULL, "work pool", \
		"pool:farm") \
	X("name", "worker", "WORKER", TEXT, COL_T | COL_P, 12, 0, "r.name", NULL, \
		"name of the worker", "name:lpar-*") \
	X("status", NULL, "STATUS", TEXT, COL_T | COL_P, 6, 9, \
		"weir_value(r.doc, 'status')", NULL, "ONLINE or OFFLINE", \
		"status:online") \
	X("last_heartbeat_time", "heartbeat", "HEARTBEAT", TIME, \
		COL_T | COL_P | COL_R, 9, 11, \
		COLUMN_SEEN("last_heartbeat_time"), NULL, \
		"when it was last heard of", "heartbeat:>2m") \
	X("heartbeat_interval_seconds", NULL, "EVERY", REAL, COL_R, 5, 6, \
		"weir_value(r.doc, 'heartbeat_interval_seconds')", NULL, \
		"seconds between its signs of life", "heartbeat_interval_seconds:>10") \
	X("created", NULL, "CREATED", TIME, COL_R, 9, 11, "r.created_us", NULL, \
		"when it was created", "created:>7d") \
	X("updated", NULL, "UPDATED", TIME, COL_R, 9, 11, "r.updated_us", NULL, \
		"when it last changed", "updated:>1h") \
	X("work_pool_id", NULL, "POOL ID", ID, COL_0, 8, 36, \
		"(SELECT p.id FROM pools p WHERE p.k = r.pool)", NULL, \
		"id of the pool", "work_pool_id:5c1d0e7a") \
	X("doc", NULL, "DOC", MEMBERS, COL_O | COL_H, 8, 40, "r.doc", NULL, \
		"the whole object as the server said it", NULL)

#define ARTIFACT_COLUMNS(X) \
	X("id", NULL, "ID", ID, COL_P, 8, 36, "r.id", NULL, \
		"id of the artifact; a prefix is enough", "id:5c1d0e7a") \
	X("key", "name", "KEY", TEXT, COL_T | COL_P, 12, 0, "r.name", NULL, "key", \
		"key:report") \
	X("type", NULL, "TYPE", TEXT, COL_T | COL_P, 6, 10, \
		"weir_value(r.doc, 'type')", NULL, \
		"markdown, table, progress, image, result and the like", \
		"type:markdown") \
	X("description", NULL, "DESCRIPTION", TEXT, COL_T | COL_P, 8, 40, \
		"weir_value(r.doc, 'description')", NULL, "description", \
		"description:none") \
	X("flow_run_name", "run_name", "RUN", TEXT, COL_T | COL_P, 8, 24, \
		"(SELECT n.name FROM runs n WHERE n.id = r.run)", NULL, \
		"name of the run", "run_name:numpy*") \
	X("created", NULL, "CREATED", TIME, COL_T | COL_P | COL_R, 9, 11, \
		"r.created_us", NULL, "when it was created", "created:>7d") \
	X("updated", NULL, "UPDATED", TIME, COL_R, 9, 11, "r.updated_us", NULL, \
		"when it last changed", "updated:>1h") \
	X("flow_run_id", "run", "RUN ID", ID, COL_P, 8, 36, "r.run", NULL, \
		"id of the run", "run:5c1d0e7a") \
	X("task_run_id", "task", "TASK RUN ID", ID, COL_0, 8, 36, \
		"weir_id(weir_value(r.doc, 'task_run_id'))", NULL, \
		"id of the task run", "task_run_id:none") \
	X("data", NULL, "DATA", JSON, COL_0, 8, 40, "weir_json(r.doc, 'data')", NULL, \
		"data as JSON text", "data:*failed*") \
	X("metadata_", NULL, "METADATA", JSON, COL_0, 8, 40, \
		"weir_json(r.doc, 'metadata_')", NULL, "metadata as JSON text", \
		"metadata_:none") \
	X("doc", NULL, "DOC", MEMBERS, COL_O | COL_H, 8, 40, "r.doc", NULL, \
		"the whole object as the server said it", NULL)

#define LIMIT_COLUMNS(X) \
	X("id", NULL, "ID", ID, COL_P, 8, 36, "r.id", NULL, \
		"id of the limit; a prefix is enough", "id:5c1d0e7a") \
	X("name", "tag", "NAME", TEXT, COL_T | COL_P, 12, 0, "r.name", NULL, \
		"name, or the tag that is limited", "name:database") \
	X("limit", "concurrency_limit", "LIMIT", INT, COL_T | COL_P | COL_R, 5, 6, \
		"coalesce(weir_value(r.doc, 'limit'), weir_value(r.doc, " \
		"'concurrency_limit'))", NULL, "how many slots there are", "limit:<5") \
	X("active_slots", NULL, "ACTIVE", JSON, COL_T | COL_P | COL_R, 6, 8, \
		"weir_json(r.doc, 'active_slots')", NULL, \
		"slots that are taken: their number, or who has them", \
		"active_slots:0") \
	X("active", NULL, "ENABLED", BOOL, COL_T | COL_P, 6, 7, \
		"weir_value(r.doc, 'active') = 'true'", NULL, "is it in force", \
		"active:yes") \
	X("slot_decay_per_second", NULL, "DECAY", REAL, COL_P | COL_R, 5, 6, \
		"weir_value(r.doc, 'slot_decay_per_second')", NULL, \
		"slots that become free each second", "slot_decay_per_second:>0") \
	X("created", NULL, "CREATED", TIME, COL_R, 9, 11, "r.created_us", NULL, \
		"when it was created", "created:>7d") \
	X("updated", NULL, "UPDATED", TIME, COL_R, 9, 11, "r.updated_us", NULL, \
		"when it last changed", "updated:>1h") \
	X("doc", NULL, "DOC", MEMBERS, COL_O | COL_H, 8, 40, "r.doc", NULL, \
		"the whole object as the server said it", NULL)

/* clang-format on */

#endif
