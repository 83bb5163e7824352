/*
 * Labelled lines for people: ` when    14:02:11 scheduled   14:02:19 running`. Items
 * that do not fit go on in the next line, under the first.
 */
#ifndef WEIR_CLI_PARA_H
#define WEIR_CLI_PARA_H

#include "sink.h"

struct para {
	struct ctx *ctx;
	struct buf *b;
	size_t width, indent; /* columns of a line, and where its items begin */
	size_t at;            /* the column reached */
	bool empty;           /* no item yet: the label is still to come */
	const char *label;
};

void para_init(struct para *f, struct ctx *ctx, struct buf *b, size_t indent);

/* Columns that a line may have. */
size_t para_width(const struct ctx *ctx);

/* Items follow; without any the line is not there at all. label NULL: none. */
void para_begin(struct para *f, const char *label);
/* An item, sanitised, gap columns after the one before; cut to a line on a terminal. */
void para_add(struct para *f, struct str text, size_t gap);
void para_addf(struct para *f, size_t gap, const char *fmt, ...) WEIR_PRINTF(3, 4);
/* `word text`, nothing if text is empty. */
void para_pair(struct para *f, const char *word, struct str text);
/* The words of a text, its lines kept. */
void para_words(struct para *f, struct str text);
void para_end(struct para *f);

#endif
