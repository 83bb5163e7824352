#include "preview.h"

#include <string.h>

#include <weir/logs.h>
#include <weir/time.h>

#include "app.h"
#include "facts.h"
#include "facts_env.h"

enum {
	REST_US = 40000,    /* the cursor rests: what is stored is read */
	ASK_US = 1000000,   /* it rests longer: the server is asked */
	AGAIN_US = 300000,  /* between two readings of the same object */
	LOG_LINES_MIN = 5,  /* of the log, however high the pane is */
	LOG_LINES_MAX = 80, /* and however low the facts are */
	LINES_BEFORE = 2,   /* the first error */
	MESSAGE_LINES = 6,  /* of one line of a log */
	CLOCK_COLUMNS = 9,
};

struct preview {
	struct app *app;
	bool any;
	enum weir_kind kind;
	struct weir_id id;
	struct env_name env; /* of an environment */
	struct weir_match *match;
	struct page page;
	struct facts facts;
	int width, height;
	size_t top;
	int64_t read_us, ask_us; /* when it wants to; 0: not (any more) */
	int64_t last_us;         /* when it read */
};

struct preview *
preview_new(struct app *a)
{
	struct preview *p = xcalloc(1, sizeof(*p));

	p->app = a;
	p->width = p->height = 1;
	page_clear(&p->page);
	return p;
}

void
preview_free(struct preview *p)
{
	if (!p)
		return;
	page_release(&p->page);
	weir_match_free(p->match);
	free(p);
}

/* A script sees each step at once. */
static int64_t
later(const struct preview *p, int64_t us)
{
	return weir_monotonic_us() + (p->app->script.path ? 0 : us);
}

void
preview_size(struct preview *p, int width, int height)
{
	width = width < 1 ? 1 : width;
	height = height < 1 ? 1 : height;
	if (p->width == width && p->height == height)
		return;
	p->width = width;
	p->height = height;
	if (p->any)
		p->read_us = weir_monotonic_us();
}

static void
look(struct preview *p)
{
	p->any = true;
	if (p->top > 0)
		p->app->dirty = true; /* its lines move */
	p->top = 0;
	p->read_us = later(p, REST_US);
}

void
preview_look_env(struct preview *p, struct str id, struct str arch)
{
	if (p->any && str_eq(id, p->env.id) && str_eq(arch, p->env.arch))
		return;
	if (!facts_env_name(&p->env, id, arch))
		return;
	p->kind = WEIR_ENVIRONMENT;
	look(p);
}

void
preview_look(struct preview *p, enum weir_kind kind, const struct weir_id *id)
{
	if (p->any && p->kind == kind && weir_id_cmp(&p->id, id) == 0)
		return;
	p->kind = kind;
	p->id = *id;
	look(p);
	/* At the first look the engine has not started yet. */
	p->ask_us = p->app->start->offline || p->app->no_server ? 0 : later(p, ASK_US);
}

void
preview_stale(struct preview *p)
{
	int64_t at = p->last_us + AGAIN_US;

	if (p->any && (!p->read_us || p->app->script.path))
		p->read_us = later(p, 0) > at ? later(p, 0) : at;
}

/* ---- the log */

static char
level_letter(int level)
{
	return level >= 50   ? 'C'
	       : level >= 40 ? 'E'
	       : level >= 30 ? 'W'
	       : level >= 20 ? 'I'
			     : 'D';
}

static void
write_line(struct preview *p, const struct weir_line *line)
{
	struct page *page = &p->page;
	struct buf at = BUF_INIT(64);
	char label[32];
	size_t first = page->lines.n;
	enum style style = theme_level(line->level);

	weir_time_absolute(&at, line->us, p->app->utc, false);
	snprintf(label, sizeof(label), "%s", at.len > 11 ? at.s + 11 : "");
	buf_release(&at);
	page_text(page, label, CLOCK_COLUMNS + 3,
		line->level >= 30 ? style : STYLE_PLAIN, line->message, MESSAGE_LINES);
	/* The label is ` 14:02:11 `; behind it stands the level. */
	if (page->lines.n > first && !page->full) {
		struct page_line *l = &page->lines.v[first];

		l->spans[1].columns = CLOCK_COLUMNS;
		l->spans[3] = l->spans[2];
		snprintf(label, sizeof(label), "%c", level_letter(line->level));
		l->spans[2] = (struct page_span){ .style = style,
			.text = { arena_strndup(&page->arena, label, 1), 1 },
			.columns = 2 };
		l->n_spans = 4;
	}
}

/* From the first error on; without one from so many lines before the end. */
static size_t
log_from(struct preview *p, struct weir_log_reader *log, size_t room, bool *ret_error)
{
	struct weir_log_filter filter = { .min_level = 40 };
	size_t n = weir_log_n(log), n_errors = 0, *errors = NULL, from;
	bool bad =
		p->facts.state == WEIR_ST_FAILED || p->facts.state == WEIR_ST_CRASHED;

	if (bad &&
		!weir_log_filter(
			log, &filter, 0, weir_log_n(log), &errors, &n_errors, NULL) &&
		n_errors > 0) {
		from = errors[0] > LINES_BEFORE ? errors[0] - LINES_BEFORE : 0;
		free(errors);
		*ret_error = true;
		return from;
	}
	free(errors);
	return n > room ? n - room : 0;
}

