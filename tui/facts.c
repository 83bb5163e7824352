#include "facts.h"

#include <string.h>

#include <weir/cell.h>
#include <weir/members.h>
#include <weir/pickup.h>
#include <weir/select.h>
#include <weir/text.h>
#include <weir/time.h>

#include "word.h"

enum { LABEL_COLUMNS = 10, MESSAGE_LINES = 6, PARAMETERS_MAX = 200 };

struct reader {
	struct facts *f;
	struct weir_store *store;
	const struct facts_look *look;
	struct weir_id run;
	char id[WEIR_ID_TEXT + 1];
	int64_t ordinal; /* keys of lines that are no rows */
};

typedef void row_fn(struct reader *r, const struct weir_rows *rows);

/* Call fn for the rows of a query, or of one key. */
static size_t
each(struct reader *r, enum weir_kind kind, int64_t key, const char *query,
	const char *sort, const char *columns, row_fn *fn)
{
	struct weir_column_set set = { 0 }, extra = { 0 };
	struct weir_sort sorts[WEIR_SORT_MAX];
	struct weir_select sel = { .kind = kind,
		.columns = &set,
		.sort = sorts,
		.limit = FACTS_ROWS_MAX,
		.key = key,
		.now_us = r->look->now_us };
	struct weir_query *q = NULL;
	struct weir_rows *rows = NULL;
	bool more = true;
	size_t n = 0;
	enum weir_rc rc = weir_columns_choose(kind, columns, 0, &set, NULL);

	if (!rc && query)
		rc = weir_query_parse(kind, str_of(query), r->look->now_us, &q, NULL);
	sel.query = q;
	if (!rc && sort)
		rc = weir_sort_parse(kind, sort, &extra, sorts, &sel.n_sort, NULL);
	if (!rc)
		rc = weir_rows_open(r->store, &sel, &rows, NULL);
	while (!rc && !weir_rows_next(rows, &more, NULL) && more) {
		fn(r, rows);
		n++;
	}
	weir_rows_close(rows);
	weir_query_free(q);
	weir_columns_release(&extra);
	weir_columns_release(&set);
	return n;
}

static const char *
keep(struct reader *r, struct str s)
{
	if (s.len > FACTS_TEXT_MAX)
		s.len = FACTS_TEXT_MAX;
	return s.s ? arena_strndup(&r->f->arena, s.s, s.len) : "";
}

static struct facts_line *
add(struct reader *r, enum facts_kind kind)
{
	struct facts_line line = { .kind = kind,
		.key = -++r->ordinal,
		.label = "",
		.text = "",
		.state_name = "",
		.start_us = WEIR_NO_TIME,
		.end_us = WEIR_NO_TIME };

	VEC_PUSH(&r->f->lines, line);
	return &r->f->lines.v[r->f->lines.n - 1];
}

/* A fact over as many lines as its text needs. */
static void
add_fact(struct reader *r, enum facts_kind kind, const char *label, struct str raw,
	enum style style, int most)
{
	struct buf clean = BUF_INIT(FACTS_TEXT_MAX * 4);
	struct str s;
	int width = r->look->width - LABEL_COLUMNS;

	text_sanitize(&clean, raw, TEXT_EXPAND_TABS | TEXT_KEEP_NEWLINE);
	s = buf_str(&clean);
	for (int i = 0; s.len > 0 && i < most; i++) {
		struct facts_line *line = add(r, kind);
		const char *end = memchr(s.s, '\n', s.len);
		struct str row = { s.s, end ? (size_t)(end - s.s) : s.len };
		size_t n = text_prefix(row, width < 20 ? 20 : (size_t)width);

		if (n == 0 && row.len > 0)
			n = row.len;
		/* Break at a blank where there is one. */
		for (size_t k = n; n < row.len && k > n / 2; k--) {
			if (row.s[k] == ' ') {
				n = k;
				break;
			}
		}
		line->label = i == 0 ? label : "";
		line->text = keep(r, (struct str){ row.s, n });
		line->style = style;
		while (n < s.len && s.s[n] == ' ')
			n++;
		if (n < s.len && s.s[n] == '\n')
			n++;
		s.s += n;
		s.len -= n;
	}
	buf_release(&clean);
}

