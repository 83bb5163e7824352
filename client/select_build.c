/*
 * Rows of any kind. Every list is one statement: an inner one picks the keys in order,
 * an outer one reads the chosen columns of those rows, so that sorting carries only
 * keys.
 *
 *   SELECT r.k, <columns> FROM (SELECT r.k FROM ... WHERE ... ORDER BY ... LIMIT ?) s
 *   CROSS JOIN runs r WHERE r.k = s.k
 *
 * The own order of runs is two such statements after each other: what has begun, newest
 * first, then what is due, soonest first. Both walk the index on at_us, or one of
 * (flow, at_us), (deployment, at_us), (state, at_us); several flows or states are
 * merged.
 */
#include "select_build.h"

#include "select_rows.h"

/*
 * A set of at most so many keys is entered by key and sorted; a larger one is tested.
 */
enum { SMALL_SET = 4096 };

/* clang-format off */
static const struct {
	const char *table, *where, *order, *reversed;
	const char *last; /* what order is about, by which two stores are merged; or NULL */
} kinds[WEIR_N_KINDS] = {
	[WEIR_RUN] = { "runs", NULL,
		"r.at_us > ?1, abs(r.at_us - ?1),"
		" CASE WHEN r.at_us > ?1 THEN r.k ELSE -r.k END",
		"r.at_us > ?1 DESC, abs(r.at_us - ?1) DESC,"
		" CASE WHEN r.at_us > ?1 THEN -r.k ELSE r.k END", "r.at_us" },
	[WEIR_TASK_RUN] = { "task_runs", NULL,
		"coalesce(r.start_us, r.expected_us, r.created_us), r.k",
		"coalesce(r.start_us, r.expected_us, r.created_us) DESC, r.k DESC",
		"coalesce(r.start_us, r.expected_us, r.created_us)" },
	[WEIR_FLOW] = { "flows", "r.doc IS NOT NULL", "r.name, r.k",
		"r.name DESC, r.k DESC", "r.name" },
	[WEIR_DEPLOYMENT] = { "deployments", "r.doc IS NOT NULL",
		"(SELECT f.name FROM flows f WHERE f.k = r.flow), r.name, r.k",
		"(SELECT f.name FROM flows f WHERE f.k = r.flow) DESC, r.name DESC, r.k DESC",
		NULL },
	[WEIR_POOL] = { "pools", "r.doc IS NOT NULL", "r.name, r.k",
		"r.name DESC, r.k DESC", NULL },
	[WEIR_QUEUE] = { "queues", "r.doc IS NOT NULL",
		"(SELECT p.name FROM pools p WHERE p.k = r.pool), r.name, r.k",
		"(SELECT p.name FROM pools p WHERE p.k = r.pool) DESC, r.name DESC, r.k DESC",
		NULL },
	[WEIR_WORKER] = { "workers", "r.doc IS NOT NULL",
		"(SELECT p.name FROM pools p WHERE p.k = r.pool), r.name, r.k",
		"(SELECT p.name FROM pools p WHERE p.k = r.pool) DESC, r.name DESC, r.k DESC",
		NULL },
	[WEIR_ARTIFACT] = { "artifacts", "r.doc IS NOT NULL",
		"r.created_us DESC, r.k", "r.created_us, r.k DESC", NULL },
	[WEIR_ENVIRONMENT] = { "environments", "r.shadow = 0",
		"r.resolved_us DESC, r.k", "r.resolved_us, r.k DESC", NULL },
	[WEIR_LIMIT] = { "limits", "r.doc IS NOT NULL", "r.name, r.k",
		"r.name DESC, r.k DESC", NULL },
};
/* clang-format on */

static void
add_and(struct buf *b, const char *what)
{
	if (b->len)
		buf_adds(b, " AND ");
	buf_adds(b, what);
}

static void
add_arm_key(struct select_builder *b, struct buf *where, size_t arm)
{
	const struct query_driver *d = &b->sql->driver;
	int n = query_sql_bind(
		b->sql, (struct query_bind){ .type = BIND_INT, .i = d->keys[arm] });

	if (where->len)
		buf_adds(where, " AND ");
	buf_addf(where, "%s = ?%d", d->column, n);
}

/* `column IN (...)` where arms are not merged. */
static void
add_driver_in(struct select_builder *b, struct buf *where)
{
	const struct query_driver *d = &b->sql->driver;

	if (where->len)
		buf_adds(where, " AND ");
	buf_addf(where, "%s IN (", d->column);
	for (size_t i = 0; i < d->n_keys; i++)
		buf_addf(where, "%s?%d", i ? "," : "",
			query_sql_bind(b->sql, (struct query_bind){ .type = BIND_INT,
						       .i = d->keys[i] }));
	buf_addc(where, ')');
}

