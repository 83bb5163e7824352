/*
 * The preview: what the cursor of a list is on, in a pane beside or below it. For a run
 * its facts and the last lines of its log; for other objects their facts.
 *
 * The list tells it what to look at with each move, which costs nothing; it reads when
 * the cursor has rested a moment, so that holding a key down stays quick.
 */
#ifndef WEIR_TUI_PREVIEW_H
#define WEIR_TUI_PREVIEW_H

#include <weir/types.h>

#include "draw.h"

struct app;
struct preview;

struct preview *preview_new(struct app *a);
void preview_free(struct preview *p); /* accepts NULL */
void preview_size(struct preview *p, int width, int height);
void preview_look(struct preview *p, enum weir_kind kind, const struct weir_id *id);
void preview_stale(struct preview *p);  /* the store changed */
void preview_update(struct preview *p); /* read what is due */
/* When it wants preview_update (weir_monotonic_us); 0: never. */
int64_t preview_due(const struct preview *p);
void preview_scroll(struct preview *p, int lines);
/* Row i of it on the row begun, from where that is; at most its width. */
void preview_row(struct preview *p, struct draw *d, int i);

#endif
