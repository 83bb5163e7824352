#include "view_help.h"

#include "app.h"
#include "page.h"

/* The keys of the view below, as they are bound now; Enter does what is under the
 * cursor. */
struct help {
	enum context context; /* whose keys */
	char *filter;         /* only lines with this word; "" all */
};

enum { KEYS_COLUMNS = 19, NAME_COLUMNS = 22, WIDE = 100 };

/* A heading and the actions under it, up to `last`. */
static const struct {
	const char *heading;
	enum action_id last;
} groups[] = {
	{ "moving", ACTION_QUIT },
	{ "finding", ACTION_PREVIOUS_BAD },
	{ "this list", ACTION_PREVIEW_SEARCH },
	{ "columns", ACTION_WIDER },
	{ "what the cursor is on", ACTION_DIFF },
	{ "this form", ACTION_NULL },
	{ "what is shown", ACTION_EDITOR },
	{ "views", ACTION_DUMP },
	{ "the program", ACTION_HELP },
};

static struct help *
help_of(struct view *v)
{
	return page_view_of(v)->arg;
}

/* Is one of the texts wanted? */
static bool
wanted(const struct page_view *v, const char *keys, const char *name, const char *help)
{
	const char *const texts[] = { keys, name, help };
	size_t start, end;

	for (size_t i = 0; i < N_ELEM(texts); i++) {
		if (!v->match ||
			weir_match_find(v->match, str_of(texts[i]), 0, &start, &end))
			return true;
	}
	return false;
}

static void
write_line(struct page_view *v, struct page *p, const char *keys, const char *name,
	const char *arg, const char *help)
{
	struct buf what = BUF_INIT(256);
	int columns = v->v.width >= WIDE ? NAME_COLUMNS + 8 : NAME_COLUMNS;

	buf_addf(&what, "%s%s%s", name, *arg ? " " : "", arg);
	page_gap(p, 2);
	page_add(p, STYLE_KEY, str_of(keys), KEYS_COLUMNS, false);
	page_gap(p, 1);
	if (v->v.width >= 60) {
		page_add(p, STYLE_PLAIN, buf_str(&what), columns, false);
		page_gap(p, 1);
	}
	page_add(p, STYLE_DIM, str_of(help), 0, false);
	buf_release(&what);
}

/* Key: the action, so that the cursor stays on it while the list is narrowed. */
static bool
write_action(
	struct page_view *v, struct page *p, enum action_id id, const char *heading)
{
	const struct help *h = v->arg;
	const struct action *action = action_get(id);
	struct buf keys = BUF_INIT(256);
	bool show;

	keymap_keys(&v->v.app->keymap, (unsigned)h->context, id, &keys);
	show = view_works(v->v.below, id) &&
	       wanted(v, buf_cstr(&keys), action->name, action->help);
	if (show) {
		struct page_line *line;

		if (heading && p->lines.n > 0)
			page_blank(p);
		if (heading)
			page_heading(p, heading);
		line = page_begin(p, (int64_t)id);
		line->opens = PAGE_OPENS_ACTION;
		line->action = id;
		write_line(v, p, buf_cstr(&keys), action->name,
			action_arg_name(action->arg), action->help);
	}
	buf_release(&keys);
	return show;
}

/* Keys that the user bound to an action with its argument. */
static void
write_own(struct page_view *v, struct page *p)
{
	const struct help *h = v->arg;
	const struct keymap *m = &v->v.app->keymap;
	const char *heading = "yours";

	for (size_t i = 0; i < m->bindings.n; i++) {
		const struct binding *b = &m->bindings.v[i];
		const struct action *action = action_get(b->action);
		char name[INPUT_NAME];
		struct page_line *line;

		if (!b->arg || keymap_at(m, (unsigned)h->context, b->key) != b ||
			!wanted(v, input_name(b->key, name), b->arg, action->name))
			continue;
		if (heading && p->lines.n > 0)
			page_blank(p);
		if (heading)
			page_heading(p, heading);
		heading = NULL;
		line = page_begin(p, (int64_t)(ACTION_N + i));
		line->opens = PAGE_OPENS_SELF;
		line->command = arena_printf(&p->arena, "%s %s", action->name, b->arg);
		write_line(v, p, input_name(b->key, name), action->name, b->arg,
			action->help);
	}
}

