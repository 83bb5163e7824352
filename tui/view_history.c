#include "view_history.h"

#include <weir/journal.h>
#include <weir/time.h>

#include "app.h"
#include "page.h"

enum { SHOWN_MAX = 500, LINES_MAX = 4 };
enum { TIME_COLUMNS = 11, VERB_COLUMNS = 10, STATE_COLUMNS = 11, INDENT = 13 };

struct history {
	size_t n, n_open;
};

struct writing {
	struct page_view *v;
	struct page *p;
	struct history *h;
};

static enum style
style_of(enum weir_deed_state state)
{
	static const enum style styles[WEIR_DEED_N] = {
		[WEIR_DEED_OPEN] = STYLE_WARNING,
		[WEIR_DEED_DONE] = STYLE_GREEN,
		[WEIR_DEED_REFUSED] = STYLE_ERROR,
		[WEIR_DEED_FAILED] = STYLE_ERROR,
		[WEIR_DEED_LOST] = STYLE_WARNING,
	};

	return styles[state];
}

static void
write_reverse(struct page *p, const struct weir_deed *d)
{
	struct buf b = BUF_INIT(512);

	if (d->state == WEIR_DEED_OPEN || d->state == WEIR_DEED_LOST)
		buf_addf(&b, "again: weir history --resend %lld", (long long)d->number);
	else if (*d->reverse)
		buf_addf(&b, "undo: %s", d->reverse);
	else if (d->state == WEIR_DEED_DONE && d->kind == WEIR_RUN)
		buf_adds(&b, "undo: there is none; weir retrigger starts it anew");
	if (b.len)
		page_text(p, NULL, INDENT, STYLE_DIM, buf_str(&b), 1);
	buf_release(&b);
}

static bool
write_deed(void *arg, const struct weir_deed *d)
{
	struct writing *w = arg;
	struct app *a = w->v->v.app;
	struct buf when = BUF_INIT(64);

	weir_time_relative(&when, d->at_us, a->now_us, a->utc, true);
	page_begin(w->p, d->number);
	if (!weir_id_is_null(&d->made))
		page_object(w->p, WEIR_RUN, &d->made);
	else if (!weir_id_is_null(&d->object))
		page_object(w->p, d->kind, &d->object);
	page_gap(w->p, 1);
	page_add(w->p, STYLE_DIM, buf_str(&when), TIME_COLUMNS, false);
	page_gap(w->p, 1);
	page_add(w->p, STYLE_PLAIN, str_of(d->verb), VERB_COLUMNS, false);
	page_add(w->p, style_of(d->state), str_of(weir_deed_state_name(d->state)),
		STATE_COLUMNS, false);
	page_add(w->p, STYLE_PLAIN, str_of(d->name), 0, false);
	if (*d->said)
		page_text(w->p, NULL, INDENT, STYLE_PLAIN, str_of(d->said), LINES_MAX);
	write_reverse(w->p, d);
	w->h->n++;
	w->h->n_open += d->state == WEIR_DEED_OPEN;
	buf_release(&when);
	return true;
}

static void
write_page(struct page_view *v, struct page *p, void *arg)
{
	struct writing w = { v, p, arg };
	struct weir_statedb *state;
	struct weir_err err = { 0 };
	enum weir_rc rc;

	w.h->n = w.h->n_open = 0;
	rc = weir_session_state(v->v.app->session, false, &state, &err);
	if (!rc)
		rc = weir_journal_each(state, SHOWN_MAX, write_deed, &w, &err);
	if (rc && rc != WEIR_ENOTFOUND)
		page_text(p, NULL, 1, STYLE_ERROR, str_of(err.text), LINES_MAX);
	else if (!w.h->n)
		page_text(p, NULL, 1, STYLE_DIM, STR("nothing was done yet"), 1);
}

static void
command(struct page_view *v, void *arg, struct buf *out)
{
	(void)v;
	(void)arg;
	buf_adds(out, "weir history");
}

static void
counts(struct page_view *v, void *arg, struct draw *d)
{
	const struct history *h = arg;
	struct buf b = BUF_INIT(128);

	(void)v;
	buf_addf(&b, "%zu action%s", h->n, h->n == 1 ? "" : "s");
	if (h->n_open)
		buf_addf(&b, ", %zu without an answer", h->n_open);
	draw_text(d, STYLE_DIM, buf_cstr(&b));
	buf_release(&b);
}

/* The journal is not the store: look again when something was done. */
static void
event(struct page_view *v, void *arg, const struct weir_event *ev)
{
	(void)arg;
	if (ev->kind == WEIR_EV_ACTED || ev->kind == WEIR_EV_IDLE)
		view_touch(&v->v, VIEW_DATA);
}

static const enum action_id hints[] = { ACTION_OPEN, ACTION_SEARCH, ACTION_COPY_ID,
	ACTION_HELP, ACTION_BACK, ACTION_NONE };

static const struct page_user user = {
	.context = CONTEXT_PAGE,
	.write = write_page,
	.free = free,
	.command = command,
	.hints = hints,
	.counts = counts,
	.event = event,
};

struct view *
view_history_new(struct app *a)
{
	return page_view_new(a, &user, xcalloc(1, sizeof(struct history)));
}
