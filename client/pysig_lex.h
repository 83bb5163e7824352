/* The words of Python source, as far as signatures need them. */
#ifndef WEIR_CLIENT_PYSIG_LEX_H
#define WEIR_CLIENT_PYSIG_LEX_H

#include <stdbool.h>

#include "weir/buf.h"
#include "weir/mem.h"

enum pytoken_kind {
	PY_END,  /* of the file */
	PY_LINE, /* end of a logical line */
	PY_NAME,
	PY_NUMBER,
	PY_TEXT, /* a whole string literal, with prefix and quotes */
	PY_OP,
};

struct pytoken {
	enum pytoken_kind kind;
	struct str text;
	unsigned line;   /* from 1 */
	unsigned indent; /* of its logical line, in columns */
};

VEC_TYPE(pytokens, struct pytoken);

/* false: unbalanced, or a literal without end. Free out with VEC_FREE in any case. */
bool pysig_lex(struct str source, struct pytokens *out);

/* Is it this word or operator? */
bool pysig_is(const struct pytoken *t, const char *text);

/*
 * The value of a string literal: a new NUL-terminated text in the arena; NULL for
 * bytes, f-strings, and escapes that are not known.
 */
const char *pysig_text(struct arena *arena, const struct pytoken *t);

#endif
