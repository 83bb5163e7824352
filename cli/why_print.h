/* What `weir why` prints: the causes of a run, or groups of failed runs. */
#ifndef WEIR_CLI_WHY_PRINT_H
#define WEIR_CLI_WHY_PRINT_H

#include <weir/why.h>

#include "out.h"

/* A run's causes, with those that have the same error put together. */
struct why_card {
	const struct weir_why *why;
	/* Of cause i: the runs of the last days with its error; n 0: not counted. */
	const struct weir_why_group *const *same;
	bool counted_all; /* else there may be more */
};

void why_print_card(struct ctx *ctx, struct sink *sink, const struct why_card *card);
void why_print_tsv(const struct ctx *ctx, struct buf *out, const struct why_card *card);
void why_print_json(struct buf *out, const struct why_card *card);

void why_group_json(struct buf *out, const struct weir_why_group *g);
void why_group_tsv(
	const struct ctx *ctx, struct buf *out, const struct weir_why_group *g);
/* A group in lines: `12  error` and below it where and when. */
void why_group_text(struct ctx *ctx, struct sink *sink, const struct weir_why_group *g);

#endif
