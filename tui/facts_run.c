/* Facts of a flow run. */
#include <string.h>

#include <weir/cell.h>
#include <weir/chain.h>
#include <weir/members.h>
#include <weir/pickup.h>
#include <weir/time.h>

#include "facts_parts.h"
#include "word.h"

enum { MESSAGE_LINES = 6, STATES_MAX = 500, WAYS_MAX = 12 };

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
	RUN_DEPLOYMENT_ID,
	RUN_FLOW_ID,
	RUN_PARENT,
	RUN_COUNT,
	RUN_PID,
	RUN_VERSION,
	RUN_AUTO,
	RUN_CREATED,
	RUN_KEY,
	RUN_REST,
	RUN_TAGS,
};
static const char columns[] =
	"state_type,state_name,name,flow_name,platform,state_message,"
	"expected_start_time,start_time,end_time,dur,work_pool_name,work_queue_name,"
	"deployment_name,deployment_id,flow_id,parent_run_id,run_count,"
	"infrastructure_pid,flow_version,auto_scheduled,created,idempotency_key,rest,"
	"tags";

/* ---- what it is */

static void
write_state(struct facts *f, const struct weir_rows *rows)
{
	word_copy(f->flow, sizeof(f->flow), weir_rows_cell(rows, RUN_FLOW)->s);
	facts_state(f, weir_rows_cell(rows, RUN_STATE),
		weir_rows_cell(rows, RUN_STATE_NAME)->s,
		weir_rows_cell(rows, RUN_NAME)->s);
	if (!weir_rows_cell(rows, RUN_PLATFORM)->null) {
		page_addf(f->p, STYLE_PLAIN, " %s ", theme_glyph(f->theme, GLYPH_DOT));
		page_add(f->p, STYLE_STRONG, weir_rows_cell(rows, RUN_PLATFORM)->s, 0,
			false);
	}
	page_add(f->p, STYLE_DIM, str_of(f->flow), 0, true);
	facts_message(f, weir_rows_cell(rows, RUN_MESSAGE)->s, MESSAGE_LINES);
}

/* ---- why */

/* Why a run that should run does not: what is in the way, else what there is to say. */
static void
write_wait(struct facts *f)
{
	struct weir_pickup pickup = { .n = 0 };
	bool first = true;

	if (weir_pickup(f->store, &f->id, f->now_us, &pickup, NULL))
		return;
	for (size_t i = 0; i < pickup.n; i++) {
		enum weir_check_result result = pickup.v[i].result;

		if (result == WEIR_CHECK_OK ||
			(pickup.n_bad > 0 && result != WEIR_CHECK_BAD))
			continue;
		page_text(f->p, first ? "why" : NULL, FACTS_INDENT,
			result == WEIR_CHECK_BAD ? STYLE_YELLOW : STYLE_PLAIN,
			str_of(pickup.v[i].text), 3);
		first = false;
	}
}

struct cause {
	struct buf text;
	size_t n;
	enum weir_kind kind;
	struct weir_id id;
};

/* name, message, id of what failed first */
static void
first_failed(struct facts *f, const struct weir_rows *rows, void *arg)
{
	struct cause *c = arg;
	struct str message = weir_rows_cell(rows, 1)->s;

	(void)f;
	if (c->n++ > 0)
		return;
	buf_addstr(&c->text, weir_rows_cell(rows, 0)->s);
	buf_adds(&c->text, ": ");
	buf_addstr(&c->text, message.len > 0 ? message : weir_rows_cell(rows, 3)->s);
	c->id = weir_rows_cell(rows, 2)->id;
}

