/*
 * Placeholders `{{ name }}` in a tree of JSON, as the base job templates of work pools
 * have them. A text that is one placeholder becomes its value, with its type.
 */
#ifndef WEIR_CLIENT_TEMPLATE_H
#define WEIR_CLIENT_TEMPLATE_H

#include <jansson.h>

#include "weir/buf.h"

enum template_found {
	TEMPLATE_VALUE, /* *ret_value: a new reference */
	TEMPLATE_NONE,  /* has no value: left out, "" inside of a text */
	TEMPLATE_KEEP,  /* stays a placeholder */
};
typedef enum template_found template_look(
	void *arg, struct str name, json_t **ret_value);

enum {
	TEMPLATE_DEPTH_MAX = 64,
	TEMPLATE_BYTES_MAX = 4 << 20, /* of a text */
	TEMPLATE_TOTAL_MAX = 16 << 20,
};

/*
 * A new tree, NULL if it became too large. A member or element without a value is left
 * out of it.
 */
json_t *template_walk(const json_t *tree, template_look *look, void *arg);

/* `a.b[0].c` in value; borrowed, NULL: there is none. */
const json_t *template_member(const json_t *value, struct str path);

/* Does the name begin with `prefect.variables.` or `prefect.blocks.`? */
bool template_is_reference(struct str name);

#endif
