/* Rows of one store, and what merging those of two wants to know of them. */
#ifndef WEIR_CLIENT_SELECT_ROWS_H
#define WEIR_CLIENT_SELECT_ROWS_H

#include "select_build.h"

enum { SELECT_ORDER_MAX = WEIR_SORT_MAX + 1 };

struct weir_rows {
	struct weir_store *store;
	struct query_sql sql;
	sqlite3_stmt *st;
	const struct weir_column_set *columns;
	struct weir_cell *cells; /* of the row; of a merged one those of its part */
	struct query_names names;
	const struct query_named **named; /* a column each; NULL: all are read as SQL */
	bool names_again;                 /* they were read a second time */
	int64_t key;
	int64_t mark; /* bits that keys of this store carry */
	bool done;
	int order_from; /* column of the statement with the first order value */
	int key_at;     /* parameter of the statement that is the key of one row */
	struct beside_rows *beside; /* rows of two stores; the rest is unused */
};

/*
 * weir_rows_open of this store alone. order: each row also has what it is ordered by
 * (select_order_n values).
 */
WEIR_NODISCARD enum weir_rc select_open(struct weir_store *s,
	const struct weir_select *sel, bool order, struct weir_rows **ret_rows,
	struct weir_err *err);

/* What a row is ordered by, as SQLite gave it; texts are borrowed from the row. */
struct select_value {
	int type; /* SQLITE_NULL, ... */
	int64_t i;
	double d;
	struct str s;
};
size_t select_order_n(const struct weir_select *sel);
/* Its values, select_order_n of them. */
void select_order_read(const struct weir_rows *r, struct select_value *ret_values);
/* Which of two rows comes first: < 0 the first, > 0 the second. */
int select_compare(const struct weir_select *sel, const struct select_value *a,
	int64_t key_a, const struct select_value *b, int64_t key_b);

#endif
