/* What a folder takes on the disk, and whether all of it is one's own. */
#ifndef WEIR_CLIENT_ENV_TREE_H
#define WEIR_CLIENT_ENV_TREE_H

#include <stdint.h>

#include "weir/error.h"

struct env_tree {
	int64_t size;    /* bytes on the disk, a file with several names once */
	int64_t freed;   /* of those that have no name elsewhere */
	int64_t n_files; /* what is no folder */
	bool foreign;    /* something belongs to another user */
	bool mounted;    /* another file system is in it */
};

enum { ENV_TREE_FILES_MAX = 20000000, ENV_TREE_DEPTH_MAX = 256 };

/*
 * Links are not followed. WEIR_EFAIL: a folder cannot be read; WEIR_ETOOBIG;
 * WEIR_EINTR: stop said so (may be NULL).
 */
WEIR_NODISCARD enum weir_rc env_tree_look(const char *path, bool (*stop)(void *arg),
	void *arg, struct env_tree *ret, struct weir_err *err);

#endif
