/* weir deployments: list deployments and their schedules. */
#include "list.h"

const struct cmd cmd_deployments = {
	.name = "deployments",
	.summary = "list deployments and their schedules",
	.usage = "[QUERY]",
	.words = "@query",
	.kind = WEIR_DEPLOYMENT,
	.max_words = -1,
	.opts = list_opts,
	.args_size = sizeof(list_defaults),
	.args_init = &list_defaults,
	.menu = list_cmd_menu,
	.run = list_cmd_run,
};
