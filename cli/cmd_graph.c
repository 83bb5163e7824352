/* weir graph: a run's task runs and subflows over time. */
#include "cmd.h"

#include <weir/mem.h>
#include <weir/text.h>

#include "out.h"
#include "show.h"
#include "timeline.h"
#include "tui.h"

struct graph_args {
	const char *output;
	int64_t depth; /* -1: all */
};

static const struct graph_args init = { .depth = -1 };

static enum weir_rc
print(struct ctx *ctx, const struct timeline *t)
{
	const struct graph_args *args = ctx->args;
	enum out_form form = out_form(ctx, args->output);
	struct buf json = BUF_INIT(BUF_MAX);
	struct sink sink;
	enum weir_rc rc = WEIR_OK;

	sink_init(&sink, ctx, form == OUT_TABLE);
	if (form == OUT_TABLE) {
		rc = timeline_print(ctx, &sink, t, true);
	} else if (form == OUT_TSV) {
		rc = timeline_tsv(&sink, t);
	} else {
		timeline_json(&json, t);
		buf_addc(&json, '\n');
		show_put_json(ctx, &sink.b, buf_str(&json));
	}
	buf_release(&json);
	return sink_close(&sink, rc);
}

static enum weir_rc
run(struct ctx *ctx)
{
	const struct graph_args *args = ctx->args;
	int depth = TIMELINE_DEPTH_MAX;
	struct buf text = BUF_INIT(BUF_MAX);
	struct weir_json *object = NULL;
	struct timeline t = { 0 };
	struct weir_store *store;
	enum weir_kind kind;
	struct weir_id id;
	int64_t key = 0;
	enum weir_rc rc;

	if (args->depth >= 0 && args->depth < depth)
		depth = (int)args->depth;
	rc = ctx_resolve(ctx, 1u << WEIR_RUN, ctx->words[0], &kind, &id, &key);
	if (!rc)
		rc = show_fetch(ctx, &id);
	if (!rc)
		rc = ctx_store(ctx, &store);
	if (!rc)
		rc = show_object(ctx, store, kind, key, &text);
	if (!rc)
		rc = weir_json_parse(buf_str(&text), &object, ctx->err);
	if (!rc)
		rc = timeline_read(ctx, store, object, depth, !ctx->g.offline, &t);
	if (!rc)
		rc = print(ctx, &t);
	timeline_release(&t);
	weir_json_free(object);
	buf_release(&text);
	return rc;
}

/* On a terminal it prints, for what it prints stays there to be read; a script wants
 * the menu. */
static bool
menu(struct ctx *ctx, struct tui_start *start)
{
	const struct graph_args *a = ctx->args;

	if (!ctx->g.script || a->output || a->depth >= 0)
		return false;
	start->view.show = WEIR_SHOW_GRAPH;
	start->view.id = xstrdup(ctx->words[0]);
	return true;
}

/* clang-format off */
static const struct opt opts[] = {
	{ "output", 'o', OPT_STRING, offsetof(struct graph_args, output), "FORM",
	  "table|tsv|json", "form of the output" },
	{ "depth", 0, OPT_INT, offsetof(struct graph_args, depth), "N",
	  NULL, "go into N levels of subflows; all unless told" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_graph = {
	.name = "graph",
	.summary = "show a run's task runs and subflows over time",
	.usage = "ID",
	.words = "@runs",
	.needs = CMD_STORE,
	.min_words = 1,
	.max_words = 1,
	.opts = opts,
	.args_size = sizeof(init),
	.args_init = &init,
	.menu = menu,
	.run = run,
};
