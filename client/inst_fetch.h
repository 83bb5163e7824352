/*
 * Files from the web, several at a time, each hashed as it comes. What was begun lies
 * in `<to>.part` and is gone on with; what is whole and right is renamed to `to`.
 */
#ifndef WEIR_CLIENT_INST_FETCH_H
#define WEIR_CLIENT_INST_FETCH_H

#include "inst_sum.h"

struct inst_get {
	const char *name; /* for messages */
	const char *url;  /* http or https; user:password are sent to its host only */
	const char *to;
	const char *md5, *sha256; /* NULL: not known */
	int64_t size;             /* -1: not known; else the answer has it */
	struct inst_sums sums;    /* of what came */
	bool done;
};

struct inst_fetch {
	struct inst_get *gets;
	size_t n;
	int parallel; /* at a time */
	int64_t max;  /* bytes of a file whose size is not known */
	/* told as bytes come; name: one that is done, or NULL. May be NULL */
	void (*tell)(void *arg, const char *name, int64_t bytes);
	bool (*stop)(void *arg); /* may be NULL */
	void *arg;
};

/*
 * All of them, or the first error: WEIR_EBADDATA a wrong hash or size, and nothing of
 * it is left; WEIR_ETOOBIG; WEIR_ENOTFOUND 404 and the like; WEIR_EAUTH; WEIR_ENET.
 */
WEIR_NODISCARD enum weir_rc inst_fetch_all(struct inst_fetch *f, struct weir_err *err);

#endif
