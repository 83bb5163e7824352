/* The keys that work in a view, from the action table and the live key map. */
#ifndef WEIR_TUI_VIEW_HELP_H
#define WEIR_TUI_VIEW_HELP_H

#include "view.h"

struct view *view_help_new(struct app *a, enum context context); /* owned */

#endif
