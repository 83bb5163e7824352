/*
 * A run as the child of the run that starts it, as Prefect links subflows: a task run
 * of the parent stands in for it.
 */
#ifndef WEIR_CLIENT_PARENT_H
#define WEIR_CLIENT_PARENT_H

#include "api.h"

/*
 * The stand-in for a run of the deployment called name. key, the run's idempotency key,
 * makes it the same one when it is asked for again. WEIR_EREFUSED: the parent has
 * ended.
 */
WEIR_NODISCARD enum weir_rc parent_link(struct api *a, const char *parent,
	const char *name, const char *key, struct weir_id *ret_task,
	struct weir_err *err);

#endif
