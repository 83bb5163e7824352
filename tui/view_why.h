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

/*
 * Failed runs are found by the query thread (query NULL: of the last days); take gives
 * the scan that goes on from there, NULL when there is none.
 */
struct weir_why_scan;
struct finder_answer;
uint64_t view_why_scan(struct view *v, int slot, const char *query);
struct weir_why_scan *view_why_take_scan(struct app *a, struct finder_answer *answer);

#endif
