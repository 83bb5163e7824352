/* TOML: whatever the parser lets through is JSON, and its values can be found again. */
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <weir/mem.h>

#include "toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmemdup(data, size), *json = NULL;
	struct toml_error e = { .line = 0 };
	struct toml_place at;
	const char *name;
	json_t *tree, *v;
	size_t len = 0;

	if (toml_to_json(text, size, &json, &len, &e)) {
		if (!e.line || !*e.text)
			abort();
		free(text);
		return 0;
	}
	tree = json_loadb(json, len, JSON_ALLOW_NUL, NULL);
	if (!json_is_object(tree))
		abort();
	json_object_foreach(tree, name, v)
	{
		if (toml_find(text, size, &name, 1, &at))
			abort();
		break;
	}
	json_decref(tree);
	free(json);
	free(text);
	return 0;
}
