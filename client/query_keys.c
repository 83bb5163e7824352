#include "weir/keys.h"

#include "beside.h"
#include "query_sort.h"
#include "select_rows.h"
#include "store_write.h"
#include "weir/time.h"

enum {
	SETS = 8,     /* that are remembered */
	SMALL = 4096, /* rows that SQLite sorts at once */
	FIRST = 8192, /* rows that are looked at before all */
	SORT_TEXT = 256,
	OLD_S = 60, /* runs become due: the own order changes with time */
};

/* All keys in one order; the last n_null have no value in its first column. */
struct order {
	char sort[SORT_TEXT]; /* "" the kind's own */
	bool descending;      /* of its first column; the other way is turned round */
	int64_t generation, read_us;
	uint32_t *keys; /* NULL: nothing is known */
	size_t n, n_null;
};

/* The first keys of an order that takes long, in both directions. */
struct ends {
	char sort[SORT_TEXT];
	int64_t generation;
	size_t head;
	uint32_t *keys[2]; /* upwards, downwards; NULL: not known */
};

struct weir_keys {
	struct order own, sorted;
	struct ends ends;
	uint8_t *states; /* by key */
	size_t n_states;
	int64_t states_generation;
	struct {
		char *text; /* of the query */
		int64_t generation;
		struct keyset *set;
	} sets[SETS];
	size_t next_set;
};

/* One question. */
struct question {
	struct weir_keys *k;
	struct weir_store *s;
	const struct weir_select *sel;
	const char *text;
	size_t head;
	const struct weir_keys_user *user;
	int64_t generation;
	struct weir_err *err;
};

struct weir_keys *
weir_keys_new(void)
{
	return xcalloc(1, sizeof(struct weir_keys));
}

void
weir_keys_free(struct weir_keys *k)
{
	if (!k)
		return;
	free(k->own.keys);
	free(k->sorted.keys);
	free(k->ends.keys[0]);
	free(k->ends.keys[1]);
	free(k->states);
	for (size_t i = 0; i < SETS; i++) {
		free(k->sets[i].text);
		keyset_free(k->sets[i].set);
	}
	free(k);
}

/* `name,dur` without the direction of the first, which *ret_descending gets. */
static bool
sort_text(const struct weir_select *sel, char out[SORT_TEXT], bool *ret_descending)
{
	struct buf b = BUF_INIT(SORT_TEXT - 1);
	bool flip = sel->n_sort > 0 && sel->sort[0].descending;

	for (size_t i = 0; i < sel->n_sort; i++)
		buf_addf(&b, "%s%s%s", i > 0 ? "," : "", sel->sort[i].column->name,
			sel->sort[i].descending != flip ? ":other" : "");
	snprintf(out, SORT_TEXT, "%s", buf_cstr(&b));
	*ret_descending = flip;
	flip = b.truncated;
	buf_release(&b);
	return !flip;
}

static bool
is_fresh(const struct question *q, const struct order *o)
{
	return o->keys && o->generation == q->generation &&
	       weir_monotonic_us() - o->read_us < (int64_t)OLD_S * WEIR_SECOND_US;
}

/*
 * Can the order be used for this one? Turned round only where one column is sorted by:
 * of the others what has no value stays last.
 */
static bool
serves(const struct question *q, const struct order *o, const char *sort,
	bool descending)
{
	return is_fresh(q, o) && strcmp(o->sort, sort) == 0 &&
	       (q->sel->n_sort < 2 || o->descending == descending);
}

/* Keys by a statement: all, or the first. */
static enum weir_rc
read_plain(const struct question *q, size_t limit, uint32_t **ret_keys, size_t *ret_n)
{
	struct weir_select sel = *q->sel;
	VEC(uint32_t) keys = { 0 };
	struct weir_rows *rows = NULL;
	bool more = true;
	enum weir_rc rc;

	sel.columns = NULL;
	sel.limit = (int64_t)limit;
	rc = select_open(q->s, &sel, false, &rows, q->err);
	while (!rc && !(rc = weir_rows_next(rows, &more, q->err)) && more)
		VEC_PUSH(&keys, (uint32_t)weir_rows_key(rows));
	weir_rows_close(rows);
	if (rc) {
		VEC_FREE(&keys);
		return rc;
	}
	*ret_n = keys.n;
	VEC_PUSH(&keys, 0); /* never NULL, and copied whole */
	*ret_keys = keys.v;
	return WEIR_OK;
}

