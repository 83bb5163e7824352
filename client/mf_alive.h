/*
 * Which runs have a process on this machine: their tasks are started with `--run-id ID`
 * among their arguments. Looked for once, when it is first asked; where there is no
 * /proc nothing is known.
 */
#ifndef WEIR_CLIENT_MF_ALIVE_H
#define WEIR_CLIENT_MF_ALIVE_H

#include "weir/buf.h"

struct mf_alive {
	struct buf ids; /* a NUL before and after each */
	bool looked;
};

bool mf_alive_run(struct mf_alive *a, struct str run);
void mf_alive_release(struct mf_alive *a);

/* The run id among arguments with a NUL after each; empty: there is none. */
struct str mf_alive_id(struct str arguments);

#endif
