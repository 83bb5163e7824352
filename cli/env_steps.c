#include "env_steps.h"

#include <string.h>

/* Parts of a pathspec: flows have the names of classes; 0: it is none. */
static size_t
parts_of(const char *word)
{
	size_t n = 1;

	if (!*word || strchr("./~0123456789", *word) || strchr(word, ':'))
		return 0;
	for (const char *p = word; *p; p++) {
		if (*p == '/' && (!p[1] || p[1] == '/'))
			return 0;
		n += *p == '/';
	}
	return n;
}

bool
env_steps_is_run(const char *word)
{
	return parts_of(word) == 2;
}

bool
env_steps_is_step(const char *word)
{
	return parts_of(word) >= 3;
}

/* ---- from what Metaflow recorded */

static enum weir_rc
open_runs(struct ctx *ctx, const struct env_open *o, struct weir_store **ret)
{
	const struct weir_metaflow_open how = { .config = ctx->config,
		.root = &o->root,
		.offline = ctx->no_network,
		.refresh = ctx->g.refresh };
	struct buf notes = BUF_INIT(1 << 16);
	enum weir_rc rc = weir_metaflow_open(&how, ret, &notes, ctx->err);

	buf_adds(&notes, "\n"); /* there is a text */
	for (char *save = NULL, *line = strtok_r(notes.s, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save))
		ctx_note(ctx, "%s", line);
	buf_release(&notes);
	return rc;
}

enum weir_rc
env_steps_word(struct ctx *ctx, struct env_open *o, const char *word, const char *arch,
	struct weir_env_pair *ret, char ret_arch[WEIR_TASK_ARCH])
{
	struct weir_err first;
	struct weir_task_pair found;
	struct weir_store *runs = NULL;
	enum weir_rc rc = WEIR_ENOTFOUND, other;

	if (parts_of(word) < 3)
		return weir_env_find_for(o->store, word, arch, ret, ctx->err);
	rc = open_runs(ctx, o, &runs);
	if (!rc)
		rc = weir_env_of_pathspec(runs, word, &found, ctx->err);
	weir_store_close(runs);
	if (!rc) {
		*ret = found.pair;
		if (ret_arch)
			memcpy(ret_arch, found.arch, sizeof(found.arch));
		return WEIR_OK;
	}
	first = *ctx->err;
	if (!first.hint[0])
		weir_hint(&first, "another step, or --req-id ID");
	other = weir_env_find_for(o->store, word, arch, ret, ctx->err);
	if (other)
		*ctx->err = first;
	return other ? rc : WEIR_OK;
}

/* ---- which of them */

static void
list(const struct weir_env_groups *g, struct buf *out)
{
	for (size_t i = 0; i < g->v.n; i++) {
		buf_addf(out, "\n  --req-id %.8s  ", g->v.v[i].req_id);
		weir_env_group_steps(&g->v.v[i], out);
		if (*g->v.v[i].archs)
			buf_addf(out, "  (%s)", g->v.v[i].archs);
	}
}

static enum weir_rc
by_step(struct ctx *ctx, const struct weir_env_groups *g,
	const struct weir_env_group **ret)
{
	const struct env_args *a = ctx->args;
	struct buf steps = BUF_INIT(1000);

	*ret = weir_env_group_of(g, a->step);
	if (*ret)
		return WEIR_OK;
	for (size_t i = 0; i < g->alone.n; i++) {
		if (strcmp(g->alone.v[i].step, a->step) != 0)
			continue;
		(void)weir_fail(ctx->err, WEIR_EREFUSED,
			"env select-resolved: step %.200s: %s", a->step,
			g->alone.v[i].why);
		return weir_hint(ctx->err, "another step, or --req-id ID");
	}
	(void)weir_fail(ctx->err, WEIR_ENOTFOUND,
		"env select-resolved: --step %.200s: there is no such step", a->step);
	for (size_t i = 0; i < g->v.n; i++) {
		buf_adds(&steps, i ? ", " : "");
		weir_env_group_steps(&g->v.v[i], &steps);
	}
	weir_hint(ctx->err, "one of %s", buf_cstr(&steps));
	buf_release(&steps);
	return WEIR_ENOTFOUND;
}

static enum weir_rc
by_req(struct ctx *ctx, const struct weir_env_groups *g,
	const struct weir_env_group **ret)
{
	const struct env_args *a = ctx->args;
	size_t n = 0;

	for (size_t i = 0; i < g->v.n; i++)
		if (strncmp(g->v.v[i].req_id, a->req_id, strlen(a->req_id)) == 0) {
			*ret = &g->v.v[i];
			n++;
		}
	if (n == 1)
		return WEIR_OK;
	(void)weir_fail(ctx->err, n ? WEIR_EAMBIGUOUS : WEIR_ENOTFOUND,
		"env select-resolved: --req-id %.100s: %s", a->req_id,
		n ? "several groups of steps have it" : "no step has it");
	return n ? weir_hint(ctx->err, "--step STEP")
		 : weir_hint(ctx->err, "without --req-id its groups are listed");
}

static enum weir_rc
choose(struct ctx *ctx, const struct weir_env_groups *g, const char *what,
	const struct weir_env_group **ret)
{
	const struct env_args *a = ctx->args;
	struct buf groups = BUF_INIT(1500);
	bool told = a->full_id || a->alias || a->latest;

	*ret = NULL;
	if (a->step)
		return by_step(ctx, g, ret);
	if (!g->v.n) {
		(void)weir_fail(ctx->err, WEIR_ENOTFOUND,
			"env select-resolved: %.300s: no step of it has an environment "
			"to choose",
			what);
		return weir_hint(ctx->err, "weir env list; --req-id ID");
	}
	if (a->req_id)
		return by_req(ctx, g, ret);
	if (g->v.n == 1) {
		*ret = &g->v.v[0];
		return WEIR_OK;
	}
	if (ctx->interactive && !told)
		return WEIR_OK;
	list(g, &groups);
	(void)weir_fail(ctx->err, WEIR_EUSAGE,
		"env select-resolved: %.300s: its steps are of %zu groups:%s", what,
		g->v.n, buf_cstr(&groups));
	buf_release(&groups);
	return weir_hint(ctx->err, "--step STEP, or --req-id of one of them");
}

enum weir_rc
env_steps_find(struct ctx *ctx, struct env_open *o, struct weir_env_groups *ret,
	const struct weir_env_group **ret_which)
{
	const struct env_args *a = ctx->args;
	struct weir_env_groups g = { 0 };
	struct weir_store *runs = NULL;
	const char *what = a->flow ? a->flow : ctx->words[1];
	enum weir_rc rc;

	if (a->flow) {
		rc = weir_env_groups_of_flow(
			o->store, a->flow, a->python, &g, ctx->err);
	} else {
		rc = open_runs(ctx, o, &runs);
		if (!rc)
			rc = weir_env_groups_of_run(runs, what, &g, ctx->err);
		weir_store_close(runs);
	}
	if (rc)
		return rc;
	for (size_t i = 0; i < g.alone.n; i++)
		ctx_note(ctx, "step %s: %s; left alone", g.alone.v[i].step,
			g.alone.v[i].why);
	rc = choose(ctx, &g, what, ret_which);
	if (rc)
		weir_env_groups_release(&g);
	else
		*ret = g;
	return rc;
}
