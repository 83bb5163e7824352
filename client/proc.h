/*
 * A program run without a shell for what it prints. Time and bytes are bounded; what
 * runs too long is killed. An interrupt from the terminal reaches it too.
 */
#ifndef WEIR_CLIENT_PROC_H
#define WEIR_CLIENT_PROC_H

#include "weir/buf.h"
#include "weir/error.h"

struct proc {
	const char *const
		*words; /* the program, by PATH, and its arguments; NULL ends */
	const char *const
		*more_env; /* NAME=VALUE, in place of what there is; or NULL */
	int timeout_ms;
	struct buf out, errors; /* by the caller: their maxima; what was printed */
	int status;             /* exit status, 128 + signal when killed */
};

/* WEIR_ENOTFOUND: no such program. Its exit status is no failure of this. */
WEIR_NODISCARD enum weir_rc proc_run(struct proc *p, struct weir_err *err);

#endif
