#include "view_detail.h"

#include <string.h>

#include "app.h"
#include "facts.h"
#include "view_log.h"

struct detail {
	struct facts facts;
	bool found;
	bool syncing;
	uint64_t request;
	int64_t written_us; /* weir_monotonic_us when what lives was last read */
};

enum { LIVE_US = 1000000 }; /* how often bars grow */

static struct detail *
detail_of(struct view *v)
{
	return page_view_of(v)->arg;
}

static void
look(struct page_view *v, struct page *p, struct facts *f)
{
	f->p = p;
	f->store = v->v.app->store;
	f->theme = &v->v.app->theme;
	f->now_us = v->v.app->now_us;
	f->utc = v->v.app->utc;
}

/* Before the first page: what a run's pages are about is needed for keys. */
static void
write_detail(struct page_view *v, struct page *p, void *arg)
{
	struct detail *d = arg;

	if (!app_store(v->v.app))
		return;
	look(v, p, &d->facts);
	d->found = facts_write(&d->facts);
	d->written_us = weir_monotonic_us();
	if (d->found)
		return;
	page_blank(p);
	page_begin(p, 0);
	page_addf(p, STYLE_PLAIN, "  This %s is %s.", weir_kind_name(d->facts.kind),
		d->syncing ? "being fetched" : "no longer here");
}

static void
free_detail(void *arg)
{
	free(arg);
}

static void
say_command(struct page_view *v, void *arg, struct buf *out)
{
	const struct detail *d = arg;

	(void)v;
	buf_addf(out, "weir show %.8s", d->facts.id_text);
}

/* `4 task runs · 1 failed` */
static void
paint_counts(struct page_view *v, void *arg, struct draw *d)
{
	const struct detail *of = arg;
	const struct facts *f = &of->facts;
	const char *dot = theme_glyph(d->theme, GLYPH_DOT);
	struct buf text = BUF_INIT(256);

	(void)v;
	if (f->kind == WEIR_RUN) {
		size_t children = f->n_below - f->n_tasks;

		buf_addf(&text, "%zu task run%s", f->n_tasks,
			f->n_tasks == 1 ? "" : "s");
		if (children > 0)
			buf_addf(&text, " %s %zu child run%s", dot, children,
				children == 1 ? "" : "s");
	} else {
		buf_addf(&text, "%s %s", weir_kind_name(f->kind), f->name);
	}
	draw_text(d, STYLE_PLAIN, buf_cstr(&text));
	if (f->n_bad > 0) {
		buf_clear(&text);
		buf_addf(&text, "%zu failed", f->n_bad);
		draw_text(d, STYLE_DIM, " ");
		draw_text(d, STYLE_DIM, dot);
		draw_text(d, STYLE_DIM, " ");
		draw_text(d, STYLE_RED, buf_cstr(&text));
	}
	if (of->syncing)
		draw_text(d, STYLE_DIM, "  fetching");
	buf_release(&text);
}

static void
on_event(struct page_view *v, void *arg, const struct weir_event *ev)
{
	struct detail *d = arg;

	if (ev->kind != WEIR_EV_DONE || !d->request || ev->request != d->request)
		return;
	d->syncing = false;
	view_touch(&v->v, VIEW_DATA);
}

static bool
detail_object(struct page_view *v, void *arg, enum weir_kind *ret_kind,
	struct weir_id *ret_id)
{
	const struct detail *d = arg;

	(void)v;
	*ret_kind = d->facts.kind;
	*ret_id = d->facts.id;
	return true;
}

static void
detail_name(struct page_view *v, void *arg, struct buf *out)
{
	const struct detail *d = arg;

	(void)v;
	buf_adds(out, d->facts.name);
}

static void
detail_crumb(struct page_view *v, void *arg, struct buf *out)
{
	const struct detail *d = arg;

	(void)v;
	buf_adds(out, d->facts.name[0] ? d->facts.name : weir_kind_name(d->facts.kind));
}

/* What lives grows; a script's clock stands. */
static int64_t
detail_due(const struct page_view *v, void *arg)
{
	const struct detail *d = arg;

	if (!d->facts.live || app_stands(v->v.app))
		return 0;
	return d->written_us + LIVE_US;
}

