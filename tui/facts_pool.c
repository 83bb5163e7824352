/* Facts of work pools, their queues and workers. */
#include <string.h>

#include <weir/cell.h>
#include <weir/pickup.h>
#include <weir/time.h>

#include "facts_parts.h"
#include "word.h"

enum { WAITING_MAX = 10 };

static void
when(const struct facts *f, const struct weir_cell *cell, struct buf *out)
{
	if (cell->null)
		buf_addc(out, '-');
	else
		weir_time_relative(out, cell->i, f->now_us, f->utc, true);
}

static void
add_number(struct facts *f, const struct weir_cell *cell, int columns)
{
	struct buf b = BUF_INIT(64);

	if (cell->null)
		buf_addc(&b, '-');
	else
		word_number(&b, cell->i);
	page_add(f->p, STYLE_PLAIN, buf_str(&b), columns, true);
	buf_release(&b);
}

/* ---- parts of a pool */

struct part {
	bool any;
	struct str pool;
};

static int
queue_columns(const struct facts *f)
{
	return f->p->width >= 100 ? 34 : 22;
}

/* The header's columns that queues, workers and runs have. */
static void
begin_header(struct facts *f, const char *state, const char *name)
{
	page_blank(f->p);
	page_begin(f->p, 0);
	page_gap(f->p, 2);
	page_add(f->p, STYLE_HEADER, str_of(state), 12, false);
	page_gap(f->p, 1);
	page_add(f->p, STYLE_HEADER, str_of(name), queue_columns(f), false);
}

static void
queue_heading(struct facts *f)
{
	begin_header(f, "  STATUS", "QUEUE");
	page_add(f->p, STYLE_HEADER, STR("PRIO"), 5, true);
	page_add(f->p, STYLE_HEADER, STR("LIMIT"), 7, true);
	page_add(f->p, STYLE_HEADER, STR("WAITING"), 9, true);
	page_add(f->p, STYLE_HEADER, STR("POLLED"), 13, true);
}

/* status, name, priority, limit, last polled, id, is_paused */
static void
queue_line(struct facts *f, const struct weir_rows *rows, void *arg)
{
	struct part *part = arg;
	struct buf query = BUF_INIT(FACTS_TEXT_MAX), b = BUF_INIT(64);
	int64_t depth;

	if (!part->any)
		queue_heading(f);
	part->any = true;
	facts_term(&query, "pool", part->pool);
	facts_term(&query, "queue", weir_rows_cell(rows, 1)->s);
	buf_adds(&query, " state_type:scheduled at:<now");
	depth = facts_count(f, WEIR_RUN, buf_cstr(&query));
	page_begin(f->p, weir_rows_key(rows) * WEIR_N_KINDS + WEIR_QUEUE);
	page_gap(f->p, 2);
	facts_status(f,
		weir_rows_cell(rows, 6)->i ? STR("PAUSED") : weir_rows_cell(rows, 0)->s,
		10);
	page_gap(f->p, 1);
	page_add(
		f->p, STYLE_PLAIN, weir_rows_cell(rows, 1)->s, queue_columns(f), false);
	add_number(f, weir_rows_cell(rows, 2), 5);
	add_number(f, weir_rows_cell(rows, 3), 7);
	word_number(&b, depth);
	page_add(f->p, depth > 0 ? STYLE_YELLOW : STYLE_PLAIN, buf_str(&b), 9, true);
	buf_clear(&b);
	when(f, weir_rows_cell(rows, 4), &b);
	page_add(f->p, STYLE_PLAIN, buf_str(&b), 13, true);
	page_object(f->p, WEIR_QUEUE, &weir_rows_cell(rows, 5)->id);
	buf_release(&query);
	buf_release(&b);
}

/* status, name, heartbeat, id */
static void
worker_line(struct facts *f, const struct weir_rows *rows, void *arg)
{
	struct part *part = arg;
	struct buf b = BUF_INIT(64);

	if (!part->any) {
		begin_header(f, "  STATUS", "WORKER");
		page_add(f->p, STYLE_HEADER, STR("HEARTBEAT"), 34, true);
	}
	part->any = true;
	page_begin(f->p, weir_rows_key(rows) * WEIR_N_KINDS + WEIR_WORKER);
	page_gap(f->p, 2);
	facts_status(f, weir_rows_cell(rows, 0)->s, 10);
	page_gap(f->p, 1);
	page_add(
		f->p, STYLE_PLAIN, weir_rows_cell(rows, 1)->s, queue_columns(f), false);
	when(f, weir_rows_cell(rows, 2), &b);
	page_add(f->p, STYLE_PLAIN, buf_str(&b), 34, true);
	page_object(f->p, WEIR_WORKER, &weir_rows_cell(rows, 3)->id);
	buf_release(&b);
}

