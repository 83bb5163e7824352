/*
 * Where Metaflow's files are, by its own settings: METAFLOW_* in the environment,
 * config.json in the nearest .metaflow, then in METAFLOW_HOME (of METAFLOW_PROFILE).
 */
#ifndef WEIR_ENV_ROOT_H
#define WEIR_ENV_ROOT_H

#include <stdbool.h>

#include <weir/buf.h>
#include <weir/error.h>
#include <weir/mem.h>

enum { WEIR_ENV_CONFIG_MAX = 1 << 20 };

struct weir_env_root {
	char *folder; /* .metaflow: absolute; where it would be when it is not there */
	bool found;   /* it is there */
	char *file;   /* conda_v2.cnd */
	char *datastore; /* "local", "s3", "azure", "gs" */
	char *cache;     /* root of the cache, an address or folder; NULL: none */
	char *envs;      /* folder of environments in it: "envs" */
	char *packages;  /* and of packages */
	char *user;      /* who one is to Metaflow; NULL: nobody */
	void *settings;  /* what weir_env_setting reads */
};

/*
 * file: this conda_v2.cnd in place of the one of the settings; may be NULL.
 * WEIR_ECONFIG: a config.json that cannot be read or is missing; its name and why.
 * WEIR_ENOTFOUND: file is not there.
 */
WEIR_NODISCARD enum weir_rc weir_env_root_find(
	const char *file, struct weir_env_root *ret_root, struct weir_err *err);
void weir_env_root_release(struct weir_env_root *root); /* one of zeros too */

/* A setting by its name without METAFLOW_, borrowed; NULL: it is nowhere. */
const char *weir_env_setting(const struct weir_env_root *root, const char *name);

/*
 * Folders that environments are created in: those of weir_inst_env_dirs, then of
 * CONDA_ENVS_PATH, CONDA_LOCAL_PATH, MAMBA_ROOT_PREFIX, conda's own, ~/.conda/envs; as
 * far as they are there.
 */
VEC_TYPE(weir_env_folders, char *); /* owned */
void weir_env_folders(const struct weir_env_root *root, struct weir_env_folders *ret);
void weir_env_folders_release(struct weir_env_folders *v);

#endif