/* ---- acts */

/* The run or task run that a key is about: what the cursor is on, else the page's. */
static bool
run_here(struct view *v, enum weir_kind *ret_kind, struct weir_id *ret_id)
{
	const struct page_line *line = page_view_line(page_view_of(v));
	const struct facts *f = &detail_of(v)->facts;

	if (line && line->opens == PAGE_OPENS_OBJECT &&
		(line->kind == WEIR_RUN || line->kind == WEIR_TASK_RUN)) {
		*ret_kind = line->kind;
		*ret_id = line->id;
		return true;
	}
	*ret_kind = f->kind;
	*ret_id = f->id;
	if (f->kind == WEIR_ARTIFACT && !weir_id_is_null(&f->run)) {
		*ret_kind = WEIR_RUN;
		*ret_id = f->run;
	}
	return *ret_kind == WEIR_RUN || *ret_kind == WEIR_TASK_RUN;
}

/* L is the log of what the page is about; of a page of something else, of the line. */
static void
act_log(struct view *v, enum action_id id, const char *arg)
{
	const struct facts *f = &detail_of(v)->facts;
	enum weir_kind kind = f->kind;
	struct weir_id of = f->id;
	struct view *log = NULL;

	(void)id;
	(void)arg;
	if (f->kind == WEIR_RUN || f->kind == WEIR_TASK_RUN || run_here(v, &kind, &of))
		log = view_log_new(v->app, kind, &of);
	if (log)
		app_push(v->app, log);
	else
		status_say(v->app, false, "no run here has a log");
}

static void
act_open(struct view *v, enum action_id id, const char *arg)
{
	const struct page_line *line = page_view_line(page_view_of(v));
	const struct facts *f = &detail_of(v)->facts;

	if (line && line->opens == PAGE_OPENS_OBJECT)
		app_open(v->app, line->kind, &line->id);
	else if (line && line->opens == PAGE_OPENS_COMMAND)
		app_open_command(v->app, line->command);
	else if (f->kind == WEIR_RUN || f->kind == WEIR_TASK_RUN)
		act_log(v, id, arg);
}

static void
ask(struct view *v)
{
	struct detail *d = detail_of(v);

	if (d->facts.kind == WEIR_RUN)
		d->request = app_submit(v->app, WEIR_REQ_RUN, &d->facts.id);
	else if (d->facts.kind == WEIR_TASK_RUN && !weir_id_is_null(&d->facts.run))
		d->request = app_submit(v->app, WEIR_REQ_RUN, &d->facts.run);
	d->syncing = d->request != 0;
}

static void
act_refresh(struct view *v, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	ask(v);
}

static void
act_merge(struct view *v, enum action_id id, const char *arg)
{
	const struct facts *f = &detail_of(v)->facts;

	(void)id;
	(void)arg;
	if (f->kind == WEIR_RUN)
		view_log_tree(v->app, &f->id);
	else
		status_say(v->app, false, "only runs have logs to merge");
}

static const struct view_act acts[] = {
	{ ACTION_OPEN, act_open },
	{ ACTION_LOG, act_log },
	{ ACTION_MERGE, act_merge },
	{ ACTION_REFRESH, act_refresh },
	{ ACTION_NONE, NULL },
};

static const enum action_id hints[] = { ACTION_OPEN, ACTION_LOG, ACTION_TIMELINE,
	ACTION_PARAMETERS, ACTION_NEXT_BAD, ACTION_COPY_ID, ACTION_HELP, ACTION_BACK,
	ACTION_NONE };

static const enum action_id task_hints[] = { ACTION_OPEN, ACTION_LOG, ACTION_TIMELINE,
	ACTION_NEXT_BAD, ACTION_COPY_ID, ACTION_HELP, ACTION_BACK, ACTION_NONE };

static const enum action_id deployment_hints[] = { ACTION_OPEN, ACTION_TRIGGER,
	ACTION_PARAMETERS, ACTION_NEXT_BAD, ACTION_COPY_ID, ACTION_WEB, ACTION_HELP,
	ACTION_BACK, ACTION_NONE };

