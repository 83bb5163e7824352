/* The log of a run, or of one of its task runs. */
#ifndef WEIR_TUI_VIEW_LOG_H
#define WEIR_TUI_VIEW_LOG_H

#include <weir/view.h>

#include "view.h"

/* kind: WEIR_RUN or WEIR_TASK_RUN. Owned; NULL when the store does not know it. */
struct view *view_log_new(struct app *a, enum weir_kind kind, const struct weir_id *id);

/* Its level, filter and task as a command says, before it is shown. */
void view_log_look(struct view *v, const struct weir_view *view);

/* Show this line, numbered from 0 in the log as it is stored, once it is there. */
void view_log_goto(struct view *v, size_t number);

#endif
