/* The view of a page: scrolling, the cursor, and opening what is under it. */
#include "app.h"
#include "page.h"
#include "word.h"

struct page_view *
page_view_of(struct view *v)
{
	return (struct page_view *)v;
}

static bool
selectable(const struct page_view *v, size_t row)
{
	return v->page.lines.v[row].opens != PAGE_OPENS_NOTHING;
}

static size_t
height_of(const struct page_view *v)
{
	return v->v.height > 0 ? (size_t)v->v.height : 1;
}

static size_t
top_max(const struct page_view *v)
{
	size_t n = v->page.lines.n, height = height_of(v);

	return n > height ? n - height : 0;
}

static bool
on_screen(const struct page_view *v, size_t row)
{
	return row >= v->top && row - v->top < height_of(v);
}

const struct page_line *
page_view_line(const struct page_view *v)
{
	if (!v->key || v->row >= v->page.lines.n || !on_screen(v, v->row) ||
		!selectable(v, v->row))
		return NULL;
	return &v->page.lines.v[v->row];
}

size_t
page_view_here(const struct page_view *v)
{
	return v->key && on_screen(v, v->row) ? v->row : v->top;
}

static void
stand_on(struct page_view *v, size_t row)
{
	v->row = row;
	v->key = v->page.lines.v[row].key;
}

static void
scroll_to(struct page_view *v, size_t top)
{
	v->top = top < top_max(v) ? top : top_max(v);
}

/* Keep the cursor among what is on the screen: the nearest line of it that opens
 * something, from where the cursor was. */
static void
settle(struct page_view *v)
{
	size_t n = v->page.lines.n, last, from;

	if (n == 0) {
		v->row = v->top = 0;
		return;
	}
	scroll_to(v, v->top);
	if (v->key && v->row < n && on_screen(v, v->row))
		return;
	last = v->top + height_of(v) - 1;
	last = last < n ? last : n - 1;
	from = v->row <= v->top ? v->top : last;
	for (size_t k = v->top; k <= last; k++) {
		size_t i = from == v->top ? k : last - (k - v->top);

		if (selectable(v, i)) {
			stand_on(v, i);
			return;
		}
	}
	v->key = 0;
	v->row = from;
}

void
page_view_goto(struct page_view *v, size_t i)
{
	size_t n = v->page.lines.n, height = height_of(v);

	if (n == 0)
		return;
	i = i < n ? i : n - 1;
	v->moved = true;
	if (i < v->top)
		scroll_to(v, i);
	else if (i - v->top >= height)
		scroll_to(v, i - height + 1);
	if (selectable(v, i))
		stand_on(v, i);
	else
		settle(v);
	view_touch(&v->v, VIEW_PAINT);
}

/* ---- moving */

static size_t
next_selectable(const struct page_view *v, size_t from, int direction)
{
	size_t n = v->page.lines.n;

	for (size_t i = from; direction > 0 ? ++i < n : i-- > 0;) {
		if (selectable(v, i))
			return i;
	}
	return PAGE_NONE;
}

/* To the next line that opens something, if it is near; else the text scrolls by one.
 */
static void
step(struct page_view *v, int direction)
{
	size_t n = v->page.lines.n, past = v->top + height_of(v), old = v->top;
	size_t from = v->key ? v->row : direction > 0 ? v->top : past < n ? past : n;
	size_t next = next_selectable(v, from, direction);

	if (!v->key && direction > 0 && selectable(v, v->top))
		next = v->top;
	if (next != PAGE_NONE && on_screen(v, next)) {
		stand_on(v, next);
		return;
	}
	scroll_to(v, direction > 0 ? v->top + 1 : v->top > 0 ? v->top - 1 : 0);
	if (next != PAGE_NONE && on_screen(v, next))
		stand_on(v, next);
	else if (v->top != old)
		settle(v);
}

static void
scroll_by(struct page_view *v, int direction, size_t lines)
{
	size_t n = v->page.lines.n, line = v->row - v->top, row;

	if (direction < 0)
		v->top = v->top > lines ? v->top - lines : 0;
	else
		scroll_to(v, v->top + lines);
	/* The cursor stays at its height, or goes to the end that was reached. */
	row = v->top + line;
	if (direction > 0 && v->top == top_max(v))
		row = n - 1;
	if (direction < 0 && v->top == 0)
		row = 0;
	v->row = row < n ? row : n - 1;
	v->key = 0;
	for (size_t k = 0; k < height_of(v) && !v->key; k++) {
		if (v->row + k < n && on_screen(v, v->row + k) &&
			selectable(v, v->row + k))
			stand_on(v, v->row + k);
		else if (v->row >= k && on_screen(v, v->row - k) &&
			 selectable(v, v->row - k))
			stand_on(v, v->row - k);
	}
}

