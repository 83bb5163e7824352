/* What was done with weir, newest first: what, when, how it ended, what undoes it. */
#ifndef WEIR_TUI_VIEW_HISTORY_H
#define WEIR_TUI_VIEW_HISTORY_H

#include "view.h"

struct view *view_history_new(struct app *a); /* owned */

#endif
