#include "facts_parts.h"

#include <string.h>

#include <weir/cell.h>
#include <weir/shell.h>
#include <weir/text.h>
#include <weir/time.h>

#include "word.h"

/* ---- reading */

size_t
facts_each(struct facts *f, const struct facts_ask *ask, facts_fn *fn, void *arg)
{
	struct weir_column_set set = { 0 }, extra = { 0 };
	struct weir_sort sorts[WEIR_SORT_MAX];
	struct weir_select sel = { .kind = ask->kind,
		.columns = &set,
		.sort = sorts,
		.limit = ask->limit ? ask->limit : FACTS_ROWS,
		.key = ask->key,
		.now_us = f->now_us };
	struct weir_query *q = NULL;
	struct weir_rows *rows = NULL;
	bool more = true;
	size_t n = 0;
	enum weir_rc rc = weir_columns_choose(ask->kind, ask->columns, 0, &set, NULL);

	if (!rc && ask->query)
		rc = weir_query_parse(
			ask->kind, str_of(ask->query), f->now_us, &q, NULL);
	sel.query = q;
	if (!rc && ask->sort)
		rc = weir_sort_parse(
			ask->kind, ask->sort, &extra, sorts, &sel.n_sort, NULL);
	if (!rc)
		rc = weir_rows_open(f->store, &sel, &rows, NULL);
	while (!rc && !weir_rows_next(rows, &more, NULL) && more) {
		fn(f, rows, arg);
		n++;
	}
	weir_rows_close(rows);
	weir_query_free(q);
	weir_columns_release(&extra);
	weir_columns_release(&set);
	return n;
}

int64_t
facts_count(struct facts *f, enum weir_kind kind, const char *query)
{
	struct weir_select sel = { .kind = kind, .now_us = f->now_us };
	struct weir_query *q = NULL;
	int64_t n = 0;

	if (weir_query_parse(kind, str_of(query), f->now_us, &q, NULL))
		return 0;
	sel.query = q;
	if (weir_rows_count(f->store, &sel, &n, NULL))
		n = 0;
	weir_query_free(q);
	return n;
}

int64_t
facts_time(const struct weir_cell *c)
{
	return c->null ? WEIR_NO_TIME : c->i;
}

struct weir_json *
facts_doc(const struct weir_cell *members)
{
	struct weir_json *doc = NULL;
	struct buf text = BUF_INIT(BUF_MAX);

	if (members->null)
		return NULL;
	/* `rest` comes without its braces, a document with them. */
	if (members->s.len > 0 && members->s.s[0] == '{') {
		buf_addstr(&text, members->s);
	} else {
		buf_addc(&text, '{');
		buf_addstr(&text, members->s);
		buf_addc(&text, '}');
	}
	if (weir_json_parse(buf_str(&text), &doc, NULL))
		doc = NULL;
	buf_release(&text);
	return doc;
}

void
facts_term(struct buf *query, const char *field, struct str value)
{
	buf_addf(query, "%s%s:", query->len > 0 ? " " : "", field);
	weir_query_quote(query, value, false);
}

/* ---- writing */

struct page_line *
facts_begin(struct facts *f, const char *label)
{
	struct page_line *line = page_begin(f->p, 0);

	page_gap(f->p, 1);
	page_add(f->p, STYLE_DIM, str_of(label), FACTS_INDENT - 1, false);
	return line;
}

void
facts_text(struct facts *f, const char *label, enum style style, struct str text)
{
	page_text(f->p, label, FACTS_INDENT, style, text, f->brief ? 4 : 50);
}

void
facts_link(struct facts *f, const char *label, enum weir_kind kind,
	const struct weir_id *id, struct str text)
{
	if (text.len == 0)
		return;
	facts_begin(f, label);
	page_add(f->p, STYLE_PLAIN, text, 0, false);
	if (id && !weir_id_is_null(id))
		page_object(f->p, kind, id);
}

static void
show_cell(const struct facts *f, const struct weir_cell *cell, struct buf *out)
{
	struct weir_cell_style style = {
		.now_us = f->now_us, .utc = f->utc, .ago = true
	};

	if (!cell->null)
		weir_cell_show(out, cell, &style);
}

