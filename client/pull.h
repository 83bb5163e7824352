/*
 * A pull decoder for JSON: the caller walks the text, values it wants are decoded,
 * others are skipped (and still checked). No tree, no allocation but for strings with
 * escapes.
 *
 * Nothing of a peer can break it: malformed UTF-8 and lone surrogates become U+FFFD,
 * control bytes spaces; nesting has a limit. The first fault sticks (`why`) and ends
 * every loop.
 */
#ifndef WEIR_CLIENT_PULL_H
#define WEIR_CLIENT_PULL_H

#include <stdint.h>

#include "weir/buf.h"
#include "weir/mem.h"

enum { PULL_DEPTH_MAX = 1024 };

struct pull {
	const char *p, *begin, *end;
	const char *member;  /* where the name of the last pull_member began */
	struct arena *arena; /* decoded strings and repaired text */
	const char *why;     /* NULL, or what is wrong at p; static text */
};

enum pull_kind {
	PULL_BAD,
	PULL_OBJECT,
	PULL_ARRAY,
	PULL_STRING,
	PULL_NUMBER,
	PULL_TRUE,
	PULL_FALSE,
	PULL_NULL,
};

/*
 * Begin at the first byte of text. Text is borrowed: slices point into it, or into a
 * repaired copy in arena when it was not clean UTF-8 without control bytes.
 */
void pull_init(struct pull *p, struct str text, struct arena *arena);

/* What kind of value comes next; consumes white space only. */
enum pull_kind pull_peek(struct pull *p);

/*
 * Containers: `bool first = true; pull_enter(p); while (pull_item(p, &first)) ...one
 * value...` and the same with pull_member for objects. The loop ends at the closing
 * bracket, which is consumed, or at a fault.
 */
bool pull_enter(struct pull *p); /* over `[` or `{` */
bool pull_item(struct pull *p, bool *first);
bool pull_member(struct pull *p, bool *first, struct str *ret_key);

/* Over any value; the raw text of it, checked. Empty after a fault. */
struct str pull_raw(struct pull *p);

/* The next value, which must be a string (number): false and nothing consumed
 * otherwise. */
bool pull_string(struct pull *p, struct str *ret);
bool pull_number(struct pull *p, double *ret, int64_t *ret_int, bool *ret_is_int);

/* After the last value: is only white space left? */
bool pull_end(struct pull *p);

/* Where p stands, for messages. */
size_t pull_offset(const struct pull *p);

#endif
