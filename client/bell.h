/*
 * Who looks at a file of this machine is woken when another process has written to it:
 * each listens on a datagram socket in `<file>.bell/`, a writer sends a byte to each
 * after its commit. Nothing is lost when one does not hear: the bytes mean only "look".
 */
#ifndef WEIR_CLIENT_BELL_H
#define WEIR_CLIENT_BELL_H

#include "weir/error.h"

struct bell;

/* Listen; the folder is made (0700). WEIR_EFAIL: it cannot be; then poll by time. */
WEIR_NODISCARD enum weir_rc bell_open(
	const char *path, struct bell **ret_bell, struct weir_err *err);
void bell_close(struct bell *b);   /* accepts NULL */
int bell_fd(const struct bell *b); /* readable when somebody has rung */
void bell_hush(struct bell *b);    /* take in what has come */

/* Wake the other processes that listen; never waits. What dead ones left is removed. */
void bell_ring(const char *path);

#endif
