/*
 * Which rows of a list are shown, and how deep each stands. Of a tree: all but what is
 * folded. Of a flat list: all, and below each run that was unfolded its child runs,
 * which leave their own places for it.
 */
#ifndef WEIR_TUI_LISTVIEW_TREE_H
#define WEIR_TUI_LISTVIEW_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "marks.h"

struct listview;
struct finder_answer;

struct listtree {
	bool tree; /* what is below came as a tree */
	/* What the query found, when not all of it is shown as it is; else NULL. */
	uint32_t *all;
	unsigned char *all_depths; /* NULL: all at the top level */
	size_t n;                  /* how many it found, in any case */
	unsigned char *depths;     /* of what is shown; NULL: all at the top level */

	struct marks folded;   /* keys, in a tree */
	struct marks unfolded; /* keys, in a flat list */
	/* Each unfolded run and, behind it and deeper, what is below it. */
	uint32_t *kids;
	unsigned char *kids_depths;
	size_t n_kids;
	uint64_t kids_job;
	int64_t asked_for; /* the key that z was pressed on; 0: none waits */
};

enum { LISTTREE_UNFOLDED_MAX = 64 };

void listview_tree_release(struct listtree *t);

/* Keys and depths of the answer are taken. */
void listview_tree_take(struct listview *r, struct finder_answer *answer, bool whole);
/* Is it about child runs of the flat list? Then it is dealt with. */
bool listview_tree_answer(struct listview *r, struct finder_answer *answer);
/* The store changed: unfolded runs may have other children. */
void listview_tree_look(struct listview *r);

/* How deep a row stands, 0: at the top level. */
int listview_depth(const struct listview *r, size_t row);
/* Rows below it are not shown. */
bool listview_is_folded(const struct listview *r, size_t row);

#endif
