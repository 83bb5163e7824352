#include "ring.h"

size_t
ring_put(struct ring *r, const unsigned char *in, size_t n)
{
	unsigned head = atomic_load_explicit(&r->head, memory_order_relaxed);
	unsigned tail = atomic_load_explicit(&r->tail, memory_order_acquire);
	size_t room = RING_SIZE - (head - tail);

	if (n > room)
		n = room;
	for (size_t i = 0; i < n; i++)
		r->bytes[(head + i) % RING_SIZE] = in[i];
	atomic_store_explicit(&r->head, head + (unsigned)n, memory_order_release);
	return n;
}

size_t
ring_get(struct ring *r, unsigned char *out, size_t n)
{
	unsigned tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	unsigned head = atomic_load_explicit(&r->head, memory_order_acquire);
	size_t held = head - tail;

	if (n > held)
		n = held;
	for (size_t i = 0; i < n; i++)
		out[i] = r->bytes[(tail + i) % RING_SIZE];
	atomic_store_explicit(&r->tail, tail + (unsigned)n, memory_order_release);
	return n;
}
