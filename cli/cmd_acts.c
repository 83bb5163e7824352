/* weir cancel, weir retrigger: stop runs; run again, as a new run or the same. */
#include "acts.h"

static enum weir_rc
run(struct ctx *ctx, enum weir_act_kind kind)
{
	const struct acts_args *args = ctx->args;
	struct weir_act act = {
		.kind = kind,
		.force = args->force,
		.same = args->same,
		.defaults = args->defaults,
	};

	if (args->same && args->defaults)
		return weir_fail(ctx->err, WEIR_EUSAGE,
			"retrigger: --same keeps its parameters: not with --defaults");
	if (args->force && !args->dry_run)
		ctx_note(ctx, "--force: it is called cancelled; code that runs is not "
			      "stopped");
	return acts_run(ctx, &act);
}

static enum weir_rc
cancel(struct ctx *ctx)
{
	return run(ctx, WEIR_ACT_CANCEL);
}

static enum weir_rc
retrigger(struct ctx *ctx)
{
	return run(ctx, WEIR_ACT_RETRIGGER);
}

/* clang-format off */
static const struct opt cancel_opts[] = {
	{ "force", 'f', OPT_FLAG, offsetof(struct acts_args, force), NULL,
	  NULL, "call it cancelled, whatever still runs" },
	ACTS_OPTS,
	OPT_END,
};

static const struct opt retrigger_opts[] = {
	{ "same", 0, OPT_FLAG, offsetof(struct acts_args, same), NULL,
	  NULL, "the same run once more, not a new one" },
	{ "defaults", 0, OPT_FLAG, offsetof(struct acts_args, defaults), NULL,
	  NULL, "with the deployment's own parameters" },
	ACTS_OPTS,
	OPT_END,
};
/* clang-format on */

#define ACT_CMD(what, says)                                                            \
	const struct cmd cmd_##what = {                                                \
		.name = #what,                                                         \
		.summary = says,                                                       \
		.usage = "[ID...]",                                                    \
		.words = "@runs",                                                      \
		.kind = WEIR_RUN,                                                      \
		.max_words = -1,                                                       \
		.opts = what##_opts,                                                   \
		.args_size = sizeof(struct acts_args),                                 \
		.run = what,                                                           \
	}

ACT_CMD(cancel, "stop runs, and say what the server made of it");
ACT_CMD(retrigger, "run again, with the same parameters");
