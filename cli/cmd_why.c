/* weir why: why a run failed or waits; failed runs by their errors. */
#include "cmd.h"

#include <weir/mem.h>
#include <weir/sync.h>
#include <weir/text.h>
#include <weir/time.h>

#include "show.h"
#include "why_print.h"

struct why_args {
	const char *output;
	int64_t n; /* of groups; -1: not given */
};

enum { GROUPS = 20, COUNT_US = 400000, SCAN_US = 20000000, FETCH_MAX = 32 };

static const struct why_args init = { .n = -1 };

/* ---- one run */

/* Task runs and log of what failed, as far as they are not here. */
static enum weir_rc
fetch(struct ctx *ctx, const struct weir_why *w)
{
	struct weir_sync_options o = { .since_us = WEIR_NO_TIME,
		.budget_ms = ctx->away ? ctx_patience_ms(ctx) : 0 };
	struct weir_err err = { 0 };
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < w->n_causes && i < FETCH_MAX; i++) {
		const struct weir_why_cause *c = &w->causes[i];
		bool ended;

		if (weir_id_cmp(&c->run, &w->run) != 0)
			rc = show_fetch(ctx, &c->run);
		if (rc || !c->no_log)
			continue;
		rc = weir_sync_logs(ctx->session, &c->run, &o, &ended, &err);
		if (rc && rc != WEIR_EINTR && !ctx->g.refresh) {
			if (!ctx->away)
				ctx_note(ctx, "a log could not be fetched: %s",
					err.text);
			return WEIR_OK;
		}
	}
	if (rc && err.rc)
		*ctx->err = err;
	return rc;
}

static enum weir_rc
read_why(struct ctx *ctx, const struct weir_id *id, struct weir_why *ret)
{
	struct weir_store *store;
	enum weir_rc rc = show_fetch(ctx, id);

	if (!rc)
		rc = ctx_store(ctx, &store);
	if (!rc)
		rc = weir_why(store, id, weir_now_us(), ret, ctx->err);
	if (rc || ctx->g.offline || !ret->n_causes)
		return rc;
	rc = fetch(ctx, ret);
	weir_why_release(ret);
	if (!rc)
		rc = ctx_store(ctx, &store);
	return rc ? rc : weir_why(store, id, weir_now_us(), ret, ctx->err);
}

/* Who else has the errors of the causes. */
static enum weir_rc
count_same(struct ctx *ctx, struct weir_why_scan *scan, struct why_card *card,
	const struct weir_why_group **same)
{
	const struct weir_why_group *groups;
	size_t n;
	enum weir_rc rc =
		weir_why_scan_step(scan, COUNT_US, &card->counted_all, ctx->err);

	if (rc)
		return rc;
	n = weir_why_scan_groups(scan, &groups);
	for (size_t i = 0; i < card->why->n_causes; i++) {
		for (size_t k = 0; k < n; k++) {
			if (str_equal(groups[k].folded, card->why->causes[i].folded))
				same[i] = &groups[k];
		}
	}
	card->same = same;
	return WEIR_OK;
}

static void
print_card(struct ctx *ctx, struct sink *sink, enum out_form form, size_t number,
	const struct why_card *card)
{
	struct buf json = BUF_INIT(BUF_MAX);
	char id[WEIR_ID_TEXT + 1];

	if (form == OUT_TABLE) {
		if (number)
			buf_addc(&sink->b, '\n');
		why_print_card(ctx, sink, card);
	} else if (form == OUT_TSV || form == OUT_CSV) {
		why_print_tsv(ctx, &sink->b, card);
	} else if (form == OUT_NAME) {
		for (size_t i = 0; i < card->why->n_causes; i++)
			buf_addf(&sink->b, "%s\n",
				weir_id_format(&card->why->causes[i].run, id));
	} else {
		if (form == OUT_JSON)
			buf_addc(&sink->b, number ? ',' : '[');
		why_print_json(&json, card);
		show_put_json(ctx, &sink->b, buf_str(&json));
		if (form == OUT_NDJSON)
			buf_addc(&sink->b, '\n');
	}
	buf_release(&json);
}

static enum weir_rc
one(struct ctx *ctx, struct sink *sink, enum out_form form, size_t number,
	const struct weir_id *id)
{
	const struct weir_why_group *same[WEIR_WHY_CAUSES_MAX] = { 0 };
	struct weir_why_scan *scan = NULL;
	struct weir_why w = { 0 };
	struct why_card card = { .why = &w };
	struct weir_store *store;
	enum weir_rc rc = read_why(ctx, id, &w);

	if (rc)
		return rc;
	rc = ctx_store(ctx, &store);
	if (!rc && w.n_causes && form != OUT_TSV && form != OUT_NAME)
		rc = weir_why_scan_new(
			store, NULL, NULL, weir_now_us(), &scan, ctx->err);
	if (!rc && scan)
		rc = count_same(ctx, scan, &card, same);
	if (!rc) {
		print_card(ctx, sink, form, number, &card);
		rc = sink_row(sink);
	}
	weir_why_scan_free(scan);
	weir_why_release(&w);
	return rc;
}

