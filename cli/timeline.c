#include "timeline.h"

#include <weir/cell.h>
#include <weir/nest.h>
#include <weir/sync.h>
#include <weir/text.h>
#include <weir/time.h>

#include "out.h"
#include "show.h"

enum {
	TIMELINE_FETCH_MS = 5000,
	NAME_MIN = 12,
	STATE_WIDTH = 14,
	TOOK_WIDTH = 9,
	BAR_MIN = 12,
	LABEL_MIN = 10, /* of the scale: columns from one to the next */
};

/* ---- the tree */

struct reading {
	struct ctx *ctx;
	struct weir_store *store;
	struct timeline *t;
	bool fetch;
	int64_t until_us; /* when fetching stops */
};

static struct node *
new_node(const struct weir_json *object, bool is_run)
{
	struct node *n = xcalloc(1, sizeof(*n));

	n->object = object;
	n->is_run = is_run;
	return n;
}

static enum weir_rc
read_list(const struct reading *r, enum weir_kind kind, const char *field,
	const char *id, const struct weir_json **ret_list)
{
	struct buf text = BUF_INIT(BUF_MAX);
	char *query = xasprintf("%s:%s", field, id);
	struct weir_json *list = NULL;
	enum weir_rc rc;

	rc = show_list(r->ctx, r->store, kind, query, "expected_start_time", 0, &text);
	if (!rc)
		rc = weir_json_parse(buf_str(&text), &list, r->ctx->err);
	if (!rc) {
		VEC_PUSH(&r->t->lists, list);
		*ret_list = list;
	}
	free(query);
	buf_release(&text);
	return rc;
}

/* What is below a child run; a server that does not answer ends the asking. */
static void
fetch_below(struct reading *r, const char *id)
{
	struct weir_id run;
	struct weir_err err;
	int64_t left;

	if (!r->fetch || !weir_id_parse(str_of(id), &run))
		return;
	left = (r->until_us - weir_monotonic_us()) / 1000;
	r->fetch = left > 0 && !weir_sync_run_within(r->ctx->session, &run, left, &err);
}

static enum weir_rc read_below(struct reading *r, struct node *node, int depth);

static enum weir_rc
add_run(struct reading *r, struct node *to, const struct weir_json *run, int depth)
{
	struct node *node = new_node(run, true);

	VEC_PUSH(&to->children, node);
	if (depth <= 0)
		return WEIR_OK;
	fetch_below(r, show_text(run, "id"));
	return read_below(r, node, depth - 1);
}

/* The child runs that a task run stands for (task NULL: those that have none here). */
static enum weir_rc
add_runs(struct reading *r, struct node *to, const struct weir_json *runs, bool *taken,
	const char *task, int depth)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < weir_json_size(runs) && !rc; i++) {
		const struct weir_json *run = weir_json_at(runs, i);

		if (taken[i] || (task && strcmp(show_text(run, "parent_task_run_id"),
						 task) != 0))
			continue;
		taken[i] = true;
		rc = add_run(r, to, run, depth);
	}
	return rc;
}

/* Task runs in order, each below the one that it was started in. all: as listed. */
static void
add_tasks(struct node *node, const struct weir_json *tasks, struct node **all)
{
	size_t n = weir_json_size(tasks);
	struct weir_id *ids = xcalloc(2 * n + 1, sizeof(*ids));
	size_t *above = xcalloc(n + 1, sizeof(*above));

	for (size_t i = 0; i < n; i++) {
		const struct weir_json *task = weir_json_at(tasks, i);

		all[i] = new_node(task, false);
		(void)weir_id_parse(str_of(show_text(task, "id")), &ids[i]);
		weir_nest_parent(weir_json_get(task, "task_inputs"), &ids[n + i]);
	}
	weir_nest(ids, ids + n, n, TIMELINE_DEPTH_MAX, above);
	for (size_t i = 0; i < n; i++)
		VEC_PUSH(&(above[i] < n ? all[above[i]] : node)->children, all[i]);
	free(above);
	free(ids);
}

