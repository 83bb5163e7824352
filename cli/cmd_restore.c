/* And back. */
#include <ctype.h>
#include <stdio.h>
#include <unistd.h>

#include <weir/backup.h>
#include <weir/mem.h>

#include "cmd.h"

static enum weir_rc
refuse(struct ctx *ctx)
{
	(void)weir_fail(ctx->err, WEIR_EUSAGE,
		"restore: it replaces what is there: there is nobody to be asked");
	return weir_hint(ctx->err, "weir restore --yes %s", ctx->words[0]);
}

static enum weir_rc
ask(struct ctx *ctx)
{
	char c, first = '\0';

	if (ctx->g.yes || access(weir_config_store(ctx->config), F_OK) != 0)
		return WEIR_OK;
	if (!ctx->tty_in || !ctx->tty_err)
		return refuse(ctx);
	fprintf(stderr, "replace what is in %s? [y/N] ",
		weir_config_store(ctx->config));
	fflush(stderr);
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		if (!first && !isspace((unsigned char)c))
			first = c;
	if (first == 'y' || first == 'Y')
		return WEIR_OK;
	return weir_fail(ctx->err, WEIR_EFAIL, "restore: nothing was done");
}

static enum weir_rc
run(struct ctx *ctx)
{
	int64_t bytes = 0;
	enum weir_rc rc = WEIR_OK;

	if (weir_config_embedded(ctx->config))
		rc = weir_restore_check(ctx->config, ctx->words[0], ctx->err);
	if (!rc && weir_config_embedded(ctx->config))
		rc = ask(ctx);
	if (!rc)
		rc = weir_restore(ctx->config, ctx->words[0], &bytes, ctx->err);
	if (!rc)
		ctx_note(ctx, "%s: %.1f MB restored", ctx->words[0],
			(double)bytes / (1 << 20));
	return rc;
}

const struct cmd cmd_restore = {
	.name = "restore",
	.summary = "put a backup in the place of the embedded store",
	.usage = "FILE",
	.words = "@files",
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
