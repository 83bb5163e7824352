/* What select-resolved and undo share: the write, and what is said of it. */
#ifndef WEIR_CLI_ENV_SWAP_H
#define WEIR_CLI_ENV_SWAP_H

#include <weir/env_select.h>

#include "env.h"

/* --file, else the one of the settings, absolute; owned. */
char *env_swap_file(const struct ctx *ctx, const struct weir_env_root *root);

/* `arch req_id old new` a line, or JSON. */
WEIR_NODISCARD enum weir_rc env_swap_print(
	struct ctx *ctx, const struct weir_env_selection *sel);

/* Do it, with what there is to say of how it went. */
WEIR_NODISCARD enum weir_rc env_swap_do(
	struct ctx *ctx, struct weir_env_selection *sel, struct weir_env_written *ret);

/* The same, nothing being done: --dry-run answers as that would. */
WEIR_NODISCARD enum weir_rc env_swap_try(
	struct ctx *ctx, struct weir_env_selection *sel);

/* Append the command that takes it back. */
void env_swap_undo(const struct ctx *ctx, struct buf *out);

#endif
