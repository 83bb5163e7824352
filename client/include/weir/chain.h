/*
 * Retriggers: which run was started in place of which. What this weir started is in its
 * journal; what another one did, in the label weir.retrigger-of or, on servers without
 * labels, in the idempotency key of the mirrored run.
 */
#ifndef WEIR_CHAIN_H
#define WEIR_CHAIN_H

#include <weir/error.h>
#include <weir/statedb.h>
#include <weir/store.h>

/*
 * The runs that hang together with a run: that in whose place all of them were started
 * first, then what was started in its place, and so on, the run itself among them; of a
 * run that was never retriggered it is alone. state may be NULL. *ret_ids is owned
 * (free).
 */
enum { WEIR_CHAIN_MAX = 1000 };
WEIR_NODISCARD enum weir_rc weir_chain(struct weir_store *store,
	struct weir_statedb *state, const struct weir_id *run, struct weir_id **ret_ids,
	size_t *ret_n, struct weir_err *err);

/* In whose place it was started, all zero: of none. */
WEIR_NODISCARD enum weir_rc weir_chain_of(struct weir_store *store,
	struct weir_statedb *state, const struct weir_id *run, struct weir_id *ret_of,
	struct weir_err *err);

#endif
