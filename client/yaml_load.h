/*
 * YAML as a tree, the way PyYAML's safe_load reads it: YAML 1.1 scalars, merge keys,
 * anchors, the last of duplicate keys. Each node knows its place in the file.
 *
 * An alias is the node itself, not a copy: a tree is small whatever it expands to, and
 * what it expands to is bounded when it is read.
 */
#ifndef WEIR_CLIENT_YAML_LOAD_H
#define WEIR_CLIENT_YAML_LOAD_H

#include <stdbool.h>

#include <jansson.h>

#include "weir/buf.h"
#include "weir/mem.h"

enum {
	YAML_BYTES_MAX = 64 << 20, /* of a file */
	YAML_DEPTH_MAX = 200,
	YAML_NODES_MAX = 4 << 20, /* all aliases expanded; 32 bytes of text are one */
};

enum ykind { Y_NULL, Y_BOOL, Y_INT, Y_REAL, Y_TIME, Y_TEXT, Y_LIST, Y_MAP };

struct ynode {
	enum ykind kind;
	unsigned line, column; /* from 1 */
	unsigned weight;       /* nodes that it expands to */
	unsigned height;       /* how deep they are below it */
	size_t n;              /* bytes of text, elements, members */
	const char *text; /* Y_TIME: RFC 3339; other scalars: as they are written */
	union {
		bool yes;
		long long number;
		double real;
		struct ynode **v;
		struct ypair *pairs;
	};
};

/* A member. Keys that are not text are written as Python's JSON would write them. */
struct ypair {
	const char *key;
	struct ynode *from, *value; /* from: the key's own node */
};

struct yaml {
	struct arena arena;
	struct ynode *root; /* Y_NULL for an empty file */
};

/*
 * name: what the file is called in messages, `name:line:column: why`. *ret is to be
 * released with yaml_free. Texts are UTF-8 without NUL.
 */
WEIR_NODISCARD enum weir_rc yaml_load(
	struct str text, const char *name, struct yaml *ret, struct weir_err *err);
void yaml_free(struct yaml *y);

/* The member's value, NULL if there is none or map is none; may be NULL. */
struct ynode *yaml_get(const struct ynode *map, const char *key);

/* The tree as JSON, a new reference. Times become texts; NaN and infinities null. */
json_t *yaml_json(const struct ynode *node);

/* What a kind is called: "a number", "a list". */
const char *yaml_kind_name(enum ykind kind);

#endif
