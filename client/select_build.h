/* Statements of lists, as text: select.c reads them, select_count.c counts. */
#ifndef WEIR_CLIENT_SELECT_BUILD_H
#define WEIR_CLIENT_SELECT_BUILD_H

#include "query.h"
#include "query_names.h"

struct select_builder {
	const struct weir_select *sel;
	struct query_sql *sql;
	struct buf text;
	const struct query_named **named;
	bool small;     /* sql->set is entered by key */
	bool order;     /* what rows are ordered by is told (select_rows.h) */
	int set, limit; /* numbers of their parameters */
};

/* Compile the query and bind its set, by key or as a whole. */
WEIR_NODISCARD enum weir_rc select_begin(
	struct select_builder *b, struct weir_store *s, struct weir_err *err);
/* Only rows of this set, which is entered by key. */
void select_enter(struct select_builder *b, const struct keyset *set);
/* The whole statement. */
void select_build(struct select_builder *b);
/* Parts of it: SELECT and the columns; FROM and WHERE; the table of the kind. */
void select_add_columns(struct select_builder *b);
void select_add_source(struct select_builder *b);
const char *select_table(enum weir_kind kind);

/* Times, numbers and spans are asked for from the largest down: then equal rows are in
 * the kind's own order, else the other way round. */
bool select_sorts_down(const struct weir_column *c);
bool select_is_reversed(const struct weir_select *sel);
/* Runs as they begin: their own order, by time upwards, downwards; and all others. */
enum select_order { SELECT_OWN, SELECT_AT, SELECT_AT_DESC, SELECT_COLUMNS };
enum select_order select_order_of(const struct weir_select *sel);
int64_t select_now(const struct weir_select *sel);

/* Rows that are looked at first, when it takes long to look at all. */
struct select_probe {
	const uint32_t *keys;
	size_t n;
	void (*tell)(void *arg, const struct keyset *found); /* those that match */
	void *arg;
};
/* The keys of what sel's query matches, owned; its order and limit are unused. probe
 * may be NULL. */
WEIR_NODISCARD enum weir_rc select_set(struct weir_store *s,
	const struct weir_select *sel, const struct select_probe *probe,
	struct keyset **ret_set, struct weir_err *err);

#endif
