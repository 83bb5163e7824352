#include "view_list.h"

#include <weir/text.h>
#include <weir/time.h>
#include <weir/views.h>

#include "app.h"
#include "listview.h"
#include "preview.h"
#include "view_columns.h"
#include "view_detail.h"
#include "view_groups.h"
#include "view_log.h"
#include "word.h"

enum { SHORT_REQ = 12 }; /* digits of a request that the title has */

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
	listview_place(listview_of(v));
}

static void
view_command(struct view *v, struct buf *out)
{
	struct weir_view view;
	char id[SHORT_REQ + 1];

	listview_view(listview_of(v), &view);
	if (listview_of(v)->pick) {
		snprintf(id, sizeof(id), "%s",
			listview_of(v)->start_query + strlen(LISTVIEW_PICK));
		view.show = WEIR_SHOW_SELECT;
		view.id = id;
	}
	weir_view_format(&view, out);
}

static void
view_crumb(struct view *v, struct buf *out)
{
	buf_adds(out, listview_of(v)->pick
			      ? "select"
			      : listview_kind(listview_of(v)->kind)->command);
}

static bool
view_object(struct view *v, enum weir_kind *ret_kind, struct weir_id *ret_id)
{
	struct listview *r = listview_of(v);
	const struct rows_row *row = listview_current(r);

	if (!row || r->rows.id >= r->rows.columns.n || r->kind == WEIR_ENVIRONMENT)
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
	const struct rows_row *row = listview_current(r);

	if (row)
		buf_addstr(out, name_of(r, row));
}

/* Do they fail, and have they logs? */
static bool
has_states(enum weir_kind kind)
{
	return kind == WEIR_RUN || kind == WEIR_TASK_RUN;
}

/* Everything about it; of runs and task runs also the log. */
static void
open_current(struct listview *r, bool log)
{
	const struct rows_row *row = listview_current(r);
	bool runs = has_states(r->kind);
	struct app *a = r->v.app;
	struct view *v;
	struct weir_id id;

	if (log && !runs)
		status_say(a, false, "%s have no log", weir_kind_plural(r->kind));
	if (!row || (log && !runs))
		return;
	id = row->cells[r->rows.id].id;
	v = log ? view_log_new(a, r->kind, &id) : view_detail_new(a, r->kind, &id);
	if (v)
		app_push(a, v);
	else
		status_say(
			a, true, "this %s is no longer here", weir_kind_name(r->kind));
}

static bool
view_move(struct view *v, enum action_id id)
{
	struct listview *r = listview_of(v);

	if (id == ACTION_LEFT || id == ACTION_RIGHT) {
		view_touch(v, VIEW_PAINT);
		return table_scroll(&r->table, id == ACTION_LEFT ? -1 : 1);
	}
	return list_act(&r->list, id);
}

static bool
view_click(struct view *v, int y, int x)
{
	struct listview *r = listview_of(v);
	size_t row = r->list.top + (size_t)y;

	if (listview_has_header(v) && y == 0) {
		listview_sort_click(r, x);
		return false;
	}
	row -= listview_has_header(v) ? 1 : 0;
	if (row >= r->rows.n)
		return false;
	list_goto(&r->list, row);
	return true;
}

static bool
view_back(struct view *v)
{
	struct listview *r = listview_of(v);

	if (r->range_key) {
		r->range_key = 0;
		return true;
	}
	if (!listquery_narrowed(r))
		return false;
	listquery_take_back(r);
	return true;
}

