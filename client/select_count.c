/* Counting what a query matches, and its keys as a set. */
#include "beside.h"
#include "select_build.h"
#include "store_write.h"

/* One statement over what the query matches: `head` FROM (...) `tail`. */
static enum weir_rc
summarise(struct weir_store *s, const struct weir_select *sel, const char *inner,
	const char *head, const char *tail, struct query_sql *sql,
	sqlite3_stmt **ret_st, struct weir_err *err)
{
	struct select_builder b = { .sel = sel, .sql = sql };
	enum weir_rc rc = select_begin(&b, s, err);

	if (rc)
		goto out;
	buf_addf(&b.text, "SELECT %s FROM (SELECT %s", head, inner);
	select_add_source(&b);
	if (sel->limit)
		buf_addf(&b.text, " LIMIT ?%d", b.limit);
	buf_addf(&b.text, ")%s", tail);
	rc = query_prepare(s, buf_cstr(&b.text), ret_st, err);
	if (!rc)
		query_sql_bind_all(sql, *ret_st, select_now(sel));
out:
	buf_release(&b.text);
	return rc;
}

static enum weir_rc
count_rows(struct weir_store *s, const struct weir_select *sel, int64_t *ret_n,
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
weir_rows_count(struct weir_store *s, const struct weir_select *sel, int64_t *ret_n,
	struct weir_err *err)
{
	int64_t n = 0, more = 0;
	enum weir_rc rc = count_rows(s, sel, &n, err);

	if (!rc && beside_has(s, sel->kind))
		rc = count_rows(weir_store_beside(s), sel, &more, err);
	if (rc)
		return rc;
	n += more;
	*ret_n = sel->limit && n > sel->limit ? sel->limit : n;
	return WEIR_OK;
}

/* Added to n. */
static enum weir_rc
count_states(struct weir_store *s, const struct weir_select *sel,
	int64_t n[WEIR_N_STATES], struct weir_err *err)
{
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
			n[state] += sqlite3_column_int64(st, 1);
	}
	sqlite3_finalize(st);
	query_sql_release(&sql);
	return rc;
}

enum weir_rc
weir_rows_count_states(struct weir_store *s, const struct weir_select *sel,
	int64_t n[WEIR_N_STATES], struct weir_err *err)
{
	int64_t counts[WEIR_N_STATES] = { 0 };
	enum weir_rc rc = count_states(s, sel, counts, err);

	if (!rc && beside_has(s, sel->kind))
		rc = count_states(weir_store_beside(s), sel, counts, err);
	if (!rc)
		memcpy(n, counts, sizeof(counts));
	return rc;
}

/* Keys by the builder's source. */
static enum weir_rc
read_set(struct weir_store *s, struct select_builder *b, struct keyset *set,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = true;
	enum weir_rc rc;

	buf_clear(&b->text);
	buf_adds(&b->text, "SELECT r.k");
	select_add_source(b);
	rc = query_prepare(s, buf_cstr(&b->text), &st, err);
	if (!rc)
		query_sql_bind_all(b->sql, st, select_now(b->sel));
	while (!rc && !(rc = db_step(store_db(s), st, &row, err)) && row)
		keyset_add(set, sqlite3_column_int64(st, 0));
	sqlite3_finalize(st);
	return rc;
}

static enum weir_rc
look_first(struct weir_store *s, const struct select_builder *all,
	const struct select_probe *probe, struct weir_err *err)
{
	struct select_builder b = *all;
	struct keyset *of = keyset_new(), *found = keyset_new();
	enum weir_rc rc;

	buf_init(&b.text, BUF_MAX);
	for (size_t i = 0; i < probe->n; i++)
		keyset_add(of, probe->keys[i]);
	if (b.sql->set)
		keyset_and(of, b.sql->set);
	select_enter(&b, of);
	rc = read_set(s, &b, found, err);
	if (!rc)
		probe->tell(probe->arg, found);
	keyset_free(of);
	keyset_free(found);
	buf_release(&b.text);
	return rc;
}

enum weir_rc
select_set(struct weir_store *s, const struct weir_select *sel,
	const struct select_probe *probe, struct keyset **ret_set, struct weir_err *err)
{
	struct query_sql sql;
	struct select_builder b = { .sel = sel, .sql = &sql };
	struct keyset *set = NULL;
	enum weir_rc rc;

	query_sql_init(&sql);
	rc = select_begin(&b, s, err);
	if (!rc && sql.set && !sql.where.len && !sql.driver.column) {
		*ret_set = sql.set; /* no row has to be looked at */
		sql.set = NULL;
		goto out;
	}
	if (!rc && probe && probe->n > 0 && !b.small)
		rc = look_first(s, &b, probe, err);
	set = keyset_new();
	if (!rc)
		rc = read_set(s, &b, set, err);
	if (rc)
		keyset_free(set);
	else
		*ret_set = set;
out:
	buf_release(&b.text);
	query_sql_release(&sql);
	return rc;
}
