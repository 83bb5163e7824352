/*
 * Which process of this machine has a file: for messages about locks that do not say
 * whose they are. As far as /proc shows it; where there is none, nothing is known.
 */
#ifndef WEIR_CLIENT_HOLDER_H
#define WEIR_CLIENT_HOLDER_H

#include <sys/stat.h>

#include "weir/buf.h"

/*
 * The first process that has the file at path open for writing; 0: none that can be
 * seen, which of another user's processes means nothing.
 */
long holder_of_open(const char *path);
/* The one with the lock by flock(2) on the file; 0: it cannot be told. */
long holder_of_flock(const struct stat *st);

/*
 * "process 12 (python flow.py run)": the first words of its command, passwords in
 * addresses masked.
 */
void holder_add(struct buf *out, long pid);

#endif
