/*
 * The embedded backend: Prefect's REST API over the embedded store, answered within the
 * process, as a transport (transport.h). With no server configured weir is complete on
 * one machine by it.
 *
 * What was submitted when it is pumped is one transaction: what is said to be done has
 * reached the disk, and a hundred requests of a worker cost one wait for it.
 */
#ifndef WEIR_CLIENT_EMBEDDED_H
#define WEIR_CLIENT_EMBEDDED_H

#include "transport.h"
#include "weir/config.h"

/* Opens the store that the configuration names, made if need be. */
WEIR_NODISCARD enum weir_rc embedded_open(const struct weir_config *config,
	struct transport **ret_transport, struct weir_err *err);

/* The same of a file; conf: weir.conf, which has the variables, or NULL. */
WEIR_NODISCARD enum weir_rc embedded_open_file(const char *path,
	const char *platform_params, const char *conf, struct transport **ret_transport,
	struct weir_err *err);

/*
 * A worker that ended without a word (alive.h) is still ONLINE in the store, and where
 * none lives nobody says that a run is Late: is there such a one, and put that right.
 */
struct weir_store;
bool embedded_is_unsettled(struct weir_store *store, const char *path);
WEIR_NODISCARD enum weir_rc embedded_settle_open(
	struct weir_store *store, const char *path, struct weir_err *err);
WEIR_NODISCARD enum weir_rc embedded_settle(
	const char *path, const char *platform_params, struct weir_err *err);

#endif
