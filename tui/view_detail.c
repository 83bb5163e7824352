#include "view_detail.h"

#include <weir/text.h>
#include <weir/time.h>

#include "app.h"
#include "facts.h"
#include "list.h"
#include "view_log.h"

enum {
	NAME_COLUMNS = 26,
	STATE_COLUMNS = 12,
	TOOK_COLUMNS = 9,
	BAR_MIN = 16,
	LABEL_COLUMNS = 7
};

struct run {
	struct view v;
	struct weir_id id;
	char id_text[WEIR_ID_TEXT + 1];
	struct facts facts;
	struct list list;
	bool syncing;
	uint64_t request;
};

static struct run *
run_of(struct view *v)
{
	return (struct run *)v;
}

static size_t
model_n(void *arg)
{
	return ((struct run *)arg)->facts.lines.n;
}

static int64_t
model_key(void *arg, size_t row)
{
	return ((struct run *)arg)->facts.lines.v[row].key;
}

static bool
model_find(void *arg, int64_t key, size_t hint, size_t *ret_row)
{
	struct run *r = arg;

	(void)hint;
	for (size_t i = 0; i < r->facts.lines.n; i++) {
		if (r->facts.lines.v[i].key == key) {
			*ret_row = i;
			return true;
		}
	}
	return false;
}

static bool
model_selectable(void *arg, size_t row)
{
	enum facts_kind kind = ((struct run *)arg)->facts.lines.v[row].kind;

	return kind == FACTS_TASK || kind == FACTS_CHILD || kind == FACTS_ARTIFACT;
}

static const struct list_model model = { model_n, model_key, model_find,
	model_selectable };

static bool
is_bad(void *arg, size_t row)
{
	enum weir_state state = ((struct run *)arg)->facts.lines.v[row].state;

	return state == WEIR_ST_FAILED || state == WEIR_ST_CRASHED;
}

static void
view_data(struct view *v)
{
	struct run *r = run_of(v);
	struct facts_look look = { .now_us = v->app->now_us,
		.utc = v->app->utc,
		.width = v->width,
		.dot = theme_glyph(&v->app->theme, GLYPH_DOT),
		.dash = theme_glyph(&v->app->theme, GLYPH_DASH) };

	if (!app_store(v->app))
		return;
	facts_read(&r->facts, v->app->store, &r->id, &look);
	list_sync(&r->list);
}

static void
view_layout(struct view *v)
{
	struct run *r = run_of(v);

	list_height(&r->list, v->height);
	v->dirty |= VIEW_DATA; /* long texts are broken anew */
}

/* A bar from start to end in the time that the whole run spans. */
static void
paint_bar(const struct run *r, struct draw *d, const struct facts_line *line,
	enum style style)
{
	const struct facts *f = &r->facts;
	int64_t now = r->v.app->now_us, from = f->start_us;
	int64_t to = f->end_us != WEIR_NO_TIME ? f->end_us : now;
	int64_t end = line->end_us != WEIR_NO_TIME ? line->end_us : now;
	int room = draw_left(d) - 1, first, last;

	if (room < BAR_MIN || from == WEIR_NO_TIME || line->start_us == WEIR_NO_TIME ||
		to <= from)
		return;
	if (room > 100)
		room = 100;
	first = (int)((line->start_us - from) * room / (to - from));
	last = (int)((end - from) * room / (to - from));
	first = first < 0 ? 0 : first >= room ? room - 1 : first;
	last = last < first ? first : last >= room ? room - 1 : last;
	draw_spaces(d, first);
	for (int i = first; i <= last; i++)
		draw_text(d, style, theme_glyph(d->theme, GLYPH_BAR));
}

