/* Reading the rows of a list. */
#include "beside.h"
#include "select_rows.h"
#include "store_write.h"

/* Names are read into memory when more rows than this may come. */
enum { NAMES_ROWS = 2000 };

static enum weir_rc
open_key(struct weir_rows *r, struct select_builder *b, struct weir_err *err)
{
	int n = query_sql_bind(
		b->sql, (struct query_bind){ .type = BIND_INT, .i = b->sel->key });

	buf_init(&b->text, BUF_MAX);
	select_add_columns(b);
	buf_addf(&b->text, " FROM %s r WHERE r.k = ?%d", select_table(b->sel->kind), n);
	r->key_at = n;
	return query_prepare(r->store, buf_cstr(&b->text), &r->st, err);
}

/* One statement for a screenful of rows that are known by key. */
static enum weir_rc
open_keys(struct weir_rows *r, struct select_builder *b, struct weir_err *err)
{
	const struct weir_select *sel = b->sel;

	if (sel->n_keys > WEIR_SELECT_KEYS_MAX)
		return weir_fail(err, WEIR_ETOOBIG, "select: more than %d keys",
			WEIR_SELECT_KEYS_MAX);
	buf_init(&b->text, BUF_MAX);
	select_add_columns(b);
	buf_addf(&b->text, " FROM %s r WHERE r.k IN (", select_table(sel->kind));
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
select_open(struct weir_store *s, const struct weir_select *sel, bool order,
	struct weir_rows **ret_rows, struct weir_err *err)
{
	struct weir_rows *r = xcalloc(1, sizeof(*r));
	struct select_builder b = { .sel = sel, .sql = &r->sql, .order = order };
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
		rc = select_begin(&b, s, err);
		if (!rc)
			select_build(&b);
		if (!rc)
			rc = query_prepare(s, buf_cstr(&b.text), &r->st, err);
	}
	buf_release(&b.text);
	if (rc) {
		weir_rows_close(r);
		return rc;
	}
	query_sql_bind_all(&r->sql, r->st, select_now(sel));
	r->order_from = sqlite3_column_count(r->st) - (int)select_order_n(sel);
	if (sel->columns && sel->columns->n)
		r->cells = xcalloc(sel->columns->n, sizeof(*r->cells));
	*ret_rows = r;
	return WEIR_OK;
}

enum weir_rc
weir_rows_open(struct weir_store *s, const struct weir_select *sel,
	struct weir_rows **ret_rows, struct weir_err *err)
{
	return beside_has(s, sel->kind) ? beside_open(s, sel, ret_rows, err)
					: select_open(s, sel, false, ret_rows, err);
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
	c->i = key;
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

	r->key = sqlite3_column_int64(r->st, col++) | r->mark;
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

	if (r->beside)
		return beside_next(r, ret_row, err);
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
	if (r->beside) {
		beside_close(r);
		return;
	}
	sqlite3_finalize(r->st);
	query_sql_release(&r->sql);
	query_names_release(&r->names);
	free(r->named);
	free(r->cells);
	free(r);
}