/* The first keys by a statement; *ret_all: there are no others. */
static enum weir_rc
tell_head(const struct question *q, bool *ret_all)
{
	uint32_t *keys = NULL;
	size_t n = 0;
	enum weir_rc rc;

	*ret_all = false;
	if (!q->head)
		return WEIR_OK;
	rc = read_plain(q, q->head, &keys, &n);
	if (rc)
		return rc;
	*ret_all = n < q->head;
	if (*ret_all)
		q->user->all(q->user->arg, keys, n);
	else
		q->user->head(q->user->arg, keys, n);
	return WEIR_OK;
}

/* The first keys downwards or upwards, if they are not known. */
static enum weir_rc
need_end(const struct question *q, bool down, size_t *ret_n)
{
	struct weir_select sel = *q->sel;
	struct weir_sort by = sel.sort[0];
	struct question end = *q;

	*ret_n = q->head;
	if (q->k->ends.keys[down])
		return WEIR_OK;
	by.descending = down;
	sel.sort = &by;
	end.sel = &sel;
	return read_plain(&end, q->head, &q->k->ends.keys[down], ret_n);
}

/*
 * As tell_head. The first keys of the other direction are read too before the whole
 * order is made: who turns it round meanwhile need not wait.
 */
static enum weir_rc
tell_ends(const struct question *q, const char *sort, bool *ret_all)
{
	struct ends *e = &q->k->ends;
	bool down = q->sel->sort[0].descending;
	size_t n = 0;
	enum weir_rc rc;

	if (!q->head || q->sel->n_sort != 1)
		return tell_head(q, ret_all);
	if (strcmp(e->sort, sort) != 0 || e->generation != q->generation ||
		e->head != q->head) {
		free(e->keys[0]);
		free(e->keys[1]);
		*e = (struct ends){ .generation = q->generation, .head = q->head };
		snprintf(e->sort, sizeof(e->sort), "%s", sort);
	}
	rc = need_end(q, down, &n);
	if (rc)
		return rc;
	*ret_all = n < q->head;
	if (*ret_all) {
		q->user->all(q->user->arg, e->keys[down], n);
		e->keys[down] = NULL;
		return WEIR_OK;
	}
	q->user->head(q->user->arg, xmemdup(e->keys[down], n * sizeof(uint32_t)), n);
	return need_end(q, !down, &n);
}

static void
keep(const struct question *q, struct order *o, uint32_t *keys, size_t n, size_t n_null)
{
	free(o->keys);
	o->keys = keys;
	o->n = n;
	o->n_null = n_null;
	o->generation = q->generation;
	o->read_us = weir_monotonic_us();
}

/* Without columns at_us alone is read, from its index. */
static enum weir_rc
need_own(const struct question *q)
{
	struct weir_select sel = { .kind = q->sel->kind, .now_us = q->sel->now_us };
	struct question own = *q;
	uint32_t *keys = NULL;
	size_t n = 0;
	enum weir_rc rc;

	if (is_fresh(q, &q->k->own))
		return WEIR_OK;
	free(q->k->own.keys);
	q->k->own.keys = NULL;
	own.sel = &sel;
	rc = read_plain(&own, 0, &keys, &n);
	if (!rc)
		keep(q, &q->k->own, keys, n, 0);
	return rc;
}

static enum weir_rc
need_states(const struct question *q)
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = {
		.kind = q->sel->kind, .columns = &set, .any_order = true
	};
	struct weir_keys *k = q->k;
	struct weir_rows *rows = NULL;
	bool row = true;
	enum weir_rc rc;

	if (k->states && k->states_generation == q->generation)
		return WEIR_OK;
	rc = weir_columns_choose(sel.kind, "state_type", 0, &set, q->err);
	if (!rc)
		rc = select_open(q->s, &sel, false, &rows, q->err);
	while (!rc && !(rc = weir_rows_next(rows, &row, q->err)) && row) {
		size_t key = (uint32_t)weir_rows_key(rows), n = k->n_states;

		if (key >= n) {
			n = key + key / 4 + 1024;
			k->states = xrealloc(k->states, n);
			memset(k->states + k->n_states, 0, n - k->n_states);
			k->n_states = n;
		}
		k->states[key] = (uint8_t)weir_rows_cell(rows, 0)->i;
	}
	weir_rows_close(rows);
	weir_columns_release(&set);
	k->states_generation = rc ? -1 : q->generation;
	return rc;
}

static enum weir_rc
tell_counts(const struct question *q, const uint32_t *keys, size_t n)
{
	int64_t states[WEIR_N_STATES] = { 0 };
	enum weir_rc rc;

	if (!q->user->counts)
		return WEIR_OK;
	rc = need_states(q);
	for (size_t i = 0; !rc && i < n; i++) {
		uint8_t state = keys[i] < q->k->n_states ? q->k->states[keys[i]] : 0;

		states[state < WEIR_N_STATES ? state : 0]++;
	}
	if (!rc)
		q->user->counts(q->user->arg, states);
	return rc;
}

