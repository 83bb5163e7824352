#include "gantt.h"

#include <string.h>

#include <weir/json.h>
#include <weir/nest.h>
#include <weir/select.h>
#include <weir/time.h>

enum { PARTS_MAX = 200, FROM_MAX = 200 };

/* What is below one run, before it is brought into order. */
struct below {
	VEC(struct gantt_node) v;
	/* of a child run: the task run that stands for it; of a task run: the one that
	 * it was started in */
	VEC(struct weir_id) parent;
};

struct reading {
	struct gantt *t;
	struct weir_store *store;
	int64_t now_us;
};

enum {
	NODE_STATE,
	NODE_STATE_NAME,
	NODE_NAME,
	NODE_ID,
	NODE_START,
	NODE_END,
	NODE_DUE,
	NODE_TRIES,
	NODE_LINK, /* of task runs what they waited for, of runs their stand-in */
};
#define COLUMNS                                                                        \
	"state_type,state_name,name,id,start_time,end_time,expected_start_time,"       \
	"run_count,"

static int64_t
time_of(const struct weir_cell *c)
{
	return c->null ? WEIR_NO_TIME : c->i;
}

static const char *
keep(struct reading *r, struct str s)
{
	return s.len > 0 ? arena_strndup(&r->t->arena, s.s, s.len) : "";
}

/* {"x":[{"input_type":"task_run","id":"..."}],...}: the ids; in which it was started.
 */
static void
read_inputs(struct reading *r, struct gantt_node *n, struct str text,
	struct weir_id *ret_parent)
{
	struct weir_json *inputs = NULL;
	const struct weir_json *list;
	const char *name;
	void *at = NULL;

	if (text.len < 3 || weir_json_parse(text, &inputs, NULL))
		return;
	weir_nest_parent(inputs, ret_parent);
	n->from = arena_alloc(&r->t->arena, FROM_MAX * sizeof(*n->from));
	while (weir_json_next(inputs, &at, &name, &list)) {
		if (strcmp(name, WEIR_NEST_NAME) == 0)
			continue;
		for (size_t i = 0; i < weir_json_size(list) && n->n_from < FROM_MAX;
			i++) {
			struct str id = weir_json_text(
				weir_json_get(weir_json_at(list, i), "id"));

			if (weir_id_parse(id, &n->from[n->n_from]))
				n->n_from++;
		}
	}
	weir_json_free(inputs);
}

static void
add_part(struct gantt_node *n, int64_t from, int64_t to, bool works)
{
	struct gantt_part *last = n->n_parts ? &n->parts[n->n_parts - 1] : NULL;

	if (from == WEIR_NO_TIME || (to != WEIR_NO_TIME && to < from))
		return;
	if (last && last->works == works && last->to_us == from)
		last->to_us = to;
	else if (n->n_parts < PARTS_MAX)
		n->parts[n->n_parts++] = (struct gantt_part){ from, to, works };
}

/* Without a history: due, then at work from its start to its end. */
static void
plain_parts(struct gantt_node *n)
{
	bool ended = weir_state_is_terminal(n->state);

	if (n->start_us == WEIR_NO_TIME) {
		if (!ended)
			add_part(n, n->due_us, WEIR_NO_TIME, false);
		return;
	}
	add_part(n, n->due_us, n->start_us, false);
	add_part(n, n->start_us, n->end_us, true);
}

static bool
works(struct str type)
{
	return str_eq(type, "RUNNING") || str_eq(type, "CANCELLING");
}

