/*
 * A value against a schema, as Prefect's server checks it: JSON Schema 2020-12 without
 * formats. What is not known here (remote references, unevaluated*) passes.
 */
#include "params_priv.h"

/* A schema can ask for any amount of work: at these the rest is taken for good. */
enum { STEPS_MAX = 100000, LEVEL_MAX = 1000, TOLD_MAX = 100 };

/* ---- faults */

bool
params_check_silent(struct params_check *c)
{
	if (c->fn && c->n < TOLD_MAX)
		return false;
	c->n++;
	return true;
}

static void tell(struct params_check *c, const char *fmt, va_list ap) WEIR_PRINTF(2, 0);

static void
tell(struct params_check *c, const char *fmt, va_list ap)
{
	struct buf text = BUF_INIT(2048);

	if (params_check_silent(c))
		return;
	c->n++;
	buf_vaddf(&text, fmt, ap);
	c->fn(c->arg, buf_cstr(&c->path), buf_cstr(&text));
	buf_release(&text);
}

void
params_check_fault(struct params_check *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(c, fmt, ap);
	va_end(ap);
}

static size_t
enter(struct params_check *c, const char *name)
{
	size_t at = c->path.len;

	buf_addf(&c->path, "%s%s", at ? "." : "", name);
	return at;
}

void
params_check_fault_at(struct params_check *c, const char *name, const char *fmt, ...)
{
	size_t at = enter(c, name);
	va_list ap;

	va_start(ap, fmt);
	tell(c, fmt, ap);
	va_end(ap);
	buf_truncate(&c->path, at);
}

/* ---- values in values */

static size_t
check_below(struct params_check *c, json_t *schema, json_t *value, size_t path)
{
	unsigned refs = c->refs;
	size_t n;

	c->refs = 0;
	n = params_check_value(c, schema, value);
	c->refs = refs;
	buf_truncate(&c->path, path);
	return n;
}

size_t
params_check_member(
	struct params_check *c, json_t *schema, const char *name, json_t *value)
{
	size_t at = enter(c, name);

	return check_below(c, schema, value, at);
}

size_t
params_check_item(struct params_check *c, json_t *schema, size_t i, json_t *value)
{
	size_t at = c->path.len;

	buf_addf(&c->path, "[%zu]", i);
	return check_below(c, schema, value, at);
}

size_t
params_check_count(struct params_check *c, json_t *schema, json_t *value)
{
	weir_params_fault_fn *fn = c->fn;
	size_t n = c->n, found;

	c->fn = NULL;
	found = params_check_value(c, schema, value);
	c->fn = fn;
	c->n = n;
	return found;
}

/* ---- members */

static bool
matches_any(const json_t *patterns, const char *name)
{
	const char *pattern;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)patterns, pattern, v)
	{
		if (params_pattern_matches(pattern, str_of(name)))
			return true;
	}
	return false;
}

static void
rule_properties(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	const char *name;
	json_t *p, *v;

	(void)schema;
	json_object_foreach(kw, name, p)
	{
		if ((v = json_object_get(value, name)))
			params_check_member(c, p, name, v);
	}
}

static void
rule_patterns(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	const char *pattern, *name;
	json_t *p, *v;

	(void)schema;
	json_object_foreach(kw, pattern, p)
	{
		json_object_foreach(value, name, v)
		{
			if (params_pattern_matches(pattern, str_of(name)))
				params_check_member(c, p, name, v);
		}
	}
}

static void
fault_unknown(struct params_check *c, const char *name, json_t *schema)
{
	json_t *properties = json_object_get(schema, "properties"), *p, *names;
	struct buf text = BUF_INIT(1024);
	const char *known;

	if (params_check_silent(c))
		return;
	names = json_array();
	json_object_foreach(properties, known, p)
		json_array_append_new(names, json_string(known));
	buf_adds(&text, "is not known");
	params_say_nearest(str_of(name), names, &text);
	params_check_fault_at(c, name, "%s", buf_cstr(&text));
	buf_release(&text);
	json_decref(names);
}

static void
rule_additional(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	json_t *properties = json_object_get(schema, "properties"), *v;
	json_t *patterns = json_object_get(schema, "patternProperties");
	const char *name;

	json_object_foreach(value, name, v)
	{
		if (json_object_get(properties, name) || matches_any(patterns, name))
			continue;
		if (json_is_false(kw))
			fault_unknown(c, name, schema);
		else
			params_check_member(c, kw, name, v);
	}
}

