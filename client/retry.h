/*
 * When to send a failed request again: a pure function of what happened so far.
 *
 * Delays begin at 0.3 s (an SQLite server answers 503 in short streaks) and double to
 * 10 s, each moved by up to a fifth, 60 s in all. Retry-After is never undercut.
 */
#ifndef WEIR_CLIENT_RETRY_H
#define WEIR_CLIENT_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RETRY_FIRST_MS = 300,
	RETRY_DELAY_MAX_MS = 10 * 1000,
	RETRY_TOTAL_MS = 60 * 1000,
	RETRY_GIVE_UP = -1,
};

struct retry_try {
	int attempt;     /* how often it was sent so far: 1 after the first time */
	long status;     /* HTTP status; 0: no whole reply came */
	bool repeatable; /* a read, or a write that carries a key */
	int64_t retry_after_ms; /* the server's wish; -1: none */
	int64_t elapsed_ms;     /* since it was first sent */
	int max_retries;        /* -1: only time limits */
	const int *extra_codes; /* statuses to repeat besides the usual ones */
	size_t n_extra_codes;
	uint32_t random;
};

/* Milliseconds to wait before the next try, or RETRY_GIVE_UP. */
int64_t retry_delay_ms(const struct retry_try *t);

#endif
