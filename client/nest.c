#include <weir/nest.h>

#include <weir/mem.h>

struct place {
	struct weir_id id;
	size_t i;
};

void
weir_nest_parent(const struct weir_json *task_inputs, struct weir_id *ret_id)
{
	const struct weir_json *above = weir_json_get(task_inputs, WEIR_NEST_NAME);
	struct str id = weir_json_text(weir_json_get(weir_json_at(above, 0), "id"));

	if (!weir_id_parse(id, ret_id))
		*ret_id = (struct weir_id){ { 0 } };
}

static int
by_id(const void *a, const void *b)
{
	return weir_id_cmp(
		&((const struct place *)a)->id, &((const struct place *)b)->id);
}

/* How many are above the one at i; depth_max + 2: too many, or it is in a ring. */
static int
depth_of(const size_t *above, size_t n, size_t i, int depth_max)
{
	int depth = 0;

	while ((i = above[i]) < n && depth <= depth_max + 1)
		depth++;
	return depth;
}

void
weir_nest(const struct weir_id *ids, const struct weir_id *parents, size_t n,
	int depth_max, size_t *ret_above)
{
	struct place *places = xcalloc(n + 1, sizeof(*places)), *found;

	for (size_t i = 0; i < n; i++)
		places[i] = (struct place){ ids[i], i };
	qsort(places, n, sizeof(*places), by_id);
	for (size_t i = 0; i < n; i++) {
		struct place wanted = { .id = parents[i] };

		found = weir_id_is_null(&parents[i])
				? NULL
				: bsearch(&wanted, places, n, sizeof(*places), by_id);
		ret_above[i] = found && depth_max > 0 ? found->i : n;
	}
	for (size_t i = 0; i < n; i++) {
		int depth = depth_of(ret_above, n, i, depth_max);

		if (depth == depth_max + 1)
			ret_above[i] = ret_above[ret_above[i]];
		else if (depth > depth_max)
			ret_above[i] = n;
	}
	free(places);
}
