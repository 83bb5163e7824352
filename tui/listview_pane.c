/* Where the preview of a list is: beside it, below it, or nowhere. */
#include "app.h"
#include "listview.h"
#include "page.h"
#include "preview.h"
#include "word.h"

enum {
	AUTO_BESIDE = 160, /* columns of the screen */
	AUTO_BELOW = 42,   /* lines of it */
	LIST_LEAST = 90,   /* columns that a list keeps */
	PANE_LEAST = 32,
	PANE_MOST = 110,
	RULE = 3,        /* columns: a blank, the rule, a blank */
	LINES_LEAST = 7, /* of the list, and of the pane below it with its rule */
	SCROLL_LINES = 3,
};

static bool
place_beside(const struct view *v, struct listview_pane *p)
{
	int width = v->width * 2 / 5;

	if (width > PANE_MOST)
		width = PANE_MOST;
	if (v->width - RULE - width < LIST_LEAST)
		width = v->width - RULE - LIST_LEAST;
	if (width < PANE_LEAST || v->height < 2)
		return false;
	p->list_width = v->width - RULE - width;
	p->width = width;
	p->height = v->height;
	return true;
}

static bool
place_below(const struct view *v, struct listview_pane *p)
{
	int lines = v->height * 2 / 5;

	if (lines < LINES_LEAST)
		lines = LINES_LEAST;
	if (v->height - lines < LINES_LEAST)
		return false;
	p->list_height = v->height - lines;
	p->width = v->width;
	p->height = lines - 1; /* the rule */
	p->below = true;
	return true;
}

struct listview_pane
listview_pane(const struct listview *r)
{
	const struct view *v = &r->v;
	struct listview_pane p = { .list_width = v->width, .list_height = v->height };
	bool wide = v->app->screen.cols >= AUTO_BESIDE;

	if (r->preview_mode == PREVIEW_BESIDE ||
		(r->preview_mode == PREVIEW_AUTO && wide))
		place_beside(v, &p);
	else if (r->preview_mode == PREVIEW_BELOW ||
		 (r->preview_mode == PREVIEW_AUTO && v->app->screen.rows >= AUTO_BELOW))
		place_below(v, &p);
	return p;
}

void
listview_place(struct listview *r)
{
	struct listview_pane p = listview_pane(r);

	list_height(&r->list, p.list_height - (listview_has_header(&r->v) ? 1 : 0));
	if (p.width > 0) {
		if (!r->preview)
			r->preview = preview_new(r->v.app);
		preview_size(r->preview, p.width, p.height);
	} else {
		preview_free(r->preview);
		r->preview = NULL;
	}
	listview_layout(r);
}

void
listview_look(struct listview *r)
{
	enum weir_kind kind;
	struct weir_id id;

	if (r->preview && r->kind == WEIR_ENVIRONMENT)
		listview_env_look(r);
	else if (r->preview && r->v.ops->object(&r->v, &kind, &id))
		preview_look(r->preview, kind, &id);
}

/* Line i of the body, on the row begun, behind what the list drew. */
void
listview_paint_beside(struct listview *r, struct draw *d, int i)
{
	struct listview_pane p = listview_pane(r);

	d->limit = d->cols;
	if (!r->preview || p.below)
		return;
	draw_to(d, p.list_width + 1);
	draw_text(d, STYLE_DIM, theme_glyph(d->theme, GLYPH_RULE));
	draw_spaces(d, 1);
	if (r->rows.n > 0)
		preview_row(r->preview, d, i);
}

void
listview_paint_below(struct listview *r, struct draw *d)
{
	struct listview_pane p = listview_pane(r);
	int y = r->v.y + p.list_height;

	if (!r->preview || !p.below)
		return;
	draw_begin(d, y++);
	while (draw_left(d) > 0)
		draw_text(d, STYLE_DIM, theme_glyph(d->theme, GLYPH_DASH));
	draw_end(d, false);
	for (int i = 0; i < p.height; i++) {
		draw_begin(d, y + i);
		if (r->rows.n > 0)
			preview_row(r->preview, d, i);
		draw_end(d, false);
	}
}

/* The next place that looks different from the present one. */
static bool
next_place(struct listview *r)
{
	struct listview_pane now = listview_pane(r);
	enum listview_preview was = r->preview_mode;

	for (int i = 1; i < PREVIEW_N; i++) {
		struct listview_pane p;

		r->preview_mode = (enum listview_preview)((was + i) % PREVIEW_N);
		p = listview_pane(r);
		if (p.width != now.width || p.below != now.below)
			return true;
	}
	r->preview_mode = was;
	return false;
}

void
listview_preview_act(struct view *v, enum action_id id, const char *arg)
{
	static const char *const words[] = { "as the screen allows", "beside", "below",
		"off" };
	struct listview *r = listview_of(v);

	(void)id;
	(void)arg;
	if (!next_place(r)) {
		status_say(v->app, true, "the screen is too small for a preview");
		return;
	}
	view_touch(v, VIEW_LAYOUT);
	status_say(v->app, false, "preview %s", words[r->preview_mode]);
}

void
listview_preview_scroll(struct view *v, enum action_id id, const char *arg)
{
	struct listview *r = listview_of(v);

	(void)arg;
	if (r->preview)
		preview_scroll(r->preview,
			id == ACTION_PREVIEW_UP ? -SCROLL_LINES : SCROLL_LINES);
	else
		status_say(v->app, true, "there is no preview: v shows it");
}

/* ---- searching in it */

static void
on_search(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	struct listview *r = arg;
	const char *text = ev == PROMPT_EV_CANCELLED ? "" : prompt_text(p);
	struct weir_err err = { 0 };
	struct weir_match *match;

	if (!r->preview)
		return;
	view_touch(&r->v, VIEW_PAINT);
	if (ev == PROMPT_EV_ACCEPTED) {
		if (!preview_next(r->preview, *text != '\0'))
			status_say(a, false, "the preview has nothing of it");
		return;
	}
	match = page_find_compile(text, &err);
	if (!match && err.rc)
		return; /* what was valid goes on being shown while it is typed */
	if (match || ev == PROMPT_EV_CANCELLED)
		preview_match(r->preview, match);
	if (match)
		preview_next(r->preview, true);
}

static void
on_found(struct app *a, void *arg, struct buf *out)
{
	const struct listview *r = arg;
	int64_t n = r->preview ? preview_matches(r->preview) : -1;

	(void)a;
	if (n < 0)
		return;
	word_number(out, n);
	buf_adds(out, n == 1 ? " line" : " lines");
}

static const struct prompt_user search_user = { .label = "in the preview: ",
	.event = on_search,
	.found = on_found,
	.history = "search" };

void
listview_preview_search(struct view *v, enum action_id id, const char *arg)
{
	struct listview *r = listview_of(v);

	(void)id;
	if (!r->preview) {
		status_say(v->app, true, "there is no preview: v shows it");
		return;
	}
	app_prompt(v->app, &search_user, v, arg ? arg : "");
	if (arg && *arg)
		on_search(v->app, v, &v->app->prompt, PROMPT_EV_CHANGED);
}
