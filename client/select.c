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
 * merged. /
 */
#include "query.h"
#include "query_names.h"
#include "store_write.h"

/*
 * A set of at most so many keys is entered by key and sorted; a larger one is tested.
 */
enum { SMALL_SET = 4096 };
/* Names are read into memory when more rows than this may come. */
enum { NAMES_ROWS = 2000 };

enum order { ORDER_OWN, ORDER_AT, ORDER_AT_DESC, ORDER_COLUMNS };

/* clang-format off */
static const struct {
	const char *table, *where, *order;
} kinds[WEIR_N_KINDS] = {
	[WEIR_RUN] = { "runs", NULL,
		"r.at_us > ?1, abs(r.at_us - ?1),"
		" CASE WHEN r.at_us > ?1 THEN r.k ELSE -r.k END" },
	[WEIR_TASK_RUN] = { "task_runs", NULL,
		"coalesce(r.start_us, r.expected_us, r.created_us), r.k" },
	[WEIR_FLOW] = { "flows", "r.doc IS NOT NULL", "r.name, r.k" },
	[WEIR_DEPLOYMENT] = { "deployments", "r.doc IS NOT NULL",
		"(SELECT f.name FROM flows f WHERE f.k = r.flow), r.name, r.k" },
	[WEIR_POOL] = { "pools", "r.doc IS NOT NULL", "r.name, r.k" },
	[WEIR_QUEUE] = { "queues", "r.doc IS NOT NULL",
		"(SELECT p.name FROM pools p WHERE p.k = r.pool), r.name, r.k" },
	[WEIR_WORKER] = { "workers", "r.doc IS NOT NULL",
		"(SELECT p.name FROM pools p WHERE p.k = r.pool), r.name, r.k" },
	[WEIR_ARTIFACT] = { "artifacts", "r.doc IS NOT NULL",
		"r.created_us DESC, r.k" },
	[WEIR_LIMIT] = { "limits", "r.doc IS NOT NULL", "r.name, r.k" },
};
/* clang-format on */

struct weir_rows {
	struct weir_store *store;
	struct query_sql sql;
	sqlite3_stmt *st;
	const struct weir_column_set *columns;
	struct weir_cell *cells;
	struct query_names names;
	const struct query_named **named; /* a column each; NULL: all are read as SQL */
	bool names_again;                 /* they were read a second time */
	int64_t key;
	bool done;
};

struct builder {
	const struct weir_select *sel;
	struct query_sql *sql;
	struct buf text;
	const struct query_named **named;
	bool small;     /* sql->set is entered by key */
	int set, limit; /* numbers of their parameters */
};

static void
add_and(struct buf *b, const char *what)
{
	if (b->len)
		buf_adds(b, " AND ");
	buf_adds(b, what);
}

static void
add_arm_key(struct builder *b, struct buf *where, size_t arm)
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
add_driver_in(struct builder *b, struct buf *where)
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
add_source(struct builder *b, size_t arm, const char *extra)
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
		buf_addf(&where, "weir_in(?%d, r.k)", b->set);
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
add_walk(struct builder *b, const char *extra, bool descending)
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

static void
add_order(struct builder *b)
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
	buf_addf(&b->text, "%s LIMIT ?%d", kinds[sel->kind].order, b->limit);
}

static void
add_sorted(struct builder *b)
{
	buf_adds(&b->text, "SELECT r.k AS k");
	add_source(b, SIZE_MAX, NULL);
	add_order(b);
}

static void
add_columns(struct builder *b)
{
	const struct weir_column_set *set = b->sel->columns;

	buf_adds(&b->text, "SELECT r.k");
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
}

static void
add_rows(struct builder *b)
{
	buf_addf(&b->text, ") s CROSS JOIN %s r WHERE r.k = s.k",
		kinds[b->sel->kind].table);
}

