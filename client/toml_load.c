#include "toml_load.h"

#include <stdlib.h>

#include "toml.h"

enum weir_rc
toml_load(struct str text, const char *name, json_t **ret, struct weir_err *err)
{
	struct toml_error te = { 0 };
	json_error_t je;
	char *json = NULL;
	size_t len = 0;
	json_t *tree;

	if (toml_to_json(text.s ? text.s : "", text.len, &json, &len, &te))
		return weir_fail(err, WEIR_ECONFIG, "%s: line %u, column %u: %s", name,
			te.line, te.column, te.text);
	tree = json_loadb(json, len, JSON_ALLOW_NUL, &je);
	free(json);
	if (!tree)
		return weir_fail(
			err, WEIR_ECONFIG, "%s: cannot be read: %s", name, je.text);
	*ret = tree;
	return WEIR_OK;
}
