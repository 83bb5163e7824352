/*
 * The preview: what the cursor of a list is on, in a pane beside or below it. For a run
 * its facts and the last lines of its log; for other objects their facts.
 *
 * The list tells it what to look at with each move, which costs nothing; it reads when
 * the cursor has rested a moment, so that holding a key down stays quick.
 */
#ifndef WEIR_TUI_PREVIEW_H
#define WEIR_TUI_PREVIEW_H

#include <weir/buf.h>
#include <weir/types.h>

#include "draw.h"

struct app;
struct preview;
struct weir_match;

struct preview *preview_new(struct app *a);
void preview_free(struct preview *p); /* accepts NULL */
void preview_size(struct preview *p, int width, int height);
void preview_look(struct preview *p, enum weir_kind kind, const struct weir_id *id);
/* An environment, by its ids: `req_id:full_id`. */
void preview_look_env(struct preview *p, struct str id, struct str arch);
void preview_stale(struct preview *p);  /* the store changed */
void preview_update(struct preview *p); /* read what is due */
/* When it wants preview_update (weir_monotonic_us); 0: never. */
int64_t preview_due(const struct preview *p);
void preview_scroll(struct preview *p, int lines);
/* What is searched for in it, taken; NULL: nothing. */
void preview_match(struct preview *p, struct weir_match *match);
/* To the next line that matches, round the end; false: none does. */
bool preview_next(struct preview *p, bool from_here);
/* How many lines match; -1: nothing is searched for. */
int64_t preview_matches(const struct preview *p);
/* Row i of it on the row begun, from where that is; at most its width. */
void preview_row(struct preview *p, struct draw *d, int i);

#endif
