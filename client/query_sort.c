#include "query_sort.h"

#include <stdlib.h>

#include "query_names.h"
#include "query_tally.h"
#include "select_rows.h"
#include "store_write.h"

enum { DIGIT = 16, BUCKETS = 1 << DIGIT, PASSES = 64 / DIGIT };
enum { TEXTS_MAX = 1 << 15 }; /* different ones that are held in memory */

bool
query_sort_is_quick(enum weir_kind kind, const struct weir_column *c)
{
	switch (c->type) {
	case WEIR_T_TIME:
	case WEIR_T_DURATION:
	case WEIR_T_INT:
	case WEIR_T_REAL:
	case WEIR_T_BOOL:
	case WEIR_T_STATE:
	case WEIR_T_STATE_NAME:
		return true;
	default:
		return query_named_find(kind, c) != NULL;
	}
}

bool
query_sort_is_text(const struct weir_column *c)
{
	return !c->order && (c->type == WEIR_T_TEXT || c->type == WEIR_T_TAGS ||
				    c->type == WEIR_T_JSON);
}

/* Values by key, as numbers whose order is the column's. */
struct values {
	uint64_t *v; /* of keys below n */
	bool *has;
	size_t n;
};

/* A double as a number in the same order. */
static uint64_t
of_double(double d)
{
	uint64_t u;

	d = d == 0 ? 0 : d; /* -0 is 0 */
	memcpy(&u, &d, sizeof(u));
	return u >> 63 ? ~u : u | UINT64_C(1) << 63;
}

static uint64_t
of_cell(const struct weir_cell *c, const uint32_t *ranks, size_t n_ranks)
{
	if (ranks)
		return c->i >= 0 && (size_t)c->i < n_ranks ? ranks[c->i] : 0;
	if (c->type == WEIR_T_DURATION || c->type == WEIR_T_REAL)
		return of_double(c->d);
	return (uint64_t)c->i ^ UINT64_C(1) << 63;
}

/* What stands for a cell's value. */
struct how {
	bool down;
	uint32_t *ranks; /* of names, by their key; owned */
	size_t n_ranks;
	struct query_tally *texts; /* the place of a text among them, at first */
	bool full;                 /* there are more texts than that */
};

static uint64_t
value_of(struct how *how, const struct weir_cell *c)
{
	uint64_t u;

	if (how->texts && !c->null) {
		const struct query_tally_entry *e = query_tally_at(how->texts, c->s);

		how->full = !e;
		return e ? (uint64_t)(e - how->texts->v.v) : 0;
	}
	u = of_cell(c, how->ranks, how->n_ranks);
	return how->down ? ~u : u;
}

static enum weir_rc
read_values(struct weir_store *s, const struct weir_select *sel, struct how *how,
	struct values *v, struct weir_err *err)
{
	struct weir_rows *rows = NULL;
	bool row = true;
	enum weir_rc rc = select_open(s, sel, false, &rows, err);

	while (!rc && !how->full && !(rc = weir_rows_next(rows, &row, err)) && row) {
		const struct weir_cell *c = weir_rows_cell(rows, 0);
		size_t key = (size_t)weir_rows_key(rows);

		if (key >= v->n)
			continue; /* it came after the order was read */
		v->has[key] = !c->null;
		v->v[key] = value_of(how, c);
	}
	weir_rows_close(rows);
	return rc;
}

static int
compare_texts(const void *a, const void *b)
{
	const struct query_tally_entry *const *x = a, *const *y = b;

	struct str s = (*x)->text, t = (*y)->text;
	int c = memcmp(s.s, t.s, s.len < t.len ? s.len : t.len);

	return c ? c : (s.len > t.len) - (s.len < t.len);
}

static int
compare_nocase(const void *a, const void *b)
{
	const struct query_tally_entry *const *x = a, *const *y = b;

	return query_names_compare((*x)->text, (*y)->text);
}

/* The texts' places become their ranks. */
static void
rank_texts(const struct query_tally *t, bool nocase, struct values *v)
{
	const struct query_tally_entry **order = xcalloc(t->v.n + 1, sizeof(*order));
	int (*compare)(const void *, const void *) =
		nocase ? compare_nocase : compare_texts;
	uint32_t *ranks = xcalloc(t->v.n + 1, sizeof(*ranks)), rank = 0;

	for (size_t i = 0; i < t->v.n; i++)
		order[i] = &t->v.v[i];
	qsort(order, t->v.n, sizeof(*order), compare);
	for (size_t i = 0; i < t->v.n; i++) {
		rank += i > 0 && compare(&order[i - 1], &order[i]) != 0;
		ranks[order[i] - t->v.v] = rank;
	}
	for (size_t i = 0; i < v->n; i++)
		v->v[i] = v->has[i] ? ranks[v->v[i]] : 0;
	free(order);
	free(ranks);
}

