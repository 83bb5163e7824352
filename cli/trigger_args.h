/*
 * What runs are to be started with: parameters from words, files and standard input,
 * and every combination of a matrix.
 */
#ifndef WEIR_CLI_TRIGGER_ARGS_H
#define WEIR_CLI_TRIGGER_ARGS_H

#include <weir/buf.h>
#include <weir/params.h>

#include "cmd.h"

/* At most so many runs by one command. */
enum { TRIGGER_RUNS_MAX = 1000 };

/*
 * `name=value` (typed by the schema; @FILE: what the file holds), `name:=JSON`, `-` (a
 * JSON object on standard input), laid over *set, a JSON object. what: "-p" in
 * messages.
 */
WEIR_NODISCARD enum weir_rc trigger_args_add(struct ctx *ctx, const char *what,
	const struct weir_schema *s, const char *item, struct buf *set);

/* All of a list, and before it `whole`: a JSON object, `-`, or the name of a file. */
WEIR_NODISCARD enum weir_rc trigger_args_set(struct ctx *ctx, const char *what,
	const struct weir_schema *s, const char *whole, const struct opt_list *items,
	struct buf *set);

/* Texts as a JSON array; empty if there are none. */
void trigger_args_texts(const struct opt_list *items, struct buf *out);

/*
 * The combinations of `name=a,b` and `name:=[1,2]`: each as a JSON object, a line each,
 * the last name changes first; one empty object if there is no matrix.
 */
struct trigger_matrix {
	char **v; /* owned; n of them */
	size_t n;
};
WEIR_NODISCARD enum weir_rc trigger_args_matrix(struct ctx *ctx,
	const struct weir_schema *s, const struct opt_list *items,
	struct trigger_matrix *ret_matrix);
void trigger_args_matrix_free(struct trigger_matrix *m);

#endif
