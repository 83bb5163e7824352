/* weir worker: take runs from a work pool and run their commands. */
#include <unistd.h>

#include <weir/mem.h>
#include <weir/text.h>
#include <weir/time.h>
#include <weir/worker.h>

#include "cmd.h"

struct args {
	const char *pool, *name;
	struct opt_list queues;
	int64_t limit;
	bool once, foreground;
};

static const struct args defaults = { .limit = WEIR_WORKER_LIMIT };

/* A line of a service's log: its level before it, as sd-daemon(3) says, and no time. */
static void
say(void *arg, enum weir_worker_level level, const char *text)
{
	const struct ctx *ctx = arg;
	const struct args *args = ctx->args;
	struct buf b = BUF_INIT(8192);

	if (ctx->g.quiet && level > WEIR_WORKER_WARNING)
		return;
	if (args->foreground) {
		buf_addf(&b, "<%d>", (int)level);
	} else {
		weir_time_absolute(&b, weir_now_us(), ctx->utc, false);
		buf_addc(&b, ' ');
	}
	text_sanitize(&b, str_of(text), ctx->utf8 ? 0 : TEXT_ASCII);
	buf_addc(&b, '\n');
	(void)!write(STDERR_FILENO, b.s, b.len);
	buf_release(&b);
}

static enum weir_rc
check(const struct args *args, struct weir_err *err)
{
	if (args->limit >= 1 && args->limit <= WEIR_WORKER_LIMIT_MAX)
		return WEIR_OK;
	(void)weir_fail(err, WEIR_EUSAGE, "worker: --limit %lld: from 1 to %d",
		(long long)args->limit, WEIR_WORKER_LIMIT_MAX);
	return weir_hint(err, "weir worker --limit %d", WEIR_WORKER_LIMIT);
}

static enum weir_rc
worker(struct ctx *ctx)
{
	const struct args *args = ctx->args;
	struct weir_worker w = {
		.pool = args->pool,
		.name = args->name,
		.queues = args->queues.v,
		.n_queues = args->queues.n,
		.limit = (size_t)args->limit,
		.once = args->once,
		.say = say,
		.arg = ctx,
	};
	enum weir_rc rc = check(args, ctx->err);

	if (!rc && weir_config_bool(ctx->config, WEIR_KEY_READ_ONLY)) {
		rc = weir_fail(ctx->err, WEIR_EREFUSED,
			"worker: read-only: nothing may be written");
		(void)weir_hint(ctx->err, "weir config get read_only");
	}
	return rc ? rc : weir_worker_run(ctx->session, &w, ctx->err);
}

/* clang-format off */
static const struct opt opts[] = {
	{ "pool", 'p', OPT_STRING, offsetof(struct args, pool), "POOL",
	  "@farm", "the pool (weir); made, of type weir, if it is missing" },
	{ "queue", 0, OPT_LIST, offsetof(struct args, queues), "QUEUE",
	  NULL, "only runs of this queue of it" },
	{ "limit", 'n', OPT_INT, offsetof(struct args, limit), "N",
	  NULL, "runs at once (8)" },
	{ "name", 0, OPT_STRING, offsetof(struct args, name), "NAME",
	  NULL, "as which the server knows it" },
	{ "once", 0, OPT_FLAG, offsetof(struct args, once), NULL,
	  NULL, "take what is due, and end with the last of it" },
	{ "foreground", 'f', OPT_FLAG, offsetof(struct args, foreground), NULL,
	  NULL, "as a service: its log for the journal" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_worker = {
	.name = "worker",
	.summary = "take runs from a work pool and run their commands",
	.usage = "",
	.words = NULL,
	.kind = WEIR_POOL,
	.max_words = 0,
	.opts = opts,
	.args_size = sizeof(struct args),
	.args_init = &defaults,
	.run = worker,
};