/* Each try is a part of its own, and so is each wait. */
static void
read_parts(struct reading *r, struct gantt_node *n)
{
	struct weir_json *states = NULL;
	char *text = NULL;
	size_t count;

	n->parts = arena_alloc(&r->t->arena, PARTS_MAX * sizeof(*n->parts));
	if (n->kind == WEIR_RUN &&
		!weir_store_run_states(r->store, &n->id, &text, NULL) && text &&
		weir_json_parse(str_of(text), &states, NULL))
		states = NULL;
	count = weir_json_size(states);
	for (size_t i = 0; i < count; i++) {
		const struct weir_json *state = weir_json_at(states, i);
		const struct weir_json *next = weir_json_at(states, i + 1);
		struct str type = weir_json_text(weir_json_get(state, "type"));
		enum weir_state known = WEIR_ST_NONE;
		int64_t from, to = WEIR_NO_TIME;

		if (!weir_time_parse(
			    weir_json_text(weir_json_get(state, "timestamp")), &from))
			continue;
		if (next &&
			!weir_time_parse(
				weir_json_text(weir_json_get(next, "timestamp")), &to))
			continue;
		(void)weir_state_parse(type, &known);
		if (!weir_state_is_terminal(known))
			add_part(n, from, to, works(type));
	}
	if (n->n_parts == 0)
		plain_parts(n);
	weir_json_free(states);
	free(text);
}

static void
read_node(struct reading *r, struct below *b, enum weir_kind kind,
	const struct weir_rows *rows)
{
	const struct weir_cell *link = weir_rows_cell(rows, NODE_LINK);
	struct weir_id parent = { 0 };
	struct gantt_node n = { .kind = kind,
		.id = weir_rows_cell(rows, NODE_ID)->id,
		.key = weir_rows_key(rows) * 2 + (kind == WEIR_RUN),
		.state = (enum weir_state)weir_rows_cell(rows, NODE_STATE)->i,
		.state_name = keep(r, weir_rows_cell(rows, NODE_STATE_NAME)->s),
		.name = keep(r, weir_rows_cell(rows, NODE_NAME)->s),
		.start_us = time_of(weir_rows_cell(rows, NODE_START)),
		.end_us = time_of(weir_rows_cell(rows, NODE_END)),
		.due_us = time_of(weir_rows_cell(rows, NODE_DUE)),
		.tries = weir_rows_cell(rows, NODE_TRIES)->i };

	if (kind == WEIR_TASK_RUN)
		read_inputs(r, &n, link->s, &parent);
	else if (!link->null)
		parent = link->id;
	VEC_PUSH(&b->v, n);
	VEC_PUSH(&b->parent, parent);
}

static void
select_nodes(struct reading *r, struct below *b, enum weir_kind kind, const char *query)
{
	struct weir_column_set set = { 0 }, extra = { 0 };
	struct weir_sort sorts[WEIR_SORT_MAX];
	struct weir_select sel = { .kind = kind,
		.columns = &set,
		.sort = sorts,
		.limit = GANTT_NODES_MAX,
		.now_us = r->now_us };
	struct weir_query *q = NULL;
	struct weir_rows *rows = NULL;
	bool more = true;
	enum weir_rc rc = weir_query_parse(kind, str_of(query), r->now_us, &q, NULL);

	sel.query = q;
	if (!rc)
		rc = weir_columns_choose(kind,
			kind == WEIR_RUN ? COLUMNS "parent_task_run_id"
					 : COLUMNS "task_inputs",
			0, &set, NULL);
	if (!rc)
		rc = weir_sort_parse(kind, kind == WEIR_RUN ? "at" : "start_time",
			&extra, sorts, &sel.n_sort, NULL);
	if (!rc)
		rc = weir_rows_open(r->store, &sel, &rows, NULL);
	while (!rc && !weir_rows_next(rows, &more, NULL) && more)
		read_node(r, b, kind, rows);
	weir_rows_close(rows);
	weir_query_free(q);
	weir_columns_release(&extra);
	weir_columns_release(&set);
}

static void read_below(struct reading *r, const struct weir_id *run, int depth);

static void
put_node(struct reading *r, struct gantt_node *n, int depth, bool last)
{
	if (r->t->nodes.n >= GANTT_NODES_MAX)
		return;
	n->depth = depth;
	n->last = last;
	read_parts(r, n);
	VEC_PUSH(&r->t->nodes, *n);
	if (n->kind == WEIR_RUN && depth < GANTT_DEPTH_MAX)
		read_below(r, &n->id, depth + 1);
}

