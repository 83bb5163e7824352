/* What was read of Metaflow, into its store. All of it within a transaction. */
#ifndef WEIR_CLIENT_MF_PUT_H
#define WEIR_CLIENT_MF_PUT_H

#include "mf_alive.h"
#include "mf_says.h"
#include "store_write.h"

WEIR_NODISCARD enum weir_rc mf_put_flow(
	struct weir_store *s, const struct mf_object *self, struct weir_err *err);

/* A task and which environments it used. run: id of its run. */
WEIR_NODISCARD enum weir_rc mf_put_task(struct weir_store *s, const struct weir_id *run,
	const struct mf_task *task, size_t *changed, struct weir_err *err);
WEIR_NODISCARD enum weir_rc mf_put_task_gone(
	struct weir_store *s, const struct weir_id *task, struct weir_err *err);

/*
 * A run whose tasks are there: its state is told by them. alive: of a source whose runs
 * do not say themselves when they live (NULL: they do): then what its tasks did last
 * tells, and whether they have a process.
 */
WEIR_NODISCARD enum weir_rc mf_put_run(struct weir_store *s, const struct mf_run *run,
	const struct mf_object *self, struct mf_alive *alive, size_t *changed,
	struct weir_err *err);
/* Is a run of files in this state the same as long as they are? beat_us: of what its
 * tasks did last. */
bool mf_put_stays(enum weir_state state, int64_t beat_us);
WEIR_NODISCARD enum weir_rc mf_put_run_gone(
	struct weir_store *s, const struct weir_id *run, struct weir_err *err);

/* Clones whose origins have come since get what those have. */
WEIR_NODISCARD enum weir_rc mf_put_clones(struct weir_store *s, struct weir_err *err);

/* ---- what rows of both have */

enum { MF_REST_MAX = 4 << 20 };
/* A member of a JSON object that is being made, a comma before all but the first. */
void mf_put_text(struct buf *out, const char *name, struct str value);
/* `state` as Prefect's is; message "": none. */
void mf_put_state(
	struct buf *out, enum weir_state state, int64_t us, struct str message);
const char *mf_put_name(enum weir_state state); /* "Completed" */
double mf_put_seconds(int64_t from_us, int64_t to_us);
/* An id that is another when anything of the row is. */
struct weir_id mf_put_version(
	struct str a, struct str b, const int64_t *times, size_t n);

#endif
