/* The failed runs of a query by what they died of. */
#include <weir/select.h>
#include <weir/shell.h>
#include <weir/time.h>
#include <weir/why.h>

#include "app.h"
#include "page.h"
#include "view_why.h"
#include "word.h"

enum { SLICE_US = 6000, COUNT_COLUMNS = 6, LINES_MAX = 500 };

struct errors {
	char *query;
	struct weir_why_scan *scan;
	uint64_t job; /* that finds the runs; 0: nobody was asked */
	bool done;
	char failed[512];
};

void
view_why_open_runs(struct app *a, const struct weir_why_group *g)
{
	struct buf query = BUF_INIT(16 << 10);
	char id[WEIR_ID_TEXT + 1];

	buf_adds(&query, "id:");
	for (size_t i = 0; i < g->n_ids; i++)
		buf_addf(&query, "%s%s", i ? "," : "", weir_id_format(&g->ids[i], id));
	app_open_list(a, WEIR_RUN, buf_cstr(&query), NULL);
	buf_release(&query);
}

/* What the query thread does. */
struct finding {
	char *query;
	struct weir_why_scan *scan;
};

static enum weir_rc
finding_run(void *state, struct weir_store *store, struct weir_err *err)
{
	struct finding *f = state;

	return weir_why_scan_new(store, f->query, NULL, weir_now_us(), &f->scan, err);
}

static void
finding_free(void *state)
{
	struct finding *f = state;

	weir_why_scan_free(f->scan);
	free(f->query);
	free(f);
}

static const struct finder_call finding = { finding_run, finding_free };

uint64_t
view_why_scan(struct view *v, int slot, const char *query)
{
	struct finding *f = xcalloc(1, sizeof(*f));
	struct finder_job job = { .kind = FINDER_CALL,
		.view = v->serial,
		.slot = slot,
		.call = &finding,
		.state = f };

	f->query = query ? xstrdup(query) : NULL;
	return finder_submit(v->app->finder, &job);
}

struct weir_why_scan *
view_why_take_scan(struct app *a, struct finder_answer *answer)
{
	struct finding *f = answer->state;
	struct weir_why_scan *scan = f && app_store(a) ? f->scan : NULL;

	if (!scan)
		return NULL;
	f->scan = NULL;
	weir_why_scan_use(scan, a->store);
	return scan;
}

static void
take_scan(struct page_view *v, void *arg, struct finder_answer *answer)
{
	struct errors *e = arg;

	if (answer->number != e->job)
		return;
	e->scan = view_why_take_scan(v->v.app, answer);
	e->done = !e->scan;
	if (answer->part == FINDER_FAILED)
		word_copy(e->failed, sizeof(e->failed),
			(struct str){ answer->text, strcspn(answer->text, "\n") });
	view_touch(&v->v, VIEW_DATA);
}

static void
read_errors(struct page_view *v, struct errors *e)
{
	struct weir_err err;

	if (!e->job && app_store(v->v.app))
		e->job = view_why_scan(&v->v, 0, e->query);
	if (!e->scan || e->done)
		return;
	if (weir_why_scan_step(e->scan, SLICE_US, &e->done, &err))
		e->done = true;
}

static void
write_group(
	struct page_view *v, struct page *p, const struct weir_why_group *g, size_t i)
{
	struct app *a = v->v.app;
	const char *dot = theme_glyph(&a->theme, GLYPH_DOT);
	struct buf when = BUF_INIT(128);
	struct page_line *line = page_begin(p, (int64_t)i + 1);

	page_object(p, WEIR_RUN, &g->newest);
	line->opens = PAGE_OPENS_SELF;
	line->state = WEIR_ST_FAILED;
	page_addf(p, STYLE_STRONG, "%lld", (long long)g->n);
	line->spans[0].columns = COUNT_COLUMNS;
	line->spans[0].right = true;
	page_gap(p, 2);
	page_add(p, STYLE_RED, g->error, 0, false);
	weir_time_relative(&when, g->to_us, a->now_us, a->utc, true);
	page_begin(p, 0);
	page_gap(p, COUNT_COLUMNS + 2);
	page_addf(p, STYLE_DIM, "newest %s %s ", buf_cstr(&when), dot);
	page_add(p, STYLE_PLAIN, g->newest_name, 0, false);
	if (g->platforms.len) {
		page_addf(p, STYLE_DIM, " %s ", dot);
		page_add(p, STYLE_PLAIN, g->platforms, 0, false);
	}
	page_object(p, WEIR_RUN, &g->newest);
	buf_release(&when);
}

