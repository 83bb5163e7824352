#include "intern.h"

#include "weir/mem.h"

static size_t
hash(struct str key)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < key.len; i++)
		h = (h ^ (unsigned char)key.s[i]) * 0x100000001b3u;
	return (size_t)(h ^ h >> 29);
}

/* The slot of key, or the free one where it belongs. */
static struct intern_slot *
slot_of(const struct intern *m, struct str key)
{
	size_t i = hash(key) & (m->size - 1);

	while (m->slots[i].key && (m->slots[i].len != key.len ||
					  memcmp(m->slots[i].key, key.s, key.len) != 0))
		i = (i + 1) & (m->size - 1);
	return &m->slots[i];
}

static void
grow(struct intern *m)
{
	struct intern bigger = { .size = m->size ? 2 * m->size : 64, .n = m->n };

	bigger.slots = xcalloc(bigger.size, sizeof(*bigger.slots));
	for (size_t i = 0; i < m->size; i++) {
		struct str key = { m->slots[i].key, m->slots[i].len };

		if (key.s)
			*slot_of(&bigger, key) = m->slots[i];
	}
	free(m->slots);
	*m = bigger;
}

bool
intern_find(const struct intern *m, struct str key, int64_t *ret_value)
{
	struct intern_slot *slot;

	if (m->n == 0)
		return false;
	slot = slot_of(m, key);
	if (!slot->key)
		return false;
	*ret_value = slot->value;
	return true;
}

void
intern_put(struct intern *m, struct str key, int64_t value)
{
	struct intern_slot *slot;

	if (m->n >= INTERN_MAX)
		intern_clear(m);
	if (2 * m->n >= m->size)
		grow(m);
	slot = slot_of(m, key);
	if (!slot->key) {
		slot->key = str_copy(key);
		slot->len = key.len;
		m->n++;
	}
	slot->value = value;
}

void
intern_clear(struct intern *m)
{
	for (size_t i = 0; i < m->size; i++)
		free(m->slots[i].key);
	free(m->slots);
	*m = (struct intern){ 0 };
}
