/* Faults of parameters in words. */
#include "json_out.h"
#include "params_priv.h"
#include "weir/text.h"

enum { VALUE_COLUMNS = 60, LIST_MAX = 12, NAMES_MAX = 1000, NEST_MAX = 8 };

void
params_say_value(const json_t *value, struct buf *out)
{
	struct buf text = BUF_INIT(4096);

	json_out(&text, value);
	text_fit(out, buf_str(&text), VALUE_COLUMNS, 0);
	buf_release(&text);
}

void
params_say_list(const json_t *array, struct buf *out)
{
	const json_t *v;
	size_t i;

	json_array_foreach(array, i, v)
	{
		if (i == LIST_MAX && json_array_size(array) > LIST_MAX + 1) {
			buf_addf(out, " and %zu more", json_array_size(array) - i);
			return;
		}
		if (i)
			buf_adds(out, ", ");
		if (json_is_string(v) && json_string_length(v))
			text_fit(out,
				(struct str){
					json_string_value(v), json_string_length(v) },
				VALUE_COLUMNS, 0);
		else
			params_say_value(v, out);
	}
}

void
params_say_nearest(struct str word, const json_t *names, struct buf *out)
{
	const char **v = xcalloc(NAMES_MAX, sizeof(*v)), *near;
	const json_t *name;
	size_t i, n = 0;

	json_array_foreach(names, i, name)
	{
		if (n < NAMES_MAX && json_is_string(name))
			v[n++] = json_string_value(name);
	}
	near = text_nearest(word, v, n);
	if (near) {
		buf_adds(out, "; did you mean ");
		text_fit(out, str_of(near), VALUE_COLUMNS, 0);
		buf_adds(out, "?");
	}
	free(v);
}

static const struct {
	const char *type, *words;
} types[] = {
	{ "string", "a string" },
	{ "integer", "an integer" },
	{ "number", "a number" },
	{ "boolean", "true or false" },
	{ "array", "an array" },
	{ "object", "an object" },
	{ "null", "null" },
};

static void
say_type(const json_t *type, struct buf *out)
{
	const json_t *v;
	size_t i;

	for (i = 0; json_is_string(type) && i < N_ELEM(types); i++) {
		if (!strcmp(types[i].type, json_string_value(type)))
			buf_adds(out, types[i].words);
	}
	json_array_foreach(type, i, v)
	{
		if (i && json_is_string(v))
			buf_adds(out, " or ");
		if (json_is_string(v))
			say_type(v, out);
	}
}

static void say(
	const struct weir_schema *s, json_t *schema, unsigned depth, struct buf *out);

static void
say_any(const struct weir_schema *s, const json_t *any, unsigned depth, struct buf *out)
{
	json_t *v;
	size_t i;

	json_array_foreach(any, i, v)
	{
		if (i)
			buf_adds(out, " or ");
		say(s, v, depth, out);
	}
}

static void
say(const struct weir_schema *s, json_t *schema, unsigned depth, struct buf *out)
{
	json_t *v;
	size_t from = out->len;

	if (depth > NEST_MAX)
		;
	else if ((v = json_object_get(schema, "$ref")))
		say(s, params_resolve(s->read, json_string_value(v)), depth + 1, out);
	else if ((v = json_object_get(schema, "const")))
		params_say_value(v, out);
	else if (json_array_size(v = json_object_get(schema, "enum")) > 0)
		buf_adds(out, "one of "), params_say_list(v, out);
	else if ((v = json_object_get(schema, "type")))
		say_type(v, out);
	else if ((v = json_object_get(schema, "anyOf")) ||
		 (v = json_object_get(schema, "oneOf")))
		say_any(s, v, depth + 1, out);
	else if (json_array_size(v = json_object_get(schema, "allOf")) == 1)
		say(s, json_array_get(v, 0), depth + 1, out);
	if (out->len == from)
		buf_adds(out, "a value");
}

void
params_say_schema(const struct weir_schema *s, json_t *schema, struct buf *out)
{
	say(s, schema, 0, out);
}
