#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include <weir/time.h>

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
column_index(const struct weir_column_set *set, const char *name)
{
	for (size_t i = 0; i < set->n; i++) {
		if (strcmp(set->v[i]->name, name) == 0)
			return i;
	}
	return ROWS_COLUMNS_MAX;
}

/* The names of the kind's own columns: those for wide screens come last. */
static void
add_default(enum weir_kind kind, struct buf *out)
{
	static const unsigned flags[] = { WEIR_COL_TABLE, WEIR_COL_WIDE };

	for (size_t i = 0; i < N_ELEM(flags); i++) {
		for (const struct weir_column *c = weir_columns(kind); c->name; c++) {
			if ((c->flags & flags[i]) &&
				!(i > 0 && (c->flags & WEIR_COL_TABLE)))
				buf_addf(out, "%s%s", out->len ? "," : "", c->name);
		}
	}
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

static bool
same_cell(const struct weir_cell *a, const struct weir_cell *b)
{
	if (a->null || b->null)
		return a->null == b->null;
	/* What is shown of these changes with time anyway. */
	if (a->type == WEIR_T_TIME || a->type == WEIR_T_DURATION ||
		a->type == WEIR_T_REAL)
		return true;
	return a->i == b->i && str_equal(a->s, b->s) &&
	       weir_id_cmp(&a->id, &b->id) == 0;
}

static void
flag_changes(struct rows *r, struct rows_row *row, const struct weir_cell *old)
{
	int64_t now = weir_monotonic_us();
	uint64_t changed = 0;

	for (size_t i = r->first; i < r->columns.n && i < ROWS_COLUMNS_MAX; i++) {
		if (!same_cell(&old[i], &row->cells[i]))
			changed |= (uint64_t)1 << i;
	}
	if (!changed)
		return;
	row->changed = rows_changed(row, now) | changed;
	row->changed_us = now;
	r->flagged_us = now + ROWS_CHANGED_US;
}

static void
row_take(struct rows *r, struct rows_row *row, const struct weir_rows *src)
{
	struct weir_cell *old = row->cells;
	char *text = row->text;

	row_fill(row, src, r->columns.n);
	if (old && r->flags)
		flag_changes(r, row, old);
	free(old);
	free(text);
	row->gone = false;
	if (r->state < r->columns.n)
		row->live = !weir_state_is_terminal(
			(enum weir_state)row->cells[r->state].i);
}

uint64_t
rows_changed(const struct rows_row *row, int64_t monotonic_us)
{
	return row->changed && monotonic_us - row->changed_us < ROWS_CHANGED_US
		       ? row->changed
		       : 0;
}

enum weir_rc
rows_init(
	struct rows *r, enum weir_kind kind, const char *columns, struct weir_err *err)
{
	enum weir_rc rc;

	*r = (struct rows){ .kind = kind, .epoch = 1 };
	r->cache = xcalloc(ROWS_CACHE, sizeof(*r->cache));
	rc = rows_choose(r, columns, err);
	if (rc)
		rows_release(r);
	return rc;
}

enum weir_rc
rows_choose(struct rows *r, const char *columns, struct weir_err *err)
{
	/* Of these only environments have an `arch`: without it their id is of several.
	 */
	static const char *const ours[] = { "id", "state_type", "state_name", "name",
		"arch" };
	struct buf text = BUF_INIT(ROWS_TEXT_MAX), names = BUF_INIT(ROWS_TEXT_MAX);
	struct weir_column_set chosen = { 0 }, all = { 0 };
	size_t first = 0;
	enum weir_rc rc;

	if (*columns)
		buf_adds(&text, columns);
	else
		add_default(r->kind, &text);
	rc = weir_columns_choose(r->kind, buf_cstr(&text), 0, &chosen, err);
	for (size_t i = 0; i < N_ELEM(ours) && !rc; i++) {
		if (!has_column(r->kind, ours[i]) ||
			column_index(&chosen, ours[i]) < chosen.n)
			continue;
		buf_addf(&names, "%s,", ours[i]);
		first++;
	}
	buf_adds(&names, buf_cstr(&text));
	if (!rc)
		rc = weir_columns_choose(r->kind, buf_cstr(&names), 0, &all, err);
	weir_columns_release(&chosen);
	buf_release(&text);
	buf_release(&names);
	if (rc)
		return rc;
	weir_columns_release(&r->columns);
	r->columns = all;
	r->chosen = *columns;
	r->first = first;
	r->id = column_index(&all, "id");
	r->state = column_index(&all, "state_type");
	r->state_name = column_index(&all, "state_name");
	r->name = column_index(&all, "name");
	r->arch = column_index(&all, "arch");
	for (size_t i = 0; i < ROWS_CACHE; i++)
		row_release(&r->cache[i]);
	return WEIR_OK;
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

		/* Of the same row the old cells are kept, to see what changed. */
		if (row->key != keys[i] || row->gone)
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