/* The only child run that a task run stands for; SIZE_MAX: none, or several. */
static size_t
only_child(const struct below *b, const struct weir_id *task)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < b->v.n; i++) {
		if (b->v.v[i].kind != WEIR_RUN ||
			weir_id_cmp(&b->parent.v[i], task) != 0)
			continue;
		if (found != SIZE_MAX)
			return SIZE_MAX;
		found = i;
	}
	return found;
}

/* Lines in their order, by indices of nodes; n: none. */
struct order {
	size_t n, *shown;     /* in its place */
	size_t *first, *next; /* below it, beside it; first[n]: of the uppermost */
};

/* A child run in the place of the task run that stands for it, if that is all. */
static void
stand_in(struct below *b, struct order *o, const size_t *above)
{
	bool *has = xcalloc(o->n + 1, sizeof(*has));

	for (size_t i = 0; i < o->n; i++) {
		o->shown[i] = i;
		has[above[i]] = true;
	}
	for (size_t i = 0; i < o->n && b->v.v[i].kind == WEIR_TASK_RUN; i++) {
		size_t child = only_child(b, &b->v.v[i].id);

		if (child == SIZE_MAX || has[i])
			continue;
		/* What it waited for, the child waited for. */
		b->v.v[child].from = b->v.v[i].from;
		b->v.v[child].n_from = b->v.v[i].n_from;
		o->shown[i] = child;
		o->shown[child] = o->n;
	}
	free(has);
}

/* Task runs come first among the nodes. */
static void
bring_in_order(struct below *b, struct order *o, int depth)
{
	size_t n = b->v.n, tasks = 0;
	struct weir_id *ids = xcalloc(n + 1, sizeof(*ids));
	size_t *above = xcalloc(n + 1, sizeof(*above));

	while (tasks < n && b->v.v[tasks].kind == WEIR_TASK_RUN) {
		ids[tasks] = b->v.v[tasks].id;
		tasks++;
	}
	weir_nest(ids, b->parent.v, tasks, GANTT_DEPTH_MAX - depth, above);
	for (size_t i = 0; i < n; i++)
		above[i] = i < tasks && above[i] < tasks ? above[i] : n;
	*o = (struct order){ .n = n, .shown = xcalloc(n + 1, sizeof(*o->shown)) };
	o->first = xcalloc(n + 1, sizeof(*o->first));
	o->next = xcalloc(n + 1, sizeof(*o->next));
	for (size_t i = 0; i <= n; i++)
		o->first[i] = o->next[i] = n;
	stand_in(b, o, above);
	for (size_t i = n; i-- > 0;) {
		if (o->shown[i] == n)
			continue;
		o->next[i] = o->first[above[i]];
		o->first[above[i]] = i;
	}
	free(above);
	free(ids);
}

static void
put_all(struct reading *r, struct below *b, const struct order *o, size_t at, int depth)
{
	for (size_t i = o->first[at]; i < o->n; i = o->next[i]) {
		put_node(r, &b->v.v[o->shown[i]], depth, o->next[i] == o->n);
		put_all(r, b, o, i, depth + 1);
	}
}

/* Task runs in order, each below the one that it was started in, a child run in the
 * place of the one that stands for it; then all other child runs. */
static void
read_below(struct reading *r, const struct weir_id *run, int depth)
{
	struct below b = { 0 };
	struct order o;
	char query[80], id[WEIR_ID_TEXT + 1];

	weir_id_format(run, id);
	snprintf(query, sizeof(query), "flow_run_id:%s", id);
	select_nodes(r, &b, WEIR_TASK_RUN, query);
	snprintf(query, sizeof(query), "parent_run_id:%s", id);
	select_nodes(r, &b, WEIR_RUN, query);
	bring_in_order(&b, &o, depth);
	put_all(r, &b, &o, o.n, depth);
	free(o.shown);
	free(o.first);
	free(o.next);
	VEC_FREE(&b.v);
	VEC_FREE(&b.parent);
}

