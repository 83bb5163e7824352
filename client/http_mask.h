/*
 * Secrets that were sent, so that an answer which repeats them (an echo of the request
 * in an error body, a redirect with a key in it) can be shown.
 */
#ifndef WEIR_CLIENT_HTTP_MASK_H
#define WEIR_CLIENT_HTTP_MASK_H

#include "weir/buf.h"
#include "weir/mem.h"

VEC_TYPE(http_mask, char *);

/* What is too short to be told from words is left out. */
void http_mask_add(struct http_mask *m, struct str secret);

/* `user:password` as it is sent for Basic: as text, the password alone, in base64. */
void http_mask_add_user(struct http_mask *m, struct str user);

/* The value of `Name: value`, and what stands behind a blank in it. */
void http_mask_add_header(struct http_mask *m, const char *line);

/* Write over each secret in the n bytes at s. */
void http_mask_apply(const struct http_mask *m, char *s, size_t n);

void http_mask_release(struct http_mask *m);

/* RFC 4648, with padding. */
void http_base64(struct buf *out, struct str s);

#endif
