#include "local.h"

#include <stdlib.h>

enum weir_rc
local_allowed(struct ctx *ctx)
{
	const char *ci = getenv("CI");

	if (!weir_config_embedded(ctx->config) ||
		weir_config_embedded_chosen(ctx->config))
		return WEIR_OK;
	if (ci && *ci) {
		(void)weir_fail(ctx->err, WEIR_ENOSERVER,
			"%s: no server is configured, and CI is set", ctx->cmd->name);
		return weir_hint(ctx->err,
			"export PREFECT_API_URL=..., or weir --profile embedded %s",
			ctx->cmd->name);
	}
	ctx_note(ctx, "no server is configured: this is the embedded store of this "
		      "machine");
	return WEIR_OK;
}
