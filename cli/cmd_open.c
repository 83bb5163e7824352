/* weir open: the web page of an object. */
#include "cmd.h"

#include <weir/beside.h>
#include <weir/browser.h>
#include <weir/mem.h>
#include <weir/select.h>
#include <weir/text.h>
#include <weir/url.h>

enum { OPEN_ADDRESS_MAX = 8 << 10 };

struct open_args {
	bool print;
};

static const unsigned kinds = 1u << WEIR_RUN | 1u << WEIR_TASK_RUN | 1u << WEIR_FLOW |
			      1u << WEIR_DEPLOYMENT | 1u << WEIR_POOL |
			      1u << WEIR_ARTIFACT;

static enum weir_rc
find(struct ctx *ctx, enum weir_kind *ret_kind, struct weir_id *ret_id,
	int64_t *ret_key)
{
	const char *text = ctx->words[0];
	enum weir_rc rc;

	rc = ctx_resolve(ctx, kinds, text, ret_kind, ret_id, ret_key);
	if (ctx->g.offline || (rc != WEIR_ENOTFOUND && rc != WEIR_ENET))
		return rc;
	/* it may be newer than the store */
	rc = ctx_refresh(ctx);
	if (!rc)
		rc = ctx_resolve(ctx, kinds, text, ret_kind, ret_id, ret_key);
	return rc;
}

/* Pools go by name. Owned; NULL for others. */
static enum weir_rc
pool_name(struct ctx *ctx, enum weir_kind kind, int64_t key, char **ret_name)
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = { .kind = kind, .columns = &set, .key = key };
	struct weir_rows *rows = NULL;
	struct weir_store *store;
	bool row = false;
	enum weir_rc rc;

	if (kind != WEIR_POOL)
		return WEIR_OK;
	rc = ctx_store(ctx, &store);
	if (!rc)
		rc = weir_columns_choose(kind, "name", 0, &set, ctx->err);
	if (!rc)
		rc = weir_rows_open(store, &sel, &rows, ctx->err);
	if (!rc)
		rc = weir_rows_next(rows, &row, ctx->err);
	if (!rc && row)
		*ret_name = str_copy(weir_rows_cell(rows, 0)->s);
	weir_rows_close(rows);
	weir_columns_release(&set);
	return rc;
}

static enum weir_rc
put(struct ctx *ctx, const char *address)
{
	struct buf b = BUF_INIT(OPEN_ADDRESS_MAX + 1);
	enum weir_rc rc;

	if (ctx->tty_out)
		text_sanitize(&b, str_of(address), ctx->utf8 ? 0 : TEXT_ASCII);
	else
		buf_adds(&b, address);
	buf_addc(&b, '\n');
	rc = ctx_write(ctx, b.s, b.len);
	buf_release(&b);
	return rc;
}

static enum weir_rc
open_page(struct ctx *ctx, const char *address)
{
	const struct open_args *args = ctx->args;
	enum weir_rc rc;

	if (args->print)
		return put(ctx, address);
	rc = weir_browser_open(ctx->config, address, WEIR_BROWSER_WAIT, ctx->err);
	if (rc)
		(void)weir_prefix(ctx->err, "open");
	if (rc == WEIR_EFAIL)
		(void)weir_hint(ctx->err, "weir open --print %s, or set BROWSER",
			ctx->words[0]);
	return rc;
}

static enum weir_rc
no_page(struct ctx *ctx)
{
	(void)weir_fail(ctx->err, WEIR_EREFUSED,
		"open: %s is of Metaflow, of which weir knows no web page",
		ctx->words[0]);
	return weir_hint(ctx->err, "weir show %s", ctx->words[0]);
}

static enum weir_rc
run(struct ctx *ctx)
{
	struct buf address = BUF_INIT(OPEN_ADDRESS_MAX);
	enum weir_kind kind;
	struct weir_id id;
	char *name = NULL;
	int64_t key = 0;
	enum weir_rc rc;

	rc = find(ctx, &kind, &id, &key);
	if (!rc &&
		key & WEIR_KEY_BESIDE) /* of Metaflow, which has none that is known */
		return no_page(ctx);
	if (!rc)
		rc = pool_name(ctx, kind, key, &name);
	if (rc)
		return rc;
	if (!weir_web_url(ctx->config, kind, &id, name, &address)) {
		(void)weir_fail(ctx->err, WEIR_ENOSERVER,
			"open: without a server there are no web pages");
		rc = weir_hint(ctx->err, "weir show %s", ctx->words[0]);
		goto out;
	}
	rc = open_page(ctx, buf_cstr(&address));
out:
	buf_release(&address);
	free(name);
	return rc;
}

/* clang-format off */
static const struct opt opts[] = {
	{ "print", 0, OPT_FLAG, offsetof(struct open_args, print), NULL,
	  NULL, "print the address, start nothing" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_open = {
	.name = "open",
	.summary = "open the web page of a run, flow, deployment or pool",
	.usage = "ID",
	.words = "@runs",
	.min_words = 1,
	.max_words = 1,
	.opts = opts,
	.args_size = sizeof(struct open_args),
	.run = run,
};
