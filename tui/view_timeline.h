/* A run's tasks and child runs over time. */
#ifndef WEIR_TUI_VIEW_TIMELINE_H
#define WEIR_TUI_VIEW_TIMELINE_H

#include <weir/types.h>

#include "view.h"

/* Owned; NULL when nothing is stored. */
struct view *view_timeline_new(struct app *a, const struct weir_id *run);

#endif
