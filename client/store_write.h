/*
 * What sync writes into the store. All of it is idempotent; an unchanged row writes
 * nothing. Calls may be grouped with store_begin and store_end into one transaction.
 */
#ifndef WEIR_CLIENT_STORE_WRITE_H
#define WEIR_CLIENT_STORE_WRITE_H

#include "db.h"
#include "weir/mem.h"
#include "weir/store.h"

struct db *store_db(struct weir_store *s);
/* As weir_store_generation, without what is beside it. */
int64_t store_generation(struct weir_store *s);

/*
 * The embedded store is what its backend keeps. Through another's handle nothing of
 * what it answered is written: it stands there already, and may have moved on since.
 * The functions below that keep what a server said then do nothing.
 */
void store_own(struct weir_store *s); /* this is the backend's own handle */
bool store_is_told(const struct weir_store *s);

WEIR_NODISCARD enum weir_rc store_begin(struct weir_store *s, struct weir_err *err);
WEIR_NODISCARD enum weir_rc store_end(
	struct weir_store *s, enum weir_rc rc, struct weir_err *err);

/* The flock on `<store>.lock`: WEIR_EBUSY when another process syncs. Held until unlock
 * or close. */
/* store_open.c: the store of a folder of Metaflow, with environments. */
WEIR_NODISCARD enum weir_rc store_open_metaflow(const char *path, const char *root,
	enum weir_store_mode mode, struct weir_store **ret_store, char **ret_note,
	struct weir_err *err);
WEIR_NODISCARD enum weir_rc store_lock(struct weir_store *s, struct weir_err *err);
void store_unlock(struct weir_store *s);

/* Upserts. ret_changed (may be NULL): rows inserted or altered, added to what is there.
 */
WEIR_NODISCARD enum weir_rc store_put_runs(struct weir_store *s,
	const struct weir_run *runs, size_t n, size_t *ret_changed,
	struct weir_err *err);
WEIR_NODISCARD enum weir_rc store_put_task_runs(struct weir_store *s,
	const struct weir_task_run *tasks, size_t n, size_t *ret_changed,
	struct weir_err *err);
WEIR_NODISCARD enum weir_rc store_put_docs(struct weir_store *s, enum weir_kind kind,
	const struct weir_doc *docs, size_t n, size_t *ret_changed,
	struct weir_err *err);

/*
 * After a whole collection was read: delete the rows of kind that are not in ids (for
 * queues and workers: of this owner; for artifacts and task runs: of this run), owner
 * NULL: all.
 */
WEIR_NODISCARD enum weir_rc store_keep_only(struct weir_store *s, enum weir_kind kind,
	const struct weir_id *owner, const struct weir_id *ids, size_t n,
	size_t *ret_changed, struct weir_err *err);

/* Delete one that the server no longer has; of a pool also its queues and workers. */
WEIR_NODISCARD enum weir_rc store_doc_gone(struct weir_store *s, enum weir_kind kind,
	const struct weir_id *id, struct weir_err *err);

/* Delete runs with their docs, text lines, task runs and logs. */
WEIR_NODISCARD enum weir_rc store_delete_runs(struct weir_store *s,
	const struct weir_id *ids, size_t n, struct weir_err *err);

/* The same of runs that the server no longer has: it takes them from their children. */
WEIR_NODISCARD enum weir_rc store_runs_gone(struct weir_store *s,
	const struct weir_id *ids, size_t n, struct weir_err *err);

/* Ids of live runs that are not among seen (sorted by weir_id_cmp): step C of the
 * algorithm. */
WEIR_NODISCARD enum weir_rc store_live_unseen(struct weir_store *s,
	const struct id_vec *seen, struct id_vec *ret, struct weir_err *err);

/* parent_task_run_id of runs whose parent is unknown, newest first, at most limit. */
WEIR_NODISCARD enum weir_rc store_orphans(
	struct weir_store *s, size_t limit, struct id_vec *ret, struct weir_err *err);
/* Set parent of the runs whose parent_task is task. run all zero: there is none to be
 * had. */
WEIR_NODISCARD enum weir_rc store_set_parent(struct weir_store *s,
	const struct weir_id *task, const struct weir_id *run, struct weir_err *err);

/* Runs by (bucket of expected start, state type), for the drift check; bucket i covers
 * [from + i*width, +width). counts[n][WEIR_N_STATES]. */
WEIR_NODISCARD enum weir_rc store_history(struct weir_store *s, int64_t from_us,
	int64_t width_us, size_t n, int64_t (*counts)[WEIR_N_STATES],
	struct weir_err *err);
/* Ids of the runs with expected start in [from, to). */
WEIR_NODISCARD enum weir_rc store_expected_ids(struct weir_store *s, int64_t from_us,
	int64_t to_us, struct id_vec *ret, struct weir_err *err);

/* Details of a run: states as JSON text; marks that task runs and artifacts are as of
 * this state. */
WEIR_NODISCARD enum weir_rc store_put_details(struct weir_store *s,
	const struct weir_run *run, struct str states, struct weir_err *err);

/* Logs. Lines in any order; merged, deduplicated by id, kept in order (timestamp,
 * created, id). */
struct store_log_state {
	bool known, complete;
	int64_t until_us; /* newest time stamp here, WEIR_NO_TIME when none */
	int64_t n;        /* lines here */
	int64_t runs;     /* run_count when completed */
};
WEIR_NODISCARD enum weir_rc store_log_state(struct weir_store *s,
	const struct weir_id *run, struct store_log_state *ret, struct weir_err *err);
WEIR_NODISCARD enum weir_rc store_put_logs(struct weir_store *s,
	const struct weir_id *run, const struct weir_log *lines, size_t n,
	size_t *ret_new, struct weir_err *err);
/* The run has ended and all its lines are here: drop ids, join small blocks, never ask
 * again. */
WEIR_NODISCARD enum weir_rc store_complete_logs(struct weir_store *s,
	const struct weir_id *run, int64_t run_count, struct weir_err *err);

#endif
