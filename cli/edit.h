/* Parameters in the user's editor, as JSON, until they are right. */
#ifndef WEIR_CLI_EDIT_H
#define WEIR_CLI_EDIT_H

#include <weir/params.h>

#include "cmd.h"

/*
 * $VISUAL or $EDITOR on a file with json, a JSON object; what is saved is appended to
 * out. What is no JSON or does not fit the schema (s may be NULL) is opened again with
 * the fault on top; saved once more as it is, or empty, it is given up: WEIR_EFAIL.
 */
WEIR_NODISCARD enum weir_rc edit_parameters(struct ctx *ctx, const char *what,
	const struct weir_schema *s, struct str json, struct buf *out);

#endif
