/* A list counted by a field: `--count-by flow`. */
#ifndef WEIR_CLI_LIST_GROUP_H
#define WEIR_CLI_LIST_GROUP_H

#include "list.h"

/* Bring the store up to date and print the groups of what query finds. */
WEIR_NODISCARD enum weir_rc list_group_run(struct ctx *ctx, enum weir_kind kind,
	const struct list_args *args, const char *query, struct weir_store *store);

#endif
