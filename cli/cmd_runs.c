/* weir runs: list flow runs, newest first. */
#include "list.h"

const struct cmd cmd_runs = {
	.name = "runs",
	.summary = "list flow runs, newest first",
	.usage = "[QUERY]",
	.words = "@query",
	.kind = WEIR_RUN,
	.max_words = -1,
	.opts = list_opts,
	.args_size = sizeof(list_defaults),
	.args_init = &list_defaults,
	.menu = list_cmd_menu,
	.run = list_cmd_run,
};
