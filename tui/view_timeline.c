#include "view_timeline.h"

#include <string.h>

#include <weir/text.h>
#include <weir/time.h>

#include "app.h"
#include "gantt.h"
#include "list.h"
#include "view_log.h"
#include "word.h"

enum {
	NAME_MIN = 16,
	STATE_COLUMNS = 12, /* shown where there is room for it */
	STATE_FROM = 100,   /* from so many columns on */
	TOOK_COLUMNS = 9,
	MARK_COLUMNS = 2,
	LABEL_MIN = 10, /* of the scale: columns from one to the next */
	SPAN_MIN_US = 1000,
	LIVE_US = 1000000,
	AROUND_MAX = 160, /* columns of names that were waited for */
};

struct timeline_view {
	struct view v;
	struct weir_id id;
	char id_text[WEIR_ID_TEXT + 1];
	struct gantt t;
	uint64_t job;     /* 0: nothing is read */
	bool read, again; /* once more, when what is read is here */
	struct list list;
	/* What of the time is shown: a part of 1/zoom, from `offset` of the whole. */
	double zoom, offset;
	int64_t from_us, to_us; /* so: this */
	int64_t read_us;        /* weir_monotonic_us */
	bool syncing;
	uint64_t request;
};

static struct timeline_view *
timeline_of(struct view *v)
{
	return (struct timeline_view *)v;
}

/* ---- the list's model */

static size_t
model_n(void *arg)
{
	return ((struct timeline_view *)arg)->t.nodes.n;
}

static int64_t
model_key(void *arg, size_t row)
{
	return ((struct timeline_view *)arg)->t.nodes.v[row].key;
}

static const struct list_model model = { model_n, model_key, NULL, NULL };

static bool
is_bad(void *arg, size_t row)
{
	enum weir_state state = ((struct timeline_view *)arg)->t.nodes.v[row].state;

	return state == WEIR_ST_FAILED || state == WEIR_ST_CRASHED;
}

/* ---- reading */

static void
look(struct timeline_view *t)
{
	int64_t from = t->t.from_us, to = t->t.to_us;
	double span;

	if (from == WEIR_NO_TIME)
		return;
	if (to - from < SPAN_MIN_US)
		to = from + SPAN_MIN_US;
	span = (double)(to - from);
	if (t->offset > 1 - 1 / t->zoom)
		t->offset = 1 - 1 / t->zoom;
	if (t->offset < 0)
		t->offset = 0;
	t->from_us = from + (int64_t)(t->offset * span);
	t->to_us = t->from_us + (int64_t)(span / t->zoom);
}

static void
view_data(struct view *v)
{
	struct timeline_view *t = timeline_of(v);

	if (!app_store(v->app))
		return;
	t->again = t->job != 0;
	if (!t->again)
		t->job = gantt_ask(v->app->finder, v->serial, &t->id, v->app->now_us);
}

static void
view_answer(struct view *v, struct finder_answer *answer)
{
	struct timeline_view *t = timeline_of(v);

	if (answer->number != t->job)
		return;
	t->job = 0;
	t->read_us = weir_monotonic_us();
	if (gantt_take(&t->t, answer)) {
		t->read = true;
		look(t);
		list_sync(&t->list);
	} else {
		status_say(v->app, true, "%s", answer->text);
	}
	view_touch(v, t->again ? VIEW_DATA : VIEW_PAINT);
}

static void
view_layout(struct view *v)
{
	struct timeline_view *t = timeline_of(v);

	list_height(&t->list, v->height > 3 ? v->height - 1 : v->height);
}

/* ---- painting */

struct columns {
	int name, state, bar;
};

static struct columns
lay_out(const struct timeline_view *t)
{
	int width = t->v.width, widest = NAME_MIN;
	struct columns c = { .state = width >= STATE_FROM ? STATE_COLUMNS : 0 };

	for (size_t i = 0; i < t->t.nodes.n; i++) {
		const struct gantt_node *n = &t->t.nodes.v[i];
		int w = 2 * n->depth + (int)text_width(str_of(n->name)) + 1;

		widest = w > widest ? w : widest;
	}
	c.name = widest < width * 2 / 5 ? widest : width * 2 / 5;
	c.bar = width - MARK_COLUMNS - c.name - 2 - c.state - TOOK_COLUMNS - 2 - 1;
	if (c.bar < 8)
		c.bar = 0;
	return c;
}

