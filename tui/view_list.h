/* A list of runs, or of any other kind that has columns. */
#ifndef WEIR_TUI_VIEW_LIST_H
#define WEIR_TUI_VIEW_LIST_H

#include "view.h"

/* query and sort as on the command line, NULL for none; wrong ones are errors. */
WEIR_NODISCARD enum weir_rc view_list_new(struct app *a, enum weir_kind kind,
	const char *query, const char *sort, struct view **ret_view,
	struct weir_err *err);

#endif
