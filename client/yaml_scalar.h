/* What a plain scalar of YAML 1.1 stands for, by the expressions that PyYAML has. */
#ifndef WEIR_CLIENT_YAML_SCALAR_H
#define WEIR_CLIENT_YAML_SCALAR_H

#include "yaml_load.h"

/*
 * Kind and value of a plain scalar; Y_TEXT for what is nothing else. NULL, or why it
 * cannot be read (a date with month 13, a number past 64 bits).
 */
const char *yaml_scalar_plain(
	struct arena *arena, struct str text, struct ynode *ret_node);

/* The same with its tag given: `!!int` and the like; kind is what the tag says. */
const char *yaml_scalar_tagged(
	struct arena *arena, struct str text, enum ykind kind, struct ynode *ret_node);

#endif