/* Task runs, each with the child runs that it stands for; then all other runs. */
static enum weir_rc
read_below(struct reading *r, struct node *node, int depth)
{
	const char *id = show_text(node->object, "id");
	const struct weir_json *tasks = NULL, *runs = NULL;
	struct node **all;
	bool *taken;
	enum weir_rc rc;

	rc = read_list(r, WEIR_TASK_RUN, "flow_run_id", id, &tasks);
	if (!rc)
		rc = read_list(r, WEIR_RUN, "parent_run_id", id, &runs);
	if (rc)
		return rc;
	all = xcalloc(weir_json_size(tasks) + 1, sizeof(struct node *));
	taken = xcalloc(weir_json_size(runs) + 1, sizeof(*taken));
	add_tasks(node, tasks, all);
	for (size_t i = 0; i < weir_json_size(tasks) && !rc; i++)
		rc = add_runs(
			r, all[i], runs, taken, show_text(all[i]->object, "id"), depth);
	if (!rc)
		rc = add_runs(r, node, runs, taken, NULL, depth);
	free(taken);
	free(all);
	return rc;
}

enum weir_rc
timeline_read(struct ctx *ctx, struct weir_store *store, const struct weir_json *run,
	int depth, bool fetch, struct timeline *ret)
{
	struct reading r = { .ctx = ctx, .store = store, .t = ret, .fetch = fetch };

	*ret = (struct timeline){ .root = new_node(run, true) };
	r.until_us = weir_monotonic_us() + TIMELINE_FETCH_MS * 1000LL;
	return read_below(&r, ret->root, depth);
}

static void
free_node(struct node *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->children.n; i++)
		free_node(n->children.v[i]);
	VEC_FREE(&n->children);
	free(n);
}

void
timeline_release(struct timeline *t)
{
	free_node(t->root);
	t->root = NULL;
	for (size_t i = 0; i < t->lists.n; i++)
		weir_json_free(t->lists.v[i]);
	VEC_FREE(&t->lists);
}

/* ---- lines */

struct printer {
	struct ctx *ctx;
	struct sink *sink;
	int64_t now_us, from_us, to_us; /* what the bars span */
	size_t name_width, bar_width;   /* 0: no bars */
	unsigned flags;
	struct buf stem; /* of the branches above */
};

/* A task run that stands for one child run is not shown beside it. */
static const struct node *
seen(const struct node *node)
{
	const struct node *only =
		!node->is_run && node->children.n == 1 ? node->children.v[0] : NULL;

	return only && only->is_run ? only : node;
}

static int64_t
end_of(const struct printer *p, const struct node *node)
{
	int64_t end = show_time(node->object, "end_time");

	return end == WEIR_NO_TIME ? p->now_us : end;
}

static void
measure(struct printer *p, const struct node *node, size_t indent)
{
	int64_t start = show_time(node->object, "start_time");
	struct buf name = BUF_INIT(BUF_MAX);
	size_t width;

	text_sanitize(&name, str_of(show_text(node->object, "name")), p->flags);
	width = indent + text_width(buf_str(&name));
	buf_release(&name);
	if (width > p->name_width)
		p->name_width = width;
	if (start != WEIR_NO_TIME) {
		int64_t end = end_of(p, node);

		p->from_us = p->from_us == WEIR_NO_TIME || start < p->from_us
				     ? start
				     : p->from_us;
		p->to_us = p->to_us == WEIR_NO_TIME || end > p->to_us ? end : p->to_us;
	}
	for (size_t i = 0; i < node->children.n; i++)
		measure(p, seen(node->children.v[i]), indent + 2);
}

static void
add_bar(struct printer *p, const struct node *node, const struct weir_state_look *look,
	struct buf *b)
{
	int64_t start = show_time(node->object, "start_time"),
		span = p->to_us - p->from_us;
	double scale = span > 0 ? (double)p->bar_width / (double)span : 0;
	size_t from, to;

	if (start == WEIR_NO_TIME || !p->bar_width)
		return;
	from = (size_t)((double)(start - p->from_us) * scale);
	to = (size_t)((double)(end_of(p, node) - p->from_us) * scale + 0.5);
	if (from >= p->bar_width)
		from = p->bar_width - 1;
	if (to > p->bar_width)
		to = p->bar_width;
	buf_addn(b, ' ', from);
	if (p->ctx->colour)
		out_colour(b, look->colour);
	do
		buf_adds(b, p->ctx->utf8 ? "▇" : "#");
	while (++from < to);
	if (p->ctx->colour)
		out_colour(b, "off");
}

