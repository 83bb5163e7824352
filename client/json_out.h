/*
 * JSON text of a tree: compact, members in their order, numbers as they were meant.
 *
 * A real is written with the fewest digits that read back as the same number, as Python
 * does: 0.1 stays 0.1, where jansson writes 0.10000000000000001 or loses a bit.
 */
#ifndef WEIR_CLIENT_JSON_OUT_H
#define WEIR_CLIENT_JSON_OUT_H

#include <jansson.h>

#include "weir/buf.h"

/* Append any value; v NULL: `null`. */
void json_out(struct buf *out, const json_t *v);

/* The same as a text of its own, to be freed; v NULL: NULL. */
char *json_out_text(const json_t *v);

#endif