static void
add_text(struct reader *r, const char *label, const struct buf *b, enum style style)
{
	if (b->len > 0)
		add_fact(r, FACTS_FACT, label, buf_str(b), style, 50);
}

static void
show_cell(const struct reader *r, const struct weir_cell *cell, struct buf *out)
{
	struct weir_cell_style style = {
		.now_us = r->look->now_us, .utc = r->look->utc, .ago = true
	};

	if (!cell->null)
		weir_cell_show(out, cell, &style);
}

/* "pool farm · queue pr": parts that have a value. */
static void
add_part(const struct reader *r, struct buf *out, const char *label,
	const struct weir_cell *cell)
{
	struct buf value = BUF_INIT(FACTS_TEXT_MAX);

	show_cell(r, cell, &value);
	if (value.len > 0) {
		if (out->len > 0)
			buf_addf(out, " %s ", r->look->dot);
		buf_addf(out, "%s%s", label, buf_cstr(&value));
	}
	buf_release(&value);
}

static void
add_moment(const struct reader *r, struct buf *out, const char *what, int64_t us)
{
	if (us == WEIR_NO_TIME)
		return;
	if (out->len > 0)
		buf_addf(out, " %s ", r->look->dot);
	buf_addf(out, "%s ", what);
	weir_time_absolute(out, us, r->look->utc, false);
}

static int64_t
time_of(const struct weir_cell *c)
{
	return c->null ? WEIR_NO_TIME : c->i;
}

struct parameters {
	struct buf out;
	int n;
};

static bool
add_parameter(void *arg, struct str name, struct str value, bool is_string)
{
	struct parameters *p = arg;

	(void)is_string;
	buf_adds(&p->out, p->n > 0 ? "   " : "");
	buf_addstr(&p->out, name);
	buf_addc(&p->out, ' ');
	buf_addstr(&p->out, value);
	return ++p->n < PARAMETERS_MAX;
}

/* `package numpy   version 2.3.1`: text as it is, the rest as JSON. */
static void
add_parameters(struct reader *r, struct str text)
{
	struct parameters p = { BUF_INIT(FACTS_TEXT_MAX), 0 };

	weir_members_each(text, add_parameter, &p);
	add_text(r, "with", &p.out, STYLE_PLAIN);
	buf_release(&p.out);
}

enum {
	RUN_STATE,
	RUN_STATE_NAME,
	RUN_NAME,
	RUN_FLOW,
	RUN_PLATFORM,
	RUN_MESSAGE,
	RUN_EXPECTED,
	RUN_START,
	RUN_END,
	RUN_DUR,
	RUN_POOL,
	RUN_QUEUE,
	RUN_DEPLOYMENT,
	RUN_PARAMETERS,
	RUN_TAGS,
	RUN_COUNT,
	RUN_PID,
	RUN_N
};
static const char run_columns[] =
	"state_type,state_name,name,flow_name,platform,state_message,"
	"expected_start_time,start_time,end_time,dur,work_pool_name,work_queue_name,"
	"deployment_name,parameters,tags,run_count,infrastructure_pid";

/* Why a run that should run does not: what is in the way, else what there is to say. */
static void
add_why(struct reader *r, const struct weir_id *run)
{
	struct weir_pickup pickup = { .n = 0 };
	bool first = true;

	if (weir_pickup(r->store, run, r->look->now_us, &pickup, NULL))
		return;
	for (size_t i = 0; i < pickup.n; i++) {
		enum weir_check_result result = pickup.v[i].result;

		if (result == WEIR_CHECK_OK ||
			(pickup.n_bad > 0 && result != WEIR_CHECK_BAD))
			continue;
		add_fact(r, FACTS_FACT, first ? "why" : "", str_of(pickup.v[i].text),
			result == WEIR_CHECK_BAD ? STYLE_YELLOW : STYLE_PLAIN, 3);
		first = false;
	}
}

struct history {
	struct buf out;
	const char *dash;
};

