/* Commands that only list what is of one kind. */
#include "list.h"

#define LIST_CMD(what, called, kind_, says)                                            \
	const struct cmd cmd_##what = {                                                \
		.name = called,                                                        \
		.summary = says,                                                       \
		.usage = "[QUERY]",                                                    \
		.words = "@query",                                                     \
		.kind = kind_,                                                         \
		.max_words = -1,                                                       \
		.opts = list_opts,                                                     \
		.args_size = sizeof(list_defaults),                                    \
		.args_init = &list_defaults,                                           \
		.menu = list_cmd_menu,                                                 \
		.run = list_cmd_run,                                                   \
	}

LIST_CMD(flows, "flows", WEIR_FLOW, "list flows");
LIST_CMD(deployments, "deployments", WEIR_DEPLOYMENT,
	"list deployments and their schedules");
LIST_CMD(limits, "limits", WEIR_LIMIT, "list concurrency limits");
LIST_CMD(task_runs, "task-runs", WEIR_TASK_RUN, "list task runs");
LIST_CMD(artifacts, "artifacts", WEIR_ARTIFACT, "list artifacts of runs");
