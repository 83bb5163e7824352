#include "view_list.h"

#include <weir/query.h>
#include <weir/text.h>
#include <weir/time.h>

#include "app.h"
#include "listview.h"
#include "view_detail.h"
#include "view_log.h"
#include "word.h"

/* The list's model: keys of rows. */
static size_t
model_n(void *arg)
{
	return ((struct listview *)arg)->rows.n;
}

static int64_t
model_key(void *arg, size_t row)
{
	return ((struct listview *)arg)->rows.keys[row];
}

static bool
model_find(void *arg, int64_t key, size_t hint, size_t *ret_row)
{
	return rows_find(&((struct listview *)arg)->rows, key, hint, ret_row);
}

static const struct list_model model = { model_n, model_key, model_find, NULL };

static void
view_layout(struct view *v)
{
	struct listview *r = listview_of(v);

	list_height(&r->list, v->height - (listview_has_header(v) ? 1 : 0));
	listview_layout(r);
}

static void
view_command(struct view *v, struct buf *out)
{
	struct weir_view view;

	listview_view(listview_of(v), &view);
	weir_view_format(&view, out);
}

static const struct rows_row *
current(struct listview *r)
{
	return rows_get(&r->rows, r->v.app->store, r->list.row);
}

static bool
view_object(struct view *v, enum weir_kind *ret_kind, struct weir_id *ret_id)
{
	struct listview *r = listview_of(v);
	const struct rows_row *row = current(r);

	if (!row || r->rows.id >= r->rows.columns.n)
		return false;
	*ret_kind = r->kind;
	*ret_id = row->cells[r->rows.id].id;
	return true;
}

static struct str
name_of(const struct listview *r, const struct rows_row *row)
{
	for (size_t i = 0; i < r->rows.columns.n; i++) {
		if (strcmp(r->rows.columns.v[i]->name, "name") == 0)
			return row->cells[i].s;
	}
	return STR("");
}

static void
view_name(struct view *v, struct buf *out)
{
	struct listview *r = listview_of(v);
	const struct rows_row *row = current(r);

	if (row)
		buf_addstr(out, name_of(r, row));
}

/* Runs of this flow, deployment or pool. */
static void
open_runs_of(struct listview *r, const struct rows_row *row)
{
	const char *field = listview_kind(r->kind)->opens;
	struct buf query = BUF_INIT(ROWS_CELL_MAX * 2);

	if (!field)
		return;
	buf_addf(&query, "%s:", field);
	word_value(&query, name_of(r, row));
	app_open_list(r->v.app, WEIR_RUN, buf_cstr(&query), NULL);
	buf_release(&query);
}

static void
open_current(struct listview *r, bool log)
{
	const struct rows_row *row = current(r);
	struct app *a = r->v.app;
	struct view *v;
	struct weir_id id;

	if (!row)
		return;
	if (r->kind != WEIR_RUN) {
		if (!log)
			open_runs_of(r, row);
		return;
	}
	id = row->cells[r->rows.id].id;
	v = log ? view_log_new(a, WEIR_RUN, &id) : view_detail_new(a, &id);
	if (v)
		app_push(a, v);
	else
		status_say(a, true, "this run is no longer here");
}

static void
seek_bad(struct listview *r, int direction)
{
	struct buf query = BUF_INIT(PROMPT_MAX * 2);
	struct finder_job job = { .kind = FINDER_ROWS,
		.view = r->v.serial,
		.slot = SLOT_BAD,
		.now_us = weir_now_us(),
		.object = r->kind,
		.sort = r->sort };

	if (r->kind != WEIR_RUN)
		return;
	if (*r->query)
		buf_addf(&query, "(%s) ", r->query);
	buf_adds(&query, "state_type:failed,crashed");
	job.query = buf_cstr(&query);
	r->seek = direction;
	r->bad_job = finder_submit(r->v.app->finder, &job);
	buf_release(&query);
}

static bool
take_back(struct listview *r)
{
	if (strcmp(r->query, r->start_query) == 0)
		return false;
	listview_set(&r->query, r->start_query);
	listview_ask(r);
	return true;
}

static void
move_by_match(struct listview *r, int direction)
{
	list_act(&r->list, direction > 0 ? ACTION_DOWN : ACTION_UP);
}

static bool
view_move(struct view *v, enum action_id id)
{
	struct listview *r = listview_of(v);

	if (id == ACTION_LEFT || id == ACTION_RIGHT)
		return table_scroll(&r->table, id == ACTION_LEFT ? -1 : 1);
	return list_act(&r->list, id);
}

static bool
view_back(struct view *v)
{
	return take_back(listview_of(v));
}

static void
act_open(struct view *v, enum action_id id, const char *arg)
{
	(void)arg;
	open_current(listview_of(v), id == ACTION_LOG);
}

static void
act_step(struct view *v, enum action_id id, const char *arg)
{
	(void)arg;
	move_by_match(listview_of(v), id == ACTION_NEXT ? 1 : -1);
}

static void
act_bad(struct view *v, enum action_id id, const char *arg)
{
	(void)arg;
	seek_bad(listview_of(v), id == ACTION_NEXT_BAD ? 1 : -1);
}

static void
act_times(struct view *v, enum action_id id, const char *arg)
{
	struct listview *r = listview_of(v);

	(void)id;
	(void)arg;
	r->absolute = !r->absolute;
	table_reset(&r->table);
	listview_layout(r);
}

