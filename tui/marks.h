/*
 * A set of row keys: what is marked, folded, found. A bit a key, so that a million are
 * marked at once.
 */
#ifndef WEIR_TUI_MARKS_H
#define WEIR_TUI_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Keys of a store count up from 1; far beyond is damage, not data. */
enum { MARKS_KEY_MAX = 1 << 28, MARKS_STORES = 2 };

struct marks {
	struct marks_words {
		uint64_t *words;
		size_t n_words;
	} of[MARKS_STORES]; /* of the store's keys, and of those beside it */
	size_t n;           /* how many are in it */
};

void marks_release(struct marks *m); /* empty afterwards */
bool marks_has(const struct marks *m, int64_t key);
bool marks_set(struct marks *m, int64_t key, bool on); /* false: it was so */
/* All of them, in rising order; owned. NULL when there is none. */
uint32_t *marks_keys(const struct marks *m);

#endif