static enum order
order_of(const struct weir_select *sel)
{
	const struct weir_column *c = sel->n_sort ? sel->sort[0].column : NULL;
	const char *sql = c && c->order ? c->order : c ? c->sql : NULL;

	if (!c)
		return ORDER_OWN;
	if (sel->n_sort == 1 && sel->kind == WEIR_RUN && strcmp(sql, "r.at_us") == 0)
		return sel->sort[0].descending ? ORDER_AT_DESC : ORDER_AT;
	return ORDER_COLUMNS;
}

static void
build(struct builder *b)
{
	enum order order = order_of(b->sel);
	bool walk = b->sel->kind == WEIR_RUN && !b->small && order != ORDER_COLUMNS;

	add_columns(b);
	if (b->sel->any_order) {
		add_source(b, SIZE_MAX, NULL);
		return;
	}
	buf_adds(&b->text, " FROM (");
	if (!walk) {
		add_sorted(b);
		add_rows(b);
		return;
	}
	if (order != ORDER_OWN) {
		add_walk(b, NULL, order == ORDER_AT_DESC);
		add_rows(b);
		return;
	}
	add_walk(b, "r.at_us <= ?1", true);
	add_rows(b);
	buf_adds(&b->text, " UNION ALL ");
	add_columns(b);
	buf_adds(&b->text, " FROM (");
	add_walk(b, "r.at_us > ?1", false);
	add_rows(b);
	buf_addf(&b->text, " LIMIT ?%d", b->limit);
}

/* Compile the query and bind its set, by key or as a whole. */
static enum weir_rc
begin(struct builder *b, struct weir_store *s, struct weir_err *err)
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
	b->small = keyset_count(set) <= SMALL_SET;
	if (b->small) {
		struct buf json = BUF_INIT(BUF_MAX);
		struct str text;

		keyset_json(set, &json);
		text.len = json.len;
		text.s = arena_strndup(&b->sql->arena, buf_cstr(&json), json.len);
		buf_release(&json);
		b->set = query_sql_bind(
			b->sql, (struct query_bind){ .type = BIND_TEXT, .s = text });
	} else {
		b->set = query_sql_bind(
			b->sql, (struct query_bind){ .type = BIND_SET, .p = set });
	}
	return WEIR_OK;
}

static int64_t
now_of(const struct weir_select *sel)
{
	return sel->now_us ? sel->now_us : weir_now_us();
}

static enum weir_rc
open_key(struct weir_rows *r, struct builder *b, struct weir_err *err)
{
	int n = query_sql_bind(
		b->sql, (struct query_bind){ .type = BIND_INT, .i = b->sel->key });

	buf_init(&b->text, BUF_MAX);
	add_columns(b);
	buf_addf(&b->text, " FROM %s r WHERE r.k = ?%d", kinds[b->sel->kind].table, n);
	return query_prepare(r->store, buf_cstr(&b->text), &r->st, err);
}

/* One statement for a screenful of rows that are known by key. */
static enum weir_rc
open_keys(struct weir_rows *r, struct builder *b, struct weir_err *err)
{
	const struct weir_select *sel = b->sel;

	if (sel->n_keys > WEIR_SELECT_KEYS_MAX)
		return weir_fail(err, WEIR_ETOOBIG, "select: more than %d keys",
			WEIR_SELECT_KEYS_MAX);
	buf_init(&b->text, BUF_MAX);
	add_columns(b);
	buf_addf(&b->text, " FROM %s r WHERE r.k IN (", kinds[sel->kind].table);
	for (size_t i = 0; i < sel->n_keys; i++)
		buf_addf(&b->text, "%s?%d", i > 0 ? "," : "",
			query_sql_bind(b->sql, (struct query_bind){ .type = BIND_INT,
						       .i = sel->keys[i] }));
	buf_addc(&b->text, ')');
	return query_prepare(r->store, buf_cstr(&b->text), &r->st, err);
}

