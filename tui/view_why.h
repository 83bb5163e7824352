/* Why a run failed or waits; failed runs by their errors. */
#ifndef WEIR_TUI_VIEW_WHY_H
#define WEIR_TUI_VIEW_WHY_H

#include <weir/types.h>

#include "view.h"

/* Owned. */
struct view *view_why_new(struct app *a, const struct weir_id *run);
struct view *view_errors_new(struct app *a, const char *query);

struct weir_why_group;
void view_why_open_runs(struct app *a, const struct weir_why_group *g);

#endif
