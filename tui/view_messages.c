#include "view_messages.h"

#include <weir/time.h>

#include "app.h"
#include "page.h"

enum { TIME_COLUMNS = 10, LINES_MAX = 20 };

struct said {
	uint64_t shown; /* messages->said when the page was written */
};

/* The time of day; of another day with its date. */
static void
add_time(const struct app *a, int64_t at_us, struct buf *out)
{
	struct buf when = BUF_INIT(64);

	weir_time_absolute(&when, at_us, a->utc, false);
	if (when.len >= 19)
		buf_add(out, when.s + 11, 8);
	else
		buf_addstr(out, buf_str(&when));
	buf_release(&when);
}

static void
write_message(struct page_view *v, struct page *p, const struct message *m)
{
	struct buf when = BUF_INIT(64), text = BUF_INIT(PAGE_TEXT_MAX);

	add_time(v->v.app, m->at_us, &when);
	buf_adds(&text, m->text);
	if (m->times > 1)
		buf_addf(&text, " (%u times)", m->times);
	page_text(p, buf_cstr(&when), TIME_COLUMNS,
		m->error ? STYLE_ERROR : STYLE_PLAIN, buf_str(&text), LINES_MAX);
	buf_release(&when);
	buf_release(&text);
}

static void
write_page(struct page_view *v, struct page *p, void *arg)
{
	const struct messages *m = &v->v.app->messages;
	struct said *said = arg;

	for (size_t i = 0; i < m->n; i++)
		write_message(v, p, messages_get(m, i));
	if (m->n == 0)
		page_text(p, NULL, 1, STYLE_DIM, STR("nothing was said yet"), 1);
	said->shown = m->said;
}

/* Stay at the end if it is there. */
static void
follow(struct page_view *v)
{
	if (v->top + (size_t)v->v.height >= v->page.lines.n)
		v->top = v->page.lines.n + MESSAGES_MAX;
	view_touch(&v->v, VIEW_DATA);
}

static void
counts(struct page_view *v, void *arg, struct draw *d)
{
	const struct messages *m = &v->v.app->messages;
	const struct said *said = arg;
	struct buf text = BUF_INIT(128);
	size_t errors = 0;

	if (said->shown != m->said)
		follow(v);
	for (size_t i = 0; i < m->n; i++)
		errors += messages_get(m, i)->error;
	buf_addf(&text, "%zu message%s", m->n, m->n == 1 ? "" : "s");
	if (errors > 0)
		buf_addf(&text, " %s %zu error%s",
			theme_glyph(&v->v.app->theme, GLYPH_DOT), errors,
			errors == 1 ? "" : "s");
	draw_text(d, STYLE_DIM, buf_cstr(&text));
	buf_release(&text);
}

static void
command(struct page_view *v, void *arg, struct buf *out)
{
	(void)v;
	(void)arg;
	buf_adds(out, "weir: messages");
}

static const enum action_id hints[] = { ACTION_SEARCH, ACTION_COMMAND, ACTION_HELP,
	ACTION_BACK, ACTION_NONE };

static const struct page_user user = {
	.context = CONTEXT_PAGE,
	.write = write_page,
	.free = free,
	.command = command,
	.hints = hints,
	.counts = counts,
};

struct view *
view_messages_new(struct app *a)
{
	struct view *v = page_view_new(a, &user, xcalloc(1, sizeof(struct said)));

	/* At its end. */
	page_view_of(v)->moved = true;
	page_view_of(v)->top = PAGE_LINES_MAX;
	return v;
}
