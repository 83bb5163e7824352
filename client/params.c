/* Parameters of flows: reading schemas, values as they are typed, sets of them. */
#include "weir/params.h"

#include "jscan.h"
#include "params_priv.h"
#include "weir/text.h"

/* ---- one parameter */

static const struct {
	const char *name;
	enum weir_param_type type;
} type_names[] = {
	{ "string", WEIR_PARAM_TEXT },
	{ "integer", WEIR_PARAM_INTEGER },
	{ "number", WEIR_PARAM_NUMBER },
	{ "boolean", WEIR_PARAM_BOOL },
	{ "array", WEIR_PARAM_ARRAY },
	{ "object", WEIR_PARAM_OBJECT },
};

static enum weir_param_type
type_of_name(const char *name)
{
	for (size_t i = 0; name && i < N_ELEM(type_names); i++) {
		if (!strcmp(type_names[i].name, name))
			return type_names[i].type;
	}
	return WEIR_PARAM_ANY;
}

static enum weir_param_type
type_of_value(const json_t *v)
{
	for (size_t i = 0; i < N_ELEM(type_names); i++) {
		if (params_is_type(v, type_names[i].name))
			return type_names[i].type;
	}
	return WEIR_PARAM_ANY;
}

/* The type that all values have; ANY for several, or null alone. */
static enum weir_param_type
type_of_values(const json_t *array, bool *nullable)
{
	enum weir_param_type type = WEIR_PARAM_ANY, t;
	const json_t *v;
	size_t i;

	json_array_foreach(array, i, v)
	{
		t = type_of_value(v);
		if (json_is_null(v))
			*nullable = true;
		else if (type == WEIR_PARAM_ANY)
			type = t;
		else if (type != t)
			return WEIR_PARAM_ANY;
	}
	return type;
}

static bool
is_null_type(const json_t *v)
{
	const char *name = json_is_object(v)
				   ? json_string_value(json_object_get(v, "type"))
				   : json_string_value(v);

	return name && !strcmp(name, "null");
}

/* The one element that is not null's; NULL: several. */
static json_t *
only_one(const json_t *array, bool *nullable)
{
	json_t *v, *only = NULL;
	size_t i, n = 0;

	json_array_foreach(array, i, v)
	{
		if (is_null_type(v)) {
			*nullable = true;
		} else {
			only = v;
			n++;
		}
	}
	return n == 1 ? only : NULL;
}

static const char *
text_or(const json_t *s, const char *name, const char *now)
{
	const char *text = json_string_value(json_object_get(s, name));

	return *now || !text ? now : text;
}

static void
take_words(const json_t *s, struct weir_param *p)
{
	const char *format = json_string_value(json_object_get(s, "format"));

	p->title = text_or(s, "title", p->title);
	p->description = text_or(s, "description", p->description);
	p->format = text_or(s, "format", p->format);
	if (!p->fallback)
		p->fallback = params_json(json_object_get(s, "default"));
	if (json_is_true(json_object_get(s, "writeOnly")) ||
		(format && !strcmp(format, "password")))
		p->secret = true;
}

/* What stands behind s: the target of a reference, the only one of several. */
static json_t *
behind(struct weir_schema *schema, json_t *s, bool *nullable)
{
	static const char *const several[] = { "anyOf", "oneOf", "allOf" };
	json_t *v = json_object_get(s, "$ref");

	if (v)
		return params_resolve(schema->raw, json_string_value(v));
	for (size_t i = 0; i < N_ELEM(several); i++) {
		v = json_object_get(s, several[i]);
		if (v)
			return only_one(v, nullable);
	}
	return NULL;
}

static void
take_type(struct weir_schema *schema, json_t *s, struct weir_param *p)
{
	json_t *choices = json_object_get(s, "enum"), *v = json_object_get(s, "const");
	json_t *type = json_object_get(s, "type");

	if (v && !choices) {
		choices = json_pack("[O]", v);
		json_array_append_new(schema->made, choices);
	}
	if (json_array_size(choices) > 0) {
		p->choices = params_json(choices);
		p->type = type_of_values(choices, &p->nullable);
	}
	if (json_is_array(type))
		type = only_one(type, &p->nullable);
	if (json_is_string(type))
		p->type = type_of_name(json_string_value(type));
}

static void
take_param(struct weir_schema *schema, const char *name, json_t *s)
{
	struct weir_param *p = &schema->v[schema->n++];
	json_t *next = s;

	p->name = name;
	p->title = p->description = p->format = "";
	for (unsigned i = 0; json_is_object(next) && i < WEIR_PARAM_DEPTH_MAX; i++) {
		s = next;
		take_words(s, p);
		next = behind(schema, s, &p->nullable);
	}
	p->schema = params_json(s);
	take_type(schema, s, p);
}

/* ---- the schema */

static double
position_of(const struct weir_schema *s, const struct weir_param *p)
{
	const json_t *v = json_object_get(
		json_object_get(json_object_get(s->raw, "properties"), p->name),
		"position");

	return json_is_number(v) ? json_number_value(v) : 1e300;
}

