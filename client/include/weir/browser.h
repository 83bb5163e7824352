/* The user's web browser, started without a shell. */
#ifndef WEIR_BROWSER_H
#define WEIR_BROWSER_H

#include <weir/config.h>
#include <weir/error.h>

enum weir_browser_how {
	WEIR_BROWSER_WAIT,   /* until it ends; what it prints goes to standard error */
	WEIR_BROWSER_DETACH, /* with nothing of the terminal, nobody waits */
};

/*
 * Open address in the browser of the settings (browser, BROWSER), else xdg-open. The
 * setting is split at blanks; %s in it is the address, which else comes last. Errors:
 * WEIR_ECONFIG: the address is not http:// or https://; WEIR_EFAIL: it cannot be
 * started or, if waited for, failed.
 */
WEIR_NODISCARD enum weir_rc weir_browser_open(const struct weir_config *config,
	const char *address, enum weir_browser_how how, struct weir_err *err);

#endif
