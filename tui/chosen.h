/*
 * The columns of a list as somebody chooses them: all that there are, those that are
 * shown first and in their order, with their widths. It goes to the text of --columns
 * and back.
 */
#ifndef WEIR_TUI_CHOSEN_H
#define WEIR_TUI_CHOSEN_H

#include <weir/mem.h>
#include <weir/select.h>

enum { CHOSEN_NAME_MAX = 256 };

struct chosen_item {
	const struct weir_column *column;
	int64_t key; /* names it wherever it is moved; not 0 */
	int width;   /* chosen; 0: as its cells need */
	bool shown;
};

struct chosen {
	VEC(struct chosen_item) items;
	struct weir_column_set set; /* owns dynamic ones */
	char *own;                  /* the text of the kind's own columns */
};

/*
 * text: what is shown, as --columns; "": the kind's own, and of those for wide screens
 * the first n_wide. extra: dynamic columns to offer, as --columns; "": none.
 */
WEIR_NODISCARD enum weir_rc chosen_init(struct chosen *c, enum weir_kind kind,
	const char *text, const char *extra, size_t n_wide, struct weir_err *err);
void chosen_release(struct chosen *c);

/* `+tags,-pool`: show more behind those that are shown, or less. An error leaves some
 * of it done. */
WEIR_NODISCARD enum weir_rc chosen_change(
	struct chosen *c, enum weir_kind kind, const char *text, struct weir_err *err);
/* Show or hide; hiding forgets the width. False: one must be shown. */
bool chosen_toggle(struct chosen *c, size_t i);
/* One place to the left (-1) or right (+1). False: it is at the end. */
bool chosen_move(struct chosen *c, size_t i, int direction);
/* now: how wide it is on the screen. False: not narrower, not wider than that. */
bool chosen_resize(struct chosen *c, size_t i, int now, int by);

size_t chosen_shown(const struct chosen *c);
/* Append the text of --columns; nothing when these are the kind's own. */
void chosen_text(const struct chosen *c, struct buf *out);

#endif
