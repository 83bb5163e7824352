#include "confirm.h"

#include <weir/select.h>
#include <weir/time.h>

#include "app.h"
#include "page.h"

enum {
	NAME_COLUMNS = 28,
	STATE_COLUMNS = 15,
	ID_SHORT = 8,
	IDS_SHOWN = 3,
	CALLS_SHOWN = 3,
	BODY_LINES = 6
};

/* One run of them. */
struct wish {
	struct weir_id id;
	uint64_t request; /* 0: not sent */
	bool done;
	enum weir_rc rc;
	struct weir_id made;
	char *said;
	/* As the store has it; read when it is first shown, and when it was done. */
	bool known;
	enum weir_state state;
	char *name, *state_name;
	char *why_not; /* nothing would be sent for it; NULL: something would */
};

struct confirm {
	struct weir_act act;
	struct wish *wishes;
	size_t n, n_done, n_failed;
	bool sent, go; /* go: the prompt was answered with yes */
	/* A form's: then there are no wishes. */
	struct confirm_start start;
	bool one;
};

static struct confirm *
confirm_of(struct view *v)
{
	return page_view_of(v)->arg;
}

static const char *
verb(const struct confirm *c)
{
	return weir_act_verb(c->act.kind);
}

/* ---- the page */

/* What would be sent for it; false: nothing, and r says why. */
static bool
plan(struct page_view *v, size_t i, struct buf *path, struct buf *body,
	struct weir_act_result *r)
{
	const struct confirm *c = v->arg;
	struct weir_store *store = app_store(v->v.app);
	struct weir_err err = { 0 };

	memset(r, 0, sizeof(*r));
	if (!store)
		return false;
	if (weir_act_plan(store, &c->act, &c->wishes[i].id, path, body, r, &err))
		snprintf(r->said, sizeof(r->said), "%.700s", err.text);
	return path->len > 0;
}

/* State and name as the store has them now. */
static void
take_run(void *arg, const struct weir_rows *row)
{
	struct wish *w = arg;

	w->state = (enum weir_state)weir_rows_cell(row, 0)->i;
	free(w->state_name);
	w->state_name = str_copy(weir_rows_cell(row, 1)->s);
	free(w->name);
	w->name = str_copy(weir_rows_cell(row, 2)->s);
}

static void
read_wish(struct page_view *v, size_t i)
{
	const struct confirm *c = v->arg;
	struct wish *w = &c->wishes[i];
	struct buf path = BUF_INIT(512);
	struct weir_act_result r;

	if (w->known)
		return;
	w->known = true;
	if (c->act.of == WEIR_RUN && app_store(v->v.app))
		weir_row_of(v->v.app->store, WEIR_RUN, &w->id,
			"state_type,state_name,name", take_run, w, NULL);
	if (!c->sent && !plan(v, i, &path, NULL, &r)) {
		free(w->why_not);
		w->why_not = xstrdup(r.said);
	}
	if (!c->sent && c->act.of != WEIR_RUN) {
		free(w->name);
		w->name = xstrdup(r.name);
	}
	buf_release(&path);
}

static void
write_wish(struct page_view *v, struct page *p, size_t i)
{
	const struct confirm *c = v->arg;
	const struct wish *w = &c->wishes[i];
	char text[WEIR_ID_TEXT + 1];

	read_wish(v, i);
	page_begin(p, (int64_t)i + 1);
	page_object(p, weir_id_is_null(&w->made) ? c->act.of : WEIR_RUN,
		weir_id_is_null(&w->made) ? &w->id : &w->made);
	page_gap(p, 1);
	if (w->name && c->act.of == WEIR_RUN) {
		page_state(p, &v->v.app->theme, w->state, str_of(w->state_name),
			STATE_COLUMNS);
		page_gap(p, 1);
	}
	if (w->name) {
		page_add(p, STYLE_PLAIN, str_of(w->name), NAME_COLUMNS, false);
		page_gap(p, 1);
	}
	weir_id_format(&w->id, text);
	page_add(p, STYLE_DIM, (struct str){ text, ID_SHORT }, ID_SHORT, false);
	if (w->done)
		page_text(p, NULL, 6, w->rc ? STYLE_ERROR : STYLE_GREEN,
			str_of(w->said), 3);
	else if (w->request)
		page_text(p, NULL, 6, STYLE_DIM, str_of(app_asking(v->v.app)), 1);
	else if (w->why_not)
		page_text(p, NULL, 6, STYLE_WARNING, str_of(w->why_not), 3);
}

