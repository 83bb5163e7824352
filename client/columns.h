/*
 * Every column of runs and task runs: what lists, --columns, --sort and the query
 * language speak of. Those of other kinds are in columns_doc.h.
 *
 * X(name, alias, title, type, flags, min, max, sql, order, help, example): see struct
 * weir_column and struct weir_query_field; example is NULL for what cannot be queried.
 * In sql, r is the row and ?1 is now; weir_value, weir_json, weir_us and weir_id are
 * functions of query_fn.c. The order within a kind is that of its tables and objects.
 */
#ifndef WEIR_CLIENT_COLUMNS_H
#define WEIR_CLIENT_COLUMNS_H

#include "columns_doc.h"
#include "columns_env.h"

/* Flags, short: object, table, pipe, wide, right, hidden. */
#define COL_0 0
#define COL_O WEIR_COL_OBJECT
#define COL_T WEIR_COL_TABLE
#define COL_P WEIR_COL_PIPE
#define COL_W WEIR_COL_WIDE
#define COL_R WEIR_COL_RIGHT
#define COL_H WEIR_COL_HIDDEN

/* clang-format off */
#define RUN_COLUMNS(X) \
	X("id", NULL, "ID", ID, COL_O | COL_P, 8, 36, "r.id", NULL, \
		"id of the run; a prefix is enough", "id:5c1d0e7a") \
	X("state_type", NULL, "TYPE", STATE, COL_O | COL_P, 9, 10, "r.state", NULL, \
		"type of the state", "state_type:failed,crashed") \
	X("state_name", "state", "STATE", STATE_NAME, COL_O | COL_T | COL_P, 9, 12, \
		"(SELECT n.name FROM names n WHERE n.k = r.state_name)", "r.state", \
		"state: its type or name, or live or ended", "state:late,failed") \
	X("flow_name", "flow", "FLOW", TEXT, COL_O | COL_T | COL_P, 8, 24, \
		"(SELECT f.name FROM flows f WHERE f.k = r.flow)", NULL, \
		"name of the flow", "flow:build-*") \
	X("name", NULL, "RUN", TEXT, COL_O | COL_T | COL_P, 12, 0, "r.name", NULL, \
		"name of the run", "name:numpy*") \
	X("at", NULL, "STARTED", TIME, COL_T | COL_R, 9, 11, "r.at_us", NULL, \
		"start, or expected start of a run that has not started", "at:>2d") \
	X("start_time", "start", "START", TIME, COL_O | COL_P | COL_R, 9, 11, \
		"r.start_us", "r.at_us", "when it first began to run", \
		"start_time:today") \
	X("end_time", "end", "END", TIME, COL_O | COL_P | COL_R, 9, 11, "r.end_us", \
		NULL, "when it ended", "end:>1h") \
	X("total_run_time", NULL, "RUN TIME", DURATION, COL_O | COL_P | COL_R, 6, 9, \
		"r.run_time", NULL, "time spent running", "total_run_time:>90") \
	X("dur", NULL, "TOOK", DURATION, COL_T | COL_R, 6, 9, \
		"CASE WHEN r.start_us IS NULL THEN NULL WHEN r.end_us IS NOT " \
		"NULL THEN r.run_time ELSE max(?1 - r.start_us, 0) / 1e6 END", NULL, \
		"time spent running; of a live run, time since its start", "dur:>20m") \
	X("platform", NULL, "PLATFORM", TEXT, COL_O | COL_T | COL_P, 8, 14, \
		"(SELECT n.name FROM names n WHERE n.k = r.platform)", NULL, \
		"conda subdir it builds for", "platform:linux-*") \
	X("tags", "tag", "TAGS", TAGS, COL_O | COL_W, 6, 20, "r.tags", NULL, \
		"one of its tags", "tag:pr-123") \
	X("work_queue_name", "queue", "QUEUE", TEXT, COL_O | COL_W, 6, 12, \
		"(SELECT n.name FROM names n WHERE n.k = r.queue)", NULL, \
		"work queue", "queue:default") \
	X("worker_name", "worker", "WORKER", TEXT, COL_W, 6, 16, \
		"weir_value((SELECT d.rest FROM run_docs d WHERE d.k = r.k), " \
		"'labels', 'prefect.worker.name')", NULL, \
		"worker that took it, where the server knows", "worker:lpar-*") \
	X("parameters", NULL, "PARAMETERS", JSON, COL_W, 8, 40, \
		"weir_json((SELECT d.rest FROM run_docs d WHERE d.k = r.k), " \
		"'parameters')", NULL, "parameters as JSON text", \
		"parameters:*\"numpy\"*") \
	X("deployment_name", "deployment", "DEPLOYMENT", TEXT, COL_O | COL_W, 8, 20, \
		"(SELECT p.name FROM deployments p WHERE p.k = r.deployment)", NULL, \
		"name of the deployment", "deployment:nightly or deployment:none") \
	X("work_pool_name", "pool", "POOL", TEXT, COL_O, 6, 12, \
		"(SELECT n.name FROM names n WHERE n.k = r.pool)", NULL, "work pool", \
		"pool:farm") \
	X("created", NULL, "CREATED", TIME, COL_O | COL_R, 9, 11, "r.created_us", \
		NULL, "when it was created", "created:2026-11-21") \
	X("updated", NULL, "UPDATED", TIME, COL_O | COL_R, 9, 11, "r.updated_us", \
		NULL, "when it last changed", "updated:>10m") \
	X("expected_start_time", "expected", "EXPECTED", TIME, COL_O | COL_R, 9, 11, \
		"r.expected_us", NULL, "when it was first to start", \
		"expected_start_time:>now") \
	X("next_scheduled_start_time", NULL, "NEXT", TIME, COL_O | COL_R, 9, 11, \
		"r.next_us", NULL, "when it is to start", \
		"next_scheduled_start_time:none") \
	X("run_count", NULL, "TRIES", INT, COL_O | COL_R, 5, 5, "r.run_count", NULL, \
		"how often it began to run", "run_count:>1") \
	X("auto_scheduled", NULL, "AUTO", BOOL, COL_O, 4, 5, "r.auto", NULL, \
		"made by a schedule", "auto_scheduled:yes") \
	X("flow_id", NULL, "FLOW ID", ID, COL_O, 8, 36, \
		"(SELECT f.id FROM flows f WHERE f.k = r.flow)", NULL, \
		"id of the flow", "flow_id:5c1d0e7a") \
	X("deployment_id", NULL, "DEPLOYMENT ID", ID, COL_O, 8, 36, \
		"(SELECT p.id FROM deployments p WHERE p.k = r.deployment)", NULL, \
		"id of the deployment", "deployment_id:none") \
	X("state_id", NULL, "STATE ID", ID, COL_O, 8, 36, "r.state_id", NULL, \
		"id of the state", "state_id:0191") \
	X("parent_run_id", "parent", "PARENT", ID, COL_O, 8, 36, "r.parent", NULL, \
		"id of the run above; none: top-level runs", "parent:none") \
	X("retrigger_of", NULL, "RETRIGGER OF", ID, COL_O, 8, 36, \
		"(SELECT t.of FROM retriggers t WHERE t.run = r.id)", NULL, \
		"id of the run in whose place weir started it; none: of none", \
		"retrigger_of:none") \
	X("parent_task_run_id", NULL, "PARENT TASK", ID, COL_O, 8, 36, \
		"r.parent_task", NULL, \
		"id of the task run that stands for it in the run above", \
		"parent_task_run_id:none") \
	X("state_message", NULL, "MESSAGE", TEXT, COL_0, 8, 40, \
		"weir_value((SELECT d.rest FROM run_docs d WHERE d.k = r.k), " \
		"'state', 'message')", NULL, "message of the state", \
		"state_message:*exited*") \
	X("labels", NULL, "LABELS", JSON, COL_0, 8, 40, \
		"weir_json((SELECT d.rest FROM run_docs d WHERE d.k = r.k), " \
		"'labels')", NULL, "labels as JSON text", "labels:*prefect*") \
	X("job_variables", NULL, "JOB VARIABLES", JSON, COL_0, 8, 40, \
		"weir_json((SELECT d.rest FROM run_docs d WHERE d.k = r.k), " \
		"'job_variables')", NULL, "job variables as JSON text", \
		"job_variables:*cpu*") \
	X("flow_version", NULL, "VERSION", TEXT, COL_0, 6, 12, \
		"weir_value((SELECT d.rest FROM run_docs d WHERE d.k = r.k), " \
		"'flow_version')", NULL, "version of the flow", "flow_version:1*") \
	X("deployment_version", NULL, "DEPL VERSION", TEXT, COL_0, 6, 12, \
		"weir_value((SELECT d.rest FROM run_docs d WHERE d.k = r.k), " \
		"'deployment_version')", NULL, "version of the deployment", \
		"deployment_version:none") \
	X("idempotency_key", NULL, "KEY", TEXT, COL_0, 8, 36, \
		"weir_value((SELECT d.rest FROM run_docs d WHERE d.k = r.k), " \
		"'idempotency_key')", NULL, "key that made its creation idempotent", \
		"idempotency_key:pr-*") \
	X("infrastructure_pid", NULL, "PID", TEXT, COL_0, 5, 20, \
		"weir_value((SELECT d.rest FROM run_docs d WHERE d.k = r.k), " \
		"'infrastructure_pid')", NULL, "process, container or pod", \
		"infrastructure_pid:none") \
	X("work_pool_id", NULL, "POOL ID", ID, COL_0, 8, 36, \
		"weir_id(weir_value((SELECT d.rest FROM run_docs d WHERE d.k = " \
		"r.k), 'work_pool_id'))", NULL, "id of the work pool", \
		"work_pool_id:none") \
	X("work_queue_id", NULL, "QUEUE ID", ID, COL_0, 8, 36, \
		"weir_id(weir_value((SELECT d.rest FROM run_docs d WHERE d.k = " \
		"r.k), 'work_queue_id'))", NULL, "id of the work queue", \
		"work_queue_id:none") \
	X("infrastructure_document_id", NULL, "INFRASTRUCTURE", ID, COL_0, 8, 36, \
		"weir_id(weir_value((SELECT d.rest FROM run_docs d WHERE d.k = " \
		"r.k), 'infrastructure_document_id'))", NULL, \
		"id of the infrastructure block", "infrastructure_document_id:none") \
	X("created_by", NULL, "CREATED BY", JSON, COL_0, 8, 30, \
		"weir_json((SELECT d.rest FROM run_docs d WHERE d.k = r.k), " \
		"'created_by')", NULL, "who created it, as JSON text", \
		"created_by:*SCHEDULE*") \
	X("context", NULL, "CONTEXT", JSON, COL_0, 8, 30, \
		"weir_json((SELECT d.rest FROM run_docs d WHERE d.k = r.k), " \
		"'context')", NULL, "context as JSON text", "context:none") \
	X("empirical_policy", NULL, "POLICY", JSON, COL_0, 8, 30, \
		"weir_json((SELECT d.rest FROM run_docs d WHERE d.k = r.k), " \
		"'empirical_policy')", NULL, "retry policy as JSON text", \
		"empirical_policy:*reschedule*") \
	X("source", NULL, "SOURCE", TEXT, COL_O, 6, 8, "weir_source()", NULL, \
		"whose it is: prefect or metaflow", "source:metaflow") \
	X("rest", NULL, "REST", MEMBERS, COL_O | COL_H, 8, 40, \
		"(SELECT d.rest FROM run_docs d WHERE d.k = r.k)", NULL, \
		"everything else that the server said", NULL)

