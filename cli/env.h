/* What the subcommands of env share: their options, the store. */
#ifndef WEIR_CLI_ENV_H
#define WEIR_CLI_ENV_H

#include <weir/env_store.h>

#include "list.h"

struct env_args {
	struct list_args list;
	bool local_only, all;
	const char *arch;
	struct opt_list sources, extras;
	const char *name, *into;
	bool recreate, own, run_scripts, dry_run;
	const char *req_id, *full_id, *alias, *by, *step, *file;
	bool latest;
	const char *older, *runs;
	bool all_names, unknown;
};

/* The folder's settings and its store, brought up to date. */
struct env_open {
	struct weir_env_root root;
	struct weir_store *store;
};
WEIR_NODISCARD enum weir_rc env_open(struct ctx *ctx, struct env_open *ret);
void env_open_release(struct env_open *o);

/* A value between tabs: its separators escaped, on a terminal made harmless. */
void env_cell(const struct ctx *ctx, struct buf *b, struct str s);

/* Lines of `value TAB description` for completion. */
void env_complete(struct ctx *ctx, struct buf *out);

/* Words behind the subcommand. */
enum weir_rc env_show(struct ctx *ctx);
enum weir_rc env_diff(struct ctx *ctx);
enum weir_rc env_hash(struct ctx *ctx);
enum weir_rc env_create(struct ctx *ctx); /* create-local */
enum weir_rc env_select(struct ctx *ctx); /* select-resolved */
enum weir_rc env_undo(struct ctx *ctx);
enum weir_rc env_gc(struct ctx *ctx);

#endif
