/*
 * Where data goes: standard output, through a pager when it is a terminal and the data
 * is longer than its screen. One big buffer, few writes.
 */
#ifndef WEIR_CLI_SINK_H
#define WEIR_CLI_SINK_H

#include <sys/types.h>

#include <weir/buf.h>

#include "cmd.h"

struct sink {
	struct ctx *ctx;
	struct buf b;   /* append here, then sink_row */
	bool may_page;  /* still undecided */
	size_t counted; /* bytes of b whose lines are in n_lines */
	int n_lines, height;
	pid_t pager; /* 0: none */
	int fd;      /* the pager's input, or a file (set by the caller); -1 */
	bool gone;   /* the pager was left: what comes is dropped, nothing is wrong */
};

/* page: a pager may be used (it never is where standard output is no terminal). */
void sink_init(struct sink *s, struct ctx *ctx, bool page);

/* A row was added to s->b: write when there is enough. */
WEIR_NODISCARD enum weir_rc sink_row(struct sink *s);

/* Write what is there now, for output that is followed. */
WEIR_NODISCARD enum weir_rc sink_flush(struct sink *s);

/* Write the rest if rc is WEIR_OK or WEIR_EINTR, wait for the pager, release. */
WEIR_NODISCARD enum weir_rc sink_close(struct sink *s, enum weir_rc rc);

/* Columns and lines of the terminal: COLUMNS and LINES, what it says, 80 by 24. */
void sink_screen(int *ret_columns, int *ret_lines);

#endif