/* `weir cancel 1b3c9d0e-... 5f...`, of many the first ones. */
static void
add_command(const struct confirm *c, size_t most, struct buf *out)
{
	char text[WEIR_ID_TEXT + 1];

	weir_act_command(&c->act, out);
	for (size_t i = 0; i < c->n && i < most; i++)
		buf_addf(out, " %s", weir_id_format(&c->wishes[i].id, text));
	if (c->n > most)
		buf_addf(out, " ... (%zu ids)", c->n);
}

/* The calls, as the store knows the runs: the first with its body. */
static void
write_calls(struct page_view *v, struct page *p)
{
	const struct confirm *c = v->arg;
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct buf path = BUF_INIT(512), body = BUF_INIT(PAGE_TEXT_MAX);
		struct weir_act_result r;

		if (!c->wishes[i].why_not && n++ < CALLS_SHOWN &&
			plan(v, i, &path, &body, &r)) {
			page_begin(p, 0);
			page_gap(p, 2);
			page_addf(p, STYLE_PLAIN, "%s%s",
				path.s[0] == '/' ? "POST " : "", buf_cstr(&path));
			if (n == 1)
				page_text(p, NULL, 6, STYLE_DIM, buf_str(&body),
					BODY_LINES);
		}
		buf_release(&path);
		buf_release(&body);
	}
	if (n && n <= CALLS_SHOWN)
		return;
	page_begin(p, 0);
	page_gap(p, 2);
	if (n)
		page_addf(p, STYLE_DIM, "and %zu more of the kind", n - CALLS_SHOWN);
	else
		page_addf(p, STYLE_DIM, "nothing");
}

/* What a deployment or pool that is paused holds back or loses. */
static void
write_company(struct page_view *v, struct page *p)
{
	const struct confirm *c = v->arg;
	struct weir_store *store = app_store(v->v.app);
	struct weir_err err;

	for (size_t i = 0; store && !c->sent && i < c->n && i < CALLS_SHOWN; i++) {
		struct buf b = BUF_INIT(PAGE_TEXT_MAX);

		if (c->act.kind >= WEIR_ACT_PAUSE &&
			!weir_act_company(store, &c->act, &c->wishes[i].id, &b, &err) &&
			b.len)
			page_text(p, NULL, 6, STYLE_WARNING, buf_str(&b), 4);
		buf_release(&b);
	}
}

/* What a form starts. */
static void
write_start(struct page *p, const struct confirm_start *s)
{
	struct str rest = buf_str(s->notes);

	while (rest.len) {
		const char *nl = memchr(rest.s, '\n', rest.len);
		size_t n = nl ? (size_t)(nl - rest.s) : rest.len;

		page_text(p, NULL, 2, STYLE_WARNING, (struct str){ rest.s, n }, 3);
		rest.s += n + (nl ? 1 : 0);
		rest.len -= n + (nl ? 1 : 0);
	}
	if (s->notes->len)
		page_blank(p);
	page_heading(p, "what is sent");
	page_begin(p, 0);
	page_gap(p, 2);
	page_addf(p, STYLE_PLAIN, "POST %s", buf_cstr(s->path));
	page_text(p, NULL, 6, STYLE_DIM, buf_str(s->body), PAGE_LINES_MAX);
	page_blank(p);
	page_heading(p, "the command");
	page_text(p, NULL, 2, STYLE_PLAIN, buf_str(s->command), PAGE_LINES_MAX);
}

static const char *
title(const struct confirm *c)
{
	if (c->one)
		return c->start.title;
	if (c->act.kind == WEIR_ACT_RESUME)
		return "let it go on";
	if (c->act.kind == WEIR_ACT_PAUSE)
		return "hold back";
	if (c->act.kind == WEIR_ACT_UNPAUSE)
		return "let it go on again";
	if (c->act.kind == WEIR_ACT_CANCEL)
		return c->act.force ? "cancel by force: code that runs is not stopped"
				    : "cancel";
	return c->act.same ? "run once more, the same run" : "start a new run of each";
}

static void
write_page(struct page_view *v, struct page *p, void *arg)
{
	const struct confirm *c = arg;
	struct buf command = BUF_INIT(PAGE_TEXT_MAX);

	page_heading(p, title(c));
	if (c->one)
		write_start(p, &c->start);
	for (size_t i = 0; i < c->n; i++)
		write_wish(v, p, i);
	write_company(v, p);
	if (!c->sent && !c->one) {
		page_blank(p);
		page_heading(p, "what is sent");
		write_calls(v, p);
		page_blank(p);
		page_heading(p, "the command");
		add_command(c, IDS_SHOWN, &command);
		page_text(p, NULL, 2, STYLE_PLAIN, buf_str(&command), 4);
	}
	buf_release(&command);
}

static void
command(struct page_view *v, void *arg, struct buf *out)
{
	const struct confirm *c = arg;

	(void)v;
	if (c->one)
		buf_addstr(out, buf_str(c->start.command));
	else
		add_command(c, 1, out);
}

