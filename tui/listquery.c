#include "listquery.h"

#include <strings.h>

#include <weir/group.h>
#include <weir/query.h>
#include <weir/time.h>

#include "app.h"
#include "listview.h"
#include "word.h"

void
listquery_release(struct listquery *q)
{
	free(q->last);
	free(q->field);
	free(q->prefix);
	free(q->values);
}

/* Where in the text a value is being typed, and of which field. */
struct place {
	size_t from;       /* of the word */
	struct str before; /* `flow:a,` */
	struct str field;
	struct str prefix; /* of the value */
};

static struct place
place_of(struct str text, size_t from)
{
	struct str word = { text.s + from, text.len - from };
	struct place p = { .from = from, .field = word, .prefix = word };
	const char *colon = memchr(word.s, ':', word.len);

	p.before = (struct str){ word.s, 0 };
	if (!colon) {
		p.field = STR("param."); /* names of parameters are wanted */
		p.prefix = (struct str){ word.s + 6, word.len - 6 };
		return p;
	}
	p.field.len = (size_t)(colon - word.s);
	for (size_t i = p.field.len; i < word.len; i++) {
		if (word.s[i] == ':' ? i == p.field.len : word.s[i] == ',')
			p.before.len = i + 1;
	}
	p.prefix = (struct str){ word.s + p.before.len, word.len - p.before.len };
	if (p.prefix.len > 0 && p.prefix.s[0] == '"') {
		p.prefix.s++;
		p.prefix.len--;
	}
	return p;
}

/* Offer those of the values that begin as typed. */
static void
offer_values(struct listquery *q, struct prompt *p, const struct place *at)
{
	struct buf words = BUF_INIT(64 << 10);

	for (const char *v = q->values; v && *v;) {
		size_t n = strcspn(v, "\n"), skip = *v == '"' ? 1 : 0;

		if (at->field.len == 6 && strncasecmp(at->field.s, "param.", 6) == 0)
			skip = 6;
		if (n >= skip + at->prefix.len &&
			strncasecmp(v + skip, at->prefix.s, at->prefix.len) == 0) {
			buf_adds(&words, words.len > 0 ? "\n" : "");
			buf_addstr(&words, at->before);
			buf_add(&words, v, n);
		}
		v += n + (v[n] == '\n');
	}
	if (words.len > 0)
		prompt_offer(p, at->from, buf_str(&words));
	buf_release(&words);
}

/* Are the values that are here all that can be wanted? */
static bool
has_values(const struct listquery *q, const struct place *at)
{
	size_t n = 0;

	if (!q->values || !str_eq(at->field, q->field) ||
		!str_starts(at->prefix, q->prefix))
		return false;
	for (const char *v = q->values; *v; v++)
		n += *v == '\n';
	return n + 1 < WEIR_VALUES_MAX || str_eq(at->prefix, q->prefix);
}

static void
complete_value(struct listview *r, struct prompt *p, size_t from)
{
	struct listquery *q = &r->find;
	struct place at = place_of(buf_str(&p->text), from);
	struct finder_job job = { .kind = FINDER_VALUES,
		.view = r->v.serial,
		.slot = SLOT_VALUES,
		.object = r->kind };

	if (has_values(q, &at)) {
		offer_values(q, p, &at);
		return;
	}
	free(q->values);
	free(q->field);
	free(q->prefix);
	q->values = NULL;
	q->field = str_copy(at.field);
	q->prefix = str_copy(at.prefix);
	job.field = q->field;
	job.prefix = q->prefix;
	q->values_job = finder_submit(r->v.app->finder, &job);
}

