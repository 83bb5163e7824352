/*
 * Runs, steps and tasks of Metaflow, from the files that it keeps in its folder or from
 * a metadata service, in a store: lists, details and logs read it as they read a
 * server's. A run is a row of WEIR_RUN named by its pathspec `Flow/run`, a task a
 * WEIR_TASK_RUN named `step/task`; `rest` of both has the whole "pathspec". Their
 * column `source` is "metaflow".
 *
 * A state is what Metaflow's records say: COMPLETED, FAILED or RUNNING. Steps whose
 * names begin with `_` are Metaflow's own and are left out.
 */
#ifndef WEIR_METAFLOW_H
#define WEIR_METAFLOW_H

#include <stdatomic.h>

#include <weir/config.h>
#include <weir/env.h>
#include <weir/env_root.h>
#include <weir/env_store.h>
#include <weir/id.h>
#include <weir/store.h>
#include <weir/sync.h>

/*
 * The id of a pathspec (`Flow`, `Flow/run`, `Flow/run/step/task`): 16 bytes of its
 * SHA-1. The same on every machine. WEIR_EFAIL: there is no libcrypto.
 */
WEIR_NODISCARD enum weir_rc weir_metaflow_id(
	struct str pathspec, struct weir_id *ret_id, struct weir_err *err);

struct weir_metaflow_open {
	const struct weir_config *config;
	const struct weir_env_root *root;
	bool offline; /* a service is not asked */
	bool make;    /* offline: one that never was is an empty store, not none */
	bool refresh; /* and asked even if that was done a moment ago, to the end */
	int64_t budget_ms; /* stop after so long, the rest next time; 0: no limit */
	/* How long, whatever the budget, to wait for the first runs of a service of
	 * which nothing is known; 0: 5 s. Once that was in vain, but a moment for some
	 * minutes. */
	int64_t first_ms;
	/* Of a service: runs that were started before are left out, unless they live.
	 * 0: as configured (sync_since); WEIR_NO_TIME: none are. */
	int64_t since_us;
	const atomic_bool *stop;    /* may be NULL; true: end soon */
	weir_progress_fn *progress; /* may be NULL */
	void *arg;
};

/* Does METAFLOW_DEFAULT_METADATA say that a service knows the runs? */
bool weir_metaflow_is_service(const struct weir_env_root *root);

/* What the source is called in messages: a folder, or an address without password. */
void weir_metaflow_name(const struct weir_env_root *root, struct buf *out);

/* Path of the store; owned. Of a folder it is that of its environments as well. */
char *weir_metaflow_store(
	const struct weir_config *config, const struct weir_env_root *root);

/*
 * Open the store for reading, what has changed taken in first: of a folder what its
 * times say has changed; of a service what is due as by weir_sync_for_reading. notes: a
 * line each for a person: what could not be read, a service that is away, what is left
 * for the next time.
 *
 * WEIR_ENOTFOUND: there is no such folder, or nothing is known of a service and it
 * must not be asked. WEIR_ENET, WEIR_EAUTH: nothing is known and it does not answer, or
 * refresh was asked for.
 */
WEIR_NODISCARD enum weir_rc weir_metaflow_open(const struct weir_metaflow_open *how,
	struct weir_store **ret_store, struct buf *notes, struct weir_err *err);

/*
 * The same for who has the store open already and reads on: what is due is taken in, by
 * a connection of its own. ret_result may be NULL.
 */
WEIR_NODISCARD enum weir_rc weir_metaflow_sync(const struct weir_metaflow_open *how,
	struct weir_sync_result *ret_result, struct buf *notes, struct weir_err *err);

/*
 * What is new of the log of a run, into the store: lines of its tasks' standard output
 * and error, as far as they are in a folder of this machine; else notes says where they
 * are. *ret_ended (may be NULL): nothing more will come.
 */
WEIR_NODISCARD enum weir_rc weir_metaflow_logs(const struct weir_metaflow_open *how,
	const struct weir_id *run, bool *ret_ended, struct buf *notes,
	struct weir_err *err);

/* ---- which environment a task used */

enum weir_task_env_kind {
	WEIR_TASK_ENV_OWN,      /* as the task itself recorded it */
	WEIR_TASK_ENV_ORIGIN,   /* of the task that it is a clone of */
	WEIR_TASK_ENV_DISABLED, /* the task said that it has none */
	WEIR_TASK_ENV_OTHER,    /* of another decorator: no req_id; value says which */
};

/* A row; texts are borrowed for the callback. */
struct weir_task_env {
	struct weir_id task, run;
	int attempt; /* -1: of the task as a whole, which is that of its newest attempt
		      */
	enum weir_task_env_kind kind;
	struct str req_id, full_id,
		arch;        /* empty unless it is an environment of ours */
	struct str value;    /* as it was recorded */
	struct str pathspec; /* `Flow/run/step/task` */
	struct str origin;   /* pathspec of what it is a clone of, "" */
	int64_t created_us;  /* of the task */
};
/* False: enough. */
typedef bool weir_task_env_fn(void *arg, const struct weir_task_env *row);

/*
 * What the task used: first the row of the whole task, then those of its attempts. No
 * call: nothing was recorded.
 */
WEIR_NODISCARD enum weir_rc weir_env_of_task(struct weir_store *s,
	const struct weir_id *task, weir_task_env_fn *fn, void *arg,
	struct weir_err *err);

/* What the tasks of a run used, a row a task, oldest task first. */
WEIR_NODISCARD enum weir_rc weir_envs_of_run(struct weir_store *s,
	const struct weir_id *run, weir_task_env_fn *fn, void *arg,
	struct weir_err *err);

/*
 * The tasks that used this environment in any of their attempts, a row a task, newest
 * first, those of a service before those of the folder. arch NULL: any.
 */
WEIR_NODISCARD enum weir_rc weir_tasks_of_env(struct weir_store *s,
	const struct weir_env_pair *pair, const char *arch, weir_task_env_fn *fn,
	void *arg, struct weir_err *err);

/*
 * Runs of a service, when that is configured and its store is there, count for the
 * environments of s too from now on: in the columns n_runs, used_by and req_steps, and
 * in weir_tasks_of_env. In n_runs, used_by and weir_runs_naming so do those of the
 * selected profile whose parameters name an environment (weir_run_envs).
 * weir_env_open does it; again after a store was made.
 */
void weir_env_uses(struct weir_store *s, const struct weir_config *config,
	const struct weir_env_root *root);

/* The server's runs that name it, newest first, at most most; shown: `flow/name`. */
typedef void weir_naming_fn(
	void *arg, const struct weir_id *run, struct str shown, int64_t at_us);
WEIR_NODISCARD enum weir_rc weir_runs_naming(struct weir_store *s,
	const struct weir_env_id *env, size_t most, weir_naming_fn *fn, void *arg,
	struct weir_err *err);

enum { WEIR_TASK_ARCH = 32 /* bytes of one's architecture */ };

/*
 * The environment of `Flow/run/step/task`, of the newest task of `Flow/run/step` that
 * has one, or of `Flow/run` when all its tasks that have one have the same; with it the
 * task it was found at. WEIR_ENOTFOUND says what is not there: the run, the step, the
 * task, or an environment of it. WEIR_EAMBIGUOUS: the steps have several; it names
 * them.
 */
struct weir_task_pair {
	struct weir_env_pair pair;
	char arch[WEIR_TASK_ARCH];
	struct weir_id task, run;
};
WEIR_NODISCARD enum weir_rc weir_env_of_pathspec(struct weir_store *s,
	const char *pathspec, struct weir_task_pair *ret, struct weir_err *err);

#endif
