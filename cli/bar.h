/*
 * One line of progress on stderr, only where that is a terminal; gone when it is done.
 *
 *	runs  ▕██████████        ▏ 84 200 / 100 000  9 800/s  2 s left
 */
#ifndef WEIR_CLI_BAR_H
#define WEIR_CLI_BAR_H

#include <weir/buf.h>
#include <weir/sync.h>

#include "cmd.h"

struct bar {
	bool on, utf8, shown;
	const char *what;
	int64_t began_us, began_done; /* of this step, for the rate */
	int64_t drawn_us;
};

void bar_init(struct bar *b, const struct ctx *ctx);
weir_progress_fn bar_progress; /* arg: struct bar */
void bar_clear(struct bar *b);

/* The line itself, without the moves around it: for tests. */
void bar_line(const struct bar *b, const struct weir_progress *p, int64_t now_us,
	struct buf *out);

/* Append n with its thousands set apart: `84 200`. */
void bar_number(struct buf *b, int64_t n);

#endif
