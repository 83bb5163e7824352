/* Waiting for runs to end, on the command line. */
#ifndef WEIR_CLI_WAIT_H
#define WEIR_CLI_WAIT_H

#include <weir/types.h>

#include "cmd.h"

/*
 * Until all have ended, or for so long (0: for ever). Each end is told on stderr.
 * WEIR_OK: all completed; WEIR_ERUNFAILED; WEIR_EPENDING: the time is over.
 */
WEIR_NODISCARD enum weir_rc wait_runs(
	struct ctx *ctx, const struct weir_id *ids, size_t n, int64_t timeout_us);

#endif
