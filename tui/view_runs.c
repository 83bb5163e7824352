#include "view_runs.h"

#include <weir/query.h>
#include <weir/text.h>
#include <weir/time.h>

#include "app.h"
#include "runs.h"
#include "view_log.h"
#include "view_run.h"
#include "word.h"

/* The list's model: keys of rows. */
static size_t
model_n(void *arg)
{
	return ((struct runs *)arg)->rows.n;
}

static int64_t
model_key(void *arg, size_t row)
{
	return ((struct runs *)arg)->rows.keys[row];
}

static bool
model_find(void *arg, int64_t key, size_t hint, size_t *ret_row)
{
	return rows_find(&((struct runs *)arg)->rows, key, hint, ret_row);
}

static const struct list_model model = { model_n, model_key, model_find, NULL };

static void
view_layout(struct view *v)
{
	struct runs *r = runs_of(v);

	list_height(&r->list, v->height - (runs_has_header(v) ? 1 : 0));
	runs_layout(r);
}

static void
view_command(struct view *v, struct buf *out)
{
	struct runs *r = runs_of(v);

	buf_addf(out, "weir %s", runs_kind(r->kind)->command);
	if (*r->query) {
		buf_addc(out, ' ');
		word_quote(out, r->query);
	}
	if (*r->sort) {
		buf_adds(out, " --sort ");
		word_quote(out, r->sort);
	}
}

static const struct rows_row *
current(struct runs *r)
{
	return rows_get(&r->rows, r->v.app->store, r->list.row);
}

static bool
view_object(struct view *v, enum weir_kind *ret_kind, struct weir_id *ret_id)
{
	struct runs *r = runs_of(v);
	const struct rows_row *row = current(r);

	if (!row || r->rows.id >= r->rows.columns.n)
		return false;
	*ret_kind = r->kind;
	*ret_id = row->cells[r->rows.id].id;
	return true;
}

static struct str
name_of(const struct runs *r, const struct rows_row *row)
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
	struct runs *r = runs_of(v);
	const struct rows_row *row = current(r);

	if (row)
		buf_addstr(out, name_of(r, row));
}

/* Runs of this flow, deployment or pool. */
static void
open_runs_of(struct runs *r, const struct rows_row *row)
{
	const char *field = runs_kind(r->kind)->opens;
	struct buf query = BUF_INIT(ROWS_CELL_MAX * 2);
	struct view *v = NULL;
	struct weir_err err = { 0 };

	if (!field)
		return;
	buf_addf(&query, "%s:", field);
	word_value(&query, name_of(r, row));
	if (view_runs_new(r->v.app, WEIR_RUN, buf_cstr(&query), NULL, &v, &err))
		status_say(r->v.app, true, "%s", err.text);
	else
		app_push(r->v.app, v);
	buf_release(&query);
}

static void
open_current(struct runs *r, bool log)
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
	v = log ? view_log_new(a, WEIR_RUN, &id) : view_run_new(a, &id);
	if (v)
		app_push(a, v);
	else
		status_say(a, true, "this run is no longer here");
}

static void
seek_bad(struct runs *r, int direction)
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
take_back(struct runs *r)
{
	if (strcmp(r->query, r->start_query) == 0)
		return false;
	runs_set(&r->query, r->start_query);
	runs_ask(r);
	return true;
}

static void
move_by_match(struct runs *r, int direction)
{
	list_act(&r->list, direction > 0 ? ACTION_DOWN : ACTION_UP);
}

static bool
view_act(struct view *v, enum action_id id)
{
	struct runs *r = runs_of(v);

	if (list_act(&r->list, id))
		return true;
	switch ((int)id) {
	case ACTION_LEFT:
		return table_scroll(&r->table, -1);
	case ACTION_RIGHT:
		return table_scroll(&r->table, 1);
	case ACTION_OPEN:
		open_current(r, false);
		return true;
	case ACTION_LOG:
		open_current(r, true);
		return true;
	case ACTION_SEARCH:
		app_prompt(v->app, '/', r->query);
		return true;
	case ACTION_NEXT:
		move_by_match(r, 1);
		return true;
	case ACTION_PREVIOUS:
		move_by_match(r, -1);
		return true;
	case ACTION_SORT:
		r->letters = true;
		return true;
	case ACTION_NEXT_BAD:
		seek_bad(r, 1);
		return true;
	case ACTION_PREVIOUS_BAD:
		seek_bad(r, -1);
		return true;
	case ACTION_TIMES:
		r->absolute = !r->absolute;
		table_reset(&r->table);
		runs_layout(r);
		return true;
	case ACTION_BACK:
		return take_back(r);
	default:
		return false;
	}
}

