/* weir runs: list flow runs, newest first. */
#include "list.h"

/* clang-format off */
static const struct opt opts[] = {
	LIST_OPTS,
	{ "tree", 0, OPT_FLAG, offsetof(struct list_args, tree), NULL, NULL,
	  "tables: child runs directly below their parents" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_runs = {
	.name = "runs",
	.summary = "list flow runs, newest first",
	.usage = "[QUERY]",
	.words = "@query",
	.kind = WEIR_RUN,
	.max_words = -1,
	.opts = opts,
	.args_size = sizeof(list_defaults),
	.args_init = &list_defaults,
	.menu = list_cmd_menu,
	.run = list_cmd_run,
};