/* What completion would add at the end of the text. */
static void
complete(struct listview *r, struct prompt *p)
{
	struct buf words = BUF_INIT(64 << 10);
	struct str text = buf_str(&p->text), typed = text;
	const char *field = NULL;
	size_t n;

	buf_clear(&p->ghost);
	for (size_t i = 0; i < text.len; i++) {
		if (strchr(" (-", text.s[i]))
			typed = (struct str){ text.s + i + 1, text.len - i - 1 };
	}
	if (typed.len == 0)
		return;
	weir_query_complete(r->kind, text, &words, &field);
	n = strcspn(buf_cstr(&words), "\n");
	if (n > typed.len && strncmp(buf_cstr(&words), typed.s, typed.len) == 0)
		buf_add(&p->ghost, buf_cstr(&words) + typed.len, n - typed.len);
	buf_release(&words);
}

/* The first line of an error that also shows the place, which is underlined here. */
static void
say_why(struct app *a, const struct weir_err *err)
{
	status_say(a, true, "%.*s", (int)strcspn(err->text, "\n"), err->text);
}

static void
on_query(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	struct listview *r = arg;
	struct str text = buf_str(&p->text);
	struct weir_err err = { 0 };
	char *used;

	if (ev == PROMPT_EV_CANCELLED)
		text = str_of(p->original);
	weir_query_free(
		weir_query_parse_prefix(r->kind, text, weir_now_us(), &p->valid, &err));
	if (err.rc && ev != PROMPT_EV_CANCELLED)
		say_why(a, &err);
	if (ev == PROMPT_EV_CHANGED)
		complete(r, p);
	while (p->valid < text.len && text.s[p->valid] == ' ')
		p->valid++;
	text.len = p->valid;
	while (text.len > 0 && text.s[text.len - 1] == ' ')
		text.len--;
	used = str_copy(text);
	if (strcmp(used, r->query) != 0) {
		listview_set(&r->query, used);
		listview_ask(r);
	}
	free(used);
}

static void
found(struct app *a, void *arg, struct buf *out)
{
	(void)a;
	listview_paint_found(arg, out);
}

static const struct prompt_user query_user = {
	.label = "/",
	.event = on_query,
	.found = found,
	.history = "query",
};

static void
act_search(struct view *v, enum action_id id, const char *arg)
{
	(void)id;
	app_prompt(v->app, &query_user, v, arg ? arg : listview_of(v)->query);
}

static const struct view_act acts[] = {
	{ ACTION_OPEN, act_open },
	{ ACTION_LOG, act_open },
	{ ACTION_SEARCH, act_search },
	{ ACTION_NEXT, act_step },
	{ ACTION_PREVIOUS, act_step },
	{ ACTION_SORT, listview_sort_act },
	{ ACTION_NEXT_BAD, act_bad },
	{ ACTION_PREVIOUS_BAD, act_bad },
	{ ACTION_TIMES, act_times },
	{ ACTION_NONE, NULL },
};

static void
view_free(struct view *v)
{
	struct listview *r = listview_of(v);

	finder_answer_free(r->held);
	rows_release(&r->rows);
	free(r->query);
	free(r->start_query);
	free(r->sort);
	free(r->start_sort);
	free(r->columns);
	free(r->count_by);
	weir_query_free(r->words);
	free(r->words_of);
	free(r);
}

static const enum action_id hints[] = { ACTION_OPEN, ACTION_SEARCH, ACTION_SORT,
	ACTION_NEXT_BAD, ACTION_LOG, ACTION_HELP, ACTION_BACK, ACTION_NONE };

static const struct view_ops ops = {
	.context = CONTEXT_LIST,
	.free = view_free,
	.layout = view_layout,
	.data = listview_data,
	.paint = listview_paint,
	.counts = listview_paint_counts,
	.command = view_command,
	.acts = acts,
	.move = view_move,
	.back = view_back,
	.key = listview_sort_key,
	.answer = listview_answer,
	.due = listview_due,
	.object = view_object,
	.name = view_name,
	.hints = hints,
};

/* Wrong words are told before the terminal is taken. */
static enum weir_rc
check(const struct weir_view *view, struct weir_err *err)
{
	enum weir_kind kind = view->kind;
	struct weir_sort sorts[WEIR_SORT_MAX];
	struct weir_column_set extra = { 0 }, columns = { 0 };
	struct weir_query *q = NULL;
	size_t n = 0;
	enum weir_rc rc;

	rc = weir_query_parse(kind, str_of(view->query), weir_now_us(), &q, err);
	weir_query_free(q);
	if (!rc && view->sort)
		rc = weir_sort_parse(kind, view->sort, &extra, sorts, &n, err);
	if (!rc && view->columns)
		rc = weir_columns_choose(kind, view->columns, 0, &columns, err);
	weir_columns_release(&extra);
	weir_columns_release(&columns);
	return rc;
}

static const char *
text(const char *s)
{
	return s ? s : "";
}

enum weir_rc
view_list_new(struct app *a, const struct weir_view *view, struct view **ret_view,
	struct weir_err *err)
{
	struct listview *r;
	enum weir_rc rc;

	rc = check(view, err);
	if (rc)
		return rc;
	r = xcalloc(1, sizeof(*r));
	rc = rows_init(&r->rows, view->kind, text(view->columns), err);
	if (rc) {
		free(r);
		return rc;
	}
	view_init(&r->v, &ops, a);
	r->kind = view->kind;
	listview_set(&r->query, text(view->query));
	listview_set(&r->start_query, r->query);
	listview_set(&r->sort, text(view->sort));
	listview_set(&r->start_sort, r->sort);
	listview_set(&r->columns, text(view->columns));
	listview_set(&r->count_by, text(view->count_by));
	r->tree = view->tree;
	table_init(&r->table, &r->rows);
	list_init(&r->list, &model, r);
	*ret_view = &r->v;
	return WEIR_OK;
}