static void
write_log(struct preview *p)
{
	const struct weir_id *run = p->kind == WEIR_RUN ? &p->id : &p->facts.run;
	struct weir_log_reader *log = NULL;
	size_t used = p->page.lines.n + 2, height = (size_t)p->height, room, from, n;
	bool error = false;

	if (weir_log_open(p->app->store, run, &log, NULL))
		return;
	n = weir_log_n(log);
	room = height > used + LOG_LINES_MIN ? height - used : LOG_LINES_MIN;
	room = room < LOG_LINES_MAX ? room : LOG_LINES_MAX;
	from = log_from(p, log, room, &error);
	page_blank(&p->page);
	page_begin(&p->page, 0);
	page_gap(&p->page, 1);
	page_add(&p->page, STYLE_HEADER,
		n == 0  ? STR("no line of its log is here")
		: error ? STR("LOG, FROM ITS FIRST ERROR")
			: STR("END OF THE LOG"),
		0, false);
	for (size_t i = from; i < n && i < from + room; i++) {
		struct weir_line line;

		if (weir_log_get(log, i, &line, NULL))
			break;
		write_line(p, &line);
	}
	weir_log_close(log);
}

/* ---- reading and asking */

static void
read_env(struct preview *p)
{
	struct facts_env f = { .p = &p->page,
		.store = envs_store(p->app),
		.theme = &p->app->theme,
		.name = p->env,
		.brief = true };

	if (!f.store || facts_env_write(&f))
		return;
	page_begin(&p->page, 0);
	page_addf(&p->page, STYLE_DIM, " this environment is no longer here");
}

static void
read_object(struct preview *p)
{
	struct app *a = p->app;

	page_clear(&p->page);
	p->page.width = p->width;
	if (p->kind == WEIR_ENVIRONMENT) {
		read_env(p);
		return;
	}
	if (!app_store(a))
		return;
	p->facts = (struct facts){ .p = &p->page,
		.store = a->store,
		.theme = &a->theme,
		.now_us = a->now_us,
		.utc = a->utc,
		.brief = true,
		.kind = p->kind,
		.id = p->id };
	if (!facts_write(&p->facts)) {
		page_begin(&p->page, 0);
		page_addf(&p->page, STYLE_DIM, " this %s is no longer here",
			weir_kind_name(p->kind));
		return;
	}
	if (p->kind == WEIR_RUN)
		write_log(p);
}

/* What the server has of it that is not here. */
static void
ask(struct preview *p)
{
	if (p->kind != WEIR_RUN)
		return;
	app_submit(p->app, WEIR_REQ_RUN, &p->id);
	app_submit(p->app, WEIR_REQ_LOGS, &p->id);
}

void
preview_update(struct preview *p)
{
	int64_t now = weir_monotonic_us();

	if (p->read_us && p->read_us <= now) {
		p->read_us = 0;
		p->last_us = now;
		read_object(p);
		preview_scroll(p, 0);
		p->app->dirty = true;
	}
	if (p->ask_us && p->ask_us <= now) {
		p->ask_us = 0;
		ask(p);
	}
}

int64_t
preview_due(const struct preview *p)
{
	if (!p->read_us || !p->ask_us)
		return p->read_us ? p->read_us : p->ask_us;
	return p->read_us < p->ask_us ? p->read_us : p->ask_us;
}

void
preview_scroll(struct preview *p, int lines)
{
	size_t n = p->page.lines.n, height = (size_t)p->height;
	size_t most = n > height ? n - height : 0;

	if (lines < 0)
		p->top = p->top > (size_t)-lines ? p->top - (size_t)-lines : 0;
	else
		p->top += (size_t)lines;
	p->top = p->top < most ? p->top : most;
}

void
preview_row(struct preview *p, struct draw *d, int i)
{
	size_t row = p->top + (size_t)i;

	if (i >= 0 && row < p->page.lines.n)
		page_row(&p->page, d, row, p->width, p->app->now_us, p->match);
}

void
preview_match(struct preview *p, struct weir_match *match)
{
	weir_match_free(p->match);
	p->match = match;
	p->page.current = PAGE_NONE;
}

int64_t
preview_matches(const struct preview *p)
{
	int64_t n = 0;

	for (size_t i = 0; p->match && i < p->page.lines.n; i++)
		n += page_line_matches(&p->page.lines.v[i], p->match);
	return p->match ? n : -1;
}

bool
preview_next(struct preview *p, bool from_here)
{
	size_t n = p->page.lines.n, height = (size_t)p->height;
	size_t from = p->page.current == PAGE_NONE ? p->top : p->page.current;

	if (!from_here && p->page.current != PAGE_NONE)
		from++;
	for (size_t k = 0; p->match && k < n; k++) {
		size_t i = (from + k) % n;

		if (!page_line_matches(&p->page.lines.v[i], p->match))
			continue;
		p->page.current = i;
		if (i < p->top || i >= p->top + height)
			p->top = i > height / 2 ? i - height / 2 : 0;
		preview_scroll(p, 0);
		return true;
	}
	return false;
}
