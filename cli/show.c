#include "show.h"

#include <weir/mem.h>
#include <weir/query.h>
#include <weir/sync.h>
#include <weir/text.h>

static void
add_row(struct buf *out, const struct weir_rows *rows,
	const struct weir_column_set *set)
{
	bool first = true;

	buf_addc(out, '{');
	for (size_t i = 0; i < set->n; i++) {
		const struct weir_cell *cell = weir_rows_cell(rows, i);
		size_t mark = out->len, start;

		if (!first)
			buf_addc(out, ',');
		if (cell->type != WEIR_T_MEMBERS)
			buf_addf(out, "\"%s\":", set->v[i]->name);
		start = out->len;
		weir_cell_json(out, cell);
		if (out->len == start)
			buf_truncate(out, mark);
		else
			first = false;
	}
	buf_addc(out, '}');
}

static enum weir_rc
add_rows(struct ctx *ctx, struct weir_store *store, struct weir_select *sel,
	struct buf *out, size_t *ret_n)
{
	struct weir_rows *rows = NULL;
	bool row = true;
	size_t n = 0;
	enum weir_rc rc;

	rc = weir_rows_open(store, sel, &rows, ctx->err);
	while (!rc) {
		rc = weir_rows_next(rows, &row, ctx->err);
		if (rc || !row)
			break;
		buf_adds(out, n++ ? "," : "");
		add_row(out, rows, sel->columns);
	}
	weir_rows_close(rows);
	*ret_n = n;
	return rc;
}

enum weir_rc
show_object(struct ctx *ctx, struct weir_store *store, enum weir_kind kind, int64_t key,
	struct buf *out)
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = { .kind = kind, .columns = &set, .key = key };
	size_t n = 0;
	enum weir_rc rc;

	rc = weir_columns_choose(kind, NULL, WEIR_COL_OBJECT, &set, ctx->err);
	if (!rc)
		rc = add_rows(ctx, store, &sel, out, &n);
	if (!rc && !n)
		rc = weir_fail(ctx->err, WEIR_ENOTFOUND, "%s '%s': it is gone",
			weir_kind_name(kind), ctx->words[0]);
	weir_columns_release(&set);
	return rc;
}

enum weir_rc
show_list(struct ctx *ctx, struct weir_store *store, enum weir_kind kind,
	const char *query, const char *sort, int64_t limit, struct buf *out)
{
	struct weir_column_set set = { 0 };
	struct weir_sort order[WEIR_SORT_MAX];
	struct weir_select sel = { .kind = kind, .columns = &set, .sort = order };
	struct weir_query *q = NULL;
	size_t n;
	enum weir_rc rc;

	sel.now_us = weir_now_us();
	sel.limit = limit;
	rc = weir_query_parse(kind, str_of(query), sel.now_us, &q, ctx->err);
	if (rc)
		return rc;
	sel.query = q;
	rc = weir_columns_choose(kind, NULL, WEIR_COL_OBJECT, &set, ctx->err);
	if (!rc && sort)
		rc = weir_sort_parse(kind, sort, &set, order, &sel.n_sort, ctx->err);
	buf_addc(out, '[');
	if (!rc)
		rc = add_rows(ctx, store, &sel, out, &n);
	buf_addc(out, ']');
	weir_columns_release(&set);
	weir_query_free(q);
	return rc;
}

enum weir_rc
show_fetch(struct ctx *ctx, const struct weir_id *run)
{
	struct weir_err err = { 0 };
	enum weir_rc rc;

	if (ctx->g.offline)
		return WEIR_OK;
	rc = weir_sync_run_within(ctx->session, run, ctx_patience_ms(ctx), &err);
	if (!rc || rc == WEIR_EBUSY)
		return WEIR_OK;
	if (ctx->away && rc != WEIR_EINTR)
		return WEIR_OK; /* it was said that the data is old */
	if (rc == WEIR_EINTR || ctx->g.refresh) {
		*ctx->err = err;
		return rc;
	}
	ctx_note(ctx, "shown as it is known here: %s", err.text);
	return WEIR_OK;
}

const char *
show_text(const struct weir_json *object, const char *name)
{
	return weir_json_text(weir_json_get(object, name)).s;
}

int64_t
show_time(const struct weir_json *object, const char *name)
{
	int64_t us;

	if (!weir_time_parse(weir_json_text(weir_json_get(object, name)), &us))
		return WEIR_NO_TIME;
	return us;
}

enum weir_state
show_state(const struct weir_json *object)
{
	enum weir_state state;
	struct str type = weir_json_text(weir_json_get(object, "state_type"));

	return weir_state_parse(type, &state) ? state : WEIR_ST_NONE;
}

void
show_put_json(const struct ctx *ctx, struct buf *out, struct str json)
{
	if (ctx->tty_out)
		out_json_escape(out, json, ctx->utf8 ? 0 : TEXT_ASCII);
	else
		buf_addstr(out, json);
}