/* What is in the way of a run: the first thing. */
static void
add_reason(struct facts *f, const struct weir_id *run)
{
	struct weir_pickup pickup = { .n = 0 };

	if (weir_pickup(f->store, run, f->now_us, &pickup, NULL))
		return;
	for (size_t i = 0; i < pickup.n; i++) {
		if (pickup.v[i].result != WEIR_CHECK_BAD)
			continue;
		page_gap(f->p, 2);
		page_addf(f->p, STYLE_YELLOW, "%s: %s", pickup.v[i].what,
			pickup.v[i].text);
		return;
	}
}

/* state type, state name, name, id, at */
static void
waiting_line(struct facts *f, const struct weir_rows *rows, void *arg)
{
	struct part *part = arg;
	struct buf b = BUF_INIT(64);

	if (!part->any) {
		begin_header(f, "  STATE", "WAITING RUN");
		page_add(f->p, STYLE_HEADER, STR("DUE"), 12, true);
		page_gap(f->p, 2);
		page_add(f->p, STYLE_HEADER, STR("WHY"), 0, false);
	}
	part->any = true;
	page_begin(f->p, weir_rows_key(rows) * WEIR_N_KINDS + WEIR_RUN);
	page_gap(f->p, 2);
	page_state(f->p, f->theme, (enum weir_state)weir_rows_cell(rows, 0)->i,
		weir_rows_cell(rows, 1)->s, 10);
	page_gap(f->p, 1);
	page_add(
		f->p, STYLE_PLAIN, weir_rows_cell(rows, 2)->s, queue_columns(f), false);
	when(f, weir_rows_cell(rows, 4), &b);
	page_add(f->p, STYLE_PLAIN, buf_str(&b), 12, true);
	add_reason(f, &weir_rows_cell(rows, 3)->id);
	page_object(f->p, WEIR_RUN, &weir_rows_cell(rows, 3)->id);
	f->live = true;
	buf_release(&b);
}

/* What is due or was taken and has not begun; query finds the runs of the place. */
static void
write_waiting(struct facts *f, const char *query)
{
	struct buf b = BUF_INIT(FACTS_TEXT_MAX);
	struct part part = { 0 };

	buf_addf(&b, "%s state_type:scheduled,pending at:<now", query);
	facts_each(f,
		&(struct facts_ask){ .kind = WEIR_RUN,
			.query = buf_cstr(&b),
			.sort = "at",
			.columns = "state_type,state_name,name,id,at",
			.limit = WAITING_MAX },
		waiting_line, &part);
	buf_release(&b);
}

static void
write_workers(struct facts *f, const char *query)
{
	struct part part = { 0 };

	facts_each(f,
		&(struct facts_ask){ .kind = WEIR_WORKER,
			.query = query,
			.sort = "status:desc,name",
			.columns = "status,name,last_heartbeat_time,id" },
		worker_line, &part);
}

/* ---- a pool */

struct place {
	struct buf query; /* of its runs; of a pool also of its queues and workers */
	struct buf name;
};

static void
write_limit(struct facts *f, const struct weir_json *doc)
{
	const struct weir_json *limit = weir_json_get(doc, "concurrency_limit");
	const struct weir_json *taken = weir_json_get(doc, "active_slots");
	struct buf b = BUF_INIT(256);

	if (weir_json_type(limit) == WEIR_JSON_NUMBER)
		buf_addf(&b, "%.0f at once", weir_json_number(limit));
	else
		buf_adds(&b, "none");
	if (weir_json_type(taken) == WEIR_JSON_NUMBER)
		buf_addf(&b, " %s %.0f taken", theme_glyph(f->theme, GLYPH_DOT),
			weir_json_number(taken));
	facts_text(f, "limit", STYLE_PLAIN, buf_str(&b));
	buf_release(&b);
}

/* name, status, is_paused, type, created, doc */
static void
pool_row(struct facts *f, const struct weir_rows *rows, void *arg)
{
	struct weir_json *doc = facts_doc(weir_rows_cell(rows, 5));
	struct place *place = arg;
	struct buf b = BUF_INIT(1024);

	facts_described(f,
		weir_rows_cell(rows, 2)->i ? STR("PAUSED") : weir_rows_cell(rows, 1)->s,
		weir_rows_cell(rows, 0)->s, "work pool", doc);
	buf_addstr(&place->name, weir_rows_cell(rows, 0)->s);
	facts_term(&place->query, "pool", buf_str(&place->name));
	facts_part(f, &b, "", weir_rows_cell(rows, 3));
	facts_text(f, "type", STYLE_PLAIN, buf_str(&b));
	write_limit(f, doc);
	buf_clear(&b);
	facts_moment(f, &b, "", facts_time(weir_rows_cell(rows, 4)));
	facts_text(f, "created", STYLE_PLAIN, buf_str(&b));
	facts_id(f);
	page_blank(f->p);
	facts_runs(f, buf_cstr(&place->query));
	buf_release(&b);
	weir_json_free(doc);
}

