/*
 * What a flow's source says of it without being run: its name, its parameters as
 * Prefect would describe them, its docstring.
 *
 * It knows what it knows: builtin types, those of typing, literals as defaults.
 * Whatever else a module may do to a name (rebind it, import it with a star, wrap the
 * function) makes the result uncertain, never wrong.
 */
#ifndef WEIR_CLIENT_PYSIG_H
#define WEIR_CLIENT_PYSIG_H

#include <stdbool.h>

#include <jansson.h>

#include "weir/buf.h"
#include "weir/mem.h"

enum {
	PYSIG_BYTES_MAX = 8 << 20, /* of a source file */
	PYSIG_DEPTH_MAX = 50,      /* of an annotation or a literal */
	PYSIG_PARAMETERS_MAX = 1000,
};

struct pysig {
	bool found;          /* the function is there, and is a flow */
	const char *name;    /* of the flow; NULL: not a literal */
	const char *about;   /* its description; NULL: none */
	const char *version; /* of the decorator; NULL: none */
	json_t *schema;      /* of the parameters; a new reference, NULL if not found */
	bool certain;        /* the schema is what Prefect would make */
	bool complete;       /* and all else is known too */
	unsigned line;       /* of the def */
};

/*
 * Texts are the arena's. Release ret->schema. false: the source cannot be read as
 * Python; nothing is known.
 */
bool pysig_read(struct str source, const char *function, struct arena *arena,
	struct pysig *ret);

#endif
