/* 16-byte object ids and their text, the lower-case hyphenated form of a UUID. */
#ifndef WEIR_ID_H
#define WEIR_ID_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/buf.h>

enum { WEIR_ID_TEXT = 36 };

struct weir_id {
	uint8_t b[16];
};

/* Parse 32 hex digits, hyphens allowed anywhere, upper case accepted. */
bool weir_id_parse(struct str text, struct weir_id *ret_id);

/*
 * Parse a prefix of an id (1 to 32 hex digits) into the lowest and highest id that
 * begin with it, for an index range.
 */
bool weir_id_parse_prefix(
	struct str text, struct weir_id *ret_low, struct weir_id *ret_high);

/* Write the 36 characters and a NUL. Returns out. */
char *weir_id_format(const struct weir_id *id, char out[WEIR_ID_TEXT + 1]);

bool weir_id_is_null(const struct weir_id *id); /* all zero: "none" */
int weir_id_cmp(const struct weir_id *a, const struct weir_id *b);

/* A random version 4 id. */
struct weir_id weir_id_random(void);

#endif