static bool
view_move(struct view *view, enum action_id id)
{
	struct page_view *v = page_view_of(view);
	size_t height = height_of(v);
	int direction = 1;

	switch ((int)id) {
	case ACTION_UP:
	case ACTION_DOWN:
		if (v->page.lines.n > 0)
			step(v, id == ACTION_DOWN ? 1 : -1);
		break;
	case ACTION_PAGE_UP:
	case ACTION_HALF_UP:
	case ACTION_FIRST:
		direction = -1;
		/* fallthrough */
	case ACTION_PAGE_DOWN:
	case ACTION_HALF_DOWN:
	case ACTION_LAST:
		if (v->page.lines.n > 0)
			scroll_by(v, direction,
				id == ACTION_HALF_UP || id == ACTION_HALF_DOWN
					? (height + 1) / 2
				: id == ACTION_PAGE_UP || id == ACTION_PAGE_DOWN
					? height
					: v->page.lines.n);
		break;
	default:
		return false;
	}
	v->moved = true;
	return true;
}

static bool
view_click(struct view *view, int y, int x)
{
	struct page_view *v = page_view_of(view);
	size_t row = v->top + (size_t)y;

	(void)x;
	if (row >= v->page.lines.n || !selectable(v, row))
		return false;
	page_view_goto(v, row);
	return true;
}

/* ---- opening */

static void
act_open(struct view *view, enum action_id id, const char *arg)
{
	struct page_view *v = page_view_of(view);
	const struct page_line *line = page_view_line(v);
	struct app *a = view->app;
	enum action_id action;

	(void)id;
	(void)arg;
	if (!line)
		return;
	switch (line->opens) {
	case PAGE_OPENS_OBJECT:
		app_open(a, line->kind, &line->id);
		break;
	case PAGE_OPENS_COMMAND:
		app_open_command(a, line->command);
		break;
	case PAGE_OPENS_ACTION:
		action = line->action;
		app_pop(a);
		if (a->top)
			action_get(action)->run(a, action, NULL);
		break;
	case PAGE_OPENS_SELF:
		if (v->user->open)
			v->user->open(v, v->arg, line);
		break;
	case PAGE_OPENS_NOTHING:
		break;
	}
}

static const struct view_act acts[] = {
	{ ACTION_OPEN, act_open },
	{ ACTION_SEARCH, page_find_search },
	{ ACTION_NEXT, page_find_step },
	{ ACTION_PREVIOUS, page_find_step },
	{ ACTION_NEXT_BAD, page_find_bad },
	{ ACTION_PREVIOUS_BAD, page_find_bad },
	{ ACTION_NONE, NULL },
};

/* ---- the rest of a view */

static void
view_layout(struct view *view)
{
	view->dirty |= VIEW_DATA; /* long texts are broken anew */
}

static void
view_data(struct view *view)
{
	struct page_view *v = page_view_of(view);
	int64_t current = 0;
	size_t row, line = v->row - v->top;
	bool at_top = v->top == 0;

	if (v->page.current != PAGE_NONE && v->page.current < v->page.lines.n)
		current = v->page.lines.v[v->page.current].key;
	page_clear(&v->page);
	v->page.width = view->width;
	v->user->write(v, &v->page, v->arg);
	if (v->key && v->moved) {
		row = page_find(&v->page, v->key, v->row);
		if (row == PAGE_NONE) {
			v->key = 0;
		} else {
			v->row = row;
			if (!at_top || row >= height_of(v))
				v->top = row > line ? row - line : 0;
		}
	} else if (!v->moved) {
		v->key = 0;
		v->row = v->top = 0;
	}
	if (current)
		v->page.current = page_find(&v->page, current, PAGE_NONE);
	page_find_count(v);
	settle(v);
}

