/* weir pause, weir unpause: deployments, work pools and queues. */
#include "acts.h"

enum { FARM = 1u << WEIR_DEPLOYMENT | 1u << WEIR_POOL | 1u << WEIR_QUEUE };

struct args {
	struct acts_args acts;
};

/* `deployment`, `pool` or `queue` in front says of which kind all are. */
static unsigned
kinds_of(const char *word)
{
	static const struct {
		const char *word;
		enum weir_kind kind;
	} kinds[] = {
		{ "deployment", WEIR_DEPLOYMENT },
		{ "pool", WEIR_POOL },
		{ "queue", WEIR_QUEUE },
	};

	for (size_t i = 0; i < N_ELEM(kinds); i++)
		if (!strcmp(word, kinds[i].word))
			return 1u << kinds[i].kind;
	return 0;
}

/* A run pauses by its own code alone: said, where a run was named. */
static enum weir_rc
is_run(struct ctx *ctx, enum weir_rc rc)
{
	struct weir_err err;
	struct weir_store *store;
	enum weir_kind kind;
	struct weir_id id;
	int64_t key;

	if (rc != WEIR_ENOTFOUND || !ctx->n_words ||
		weir_session_store(ctx->session, WEIR_STORE_READ, &store, &err))
		return rc;
	for (size_t i = 0; i < ctx->n_words; i++) {
		if (weir_resolve(store, 1u << WEIR_RUN, ctx->words[i], &kind, &id, &key,
			    &err))
			continue;
		(void)weir_fail(ctx->err, WEIR_EUSAGE,
			"%s: '%s' is a run: its own code pauses it, nobody else",
			ctx->cmd->name, ctx->words[i]);
		return weir_hint(ctx->err, "weir %s %s",
			strcmp(ctx->cmd->name, "pause") ? "resume" : "cancel",
			ctx->words[i]);
	}
	return rc;
}

static enum weir_rc
run(struct ctx *ctx, enum weir_act_kind kind)
{
	const struct args *args = ctx->args;
	struct weir_act act = { .kind = kind };
	const char *const *words = ctx->words;
	size_t n = ctx->n_words;
	unsigned kinds = n ? kinds_of(words[0]) : 0;

	if (kinds && (n > 1 || args->acts.query)) {
		words++;
		n--;
	} else {
		kinds = FARM;
	}
	if (args->acts.query && kinds == FARM) {
		(void)weir_fail(ctx->err, WEIR_EUSAGE,
			"%s: --query: of deployments, pools or queues?",
			ctx->cmd->name);
		return weir_hint(
			ctx->err, "weir %s deployment --query QUERY", ctx->cmd->name);
	}
	return is_run(ctx, acts_run(ctx, &act, &args->acts, kinds, words, n));
}

static enum weir_rc
pause_run(struct ctx *ctx)
{
	return run(ctx, WEIR_ACT_PAUSE);
}

static enum weir_rc
unpause_run(struct ctx *ctx)
{
	return run(ctx, WEIR_ACT_UNPAUSE);
}

/* clang-format off */
static const struct opt opts[] = {
	ACTS_OPTS(struct args, acts, "objects"),
	OPT_END,
};
/* clang-format on */

#define PAUSE_CMD(what, says)                                                          \
	const struct cmd cmd_##what = {                                                \
		.name = #what,                                                         \
		.summary = says,                                                       \
		.needs = CMD_ACTS,                                                     \
		.usage = "[deployment|pool|queue] NAME...",                            \
		.words = "@farm",                                                      \
		.kind = WEIR_DEPLOYMENT,                                               \
		.max_words = -1,                                                       \
		.opts = opts,                                                          \
		.args_size = sizeof(struct args),                                      \
		.run = what##_run,                                                     \
	}

PAUSE_CMD(pause, "hold back deployments, work pools or queues");
PAUSE_CMD(unpause, "let them go on");
