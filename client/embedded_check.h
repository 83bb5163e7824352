/*
 * Bodies of requests against what Prefect's servers take: members by name, with the
 * kind of their values. What does not fit is answered as theirs do, 422 with every
 * fault and where it is.
 */
#ifndef WEIR_CLIENT_EMBEDDED_CHECK_H
#define WEIR_CLIENT_EMBEDDED_CHECK_H

#include "embedded_priv.h"

enum embedded_body {
	BODY_ANY, /* not looked at here */
	BODY_FLOW,
	BODY_FLOW_CHANGE,
	BODY_POOL,
	BODY_POOL_CHANGE,
	BODY_QUEUE,
	BODY_QUEUE_CHANGE,
	BODY_HEARTBEAT,
	BODY_DEPLOYMENT,
	BODY_DEPLOYMENT_CHANGE,
	BODY_SCHEDULES,
	BODY_SCHEDULE_CHANGE,
	BODY_RUN_OF_DEPLOYMENT,
	BODY_RUN,
	BODY_RUN_CHANGE,
	BODY_LABELS,
	BODY_STATE,
	BODY_TASK,
	BODY_TASK_CHANGE,
	BODY_LOGS,
	BODY_ARTIFACT,
	BODY_LIMIT,
	BODY_HISTORY,
	EMBEDDED_BODIES
};

/* false: the answer says what is wrong. */
bool embedded_check(struct embedded_call *c, enum embedded_body kind);

/* The same of one fault. path: members with dots between them. */
enum weir_rc embedded_invalid(
	struct embedded_call *c, const char *path, const char *message);

#endif
