/* What is known of one environment, written as the lines of a page; from the store. */
#ifndef WEIR_TUI_FACTS_ENV_H
#define WEIR_TUI_FACTS_ENV_H

#include <weir/env.h>
#include <weir/env_diff.h>
#include <weir/store.h>

#include "page.h"

/* Which one: both its ids with a colon between, and the architecture. */
struct env_name {
	char id[2 * WEIR_ENV_ID + 2];
	char arch[64];
};

struct facts_env {
	/* Given. */
	struct page *p; /* clear; its width is set */
	struct weir_store *store;
	const struct theme *theme;
	struct env_name name;
	bool brief; /* for a pane */
	/* Which formulas give its ids; checked false: that is not known yet. */
	bool checked;
	enum weir_env_formula req, full;
	/* Found. */
	bool is_default;
	size_t n_packages;
};

/* False: the store does not have it (any more). */
bool facts_env_write(struct facts_env *f);

/* Enter on the line begun lists who has this package. */
void facts_env_open(struct page *p, const struct weir_env_item *item);

/* The first that a query finds; *ret_found false: none. */
WEIR_NODISCARD enum weir_rc facts_env_first(struct weir_store *s, struct str query,
	bool *ret_found, struct env_name *ret_name, struct weir_err *err);

/* Its packages, as weir_env_set_of has them. */
WEIR_NODISCARD enum weir_rc facts_env_set(struct weir_store *s,
	const struct env_name *name, struct weir_env_set *ret, struct weir_err *err);

/* False: too long to be one's. */
bool facts_env_name(struct env_name *n, struct str id, struct str arch);
/* `5c1d2e3f:1a2b3c4d`: as commands take it. */
void facts_env_short(const struct env_name *n, struct buf *out);

/* facts_used.c: the tasks that used it last; Enter opens one. */
void facts_env_users(
	struct page *p, struct weir_store *store, const struct env_name *name);

#endif
