/* What the readers of sets of packages share. */
#ifndef WEIR_CLIENT_ENV_SET_H
#define WEIR_CLIENT_ENV_SET_H

#include "weir/env_diff.h"

/* One package, by its file's address (a `#` and what follows is not part of it). */
void env_set_add_url(struct weir_env_set *set, struct str url);
/* A Python package; its name and version are normalised. */
void env_set_add_python(struct weir_env_set *set, struct str name, struct str version);

/*
 * env_lock.c: lock files by their endings: conda-lock's .yml, of the architecture that
 * is meant; uv's and Poetry's .lock and pylock's .toml, all that they name. *ret_is
 * false: it has another ending.
 */
WEIR_NODISCARD enum weir_rc env_lock_read(const char *path, struct str text,
	const char *arch, const char *prefer, struct weir_env_set *set, bool *ret_is,
	struct weir_err *err);

#endif
