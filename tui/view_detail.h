/* Everything known of one run. */
#ifndef WEIR_TUI_VIEW_DETAIL_H
#define WEIR_TUI_VIEW_DETAIL_H

#include "view.h"

struct view *view_detail_new(struct app *a, const struct weir_id *run); /* owned */

#endif