/* FROM and WHERE for one arm of the driver; arm SIZE_MAX: all of them. */
static void
add_source(struct select_builder *b, size_t arm, const char *extra)
{
	const struct weir_select *sel = b->sel;
	struct buf where = BUF_INIT(BUF_MAX);

	if (kinds[sel->kind].where)
		buf_adds(&where, kinds[sel->kind].where);
	buf_adds(&b->text, " FROM ");
	if (b->small) {
		buf_addf(&b->text, "json_each(?%d) j CROSS JOIN ", b->set);
		add_and(&where, "r.k = j.value");
	} else if (b->sql->set) {
		buf_addf(&where, "%sweir_in(?%d, r.k)", where.len ? " AND " : "",
			b->set);
	}
	buf_addf(&b->text, "%s r", kinds[sel->kind].table);
	if (b->sql->driver.column && arm != SIZE_MAX)
		add_arm_key(b, &where, arm);
	else if (b->sql->driver.column)
		add_driver_in(b, &where);
	if (b->sql->where.len)
		add_and(&where, buf_cstr(&b->sql->where));
	if (extra)
		add_and(&where, extra);
	if (where.len)
		buf_addf(&b->text, " WHERE %s", buf_cstr(&where));
	buf_release(&where);
}

/* Keys by at_us, from all arms of the driver; each arm walks an index in that order. */
static void
add_walk(struct select_builder *b, const char *extra, bool descending)
{
	size_t n = b->sql->driver.column ? b->sql->driver.n_keys : 1;
	const char *how = descending ? "DESC" : "ASC";

	for (size_t i = 0; i < n; i++) {
		buf_addf(&b->text, "%sSELECT r.k AS k, r.at_us AS at",
			i ? " UNION ALL " : "");
		add_source(b, i, extra);
	}
	buf_addf(&b->text, " ORDER BY at %s, k %s LIMIT ?%d", how, how, b->limit);
}

bool
select_sorts_down(const struct weir_column *c)
{
	return c->type == WEIR_T_TIME || c->type == WEIR_T_DURATION ||
	       c->type == WEIR_T_INT || c->type == WEIR_T_REAL;
}

bool
select_is_reversed(const struct weir_select *sel)
{
	return sel->n_sort > 0 &&
	       sel->sort[0].descending != select_sorts_down(sel->sort[0].column);
}

static void
add_order(struct select_builder *b)
{
	const struct weir_select *sel = b->sel;

	buf_adds(&b->text, " ORDER BY ");
	for (size_t i = 0; i < sel->n_sort; i++) {
		const struct weir_column *c = sel->sort[i].column;

		query_sql_expr(b->sql, &b->text, c->order ? c->order : c->sql, c->arg);
		if (c->type == WEIR_T_TEXT || c->type == WEIR_T_STATE_NAME)
			buf_adds(&b->text, " COLLATE NOCASE");
		/* What has no value comes last either way; in DESC it does anyway. */
		buf_adds(&b->text,
			sel->sort[i].descending ? " DESC, " : " NULLS LAST, ");
	}
	/* The other direction is exactly the other way round, equal ones too. */
	buf_addf(&b->text, "%s LIMIT ?%d",
		select_is_reversed(sel) ? kinds[sel->kind].reversed
					: kinds[sel->kind].order,
		b->limit);
}

static void
add_sorted(struct select_builder *b)
{
	buf_adds(&b->text, "SELECT r.k AS k");
	add_source(b, SIZE_MAX, NULL);
	add_order(b);
}

enum select_order
select_order_of(const struct weir_select *sel)
{
	const struct weir_column *c = sel->n_sort ? sel->sort[0].column : NULL;
	const char *sql = c && c->order ? c->order : c ? c->sql : NULL;

	if (!c)
		return SELECT_OWN;
	if (sel->n_sort == 1 && sel->kind == WEIR_RUN && strcmp(sql, "r.at_us") == 0)
		return sel->sort[0].descending ? SELECT_AT_DESC : SELECT_AT;
	return SELECT_COLUMNS;
}

static bool
walks(const struct select_builder *b)
{
	return b->sel->kind == WEIR_RUN && !b->small && !b->sel->any_order &&
	       !b->sel->keys && !b->sel->key &&
	       select_order_of(b->sel) != SELECT_COLUMNS;
}