static void
view_paint(struct view *view, struct draw *d)
{
	struct page_view *v = page_view_of(view);
	bool cursor = page_view_line(v) != NULL;

	for (int i = 0; i < view->height; i++) {
		size_t row = v->top + (size_t)i;
		bool is = row < v->page.lines.n;

		draw_begin(d, view->y + i);
		if (is)
			page_row(&v->page, d, row, view->width, view->app->now_us,
				v->match);
		draw_end(d, is && cursor && row == v->row);
	}
}

static void
view_counts(struct view *view, struct draw *d)
{
	struct page_view *v = page_view_of(view);
	size_t n = v->page.lines.n, last = v->top + height_of(v);
	struct buf right = BUF_INIT(128);

	if (v->user->counts)
		v->user->counts(v, v->arg, d);
	if (n > height_of(v)) {
		buf_addf(&right, "%s ", theme_glyph(d->theme, GLYPH_UPDOWN));
		word_number(&right, (int64_t)v->top + 1);
		buf_addc(&right, '-');
		word_number(&right, (int64_t)(last < n ? last : n));
		buf_adds(&right, " of ");
		word_number(&right, (int64_t)n);
		status_right(d, STYLE_DIM, buf_cstr(&right));
	}
	buf_release(&right);
}

static void
view_command(struct view *view, struct buf *out)
{
	struct page_view *v = page_view_of(view);

	v->user->command(v, v->arg, out);
}

static void
view_event(struct view *view, const struct weir_event *ev)
{
	struct page_view *v = page_view_of(view);

	if (v->user->event)
		v->user->event(v, v->arg, ev);
}

static int64_t
view_due(const struct view *view)
{
	const struct page_view *v = (const struct page_view *)view;

	return v->user->due ? v->user->due(v, v->arg) : 0;
}

static bool
view_object(struct view *view, enum weir_kind *ret_kind, struct weir_id *ret_id)
{
	struct page_view *v = page_view_of(view);
	const struct page_line *line = page_view_line(v);

	if (v->user->object)
		return v->user->object(v, v->arg, ret_kind, ret_id);
	if (!line || line->opens != PAGE_OPENS_OBJECT)
		return false;
	*ret_kind = line->kind;
	*ret_id = line->id;
	return true;
}

static void
view_name(struct view *view, struct buf *out)
{
	struct page_view *v = page_view_of(view);

	if (v->user->name)
		v->user->name(v, v->arg, out);
}

static void
view_crumb(struct view *view, struct buf *out)
{
	struct page_view *v = page_view_of(view);

	v->user->crumb(v, v->arg, out);
}

static void
view_answer(struct view *view, struct finder_answer *answer)
{
	struct page_view *v = page_view_of(view);

	v->user->answer(v, v->arg, answer);
}

static void
view_free(struct view *view)
{
	struct page_view *v = page_view_of(view);

	if (v->user->free)
		v->user->free(v->arg);
	weir_match_free(v->match);
	page_release(&v->page);
	free(v);
}

static const struct view_ops ops = {
	.free = view_free,
	.layout = view_layout,
	.data = view_data,
	.paint = view_paint,
	.counts = view_counts,
	.command = view_command,
	.move = view_move,
	.click = view_click,
	.event = view_event,
	.due = view_due,
	.object = view_object,
	.name = view_name,
};

/* The user's acts before those of every page: the first that is found is done. */
static void
join_acts(struct page_view *v)
{
	size_t n = 0;

	for (const struct view_act *act = v->user->acts;
		act && act->id != ACTION_NONE && n < PAGE_ACTS_MAX - N_ELEM(acts);
		act++)
		v->acts[n++] = *act;
	for (size_t i = 0; i < N_ELEM(acts); i++)
		v->acts[n++] = acts[i];
}

struct view *
page_view_new(struct app *a, const struct page_user *user, void *arg)
{
	struct page_view *v = xcalloc(1, sizeof(*v));

	v->ops = ops;
	v->ops.context = user->context;
	v->ops.hints = user->hints;
	v->ops.acts = v->acts;
	v->ops.answer = user->answer ? view_answer : NULL;
	v->ops.crumb = user->crumb ? view_crumb : NULL;
	v->ops.ident = user->ident;
	v->ops.origin = user->origin;
	v->user = user;
	v->arg = arg;
	join_acts(v);
	view_init(&v->v, &v->ops, a);
	page_clear(&v->page);
	return &v->v;
}
