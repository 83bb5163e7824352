/* weir task-runs: list task runs. */
#include "list.h"

const struct cmd cmd_task_runs = {
	.name = "task-runs",
	.summary = "list task runs",
	.usage = "[QUERY]",
	.words = "@query",
	.kind = WEIR_TASK_RUN,
	.max_words = -1,
	.opts = list_opts,
	.args_size = sizeof(list_defaults),
	.args_init = &list_defaults,
	.menu = list_cmd_menu,
	.run = list_cmd_run,
};
