/*
 * Making an environment the default: what it comes to is asked for in a line, with the
 * file, the old one and the new one; `y` does it, on the helper's thread.
 */
#ifndef WEIR_TUI_CHOICE_H
#define WEIR_TUI_CHOICE_H

#include "facts_env.h"

struct app;
struct finder_answer;

#define CHOICE_SERIAL (UINT64_MAX - 1) /* in jobs: no view's */

/* Ask for this one. leave: a selection ends the menu. */
void choice_ask(struct app *a, const struct env_name *name, bool leave);
void choice_answer(struct app *a, struct finder_answer *answer);
void choice_leave(struct app *a); /* the menu ends: what waits for a lock gives up */

#endif