static void
counts(struct page_view *v, void *arg, struct draw *d)
{
	const struct confirm *c = arg;
	struct buf b = BUF_INIT(128);
	size_t n = c->one ? 1 : c->n;

	(void)v;
	buf_addf(&b, "%zu %s", n,
		n == 1 ? weir_kind_name(c->act.of) : weir_kind_plural(c->act.of));
	if (c->sent)
		buf_addf(&b, ", %zu answered, %zu not done", c->n_done, c->n_failed);
	draw_text(d, c->n_failed ? STYLE_ERROR : STYLE_DIM, buf_cstr(&b));
	buf_release(&b);
}

static void
free_confirm(void *arg)
{
	struct confirm *c = arg;

	for (size_t i = 0; i < c->n; i++) {
		free(c->wishes[i].said);
		free(c->wishes[i].name);
		free(c->wishes[i].state_name);
		free(c->wishes[i].why_not);
	}
	free(c->wishes);
	free(c);
}

static void
event(struct page_view *v, void *arg, const struct weir_event *ev)
{
	struct confirm *c = arg;

	if (ev->kind != WEIR_EV_ACTED)
		return;
	for (size_t i = 0; i < c->n; i++) {
		struct wish *w = &c->wishes[i];

		if (w->request != ev->request || w->done)
			continue;
		w->done = true;
		w->known = false;
		w->rc = ev->rc;
		w->made = ev->made;
		w->said = xstrdup(ev->text);
		c->n_done++;
		c->n_failed += ev->rc != WEIR_OK;
		view_touch(&v->v, VIEW_DATA);
		if (c->n > 1 && c->n_done == c->n)
			status_say(v->v.app, c->n_failed > 0,
				"%s: %zu done, %zu not done", verb(c),
				c->n - c->n_failed, c->n_failed);
	}
}

static const enum action_id hints[] = { ACTION_OPEN, ACTION_HISTORY, ACTION_HELP,
	ACTION_BACK, ACTION_NONE };

static const struct page_user user = {
	.context = CONTEXT_PAGE,
	.write = write_page,
	.free = free_confirm,
	.command = command,
	.hints = hints,
	.counts = counts,
	.event = event,
};

/* ---- the question */

/* One run's answer comes as a message; of several the page tells. */
static void
go_on(struct app *a, struct view *v)
{
	struct confirm *c = confirm_of(v);

	c->sent = true;
	for (size_t i = 0; i < c->n; i++) {
		struct weir_req req = {
			.kind = WEIR_REQ_ACT, .id = c->wishes[i].id, .act = c->act
		};

		c->wishes[i].request = weir_engine_submit(a->engine, &req);
	}
	if (v->below && v->below->ops->context == CONTEXT_LIST)
		view_do(v->below, ACTION_UNMARK, NULL);
	if (c->n == 1) {
		const char *word = verb(c);

		app_pop(a);
		status_say(a, false, "%s: %s", word, app_asking(a));
		return;
	}
	view_touch(v, VIEW_DATA);
}

static bool
is_yes(const struct confirm *c, const char *text)
{
	char count[32];

	snprintf(count, sizeof(count), "%zu", c->n);
	return c->n > WEIR_ACT_MANY && strcmp(text, count) == 0;
}

static void
answered(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	struct view *v = arg;
	struct confirm *c = confirm_of(v);
	const char *word;
	bool wrong;
	size_t n;
	bool yes = c->go || (ev == PROMPT_EV_ACCEPTED && is_yes(c, prompt_text(p)));

	if (ev == PROMPT_EV_CHANGED)
		return;
	if (yes && c->one) {
		struct confirm_start start = c->start;

		app_pop(a);
		start.go(a, start.arg);
		return;
	}
	if (yes) {
		go_on(a, v);
		return;
	}
	word = verb(c);
	wrong = ev == PROMPT_EV_ACCEPTED && c->n > WEIR_ACT_MANY;
	n = c->n;
	app_pop(a);
	if (wrong)
		status_say(a, false, "%s: nothing was done: that is not %zu", word, n);
	else
		status_say(a, false, "%s: nothing was done", word);
}

