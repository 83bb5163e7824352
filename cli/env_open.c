/* The store of environments of a command. */
#include <stdlib.h>
#include <string.h>

#include "env.h"

enum weir_rc
env_open(struct ctx *ctx, struct env_open *ret)
{
	const struct env_args *a = ctx->args;
	struct env_open o = { .store = NULL };
	struct buf notes = BUF_INIT(1 << 20);
	enum weir_rc rc = weir_env_root_find(a->file, &o.root, ctx->err);

	if (!rc) {
		struct weir_env_open how = { .config = ctx->config,
			.root = &o.root,
			.local_only = a->local_only || ctx->no_network,
			.refresh = ctx->g.refresh };

		rc = weir_env_open(&how, &o.store, &notes, ctx->err);
	}
	buf_adds(&notes, "\n"); /* there is a text */
	for (char *save = NULL, *line = strtok_r(notes.s, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save))
		ctx_note(ctx, "%s", line);
	buf_release(&notes);
	if (rc)
		env_open_release(&o);
	else
		*ret = o;
	return rc;
}

void
env_open_release(struct env_open *o)
{
	weir_store_close(o->store);
	weir_env_root_release(&o->root);
	o->store = NULL;
}
