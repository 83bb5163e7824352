/* Other programs on the terminal: the menu steps aside while they run. */
#ifndef WEIR_TUI_OUTSIDE_H
#define WEIR_TUI_OUTSIDE_H

#include <stdbool.h>

#include <weir/buf.h>

struct app;

/*
 * Run a command line with $SHELL (or sh) and wait for its end; wait: then also for a
 * key, so that what it printed can be read. command must be quoted for a shell
 * (weir_shell_quote). Whatever goes wrong is said. True: it ended with status 0.
 */
bool outside_run(struct app *a, const char *command, bool wait);

/*
 * The command of a view (`weir runs ...`, quoted) as this very program is to run it:
 * with options behind its name, and those that say whose data the menu shows.
 */
void outside_command(
	const struct app *a, const char *command, const char *options, struct buf *out);

#endif