/* The page can be scrolled while it waits; y, or no. */
static bool
key(struct app *a, void *arg, struct prompt *p, uint32_t k)
{
	const struct binding *b = keymap_at(&a->keymap, CONTEXT_PAGE, k);
	struct view *v = arg;
	struct confirm *c = confirm_of(v);
	bool digit = k >= '0' && k <= '9';

	if (c->n > WEIR_ACT_MANY && (digit || k == INPUT_BACKSPACE))
		return false;
	if (b && b->action >= ACTION_UP && b->action <= ACTION_LAST &&
		view_do(v, b->action, b->arg)) {
		view_touch(v, VIEW_PAINT);
		return true;
	}
	if (k == INPUT_ENTER || k == INPUT_ESC)
		return false;
	if (c->n <= WEIR_ACT_MANY && (k == 'y' || k == 'Y')) {
		c->go = true;
		prompt_stop(p, false);
		answered(a, v, p, PROMPT_EV_ACCEPTED);
	} else if (k == 'n' || k == 'N' || k == 'q') {
		prompt_stop(p, false);
		answered(a, v, p, PROMPT_EV_CANCELLED);
	}
	return true;
}

static void
found(struct app *a, void *arg, struct buf *out)
{
	const struct confirm *c = confirm_of(arg);

	(void)a;
	if (c->n > WEIR_ACT_MANY)
		buf_addf(out, "type %zu and Enter to %s all, Esc: no", c->n, verb(c));
	else
		buf_addf(out, "y: %s   any of n, q, Esc, Enter: no", verb(c));
}

#define ASK(text)                                                                      \
	{                                                                              \
		.label = (text), .event = answered, .found = found, .key = key         \
	}
static const struct prompt_user ask[][2] = {
	[WEIR_ACT_CANCEL] = { ASK("cancel? [y/N] "), ASK("cancel how many? ") },
	[WEIR_ACT_RETRIGGER] = { ASK("retrigger? [y/N] "),
		ASK("retrigger how many? ") },
	[WEIR_ACT_RESUME] = { ASK("resume? [y/N] "), ASK("resume how many? ") },
	[WEIR_ACT_PAUSE] = { ASK("pause? [y/N] "), ASK("pause how many? ") },
	[WEIR_ACT_UNPAUSE] = { ASK("unpause? [y/N] "), ASK("unpause how many? ") },
	[WEIR_ACT_TRIGGER] = { ASK("trigger? [y/N] "), ASK("trigger how many? ") },
};
#undef ASK

/* One run for which nothing would be sent: that is all there is to say. */
static bool
say_why_not(struct app *a, struct page_view *v)
{
	struct buf path = BUF_INIT(512);
	struct weir_act_result r;
	bool sent = plan(v, 0, &path, NULL, &r);

	buf_release(&path);
	if (!sent)
		status_say(a, r.rc != WEIR_OK, "%s: %s", r.name, r.said);
	return !sent;
}

/* Is there none of them for which something would be sent? */
static bool
none_goes(struct page_view *v)
{
	const struct confirm *c = v->arg;

	for (size_t i = 0; i < c->n; i++) {
		read_wish(v, i);
		if (!c->wishes[i].why_not)
			return false;
	}
	return true;
}

void
confirm_ask(struct app *a, const struct weir_act *act, struct weir_id *ids, size_t n)
{
	struct confirm *c = xcalloc(1, sizeof(*c));
	struct view *v;

	c->act = *act;
	c->n = n;
	c->wishes = xcalloc(n, sizeof(*c->wishes));
	for (size_t i = 0; i < n; i++)
		c->wishes[i].id = ids[i];
	free(ids);
	v = page_view_new(a, &user, c);
	if (n == 1 && say_why_not(a, page_view_of(v))) {
		v->ops->free(v);
		return;
	}
	app_push(a, v);
	if (none_goes(page_view_of(v)))
		status_say(a, true, "nothing can be sent for any of these");
	else
		app_prompt(a, &ask[act->kind][n > WEIR_ACT_MANY], v, "");
}

void
confirm_start(struct app *a, const struct confirm_start *start)
{
	struct confirm *c = xcalloc(1, sizeof(*c));
	struct view *v;

	c->act.kind = start->kind;
	c->start = *start;
	c->one = true;
	v = page_view_new(a, &user, c);
	app_push(a, v);
	app_prompt(a, &ask[start->kind][0], v, "");
}

void
confirm_done(struct app *a, const struct weir_event *ev)
{
	char name[INPUT_NAME], id[WEIR_ID_TEXT + 1];
	uint32_t key =
		keymap_key(&a->keymap, (unsigned)a->top->ops->context, ACTION_STARTED);
	const char *text = ev->text, *at;

	at = strstr(text, weir_id_format(&ev->made, id));
	if (weir_id_is_null(&ev->made) || !at || !key) {
		status_say(a, ev->rc != WEIR_OK, "%s%s%s", ev->name,
			*ev->name ? ": " : "", text);
		return;
	}
	/* The line is short, and the key is what one needs of the id. */
	a->made = ev->made;
	status_say(a, ev->rc != WEIR_OK, "%s: %.*s (%s opens it)%s", ev->name,
		(int)(at - text) + ID_SHORT, text, input_name(key, name),
		at + WEIR_ID_TEXT);
}
