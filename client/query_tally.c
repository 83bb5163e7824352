#include "query_tally.h"

#include "weir/time.h"

enum { SLOTS_MIN = 64 };

void
query_tally_init(struct query_tally *t, size_t max)
{
	*t = (struct query_tally){ .max = max, .n_slots = SLOTS_MIN };
	t->slots = xcalloc(t->n_slots, sizeof(*t->slots));
}

void
query_tally_release(struct query_tally *t)
{
	free(t->slots);
	VEC_FREE(&t->v);
	arena_free(&t->arena);
}

static uint64_t
hash(struct str s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.s[i]) * UINT64_C(0x100000001b3);
	return s.s ? h : 0;
}

static void
grow(struct query_tally *t)
{
	free(t->slots);
	t->n_slots *= 2;
	t->slots = xcalloc(t->n_slots, sizeof(*t->slots));
	for (size_t i = 0; i < t->v.n; i++) {
		size_t at = t->v.v[i].hash & (t->n_slots - 1);

		while (t->slots[at])
			at = (at + 1) & (t->n_slots - 1);
		t->slots[at] = (uint32_t)i + 1;
	}
}

static bool
is_same(const struct query_tally_entry *e, uint64_t h, struct str text)
{
	return e->hash == h && !e->text.s == !text.s && str_equal(e->text, text);
}

struct query_tally_entry *
query_tally_at(struct query_tally *t, struct str text)
{
	uint64_t h = hash(text);
	struct query_tally_entry e = { .hash = h, .newest_us = WEIR_NO_TIME };
	size_t at = h & (t->n_slots - 1);

	for (; t->slots[at]; at = (at + 1) & (t->n_slots - 1)) {
		if (is_same(&t->v.v[t->slots[at] - 1], h, text))
			return &t->v.v[t->slots[at] - 1];
	}
	if (t->v.n == t->max)
		return NULL;
	if (text.s)
		e.text = (struct str){ arena_strndup(&t->arena, text.s, text.len),
			text.len };
	VEC_PUSH(&t->v, e);
	t->slots[at] = (uint32_t)t->v.n;
	if (t->v.n * 2 > t->n_slots)
		grow(t);
	return &t->v.v[t->v.n - 1];
}