/* The first below it that failed: it opens that. */
static void
write_cause(struct facts *f)
{
	static const struct {
		enum weir_kind kind;
		const char *field, *what;
	} below[] = {
		{ WEIR_RUN, "parent_run_id", "child runs" },
		{ WEIR_TASK_RUN, "flow_run_id", "task runs" },
	};
	struct cause c = { .text = BUF_INIT(FACTS_TEXT_MAX) };
	struct buf query = BUF_INIT(256);

	for (size_t i = 0; i < N_ELEM(below) && c.n == 0; i++) {
		size_t first = f->p->lines.n;

		buf_clear(&query);
		buf_addf(&query, "%s:%s state_type:failed,crashed", below[i].field,
			f->id_text);
		facts_each(f,
			&(struct facts_ask){ .kind = below[i].kind,
				.query = buf_cstr(&query),
				.sort = "end_time",
				.columns = "name,state_message,id,state_name" },
			first_failed, &c);
		if (c.n == 0)
			continue;
		facts_text(f, "why", STYLE_PLAIN, buf_str(&c.text));
		if (first < f->p->lines.n) {
			struct page_line *line = &f->p->lines.v[first];

			line->opens = PAGE_OPENS_OBJECT;
			line->kind = below[i].kind;
			line->id = c.id;
		}
		if (c.n > 1) {
			page_begin(f->p, 0);
			page_gap(f->p, FACTS_INDENT);
			page_addf(f->p, STYLE_DIM, "the first of %zu %s that failed",
				c.n, below[i].what);
		}
	}
	buf_release(&c.text);
	buf_release(&query);
}

/* ---- when, where, with */

static void
write_when(struct facts *f, const struct weir_rows *rows)
{
	int64_t start = facts_time(weir_rows_cell(rows, RUN_START));
	int64_t expected = facts_time(weir_rows_cell(rows, RUN_EXPECTED));
	struct buf b = BUF_INIT(1024), late = BUF_INIT(64);

	f->p->from_us = start;
	f->p->to_us = facts_time(weir_rows_cell(rows, RUN_END));
	if (start == WEIR_NO_TIME) {
		facts_moment(f, &b, "due", expected);
		if (expected != WEIR_NO_TIME) {
			weir_time_relative(&late, expected, f->now_us, f->utc, true);
			buf_addf(&b, " (%s)", buf_cstr(&late));
		}
	}
	facts_moment(f, &b, "started", start);
	facts_moment(f, &b, "ended", f->p->to_us);
	facts_part(f, &b, "took ", weir_rows_cell(rows, RUN_DUR));
	facts_text(f, "when", STYLE_PLAIN, buf_str(&b));
	buf_release(&b);
	buf_release(&late);
}

static void
take_name(struct facts *f, const struct weir_rows *rows, void *arg)
{
	facts_part(f, arg, "", weir_rows_cell(rows, 0));
	facts_part(f, arg, "", weir_rows_cell(rows, 1));
}

static struct weir_id
pool_id(struct facts *f, struct str name)
{
	struct weir_id id = { 0 };
	enum weir_kind kind;
	int64_t key;
	char *text = str_copy(name);

	if (weir_resolve(f->store, 1u << WEIR_POOL, text, &kind, &id, &key, NULL))
		memset(&id, 0, sizeof(id));
	free(text);
	return id;
}

enum { CHAIN_SHOWN = 8 };

static void
take_link(struct facts *f, const struct weir_rows *rows, void *arg)
{
	struct buf *b = arg;

	facts_part(f, b, "", weir_rows_cell(rows, 0));
	facts_part(f, b, "", weir_rows_cell(rows, 1));
	facts_moment(f, b, "", facts_time(weir_rows_cell(rows, 2)));
}

