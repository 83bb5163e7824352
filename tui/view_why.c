#include "view_why.h"

#include <weir/select.h>
#include <weir/text.h>
#include <weir/why.h>

#include "app.h"
#include "page.h"
#include "view_log.h"
#include "word.h"

enum {
	INDENT = 9,        /* of what stands behind ` why ` */
	SLICE_US = 6000,   /* of counting others, a turn of the loop */
	ASKED_MAX = 8,     /* logs that are fetched for a page */
	NUMBER_COLUMNS = 8 /* of a line of the log */
};

enum { SLOT_WHY, SLOT_SCAN };

/* Keys of lines that open something of our own: cause << 32 | what. */
enum { OPENS_LINE = 1 << 16, OPENS_SAME = 1 << 17 };

struct why {
	struct weir_id run;
	struct weir_why w;
	bool read, gone;
	int64_t generation; /* of the store when it was asked for */
	uint64_t job;       /* 0: not asked for */
	struct weir_why_scan *scan;
	uint64_t scan_job; /* 0: nobody was asked */
	bool counted;
	char *folded; /* of all causes: what the scan is for */
	struct weir_id asked[ASKED_MAX];
	size_t n_asked;
	uint64_t request;
	char failed[512];
};

/* ---- reading */

static void
ask_logs(struct page_view *v, struct why *y)
{
	for (size_t i = 0; i < y->w.n_causes && y->n_asked < ASKED_MAX; i++) {
		const struct weir_why_cause *c = &y->w.causes[i];
		size_t k = 0;

		while (k < y->n_asked && weir_id_cmp(&y->asked[k], &c->run) != 0)
			k++;
		if (!c->no_log || k < y->n_asked)
			continue;
		y->asked[y->n_asked++] = c->run;
		if (weir_id_cmp(&c->run, &y->run) != 0)
			app_submit(v->v.app, WEIR_REQ_RUN, &c->run);
		app_submit(v->v.app, WEIR_REQ_LOGS, &c->run);
	}
}

static void
begin_count(struct page_view *v, struct why *y)
{
	struct buf all = BUF_INIT(BUF_MAX);

	for (size_t i = 0; i < y->w.n_causes; i++) {
		buf_addstr(&all, y->w.causes[i].folded);
		buf_addc(&all, '\n');
	}
	if (y->w.n_causes && (!y->folded || strcmp(y->folded, buf_cstr(&all)) != 0)) {
		weir_why_scan_free(y->scan);
		y->scan = NULL;
		y->counted = false;
		y->scan_job = view_why_scan(&v->v, SLOT_SCAN, NULL);
		free(y->folded);
		y->folded = xstrdup(buf_cstr(&all));
	}
	buf_release(&all);
}

/* What the query thread reads. */
struct reading {
	struct weir_id run;
	struct weir_why w;
};

static enum weir_rc
reading_run(void *state, struct weir_store *store, struct weir_err *err)
{
	struct reading *r = state;

	return weir_why(store, &r->run, weir_now_us(), &r->w, err);
}

static void
reading_free(void *state)
{
	struct reading *r = state;

	weir_why_release(&r->w);
	free(r);
}

static const struct finder_call reading = { reading_run, reading_free };

static void
ask_why(struct page_view *v, struct why *y)
{
	struct finder_job job = {
		.kind = FINDER_CALL, .view = v->v.serial, .call = &reading
	};
	struct reading *r;

	if (!app_store(v->v.app) || (y->job && y->generation == v->v.app->generation))
		return;
	y->generation = v->v.app->generation;
	r = xcalloc(1, sizeof(*r));
	r->run = y->run;
	job.state = r;
	y->job = finder_submit(v->v.app->finder, &job);
}

static void
take_why(struct page_view *v, void *arg, struct finder_answer *answer)
{
	struct why *y = arg;
	struct reading *r = answer->state;

	if (answer->number == y->scan_job) {
		y->scan = view_why_take_scan(v->v.app, answer);
		y->counted = !y->scan;
		view_touch(&v->v, VIEW_DATA);
	}
	if (answer->number != y->job)
		return;
	y->failed[0] = '\0';
	y->gone = answer->part == FINDER_FAILED && answer->rc == WEIR_ENOTFOUND;
	if (answer->part == FINDER_CALLED) {
		weir_why_release(&y->w);
		y->w = r->w;
		r->w = (struct weir_why){ 0 };
		y->read = true;
		ask_logs(v, y);
		begin_count(v, y);
	} else {
		word_copy(y->failed, sizeof(y->failed), str_of(answer->text));
	}
	view_touch(&v->v, VIEW_DATA);
}

