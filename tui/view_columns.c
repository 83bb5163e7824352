#include "view_columns.h"

#include <weir/members.h>

#include "app.h"
#include "chosen.h"
#include "listview.h"
#include "word.h"

enum {
	NAME_COLUMNS = 26,
	WIDTH_COLUMNS = 5,
	SAMPLE_LEAST = 12, /* height from which rows of the list are shown below */
	SAMPLE_MAX = 8,
	EXTRA_MAX = 24, /* parameters that are offered */
	EXTRA_TEXT_MAX = 4096,
	CHANGE_MAX = 16 << 10,
};

struct chooser {
	struct view v;
	struct listview *of; /* the view below */
	struct chosen model;
	struct list list;
};

static struct chooser *
chooser_of(struct view *v)
{
	return (struct chooser *)v;
}

static size_t
model_n(void *arg)
{
	return ((struct chooser *)arg)->model.items.n;
}

static int64_t
model_key(void *arg, size_t row)
{
	return ((struct chooser *)arg)->model.items.v[row].key;
}

static const struct list_model model = { model_n, model_key, NULL, NULL };

/* Lines of the list itself that are shown below: its header, and rows. */
static int
sample_lines(const struct view *v)
{
	if (v->height < SAMPLE_LEAST)
		return 0;
	return v->height / 3 > SAMPLE_MAX ? SAMPLE_MAX : v->height / 3;
}

static void
view_layout(struct view *v)
{
	struct chooser *c = chooser_of(v);
	int sample = sample_lines(v);

	/* The chooser's own header, and a blank line before the list. */
	list_height(&c->list, v->height - 1 - (sample ? sample + 1 : 0));
	view_update(v->below);
}

/* The list goes on below. */
static void
view_data(struct view *v)
{
	view_touch(v->below, VIEW_DATA);
	view_update(v->below);
}

static int64_t
view_due(const struct view *v)
{
	return v->below->ops->due(v->below);
}

static void
view_command(struct view *v, struct buf *out)
{
	v->below->ops->command(v->below, out);
}

/* How wide a column is in the list, 0: it is not on the screen. */
static int
width_now(const struct chooser *c, const struct chosen_item *item)
{
	const struct table *t = &c->of->table;

	for (size_t i = 0; i < t->shown; i++) {
		if (strcmp(t->rows->columns.v[t->cols[i].index]->name,
			    item->column->name) == 0)
			return t->cols[i].width;
	}
	return 0;
}

static void
paint_item(const struct chooser *c, struct draw *d, size_t row)
{
	const struct chosen_item *item = &c->model.items.v[row];
	struct buf name = BUF_INIT(512), width = BUF_INIT(32);
	enum style style = item->shown ? STYLE_PLAIN : STYLE_DIM;
	int now = width_now(c, item);

	buf_adds(&name, item->column->name);
	if (item->column->alias)
		buf_addf(&name, " (%s)", item->column->alias);
	if (item->width)
		buf_addf(&width, "%d", item->width);
	else if (now && item->shown)
		buf_addf(&width, "(%d)", now);
	draw_spaces(d, 1);
	draw_text(d, style, item->shown ? "[x] " : "[ ] ");
	draw_cell(d, style, buf_str(&name), NAME_COLUMNS, false);
	draw_spaces(d, 1);
	draw_cell(d, style, buf_str(&width), WIDTH_COLUMNS, true);
	draw_spaces(d, 2);
	draw_text(d, style, item->column->help);
	buf_release(&name);
	buf_release(&width);
}

static void
paint_header(struct draw *d)
{
	draw_spaces(d, 5);
	draw_cell(d, STYLE_HEADER, STR("COLUMN"), NAME_COLUMNS, false);
	draw_spaces(d, 1);
	draw_cell(d, STYLE_HEADER, STR("WIDTH"), WIDTH_COLUMNS, true);
	draw_spaces(d, 2);
	draw_text(d, STYLE_HEADER, "WHAT IT IS");
}