/* What the bars span, and what is counted. */
static void
measure(struct gantt *t, int64_t now_us)
{
	for (size_t i = 0; i < t->nodes.n; i++) {
		const struct gantt_node *n = &t->nodes.v[i];

		t->n_bad += i > 0 &&
			    (n->state == WEIR_ST_FAILED || n->state == WEIR_ST_CRASHED);
		t->live |= !weir_state_is_terminal(n->state);
		for (size_t k = 0; k < n->n_parts; k++) {
			const struct gantt_part *p = &n->parts[k];
			int64_t to = p->to_us == WEIR_NO_TIME ? now_us : p->to_us;

			/* Hours of waiting for a schedule would leave no room. */
			if (!p->works && (i == 0 || n->start_us == WEIR_NO_TIME) &&
				t->nodes.v[0].start_us != WEIR_NO_TIME)
				continue;
			if (t->from_us == WEIR_NO_TIME || p->from_us < t->from_us)
				t->from_us = p->from_us;
			if (t->to_us == WEIR_NO_TIME || to > t->to_us)
				t->to_us = to;
		}
	}
	/* A wait before everything began is not what is looked at. */
	if (t->nodes.n > 0 && t->nodes.v[0].start_us != WEIR_NO_TIME &&
		t->from_us < t->nodes.v[0].start_us)
		t->from_us = t->nodes.v[0].start_us;
}

void
gantt_read(struct gantt *t, struct weir_store *store, const struct weir_id *run,
	int64_t now_us)
{
	struct reading r = { .t = t, .store = store, .now_us = now_us };
	struct below b = { 0 };
	char query[80], id[WEIR_ID_TEXT + 1];

	arena_clear(&t->arena);
	t->nodes.n = 0;
	t->from_us = t->to_us = WEIR_NO_TIME;
	t->n_bad = 0;
	t->live = false;
	snprintf(query, sizeof(query), "id:%s", weir_id_format(run, id));
	select_nodes(&r, &b, WEIR_RUN, query);
	if (b.v.n > 0)
		put_node(&r, &b.v.v[0], 0, true);
	VEC_FREE(&b.v);
	VEC_FREE(&b.parent);
	measure(t, now_us);
}

/* What the query thread fills. */
struct asked {
	struct weir_id run;
	int64_t now_us;
	struct gantt t;
};

static enum weir_rc
asked_run(void *state, struct weir_store *store, struct weir_err *err)
{
	struct asked *a = state;

	(void)err;
	gantt_read(&a->t, store, &a->run, a->now_us);
	return WEIR_OK;
}

static void
asked_free(void *state)
{
	struct asked *a = state;

	gantt_release(&a->t);
	free(a);
}

static const struct finder_call call = { asked_run, asked_free };

uint64_t
gantt_ask(struct finder *f, uint64_t view, const struct weir_id *run, int64_t now_us)
{
	struct asked *a = xcalloc(1, sizeof(*a));
	struct finder_job job = {
		.kind = FINDER_CALL, .view = view, .call = &call, .state = a
	};

	a->run = *run;
	a->now_us = now_us;
	return finder_submit(f, &job);
}

bool
gantt_take(struct gantt *t, struct finder_answer *answer)
{
	struct asked *a = answer->state;

	if (answer->part != FINDER_CALLED)
		return false;
	gantt_release(t);
	*t = a->t;
	a->t = (struct gantt){ 0 };
	return true;
}

void
gantt_release(struct gantt *t)
{
	arena_free(&t->arena);
	VEC_FREE(&t->nodes);
}

bool
gantt_waited(const struct gantt *t, size_t a, size_t b)
{
	const struct gantt_node *n = &t->nodes.v[a];

	for (size_t i = 0; i < n->n_from; i++) {
		if (weir_id_cmp(&n->from[i], &t->nodes.v[b].id) == 0)
			return true;
	}
	return false;
}

int
gantt_cell(int64_t us, int64_t from_us, int64_t to_us, int columns)
{
	double at;

	if (to_us <= from_us)
		return 0;
	at = (double)(us - from_us) * columns / (double)(to_us - from_us);
	return at < -1 ? -1 : at > columns ? columns : (int)at;
}
