/*
 * Runs as a tree: each child run directly below the run that it belongs to.
 *
 * One statement reads who is whose child; lists of any length are then put in order
 * without asking the store again.
 */
#ifndef WEIR_TREE_H
#define WEIR_TREE_H

#include <weir/error.h>
#include <weir/store.h>

enum { WEIR_TREE_DEPTH_MAX = 255, WEIR_TREE_KEY_MAX = 1 << 28 };

/* By the key of a row: the key of the run above it, 0: none. Keys from n on: none. */
struct weir_tree {
	uint32_t *parent;
	size_t n;
};

WEIR_NODISCARD enum weir_rc weir_tree_read(
	struct weir_store *s, struct weir_tree *ret_tree, struct weir_err *err);
void weir_tree_release(struct weir_tree *t);

/*
 * Put keys in order: runs of the top level as they stood, each followed by those of its
 * children that are among the keys, as they stood. A child whose parent is not among
 * them is shown at the top level. *ret_depths is owned, a byte a key.
 */
void weir_tree_arrange(const struct weir_tree *t, uint32_t *keys, size_t n,
	unsigned char **ret_depths);

#endif
