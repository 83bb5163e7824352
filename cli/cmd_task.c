/* weir task: a command as a task run of the current run. */
#include <weir/mem.h>
#include <weir/task.h>
#include <weir/time.h>

#include "cmd.h"

struct args {
	int64_t retries;
	const char *delay, *timeout;
};

static void
note(void *arg, const char *text)
{
	ctx_note(arg, "%s", text);
}

static enum weir_rc
read_span(const char *option, const char *text, int64_t *us, struct weir_err *err)
{
	if (!text)
		return WEIR_OK;
	if (!weir_duration_parse(str_of(text), us) || *us < 0)
		return weir_fail(err, WEIR_EUSAGE,
			"task: %s '%.60s': not a duration such as 20m", option, text);
	if (*us / WEIR_SECOND_US > WEIR_TASK_SECONDS_MAX)
		return weir_fail(err, WEIR_EUSAGE, "task: %s '%.60s': at most %dd",
			option, text, WEIR_TASK_SECONDS_MAX / (24 * 3600));
	return WEIR_OK;
}

static enum weir_rc
read_args(const struct ctx *ctx, struct weir_task *t)
{
	const struct args *args = ctx->args;
	enum weir_rc rc;

	t->name = ctx->words[0];
	t->words = ctx->words + 1;
	t->retries = args->retries;
	if (!*t->name)
		return weir_fail(ctx->err, WEIR_EUSAGE, "task: an empty name");
	if (t->retries < 0 || t->retries > WEIR_TASK_RETRIES_MAX)
		return weir_fail(ctx->err, WEIR_EUSAGE,
			"task: --retries %lld: from 0 to %d", (long long)t->retries,
			WEIR_TASK_RETRIES_MAX);
	rc = read_span("--retry-delay", args->delay, &t->retry_delay_us, ctx->err);
	return rc ? rc
		  : read_span("--timeout", args->timeout, &t->timeout_us, ctx->err);
}

static enum weir_rc
task(struct ctx *ctx)
{
	struct weir_task t = { .note = note, .arg = ctx };
	enum weir_rc rc = read_args(ctx, &t);
	int status = 0;

	if (rc)
		return rc;
	rc = weir_task_run(ctx->session, &t, &status, ctx->err);
	ctx->status = status;
	return rc;
}

/* clang-format off */
static const struct opt opts[] = {
	{ "retries", 0, OPT_INT, offsetof(struct args, retries), "N",
	  NULL, "run it again so often when it failed" },
	{ "retry-delay", 0, OPT_STRING, offsetof(struct args, delay), "DURATION",
	  NULL, "so long after it" },
	{ "timeout", 0, OPT_STRING, offsetof(struct args, timeout), "DURATION",
	  NULL, "how long it may take each time" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_task = {
	.name = "task",
	.summary = "run a command as a task run of the current run",
	.usage = "NAME -- COMMAND [ARGUMENT...]",
	.words = NULL,
	.kind = WEIR_TASK_RUN,
	.min_words = 2,
	.max_words = -1,
	.opts = opts,
	.args_size = sizeof(struct args),
	.run = task,
};
