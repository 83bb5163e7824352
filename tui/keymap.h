/*
 * Which key does what where: a table of defaults, and above it what the user's
 * weir.conf binds in `[keys]` and `[keys.CONTEXT]`.
 */
#ifndef WEIR_TUI_KEYMAP_H
#define WEIR_TUI_KEYMAP_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/buf.h>
#include <weir/config.h>
#include <weir/mem.h>

#include "action.h"

struct binding {
	unsigned context; /* a mask */
	uint32_t key;
	enum action_id action;
	char *arg;     /* what the action is given, owned; NULL: nothing */
	unsigned line; /* of weir.conf; 0: a default */
};

struct keymap {
	VEC(struct binding) bindings; /* a later one wins */
};

void keymap_init(struct keymap *m); /* the defaults */
void keymap_release(struct keymap *m);

/*
 * Add what the configuration binds. What is wrong there, or bound twice, is passed over
 * and told in warnings, one a line, with file and line.
 */
void keymap_read(
	struct keymap *m, const struct weir_config *config, struct buf *warnings);

/* What the key is bound to in this one context, NULL: nothing. */
const struct binding *keymap_at(const struct keymap *m, unsigned context, uint32_t key);
enum action_id keymap_find(const struct keymap *m, unsigned context, uint32_t key);

/* What a key that does nothing in this context is for: `z (fold) is for lists, logs`.
 */
void keymap_explain(
	const struct keymap *m, unsigned context, uint32_t key, struct buf *out);

/* The first key that does it in this context, with nothing given; 0 when none does.
 * The user's own come before the defaults. */
uint32_t keymap_key(const struct keymap *m, unsigned context, enum action_id action);
/* All of them, separated by spaces. */
void keymap_keys(const struct keymap *m, unsigned context, enum action_id action,
	struct buf *out);

#endif
