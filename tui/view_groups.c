#include "view_groups.h"

#include <ctype.h>
#include <strings.h>

#include <weir/group.h>
#include <weir/text.h>
#include <weir/time.h>

#include "app.h"
#include "listview.h"
#include "page.h"
#include "view_list.h"
#include "word.h"

enum {
	VALUE_MIN = 8,
	VALUE_MAX = 40,
	COUNT_COLUMNS = 9,
	BAR_COLUMNS = 10,
	NEWEST_COLUMNS = 10,
	GAP = 2,
	SLOT_GROUPS = 0,
	LINES_MAX = 10000,
};

enum order { BY_COUNT, BY_VALUE, BY_NEWEST, N_ORDERS };

struct groups {
	struct weir_view view; /* the command that shows it */
	struct weir_groups found;
	bool known;
	bool asked; /* no answer yet */
	bool stale; /* the store has changed since */
	uint64_t job;
	enum order order;
	char failed[512];
};

static const enum weir_state states[] = { WEIR_ST_FAILED, WEIR_ST_CRASHED,
	WEIR_ST_RUNNING, WEIR_ST_PENDING, WEIR_ST_SCHEDULED, WEIR_ST_PAUSED,
	WEIR_ST_CANCELLING, WEIR_ST_CANCELLED, WEIR_ST_COMPLETED };

static void
ask(struct page_view *v, struct groups *g)
{
	char *query = listview_query(
		g->view.kind, g->view.all, g->view.query ? g->view.query : "");
	struct finder_job job = { .kind = FINDER_GROUPS,
		.view = v->v.serial,
		.slot = SLOT_GROUPS,
		.now_us = weir_now_us(),
		.object = g->view.kind,
		.query = query,
		.field = g->view.count_by };

	g->job = finder_submit(v->v.app->finder, &job);
	free(query);
	g->asked = true;
	g->stale = false;
}

static struct str
value_of(const struct weir_group *group)
{
	return group->value.s ? group->value : STR("none");
}

static int
value_columns(const struct groups *g, int width)
{
	int most = VALUE_MIN, room = width - COUNT_COLUMNS - BAR_COLUMNS - 2 * GAP;

	for (size_t i = 0; i < g->found.n; i++) {
		int n = (int)text_width(value_of(&g->found.v[i]));

		most = n > most ? n : most;
	}
	most = most > VALUE_MAX && width < 120 ? VALUE_MAX : most;
	return most > room ? room : most;
}

/* A bar of so many hundredths, in eighths of a column where the terminal has them. */
static void
add_bar(struct page *p, const struct app *a, int64_t n, int64_t most)
{
	static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	int64_t parts = most > 0 ? n * BAR_COLUMNS * 8 / most : 0;
	struct buf bar = BUF_INIT(128);

	for (int64_t i = 0; i < parts / 8; i++)
		buf_adds(&bar, a->theme.utf8 ? "█" : "#");
	if (a->theme.utf8)
		buf_adds(&bar, eighths[parts % 8]);
	else if (parts % 8 >= 4)
		buf_addc(&bar, '#');
	page_add(p, STYLE_DIM, buf_str(&bar), BAR_COLUMNS, false);
	buf_release(&bar);
}

static void
add_states(struct page *p, const struct app *a, const struct weir_group *group,
	size_t most)
{
	size_t shown = 0;

	for (size_t i = 0; i < N_ELEM(states) && shown < most; i++) {
		int64_t n = group->states[states[i]];
		struct buf b = BUF_INIT(128);
		char glyph[8];
		enum style style;

		if (n == 0)
			continue;
		style = theme_state(&a->theme, states[i], STR(""), glyph);
		buf_addf(&b, "%s%s ", shown++ ? "  " : "", glyph);
		word_number(&b, n);
		page_add(p, style, buf_str(&b), 0, false);
		buf_release(&b);
	}
}

