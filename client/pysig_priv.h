/* What the parts of pysig*.c share. */
#ifndef WEIR_CLIENT_PYSIG_PRIV_H
#define WEIR_CLIENT_PYSIG_PRIV_H

#include "pysig.h"
#include "pysig_lex.h"

/* Where a name of the module comes from. */
struct pyname {
	struct str name;
	const char *from; /* `typing.Optional`; NULL: made here, or more than once */
};

struct pymodule {
	struct arena *arena;
	struct pytokens tokens;
	VEC(struct pyname) names;
	bool star; /* `from x import *`: any name may be anything */
};

/* A walk over tokens. */
struct pycursor {
	const struct pymodule *m;
	size_t at;
};

const struct pytoken *pysig_peek(const struct pycursor *c);
const struct pytoken *pysig_next(struct pycursor *c); /* stays at PY_END */
bool pysig_accept(struct pycursor *c, const char *text);
bool pysig_is_open(const struct pytoken *t);
bool pysig_is_close(const struct pytoken *t);
void pysig_skip_line(struct pycursor *c);

/*
 * Past an expression: up to a comma, a closing bracket, `=`, `:` or the end of the line
 * outside of brackets.
 */
void pysig_skip(struct pycursor *c);

/*
 * The full name behind the dotted name at c: `typing.Optional` for `Optional` or
 * `t.Optional`, `int` for a builtin; NULL when it is not certain. c moves past it.
 */
const char *pysig_resolve(struct pycursor *c);

/* Fill m->names from its lines. */
void pysig_read_names(struct pymodule *m);
const struct pyname *pysig_find(const struct pymodule *m, struct str name);

/* Does more than one line of the top level bind the name? */
bool pysig_is_bound_again(const struct pymodule *m, const char *name);

/* ---- pysig_type.c */

/* JSON schema of an annotation; NULL if it is none of those that are known. */
json_t *pysig_type(struct pycursor *c, unsigned depth);

/* ---- pysig_value.c */

/* A literal as JSON; NULL for anything else. c moves past it in any case. */
json_t *pysig_value(struct pycursor *c, unsigned depth);

/* ---- pysig_doc.c */

/* inspect.cleandoc */
const char *pysig_clean_doc(struct arena *arena, const char *doc);

/* Descriptions in the `Args:` of a clean docstring, by name. A new reference. */
json_t *pysig_doc_args(struct arena *arena, const char *doc);

#endif