bool
facts_pool(struct facts *f, int64_t key)
{
	struct place place = { BUF_INIT(FACTS_TEXT_MAX), BUF_INIT(FACTS_TEXT_MAX) };
	struct part part = { 0 };
	size_t n = facts_each(f,
		&(struct facts_ask){ .kind = WEIR_POOL,
			.key = key,
			.columns = "name,status,is_paused,type,created,doc" },
		pool_row, &place);

	if (n > 0) {
		part.pool = buf_str(&place.name);
		facts_each(f,
			&(struct facts_ask){ .kind = WEIR_QUEUE,
				.query = buf_cstr(&place.query),
				.sort = "priority,name",
				.columns = "status,name,priority,concurrency_limit,"
					   "last_polled,id,is_paused" },
			queue_line, &part);
		write_workers(f, buf_cstr(&place.query));
		write_waiting(f, buf_cstr(&place.query));
	}
	buf_release(&place.query);
	buf_release(&place.name);
	return n > 0;
}

/* ---- a queue */

static void
link_pool(struct facts *f, struct str name)
{
	struct weir_id id = { 0 };
	enum weir_kind kind;
	int64_t key;
	char *text = str_copy(name);

	if (*text &&
		weir_resolve(f->store, 1u << WEIR_POOL, text, &kind, &id, &key, NULL))
		memset(&id, 0, sizeof(id));
	facts_link(f, "pool", WEIR_POOL, &id, name);
	free(text);
}

/* name, status, is_paused, pool, last_polled, doc */
static void
queue_row(struct facts *f, const struct weir_rows *rows, void *arg)
{
	struct weir_json *doc = facts_doc(weir_rows_cell(rows, 5));
	struct place *place = arg;
	struct buf b = BUF_INIT(1024);

	facts_described(f,
		weir_rows_cell(rows, 2)->i ? STR("PAUSED") : weir_rows_cell(rows, 1)->s,
		weir_rows_cell(rows, 0)->s, "work queue", doc);
	facts_term(&place->query, "pool", weir_rows_cell(rows, 3)->s);
	facts_term(&place->query, "queue", weir_rows_cell(rows, 0)->s);
	link_pool(f, weir_rows_cell(rows, 3)->s);
	facts_part_json(f, &b, "", weir_json_get(doc, "priority"));
	if (b.len > 0)
		buf_adds(&b, "  (1 comes first)");
	facts_text(f, "prio", STYLE_PLAIN, buf_str(&b));
	write_limit(f, doc);
	buf_clear(&b);
	when(f, weir_rows_cell(rows, 4), &b);
	facts_text(f, "polled", STYLE_PLAIN, buf_str(&b));
	facts_id(f);
	page_blank(f->p);
	facts_runs(f, buf_cstr(&place->query));
	buf_release(&b);
	weir_json_free(doc);
}

bool
facts_queue(struct facts *f, int64_t key)
{
	struct place place = { BUF_INIT(FACTS_TEXT_MAX), BUF_INIT(FACTS_TEXT_MAX) };
	size_t n = facts_each(f,
		&(struct facts_ask){ .kind = WEIR_QUEUE,
			.key = key,
			.columns = "name,status,is_paused,work_pool_name,last_polled,"
				   "doc" },
		queue_row, &place);

	if (n > 0) {
		write_waiting(f, buf_cstr(&place.query));
		buf_adds(&place.query, " at:<now");
		facts_last_runs(
			f, "LAST RUN", buf_cstr(&place.query), NULL, FACTS_LAST_RUNS);
	}
	buf_release(&place.query);
	buf_release(&place.name);
	return n > 0;
}

/* ---- a worker */

/* name, status, pool, heartbeat, heartbeat_interval_seconds, created, doc */
static void
worker_row(struct facts *f, const struct weir_rows *rows, void *arg)
{
	struct weir_json *doc = facts_doc(weir_rows_cell(rows, 6));
	struct buf b = BUF_INIT(1024);

	(void)arg;
	facts_title(
		f, weir_rows_cell(rows, 1)->s, weir_rows_cell(rows, 0)->s, "worker");
	page_blank(f->p);
	link_pool(f, weir_rows_cell(rows, 2)->s);
	when(f, weir_rows_cell(rows, 3), &b);
	if (!weir_rows_cell(rows, 4)->null)
		buf_addf(&b, " %s each %.0f s", theme_glyph(f->theme, GLYPH_DOT),
			weir_rows_cell(rows, 4)->d);
	facts_text(f, "seen", STYLE_PLAIN, buf_str(&b));
	buf_clear(&b);
	facts_moment(f, &b, "", facts_time(weir_rows_cell(rows, 5)));
	facts_text(f, "created", STYLE_PLAIN, buf_str(&b));
	facts_members(f, "also", weir_json_get(doc, "metadata"));
	facts_id(f);
	f->live = true;
	buf_release(&b);
	weir_json_free(doc);
}

bool
facts_worker(struct facts *f, int64_t key)
{
	return facts_each(f,
		       &(struct facts_ask){ .kind = WEIR_WORKER,
			       .key = key,
			       .columns = "name,status,work_pool_name,"
					  "last_heartbeat_time,"
					  "heartbeat_interval_seconds,created,doc" },
		       worker_row, NULL) > 0;
}
