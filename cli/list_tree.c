#include "list_tree.h"

#include <weir/mem.h>
#include <weir/tree.h>

struct keys {
	uint32_t *v;
	unsigned char *depths;
	size_t n;
};

/* All that the query matches: who is below whom is known only then. */
static enum weir_rc
read_keys(struct list *l, struct weir_store *store, struct keys *ret_keys)
{
	struct weir_column_set none = { 0 };
	struct weir_tree tree = { 0 };
	VEC(uint32_t) keys = { 0 };
	struct weir_rows *rows = NULL;
	bool row = true;
	enum weir_rc rc;

	l->sel.columns = &none;
	l->sel.limit = 0;
	rc = weir_rows_open(store, &l->sel, &rows, l->ctx->err);
	while (!rc && row) {
		rc = weir_rows_next(rows, &row, l->ctx->err);
		if (!rc && row)
			VEC_PUSH(&keys, (uint32_t)weir_rows_key(rows));
	}
	weir_rows_close(rows);
	if (!rc)
		rc = weir_tree_read(store, &tree, l->ctx->err);
	if (rc) {
		VEC_FREE(&keys);
		return rc;
	}
	weir_tree_arrange(&tree, keys.v, keys.n, &ret_keys->depths);
	weir_tree_release(&tree);
	ret_keys->v = keys.v;
	ret_keys->n = keys.n;
	return WEIR_OK;
}

/* Cells of some rows, which come in an order of their own. */
struct chunk {
	struct arena arena;
	struct weir_cell *cells[WEIR_SELECT_KEYS_MAX]; /* NULL: the row is gone */
};

static void
keep(struct chunk *c, size_t i, struct weir_rows *rows, size_t n)
{
	struct weir_cell *cells = arena_alloc(&c->arena, (n + 1) * sizeof(*cells));

	for (size_t k = 0; k < n; k++) {
		cells[k] = *weir_rows_cell(rows, k);
		if (cells[k].s.s)
			cells[k].s.s =
				arena_strndup(&c->arena, cells[k].s.s, cells[k].s.len);
	}
	c->cells[i] = cells;
}

static enum weir_rc
read_chunk(struct list *l, struct weir_store *store, const uint32_t *keys, size_t n,
	struct chunk *c)
{
	struct weir_column_set all = { l->columns, l->n_columns + l->n_hidden, NULL };
	int64_t wanted[WEIR_SELECT_KEYS_MAX];
	struct weir_select sel = { .kind = l->sel.kind,
		.columns = &all,
		.keys = wanted,
		.n_keys = n,
		.now_us = l->sel.now_us };
	struct weir_rows *rows = NULL;
	bool row = true;
	enum weir_rc rc;

	for (size_t i = 0; i < n; i++) {
		wanted[i] = keys[i];
		c->cells[i] = NULL;
	}
	rc = weir_rows_open(store, &sel, &rows, l->ctx->err);
	while (!rc && row) {
		rc = weir_rows_next(rows, &row, l->ctx->err);
		for (size_t i = 0; !rc && row && i < n; i++)
			if (wanted[i] == weir_rows_key(rows))
				keep(c, i, rows, all.n);
	}
	weir_rows_close(rows);
	return rc;
}

static enum weir_rc
print_chunk(struct list *l, struct out *out, const struct chunk *c,
	const unsigned char *depths, size_t n)
{
	size_t n_cells = l->n_columns + l->n_hidden;
	const struct weir_cell **cells = xcalloc(n_cells + 1, sizeof(*cells));
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < n && !out->sink.gone; i++) {
		if (!c->cells[i])
			continue;
		for (size_t k = 0; k < n_cells; k++)
			cells[k] = &c->cells[i][k];
		out->depth = depths[i];
		rc = out_row(out, cells);
	}
	free(cells);
	return rc;
}

enum weir_rc
list_tree_print(
	struct list *l, struct weir_store *store, int64_t *ret_shown, bool *ret_more)
{
	struct chunk *c = xcalloc(1, sizeof(*c));
	struct keys keys = { 0 };
	struct out out;
	size_t most;
	enum weir_rc rc = read_keys(l, store, &keys);

	if (rc)
		goto out;
	most = l->n && (size_t)l->n < keys.n ? (size_t)l->n : keys.n;
	list_open_out(l, &out);
	for (size_t i = 0; !rc && i < most && !out.sink.gone;
		i += WEIR_SELECT_KEYS_MAX) {
		size_t n = most - i < WEIR_SELECT_KEYS_MAX ? most - i
							   : WEIR_SELECT_KEYS_MAX;

		arena_clear(&c->arena);
		rc = read_chunk(l, store, keys.v + i, n, c);
		if (!rc)
			rc = print_chunk(l, &out, c, keys.depths + i, n);
	}
	*ret_shown = (int64_t)most;
	*ret_more = most < keys.n && !out.sink.gone;
	rc = out_close(&out, rc);
out:
	arena_free(&c->arena);
	free(c);
	free(keys.v);
	free(keys.depths);
	return rc;
}
