/* Marked rows of a list, and ranges of them. */
#include "app.h"
#include "listview.h"
#include "word.h"

bool
listview_is_marked(const struct listview *r, size_t row)
{
	if (r->range_key) {
		size_t from = r->range_row, to = r->list.row;

		if (from > to ? row >= to && row <= from : row >= from && row <= to)
			return true;
	}
	return row < r->rows.n &&
	       marks_has(&r->v.app->desk.marks[r->kind], r->rows.keys[row]);
}

size_t
listview_n_marked(const struct listview *r)
{
	return r->rows.id < r->rows.columns.n ? desk_marks(r->v.app, r->kind)->n : 0;
}

/* The ids of rows by key, in the order of keys; rows that are gone are left out. */
static size_t
read_ids(struct listview *r, const uint32_t *keys, size_t n, struct weir_id *ids)
{
	struct weir_column_set columns = { 0 };
	size_t found = 0;

	if (weir_columns_choose(r->kind, "id", 0, &columns, NULL))
		return 0;
	for (size_t i = 0; i < n; i += WEIR_SELECT_KEYS_MAX) {
		int64_t some[WEIR_SELECT_KEYS_MAX];
		struct weir_id of[WEIR_SELECT_KEYS_MAX] = { 0 };
		struct weir_select sel = { .kind = r->kind,
			.columns = &columns,
			.keys = some,
			.now_us = r->v.app->now_us };
		struct weir_rows *rows = NULL;
		bool more = true;

		for (; sel.n_keys < WEIR_SELECT_KEYS_MAX && i + sel.n_keys < n;
			sel.n_keys++)
			some[sel.n_keys] = keys[i + sel.n_keys];
		if (weir_rows_open(listview_store(r), &sel, &rows, NULL))
			break;
		while (!weir_rows_next(rows, &more, NULL) && more) {
			for (size_t k = 0; k < sel.n_keys; k++)
				if (some[k] == weir_rows_key(rows))
					of[k] = weir_rows_cell(rows, 0)->id;
		}
		weir_rows_close(rows);
		for (size_t k = 0; k < sel.n_keys; k++)
			if (!weir_id_is_null(&of[k]))
				ids[found++] = of[k];
	}
	weir_columns_release(&columns);
	return found;
}

/* Those of the list in its order, then the others. Owned. */
static uint32_t *
marked_keys(const struct listview *r, size_t *ret_n)
{
	const struct marks *m = &r->v.app->desk.marks[r->kind];
	uint32_t *all = marks_keys(m), *keys = xcalloc(m->n + 1, sizeof(*keys));
	struct marks here = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < r->rows.n && n < m->n; i++) {
		uint32_t key = r->rows.keys[i];

		if (marks_has(m, key) && marks_set(&here, key, true))
			keys[n++] = key;
	}
	for (size_t i = 0; all && i < m->n && n < m->n; i++)
		if (!marks_has(&here, all[i]))
			keys[n++] = all[i];
	marks_release(&here);
	free(all);
	*ret_n = n;
	return keys;
}

size_t
listview_marked(struct listview *r, struct weir_id **ret_ids)
{
	struct weir_id *ids;
	uint32_t *keys;
	size_t n;

	*ret_ids = NULL;
	if (listview_n_marked(r) == 0 || !listview_store(r))
		return 0;
	keys = marked_keys(r, &n);
	ids = xcalloc(n + 1, sizeof(*ids));
	n = read_ids(r, keys, n, ids);
	free(keys);
	if (n == 0) {
		free(ids);
		return 0;
	}
	*ret_ids = ids;
	return n;
}

/* ---- actions */

static bool
can_mark(struct listview *r)
{
	if (r->rows.id < r->rows.columns.n)
		return true;
	status_say(r->v.app, true, "%s are not marked: they have no id",
		listview_kind(r->kind)->command);
	return false;
}

static void
mark_rows(struct listview *r, size_t from, size_t to, bool on)
{
	size_t n = to - from + 1;

	desk_mark(r->v.app, r->kind,
		xmemdup(r->rows.keys + from, n * sizeof(*r->rows.keys)), n, on);
}

static void
end_range(struct listview *r)
{
	size_t from = r->range_row, to = r->list.row;

	r->range_key = 0;
	mark_rows(r, from < to ? from : to, from < to ? to : from, true);
}

static void
say_marked(struct listview *r)
{
	struct buf text = BUF_INIT(64);

	word_number(&text, (int64_t)listview_n_marked(r));
	status_say(r->v.app, false, "%s marked", buf_cstr(&text));
	buf_release(&text);
}

/* A mark that begins: where a range is being marked, it is its end. */
static bool
begin_mark(struct listview *r)
{
	if (r->rows.n == 0 || !can_mark(r))
		return false;
	if (r->range_key) {
		end_range(r);
		return false;
	}
	return true;
}

void
listview_mark(struct view *v, enum action_id id, const char *arg)
{
	struct listview *r = listview_of(v);

	(void)id;
	(void)arg;
	if (!begin_mark(r))
		return;
	mark_rows(r, r->list.row, r->list.row, !listview_is_marked(r, r->list.row));
	list_act(&r->list, ACTION_DOWN);
}

void
listview_mark_range(struct view *v, enum action_id id, const char *arg)
{
	struct listview *r = listview_of(v);

	(void)id;
	(void)arg;
	if (!begin_mark(r))
		return;
	r->range_key = r->list.key;
	r->range_row = r->list.row;
}

void
listview_mark_all(struct view *v, enum action_id id, const char *arg)
{
	struct listview *r = listview_of(v);

	(void)id;
	(void)arg;
	if (!can_mark(r))
		return;
	r->range_key = 0;
	r->mark_all = !r->rows.whole;
	if (r->mark_all) {
		status_say(v->app, false, "marking, as soon as all are found");
		return;
	}
	if (r->rows.n > 0)
		mark_rows(r, 0, r->rows.n - 1, true);
	say_marked(r);
}

void
listview_unmark(struct view *v, enum action_id id, const char *arg)
{
	struct listview *r = listview_of(v);

	(void)id;
	(void)arg;
	r->range_key = 0;
	r->mark_all = false;
	desk_unmark_all(v->app, r->kind);
}

void
listview_mark_sync(struct listview *r)
{
	if (r->range_key &&
		!rows_find(&r->rows, r->range_key, r->range_row, &r->range_row))
		r->range_key = 0;
	if (r->mark_all && r->rows.whole)
		listview_mark_all(&r->v, ACTION_MARK_ALL, NULL);
}
