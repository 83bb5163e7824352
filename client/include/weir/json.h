/*
 * JSON as a tree to look at: what the store keeps as text (states, parameters,
 * documents) for those who show it. Text is UTF-8; all that is handed out is borrowed
 * from the tree.
 */
#ifndef WEIR_JSON_H
#define WEIR_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/buf.h>
#include <weir/error.h>

struct weir_json;

enum weir_json_type {
	WEIR_JSON_NULL, /* also: no such value */
	WEIR_JSON_BOOL,
	WEIR_JSON_NUMBER,
	WEIR_JSON_TEXT,
	WEIR_JSON_ARRAY,
	WEIR_JSON_OBJECT,
};

/*
 * *ret_json is owned (weir_json_free). WEIR_EBADDATA says where it is wrong. Half
 * characters become U+FFFD, numbers past int64 doubles, past double the largest.
 */
WEIR_NODISCARD enum weir_rc weir_json_parse(
	struct str text, struct weir_json **ret_json, struct weir_err *err);
void weir_json_free(struct weir_json *j);

/* All of these take NULL for a value that is not there. */
enum weir_json_type weir_json_type(const struct weir_json *j);
struct str weir_json_text(const struct weir_json *j); /* empty if it is none */
double weir_json_number(const struct weir_json *j);
bool weir_json_true(const struct weir_json *j);
size_t weir_json_size(const struct weir_json *j); /* elements or members */
const struct weir_json *weir_json_at(const struct weir_json *array, size_t i);
const struct weir_json *weir_json_get(const struct weir_json *object, const char *name);

/* Members in their order: `void *at = NULL; while (weir_json_next(o, &at, &name, &v))`.
 */
bool weir_json_next(const struct weir_json *object, void **at, const char **ret_name,
	const struct weir_json **ret_value);

/* Append as compact JSON; null for no value. */
void weir_json_dump(const struct weir_json *j, struct buf *out);
/* For people: text as it is, the rest as compact JSON. */
void weir_json_show(const struct weir_json *j, struct buf *out);

#endif
