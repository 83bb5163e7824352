/* Rows of two stores as those of one (weir/beside.h). */
#ifndef WEIR_CLIENT_BESIDE_H
#define WEIR_CLIENT_BESIDE_H

#include "query.h"
#include "weir/beside.h"

/* Are there rows of this kind in the store beside s, if there is one? */
bool beside_has(const struct weir_store *s, enum weir_kind kind);

/* The store of a row, which is s where there is no other; *key without its mark. */
struct weir_store *beside_of_key(struct weir_store *s, int64_t *key);
/* The store of a run or task run: that beside s when it is there, else s. */
struct weir_store *beside_of(struct weir_store *s, const struct weir_id *id);

/* Has this store, asked alone, the run or task run? */
bool beside_has_id(struct weir_store *s, const struct weir_id *id);
/* Has the run of a store of Metaflow ended? ret_ended may be NULL. */
WEIR_NODISCARD enum weir_rc beside_ended(struct weir_store *s,
	const struct weir_id *run, bool *ret_ended, struct weir_err *err);

/* Ids of the runs of this store alone that query matches, newest first. */
WEIR_NODISCARD enum weir_rc beside_runs(struct weir_store *s,
	const struct weir_query *query, struct id_vec *ret, struct weir_err *err);

/* weir_rows_open and so on of both. */
WEIR_NODISCARD enum weir_rc beside_open(struct weir_store *s,
	const struct weir_select *sel, struct weir_rows **ret_rows,
	struct weir_err *err);
WEIR_NODISCARD enum weir_rc beside_next(
	struct weir_rows *r, bool *ret_row, struct weir_err *err);
void beside_close(struct weir_rows *r);

/*
 * The rows beside s that sel's query matches, to be put among those of s: keys of these
 * come in sel's order, all or the first.
 */
struct beside_keys;
WEIR_NODISCARD enum weir_rc beside_keys_new(struct weir_store *s,
	const struct weir_select *sel, struct beside_keys **ret_keys,
	struct weir_err *err);
void beside_keys_free(struct beside_keys *k); /* accepts NULL */
size_t beside_keys_n(const struct beside_keys *k);
/* *keys, n of them and owned, are replaced by as many of both as there are, or most. */
WEIR_NODISCARD enum weir_rc beside_keys_put(struct beside_keys *k, uint32_t **keys,
	size_t *n, size_t most, struct weir_err *err);
/* How many of them are in each state. */
void beside_keys_count(const struct beside_keys *k, int64_t states[WEIR_N_STATES]);

#endif