/* `│ ├ name`: the branches of those above go on if they have a next one. */
static void
paint_name(const struct timeline_view *t, struct draw *d, size_t row, int columns)
{
	const struct gantt_node *n = &t->t.nodes.v[row];
	bool open[GANTT_DEPTH_MAX + 2] = { false };
	bool utf8 = d->theme->utf8;
	struct buf b = BUF_INIT(4096);
	int depth = n->depth;

	/* Upwards: the first at each lesser depth is the one above. */
	for (size_t i = row; i-- > 0 && depth > 1;) {
		if (t->t.nodes.v[i].depth < depth) {
			depth = t->t.nodes.v[i].depth;
			open[depth] = !t->t.nodes.v[i].last;
		}
	}
	for (int i = 1; i < n->depth; i++)
		buf_adds(&b, open[i] ? (utf8 ? "│ " : "| ") : "  ");
	if (n->depth > 0)
		buf_adds(&b, n->last ? (utf8 ? "└ " : "` ") : (utf8 ? "├ " : "| "));
	draw_str(d, STYLE_DIM, buf_str(&b), columns);
	columns -= 2 * n->depth + 1;
	draw_cell(d, n->kind == WEIR_RUN ? STYLE_STRONG : STYLE_PLAIN, str_of(n->name),
		columns > 0 ? columns : 0, false);
	draw_spaces(d, 1);
	buf_release(&b);
}

struct cells {
	char *kind; /* a letter for each: ' ', '.' waits, '#' works, 'x' try ended */
	int n;
};

static void
fill(struct cells *c, int first, int past, char kind)
{
	first = first < 0 ? 0 : first;
	for (int i = first; i <= past && i < c->n; i++) {
		if (c->kind[i] != '#' || kind == 'x')
			c->kind[i] = kind;
	}
}

static void
paint_bar(const struct timeline_view *t, struct draw *d, const struct gantt_node *n,
	int columns, enum style style, const char *glyph)
{
	struct cells c = { .kind = xcalloc((size_t)columns + 1, 1), .n = columns };
	int64_t now = t->v.app->now_us;
	int last = -1;

	memset(c.kind, ' ', (size_t)columns);
	for (size_t i = 0; i < n->n_parts; i++) {
		const struct gantt_part *p = &n->parts[i];
		int64_t to = p->to_us == WEIR_NO_TIME ? now : p->to_us;
		int first = gantt_cell(p->from_us, t->from_us, t->to_us, columns);
		int past = gantt_cell(to, t->from_us, t->to_us, columns);

		if (past < 0 || first >= columns)
			continue;
		past = past >= columns ? columns - 1 : past;
		if (past > first && to < t->to_us)
			past--; /* the next one begins in that cell */
		fill(&c, first, past, p->works ? '#' : '.');
		if (p->works && i + 1 < n->n_parts)
			fill(&c, past, past, 'x');
		last = p->works && to <= t->to_us ? past : -1;
	}
	for (int i = 0; i < columns; i++) {
		bool end = i == last && weir_state_is_terminal(n->state) &&
			   n->state != WEIR_ST_COMPLETED;

		if (c.kind[i] == ' ')
			draw_spaces(d, 1);
		else if (c.kind[i] == '.')
			draw_text(d, STYLE_DIM, theme_glyph(d->theme, GLYPH_WAIT));
		else if (c.kind[i] == 'x')
			draw_text(d, STYLE_RED, theme_glyph(d->theme, GLYPH_TRY));
		else
			draw_text(d, style,
				end ? glyph : theme_glyph(d->theme, GLYPH_BAR));
	}
	free(c.kind);
}

