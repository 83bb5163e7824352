/*
 * What a command prints, from pipes to its spool.
 *
 * A worker gives each command a process for it, which outlives a worker that is killed,
 * so that the command neither blocks nor loses a line. The spool itself is not the
 * command's output: a script's `> /dev/stderr` would empty a file.
 */
#ifndef WEIR_CLIENT_RELAY_H
#define WEIR_CLIENT_RELAY_H

#include "spool.h"

enum { RELAY_NO_SPACE = 28 };

/* One pipe. Zero but for fd, spool and what its frames are like. */
struct relay {
	int fd; /* -1: closed */
	int spool;
	struct spool_frame frame;
	bool full;      /* the disk, for too long: what comes is lost */
	size_t at, len; /* text[at..len) is not yet written */
	/* of SPOOL_TASK alone: the last line, and the last of level 40; "" */
	char last[SPOOL_SAID_MAX], error[SPOOL_SAID_MAX];
	char text[SPOOL_FRAME_BYTES];
};

/* Read once, and append what is whole. At the end of the file: all, and it is closed.
 */
void relay_take(struct relay *r);
/* What is left, without an end of line. */
void relay_finish(struct relay *r);

/*
 * In a process of its own, until both are closed: its exit status, 0 or RELAY_NO_SPACE.
 * SIGTERM: takes what there is and ends. Closes all other descriptors.
 */
int relay_run(int out, int err, int spool);

#endif
