/* weir limits: list concurrency limits. */
#include "list.h"

const struct cmd cmd_limits = {
	.name = "limits",
	.summary = "list concurrency limits",
	.usage = "[QUERY]",
	.words = "@query",
	.kind = WEIR_LIMIT,
	.max_words = -1,
	.opts = list_opts,
	.args_size = sizeof(list_defaults),
	.args_init = &list_defaults,
	.menu = list_cmd_menu,
	.run = list_cmd_run,
};
