/*
 * What reads what a task's command prints: a process of its own beside `weir task`, so
 * that no line is lost when that is killed. What the task began is killed then, as
 * nobody would end it, and its last lines are written.
 */
#ifndef WEIR_CLIENT_TASK_KEEP_H
#define WEIR_CLIENT_TASK_KEEP_H

#include <sys/types.h>

#include "relay.h"

/* All zero: there is none. */
struct task_keep {
	pid_t pid;
	int line; /* a byte: take what there is and end; our end: see above */
	int told; /* what the command said at last */
	char said[SPOOL_SAID_MAX];
};

/* The last line of level 40, else the last of stderr; "" */
const char *task_keep_said(const struct relay in[2]);
/*
 * Start it for stdout and stderr, before the command that has the variable; false: none
 * could be.
 */
bool task_keep_start(
	struct task_keep *k, const struct relay in[2], const char *variable);
/* Does it read? Else, if it was killed, the pipes are ours. */
bool task_keep_reads(struct task_keep *k);
/* The command has ended: take what there is, and its words. */
void task_keep_end(struct task_keep *k);

#endif
