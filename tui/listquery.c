#include "listquery.h"

#include <weir/query.h>
#include <weir/time.h>

#include "app.h"
#include "listview.h"
#include "word.h"

void
listquery_release(struct listquery *q)
{
	free(q->last);
}

/* What may stand in place of the last word. */
static void
complete(struct listview *r, struct prompt *p)
{
	struct buf words = BUF_INIT(64 << 10);
	const char *field = NULL;
	size_t from;

	if (p->text.len == 0)
		return;
	from = weir_query_complete(r->kind, buf_str(&p->text), &words, &field);
	if (from < p->text.len)
		prompt_offer(p, from, buf_str(&words));
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

void
listquery_search(struct view *v, enum action_id id, const char *arg)
{
	struct listview *r = listview_of(v);
	struct finder_job job = { .kind = FINDER_COUNT,
		.view = v->serial,
		.slot = SLOT_TOTAL,
		.now_us = weir_now_us(),
		.object = r->kind };

	(void)id;
	r->find.total_job = finder_submit(v->app->finder, &job);
	app_prompt(v->app, &query_user, v, arg ? arg : r->query);
	if (arg)
		on_query(v->app, v, &v->app->prompt, PROMPT_EV_CHANGED);
}

/* Look through the whole list for rows that a query matches. */
static void
seek(struct listview *r, const char *what, bool bad, int direction)
{
	struct buf query = BUF_INIT(PROMPT_MAX * 3);
	struct finder_job job = { .kind = FINDER_ROWS,
		.view = r->v.serial,
		.slot = SLOT_SEEK,
		.now_us = weir_now_us(),
		.object = r->kind };

	if (*r->query)
		buf_addf(&query, "(%s) ", r->query);
	buf_addf(&query, "(%s)", what);
	job.query = buf_cstr(&query);
	r->find.bad = bad;
	r->find.direction = direction;
	r->find.seek_job = finder_submit(r->v.app->finder, &job);
	buf_release(&query);
}

void
listquery_bad(struct view *v, enum action_id id, const char *arg)
{
	struct listview *r = listview_of(v);

	(void)arg;
	if (r->kind == WEIR_RUN || r->kind == WEIR_TASK_RUN)
		seek(r, "state_type:failed,crashed", true,
			id == ACTION_NEXT_BAD ? 1 : -1);
	else
		status_say(v->app, false, "%s do not fail", weir_kind_plural(r->kind));
}

static bool
is_narrowed(const struct listview *r)
{
	return strcmp(r->query, r->start_query) != 0;
}

void
listquery_next(struct view *v, enum action_id id, const char *arg)
{
	struct listview *r = listview_of(v);
	int direction = id == ACTION_NEXT ? 1 : -1;

	(void)arg;
	if (is_narrowed(r))
		list_act(&r->list, direction > 0 ? ACTION_DOWN : ACTION_UP);
	else if (r->find.last)
		seek(r, r->find.last, false, direction);
	else
		status_say(v->app, false, "nothing was searched for yet: press /");
}

void
listquery_take_back(struct listview *r)
{
	if (*r->query)
		listview_set(&r->find.last, r->query);
	listview_set(&r->query, r->start_query);
	listview_ask(r);
}

/* The nearest row in the direction that is one of the answer's. */
static void
take_seek(struct listview *r, const struct finder_answer *answer)
{
	const char *where = r->find.direction > 0 ? "below" : "above";
	uint64_t *bits;
	uint32_t most = 0;
	size_t row = r->list.row;

	for (size_t i = 0; i < answer->n; i++)
		most = answer->keys[i] > most ? answer->keys[i] : most;
	bits = xcalloc((size_t)most / 64 + 1, sizeof(*bits));
	for (size_t i = 0; i < answer->n; i++)
		bits[answer->keys[i] / 64] |= UINT64_C(1) << (answer->keys[i] % 64);
	for (;;) {
		uint32_t key;

		if (r->find.direction < 0 ? row == 0 : row + 1 >= r->rows.n)
			break;
		row += r->find.direction < 0 ? (size_t)-1 : 1;
		key = r->rows.keys[row];
		if (key <= most && (bits[key / 64] >> (key % 64) & 1)) {
			list_goto(&r->list, row);
			free(bits);
			return;
		}
	}
	free(bits);
	if (r->find.bad)
		status_say(r->v.app, false, "no failed %s %s",
			listview_kind(r->kind)->one, where);
	else
		status_say(r->v.app, false, "no %s that matches %s %s",
			listview_kind(r->kind)->one, r->find.last, where);
}

bool
listquery_answer(struct listview *r, const struct finder_answer *answer)
{
	struct listquery *q = &r->find;

	if (answer->slot == SLOT_SEEK && answer->number == q->seek_job) {
		if (answer->part == FINDER_KEYS)
			take_seek(r, answer);
	} else if (answer->slot == SLOT_TOTAL && answer->number == q->total_job) {
		if (answer->part == FINDER_TOTAL)
			q->total = answer->total;
	} else {
		return answer->slot != SLOT_ROWS;
	}
	view_touch(&r->v, VIEW_PAINT);
	return true;
}
