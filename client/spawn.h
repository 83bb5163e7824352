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

#endif