static void
take_values(struct listview *r, struct finder_answer *answer)
{
	struct prompt *p = &r->v.app->prompt;
	struct buf unused = BUF_INIT(64 << 10);
	const char *field = NULL;
	size_t from;

	free(r->find.values);
	r->find.values = answer->words;
	answer->words = NULL;
	/* It may have been typed on, or the prompt be another's. */
	if (!p->active || p->arg != r || p->text.len == 0)
		return;
	from = weir_query_complete(r->kind, buf_str(&p->text), &unused, &field);
	buf_release(&unused);
	if (field) {
		struct place at = place_of(buf_str(&p->text), from);

		if (has_values(&r->find, &at))
			offer_values(&r->find, p, &at);
	}
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
	if (field && !p->cycling)
		complete_value(r, p, from);
	buf_release(&words);
}

/* The first line of an error that also shows the place, which is underlined here. It is
 * red when the query was entered so. */
static void
say_why(struct app *a, const struct weir_err *err, bool entered)
{
	status_say(a, entered, "%.*s", (int)strcspn(err->text, "\n"), err->text);
}

static void
on_query(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	struct listview *r = arg;
	struct str text = buf_str(&p->text);
	struct weir_err err = { 0 };
	bool unfinished;
	char *used;

	if (ev == PROMPT_EV_CANCELLED)
		text = str_of(p->original);
	weir_query_free(
		weir_query_parse_prefix(r->kind, text, weir_now_us(), &p->valid, &err));
	if (ev == PROMPT_EV_CHANGED)
		complete(r, p);
	/* What may become right is not wrong yet. */
	unfinished = ev == PROMPT_EV_CHANGED && p->ghost.len > 0;
	if (err.rc && ev != PROMPT_EV_CANCELLED && !unfinished)
		say_why(a, &err, ev == PROMPT_EV_ACCEPTED);
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
	if (unfinished)
		p->valid = p->text.len;
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
	char *query = listview_query(r->kind, r->all, "");

	(void)id;
	job.query = query;
	r->find.total_job = finder_submit(v->app->finder, &job);
	free(query);
	app_prompt(v->app, &query_user, v, arg ? arg : r->query);
	if (arg)
		on_query(v->app, v, &v->app->prompt, PROMPT_EV_CHANGED);
}

/* Look through the whole list for rows that a query matches. */
static void
seek(struct listview *r, const char *what, bool bad, int direction)
{
	struct buf query = BUF_INIT(PROMPT_MAX * 3);
	char *all;
	struct finder_job job = { .kind = FINDER_ROWS,
		.view = r->v.serial,
		.slot = SLOT_SEEK,
		.now_us = weir_now_us(),
		.object = r->kind };

	if (*r->query)
		buf_addf(&query, "(%s) ", r->query);
	buf_addf(&query, "(%s)", what);
	all = listview_query(r->kind, r->all, buf_cstr(&query));
	job.query = all;
	r->find.bad = bad;
	r->find.direction = direction;
	r->find.seek_job = finder_submit(r->v.app->finder, &job);
	free(all);
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

bool
listquery_narrowed(const struct listview *r)
{
	return strcmp(r->query, r->start_query) != 0;
}

void
listquery_next(struct view *v, enum action_id id, const char *arg)
{
	struct listview *r = listview_of(v);
	int direction = id == ACTION_NEXT ? 1 : -1;

	(void)arg;
	if (listquery_narrowed(r))
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
listquery_answer(struct listview *r, struct finder_answer *answer)
{
	struct listquery *q = &r->find;

	if (answer->slot == SLOT_SEEK && answer->number == q->seek_job) {
		if (answer->part == FINDER_KEYS)
			take_seek(r, answer);
	} else if (answer->slot == SLOT_TOTAL && answer->number == q->total_job) {
		if (answer->part == FINDER_TOTAL)
			q->total = answer->total, q->counted = true;
	} else if (answer->slot == SLOT_VALUES && answer->number == q->values_job) {
		if (answer->part == FINDER_WORDS)
			take_values(r, answer);
	} else {
		return answer->slot != SLOT_ROWS;
	}
	view_touch(&r->v, VIEW_PAINT);
	return true;
}
