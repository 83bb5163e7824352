/*
 * Environments into the store of Metaflow: what was read of a source takes the place of
 * what was there of it. What has not changed is left alone, so that rows keep their
 * keys.
 */
#ifndef WEIR_CLIENT_ENV_FILL_H
#define WEIR_CLIENT_ENV_FILL_H

#include "env_cnd.h"
#include "env_map.h"
#include "store_write.h"

enum { ENV_SOURCE_FILE = 1, ENV_SOURCE_CACHE = 2 };

struct env_fill {
	struct weir_store *store;
	struct db *db;
	struct weir_err *err;
	struct buf *notes; /* a line each; NULL: nobody listens */
	const char *path;  /* for them */
	int64_t source;
	struct env_map packages; /* by their text: k */
	struct env_map envs;     /* by their ids: one more than the place in known */
	VEC(struct env_known) known;
	int64_t last_package;
	bool changed;           /* which environments have which packages */
	struct env_sum aliases; /* of the cache, as they were */
	struct arena arena;
};

struct env_known {
	int64_t k;
	struct env_sum hash;
	bool seen;
};

/* Within a transaction of the store. */
WEIR_NODISCARD enum weir_rc env_fill_begin(struct env_fill *f, struct weir_store *s,
	int64_t source, const char *path, struct buf *notes, struct weir_err *err);
/* Parts of conda_v2.cnd; arg is the filler. */
extern const struct env_cnd_ops env_fill_ops;
/* Is it here, so that it need not be read? Then it stays. */
bool env_fill_has(struct env_fill *f, const struct weir_env_id *id);
/*
 * Drop what was not told of, and join, unless nothing is new of a cache: defaults,
 * aliases, who has what.
 */
WEIR_NODISCARD enum weir_rc env_fill_end(struct env_fill *f);
void env_fill_release(struct env_fill *f);

/* env_join.c: what comes from other tables; packages: who has them may have changed. */
WEIR_NODISCARD enum weir_rc env_join(
	struct db *db, bool packages, struct weir_err *err);

#endif
