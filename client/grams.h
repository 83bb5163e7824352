/*
 * Trigram bitmaps: which three-byte sequences occur in a text, ASCII case folded, so
 * that a search skips blocks that cannot contain its literal. They err only towards
 * "may contain".
 */
#ifndef WEIR_CLIENT_GRAMS_H
#define WEIR_CLIENT_GRAMS_H

#include <stdint.h>

#include "weir/buf.h"

/* A row of log_index with the largest bitmap still fits a page of 4096 bytes. */
enum { GRAMS_MIN = 64, GRAMS_MAX = 3968, GRAMS_NEEDLE_MAX = 64 };

/* Bytes of the bitmap for a text of this length. */
size_t grams_size(size_t text_len);

/* Fill map[size]. */
void grams_build(uint8_t *map, size_t size, struct str text);

/* The trigrams of a literal; none (n 0) when it says nothing about bytes. */
struct grams_needle {
	uint32_t hash[GRAMS_NEEDLE_MAX];
	size_t n;
};
/* caseless: trigrams with bytes beyond ASCII are left out, they fold in other ways. */
void grams_needle(struct grams_needle *needle, struct str literal, bool caseless);

/* An empty map may contain anything. */
bool grams_may_contain(struct str map, const struct grams_needle *needle);

#endif