static void
add_took(const struct node *node, const struct printer *p, struct buf *b)
{
	int64_t start = show_time(node->object, "start_time");
	struct buf took = BUF_INIT(64);

	if (start == WEIR_NO_TIME)
		buf_addc(&took, '-');
	else
		weir_duration_format(&took, end_of(p, node) - start);
	text_pad(b, buf_str(&took), TOOK_WIDTH, true, p->flags);
	buf_release(&took);
}

static enum weir_rc
put_line(struct printer *p, const struct node *node, const char *branch)
{
	const char *state = show_text(node->object, "state_name");
	const struct weir_state_look *look =
		weir_state_look(show_state(node->object), str_of(state));
	struct buf name = BUF_INIT(BUF_MAX), *b = &p->sink->b;

	buf_addstr(&name, buf_str(&p->stem));
	buf_adds(&name, branch);
	text_sanitize(&name, str_of(show_text(node->object, "name")), p->flags);
	text_pad(b, buf_str(&name), p->name_width, false, p->flags);
	buf_adds(b, "  ");
	if (p->ctx->colour)
		out_colour(b, look->colour);
	if (p->ctx->utf8)
		buf_adds(b, look->glyph);
	else
		buf_addc(b, look->ascii);
	buf_addc(b, ' ');
	buf_clear(&name);
	text_sanitize(&name, str_of(state), p->flags);
	text_pad(b, buf_str(&name), STATE_WIDTH, false, p->flags);
	if (p->ctx->colour)
		out_colour(b, "off");
	add_took(node, p, b);
	buf_adds(b, "  ");
	add_bar(p, node, look, b);
	while (b->len && b->s[b->len - 1] == ' ')
		buf_truncate(b, b->len - 1);
	buf_addc(b, '\n');
	buf_release(&name);
	return sink_row(p->sink);
}

static enum weir_rc
put_children(struct printer *p, const struct node *node, bool branches)
{
	size_t n = node->children.n, mark = p->stem.len;
	bool utf8 = p->ctx->utf8;
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < n; i++) {
		const struct node *child = seen(node->children.v[i]);
		bool last = i + 1 == n;
		const char *branch = last ? (utf8 ? "└ " : "` ") : (utf8 ? "├ " : "| ");
		const char *stem = last ? "  " : (utf8 ? "│ " : "| ");

		rc = put_line(p, child, branches ? branch : "");
		if (rc || p->sink->gone)
			break;
		buf_adds(&p->stem, branches ? stem : "  ");
		rc = put_children(p, child, true);
		buf_truncate(&p->stem, mark);
		if (rc)
			break;
	}
	return rc;
}

static void
lay_out(struct printer *p)
{
	size_t rest = 2 + 2 + STATE_WIDTH + TOOK_WIDTH + 2, width = 100;
	int columns, lines;

	sink_screen(&columns, &lines);
	if (p->ctx->tty_out)
		width = (size_t)columns;
	if (p->name_width < NAME_MIN)
		p->name_width = NAME_MIN;
	if (width > rest + BAR_MIN + NAME_MIN &&
		p->name_width > width - rest - BAR_MIN && p->ctx->tty_out)
		p->name_width = width - rest - BAR_MIN;
	if (width > rest + p->name_width + BAR_MIN - 1)
		p->bar_width = width - rest - p->name_width;
}

/* The scale's steps: the first whose labels have room. */
static int64_t
scale_step(const struct printer *p)
{
	static const int steps[] = { 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800,
		3600, 7200, 10800, 21600, 43200 };
	int64_t span = p->to_us - p->from_us, us = 0;

	for (size_t i = 0; i < N_ELEM(steps); i++) {
		us = (int64_t)steps[i] * WEIR_SECOND_US;
		if ((double)us * (double)p->bar_width / (double)span >= LABEL_MIN)
			return us;
	}
	while ((double)us * (double)p->bar_width / (double)span < LABEL_MIN)
		us *= 2;
	return us;
}

