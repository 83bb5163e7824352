#include "marks.h"

#include <weir/mem.h>

void
marks_release(struct marks *m)
{
	free(m->words);
	*m = (struct marks){ 0 };
}

bool
marks_has(const struct marks *m, int64_t key)
{
	size_t w = (size_t)key >> 6;

	return key > 0 && w < m->n_words && (m->words[w] >> (key & 63) & 1);
}

static void
reserve(struct marks *m, size_t w)
{
	size_t n = m->n_words ? m->n_words : 64;

	if (w < m->n_words)
		return;
	while (n <= w)
		n *= 2;
	m->words = xreallocarray(m->words, n, sizeof(*m->words));
	memset(m->words + m->n_words, 0, (n - m->n_words) * sizeof(*m->words));
	m->n_words = n;
}

bool
marks_set(struct marks *m, int64_t key, bool on)
{
	if (key <= 0 || key >= MARKS_KEY_MAX || marks_has(m, key) == on)
		return false;
	reserve(m, (size_t)key >> 6);
	m->words[(size_t)key >> 6] ^= UINT64_C(1) << (key & 63);
	m->n += on ? 1 : (size_t)-1;
	return true;
}

uint32_t *
marks_keys(const struct marks *m)
{
	uint32_t *keys;
	size_t n = 0;

	if (m->n == 0)
		return NULL;
	keys = xmalloc(m->n * sizeof(*keys));
	for (size_t w = 0; w < m->n_words; w++) {
		for (uint64_t bits = m->words[w]; bits; bits &= bits - 1)
			keys[n++] =
				(uint32_t)(w << 6) + (uint32_t)__builtin_ctzll(bits);
	}
	return keys;
}
