/* Why there was no answer: libcurl's codes in words, and whether another try can help.
 */
#ifndef WEIR_CLIENT_HTTP_FAIL_H
#define WEIR_CLIENT_HTTP_FAIL_H

#include "dyn.h"

enum http_fail_again {
	HTTP_FAIL_NEVER,  /* it would fail the same way */
	HTTP_FAIL_LATER,  /* worth a try with a server that has answered before */
	HTTP_FAIL_ALWAYS, /* the connection was lost on the way */
};
enum http_fail_again http_fail_again(CURLcode code);

struct http_fail {
	CURLcode code;
	const char *base;   /* of the server, without credentials */
	const char *detail; /* libcurl's own words */
	long os_errno;
	long timeout_s;
	size_t received, body_max;
};

/* Fill err; returns its code. */
enum weir_rc http_fail_set(const struct http_fail *f, struct weir_err *err);

#endif
