/* A task's command run once; its task run at the server. */
#ifndef WEIR_CLIENT_TASK_H
#define WEIR_CLIENT_TASK_H

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

/* Before a task run is made: the worker shall know that the run may leave one open. */
void task_mark(void);
/* WEIR_ENOTFOUND and the like: it cannot be started (status 127 or 126). */
WEIR_NODISCARD enum weir_rc task_try(
	const struct weir_task *t, struct task_try *y, struct weir_err *err);

#endif
