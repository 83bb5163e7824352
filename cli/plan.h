/*
 * What --dry-run prints: a request that would be sent, as text for people, or with -o
 * as a row.
 *
 *   zlib-1.3 1b3c9d0e-...: POST /flow_runs/1b3c9d0e-.../set_state
 *     {"state":{"type":"CANCELLED"}}
 */
#ifndef WEIR_CLI_PLAN_H
#define WEIR_CLI_PLAN_H

#include "out.h"

/* Texts are borrowed. */
struct plan_line {
	struct weir_id id; /* null: there is none yet */
	const char *name;
	const char *path;    /* `PATCH /...`; POST unless it says; "" for nothing */
	const char *body;    /* JSON; "" */
	const char *said;    /* why nothing is sent; "" */
	const char *company; /* what goes with it, a line each; "" */
};

struct plan {
	struct ctx *ctx;
	bool rows;
	struct out out;
};

/* output: -o's value, or NULL. */
void plan_open(struct plan *p, struct ctx *ctx, const char *output);
WEIR_NODISCARD enum weir_rc plan_put(struct plan *p, const struct plan_line *line);
WEIR_NODISCARD enum weir_rc plan_close(struct plan *p, enum weir_rc rc);

/* Without the body; on how many lines its company takes. */
void plan_text(const struct plan_line *line, struct buf *out);

#endif
