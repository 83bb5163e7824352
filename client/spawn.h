/* A program started without a shell; who starts it waits for it. */
#ifndef WEIR_CLIENT_SPAWN_H
#define WEIR_CLIENT_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

enum { SPAWN_OURS = -1, SPAWN_NOTHING = -2 }; /* in place of a descriptor */

struct spawn {
	const char *const
		*words; /* the program, by PATH, and its arguments; NULL ends */
	const char *const
		*more_env;   /* NAME=VALUE, in place of what there is; or NULL */
	int in, out, errors; /* what it has as 0, 1 and 2 */
	bool group; /* a process group of its own, so that all of it can be killed */
};

/* Signals are as for a new program. 0, or errno's. */
int spawn_start(const struct spawn *how, pid_t *ret_pid);

/*
 * The same in two steps, for what has to be written down in between: a process that
 * waits for spawn_go, and ends when this one does before it. words[0] is a path.
 */
struct spawn_held {
	pid_t pid;
	int go[2], told;
};
int spawn_hold(const struct spawn *how, struct spawn_held *ret_held);
/* go false: it ends unbegun. Else 0, or the errno of why it could not begin; it is
 * waited for then. */
int spawn_go(struct spawn_held *h, bool go);

#endif