/* What the line under the cursor waited for, and what waited for it. */
static const char *
relation(const struct timeline_view *t, const struct draw *d, size_t row)
{
	size_t here = t->list.row;

	if (row == here || here >= t->t.nodes.n)
		return "";
	if (gantt_waited(&t->t, here, row))
		return theme_glyph(d->theme, GLYPH_UNDER);
	return gantt_waited(&t->t, row, here) ? theme_glyph(d->theme, GLYPH_CRUMB) : "";
}

static void
paint_row(const struct timeline_view *t, struct draw *d, size_t row,
	const struct columns *c)
{
	const struct gantt_node *n = &t->t.nodes.v[row];
	int64_t end = n->end_us != WEIR_NO_TIME ? n->end_us : t->v.app->now_us;
	struct buf took = BUF_INIT(64);
	char glyph[8];
	enum style style =
		theme_state(d->theme, n->state, str_of(n->state_name), glyph);

	draw_cell(d, STYLE_KEY, str_of(relation(t, d, row)), MARK_COLUMNS, false);
	paint_name(t, d, row, c->name);
	draw_cell(d, style, str_of(glyph), 2, false);
	if (c->state)
		draw_cell(d, style, str_of(n->state_name), c->state, false);
	if (n->start_us != WEIR_NO_TIME && end >= n->start_us)
		weir_duration_format(&took, end - n->start_us);
	if (n->tries > 1)
		buf_addf(&took, " x%lld", (long long)n->tries);
	draw_cell(d, STYLE_PLAIN, buf_str(&took), TOOK_COLUMNS, true);
	draw_spaces(d, 2);
	if (c->bar && t->t.from_us != WEIR_NO_TIME)
		paint_bar(t, d, n, c->bar, style, glyph);
	buf_release(&took);
}

/* The scale's steps: the first whose labels have room. */
static int64_t
scale_step(int64_t span, int columns)
{
	static const int64_t steps[] = { 1000, 10000, 100000, 200000, 500000, 1000000,
		2000000, 5000000, 10000000, 15000000, 30000000, 60000000, 120000000,
		300000000, 600000000, 900000000, 1800000000, 3600000000, 7200000000,
		10800000000, 21600000000, 43200000000, 86400000000 };
	int64_t us = 0;

	for (size_t i = 0; i < N_ELEM(steps); i++) {
		us = steps[i];
		if ((double)us * columns / (double)span >= LABEL_MIN)
			return us;
	}
	while ((double)us * columns / (double)span < LABEL_MIN)
		us *= 2;
	return us;
}

static void
add_label(struct buf *b, int64_t us, int64_t step)
{
	if (step < WEIR_SECOND_US)
		buf_addf(b, "%.4g s", (double)us / WEIR_SECOND_US);
	else if (us == 0)
		buf_adds(b, "0:00");
	else
		weir_duration_format(b, us);
}

/* `0:00         1:00         2:00` since the first began. */
static void
paint_scale(const struct timeline_view *t, struct draw *d, int columns)
{
	int64_t base = t->t.from_us, span = t->to_us - t->from_us, step, us;
	int at = 0, x = d->x;

	if (base == WEIR_NO_TIME || span <= 0 || !columns)
		return;
	step = scale_step(span, columns);
	us = (t->from_us - base + step - 1) / step * step;
	for (; base + us <= t->to_us; us += step) {
		int to = gantt_cell(base + us, t->from_us, t->to_us, columns);
		struct buf label = BUF_INIT(64);

		add_label(&label, us, step);
		if (to >= at && to + (int)label.len <= columns) {
			draw_to(d, x + to);
			draw_text(d, STYLE_HEADER, buf_cstr(&label));
			at = to + (int)label.len + 1;
		}
		buf_release(&label);
	}
}