static void
rule_required(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	json_t *properties = json_object_get(schema, "properties"), *v, *p;
	struct buf text = BUF_INIT(1024);
	const char *name;
	size_t i;

	if (!json_is_object(value))
		return;
	json_array_foreach(kw, i, v)
	{
		name = json_string_value(v);
		if (!name || json_object_get(value, name))
			continue;
		if (params_check_silent(c))
			continue;
		buf_clear(&text);
		buf_adds(&text, "is missing");
		p = json_object_get(properties, name);
		if (p) {
			buf_adds(&text, ": it wants ");
			params_say_schema(c->s, p, &text);
		}
		params_check_fault_at(c, name, "%s", buf_cstr(&text));
	}
	buf_release(&text);
}

static void
rule_names(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	const char *name;
	json_t *v, *text;

	(void)schema;
	json_object_foreach(value, name, v)
	{
		text = json_string(name);
		if (text && params_check_count(c, kw, text))
			params_check_fault_at(c, name, "is not a name that fits");
		json_decref(text);
	}
}

static void
rule_dependent(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	const char *name, *other;
	json_t *list, *v;
	size_t i;

	(void)schema;
	json_object_foreach(kw, name, list)
	{
		if (!json_object_get(value, name))
			continue;
		json_array_foreach(list, i, v)
		{
			other = json_string_value(v);
			if (other && !json_object_get(value, other))
				params_check_fault_at(
					c, other, "is missing: %s needs it", name);
		}
	}
}

static void
rule_dependent_schemas(
	struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	const char *name;
	json_t *s;

	(void)schema;
	json_object_foreach(kw, name, s)
	{
		if (json_object_get(value, name))
			params_check_value(c, s, value);
	}
}

/* ---- items */

static void
rule_prefix(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	size_t n = json_array_size(kw);

	(void)schema;
	for (size_t i = 0; i < n && i < json_array_size(value); i++)
		params_check_item(
			c, json_array_get(kw, i), i, json_array_get(value, i));
}

static void
rule_items(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	size_t from = json_array_size(json_object_get(schema, "prefixItems"));
	size_t n = json_array_size(value);

	if (json_is_false(kw) && n > from) {
		params_check_fault(
			c, "has %zu items, at most %zu are expected", n, from);
		return;
	}
	for (size_t i = from; i < n && !c->gave_up; i++)
		params_check_item(c, kw, i, json_array_get(value, i));
}

static void
rule_contains(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	const json_t *min = json_object_get(schema, "minContains");
	const json_t *max = json_object_get(schema, "maxContains");
	double least = json_is_number(min) ? json_number_value(min) : 1;
	size_t n = 0, i;
	json_t *v;

	if (!json_is_array(value))
		return;
	json_array_foreach(value, i, v) n += params_check_count(c, kw, v) == 0;
	if (c->gave_up)
		return;
	if ((double)n < least)
		params_check_fault(c,
			"has %zu items that fit, at least %.0f are needed", n, least);
	else if (json_is_number(max) && (double)n > json_number_value(max))
		params_check_fault(c, "has %zu items that fit, at most %.0f may", n,
			json_number_value(max));
}

/* ---- schemas in schemas */

static void
rule_ref(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	const char *ref = json_string_value(kw);
	json_t *to = params_resolve(c->s->read, ref);

	(void)schema;
	if (!ref || (*ref != '#') || (ref[1] && ref[1] != '/'))
		return;
	if (!to) {
		params_check_fault(
			c, "its schema refers to %s, which is not there", ref);
	} else if (c->refs > WEIR_PARAM_DEPTH_MAX) {
		params_check_fault(c, "its schema %s refers to itself", ref);
	} else {
		c->refs++;
		params_check_value(c, to, value);
		c->refs--;
	}
}

static void
rule_all(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	json_t *s;
	size_t i;

	(void)schema;
	json_array_foreach(kw, i, s) params_check_value(c, s, value);
}

