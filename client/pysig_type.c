/* Annotations as JSON schema, as pydantic writes them. */
#include "pysig_priv.h"

typedef json_t *type_fn(struct pycursor *c, unsigned depth);

struct type {
	const char *name; /* in full */
	const char *bare; /* the schema without brackets; NULL: there must be some */
	type_fn *args;    /* with them, c behind the opening one; NULL: none allowed */
};

static type_fn list_of, set_of, tuple_of, dict_of, optional, union_of, literal;

#define ARRAY "{\"type\":\"array\",\"items\":{}}"
#define SET "{\"type\":\"array\",\"items\":{},\"uniqueItems\":true}"
#define OBJECT "{\"type\":\"object\",\"additionalProperties\":true}"
#define FORMAT(f) "{\"type\":\"string\",\"format\":\"" f "\"}"

/* clang-format off */
static const struct type types[] = {
	{ "int", "{\"type\":\"integer\"}", NULL },
	{ "float", "{\"type\":\"number\"}", NULL },
	{ "str", "{\"type\":\"string\"}", NULL },
	{ "bool", "{\"type\":\"boolean\"}", NULL },
	{ "list", ARRAY, list_of },
	{ "set", SET, set_of },
	{ "frozenset", SET, set_of },
	{ "tuple", ARRAY, tuple_of },
	{ "dict", OBJECT, dict_of },
	{ "typing.Any", "{}", NULL },
	{ "typing.List", ARRAY, list_of },
	{ "typing.Set", SET, set_of },
	{ "typing.Tuple", ARRAY, tuple_of },
	{ "typing.Dict", OBJECT, dict_of },
	{ "typing.Optional", NULL, optional },
	{ "typing.Union", NULL, union_of },
	{ "typing.Literal", NULL, literal },
	{ "datetime.datetime", FORMAT("date-time"), NULL },
	{ "datetime.date", FORMAT("date"), NULL },
	{ "datetime.time", FORMAT("time"), NULL },
	{ "datetime.timedelta", FORMAT("duration"), NULL },
	{ "pathlib.Path", FORMAT("path"), NULL },
	{ "uuid.UUID", FORMAT("uuid"), NULL },
};
/* clang-format on */

static json_t *
parse(const char *text)
{
	return json_loads(text, 0, NULL);
}

/* Only full names are in the table: typing_extensions has the same as typing. */
static const char *
known_as(const char *name, struct arena *arena)
{
	static const char other[] = "typing_extensions.";

	if (strncmp(name, other, strlen(other)) == 0)
		return arena_printf(arena, "typing.%s", name + strlen(other));
	return name;
}

static json_t *
named(struct pycursor *c, unsigned depth)
{
	const char *name = pysig_resolve(c);

	if (!name)
		return NULL;
	name = known_as(name, c->m->arena);
	for (size_t i = 0; i < N_ELEM(types); i++) {
		if (strcmp(types[i].name, name) != 0)
			continue;
		if (!pysig_accept(c, "["))
			return types[i].bare ? parse(types[i].bare) : NULL;
		return types[i].args ? types[i].args(c, depth + 1) : NULL;
	}
	return NULL;
}

static json_t *
null_type(void)
{
	return parse("{\"type\":\"null\"}");
}

/* What stands between `|`. */
static json_t *
single(struct pycursor *c, unsigned depth)
{
	if (pysig_accept(c, "None"))
		return null_type();
	return pysig_peek(c)->kind == PY_NAME ? named(c, depth) : NULL;
}

/* ---- unions */

static bool
is_null(const json_t *schema)
{
	const char *type = json_string_value(json_object_get(schema, "type"));

	return type && strcmp(type, "null") == 0;
}

static bool
has(const json_t *list, const json_t *schema)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_equal(json_array_get(list, i), schema))
			return true;
	return false;
}

/* Unions inside of unions are one; each kind once. */
static void
add_kinds(json_t *list, json_t *schema)
{
	const json_t *inner = json_object_get(schema, "anyOf");

	for (size_t i = 0; i < json_array_size(inner); i++)
		add_kinds(list, json_array_get(inner, i));
	if (!inner && !has(list, schema))
		json_array_append(list, schema);
}

/* None comes last. Takes the reference to list. */
static json_t *
finish_union(json_t *list)
{
	json_t *kinds = json_array(), *schema;
	bool null = false;

	for (size_t i = 0; i < json_array_size(list); i++) {
		if (is_null(json_array_get(list, i)))
			null = true;
		else
			json_array_append(kinds, json_array_get(list, i));
	}
	if (null)
		json_array_append_new(kinds, null_type());
	json_decref(list);
	if (json_array_size(kinds) == 1) {
		schema = json_incref(json_array_get(kinds, 0));
		json_decref(kinds);
		return schema;
	}
	schema = json_object();
	json_object_set_new(schema, "anyOf", kinds);
	return schema;
}

json_t *
pysig_type(struct pycursor *c, unsigned depth)
{
	json_t *list = json_array(), *part;
	size_t nothing = 0;

	if (depth > PYSIG_DEPTH_MAX) {
		json_decref(list);
		return NULL;
	}
	do {
		/* `None | None` is an error in Python */
		nothing += pysig_is(pysig_peek(c), "None");
		part = nothing < 2 ? single(c, depth) : NULL;
		if (!part) {
			json_decref(list);
			return NULL;
		}
		add_kinds(list, part);
		json_decref(part);
	} while (pysig_accept(c, "|"));
	return finish_union(list);
}