static void
add_part(const struct facts *f, struct buf *out, const char *label, struct str value)
{
	if (value.len == 0)
		return;
	if (out->len > 0)
		buf_addf(out, " %s ", theme_glyph(f->theme, GLYPH_DOT));
	buf_adds(out, label);
	buf_addstr(out, value);
}

void
facts_part(const struct facts *f, struct buf *out, const char *label,
	const struct weir_cell *cell)
{
	struct buf value = BUF_INIT(FACTS_TEXT_MAX);

	show_cell(f, cell, &value);
	add_part(f, out, label, buf_str(&value));
	buf_release(&value);
}

void
facts_part_json(const struct facts *f, struct buf *out, const char *label,
	const struct weir_json *value)
{
	struct buf text = BUF_INIT(FACTS_TEXT_MAX);

	if (weir_json_type(value) == WEIR_JSON_BOOL)
		buf_adds(&text, weir_json_true(value) ? "yes" : "no");
	else if (weir_json_type(value) != WEIR_JSON_NULL)
		weir_json_show(value, &text);
	add_part(f, out, label, buf_str(&text));
	buf_release(&text);
}

void
facts_moment(const struct facts *f, struct buf *out, const char *what, int64_t us)
{
	if (us == WEIR_NO_TIME)
		return;
	if (out->len > 0)
		buf_addf(out, " %s ", theme_glyph(f->theme, GLYPH_DOT));
	buf_addf(out, "%s%s", what, *what ? " " : "");
	weir_time_absolute(out, us, f->utc, false);
}

void
facts_status(struct facts *f, struct str status, int columns)
{
	const char *glyph = NULL;
	enum style style = theme_status(f->theme, status, &glyph);

	if (!glyph) {
		page_add(f->p, style, status, columns ? columns + 2 : 0, false);
		return;
	}
	page_add(f->p, style, str_of(glyph), 2, false);
	page_add(f->p, style, status, columns, false);
}

void
facts_title(struct facts *f, struct str status, struct str name, const char *right)
{
	word_copy(f->name, sizeof(f->name), name);
	page_begin(f->p, 0);
	if (status.len > 0) {
		facts_status(f, status, 0);
		page_gap(f->p, 3);
	}
	page_add(f->p, STYLE_STRONG, name, 0, false);
	page_add(f->p, STYLE_DIM, str_of(right), 0, true);
}

void
facts_described(struct facts *f, struct str status, struct str name, const char *right,
	const struct weir_json *doc)
{
	facts_title(f, status, name, right);
	page_text(f->p, NULL, 2, STYLE_PLAIN,
		weir_json_text(weir_json_get(doc, "description")), f->brief ? 3 : 12);
	page_blank(f->p);
}

void
facts_state(struct facts *f, const struct weir_cell *state, struct str state_name,
	struct str name)
{
	struct page_line *line = page_begin(f->p, 0);

	word_copy(f->name, sizeof(f->name), name);
	f->state = (enum weir_state)state->i;
	f->live = !weir_state_is_terminal(f->state);
	page_state(f->p, f->theme, f->state, state_name, 0);
	line->state = WEIR_ST_NONE; /* not one of a list */
	page_gap(f->p, 3);
	page_add(f->p, STYLE_STRONG, str_of(f->name), 0, false);
}

void
facts_message(struct facts *f, struct str message, int most)
{
	bool bad = f->state == WEIR_ST_FAILED || f->state == WEIR_ST_CRASHED;

	page_text(f->p, NULL, 2, bad ? STYLE_ERROR : STYLE_PLAIN, message,
		f->brief ? 3 : most);
	page_blank(f->p);
}

void
facts_id(struct facts *f)
{
	facts_begin(f, "id");
	page_add(f->p, STYLE_DIM, str_of(f->id_text), 0, false);
}

/* ---- runs of something */