/* Few, and nearly in order. */
static void
order(struct weir_schema *s)
{
	for (size_t i = 1; i < s->n; i++) {
		struct weir_param p = s->v[i];
		double at = position_of(s, &p);
		size_t j = i;

		for (; j > 0 && position_of(s, &s->v[j - 1]) > at; j--)
			s->v[j] = s->v[j - 1];
		s->v[j] = p;
	}
}

enum { SORTED_MAX = 1000 };

static void
take_all(struct weir_schema *s)
{
	json_t *properties = json_object_get(s->raw, "properties"), *p, *v;
	const char *name;
	size_t i;

	s->has_properties = json_is_object(properties);
	s->v = xcalloc(json_object_size(properties) + 1, sizeof(*s->v));
	s->names = xcalloc(json_object_size(properties) + 1, sizeof(*s->names));
	json_object_foreach(properties, name, p) take_param(s, name, p);
	if (s->n <= SORTED_MAX)
		order(s);
	for (i = 0; i < s->n; i++)
		s->names[i] = s->v[i].name;
	json_array_foreach(json_object_get(s->raw, "required"), i, v)
	{
		const char *text = json_string_value(v);
		const struct weir_param *found =
			text ? weir_schema_find(s, str_of(text)) : NULL;

		if (found)
			s->v[found - s->v].required = true;
	}
}

enum weir_rc
weir_schema_parse(
	struct str text, struct weir_schema **ret_schema, struct weir_err *err)
{
	struct weir_schema *s;
	struct weir_json *tree = NULL;
	enum weir_rc rc;

	rc = text.len ? weir_json_parse(text, &tree, err) : WEIR_OK;
	if (rc)
		return weir_prefix(err, "schema of the parameters");
	if (tree && weir_json_type(tree) != WEIR_JSON_OBJECT &&
		weir_json_type(tree) != WEIR_JSON_NULL) {
		weir_json_free(tree);
		return weir_fail(err, WEIR_EBADDATA,
			"schema of the parameters: it is not an object");
	}
	s = xcalloc(1, sizeof(*s));
	s->raw = params_tree(tree);
	s->made = json_array();
	s->read = json_deep_copy(s->raw);
	params_preprocess(s->read);
	take_all(s);
	*ret_schema = s;
	return WEIR_OK;
}

void
weir_schema_free(struct weir_schema *s)
{
	if (!s)
		return;
	json_decref(s->raw);
	json_decref(s->read);
	json_decref(s->made);
	free(s->v);
	free(s->names);
	free(s);
}

size_t
weir_schema_size(const struct weir_schema *s)
{
	return s->n;
}

const struct weir_param *
weir_schema_param(const struct weir_schema *s, size_t i)
{
	return i < s->n ? &s->v[i] : NULL;
}

const struct weir_param *
weir_schema_find(const struct weir_schema *s, struct str name)
{
	for (size_t i = 0; i < s->n; i++) {
		if (str_eq(name, s->v[i].name))
			return &s->v[i];
	}
	return NULL;
}

/* ---- values */

/* Text that is JSON as it stands, numbers of any length among it. */
static bool
is_plain_json(struct str text)
{
	json_t *v = json_loadb(text.s ? text.s : "", text.len,
		JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);

	json_decref(v);
	return v != NULL;
}

/* Its text into out: as it stands, so that no digit is lost, or else repaired. */
static void
add_json(const struct weir_json *tree, struct str text, struct buf *out)
{
	if (is_plain_json(text))
		buf_addstr(out, text);
	else
		weir_json_dump(tree, out);
}

/* The value as JSON into out, if it is. */
static json_t *
read_json(struct str typed, struct buf *out)
{
	struct weir_json *tree = NULL;

	if (weir_json_parse(typed, &tree, NULL))
		return NULL;
	add_json(tree, typed, out);
	return params_tree(tree);
}

static bool
fits(const struct weir_schema *s, struct str name, json_t *value)
{
	struct params_check c = { .s = s, .path = BUF_INIT(64) };
	char *text = str_copy(name);
	json_t *schema = json_object_get(json_object_get(s->read, "properties"), text);
	json_t *v = params_hydrate(value);
	bool good = !schema || params_check_count(&c, schema, v) == 0;

	json_decref(v);
	buf_release(&c.path);
	free(text);
	return good;
}

static struct str
trim(struct str s)
{
	while (s.len && strchr(" \t\r\n", s.s[0]))
		s = (struct str){ s.s + 1, s.len - 1 };
	while (s.len && strchr(" \t\r\n", s.s[s.len - 1]))
		s.len--;
	return s;
}