/* ---- what is in brackets */

/* The last argument: a comma may follow. */
static json_t *
closed(struct pycursor *c, json_t *schema)
{
	if (!schema)
		return NULL;
	pysig_accept(c, ",");
	if (pysig_accept(c, "]"))
		return schema;
	json_decref(schema);
	return NULL;
}

/* A schema with the argument as its items. */
static json_t *
items_of(struct pycursor *c, unsigned depth, const char *bare)
{
	json_t *items = closed(c, pysig_type(c, depth)), *schema;

	if (!items)
		return NULL;
	schema = parse(bare);
	json_object_set_new(schema, "items", items);
	return schema;
}

static json_t *
list_of(struct pycursor *c, unsigned depth)
{
	return items_of(c, depth, ARRAY);
}

static json_t *
set_of(struct pycursor *c, unsigned depth)
{
	return items_of(c, depth, SET);
}

/* Arguments up to the bracket, in a list; NULL if one is not known. */
static json_t *
arguments(struct pycursor *c, unsigned depth)
{
	json_t *list = json_array(), *part;

	do {
		part = pysig_type(c, depth);
		if (!part || json_array_append_new(list, part)) {
			json_decref(list);
			return NULL;
		}
		pysig_accept(c, ",");
	} while (!pysig_is(pysig_peek(c), "]") && !pysig_is(pysig_peek(c), "."));
	return list;
}

/* `tuple[int, ...]` is any number of them, else each place has its type. */
static json_t *
tuple_of(struct pycursor *c, unsigned depth)
{
	json_t *list = arguments(c, depth), *schema;
	size_t n = json_array_size(list);

	if (!list)
		return NULL;
	if (pysig_is(pysig_peek(c), ".")) {
		while (pysig_accept(c, "."))
			;
		schema = parse(ARRAY);
		json_object_set(schema, "items", json_array_get(list, 0));
		json_decref(list);
		if (n == 1)
			return closed(c, schema);
		json_decref(schema);
		return NULL;
	}
	schema = json_pack("{s:s, s:I, s:I, s:o}", "type", "array", "minItems",
		(json_int_t)n, "maxItems", (json_int_t)n, "prefixItems", list);
	return closed(c, schema);
}

/* Keys must be texts; Any as the value is what `true` says. */
static json_t *
dict_of(struct pycursor *c, unsigned depth)
{
	json_t *list = arguments(c, depth), *schema;
	const json_t *key = json_array_get(list, 0), *value = json_array_get(list, 1);
	const char *type = json_string_value(json_object_get(key, "type"));

	if (json_array_size(list) != 2 || !type || strcmp(type, "string") != 0 ||
		json_object_size(key) != 1) {
		json_decref(list);
		return NULL;
	}
	schema = parse(OBJECT);
	if (json_object_size(value))
		json_object_set_new(
			schema, "additionalProperties", json_deep_copy(value));
	json_decref(list);
	return closed(c, schema);
}

static json_t *
optional(struct pycursor *c, unsigned depth)
{
	json_t *inner = pysig_type(c, depth), *list = json_array();

	if (inner)
		add_kinds(list, inner);
	json_array_append_new(list, null_type());
	if (!inner) {
		json_decref(list);
		return NULL;
	}
	json_decref(inner);
	return closed(c, finish_union(list));
}

static json_t *
union_of(struct pycursor *c, unsigned depth)
{
	json_t *parts = arguments(c, depth), *list;

	if (!parts)
		return NULL;
	list = json_array();
	for (size_t i = 0; i < json_array_size(parts); i++)
		add_kinds(list, json_array_get(parts, i));
	json_decref(parts);
	return closed(c, finish_union(list));
}

/* ---- literals */

static const char *
json_kind(const json_t *v)
{
	if (json_is_string(v))
		return "string";
	if (json_is_integer(v))
		return "integer";
	return json_is_boolean(v) ? "boolean" : json_is_null(v) ? "null" : NULL;
}

/* The type that all have, or NULL. */
static const char *
common_kind(const json_t *values)
{
	const char *kind = json_kind(json_array_get(values, 0));

	for (size_t i = 1; kind && i < json_array_size(values); i++)
		if (strcmp(kind, json_kind(json_array_get(values, i))) != 0)
			return NULL;
	return kind;
}

static json_t *
literal(struct pycursor *c, unsigned depth)
{
	json_t *values = json_array(), *v, *schema = json_object();
	const char *kind;
	bool good = true;

	while (good && !pysig_is(pysig_peek(c), "]")) {
		v = pysig_value(c, depth);
		good = v && json_kind(v);
		if (good && !has(values, v))
			json_array_append(values, v);
		json_decref(v);
		if (good && !pysig_accept(c, ","))
			good = pysig_is(pysig_peek(c), "]");
	}
	kind = good && json_array_size(values) ? common_kind(values) : NULL;
	if (json_array_size(values) == 1)
		json_object_set(schema, "const", json_array_get(values, 0));
	else
		json_object_set(schema, "enum", values);
	if (kind)
		json_object_set_new(schema, "type", json_string(kind));
	/* what a lone None becomes depends on what is around it */
	good = good && json_array_size(values) &&
	       !json_is_null(json_object_get(schema, "const"));
	json_decref(values);
	if (good)
		return closed(c, schema);
	json_decref(schema);
	return NULL;
}