static void
act_open(struct view *v, enum action_id id, const char *arg)
{
	(void)arg;
	open_current(listview_of(v), id == ACTION_LOG);
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

/* `42`, `42%`: rows count from 1. */
static void
act_goto(struct view *v, enum action_id id, const char *arg)
{
	struct listview *r = listview_of(v);
	char *end = NULL;
	double n = arg && *arg ? strtod(arg, &end) : 0;

	(void)id;
	if (!end || end == arg || !(n >= 0) || (*end && strcmp(end, "%") != 0))
		status_say(v->app, true, "goto: a row, as 42, or a part, as 42%%");
	else if (r->rows.n == 0)
		status_say(v->app, false, "there is no row to go to");
	else if (*end)
		list_goto(&r->list,
			(size_t)((double)(r->rows.n - 1) * (n < 100 ? n : 100) / 100 +
				 0.5));
	else if (n > (double)r->rows.n)
		list_goto(&r->list, r->rows.n - 1);
	else
		list_goto(&r->list, n < 1 ? 0 : (size_t)n - 1);
}

static const struct view_act acts[] = {
	{ ACTION_GOTO, act_goto },
	{ ACTION_OPEN, act_open },
	{ ACTION_LOG, act_open },
	{ ACTION_SEARCH, listquery_search },
	{ ACTION_NEXT, listquery_next },
	{ ACTION_PREVIOUS, listquery_next },
	{ ACTION_SORT, listview_sort_act },
	{ ACTION_COLUMNS, view_columns_act },
	{ ACTION_PREVIEW, listview_preview_act },
	{ ACTION_PREVIEW_UP, listview_preview_scroll },
	{ ACTION_PREVIEW_DOWN, listview_preview_scroll },
	{ ACTION_PREVIEW_SEARCH, listview_preview_search },
	{ ACTION_GROUP, view_groups_act },
	{ ACTION_NEXT_BAD, listquery_bad },
	{ ACTION_PREVIOUS_BAD, listquery_bad },
	{ ACTION_TIMES, act_times },
	{ ACTION_TREE, listview_tree },
	{ ACTION_FOLD, listview_fold },
	{ ACTION_MARK, listview_mark },
	{ ACTION_MARK_RANGE, listview_mark_range },
	{ ACTION_MARK_ALL, listview_mark_all },
	{ ACTION_UNMARK, listview_unmark },
	{ ACTION_MERGE, listview_merge },
	{ ACTION_SAVE, listview_save },
	{ ACTION_PAGER, listview_show },
	{ ACTION_EDITOR, listview_show },
	{ ACTION_NONE, NULL },
};

/* Environments have no logs and do not fail. */
static const struct view_act env_acts[] = {
	{ ACTION_GOTO, act_goto },
	{ ACTION_OPEN, listview_env_act },
	{ ACTION_SELECT, listview_env_act },
	{ ACTION_DIFF, listview_env_act },
	{ ACTION_REFRESH, listview_env_act },
	{ ACTION_SEARCH, listquery_search },
	{ ACTION_NEXT, listquery_next },
	{ ACTION_PREVIOUS, listquery_next },
	{ ACTION_SORT, listview_sort_act },
	{ ACTION_COLUMNS, view_columns_act },
	{ ACTION_PREVIEW, listview_preview_act },
	{ ACTION_PREVIEW_UP, listview_preview_scroll },
	{ ACTION_PREVIEW_DOWN, listview_preview_scroll },
	{ ACTION_PREVIEW_SEARCH, listview_preview_search },
	{ ACTION_GROUP, view_groups_act },
	{ ACTION_TIMES, act_times },
	{ ACTION_MARK, listview_mark },
	{ ACTION_MARK_RANGE, listview_mark_range },
	{ ACTION_MARK_ALL, listview_mark_all },
	{ ACTION_UNMARK, listview_unmark },
	{ ACTION_SAVE, listview_save },
	{ ACTION_PAGER, listview_show },
	{ ACTION_EDITOR, listview_show },
	{ ACTION_NONE, NULL },
};

static void
view_free(struct view *v)
{
	struct listview *r = listview_of(v);

	finder_answer_free(r->held);
	preview_free(r->preview);
	rows_release(&r->rows);
	listquery_release(&r->find);
	listview_tree_release(&r->fold);
	free(r->query);
	free(r->start_query);
	free(r->sort);
	free(r->start_sort);
	free(r->save_path);
	free(r->columns);
	free(r->count_by);
	free(r->under);
	free(r->under_arch);
	weir_query_free(r->words);
	free(r->words_of);
	free(r);
}

static const enum action_id hints[] = { ACTION_OPEN, ACTION_SEARCH, ACTION_SORT,
	ACTION_NEXT_BAD, ACTION_LOG, ACTION_HELP, ACTION_BACK, ACTION_NONE };

/* Of what neither fails nor has a log. */
static const enum action_id other_hints[] = { ACTION_OPEN, ACTION_SEARCH, ACTION_SORT,
	ACTION_GROUP, ACTION_COLUMNS, ACTION_HELP, ACTION_BACK, ACTION_NONE };

/* Of what can be started. */
static const enum action_id deployment_hints[] = { ACTION_OPEN, ACTION_SEARCH,
	ACTION_TRIGGER, ACTION_SORT, ACTION_GROUP, ACTION_HELP, ACTION_BACK,
	ACTION_NONE };

static const enum action_id env_hints[] = { ACTION_OPEN, ACTION_SELECT, ACTION_DIFF,
	ACTION_SEARCH, ACTION_SORT, ACTION_MARK, ACTION_PREVIEW, ACTION_HELP,
	ACTION_BACK, ACTION_NONE };

/* Of a list to select from. */
static const enum action_id pick_hints[] = { ACTION_SELECT, ACTION_DIFF, ACTION_SEARCH,
	ACTION_SORT, ACTION_PREVIEW, ACTION_HELP, ACTION_BACK, ACTION_NONE };

/* clang-format off */
#define OPS(its_hints) {							\
	.context = CONTEXT_LIST,						\
	.free = view_free,							\
	.layout = view_layout,							\
	.data = listview_data,							\
	.paint = listview_paint,						\
	.cursor = listview_paint_cursor,					\
	.counts = listview_paint_counts,					\
	.command = view_command,						\
	.crumb = view_crumb,							\
	.acts = acts,								\
	.move = view_move,							\
	.click = view_click,							\
	.back = view_back,							\
	.key = listview_sort_key,						\
	.keys = listview_paint_keys,						\
	.answer = listview_answer,						\
	.due = listview_due,							\
	.object = view_object,							\
	.name = view_name,							\
	.hints = its_hints,							\
}
/* clang-format on */
/* What is to be done here. */
static void
env_about(struct view *v, struct buf *out)
{
	const char *steps = v->app->start->about;

	if (!listview_of(v)->pick)
		return;
	buf_adds(out, "Enter selects");
	if (steps && *steps)
		buf_addf(out, " for %s", steps);
}

