/*
 * The leaves of the tree: fields and words. Names become keys, what an index or the
 * searchable text can tell becomes a set, and the rest a condition.
 * /
 */
#include <math.h>

#include "query_part.h"
#include "store_write.h"

enum {
	ENTER_MAX = 1 << 16,  /* rows of an index that are read into a set at most */
	ENTER_FEW_MAX = 4096, /* the same where a scan would do as well */
};

/*
 * Columns whose value is a key into another table: the names are looked through here.
 */
/* clang-format off */
#define NAMES "SELECT k, name FROM names"
#define FLOWS "SELECT k, name FROM flows WHERE name IS NOT NULL"
#define DEPLOYMENTS "SELECT k, name FROM deployments WHERE name IS NOT NULL"
static const struct interned {
	enum weir_kind kind;
	const char *name;
	const char *key;    /* column of the row */
	const char *select; /* k and name, or k and id */
	bool driver;        /* an index (key, at_us) exists */
} interned[] = {
	{ WEIR_RUN, "flow_name", "r.flow", FLOWS, true },
	{ WEIR_RUN, "deployment_name", "r.deployment", DEPLOYMENTS, true },
	{ WEIR_RUN, "flow_id", "r.flow", "SELECT k, id FROM flows", true },
	{ WEIR_RUN, "deployment_id", "r.deployment", "SELECT k, id FROM deployments",
	  true },
	{ WEIR_RUN, "work_pool_name", "r.pool", NAMES, false },
	{ WEIR_RUN, "work_queue_name", "r.queue", NAMES, false },
	{ WEIR_RUN, "platform", "r.platform", NAMES, false },
	{ WEIR_RUN, "state_name", "r.state_name", NAMES, false },
	{ WEIR_TASK_RUN, "state_name", "r.state_name", NAMES, false },
	{ WEIR_DEPLOYMENT, "flow_name", "r.flow", FLOWS, false },
};

/*
 * Columns of runs with an index of their own: rows are read from it when they are
 * few.
 */
static const struct {
	const char *name, *select;
	int64_t limit;
} indexed[] = {
	{ "id", "SELECT k FROM runs WHERE id BETWEEN ?1 AND ?2 LIMIT ?3", INT64_MAX },
	{ "parent_run_id", "SELECT k FROM runs WHERE parent BETWEEN ?1 AND ?2"
	  " AND parent IS NOT NULL LIMIT ?3", INT64_MAX },
	{ "parent_task_run_id", "SELECT k FROM runs WHERE parent_task BETWEEN ?1 AND ?2"
	  " AND parent_task IS NOT NULL LIMIT ?3", INT64_MAX },
	{ "end_time", "SELECT k FROM runs WHERE end_us BETWEEN ?1 AND ?2 LIMIT ?3",
	  ENTER_FEW_MAX },
};

/* What bare words search in kinds other than runs: arguments after the match. */
static const char *const word_texts[WEIR_N_KINDS] = {
	[WEIR_TASK_RUN] = "r.name,"
		" (SELECT n.name FROM names n WHERE n.k = r.state_name),"
		" weir_join(r.tags), weir_uuid(r.id)",
	[WEIR_FLOW] = "r.name, weir_join(weir_json(r.doc, 'tags')), weir_uuid(r.id)",
	[WEIR_DEPLOYMENT] = "r.name, (SELECT f.name FROM flows f WHERE f.k = r.flow),"
		" weir_join(weir_json(r.doc, 'tags')),"
		" weir_join(weir_json(r.doc, 'parameters')), weir_uuid(r.id)",
	[WEIR_POOL] = "r.name, weir_value(r.doc, 'type'), weir_uuid(r.id)",
	[WEIR_QUEUE] = "r.name, (SELECT p.name FROM pools p WHERE p.k = r.pool),"
		" weir_uuid(r.id)",
	[WEIR_WORKER] = "r.name, (SELECT p.name FROM pools p WHERE p.k = r.pool),"
		" weir_uuid(r.id)",
	[WEIR_ARTIFACT] = "r.name, weir_value(r.doc, 'type'),"
		" weir_value(r.doc, 'description'),"
		" (SELECT n.name FROM runs n WHERE n.id = r.run), weir_uuid(r.id)",
	[WEIR_LIMIT] = "r.name, weir_uuid(r.id)",
	[WEIR_ENVIRONMENT] = "r.full_id, r.req_id, r.arch, r.resolved_by, r.resolved_on,"
		" weir_join(r.aliases), weir_join(r.steps), weir_join(r.deps),"
		" weir_join(r.channels), weir_join(r.folders)",
};
/* clang-format on */

