/*
 * A flow run or task run as `weir show` groups it for people: state and name, the
 * message, why, when, where, with what, through which states.
 */
#ifndef WEIR_CLI_SHOW_RUN_H
#define WEIR_CLI_SHOW_RUN_H

#include <weir/json.h>
#include <weir/types.h>

#include "sink.h"

struct show_run {
	enum weir_kind kind;           /* WEIR_RUN or WEIR_TASK_RUN */
	const struct weir_json *run;   /* with its lists */
	const struct weir_json *above; /* the run it belongs to, or NULL */
};

void show_run_print(struct ctx *ctx, struct sink *sink, const struct show_run *r);

#endif
