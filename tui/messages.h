/*
 * What weir said: the last messages and errors of the engine with their times, for the
 * message view. The bottom line shows the newest until the next key.
 */
#ifndef WEIR_TUI_MESSAGES_H
#define WEIR_TUI_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MESSAGES_MAX = 500 };

struct message {
	int64_t at_us;  /* when it was said last */
	unsigned times; /* how often in a row */
	bool error;
	char *text;
};

/* Zero-initialise it. */
struct messages {
	struct message ring[MESSAGES_MAX];
	size_t n, first;
	uint64_t said; /* in all: grows with each */
};

void messages_add(struct messages *m, bool error, const char *text);
void messages_release(struct messages *m);
const struct message *messages_get(const struct messages *m, size_t i); /* oldest: 0 */

#endif
