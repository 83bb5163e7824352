/* Named views as tabs. */
#include "app.h"
#include "listview.h"

void
desk_tab_opened(struct app *a, size_t i)
{
	a->desk.current = i;
	a->desk.tab_serial = a->top ? a->top->serial : 0;
}

bool
desk_tab_is_open(const struct app *a)
{
	for (const struct view *v = a->top; v; v = v->below)
		if (v->serial == a->desk.tab_serial)
			return true;
	return false;
}

void
desk_tab_named(struct app *a, const char *name)
{
	size_t i;

	if (!weir_views_find(&a->desk.views, name, &i, NULL))
		desk_tab_opened(a, i);
}

/* A query and an order that have a name are where the list begins. */
static void
begin_as_shown(struct view *v)
{
	struct listview *r = listview_of(v);

	if (!(v->ops->context & CONTEXT_LISTS))
		return;
	listview_set(&r->start_query, r->query);
	listview_set(&r->start_sort, r->sort);
}

void
desk_tab_match(struct app *a)
{
	struct buf text = BUF_INIT(WEIR_VIEW_MAX);

	a->top->ops->command(a->top, &text);
	for (size_t i = 0; i < a->desk.views.n; i++) {
		if (str_eq(buf_str(&text), a->desk.views.v[i].text)) {
			desk_tab_opened(a, i);
			begin_as_shown(a->top);
			break;
		}
	}
	buf_release(&text);
}

/* `1 nightly  2 failures`, as many as there is room for. */
void
desk_paint_tabs(struct app *a, struct draw *d)
{
	const struct weir_views *views = &a->desk.views;
	bool open = desk_tab_is_open(a);

	for (size_t i = 0; i < views->n; i++) {
		enum style style =
			open && i == a->desk.current ? STYLE_STRONG : STYLE_DIM;
		struct buf tab = BUF_INIT(256);
		int width;

		if (i < 9)
			buf_addf(&tab, "%zu ", i + 1);
		buf_adds(&tab, views->v[i].name);
		if (open && i == a->desk.current)
			buf_adds(&tab, "*");
		width = draw_width(d, buf_cstr(&tab));
		if (draw_left(d) < width + (d->x > 0 ? 2 : 0)) {
			buf_release(&tab);
			break;
		}
		if (d->x > 0)
			draw_spaces(d, 2);
		draw_text(d, style, buf_cstr(&tab));
		buf_release(&tab);
	}
}