/* clang-format off */
#define ENV_OPS(its_hints) {	\
	.context = CONTEXT_ENVS,	\
	.free = view_free,	\
	.layout = view_layout,	\
	.data = listview_data,	\
	.paint = listview_paint,	\
	.cursor = listview_paint_cursor,	\
	.counts = listview_paint_counts,	\
	.command = view_command,	\
	.crumb = view_crumb,	\
	.acts = env_acts,	\
	.move = view_move,	\
	.click = view_click,	\
	.back = view_back,	\
	.key = listview_sort_key,	\
	.keys = listview_paint_keys,	\
	.answer = listview_answer,	\
	.due = listview_due,	\
	.ident = listview_env_ident,	\
	.about = env_about,	\
	.origin = envs_origin,	\
	.hints = its_hints,	\
}
/* clang-format on */
static const struct view_ops env_ops = ENV_OPS(env_hints),
			     pick_ops = ENV_OPS(pick_hints);

static const struct view_ops ops = OPS(hints), other_ops = OPS(other_hints),
			     deployment_ops = OPS(deployment_hints);

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

	rc = weir_view_check(view, err);
	if (rc)
		return rc;
	r = xcalloc(1, sizeof(*r));
	rc = rows_init(&r->rows, view->kind, text(view->columns), err);
	if (rc) {
		free(r);
		return rc;
	}
	view_init(&r->v,
		view->kind == WEIR_ENVIRONMENT  ? &env_ops
		: view->kind == WEIR_DEPLOYMENT ? &deployment_ops
		: has_states(view->kind)        ? &ops
						: &other_ops,
		a);
	r->kind = view->kind;
	listview_set(&r->query, text(view->query));
	listview_set(&r->start_query, r->query);
	listview_set(&r->sort, text(view->sort));
	listview_set(&r->start_sort, r->sort);
	listview_set(&r->columns, text(view->columns));
	listview_set(&r->count_by, text(view->count_by));
	r->tree = view->tree;
	r->all = view->all;
	/* A script's screens are the same each time. */
	r->rows.flags = !a->script.path;
	table_init(&r->table, &r->rows);
	list_init(&r->list, &model, r);
	*ret_view = &r->v;
	return WEIR_OK;
}

void
view_list_pick(struct view *v)
{
	listview_of(v)->pick = true;
	v->ops = &pick_ops;
}