/* `0:00         1:00         2:00` over the bars; nothing for less than a second. */
static void
add_scale(const struct printer *p, struct buf *b)
{
	int64_t span = p->to_us - p->from_us, step;
	size_t at = 0;

	if (p->from_us == WEIR_NO_TIME || span < WEIR_SECOND_US || !p->bar_width)
		return;
	step = scale_step(p);
	for (int64_t us = 0; us <= span; us += step) {
		size_t to = (size_t)((double)us * (double)p->bar_width / (double)span);
		struct buf label = BUF_INIT(64);

		if (us)
			weir_duration_format(&label, us);
		else
			buf_adds(&label, "0:00");
		if (to >= at && to + label.len <= p->bar_width) {
			buf_addn(b, ' ', to - at);
			buf_addstr(b, buf_str(&label));
			at = to + label.len;
		}
		buf_release(&label);
	}
}

static enum weir_rc
put_heading(const struct printer *p, const char *title)
{
	struct buf *b = &p->sink->b;

	if (p->ctx->colour)
		out_colour(b, "bold");
	text_pad(b, str_of(title), p->name_width, false, 0);
	buf_adds(b, "  ");
	text_pad(b, STR("  STATE"), 2 + STATE_WIDTH, false, 0);
	text_pad(b, STR("TOOK"), TOOK_WIDTH, true, 0);
	if (p->bar_width)
		buf_adds(b, "  ");
	add_scale(p, b);
	if (p->ctx->colour)
		out_colour(b, "off");
	while (b->len && b->s[b->len - 1] == ' ')
		buf_truncate(b, b->len - 1);
	buf_addc(b, '\n');
	return sink_row(p->sink);
}

enum weir_rc
timeline_print(struct ctx *ctx, struct sink *sink, const struct timeline *t, bool whole)
{
	struct printer p = { .ctx = ctx, .sink = sink, .now_us = weir_now_us() };
	enum weir_rc rc;

	p.from_us = p.to_us = WEIR_NO_TIME;
	p.flags = ctx->utf8 ? 0 : TEXT_ASCII;
	buf_init(&p.stem, BUF_MAX);
	measure(&p, t->root, 0);
	lay_out(&p);
	rc = put_heading(&p, whole ? "RUN" : "TASK");
	if (!rc && whole)
		rc = put_line(&p, t->root, "");
	if (!rc)
		rc = put_children(&p, t->root, whole);
	buf_release(&p.stem);
	return rc;
}

/* ---- for programs */

static const char *const members[] = { "id", "name", "flow_name", "state_type",
	"state_name", "start_time", "end_time", "total_run_time" };

static const char *
kind_of(const struct node *n)
{
	return n->is_run ? "run" : "task_run";
}

static enum weir_rc
put_tsv(struct sink *sink, const struct node *n, int depth)
{
	struct buf *b = &sink->b;
	enum weir_rc rc;

	buf_addf(b, "%d\t%s", depth, kind_of(n));
	for (size_t i = 0; i < N_ELEM(members); i++) {
		const struct weir_json *v = weir_json_get(n->object, members[i]);

		buf_addc(b, '\t');
		if (weir_json_type(v) == WEIR_JSON_NUMBER)
			weir_double(b, weir_json_number(v));
		else
			out_cell(sink->ctx, b, OUT_TSV, weir_json_text(v));
	}
	buf_addc(b, '\n');
	rc = sink_row(sink);
	for (size_t i = 0; i < n->children.n && !rc && !sink->gone; i++)
		rc = put_tsv(sink, n->children.v[i], depth + 1);
	return rc;
}

enum weir_rc
timeline_tsv(struct sink *sink, const struct timeline *t)
{
	return put_tsv(sink, t->root, 0);
}

static void
add_json(struct buf *b, const struct node *n)
{
	buf_addf(b, "{\"kind\":\"%s\"", kind_of(n));
	for (size_t i = 0; i < N_ELEM(members); i++) {
		if (!n->is_run && strcmp(members[i], "flow_name") == 0)
			continue;
		buf_addf(b, ",\"%s\":", members[i]);
		weir_json_dump(weir_json_get(n->object, members[i]), b);
	}
	buf_adds(b, ",\"children\":[");
	for (size_t i = 0; i < n->children.n; i++) {
		buf_adds(b, i ? "," : "");
		add_json(b, n->children.v[i]);
	}
	buf_adds(b, "]}");
}

void
timeline_json(struct buf *out, const struct timeline *t)
{
	add_json(out, t->root);
}
