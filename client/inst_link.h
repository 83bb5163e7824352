/*
 * Packages put into an environment as planned: hard links, copies and symbolic links,
 * prefixes replaced, entry points written, and each recorded in conda-meta.
 */
#ifndef WEIR_CLIENT_INST_LINK_H
#define WEIR_CLIENT_INST_LINK_H

#include "inst_plan.h"

struct inst_link {
	const char *at;      /* the folder that is filled; it is there */
	const char *prefix;  /* what it will be called, for the files that know */
	const char *command; /* of conda-meta/history */
	/* told before each package; may be NULL */
	void (*tell)(void *arg, const char *dist, size_t done, size_t of);
	/* asked between packages; may be NULL. True: WEIR_EINTR */
	bool (*stop)(void *arg);
	void *arg;
};

/* WEIR_EBADDATA names the package that cannot be. */
WEIR_NODISCARD enum weir_rc inst_link_all(const struct inst_link *l,
	const struct inst_unit *units, size_t n, const struct inst_plan *plan,
	struct weir_err *err);

#endif