static const struct {
	const char *word, *query;
	enum style style;
	unsigned states;
} counted[] = {
	{ "failed", "state_type:failed,crashed", STYLE_RED,
		1u << WEIR_ST_FAILED | 1u << WEIR_ST_CRASHED },
	{ "running", "state_type:running,cancelling", STYLE_CYAN,
		1u << WEIR_ST_RUNNING | 1u << WEIR_ST_CANCELLING },
	{ "waiting", "state_type:pending,scheduled,paused", STYLE_PLAIN,
		1u << WEIR_ST_PENDING | 1u << WEIR_ST_SCHEDULED |
			1u << WEIR_ST_PAUSED },
	{ "completed", "state_type:completed", STYLE_GREEN, 1u << WEIR_ST_COMPLETED },
	{ "cancelled", "state_type:cancelled", STYLE_MAGENTA, 1u << WEIR_ST_CANCELLED },
};

static void
add_count(struct facts *f, const char *label, enum style style, int64_t n,
	const char *word, const char *query, const char *also)
{
	struct buf number = BUF_INIT(64), command = BUF_INIT(FACTS_TEXT_MAX),
		   all = BUF_INIT(FACTS_TEXT_MAX);

	word_number(&number, n);
	facts_begin(f, label);
	page_add(f->p, style, buf_str(&number), 7, true);
	page_addf(f->p, style, " %s", word);
	buf_addf(&all, "%s%s%s", query, *also ? " " : "", also);
	weir_shell_quote(&command, buf_cstr(&all));
	page_command(f->p, "weir runs %s", buf_cstr(&command));
	buf_release(&number);
	buf_release(&command);
	buf_release(&all);
}

void
facts_runs(struct facts *f, const char *query)
{
	struct weir_select sel = { .kind = WEIR_RUN, .now_us = f->now_us };
	int64_t n[WEIR_N_STATES] = { 0 }, all = 0;
	struct weir_query *q = NULL;

	if (weir_query_parse(WEIR_RUN, str_of(query), f->now_us, &q, NULL))
		return;
	sel.query = q;
	if (weir_rows_count_states(f->store, &sel, n, NULL))
		memset(n, 0, sizeof(n));
	weir_query_free(q);
	for (size_t i = 0; i < WEIR_N_STATES; i++)
		all += n[i];
	add_count(f, "runs", STYLE_PLAIN, all, all == 1 ? "run" : "runs", query, "");
	for (size_t i = 0; i < N_ELEM(counted); i++) {
		int64_t some = 0;

		for (size_t k = 0; k < WEIR_N_STATES; k++)
			some += counted[i].states & 1u << k ? n[k] : 0;
		if (some > 0)
			add_count(f, "", counted[i].style, some, counted[i].word, query,
				counted[i].query);
	}
}

static int
name_columns(const struct facts *f)
{
	return f->p->width >= 140 ? 44 : f->p->width >= 100 ? 34 : 26;
}

void
facts_line_heading(struct facts *f, const char *what)
{
	page_blank(f->p);
	page_begin(f->p, 0);
	page_gap(f->p, 2);
	page_add(f->p, STYLE_HEADER, str_of(what), name_columns(f) + 4, false);
	page_add(f->p, STYLE_HEADER, STR("STATE"), 12, false);
	page_add(f->p, STYLE_HEADER, STR("TOOK"), 9, true);
}

void
facts_line(struct facts *f, const struct weir_rows *rows, enum weir_kind kind,
	const char *more)
{
	enum weir_state state = (enum weir_state)weir_rows_cell(rows, 0)->i;
	struct page_line *line =
		page_begin(f->p, weir_rows_key(rows) * WEIR_N_KINDS + kind);
	struct buf took = BUF_INIT(128);

	page_gap(f->p, 2);
	page_add(f->p, STYLE_PLAIN, weir_rows_cell(rows, 2)->s, name_columns(f), false);
	page_gap(f->p, 2);
	page_state(f->p, f->theme, state, weir_rows_cell(rows, 1)->s, 12);
	show_cell(f, weir_rows_cell(rows, 6), &took);
	page_add(f->p, STYLE_PLAIN, buf_str(&took), 9, true);
	page_gap(f->p, 2);
	if (more && f->p->width >= 70)
		page_add(f->p, STYLE_DIM, str_of(more), 15, false);
	line->start_us = facts_time(weir_rows_cell(rows, 4));
	line->end_us = facts_time(weir_rows_cell(rows, 5));
	page_object(f->p, kind, &weir_rows_cell(rows, 3)->id);
	f->n_below++;
	f->n_bad += page_line_bad(line);
	f->live |= !weir_state_is_terminal(state);
	buf_release(&took);
}

