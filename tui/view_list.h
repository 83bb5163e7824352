/* A list of runs, or of any other kind that has columns. */
#ifndef WEIR_TUI_VIEW_LIST_H
#define WEIR_TUI_VIEW_LIST_H

#include <weir/view.h>

#include "view.h"

/* Wrong words of it are errors. */
WEIR_NODISCARD enum weir_rc view_list_new(struct app *a, const struct weir_view *view,
	struct view **ret_view, struct weir_err *err);
/* It lists environments: Enter selects one of them. */
void view_list_pick(struct view *v);

#endif
