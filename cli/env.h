/* What the subcommands of env share: their options, the store. */
#ifndef WEIR_CLI_ENV_H
#define WEIR_CLI_ENV_H

#include <weir/env_store.h>

#include "list.h"

struct env_args {
	struct list_args list;
	bool local_only, all, group;
	const char *arch;
	struct opt_list sources, extras;
	const char *name, *into;
	bool recreate, own, run_scripts, dry_run;
	const char *req_id, *full_id, *alias, *by, *step, *file;
	const char *flow, *python;
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

/* env_fresh.c: what costs to know, brought up to date where it is wanted. */
enum { ENV_SIZES = 1, ENV_RUNS = 2 };
unsigned env_wants(const struct ctx *ctx, const struct list_args *a, const char *query);
/* full_id: sizes only of this one; NULL: of all. */
WEIR_NODISCARD enum weir_rc env_fresh(
	struct ctx *ctx, const struct env_open *o, unsigned what, const char *full_id);
/*
 * Metaflow's runs. whole: to the end, or an error; else for as long as is right for
 * reading, what fails is a note. ret_store may be NULL; there may be none.
 */
WEIR_NODISCARD enum weir_rc env_runs(struct ctx *ctx, const struct env_open *o,
	bool whole, struct weir_store **ret_store);
/* A list by requirement set; the order that it has then, owned. */
char *env_group(struct list_args *list);

/* Lines of `value TAB description` for completion. */
enum env_complete { ENV_COMPLETE_ANY, ENV_COMPLETE_REQ, ENV_COMPLETE_FULL };
void env_complete(struct ctx *ctx, enum env_complete what, struct buf *out);

/* The words from the first on, with blanks between; owned, NULL: none. */
char *env_words(const struct ctx *ctx, size_t first);

/* env_menu.c: the menu of `list`; what narrows it is in the query, where it can be
 * changed. False: it is to be printed. */
bool env_menu(struct ctx *ctx, struct tui_start *start);
/* The environments of a requirement set, of which one is selected or none; steps: for
 * which, "": that is not known; where: of those that this query matches, "". */
WEIR_NODISCARD enum weir_rc env_menu_select(struct ctx *ctx, const char *req_id,
	const char *steps, const char *where, bool *ret_selected);

/* Words behind the subcommand. */
enum weir_rc env_show(struct ctx *ctx);
enum weir_rc env_diff(struct ctx *ctx);
enum weir_rc env_hash(struct ctx *ctx);
enum weir_rc env_create(struct ctx *ctx); /* create-local */
enum weir_rc env_select(struct ctx *ctx); /* select-resolved */
enum weir_rc env_undo(struct ctx *ctx);
enum weir_rc env_gc(struct ctx *ctx);

#endif