/* The runs that were started in place of each other, the last ones; each opens. */
static void
write_chain(struct facts *f)
{
	struct weir_id *ids = NULL;
	char text[WEIR_ID_TEXT + 1], query[64];
	size_t n = 0, from;

	if (weir_chain(f->store, NULL, &f->id, &ids, &n, NULL))
		return;
	from = n > CHAIN_SHOWN ? n - CHAIN_SHOWN : 0;
	for (size_t i = from; n > 1 && i < n; i++) {
		struct buf b = BUF_INIT(FACTS_TEXT_MAX);

		snprintf(query, sizeof(query), "id:%s", weir_id_format(&ids[i], text));
		facts_each(f,
			&(struct facts_ask){ .kind = WEIR_RUN,
				.query = query,
				.columns = "name,state_name,created",
				.limit = 1 },
			take_link, &b);
		if (b.len == 0)
			buf_adds(&b, text);
		if (!weir_id_cmp(&ids[i], &f->id))
			buf_addf(&b, " %s this one", theme_glyph(f->theme, GLYPH_DOT));
		facts_link(f, i == from ? "chain" : "", WEIR_RUN, &ids[i], buf_str(&b));
		buf_release(&b);
	}
	free(ids);
}

static void
write_where(struct facts *f, const struct weir_rows *rows)
{
	const struct weir_cell *pool = weir_rows_cell(rows, RUN_POOL);
	const struct weir_cell *parent = weir_rows_cell(rows, RUN_PARENT);
	struct buf b = BUF_INIT(FACTS_TEXT_MAX);
	struct weir_id id = { 0 };

	facts_part(f, &b, "pool ", pool);
	facts_part(f, &b, "queue ", weir_rows_cell(rows, RUN_QUEUE));
	facts_part(f, &b, "process ", weir_rows_cell(rows, RUN_PID));
	if (!pool->null && pool->s.len > 0)
		id = pool_id(f, pool->s);
	facts_link(f, "where", WEIR_POOL, &id, buf_str(&b));
	buf_clear(&b);
	facts_part(f, &b, "", weir_rows_cell(rows, RUN_FLOW));
	facts_part(f, &b, "version ", weir_rows_cell(rows, RUN_VERSION));
	facts_link(f, "flow", WEIR_FLOW, &weir_rows_cell(rows, RUN_FLOW_ID)->id,
		buf_str(&b));
	buf_clear(&b);
	facts_part(f, &b, "", weir_rows_cell(rows, RUN_DEPLOYMENT));
	if (b.len > 0 && weir_rows_cell(rows, RUN_AUTO)->i)
		buf_addf(&b, " %s by its schedule", theme_glyph(f->theme, GLYPH_DOT));
	facts_link(f, "from", WEIR_DEPLOYMENT,
		&weir_rows_cell(rows, RUN_DEPLOYMENT_ID)->id, buf_str(&b));
	if (!parent->null && !weir_id_is_null(&parent->id)) {
		char text[WEIR_ID_TEXT + 1], query[64];

		id = parent->id;
		snprintf(query, sizeof(query), "id:%s", weir_id_format(&id, text));
		buf_clear(&b);
		facts_each(f,
			&(struct facts_ask){ .kind = WEIR_RUN,
				.query = query,
				.columns = "name,flow_name",
				.limit = 1 },
			take_name, &b);
		if (b.len == 0)
			buf_adds(&b, text);
		facts_link(f, "parent", WEIR_RUN, &id, buf_str(&b));
	}
	write_chain(f);
	buf_release(&b);
}

static void
write_rest(struct facts *f, const struct weir_rows *rows)
{
	const struct weir_cell *count = weir_rows_cell(rows, RUN_COUNT);
	struct weir_json *rest = facts_doc(weir_rows_cell(rows, RUN_REST));
	struct buf b = BUF_INIT(FACTS_TEXT_MAX);

	facts_members(f, "with", weir_json_get(rest, "parameters"));
	if (f->shortened && !f->brief) {
		page_begin(f->p, 0);
		page_gap(f->p, FACTS_INDENT);
		page_add(f->p, STYLE_KEY, STR("p"), 2, false);
		page_add(f->p, STYLE_DIM, STR("shows them whole"), 0, false);
	}
	if (!count->null && count->i > 1) {
		const struct weir_json *policy =
			weir_json_get(rest, "empirical_policy");

		buf_addf(&b, "%lld", (long long)count->i);
		facts_part_json(f, &b, "retries ", weir_json_get(policy, "retries"));
		facts_text(f, "tries", STYLE_PLAIN, buf_str(&b));
	}
	if (!f->brief) {
		facts_members(f, "job", weir_json_get(rest, "job_variables"));
		facts_labels(f, weir_json_get(rest, "labels"));
		facts_text(f, "key", STYLE_DIM, weir_rows_cell(rows, RUN_KEY)->s);
	}
	weir_json_free(rest);
	buf_release(&b);
}

