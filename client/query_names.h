/*
 * Names that rows hold as keys of another table (flow, state, platform...), in memory:
 * reading or sorting a million rows must not look each of them up.
 */
#ifndef WEIR_CLIENT_QUERY_NAMES_H
#define WEIR_CLIENT_QUERY_NAMES_H

#include "query.h"

enum query_table { QUERY_NAMES, QUERY_FLOWS, QUERY_DEPLOYMENTS, QUERY_TABLES };

/* A column whose value is the name of a key. */
struct query_named {
	enum weir_kind kind;
	const char *name, *key; /* of the column; of the row: "r.flow" */
	enum query_table table;
};
const struct query_named *query_named_find(
	enum weir_kind kind, const struct weir_column *column);

struct query_names {
	struct arena arena;
	struct {
		bool read;
		VEC(struct str) v; /* by key; s NULL: no such name */
	} tables[QUERY_TABLES];
};
void query_names_release(struct query_names *n);
/* Names that were given out stay until release. */
void query_names_forget(struct query_names *n);
WEIR_NODISCARD enum weir_rc query_names_read(struct query_names *n,
	struct weir_store *s, enum query_table table, struct weir_err *err);
/* The name of a key, of a table that was read; s NULL: none. */
struct str query_names_get(
	const struct query_names *n, enum query_table table, int64_t key);
/* As SQLite's NOCASE: letters of ASCII without their case. */
int query_names_compare(struct str a, struct str b);
/*
 * By key: 1 for the first in the order of names (case does not matter), 0 for no name.
 * Owned.
 */
uint32_t *query_names_ranks(
	const struct query_names *n, enum query_table table, size_t *ret_n);

#endif
