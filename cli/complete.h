/* What can stand somewhere on a command line, for the completions of shells. */
#ifndef WEIR_CLI_COMPLETE_H
#define WEIR_CLI_COMPLETE_H

#include <weir/types.h>

#include "cmd.h"

/*
 * Append lines `value TAB description` for what a table calls "@runs", "@columns"...;
 * kind is that of the command, text what was typed so far. From the store, never the
 * network.
 */
void complete_values(struct ctx *ctx, const char *what, enum weir_kind kind,
	const char *text, struct buf *out);

/* The kind that a list command lists; WEIR_RUN for others. */
enum weir_kind complete_kind(const char *command);

#endif
