/* Looking at a tree that yaml_load has read. */
#include <math.h>

#include "yaml_load.h"

static const char *const kind_names[] = {
	[Y_NULL] = "nothing",
	[Y_BOOL] = "a boolean",
	[Y_INT] = "a number",
	[Y_REAL] = "a number",
	[Y_TIME] = "a date",
	[Y_TEXT] = "text",
	[Y_LIST] = "a list",
	[Y_MAP] = "a mapping",
};

const char *
yaml_kind_name(enum ykind kind)
{
	return kind_names[kind];
}

void
yaml_free(struct yaml *y)
{
	arena_free(&y->arena);
	y->root = NULL;
}

struct ynode *
yaml_get(const struct ynode *map, const char *key)
{
	if (!map || map->kind != Y_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->pairs[i].key, key) == 0)
			return map->pairs[i].value;
	return NULL;
}

static json_t *
json_of_list(const struct ynode *node)
{
	json_t *list = json_array();

	for (size_t i = 0; i < node->n; i++)
		json_array_append_new(list, yaml_json(node->v[i]));
	return list;
}

static json_t *
json_of_map(const struct ynode *node)
{
	json_t *map = json_object();

	for (size_t i = 0; i < node->n; i++)
		json_object_set_new(
			map, node->pairs[i].key, yaml_json(node->pairs[i].value));
	return map;
}

json_t *
yaml_json(const struct ynode *node)
{
	switch (node->kind) {
	case Y_NULL:
		return json_null();
	case Y_BOOL:
		return json_boolean(node->yes);
	case Y_INT:
		return json_integer(node->number);
	case Y_REAL:
		return isfinite(node->real) ? json_real(node->real) : json_null();
	case Y_LIST:
		return json_of_list(node);
	case Y_MAP:
		return json_of_map(node);
	default:
		return json_stringn(node->text, node->n);
	}
}
