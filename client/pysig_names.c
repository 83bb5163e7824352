/* Walking over tokens; what the names of a module stand for. */
#include "pysig_priv.h"

/* ---- walking */

const struct pytoken *
pysig_peek(const struct pycursor *c)
{
	return &c->m->tokens.v[c->at];
}

const struct pytoken *
pysig_next(struct pycursor *c)
{
	const struct pytoken *t = pysig_peek(c);

	if (t->kind != PY_END)
		c->at++;
	return t;
}

bool
pysig_accept(struct pycursor *c, const char *text)
{
	if (!pysig_is(pysig_peek(c), text))
		return false;
	c->at++;
	return true;
}

bool
pysig_is_open(const struct pytoken *t)
{
	return pysig_is(t, "(") || pysig_is(t, "[") || pysig_is(t, "{");
}

bool
pysig_is_close(const struct pytoken *t)
{
	return pysig_is(t, ")") || pysig_is(t, "]") || pysig_is(t, "}");
}

void
pysig_skip(struct pycursor *c)
{
	int depth = 0, lambdas = 0;

	for (;; pysig_next(c)) {
		const struct pytoken *t = pysig_peek(c);

		if (t->kind == PY_END || t->kind == PY_LINE)
			return;
		if (pysig_is(t, "lambda"))
			lambdas++;
		if (pysig_is_open(t))
			depth++;
		else if (pysig_is_close(t) && depth-- == 0)
			return;
		if (depth)
			continue;
		if (pysig_is(t, ":") && lambdas) {
			lambdas--;
			continue;
		}
		if (!lambdas &&
			(pysig_is(t, ",") || pysig_is(t, "=") || pysig_is(t, ":")))
			return;
	}
}

void
pysig_skip_line(struct pycursor *c)
{
	const struct pytoken *t;

	do
		t = pysig_next(c);
	while (t->kind != PY_LINE && t->kind != PY_END);
}

/* ---- names of the module */

const struct pyname *
pysig_find(const struct pymodule *m, struct str name)
{
	for (size_t i = 0; i < m->names.n; i++)
		if (str_equal(m->names.v[i].name, name))
			return &m->names.v[i];
	return NULL;
}

/* from: NULL for what is made here. A name that is bound twice is nobody's. */
static void
bind(struct pymodule *m, struct str name, const char *from)
{
	const struct pyname *n = pysig_find(m, name);

	if (!n)
		VEC_PUSH(&m->names, ((struct pyname){ name, from }));
	else if (!from || !n->from || strcmp(from, n->from) != 0)
		m->names.v[n - m->names.v].from = NULL;
}

/* a.b.c, as text; empty if there is none. */
static const char *
dotted(struct pycursor *c)
{
	struct buf b = BUF_INIT(1000);
	const char *text;

	while (pysig_peek(c)->kind == PY_NAME) {
		buf_addstr(&b, pysig_next(c)->text);
		if (!pysig_accept(c, "."))
			break;
		buf_addc(&b, '.');
	}
	text = arena_strndup(c->m->arena, buf_cstr(&b), b.len);
	buf_release(&b);
	return text;
}

const char *
pysig_resolve(struct pycursor *c)
{
	const char *name = dotted(c), *dot = strchr(name, '.');
	struct str first = { name, dot ? (size_t)(dot - name) : strlen(name) };
	const struct pyname *n = pysig_find(c->m, first);

	if (n)
		return n->from ? arena_printf(
					 c->m->arena, "%s%s", n->from, dot ? dot : "")
			       : NULL;
	return c->m->star || dot ? NULL : name;
}

/* import a.b as c, d */
static void
read_import(struct pymodule *m, struct pycursor *c, bool certain)
{
	do {
		const char *name = dotted(c), *dot = strchr(name, '.');
		struct str as = { name, dot ? (size_t)(dot - name) : strlen(name) };

		if (pysig_accept(c, "as"))
			as = pysig_next(c)->text;
		else
			name = arena_strndup(m->arena, as.s, as.len);
		if (as.len)
			bind(m, as, certain ? name : NULL);
	} while (pysig_accept(c, ","));
}

/* from a.b import (c as d, e) */
static void
read_from(struct pymodule *m, struct pycursor *c, bool certain)
{
	bool relative = pysig_is(pysig_peek(c), ".");
	const char *module;

	while (pysig_accept(c, "."))
		;
	module = dotted(c);
	if (!pysig_accept(c, "import"))
		return;
	if (pysig_accept(c, "*")) {
		m->star = true;
		return;
	}
	pysig_accept(c, "(");
	while (pysig_peek(c)->kind == PY_NAME) {
		struct str name = pysig_next(c)->text, as = name;
		const char *from;

		if (pysig_accept(c, "as"))
			as = pysig_next(c)->text;
		from = arena_printf(m->arena, "%s.%.*s", module, (int)name.len, name.s);
		bind(m, as, certain && !relative ? from : NULL);
		pysig_accept(c, ",");
	}
}

static bool
is_assignment(const struct pytoken *t)
{
	return pysig_is(t, "=") ||
	       (t->kind == PY_OP && t->text.len == 2 && t->text.s[1] == '=' &&
		       !strchr("=!<>", t->text.s[0]));
}

