/*
 * Keys of the rows of a Metaflow store put among those of a server's, which are in
 * order already and may be a million: where each belongs is found by halving, so only
 * few of those rows are looked at.
 */
#include "beside.h"
#include "select_rows.h"
#include "store_write.h"

enum { KEYS_MAX = 1 << 24 };

struct beside_keys {
	struct weir_store *s; /* the server's */
	struct weir_select sel;
	struct weir_column_set columns;  /* the state of runs */
	struct arena arena;              /* texts of the values */
	VEC(uint32_t) keys;              /* with their mark */
	VEC(struct select_value) values; /* n_values of each */
	VEC(uint8_t) states;
	size_t n_values;
	struct weir_rows *probe; /* one row of s by its key */
};

static void
keep_row(struct beside_keys *k, const struct weir_rows *r)
{
	struct select_value values[SELECT_ORDER_MAX];

	select_order_read(r, values);
	for (size_t i = 0; i < k->n_values; i++) {
		struct str s = values[i].s;

		if (s.s)
			values[i].s.s = arena_strndup(&k->arena, s.s, s.len);
		VEC_PUSH(&k->values, values[i]);
	}
	VEC_PUSH(&k->keys, (uint32_t)(r->key | WEIR_KEY_BESIDE));
	if (k->columns.n)
		VEC_PUSH(&k->states, (uint8_t)weir_rows_cell(r, 0)->i);
}

static enum weir_rc
read_rows(struct beside_keys *k, struct weir_err *err)
{
	struct weir_select sel = k->sel;
	struct weir_rows *rows = NULL;
	bool row = true;
	enum weir_rc rc = WEIR_OK;

	sel.columns = &k->columns;
	sel.limit = 0;
	if (sel.kind == WEIR_RUN)
		rc = weir_columns_choose(sel.kind, "state_type", 0, &k->columns, err);
	if (!rc)
		rc = select_open(weir_store_beside(k->s), &sel, true, &rows, err);
	while (!rc && !(rc = weir_rows_next(rows, &row, err)) && row) {
		if (rows->key >= KEYS_MAX)
			rc = weir_fail(err, WEIR_ETOOBIG,
				"the store of Metaflow has more than %d rows",
				KEYS_MAX);
		else
			keep_row(k, rows);
	}
	weir_rows_close(rows);
	return rc;
}

enum weir_rc
beside_keys_new(struct weir_store *s, const struct weir_select *sel,
	struct beside_keys **ret_keys, struct weir_err *err)
{
	struct beside_keys *k = xcalloc(1, sizeof(*k));
	enum weir_rc rc;

	k->s = s;
	k->sel = *sel;
	k->sel.now_us = select_now(sel);
	k->n_values = select_order_n(sel);
	rc = read_rows(k, err);
	if (rc)
		beside_keys_free(k);
	else
		*ret_keys = k;
	return rc;
}

void
beside_keys_free(struct beside_keys *k)
{
	if (!k)
		return;
	weir_rows_close(k->probe);
	weir_columns_release(&k->columns);
	VEC_FREE(&k->keys);
	VEC_FREE(&k->values);
	VEC_FREE(&k->states);
	arena_free(&k->arena);
	free(k);
}

size_t
beside_keys_n(const struct beside_keys *k)
{
	return k->keys.n;
}

void
beside_keys_count(const struct beside_keys *k, int64_t states[WEIR_N_STATES])
{
	for (size_t i = 0; i < k->states.n; i++) {
		uint8_t state = k->states.v[i];

		states[state < WEIR_N_STATES ? state : 0]++;
	}
}

/* Does the row of s stand behind the i-th of ours? One that has gone does not. */
static enum weir_rc
is_behind(struct beside_keys *k, uint32_t key, size_t i, bool *ret_behind,
	struct weir_err *err)
{
	struct select_value values[SELECT_ORDER_MAX];
	struct weir_select sel = { .kind = k->sel.kind,
		.sort = k->sel.sort,
		.n_sort = k->sel.n_sort,
		.now_us = k->sel.now_us,
		.key = key };
	bool row = false;
	enum weir_rc rc = WEIR_OK;

	if (!k->probe)
		rc = select_open(k->s, &sel, true, &k->probe, err);
	if (rc)
		return rc;
	sqlite3_reset(k->probe->st);
	sqlite3_bind_int64(k->probe->st, k->probe->key_at, key);
	rc = db_step(store_db(k->s), k->probe->st, &row, err);
	if (rc)
		return rc;
	*ret_behind = false;
	if (row) {
		select_order_read(k->probe, values);
		*ret_behind = select_compare(&k->sel, values, key,
				      &k->values.v[i * k->n_values], k->keys.v[i]) > 0;
	}
	return WEIR_OK;
}

/* Where the i-th of ours belongs among keys[low, high). */
static enum weir_rc
place_of(struct beside_keys *k, const uint32_t *keys, size_t low, size_t high, size_t i,
	size_t *ret_at, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;

	while (!rc && low < high) {
		size_t mid = low + (high - low) / 2;
		bool behind = false;

		rc = is_behind(k, keys[mid], i, &behind, err);
		if (behind)
			high = mid;
		else
			low = mid + 1;
	}
	*ret_at = low;
	return rc;
}

/* The middle one first: it halves the room of those on either side. */
static enum weir_rc
places(struct beside_keys *k, const uint32_t *keys, size_t low, size_t high,
	size_t from, size_t end, size_t *at, struct weir_err *err)
{
	size_t mid = from + (end - from) / 2;
	enum weir_rc rc;

	if (from >= end)
		return WEIR_OK;
	rc = place_of(k, keys, low, high, mid, &at[mid], err);
	if (!rc)
		rc = places(k, keys, low, at[mid], from, mid, at, err);
	if (!rc)
		rc = places(k, keys, at[mid], high, mid + 1, end, at, err);
	return rc;
}

enum weir_rc
beside_keys_put(struct beside_keys *k, uint32_t **keys, size_t *n, size_t most,
	struct weir_err *err)
{
	size_t *at = xcalloc(k->keys.n + 1, sizeof(*at));
	size_t ours = 0, theirs = 0, total = *n + k->keys.n, i = 0;
	uint32_t *all;
	enum weir_rc rc = places(k, *keys, 0, *n, 0, k->keys.n, at, err);

	if (k->probe)
		sqlite3_reset(k->probe->st);
	if (rc) {
		free(at);
		return rc;
	}
	total = total < most ? total : most;
	all = xcalloc(total + 1, sizeof(*all));
	while (i < total) {
		bool our = ours < k->keys.n && at[ours] <= theirs;

		all[i++] = our ? k->keys.v[ours++] : (*keys)[theirs++];
	}
	free(at);
	free(*keys);
	*keys = all;
	*n = total;
	return WEIR_OK;
}
