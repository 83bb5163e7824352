#include "pysig_priv.h"

/* One decorator: behind its `@`. */
VEC_TYPE(marks, size_t);

/* A flow that was found: where its parts begin. */
struct found {
	size_t def; /* at its name */
	unsigned indent;
	struct marks decorators;
};

/* ---- the function */

/* c at a line of the top level; is it the def of that name? */
static bool
is_def(struct pycursor *c, const char *function)
{
	struct pycursor ahead = *c;

	pysig_accept(&ahead, "async");
	if (!pysig_accept(&ahead, "def") || !str_eq(pysig_peek(&ahead)->text, function))
		return false;
	*c = ahead;
	return true;
}

/* More than one: not certain which is meant, so none. */
static size_t
find_def(const struct pymodule *m, const char *function, struct found *ret)
{
	struct marks decorators = { 0 };
	struct pycursor c = { .m = m };
	size_t n = 0;

	while (pysig_peek(&c)->kind != PY_END) {
		bool top = pysig_peek(&c)->indent == 0;

		if (top && pysig_accept(&c, "@")) {
			VEC_PUSH(&decorators, c.at);
			pysig_skip_line(&c);
			continue;
		}
		if (top && is_def(&c, function)) {
			n++;
			ret->def = c.at;
			VEC_FREE(&ret->decorators);
			ret->decorators = decorators;
			decorators = (struct marks){ 0 };
		}
		decorators.n = 0;
		pysig_skip_line(&c);
	}
	VEC_FREE(&decorators);
	return n;
}

/* ---- @flow(...) */

struct options {
	const char *name, *version, *about;
	bool certain; /* all of them could be read */
};

static void
read_option(struct pycursor *c, const char *key, struct options *o)
{
	json_t *v = pysig_value(c, 0);
	const char *text = json_string_value(v);
	const char *kept =
		text ? arena_strndup(c->m->arena, text, json_string_length(v)) : NULL;
	bool none = json_is_null(v);

	if (kept && !*kept) { /* as if it were not there */
		kept = NULL;
		none = true;
	}
	if (strcmp(key, "name") == 0)
		o->name = kept;
	else if (strcmp(key, "version") == 0)
		o->version = kept;
	else if (strcmp(key, "description") == 0)
		o->about = kept;
	else
		none = true;
	o->certain = o->certain && (kept || none);
	json_decref(v);
}

/* c behind the opening bracket. */
static void
read_options(struct pycursor *c, struct options *o)
{
	while (!pysig_accept(c, ")")) {
		const struct pytoken *t = pysig_peek(c);
		const char *key;

		if (t->kind != PY_NAME) {
			o->certain = false; /* *x, **x, a function */
			return;
		}
		key = arena_strndup(c->m->arena, t->text.s, t->text.len);
		pysig_next(c);
		if (!pysig_accept(c, "=")) {
			o->certain = false;
			return;
		}
		read_option(c, key, o);
		if (!pysig_accept(c, ",") && !pysig_is(pysig_peek(c), ")")) {
			o->certain = false;
			return;
		}
	}
}

/* false: the outermost decorator is not Prefect's flow. */
static bool
read_decorators(const struct pymodule *m, const struct found *f, struct options *o)
{
	struct pycursor c = { .m = m };
	const char *name;

	if (!f->decorators.n)
		return false;
	c.at = f->decorators.v[0];
	name = pysig_resolve(&c);
	if (!name || (strcmp(name, "prefect.flow") != 0 &&
			     strcmp(name, "prefect.flows.flow") != 0))
		return false;
	o->certain = f->decorators.n == 1;
	if (pysig_accept(&c, "("))
		read_options(&c, o);
	o->certain = o->certain && pysig_peek(&c)->kind == PY_LINE;
	return true;
}

/* ---- parameters */

struct signature {
	json_t *properties, *required;
	json_t *docs; /* descriptions by name */
	size_t position;
	bool certain;
};

/* `: annotation` into property; what is not known is any value. */
static void
read_annotation(struct pycursor *c, json_t *property, struct signature *s)
{
	struct pycursor from;
	json_t *schema;

	if (!pysig_accept(c, ":"))
		return;
	from = *c;
	schema = pysig_type(c, 0);
	if (schema && !pysig_is(pysig_peek(c), ",") && !pysig_is(pysig_peek(c), ")") &&
		!pysig_is(pysig_peek(c), "=")) {
		json_decref(schema);
		schema = NULL;
	}
	if (!schema) {
		s->certain = false;
		*c = from;
		pysig_skip(c);
		return;
	}
	json_object_update(property, schema);
	json_decref(schema);
}

static bool
read_default(struct pycursor *c, json_t *property, struct signature *s)
{
	json_t *value;

	if (!pysig_accept(c, "="))
		return false;
	value = pysig_value(c, 0);
	if (value)
		json_object_set_new(property, "default", value);
	else
		s->certain = false;
	return true;
}

/* Names that Prefect or pydantic refuse, or leave out, each version in its way. */
static bool
is_odd(const char *name)
{
	return *name == '_' || strncmp(name, "model_", 6) == 0 ||
	       strcmp(name, "self") == 0 || strcmp(name, "cls") == 0;
}