/* Does the value have the type of this branch, as far as it says one? */
static bool
is_near(struct params_check *c, json_t *branch, json_t *value)
{
	json_t *type, *v;
	size_t i;

	for (unsigned n = 0; n < WEIR_PARAM_DEPTH_MAX; n++) {
		v = json_object_get(branch, "$ref");
		if (!v)
			break;
		branch = params_resolve(c->s->read, json_string_value(v));
	}
	type = json_object_get(branch, "type");
	if (json_is_string(type))
		return params_is_type(value, json_string_value(type));
	json_array_foreach(type, i, v)
	{
		if (json_is_string(v) && params_is_type(value, json_string_value(v)))
			return true;
	}
	return !type;
}

/* None fits: what is wrong with the one that was meant, or what they all want. */
static void
fault_none(struct params_check *c, json_t *branches, json_t *value, json_t *schema)
{
	struct buf text = BUF_INIT(1024);
	json_t *s, *meant = NULL;
	size_t i, near = 0;

	if (params_check_silent(c))
		return;
	json_array_foreach(branches, i, s)
	{
		if (!is_near(c, s, value))
			continue;
		meant = s;
		near++;
	}
	if (near == 1) {
		params_check_value(c, meant, value);
		return;
	}
	params_say_value(value, &text);
	buf_adds(&text, " is not ");
	params_say_schema(c->s, schema, &text);
	params_check_fault(c, "%s", buf_cstr(&text));
	buf_release(&text);
}

static size_t
count_fitting(struct params_check *c, json_t *branches, json_t *value, size_t enough)
{
	size_t n = 0, i;
	json_t *s;

	json_array_foreach(branches, i, s)
	{
		if (n < enough && params_check_count(c, s, value) == 0)
			n++;
	}
	return n;
}

static void
rule_any(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	if (json_is_array(kw) && !count_fitting(c, kw, value, 1))
		fault_none(c, kw, value, schema);
}

static void
rule_one(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	struct buf text = BUF_INIT(512);
	size_t n = count_fitting(c, kw, value, 2);

	if (!json_is_array(kw) || c->gave_up || n == 1)
		return;
	if (n == 0) {
		fault_none(c, kw, value, schema);
		return;
	}
	params_say_value(value, &text);
	params_check_fault(
		c, "%s fits more than one of what it may be", buf_cstr(&text));
	buf_release(&text);
}

static void
rule_not(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	struct buf text = BUF_INIT(512);

	(void)schema;
	if (params_check_count(c, kw, value) || c->gave_up)
		return;
	params_say_value(value, &text);
	params_check_fault(c, "%s is what it may not be", buf_cstr(&text));
	buf_release(&text);
}

static void
rule_if(struct params_check *c, json_t *kw, json_t *value, json_t *schema)
{
	bool fits = params_check_count(c, kw, value) == 0;
	json_t *s = json_object_get(schema, fits ? "then" : "else");

	if (s && !c->gave_up)
		params_check_value(c, s, value);
}

static const struct {
	const char *keyword;
	params_rule *rule;
} rules[] = {
	{ "properties", rule_properties },
	{ "patternProperties", rule_patterns },
	{ "additionalProperties", rule_additional },
	{ "required", rule_required },
	{ "propertyNames", rule_names },
	{ "dependentRequired", rule_dependent },
	{ "dependentSchemas", rule_dependent_schemas },
	{ "prefixItems", rule_prefix },
	{ "items", rule_items },
	{ "contains", rule_contains },
	{ "$ref", rule_ref },
	{ "allOf", rule_all },
	{ "anyOf", rule_any },
	{ "oneOf", rule_one },
	{ "not", rule_not },
	{ "if", rule_if },
};

static params_rule *
find(const char *keyword)
{
	for (size_t i = 0; i < N_ELEM(rules); i++) {
		if (!strcmp(rules[i].keyword, keyword))
			return rules[i].rule;
	}
	return params_rules_find(keyword);
}

size_t
params_check_value(struct params_check *c, json_t *schema, json_t *value)
{
	size_t before = c->n;
	const char *keyword;
	params_rule *rule;
	json_t *kw;

	if (c->steps++ >= STEPS_MAX || c->level >= LEVEL_MAX)
		c->gave_up = true;
	if (c->gave_up || params_opaque(value))
		return 0;
	if (json_is_false(schema))
		params_check_fault(c, "may not be given");
	c->level++;
	json_object_foreach(schema, keyword, kw)
	{
		rule = find(keyword);
		if (rule)
			rule(c, kw, value, schema);
	}
	c->level--;
	return c->n - before;
}
