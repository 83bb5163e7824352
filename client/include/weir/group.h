/*
 * What a query matches, counted by a field; and the values that a field has, for
 * completion.
 */
#ifndef WEIR_GROUP_H
#define WEIR_GROUP_H

#include <weir/select.h>

/* Groups beyond are summed. */
enum { WEIR_GROUPS_MAX = 10000 };

struct weir_group {
	struct str value; /* s NULL: rows without a value */
	int64_t n;
	int64_t states[WEIR_N_STATES]; /* of runs and task runs */
	int64_t newest_us;             /* WEIR_NO_TIME: none */
};

struct weir_groups {
	struct weir_group *v; /* most first, then by value */
	size_t n;
	int64_t rows;   /* that were counted */
	int64_t others; /* of them in no group: there were too many groups */
	const struct weir_column *column;
	struct weir_column_set columns; /* owns a dynamic column */
	void *owned;
};

/*
 * Count what sel's query matches (columns, order and limit unused) by the column named
 * `field`. A row with several tags is in the group of each; times are grouped by day,
 * durations by how long. Errors: WEIR_EUSAGE for a field that nothing can be counted
 * by.
 */
WEIR_NODISCARD enum weir_rc weir_rows_group(struct weir_store *s,
	const struct weir_select *sel, const char *field,
	struct weir_groups *ret_groups, struct weir_err *err);
void weir_groups_release(struct weir_groups *g);
/* Append the query that finds the rows of group i: `flow:build-one`, `tag:none`. */
void weir_groups_query(const struct weir_groups *g, size_t i, struct buf *out);

/* Is there a column to count by? Errors as weir_rows_group's. */
WEIR_NODISCARD enum weir_rc weir_group_check(
	enum weir_kind kind, const char *field, struct weir_err *err);

/*
 * Values of a field that begin with prefix in any case, the most frequent of the newest
 * rows first, as words of a query, a line each. field: as it is written in a query;
 * `param.` asks for the names of parameters, with `param.` before and `:` after each.
 */
enum { WEIR_VALUES_MAX = 100 };
WEIR_NODISCARD enum weir_rc weir_query_values(struct weir_store *s, enum weir_kind kind,
	const char *field, struct str prefix, struct buf *out, struct weir_err *err);

#endif
