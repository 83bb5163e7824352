/* weir flows: list flows. */
#include "list.h"

const struct cmd cmd_flows = {
	.name = "flows",
	.summary = "list flows",
	.usage = "[QUERY]",
	.words = "@query",
	.kind = WEIR_FLOW,
	.max_words = -1,
	.opts = list_opts,
	.args_size = sizeof(list_defaults),
	.args_init = &list_defaults,
	.menu = list_cmd_menu,
	.run = list_cmd_run,
};