/* Its own line: what it is called, when, and how long it took. */
static void
last_run(struct facts *f, const struct weir_rows *rows, void *arg)
{
	const char **heading = arg;
	enum weir_state state = (enum weir_state)weir_rows_cell(rows, 0)->i;
	struct buf at = BUF_INIT(128), took = BUF_INIT(128);
	const struct weir_cell *platform = weir_rows_cell(rows, 8);

	if (*heading) {
		page_blank(f->p);
		page_begin(f->p, 0);
		page_gap(f->p, 2);
		page_add(f->p, STYLE_HEADER, STR("  STATE"), 14, false);
		page_gap(f->p, 1);
		page_add(f->p, STYLE_HEADER, str_of(*heading), name_columns(f), false);
		page_add(f->p, STYLE_HEADER, STR("STARTED"), 12, true);
		page_add(f->p, STYLE_HEADER, STR("TOOK"), 9, true);
		*heading = NULL;
	}
	page_begin(f->p, weir_rows_key(rows) * WEIR_N_KINDS + WEIR_RUN);
	page_gap(f->p, 2);
	page_state(f->p, f->theme, state, weir_rows_cell(rows, 1)->s, 12);
	page_gap(f->p, 1);
	page_add(f->p, STYLE_PLAIN, weir_rows_cell(rows, 2)->s, name_columns(f), false);
	show_cell(f, weir_rows_cell(rows, 7), &at);
	page_add(f->p, STYLE_PLAIN, buf_str(&at), 12, true);
	show_cell(f, weir_rows_cell(rows, 6), &took);
	page_add(f->p, STYLE_PLAIN, buf_str(&took), 9, true);
	if (!platform->null) {
		page_gap(f->p, 2);
		page_add(f->p, STYLE_DIM, platform->s, 0, false);
	}
	page_object(f->p, WEIR_RUN, &weir_rows_cell(rows, 3)->id);
	f->live |= !weir_state_is_terminal(state);
	buf_release(&at);
	buf_release(&took);
}

void
facts_last_runs(struct facts *f, const char *heading, const char *query,
	const char *sort, int64_t limit)
{
	facts_each(f,
		&(struct facts_ask){ .kind = WEIR_RUN,
			.query = query,
			.sort = sort,
			.columns = FACTS_LINE_COLUMNS ",at,platform",
			.limit = limit },
		last_run, &heading);
}

/* ---- one writer a kind */

typedef bool writer(struct facts *f, int64_t key);

static writer *const writers[WEIR_N_KINDS] = {
	[WEIR_RUN] = facts_run,
	[WEIR_TASK_RUN] = facts_task_run,
	[WEIR_FLOW] = facts_flow,
	[WEIR_DEPLOYMENT] = facts_deployment,
	[WEIR_POOL] = facts_pool,
	[WEIR_QUEUE] = facts_queue,
	[WEIR_WORKER] = facts_worker,
	[WEIR_ARTIFACT] = facts_artifact,
	[WEIR_LIMIT] = facts_limit,
};

bool
facts_write(struct facts *f)
{
	enum weir_kind kind;
	struct weir_id id;
	int64_t key = 0;

	weir_id_format(&f->id, f->id_text);
	f->state = WEIR_ST_NONE;
	f->name[0] = f->flow[0] = '\0';
	f->n_below = f->n_bad = f->n_tasks = 0;
	f->live = f->shortened = false;
	memset(&f->run, 0, sizeof(f->run));
	if (weir_resolve(f->store, 1u << f->kind, f->id_text, &kind, &id, &key, NULL))
		return false;
	return writers[f->kind](f, key);
}
