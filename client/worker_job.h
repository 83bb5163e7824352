/*
 * What is to be started for a run: the pool's base job template, filled with the job
 * variables of deployment and run, and read.
 */
#ifndef WEIR_CLIENT_WORKER_JOB_H
#define WEIR_CLIENT_WORKER_JOB_H

#include <jansson.h>

#include "weir/error.h"

enum {
	WORKER_WORDS_MAX = 4096,
	WORKER_GRACE_S = 30, /* between TERM and KILL, unless told */
	WORKER_SECONDS_MAX = 10 * 365 * 24 * 3600,
	WORKER_RETRIES_MAX = 10000,
};

struct worker_job {
	char **words;                 /* NULL ends; owned */
	char *dir;                    /* owned; NULL: one of its own */
	json_t *env;                  /* borrowed from the configuration; or NULL */
	int64_t timeout_us, grace_us; /* timeout 0: none */
	int64_t retries, retry_delay; /* -1: not said */
};

/* Of pools of type weir; JSON. */
const char *worker_job_base(void);

/*
 * The job configuration as Prefect's workers make it: defaults of the variables,
 * overlaid by the deployment's and the run's job variables, `env` key by key. All may
 * be NULL but the template. References to variables and blocks of the server stay.
 */
WEIR_NODISCARD enum weir_rc worker_job_fill(const json_t *base,
	const json_t *deployment, const json_t *run, json_t **ret_config,
	struct weir_err *err);

/* Names of the references in a tree: an object of which each is a member (null). */
json_t *worker_job_references(const json_t *tree);
/* The tree with them filled from such an object. */
WEIR_NODISCARD enum weir_rc worker_job_resolve(const json_t *tree, const json_t *values,
	json_t **ret_tree, struct weir_err *err);

/* engine: the command is Prefect's own if none is said. */
WEIR_NODISCARD enum weir_rc worker_job_read(const json_t *config, bool engine,
	struct worker_job *ret_job, struct weir_err *err);
void worker_job_release(struct worker_job *j);

#endif
