/*
 * How many requests to keep in flight: up while that brings more pages a second, down
 * when the server pushes back. An SQLite server saturates at two to four; more only
 * makes it 503.
 */
#ifndef WEIR_CLIENT_API_PACE_H
#define WEIR_CLIENT_API_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct api_pace {
	size_t parallel; /* the result */
	size_t max;
	size_t n;           /* replies of this round */
	int64_t started_us; /* of this round */
	double before;      /* replies a second of the round before; 0: not known */
	bool rising;        /* this round has one more than the one before */
	int hold;           /* rounds to stay as it is: going up brought nothing */
};

void api_pace_init(struct api_pace *p, size_t parallel, size_t max);

/* A reply came; pushed_back: after retries for 429 or 503 and the like. */
void api_pace_reply(struct api_pace *p, int64_t now_us, bool pushed_back);

#endif