/* What the row is ordered by: select_order_n values. */
static void
add_order_values(struct select_builder *b)
{
	const struct weir_select *sel = b->sel;

	if (walks(b)) {
		buf_adds(&b->text, ", s.at");
		return;
	}
	for (size_t i = 0; i + 1 < select_order_n(sel); i++) {
		const struct weir_column *c = sel->sort[i].column;

		buf_adds(&b->text, ", ");
		query_sql_expr(b->sql, &b->text, c->order ? c->order : c->sql, c->arg);
	}
	buf_addf(&b->text, ", %s", kinds[sel->kind].last);
}

/* Without columns the rows themselves are not looked at. */
static bool
is_bare(const struct select_builder *b)
{
	return (!b->sel->columns || b->sel->columns->n == 0) && (!b->order || walks(b));
}

void
select_add_columns(struct select_builder *b)
{
	const struct weir_column_set *set = b->sel->columns;

	buf_adds(&b->text,
		is_bare(b) && !b->sel->any_order && !b->sel->keys && !b->sel->key
			? "SELECT s.k"
			: "SELECT r.k");
	for (size_t i = 0; set && i < set->n; i++) {
		buf_adds(&b->text, ", ");
		if (b->named && b->named[i])
			buf_adds(&b->text, b->named[i]->key);
		else
			query_sql_expr(
				b->sql, &b->text, set->v[i]->sql, set->v[i]->arg);
		/* The type is what gives a state's name its look. */
		if (set->v[i]->type == WEIR_T_STATE_NAME)
			buf_adds(&b->text, ", r.state");
	}
	if (b->order)
		add_order_values(b);
}

static void
add_rows(struct select_builder *b)
{
	if (is_bare(b)) {
		buf_adds(&b->text, ") s");
		return;
	}
	buf_addf(&b->text, ") s CROSS JOIN %s r WHERE r.k = s.k",
		kinds[b->sel->kind].table);
}

void
select_build(struct select_builder *b)
{
	enum select_order order = select_order_of(b->sel);

	select_add_columns(b);
	if (b->sel->any_order) {
		add_source(b, SIZE_MAX, NULL);
		return;
	}
	buf_adds(&b->text, " FROM (");
	if (!walks(b)) {
		add_sorted(b);
		add_rows(b);
		return;
	}
	if (order != SELECT_OWN) {
		add_walk(b, NULL, order == SELECT_AT_DESC);
		add_rows(b);
		return;
	}
	add_walk(b, "r.at_us <= ?1", true);
	add_rows(b);
	buf_adds(&b->text, " UNION ALL ");
	select_add_columns(b);
	buf_adds(&b->text, " FROM (");
	add_walk(b, "r.at_us > ?1", false);
	add_rows(b);
	buf_addf(&b->text, " LIMIT ?%d", b->limit);
}

void
select_enter(struct select_builder *b, const struct keyset *set)
{
	struct buf json = BUF_INIT(BUF_MAX);
	struct str text;

	keyset_json(set, &json);
	text.len = json.len;
	text.s = arena_strndup(&b->sql->arena, buf_cstr(&json), json.len);
	buf_release(&json);
	b->small = true;
	b->set = query_sql_bind(
		b->sql, (struct query_bind){ .type = BIND_TEXT, .s = text });
}

enum weir_rc
select_begin(struct select_builder *b, struct weir_store *s, struct weir_err *err)
{
	struct keyset *set;
	enum weir_rc rc = WEIR_OK;

	buf_init(&b->text, BUF_MAX);
	if (b->sel->query)
		rc = query_compile(b->sel->query, s, b->sql, err);
	if (rc)
		return rc;
	if (b->sql->driver.column && b->sql->driver.n_keys == 0) {
		add_and(&b->sql->where, "0"); /* no such flow: no rows */
		b->sql->driver.column = NULL;
	}
	b->limit = query_sql_bind(
		b->sql, (struct query_bind){ .type = BIND_INT,
				.i = b->sel->limit ? b->sel->limit : -1 });
	set = b->sql->set;
	if (!set)
		return WEIR_OK;
	if (keyset_count(set) <= SMALL_SET)
		select_enter(b, set);
	else
		b->set = query_sql_bind(
			b->sql, (struct query_bind){ .type = BIND_SET, .p = set });
	return WEIR_OK;
}

void
select_add_source(struct select_builder *b)
{
	add_source(b, SIZE_MAX, NULL);
}

const char *
select_table(enum weir_kind kind)
{
	return kinds[kind].table;
}

int64_t
select_now(const struct weir_select *sel)
{
	return sel->now_us ? sel->now_us : weir_now_us();
}
