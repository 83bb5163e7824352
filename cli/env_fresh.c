/*
 * What costs to know of environments, brought up to date only where it is asked for:
 * which runs used them, what they take on the disk. And lists by requirement set.
 */
#include <string.h>

#include <weir/mem.h>
#include <weir/metaflow.h>
#include <weir/view.h>

#include "bar.h"
#include "env.h"

/* Do columns, order or query name one of these? Once too often does no harm. */
static bool
names_one(const struct list_args *a, const char *query, const char *const *names)
{
	const char *const texts[] = { a->columns, a->sort, a->count_by, query };

	for (size_t i = 0; i < N_ELEM(texts); i++)
		for (size_t k = 0; texts[i] && names[k]; k++)
			if (strstr(texts[i], names[k]))
				return true;
	return false;
}

unsigned
env_wants(const struct ctx *ctx, const struct list_args *a, const char *query)
{
	static const char *const sizes[] = { "size", "disk", NULL };
	static const char *const runs[] = { "run", "used_by", "req_steps", NULL };
	enum out_form form = out_form(ctx, a->output);
	bool whole = !a->columns && (form == OUT_JSON || form == OUT_NDJSON);

	return (names_one(a, query, sizes) ? ENV_SIZES : 0U) |
	       (whole || names_one(a, query, runs) ? ENV_RUNS : 0U);
}

static bool
on_stop(void *arg)
{
	const struct ctx *ctx = arg;

	return weir_session_interrupted(ctx->session);
}

struct sizing {
	struct ctx *ctx;
	struct bar bar;
};

static void
on_size(void *arg, int64_t done, int64_t of)
{
	struct sizing *s = arg;
	const struct weir_progress p = {
		.what = "measuring", .done = done, .total = of
	};

	bar_progress(&s->bar, &p);
}

static bool
on_size_stop(void *arg)
{
	const struct sizing *s = arg;

	return on_stop(s->ctx);
}

static enum weir_rc
measure(struct ctx *ctx, const struct env_open *o, const char *full_id)
{
	struct sizing s = { .ctx = ctx };
	struct weir_env_measure how = { .config = ctx->config,
		.root = &o->root,
		.full_id = full_id,
		.tell = on_size,
		.stop = on_size_stop,
		.arg = &s };
	enum weir_rc rc;

	bar_init(&s.bar, ctx);
	rc = weir_env_measure(o->store, &how, ctx->err);
	bar_clear(&s.bar);
	/* What is not known is empty. */
	return rc == WEIR_EINTR || rc == WEIR_EDB ? rc : WEIR_OK;
}

enum weir_rc
env_runs(struct ctx *ctx, const struct env_open *o, bool whole,
	struct weir_store **ret_store)
{
	struct weir_metaflow_open how = { .config = ctx->config,
		.root = &o->root,
		.offline = ctx->no_network,
		.refresh = ctx->g.refresh || (whole && !ctx->no_network),
		.budget_ms = whole ? 0 : ctx_patience_ms(ctx) };
	struct weir_store *store = NULL;
	struct buf notes = BUF_INIT(1 << 20);
	enum weir_rc rc = weir_metaflow_open(&how, &store, &notes, ctx->err);

	for (char *save = NULL,
		  *line = notes.len ? strtok_r(notes.s, "\n", &save) : NULL;
		line; line = strtok_r(NULL, "\n", &save))
		ctx_note(ctx, "%s", line);
	buf_release(&notes);
	if (!rc)
		weir_env_uses(o->store, ctx->config, &o->root);
	if (rc == WEIR_ENOTFOUND || (rc && !whole && rc != WEIR_EINTR)) {
		if (rc != WEIR_ENOTFOUND)
			ctx_note(ctx, "%s", ctx->err->text);
		rc = WEIR_OK;
	}
	if (!rc && ret_store)
		*ret_store = store;
	else
		weir_store_close(store);
	return rc;
}

enum weir_rc
env_fresh(struct ctx *ctx, const struct env_open *o, unsigned what, const char *full_id)
{
	enum weir_rc rc = WEIR_OK;

	if (what & ENV_RUNS)
		rc = env_runs(ctx, o, false, NULL);
	if (!rc && (what & ENV_SIZES))
		rc = measure(ctx, o, full_id);
	return rc;
}

/* ---- by requirement set */

/* `steps start, join, end (1f2e...): conda::python==3.11.7, ...` */
static void
write_heading(struct buf *out, const struct weir_cell *const *cells)
{
	const struct weir_cell *steps = cells[1], *deps = cells[2];

	if (!steps->null && steps->s.len > 2) {
		buf_adds(out, "steps ");
		weir_json_join(out, steps->s, ", ");
		buf_addc(out, ' ');
	}
	buf_addf(out, "(%.*s): ", (int)cells[0]->s.len, cells[0]->s.s);
	weir_json_join(out, deps->s, ", ");
}

static const struct list_heading heading = { "req_id,req_steps,deps", write_heading };

char *
env_group(struct list_args *list)
{
	char *sort = xasprintf(
		"%s%s", WEIR_GROUP_FIRST, list->sort ? list->sort : WEIR_GROUP_THEN);

	list->heading = &heading;
	list->sort = sort;
	return sort;
}
