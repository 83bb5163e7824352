/*
 * Which environments somebody needs: defaults, aliases and steps of every conda_v2.cnd
 * that weir has read here, read again, and what runs that it knows used or name.
 */
#ifndef WEIR_CLIENT_ENV_NEEDS_H
#define WEIR_CLIENT_ENV_NEEDS_H

#include "env_map.h"
#include "weir/config.h"
#include "weir/env.h"
#include "weir/env_root.h"

enum env_need_kind { ENV_NEED_NONE, ENV_NEED_RUN, ENV_NEED_ALIAS, ENV_NEED_DEFAULT };

struct env_need {
	enum env_need_kind kind;
	char *why; /* for people */
};

/* A pathspec that a run names. */
struct env_need_path {
	char *path, *why;
};

struct env_needs {
	struct env_map at;    /* by ids, with the arch or without: one more than in v */
	struct env_map known; /* in a file or cache: by all three */
	VEC(struct env_need) v;
	VEC(struct env_need_path) paths;
	int64_t now_us, runs_us, gone_us; /* runs since now - runs_us count */
};

/* WEIR_EFAIL, WEIR_EBADDATA, ...: something that may need one cannot be read. */
WEIR_NODISCARD enum weir_rc env_needs_read(struct env_needs *n,
	const struct weir_config *config, const struct weir_env_root *root,
	struct weir_err *err);
void env_needs_release(struct env_needs *n);

/* The strongest need; kind ENV_NEED_NONE: none. */
struct env_need env_needs_of(struct env_needs *n, const struct weir_env_id *id);
bool env_needs_knows(struct env_needs *n, const struct weir_env_id *id);

#endif
