/* A task's command run once; its task run at the server. */
#ifndef WEIR_CLIENT_TASK_H
#define WEIR_CLIENT_TASK_H

#include <jansson.h>

#include "api.h"
#include "spool.h"
#include "weir/task.h"

struct task_try {
	int log_fd;          /* where its lines go; -1: to our own stdout and stderr */
	struct weir_id task; /* all zero: it is none */
	int status;          /* exit status, or 128 + signal */
	int signal;          /* that ended it, or us; 0: none */
	bool timed_out;
	char said[SPOOL_SAID_MAX]; /* its last error, else its last line; "" */
};

/* A request, waited for; the answer as a tree, owned. */
WEIR_NODISCARD enum weir_rc task_ask(struct api *a, const char *method,
	const char *path, struct str body, json_t **ret, struct weir_err *err);
/* What a task run of this process is nested in, as Prefect's own tasks say it. Owned.
 */
json_t *task_inputs(void);
/* Before a task run is made: the worker shall know that the run may leave one open. */
void task_mark(void);
/* WEIR_ENOTFOUND and the like: it cannot be started (status 127 or 126). */
WEIR_NODISCARD enum weir_rc task_try(
	const struct weir_task *t, struct task_try *y, struct weir_err *err);

#endif