static void
paint_row(const struct run *r, struct draw *d, const struct facts_line *line)
{
	struct buf took = BUF_INIT(64);
	int64_t end = line->end_us != WEIR_NO_TIME ? line->end_us : r->v.app->now_us;
	int name = d->cols >= 60 ? NAME_COLUMNS : d->cols / 2 - 4;
	char glyph[8];
	enum style style =
		theme_state(d->theme, line->state, str_of(line->state_name), glyph);

	draw_spaces(d, 2);
	draw_cell(d, STYLE_PLAIN, str_of(line->text), name, false);
	draw_spaces(d, 2);
	draw_text(d, style, glyph);
	draw_spaces(d, 1);
	draw_cell(d, style, str_of(line->state_name), STATE_COLUMNS, false);
	if (line->start_us != WEIR_NO_TIME && end >= line->start_us)
		weir_duration_format(&took, end - line->start_us);
	draw_cell(d, STYLE_PLAIN, buf_str(&took), TOOK_COLUMNS, true);
	draw_spaces(d, 2);
	if (line->kind == FACTS_CHILD && *line->label) {
		draw_cell(d, STYLE_PLAIN, str_of(line->label), 14, false);
		draw_spaces(d, 1);
	}
	paint_bar(r, d, line, style);
	buf_release(&took);
}

static void
paint_state(const struct run *r, struct draw *d, const struct facts_line *line)
{
	char glyph[8];
	enum style style =
		theme_state(d->theme, line->state, str_of(line->state_name), glyph);

	draw_text(d, style, glyph);
	draw_spaces(d, 1);
	draw_text(d, style, line->state_name);
	draw_spaces(d, 3);
	draw_text(d, STYLE_STRONG, line->text);
	status_right(d, STYLE_DIM, r->facts.flow);
}

static void
paint_line(const struct run *r, struct draw *d, const struct facts_line *line)
{
	switch (line->kind) {
	case FACTS_STATE:
		paint_state(r, d, line);
		break;
	case FACTS_MESSAGE:
		draw_spaces(d, 2);
		draw_text(d, line->style, line->text);
		break;
	case FACTS_FACT:
		draw_spaces(d, 1);
		draw_cell(d, STYLE_DIM, str_of(line->label), LABEL_COLUMNS, false);
		draw_spaces(d, 1);
		draw_text(d, line->style, line->text);
		break;
	case FACTS_HEADING:
		draw_spaces(d, 2);
		draw_text(d, STYLE_HEADER, line->text);
		break;
	case FACTS_TASK:
	case FACTS_CHILD:
		paint_row(r, d, line);
		break;
	case FACTS_ARTIFACT:
		draw_spaces(d, 2);
		draw_text(d, STYLE_PLAIN, line->text);
		break;
	case FACTS_BLANK:
		break;
	}
}

static void
view_paint(struct view *v, struct draw *d)
{
	struct run *r = run_of(v);

	for (int i = 0; i < v->height; i++) {
		size_t row = r->list.top + (size_t)i;
		bool is = row < r->facts.lines.n;

		draw_begin(d, v->y + i);
		if (is)
			paint_line(r, d, &r->facts.lines.v[row]);
		else if (i == 1 && !r->facts.found)
			draw_text(d, STYLE_PLAIN, "  This run is no longer here.");
		draw_end(d, is && row == r->list.row && model_selectable(r, row));
	}
}

static void
view_counts(struct view *v, struct draw *d)
{
	struct run *r = run_of(v);
	size_t tasks = 0, children = 0, bad = 0;
	struct buf text = BUF_INIT(256);
	const char *dot = theme_glyph(d->theme, GLYPH_DOT);

	for (size_t i = 0; i < r->facts.lines.n; i++) {
		tasks += r->facts.lines.v[i].kind == FACTS_TASK;
		children += r->facts.lines.v[i].kind == FACTS_CHILD;
		bad += r->facts.lines.v[i].kind >= FACTS_TASK && is_bad(r, i);
	}
	buf_addf(&text, "%zu task runs", tasks);
	if (children > 0)
		buf_addf(&text, " %s %zu child runs", dot, children);
	draw_text(d, STYLE_PLAIN, buf_cstr(&text));
	if (bad > 0) {
		buf_clear(&text);
		buf_addf(&text, "%zu failed", bad);
		draw_text(d, STYLE_DIM, " ");
		draw_text(d, STYLE_DIM, dot);
		draw_text(d, STYLE_DIM, " ");
		draw_text(d, STYLE_RED, buf_cstr(&text));
	}
	if (r->syncing)
		status_right(d, STYLE_DIM, "fetching");
	buf_release(&text);
}