static void
view_paint(struct view *v, struct draw *d)
{
	struct timeline_view *t = timeline_of(v);
	struct columns c = lay_out(t);
	int y = v->y;

	if (v->height > 3) {
		draw_begin(d, y++);
		draw_spaces(d, MARK_COLUMNS);
		draw_cell(d, STYLE_HEADER, STR("TASK"), c.name, false);
		draw_cell(d, STYLE_HEADER, c.state ? STR("  STATE") : STR(""),
			2 + c.state, false);
		draw_cell(d, STYLE_HEADER, STR("TOOK"), TOOK_COLUMNS, true);
		draw_spaces(d, 2);
		paint_scale(t, d, c.bar);
		draw_end(d, false);
	}
	for (size_t i = 0; y < v->y + v->height; i++, y++) {
		size_t row = t->list.top + i;
		bool is = row < t->t.nodes.n;

		draw_begin(d, y);
		if (is)
			paint_row(t, d, row, &c);
		else if (i == 1 && t->read && t->t.nodes.n == 0)
			draw_text(d, STYLE_PLAIN, "  This run is no longer here.");
		draw_end(d, is && row == t->list.row);
	}
}

/* `after fetch, solve`, `before test` */
static void
add_around(const struct timeline_view *t, bool before, struct buf *out)
{
	size_t here = t->list.row, start = out->len;

	for (size_t i = 0; i < t->t.nodes.n; i++) {
		if (before ? !gantt_waited(&t->t, i, here)
			   : !gantt_waited(&t->t, here, i))
			continue;
		if (out->len - start > AROUND_MAX) {
			buf_adds(out, ", ...");
			return;
		}
		buf_adds(out, out->len > start ? ", " : before ? "before " : "after ");
		buf_adds(out, t->t.nodes.v[i].name);
	}
}

static void
view_counts(struct view *v, struct draw *d)
{
	struct timeline_view *t = timeline_of(v);
	const char *dot = theme_glyph(d->theme, GLYPH_DOT);
	struct buf b = BUF_INIT(2048);
	size_t n = t->t.nodes.n;

	buf_addf(&b, "%zu tasks and runs", n > 0 ? n - 1 : 0);
	draw_text(d, STYLE_PLAIN, buf_cstr(&b));
	buf_clear(&b);
	if (t->t.n_bad > 0) {
		buf_addf(&b, " %s ", dot);
		draw_text(d, STYLE_DIM, buf_cstr(&b));
		buf_clear(&b);
		buf_addf(&b, "%zu failed", t->t.n_bad);
		draw_text(d, STYLE_RED, buf_cstr(&b));
		buf_clear(&b);
	}
	if (t->list.row < n) {
		add_around(t, false, &b);
		buf_adds(&b, b.len > 0 ? "  " : "");
		add_around(t, true, &b);
	}
	if (b.len > 0) {
		draw_text(d, STYLE_DIM, "   ");
		draw_text(d, STYLE_DIM, buf_cstr(&b));
	}
	buf_clear(&b);
	if (t->zoom > 1)
		buf_addf(&b, "%gx", t->zoom);
	if (t->syncing)
		buf_addf(&b, "%sfetching", b.len > 0 ? "  " : "");
	status_right(d, STYLE_DIM, buf_cstr(&b));
	buf_release(&b);
}

static void
view_command(struct view *v, struct buf *out)
{
	buf_addf(out, "weir graph %.8s", timeline_of(v)->id_text);
}

/* ---- acts */

static bool
view_move(struct view *v, enum action_id id)
{
	struct timeline_view *t = timeline_of(v);

	if (id != ACTION_LEFT && id != ACTION_RIGHT)
		return list_act(&t->list, id);
	t->offset += (id == ACTION_LEFT ? -0.25 : 0.25) / t->zoom;
	look(t);
	return true;
}

/* Around the middle of what is shown. */
static void
act_zoom(struct view *v, enum action_id id, const char *arg)
{
	struct timeline_view *t = timeline_of(v);
	double middle = t->offset + 0.5 / t->zoom;
	double span = (double)(t->t.to_us - t->t.from_us);

	(void)arg;
	if (id == ACTION_WIDER && span / (t->zoom * 2) >= SPAN_MIN_US)
		t->zoom *= 2;
	else if (id == ACTION_NARROWER && t->zoom > 1)
		t->zoom /= 2;
	t->offset = middle - 0.5 / t->zoom;
	look(t);
}

