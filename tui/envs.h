/*
 * Environments of Metaflow in the menu: which folder they are of, the screen's own
 * connection to their store, and who looks again when conda_v2.cnd is written. Taking
 * in what changed is the query thread's.
 */
#ifndef WEIR_TUI_ENVS_H
#define WEIR_TUI_ENVS_H

#include <weir/env_root.h>
#include <weir/store.h>

#include "theme.h"

struct app;
struct view;

struct envs {
	struct weir_env_root root; /* settings NULL: not looked for, or in vain */
	struct weir_store *store;  /* NULL: nothing was taken in yet */
	char *notes;               /* of the last look, a line each; NULL: none */
	int watch;                 /* readable when the file's folder changes; -1 */
	int64_t stamp, stamp_us;   /* without it: what the file was, when looked at */
};

void envs_init(struct envs *e);
void envs_release(struct envs *e);

/* The folder; NULL: Metaflow's settings cannot be read, which views are told of when
 * they ask. */
const struct weir_env_root *envs_root(struct app *a);
/* For reading; NULL when there is none yet. */
struct weir_store *envs_store(struct app *a);

/* The watch is readable. */
void envs_take(struct app *a);
/* When to look by time, for want of a watch (weir_monotonic_us); 0: never. */
int64_t envs_due(const struct app *a);
bool envs_poll(struct app *a); /* that was due: has the file changed? */

/* What the query thread noted of the last look: new things are said. */
void envs_noted(struct app *a, const char *notes);
/* The folder itself may be another: find it anew. */
void envs_again(struct app *a);

/* Text with the user's own folder as `~`. */
void envs_tilde(struct buf *out, const char *text);

/* The right end of the title: which folder the environments are of, its end where there
 * is no room for all of it, and that a cache was asked. */
enum style envs_origin(struct view *v, int columns, struct buf *out);

#endif
