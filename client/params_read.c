/* Schemas and parameters as the server reads them before it checks. */
#include <ctype.h>

#include "params_priv.h"

/* ---- references */

/* One step of a JSON pointer, up to `/` or the end: `~1` is `/`, `~0` is `~`. */
static const char *
take_step(const char *p, struct buf *out)
{
	for (; *p && *p != '/'; p++) {
		if (p[0] == '~' && (p[1] == '0' || p[1] == '1')) {
			buf_addc(out, p[1] == '0' ? '~' : '/');
			p++;
		} else if (p[0] == '%' && isxdigit((unsigned char)p[1]) &&
			   isxdigit((unsigned char)p[2])) {
			char hex[3] = { p[1], p[2], 0 };

			buf_addc(out, (char)strtoul(hex, NULL, 16));
			p += 2;
		} else {
			buf_addc(out, *p);
		}
	}
	return p;
}

static json_t *
member_of(json_t *at, const char *step)
{
	char *end;
	unsigned long i;

	if (!json_is_array(at))
		return json_object_get(at, step);
	i = strtoul(step, &end, 10);
	return isdigit((unsigned char)*step) && !*end ? json_array_get(at, i) : NULL;
}

json_t *
params_resolve(json_t *root, const char *ref)
{
	struct buf step = BUF_INIT(4096);
	const char *p = ref;

	if (!p || *p++ != '#')
		return NULL;
	while (root && *p) {
		buf_clear(&step);
		if (*p != '/')
			root = NULL;
		else
			p = take_step(p + 1, &step);
		if (root)
			root = member_of(root, buf_cstr(&step));
	}
	buf_release(&step);
	return root;
}

/* ---- schemas */

static bool
holds_text(const json_t *array, const char *text)
{
	const json_t *v;
	size_t i;

	json_array_foreach(array, i, v)
	{
		const char *s = json_string_value(v);

		if (s && !strcmp(s, text))
			return true;
	}
	return false;
}

static void
allow_null(json_t *schema)
{
	json_t *type = json_object_get(schema, "type");
	const char *name = json_string_value(type);

	if (!type || (name && !strcmp(name, "null")) ||
		json_object_get(schema, "default"))
		return;
	json_object_set_new(schema, "anyOf",
		json_pack("[{sO},{ss}]", "type", type, "type", "null"));
	json_object_del(schema, "type");
}

static void
fix_items(json_t *schema)
{
	json_t *items = json_object_get(schema, "items");
	json_t *prefix = json_object_get(schema, "prefixItems");

	if (json_array_size(items) == 0 || json_array_size(prefix) > 0)
		return;
	json_object_set(schema, "prefixItems", items);
	json_object_del(schema, "items");
}

/*
 * The members that come after one with members of its own are held against the required
 * ones of that: so does the server.
 */
static void
fix_properties(json_t *properties, const json_t *required)
{
	const char *name;
	json_t *p, *inner;

	json_object_foreach(properties, name, p)
	{
		if (!json_is_object(p))
			continue;
		if (!holds_text(required, name))
			allow_null(p);
		fix_items(p);
		inner = json_object_get(p, "properties");
		if (inner) {
			required = json_object_get(p, "required");
			fix_properties(inner, required);
		}
	}
}

static json_t *
block_or_reference(json_t *block)
{
	return json_pack("{s[O,{ss,s{s{s[{ss,ss},{ss,s{ss},si}]}},s[s]}]}", "oneOf",
		block, "type", "object", "properties", "$ref", "oneOf", "type",
		"string", "format", "uuid", "type", "object", "additionalProperties",
		"type", "string", "minProperties", 1, "required", "$ref");
}

void
params_preprocess(json_t *schema)
{
	json_t *definitions = json_object_get(schema, "definitions");
	json_t *all = json_copy(definitions), *d;
	const char *name, *title;

	fix_properties(json_object_get(schema, "properties"),
		json_object_get(schema, "required"));
	json_object_foreach(all, name, d)
	{
		fix_properties(json_object_get(d, "properties"),
			json_object_get(d, "required"));
		title = json_string_value(json_object_get(d, "title"));
		if (title && json_object_get(d, "block_type_slug"))
			json_object_set_new(definitions, title, block_or_reference(d));
	}
	json_decref(all);
}

/* ---- parameters */

static const char kind_key[] = "__prefect_kind";

bool
params_opaque(const json_t *value)
{
	return json_object_get(value, kind_key) != NULL;
}

static json_t *hydrate(const json_t *value);

static json_t *
hydrate_kind(const json_t *value)
{
	const char *kind = json_string_value(json_object_get(value, kind_key));
	json_t *inner = json_object_get(value, "value"), *out;

	if (!kind || (strcmp(kind, "json") != 0 && strcmp(kind, "none") != 0))
		return json_deep_copy(value);
	if (!inner) /* an empty "json" is as if it were not there */
		return strcmp(kind, "none") ? NULL : json_deep_copy(value);
	if (json_is_object(inner) || !strcmp(kind, "none"))
		out = hydrate(inner);
	else
		out = json_deep_copy(inner);
	if (!json_is_string(out) || !strcmp(kind, "none"))
		return out;
	inner = json_loadb(json_string_value(out), json_string_length(out),
		JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	json_decref(out);
	/* bad JSON: the server will say so */
	return inner ? inner : json_deep_copy(value);
}

/* NULL: there is nothing. */
static json_t *
hydrate(const json_t *value)
{
	json_t *out, *v, *w;
	const char *name;
	size_t i;

	if (params_opaque(value))
		return hydrate_kind(value);
	if (json_is_object(value)) {
		out = json_object();
		json_object_foreach((json_t *)(uintptr_t)value, name, v)
		{
			if ((w = hydrate(v)))
				json_object_set_new(out, name, w);
		}
		return out;
	}
	if (!json_is_array(value))
		return json_deep_copy(value);
	out = json_array();
	json_array_foreach(value, i, v)
	{
		if ((w = hydrate(v)))
			json_array_append_new(out, w);
	}
	return out;
}

json_t *
params_hydrate(const json_t *parameters)
{
	json_t *out = hydrate(parameters);

	return out ? out : json_object();
}