static void
write_page(struct page_view *v, struct page *p, void *arg)
{
	enum action_id id = ACTION_UP;

	(void)arg;
	for (size_t g = 0; g < N_ELEM(groups); g++) {
		const char *heading = groups[g].heading;

		for (; id <= groups[g].last; id++) {
			if (write_action(v, p, id, heading))
				heading = NULL;
		}
	}
	write_own(v, p);
}

static void
open_own(struct page_view *v, void *arg, const struct page_line *line)
{
	struct app *a = v->v.app;
	char *command = xstrdup(line->command);

	(void)arg;
	app_pop(a);
	app_command(a, ACTION_COMMAND, command);
	free(command);
}

/* The whole help of the line under the cursor. */
static void
counts(struct page_view *v, void *arg, struct draw *d)
{
	const struct page_line *line = page_view_line(v);
	const struct help *h = arg;
	const struct action *action;

	if (!line) {
		draw_text(d, STYLE_DIM,
			*h->filter ? "no key and no action has this in it" : "");
		return;
	}
	if (line->opens != PAGE_OPENS_ACTION) {
		draw_text(d, STYLE_STRONG, line->command);
		return;
	}
	action = action_get(line->action);
	draw_text(d, STYLE_STRONG, action->name);
	draw_spaces(d, 2);
	draw_text(d, STYLE_DIM, action->help);
}

static void
command(struct page_view *v, void *arg, struct buf *out)
{
	const struct help *h = arg;

	(void)v;
	buf_addf(out, "man weir-keys: keys of %s", action_context_name(h->context));
}

/* ---- narrowing */

static void
narrow(struct view *view, const char *text)
{
	struct page_view *v = page_view_of(view);
	struct help *h = help_of(view);
	struct weir_match *match = NULL;
	struct weir_err err;
	char *filter = xstrdup(text);

	if (*filter && weir_match_new(WEIR_MATCH_WORD, str_of(filter), &match, &err)) {
		free(filter);
		return;
	}
	free(h->filter);
	h->filter = filter;
	weir_match_free(v->match);
	v->match = match;
	v->moved = false; /* the cursor goes to the first line */
	view_touch(view, VIEW_DATA);
}

static void
on_search(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	(void)a;
	narrow(arg, ev == PROMPT_EV_CANCELLED ? p->original : prompt_text(p));
}

static const struct prompt_user search = {
	.label = "/",
	.event = on_search,
	.history = "search",
};

static void
act_search(struct view *v, enum action_id id, const char *arg)
{
	(void)id;
	if (arg)
		narrow(v, arg);
	else
		app_prompt(v->app, &search, v, help_of(v)->filter);
}

static bool
take_back(struct view *v)
{
	if (!*help_of(v)->filter)
		return false;
	narrow(v, "");
	return true;
}

static const struct view_act acts[] = {
	{ ACTION_SEARCH, act_search },
	{ ACTION_NONE, NULL },
};

static const enum action_id hints[] = { ACTION_OPEN, ACTION_SEARCH, ACTION_COMMAND,
	ACTION_BACK, ACTION_NONE };

static void
release(void *arg)
{
	struct help *h = arg;

	free(h->filter);
	free(h);
}

static const struct page_user user = {
	.context = CONTEXT_HELP,
	.write = write_page,
	.free = release,
	.command = command,
	.hints = hints,
	.acts = acts,
	.counts = counts,
	.open = open_own,
};

struct view *
view_help_new(struct app *a, enum context context)
{
	struct help *h = xcalloc(1, sizeof(*h));
	struct view *v = page_view_new(a, &user, h);

	h->context = context;
	h->filter = xstrdup("");
	page_view_of(v)->ops.back = take_back;
	return v;
}
