#include "lineset.h"

#include <stdlib.h>
#include <string.h>

#include <weir/mem.h>

enum { WORD = 64, STEP = 512, WORDS_A_STEP = STEP / WORD };

void
lineset_release(struct lineset *s)
{
	free(s->bits);
	free(s->before);
	memset(s, 0, sizeof(*s));
}

static size_t
ones(uint64_t word)
{
	return (size_t)__builtin_popcountll(word);
}

/* Room for a number; what is new is empty. */
static void
grow(struct lineset *s, size_t number)
{
	size_t words = number / WORD + 1;

	if (words <= s->words)
		return;
	if (words > s->room) {
		s->room = words + s->words / 2;
		s->room += WORDS_A_STEP - s->room % WORDS_A_STEP;
		s->bits = xreallocarray(s->bits, s->room, sizeof(*s->bits));
		s->before = xreallocarray(
			s->before, s->room / WORDS_A_STEP, sizeof(*s->before));
	}
	memset(s->bits + s->words, 0, (words - s->words) * sizeof(*s->bits));
	for (size_t w = s->words; w < words; w++) {
		if (w % WORDS_A_STEP == 0)
			s->before[w / WORDS_A_STEP] = (uint32_t)s->n;
	}
	s->words = words;
}

/* Count anew what is behind a word that has changed. */
static void
count_from(struct lineset *s, size_t word)
{
	size_t w = word - word % WORDS_A_STEP;
	size_t n = w < s->words ? s->before[w / WORDS_A_STEP] : s->n;

	for (; w < s->words; w++) {
		if (w % WORDS_A_STEP == 0)
			s->before[w / WORDS_A_STEP] = (uint32_t)n;
		n += ones(s->bits[w]);
	}
	s->n = n;
}

void
lineset_add(struct lineset *s, size_t number)
{
	size_t w = number / WORD;
	bool last = w + 1 >= s->words;

	grow(s, number);
	if (s->bits[w] >> number % WORD & 1)
		return;
	s->bits[w] |= (uint64_t)1 << number % WORD;
	s->n++;
	if (!last)
		count_from(s, w);
}

void
lineset_add_range(struct lineset *s, size_t from, size_t to)
{
	if (from >= to)
		return;
	grow(s, to - 1);
	for (size_t i = from; i < to; i++)
		s->bits[i / WORD] |= (uint64_t)1 << i % WORD;
	count_from(s, from / WORD);
}

void
lineset_cut(struct lineset *s, size_t end)
{
	size_t word = end / WORD;

	if (word >= s->words)
		return;
	s->bits[word] &= ((uint64_t)1 << end % WORD) - 1;
	s->words = word + 1;
	count_from(s, word);
}

void
lineset_replace(struct lineset *s, size_t from, const struct lineset *other)
{
	lineset_cut(s, from);
	for (size_t w = 0; w < other->words; w++) {
		uint64_t rest = other->bits[w];

		for (; rest; rest &= rest - 1)
			lineset_add(s, from + w * WORD + (size_t)__builtin_ctzll(rest));
	}
}

void
lineset_copy(struct lineset *s, const struct lineset *other)
{
	lineset_cut(s, 0);
	if (other->words == 0)
		return;
	grow(s, other->words * WORD - 1);
	memcpy(s->bits, other->bits, other->words * sizeof(*s->bits));
	count_from(s, 0);
}

bool
lineset_has(const struct lineset *s, size_t number)
{
	return number / WORD < s->words && s->bits[number / WORD] >> number % WORD & 1;
}

size_t
lineset_bound(const struct lineset *s, size_t number)
{
	size_t word = number / WORD, w = word - word % WORDS_A_STEP, n;

	if (word >= s->words)
		return s->n;
	n = s->before[w / WORDS_A_STEP];
	for (; w < word; w++)
		n += ones(s->bits[w]);
	return n + ones(s->bits[word] & (((uint64_t)1 << number % WORD) - 1));
}

size_t
lineset_at(const struct lineset *s, size_t i)
{
	size_t low = 0, high = (s->words + WORDS_A_STEP - 1) / WORDS_A_STEP, w;
	uint64_t rest;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (s->before[mid] <= i)
			low = mid;
		else
			high = mid;
	}
	i -= s->before[low];
	for (w = low * WORDS_A_STEP; i >= ones(s->bits[w]); w++)
		i -= ones(s->bits[w]);
	for (rest = s->bits[w]; i > 0; i--)
		rest &= rest - 1;
	return w * WORD + (size_t)__builtin_ctzll(rest);
}
