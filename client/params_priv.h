/* Schemas of parameters: what params*.c share. A struct weir_json is a json_t. */
#ifndef WEIR_CLIENT_PARAMS_PRIV_H
#define WEIR_CLIENT_PARAMS_PRIV_H

#include <stdint.h>

#include <jansson.h>

#include "weir/mem.h"
#include "weir/params.h"

struct weir_schema {
	json_t *raw;          /* as it came; NULL: everything is allowed */
	json_t *read;         /* as the server reads it: params_preprocess */
	struct weir_param *v; /* n of them */
	const char **names;   /* of v, for suggestions */
	json_t *made;         /* arrays of choices that were made from consts */
	size_t n;
	bool has_properties;
};

static inline json_t *
params_tree(const struct weir_json *j)
{
	return (json_t *)(uintptr_t)j;
}

static inline const struct weir_json *
params_json(const json_t *j)
{
	return (const struct weir_json *)j;
}

/* What `#/a/b` means in root; NULL: nothing, or not a reference within it. */
json_t *params_resolve(json_t *root, const char *ref);

/*
 * The server changes a schema before it checks by it: what has a type and no default,
 * and is not required, may be null; lists of items become prefixItems; a definition of
 * a block may be a reference to one. In place.
 */
void params_preprocess(json_t *schema);

/*
 * The parameters as the server checks them, a new tree: objects with `__prefect_kind`
 * json and none are replaced by what they stand for. Those that only the server can
 * replace stay (params_opaque).
 */
json_t *params_hydrate(const json_t *parameters);
bool params_opaque(const json_t *value);

enum { PARAMS_PATH_MAX = 4096 };

/* ---- checking: params_check.c */

struct params_check {
	const struct weir_schema *s;
	weir_params_fault_fn *fn; /* NULL: faults are only counted */
	void *arg;
	size_t n;        /* faults */
	struct buf path; /* of the value that is looked at */
	unsigned level;  /* calls into each other */
	unsigned refs;   /* references followed since the last value */
	unsigned steps;  /* values times schemas looked at */
	bool gave_up;    /* at a limit: the rest is taken for good */
};

/* Number of faults of a value against a schema of c->s->read. */
size_t params_check_value(struct params_check *c, json_t *schema, json_t *value);
/* The same without telling them. */
size_t params_check_count(struct params_check *c, json_t *schema, json_t *value);
size_t params_check_member(
	struct params_check *c, json_t *schema, const char *name, json_t *value);
size_t params_check_item(
	struct params_check *c, json_t *schema, size_t i, json_t *value);
/* A fault that nobody will be told of: it is counted, and needs no words. */
bool params_check_silent(struct params_check *c);
void params_check_fault(struct params_check *c, const char *fmt, ...) WEIR_PRINTF(2, 3);
/* A fault of the member name. */
void params_check_fault_at(struct params_check *c, const char *name, const char *fmt,
	...) WEIR_PRINTF(3, 4);

/* A keyword of a schema: kw is its value, schema what it stands in. */
typedef void params_rule(
	struct params_check *c, json_t *kw, json_t *value, json_t *schema);
/* Of one value; NULL: not one of them (params_rules.c). */
params_rule *params_rules_find(const char *keyword);

/* ---- params_rules.c, params_equal.c */

bool params_is_type(const json_t *value, const char *type);
bool params_equal(const json_t *a, const json_t *b);

/* ---- params_say.c: for people; sanitised */

/* A value, cut: `"linux-63"`. */
void params_say_value(const json_t *value, struct buf *out);
/* What a schema wants: `a string`, `an integer or null`, `one of a, b`. */
void params_say_schema(const struct weir_schema *s, json_t *schema, struct buf *out);
/* `linux-64, osx-arm64, ...` */
void params_say_list(const json_t *array, struct buf *out);
/* `; did you mean linux-64?` or nothing. */
void params_say_nearest(struct str word, const json_t *names, struct buf *out);

/* ---- params_pattern.c */

/*
 * Does text match somewhere, as Python's re.search says? True as well for a pattern
 * that cannot be read or takes too long.
 */
bool params_pattern_matches(const char *pattern, struct str text);

#endif
