/*
 * The embedded store is what it is: there is nothing to be fetched. What sync is asked
 * for is then answered from it.
 */
#ifndef WEIR_CLIENT_SYNC_LOCAL_H
#define WEIR_CLIENT_SYNC_LOCAL_H

#include "weir/sync.h"

bool sync_local(const struct weir_session *s); /* is that so? */

/* A whole cycle, done, if the store can be read. */
WEIR_NODISCARD enum weir_rc sync_local_cycle(struct weir_session *s,
	struct weir_sync_result *ret_result, struct weir_err *err);
/* Can it be read? */
WEIR_NODISCARD enum weir_rc sync_local_store(
	struct weir_session *s, struct weir_err *err);
/* WEIR_ENOTFOUND: there is no such run. ret_ended (may be NULL): it has ended. */
WEIR_NODISCARD enum weir_rc sync_local_run(struct weir_session *s,
	const struct weir_id *run, bool *ret_ended, struct weir_err *err);

#endif
