/* weir resume: go on with what is paused. */
#include "acts.h"

#include <errno.h>

#include <weir/json.h>

enum { INPUT_MAX = 512 << 10, RUNS = 1u << WEIR_RUN };

struct args {
	struct acts_args acts;
	const char *input;
};

/* JSON; `@FILE`; `-`: standard input. */
static enum weir_rc
read_input(struct ctx *ctx, const char *arg, struct buf *out)
{
	bool in = strcmp(arg, "-") == 0;
	const char *name = in ? "standard input" : arg + 1;
	char part[4096];
	size_t n;
	FILE *f;

	if (!in && *arg != '@') {
		buf_adds(out, arg);
		return WEIR_OK;
	}
	f = in ? stdin : fopen(name, "re");
	while (f && !out->truncated && (n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(out, part, n);
	if (!f || ferror(f))
		(void)weir_fail(ctx->err, WEIR_EFAIL, "%s: --input: %s: %s",
			ctx->cmd->name, name, strerror(errno));
	else if (out->truncated)
		(void)weir_fail(ctx->err, WEIR_ETOOBIG,
			"%s: --input: %s: over %d bytes", ctx->cmd->name, name,
			INPUT_MAX);
	else
		ctx->err->rc = WEIR_OK;
	if (f && !in)
		fclose(f);
	return ctx->err->rc;
}

static enum weir_rc
check_input(struct ctx *ctx, const struct buf *text)
{
	struct weir_json *j = NULL;
	enum weir_rc rc = weir_json_parse(buf_str(text), &j, ctx->err);

	if (rc)
		weir_prefix(ctx->err, "%s: --input", ctx->cmd->name);
	else if (weir_json_type(j) != WEIR_JSON_OBJECT)
		rc = weir_fail(ctx->err, WEIR_EUSAGE, "%s: --input: not a JSON object",
			ctx->cmd->name);
	if (rc) {
		ctx->err->rc = rc = WEIR_EUSAGE;
		(void)weir_hint(ctx->err, "weir resume --input '{\"name\": 1}' ID");
	}
	weir_json_free(j);
	return rc;
}

static enum weir_rc
resume(struct ctx *ctx)
{
	const struct args *args = ctx->args;
	struct weir_act act = { .kind = WEIR_ACT_RESUME };
	struct buf input = BUF_INIT(INPUT_MAX);
	enum weir_rc rc = WEIR_OK;

	if (args->input) {
		rc = read_input(ctx, args->input, &input);
		if (!rc)
			rc = check_input(ctx, &input);
		act.input = buf_cstr(&input);
	}
	if (!rc)
		rc = acts_run(ctx, &act, &args->acts, RUNS, ctx->words, ctx->n_words);
	buf_release(&input);
	return rc;
}

/* clang-format off */
static const struct opt opts[] = {
	{ "input", 'i', OPT_STRING, offsetof(struct args, input), "JSON",
	  NULL, "what the run waits for: JSON, @FILE, or - for standard input" },
	ACTS_OPTS(struct args, acts, "runs"),
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_resume = {
	.name = "resume",
	.summary = "go on with runs that are paused",
	.needs = CMD_ACTS,
	.usage = "[ID...]",
	.words = "@runs",
	.kind = WEIR_RUN,
	.max_words = -1,
	.opts = opts,
	.args_size = sizeof(struct args),
	.run = resume,
};
