/* Tracebacks: which lines of a text tell nothing that its last line does not. */
#ifndef WEIR_TUI_FOLD_H
#define WEIR_TUI_FOLD_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/buf.h>

enum { FOLD_MAX = 16, FOLD_LEAST = 4 };

/* Lines from..from + n - 1 of a text can be hidden. */
struct fold {
	size_t from, n;
};

/*
 * The frames of each traceback of a text of several lines, in order; how many. Their
 * heads and the exceptions stay. Less than FOLD_LEAST lines are not worth it.
 */
size_t fold_find(struct str text, struct fold ret[FOLD_MAX]);

/* One line of text: does it begin a traceback, can it be in the middle of one? */
bool fold_is_head(struct str line);
bool fold_is_frame(struct str line);

#endif