#define TASK_RUN_COLUMNS(X) \
	X("id", NULL, "ID", ID, COL_O | COL_P, 8, 36, "r.id", NULL, \
		"id of the task run; a prefix is enough", "id:5c1d0e7a") \
	X("state_type", NULL, "TYPE", STATE, COL_O | COL_P, 9, 10, "r.state", NULL, \
		"type of the state", "state_type:failed") \
	X("state_name", "state", "STATE", STATE_NAME, COL_O | COL_T | COL_P, 9, 12, \
		"(SELECT n.name FROM names n WHERE n.k = r.state_name)", "r.state", \
		"state: its type or name, or live or ended", "state:failed") \
	X("flow_run_name", "run_name", "RUN", TEXT, COL_T | COL_P, 8, 24, \
		"(SELECT n.name FROM runs n WHERE n.id = r.run)", NULL, \
		"name of the run", "run_name:numpy*") \
	X("name", NULL, "TASK", TEXT, COL_O | COL_T | COL_P, 12, 0, "r.name", NULL, \
		"name of the task run", "name:compile*") \
	X("start_time", "start", "STARTED", TIME, COL_O | COL_T | COL_P | COL_R, 9, \
		11, "r.start_us", "coalesce(r.start_us, r.expected_us, r.created_us)", \
		"when it first began to run", "start:>1h") \
	X("end_time", "end", "END", TIME, COL_O | COL_P | COL_R, 9, 11, "r.end_us", \
		NULL, "when it ended", "end_time:today") \
	X("total_run_time", NULL, "RUN TIME", DURATION, COL_O | COL_P | COL_R, 6, 9, \
		"r.run_time", NULL, "time spent running", "total_run_time:>90") \
	X("dur", NULL, "TOOK", DURATION, COL_T | COL_R, 6, 9, \
		"CASE WHEN r.start_us IS NULL THEN NULL WHEN r.end_us IS NOT " \
		"NULL THEN r.run_time ELSE max(?1 - r.start_us, 0) / 1e6 END", NULL, \
		"time spent running; of a live task run, time since its start", \
		"dur:>5m") \
	X("tags", "tag", "TAGS", TAGS, COL_O | COL_W, 6, 20, "r.tags", NULL, \
		"one of its tags", "tag:slow") \
	X("flow_run_id", "run", "RUN ID", ID, COL_O | COL_P, 8, 36, "r.run", NULL, \
		"id of the run", "run:5c1d0e7a") \
	X("created", NULL, "CREATED", TIME, COL_O | COL_R, 9, 11, "r.created_us", \
		NULL, "when it was created", "created:today") \
	X("updated", NULL, "UPDATED", TIME, COL_O | COL_R, 9, 11, "r.updated_us", \
		NULL, "when it last changed", "updated:>10m") \
	X("task_key", NULL, "TASK KEY", TEXT, COL_O, 8, 24, "r.task_key", NULL, \
		"key of the task", "task_key:compile*") \
	X("dynamic_key", NULL, "KEY", TEXT, COL_O, 6, 12, "r.dynamic_key", NULL, \
		"which call of the task it is", "dynamic_key:0") \
	X("expected_start_time", "expected", "EXPECTED", TIME, COL_O | COL_R, 9, 11, \
		"r.expected_us", NULL, "when it was first to start", \
		"expected_start_time:today") \
	X("next_scheduled_start_time", NULL, "NEXT", TIME, COL_O | COL_R, 9, 11, \
		"r.next_us", NULL, "when it is to start", \
		"next_scheduled_start_time:none") \
	X("run_count", NULL, "TRIES", INT, COL_O | COL_R, 5, 5, "r.run_count", NULL, \
		"how often it began to run", "run_count:>1") \
	X("state_id", NULL, "STATE ID", ID, COL_O, 8, 36, "r.state_id", NULL, \
		"id of the state", "state_id:0191") \
	X("state_message", NULL, "MESSAGE", TEXT, COL_0, 8, 40, \
		"weir_value(r.rest, 'state', 'message')", NULL, \
		"message of the state", "state_message:*exited*") \
	X("labels", NULL, "LABELS", JSON, COL_0, 8, 40, "weir_json(r.rest, 'labels')", \
		NULL, "labels as JSON text", "labels:none") \
	X("task_inputs", NULL, "INPUTS", JSON, COL_0, 8, 40, \
		"weir_json(r.rest, 'task_inputs')", NULL, \
		"what its arguments come from, as JSON text", \
		"task_inputs:*flow_run*") \
	X("cache_key", NULL, "CACHE KEY", TEXT, COL_0, 8, 24, \
		"weir_value(r.rest, 'cache_key')", NULL, "key of its cached result", \
		"cache_key:none") \
	X("task_version", NULL, "VERSION", TEXT, COL_0, 6, 12, \
		"weir_value(r.rest, 'task_version')", NULL, "version of the task", \
		"task_version:none") \
	X("flow_run_run_count", NULL, "RUN TRIES", INT, COL_R, 5, 9, \
		"weir_value(r.rest, 'flow_run_run_count')", NULL, \
		"which try of the run it belongs to", "flow_run_run_count:>1") \
	X("empirical_policy", NULL, "POLICY", JSON, COL_0, 8, 30, \
		"weir_json(r.rest, 'empirical_policy')", NULL, \
		"retry policy as JSON text", "empirical_policy:*retry*") \
	X("source", NULL, "SOURCE", TEXT, COL_O, 6, 8, "weir_source()", NULL, \
		"whose it is: prefect or metaflow", "source:metaflow") \
	X("rest", NULL, "REST", MEMBERS, COL_O | COL_H, 8, 40, "r.rest", NULL, \
		"everything else that the server said", NULL)

/* clang-format on */

#endif
