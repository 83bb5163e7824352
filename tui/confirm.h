/*
 * Acting on runs from a menu: the exact list of what would be done, the calls and the
 * command that it amounts to; only `y`, or the number of runs when they are many, goes
 * on. Then the same page shows what came of each.
 */
#ifndef WEIR_TUI_CONFIRM_H
#define WEIR_TUI_CONFIRM_H

#include <weir/act.h>

#include "view.h"

/* Ask for these runs: ids is taken. Pushes the page. */
void confirm_ask(
	struct app *a, const struct weir_act *act, struct weir_id *ids, size_t n);

/* A run that a form starts; all is borrowed until it is answered. */
struct confirm_start {
	enum weir_act_kind kind;
	const char *title;
	const struct buf *path, *body, *command;
	const struct buf *notes;              /* what is worth a warning, one a line */
	void (*go)(struct app *a, void *arg); /* the answer was yes */
	void *arg;
};
void confirm_start(struct app *a, const struct confirm_start *start);

/* An action that the engine has done, for the message line. */
void confirm_done(struct app *a, const struct weir_event *ev);

#endif