/* Of what has no log and no parameters, but runs. */
static const enum action_id other_hints[] = { ACTION_OPEN, ACTION_SEARCH,
	ACTION_NEXT_BAD, ACTION_COPY_ID, ACTION_WEB, ACTION_HELP, ACTION_BACK,
	ACTION_NONE };

/* And of what has no runs either. */
static const enum action_id plain_hints[] = { ACTION_OPEN, ACTION_SEARCH,
	ACTION_COPY_ID, ACTION_WEB, ACTION_HELP, ACTION_BACK, ACTION_NONE };

/* clang-format off */
#define USER(its_hints) {							\
	.context = CONTEXT_DETAIL,						\
	.write = write_detail,							\
	.free = free_detail,							\
	.command = say_command,							\
	.hints = its_hints,							\
	.acts = acts,								\
	.counts = paint_counts,							\
	.event = on_event,							\
	.object = detail_object,						\
	.name = detail_name,							\
	.due = detail_due,							\
	.crumb = detail_crumb,							\
}
/* clang-format on */
static const struct page_user users[WEIR_N_KINDS] = {
	[WEIR_FLOW] = USER(other_hints),
	[WEIR_DEPLOYMENT] = USER(deployment_hints),
	[WEIR_RUN] = USER(hints),
	[WEIR_TASK_RUN] = USER(task_hints),
	[WEIR_POOL] = USER(other_hints),
	[WEIR_QUEUE] = USER(other_hints),
	[WEIR_WORKER] = USER(plain_hints),
	[WEIR_LIMIT] = USER(plain_hints),
	[WEIR_ARTIFACT] = USER(plain_hints),
};

struct view *
view_detail_new(struct app *a, enum weir_kind kind, const struct weir_id *id)
{
	struct detail *d;
	struct view *v;

	if (!app_store(a))
		return NULL;
	d = xcalloc(1, sizeof(*d));
	d->facts.kind = kind;
	d->facts.id = *id;
	weir_id_format(id, d->facts.id_text);
	v = page_view_new(a, &users[kind], d);
	ask(v);
	return v;
}

/* ---- parameters */

static void
write_parameters(struct page_view *v, struct page *p, void *arg)
{
	struct detail *d = arg;

	if (!app_store(v->v.app))
		return;
	look(v, p, &d->facts);
	if (facts_write_data(&d->facts))
		return;
	page_blank(p);
	page_begin(p, 0);
	page_addf(p, STYLE_PLAIN, "  This %s is no longer here.",
		weir_kind_name(d->facts.kind));
}

static void
parameters_command(struct page_view *v, void *arg, struct buf *out)
{
	const struct detail *d = arg;

	(void)v;
	buf_addf(out, "weir show %.8s -o json | jq .parameters", d->facts.id_text);
}

static void
parameters_counts(struct page_view *v, void *arg, struct draw *d)
{
	const struct detail *of = arg;

	(void)v;
	draw_text(d, STYLE_PLAIN, "parameters of ");
	draw_text(d, STYLE_PLAIN, of->facts.name);
}

static void
parameters_crumb(struct page_view *v, void *arg, struct buf *out)
{
	(void)v;
	(void)arg;
	buf_adds(out, "parameters");
}

static const enum action_id parameters_hints[] = { ACTION_SEARCH, ACTION_NEXT,
	ACTION_COPY_ID, ACTION_HELP, ACTION_BACK, ACTION_NONE };

static const struct page_user parameters = {
	.context = CONTEXT_DETAIL,
	.write = write_parameters,
	.free = free_detail,
	.command = parameters_command,
	.hints = parameters_hints,
	.counts = parameters_counts,
	.object = detail_object,
	.name = detail_name,
	.crumb = parameters_crumb,
};

struct view *
view_parameters_new(struct app *a, enum weir_kind kind, const struct weir_id *id)
{
	struct detail *d;

	if (!app_store(a) || (kind != WEIR_RUN && kind != WEIR_DEPLOYMENT))
		return NULL;
	d = xcalloc(1, sizeof(*d));
	d->facts.kind = kind;
	d->facts.id = *id;
	weir_id_format(id, d->facts.id_text);
	return page_view_new(a, &parameters, d);
}