static bool
value_has(const struct query_value *v, sqlite3_stmt *st)
{
	struct weir_id id;

	if (v->match)
		return weir_match_test(v->match, db_str(st, 1));
	if (v->type != QUERY_ID)
		return false;
	id = db_id(st, 1);
	return weir_id_cmp(&id, &v->id_from) >= 0 && weir_id_cmp(&id, &v->id_to) <= 0;
}

/* Keys of the table whose name or id fits one of the values from `first` on. */
static enum weir_rc
look_up(struct query_compiler *c, const char *select, const struct query_value *v,
	size_t n, struct keyset *keys)
{
	struct db *db = store_db(c->s);
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = query_prepare(c->s, select, &st, c->err);

	while (!rc && !(rc = db_step(db, st, &row, c->err)) && row) {
		for (size_t i = 0; i < n; i++) {
			if (value_has(&v[i], st))
				keyset_add(keys, sqlite3_column_int64(st, 0));
		}
	}
	sqlite3_finalize(st);
	return rc;
}

/* Read keys of runs into set, at most limit; *ret_all false: there were more. */
static enum weir_rc
read_keys(struct query_compiler *c, sqlite3_stmt *st, int64_t limit, struct keyset *set,
	bool *ret_all)
{
	bool row = false;
	int64_t n = 0;
	enum weir_rc rc;

	while (!(rc = db_step(store_db(c->s), st, &row, c->err)) && row && n < limit) {
		keyset_add(set, sqlite3_column_int64(st, 0));
		n++;
	}
	*ret_all = !row;
	return rc;
}

/* The runs of these flows or deployments, when they are few enough. */
static enum weir_rc
enter(struct query_compiler *c, const char *key, const struct keyset *keys,
	struct keyset *set, bool *ret_all)
{
	bool flow = strcmp(key, "r.flow") == 0;
	sqlite3_stmt *st = NULL;
	enum weir_rc rc;

	*ret_all = true;
	rc = query_prepare(c->s,
		flow ? "SELECT k FROM runs WHERE flow = ?1"
		     : "SELECT k FROM runs WHERE deployment = ?1",
		&st, c->err);
	for (size_t i = 0; !rc && *ret_all && i < keys->n_words * 64; i++) {
		if (!keyset_has(keys, (int64_t)i))
			continue;
		sqlite3_reset(st);
		sqlite3_bind_int64(st, 1, (int64_t)i);
		rc = read_keys(c, st, ENTER_MAX, set, ret_all);
	}
	sqlite3_finalize(st);
	return rc;
}

static const struct interned *
find_interned(enum weir_kind kind, const char *name)
{
	for (size_t i = 0; i < N_ELEM(interned); i++) {
		if (interned[i].kind == kind && strcmp(interned[i].name, name) == 0)
			return &interned[i];
	}
	return NULL;
}

static bool
has_none(const struct query_node *n)
{
	for (size_t i = 0; i < n->n_values; i++) {
		if (n->values[i].type == QUERY_NONE)
			return true;
	}
	return false;
}

/* Remember as a way to enter an index; false: the caller must write the condition. */
static bool
offer_driver(struct query_compiler *c, const char *key, const struct keyset *keys)
{
	struct query_driver *d;

	if (c->n_drivers == QUERY_DRIVERS_MAX || keyset_count(keys) > QUERY_DRIVER_MAX)
		return false;
	d = &c->drivers[c->n_drivers++];
	*d = (struct query_driver){ .column = key };
	for (size_t i = 0; i < keys->n_words * 64; i++) {
		if (keyset_has(keys, (int64_t)i))
			d->keys[d->n_keys++] = (int64_t)i;
	}
	return true;
}

static enum weir_rc
interned_part(struct query_compiler *c, const struct interned *in,
	const struct query_node *n, bool top, struct query_part *p)
{
	struct keyset *keys = keyset_new();
	struct keyset *set = keyset_new();
	bool none = has_none(n);
	bool few = false;
	enum weir_rc rc = look_up(c, in->select, n->values, n->n_values, keys);

	if (!rc && in->driver && !none && keyset_count(keys) > QUERY_DRIVER_MAX)
		rc = enter(c, in->key, keys, set, &few);
	if (rc)
		goto out;
	if (few) {
		p->set = set;
		set = NULL;
	} else if (!(top && in->driver && !none && offer_driver(c, in->key, keys))) {
		query_add_in(c, &p->sql, in->key, keys);
		if (none)
			buf_addf(&p->sql, " OR %s IS NULL", in->key);
	}
out:
	keyset_free(keys);
	keyset_free(set);
	return rc;
}

