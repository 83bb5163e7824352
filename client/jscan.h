/*
 * A walk over the members of one JSON object or array in place, for the few values that
 * the store looks into (parameters, tags). Nothing is checked beyond what is walked
 * over; malformed text ends the walk.
 */
#ifndef WEIR_CLIENT_JSCAN_H
#define WEIR_CLIENT_JSCAN_H

#include "weir/buf.h"

struct jscan {
	const char *p, *end;
	char close; /* '}' or ']' */
};

/* False when json is not an object or array. */
bool jscan_open(struct jscan *j, struct str json);

/* Next value as its JSON text; key (of an object's member) without quotes, not
 * unescaped. */
bool jscan_next(struct jscan *j, struct str *ret_key, struct str *ret_value);

/* Append the text of a JSON string (quotes included in it), unescaped. */
void jscan_unescape(struct buf *out, struct str string);

#endif
