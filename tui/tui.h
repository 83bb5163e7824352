/* The menus: one way in for the command line. */
#ifndef WEIR_TUI_TUI_H
#define WEIR_TUI_TUI_H

#include <weir/config.h>
#include <weir/error.h>
#include <weir/types.h>

struct tui_start {
	const struct weir_config *config;
	bool offline;
	enum weir_kind kind; /* which list: WEIR_RUN unless told */
	const char *query;   /* or NULL */
	const char *sort;    /* as --sort, or NULL */
	const char *open;    /* id or name of a run to open, or NULL */
	bool log;            /* open its log */
	const char
		*script; /* --script FILE: no terminal, keys from the file; or NULL */
};

/* Run the menu until it is left. Returns with the terminal as it was. */
WEIR_NODISCARD enum weir_rc tui_run(
	const struct tui_start *start, struct weir_err *err);

#endif
