/*
 * Columns on a screen: which there is room for, how wide each is, and how a row is
 * drawn. Widths follow what the first screen holds and then only grow, so that nothing
 * jumps.
 */
#ifndef WEIR_TUI_TABLE_H
#define WEIR_TUI_TABLE_H

#include "draw.h"
#include "rows.h"

enum { TABLE_COLUMNS_MAX = 32 };

struct table_column {
	size_t index; /* into rows->columns */
	int width;
	int want;    /* the widest cell seen, at least the title */
	char letter; /* that sorts by it, 0: none */
};

struct table {
	struct rows *rows;
	struct table_column
		cols[TABLE_COLUMNS_MAX]; /* all that may be shown, in order */
	size_t n;
	size_t shown; /* the first so many have room */
	size_t skip;  /* scrolled away, from the second on */
	bool utc, absolute;
	int64_t now_us;
};

void table_init(struct table *t, struct rows *rows);

/* Forget the widths that were seen: another question. */
void table_reset(struct table *t);
/* Look at rows first .. first + n - 1 and choose widths for so many columns of a
 * screen. */
void table_layout(struct table *t, const struct draw *d, struct weir_store *store,
	size_t first, size_t n, int width);

/* letters: show the letters to sort by. sort: the sorted column, or NULL. */
void table_header(const struct table *t, struct draw *d, bool letters,
	const struct weir_column *sort, bool descending);
/* `s STATE  f FLOW`: the letters of the columns on the screen, appended to out. */
void table_letters(const struct table *t, struct buf *out);
/* On the row begun. row NULL: it cannot be read (yet). */
void table_row(const struct table *t, struct draw *d, const struct rows_row *row);

/* The column that a letter or digit names, NULL if none. */
const struct weir_column *table_pick(const struct table *t, uint32_t key);

bool table_scroll(struct table *t, int direction);

#endif
