/*
 * The environment of a run's command: the worker's own, the job's, the parameters, the
 * run and the way back to the server.
 */
#ifndef WEIR_CLIENT_WORKER_ENV_H
#define WEIR_CLIENT_WORKER_ENV_H

#include <jansson.h>

#include "weir/config.h"
#include "weir/id.h"

enum {
	WORKER_ENV_WHOLE_MAX = 96 << 10, /* of WEIR_PARAMETERS */
	WORKER_ENV_ONE_MAX = 120 << 10,  /* of one variable: what execve takes */
	WORKER_LOG_FD = 3,
};

struct worker_env {
	const struct weir_config *config;
	const json_t *job, *parameters; /* objects, or NULL */
	const char *parameters_file;
	struct weir_id run;
	bool engine; /* it is Prefect's own, which reads nothing but PREFECT_* */
};

/*
 * Owned array of owned texts, ended by NULL. What could not be set is said in warnings,
 * a line each.
 */
char **worker_env_make(const struct worker_env *e, struct buf *warnings);
void worker_env_free(char **env);

/* The value of a variable; NULL: unset. */
const char *worker_env_get(char *const *env, const char *name);

#endif