/* All keys, taken, and then their states. */
static enum weir_rc
tell_all(const struct question *q, uint32_t *keys, size_t n)
{
	bool counts = q->user->counts && q->sel->kind == WEIR_RUN;
	uint32_t *copy = counts ? xmemdup(keys, (n + 1) * sizeof(*keys)) : NULL;
	enum weir_rc rc = WEIR_OK;

	q->user->all(q->user->arg, keys, n);
	if (counts)
		rc = tell_counts(q, copy, n);
	free(copy);
	return rc;
}

/* Keys of the order, those of the set only; turned round if it is the other way. */
static enum weir_rc
tell_order(const struct question *q, const struct order *o, bool descending,
	const struct keyset *set)
{
	bool back = descending != o->descending;
	size_t n_values = o->n - o->n_null, n = 0;
	size_t most = set ? keyset_count(set) : o->n;
	uint32_t *keys;

	most = most < o->n ? most : o->n;
	keys = xcalloc(most + 1, sizeof(*keys));
	for (size_t i = 0; i < o->n; i++) {
		size_t at = !back          ? i
			    : i < n_values ? n_values - 1 - i
					   : o->n - 1 - (i - n_values);

		if (n < most && (!set || keyset_has(set, o->keys[at])))
			keys[n++] = o->keys[at];
	}
	return tell_all(q, keys, n);
}

static enum weir_rc
tell_plain(const struct question *q)
{
	uint32_t *keys = NULL;
	size_t n = 0;
	enum weir_rc rc = read_plain(q, 0, &keys, &n);

	return rc ? rc : tell_all(q, keys, n);
}

/* The whole list, sorted by one column. */
static enum weir_rc
need_sorted(const struct question *q, const char *sort, bool *ret_told)
{
	struct order *o = &q->k->sorted;
	const struct weir_sort *by = q->sel->sort;
	bool one = q->sel->n_sort == 1;
	/* By time an index has them in order, equal ones too. */
	bool quick = one && select_order_of(q->sel) == SELECT_COLUMNS &&
		     query_sort_is_quick(q->sel->kind, by->column);
	uint32_t *keys = NULL;
	size_t n = 0, n_null = 0;
	enum weir_rc rc = WEIR_OK;

	*ret_told = false;
	free(o->keys);
	o->keys = NULL;
	snprintf(o->sort, sizeof(o->sort), "%s", sort);
	if (!quick)
		rc = tell_ends(q, sort, ret_told);
	if (rc || *ret_told)
		return rc;
	if (quick || (one && query_sort_is_text(by->column))) {
		rc = need_own(q);
		if (!rc)
			rc = query_sort_keys(q->s, q->sel, q->k->own.keys, q->k->own.n,
				&keys, &n_null, q->err);
		n = q->k->own.n;
		o->descending = select_sorts_down(by->column);
	}
	if (!rc && !keys) {
		rc = read_plain(q, 0, &keys, &n);
		if (!rc)
			rc = query_sort_nulls(q->s, q->sel, &n_null, q->err);
		o->descending = by->descending;
	}
	if (!rc)
		keep(q, o, keys, n, n_null);
	return rc;
}

static enum weir_rc
find_all(const struct question *q, const char *sort, bool descending)
{
	struct order *o = &q->k->sorted;
	bool told = false;
	enum weir_rc rc = WEIR_OK;

	if (!*sort) {
		if (!is_fresh(q, &q->k->own))
			rc = tell_head(q, &told);
		if (!rc && !told)
			rc = need_own(q);
		if (!rc && !told)
			return tell_order(q, &q->k->own, false, NULL);
		if (!rc)
			rc = need_own(q);
		return rc ? rc : tell_counts(q, q->k->own.keys, q->k->own.n);
	}
	if (!serves(q, o, sort, descending))
		rc = need_sorted(q, sort, &told);
	if (rc)
		return rc;
	if (!told)
		return tell_order(q, o, descending, NULL);
	rc = need_own(q);
	return rc ? rc : tell_counts(q, q->k->own.keys, q->k->own.n);
}

/* The first keys, when there are as many among the first rows. */
static void
tell_first(void *arg, const struct keyset *found)
{
	const struct question *q = arg;
	const struct order *own = &q->k->own;
	uint32_t *keys;

	if (keyset_count(found) < q->head)
		return;
	keys = xcalloc(q->head + 1, sizeof(*keys));
	for (size_t i = 0, n = 0; i < own->n && n < q->head; i++) {
		if (keyset_has(found, own->keys[i]))
			keys[n++] = own->keys[i];
	}
	q->user->head(q->user->arg, keys, q->head);
}