/* Many rows: their names come from memory. */
static enum weir_rc
read_names(struct weir_rows *r, const struct weir_select *sel, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;

	if (!sel->columns || sel->keys || sel->key ||
		(sel->limit && sel->limit <= NAMES_ROWS))
		return WEIR_OK;
	r->named = xcalloc(sel->columns->n + 1, sizeof(*r->named));
	for (size_t i = 0; !rc && i < sel->columns->n; i++) {
		r->named[i] = query_named_find(sel->kind, sel->columns->v[i]);
		if (r->named[i])
			rc = query_names_read(
				&r->names, r->store, r->named[i]->table, err);
	}
	return rc;
}

enum weir_rc
weir_rows_open(struct weir_store *s, const struct weir_select *sel,
	struct weir_rows **ret_rows, struct weir_err *err)
{
	struct weir_rows *r = xcalloc(1, sizeof(*r));
	struct builder b = { .sel = sel, .sql = &r->sql };
	enum weir_rc rc;

	r->store = s;
	r->columns = sel->columns;
	query_sql_init(&r->sql);
	rc = read_names(r, sel, err);
	b.named = r->named;
	if (rc) {
		/* said below */
	} else if (sel->keys) {
		rc = open_keys(r, &b, err);
	} else if (sel->key) {
		rc = open_key(r, &b, err);
	} else {
		rc = begin(&b, s, err);
		if (!rc)
			build(&b);
		if (!rc)
			rc = query_prepare(s, buf_cstr(&b.text), &r->st, err);
	}
	buf_release(&b.text);
	if (rc) {
		weir_rows_close(r);
		return rc;
	}
	query_sql_bind_all(&r->sql, r->st, now_of(sel));
	if (sel->columns && sel->columns->n)
		r->cells = xcalloc(sel->columns->n, sizeof(*r->cells));
	*ret_rows = r;
	return WEIR_OK;
}

static bool
is_text_type(enum weir_type t)
{
	return t == WEIR_T_TEXT || t == WEIR_T_STATE_NAME || t == WEIR_T_TAGS ||
	       t == WEIR_T_JSON || t == WEIR_T_MEMBERS;
}

/* `{...}` without its braces. */
static struct str
members(struct str s)
{
	while (s.len && memchr(" \t\r\n", s.s[0], 4))
		s.s++, s.len--;
	while (s.len && memchr(" \t\r\n", s.s[s.len - 1], 4))
		s.len--;
	if (s.len >= 2 && s.s[0] == '{' && s.s[s.len - 1] == '}')
		return (struct str){ s.s + 1, s.len - 2 };
	return s;
}

static void
read_cell(sqlite3_stmt *st, int col, enum weir_type type, struct weir_cell *c)
{
	*c = (struct weir_cell){ .type = type };
	c->null = sqlite3_column_type(st, col) == SQLITE_NULL;
	if (c->null)
		return;
	if (is_text_type(type)) {
		c->s = db_str(st, col);
		if (type == WEIR_T_MEMBERS)
			c->s = members(c->s);
	} else if (type == WEIR_T_ID) {
		c->id = db_id(st, col);
		c->null = weir_id_is_null(&c->id);
	} else if (type == WEIR_T_DURATION || type == WEIR_T_REAL) {
		c->d = sqlite3_column_double(st, col);
	} else {
		c->i = sqlite3_column_int64(st, col);
		c->null = type == WEIR_T_STATE && c->i == WEIR_ST_NONE;
	}
}

static void
read_name(struct weir_rows *r, size_t i, int col, struct weir_cell *c)
{
	int64_t key = sqlite3_column_int64(r->st, col);
	enum query_table table = r->named[i]->table;

	*c = (struct weir_cell){ .type = r->columns->v[i]->type, .null = true };
	if (sqlite3_column_type(r->st, col) == SQLITE_NULL)
		return;
	c->s = query_names_get(&r->names, table, key);
	/* It may have come between the names and the first row: look once more. */
	if (!c->s.s && !r->names_again) {
		r->names_again = true;
		query_names_forget(&r->names);
		for (size_t k = 0; k < r->columns->n; k++)
			if (r->named[k] && query_names_read(&r->names, r->store,
						   r->named[k]->table, NULL))
				return;
		c->s = query_names_get(&r->names, table, key);
	}
	c->null = !c->s.s;
}

