/*
 * Drawing a screen row by row, clipped, width-aware; the only caller of ncurses output.
 *
 * A row is begun, filled from left to right with styled text, and ended; a row that is
 * as it was in the last frame costs nothing more. All text goes through text_sanitize.
 */
#ifndef WEIR_TUI_DRAW_H
#define WEIR_TUI_DRAW_H

#include <weir/buf.h>

#include "theme.h"

enum { DRAW_ROWS_MAX = 1024, DRAW_COLS_MAX = 4096 };

struct draw {
	const struct theme *theme;
	int rows, cols;
	struct buf *frame;      /* a row each: what the screen holds, as spans */
	struct buf row;         /* the row being made: style byte, text, NUL, ... */
	struct buf clean;       /* scratch: sanitised text */
	int y, x;               /* where the row being made is */
	int limit;              /* text ends before this column */
	int selected;           /* columns of it from the left that are in reverse */
	int cursor_y, cursor_x; /* the terminal's cursor, -1: hidden */
	/* Then it stands on the selected row: screen readers say what is there. */
	bool follows;
	int focus; /* the row that is selected, -1: none */
};

void draw_init(struct draw *d, const struct theme *theme);
void draw_release(struct draw *d);
void draw_resize(struct draw *d, int rows, int cols);
void draw_forget(struct draw *d); /* draw all rows anew, whatever they held */

void draw_begin(struct draw *d, int y);
/* selected: the whole row in reverse. The rest of the row is blank. */
void draw_end(struct draw *d, bool selected);
/* What is drawn so far, filled up to column x, is in reverse; what follows is not. */
void draw_select(struct draw *d, int x);
/* A row of the last frame, with so many columns from the left in reverse; 0: none. */
void draw_reselect(struct draw *d, int y, int columns);

/* Text at most `columns` wide (less at the edge); a cut shows as such. */
void draw_str(struct draw *d, enum style style, struct str s, int columns);
void draw_text(struct draw *d, enum style style, const char *s); /* as wide as it is */
/* Exactly `columns`, padded on the right, or on the left if right-aligned. */
void draw_cell(struct draw *d, enum style style, struct str s, int columns, bool right);
void draw_spaces(struct draw *d, int n);
void draw_to(struct draw *d, int x); /* spaces up to column x */
int draw_left(const struct draw *d); /* columns that are left */

/* A text with styled parts; they end at its right edge. Width of what is in parts. */
int draw_width(const struct draw *d, const char *s);

void draw_cursor(struct draw *d, int y, int x); /* y < 0: hidden */
void draw_flush(struct draw *d);                /* show the frame */

/* Write the cells as text, or a letter for each cell's attributes, one line a row. */
void draw_dump(const struct draw *d, bool attributes, struct buf *out);

#endif