/* The states of the mask as a set. */
static struct keyset *
types_of(unsigned mask)
{
	struct keyset *types = keyset_new();

	for (int t = 0; t < WEIR_N_STATES; t++) {
		if (mask >> t & 1)
			keyset_add(types, t);
	}
	return types;
}

/* A name of a state; one that Prefect itself uses comes with its type. */
static enum weir_rc
add_state_name(
	struct query_compiler *c, const struct query_value *v, struct query_part *p)
{
	struct keyset *types = types_of(v->states);
	struct keyset *names = keyset_new();
	enum weir_rc rc = look_up(c, NAMES, v, 1, names);

	buf_addc(query_more(&p->sql, "OR"), '(');
	if (keyset_count(types) == 1) {
		query_add_in(c, &p->sql, "r.state", types);
		buf_adds(&p->sql, " AND ");
	}
	query_add_in(c, &p->sql, "r.state_name", names);
	buf_addc(&p->sql, ')');
	keyset_free(types);
	keyset_free(names);
	return rc;
}

/* `r.state IN (...)`, and the names that are asked for. */
static enum weir_rc
states_part(struct query_compiler *c, const struct query_node *n, bool top,
	struct query_part *p)
{
	bool enter_by_type = top && c->q->kind == WEIR_RUN;
	struct keyset *types;
	unsigned mask = 0;
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < n->n_values; i++) {
		const struct query_value *v = &n->values[i];

		if (v->match) {
			enter_by_type = false;
			rc = add_state_name(c, v, p);
		} else {
			mask |= v->type == QUERY_NONE ? 1u << WEIR_ST_NONE : v->states;
		}
	}
	types = types_of(mask);
	if (!rc && mask && !(enter_by_type && offer_driver(c, "r.state", types)))
		query_add_in(c, query_more(&p->sql, "OR"), "r.state", types);
	keyset_free(types);
	return rc;
}

static void
add_bound(struct query_compiler *c, struct buf *sql, const struct weir_column *col,
	const char *before, const char *op, const char *after, struct query_bind b)
{
	int n = query_sql_bind(c->out, b);

	buf_adds(sql, before);
	query_sql_expr(c->out, sql, col->sql, col->arg);
	buf_addf(sql, "%s %s ?%d", after, op, n);
}

static void
add_time(struct query_compiler *c, struct buf *sql, const struct weir_column *col,
	const struct query_value *v)
{
	/* The index on end_us has no order that a list wants: `+` keeps it out. */
	const char *before = strcmp(col->sql, "r.end_us") == 0 ? "+(" : "(";
	struct query_bind from = { .type = BIND_INT, .i = v->from };
	struct query_bind to = { .type = BIND_INT, .i = v->to };

	add_bound(c, sql, col, before, ">=", ")", from);
	if (v->to == INT64_MAX)
		return;
	buf_adds(sql, " AND ");
	add_bound(c, sql, col, before, "<=", ")", to);
}

static void
add_number(struct query_compiler *c, struct buf *sql, const struct weir_column *col,
	const struct query_value *v)
{
	struct query_bind low = { .type = BIND_REAL, .d = v->low };
	struct query_bind high = { .type = BIND_REAL, .d = v->high };
	const char *before = col->type == WEIR_T_JSON ? "weir_number(" : "(";
	bool open = isinf(v->low) && isinf(v->high);

	if (!isinf(v->low))
		add_bound(c, sql, col, before, v->above ? ">" : ">=", ")", low);
	if (!isinf(v->low) && !isinf(v->high))
		buf_adds(sql, " AND ");
	if (!isinf(v->high))
		add_bound(c, sql, col, before, v->below ? "<" : "<=", ")", high);
	if (open) {
		buf_adds(sql, before);
		query_sql_expr(c->out, sql, col->sql, col->arg);
		buf_adds(sql, ") IS NOT NULL");
	}
}

