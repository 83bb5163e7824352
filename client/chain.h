/* The part of chain.h that writes. */
#ifndef WEIR_CLIENT_CHAIN_H
#define WEIR_CLIENT_CHAIN_H

#include "store_write.h"
#include "weir/chain.h"

/* Keep in whose place a run was started, if its members (weir_run.rest) say so. */
WEIR_NODISCARD enum weir_rc chain_put(
	struct weir_store *s, const struct weir_run *run, struct weir_err *err);

#endif
