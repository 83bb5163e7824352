/* The embedded store to a file. */
#include <weir/backup.h>
#include <weir/mem.h>

#include "cmd.h"

static enum weir_rc
run(struct ctx *ctx)
{
	const char *file = ctx->words[0];
	int64_t bytes = 0;
	enum weir_rc rc = weir_backup(ctx->config, file, &bytes, ctx->err);

	if (rc == WEIR_ENOTFOUND)
		(void)weir_hint(ctx->err, "weir register");
	if (!rc)
		ctx_note(ctx, "%s: %.1f MB", file, (double)bytes / (1 << 20));
	return rc;
}

const struct cmd cmd_backup = {
	.name = "backup",
	.summary = "write the embedded store to a file",
	.usage = "FILE",
	.words = "@files",
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
