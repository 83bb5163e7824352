/* weir deployments: list deployments and their schedules. */
#include "list.h"

static bool
deployments_menu(struct ctx *ctx, struct tui_start *start)
{
	return list_menu(ctx, WEIR_DEPLOYMENT, ctx->args, start);
}

static enum weir_rc
deployments_run(struct ctx *ctx)
{
	char *query = ctx_query_text(ctx);
	enum weir_rc rc = list_run(ctx, WEIR_DEPLOYMENT, ctx->args, query);

	free(query);
	return rc;
}

static const struct opt opts[] = { LIST_OPTS, OPT_END };
static const struct list_args init = LIST_INIT;

const struct cmd cmd_deployments = {
	.name = "deployments",
	.summary = "list deployments and their schedules",
	.usage = "[QUERY]",
	.words = "@query",
	.max_words = -1,
	.opts = opts,
	.args_size = sizeof(init),
	.args_init = &init,
	.menu = deployments_menu,
	.run = deployments_run,
};
