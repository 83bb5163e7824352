#include "query_names.h"

#include <stdlib.h>

#include "store_write.h"

enum { NAMES_MAX = 1 << 22 }; /* keys beyond are damage, not data */

/* clang-format off */
static const char *const selects[QUERY_TABLES] = {
	[QUERY_NAMES] = "SELECT k, name FROM names",
	[QUERY_FLOWS] = "SELECT k, name FROM flows WHERE name IS NOT NULL",
	[QUERY_DEPLOYMENTS] = "SELECT k, name FROM deployments WHERE name IS NOT NULL",
};

static const struct query_named named[] = {
	{ WEIR_RUN, "flow_name", "r.flow", QUERY_FLOWS },
	{ WEIR_RUN, "deployment_name", "r.deployment", QUERY_DEPLOYMENTS },
	{ WEIR_RUN, "work_pool_name", "r.pool", QUERY_NAMES },
	{ WEIR_RUN, "work_queue_name", "r.queue", QUERY_NAMES },
	{ WEIR_RUN, "platform", "r.platform", QUERY_NAMES },
	{ WEIR_RUN, "state_name", "r.state_name", QUERY_NAMES },
	{ WEIR_TASK_RUN, "state_name", "r.state_name", QUERY_NAMES },
};
/* clang-format on */

const struct query_named *
query_named_find(enum weir_kind kind, const struct weir_column *column)
{
	for (size_t i = 0; i < N_ELEM(named); i++) {
		if (named[i].kind == kind && strcmp(named[i].name, column->name) == 0)
			return &named[i];
	}
	return NULL;
}

void
query_names_release(struct query_names *n)
{
	for (size_t i = 0; i < QUERY_TABLES; i++)
		VEC_FREE(&n->tables[i].v);
	arena_free(&n->arena);
	*n = (struct query_names){ 0 };
}

void
query_names_forget(struct query_names *n)
{
	for (size_t i = 0; i < QUERY_TABLES; i++) {
		n->tables[i].read = false;
		n->tables[i].v.n = 0;
	}
}

enum weir_rc
query_names_read(struct query_names *n, struct weir_store *s, enum query_table table,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc;

	if (n->tables[table].read)
		return WEIR_OK;
	rc = query_prepare(s, selects[table], &st, err);
	while (!rc && !(rc = db_step(store_db(s), st, &row, err)) && row) {
		int64_t k = sqlite3_column_int64(st, 0);
		struct str name = db_str(st, 1);

		if (k < 0 || k >= NAMES_MAX)
			continue;
		while (n->tables[table].v.n <= (size_t)k)
			VEC_PUSH(&n->tables[table].v, ((struct str){ NULL, 0 }));
		n->tables[table].v.v[k] =
			(struct str){ arena_strndup(&n->arena, name.s, name.len),
				name.len };
	}
	sqlite3_finalize(st);
	n->tables[table].read = !rc;
	return rc;
}

struct str
query_names_get(const struct query_names *n, enum query_table table, int64_t key)
{
	if (key < 0 || (size_t)key >= n->tables[table].v.n)
		return (struct str){ NULL, 0 };
	return n->tables[table].v.v[key];
}

struct named_key {
	struct str name;
	size_t key;
};

int
query_names_compare(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = sqlite3_strnicmp(a.s, b.s, (int)n);

	return c ? c : (a.len > b.len) - (a.len < b.len);
}

static int
compare(const void *a, const void *b)
{
	const struct named_key *x = a, *y = b;

	return query_names_compare(x->name, y->name);
}

uint32_t *
query_names_ranks(const struct query_names *n, enum query_table table, size_t *ret_n)
{
	size_t size = n->tables[table].v.n, count = 0;
	struct named_key *keys = xcalloc(size + 1, sizeof(*keys));
	uint32_t *ranks = xcalloc(size + 1, sizeof(*ranks));
	uint32_t rank = 0;

	for (size_t k = 0; k < size; k++) {
		if (n->tables[table].v.v[k].s)
			keys[count++] =
				(struct named_key){ n->tables[table].v.v[k], k };
	}
	qsort(keys, count, sizeof(*keys), compare);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || compare(&keys[i - 1], &keys[i]) != 0)
			rank++;
		ranks[keys[i].key] = rank;
	}
	free(keys);
	*ret_n = size;
	return ranks;
}
