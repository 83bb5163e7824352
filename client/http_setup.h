/* What the configuration says about talking to a server, ready for libcurl. */
#ifndef WEIR_CLIENT_HTTP_SETUP_H
#define WEIR_CLIENT_HTTP_SETUP_H

#include "dyn.h"
#include "http_mask.h"
#include "weir/config.h"

enum { HTTP_SETUP_CODES_MAX = 16, HTTP_SETUP_CONNECT_S = 10 };

struct http_setup {
	char *base;  /* without user and password and trailing '/' */
	char *proxy; /* NULL: libcurl's own choice */
	char *ca_file;
	struct curl_slist *headers; /* of every request, credentials among them */
	struct http_mask mask;      /* what of them and of proxies is secret */
	bool tls, loopback, skip_verify, http2;
	long timeout_s;
	int max_retries; /* -1: only time limits */
	int extra_codes[HTTP_SETUP_CODES_MAX];
	size_t n_extra_codes;
};

WEIR_NODISCARD enum weir_rc http_setup_init(const struct dyn_curl *curl,
	const struct weir_config *config, bool prefect, struct http_setup *ret_setup,
	struct weir_err *err);
void http_setup_release(const struct dyn_curl *curl, struct http_setup *s);

/*
 * Write over what is secret in an answer: a server that repeats what it was sent must
 * not make us tell it. headers: of this request alone, or NULL.
 */
void http_setup_mask(const struct http_setup *s, const struct curl_slist *headers,
	char *text, size_t n);

/* Set the options that all requests share. */
void http_setup_apply(
	const struct dyn_curl *curl, const struct http_setup *s, CURL *easy);

#endif
