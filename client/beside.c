#include "beside.h"

#include "select_rows.h"
#include "store_priv.h"

void
weir_store_attach(struct weir_store *s, struct weir_store *beside)
{
	s->beside = beside;
	if (beside)
		weir_store_ask(beside, s->cancelled, s->cancelled_arg);
}

struct weir_store *
weir_store_beside(const struct weir_store *s)
{
	return s->beside;
}

bool
beside_has(const struct weir_store *s, enum weir_kind kind)
{
	return s->beside &&
	       (kind == WEIR_RUN || kind == WEIR_TASK_RUN || kind == WEIR_FLOW);
}

struct weir_store *
beside_of_key(struct weir_store *s, int64_t *key)
{
	if (!s->beside || !(*key & WEIR_KEY_BESIDE))
		return s;
	*key &= ~WEIR_KEY_BESIDE;
	return s->beside;
}

static bool
has_row(struct weir_store *s, enum sql_id statement, const struct weir_id *id)
{
	sqlite3_stmt *st = NULL;
	bool row = false;

	if (db_get(&s->db, statement, &st, NULL))
		return false;
	db_bind_id(st, 1, id);
	if (db_step(&s->db, st, &row, NULL))
		row = false;
	db_reset(st);
	return row;
}

bool
beside_has_id(struct weir_store *s, const struct weir_id *id)
{
	return has_row(s, SQL_RUN_GET, id) || has_row(s, SQL_TASK_GET, id);
}

struct weir_store *
beside_of(struct weir_store *s, const struct weir_id *id)
{
	return s->beside && beside_has_id(s->beside, id) ? s->beside : s;
}

enum weir_rc
beside_ended(struct weir_store *s, const struct weir_id *run, bool *ret_ended,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&s->db, SQL_RUN_ENDED, &st, err);

	if (rc)
		return rc;
	db_bind_id(st, 1, run);
	rc = db_step(&s->db, st, &row, err);
	if (!rc && row && ret_ended)
		*ret_ended = weir_state_is_terminal(
			(enum weir_state)sqlite3_column_int(st, 0));
	db_reset(st);
	return rc;
}

bool
weir_is_metaflow(struct weir_store *s, const struct weir_id *id)
{
	return beside_of(s, id)->db.kind == DB_METAFLOW;
}

enum weir_rc
beside_runs(struct weir_store *s, const struct weir_query *query, struct id_vec *ret,
	struct weir_err *err)
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = { .kind = WEIR_RUN, .query = query, .columns = &set };
	struct weir_rows *rows = NULL;
	bool row = false;
	enum weir_rc rc = weir_columns_choose(WEIR_RUN, "id", 0, &set, err);

	if (!rc)
		rc = select_open(s, &sel, false, &rows, err);
	while (!rc && !(rc = weir_rows_next(rows, &row, err)) && row)
		VEC_PUSH(ret, weir_rows_cell(rows, 0)->id);
	weir_rows_close(rows);
	weir_columns_release(&set);
	return rc;
}

/* ---- rows in order */

enum { BOTH = 2 };

struct beside_rows {
	struct weir_select sel, of[BOTH]; /* as asked; of each store */
	int64_t *keys[BOTH];              /* of[].keys, owned */
	struct weir_rows *part[BOTH];
	struct select_value values[BOTH][SELECT_ORDER_MAX];
	bool have[BOTH]; /* a row is there, not yet given */
	bool ordered;
	int gave; /* the part whose row is given; -1: none */
	int64_t n;
};

/* Keys of either store. */
static void
split_keys(struct beside_rows *b)
{
	for (int i = 0; i < BOTH; i++)
		b->keys[i] = xcalloc(b->sel.n_keys + 1, sizeof(**b->keys));
	b->of[0].n_keys = b->of[1].n_keys = 0;
	for (size_t i = 0; i < b->sel.n_keys; i++) {
		int64_t key = b->sel.keys[i];
		int which = (key & WEIR_KEY_BESIDE) != 0;

		b->keys[which][b->of[which].n_keys++] = key & ~WEIR_KEY_BESIDE;
	}
	for (int i = 0; i < BOTH; i++)
		b->of[i].keys = b->keys[i];
}

