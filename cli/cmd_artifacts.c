/* weir artifacts: list artifacts of runs. */
#include "list.h"

const struct cmd cmd_artifacts = {
	.name = "artifacts",
	.summary = "list artifacts of runs",
	.usage = "[QUERY]",
	.words = "@query",
	.kind = WEIR_ARTIFACT,
	.max_words = -1,
	.opts = list_opts,
	.args_size = sizeof(list_defaults),
	.args_init = &list_defaults,
	.menu = list_cmd_menu,
	.run = list_cmd_run,
};
