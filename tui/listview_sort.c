/* Sorting a list by keys (`~`) and by text. */
#include <weir/time.h>

#include "app.h"
#include "listview.h"
#include "sortkeys.h"

size_t
listview_sorts(const struct listview *r, struct weir_sort sort[WEIR_SORT_MAX],
	struct weir_column_set *set)
{
	size_t n = 0;

	if (*r->sort && weir_sort_parse(r->kind, r->sort, set, sort, &n, NULL))
		return 0;
	return n;
}

void
listview_say(struct listview *r, const struct weir_err *err)
{
	int n = (int)strcspn(err->text, "\n");
	const char *list = strstr(err->text, "; ");

	/* The names that there are would be cut: the nearest one is enough. */
	if (list && err->hint[0])
		status_say(r->v.app, true, "%.*s; try %s", (int)(list - err->text),
			err->text, err->hint);
	else if (list)
		status_say(r->v.app, true, "%.*s; :columns offers what there is",
			(int)(list - err->text), err->text);
	else
		status_say(r->v.app, true, "%.*s", n, err->text);
}

static void
sort_as(struct listview *r, const char *text)
{
	if (strcmp(r->sort, text) == 0)
		return;
	listview_set(&r->sort, text);
	listview_ask(r);
}

static void
sort_by(struct listview *r, const struct weir_column *c, bool add)
{
	struct weir_sort sort[WEIR_SORT_MAX];
	struct weir_column_set set = { 0 };
	struct buf text = BUF_INIT(PROMPT_MAX);
	size_t n = listview_sorts(r, sort, &set);

	if (sortkeys_choose(sort, n, c, add, &text))
		sort_as(r, buf_cstr(&text));
	else
		status_say(
			r->v.app, true, "sort: by at most %d columns", WEIR_SORT_MAX);
	buf_release(&text);
	weir_columns_release(&set);
}

/* Of its own order the first column says which way it goes. */
static void
turn_round(struct listview *r)
{
	struct weir_sort sort[WEIR_SORT_MAX];
	struct weir_column_set set = { 0 };
	struct buf text = BUF_INIT(PROMPT_MAX);
	size_t n = listview_sorts(r, sort, &set);

	if (n == 0)
		buf_adds(&text, "resolved_on");
	else
		(void)sortkeys_choose(sort, n, sort[0].column, n > 1, &text);
	sort_as(r, buf_cstr(&text));
	buf_release(&text);
	weir_columns_release(&set);
}

bool
listview_sort_key(struct view *v, uint32_t key)
{
	struct listview *r = listview_of(v);
	const struct weir_column *c;
	bool add = r->adding;

	if (!r->letters)
		return false;
	if (key == '~' && !add) {
		r->adding = true;
		return true;
	}
	r->letters = r->adding = false;
	c = table_pick(&r->table, key);
	if (c)
		sort_by(r, c, add);
	else if (key == 'r' && r->kind == WEIR_ENVIRONMENT)
		turn_round(r);
	else if (key == '0')
		sort_as(r, r->start_sort);
	else if (key != INPUT_ESC && key != '~')
		status_say(v->app, true, "no column has this letter or number");
	return true;
}

bool
listview_sort_click(struct listview *r, int x)
{
	const struct weir_column *c = table_at(&r->table, x);

	if (c)
		sort_by(r, c, false);
	return c != NULL;
}

/* `:sort dur:desc,name` */
static void
sort_text(struct listview *r, const char *text)
{
	struct weir_sort sort[WEIR_SORT_MAX];
	struct weir_column_set set = { 0 };
	struct weir_err err = { 0 };
	size_t n = 0;

	if (strcmp(text, "default") == 0)
		sort_as(r, "");
	else if (weir_sort_parse(r->kind, text, &set, sort, &n, &err))
		listview_say(r, &err);
	else
		sort_as(r, text);
	weir_columns_release(&set);
}

void
listview_sort_act(struct view *v, enum action_id id, const char *arg)
{
	(void)id;
	if (arg && *arg)
		sort_text(listview_of(v), arg);
	else
		listview_of(v)->letters = true;
}
