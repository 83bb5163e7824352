/* A list that is printed, and printing it as a tree. */
#ifndef WEIR_CLI_LIST_TREE_H
#define WEIR_CLI_LIST_TREE_H

#include "list.h"

struct list {
	struct ctx *ctx;
	enum out_form form;
	int64_t n; /* 0: all */
	struct weir_query *query;
	struct weir_column_set set;
	const struct weir_column **columns; /* of set, and the hidden one */
	size_t n_columns, n_hidden;
	const struct list_heading *heading; /* its columns are the last hidden ones */
	size_t n_heading;
	struct weir_column_set heading_set;
	struct weir_sort sort[WEIR_SORT_MAX];
	struct weir_select sel;
	bool optional, header, tree;
	bool say_more; /* the limit is ours, so say when it cuts */
	bool none_is_told;
};

/* What rows are printed with; out_close ends it. */
void list_open_out(struct list *l, struct out *ret_out);

/* Child runs directly below their parents, as weir_tree_arrange says. */
WEIR_NODISCARD enum weir_rc list_tree_print(
	struct list *l, struct weir_store *store, int64_t *ret_shown, bool *ret_more);

#endif
