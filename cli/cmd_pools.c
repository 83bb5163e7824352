/* weir pools: work pools with their queues and workers, and why a run is not picked up.
 */
#include <weir/mem.h>
#include <weir/pickup.h>
#include <weir/text.h>

#include "list.h"
#include "out.h"
#include "pools_act.h"

struct args {
	struct list_args list;
	const char *why;
	bool queues, workers;
	struct pools_act act;
};

static bool
pools_menu(struct ctx *ctx, struct tui_start *start)
{
	const struct args *a = ctx->args;

	if (a->why || (a->queues && a->workers) || pools_act_is(ctx))
		return false;
	return list_menu(ctx,
		a->queues    ? WEIR_QUEUE
		: a->workers ? WEIR_WORKER
			     : WEIR_POOL,
		&a->list, start);
}

static void
put_text(struct ctx *ctx, struct buf *b, const struct weir_check *c)
{
	static const struct {
		const char *glyph, *ascii, *colour;
	} looks[] = {
		[WEIR_CHECK_OK] = { "●", "+", "green" },
		[WEIR_CHECK_BAD] = { "✗", "x", "red" },
		[WEIR_CHECK_NOTE] = { "○", ".", "" },
	};
	unsigned flags = ctx->utf8 ? 0 : TEXT_ASCII;

	if (ctx->colour)
		out_colour(b, looks[c->result].colour);
	buf_adds(b, ctx->utf8 ? looks[c->result].glyph : looks[c->result].ascii);
	if (ctx->colour && looks[c->result].colour[0])
		out_colour(b, "off");
	buf_addc(b, ' ');
	text_pad(b, str_of(c->what), 17, false, flags);
	text_sanitize(b, str_of(c->text), flags);
	buf_addc(b, '\n');
}

static void
set_text(struct weir_cell *cell, const char *s)
{
	*cell = (struct weir_cell){ .type = WEIR_T_TEXT, .s = str_of(s) };
}

/* Rows of what was checked; a terminal has lines of put_text instead. */
static enum weir_rc
print_rows(struct ctx *ctx, const struct list_args *a, const struct weir_pickup *p)
{
	static const struct weir_column columns[] = {
		{ .name = "check", .title = "CHECK", .type = WEIR_T_TEXT },
		{ .name = "result", .title = "RESULT", .type = WEIR_T_TEXT },
		{ .name = "text", .title = "TEXT", .type = WEIR_T_TEXT },
	};
	static const char *const results[] = {
		[WEIR_CHECK_OK] = "ok",
		[WEIR_CHECK_BAD] = "bad",
		[WEIR_CHECK_NOTE] = "note",
	};
	const struct weir_column *list[] = { &columns[0], &columns[1], &columns[2] };
	struct out_spec spec = {
		.form = out_form(ctx, a->output),
		.columns = list,
		.n_columns = N_ELEM(list),
		.header = a->header,
	};
	struct weir_cell cells[N_ELEM(list)];
	const struct weir_cell *row[] = { &cells[0], &cells[1], &cells[2] };
	enum weir_rc rc = WEIR_OK;
	struct out out;

	if (spec.form == OUT_NAME) {
		spec.form = OUT_TSV;
		spec.n_columns = 1;
	}
	out_open(&out, ctx, &spec);
	for (size_t i = 0; i < p->n && !rc; i++) {
		set_text(&cells[0], p->v[i].what);
		set_text(&cells[1], results[p->v[i].result]);
		set_text(&cells[2], p->v[i].text);
		rc = out_row(&out, row);
	}
	return out_close(&out, rc);
}

static enum weir_rc
why(struct ctx *ctx, const struct args *a)
{
	struct weir_pickup p = { 0 };
	struct weir_store *store;
	enum weir_kind kind;
	struct weir_id id;
	struct sink sink;
	enum weir_rc rc;

	rc = ctx_refresh(ctx);
	if (!rc)
		rc = ctx_resolve(ctx, 1u << WEIR_RUN, a->why, &kind, &id, NULL);
	if (!rc)
		rc = ctx_store(ctx, &store);
	if (!rc)
		rc = weir_pickup(store, &id, weir_now_us(), &p, ctx->err);
	if (rc)
		return rc;
	if (out_form(ctx, a->list.output) != OUT_TABLE)
		return print_rows(ctx, &a->list, &p);
	sink_init(&sink, ctx, false);
	for (size_t i = 0; i < p.n; i++)
		put_text(ctx, &sink.b, &p.v[i]);
	return sink_close(&sink, WEIR_OK);
}

/* On a terminal queues and workers follow the pools. */
static enum weir_rc
all(struct ctx *ctx, const struct args *a, const char *query)
{
	bool inside = ctx->tty_out && !a->list.output && !a->list.columns &&
		      ctx->n_words == 0;
	enum weir_rc rc = list_run(ctx, WEIR_POOL, &a->list, query);

	for (int i = 0; !rc && inside && i < 2; i++) {
		rc = ctx_write(ctx, "\n", 1);
		if (!rc)
			rc = list_run(ctx, i ? WEIR_WORKER : WEIR_QUEUE, &a->list, "");
	}
	return rc;
}

static enum weir_rc
pools_run(struct ctx *ctx)
{
	const struct args *a = ctx->args;
	char *query;
	enum weir_rc rc;

	if (pools_act_is(ctx))
		return pools_act_run(ctx, &a->act, a->list.output);
	rc = pools_act_none(ctx, &a->act);
	if (rc)
		return rc;
	if (a->why && (a->queues || a->workers || ctx->n_words))
		return weir_fail(ctx->err, WEIR_EUSAGE, "pools: --why stands alone");
	if (a->queues && a->workers)
		return weir_fail(ctx->err, WEIR_EUSAGE,
			"pools: --queues and --workers exclude each other");
	if (a->why)
		return why(ctx, a);
	query = ctx_query_text(ctx);
	if (a->queues || a->workers)
		rc = list_run(
			ctx, a->queues ? WEIR_QUEUE : WEIR_WORKER, &a->list, query);
	else
		rc = all(ctx, a, query);
	free(query);
	return rc;
}

/* clang-format off */
static const struct opt opts[] = {
	LIST_OPTS,
	{ "queues", 0, OPT_FLAG, offsetof(struct args, queues), NULL, NULL,
	  "list the queues; the query is about them" },
	{ "workers", 0, OPT_FLAG, offsetof(struct args, workers), NULL, NULL,
	  "list the workers; the query is about them" },
	{ "why", 0, OPT_STRING, offsetof(struct args, why), "ID", "@runs",
	  "say why this run is not picked up" },
	POOLS_ACT_OPTS(struct args, act),
	OPT_END,
};
/* clang-format on */

static const struct args init = { .list = LIST_INIT };

const struct cmd cmd_pools = {
	.name = "pools",
	.summary = "list work pools, their queues and workers; make and change them",
	.usage = "[QUERY | create|set|delete NAME...]",
	.words = "@query",
	.max_words = -1,
	.opts = opts,
	.args_size = sizeof(init),
	.args_init = &init,
	.menu = pools_menu,
	.run = pools_run,
};
