#include "view_help.h"

#include "app.h"
#include "pager.h"

struct help {
	struct view v;
	enum context context; /* whose keys */
	struct pager pager;
	VEC(enum action_id) actions;
	struct buf keys; /* of the line that was asked for last */
	struct weir_match *match;
};

enum { KEYS_WIDTH = 24, KEYS_NARROW = 12 };

static struct help *
help_of(struct view *v)
{
	return (struct help *)v;
}

static size_t
source_n(void *arg)
{
	return ((struct help *)arg)->actions.n;
}

static bool
source_line(void *arg, size_t i, struct pager_line *out)
{
	struct help *h = arg;
	enum action_id id = h->actions.v[i];

	buf_clear(&h->keys);
	keymap_keys(&h->v.app->keymap, h->context, id, &h->keys);
	out->n_spans = 0;
	out->spans[out->n_spans++] = (struct pager_span){ STYLE_PLAIN, STR(""), 2 };
	out->spans[out->n_spans++] = (struct pager_span){ STYLE_KEY, buf_str(&h->keys),
		h->v.width < 60 ? KEYS_NARROW : KEYS_WIDTH };
	out->style = STYLE_PLAIN;
	out->text = str_of(action_get(id)->help);
	return true;
}

static const struct pager_source source = { source_n, source_line };

static void
view_layout(struct view *v)
{
	struct help *h = help_of(v);

	h->pager.utf8 = v->app->theme.utf8;
	pager_size(&h->pager, v->width, v->height);
}

static void
view_data(struct view *v)
{
	(void)v;
}

static void
view_paint(struct view *v, struct draw *d)
{
	pager_paint(&help_of(v)->pager, d, v->y, NULL);
}

static void
view_counts(struct view *v, struct draw *d)
{
	struct help *h = help_of(v);
	struct buf text = BUF_INIT(128);

	buf_addf(&text, "%zu actions here; a key means the same everywhere, or nothing",
		h->actions.n);
	draw_text(d, STYLE_DIM, buf_cstr(&text));
	buf_release(&text);
}

static void
view_command(struct view *v, struct buf *out)
{
	buf_addf(out, "man weir-keys: keys of %s",
		action_context_name(help_of(v)->context));
}

/* The next line that has the word, round the end. */
static void
find(struct help *h, int direction)
{
	size_t n = h->actions.n, i = h->pager.current;
	struct pager_line line;
	size_t start, end;

	if (!h->match || n == 0)
		return;
	if (i == PAGER_NONE)
		i = direction > 0 ? n - 1 : 0;
	for (size_t k = 0; k < n; k++) {
		i = (i + (direction > 0 ? 1 : n - 1)) % n;
		source_line(h, i, &line);
		if (weir_match_find(h->match, line.text, 0, &start, &end)) {
			h->pager.current = i;
			pager_show(&h->pager, i);
			return;
		}
	}
	status_say(h->v.app, false, "not found");
}

static void
on_search(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	struct help *h = arg;
	struct weir_match *match = NULL;
	struct weir_err err;
	const char *text = ev == PROMPT_EV_CANCELLED ? "" : prompt_text(p);

	(void)a;
	if (*text && weir_match_new(WEIR_MATCH_WORD, str_of(text), &match, &err))
		return;
	weir_match_free(h->match);
	h->match = match;
	h->pager.match = match;
	h->pager.current = PAGER_NONE;
	find(h, 1);
}

static const struct prompt_user search = {
	.label = "/",
	.event = on_search,
	.history = "search",
};

static bool
view_move(struct view *v, enum action_id id)
{
	return pager_act(&help_of(v)->pager, id);
}

static void
act_search(struct view *v, enum action_id id, const char *arg)
{
	(void)id;
	app_prompt(v->app, &search, v, arg ? arg : "");
}

static void
act_step(struct view *v, enum action_id id, const char *arg)
{
	(void)arg;
	find(help_of(v), id == ACTION_NEXT ? 1 : -1);
}

static const struct view_act acts[] = {
	{ ACTION_SEARCH, act_search },
	{ ACTION_NEXT, act_step },
	{ ACTION_PREVIOUS, act_step },
	{ ACTION_NONE, NULL },
};

static void
view_free(struct view *v)
{
	struct help *h = help_of(v);

	weir_match_free(h->match);
	pager_release(&h->pager);
	buf_release(&h->keys);
	VEC_FREE(&h->actions);
	free(h);
}

static const enum action_id hints[] = { ACTION_BACK, ACTION_SEARCH, ACTION_NEXT,
	ACTION_NONE };

static const struct view_ops ops = {
	.context = CONTEXT_HELP,
	.free = view_free,
	.layout = view_layout,
	.data = view_data,
	.paint = view_paint,
	.counts = view_counts,
	.command = view_command,
	.acts = acts,
	.move = view_move,
	.hints = hints,
};

struct view *
view_help_new(struct app *a, enum context context)
{
	struct help *h = xcalloc(1, sizeof(*h));

	view_init(&h->v, &ops, a);
	h->context = context;
	buf_init(&h->keys, 256);
	for (size_t i = 1; i < ACTION_N; i++) {
		enum action_id id = (enum action_id)i;

		if ((action_get(id)->contexts & context) &&
			keymap_key(&a->keymap, context, id))
			VEC_PUSH(&h->actions, id);
	}
	pager_init(&h->pager, &source, h);
	h->pager.wrap = h->pager.prose = true;
	return &h->v;
}
