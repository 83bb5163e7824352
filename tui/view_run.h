/* Everything known of one run. */
#ifndef WEIR_TUI_VIEW_RUN_H
#define WEIR_TUI_VIEW_RUN_H

#include "view.h"

struct view *view_run_new(struct app *a, const struct weir_id *run); /* owned */

#endif