static void
write_page(struct page_view *v, struct page *p, void *arg)
{
	struct errors *e = arg;
	const struct weir_why_group *groups;
	size_t n;

	read_errors(v, e);
	n = e->scan ? weir_why_scan_groups(e->scan, &groups) : 0;
	if (!n)
		page_text(p, NULL, 2, e->failed[0] ? STYLE_ERROR : STYLE_DIM,
			e->failed[0] ? str_of(e->failed)
			: e->done    ? STR("no failed runs")
				     : STR("looking"),
			3);
	for (size_t i = 0; i < n && i < LINES_MAX; i++)
		write_group(v, p, &groups[i], i);
}

static void
counts(struct page_view *v, void *arg, struct draw *d)
{
	struct errors *e = arg;
	const char *dot = theme_glyph(&v->v.app->theme, GLYPH_DOT);
	const struct weir_why_group *groups;
	int64_t looked, no_log;
	struct buf b = BUF_INIT(256);

	if (!e->scan)
		return;
	weir_why_scan_counts(e->scan, &looked, &no_log);
	buf_addf(&b, "%zu errors %s %lld failed runs",
		weir_why_scan_groups(e->scan, &groups), dot, (long long)looked);
	if (!e->done)
		buf_adds(&b, " so far");
	if (no_log)
		buf_addf(&b, " %s of %lld the log is not here", dot, (long long)no_log);
	draw_text(d, STYLE_DIM, buf_cstr(&b));
	buf_release(&b);
}

static void
open_group(struct page_view *v, void *arg, const struct page_line *line)
{
	struct errors *e = arg;
	const struct weir_why_group *groups;
	size_t n = e->scan ? weir_why_scan_groups(e->scan, &groups) : 0;

	if (line->key > 0 && (size_t)line->key <= n)
		view_why_open_runs(v->v.app, &groups[line->key - 1]);
}

static void
command(struct page_view *v, void *arg, struct buf *out)
{
	struct errors *e = arg;

	(void)v;
	buf_adds(out, "weir why ");
	weir_shell_quote(out, e->query);
}

static bool
object(struct page_view *v, void *arg, enum weir_kind *ret_kind, struct weir_id *ret_id)
{
	const struct page_line *line = page_view_line(v);

	(void)arg;
	if (!line)
		return false;
	*ret_kind = line->kind;
	*ret_id = line->id;
	return true;
}

static int64_t
due(const struct page_view *v, void *arg)
{
	const struct errors *e = arg;

	(void)v;
	return e->scan && !e->done ? 1 : 0;
}

static void
act_refresh(struct view *v, enum action_id id, const char *arg)
{
	struct errors *e = page_view_of(v)->arg;

	(void)id;
	(void)arg;
	weir_why_scan_free(e->scan);
	e->scan = NULL;
	e->job = 0;
	e->done = false;
	e->failed[0] = '\0';
	view_touch(v, VIEW_DATA);
}

static void
errors_free(void *arg)
{
	struct errors *e = arg;

	weir_why_scan_free(e->scan);
	free(e->query);
	free(e);
}

static const struct view_act acts[] = {
	{ ACTION_REFRESH, act_refresh },
	{ ACTION_NONE, NULL },
};

static const enum action_id hints[] = { ACTION_OPEN, ACTION_WHY, ACTION_NEXT_BAD,
	ACTION_SEARCH, ACTION_HELP, ACTION_BACK, ACTION_NONE };

static const struct page_user user = {
	.context = CONTEXT_DETAIL,
	.write = write_page,
	.free = errors_free,
	.command = command,
	.hints = hints,
	.acts = acts,
	.counts = counts,
	.open = open_group,
	.object = object,
	.answer = take_scan,
	.due = due,
};

struct view *
view_errors_new(struct app *a, const char *query)
{
	struct errors *e = xcalloc(1, sizeof(*e));

	e->query = xstrdup(query);
	return page_view_new(a, &user, e);
}