static void
write_group(struct page_view *v, struct page *p, const struct groups *g, size_t i,
	int columns)
{
	const struct weir_group *group = &g->found.v[i];
	struct app *a = v->v.app;
	struct buf text = BUF_INIT(128);
	struct page_line *line = page_begin(p, (int64_t)i + 1);

	line->opens = PAGE_OPENS_SELF;
	line->state = group->states[WEIR_ST_FAILED] + group->states[WEIR_ST_CRASHED]
			      ? WEIR_ST_FAILED
			      : WEIR_ST_NONE;
	page_add(p, group->value.s ? STYLE_PLAIN : STYLE_DIM, value_of(group), columns,
		false);
	word_number(&text, group->n);
	page_add(p, STYLE_STRONG, buf_str(&text), COUNT_COLUMNS, true);
	page_gap(p, GAP);
	add_bar(p, a, group->n, g->found.rows);
	page_gap(p, GAP);
	buf_clear(&text);
	if (group->newest_us != WEIR_NO_TIME)
		weir_time_relative(&text, group->newest_us, a->now_us, a->utc, false);
	page_add(p, STYLE_PLAIN, buf_str(&text), NEWEST_COLUMNS, true);
	page_gap(p, GAP);
	add_states(p, a, group, v->v.width < 110 ? 3 : N_ELEM(states));
	buf_release(&text);
}

static void
write_header(struct page *p, const struct groups *g, int columns)
{
	static const char *const titles[N_ORDERS] = { "COUNT", NULL, "NEWEST" };

	page_begin(p, 0);
	page_add(p, g->order == BY_VALUE ? STYLE_STRONG : STYLE_HEADER,
		str_of(g->found.column->title), columns, false);
	page_add(p, g->order == BY_COUNT ? STYLE_STRONG : STYLE_HEADER,
		str_of(titles[BY_COUNT]), COUNT_COLUMNS, true);
	page_gap(p, GAP);
	page_add(p, STYLE_HEADER, STR("SHARE"), BAR_COLUMNS, false);
	page_gap(p, GAP);
	page_add(p, g->order == BY_NEWEST ? STYLE_STRONG : STYLE_HEADER,
		str_of(titles[BY_NEWEST]), NEWEST_COLUMNS, true);
	page_gap(p, GAP);
	page_add(p, STYLE_HEADER, STR("STATES"), 0, false);
}

static void
write_page(struct page_view *v, struct page *p, void *arg)
{
	struct groups *g = arg;
	int columns;

	/* One that is not shown is not counted. */
	if (!g->asked && (g->stale || !g->job))
		ask(v, g);
	if (g->failed[0]) {
		page_text(p, NULL, 2, STYLE_ERROR, str_of(g->failed), 3);
		return;
	}
	if (!g->known || g->found.n == 0) {
		page_text(p, NULL, 2, STYLE_DIM,
			g->known ? STR("Nothing matches.") : STR("counting"), 1);
		return;
	}
	columns = value_columns(g, v->v.width);
	write_header(p, g, columns);
	for (size_t i = 0; i < g->found.n && i < LINES_MAX; i++)
		write_group(v, p, g, i, columns);
	if (g->found.others > 0) {
		page_begin(p, 0);
		page_addf(p, STYLE_DIM, "%lld more in others: too many groups",
			(long long)g->found.others);
	}
}

static void
counts(struct page_view *v, void *arg, struct draw *d)
{
	struct groups *g = arg;
	struct buf b = BUF_INIT(128);

	if (!g->known)
		return;
	word_number(&b, (int64_t)g->found.n);
	buf_addf(&b, " group%s of ", g->found.n == 1 ? "" : "s");
	word_number(&b, g->found.rows);
	buf_addf(&b, " %s", weir_kind_plural(g->view.kind));
	draw_text(d, STYLE_PLAIN, buf_cstr(&b));
	buf_clear(&b);
	buf_addf(&b, " %s ~ sorts by count, value, newest",
		theme_glyph(&v->v.app->theme, GLYPH_DOT));
	draw_text(d, STYLE_DIM, buf_cstr(&b));
	buf_release(&b);
}

static void
command(struct page_view *v, void *arg, struct buf *out)
{
	struct groups *g = arg;

	(void)v;
	weir_view_format(&g->view, out);
}

