/*
 * Which processes work on a file: each holds a lock on one of its own in
 * `<file>.worker/` for as long as it lives, however it ends.
 */
#ifndef WEIR_CLIENT_ALIVE_H
#define WEIR_CLIENT_ALIVE_H

#include <poll.h>
#include <sys/types.h>

#include "db.h"
#include "weir/error.h"

/* Others that one watches; of more it learns what it does by looking. */
enum { ALIVE_PEERS_MAX = 64 };

struct alive;

/* Be one of them, as each worker of the embedded store is.  WEIR_EDB: the folder cannot
 * be written. */
WEIR_NODISCARD enum weir_rc alive_hold(
	const char *path, struct alive **ret_alive, struct weir_err *err);
void alive_drop(struct alive *a); /* accepts NULL */

/* As which worker it is known; the null id: none, any more. */
void alive_say(struct alive *a, const struct weir_id *id);
/* What those that live have said; false: one of them has not, so far. */
bool alive_said(const char *path, struct id_vec *ret);

/* The one of them that ticks (worker_tick.c): what it holds, to be closed, or -1. */
int alive_tick(const char *path);

/* The process of one that lives, 0 for none; what dead ones left is removed. */
pid_t alive_any(const char *path);
pid_t alive_other(const char *path); /* than this process */
size_t alive_count(const char *path);

/*
 * One of them is told when another ends, by descriptors to poll. alive_look takes in
 * those that came since; true: one was found that is dead already.
 */
bool alive_look(struct alive *a);
/* Into v of ALIVE_PEERS_MAX: how many. */
size_t alive_polled(const struct alive *a, struct pollfd *v);
/* After poll; true: at least one has ended, or is just about to. */
bool alive_heard(struct alive *a, const struct pollfd *v, size_t n);

#endif
