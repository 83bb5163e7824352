/*
 * Which key does what where. The defaults are text in the user's own syntax, read by
 * the same parser: a line is `CONTEXT KEY ACTION`, `#` begins a comment.
 */
#ifndef WEIR_TUI_KEYMAP_H
#define WEIR_TUI_KEYMAP_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/buf.h>
#include <weir/error.h>
#include <weir/mem.h>

#include "action.h"

struct binding {
	unsigned context; /* a mask */
	uint32_t key;
	enum action_id action;
};

struct keymap {
	VEC(struct binding) bindings; /* a later one wins */
};

extern const char keymap_defaults[];

void keymap_release(struct keymap *m);

/* Add the lines of text. Errors name `what`, the line, and what is wrong: WEIR_ECONFIG.
 */
WEIR_NODISCARD enum weir_rc keymap_parse(
	struct keymap *m, const char *what, struct str text, struct weir_err *err);

enum action_id keymap_find(const struct keymap *m, unsigned context, uint32_t key);

/* The first key that does it in this context; 0 when none does. */
uint32_t keymap_key(const struct keymap *m, unsigned context, enum action_id action);
/* All of them, separated by spaces. */
void keymap_keys(const struct keymap *m, unsigned context, enum action_id action,
	struct buf *out);

#endif