static void
crumb(struct page_view *v, void *arg, struct buf *out)
{
	struct groups *g = arg;

	(void)v;
	buf_addf(out, "by %s", g->view.count_by);
}

/* May it hold an `or`, which binds less than what is put behind it? */
static bool
has_or(const char *query)
{
	for (const char *p = query; *p; p++) {
		if (strncasecmp(p, "or", 2) == 0 && !isalnum((unsigned char)p[2]) &&
			(p == query || !isalnum((unsigned char)p[-1])))
			return true;
	}
	return false;
}

/* The rows of the group: what the list shows, and the value. */
static void
open_group(struct page_view *v, void *arg, const struct page_line *line)
{
	struct groups *g = arg;
	const char *query = g->view.query;
	struct buf text = BUF_INIT(WEIR_QUERY_MAX);

	if (line->key < 1 || (size_t)line->key > g->found.n)
		return;
	if (query && *query)
		buf_addf(&text, has_or(query) ? "(%s) " : "%s ", query);
	weir_groups_query(&g->found, (size_t)line->key - 1, &text);
	app_open_list(v->v.app, g->view.kind, buf_cstr(&text), NULL);
	buf_release(&text);
}

static int
compare(const struct weir_group *x, const struct weir_group *y, enum order order)
{
	size_t n = x->value.len < y->value.len ? x->value.len : y->value.len;
	int c;

	if (order == BY_COUNT && x->n != y->n)
		return x->n < y->n ? 1 : -1;
	if (order == BY_NEWEST && x->newest_us != y->newest_us)
		return x->newest_us < y->newest_us ? 1 : -1;
	if (!x->value.s != !y->value.s)
		return x->value.s ? -1 : 1;
	c = n ? memcmp(x->value.s, y->value.s, n) : 0;
	return c ? c : (x->value.len > y->value.len) - (x->value.len < y->value.len);
}

static int
by_count(const void *a, const void *b)
{
	return compare(a, b, BY_COUNT);
}

static int
by_value(const void *a, const void *b)
{
	return compare(a, b, BY_VALUE);
}

static int
by_newest(const void *a, const void *b)
{
	return compare(a, b, BY_NEWEST);
}

static void
arrange(struct groups *g)
{
	static int (*const how[N_ORDERS])(
		const void *, const void *) = { by_count, by_value, by_newest };

	if (g->found.n > 1)
		qsort(g->found.v, g->found.n, sizeof(*g->found.v), how[g->order]);
}

/* The next order: pages have no columns to choose. */
static bool
take_key(struct view *v, uint32_t key)
{
	static const char *const names[N_ORDERS] = { "count", "value", "newest" };
	struct groups *g = page_view_of(v)->arg;

	if (key != '~')
		return false;
	g->order = (g->order + 1) % N_ORDERS;
	arrange(g);
	status_say(v->app, false, "sorted by %s", names[g->order]);
	view_touch(v, VIEW_DATA);
	return true;
}

static void
take_answer(struct view *v, struct finder_answer *answer)
{
	struct groups *g = page_view_of(v)->arg;

	if (answer->number != g->job)
		return;
	g->asked = false;
	if (answer->part == FINDER_GROUPED) {
		weir_groups_release(&g->found);
		g->found = *answer->groups;
		*answer->groups = (struct weir_groups){ 0 };
		g->known = true;
		arrange(g);
	} else if (answer->part == FINDER_FAILED) {
		word_copy(g->failed, sizeof(g->failed), str_of(answer->text));
	}
	view_touch(v, VIEW_DATA);
}

/* The store has changed: it is counted anew when it is written. */
static void
take_event(struct page_view *v, void *arg, const struct weir_event *ev)
{
	struct groups *g = arg;

	(void)v;
	if (ev->kind == WEIR_EV_CHANGED)
		g->stale = true;
}

static void
groups_free(void *arg)
{
	struct groups *g = arg;

	weir_groups_release(&g->found);
	weir_view_release(&g->view);
	free(g);
}

