#include "listview_tree.h"

#include <weir/time.h>
#include <weir/tree.h>

#include "app.h"
#include "listview.h"

void
listview_tree_release(struct listtree *t)
{
	free(t->all);
	free(t->all_depths);
	free(t->depths);
	free(t->kids);
	free(t->kids_depths);
	marks_release(&t->folded);
	marks_release(&t->unfolded);
	*t = (struct listtree){ 0 };
}

int
listview_depth(const struct listview *r, size_t row)
{
	return r->fold.depths && row < r->rows.n ? r->fold.depths[row] : 0;
}

bool
listview_is_folded(const struct listview *r, size_t row)
{
	return r->fold.tree && row < r->rows.n &&
	       marks_has(&r->fold.folded, r->rows.keys[row]);
}

/* ---- what is shown */

struct shown {
	uint32_t *keys;
	unsigned char *depths;
	size_t n;
};

static void
show(struct shown *s, uint32_t key, unsigned char depth)
{
	s->keys[s->n] = key;
	s->depths[s->n++] = depth;
}

/* All but what is below a folded run. */
static void
show_tree(const struct listtree *t, struct shown *s)
{
	int hidden = WEIR_TREE_DEPTH_MAX + 1; /* what is deeper is not shown */

	for (size_t i = 0; i < t->n; i++) {
		int depth = t->all_depths[i];

		if (depth > hidden)
			continue;
		hidden = WEIR_TREE_DEPTH_MAX + 1;
		show(s, t->all[i], t->all_depths[i]);
		if (marks_has(&t->folded, t->all[i]))
			hidden = depth;
	}
}

/* The runs below an unfolded one, from its place in `kids` on. */
static void
show_kids(const struct listtree *t, size_t at, struct shown *s)
{
	for (size_t i = at + 1; i < t->n_kids && t->kids_depths[i] > 0; i++)
		show(s, t->kids[i], t->kids_depths[i]);
}

static size_t
find_kids(const struct listtree *t, uint32_t key)
{
	size_t i = 0;

	while (i < t->n_kids && (t->kids_depths[i] > 0 || t->kids[i] != key))
		i++;
	return i;
}

/* Child runs of unfolded ones that are in the list are where their parents are. */
static void
show_flat(const struct listtree *t, struct shown *s)
{
	struct marks here = { 0 }, moved = { 0 };
	bool with = false;

	for (size_t i = 0; i < t->n; i++)
		if (marks_has(&t->unfolded, t->all[i]))
			marks_set(&here, t->all[i], true);
	for (size_t i = 0; i < t->n_kids; i++) {
		if (t->kids_depths[i] == 0)
			with = marks_has(&here, t->kids[i]);
		else if (with)
			marks_set(&moved, t->kids[i], true);
	}
	for (size_t i = 0; i < t->n; i++) {
		if (marks_has(&moved, t->all[i]))
			continue;
		show(s, t->all[i], 0);
		if (marks_has(&here, t->all[i]))
			show_kids(t, find_kids(t, t->all[i]), s);
	}
	marks_release(&here);
	marks_release(&moved);
}

/* The cursor stays on its run, or goes to the one that it was folded into. */
static void
arrange(struct listview *r)
{
	struct listtree *t = &r->fold;
	struct shown s = { 0 };
	size_t size = t->n + t->n_kids + 1;

	s.keys = xmalloc(size * sizeof(*s.keys));
	s.depths = xmalloc(size);
	if (t->tree)
		show_tree(t, &s);
	else
		show_flat(t, &s);
	rows_set(&r->rows, s.keys, s.n, r->rows.whole);
	free(t->depths);
	t->depths = s.depths;
}

/* Keep what the query found apart from what is shown. */
static void
part(struct listview *r)
{
	struct listtree *t = &r->fold;

	if (t->all)
		return;
	t->n = r->rows.n;
	t->all = xcalloc(t->n + 1, sizeof(*t->all));
	t->all_depths = t->depths ? xcalloc(t->n + 1, 1) : NULL;
	if (t->n)
		memcpy(t->all, r->rows.keys, t->n * sizeof(*t->all));
	if (t->n && t->depths)
		memcpy(t->all_depths, t->depths, t->n);
}

static void
show_again(struct listview *r)
{
	part(r);
	arrange(r);
	listview_moved_rows(r);
}

void
listview_tree_take(struct listview *r, struct finder_answer *answer, bool whole)
{
	struct listtree *t = &r->fold;

	free(t->all);
	free(t->all_depths);
	free(t->depths);
	t->all = NULL;
	t->all_depths = NULL;
	t->depths = answer->depths;
	t->tree = answer->depths != NULL;
	t->n = answer->n;
	rows_set(&r->rows, answer->keys, answer->n, whole);
	answer->keys = NULL;
	answer->depths = NULL;
	if (r->rows.n > 0 && (t->tree ? t->folded.n : t->unfolded.n) > 0) {
		part(r);
		arrange(r);
	}
}

/* ---- the child runs of a flat list */