static void
view_paint(struct view *v, struct draw *d)
{
	struct chooser *c = chooser_of(v);
	int y = v->y, end = v->y + v->height, sample = sample_lines(v);

	draw_begin(d, y++);
	paint_header(d);
	draw_end(d, false);
	for (int i = 0; i < c->list.height && y < end; i++, y++) {
		size_t row = c->list.top + (size_t)i;

		draw_begin(d, y);
		if (row < c->model.items.n)
			paint_item(c, d, row);
		draw_end(d, row == c->list.row);
	}
	for (; y < end - sample; y++) {
		draw_begin(d, y);
		draw_end(d, false);
	}
	listview_paint_sample(c->of, d, y, sample);
}

static void
view_counts(struct view *v, struct draw *d)
{
	struct chooser *c = chooser_of(v);
	struct buf text = BUF_INIT(256);

	buf_addf(&text, "%zu of %zu shown; C: the usual ones", chosen_shown(&c->model),
		c->model.items.n);
	draw_text(d, STYLE_PLAIN, buf_cstr(&text));
	buf_clear(&text);
	buf_addf(&text, "%s %zu-%zu", theme_glyph(d->theme, GLYPH_UPDOWN),
		c->list.top + 1,
		c->list.top + (size_t)c->list.height < c->model.items.n
			? c->list.top + (size_t)c->list.height
			: c->model.items.n);
	status_right(d, STYLE_DIM, buf_cstr(&text));
	buf_release(&text);
}

/* What is chosen is shown at once. */
static void
apply(struct chooser *c)
{
	struct buf text = BUF_INIT(ROWS_TEXT_MAX);
	struct weir_err err = { 0 };

	chosen_text(&c->model, &text);
	if (listview_choose(c->of, buf_cstr(&text), &err))
		status_say(c->v.app, true, "%s", err.text);
	buf_release(&text);
	list_sync(&c->list);
}

static bool
view_move(struct view *v, enum action_id id)
{
	return list_act(&chooser_of(v)->list, id);
}

static void
act_toggle(struct view *v, enum action_id id, const char *arg)
{
	struct chooser *c = chooser_of(v);

	(void)id;
	(void)arg;
	if (chosen_toggle(&c->model, c->list.row))
		apply(c);
	else
		status_say(v->app, true, "one column must be shown");
}

static void
act_move(struct view *v, enum action_id id, const char *arg)
{
	struct chooser *c = chooser_of(v);

	(void)arg;
	if (chosen_move(&c->model, c->list.row, id == ACTION_MOVE_LEFT ? -1 : 1))
		apply(c);
}

static void
act_resize(struct view *v, enum action_id id, const char *arg)
{
	struct chooser *c = chooser_of(v);
	const struct chosen_item *item = &c->model.items.v[c->list.row];
	int now = item->width ? item->width : width_now(c, item);

	(void)arg;
	if (!item->shown)
		status_say(v->app, true, "a column that is not shown has no width");
	else if (chosen_resize(&c->model, c->list.row,
			 now ? now : (int)strlen(item->column->title),
			 id == ACTION_NARROWER ? -1 : 1))
		apply(c);
}

static void
act_open(struct view *v, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	app_pop(v->app);
}

/* `param.x` for the parameters of the row under the cursor. */
struct offer {
	struct buf text;
	int n;
};

static bool
offer_parameter(void *arg, struct str name, struct str value, bool is_string)
{
	struct offer *o = arg;

	(void)value;
	(void)is_string;
	if (name.len == 0 || name.len > NAME_COLUMNS * 2 ||
		memchr(name.s, ',', name.len) || memchr(name.s, ':', name.len) ||
		memchr(name.s, ' ', name.len))
		return true;
	buf_addf(&o->text, "%sparam.%.*s", o->text.len ? "," : "", (int)name.len,
		name.s);
	return ++o->n < EXTRA_MAX;
}

static void
offer_parameters(const struct listview *r, struct offer *o)
{
	struct weir_column_set set = { 0 };
	struct weir_rows *rows = NULL;
	struct weir_select sel = { .kind = r->kind, .columns = &set };
	bool more = false;

	if (!listview_store(r) || r->list.row >= r->rows.n ||
		(r->kind != WEIR_RUN && r->kind != WEIR_DEPLOYMENT))
		return;
	sel.key = r->rows.keys[r->list.row];
	if (!weir_columns_choose(r->kind, "parameters", 0, &set, NULL) &&
		!weir_rows_open(listview_store(r), &sel, &rows, NULL) &&
		!weir_rows_next(rows, &more, NULL) && more)
		weir_members_each(weir_rows_cell(rows, 0)->s, offer_parameter, o);
	weir_rows_close(rows);
	weir_columns_release(&set);
}

