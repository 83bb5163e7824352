#include <weir/tree.h>

#include "store_write.h"

static const uint32_t NONE = UINT32_MAX;

void
weir_tree_release(struct weir_tree *t)
{
	free(t->parent);
	*t = (struct weir_tree){ 0 };
}

static void
set_parent(struct weir_tree *t, size_t *size, int64_t child, int64_t parent)
{
	size_t k = (size_t)child;

	if (child <= 0 || parent <= 0 || child >= WEIR_TREE_KEY_MAX ||
		parent >= WEIR_TREE_KEY_MAX)
		return;
	if (k >= *size) {
		*size = k + k / 2 + 1024;
		t->parent = xreallocarray(t->parent, *size, sizeof(*t->parent));
	}
	if (k >= t->n) {
		memset(t->parent + t->n, 0, (k + 1 - t->n) * sizeof(*t->parent));
		t->n = k + 1;
	}
	t->parent[k] = (uint32_t)parent;
}

enum weir_rc
weir_tree_read(struct weir_store *s, struct weir_tree *ret_tree, struct weir_err *err)
{
	struct weir_tree t = { 0 };
	sqlite3_stmt *st = NULL;
	size_t size = 0;
	bool row = true;
	enum weir_rc rc = db_get(store_db(s), SQL_RUN_PARENTS, &st, err);

	while (!rc && row) {
		rc = db_step(store_db(s), st, &row, err);
		if (!rc && row)
			set_parent(&t, &size, sqlite3_column_int64(st, 0),
				sqlite3_column_int64(st, 1));
	}
	if (st)
		db_reset(st);
	if (rc) {
		weir_tree_release(&t);
		return rc;
	}
	*ret_tree = t;
	return WEIR_OK;
}

/* Rows by their place before; links are places too. */
struct links {
	uint32_t *first, *next, *above; /* child, sibling, parent */
	uint32_t *key;
	size_t n;
};

static uint32_t
parent_of(const struct weir_tree *t, uint32_t key)
{
	return key < t->n ? t->parent[key] : 0;
}

static uint32_t *
filled(size_t n)
{
	uint32_t *v = xmalloc((n + 1) * sizeof(*v));

	memset(v, 0xff, (n + 1) * sizeof(*v));
	return v;
}

/* Where each key stands; owned. */
static uint32_t *
places(const struct links *l, size_t *ret_n)
{
	uint32_t *place, most = 0;

	/* Larger keys are of another store, whose runs have none above or below. */
	for (size_t i = 0; i < l->n; i++)
		if (l->key[i] > most && l->key[i] < WEIR_TREE_KEY_MAX)
			most = l->key[i];
	*ret_n = (size_t)most + 1;
	place = filled(*ret_n);
	for (size_t i = 0; i < l->n; i++)
		if (l->key[i] <= most)
			place[l->key[i]] = (uint32_t)i;
	return place;
}

static void
link_rows(struct links *l, const struct weir_tree *t)
{
	size_t n_places;
	uint32_t *place = places(l, &n_places);

	for (size_t i = l->n; i-- > 0;) {
		uint32_t parent = parent_of(t, l->key[i]);
		uint32_t above = parent && parent < n_places ? place[parent] : NONE;

		if (above == NONE || above == i)
			continue;
		l->above[i] = above;
		l->next[i] = l->first[above];
		l->first[above] = (uint32_t)i;
	}
	free(place);
}

struct out {
	uint32_t *keys;
	unsigned char *depths;
	bool *done;
	size_t n;
};

/* A row and all below it. What was put out already ends a circle. */
static void
put(struct out *out, const struct links *l, uint32_t top)
{
	uint32_t at = top;
	size_t depth = 0;

	for (;;) {
		if (at != NONE && !out->done[at]) {
			out->done[at] = true;
			out->keys[out->n] = l->key[at];
			out->depths[out->n++] =
				(unsigned char)(depth < WEIR_TREE_DEPTH_MAX
							? depth
							: WEIR_TREE_DEPTH_MAX);
			if (l->first[at] != NONE) {
				at = l->first[at];
				depth++;
				continue;
			}
		}
		while (depth > 0 && l->next[at] == NONE) {
			at = l->above[at];
			depth--;
		}
		if (depth == 0)
			return;
		at = l->next[at];
	}
}

void
weir_tree_arrange(
	const struct weir_tree *t, uint32_t *keys, size_t n, unsigned char **ret_depths)
{
	struct links l = { .n = n, .key = keys };
	struct out out = { 0 };

	l.first = filled(n);
	l.next = filled(n);
	l.above = filled(n);
	link_rows(&l, t);
	out.keys = xmalloc((n + 1) * sizeof(*out.keys));
	out.depths = xcalloc(n + 1, 1);
	out.done = xcalloc(n + 1, sizeof(*out.done));
	for (uint32_t i = 0; i < n; i++)
		if (l.above[i] == NONE)
			put(&out, &l, i);
	/* Runs that are each other's parents, which a broken server may say. */
	for (uint32_t i = 0; out.n < n && i < n; i++)
		if (!out.done[i])
			put(&out, &l, i);
	if (n)
		memcpy(keys, out.keys, n * sizeof(*keys));
	free(out.keys);
	free(out.done);
	free(l.first);
	free(l.next);
	free(l.above);
	*ret_depths = out.depths;
}
