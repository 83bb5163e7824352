/* The store as its own files see it. */
#ifndef WEIR_CLIENT_STORE_PRIV_H
#define WEIR_CLIENT_STORE_PRIV_H

#include "intern.h"
#include "store_text.h"
#include "store_write.h"

struct weir_store {
	struct db db;
	enum weir_store_mode mode;
	bool own;                /* of the embedded backend */
	bool service, profile;   /* runs of one are attached (weir_env_uses) */
	struct weir_store *runs; /* of that service, owned; NULL: they are in here */
	int lock_fd;             /* of `<path>.lock`, -1 when not held */
	int64_t seen_version;    /* data_version that the caches below are of */
	char **platform_params;  /* owned */
	size_t n_platform_params;

	/* Caches of the writer, valid within a transaction; emptied when it fails. */
	struct intern names, flows, deployments;
	struct store_text text;

	bool (*cancelled)(void *arg); /* of a reader, NULL: never asked */
	void *cancelled_arg;
	struct weir_store *beside; /* borrowed; NULL: none (weir/beside.h) */
	struct store_found *found; /* of a reader, STORE_FOUND of them; NULL: none */
	uint64_t question;
};

/* k of an interned name, flow or deployment, made if need be; *ret_k 0 for none. */
enum store_intern { STORE_NAME, STORE_FLOW, STORE_DEPLOYMENT };
WEIR_NODISCARD enum weir_rc store_intern(struct weir_store *s, enum store_intern what,
	struct str key, int64_t *ret_k, struct weir_err *err);
WEIR_NODISCARD enum weir_rc store_intern_id(struct weir_store *s,
	enum store_intern what, const struct weir_id *id, int64_t *ret_k,
	struct weir_err *err);
void store_forget(struct weir_store *s); /* drop the caches */

void store_bind_k(sqlite3_stmt *st, int i, int64_t k); /* 0: NULL */

/* The log of a run, with its blocks. */
WEIR_NODISCARD enum weir_rc store_delete_log(
	struct weir_store *s, const struct weir_id *run, struct weir_err *err);

/* First and last possible k of the blocks of a log. */
static inline int64_t
store_log_first(int64_t log)
{
	return log << 32;
}
static inline int64_t
store_log_last(int64_t log)
{
	return log << 32 | 0xffffffff;
}

/* What there is of a run or task run, by SQL_RUN_GET or SQL_TASK_GET. */
struct store_old {
	int64_t k; /* 0: nothing */
	struct weir_id state_id;
	int64_t updated_us;
};
WEIR_NODISCARD enum weir_rc store_look(struct weir_store *s, enum sql_id sql,
	const struct weir_id *id, struct store_old *ret_old, struct weir_err *err);
/* Is it what came now? */
bool store_is_same(const struct store_old *old, const struct weir_id *state_id,
	int64_t updated_us);

/* Run a statement whose only parameter is an id. */
WEIR_NODISCARD enum weir_rc store_run_id(struct weir_store *s, enum sql_id id,
	const struct weir_id *a, struct weir_err *err);
/* Is id in v (sorted)? */
bool store_id_in(const struct weir_id *v, size_t n, const struct weir_id *id);
struct weir_id *store_sorted(const struct weir_id *ids, size_t n); /* owned */

#endif
