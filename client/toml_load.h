/* TOML text as a jansson tree, with errors that name file, line and column. */
#ifndef WEIR_CLIENT_TOML_LOAD_H
#define WEIR_CLIENT_TOML_LOAD_H

#include <jansson.h>

#include "weir/buf.h"
#include "weir/error.h"

/* name: what the file is called in messages. *ret is a new reference. */
WEIR_NODISCARD enum weir_rc toml_load(
	struct str text, const char *name, json_t **ret, struct weir_err *err);

#endif