/* Stable, least digit first; a digit that all have alike is passed over. */
static void
radix(uint32_t *keys, size_t n, const uint64_t *values)
{
	uint32_t *to = xcalloc(n + 1, sizeof(*to)), *from = keys;
	uint32_t *count = xcalloc(BUCKETS, sizeof(*count));

	for (int pass = 0; pass < PASSES && n > 0; pass++) {
		int shift = pass * DIGIT;
		uint32_t sum = 0, *swap = from;

		memset(count, 0, BUCKETS * sizeof(*count));
		for (size_t i = 0; i < n; i++)
			count[values[from[i]] >> shift & (BUCKETS - 1)]++;
		if (count[values[from[0]] >> shift & (BUCKETS - 1)] == n)
			continue;
		for (size_t i = 0; i < BUCKETS; i++) {
			uint32_t here = count[i];

			count[i] = sum;
			sum += here;
		}
		for (size_t i = 0; i < n; i++)
			to[count[values[from[i]] >> shift & (BUCKETS - 1)]++] = from[i];
		from = to;
		to = swap;
	}
	if (from != keys) {
		memcpy(keys, from, n * sizeof(*keys));
		to = from;
	}
	free(to);
	free(count);
}

/* The keys with a value first, both parts as they were. */
static size_t
part(const uint32_t *keys, size_t n, const struct values *v, uint32_t *out)
{
	size_t n_values = 0, at;

	for (size_t i = 0; i < n; i++)
		n_values += v->has[keys[i]];
	at = n_values;
	for (size_t i = 0, k = 0; i < n; i++)
		out[v->has[keys[i]] ? k++ : at++] = keys[i];
	return n_values;
}

enum weir_rc
query_sort_keys(struct weir_store *s, const struct weir_select *list,
	const uint32_t *keys, size_t n, uint32_t **ret_keys, size_t *ret_null,
	struct weir_err *err)
{
	const struct weir_column *c = list->sort[0].column;
	struct weir_column by = *c;
	const struct weir_column *columns[] = { &by };
	struct weir_column_set set = { columns, 1, NULL };
	struct weir_select sel = { .kind = list->kind,
		.columns = &set,
		.now_us = list->now_us,
		.any_order = true };
	const struct query_named *named = query_named_find(list->kind, c);
	struct query_names names = { 0 };
	struct query_tally texts;
	struct how how = { .down = select_sorts_down(c) };
	struct values v = { 0 };
	size_t n_values;
	enum weir_rc rc = WEIR_OK;

	query_tally_init(&texts, TEXTS_MAX);
	if (c->order) {
		/* Sorted by something else than is shown: a state by its type. */
		by.name = "";
		by.sql = c->order;
		by.type = c->type == WEIR_T_STATE_NAME ? WEIR_T_INT : c->type;
	} else if (named) {
		rc = query_names_read(&names, s, named->table, err);
		if (!rc)
			how.ranks =
				query_names_ranks(&names, named->table, &how.n_ranks);
	} else if (query_sort_is_text(c)) {
		how.texts = &texts;
	}
	for (size_t i = 0; i < n; i++)
		v.n = keys[i] >= v.n ? (size_t)keys[i] + 1 : v.n;
	v.v = xcalloc(v.n + 1, sizeof(*v.v));
	v.has = xcalloc(v.n + 1, sizeof(*v.has));
	if (!rc)
		rc = read_values(s, &sel, &how, &v, err);
	if (!rc && !how.full) {
		if (how.texts)
			rank_texts(&texts, c->type == WEIR_T_TEXT, &v);
		*ret_keys = xcalloc(n + 1, sizeof(**ret_keys));
		n_values = part(keys, n, &v, *ret_keys);
		*ret_null = n - n_values;
		radix(*ret_keys, n_values, v.v);
	}
	free(v.v);
	free(v.has);
	free(how.ranks);
	query_names_release(&names);
	query_tally_release(&texts);
	return rc;
}

enum weir_rc
query_sort_nulls(struct weir_store *s, const struct weir_select *sel, size_t *ret_n,
	struct weir_err *err)
{
	struct query_sql sql;
	struct buf text = BUF_INIT(BUF_MAX);
	const struct weir_column *c = sel->sort[0].column;
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc;

	query_sql_init(&sql);
	buf_adds(&text, "SELECT count(*) FROM ");
	buf_addf(&text, "%s r WHERE (", select_table(sel->kind));
	query_sql_expr(&sql, &text, c->order ? c->order : c->sql, c->arg);
	buf_adds(&text, ") IS NULL");
	rc = query_prepare(s, buf_cstr(&text), &st, err);
	if (!rc) {
		query_sql_bind_all(&sql, st, select_now(sel));
		rc = db_step(store_db(s), st, &row, err);
	}
	if (!rc && row)
		*ret_n = (size_t)sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	query_sql_release(&sql);
	buf_release(&text);
	return rc;
}
