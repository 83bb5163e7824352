#include "list.h"

#include <weir/mem.h>
#include <weir/query.h>

#include "list_group.h"
#include "list_tree.h"
#include "tui.h"

/* Counting is for people: where nobody looks it stops here. */
enum { LIST_COUNT_MAX = 1000 };

static const struct weir_column *
state_column(enum weir_kind kind)
{
	for (const struct weir_column *c = weir_columns(kind); c->name; c++)
		if (c->type == WEIR_T_STATE)
			return c;
	return NULL;
}

/* The type beside a state's name: what colours it. */
static void
add_hidden(struct list *l)
{
	const struct weir_column *state = state_column(l->sel.kind);
	size_t n = l->set.n;

	l->columns = xcalloc(n + 1 + l->heading_set.n, sizeof(*l->columns));
	for (size_t i = 0; i < n; i++)
		l->columns[i] = l->set.v[i];
	l->n_columns = n;
	if (state && l->form == OUT_TABLE && l->ctx->colour) {
		l->columns[n] = state;
		l->n_hidden = 1;
	}
	for (size_t i = 0; i < l->heading_set.n; i++)
		l->columns[n + l->n_hidden++] = l->heading_set.v[i];
}

static enum weir_rc
choose(struct list *l, const struct list_args *args)
{
	const char *text = l->form == OUT_NAME ? "id" : args->columns;
	enum weir_rc rc;

	rc = weir_columns_choose(
		l->sel.kind, text, out_want(l->ctx, l->form), &l->set, l->ctx->err);
	if (rc)
		return rc;
	l->optional = !text;
	if (args->heading && l->form == OUT_TABLE)
		rc = weir_columns_choose(l->sel.kind, args->heading->columns, 0,
			&l->heading_set, l->ctx->err);
	if (rc)
		return rc;
	l->heading = args->heading;
	add_hidden(l);
	if (!args->sort)
		return WEIR_OK;
	rc = weir_sort_parse(
		l->sel.kind, args->sort, &l->set, l->sort, &l->sel.n_sort, l->ctx->err);
	l->sel.sort = l->sort;
	return rc;
}

void
list_open_out(struct list *l, struct out *ret_out)
{
	struct out_spec spec = {
		.form = l->form,
		.columns = l->columns,
		.n_columns = l->n_columns,
		.n_hidden = l->n_hidden,
		.header = l->header,
		.optional = l->optional,
	};

	out_open(ret_out, l->ctx, &spec);
}

/* What stands above the next row, when that is of another group than the last. */
static void
head(const struct list *l, struct out *out, const struct weir_cell *const *cells,
	struct buf *last)
{
	size_t n = l->n_columns + l->n_hidden - l->heading_set.n;

	if (!l->heading_set.n)
		return;
	if (out->n_rows && str_equal(buf_str(last), cells[n]->s))
		return;
	buf_clear(last);
	buf_addstr(last, cells[n]->s);
	buf_clear(&out->heading);
	l->heading->write(&out->heading, cells + n);
}

static enum weir_rc
print(struct list *l, struct weir_store *store, int64_t *ret_shown, bool *ret_more)
{
	const struct weir_cell **cells;
	struct weir_rows *rows = NULL;
	struct buf last = BUF_INIT(BUF_MAX);
	struct out out;
	int64_t shown = 0;
	bool row = true;
	enum weir_rc rc;

	l->sel.limit = l->n ? l->n + 1 : 0;
	rc = weir_rows_open(store, &l->sel, &rows, l->ctx->err);
	if (rc)
		return rc;
	cells = xcalloc(l->n_columns + l->n_hidden + 1, sizeof(*cells));
	list_open_out(l, &out);
	while (!rc && !out.sink.gone) {
		rc = weir_rows_next(rows, &row, l->ctx->err);
		if (rc || !row || (l->n && shown == l->n))
			break;
		for (size_t i = 0; i < l->n_columns + l->n_hidden; i++)
			cells[i] = weir_rows_cell(rows, i);
		head(l, &out, cells, &last);
		rc = out_row(&out, cells);
		shown++;
	}
	free(cells);
	buf_release(&last);
	*ret_shown = shown;
	*ret_more = row && !out.sink.gone;
	rc = out_close(&out, rc);
	weir_rows_close(rows);
	return rc;
}

