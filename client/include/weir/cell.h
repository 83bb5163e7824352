/*
 * Cells as text: for people (relative times, `2:58`, `yes`), for programs (RFC 3339,
 * exact numbers, full ids) and as JSON values.
 */
#ifndef WEIR_CELL_H
#define WEIR_CELL_H

#include <weir/buf.h>
#include <weir/select.h>

struct weir_cell_style {
	int64_t now_us;
	bool utc;
	bool ago;   /* "4 min ago", not "4 min" */
	bool ascii; /* the terminal is not UTF-8 */
};

/* Append what a person reads, sanitised; `-` where there is no time or number. */
void weir_cell_show(struct buf *out, const struct weir_cell *cell,
	const struct weir_cell_style *style);

/* Append what a program reads, raw bytes; nothing for null. */
void weir_cell_plain(struct buf *out, const struct weir_cell *cell);

/*
 * Append as a JSON value. MEMBERS appends `"name":value,...` without braces, maybe
 * nothing.
 */
void weir_cell_json(struct buf *out, const struct weir_cell *cell);

/* Append a JSON array of strings as the strings with `sep` between them. */
void weir_json_join(struct buf *out, struct str array, const char *sep);

/* Append a number in the fewest digits that give it back. */
void weir_double(struct buf *out, double d);

#endif
