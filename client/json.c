/* A struct weir_json is a json_t under another name. */
#include "weir/json.h"

#include <stdint.h>

#include <jansson.h>

#include "weir/mem.h"

enum { JSON_FLAGS = JSON_ALLOW_NUL | JSON_DECODE_ANY };

static json_t *
tree_of(const struct weir_json *j)
{
	return (json_t *)(uintptr_t)j;
}

enum weir_rc
weir_json_parse(struct str text, struct weir_json **ret_json, struct weir_err *err)
{
	json_error_t why;
	json_t *tree = json_loadb(text.s ? text.s : "", text.len, JSON_FLAGS, &why);

	if (!tree)
		return weir_fail(err, WEIR_EBADDATA, "JSON: byte %d: %s", why.position,
			why.text);
	*ret_json = (struct weir_json *)tree;
	return WEIR_OK;
}

void
weir_json_free(struct weir_json *j)
{
	json_decref(tree_of(j));
}

enum weir_json_type
weir_json_type(const struct weir_json *j)
{
	if (!j)
		return WEIR_JSON_NULL;
	switch (json_typeof(tree_of(j))) {
	case JSON_OBJECT:
		return WEIR_JSON_OBJECT;
	case JSON_ARRAY:
		return WEIR_JSON_ARRAY;
	case JSON_STRING:
		return WEIR_JSON_TEXT;
	case JSON_INTEGER:
	case JSON_REAL:
		return WEIR_JSON_NUMBER;
	case JSON_TRUE:
	case JSON_FALSE:
		return WEIR_JSON_BOOL;
	case JSON_NULL:
		break;
	}
	return WEIR_JSON_NULL;
}

struct str
weir_json_text(const struct weir_json *j)
{
	json_t *tree = tree_of(j);

	if (!json_is_string(tree))
		return STR("");
	return (struct str){ json_string_value(tree), json_string_length(tree) };
}

double
weir_json_number(const struct weir_json *j)
{
	return json_number_value(tree_of(j));
}

bool
weir_json_true(const struct weir_json *j)
{
	return json_is_true(tree_of(j));
}

size_t
weir_json_size(const struct weir_json *j)
{
	json_t *tree = tree_of(j);

	return json_is_array(tree) ? json_array_size(tree) : json_object_size(tree);
}

const struct weir_json *
weir_json_at(const struct weir_json *array, size_t i)
{
	return (const struct weir_json *)json_array_get(tree_of(array), i);
}

const struct weir_json *
weir_json_get(const struct weir_json *object, const char *name)
{
	return (const struct weir_json *)json_object_get(tree_of(object), name);
}

bool
weir_json_next(const struct weir_json *object, void **at, const char **ret_name,
	const struct weir_json **ret_value)
{
	json_t *tree = tree_of(object);

	*at = *at ? json_object_iter_next(tree, *at) : json_object_iter(tree);
	if (!*at)
		return false;
	*ret_name = json_object_iter_key(*at);
	*ret_value = (const struct weir_json *)json_object_iter_value(*at);
	return true;
}

static int
take(const char *text, size_t len, void *arg)
{
	buf_add(arg, text, len);
	return 0;
}

void
weir_json_dump(const struct weir_json *j, struct buf *out)
{
	if (!j)
		buf_adds(out, "null");
	else
		json_dump_callback(tree_of(j), take, out,
			JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
}