static void
run_row(struct facts *f, const struct weir_rows *rows, void *arg)
{
	(void)arg;
	write_state(f, rows);
	if (f->state == WEIR_ST_SCHEDULED || f->state == WEIR_ST_PENDING ||
		f->state == WEIR_ST_PAUSED)
		write_wait(f);
	else if (f->state == WEIR_ST_FAILED || f->state == WEIR_ST_CRASHED)
		write_cause(f);
	write_when(f, rows);
	write_where(f, rows);
	write_rest(f, rows);
	facts_tags_cell(f, weir_rows_cell(rows, RUN_TAGS));
}

/* ---- its states */

static int64_t
json_time(const struct weir_json *object, const char *name)
{
	int64_t us;

	if (!weir_time_parse(weir_json_text(weir_json_get(object, name)), &us))
		return WEIR_NO_TIME;
	return us;
}

static struct str
text_of(const struct weir_json *object, const char *name)
{
	return weir_json_text(weir_json_get(object, name));
}

/* `Scheduled ─ Pending ─ Running ─ Failed`: one that comes again at once is counted. */
static void
write_ways(struct facts *f, const struct weir_json *states)
{
	const char *dash = theme_glyph(f->theme, GLYPH_DASH);
	size_t n = weir_json_size(states), same = 1;
	struct buf b = BUF_INIT(FACTS_TEXT_MAX);

	for (size_t i = n > WAYS_MAX ? n - WAYS_MAX : 0; i < n; i++) {
		struct str name = text_of(weir_json_at(states, i), "name");

		if (i + 1 < n &&
			str_equal(name, text_of(weir_json_at(states, i + 1), "name"))) {
			same++;
			continue;
		}
		if (b.len > 0)
			buf_addf(&b, " %s ", dash);
		buf_addstr(&b, name);
		if (same > 1)
			buf_addf(&b, "(%zu)", same);
		same = 1;
	}
	facts_text(f, "state", STYLE_PLAIN, buf_str(&b));
	buf_release(&b);
}

/* Each state: when it began, how long it lasted, what it said. */
void
facts_states(struct facts *f, const struct weir_json *states)
{
	size_t n = weir_json_size(states);

	if (n == 0)
		return;
	page_blank(f->p);
	page_begin(f->p, 0);
	page_gap(f->p, 2);
	page_add(f->p, STYLE_HEADER, STR("  STATE"), 25, false);
	page_add(f->p, STYLE_HEADER, STR("SINCE"), 20, false);
	page_add(f->p, STYLE_HEADER, STR("FOR"), 9, true);
	for (size_t i = n > STATES_MAX ? n - STATES_MAX : 0; i < n; i++) {
		const struct weir_json *state = weir_json_at(states, i);
		int64_t from = json_time(state, "timestamp");
		int64_t to =
			i + 1 < n ? json_time(weir_json_at(states, i + 1), "timestamp")
				  : WEIR_NO_TIME;
		struct buf at = BUF_INIT(64), took = BUF_INIT(64);
		enum weir_state type = WEIR_ST_NONE;

		(void)weir_state_parse(text_of(state, "type"), &type);
		page_begin(f->p, 0);
		page_gap(f->p, 2);
		page_state(f->p, f->theme, type, text_of(state, "name"), 23);
		f->p->lines.v[f->p->lines.n - 1].state = WEIR_ST_NONE;
		if (from != WEIR_NO_TIME)
			weir_time_absolute(&at, from, f->utc, false);
		if (to == WEIR_NO_TIME && !weir_state_is_terminal(type))
			to = f->now_us;
		if (from != WEIR_NO_TIME && to != WEIR_NO_TIME && to >= from)
			weir_duration_format(&took, to - from);
		page_add(f->p, STYLE_PLAIN, buf_str(&at), 20, false);
		page_add(f->p, STYLE_PLAIN, buf_str(&took), 9, true);
		page_gap(f->p, 2);
		page_add(f->p, STYLE_DIM, text_of(state, "message"), 0, false);
		buf_release(&at);
		buf_release(&took);
	}
}

