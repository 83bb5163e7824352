/* Which of two rows comes first, when they are of two stores. */
#include "query_names.h"
#include "select_rows.h"

size_t
select_order_n(const struct weir_select *sel)
{
	if (sel->kind == WEIR_RUN && select_order_of(sel) != SELECT_COLUMNS)
		return 1;
	return sel->n_sort + 1;
}

void
select_order_read(const struct weir_rows *r, struct select_value *ret_values)
{
	int n = sqlite3_column_count(r->st) - r->order_from;

	for (int i = 0; i < n; i++) {
		int col = r->order_from + i;
		struct select_value *v = &ret_values[i];

		*v = (struct select_value){ .type = sqlite3_column_type(r->st, col) };
		if (v->type == SQLITE_INTEGER)
			v->i = sqlite3_column_int64(r->st, col);
		if (v->type == SQLITE_INTEGER || v->type == SQLITE_FLOAT)
			v->d = sqlite3_column_double(r->st, col);
		else if (v->type == SQLITE_BLOB)
			v->s = (struct str){ sqlite3_column_blob(r->st, col),
				(size_t)sqlite3_column_bytes(r->st, col) };
		else if (v->type == SQLITE_TEXT)
			v->s = db_str(r->st, col);
	}
}

static int
compare_bytes(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.s, b.s, n) : 0;

	return c ? c : (a.len > b.len) - (a.len < b.len);
}

/* As SQLite: nothing, numbers, texts, blobs. */
static int
rank(int type)
{
	return type == SQLITE_NULL   ? 0
	       : type == SQLITE_TEXT ? 2
	       : type == SQLITE_BLOB ? 3
				     : 1;
}

static int
compare_values(const struct select_value *a, const struct select_value *b, bool nocase)
{
	if (rank(a->type) != rank(b->type))
		return rank(a->type) - rank(b->type);
	if (a->type == SQLITE_INTEGER && b->type == SQLITE_INTEGER)
		return (a->i > b->i) - (a->i < b->i);
	if (rank(a->type) == 1)
		return (a->d > b->d) - (a->d < b->d);
	if (a->type == SQLITE_TEXT && nocase)
		return query_names_compare(a->s, b->s);
	return compare_bytes(a->s, b->s);
}

/* The own order of runs: what has begun, newest first, then what is due, soonest first.
 */
static int
compare_runs(int64_t now_us, int64_t at_a, int64_t key_a, int64_t at_b, int64_t key_b)
{
	bool due_a = at_a > now_us, due_b = at_b > now_us;
	int c;

	if (due_a != due_b)
		return due_a ? 1 : -1;
	c = (at_a > at_b) - (at_a < at_b);
	c = c ? c : (key_a > key_b) - (key_a < key_b);
	return due_a ? c : -c;
}

static int
compare_last(const struct weir_select *sel, const struct select_value *a, int64_t key_a,
	const struct select_value *b, int64_t key_b)
{
	int c;

	if (sel->kind == WEIR_RUN)
		return compare_runs(sel->now_us, a->i, key_a, b->i, key_b);
	c = compare_values(a, b, false);
	return c ? c : (key_a > key_b) - (key_a < key_b);
}

int
select_compare(const struct weir_select *sel, const struct select_value *a,
	int64_t key_a, const struct select_value *b, int64_t key_b)
{
	size_t n = select_order_n(sel);
	int c = 0;

	for (size_t i = 0; i + 1 < n; i++) {
		enum weir_type type = sel->sort[i].column->type;
		bool none_a = a[i].type == SQLITE_NULL,
		     none_b = b[i].type == SQLITE_NULL;

		if (none_a != none_b)
			return none_a ? 1 : -1; /* last either way */
		c = compare_values(
			&a[i], &b[i], type == WEIR_T_TEXT || type == WEIR_T_STATE_NAME);
		if (c)
			return sel->sort[i].descending ? -c : c;
	}
	if (n == 1 && sel->n_sort > 0) {
		/* Runs by when they begin. */
		c = compare_values(a, b, false);
		c = c ? c : (key_a > key_b) - (key_a < key_b);
		return sel->sort[0].descending ? -c : c;
	}
	c = compare_last(sel, &a[n - 1], key_a, &b[n - 1], key_b);
	return select_is_reversed(sel) ? -c : c;
}
