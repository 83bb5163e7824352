#include "rows.h"

#include <stdlib.h>
#include <string.h>

static bool
has_column(enum weir_kind kind, const char *name)
{
	for (const struct weir_column *c = weir_columns(kind); c->name; c++) {
		if (strcmp(c->name, name) == 0)
			return true;
	}
	return false;
}

static size_t
column_index(const struct rows *r, const char *name)
{
	for (size_t i = 0; i < r->columns.n; i++) {
		if (strcmp(r->columns.v[i]->name, name) == 0)
			return i;
	}
	return ROWS_COLUMNS_MAX;
}

enum weir_rc
rows_init(struct rows *r, enum weir_kind kind, struct weir_err *err)
{
	struct buf names = BUF_INIT(4096);
	enum weir_rc rc;

	*r = (struct rows){ .kind = kind, .epoch = 1 };
	buf_adds(&names, has_column(kind, "id") ? "id" : "name");
	if (has_column(kind, "state_type"))
		buf_adds(&names, ",state_type");
	for (const struct weir_column *c = weir_columns(kind); c->name; c++) {
		if (c->flags & (WEIR_COL_TABLE | WEIR_COL_WIDE))
			buf_addf(&names, ",%s", c->name);
	}
	rc = weir_columns_choose(kind, buf_cstr(&names), 0, &r->columns, err);
	buf_release(&names);
	if (rc)
		return rc;
	r->id = column_index(r, "id");
	r->state = column_index(r, "state_type");
	r->cache = xcalloc(ROWS_CACHE, sizeof(*r->cache));
	return WEIR_OK;
}

static void
row_release(struct rows_row *row)
{
	free(row->cells);
	free(row->text);
	*row = (struct rows_row){ 0 };
}

void
rows_release(struct rows *r)
{
	for (size_t i = 0; r->cache && i < ROWS_CACHE; i++)
		row_release(&r->cache[i]);
	free(r->cache);
	free(r->keys);
	weir_columns_release(&r->columns);
}

void
rows_set(struct rows *r, uint32_t *keys, size_t n, bool whole)
{
	free(r->keys);
	r->keys = keys;
	r->n = n;
	r->whole = whole;
}

void
rows_stale(struct rows *r)
{
	r->epoch++;
}

/* Copy the cells and their texts. */
static void
row_fill(struct rows_row *row, const struct weir_rows *src, size_t n)
{
	size_t size = 0;
	char *p;

	row->cells = xcalloc(n, sizeof(*row->cells));
	for (size_t i = 0; i < n; i++) {
		row->cells[i] = *weir_rows_cell(src, i);
		if (row->cells[i].s.len > ROWS_CELL_MAX)
			row->cells[i].s.len = ROWS_CELL_MAX;
		size += row->cells[i].s.s ? row->cells[i].s.len : 0;
	}
	row->text = p = xmalloc(size + 1);
	for (size_t i = 0; i < n; i++) {
		struct str *s = &row->cells[i].s;

		if (!s->s)
			continue;
		memcpy(p, s->s, s->len);
		s->s = p;
		p += s->len;
	}
}

static void
row_take(struct rows *r, struct rows_row *row, const struct weir_rows *src)
{
	row_fill(row, src, r->columns.n);
	row->gone = false;
	if (r->state < r->columns.n)
		row->live = !weir_state_is_terminal(
			(enum weir_state)row->cells[r->state].i);
}

static struct rows_row *
slot(struct rows *r, int64_t key)
{
	return &r->cache[key % ROWS_CACHE];
}

static bool
is_stale(const struct rows *r, const struct rows_row *row, int64_t key)
{
	return row->key != key || row->epoch != r->epoch ||
	       (row->live && r->now_us - row->read_us >= ROWS_LIVE_US);
}

/* Read rows by key, all with one statement. */
static void
read_keys(struct rows *r, struct weir_store *store, const int64_t *keys, size_t n)
{
	struct weir_select sel = { .kind = r->kind,
		.columns = &r->columns,
		.keys = keys,
		.n_keys = n,
		.now_us = r->now_us };
	struct weir_rows *rows = NULL;
	bool more = true;

	for (size_t i = 0; i < n; i++) {
		struct rows_row *row = slot(r, keys[i]);

		row_release(row);
		row->key = keys[i];
		row->epoch = r->epoch;
		row->read_us = r->now_us;
		row->gone = true; /* until it is found */
	}
	if (weir_rows_open(store, &sel, &rows, NULL))
		return;
	while (!weir_rows_next(rows, &more, NULL) && more) {
		struct rows_row *row = slot(r, weir_rows_key(rows));

		if (row->key == weir_rows_key(rows) && row->gone)
			row_take(r, row, rows);
	}
	weir_rows_close(rows);
}

void
rows_load(struct rows *r, struct weir_store *store, size_t first, size_t n)
{
	int64_t keys[WEIR_SELECT_KEYS_MAX];
	size_t n_keys = 0;

	for (size_t i = first; store && i < first + n && i < r->n; i++) {
		if (is_stale(r, slot(r, r->keys[i]), r->keys[i]) &&
			n_keys < WEIR_SELECT_KEYS_MAX)
			keys[n_keys++] = r->keys[i];
	}
	if (n_keys > 0)
		read_keys(r, store, keys, n_keys);
}

const struct rows_row *
rows_get(struct rows *r, struct weir_store *store, size_t i)
{
	struct rows_row *row;
	int64_t key;

	if (i >= r->n || !store)
		return NULL;
	key = r->keys[i];
	row = slot(r, key);
	if (is_stale(r, row, key))
		read_keys(r, store, &key, 1);
	return row->gone ? NULL : row;
}

bool
rows_find(const struct rows *r, int64_t key, size_t hint, size_t *ret_row)
{
	if (r->n == 0 || key <= 0 || key > UINT32_MAX)
		return false;
	if (hint >= r->n)
		hint = r->n - 1;
	/* It is most often near to where it was: search outwards. */
	for (size_t d = 0; d <= hint || hint + d < r->n; d++) {
		if (d <= hint && r->keys[hint - d] == (uint32_t)key) {
			*ret_row = hint - d;
			return true;
		}
		if (hint + d < r->n && r->keys[hint + d] == (uint32_t)key) {
			*ret_row = hint + d;
			return true;
		}
	}
	return false;
}
