/* The log of a run, or of one of its task runs. */
#ifndef WEIR_TUI_VIEW_LOG_H
#define WEIR_TUI_VIEW_LOG_H

#include "view.h"

/* kind: WEIR_RUN or WEIR_TASK_RUN. Owned; NULL when the store does not know it. */
struct view *view_log_new(struct app *a, enum weir_kind kind, const struct weir_id *id);

#endif