static enum weir_rc
runs(struct ctx *ctx, enum out_form form)
{
	struct weir_id *ids = xcalloc(ctx->n_words, sizeof(*ids));
	enum weir_kind kind;
	struct sink sink;
	enum weir_rc rc = WEIR_OK;

	/* A wrong one before anything is printed. */
	for (size_t i = 0; !rc && i < ctx->n_words; i++)
		rc = ctx_resolve(
			ctx, 1u << WEIR_RUN, ctx->words[i], &kind, &ids[i], NULL);
	if (rc) {
		free(ids);
		return rc;
	}
	sink_init(&sink, ctx, form == OUT_TABLE);
	for (size_t i = 0; !rc && i < ctx->n_words; i++)
		rc = one(ctx, &sink, form, i, &ids[i]);
	if (!rc && form == OUT_JSON)
		buf_adds(&sink.b, "]\n");
	free(ids);
	return sink_close(&sink, rc);
}

/* ---- groups */

static void
print_group(struct ctx *ctx, struct sink *sink, enum out_form form, size_t number,
	const struct weir_why_group *g)
{
	struct buf json = BUF_INIT(BUF_MAX);
	char id[WEIR_ID_TEXT + 1];

	if (form == OUT_TABLE) {
		why_group_text(ctx, sink, g);
	} else if (form == OUT_TSV || form == OUT_CSV) {
		why_group_tsv(ctx, &sink->b, g);
	} else if (form == OUT_NAME) {
		for (size_t i = 0; i < g->n_ids; i++)
			buf_addf(&sink->b, "%s\n", weir_id_format(&g->ids[i], id));
	} else {
		if (form == OUT_JSON && number)
			buf_addc(&sink->b, ',');
		why_group_json(&json, g);
		show_put_json(ctx, &sink->b, buf_str(&json));
		if (form == OUT_NDJSON)
			buf_addc(&sink->b, '\n');
	}
	buf_release(&json);
}

static void
remark(struct ctx *ctx, struct weir_why_scan *scan, const char *query, bool done,
	size_t shown, size_t n)
{
	int64_t looked, no_log;

	weir_why_scan_counts(scan, &looked, &no_log);
	if (!n)
		ctx_note(ctx, "no failed runs");
	if (shown < n)
		ctx_note(ctx, "%zu of %zu errors shown, -n 0 for all", shown, n);
	if (!done)
		ctx_note(ctx, "only the newest %lld failed runs were looked at",
			(long long)looked);
	if (no_log)
		ctx_note(ctx,
			"of %lld of %lld failed runs the log is not here; "
			"weir sync --logs '%s' fetches them",
			(long long)no_log, (long long)looked, query);
}

static enum weir_rc
grouped(struct ctx *ctx, enum out_form form, const char *query)
{
	const struct why_args *args = ctx->args;
	size_t limit = args->n < 0 ? GROUPS : (size_t)args->n, n, shown = 0;
	const struct weir_why_group *groups;
	struct weir_why_scan *scan = NULL;
	struct weir_store *store;
	struct sink sink;
	bool done = false;
	enum weir_rc rc = ctx_store(ctx, &store);

	if (!rc)
		rc = weir_why_scan_new(
			store, query, NULL, weir_now_us(), &scan, ctx->err);
	ctx->reading = true;
	if (!rc)
		rc = weir_why_scan_step(scan, SCAN_US, &done, ctx->err);
	ctx->reading = false;
	if (rc)
		goto out;
	n = weir_why_scan_groups(scan, &groups);
	sink_init(&sink, ctx, form == OUT_TABLE);
	if (form == OUT_JSON)
		buf_addc(&sink.b, '[');
	for (; !rc && shown < n && (!limit || shown < limit); shown++) {
		print_group(ctx, &sink, form, shown, &groups[shown]);
		rc = sink_row(&sink);
	}
	if (!rc && form == OUT_JSON)
		buf_adds(&sink.b, "]\n");
	rc = sink_close(&sink, rc);
	if (!rc)
		remark(ctx, scan, query, done, shown, n);
out:
	weir_why_scan_free(scan);
	return rc;
}

static enum weir_rc
run(struct ctx *ctx)
{
	const struct why_args *args = ctx->args;
	enum out_form form = out_form(ctx, args->output);
	char *query;
	enum weir_rc rc;

	if (ctx->n_words && !ctx_is_query(ctx))
		return runs(ctx, form);
	query = ctx->n_words ? ctx_query_text(ctx)
			     : xstrdup("state:failed,crashed since:1d");
	rc = grouped(ctx, form, query);
	free(query);
	return rc;
}

/* clang-format off */
static const struct opt opts[] = {
	{ "output", 'o', OPT_STRING, offsetof(struct why_args, output), "FORM",
	  "table|tsv|json|ndjson|name", "form of the output" },
	{ "number", 'n', OPT_INT, offsetof(struct why_args, n), "N",
	  NULL, "at most N errors, 0 for all; 20 unless told" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_why = {
	.name = "why",
	.summary = "show why runs failed or wait, or failed runs by their errors",
	.usage = "[ID...] | [QUERY]",
	.words = "@runs",
	.needs = CMD_STORE,
	.max_words = -1,
	.opts = opts,
	.args_size = sizeof(init),
	.args_init = &init,
	.run = run,
};
