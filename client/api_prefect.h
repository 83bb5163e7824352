/* The backend that speaks Prefect's REST API, 2.x and 3.x. */
#ifndef WEIR_CLIENT_API_PREFECT_H
#define WEIR_CLIENT_API_PREFECT_H

#include "api.h"

WEIR_NODISCARD enum weir_rc api_prefect_open(
	const struct weir_config *config, struct api **ret_api, struct weir_err *err);

#endif
