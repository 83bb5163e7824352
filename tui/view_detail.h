/* Everything known of one object. */
#ifndef WEIR_TUI_VIEW_DETAIL_H
#define WEIR_TUI_VIEW_DETAIL_H

#include <weir/types.h>

#include "view.h"

/* Owned; NULL when nothing is stored. */
struct view *view_detail_new(
	struct app *a, enum weir_kind kind, const struct weir_id *id);

/* The parameters of a run or a deployment, whole; NULL: it has none of its own. */
struct view *view_parameters_new(
	struct app *a, enum weir_kind kind, const struct weir_id *id);

#endif
