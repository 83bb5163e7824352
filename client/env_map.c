#include "env_map.h"

#include <stdlib.h>
#include <string.h>

#include "weir/mem.h"

enum { FIRST = 1024 };

struct lanes {
	uint64_t a, b;
};

static void
add_word(struct lanes *h, uint64_t w)
{
	h->a = (h->a ^ w) * UINT64_C(0x9fb21c651e98df25);
	h->a ^= h->a >> 29;
	h->b = (h->b + w) * UINT64_C(0xd6e8feb86659fd93);
	h->b ^= h->b >> 32;
}

static void
add_text(struct lanes *h, struct str s)
{
	uint64_t w;

	for (; s.len >= sizeof(w); s.s += sizeof(w), s.len -= sizeof(w)) {
		memcpy(&w, s.s, sizeof(w));
		add_word(h, w);
	}
	w = (uint64_t)s.len << 56;
	for (size_t i = 0; i < s.len; i++)
		w |= (uint64_t)(unsigned char)s.s[i] << 8 * i;
	add_word(h, w);
}

static struct env_sum
finish(struct lanes h)
{
	struct env_sum sum;

	add_word(&h, UINT64_C(0x2545f4914f6cdd1d));
	for (size_t i = 0; i < 8; i++) {
		sum.b[i] = (unsigned char)(h.a >> 8 * i);
		sum.b[8 + i] = (unsigned char)(h.b >> 8 * i);
	}
	return sum;
}

struct env_sum
env_map_sum(struct str text)
{
	struct lanes h = { text.len, ~(uint64_t)text.len };

	add_text(&h, text);
	return finish(h);
}

struct env_sum
env_map_sum3(struct str a, struct str b, struct str c)
{
	struct lanes h = { a.len, b.len };

	add_text(&h, a);
	add_text(&h, b);
	add_text(&h, c);
	return finish(h);
}

static struct env_map_slot *
find(const struct env_map *m, const struct env_sum *sum)
{
	size_t i;

	memcpy(&i, sum->b, sizeof(i));
	for (i &= m->cap - 1; m->v[i].value; i = (i + 1) & (m->cap - 1))
		if (memcmp(&m->v[i].sum, sum, sizeof(*sum)) == 0)
			break;
	return &m->v[i];
}

static void
grow(struct env_map *m)
{
	struct env_map old = *m;

	m->cap = old.cap ? old.cap * 2 : FIRST;
	m->v = xcalloc(m->cap, sizeof(*m->v));
	m->n = 0;
	for (size_t i = 0; i < old.cap; i++) {
		if (old.v[i].value) {
			*find(m, &old.v[i].sum) = old.v[i];
			m->n++;
		}
	}
	free(old.v);
}

int64_t *
env_map_at(struct env_map *m, const struct env_sum *sum)
{
	struct env_map_slot *slot;

	if (2 * (m->n + 1) > m->cap)
		grow(m);
	slot = find(m, sum);
	if (!slot->value) {
		slot->sum = *sum;
		m->n++; /* the caller writes a value, or a place is counted in vain */
	}
	return &slot->value;
}

void
env_map_free(struct env_map *m)
{
	free(m->v);
	*m = (struct env_map){ 0 };
}
