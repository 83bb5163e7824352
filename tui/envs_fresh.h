/*
 * What takes long to know of environments, on the helper's thread while their list is
 * shown already: what the cache has; which runs used them and what they take on the
 * disk, where columns, order or query name that.
 */
#ifndef WEIR_TUI_ENVS_FRESH_H
#define WEIR_TUI_ENVS_FRESH_H

#include <stdbool.h>

struct listview;

/* Once for each thing that the list wants; again: all of it anew, the cache too. */
void envs_fresh(struct listview *r, bool again);

#endif
