/*
 * Environments of Metaflow that the parameters of a server's run name. A parameter
 * names one when its value is the JSON array `["req_id", "full_id", "arch"]`, the text
 * of one, or a pathspec: `Flow/run`, of a step, of a task. What a pathspec stands for
 * is asked when it is read (weir_env_of_pathspec).
 */
#ifndef WEIR_CLIENT_ENV_NAMED_H
#define WEIR_CLIENT_ENV_NAMED_H

#include "db.h"
#include "weir/env.h"

enum { ENV_NAMED_MAX = 32 }; /* of a run; more are left out */

/* Keep what run k (its at_us) names; parameters: a JSON object, may be empty. */
WEIR_NODISCARD enum weir_rc env_named_put(struct db *db, int64_t k, int64_t at_us,
	struct str parameters, struct weir_err *err);

/* The same of all runs that are there, for a store that did not keep it. */
WEIR_NODISCARD enum weir_rc env_named_fill(struct db *db, struct weir_err *err);

/* `req_id:full_id:arch` as it is kept, and back. */
void env_named_join(
	struct buf *out, struct str req_id, struct str full_id, struct str arch);
struct weir_env_id env_named_split(struct str name);

#endif
