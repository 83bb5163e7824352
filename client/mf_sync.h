/* A store brought up to date with a source of Metaflow's runs. */
#ifndef WEIR_CLIENT_MF_SYNC_H
#define WEIR_CLIENT_MF_SYNC_H

#include "mf_source.h"
#include "store_write.h"

/* What a list says against what a store has. */
struct mf_sync;
struct mf_sync *mf_sync_new(const struct weir_metaflow_open *how,
	struct mf_source *source, struct buf *notes);
void mf_sync_free(struct mf_sync *y); /* accepts NULL */

/*
 * What is there and what of it is not known: by s, which is only read. *ret_due: runs
 * are to be read or to be dropped.
 */
WEIR_NODISCARD enum weir_rc mf_sync_look(
	struct mf_sync *y, struct weir_store *s, bool *ret_due, struct weir_err *err);

/*
 * Then take it in, newest first, in transactions of a few runs. WEIR_EPENDING: the
 * budget ran out, or stop was set; what is left is found by the next look.
 */
WEIR_NODISCARD enum weir_rc mf_sync_take(struct mf_sync *y, struct weir_store *s,
	struct weir_sync_result *result, struct weir_err *err);

#endif
