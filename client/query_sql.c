/*
 * The tree as SQL. A part of it is a set of keys, a condition, or both (rows in the set
 * that fulfil the condition): sets are joined here, bit by bit, so that the statement
 * has at most one to look at, or enters by it when it is small.
 * /
 */
#include "query_part.h"

enum { IN_MAX = 16 }; /* more keys than that are looked up in a set */

void
query_sql_init(struct query_sql *out)
{
	*out = (struct query_sql){ .where = BUF_INIT(BUF_MAX) };
}

void
query_sql_release(struct query_sql *out)
{
	for (size_t i = 0; i < out->sets.n; i++)
		keyset_free(out->sets.v[i]);
	VEC_FREE(&out->sets);
	VEC_FREE(&out->binds);
	keyset_free(out->set);
	buf_release(&out->where);
	arena_free(&out->arena);
}

int
query_sql_bind(struct query_sql *out, struct query_bind b)
{
	VEC_PUSH(&out->binds, b);
	return (int)out->binds.n + 1;
}

void
query_sql_expr(struct query_sql *out, struct buf *to, const char *sql, const char *arg)
{
	int n = 0;

	for (const char *p = sql; *p; p++) {
		if (p[0] != '?' || p[1] != '@') {
			buf_addc(to, *p);
			continue;
		}
		if (!n)
			n = query_sql_bind(out, (struct query_bind){ .type = BIND_TEXT,
							.s = str_of(arg) });
		buf_addf(to, "?%d", n);
		p++;
	}
}

void
query_sql_bind_all(const struct query_sql *sql, sqlite3_stmt *st, int64_t now_us)
{
	/* What is not used in the statement is out of range: no matter. */
	sqlite3_bind_int64(st, 1, now_us);
	for (size_t i = 0; i < sql->binds.n; i++) {
		const struct query_bind *b = &sql->binds.v[i];
		int n = (int)i + 2;

		switch (b->type) {
		case BIND_INT:
			sqlite3_bind_int64(st, n, b->i);
			break;
		case BIND_REAL:
			sqlite3_bind_double(st, n, b->d);
			break;
		case BIND_TEXT:
			db_bind_str(st, n, b->s);
			break;
		case BIND_ID:
			sqlite3_bind_blob(
				st, n, b->id.b, sizeof(b->id.b), SQLITE_STATIC);
			break;
		case BIND_MATCH:
			sqlite3_bind_pointer(
				st, n, (void *)(uintptr_t)b->p, "weir_match", NULL);
			break;
		case BIND_SET:
			sqlite3_bind_pointer(
				st, n, (void *)(uintptr_t)b->p, "weir_set", NULL);
			break;
		}
	}
}

int
query_bind_int(struct query_compiler *c, int64_t i)
{
	return query_sql_bind(c->out, (struct query_bind){ .type = BIND_INT, .i = i });
}

int
query_bind_match(struct query_compiler *c, const struct weir_match *m)
{
	return query_sql_bind(
		c->out, (struct query_bind){ .type = BIND_MATCH, .p = m });
}

int
query_bind_set(struct query_compiler *c, struct keyset *set)
{
	VEC_PUSH(&c->out->sets, set);
	return query_sql_bind(
		c->out, (struct query_bind){ .type = BIND_SET, .p = set });
}

struct buf *
query_more(struct buf *b, const char *how)
{
	if (b->len)
		buf_addf(b, " %s ", how);
	return b;
}

void
query_add_in(struct query_compiler *c, struct buf *sql, const char *key,
	const struct keyset *keys)
{
	size_t n = keyset_count(keys);
	struct keyset *copy;

	if (n > IN_MAX) {
		copy = keyset_new();
		keyset_or(copy, keys);
		buf_addf(sql, "weir_in(?%d, %s)", query_bind_set(c, copy), key);
		return;
	}
	buf_addf(sql, "%s IN (", key);
	for (size_t i = 0, left = n; left; i++) {
		if (!keyset_has(keys, (int64_t)i))
			continue;
		buf_addf(sql, "%s?%d", left == n ? "" : ",",
			query_bind_int(c, (int64_t)i));
		left--;
	}
	buf_addc(sql, ')');
}

static void
part_release(struct query_part *p)
{
	keyset_free(p->set);
	buf_release(&p->sql);
}

static enum weir_rc compile(struct query_compiler *c, const struct query_node *n,
	bool top, struct query_part *p);

/* Append p's condition as an operand; parentheses only where they are needed: SQLite's
 * parser nests no deeper than a hundred. */
static void
add_operand(struct buf *to, const struct query_part *p, const char *how)
{
	bool wrap = p->any && strcmp(how, "AND") == 0;

	query_more(to, how);
	buf_adds(to, wrap ? "(" : "");
	buf_addstr(to, buf_str(&p->sql));
	buf_adds(to, wrap ? ")" : "");
}

