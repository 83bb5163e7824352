/*
 * The lock files of Metaflow: whoever creates one has it, and removes it when done.
 * Metaflow's own are empty and outlive a process that is killed; ours say whose they
 * are, are locked as well, and are removed by the next weir when that one died.
 */
#ifndef WEIR_CLIENT_INST_LOCK_H
#define WEIR_CLIENT_INST_LOCK_H

#include "weir/buf.h"

enum { INST_LOCK_TIMEOUT_S = 3600 };

struct inst_lock {
	char *path; /* NULL: not held */
	int fd;
};

struct inst_lock_wait {
	int timeout_s; /* 0: CONDA_LOCK_TIMEOUT, else INST_LOCK_TIMEOUT_S */
	void (*tell)(
		void *arg, const char *text); /* for whom; now and then. May be NULL */
	bool (*stop)(void *arg);              /* may be NULL */
	void *arg;
};

/* WEIR_EBUSY: it was not let go in time; who has it is named. WEIR_EINTR: stopped. */
WEIR_NODISCARD enum weir_rc inst_lock_take(const char *path,
	const struct inst_lock_wait *w, struct inst_lock *ret_lock,
	struct weir_err *err);
void inst_lock_drop(struct inst_lock *l); /* accepts one that is not held */

/* Remove the lock at path when it is of a weir that is no more. */
void inst_lock_sweep(const char *path);

/*
 * Is the process of an owner (owner.h) no more? Also when this machine was started anew
 * since.
 */
bool inst_lock_gone(const char *owner);

/* Who has the lock at path and for how long; false: nobody. */
bool inst_lock_who(const char *path, struct buf *out);

#endif
