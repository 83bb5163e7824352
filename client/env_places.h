/* Environments that were created on this machine: folders with a .metaflowenv. */
#ifndef WEIR_CLIENT_ENV_PLACES_H
#define WEIR_CLIENT_ENV_PLACES_H

#include "store_write.h"
#include "weir/env.h"
#include "weir/env_root.h"

enum {
	ENV_PLACES_MAX = 100000, /* folders that are looked at */
	ENV_MARK_MAX = 1024,     /* bytes of a .metaflowenv */
};

struct env_place {
	char *path; /* owned */
	struct weir_env_id id;
};
struct env_places {
	VEC(struct env_place) v; /* by path */
	struct arena arena;
};

void env_places_find(const struct weir_env_root *root, struct env_places *ret);
void env_places_release(struct env_places *p);

/* Are these the ones that the store knows? */
WEIR_NODISCARD enum weir_rc env_places_known(struct db *db, const struct env_places *p,
	bool *ret_known, struct weir_err *err);
/* Within a transaction. */
WEIR_NODISCARD enum weir_rc env_places_put(
	struct db *db, const struct env_places *p, struct weir_err *err);

#endif