/* The part as one condition. */
static void
render(struct query_compiler *c, struct query_part *p)
{
	struct buf sql = BUF_INIT(BUF_MAX);

	if (p->set) {
		buf_addf(&sql, "weir_in(?%d, r.k)", query_bind_set(c, p->set));
		if (p->sql.len)
			add_operand(&sql, p, "AND");
		p->any = false;
	} else if (p->sql.len) {
		return;
	} else {
		buf_adds(&sql, "1");
	}
	p->set = NULL;
	buf_release(&p->sql);
	p->sql = sql;
}

static void
join_and(struct query_part *p, struct query_part *right)
{
	if (right->sql.len) {
		struct buf sql = BUF_INIT(BUF_MAX);

		if (p->sql.len)
			add_operand(&sql, p, "AND");
		add_operand(&sql, right, "AND");
		buf_release(&p->sql);
		p->sql = sql;
		p->any = false;
	}
	if (p->set && right->set) {
		keyset_and(p->set, right->set);
	} else if (right->set) {
		p->set = right->set;
		right->set = NULL;
	}
}

static void
join_or(struct query_compiler *c, struct query_part *p, struct query_part *right)
{
	if (p->set && right->set && !p->sql.len && !right->sql.len) {
		keyset_or(p->set, right->set);
		return;
	}
	render(c, p);
	render(c, right);
	add_operand(&p->sql, right, "OR");
	p->any = true;
}

static enum weir_rc
compile_pair(struct query_compiler *c, const struct query_node *n, bool top,
	struct query_part *p)
{
	struct query_part right = { .sql = BUF_INIT(BUF_MAX) };
	bool both = n->type == QUERY_AND;
	enum weir_rc rc = compile(c, n->left, top && both, p);

	if (!rc)
		rc = compile(c, n->right, top && both, &right);
	if (!rc && both)
		join_and(p, &right);
	else if (!rc)
		join_or(c, p, &right);
	part_release(&right);
	return rc;
}

static enum weir_rc
compile(struct query_compiler *c, const struct query_node *n, bool top,
	struct query_part *p)
{
	struct buf sql = BUF_INIT(BUF_MAX);
	enum weir_rc rc = WEIR_OK;

	switch (n->type) {
	case QUERY_ALL:
		return WEIR_OK;
	case QUERY_AND:
	case QUERY_OR:
		return compile_pair(c, n, top, p);
	case QUERY_NOT:
		rc = compile(c, n->left, false, p);
		if (rc)
			return rc;
		render(c, p);
		/* A condition on what is not there is false, so its opposite holds. */
		buf_addf(&sql, "NOT ifnull(%s, 0)", buf_cstr(&p->sql));
		buf_release(&p->sql);
		p->sql = sql;
		p->any = false;
		return WEIR_OK;
	case QUERY_WORD:
		p->any = true;
		return query_word_part(c, n, p);
	case QUERY_FIELD:
		p->any = true;
		return query_field_part(c, n, top, p);
	}
	return rc;
}

/* Enter by a deployment rather than a flow rather than a state; fewer keys first. */
static int
driver_rank(const struct query_driver *d)
{
	int table = strcmp(d->column, "r.deployment") == 0 ? 0
		    : strcmp(d->column, "r.flow") == 0     ? 1
							   : 2;

	return (d->n_keys == 0 ? -100 : table * 10) + (int)d->n_keys;
}

static void
choose_driver(struct query_compiler *c, struct buf *where)
{
	size_t best = 0;

	for (size_t i = 1; i < c->n_drivers; i++) {
		if (driver_rank(&c->drivers[i]) < driver_rank(&c->drivers[best]))
			best = i;
	}
	for (size_t i = 0; i < c->n_drivers; i++) {
		struct keyset *keys = keyset_new();

		if (i == best) {
			c->out->driver = c->drivers[i];
			keyset_free(keys);
			continue;
		}
		for (size_t j = 0; j < c->drivers[i].n_keys; j++)
			keyset_add(keys, c->drivers[i].keys[j]);
		/* `+`: only the chosen index is to be entered. */
		buf_adds(query_more(where, "AND"), "+");
		query_add_in(c, where, c->drivers[i].column, keys);
		keyset_free(keys);
	}
}

enum weir_rc
query_compile(const struct weir_query *q, struct weir_store *s, struct query_sql *out,
	struct weir_err *err)
{
	struct query_compiler *c = xcalloc(1, sizeof(*c));
	struct query_part p = { .sql = BUF_INIT(BUF_MAX) };
	enum weir_rc rc;

	*c = (struct query_compiler){ .q = q, .s = s, .out = out, .err = err };
	rc = compile(c, q->root, true, &p);
	if (!rc) {
		if (p.sql.len)
			buf_addf(&out->where, "(%s)", buf_cstr(&p.sql));
		out->set = p.set;
		p.set = NULL;
		choose_driver(c, &out->where);
	}
	part_release(&p);
	free(c);
	return rc;
}
