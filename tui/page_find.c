/* Finding in a page: its search, and the next failure. */
#include "app.h"
#include "page.h"
#include "word.h"

void
page_find_count(struct page_view *v)
{
	v->n_matches = 0;
	for (size_t i = 0; v->match && i < v->page.lines.n; i++)
		v->n_matches += page_line_matches(&v->page.lines.v[i], v->match);
}

/* The next line with the word, from `from` on, round the end. */
static bool
find(struct page_view *v, size_t from, int direction)
{
	size_t n = v->page.lines.n;

	for (size_t k = 0; k < n; k++) {
		size_t i = direction > 0 ? (from + k) % n : (from + n - k % n) % n;

		if (page_line_matches(&v->page.lines.v[i], v->match)) {
			v->page.current = i;
			page_view_goto(v, i);
			return true;
		}
	}
	return false;
}

struct weir_match *
page_find_compile(const char *text, struct weir_err *err)
{
	struct str s = str_of(text);
	struct weir_match *match = NULL;
	bool regex = s.len > 1 && s.s[0] == '/';

	if (regex) {
		s.s++, s.len--;
		s.len -= s.s[s.len - 1] == '/';
	}
	if (s.len == 0 || weir_match_new(regex ? WEIR_MATCH_REGEX : WEIR_MATCH_WORD, s,
				  &match, err))
		return NULL;
	return match;
}

static void
on_search(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	struct page_view *v = arg;
	const char *text = ev == PROMPT_EV_CANCELLED ? p->original : prompt_text(p);
	struct weir_err err = { 0 };
	struct weir_match *match = text ? page_find_compile(text, &err) : NULL;

	if (!match && err.rc) {
		/* What was valid goes on being shown while it is typed. */
		if (ev == PROMPT_EV_ACCEPTED)
			status_say(a, true, "%s", err.text);
		return;
	}
	weir_match_free(v->match);
	v->match = match;
	v->page.current = PAGE_NONE;
	page_find_count(v);
	view_touch(&v->v, VIEW_PAINT);
	if (!match || ev == PROMPT_EV_CANCELLED)
		return;
	if (!find(v, page_view_here(v), 1) && ev == PROMPT_EV_ACCEPTED)
		status_say(a, false, "not found: %s", text);
}

static void
found(struct app *a, void *arg, struct buf *out)
{
	const struct page_view *v = arg;

	(void)a;
	if (!v->match)
		return;
	word_number(out, (int64_t)v->n_matches);
	buf_adds(out, v->n_matches == 1 ? " line" : " lines");
}

static const struct prompt_user search = {
	.label = "/", .event = on_search, .found = found, .history = "search"
};

void
page_find_search(struct view *view, enum action_id id, const char *arg)
{
	(void)id;
	app_prompt(view->app, &search, view, arg ? arg : "");
}

/* `3 of 17` */
static void
say_place(struct page_view *v)
{
	size_t nth = 0;

	for (size_t i = 0; i <= v->page.current && i < v->page.lines.n; i++)
		nth += page_line_matches(&v->page.lines.v[i], v->match);
	status_say(v->v.app, false, "%zu of %zu", nth, v->n_matches);
}

void
page_find_step(struct view *view, enum action_id id, const char *arg)
{
	struct page_view *v = page_view_of(view);
	int direction = id == ACTION_NEXT ? 1 : -1;
	size_t n = v->page.lines.n, from = v->page.current;

	(void)arg;
	if (!v->match) {
		status_say(view->app, false, "nothing was searched for: / does it");
		return;
	}
	if (n == 0)
		return;
	if (from == PAGE_NONE)
		from = page_view_here(v);
	else
		from = direction > 0 ? (from + 1) % n : (from + n - 1) % n;
	if (find(v, from, direction))
		say_place(v);
	else
		status_say(view->app, false, "not found");
}

void
page_find_bad(struct view *view, enum action_id id, const char *arg)
{
	struct page_view *v = page_view_of(view);
	int direction = id == ACTION_NEXT_BAD ? 1 : -1;
	size_t i = page_view_here(v);

	(void)arg;
	/* With no cursor, what is at the top counts too. */
	if (!v->key && direction > 0 && i < v->page.lines.n)
		i--;
	while (direction > 0 ? ++i < v->page.lines.n : i-- > 0) {
		if (page_line_bad(&v->page.lines.v[i])) {
			page_view_goto(v, i);
			return;
		}
	}
	status_say(view->app, false, "no more failures %s",
		direction > 0 ? "below" : "above");
}
