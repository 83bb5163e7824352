/* A file that is being fetched: what is there of it, hashed as it grows. */
#ifndef WEIR_CLIENT_INST_PART_H
#define WEIR_CLIENT_INST_PART_H

#include "inst_fetch.h"

struct inst_part {
	int fd; /* -1: closed; locked, so that nobody else adds to it */
	char *path;
	struct inst_sum *sum;
	int64_t size;
};

void inst_part_init(struct inst_part *p);

/* `<to>.part`, with what is in it already; another name when somebody writes to it. */
WEIR_NODISCARD enum weir_rc inst_part_open(
	struct inst_part *p, const struct inst_get *get, struct weir_err *err);
WEIR_NODISCARD enum weir_rc inst_part_add(
	struct inst_part *p, const void *bytes, size_t n, struct weir_err *err);
WEIR_NODISCARD enum weir_rc inst_part_clear(struct inst_part *p, struct weir_err *err);

/*
 * It is whole: sums into get, renamed to `to`, closed. WEIR_EBADDATA: its hash or size
 * is not what it should be; it stays open.
 */
WEIR_NODISCARD enum weir_rc inst_part_keep(
	struct inst_part *p, struct inst_get *get, struct weir_err *err);

void inst_part_drop(struct inst_part *p);  /* removed and closed */
void inst_part_close(struct inst_part *p); /* kept; accepts a closed one */

#endif
