/*
 * Wheels put into an environment where neither uv nor pip is: unpacked, moved to where
 * they belong, scripts and entry points made, RECORD and INSTALLER written.
 */
#ifndef WEIR_CLIENT_INST_WHEEL_H
#define WEIR_CLIENT_INST_WHEEL_H

#include "inst_plan.h"

struct inst_wheel {
	const char *path, *file; /* the archive, and its name */
	const char *prefix;      /* of the environment, in place */
	const struct inst_python *python;
};

/* WEIR_EBADDATA: it is none, and nothing of it is left. */
WEIR_NODISCARD enum weir_rc inst_wheel_install(
	const struct inst_wheel *w, struct weir_err *err);

/* Is the top of a wheel `name-version.dist-info`? *ret_n: how long `name-version` is.
 */
bool inst_wheel_is_info(const char *folder, size_t *ret_n);

#endif