/* c at the name of a parameter. */
static void
read_parameter(struct pycursor *c, struct signature *s)
{
	struct str text = pysig_next(c)->text;
	const char *name = arena_strndup(c->m->arena, text.s, text.len);
	json_t *property = json_object(), *doc = json_object_get(s->docs, name);

	json_object_set_new(
		property, "position", json_integer((json_int_t)s->position++));
	json_object_set_new(property, "title", json_string(name));
	if (doc)
		json_object_set(property, "description", doc);
	read_annotation(c, property, s);
	if (is_odd(name))
		s->certain = false;
	if (!read_default(c, property, s))
		json_array_append_new(s->required, json_string(name));
	json_object_set_new(s->properties, name, property);
}

/* c behind the opening bracket of the def; false: not a signature. */
static bool
read_parameters(struct pycursor *c, struct signature *s)
{
	while (!pysig_accept(c, ")")) {
		if (s->position >= PYSIG_PARAMETERS_MAX)
			return false;
		if (!pysig_accept(c, "/") && !pysig_accept(c, "**"))
			pysig_accept(c, "*");
		if (pysig_peek(c)->kind == PY_NAME)
			read_parameter(c, s);
		if (!pysig_accept(c, ",") && !pysig_is(pysig_peek(c), ")"))
			return false;
	}
	return true;
}

/* The docstring behind the signature, clean; NULL for none. */
static const char *
read_doc(struct pycursor c, struct arena *arena, bool *ret_certain)
{
	const char *doc;

	*ret_certain = true;
	if (pysig_accept(&c, "->")) {
		pysig_skip(&c);
	}
	if (!pysig_accept(&c, ":")) {
		*ret_certain = false;
		return NULL;
	}
	while (pysig_peek(&c)->kind == PY_LINE)
		pysig_next(&c);
	if (pysig_peek(&c)->kind != PY_TEXT)
		return NULL;
	doc = pysig_text(arena, pysig_next(&c));
	*ret_certain = doc && pysig_peek(&c)->kind == PY_LINE;
	return *ret_certain ? pysig_clean_doc(arena, doc) : NULL;
}

static json_t *
make_schema(struct signature *s)
{
	json_t *schema = json_pack("{s:s, s:s, s:O}", "title", "Parameters", "type",
		"object", "properties", s->properties);

	if (json_array_size(s->required))
		json_object_set(schema, "required", s->required);
	return schema;
}

/* Where the signature ends: the docstring is read before the parameters. */
static struct pycursor
behind_signature(struct pycursor c)
{
	int depth = 1;

	while (depth && pysig_peek(&c)->kind != PY_END) {
		const struct pytoken *t = pysig_next(&c);

		depth += pysig_is_open(t) ? 1 : pysig_is_close(t) ? -1 : 0;
	}
	return c;
}

static void
read_signature(struct pycursor c, struct pysig *ret, bool certain, bool fixed_about)
{
	struct signature s = { json_object(), json_array(), NULL, 0, certain };
	bool doc_certain;
	const char *doc;

	if (!pysig_accept(&c, "(")) {
		s.certain = false; /* def f[T](...) */
	} else {
		doc = read_doc(behind_signature(c), c.m->arena, &doc_certain);
		s.docs = pysig_doc_args(c.m->arena, doc ? doc : "");
		if (!read_parameters(&c, &s) || !doc_certain)
			s.certain = false;
		if (!fixed_about)
			ret->about = doc && *doc ? doc : NULL;
		ret->schema = make_schema(&s);
		json_decref(s.docs);
	}
	ret->certain = s.certain;
	json_decref(s.properties);
	json_decref(s.required);
}

/* fn.__name__ with dashes */
static const char *
default_name(struct arena *arena, const char *function)
{
	char *name = arena_strndup(arena, function, strlen(function));

	for (char *p = name; *p; p++)
		*p = *p == '_' ? '-' : *p;
	return name;
}

static void
read_flow(const struct pymodule *m, const struct found *f, const char *function,
	struct pysig *ret)
{
	struct pycursor c = { .m = m, .at = f->def };
	const struct pyname *bound = pysig_find(m, pysig_peek(&c)->text);
	struct options o = { 0 };

	/* found again in the list: bound by its def alone */
	if (!bound || !read_decorators(m, f, &o))
		return;
	ret->found = true;
	ret->line = pysig_peek(&c)->line;
	ret->name = o.certain && !o.name ? default_name(m->arena, function) : o.name;
	ret->version = o.version;
	ret->about = o.about;
	pysig_next(&c);
	read_signature(c, ret, f->decorators.n == 1, o.about != NULL);
	ret->complete = ret->certain && o.certain && ret->name;
}

bool
pysig_read(
	struct str source, const char *function, struct arena *arena, struct pysig *ret)
{
	struct pymodule m = { .arena = arena };
	struct found f = { 0 };
	bool good = source.len <= PYSIG_BYTES_MAX;

	*ret = (struct pysig){ 0 };
	if (!source.s)
		source = STR("");
	good = good && pysig_lex(source, &m.tokens);
	if (good) {
		pysig_read_names(&m);
		if (find_def(&m, function, &f) == 1 &&
			!pysig_is_bound_again(&m, function))
			read_flow(&m, &f, function, ret);
	}
	VEC_FREE(&f.decorators);
	VEC_FREE(&m.names);
	VEC_FREE(&m.tokens);
	return good;
}
