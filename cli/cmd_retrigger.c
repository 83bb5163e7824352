/* weir retrigger: run again, as a new run or the same. */
#include "acts.h"

static enum weir_rc
run(struct ctx *ctx)
{
	const struct acts_args *args = ctx->args;
	struct weir_act act = {
		.kind = WEIR_ACT_RETRIGGER,
		.same = args->same,
		.defaults = args->defaults,
	};

	if (args->same && args->defaults)
		return weir_fail(ctx->err, WEIR_EUSAGE,
			"retrigger: --same keeps its parameters: not with --defaults");
	return acts_run(ctx, &act);
}

/* clang-format off */
static const struct opt opts[] = {
	{ "same", 0, OPT_FLAG, offsetof(struct acts_args, same), NULL,
	  NULL, "the same run once more, not a new one" },
	{ "defaults", 0, OPT_FLAG, offsetof(struct acts_args, defaults), NULL,
	  NULL, "with the deployment's own parameters" },
	ACTS_OPTS,
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_retrigger = {
	.name = "retrigger",
	.summary = "run again, with the same parameters",
	.usage = "[ID...]",
	.words = "@runs",
	.kind = WEIR_RUN,
	.max_words = -1,
	.opts = opts,
	.args_size = sizeof(struct acts_args),
	.run = run,
};