/* ---- what hangs on it */

static void
below_row(struct facts *f, const struct weir_rows *rows, void *arg)
{
	enum weir_kind kind = *(enum weir_kind *)arg;
	char more[64] = "";

	if (f->n_below == 0 || (kind == WEIR_RUN && f->n_below == f->n_tasks))
		facts_line_heading(f, kind == WEIR_RUN ? "CHILD RUN" : "TASK");
	if (kind == WEIR_RUN)
		word_copy(more, sizeof(more), weir_rows_cell(rows, 7)->s);
	facts_line(f, rows, kind, kind == WEIR_RUN ? more : NULL);
	f->n_tasks += kind == WEIR_TASK_RUN;
}

/* Child runs stand for the tasks that started them, so they come first. */
static void
write_below(struct facts *f)
{
	enum weir_kind task = WEIR_TASK_RUN, run = WEIR_RUN;
	struct buf query = BUF_INIT(256);

	buf_addf(&query, "flow_run_id:%s", f->id_text);
	facts_each(f,
		&(struct facts_ask){ .kind = WEIR_TASK_RUN,
			.query = buf_cstr(&query),
			.sort = "start_time",
			.columns = FACTS_LINE_COLUMNS },
		below_row, &task);
	buf_clear(&query);
	buf_addf(&query, "parent_run_id:%s", f->id_text);
	facts_each(f,
		&(struct facts_ask){ .kind = WEIR_RUN,
			.query = buf_cstr(&query),
			.sort = "at",
			.columns = FACTS_LINE_COLUMNS ",platform" },
		below_row, &run);
	buf_release(&query);
}

static void
count_below(struct facts *f)
{
	struct buf query = BUF_INIT(256), b = BUF_INIT(512);
	const char *dot = theme_glyph(f->theme, GLYPH_DOT);
	int64_t n;

	buf_addf(&query, "parent_run_id:%s", f->id_text);
	n = facts_count(f, WEIR_RUN, buf_cstr(&query));
	if (n > 0)
		buf_addf(&b, "%lld child run%s", (long long)n, n == 1 ? "" : "s");
	buf_clear(&query);
	buf_addf(&query, "flow_run_id:%s", f->id_text);
	n = facts_count(f, WEIR_TASK_RUN, buf_cstr(&query));
	if (n > 0)
		buf_addf(&b, "%s%s%s%lld task run%s", b.len > 0 ? " " : "",
			b.len > 0 ? dot : "", b.len > 0 ? " " : "", (long long)n,
			n == 1 ? "" : "s");
	facts_text(f, "below", STYLE_PLAIN, buf_str(&b));
	buf_release(&query);
	buf_release(&b);
}

bool
facts_run(struct facts *f, int64_t key)
{
	struct weir_json *states = NULL;
	char *history = NULL;

	if (facts_each(f,
		    &(struct facts_ask){
			    .kind = WEIR_RUN, .key = key, .columns = columns },
		    run_row, NULL) == 0)
		return false;
	if (!weir_store_run_states(f->store, &f->id, &history, NULL) && history &&
		!weir_json_parse(str_of(history), &states, NULL))
		write_ways(f, states);
	facts_envs(f);
	facts_id(f);
	if (f->brief) {
		count_below(f);
	} else {
		write_below(f);
		facts_artifacts(f, "flow_run_id");
		facts_states(f, states);
	}
	weir_json_free(states);
	free(history);
	return true;
}
