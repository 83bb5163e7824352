/* MD5 and SHA-256 of bytes as they pass by, by libcrypto. */
#ifndef WEIR_CLIENT_INST_SUM_H
#define WEIR_CLIENT_INST_SUM_H

#include <stdint.h>

#include "weir/buf.h"

enum { INST_MD5_TEXT = 33, INST_SHA256_TEXT = 65 };

struct inst_sums {
	char md5[INST_MD5_TEXT], sha256[INST_SHA256_TEXT]; /* hex, lower case */
	int64_t size;
};

struct inst_sum;

WEIR_NODISCARD enum weir_rc inst_sum_new(
	struct inst_sum **ret_sum, struct weir_err *err);
void inst_sum_free(struct inst_sum *s); /* accepts NULL */
void inst_sum_add(struct inst_sum *s, const void *p, size_t n);
/* What was added so far; s begins anew. */
void inst_sum_end(struct inst_sum *s, struct inst_sums *ret);

/* Of a whole file. WEIR_ENOTFOUND: there is none. */
WEIR_NODISCARD enum weir_rc inst_sum_file(
	const char *path, struct inst_sums *ret, struct weir_err *err);

void inst_sum_hex(const unsigned char *p, size_t n, char *out); /* 2n + 1 bytes */

/*
 * Does it have the hashes that are wanted? NULL or empty: any will do. Upper case is
 * taken as well.
 */
bool inst_sum_is(const struct inst_sums *s, const char *md5, const char *sha256);

#endif
