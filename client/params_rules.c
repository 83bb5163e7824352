/* Keywords that look at one value: types, bounds, lengths, choices. */
#include <math.h>

#include "params_priv.h"

/* ---- values */

static bool
is_whole(const json_t *v)
{
	return json_is_integer(v) ||
	       (json_is_real(v) && floor(json_real_value(v)) == json_real_value(v));
}

static const char *const type_names[] = {
	[JSON_OBJECT] = "object",
	[JSON_ARRAY] = "array",
	[JSON_STRING] = "string",
	[JSON_INTEGER] = "number",
	[JSON_REAL] = "number",
	[JSON_TRUE] = "boolean",
	[JSON_FALSE] = "boolean",
	[JSON_NULL] = "null",
};

bool
params_is_type(const json_t *value, const char *type)
{
	if (!strcmp(type, "integer"))
		return is_whole(value);
	return !strcmp(type, type_names[json_typeof(value)]);
}

/* Has 64 bits of mantissa where it counts: int64 and double are both exact. */
static long double
number(const json_t *v)
{
	return json_is_integer(v) ? (long double)json_integer_value(v)
				  : (long double)json_real_value(v);
}

static bool
equal_objects(const json_t *a, const json_t *b)
{
	const char *name;
	json_t *v, *w;

	if (json_object_size(a) != json_object_size(b))
		return false;
	json_object_foreach((json_t *)(uintptr_t)a, name, v)
	{
		w = json_object_get(b, name);
		if (!w || !params_equal(v, w))
			return false;
	}
	return true;
}

static bool
equal_arrays(const json_t *a, const json_t *b)
{
	size_t n = json_array_size(a);

	if (n != json_array_size(b))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!params_equal(json_array_get(a, i), json_array_get(b, i)))
			return false;
	}
	return true;
}

/* As jsonschema does: 1 is 1.0, true is not 1. */
bool
params_equal(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b))
		return number(a) == number(b);
	if (json_is_object(a) && json_is_object(b))
		return equal_objects(a, b);
	if (json_is_array(a) && json_is_array(b))
		return equal_arrays(a, b);
	return json_equal(a, b);
}

static bool
holds_opaque(const json_t *array)
{
	const json_t *v;
	size_t i;

	json_array_foreach(array, i, v)
	{
		if (params_opaque(v))
			return true;
	}
	return false;
}

