/* weir cancel: stop runs, their child runs too; wait until they have stopped. */
#include <weir/select.h>
#include <weir/time.h>

#include "acts.h"
#include "watch.h"

struct args {
	struct acts_args acts;
	struct watch_args watch;
	bool force, children;
};

/* ---- child runs */

/* Those that have not ended, of one run. */
static enum weir_rc
add_children(struct acts *a, struct weir_store *store, const struct weir_id *run)
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = { .kind = WEIR_RUN, .columns = &set };
	struct weir_query *query = NULL;
	struct weir_rows *rows = NULL;
	char text[96], id[WEIR_ID_TEXT + 1];
	bool row = true;
	struct weir_err *err = a->ctx->err;
	enum weir_rc rc;

	snprintf(text, sizeof(text), "parent_run_id:%s state:live",
		weir_id_format(run, id));
	rc = weir_query_parse(WEIR_RUN, str_of(text), weir_now_us(), &query, err);
	sel.query = query;
	if (!rc)
		rc = weir_columns_choose(WEIR_RUN, "id", 0, &set, err);
	if (!rc)
		rc = weir_rows_open(store, &sel, &rows, err);
	while (!rc && row) {
		rc = weir_rows_next(rows, &row, err);
		if (!rc && row)
			rc = acts_add(a, WEIR_RUN, &weir_rows_cell(rows, 0)->id);
	}
	weir_rows_close(rows);
	weir_columns_release(&set);
	weir_query_free(query);
	return rc;
}

/* The list grows by what is below its own children. */
static enum weir_rc
add_all_children(struct acts *a)
{
	struct weir_store *store;
	enum weir_rc rc = ctx_refresh_now(a->ctx);

	if (!rc)
		rc = ctx_store(a->ctx, &store);
	for (size_t i = 0; !rc && i < a->targets.n; i++) {
		struct weir_id id = a->targets.v[i].id;

		rc = add_children(a, store, &id);
	}
	return rc;
}

/* ---- until they have stopped */

/* What is stuck in Cancelling, and who could end it. */
static enum weir_rc
stuck(struct weir_err *err, const struct watch_result *result)
{
	char id[WEIR_ID_TEXT + 1], *text = xstrdup(err->text);

	(void)weir_fail(err, WEIR_EPENDING,
		"cancel: %s: the worker or process that runs it has to end it; if that "
		"has gone, servers from 3.7.5 on do after 5 minutes, older ones never",
		text);
	free(text);
	return weir_hint(
		err, "weir cancel --force %s", weir_id_format(&result->first, id));
}

static enum weir_rc
wait_all(struct acts *a, int64_t timeout_us)
{
	struct weir_id *ids = xcalloc(a->targets.n + 1, sizeof(*ids));
	struct weir_err *err = a->ctx->err;
	struct watch_result result = { 0 };
	const struct watch_options o = {
		.ids = ids,
		.n = a->targets.n,
		.want = WEIR_ST_CANCELLED,
		.timeout_us = timeout_us,
		.quiet = true,
		.ret_result = &result,
	};
	enum weir_rc rc;

	for (size_t i = 0; i < a->targets.n; i++)
		ids[i] = a->targets.v[i].id;
	rc = watch_runs(a->ctx, &o);
	if (rc == WEIR_EPENDING)
		rc = stuck(err, &result);
	else if (rc == WEIR_ERUNFAILED)
		rc = weir_fail(err, WEIR_EREFUSED,
			"cancel: %zu of %zu ended by themselves before they were "
			"cancelled",
			result.n_bad, a->targets.n);
	free(ids);
	return rc;
}

/* ---- the command */

static enum weir_rc
run(struct ctx *ctx)
{
	const struct args *args = ctx->args;
	struct weir_act act = { .kind = WEIR_ACT_CANCEL, .force = args->force };
	struct acts a;
	int64_t timeout_us;
	enum weir_rc rc = watch_timeout(ctx, &args->watch, &timeout_us);

	if (!rc && args->force && !args->acts.dry_run)
		ctx_note(ctx, "--force: it is called cancelled; code that runs is not "
			      "stopped");
	acts_init(&a, ctx, &act, &args->acts);
	if (!rc)
		rc = acts_may(&a);
	if (!rc)
		rc = acts_find(&a, 1u << WEIR_RUN, ctx->words, ctx->n_words);
	if (!rc && args->children)
		rc = add_all_children(&a);
	if (!rc)
		rc = acts_go(&a);
	if (!rc && args->watch.wait && !args->acts.dry_run)
		rc = wait_all(&a, timeout_us);
	acts_release(&a);
	return rc;
}

/* clang-format off */
static const struct opt opts[] = {
	{ "force", 'f', OPT_FLAG, offsetof(struct args, force), NULL,
	  NULL, "call it cancelled, whatever still runs" },
	{ "children", 'c', OPT_FLAG, offsetof(struct args, children), NULL,
	  NULL, "child runs that have not ended too, at any depth" },
	{ "wait", 'w', OPT_FLAG, offsetof(struct args, watch.wait), NULL,
	  NULL, "wait until they have ended" },
	WATCH_OPT_TIMEOUT(struct args, watch),
	ACTS_OPTS(struct args, acts, "runs"),
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_cancel = {
	.name = "cancel",
	.summary = "stop runs, and say what the server made of it",
	.needs = CMD_ACTS,
	.usage = "[ID...]",
	.words = "@runs",
	.kind = WEIR_RUN,
	.max_words = -1,
	.opts = opts,
	.args_size = sizeof(struct args),
	.run = run,
};
