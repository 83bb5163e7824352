/* Choosing the columns of a list: shown, hidden, moved, resized, at once in the list.
 */
#ifndef WEIR_TUI_VIEW_COLUMNS_H
#define WEIR_TUI_VIEW_COLUMNS_H

#include "view.h"

/* An action of a list: with text these columns, `default` the kind's own, without text
 * the chooser. */
void view_columns_act(struct view *v, enum action_id id, const char *arg);

#endif