static void
count(struct why *y)
{
	struct weir_err err;

	if (!y->scan || y->counted)
		return;
	if (weir_why_scan_step(y->scan, SLICE_US, &y->counted, &err))
		y->counted = true;
}

static const struct weir_why_group *
same_as(const struct why *y, const struct weir_why_cause *c)
{
	const struct weir_why_group *groups;
	size_t n = y->scan ? weir_why_scan_groups(y->scan, &groups) : 0;

	for (size_t i = 0; i < n; i++) {
		if (str_equal(groups[i].folded, c->folded))
			return &groups[i];
	}
	return NULL;
}

/* ---- writing */

static void
write_head(struct page_view *v, struct page *p, const struct weir_why *w)
{
	struct page_line *line = page_begin(p, 1);

	line->state = w->state;
	page_state(p, &v->v.app->theme, w->state, w->state_name, 0);
	page_gap(p, 3);
	page_add(p, STYLE_STRONG, w->name, 0, false);
	if (w->platform.len) {
		page_addf(
			p, STYLE_DIM, " %s ", theme_glyph(&v->v.app->theme, GLYPH_DOT));
		page_add(p, STYLE_PLAIN, w->platform, 0, false);
	}
	page_gap(p, 2);
	page_add(p, STYLE_DIM, w->flow_name, 0, true);
	page_object(p, WEIR_RUN, &w->run);
	if (w->message.len)
		page_text(p, NULL, 2, STYLE_PLAIN, w->message, 4);
}

static void
write_where(struct page_view *v, struct page *p, struct why *y,
	const struct weir_why_cause *c)
{
	const char *dot = theme_glyph(&v->v.app->theme, GLYPH_DOT);
	struct buf b = BUF_INIT(PAGE_TEXT_MAX);

	if (weir_id_cmp(&c->run, &y->run) != 0) {
		buf_addf(&b, "run %.*s", (int)c->run_name.len, c->run_name.s);
		if (c->platform.len)
			buf_addf(&b, " %s %.*s", dot, (int)c->platform.len,
				c->platform.s);
	}
	if (c->task_name.len)
		buf_addf(&b, "%s%s%stask %.*s", b.len ? " " : "", b.len ? dot : "",
			b.len ? " " : "", (int)c->task_name.len, c->task_name.s);
	if (c->exited) {
		buf_addf(&b, "%s%s%s", b.len ? " " : "", b.len ? dot : "",
			b.len ? " " : "");
		weir_why_exit(c, &b);
	}
	if (b.len && weir_id_cmp(&c->run, &y->run) != 0) {
		page_begin(p, 0);
		page_add(p, STYLE_DIM, STR(" where"), INDENT, false);
		page_add(p, STYLE_PLAIN, buf_str(&b), 0, false);
		page_object(p, WEIR_RUN, &c->run);
	} else if (b.len) {
		page_text(p, "where", INDENT, STYLE_PLAIN, buf_str(&b), 3);
	}
	buf_release(&b);
}

static void
write_same(struct page_view *v, struct page *p, struct why *y, struct weir_why_cause *c)
{
	struct app *a = v->v.app;
	const struct weir_why_group *g = same_as(y, c);
	struct buf b = BUF_INIT(1024);
	struct page_line *line;

	if (g)
		weir_why_also(g, &c->run, weir_now_us(), a->utc, &b);
	if (!y->counted && y->scan_job)
		buf_adds(&b, b.len ? "; still counting" : "looking for others");
	if (b.len) {
		line = page_begin(p, 0);
		page_gap(p, INDENT);
		page_add(p, STYLE_PLAIN, buf_str(&b), 0, false);
		if (g && g->n > 1) {
			line->opens = PAGE_OPENS_SELF;
			line->key = ((c - y->w.causes + 1) << 20) + OPENS_SAME;
		}
	}
	buf_release(&b);
}

