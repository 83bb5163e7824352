/* The menus: one way in for the command line. */
#ifndef WEIR_TUI_TUI_H
#define WEIR_TUI_TUI_H

#include <weir/config.h>
#include <weir/error.h>
#include <weir/view.h>

struct tui_start {
	const struct weir_config *config;
	struct weir_config_flags flags; /* what config was loaded with */
	bool offline;                   /* the server is not asked */
	bool no_network;       /* nor anything else, where there is no server too */
	struct weir_view view; /* what is shown first; of the caller */
	const char *named;     /* it is the view of this name; or NULL */
	bool restore;          /* instead, what was left the last time */
	const char *env_file;  /* the conda_v2.cnd that is meant; NULL: as Metaflow's
				  settings say */
	const char *about; /* for which steps one is selected; NULL, "": not known */
	struct buf *said;  /* what a selection came to, when it ends the menu */
	/* --script FILE: no terminal, keys from the file; or NULL */
	const char *script;
};

/* What is wrong with the keys that weir.conf binds, a line each. Returns how many it
 * binds. */
size_t tui_check_keys(const struct weir_config *config, struct buf *out);

/* Run the menu until it is left. Returns with the terminal as it was. */
WEIR_NODISCARD enum weir_rc tui_run(
	const struct tui_start *start, struct weir_err *err);

#endif
