#include "chain.h"

#include "jscan.h"
#include "statedb.h"

/* Of what weir started: `weir-retrigger-<id>-<id>`, quotes around it. */
static const char key_mark[] = "\"weir-retrigger-";
static const char label[] = "weir.retrigger-of";

static bool
take_id(struct str text, size_t from, struct weir_id *ret)
{
	return text.len > from + WEIR_ID_TEXT &&
	       weir_id_parse((struct str){ text.s + from, WEIR_ID_TEXT }, ret);
}

static bool
find_label(struct str labels, struct weir_id *ret)
{
	struct str key, value;
	struct jscan j;

	if (!jscan_open(&j, labels))
		return false;
	while (jscan_next(&j, &key, &value))
		if (str_eq(key, label))
			return take_id(value, 1, ret);
	return false;
}

/* The label has the last word; old servers have none. */
static bool
find_of(struct str rest, struct weir_id *ret)
{
	struct jscan j = { rest.s, rest.s + rest.len, '}' };
	struct str key, value;
	bool found = false;

	while (rest.len && jscan_next(&j, &key, &value)) {
		if (str_eq(key, "labels") && find_label(value, ret))
			return true;
		if (str_eq(key, "idempotency_key") && str_starts(value, key_mark))
			found = take_id(value, sizeof(key_mark) - 1, ret);
	}
	return found;
}

enum weir_rc
chain_put(struct weir_store *s, const struct weir_run *run, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	struct weir_id of;
	enum weir_rc rc;

	if (!find_of(run->rest, &of) || !weir_id_cmp(&of, &run->id))
		return WEIR_OK;
	rc = db_get(store_db(s), SQL_RETRIGGER_PUT, &st, err);
	if (rc)
		return rc;
	db_bind_id(st, 1, &run->id);
	db_bind_id(st, 2, &of);
	return db_run(store_db(s), st, err);
}

/* ---- reading */

static enum weir_rc
ask(struct db *db, enum sql_id sql, const struct weir_id *id, struct id_vec *ret,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(db, sql, &st, err);

	if (rc)
		return rc;
	db_bind_id(st, 1, id);
	return db_ids(db, st, ret, err);
}

static bool
has(const struct id_vec *v, const struct weir_id *id)
{
	for (size_t i = 0; i < v->n; i++)
		if (!weir_id_cmp(&v->v[i], id))
			return true;
	return false;
}

/* Neighbours of a run by one statement in each of the two files. */
static enum weir_rc
neighbours(struct weir_store *store, struct weir_statedb *state, bool up,
	const struct weir_id *id, struct id_vec *ret, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;

	if (store)
		rc = ask(store_db(store), up ? SQL_RETRIGGER_OF : SQL_RETRIGGER_RUNS,
			id, ret, err);
	if (!rc && state)
		rc = ask(statedb_db(state), up ? SQL_CHAIN_UP : SQL_CHAIN_DOWN, id, ret,
			err);
	return rc;
}

enum weir_rc
weir_chain_of(struct weir_store *store, struct weir_statedb *state,
	const struct weir_id *run, struct weir_id *ret_of, struct weir_err *err)
{
	struct id_vec v = { 0 };
	enum weir_rc rc = neighbours(store, state, true, run, &v, err);

	if (!rc)
		*ret_of = v.n ? v.v[0] : (struct weir_id){ { 0 } };
	VEC_FREE(&v);
	return rc;
}

/* The first of all; what a server says may go round in circles. */
static enum weir_rc
root_of(struct weir_store *store, struct weir_statedb *state, const struct weir_id *run,
	struct weir_id *ret, struct weir_err *err)
{
	struct id_vec seen = { 0 };
	struct weir_id at = *run, of;
	enum weir_rc rc = WEIR_OK;

	while (!rc && seen.n < WEIR_CHAIN_MAX && !has(&seen, &at)) {
		VEC_PUSH(&seen, at);
		rc = weir_chain_of(store, state, &at, &of, err);
		if (rc || weir_id_is_null(&of))
			break;
		at = of;
	}
	*ret = at;
	VEC_FREE(&seen);
	return rc;
}

enum weir_rc
weir_chain(struct weir_store *store, struct weir_statedb *state,
	const struct weir_id *run, struct weir_id **ret_ids, size_t *ret_n,
	struct weir_err *err)
{
	struct id_vec all = { 0 };
	struct weir_id root;
	enum weir_rc rc = root_of(store, state, run, &root, err);

	if (!rc)
		VEC_PUSH(&all, root);
	for (size_t i = 0; !rc && i < all.n; i++) {
		struct id_vec next = { 0 };

		rc = neighbours(store, state, false, &all.v[i], &next, err);
		for (size_t k = 0; k < next.n && all.n < WEIR_CHAIN_MAX; k++)
			if (!has(&all, &next.v[k]))
				VEC_PUSH(&all, next.v[k]);
		VEC_FREE(&next);
	}
	if (rc) {
		VEC_FREE(&all);
		return rc;
	}
	*ret_ids = all.v;
	*ret_n = all.n;
	return WEIR_OK;
}