void
weir_param_value(
	const struct weir_schema *s, struct str name, struct str typed, struct buf *out)
{
	const struct weir_param *p = weir_schema_find(s, name);
	struct buf json = BUF_INIT(BUF_MAX), text = BUF_INIT(BUF_MAX);
	json_t *v = NULL, *t = NULL;

	text_json(&text, typed);
	if (!p || p->type != WEIR_PARAM_TEXT)
		v = read_json(trim(typed), &json);
	if (v && !fits(s, name, v))
		t = json_loadb(buf_cstr(&text), text.len,
			JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	/* where neither fits, the JSON is what was meant: its fault is to be told */
	buf_addstr(out, buf_str(v && !(t && fits(s, name, t)) ? &json : &text));
	json_decref(v);
	json_decref(t);
	buf_release(&json);
	buf_release(&text);
}

/* ---- sets of parameters */

size_t
weir_params_check(const struct weir_schema *s, const struct weir_json *parameters,
	weir_params_fault_fn *fn, void *arg)
{
	struct params_check c = {
		.s = s, .fn = fn, .arg = arg, .path = BUF_INIT(PARAMS_PATH_MAX)
	};
	json_t *value = params_hydrate(params_tree(parameters));

	params_check_value(&c, s->read, value);
	json_decref(value);
	buf_release(&c.path);
	return c.n;
}

static bool
takes_any_name(const struct weir_schema *s)
{
	const json_t *more = json_object_get(s->raw, "additionalProperties");

	/* false: unknown names are faults of the check */
	return !s->has_properties || more ||
	       json_object_get(s->raw, "patternProperties");
}

enum { NEAR_MORE = 2 };

/* The nearest; else the one that begins so, or with a letter or two too many. */
static const char *
near_of(const struct weir_schema *s, const char *word)
{
	const char *near = text_nearest(str_of(word), s->names, s->n);
	size_t len = strlen(word), found = 0;

	if (near)
		return near;
	for (size_t i = 0; i < s->n && len; i++) {
		size_t n = strlen(s->names[i]);

		if (!n || len > n + NEAR_MORE ||
			strncmp(s->names[i], word, n < len ? n : len) != 0)
			continue;
		near = s->names[i];
		found++;
	}
	return found == 1 ? near : NULL;
}

size_t
weir_params_unknown(const struct weir_schema *s, const struct weir_json *parameters,
	weir_params_fault_fn *fn, void *arg)
{
	const char *name, *near;
	json_t *v;
	size_t n = 0;

	if (takes_any_name(s))
		return 0;
	json_object_foreach(params_tree(parameters), name, v)
	{
		if (weir_schema_find(s, str_of(name)))
			continue;
		n++;
		near = near_of(s, name);
		fn(arg, name, near ? near : "");
	}
	return n;
}

/* An object, or nothing at all; its text into out. */
static enum weir_rc
read_set(struct str text, struct weir_json **ret_tree, struct buf *out,
	struct weir_err *err)
{
	struct weir_json *tree;
	enum weir_rc rc;

	if (!text.len)
		text = STR("{}");
	rc = weir_json_parse(text, &tree, err);
	if (!rc && weir_json_type(tree) != WEIR_JSON_OBJECT) {
		weir_json_free(tree);
		rc = weir_fail(err, WEIR_EBADDATA, "not a JSON object");
	}
	if (rc)
		return weir_prefix(err, "parameters");
	add_json(tree, text, out);
	*ret_tree = tree;
	return WEIR_OK;
}

/* key is a member's name as it is written, without its quotes. */
static bool
has_member(const json_t *object, struct str key)
{
	struct buf quoted = BUF_INIT(BUF_MAX), plain = BUF_INIT(BUF_MAX);
	bool has;

	buf_addc(&quoted, '"');
	buf_addstr(&quoted, key);
	buf_addc(&quoted, '"');
	jscan_unescape(&plain, buf_str(&quoted));
	has = json_object_get(object, buf_cstr(&plain)) != NULL;
	buf_release(&quoted);
	buf_release(&plain);
	return has;
}

/* Members as they are written, so that no digit of a number is lost. */
static void
add_members(struct str set, const json_t *but, struct buf *out)
{
	struct str key, value;
	struct jscan j;

	if (!jscan_open(&j, set))
		return;
	while (jscan_next(&j, &key, &value)) {
		if (has_member(but, key))
			continue;
		buf_adds(out, out->len > 1 ? ",\"" : "\"");
		buf_addstr(out, key);
		buf_adds(out, "\":");
		buf_addstr(out, value);
	}
}

enum weir_rc
weir_params_overlay(
	struct str under, struct str over, struct buf *out, struct weir_err *err)
{
	struct buf b = BUF_INIT(BUF_MAX), low = BUF_INIT(BUF_MAX);
	struct buf high = BUF_INIT(BUF_MAX);
	struct weir_json *below = NULL, *above = NULL;
	enum weir_rc rc;

	rc = read_set(under, &below, &low, err);
	if (!rc)
		rc = read_set(over, &above, &high, err);
	if (!rc) {
		buf_addc(&b, '{');
		add_members(buf_str(&low), params_tree(above), &b);
		add_members(buf_str(&high), NULL, &b);
		buf_addc(&b, '}');
		if (b.len > WEIR_PARAMS_MAX)
			rc = weir_fail(err, WEIR_ETOOBIG,
				"parameters: they are over %d bytes", WEIR_PARAMS_MAX);
	}
	if (!rc)
		buf_addstr(out, buf_str(&b));
	weir_json_free(below);
	weir_json_free(above);
	buf_release(&b);
	buf_release(&low);
	buf_release(&high);
	return rc;
}
