/* What is answered when it is not what was asked for: statuses and error bodies in
 * words. */
#ifndef WEIR_CLIENT_API_REPLY_H
#define WEIR_CLIENT_API_REPLY_H

#include "transport.h"

/*
 * WEIR_OK for 2xx with JSON (or nothing) in it. Else err names base, method and path,
 * the server's own words, and what to try: EAUTH 401 403; ENOTFOUND 404; EREFUSED other
 * 4xx; ENET redirects, 5xx, web pages and foreign servers.
 */
WEIR_NODISCARD enum weir_rc api_reply_check(const struct transport_reply *reply,
	const char *base, const char *method, const char *path, struct weir_err *err);

/* The server's words in an error body, one line, sanitised; appends nothing if there
 * are none. */
void api_reply_words(struct str body, struct buf *out);

/* `Invalid limit: must be less than or equal to 200.`: the number, else 0. */
size_t api_reply_limit(const struct transport_reply *reply);

/* A 403 for want of a (valid) CSRF token. */
bool api_reply_wants_csrf(const struct transport_reply *reply);

/* The token in an answer of /csrf-token; false, out untouched: there is none that fits.
 */
bool api_reply_token(const struct transport_reply *reply, char *out, size_t size);

#endif
