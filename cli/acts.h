/*
 * What cancel and retrigger share: which runs, whether that is really wanted, one clear
 * line each.
 */
#ifndef WEIR_CLI_ACTS_H
#define WEIR_CLI_ACTS_H

#include <weir/act.h>

#include "cmd.h"
#include "out.h"

struct acts_args {
	const char *query, *output;
	bool dry_run, force, same, defaults;
};

/* Rows of an option table whose args are a struct acts_args. */
/* clang-format off */
#define ACTS_OPTS \
	{ "query", 'Q', OPT_STRING, offsetof(struct acts_args, query), "QUERY", \
	  NULL, "the runs that QUERY finds, beside those that are named" }, \
	{ "dry-run", 'd', OPT_FLAG, offsetof(struct acts_args, dry_run), NULL, \
	  NULL, "print what would be sent, send nothing" }, \
	{ "output", 'o', OPT_STRING, offsetof(struct acts_args, output), "FORM", \
	  OUT_FORMS, "form of the output" }
/* clang-format on */

/* The words name runs; act is done to each. */
WEIR_NODISCARD enum weir_rc acts_run(struct ctx *ctx, const struct weir_act *act);

/* One result as the last of them: on stdout, or as the error. */
WEIR_NODISCARD enum weir_rc acts_print_one(
	struct ctx *ctx, enum weir_act_kind kind, const struct weir_act_result *result);

/* Bring to an end what an earlier weir left unanswered, if there is any; told of. */
void acts_settle(struct ctx *ctx);

#endif