static void
view_command(struct view *v, struct buf *out)
{
	buf_addf(out, "weir show %.8s", run_of(v)->id_text);
}

static void
open_line(struct run *r, bool log)
{
	struct app *a = r->v.app;
	const struct facts_line *line =
		r->list.row < r->facts.lines.n ? &r->facts.lines.v[r->list.row] : NULL;
	struct view *v = NULL;

	if (line && line->kind == FACTS_CHILD)
		v = log ? view_log_new(a, WEIR_RUN, &line->id)
			: view_detail_new(a, &line->id);
	else if (line && line->kind == FACTS_TASK)
		v = view_log_new(a, WEIR_TASK_RUN, &line->id);
	else
		v = view_log_new(a, WEIR_RUN, &r->id);
	if (v)
		app_push(a, v);
}

static bool
view_move(struct view *v, enum action_id id)
{
	return list_act(&run_of(v)->list, id);
}

static void
act_open(struct view *v, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	open_line(run_of(v), false);
}

static void
act_log(struct view *v, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	app_push(v->app, view_log_new(v->app, WEIR_RUN, &run_of(v)->id));
}

static void
act_bad(struct view *v, enum action_id id, const char *arg)
{
	(void)arg;
	if (!list_seek(&run_of(v)->list, id == ACTION_NEXT_BAD ? 1 : -1, is_bad))
		status_say(v->app, false, "no more failed runs here");
}

static void
act_refresh(struct view *v, enum action_id id, const char *arg)
{
	struct run *r = run_of(v);

	(void)id;
	(void)arg;
	r->request = app_submit(v->app, WEIR_REQ_RUN, &r->id);
	r->syncing = r->request != 0;
}

static const struct view_act acts[] = {
	{ ACTION_OPEN, act_open },
	{ ACTION_LOG, act_log },
	{ ACTION_NEXT_BAD, act_bad },
	{ ACTION_PREVIOUS_BAD, act_bad },
	{ ACTION_REFRESH, act_refresh },
	{ ACTION_NONE, NULL },
};

static void
view_event(struct view *v, const struct weir_event *event)
{
	struct run *r = run_of(v);

	if (event->kind != WEIR_EV_DONE || event->request != r->request)
		return;
	r->syncing = false;
	view_touch(v, VIEW_DATA);
}

static bool
view_object(struct view *v, enum weir_kind *ret_kind, struct weir_id *ret_id)
{
	struct run *r = run_of(v);

	*ret_kind = WEIR_RUN;
	*ret_id = r->id;
	return true;
}

static void
view_free(struct view *v)
{
	struct run *r = run_of(v);

	facts_release(&r->facts);
	free(r);
}

static const enum action_id hints[] = { ACTION_OPEN, ACTION_LOG, ACTION_NEXT_BAD,
	ACTION_COPY_ID, ACTION_WEB, ACTION_HELP, ACTION_BACK, ACTION_NONE };

static const struct view_ops ops = {
	.context = CONTEXT_DETAIL,
	.free = view_free,
	.layout = view_layout,
	.data = view_data,
	.paint = view_paint,
	.counts = view_counts,
	.command = view_command,
	.acts = acts,
	.move = view_move,
	.event = view_event,
	.object = view_object,
	.hints = hints,
};

struct view *
view_detail_new(struct app *a, const struct weir_id *run)
{
	struct run *r;

	if (!app_store(a))
		return NULL;
	r = xcalloc(1, sizeof(*r));
	view_init(&r->v, &ops, a);
	r->id = *run;
	weir_id_format(run, r->id_text);
	list_init(&r->list, &model, r);
	r->request = app_submit(a, WEIR_REQ_RUN, run);
	r->syncing = r->request != 0;
	return &r->v;
}
