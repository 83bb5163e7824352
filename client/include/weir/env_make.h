/* An environment of Metaflow as weir's installer (inst.h) wants it. */
#ifndef WEIR_ENV_MAKE_H
#define WEIR_ENV_MAKE_H

#include <weir/env_store.h>
#include <weir/inst.h>

/* The conda subdir of this machine: "linux-64"; NULL when it has none. */
const char *weir_env_machine_arch(void);

/* Of those loaded the one for arch; NULL: for this machine. WEIR_ENOTFOUND. */
WEIR_NODISCARD enum weir_rc weir_env_for_arch(const struct weir_env_loaded *l,
	const char *arch, const struct weir_env **ret_env, struct weir_err *err);

/*
 * What to make of an environment, and where: packages, n_packages, target, marker and
 * package_dirs are set, the rest is the caller's. Borrows from the environment.
 */
struct weir_env_make {
	struct weir_inst inst;
	char *cache; /* folder of the cache, for weir_inst_cache_folder; NULL: none */
	struct arena arena;
	VEC(struct weir_inst_package) packages;
	char **package_dirs;
	struct buf notes; /* a line each: folders that were told, and are not as told */
};

/*
 * name: of its folder, NULL for the one that Metaflow looks for,
 * metaflow_<req_id>_<full_id>. It goes where CONDA_LOCAL_PATH says, else to the first
 * of weir_inst_env_dirs. WEIR_EUSAGE: the name is none.
 */
WEIR_NODISCARD enum weir_rc weir_env_make_prepare(const struct weir_env_root *root,
	const struct weir_env *env, const char *name, struct weir_env_make *ret,
	struct weir_err *err);
void weir_env_make_release(struct weir_env_make *m);

/*
 * Metaflow's link to the Python of an environment: `<dir>/__conda_python`. May it be
 * made: is dir empty, or not there, or has it only such a link? WEIR_EREFUSED.
 */
WEIR_NODISCARD enum weir_rc weir_env_into_check(const char *dir, struct weir_err *err);
WEIR_NODISCARD enum weir_rc weir_env_into_link(
	const char *dir, const char *target, struct weir_err *err);

#endif