static void
read_row(struct weir_rows *r)
{
	int col = 0;

	r->key = sqlite3_column_int64(r->st, col++);
	for (size_t i = 0; r->columns && i < r->columns->n; i++) {
		struct weir_cell *c = &r->cells[i];

		if (r->named && r->named[i])
			read_name(r, i, col++, c);
		else
			read_cell(r->st, col++, r->columns->v[i]->type, c);
		if (c->type == WEIR_T_STATE_NAME)
			c->i = sqlite3_column_int64(r->st, col++);
	}
}

enum weir_rc
weir_rows_next(struct weir_rows *r, bool *ret_row, struct weir_err *err)
{
	bool row = false;
	enum weir_rc rc = WEIR_OK;

	if (!r->done)
		rc = db_step(store_db(r->store), r->st, &row, err);
	if (rc)
		return rc;
	r->done = !row;
	if (row)
		read_row(r);
	*ret_row = row;
	return WEIR_OK;
}

int64_t
weir_rows_key(const struct weir_rows *r)
{
	return r->key;
}

const struct weir_cell *
weir_rows_cell(const struct weir_rows *r, size_t column)
{
	return &r->cells[column];
}

void
weir_rows_close(struct weir_rows *r)
{
	if (!r)
		return;
	sqlite3_finalize(r->st);
	query_sql_release(&r->sql);
	query_names_release(&r->names);
	free(r->named);
	free(r->cells);
	free(r);
}

/* One statement over what the query matches: `head` FROM (...) `tail`. */
static enum weir_rc
summarise(struct weir_store *s, const struct weir_select *sel, const char *inner,
	const char *head, const char *tail, struct query_sql *sql,
	sqlite3_stmt **ret_st, struct weir_err *err)
{
	struct builder b = { .sel = sel, .sql = sql };
	enum weir_rc rc = begin(&b, s, err);

	if (rc)
		goto out;
	buf_addf(&b.text, "SELECT %s FROM (SELECT %s", head, inner);
	add_source(&b, SIZE_MAX, NULL);
	if (sel->limit)
		buf_addf(&b.text, " LIMIT ?%d", b.limit);
	buf_addf(&b.text, ")%s", tail);
	rc = query_prepare(s, buf_cstr(&b.text), ret_st, err);
	if (!rc)
		query_sql_bind_all(sql, *ret_st, now_of(sel));
out:
	buf_release(&b.text);
	return rc;
}

enum weir_rc
weir_rows_count(struct weir_store *s, const struct weir_select *sel, int64_t *ret_n,
	struct weir_err *err)
{
	struct query_sql sql;
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc;

	query_sql_init(&sql);
	rc = summarise(s, sel, "1", "count(*)", "", &sql, &st, err);
	if (!rc)
		rc = db_step(store_db(s), st, &row, err);
	if (!rc && row)
		*ret_n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	query_sql_release(&sql);
	return rc;
}

enum weir_rc
weir_rows_count_states(struct weir_store *s, const struct weir_select *sel,
	int64_t n[WEIR_N_STATES], struct weir_err *err)
{
	int64_t counts[WEIR_N_STATES] = { 0 };
	struct query_sql sql;
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc;

	query_sql_init(&sql);
	rc = summarise(s, sel, "r.state AS state", "state, count(*)", " GROUP BY state",
		&sql, &st, err);
	while (!rc && !(rc = db_step(store_db(s), st, &row, err)) && row) {
		int64_t state = sqlite3_column_int64(st, 0);

		if (state >= 0 && state < WEIR_N_STATES)
			counts[state] = sqlite3_column_int64(st, 1);
	}
	if (!rc)
		memcpy(n, counts, sizeof(counts));
	sqlite3_finalize(st);
	query_sql_release(&sql);
	return rc;
}