/* Times, numbers and spans are asked for from the largest down. */
static bool
descends_first(const struct weir_column *c)
{
	return c->type == WEIR_T_TIME || c->type == WEIR_T_DURATION ||
	       c->type == WEIR_T_INT || c->type == WEIR_T_REAL;
}

static void
sort_by(struct runs *r, const struct weir_column *c)
{
	bool descending = descends_first(c), now = false;
	struct buf sort = BUF_INIT(256);

	if (runs_sorted_by(r, &now) == c)
		descending = !now;
	buf_addf(&sort, "%s%s", c->alias ? c->alias : c->name,
		descending ? ":desc" : "");
	runs_set(&r->sort, buf_cstr(&sort));
	buf_release(&sort);
	runs_ask(r);
}

/* The key after `~`. */
static bool
view_key(struct view *v, uint32_t key)
{
	struct runs *r = runs_of(v);
	const struct weir_column *c;

	if (!r->letters)
		return false;
	r->letters = false;
	c = table_pick(&r->table, key);
	if (c) {
		sort_by(r, c);
	} else if (key == '0') {
		runs_set(&r->sort, r->start_sort);
		runs_ask(r);
	} else if (key != INPUT_ESC && key != '~') {
		status_say(v->app, true, "no column has this letter or number");
	}
	return true;
}

/* What completion would add at the end of the text. */
static void
complete(struct runs *r, struct prompt *p)
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
view_prompt(struct view *v, struct prompt *p, enum view_prompt what)
{
	struct runs *r = runs_of(v);
	struct str text = buf_str(&p->text);
	struct weir_err err = { 0 };
	char *used;

	if (what == VIEW_PROMPT_CANCELLED)
		text = str_of(p->original);
	weir_query_free(
		weir_query_parse_prefix(r->kind, text, weir_now_us(), &p->valid, &err));
	if (err.rc && what != VIEW_PROMPT_CANCELLED)
		say_why(v->app, &err);
	if (what == VIEW_PROMPT_CHANGED)
		complete(r, p);
	while (p->valid < text.len && text.s[p->valid] == ' ')
		p->valid++;
	text.len = p->valid;
	while (text.len > 0 && text.s[text.len - 1] == ' ')
		text.len--;
	used = str_copy(text);
	if (strcmp(used, r->query) != 0) {
		runs_set(&r->query, used);
		runs_ask(r);
	}
	free(used);
}

static void
view_free(struct view *v)
{
	struct runs *r = runs_of(v);

	finder_answer_free(r->held);
	rows_release(&r->rows);
	free(r->query);
	free(r->start_query);
	free(r->sort);
	free(r->start_sort);
	free(r);
}

static const enum action_id hints[] = { ACTION_OPEN, ACTION_SEARCH, ACTION_SORT,
	ACTION_NEXT_BAD, ACTION_LOG, ACTION_HELP, ACTION_BACK, ACTION_NONE };

static const struct view_ops ops = {
	.context = CONTEXT_LIST,
	.free = view_free,
	.layout = view_layout,
	.data = runs_data,
	.paint = runs_paint,
	.counts = runs_paint_counts,
	.command = view_command,
	.act = view_act,
	.found = runs_paint_found,
	.key = view_key,
	.answer = runs_answer,
	.prompt = view_prompt,
	.due = runs_due,
	.object = view_object,
	.name = view_name,
	.hints = hints,
};

/* Wrong words are told before the terminal is taken. */
static enum weir_rc
check(enum weir_kind kind, const char *query, const char *sort, struct weir_err *err)
{
	struct weir_sort sorts[WEIR_SORT_MAX];
	struct weir_column_set extra = { 0 };
	struct weir_query *q = NULL;
	size_t n = 0;
	enum weir_rc rc;

	rc = weir_query_parse(kind, str_of(query), weir_now_us(), &q, err);
	weir_query_free(q);
	if (rc || !*sort)
		return rc;
	rc = weir_sort_parse(kind, sort, &extra, sorts, &n, err);
	weir_columns_release(&extra);
	return rc;
}

enum weir_rc
view_runs_new(struct app *a, enum weir_kind kind, const char *query, const char *sort,
	struct view **ret_view, struct weir_err *err)
{
	struct runs *r;
	enum weir_rc rc;

	query = query ? query : "";
	sort = sort ? sort : "";
	rc = check(kind, query, sort, err);
	if (rc)
		return rc;
	r = xcalloc(1, sizeof(*r));
	rc = rows_init(&r->rows, kind, err);
	if (rc) {
		free(r);
		return rc;
	}
	view_init(&r->v, &ops, a);
	r->kind = kind;
	runs_set(&r->query, query);
	runs_set(&r->start_query, query);
	runs_set(&r->sort, sort);
	runs_set(&r->start_sort, sort);
	table_init(&r->table, &r->rows);
	list_init(&r->list, &model, r);
	*ret_view = &r->v;
	return WEIR_OK;
}
