/*
 * The mouse, where weir.conf or WEIR_MOUSE asks for it: the wheel moves, a click
 * selects, a second one opens, one on a column's title sorts, one on a log's strip goes
 * there. The terminal's own selection of text then wants Shift.
 */
#ifndef WEIR_TUI_MOUSE_H
#define WEIR_TUI_MOUSE_H

#include <stdbool.h>
#include <stdint.h>

struct app;

/* The key is one of the mouse's, at the place that a->input has: do it. False: it is
 * none. */
bool mouse_key(struct app *a, uint32_t key);

#endif
