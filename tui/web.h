/* The web page of an object in the user's browser, started without a shell. */
#ifndef WEIR_TUI_WEB_H
#define WEIR_TUI_WEB_H

#include <weir/error.h>
#include <weir/types.h>

struct app;

/* Append the address to out and open it (a script only learns the address). */
WEIR_NODISCARD enum weir_rc web_open(struct app *a, enum weir_kind kind,
	const struct weir_id *id, const char *name, struct buf *out,
	struct weir_err *err);

#endif
