/* weir runs: list flow runs, newest first. */
#include "list.h"

static bool
runs_menu(struct ctx *ctx, struct tui_start *start)
{
	return list_menu(ctx, WEIR_RUN, ctx->args, start);
}

static enum weir_rc
runs_run(struct ctx *ctx)
{
	char *query = ctx_query_text(ctx);
	enum weir_rc rc = list_run(ctx, WEIR_RUN, ctx->args, query);

	free(query);
	return rc;
}

static const struct opt opts[] = { LIST_OPTS, OPT_END };
static const struct list_args init = LIST_INIT;

const struct cmd cmd_runs = {
	.name = "runs",
	.summary = "list flow runs, newest first",
	.usage = "[QUERY]",
	.words = "@query",
	.max_words = -1,
	.opts = opts,
	.args_size = sizeof(init),
	.args_init = &init,
	.menu = runs_menu,
	.run = runs_run,
};
