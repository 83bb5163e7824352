#include "marks.h"

#include <weir/beside.h>
#include <weir/mem.h>

void
marks_release(struct marks *m)
{
	for (size_t i = 0; i < MARKS_STORES; i++)
		free(m->of[i].words);
	*m = (struct marks){ 0 };
}

/* Keys of the second store have one bit more than the others. */
static size_t
store_of(int64_t *key)
{
	size_t i = (*key & WEIR_KEY_BESIDE) != 0;

	*key &= ~WEIR_KEY_BESIDE;
	return i;
}

bool
marks_has(const struct marks *m, int64_t key)
{
	size_t i = store_of(&key), w = (size_t)key >> 6;

	return key > 0 && w < m->of[i].n_words && (m->of[i].words[w] >> (key & 63) & 1);
}

static void
reserve(struct marks_words *m, size_t w)
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
	int64_t k = key;
	size_t i = store_of(&k);

	if (k <= 0 || k >= MARKS_KEY_MAX || marks_has(m, key) == on)
		return false;
	reserve(&m->of[i], (size_t)k >> 6);
	m->of[i].words[(size_t)k >> 6] ^= UINT64_C(1) << (k & 63);
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
	for (size_t i = 0; i < MARKS_STORES; i++) {
		uint32_t more = i ? (uint32_t)WEIR_KEY_BESIDE : 0;

		for (size_t w = 0; w < m->of[i].n_words; w++)
			for (uint64_t b = m->of[i].words[w]; b; b &= b - 1)
				keys[n++] =
					more | ((uint32_t)(w << 6) +
						       (uint32_t)__builtin_ctzll(b));
	}
	return keys;
}
