/* Literals of Python as JSON. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "pysig_priv.h"

static json_t *value(struct pycursor *c, unsigned depth);

/* 1_000, 0x1F, 1.5e3; none of the numbers that JSON does not have. */
static json_t *
number(const struct pytoken *t, bool negative)
{
	char text[64], *end;
	size_t n = 0;
	long long v;
	double real;
	int base = 10;

	if (t->text.len >= sizeof(text))
		return NULL;
	for (size_t i = 0; i < t->text.len; i++)
		if (t->text.s[i] != '_')
			text[n++] = t->text.s[i];
	text[n] = '\0';
	if (*text == '0' && n > 1 && strchr("xXoObB", text[1])) {
		base = strchr("xX", text[1]) ? 16 : strchr("oO", text[1]) ? 8 : 2;
		memmove(text, text + 2, n - 1);
	}
	errno = 0;
	v = strtoll(text, &end, base);
	if (!*end && end != text)
		return errno ? NULL : json_integer(negative ? -v : v);
	if (base != 10)
		return NULL;
	real = strtod(text, &end);
	return *end || !isfinite(real) ? NULL : json_real(negative ? -real : real);
}

/* Adjacent literals are one text. */
static json_t *
text(struct pycursor *c)
{
	struct buf b = BUF_INIT(BUF_MAX);
	const char *part;
	bool good = true;
	json_t *v = NULL;

	while (pysig_peek(c)->kind == PY_TEXT) {
		part = pysig_text(c->m->arena, pysig_next(c));
		good = good && part;
		if (good)
			buf_adds(&b, part);
	}
	if (good)
		v = json_stringn(buf_cstr(&b), b.len);
	buf_release(&b);
	return v;
}

/* c is behind the opening bracket. A tuple of one has a comma. */
static json_t *
list(struct pycursor *c, const char *close, unsigned depth)
{
	json_t *v = json_array(), *element;
	bool good = true, comma = false;

	while (!pysig_accept(c, close)) {
		element = value(c, depth + 1);
		good = good && element;
		if (element)
			json_array_append_new(v, element);
		comma = pysig_accept(c, ",");
		if (!comma && !pysig_is(pysig_peek(c), close)) {
			json_decref(v);
			return NULL;
		}
	}
	if (*close == ')' && json_array_size(v) == 1 && !comma) {
		element = json_incref(json_array_get(v, 0));
		json_decref(v);
		return element;
	}
	if (good)
		return v;
	json_decref(v);
	return NULL;
}

static json_t *
object(struct pycursor *c, unsigned depth)
{
	json_t *v = json_object(), *key, *member;
	bool good = true;

	while (good && !pysig_accept(c, "}")) {
		key = pysig_peek(c)->kind == PY_TEXT ? text(c) : NULL;
		good = key && pysig_accept(c, ":");
		member = good ? value(c, depth + 1) : NULL;
		good = member &&
		       json_object_set_new(v, json_string_value(key), member) == 0;
		json_decref(key);
		if (good && !pysig_accept(c, ","))
			good = pysig_is(pysig_peek(c), "}");
	}
	if (good)
		return v;
	json_decref(v);
	return NULL;
}

struct constant {
	const char *name;
	json_t *(*make)(void);
};

static json_t *
make_true(void)
{
	return json_true();
}

static json_t *
make_false(void)
{
	return json_false();
}

static json_t *
make_null(void)
{
	return json_null();
}

static const struct constant constants[] = {
	{ "True", make_true },
	{ "False", make_false },
	{ "None", make_null },
};

static json_t *
value(struct pycursor *c, unsigned depth)
{
	const struct pytoken *t = pysig_peek(c);

	if (depth > PYSIG_DEPTH_MAX)
		return NULL;
	for (size_t i = 0; i < N_ELEM(constants); i++)
		if (pysig_accept(c, constants[i].name))
			return constants[i].make();
	if (t->kind == PY_TEXT)
		return text(c);
	if (t->kind == PY_NUMBER)
		return number(pysig_next(c), false);
	if (pysig_accept(c, "-"))
		return pysig_peek(c)->kind == PY_NUMBER ? number(pysig_next(c), true)
							: NULL;
	if (pysig_accept(c, "["))
		return list(c, "]", depth);
	if (pysig_accept(c, "("))
		return list(c, ")", depth);
	return pysig_accept(c, "{") ? object(c, depth) : NULL;
}

/* Is the expression over? */
static bool
is_end(const struct pytoken *t)
{
	return t->kind == PY_LINE || t->kind == PY_END || pysig_is(t, ",") ||
	       pysig_is(t, ")") || pysig_is(t, "]");
}

json_t *
pysig_value(struct pycursor *c, unsigned depth)
{
	struct pycursor from = *c;
	json_t *v = value(c, depth);

	if (v && is_end(pysig_peek(c)))
		return v;
	json_decref(v);
	*c = from;
	pysig_skip(c);
	return NULL;
}
