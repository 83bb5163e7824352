/* Reading a deployment from the server; the rest is in weir/trigger.h. */
#ifndef WEIR_CLIENT_DEPLOYMENT_H
#define WEIR_CLIENT_DEPLOYMENT_H

#include "api.h"
#include "weir/store.h"
#include "weir/trigger.h"

/* One GET, and one of its flow if that is not in the store (NULL: there is none). */
WEIR_NODISCARD enum weir_rc deployment_get(struct api *api, struct weir_store *store,
	const struct weir_id *id, struct weir_deployment *ret_d, struct weir_err *err);

#endif
