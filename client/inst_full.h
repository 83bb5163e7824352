/* A file system that is full: which one it is, and what to try. */
#ifndef WEIR_CLIENT_INST_FULL_H
#define WEIR_CLIENT_INST_FULL_H

#include "inst_plan.h"
#include "weir/inst.h"

/* Does it say that there was no room (ENOSPC, EDQUOT)? */
bool inst_full_is(const struct weir_err *err);

/*
 * If it does: which file system that is, how much is free there and how much is wanted
 * are added to its text, and a hint is set. Returns err's code.
 *
 * dir		what was written to.
 * wanted	bytes that it takes there, at least; 0: not known.
 * elsewhere	how another folder is told: `CONDA_PKGS_DIRS=DIR`.
 */
enum weir_rc inst_full_explain(
	struct weir_err *err, const char *dir, int64_t wanted, const char *elsewhere);

/* What linking takes in dir: what cannot be a hard link, or is to be changed. */
int64_t inst_full_linking(
	const struct inst_unit *units, const struct inst_plan *plan, const char *dir);

/* Of two folders the one that has less room. */
const char *inst_full_less(const char *a, const char *b);

#endif
