/* A ring of bytes between one thread that puts and one that gets, without a lock. */
#ifndef RING_H
#define RING_H

#include <stdatomic.h>
#include <stddef.h>

#define RING_SIZE 4096u

struct ring {
	atomic_uint head, tail;
	unsigned char bytes[RING_SIZE];
};

/* How many bytes were put, or got; fewer where it is full, or empty. */
size_t ring_put(struct ring *r, const unsigned char *in, size_t n);
size_t ring_get(struct ring *r, unsigned char *out, size_t n);

#endif