static size_t
count_characters(const json_t *text)
{
	const char *s = json_string_value(text);
	size_t n = 0;

	for (size_t i = 0; i < json_string_length(text); i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

/* A bound of a size; -1: not one. */
static double
bound(const json_t *kw)
{
	return json_is_number(kw) ? json_number_value(kw) : -1;
}

static void
fault(struct params_check *c, const json_t *value, const char *between,
	const json_t *kw)
{
	struct buf text = BUF_INIT(512);

	if (params_check_silent(c))
		return;
	params_say_value(value, &text);
	buf_adds(&text, between);
	params_say_value(kw, &text);
	params_check_fault(c, "%s", buf_cstr(&text));
	buf_release(&text);
}

/* ---- types and choices */

static void
rule_type(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	struct buf text = BUF_INIT(512);
	const json_t *v;
	size_t i;

	(void)schema;
	if (json_is_string(kw) && params_is_type(value, json_string_value(kw)))
		return;
	json_array_foreach(kw, i, v)
	{
		if (json_is_string(v) && params_is_type(value, json_string_value(v)))
			return;
	}
	if ((!json_is_string(kw) && !json_is_array(kw)) || params_check_silent(c))
		return;
	params_say_value(value, &text);
	buf_adds(&text, " is not ");
	v = json_pack("{sO}", "type", kw);
	params_say_schema(c->s, (json_t *)(uintptr_t)v, &text);
	json_decref((json_t *)(uintptr_t)v);
	params_check_fault(c, "%s", buf_cstr(&text));
	buf_release(&text);
}

static void
rule_enum(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	struct buf text = BUF_INIT(1024);
	json_t *v;
	size_t i;

	(void)schema;
	if (!json_is_array(kw))
		return;
	json_array_foreach(kw, i, v)
	{
		if (params_equal(v, value))
			return;
	}
	if (params_check_silent(c))
		return;
	params_say_value(value, &text);
	buf_adds(&text, " is none of ");
	params_say_list(kw, &text);
	if (json_is_string(value))
		params_say_nearest((struct str){ json_string_value(value),
					   json_string_length(value) },
			kw, &text);
	params_check_fault(c, "%s", buf_cstr(&text));
	buf_release(&text);
}

static void
rule_const(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	(void)schema;
	if (!params_equal(kw, value))
		fault(c, value, " is not ", kw);
}

/* ---- numbers */

static void
rule_minimum(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	(void)schema;
	if (json_is_number(value) && json_is_number(kw) && number(value) < number(kw))
		fault(c, value, " is under the minimum of ", kw);
}

static void
rule_maximum(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	(void)schema;
	if (json_is_number(value) && json_is_number(kw) && number(value) > number(kw))
		fault(c, value, " is over the maximum of ", kw);
}

static void
rule_over(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	(void)schema;
	if (json_is_number(value) && json_is_number(kw) && number(value) <= number(kw))
		fault(c, value, " is not over ", kw);
}

static void
rule_under(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	(void)schema;
	if (json_is_number(value) && json_is_number(kw) && number(value) >= number(kw))
		fault(c, value, " is not under ", kw);
}

/* Python divides by a fraction in doubles: 0.3 is no multiple of 0.1. */
static void
rule_multiple(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	double by = json_number_value(kw), q;
	bool good;

	(void)schema;
	if (!json_is_number(value) || !json_is_number(kw) || by == 0)
		return;
	if (json_is_integer(kw) && json_is_integer(value))
		good = json_integer_value(kw) == -1 ||
		       json_integer_value(value) % json_integer_value(kw) == 0;
	else if (json_is_integer(kw))
		good = fmod(json_number_value(value), by) == 0;
	else
		good = isinf(q = json_number_value(value) / by) || trunc(q) == q;
	if (!good)
		fault(c, value, " is not a multiple of ", kw);
}

/* ---- text */

static void
rule_min_length(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	(void)schema;
	if (json_is_string(value) && (double)count_characters(value) < bound(kw))
		fault(c, value, " is too short, the minimum of characters is ", kw);
}

static void
rule_max_length(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	(void)schema;
	if (json_is_string(value) && bound(kw) >= 0 &&
		(double)count_characters(value) > bound(kw))
		fault(c, value, " is too long, the maximum of characters is ", kw);
}

static void
rule_pattern(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	struct str text = { json_string_value(value), json_string_length(value) };

	(void)schema;
	if (json_is_string(value) && json_is_string(kw) &&
		!params_pattern_matches(json_string_value(kw), text))
		fault(c, value, " does not match the pattern ", kw);
}

/* ---- arrays and objects as a whole */

static void
rule_min_items(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	(void)schema;
	if (json_is_array(value) && !holds_opaque(value) &&
		(double)json_array_size(value) < bound(kw))
		params_check_fault(c, "has %zu items, the minimum is %.0f",
			json_array_size(value), bound(kw));
}

static void
rule_max_items(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	(void)schema;
	if (json_is_array(value) && !holds_opaque(value) && bound(kw) >= 0 &&
		(double)json_array_size(value) > bound(kw))
		params_check_fault(c, "has %zu items, the maximum is %.0f",
			json_array_size(value), bound(kw));
}

enum { UNIQUE_MAX = 5000 };

static void
rule_unique(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	size_t n = json_array_size(value);
	struct buf text = BUF_INIT(512);

	(void)schema;
	if (!json_is_true(kw) || n > UNIQUE_MAX)
		return;
	for (size_t i = 1; i < n; i++) {
		const json_t *v = json_array_get(value, i);

		for (size_t j = 0; j < i && !params_opaque(v); j++) {
			if (!params_equal(v, json_array_get(value, j)))
				continue;
			params_say_value(v, &text);
			params_check_fault(c, "has %s twice", buf_cstr(&text));
			buf_release(&text);
			return;
		}
	}
}

static void
rule_min_properties(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	(void)schema;
	if (json_is_object(value) && (double)json_object_size(value) < bound(kw))
		params_check_fault(c, "has %zu members, the minimum is %.0f",
			json_object_size(value), bound(kw));
}

static void
rule_max_properties(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	(void)schema;
	if (json_is_object(value) && bound(kw) >= 0 &&
		(double)json_object_size(value) > bound(kw))
		params_check_fault(c, "has %zu members, the maximum is %.0f",
			json_object_size(value), bound(kw));
}

static const struct {
	const char *keyword;
	params_rule *rule;
} rules[] = {
	{ "type", rule_type },
	{ "enum", rule_enum },
	{ "const", rule_const },
	{ "minimum", rule_minimum },
	{ "maximum", rule_maximum },
	{ "exclusiveMinimum", rule_over },
	{ "exclusiveMaximum", rule_under },
	{ "multipleOf", rule_multiple },
	{ "minLength", rule_min_length },
	{ "maxLength", rule_max_length },
	{ "pattern", rule_pattern },
	{ "minItems", rule_min_items },
	{ "maxItems", rule_max_items },
	{ "uniqueItems", rule_unique },
	{ "minProperties", rule_min_properties },
	{ "maxProperties", rule_max_properties },
};

params_rule *
params_rules_find(const char *keyword)
{
	for (size_t i = 0; i < N_ELEM(rules); i++) {
		if (!strcmp(rules[i].keyword, keyword))
			return rules[i].rule;
	}
	return NULL;
}