static void
write_lines(
	struct page_view *v, struct page *p, struct why *y, struct weir_why_cause *c)
{
	if (c->n_lines)
		page_blank(p);
	for (size_t i = 0; i < c->n_lines; i++) {
		const struct weir_why_line *l = &c->lines[i];
		enum style style = l->error ? STYLE_RED : STYLE_PLAIN;
		struct page_line *line = page_begin(
			p, ((c - y->w.causes + 1) << 20) + OPENS_LINE + (int64_t)i);

		line->opens = PAGE_OPENS_SELF;
		page_add(p, style, l->error ? STR(" >") : STR(""), 2, false);
		page_addf(p, STYLE_DIM, "%zu", l->line + 1);
		line->spans[line->n_spans - 1].columns = NUMBER_COLUMNS - 2;
		line->spans[line->n_spans - 1].right = true;
		page_gap(p, 2);
		page_add(p, style, l->text, 0, false);
		line->state = l->error ? c->state : WEIR_ST_NONE;
	}
	if (c->no_log)
		page_text(p, NULL, INDENT, STYLE_DIM,
			c->n_lines ? STR("its log is not here to its end")
				   : STR("its log is not here"),
			1);
	(void)v;
}

static void
write_cause(struct page_view *v, struct page *p, struct why *y, size_t i)
{
	struct weir_why_cause *c = &y->w.causes[i];
	struct buf b = BUF_INIT(PAGE_TEXT_MAX);

	for (size_t k = 0; k < i; k++) {
		if (str_equal(y->w.causes[k].folded, c->folded))
			goto out; /* told below the first with it */
	}
	page_blank(p);
	if (c->task_name.len)
		buf_addf(&b, "%.*s: ", (int)c->task_name.len, c->task_name.s);
	buf_addstr(&b, c->error);
	page_text(p, "why", INDENT, STYLE_STRONG, buf_str(&b), 6);
	for (size_t k = i + 1; k < y->w.n_causes; k++) {
		const struct weir_why_cause *o = &y->w.causes[k];

		if (!str_equal(o->folded, c->folded))
			continue;
		page_begin(p, 0);
		page_gap(p, INDENT);
		page_add(p, STYLE_DIM, STR("the same: "), 0, false);
		page_add(p, STYLE_PLAIN, o->run_name, 0, false);
		page_gap(p, 2);
		page_add(p, STYLE_DIM, o->platform, 0, false);
		page_object(p, WEIR_RUN, &o->run);
	}
	write_same(v, p, y, c);
	write_where(v, p, y, c);
	if (c->in_log && c->message.len && !str_equal(c->message, y->w.message))
		page_text(p, "state", INDENT, STYLE_PLAIN, c->message, 3);
	write_lines(v, p, y, c);
out:
	buf_release(&b);
}

static void
write_pickup(struct page *p, const struct weir_pickup *k)
{
	struct buf b = BUF_INIT(1024);

	page_blank(p);
	for (size_t i = 0; i < k->n; i++) {
		enum style style = k->v[i].result == WEIR_CHECK_BAD  ? STYLE_STRONG
				   : k->v[i].result == WEIR_CHECK_OK ? STYLE_DIM
								     : STYLE_PLAIN;

		buf_clear(&b);
		buf_addf(&b, "%s: %s", k->v[i].what, k->v[i].text);
		page_text(p, k->v[i].result == WEIR_CHECK_BAD ? "why" : "", INDENT,
			style, buf_str(&b), 3);
	}
	buf_release(&b);
}

static void
write_page(struct page_view *v, struct page *p, void *arg)
{
	struct why *y = arg;
	struct buf b = BUF_INIT(PAGE_TEXT_MAX);

	ask_why(v, y);
	count(y);
	if (!y->read) {
		page_text(p, NULL, 2, STYLE_DIM,
			y->gone        ? STR("this run is no longer here")
			: y->failed[0] ? str_of(y->failed)
			: y->job       ? STR("reading")
				       : STR("nothing is stored yet"),
			3);
		goto out;
	}
	write_head(v, p, &y->w);
	for (size_t i = 0; i < y->w.n_causes; i++)
		write_cause(v, p, y, i);
	if (y->w.waits && y->w.pickup.n_bad) {
		write_pickup(p, &y->w.pickup);
	} else if (!y->w.n_causes) {
		weir_why_line(&y->w, &b);
		page_blank(p);
		page_text(p, "why", INDENT, STYLE_STRONG, buf_str(&b), 6);
	}
	if (y->w.n_failed > y->w.n_causes)
		page_addf(p, STYLE_DIM, "  and %zu more failed runs below it",
			y->w.n_failed - y->w.n_causes);
	page_blank(p);
	buf_clear(&b);
	for (size_t i = 0; weir_why_next(&y->w, i, &b); i++, buf_clear(&b)) {
		page_begin(p, 0);
		page_add(p, STYLE_DIM, i ? STR("") : STR(" next"), INDENT, false);
		page_add(p, STYLE_PLAIN, buf_str(&b), 0, false);
		page_command(p, "%s", buf_cstr(&b));
	}
out:
	buf_release(&b);
}