static void
add_none(struct query_compiler *c, struct buf *sql, const struct weir_column *col)
{
	/* A run without a parent is known by its task before its parent is; one whose
	 * parent the server does not know has zeros. */
	const char *expr =
		c->q->kind == WEIR_RUN && strcmp(col->name, "parent_run_id") == 0
			? "CASE WHEN r.parent IS NOT zeroblob(16) THEN r.parent_task "
			  "END"
			: col->sql;

	buf_adds(sql, "ifnull((");
	query_sql_expr(c->out, sql, expr, col->arg);
	buf_adds(sql, "), '') IN ('', '[]', '{}')");
}

static void
add_text(struct query_compiler *c, struct buf *sql, const struct weir_column *col,
	const struct query_value *v)
{
	const char *fn = col->type == WEIR_T_TAGS ? "weir_tags" : "weir_match";
	bool scalar = col->type == WEIR_T_JSON && col->arg;

	buf_addf(sql, "%s(?%d, %s", fn, query_bind_match(c, v->match),
		scalar ? "weir_scalar(" : "(");
	query_sql_expr(c->out, sql, col->sql, col->arg);
	buf_adds(sql, "))");
}

static void
add_id(struct query_compiler *c, struct buf *sql, const struct weir_column *col,
	const struct query_value *v)
{
	int from = query_sql_bind(
		c->out, (struct query_bind){ .type = BIND_ID, .id = v->id_from });
	int to = query_sql_bind(
		c->out, (struct query_bind){ .type = BIND_ID, .id = v->id_to });

	buf_adds(sql, "(");
	query_sql_expr(c->out, sql, col->sql, col->arg);
	if (weir_id_cmp(&v->id_from, &v->id_to) == 0)
		buf_addf(sql, ") = ?%d", from);
	else
		buf_addf(sql, ") BETWEEN ?%d AND ?%d", from, to);
}

static void
add_value(struct query_compiler *c, struct buf *sql, const struct weir_column *col,
	const struct query_value *v)
{
	buf_addc(sql, '(');
	switch (v->type) {
	case QUERY_NONE:
		add_none(c, sql, col);
		break;
	case QUERY_TIME:
		add_time(c, sql, col, v);
		break;
	case QUERY_NUMBER:
		add_number(c, sql, col, v);
		break;
	case QUERY_BOOL:
		buf_adds(sql, "ifnull((");
		query_sql_expr(c->out, sql, col->sql, col->arg);
		buf_addf(sql, "), 0) = %d", v->yes);
		break;
	case QUERY_ID:
		add_id(c, sql, col, v);
		break;
	case QUERY_MATCH:
		add_text(c, sql, col, v);
		break;
	case QUERY_STATES:
	case QUERY_PACKAGE:
		break; /* states_part, package_part */
	}
	buf_addc(sql, ')');
}

/*
 * Keys of the runs whose indexed column is within the value; *ret_all: those are all.
 */
static enum weir_rc
read_indexed(struct query_compiler *c, size_t i, const struct query_value *v,
	struct keyset *set, bool *ret_all)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = query_prepare(c->s, indexed[i].select, &st, c->err);

	if (rc)
		return rc;
	if (v->type == QUERY_ID) {
		sqlite3_bind_blob(st, 1, v->id_from.b, 16, SQLITE_STATIC);
		sqlite3_bind_blob(st, 2, v->id_to.b, 16, SQLITE_STATIC);
	} else {
		sqlite3_bind_int64(st, 1, v->from);
		sqlite3_bind_int64(st, 2, v->to);
	}
	sqlite3_bind_int64(
		st, 3, indexed[i].limit == INT64_MAX ? -1 : indexed[i].limit + 1);
	rc = read_keys(c, st, indexed[i].limit, set, ret_all);
	sqlite3_finalize(st);
	return rc;
}

/* All values by an index, or nothing. */
static enum weir_rc
indexed_part(struct query_compiler *c, const struct query_node *n, struct query_part *p)
{
	struct keyset *set;
	bool all = true;
	size_t i = 0;
	enum weir_rc rc = WEIR_OK;

	while (i < N_ELEM(indexed) && strcmp(indexed[i].name, n->column->name) != 0)
		i++;
	if (i == N_ELEM(indexed) || has_none(n))
		return WEIR_OK;
	set = keyset_new();
	for (size_t j = 0; !rc && all && j < n->n_values; j++)
		rc = read_indexed(c, i, &n->values[j], set, &all);
	if (!rc && all)
		p->set = set;
	else
		keyset_free(set);
	return rc;
}

/* Is the value of this column among the searchable text of a run? */
static bool
is_in_text(const struct weir_column *col)
{
	/* A name with a dot may reach into an object, whose values are not there. */
	return strcmp(col->name, "name") == 0 || col->type == WEIR_T_TAGS ||
	       (strncmp(col->name, "param.", 6) == 0 && !strchr(col->arg, '.'));
}

