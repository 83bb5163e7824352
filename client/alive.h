/*
 * Which processes work on a file: each holds a lock on one of its own in
 * `<file>.worker/` for as long as it lives, however it ends.
 */
#ifndef WEIR_CLIENT_ALIVE_H
#define WEIR_CLIENT_ALIVE_H

#include <sys/types.h>

#include "weir/error.h"

struct alive;

/* Be one of them, as each worker of the embedded store is.  WEIR_EDB: the folder cannot
 * be written. */
WEIR_NODISCARD enum weir_rc alive_hold(
	const char *path, struct alive **ret_alive, struct weir_err *err);
void alive_drop(struct alive *a); /* accepts NULL */

/* The one of them that ticks (worker_tick.c): what it holds, to be closed, or -1. */
int alive_tick(const char *path);

/* The process of one that lives, 0 for none; what dead ones left is removed. */
pid_t alive_any(const char *path);
pid_t alive_other(const char *path); /* than this process */

#endif
