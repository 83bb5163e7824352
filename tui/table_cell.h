/* One cell of a table: its text, cut to its column, with what a query found in it. */
#ifndef WEIR_TUI_TABLE_CELL_H
#define WEIR_TUI_TABLE_CELL_H

#include "table.h"

enum { TABLE_CELL_MAX = 4096 }; /* bytes of a text */

/* Append what the cell says to people; nothing for null. */
void table_cell_text(const struct table *t, const struct draw *d,
	const struct weir_cell *cell, struct buf *out);

/* width columns of the screen, aligned as the column says. */
void table_cell_draw(struct draw *d, enum style style, struct str text, int width,
	const struct weir_column *column, const struct table_look *look);

#endif
