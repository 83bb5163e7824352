/* The backend that speaks Prefect's REST API, 2.x and 3.x. */
#ifndef WEIR_CLIENT_API_PREFECT_H
#define WEIR_CLIENT_API_PREFECT_H

#include "api.h"
#include "transport.h"

/* Through transport, which it closes in the end. */
struct api *api_prefect_open(
	const struct weir_config *config, struct transport *transport);

#endif
