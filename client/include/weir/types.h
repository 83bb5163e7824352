/*
 * The objects of a Prefect server as plain data, and the words for their states.
 *
 * Strings are slices into the arena or page that the object was decoded from. A field
 * keeps its owner's REST name. `rest` is the members that have no field of their own,
 * as JSON object members without the braces (`"parameters":{...},"labels":{...}`), so
 * that nothing a server said is lost; `estimated_*`, computed anew at each read, are
 * left out. /
 */
#ifndef WEIR_TYPES_H
#define WEIR_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/buf.h>
#include <weir/id.h>
#include <weir/time.h>

/* Kinds of object; the order is that of weir_kinds[] and of nothing on disk. */
enum weir_kind {
	WEIR_RUN,
	WEIR_TASK_RUN,
	WEIR_FLOW,
	WEIR_DEPLOYMENT,
	WEIR_POOL,
	WEIR_QUEUE,
	WEIR_WORKER,
	WEIR_ARTIFACT,
	WEIR_LIMIT,
	WEIR_N_SERVED,                    /* so many are a server's */
	WEIR_ENVIRONMENT = WEIR_N_SERVED, /* in stores of Metaflow only */
	WEIR_N_KINDS
};
const char *weir_kind_name(enum weir_kind kind);   /* "run", "task run", "flow", ... */
const char *weir_kind_plural(enum weir_kind kind); /* "runs", "task runs", ... */

/* State types, in the numbers the store uses. */
enum weir_state {
	WEIR_ST_NONE,
	WEIR_ST_SCHEDULED,
	WEIR_ST_PENDING,
	WEIR_ST_RUNNING,
	WEIR_ST_PAUSED,
	WEIR_ST_CANCELLING,
	WEIR_ST_COMPLETED,
	WEIR_ST_FAILED,
	WEIR_ST_CANCELLED,
	WEIR_ST_CRASHED,
	WEIR_N_STATES
};
const char *weir_state_type(enum weir_state state); /* "FAILED"; "" for none */
bool weir_state_parse(struct str type, enum weir_state *ret_state); /* any case */
static inline bool
weir_state_is_terminal(enum weir_state s)
{
	return s >= WEIR_ST_COMPLETED;
}

/*
 * How a state looks: by name first ("Late"), else by type. Colour is a name of theme.
 */
struct weir_state_look {
	const char *glyph; /* UTF-8, one column */
	char ascii;
	const char *colour; /* "green", "red", "bold red", "cyan", "yellow", "magenta",
			       "" */
};
const struct weir_state_look *weir_state_look(enum weir_state type, struct str name);

/*
 * A nullable time is WEIR_NO_TIME; a nullable id is all zero; a nullable string has s
 * NULL.
 */
struct weir_run {
	struct weir_id id;
	int64_t created_us, updated_us;
	struct str name;
	struct weir_id flow_id;
	struct weir_id state_id;
	enum weir_state state_type;
	struct str state_name;
	struct weir_id deployment_id;
	struct str work_queue_name, work_pool_name;
	int64_t run_count;
	int64_t expected_start_us, next_scheduled_us, start_us, end_us;
	double total_run_time; /* seconds */
	bool auto_scheduled;
	struct str tags; /* JSON array, as sent */
	struct weir_id parent_task_run_id;
	struct str parameters; /* JSON object, as sent; also in rest */
	struct str state;      /* JSON object, as sent; also in rest */
	struct str rest;
};

struct weir_task_run {
	struct weir_id id;
	int64_t created_us, updated_us;
	struct str name;
	struct weir_id flow_run_id;
	struct str task_key, dynamic_key;
	struct weir_id state_id;
	enum weir_state state_type;
	struct str state_name;
	int64_t run_count;
	int64_t expected_start_us, next_scheduled_us, start_us, end_us;
	double total_run_time;
	struct str tags;
	struct str state; /* JSON object, as sent; also in rest */
	struct str rest;
};

struct weir_log {
	struct weir_id id;
	int64_t created_us, timestamp_us;
	struct str name; /* the logger */
	int level; /* 10 debug, 20 info, 30 warning, 40 error, 50 critical; others occur
		    */
	struct str message;
	struct weir_id flow_run_id, task_run_id;
};

/*
 * Everything that a server has few of: flows, deployments, pools, queues, workers,
 * artifacts, limits. The columns that lists need stand beside the whole document.
 * /
 */
struct weir_doc {
	struct weir_id id;
	struct str name;         /* artifact: key; limit: tag or name */
	struct weir_id owner_id; /* deployment: flow; queue, worker: pool; artifact:
				    flow run */
	int64_t created_us, updated_us;
	struct str doc; /* the whole object, JSON text */
};

#endif
