/* A struct weir_json is a json_t under another name. */
#include "weir/json.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>

#include <jansson.h>

#include "json_out.h"
#include "pull_text.h"
#include "weir/mem.h"

enum { JSON_FLAGS = JSON_ALLOW_NUL | JSON_DECODE_ANY };

static json_t *
tree_of(const struct weir_json *j)
{
	return (json_t *)(uintptr_t)j;
}

/* ---- what Jansson refuses, but servers send */

/* The four digits behind a `\u` at p, or -1. */
static long
hex_at(const char *p, const char *end)
{
	char digits[5] = { 0 };

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	memcpy(digits, p + 2, 4);
	return strspn(digits, "0123456789abcdefABCDEF") == 4 ? strtol(digits, NULL, 16)
							     : -1;
}

/* An escape: lone surrogates and NUL (which no key may have) become U+FFFD. */
static const char *
repair_escape(const char *p, const char *end, struct buf *out)
{
	long c = hex_at(p, end), low;
	size_t n = 2;

	if (c >= 0xd800 && c <= 0xdbff) {
		low = hex_at(p + 6, end);
		n = low >= 0xdc00 && low <= 0xdfff ? 12 : 0;
	} else if (c == 0 || (c >= 0xdc00 && c <= 0xdfff)) {
		n = 0;
	}
	if (n == 0)
		buf_adds(out, "\\ufffd");
	else if (n <= (size_t)(end - p))
		buf_add(out, p, n);
	else
		return end;
	return p + (n ? n : 6);
}

/* A number: the largest double for what no double holds, a double for a long integer.
 */
static const char *
repair_number(const char *p, const char *end, struct buf *out)
{
	const char *from = p;
	bool whole;
	char *text;

	while (p < end && (isalnum((unsigned char)*p) || strchr("+-.", *p)))
		p++;
	text = xstrndup(from, (size_t)(p - from));
	whole = strspn(text, "-0123456789") == strlen(text);
	if (isinf(strtod(text, NULL)))
		buf_addf(out, "%s1.7976931348623157e308", *text == '-' ? "-" : "");
	else
		buf_addf(out, "%s%s", text, whole && strlen(text) > 18 ? "e0" : "");
	free(text);
	return p;
}

static void
repair(struct str text, struct buf *out)
{
	const char *p = text.s, *end = p + text.len;
	bool quoted = false;

	while (p < end) {
		if (quoted && *p == '\\') {
			p = repair_escape(p, end, out);
			continue;
		}
		if (!quoted && (isdigit((unsigned char)*p) || *p == '-')) {
			p = repair_number(p, end, out);
			continue;
		}
		if (*p == '"')
			quoted = !quoted;
		buf_addc(out, *p++);
	}
}

static json_t *
load_repaired(struct str text)
{
	struct arena arena = { 0 };
	struct buf b = BUF_INIT(BUF_MAX);
	json_t *tree = NULL;

	repair(pull_text_clean(text, &arena), &b);
	if (!b.truncated && b.len)
		tree = json_loadb(b.s, b.len, JSON_FLAGS, NULL);
	buf_release(&b);
	arena_free(&arena);
	return tree;
}

enum weir_rc
weir_json_parse(struct str text, struct weir_json **ret_json, struct weir_err *err)
{
	json_error_t why;
	json_t *tree = json_loadb(text.s ? text.s : "", text.len, JSON_FLAGS, &why);

	if (!tree && text.len)
		tree = load_repaired(text);
	if (!tree)
		return weir_fail(err, WEIR_EBADDATA, "JSON: byte %d: %s", why.position,
			why.text);
	*ret_json = (struct weir_json *)tree;
	return WEIR_OK;
}

void
weir_json_free(struct weir_json *j)
{
	json_decref(tree_of(j));
}

enum weir_json_type
weir_json_type(const struct weir_json *j)
{
	if (!j)
		return WEIR_JSON_NULL;
	switch (json_typeof(tree_of(j))) {
	case JSON_OBJECT:
		return WEIR_JSON_OBJECT;
	case JSON_ARRAY:
		return WEIR_JSON_ARRAY;
	case JSON_STRING:
		return WEIR_JSON_TEXT;
	case JSON_INTEGER:
	case JSON_REAL:
		return WEIR_JSON_NUMBER;
	case JSON_TRUE:
	case JSON_FALSE:
		return WEIR_JSON_BOOL;
	case JSON_NULL:
		break;
	}
	return WEIR_JSON_NULL;
}

struct str
weir_json_text(const struct weir_json *j)
{
	json_t *tree = tree_of(j);

	if (!json_is_string(tree))
		return STR("");
	return (struct str){ json_string_value(tree), json_string_length(tree) };
}

double
weir_json_number(const struct weir_json *j)
{
	return json_number_value(tree_of(j));
}

bool
weir_json_true(const struct weir_json *j)
{
	return json_is_true(tree_of(j));
}

size_t
weir_json_size(const struct weir_json *j)
{
	json_t *tree = tree_of(j);

	return json_is_array(tree) ? json_array_size(tree) : json_object_size(tree);
}

const struct weir_json *
weir_json_at(const struct weir_json *array, size_t i)
{
	return (const struct weir_json *)json_array_get(tree_of(array), i);
}

const struct weir_json *
weir_json_get(const struct weir_json *object, const char *name)
{
	return (const struct weir_json *)json_object_get(tree_of(object), name);
}

bool
weir_json_next(const struct weir_json *object, void **at, const char **ret_name,
	const struct weir_json **ret_value)
{
	json_t *tree = tree_of(object);

	*at = *at ? json_object_iter_next(tree, *at) : json_object_iter(tree);
	if (!*at)
		return false;
	*ret_name = json_object_iter_key(*at);
	*ret_value = (const struct weir_json *)json_object_iter_value(*at);
	return true;
}

void
weir_json_dump(const struct weir_json *j, struct buf *out)
{
	json_out(out, j ? tree_of(j) : NULL);
}

void
weir_json_show(const struct weir_json *j, struct buf *out)
{
	if (weir_json_type(j) == WEIR_JSON_TEXT)
		buf_addstr(out, weir_json_text(j));
	else
		weir_json_dump(j, out);
}