/* How many columns of wide screens are shown. */
static size_t
n_wide(const struct listview *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->table.shown; i++)
		n += r->table.cols[i].wide;
	return n;
}

static enum weir_rc
read_model(struct chooser *c, struct weir_err *err)
{
	struct offer offer = { .text = BUF_INIT(EXTRA_TEXT_MAX) };
	struct chosen made;
	enum weir_rc rc;

	offer_parameters(c->of, &offer);
	rc = chosen_init(&made, c->of->kind, c->of->columns, buf_cstr(&offer.text),
		n_wide(c->of), err);
	buf_release(&offer.text);
	if (rc)
		return rc;
	chosen_release(&c->model);
	c->model = made;
	return WEIR_OK;
}

/* The kind's own columns again. */
static void
act_usual(struct view *v, enum action_id id, const char *arg)
{
	struct chooser *c = chooser_of(v);
	struct weir_err err = { 0 };
	enum weir_rc rc = listview_choose(c->of, "", &err);

	(void)id;
	(void)arg;
	if (!rc)
		rc = read_model(c, &err);
	if (rc)
		status_say(v->app, true, "%s", err.text);
	list_home(&c->list);
	list_sync(&c->list);
}

static const struct view_act acts[] = {
	{ ACTION_MARK, act_toggle },
	{ ACTION_MOVE_LEFT, act_move },
	{ ACTION_MOVE_RIGHT, act_move },
	{ ACTION_NARROWER, act_resize },
	{ ACTION_WIDER, act_resize },
	{ ACTION_OPEN, act_open },
	{ ACTION_COLUMNS, act_usual },
	{ ACTION_NONE, NULL },
};

static const enum action_id hints[] = { ACTION_MARK, ACTION_MOVE_LEFT,
	ACTION_MOVE_RIGHT, ACTION_NARROWER, ACTION_WIDER, ACTION_HELP, ACTION_BACK,
	ACTION_NONE };

static void
view_free(struct view *v)
{
	chosen_release(&chooser_of(v)->model);
	free(v);
}

static const struct view_ops ops = {
	.context = CONTEXT_COLUMNS,
	.free = view_free,
	.layout = view_layout,
	.data = view_data,
	.paint = view_paint,
	.counts = view_counts,
	.command = view_command,
	.acts = acts,
	.move = view_move,
	.due = view_due,
	.hints = hints,
};

static void
open_chooser(struct listview *r)
{
	struct chooser *c = xcalloc(1, sizeof(*c));
	struct weir_err err = { 0 };

	view_init(&c->v, &ops, r->v.app);
	c->of = r;
	list_init(&c->list, &model, c);
	if (read_model(c, &err)) {
		status_say(r->v.app, true, "%s", err.text);
		view_free(&c->v);
		return;
	}
	list_sync(&c->list);
	app_push(r->v.app, &c->v);
}

static enum weir_rc
choose(struct listview *r, const char *text, struct weir_err *err)
{
	return listview_choose(r, strcmp(text, "default") == 0 ? "" : text, err);
}

/* `+tags,-pool`: those that are shown, and others, or less. */
static enum weir_rc
change(struct listview *r, const char *text, struct weir_err *err)
{
	struct buf columns = BUF_INIT(CHANGE_MAX);
	struct chosen c;
	enum weir_rc rc = chosen_init(&c, r->kind, r->columns, "", n_wide(r), err);

	if (rc)
		return rc;
	rc = chosen_change(&c, r->kind, text, err);
	if (!rc) {
		chosen_text(&c, &columns);
		rc = listview_choose(r, buf_cstr(&columns), err);
	}
	chosen_release(&c);
	buf_release(&columns);
	return rc;
}

void
view_columns_act(struct view *v, enum action_id id, const char *arg)
{
	struct listview *r = listview_of(v);
	struct weir_err err = { 0 };

	(void)id;
	if (!arg || !*arg)
		open_chooser(r);
	else if (*arg == '+' || *arg == '-' ? change(r, arg, &err)
					    : choose(r, arg, &err))
		listview_say(r, &err);
}
