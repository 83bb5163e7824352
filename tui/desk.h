/*
 * What stays of the menus when they are left: marks. Kept in the state store by the
 * keeper; here is what is known of them.
 */
#ifndef WEIR_TUI_DESK_H
#define WEIR_TUI_DESK_H

#include <weir/types.h>

#include "keeper.h"
#include "marks.h"

struct app;

struct desk {
	struct keeper *keeper;
	struct marks marks[WEIR_N_KINDS]; /* keys of rows */
	bool known[WEIR_N_KINDS];         /* they were read, or are being read */
	uint64_t changed[WEIR_N_KINDS];   /* number of the last job that changed them */
};

void desk_init(struct app *a);
void desk_release(struct app *a); /* waits until all is kept */
void desk_take(struct app *a);    /* the keeper's answers */
bool desk_idle(struct app *a);
/* The store changed: what is gone is marked no more. */
void desk_look(struct app *a);

/* Marks of a kind; read when first asked for, so that there may be none yet. */
const struct marks *desk_marks(struct app *a, enum weir_kind kind);
/* keys are taken. */
void desk_mark(struct app *a, enum weir_kind kind, uint32_t *keys, size_t n, bool on);
void desk_unmark_all(struct app *a, enum weir_kind kind);

#endif