static bool
add_history_state(void *arg, struct str name, struct str state, bool is_string)
{
	struct history *h = arg;

	(void)name;
	(void)is_string;
	if (h->out.len > 0)
		buf_addf(&h->out, " %s ", h->dash);
	weir_members_get(state, "name", &h->out);
	return true;
}

/* `Scheduled, Pending, Running, Failed` with dashes between them. */
static void
add_history(struct reader *r, const struct weir_id *run)
{
	struct history h = { BUF_INIT(FACTS_TEXT_MAX), r->look->dash };
	char *states = NULL;

	if (weir_store_run_states(r->store, run, &states, NULL) || !states)
		return;
	weir_members_each(str_of(states), add_history_state, &h);
	add_text(r, "state", &h.out, STYLE_PLAIN);
	buf_release(&h.out);
	free(states);
}

static void
add_state(struct reader *r, const struct weir_rows *rows)
{
	struct facts *f = r->f;
	struct facts_line *line;
	struct buf text = BUF_INIT(FACTS_TEXT_MAX);

	word_copy(f->name, sizeof(f->name), weir_rows_cell(rows, RUN_NAME)->s);
	word_copy(f->flow, sizeof(f->flow), weir_rows_cell(rows, RUN_FLOW)->s);
	f->found = true;
	f->state = (enum weir_state)weir_rows_cell(rows, RUN_STATE)->i;
	f->start_us = time_of(weir_rows_cell(rows, RUN_START));
	f->end_us = time_of(weir_rows_cell(rows, RUN_END));
	add_part(r, &text, "", weir_rows_cell(rows, RUN_NAME));
	add_part(r, &text, "", weir_rows_cell(rows, RUN_PLATFORM));
	line = add(r, FACTS_STATE);
	line->state = f->state;
	line->state_name = keep(r, weir_rows_cell(rows, RUN_STATE_NAME)->s);
	line->text = keep(r, buf_str(&text));
	buf_release(&text);
	add_fact(r, FACTS_MESSAGE, "", weir_rows_cell(rows, RUN_MESSAGE)->s,
		f->state == WEIR_ST_FAILED || f->state == WEIR_ST_CRASHED ? STYLE_ERROR
									  : STYLE_PLAIN,
		MESSAGE_LINES);
	add(r, FACTS_BLANK);
}

static void
add_when(struct reader *r, const struct weir_rows *rows)
{
	const struct weir_cell *took = weir_rows_cell(rows, RUN_DUR);
	struct buf out = BUF_INIT(1024);

	if (r->f->start_us == WEIR_NO_TIME)
		add_moment(r, &out, "expected",
			time_of(weir_rows_cell(rows, RUN_EXPECTED)));
	add_moment(r, &out, "started", r->f->start_us);
	add_moment(r, &out, "ended", r->f->end_us);
	add_part(r, &out, "took ", took);
	add_text(r, "when", &out, STYLE_PLAIN);
	buf_release(&out);
}

static void
run_row(struct reader *r, const struct weir_rows *rows)
{
	const struct weir_cell *count = weir_rows_cell(rows, RUN_COUNT);
	struct buf out = BUF_INIT(FACTS_TEXT_MAX);

	add_state(r, rows);
	if (r->f->state == WEIR_ST_SCHEDULED || r->f->state == WEIR_ST_PENDING)
		add_why(r, &r->run);
	add_when(r, rows);
	add_part(r, &out, "pool ", weir_rows_cell(rows, RUN_POOL));
	add_part(r, &out, "queue ", weir_rows_cell(rows, RUN_QUEUE));
	add_part(r, &out, "deployment ", weir_rows_cell(rows, RUN_DEPLOYMENT));
	add_part(r, &out, "process ", weir_rows_cell(rows, RUN_PID));
	add_text(r, "where", &out, STYLE_PLAIN);
	add_parameters(r, weir_rows_cell(rows, RUN_PARAMETERS)->s);
	buf_clear(&out);
	add_part(r, &out, "", weir_rows_cell(rows, RUN_TAGS));
	add_text(r, "tags", &out, STYLE_PLAIN);
	if (!count->null && count->i > 1) {
		buf_clear(&out);
		buf_addf(&out, "%lld", (long long)count->i);
		add_text(r, "tries", &out, STYLE_PLAIN);
	}
	buf_release(&out);
}

