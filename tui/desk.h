/*
 * What stays of the menus when they are left: marks, named views, and how each list was
 * left. Kept in the state store by the keeper; here is what is known of it.
 */
#ifndef WEIR_TUI_DESK_H
#define WEIR_TUI_DESK_H

#include <weir/types.h>
#include <weir/views.h>

#include "keeper.h"
#include "marks.h"

struct app;
struct draw;
struct view;

struct desk {
	struct keeper *keeper;
	struct marks marks[WEIR_N_KINDS]; /* keys of rows */
	bool known[WEIR_N_KINDS];         /* they were read, or are being read */
	int64_t looked_us[WEIR_N_KINDS];  /* when they were last looked for again */
	uint64_t changed[WEIR_N_KINDS];   /* number of the last job that changed them */

	struct weir_views views;
	size_t current;      /* of views: the tab that is open; SIZE_MAX: none */
	uint64_t tab_serial; /* of its view */

	char *left[WEIR_N_KINDS]; /* how each list was left, as it is kept; or NULL */
	bool is_new[WEIR_N_KINDS];
	char *left_last; /* the list that was left last */
	bool touched;    /* since all was kept */
};

void desk_init(struct app *a);
void desk_release(struct app *a); /* waits until all is kept */
void desk_take(struct app *a);    /* the keeper's answers */
bool desk_idle(struct app *a);
/* The store changed: what is gone is marked no more. */
void desk_look(struct app *a);

/* Marks of a kind; read when first asked for, so that there may be none yet. */
const struct marks *desk_marks(struct app *a, enum weir_kind kind);
/* keys are taken. */
void desk_mark(struct app *a, enum weir_kind kind, uint32_t *keys, size_t n, bool on);
void desk_unmark_all(struct app *a, enum weir_kind kind);

/* desk_envs.c: marks of environments, which the keeper cannot find by itself. */
void desk_envs_read(struct app *a);
void desk_envs_keep(struct app *a);
void desk_envs_other(struct app *a); /* those of another folder */

/* desk_left.c: how lists are left and found again. */
void desk_read(struct app *a);                  /* at the start */
void desk_leave(struct app *a, struct view *v); /* v goes away */
/* All lists as they are now: the menu goes away, or may be killed. */
void desk_keep(struct app *a);
int64_t desk_due(const struct app *a); /* when to (weir_monotonic_us); 0: never */
/* The list as it was left, to be released; false: it never was, or means no more. */
bool desk_left(struct app *a, enum weir_kind kind, struct weir_view *ret_view);
bool desk_left_last(struct app *a, struct weir_view *ret_view);
/* Where its cursor was and other things that its command does not say. */
void desk_restore(struct app *a, struct view *v);

/* desk_tabs.c */
bool desk_tab_is_open(const struct app *a);
void desk_tab_opened(struct app *a, size_t i);
void desk_tab_named(struct app *a, const char *name); /* the top view is it */
void desk_tab_match(struct app *a); /* the top view may be one of them */
void desk_paint_tabs(struct app *a, struct draw *d); /* on the row begun */

#endif
