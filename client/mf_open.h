/* The store of what Metaflow's settings name. */
#ifndef WEIR_CLIENT_MF_OPEN_H
#define WEIR_CLIENT_MF_OPEN_H

#include "store_write.h"
#include "weir/metaflow.h"

WEIR_NODISCARD enum weir_rc mf_open_store(const struct weir_metaflow_open *how,
	enum weir_store_mode mode, struct weir_store **ret_store, struct buf *notes,
	struct weir_err *err);

#endif
