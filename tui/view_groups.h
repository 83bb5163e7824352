/* What a list shows, counted by a field: a line a group, which Enter opens. */
#ifndef WEIR_TUI_VIEW_GROUPS_H
#define WEIR_TUI_VIEW_GROUPS_H

#include <weir/view.h>

#include "view.h"

/* view->count_by is the field. Wrong words are errors. */
WEIR_NODISCARD enum weir_rc view_groups_new(struct app *a, const struct weir_view *view,
	struct view **ret_view, struct weir_err *err);

/* The action of a list: asks for the field when none is given. */
void view_groups_act(struct view *v, enum action_id id, const char *arg);

#endif
