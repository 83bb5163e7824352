/*
 * HTTP over libcurl's multi interface, loaded at first use.
 *
 * One struct http a server: connections are kept, bodies bounded, TLS verified, retries
 * made (retry.h), redirects reported and never followed, so credentials go to this host
 * only. Completion comes by callback from http_pump, on the caller's thread.
 */
#ifndef WEIR_CLIENT_HTTP_H
#define WEIR_CLIENT_HTTP_H

#include <stdint.h>

#include "weir/buf.h"
#include "weir/config.h"
#include "weir/error.h"

struct http;
struct http_away;

enum { HTTP_BODY_MAX = 512 << 20, HTTP_TARGET_MAX = 8 << 10, HTTP_HEADERS_MAX = 4 };

struct http_reply {
	long status;
	struct str body;     /* borrowed for the callback */
	struct str location; /* of a redirect; borrowed, user and password masked */
	int64_t date_us;     /* the Date header, WEIR_NO_TIME when there was none */
	bool is_json;        /* by Content-Type */
	int retries;
};

struct http_request {
	const char *method; /* static text: "GET", "POST", ... */
	const char *path;   /* after the base, with its query; copied */
	struct str body;    /* JSON; copied; empty: none */
	bool repeatable;    /* reads, and writes with a key: may be sent again */
	const char *headers[HTTP_HEADERS_MAX]; /* "Name: value", up to a NULL; copied */
	/*
	 * Called once. rc WEIR_OK: any HTTP status is in reply. Else err says why there
	 * is no reply (WEIR_ENET, WEIR_EINTR) and reply is NULL.
	 */
	void (*done)(void *arg, enum weir_rc rc, const struct http_reply *reply,
		const struct weir_err *err);
	void *arg;
};

/* The address and settings of the configuration, copied. WEIR_ENOSERVER without
 * address. */
WEIR_NODISCARD enum weir_rc http_open(
	const struct weir_config *config, struct http **ret_http, struct weir_err *err);
void http_close(struct http *h); /* cancels what is in flight without calling back */

/* The address without user, password and trailing '/', for messages; borrowed. */
const char *http_base(const struct http *h);

/* Refuse bodies over max bytes; HTTP_BODY_MAX unless told. */
void http_set_body_max(struct http *h, size_t max);

/* Who is told, from http_pump, that no connection comes about for 2 s and more. */
struct http_away *http_away(struct http *h);

void http_submit(struct http *h, const struct http_request *r);
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