/* Where the last `=` outside of brackets is, or from for none. */
static size_t
last_assignment(const struct pycursor *from)
{
	struct pycursor c = *from;
	size_t last = c.at;
	int depth = 0;

	for (; pysig_peek(&c)->kind > PY_LINE; pysig_next(&c)) {
		depth += pysig_is_open(pysig_peek(&c)) - pysig_is_close(pysig_peek(&c));
		if (!depth && is_assignment(pysig_peek(&c)))
			last = c.at;
	}
	return last;
}

static bool
is_compound(const struct pytoken *t)
{
	static const char *const words[] = { "if", "elif", "else", "for", "while",
		"with", "try", "except", "finally", "match", "case", "async" };

	for (size_t i = 0; i < N_ELEM(words); i++)
		if (pysig_is(t, words[i]))
			return true;
	return false;
}

/* `a = b = ...`, `a, b = ...`, `a: int = ...`; not `a.b = ...`, `a[b] = ...`. */
static void
bind_targets(struct pymodule *m, struct pycursor c)
{
	const struct pytoken *first = pysig_peek(&c), *after;
	size_t end = last_assignment(&c);
	bool inside = pysig_is_open(first);
	bool member = false;
	int depth = 0;

	for (; c.at < end; pysig_next(&c)) {
		const struct pytoken *t = pysig_peek(&c);

		if (!depth && pysig_is(t, ":") && !is_compound(first))
			return;
		depth += pysig_is_open(t) - pysig_is_close(t);
		after = t + 1;
		if (t->kind == PY_NAME && !member && (!depth || inside) &&
			!pysig_is(after, ".") && !pysig_is(after, "(") &&
			!pysig_is(after, "["))
			bind(m, t->text, NULL);
		member = pysig_is(t, ".");
	}
}

/* Up to the word, or to the end of the line. */
static void
bind_until(struct pymodule *m, struct pycursor *c, const char *word)
{
	for (; pysig_peek(c)->kind > PY_LINE && !pysig_is(pysig_peek(c), word);
		pysig_next(c))
		if (pysig_peek(c)->kind == PY_NAME)
			bind(m, pysig_peek(c)->text, NULL);
}

/* `for x in`, `as x`, `del x`, `global x`, `x := ...`, `def x`, `class x`. */
static void
bind_words(struct pymodule *m, struct pycursor c)
{
	bool pattern = pysig_is(pysig_peek(&c), "case");

	if (pattern)
		bind_until(m, &c, ":");
	while (pysig_peek(&c)->kind > PY_LINE) {
		const struct pytoken *t = pysig_next(&c);

		if (pysig_is(t, "for"))
			bind_until(m, &c, "in");
		else if (pysig_is(t, "del") || pysig_is(t, "global"))
			bind_until(m, &c, ":");
		else if (pysig_is(t, "as"))
			bind_until(m, &c, ":");
		else if (pysig_is(t, ":=") && t > m->tokens.v && t[-1].kind == PY_NAME)
			bind(m, t[-1].text, NULL);
		else if ((pysig_is(t, "def") || pysig_is(t, "class")) &&
			 pysig_peek(&c)->kind == PY_NAME) {
			bind(m, pysig_peek(&c)->text, NULL);
			return;
		}
	}
}

/*
 * Any line but an import: the names that it binds are bound to who knows what. Too many
 * do no harm.
 */
static void
read_bindings(struct pymodule *m, const struct pycursor *c)
{
	const struct pytoken *t = pysig_peek(c);

	if (!pysig_is(t, "def") && !pysig_is(t, "class") && !pysig_is(t, "async"))
		bind_targets(m, *c);
	bind_words(m, *c);
}

/* Is the line part of a function or a class? Those bind nothing here. */
void
pysig_read_names(struct pymodule *m)
{
	struct pycursor c = { .m = m };
	unsigned inside = 0; /* indent of the def or class we are in */
	bool in_body = false;

	while (pysig_peek(&c)->kind != PY_END) {
		const struct pytoken *t = pysig_peek(&c);
		bool certain = t->indent == 0;

		if (in_body && t->indent > inside) {
			pysig_skip_line(&c);
			continue;
		}
		in_body = false;
		if (pysig_accept(&c, "import")) {
			read_import(m, &c, certain);
		} else if (pysig_accept(&c, "from")) {
			read_from(m, &c, certain);
		} else {
			in_body = pysig_is(t, "def") || pysig_is(t, "class") ||
				  pysig_is(t, "async");
			inside = t->indent;
			if (!pysig_is(t, "@"))
				read_bindings(m, &c);
		}
		pysig_skip_line(&c);
	}
}

/* How often a line of the top level binds the name: a def alone is once. */
bool
pysig_is_bound_again(const struct pymodule *m, const char *function)
{
	struct pymodule copy = { .arena = m->arena, .tokens = m->tokens };
	struct pycursor c = { .m = &copy };
	size_t n = 0;

	while (pysig_peek(&c)->kind != PY_END) {
		struct pycursor line = c;

		if (pysig_peek(&c)->indent == 0) {
			copy.names.n = 0;
			if (pysig_accept(&line, "import"))
				read_import(&copy, &line, true);
			else if (pysig_accept(&line, "from"))
				read_from(&copy, &line, true);
			else if (!pysig_is(pysig_peek(&line), "@"))
				read_bindings(&copy, &line);
			n += pysig_find(&copy, str_of(function)) != NULL;
		}
		pysig_skip_line(&c);
	}
	VEC_FREE(&copy.names);
	return n > 1;
}
