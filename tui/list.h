/*
 * A cursor over rows: it stands on a row's key, never on a row number, so it stays
 * where it is when rows come, go or change places. Whose rows they are it does not
 * know.
 */
#ifndef WEIR_TUI_LIST_H
#define WEIR_TUI_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "action.h"

struct list_model {
	size_t (*n)(void *arg);
	int64_t (*key)(void *arg, size_t row); /* not 0 */
	/* Where a key is now; hint: where it was. False: it is gone. NULL: row by row
	 * is good enough. */
	bool (*find)(void *arg, int64_t key, size_t hint, size_t *ret_row);
	bool (*selectable)(void *arg, size_t row); /* NULL: all are */
};

struct list {
	const struct list_model *model;
	void *arg;
	int64_t key; /* of the row under the cursor; 0: none yet */
	/* Where the user put it: it goes back there when the row comes again. */
	int64_t want;
	size_t line;     /* of the screen, that it had there */
	bool lost;       /* that row is not here */
	size_t row, top; /* where it is, and the first row on the screen */
	int height;
	bool moved; /* by the user */
};

void list_init(struct list *l, const struct list_model *model, void *arg);
void list_height(struct list *l, int height);

/* The rows changed: stand on the same key, at the same line of the screen if it can be.
 */
void list_sync(struct list *l);

bool list_act(struct list *l, enum action_id id); /* moves; false: not a move */
void list_goto(struct list *l, size_t row);
/* Stand on a key as soon as its row is here. */
void list_expect(struct list *l, int64_t key);
void list_home(struct list *l); /* forget the key: first row, as for a new question */

/* From the cursor in a direction (+1, -1) to the next row that passes; false: none. */
bool list_seek(struct list *l, int direction, bool (*passes)(void *arg, size_t row));

#endif