static const struct gantt_node *
current(const struct timeline_view *t)
{
	return t->list.row < t->t.nodes.n ? &t->t.nodes.v[t->list.row] : NULL;
}

static void
act_open(struct view *v, enum action_id id, const char *arg)
{
	const struct gantt_node *n = current(timeline_of(v));
	struct view *log;

	(void)arg;
	if (!n)
		return;
	if (id == ACTION_OPEN) {
		app_open(v->app, n->kind, &n->id);
		return;
	}
	log = view_log_new(v->app, n->kind, &n->id);
	if (log)
		app_push(v->app, log);
}

static void
act_bad(struct view *v, enum action_id id, const char *arg)
{
	(void)arg;
	if (!list_seek(&timeline_of(v)->list, id == ACTION_NEXT_BAD ? 1 : -1, is_bad))
		status_say(v->app, false, "no more failures %s",
			id == ACTION_NEXT_BAD ? "below" : "above");
}

static void
act_refresh(struct view *v, enum action_id id, const char *arg)
{
	struct timeline_view *t = timeline_of(v);

	(void)id;
	(void)arg;
	t->request = app_submit(v->app, WEIR_REQ_RUN, &t->id);
	t->syncing = t->request != 0;
}

static const struct view_act acts[] = {
	{ ACTION_OPEN, act_open },
	{ ACTION_LOG, act_open },
	{ ACTION_NARROWER, act_zoom },
	{ ACTION_WIDER, act_zoom },
	{ ACTION_NEXT_BAD, act_bad },
	{ ACTION_PREVIOUS_BAD, act_bad },
	{ ACTION_REFRESH, act_refresh },
	{ ACTION_NONE, NULL },
};

static void
view_event(struct view *v, const struct weir_event *event)
{
	struct timeline_view *t = timeline_of(v);

	if (event->kind != WEIR_EV_DONE || !t->request || event->request != t->request)
		return;
	t->syncing = false;
	view_touch(v, VIEW_DATA);
}

/* What runs grows; a script's clock stands. */
static int64_t
view_due(const struct view *v)
{
	const struct timeline_view *t = (const struct timeline_view *)v;

	return t->t.live && !t->job && !app_stands(v->app) ? t->read_us + LIVE_US : 0;
}

static bool
view_object(struct view *v, enum weir_kind *ret_kind, struct weir_id *ret_id)
{
	const struct gantt_node *n = current(timeline_of(v));

	if (!n)
		return false;
	*ret_kind = n->kind;
	*ret_id = n->id;
	return true;
}

static void
view_crumb(struct view *v, struct buf *out)
{
	(void)v;
	buf_adds(out, "timeline");
}

static void
view_free(struct view *v)
{
	gantt_release(&timeline_of(v)->t);
	free(v);
}

static const enum action_id hints[] = { ACTION_OPEN, ACTION_LOG, ACTION_NEXT_BAD,
	ACTION_WIDER, ACTION_NARROWER, ACTION_HELP, ACTION_BACK, ACTION_NONE };

static const struct view_ops ops = {
	.context = CONTEXT_TIMELINE,
	.free = view_free,
	.layout = view_layout,
	.data = view_data,
	.paint = view_paint,
	.counts = view_counts,
	.command = view_command,
	.acts = acts,
	.move = view_move,
	.answer = view_answer,
	.event = view_event,
	.due = view_due,
	.object = view_object,
	.crumb = view_crumb,
	.hints = hints,
};

struct view *
view_timeline_new(struct app *a, const struct weir_id *run)
{
	struct timeline_view *t;

	if (!app_store(a))
		return NULL;
	t = xcalloc(1, sizeof(*t));
	view_init(&t->v, &ops, a);
	t->id = *run;
	weir_id_format(run, t->id_text);
	t->zoom = 1;
	list_init(&t->list, &model, t);
	act_refresh(&t->v, ACTION_REFRESH, NULL);
	return &t->v;
}
