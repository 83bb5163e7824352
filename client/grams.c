#include "grams.h"

static inline unsigned char
fold(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static inline uint32_t
hash3(uint32_t gram)
{
	return gram * 2654435761u;
}

/* Spread a hash over bits, which need not be a power of two. */
static inline size_t
bit_of(uint32_t hash, size_t bits)
{
	return (size_t)((uint64_t)hash * bits >> 32);
}

size_t
grams_size(size_t text_len)
{
	size_t size = text_len / 14 / 8 * 8;

	if (size < GRAMS_MIN)
		return GRAMS_MIN;
	return size < GRAMS_MAX ? size : GRAMS_MAX;
}

void
grams_build(uint8_t *map, size_t size, struct str text)
{
	const unsigned char *s = (const unsigned char *)text.s;
	uint32_t gram;

	memset(map, 0, size);
	if (text.len < 3)
		return;
	gram = (uint32_t)fold(s[0]) << 8 | fold(s[1]);
	for (size_t i = 2; i < text.len; i++) {
		size_t bit;

		gram = (gram << 8 | fold(s[i])) & 0xffffff;
		bit = bit_of(hash3(gram), size * 8);
		map[bit >> 3] |= (uint8_t)(1u << (bit & 7));
	}
}

void
grams_needle(struct grams_needle *needle, struct str literal, bool caseless)
{
	const unsigned char *s = (const unsigned char *)literal.s;

	needle->n = 0;
	for (size_t i = 0; i + 2 < literal.len && needle->n < GRAMS_NEEDLE_MAX; i++) {
		if (caseless && ((s[i] | s[i + 1] | s[i + 2]) & 0x80))
			continue;
		needle->hash[needle->n++] =
			hash3((uint32_t)fold(s[i]) << 16 |
				(uint32_t)fold(s[i + 1]) << 8 | fold(s[i + 2]));
	}
}

bool
grams_may_contain(struct str map, const struct grams_needle *needle)
{
	if (map.len == 0)
		return true;
	for (size_t i = 0; i < needle->n; i++) {
		size_t bit = bit_of(needle->hash[i], map.len * 8);

		if (!((unsigned char)map.s[bit >> 3] >> (bit & 7) & 1))
			return false;
	}
	return true;
}
