#include "query.h"

/* Keys of a store are rowids that count up from 1; far beyond is damage, not data. */
enum { KEYSET_WORDS_MAX = 1 << 22 };

struct keyset *
keyset_new(void)
{
	return xcalloc(1, sizeof(struct keyset));
}

void
keyset_free(struct keyset *s)
{
	if (!s)
		return;
	free(s->words);
	free(s);
}

void
keyset_add(struct keyset *s, int64_t k)
{
	size_t w = (size_t)k >> 6;
	size_t n = s->n_words ? s->n_words : 64;

	if (k < 0 || w >= KEYSET_WORDS_MAX)
		return;
	if (w >= s->n_words) {
		while (n <= w)
			n *= 2;
		s->words = xreallocarray(s->words, n, sizeof(*s->words));
		memset(s->words + s->n_words, 0, (n - s->n_words) * sizeof(*s->words));
		s->n_words = n;
	}
	s->words[w] |= UINT64_C(1) << (k & 63);
}

bool
keyset_has(const struct keyset *s, int64_t k)
{
	size_t w = (size_t)k >> 6;

	return k >= 0 && w < s->n_words && (s->words[w] >> (k & 63) & 1);
}

size_t
keyset_count(const struct keyset *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_words; i++)
		n += (size_t)__builtin_popcountll(s->words[i]);
	return n;
}

void
keyset_and(struct keyset *s, const struct keyset *other)
{
	for (size_t i = 0; i < s->n_words; i++)
		s->words[i] &= i < other->n_words ? other->words[i] : 0;
}

void
keyset_or(struct keyset *s, const struct keyset *other)
{
	if (other->n_words > s->n_words) {
		s->words = xreallocarray(s->words, other->n_words, sizeof(*s->words));
		memset(s->words + s->n_words, 0,
			(other->n_words - s->n_words) * sizeof(*s->words));
		s->n_words = other->n_words;
	}
	for (size_t i = 0; i < other->n_words; i++)
		s->words[i] |= other->words[i];
}

void
keyset_json(const struct keyset *s, struct buf *out)
{
	char sep = '[';

	for (size_t i = 0; i < s->n_words; i++) {
		for (uint64_t w = s->words[i]; w; w &= w - 1) {
			buf_addf(
				out, "%c%zu", sep, i * 64 + (size_t)__builtin_ctzll(w));
			sep = ',';
		}
	}
	buf_adds(out, sep == '[' ? "[]" : "]");
}
