/* YAML: whatever is read is a bounded tree whose JSON can be written and read again. */
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <weir/mem.h>

#include "yaml_load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct ynode *node, unsigned depth)
{
	if (!node->line || !node->column || depth > YAML_DEPTH_MAX + 1)
		abort();
	if (node->weight > YAML_NODES_MAX)
		abort();
	for (size_t i = 0; node->kind == Y_LIST && i < node->n; i++)
		check(node->v[i], depth + 1);
	for (size_t i = 0; node->kind == Y_MAP && i < node->n; i++)
		if (!yaml_get(node, node->pairs[i].key))
			abort();
		else
			check(node->pairs[i].value, depth + 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weir_err err = { 0 };
	struct yaml y;
	json_t *tree, *again;
	char *text;

	if (yaml_load((struct str){ (const char *)data, size }, "f", &y, &err)) {
		if (!*err.text)
			abort();
		return 0;
	}
	/* what aliases expand to is for yaml_load to bound, not for this to walk */
	if (y.root->weight < 100000) {
		check(y.root, 0);
		tree = yaml_json(y.root);
		text = json_dumps(tree, JSON_ENCODE_ANY);
		again = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
		if (!again)
			abort();
		json_decref(again);
		free(text);
		json_decref(tree);
	}
	yaml_free(&y);
	return 0;
}
