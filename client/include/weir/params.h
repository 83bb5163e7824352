/*
 * Parameters of flows: the schema of a deployment, values as people write them, and
 * whether the server will take them, before it is asked.
 *
 * The schema is Prefect's parameter_openapi_schema: JSON Schema (draft 2020-12 as far
 * as pydantic and people use it) with refs to #/definitions/X or #/$defs/X. What the
 * checker does not know it lets pass: the server has the last word.
 */
#ifndef WEIR_PARAMS_H
#define WEIR_PARAMS_H

#include <weir/buf.h>
#include <weir/error.h>
#include <weir/json.h>

enum { WEIR_PARAMS_MAX = 512 << 10, WEIR_PARAM_DEPTH_MAX = 64 };

struct weir_schema;

/* text: the JSON of the schema; "" or null is a schema that allows everything. */
WEIR_NODISCARD enum weir_rc weir_schema_parse(
	struct str text, struct weir_schema **ret_schema, struct weir_err *err);
void weir_schema_free(struct weir_schema *s); /* accepts NULL */

/* One parameter, for forms and completion; all borrowed from the schema. */
enum weir_param_type {
	WEIR_PARAM_ANY, /* no type said, or more than one */
	WEIR_PARAM_TEXT,
	WEIR_PARAM_INTEGER,
	WEIR_PARAM_NUMBER,
	WEIR_PARAM_BOOL,
	WEIR_PARAM_ARRAY,
	WEIR_PARAM_OBJECT,
};
struct weir_param {
	const char *name, *title, *description; /* "" for none */
	enum weir_param_type type;
	bool required, nullable, secret;  /* secret: writeOnly or format password */
	const char *format;               /* "date-time", ...; "" */
	const struct weir_json *choices;  /* array (enum, const); NULL */
	const struct weir_json *fallback; /* the default; NULL: none */
	const struct weir_json *schema;   /* with refs followed, once */
};
/* In order of `position`, else as they stand. */
size_t weir_schema_size(const struct weir_schema *s);
const struct weir_param *weir_schema_param(const struct weir_schema *s, size_t i);
const struct weir_param *weir_schema_find(const struct weir_schema *s, struct str name);

/*
 * A value as it was typed for a parameter, appended as JSON: text where the schema says
 * string; else JSON if it is JSON and the schema takes it; else text.
 */
void weir_param_value(const struct weir_schema *s, struct str name, struct str typed,
	struct buf *out);

/*
 * Check a whole set of parameters, a JSON object, with the deployment's own already
 * laid under it. Each fault is told with the parameter's path (`platforms[2]`,
 * `image.tag`): fn gets `platform: "linux-63" is none of linux-64, ...`. Returns how
 * many. Names that the schema does not have are faults only where it says
 * additionalProperties: false; weir_params_unknown lists them for a warning.
 */
typedef void weir_params_fault_fn(void *arg, const char *path, const char *text);
size_t weir_params_check(const struct weir_schema *s,
	const struct weir_json *parameters, weir_params_fault_fn *fn, void *arg);
/* Told with the nearest known name, or "". */
size_t weir_params_unknown(const struct weir_schema *s,
	const struct weir_json *parameters, weir_params_fault_fn *fn, void *arg);

/* over laid on under, key by key at the top (as the server does), appended. */
WEIR_NODISCARD enum weir_rc weir_params_overlay(
	struct str under, struct str over, struct buf *out, struct weir_err *err);

#endif