/* ---- the rest of the page */

static void
open_line(struct page_view *v, void *arg, const struct page_line *line)
{
	struct why *y = arg;
	struct app *a = v->v.app;
	size_t cause = (size_t)(line->key >> 20) - 1, i;
	const struct weir_why_group *g;
	struct weir_why_cause *c;
	struct view *log;

	if (cause >= y->w.n_causes)
		return;
	c = &y->w.causes[cause];
	if (line->key & OPENS_SAME) {
		g = same_as(y, c);
		if (g)
			view_why_open_runs(a, g);
		return;
	}
	i = (size_t)line->key & (OPENS_LINE - 1);
	log = i < c->n_lines ? view_log_new(a, WEIR_RUN, &c->run) : NULL;
	if (!log)
		return;
	view_log_goto(log, c->lines[i].line);
	app_push(a, log);
}

static void
command(struct page_view *v, void *arg, struct buf *out)
{
	struct why *y = arg;
	char id[WEIR_ID_TEXT + 1];

	(void)v;
	buf_addf(out, "weir why %.8s", weir_id_format(&y->run, id));
}

static bool
object(struct page_view *v, void *arg, enum weir_kind *ret_kind, struct weir_id *ret_id)
{
	const struct page_line *line = page_view_line(v);
	struct why *y = arg;

	*ret_kind = WEIR_RUN;
	*ret_id = line && line->opens == PAGE_OPENS_OBJECT ? line->id : y->run;
	return true;
}

static int64_t
due(const struct page_view *v, void *arg)
{
	const struct why *y = arg;

	(void)v;
	return y->scan && !y->counted ? 1 : 0;
}

static void
act_log(struct view *v, enum action_id id, const char *arg)
{
	struct why *y = page_view_of(v)->arg;
	struct weir_why_cause *c = y->w.n_causes ? &y->w.causes[0] : NULL;
	struct view *log = view_log_new(v->app, WEIR_RUN, c ? &c->run : &y->run);

	(void)id;
	(void)arg;
	if (!log)
		return;
	if (c && c->in_log)
		view_log_goto(log, c->line);
	app_push(v->app, log);
}

static void
act_refresh(struct view *v, enum action_id id, const char *arg)
{
	struct why *y = page_view_of(v)->arg;

	(void)id;
	(void)arg;
	y->n_asked = 0;
	free(y->folded);
	y->folded = NULL;
	y->job = 0;
	app_submit(v->app, WEIR_REQ_RUN, &y->run);
	view_touch(v, VIEW_DATA);
}

static void
why_free(void *arg)
{
	struct why *y = arg;

	weir_why_scan_free(y->scan);
	weir_why_release(&y->w);
	free(y->folded);
	free(y);
}

static const struct view_act acts[] = {
	{ ACTION_LOG, act_log },
	{ ACTION_REFRESH, act_refresh },
	{ ACTION_NONE, NULL },
};

static const enum action_id hints[] = { ACTION_OPEN, ACTION_LOG, ACTION_COPY_ID,
	ACTION_WEB, ACTION_HELP, ACTION_BACK, ACTION_NONE };

static const struct page_user user = {
	.context = CONTEXT_DETAIL,
	.write = write_page,
	.free = why_free,
	.command = command,
	.hints = hints,
	.acts = acts,
	.open = open_line,
	.object = object,
	.answer = take_why,
	.due = due,
};

struct view *
view_why_new(struct app *a, const struct weir_id *run)
{
	struct why *y = xcalloc(1, sizeof(*y));

	y->run = *run;
	y->request = app_submit(a, WEIR_REQ_RUN, run);
	return page_view_new(a, &user, y);
}