/* Task and child runs: state_type, state_name, name, id, start, end (, platform). */
static void
add_row(struct reader *r, const struct weir_rows *rows, enum facts_kind kind)
{
	struct facts_line *line = add(r, kind);

	line->key = weir_rows_key(rows) * 4 + (kind == FACTS_CHILD ? 1 : 0);
	line->state = (enum weir_state)weir_rows_cell(rows, 0)->i;
	line->state_name = keep(r, weir_rows_cell(rows, 1)->s);
	line->text = keep(r, weir_rows_cell(rows, 2)->s);
	line->id = weir_rows_cell(rows, 3)->id;
	line->start_us = time_of(weir_rows_cell(rows, 4));
	line->end_us = time_of(weir_rows_cell(rows, 5));
}

static void
add_heading(struct reader *r, const char *text)
{
	add(r, FACTS_BLANK);
	add(r, FACTS_HEADING)->text = text;
}

static void
task_row(struct reader *r, const struct weir_rows *rows)
{
	if (r->f->lines.v[r->f->lines.n - 1].kind != FACTS_TASK)
		add_heading(r, "TASK");
	add_row(r, rows, FACTS_TASK);
}

static void
child_row(struct reader *r, const struct weir_rows *rows)
{
	if (r->f->lines.v[r->f->lines.n - 1].kind != FACTS_CHILD)
		add_heading(r, "CHILD RUN");
	add_row(r, rows, FACTS_CHILD);
	r->f->lines.v[r->f->lines.n - 1].label = keep(r, weir_rows_cell(rows, 6)->s);
}

static void
artifact_row(struct reader *r, const struct weir_rows *rows)
{
	struct buf text = BUF_INIT(FACTS_TEXT_MAX);
	struct facts_line *line;

	if (r->f->lines.v[r->f->lines.n - 1].kind != FACTS_ARTIFACT)
		add_heading(r, "ARTIFACT");
	add_part(r, &text, "", weir_rows_cell(rows, 0));
	add_part(r, &text, "", weir_rows_cell(rows, 1));
	add_part(r, &text, "", weir_rows_cell(rows, 2));
	if (text.len == 0)
		buf_adds(&text, "(without a key)");
	line = add(r, FACTS_ARTIFACT);
	line->key = weir_rows_key(rows) * 4 + 2;
	line->text = keep(r, buf_str(&text));
	buf_release(&text);
}

void
facts_read(struct facts *f, struct weir_store *store, const struct weir_id *run,
	const struct facts_look *look)
{
	struct reader r = { .f = f, .store = store, .look = look, .run = *run };
	struct buf query = BUF_INIT(256);
	enum weir_kind kind;
	struct weir_id id;
	int64_t key;

	arena_clear(&f->arena);
	f->lines.n = 0;
	f->found = false;
	weir_id_format(run, r.id);
	if (weir_resolve(store, 1u << WEIR_RUN, r.id, &kind, &id, &key, NULL))
		return;
	each(&r, WEIR_RUN, key, NULL, NULL, run_columns, run_row);
	add_history(&r, run);
	add_fact(&r, FACTS_FACT, "id", str_of(r.id), STYLE_DIM, 1);
	buf_addf(&query, "parent_run_id:%s", r.id);
	each(&r, WEIR_RUN, 0, buf_cstr(&query), "at",
		"state_type,state_name,name,id,start_time,end_time,platform",
		child_row);
	buf_clear(&query);
	buf_addf(&query, "flow_run_id:%s", r.id);
	each(&r, WEIR_TASK_RUN, 0, buf_cstr(&query), "start_time",
		"state_type,state_name,name,id,start_time,end_time", task_row);
	each(&r, WEIR_ARTIFACT, 0, buf_cstr(&query), "created", "key,type,description",
		artifact_row);
	buf_release(&query);
}

void
facts_release(struct facts *f)
{
	arena_free(&f->arena);
	VEC_FREE(&f->lines);
}
