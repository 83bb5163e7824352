/* HTTP as a transport of requests. */
#ifndef WEIR_CLIENT_HTTP_TRANSPORT_H
#define WEIR_CLIENT_HTTP_TRANSPORT_H

#include "http.h"

/* Errors as http_open's. */
WEIR_NODISCARD enum weir_rc http_transport_open(const struct weir_config *config,
	struct transport **ret_transport, struct weir_err *err);

#endif
