/*
 * Columns on a screen: which there is room for, how wide each is, and how a row is
 * drawn. Widths follow what the first screen holds and then only grow, so that nothing
 * jumps.
 */
#ifndef WEIR_TUI_TABLE_H
#define WEIR_TUI_TABLE_H

#include "draw.h"
#include "rows.h"

struct weir_match;

enum { TABLE_COLUMNS_MAX = ROWS_COLUMNS_MAX, TABLE_DEPTH_MAX = 8 };

struct table_column {
	size_t index; /* into rows->columns */
	int width;
	int want; /* the widest cell seen, as far as is its due; at least the title */
	int full; /* the same where there is room */
	char letter; /* that sorts by it, 0: none */
	bool wide;   /* shown only where there is room */
};

/* How a row differs from others. */
struct table_look {
	bool marked;
	bool folded; /* what is below it is not shown */
	int depth;   /* of a child run below its parent; 0: it is no child here */
	/* What the query looks for, to be shown in the cells. */
	const struct weir_match *const *words;
	size_t n_words;
	uint64_t changed; /* columns of the rows, as rows_changed tells */
};

struct table {
	struct rows *rows;
	struct table_column
		cols[TABLE_COLUMNS_MAX]; /* all that may be shown, in order */
	size_t n;
	size_t shown; /* the first so many have room */
	size_t skip;  /* scrolled away, from the second on */
	int gap;      /* between two columns */
	bool utc, absolute;
	bool several; /* sorted by several columns: they are numbered */
	int64_t now_us;
};

void table_init(struct table *t, struct rows *rows);
/* After rows_choose. */
void table_columns(struct table *t);
/* Forget the widths that were seen: another question. */
void table_reset(struct table *t);
/* Look at rows first .. first + n - 1 and choose widths for so many columns of a
 * screen. */
void table_layout(struct table *t, const struct draw *d, struct weir_store *store,
	size_t first, size_t n, int width);

/* letters: show the letters to sort by. sort: what the rows are sorted by. */
void table_header(const struct table *t, struct draw *d, bool letters,
	const struct weir_sort *sort, size_t n_sort);
/* `s STATE  f FLOW`: the letters of the columns on the screen, appended to out, with so
 * many letters of a title at most. */
void table_letters(const struct table *t, int most, struct buf *out);
/* On the row begun. row NULL: it cannot be read (yet). */
void table_row(const struct table *t, struct draw *d, const struct rows_row *row,
	const struct table_look *look);

/* The column that a letter or digit names, NULL if none. */
const struct weir_column *table_pick(const struct table *t, uint32_t key);

/* The column at x of the screen, NULL if none. */
const struct weir_column *table_at(const struct table *t, int x);

bool table_scroll(struct table *t, int direction);

#endif