static const enum action_id hints[] = { ACTION_OPEN, ACTION_SEARCH, ACTION_NEXT_BAD,
	ACTION_HELP, ACTION_BACK, ACTION_NONE };

static const struct page_user user = {
	.context = CONTEXT_PAGE,
	.write = write_page,
	.free = groups_free,
	.command = command,
	.hints = hints,
	.counts = counts,
	.open = open_group,
	.event = take_event,
	.crumb = crumb,
};

enum weir_rc
view_groups_new(struct app *a, const struct weir_view *view, struct view **ret_view,
	struct weir_err *err)
{
	struct weir_query *q = NULL;
	struct groups *g;
	struct view *v;
	enum weir_rc rc = weir_group_check(view->kind, view->count_by, err);

	if (!rc)
		rc = weir_query_parse(
			view->kind, str_of(view->query), weir_now_us(), &q, err);
	weir_query_free(q);
	if (rc)
		return rc;
	g = xcalloc(1, sizeof(*g));
	weir_view_copy(view, &g->view);
	v = page_view_new(a, &user, g);
	page_view_of(v)->ops.answer = take_answer;
	page_view_of(v)->ops.key = take_key;
	*ret_view = v;
	return WEIR_OK;
}

static void
open_groups(struct view *v, const char *field)
{
	struct listview *r = listview_of(v);
	struct weir_view view = { .show = WEIR_SHOW_LIST, .kind = r->kind };

	view.query = *r->query ? xstrdup(r->query) : NULL;
	view.count_by = xstrdup(field);
	app_open_view(v->app, &view);
	weir_view_release(&view);
}

/* Fields whose name begins as typed, short names first. */
static void
offer_fields(struct listview *r, struct prompt *p)
{
	struct buf words = BUF_INIT(16 << 10);
	const struct weir_query_field *f;
	size_t n = weir_query_fields(r->kind, &f), typed = p->text.len;

	for (int alias = 1; alias >= 0; alias--) {
		for (size_t i = 0; i < n; i++) {
			const char *name = alias ? f[i].alias : f[i].name;

			if (!name || strstr(name, "NAME") ||
				strncmp(name, prompt_text(p), typed) != 0 ||
				weir_group_check(r->kind, name, NULL))
				continue;
			buf_addf(&words, "%s%s", words.len ? "\n" : "", name);
		}
	}
	prompt_offer(p, 0, buf_str(&words));
	buf_release(&words);
}

static void
on_field(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	struct listview *r = arg;
	struct weir_err err = { 0 };

	if (ev == PROMPT_EV_CHANGED) {
		offer_fields(r, p);
		if (p->text.len && !p->ghost.len &&
			weir_group_check(r->kind, prompt_text(p), &err)) {
			p->valid = 0;
			status_say(a, true, "no field '%s'", prompt_text(p));
		}
	} else if (ev == PROMPT_EV_ACCEPTED && p->text.len) {
		open_groups(&r->v, prompt_text(p));
	}
}

/* Enter on the empty line takes what is offered. */
static bool
field_key(struct app *a, void *arg, struct prompt *p, uint32_t key)
{
	struct buf offered = BUF_INIT(PROMPT_MAX);

	(void)a;
	(void)arg;
	if (key == INPUT_ENTER && !p->text.len && p->ghost.len) {
		buf_addstr(&offered, buf_str(&p->ghost));
		prompt_set(p, buf_cstr(&offered));
		buf_release(&offered);
	}
	return false;
}

static const struct prompt_user field_user = {
	.label = "count by: ",
	.key = field_key,
	.event = on_field,
	.history = "field",
};

void
view_groups_act(struct view *v, enum action_id id, const char *arg)
{
	struct listview *r = listview_of(v);
	char field[128];

	(void)id;
	if (arg && *arg) {
		open_groups(v, arg);
		return;
	}
	/* At first the column that is sorted by. */
	snprintf(field, sizeof(field), "%.*s", (int)strcspn(r->sort, ":,"), r->sort);
	app_prompt(v->app, &field_user, v, field);
	on_field(v->app, v, &v->app->prompt, PROMPT_EV_CHANGED);
}
