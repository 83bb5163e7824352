/* What all list commands share: their options, and printing what a query finds. */
#ifndef WEIR_CLI_LIST_H
#define WEIR_CLI_LIST_H

#include <weir/types.h>

#include "cmd.h"
#include "out.h"

/* Lines between the rows of a table, where what these columns say changes. */
struct list_heading {
	const char *columns; /* more than are shown; the first is compared */
	void (*write)(struct buf *out, const struct weir_cell *const *cells);
};

struct list_args {
	const char *output, *columns, *sort, *count_by;
	int64_t n; /* -1: not given */
	bool header, tree;
	const struct list_heading *heading; /* no option; NULL: none */
	bool none_is_told; /* no option: who asks says it when there is none */
};

enum { LIST_ROWS = 50 };
#define LIST_INIT                                                                      \
	{                                                                              \
		.n = -1                                                                \
	}

/* Rows of an option table whose args begin with a struct list_args. */
/* clang-format off */
#define LIST_OPTS \
	{ "output", 'o', OPT_STRING, offsetof(struct list_args, output), "FORM", \
	  OUT_FORMS, "form of the output" }, \
	{ "columns", 'c', OPT_STRING, offsetof(struct list_args, columns), "COLS", \
	  "@columns", "columns to show, with commas between" }, \
	{ "sort", 's', OPT_STRING, offsetof(struct list_args, sort), "COL[:desc]", \
	  "@columns", "order by these columns, with commas between" }, \
	{ "count-by", 0, OPT_STRING, offsetof(struct list_args, count_by), "COL", \
	  "@columns", "how many have each value of this column" }, \
	{ "number", 'n', OPT_INT, offsetof(struct list_args, n), "N", \
	  NULL, "at most N rows, 0 for all; 50 unless told" }, \
	{ "header", 0, OPT_FLAG, offsetof(struct list_args, header), NULL, \
	  NULL, "begin tsv and csv with the names of the columns" }
/* clang-format on */

/* Bring the store up to date and print what query finds. */
WEIR_NODISCARD enum weir_rc list_run(struct ctx *ctx, enum weir_kind kind,
	const struct list_args *args, const char *query);

/* The same out of a store that is up to date. */
WEIR_NODISCARD enum weir_rc list_run_in(struct ctx *ctx, enum weir_kind kind,
	const struct list_args *args, const char *query, struct weir_store *store,
	int64_t *ret_shown);

/* The menu of a kind: false when an option asks for print. */
bool list_menu(struct ctx *ctx, enum weir_kind kind, const struct list_args *args,
	struct tui_start *start);

/* A command that only lists what is of its kind: its args are a struct list_args. */
extern const struct opt list_opts[];
extern const struct list_args list_defaults;
bool list_cmd_menu(struct ctx *ctx, struct tui_start *start);
enum weir_rc list_cmd_run(struct ctx *ctx);

#endif
