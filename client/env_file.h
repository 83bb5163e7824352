/* The bytes of conda_v2.cnd, read while others may write it. */
#ifndef WEIR_CLIENT_ENV_FILE_H
#define WEIR_CLIENT_ENV_FILE_H

#include <sys/stat.h>

#include "weir/env.h"

struct env_file {
	char *text; /* owned */
	size_t len;
	struct stat st; /* of what was read */
};

/*
 * Under a shared lock where one can be had soon. WEIR_ENOTFOUND; WEIR_EFAIL says whose
 * it is, or that it is no file.
 */
WEIR_NODISCARD enum weir_rc env_file_read(
	const char *path, struct env_file *ret, struct weir_err *err);
void env_file_release(struct env_file *f);

#endif
