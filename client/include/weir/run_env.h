/*
 * Which environments of Metaflow a run or task run used: those that tasks of Metaflow
 * recorded; of a server's run those that its parameters name.
 */
#ifndef WEIR_RUN_ENV_H
#define WEIR_RUN_ENV_H

#include <weir/env_store.h>
#include <weir/select.h>

enum { WEIR_RUN_ENVS_MAX = 32 };

struct weir_run_env {
	struct weir_env_pair pair;
	char arch[32];
	char by[128]; /* `start, work`: the steps; or the parameter that names it */
};

/*
 * The environments of a run or task run, each once, at most WEIR_RUN_ENVS_MAX. A
 * parameter names one when its value is the JSON text `["req_id", "full_id", "arch"]`,
 * or a pathspec of a run that is known here (env_named.h). s: a store that may have one
 * of Metaflow beside it.
 */
WEIR_NODISCARD enum weir_rc weir_run_envs(struct weir_store *s, enum weir_kind kind,
	const struct weir_id *id, struct weir_run_env ret[static WEIR_RUN_ENVS_MAX],
	size_t *ret_n, struct weir_err *err);

/* `aaaaaaaa:bbbbbbbb linux-64  start, work`: one of them for people. */
void weir_run_env_say(const struct weir_run_env *e, struct buf *out);

/*
 * The tasks that used an environment, newest first, at most most; arch NULL: any.
 * Nothing where there is no store of Metaflow.
 */
struct weir_env_user {
	struct weir_id task, run;
	char pathspec[1024];
	int64_t created_us;
};
WEIR_NODISCARD enum weir_rc weir_env_users(struct weir_store *s,
	const struct weir_env_pair *pair, const char *arch, size_t most,
	struct weir_env_user *ret, size_t *ret_n, struct weir_err *err);

#endif
