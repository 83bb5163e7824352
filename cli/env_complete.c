/* Environments that can be meant, for completion: aliases and ids, newest first. */
#include <weir/cell.h>
#include <weir/mem.h>
#include <weir/text.h>

#include "env.h"

enum { COMPLETE_ENVIRONMENTS = 200 };

static void
add(struct buf *out, struct str value, const struct weir_rows *rows)
{
	text_sanitize(out, value, 0);
	buf_addc(out, '\t');
	for (size_t i = 2; i < 5; i++) {
		buf_adds(out, i > 2 ? "  " : "");
		text_sanitize(out, weir_rows_cell(rows, i)->s, 0);
	}
	buf_addc(out, '\n');
}

static void
add_row(struct buf *out, const struct weir_rows *rows)
{
	const struct weir_cell *aliases = weir_rows_cell(rows, 1);
	struct buf names = BUF_INIT(BUF_MAX);

	if (!aliases->null)
		weir_json_join(&names, aliases->s, "\n");
	for (const char *p = buf_cstr(&names); *p;) {
		size_t n = strcspn(p, "\n");

		add(out, (struct str){ p, n }, rows);
		p += n + (p[n] == '\n');
	}
	add(out, weir_rows_cell(rows, 0)->s, rows);
	buf_release(&names);
}

void
env_complete(struct ctx *ctx, struct buf *out)
{
	static const struct env_args none = { .local_only = true };
	const void *args = ctx->args;
	struct weir_column_set set = { 0 };
	struct weir_select sel = { .kind = WEIR_ENVIRONMENT,
		.columns = &set,
		.limit = COMPLETE_ENVIRONMENTS };
	struct weir_rows *rows = NULL;
	struct env_open o = { .store = NULL };
	bool row = false;

	ctx->args = &none;
	ctx->g.quiet = true;
	if (ctx_open(ctx) || env_open(ctx, &o)) {
		ctx->args = args;
		return;
	}
	ctx->args = args;
	if (!weir_columns_choose(WEIR_ENVIRONMENT, "full_id,aliases,arch,creator,date",
		    0, &set, ctx->err) &&
		!weir_rows_open(o.store, &sel, &rows, ctx->err))
		row = true;
	while (row && !weir_rows_next(rows, &row, ctx->err) && row)
		add_row(out, rows);
	weir_rows_close(rows);
	weir_columns_release(&set);
	env_open_release(&o);
}