static void
add_id(struct listview *r, const char *field, int64_t key, struct buf *out)
{
	struct weir_column_set columns = { 0 };
	struct weir_select sel = { .kind = r->kind, .columns = &columns, .key = key };
	struct weir_rows *rows = NULL;
	char text[WEIR_ID_TEXT + 1];
	bool row = false;

	if (!weir_columns_choose(r->kind, "id", 0, &columns, NULL) &&
		!weir_rows_open(r->v.app->store, &sel, &rows, NULL) &&
		!weir_rows_next(rows, &row, NULL) && row)
		buf_addf(out, "%s%s:%s", out->len ? " or " : "", field,
			weir_id_format(&weir_rows_cell(rows, 0)->id, text));
	weir_rows_close(rows);
	weir_columns_release(&columns);
}

void
listview_tree_look(struct listview *r)
{
	struct listtree *t = &r->fold;
	struct buf query = BUF_INIT(WEIR_VIEW_MAX);
	struct finder_job job = { .kind = FINDER_ROWS,
		.view = r->v.serial,
		.slot = SLOT_KIDS,
		.now_us = weir_now_us(),
		.object = r->kind,
		.tree = true };
	uint32_t *keys = marks_keys(&t->unfolded);

	for (size_t i = 0; i < t->unfolded.n && r->v.app->store; i++) {
		add_id(r, "id", keys[i], &query);
		add_id(r, "parent", keys[i], &query);
	}
	free(keys);
	if (query.len > 0) {
		job.query = buf_cstr(&query);
		t->kids_job = finder_submit(r->v.app->finder, &job);
	}
	buf_release(&query);
}

bool
listview_tree_answer(struct listview *r, struct finder_answer *answer)
{
	struct listtree *t = &r->fold;
	size_t at;

	if (answer->slot != SLOT_KIDS)
		return false;
	if (answer->number != t->kids_job || answer->part != FINDER_KEYS)
		return true;
	free(t->kids);
	free(t->kids_depths);
	t->kids = answer->keys;
	t->kids_depths = answer->depths;
	t->n_kids = answer->n;
	answer->keys = NULL;
	answer->depths = NULL;
	at = find_kids(t, (uint32_t)t->asked_for);
	if (t->asked_for && (at + 1 >= t->n_kids || t->kids_depths[at + 1] == 0)) {
		marks_set(&t->unfolded, t->asked_for, false);
		status_say(r->v.app, false, "this run has no child runs");
	}
	t->asked_for = 0;
	if (!t->tree)
		show_again(r);
	view_touch(&r->v, VIEW_PAINT);
	return true;
}

/* ---- actions */

/* The row that a row is below of, itself at the top level. */
static size_t
row_above(const struct listview *r, size_t row)
{
	int depth = listview_depth(r, row);

	while (depth > 0 && row > 0 && listview_depth(r, row) >= depth)
		row--;
	return row;
}

static bool
has_below(const struct listview *r, size_t row)
{
	return row + 1 < r->rows.n &&
	       listview_depth(r, row + 1) > listview_depth(r, row);
}

static void
fold_tree(struct listview *r)
{
	struct listtree *t = &r->fold;
	size_t row = r->list.row;

	part(r);
	if (!marks_set(&t->folded, r->rows.keys[row], false)) {
		/* Of a run with nothing below it the one above is folded. */
		if (!has_below(r, row))
			row = row_above(r, row);
		if (!has_below(r, row)) {
			status_say(r->v.app, false, "there are no child runs here");
			return;
		}
		list_goto(&r->list, row);
		marks_set(&t->folded, r->rows.keys[row], true);
	}
	show_again(r);
}

static void
fold_flat(struct listview *r)
{
	struct listtree *t = &r->fold;
	size_t row = r->list.row;
	uint32_t key;

	while (listview_depth(r, row) > 0)
		row = row_above(r, row);
	list_goto(&r->list, row);
	key = r->rows.keys[row];
	if (marks_set(&t->unfolded, key, false)) {
		t->asked_for = 0;
		show_again(r);
		return;
	}
	if (t->unfolded.n >= LISTTREE_UNFOLDED_MAX) {
		status_say(r->v.app, true,
			"more than %d runs are not unfolded: i shows all as a tree",
			LISTTREE_UNFOLDED_MAX);
		return;
	}
	marks_set(&t->unfolded, key, true);
	t->asked_for = key;
	listview_tree_look(r);
}

void
listview_fold(struct view *v, enum action_id id, const char *arg)
{
	struct listview *r = listview_of(v);

	(void)id;
	(void)arg;
	if (r->kind != WEIR_RUN)
		status_say(v->app, false, "only runs have child runs");
	else if (r->rows.n > 0 && r->fold.tree)
		fold_tree(r);
	else if (r->rows.n > 0)
		fold_flat(r);
}

void
listview_tree(struct view *v, enum action_id id, const char *arg)
{
	struct listview *r = listview_of(v);

	(void)id;
	(void)arg;
	if (r->kind != WEIR_RUN) {
		status_say(v->app, false, "only runs have child runs");
		return;
	}
	r->tree = !r->tree;
	listview_ask(r);
}
