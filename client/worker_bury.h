/*
 * Runs of this machine whose worker died, ended without another: the embedded store has
 * no server that would find them, so whoever looks at it does.
 */
#ifndef WEIR_CLIENT_WORKER_BURY_H
#define WEIR_CLIENT_WORKER_BURY_H

#include "weir/session.h"

/* Is there a folder of a run? Whose it is, worker_bury sees. */
bool worker_is_survived(const struct weir_config *config);

/*
 * What still runs of them is killed, their lines are stored, they are called Crashed,
 * or what they came to before. What a worker can go on with is left for one. Takes 2 s
 * at most; the rest is done the next time.
 */
WEIR_NODISCARD enum weir_rc worker_bury(struct weir_session *s, struct weir_err *err);

#endif