static enum weir_rc
open_part(struct beside_rows *b, struct weir_store *s, int i, struct weir_err *err)
{
	enum weir_rc rc;

	if (b->sel.keys && b->of[i].n_keys == 0)
		return WEIR_OK;
	rc = select_open(i ? s->beside : s, &b->of[i], b->ordered, &b->part[i], err);
	if (!rc && i)
		b->part[i]->mark = WEIR_KEY_BESIDE;
	return rc;
}

/* One row: of the store that has its key. */
static enum weir_rc
open_one(struct weir_store *s, const struct weir_select *sel,
	struct weir_rows **ret_rows, struct weir_err *err)
{
	struct weir_select of = *sel;
	struct weir_store *store = beside_of_key(s, &of.key);
	enum weir_rc rc = select_open(store, &of, false, ret_rows, err);

	if (!rc && store != s)
		(*ret_rows)->mark = WEIR_KEY_BESIDE;
	return rc;
}

enum weir_rc
beside_open(struct weir_store *s, const struct weir_select *sel,
	struct weir_rows **ret_rows, struct weir_err *err)
{
	struct weir_rows *r;
	struct beside_rows *b;
	enum weir_rc rc = WEIR_OK;

	if (sel->key && !sel->keys)
		return open_one(s, sel, ret_rows, err);
	r = xcalloc(1, sizeof(*r));
	b = r->beside = xcalloc(1, sizeof(*b));
	b->sel = *sel;
	b->sel.now_us = select_now(sel);
	b->ordered = !sel->any_order && !sel->keys;
	b->gave = -1;
	b->of[0] = b->of[1] = b->sel;
	if (sel->keys)
		split_keys(b);
	for (int i = 0; !rc && i < BOTH; i++)
		rc = open_part(b, s, i, err);
	if (rc)
		weir_rows_close(r);
	else
		*ret_rows = r;
	return rc;
}

/* The next row of a part, unless one waits. */
static enum weir_rc
fill(struct beside_rows *b, int i, struct weir_err *err)
{
	enum weir_rc rc;

	if (!b->part[i] || b->have[i])
		return WEIR_OK;
	rc = weir_rows_next(b->part[i], &b->have[i], err);
	if (!rc && b->have[i] && b->ordered)
		select_order_read(b->part[i], b->values[i]);
	return rc;
}

/* The part whose row comes first; -1: there is none. */
static int
first_of(const struct beside_rows *b)
{
	if (!b->have[0] || !b->have[1])
		return b->have[0] ? 0 : b->have[1] ? 1 : -1;
	if (!b->ordered)
		return 0;
	return select_compare(&b->sel, b->values[0], b->part[0]->key, b->values[1],
		       b->part[1]->key) > 0;
}

enum weir_rc
beside_next(struct weir_rows *r, bool *ret_row, struct weir_err *err)
{
	struct beside_rows *b = r->beside;
	enum weir_rc rc = WEIR_OK;

	if (b->gave >= 0)
		b->have[b->gave] = false;
	b->gave = -1;
	*ret_row = false;
	if (b->sel.limit && b->n >= b->sel.limit && !b->sel.keys)
		return WEIR_OK;
	/* Without an order one part after the other. */
	rc = fill(b, 0, err);
	if (!rc && (b->ordered || !b->have[0]))
		rc = fill(b, 1, err);
	if (rc)
		return rc;
	b->gave = first_of(b);
	if (b->gave < 0)
		return WEIR_OK;
	b->n++;
	r->key = b->part[b->gave]->key;
	r->cells = b->part[b->gave]->cells;
	*ret_row = true;
	return WEIR_OK;
}

void
beside_close(struct weir_rows *r)
{
	for (int i = 0; i < BOTH; i++) {
		weir_rows_close(r->beside->part[i]);
		free(r->beside->keys[i]);
	}
	free(r->beside);
	free(r);
}
