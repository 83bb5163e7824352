/*
 * Names of folders that are being filled,
 * `.weir-<machine>-<pid>-<start>-<time>-<what>`. What a process of this machine left
 * that lives no more is removed.
 */
#ifndef WEIR_CLIENT_INST_TMP_H
#define WEIR_CLIENT_INST_TMP_H

#include "weir/buf.h"

/* A what of what is to be removed whatever is in it; no environment has such a name. */
#define INST_TMP_GONE "gone\""

char *inst_tmp_name(const char *dir, const char *what); /* a path in dir; owned */
/* An environment among them (it has .metaflowenv) stays, but for INST_TMP_GONE: it was
 * put aside. */
void inst_tmp_sweep(const char *dir);

/*
 * Remove a folder that was put aside, its marker first: what is left when this process
 * dies meanwhile is no environment, which would be taken for one that comes back.
 */
WEIR_NODISCARD enum weir_rc inst_tmp_remove(const char *path, struct weir_err *err);
bool inst_tmp_unmark(const char *folder); /* its marker alone; false: it is there */

/*
 * One that was put aside by a process that is no more, by its what; owned, or NULL.
 * None when what is so long that the name has it cut off.
 */
char *inst_tmp_aside(const char *dir, const char *what);

#endif
