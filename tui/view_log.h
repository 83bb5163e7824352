/* The log of a run, of one of its task runs, or of several runs by time. */
#ifndef WEIR_TUI_VIEW_LOG_H
#define WEIR_TUI_VIEW_LOG_H

#include <weir/view.h>

#include "view.h"

/* kind: WEIR_RUN or WEIR_TASK_RUN. Owned; NULL when the store does not know it. */
struct view *view_log_new(struct app *a, enum weir_kind kind, const struct weir_id *id);

/* Of several runs. Owned; NULL with the reason said. */
struct view *view_log_many(struct app *a, const struct weir_id *runs, size_t n);

/* Open the logs of a run and of all below it as one; said when there is none below. */
void view_log_tree(struct app *a, const struct weir_id *run);

/* Its level, filter and task as a command says, before it is shown. */
void view_log_look(struct view *v, const struct weir_view *view);

/* Show this line, numbered from 0 in the log as it is stored, once it is there. */
void view_log_goto(struct view *v, size_t number);

/* Ask the server for its lines, and go on asking while its run lives. */
void view_log_fetch(struct view *v);

#endif