/* `50 of 412 shown, -n 0 for all`. */
static void
say_more(struct list *l, struct weir_store *store, int64_t shown)
{
	struct weir_err err;
	int64_t n;

	if (l->ctx->g.quiet)
		return;
	l->sel.limit = l->ctx->tty_err ? 0 : shown + LIST_COUNT_MAX;
	if (weir_rows_count(store, &l->sel, &n, &err))
		return;
	ctx_note(l->ctx, "%lld of %lld%s shown, -n 0 for all", (long long)shown,
		(long long)n, l->sel.limit && n >= l->sel.limit ? "+" : "");
}

static enum weir_rc
show(struct list *l, struct weir_store *store, int64_t *ret_shown)
{
	struct weir_column_set all = { l->columns, l->n_columns + l->n_hidden, NULL };
	int64_t shown = 0;
	bool more;
	enum weir_rc rc;

	l->sel.columns = &all;
	l->ctx->reading = true;
	rc = l->tree && l->form == OUT_TABLE ? list_tree_print(l, store, &shown, &more)
					     : print(l, store, &shown, &more);
	l->ctx->reading = false;
	if (!rc && more && l->say_more)
		say_more(l, store, shown);
	if (!rc && !shown && l->form == OUT_TABLE && !l->none_is_told)
		ctx_note(l->ctx, "no %s", weir_kind_plural(l->sel.kind));
	*ret_shown = shown;
	return rc;
}

static enum weir_rc
run(struct ctx *ctx, enum weir_kind kind, const struct list_args *args,
	const char *query, struct weir_store *store, int64_t *ret_shown)
{
	struct list l = { .ctx = ctx, .form = out_form(ctx, args->output) };
	enum weir_rc rc;

	l.n = args->n < 0 ? LIST_ROWS : args->n;
	l.header = args->header;
	l.tree = args->tree;
	l.say_more = args->n < 0;
	l.none_is_told = args->none_is_told;
	l.sel.kind = kind;
	l.sel.now_us = weir_now_us();
	rc = weir_query_parse(kind, str_of(query), l.sel.now_us, &l.query, ctx->err);
	if (rc)
		goto out;
	l.sel.query = l.query;
	rc = choose(&l, args);
	if (!rc && !store)
		rc = ctx_refresh(ctx);
	if (!rc && !store)
		rc = ctx_store(ctx, &store);
	if (!rc)
		rc = show(&l, store, ret_shown);
out:
	free(l.columns);
	weir_columns_release(&l.set);
	weir_columns_release(&l.heading_set);
	weir_query_free(l.query);
	return rc;
}

enum weir_rc
list_run(struct ctx *ctx, enum weir_kind kind, const struct list_args *args,
	const char *query)
{
	int64_t shown;

	if (args->count_by)
		return list_group_run(ctx, kind, args, query, NULL);
	return run(ctx, kind, args, query, NULL, &shown);
}

enum weir_rc
list_run_in(struct ctx *ctx, enum weir_kind kind, const struct list_args *args,
	const char *query, struct weir_store *store, int64_t *ret_shown)
{
	*ret_shown = 0;
	if (args->count_by)
		return list_group_run(ctx, kind, args, query, store);
	return run(ctx, kind, args, query, store, ret_shown);
}

bool
list_menu(struct ctx *ctx, enum weir_kind kind, const struct list_args *args,
	struct tui_start *start)
{
	struct weir_view *v = &start->view;

	if (args->output || args->n >= 0 || args->header)
		return false;
	v->show = WEIR_SHOW_LIST;
	v->kind = kind;
	v->query = ctx_query_text(ctx);
	v->sort = args->sort ? xstrdup(args->sort) : NULL;
	v->columns = args->columns ? xstrdup(args->columns) : NULL;
	v->count_by = args->count_by ? xstrdup(args->count_by) : NULL;
	v->tree = args->tree;
	return true;
}

const struct opt list_opts[] = { LIST_OPTS, OPT_END };
const struct list_args list_defaults = LIST_INIT;

bool
list_cmd_menu(struct ctx *ctx, struct tui_start *start)
{
	return list_menu(ctx, ctx->cmd->kind, ctx->args, start);
}

enum weir_rc
list_cmd_run(struct ctx *ctx)
{
	char *query = ctx_query_text(ctx);
	enum weir_rc rc = list_run(ctx, ctx->cmd->kind, ctx->args, query);

	free(query);
	return rc;
}
