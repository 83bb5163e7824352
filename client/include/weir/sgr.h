/*
 * Colours that programs put into their output (SGR sequences), read into what sixteen
 * colours can show, and written again in our own form. Nothing else of an escape
 * sequence ever comes through.
 */
#ifndef WEIR_SGR_H
#define WEIR_SGR_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/buf.h>
#include <weir/mem.h>

enum { WEIR_SGR_RUNS_MAX = 16384 }; /* of one text; what follows keeps the last */

enum weir_sgr_attr {
	WEIR_SGR_BOLD = 1 << 0,
	WEIR_SGR_DIM = 1 << 1,
	WEIR_SGR_UNDERLINE = 1 << 2,
	WEIR_SGR_REVERSE = 1 << 3,
};

struct weir_sgr {
	int8_t fg, bg; /* 0..15; -1: the terminal's own */
	uint8_t attrs;
};
#define WEIR_SGR_NONE ((struct weir_sgr){ -1, -1, 0 })

/* What the parameters of a sequence (`1;31`, `38:2::9:9:9`) change. */
void weir_sgr_apply(struct weir_sgr *sgr, struct str params);
bool weir_sgr_equal(struct weir_sgr a, struct weir_sgr b);

/* From byte `at` of a text on, up to the next run. */
struct weir_sgr_run {
	size_t at;
	struct weir_sgr sgr;
};
VEC_TYPE(weir_sgr_runs, struct weir_sgr_run);

/*
 * text_sanitize(out, s, flags), and what colours it has: runs is emptied first; before
 * the first run, and without any, there is none.
 */
void weir_sgr_text(
	struct buf *out, struct str s, unsigned flags, struct weir_sgr_runs *runs);

/* Append the sequence that sets exactly this, whatever was before. */
void weir_sgr_emit(struct buf *out, struct weir_sgr sgr);

#endif
