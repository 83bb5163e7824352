/*
 * Two stores read as one: that of a server, and that of a Metaflow folder beside it.
 *
 * Runs, task runs and flows of both are in the same lists, in one order; their logs are
 * found by the run's id. Keys of rows of the second store carry WEIR_KEY_BESIDE.
 */
#ifndef WEIR_BESIDE_H
#define WEIR_BESIDE_H

#include <weir/error.h>
#include <weir/store.h>
#include <weir/types.h>

#define WEIR_KEY_BESIDE (INT64_C(1) << 31)

/*
 * From now on reads of s are of both; NULL: of s alone. beside is borrowed, of the same
 * thread, and without one of its own.
 */
void weir_store_attach(struct weir_store *s, struct weir_store *beside);
/* The one that was attached, or NULL. */
struct weir_store *weir_store_beside(const struct weir_store *s);

/* Is the run or task run one of Metaflow: can it only be looked at? */
bool weir_is_metaflow(struct weir_store *s, const struct weir_id *id);

#endif
