/* Environments that can be meant, for completion: aliases, steps, ids, newest first. */
#include <weir/cell.h>
#include <weir/mem.h>
#include <weir/text.h>

#include "env.h"

enum { COMPLETE_ENVIRONMENTS = 200 };

static const char columns[] = "full_id,req_id,aliases,pathspecs,arch,creator,date";
enum { FULL_ID, REQ_ID, ALIASES, PATHSPECS, FIRST_ABOUT, N_COLUMNS = FIRST_ABOUT + 3 };

static void
add(struct buf *out, struct str value, const struct weir_rows *rows)
{
	text_sanitize(out, value, 0);
	buf_addc(out, '\t');
	for (size_t i = FIRST_ABOUT; i < N_COLUMNS; i++) {
		buf_adds(out, i > FIRST_ABOUT ? "  " : "");
		text_sanitize(out, weir_rows_cell(rows, i)->s, 0);
	}
	buf_addc(out, '\n');
}

static void
add_list(struct buf *out, const struct weir_rows *rows, size_t column)
{
	const struct weir_cell *list = weir_rows_cell(rows, column);
	struct buf names = BUF_INIT(BUF_MAX);

	if (!list->null)
		weir_json_join(&names, list->s, "\n");
	for (const char *p = buf_cstr(&names); *p;) {
		size_t n = strcspn(p, "\n");

		add(out, (struct str){ p, n }, rows);
		p += n + (p[n] == '\n');
	}
	buf_release(&names);
}

static void
add_row(struct buf *out, const struct weir_rows *rows, enum env_complete what)
{
	if (what == ENV_COMPLETE_ANY) {
		add_list(out, rows, ALIASES);
		add_list(out, rows, PATHSPECS);
	}
	add(out, weir_rows_cell(rows, what == ENV_COMPLETE_REQ ? REQ_ID : FULL_ID)->s,
		rows);
}

void
env_complete(struct ctx *ctx, enum env_complete what, struct buf *out)
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
	if (!weir_columns_choose(WEIR_ENVIRONMENT, columns, 0, &set, ctx->err) &&
		!weir_rows_open(o.store, &sel, &rows, ctx->err))
		row = true;
	while (row && !weir_rows_next(rows, &row, ctx->err) && row)
		add_row(out, rows, what);
	weir_rows_close(rows);
	weir_columns_release(&set);
	env_open_release(&o);
}
