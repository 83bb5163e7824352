/* The parts of a session that client/ itself uses. */
#ifndef WEIR_CLIENT_SESSION_H
#define WEIR_CLIENT_SESSION_H

#include "api.h"
#include "weir/session.h"

/*
 * The connected server (api_connect was done), borrowed. Its clock offset and page
 * limit are in the store. First contact ends at deadline_us (monotonic; 0: none) with
 * WEIR_EPENDING.
 */
WEIR_NODISCARD enum weir_rc session_api(struct weir_session *s, int64_t deadline_us,
	struct api **ret_api, struct weir_err *err);

/*
 * The same without a contact where an earlier one left version and clock in the store:
 * what is sent next must be able to find a wrong address itself.
 */
WEIR_NODISCARD enum weir_rc session_api_known(
	struct weir_session *s, struct api **ret_api, struct weir_err *err);

#endif
