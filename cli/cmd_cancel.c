/* weir cancel: stop runs. */
#include "acts.h"

static enum weir_rc
run(struct ctx *ctx)
{
	const struct acts_args *args = ctx->args;
	struct weir_act act = { .kind = WEIR_ACT_CANCEL, .force = args->force };

	if (args->force && !args->dry_run)
		ctx_note(ctx, "--force: it is called cancelled; code that runs is not "
			      "stopped");
	return acts_run(ctx, &act);
}

/* clang-format off */
static const struct opt opts[] = {
	{ "force", 'f', OPT_FLAG, offsetof(struct acts_args, force), NULL,
	  NULL, "call it cancelled, whatever still runs" },
	ACTS_OPTS,
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_cancel = {
	.name = "cancel",
	.summary = "stop runs, and say what the server made of it",
	.usage = "[ID...]",
	.words = "@runs",
	.kind = WEIR_RUN,
	.max_words = -1,
	.opts = opts,
	.args_size = sizeof(struct acts_args),
	.run = run,
};