/* A set that holds all runs that can fit, when each value has a literal to look for. */
static enum weir_rc
candidates(struct query_compiler *c, const struct query_node *n, struct query_part *p)
{
	struct keyset *set;
	enum weir_rc rc = WEIR_OK;

	if (!is_in_text(n->column))
		return WEIR_OK;
	for (size_t i = 0; i < n->n_values; i++) {
		const struct query_value *v = &n->values[i];

		if (v->type != QUERY_MATCH ||
			!query_text_has_literal(weir_match_literal(v->match)))
			return WEIR_OK;
	}
	set = keyset_new();
	for (size_t i = 0; !rc && i < n->n_values; i++)
		rc = query_text_candidates(
			c->s, weir_match_literal(n->values[i].match), set, c->err);
	if (rc)
		keyset_free(set);
	else
		p->set = set;
	return rc;
}

/* Environments with one of the packages; `none`: with none at all. */
static enum weir_rc
package_part(struct query_compiler *c, const struct query_node *n, struct query_part *p)
{
	enum weir_rc rc = WEIR_OK;

	if (has_none(n)) {
		buf_adds(&p->sql, "r.n_conda + r.n_pypi = 0");
		return WEIR_OK;
	}
	p->set = keyset_new();
	for (size_t i = 0; !rc && i < n->n_values; i++)
		rc = query_package_set(c->s, &n->values[i], p->set, c->err);
	return rc;
}

enum weir_rc
query_field_part(struct query_compiler *c, const struct query_node *n, bool top,
	struct query_part *p)
{
	const struct interned *in = find_interned(c->q->kind, n->column->name);
	enum weir_rc rc = WEIR_OK;

	if (n->values[0].type == QUERY_STATES || n->column->type == WEIR_T_STATE ||
		n->column->type == WEIR_T_STATE_NAME)
		return states_part(c, n, top, p);
	if (in)
		return interned_part(c, in, n, top, p);
	if (query_is_package(c->q->kind, n->column))
		return package_part(c, n, p);
	if (c->q->kind == WEIR_RUN)
		rc = indexed_part(c, n, p);
	if (rc || p->set)
		return rc;
	if (c->q->kind == WEIR_RUN)
		rc = candidates(c, n, p);
	for (size_t i = 0; !rc && i < n->n_values; i++)
		add_value(c, query_more(&p->sql, "OR"), n->column, &n->values[i]);
	return rc;
}

/* The runs of flows or deployments whose name matches: into the set, or as SQL. */
static enum weir_rc
word_keys(struct query_compiler *c, const struct interned *in,
	const struct weir_match *m, struct query_part *p)
{
	struct query_value v = { .type = QUERY_MATCH,
		.match = (struct weir_match *)(uintptr_t)m };
	struct keyset *keys = keyset_new();
	struct keyset *set = keyset_new();
	bool all = !in->driver;
	enum weir_rc rc = look_up(c, in->select, &v, 1, keys);

	if (!rc && in->driver)
		rc = enter(c, in->key, keys, set, &all);
	if (!rc && in->driver && all)
		keyset_or(p->set, set);
	else if (!rc && keyset_count(keys))
		query_add_in(c, query_more(&p->sql, "OR"), in->key, keys);
	keyset_free(keys);
	keyset_free(set);
	return rc;
}

enum weir_rc
query_word_part(
	struct query_compiler *c, const struct query_node *n, struct query_part *p)
{
	static const char *const names[] = { "flow_name", "deployment_name",
		"state_name" };
	enum weir_rc rc;

	if (c->q->kind != WEIR_RUN) {
		buf_addf(&p->sql, "weir_match(?%d, %s)", query_bind_match(c, n->match),
			word_texts[c->q->kind]);
		return WEIR_OK;
	}
	p->set = keyset_new();
	rc = query_text_search(c->s, n->match, n->plain, p->set, c->err);
	for (size_t i = 0; !rc && i < N_ELEM(names); i++)
		rc = word_keys(c, find_interned(WEIR_RUN, names[i]), n->match, p);
	if (rc || !p->sql.len)
		return rc;
	/* Set or condition: the set moves into the condition. */
	buf_addf(&p->sql, " OR weir_in(?%d, r.k)", query_bind_set(c, p->set));
	p->set = NULL;
	return WEIR_OK;
}
