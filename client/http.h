/*
 * HTTP over libcurl's multi interface, loaded at first use.
 *
 * One struct http a server: connections are kept, bodies bounded, TLS verified, retries
 * made (retry.h), redirects reported and never followed, so credentials go to this host
 * only. Completion comes by callback from http_pump, on the caller's thread.
 */
#ifndef WEIR_CLIENT_HTTP_H
#define WEIR_CLIENT_HTTP_H

#include "transport.h"
#include "weir/config.h"

struct http;

enum { HTTP_BODY_MAX = 512 << 20 };

/* The address and settings of the configuration, copied. WEIR_ENOSERVER without
 * address. */
WEIR_NODISCARD enum weir_rc http_open(
	const struct weir_config *config, struct http **ret_http, struct weir_err *err);
/* The same of a server that is not Prefect's: nothing of Prefect is sent. */
WEIR_NODISCARD enum weir_rc http_open_other(
	const struct weir_config *config, struct http **ret_http, struct weir_err *err);
void http_close(struct http *h); /* cancels what is in flight without calling back */

/* The address without user, password and trailing '/', for messages; borrowed. */
const char *http_base(const struct http *h);

/* Refuse bodies over max bytes; HTTP_BODY_MAX unless told. */
void http_set_body_max(struct http *h, size_t max);

/* Who is told, from http_pump, that no connection comes about for 2 s and more. */
struct http_away *http_away(struct http *h);

void http_submit(struct http *h, const struct transport_request *r);
size_t http_in_flight(
	const struct http *h); /* submitted and not done, retries in wait included */

/*
 * Work until something finished, for at most timeout_ms (-1: no limit; returns at once
 * when nothing is in flight). Callbacks are called from here. Returns early when
 * http_wake was called (from any thread or signal handler), before or during.
 */
void http_pump(struct http *h, int timeout_ms);
void http_wake(struct http *h);
void http_cancel_all(struct http *h); /* each gets WEIR_EINTR */

#endif
