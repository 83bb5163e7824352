/*
 * The state store: what no server can tell again. Marks, views and histories of
 * prompts; the journal of intended writes and what was done (journal.h).
 *
 * One file a profile and address beside the cache's name (DESIGN 3), synchronous=FULL,
 * 0600, never set aside. It is opened when it is first needed; most uses of weir never
 * make one.
 */
#ifndef WEIR_STATEDB_H
#define WEIR_STATEDB_H

#include <weir/config.h>
#include <weir/error.h>
#include <weir/types.h>

struct weir_statedb;

/* write false: WEIR_ENOTFOUND when there is none yet. Errors as weir_store_open's. */
WEIR_NODISCARD enum weir_rc weir_statedb_open(const struct weir_config *config,
	bool write, struct weir_statedb **ret_state, struct weir_err *err);
void weir_statedb_close(struct weir_statedb *s); /* accepts NULL */

/*
 * Texts by (space, name): "view" what a menu showed when it was left, "named" named
 * views, "prompt" lines of prompts. text NULL removes; one put again keeps its place.
 * *ret_text is owned, NULL when there is none.
 */
enum { WEIR_STATEDB_TEXT_MAX = 1 << 20 };
WEIR_NODISCARD enum weir_rc weir_statedb_get(struct weir_statedb *s, const char *space,
	const char *name, char **ret_text, struct weir_err *err);
WEIR_NODISCARD enum weir_rc weir_statedb_put(struct weir_statedb *s, const char *space,
	const char *name, const char *text, struct weir_err *err);
/* All of a space, oldest first; fn returns false to stop, and writes nothing here. */
typedef bool weir_statedb_fn(void *arg, const char *name, const char *text);
WEIR_NODISCARD enum weir_rc weir_statedb_each(struct weir_statedb *s, const char *space,
	weir_statedb_fn *fn, void *arg, struct weir_err *err);

/* Marked objects of a kind. */
WEIR_NODISCARD enum weir_rc weir_statedb_mark(struct weir_statedb *s,
	enum weir_kind kind, const struct weir_id *ids, size_t n, bool marked,
	struct weir_err *err);
WEIR_NODISCARD enum weir_rc weir_statedb_unmark_all(
	struct weir_statedb *s, enum weir_kind kind, struct weir_err *err);
/* *ret_ids is owned (free), in order of id. */
WEIR_NODISCARD enum weir_rc weir_statedb_marks(struct weir_statedb *s,
	enum weir_kind kind, struct weir_id **ret_ids, size_t *ret_n,
	struct weir_err *err);

#endif