/* The set of the query: one that is remembered, or a new one. Borrowed. */
static enum weir_rc
need_set(const struct question *q, struct keyset **ret_set)
{
	struct weir_keys *k = q->k;
	bool first = q->head > 0 && q->sel->n_sort == 0 && is_fresh(q, &k->own);
	struct select_probe probe = { k->own.keys, k->own.n < FIRST ? k->own.n : FIRST,
		tell_first, (void *)(uintptr_t)q };
	struct keyset *set = NULL;
	size_t i;
	enum weir_rc rc;

	for (i = 0; i < SETS; i++) {
		if (k->sets[i].set && k->sets[i].generation == q->generation &&
			strcmp(k->sets[i].text, q->text) == 0 &&
			!weir_query_is_relative(q->sel->query)) {
			*ret_set = k->sets[i].set;
			return WEIR_OK;
		}
	}
	rc = select_set(q->s, q->sel, first ? &probe : NULL, &set, q->err);
	if (rc)
		return rc;
	i = k->next_set++ % SETS;
	free(k->sets[i].text);
	keyset_free(k->sets[i].set);
	k->sets[i].text = xstrdup(q->text);
	k->sets[i].generation = q->generation;
	k->sets[i].set = *ret_set = set;
	return WEIR_OK;
}

static enum weir_rc
find_some(const struct question *q, const char *sort, bool descending)
{
	struct order *o = *sort ? &q->k->sorted : &q->k->own;
	struct keyset *set = NULL;
	bool told = false;
	enum weir_rc rc = need_set(q, &set);

	if (rc)
		return rc;
	if (*sort && (!serves(q, o, sort, descending))) {
		if (keyset_count(set) > SMALL)
			rc = tell_head(q, &told);
		return rc ? rc : tell_plain(q);
	}
	if (!*sort && !is_fresh(q, o)) {
		if (keyset_count(set) <= SMALL)
			return tell_plain(q);
		rc = need_own(q);
	}
	return rc ? rc : tell_order(q, o, descending, set);
}

/* Of one store. */
static enum weir_rc
find(const struct question *q)
{
	char sort[SORT_TEXT];
	bool descending, told = false;
	enum weir_rc rc;

	query_text_keep(q->s);
	if (q->sel->kind == WEIR_RUN && sort_text(q->sel, sort, &descending)) {
		if (!q->sel->query || weir_query_matches_all(q->sel->query))
			return find_all(q, sort, descending);
		return find_some(q, sort, descending);
	}
	rc = tell_head(q, &told);
	return rc || told ? rc : tell_plain(q);
}

/* Who is told of both stores. */
struct both {
	struct question *q; /* the other's user, and error */
	struct beside_keys *more;
	enum weir_rc rc;
};

static void
tell_both(struct both *b, uint32_t *keys, size_t n, size_t most,
	void (*tell)(void *arg, uint32_t *keys, size_t n))
{
	if (!b->rc)
		b->rc = beside_keys_put(b->more, &keys, &n, most, b->q->err);
	if (b->rc)
		free(keys);
	else
		tell(b->q->user->arg, keys, n);
}

static void
both_head(void *arg, uint32_t *keys, size_t n)
{
	struct both *b = arg;

	tell_both(b, keys, n, b->q->head, b->q->user->head);
}

static void
both_all(void *arg, uint32_t *keys, size_t n)
{
	struct both *b = arg;

	tell_both(b, keys, n, SIZE_MAX, b->q->user->all);
}

static void
both_counts(void *arg, const int64_t states[WEIR_N_STATES])
{
	struct both *b = arg;
	int64_t sum[WEIR_N_STATES];

	memcpy(sum, states, sizeof(sum));
	beside_keys_count(b->more, sum);
	if (!b->rc)
		b->q->user->counts(b->q->user->arg, sum);
}

/* Of two: those of the smaller are put among the other's. */
static enum weir_rc
find_both(struct question *q)
{
	struct both b = { .q = q };
	struct weir_keys_user user = { &b, both_head, both_all,
		q->user->counts ? both_counts : NULL };
	struct question of = *q;
	enum weir_rc rc = beside_keys_new(q->s, q->sel, &b.more, q->err);

	if (rc)
		return rc;
	if (beside_keys_n(b.more) > 0)
		of.user = &user;
	rc = find(&of);
	beside_keys_free(b.more);
	return rc ? rc : b.rc;
}

enum weir_rc
weir_keys_find(struct weir_keys *k, struct weir_store *s, const struct weir_select *sel,
	const char *text, size_t head, const struct weir_keys_user *user,
	struct weir_err *err)
{
	struct question q = { k, s, sel, text, head, user, store_generation(s), err };

	return beside_has(s, sel->kind) ? find_both(&q) : find(&q);
}
