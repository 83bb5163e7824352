/* Sorting the keys of all runs by a column, in memory. */
#ifndef WEIR_CLIENT_QUERY_SORT_H
#define WEIR_CLIENT_QUERY_SORT_H

#include "query.h"

/* Is the column a number, a time, or a name that is held as a key? */
bool query_sort_is_quick(enum weir_kind kind, const struct weir_column *c);
/* Is it a text, of which there may be few different ones? */
bool query_sort_is_text(const struct weir_column *c);
/*
 * `keys`, n of them in the kind's own order, by the first column of sel's order, in its
 * first direction (select_sorts_down); those without a value come last, *ret_null of
 * them. *ret_keys is owned; it is left as it is when a text has too many values.
 */
WEIR_NODISCARD enum weir_rc query_sort_keys(struct weir_store *s,
	const struct weir_select *sel, const uint32_t *keys, size_t n,
	uint32_t **ret_keys, size_t *ret_null, struct weir_err *err);
/* How many rows have no value in sel's first column of the order. */
WEIR_NODISCARD enum weir_rc query_sort_nulls(struct weir_store *s,
	const struct weir_select *sel, size_t *ret_n, struct weir_err *err);

#endif
