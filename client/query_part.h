/*
 * Inside of the compiler: a part of a condition, and what its two files share.
 */
#ifndef WEIR_CLIENT_QUERY_PART_H
#define WEIR_CLIENT_QUERY_PART_H

#include "query.h"

enum { QUERY_DRIVERS_MAX = 200 }; /* no query has more terms */

/* Rows that are in the set and fulfil the condition. */
struct query_part {
	struct keyset *set; /* NULL: all */
	struct buf sql;     /* empty: true */
	bool any;           /* its outermost operator is OR */
};

struct query_compiler {
	const struct weir_query *q;
	struct weir_store *s;
	struct query_sql *out;
	struct query_driver drivers[QUERY_DRIVERS_MAX];
	size_t n_drivers;
	struct weir_err *err;
};

/* Numbers of parameters bound to these; the set is the statement's from now on. */
int query_bind_int(struct query_compiler *c, int64_t i);
int query_bind_match(struct query_compiler *c, const struct weir_match *m);
int query_bind_set(struct query_compiler *c, struct keyset *set);

/* " AND " or " OR ", unless b is empty; returns b. */
struct buf *query_more(struct buf *b, const char *how);

/* Append `key IN (...)`; no keys: false. */
void query_add_in(struct query_compiler *c, struct buf *sql, const char *key,
	const struct keyset *keys);

/* query_leaf.c: a field with its values, a bare word; top: no OR or NOT is above it. */
WEIR_NODISCARD enum weir_rc query_field_part(struct query_compiler *c,
	const struct query_node *n, bool top, struct query_part *p);
WEIR_NODISCARD enum weir_rc query_word_part(
	struct query_compiler *c, const struct query_node *n, struct query_part *p);

#endif
