/* weir env: environments of Metaflow. */
#include <stdlib.h>
#include <string.h>

#include <weir/mem.h>
#include <weir/query.h>
#include <weir/text.h>

#include "env.h"

static const struct env_args init = { .list = LIST_INIT };

/* What the options leave out, as a query; what was typed is checked alone, so that
 * errors point at it. */
static enum weir_rc
narrow(struct ctx *ctx, const char *query, char **ret_query)
{
	const struct env_args *a = ctx->args;
	struct buf b = BUF_INIT(BUF_MAX);
	struct weir_query *q = NULL;
	enum weir_rc rc = weir_query_parse(
		WEIR_ENVIRONMENT, str_of(query), weir_now_us(), &q, ctx->err);

	if (rc)
		return rc;
	if (!weir_query_matches_all(q))
		buf_addf(&b, "(%s) ", query);
	weir_query_free(q);
	buf_adds(&b, a->all ? "" : "helper:no ");
	buf_adds(&b, a->local_only ? "local:yes " : "");
	if (a->arch) {
		buf_adds(&b, "arch:");
		weir_query_quote(&b, str_of(a->arch), true);
	}
	*ret_query = buf_steal(&b);
	return WEIR_OK;
}

static enum weir_rc
env_list(struct ctx *ctx)
{
	const struct env_args *a = ctx->args;
	struct list_args list = a->list;
	char *text = env_words(ctx, 1), *query = NULL;
	char *sort = a->group ? env_group(&list) : NULL;
	struct env_open o = { .store = NULL };
	int64_t shown;
	enum weir_rc rc = narrow(ctx, text ? text : "", &query);

	if (!rc)
		rc = env_open(ctx, &o);
	if (!rc)
		rc = env_fresh(ctx, &o, env_wants(ctx, &list, query), NULL);
	if (!rc)
		rc = list_run_in(ctx, WEIR_ENVIRONMENT, &list, query, o.store, &shown);
	if (!rc && !shown && a->arch && !list.count_by)
		ctx_note(ctx, "none of them is for %s", a->arch);
	env_open_release(&o);
	free(text);
	free(sort);
	free(query);
	return rc;
}

/* Columns of `which`: the version is one, where the name is no pattern. */
static char *
which_columns(const struct ctx *ctx, const char *name)
{
	size_t n = strcspn(name, "<>=!~@ *?,|");

	if (name[n] == '*' || name[n] == '?' || n == 0)
		return xasprintf(
			"short_id,is_default,arch,creator,date,n_runs,aliases");
	return ctx->tty_out ? xasprintf("short_id,is_default,arch,pkg.%.*s:18,"
					"creator,date,used_by",
				      (int)n, name)
			    : xasprintf("full_id,req_id,arch,pkg.%.*s,is_default,"
					"resolved_by,resolved_on,aliases,used_by",
				      (int)n, name);
}

static enum weir_rc
env_which(struct ctx *ctx)
{
	const struct env_args *a = ctx->args;
	struct list_args list = a->list;
	struct buf b = BUF_INIT(BUF_MAX);
	struct env_open o = { .store = NULL };
	char *text, *query = NULL, *columns = NULL;
	int64_t shown;
	enum weir_rc rc;

	if (ctx->n_words < 2) {
		(void)weir_fail(
			ctx->err, WEIR_EUSAGE, "env which: no package is named");
		return weir_hint(ctx->err, "weir env which openssl '<3'");
	}
	text = env_words(ctx, 1);
	buf_adds(&b, "pkg:");
	weir_query_quote(&b, str_of(text), true);
	rc = narrow(ctx, buf_cstr(&b), &query);
	if (!rc)
		rc = env_open(ctx, &o);
	if (!rc && !list.columns && !list.output && !list.count_by)
		list.columns = columns = which_columns(ctx, ctx->words[1]);
	/* Runs that are known already; looking for more would take longer than all. */
	if (!rc)
		rc = env_fresh(ctx, &o, env_wants(ctx, &a->list, query), NULL);
	if (!rc)
		rc = list_run_in(ctx, WEIR_ENVIRONMENT, &list, query, o.store, &shown);
	if (!rc && !shown) {
		(void)weir_fail(ctx->err, WEIR_ENOTFOUND,
			"%.200s: no environment has it", text);
		rc = weir_hint(ctx->err, "%s",
			a->all ? "weir env list --all" : "--all, for helpers too");
	}
	env_open_release(&o);
	buf_release(&b);
	free(text);
	free(query);
	free(columns);
	return rc;
}

/* What could not be read: which file is meant can be chosen. */
static enum weir_rc
hint_file(struct ctx *ctx, enum weir_rc rc)
{
	if ((rc == WEIR_EBADDATA || rc == WEIR_EFAIL || rc == WEIR_ETOOBIG ||
		    rc == WEIR_ECONFIG) &&
		!ctx->err->hint[0])
		weir_hint(ctx->err,
			"a good copy in its place; METAFLOW_DATASTORE_SYSROOT_LOCAL "
			"for another folder");
	return rc;
}

static const struct {
	const char *name;
	enum weir_rc (*run)(struct ctx *ctx);
} subs[] = {
	{ "list", env_list },
	{ "show", env_show },
	{ "which", env_which },
	{ "diff", env_diff },
	{ "hash", env_hash },
	{ "create-local", env_create },
	{ "select-resolved", env_select },
	{ "undo", env_undo },
	{ "gc", env_gc },
};

static enum weir_rc
run(struct ctx *ctx)
{
	const char *names[N_ELEM(subs)];
	const char *near;

	for (size_t i = 0; i < N_ELEM(subs); i++) {
		if (strcmp(ctx->words[0], subs[i].name) == 0)
			return hint_file(ctx, subs[i].run(ctx));
		names[i] = subs[i].name;
	}
	near = text_nearest(str_of(ctx->words[0]), names, N_ELEM(names));
	(void)weir_fail(
		ctx->err, WEIR_EUSAGE, "env: there is no '%.100s'", ctx->words[0]);
	return weir_hint(ctx->err, "weir env %s", near ? near : "list");
}

/* clang-format off */
static const struct opt opts[] = {
	LIST_OPTS,
	{ "local-only", 0, OPT_FLAG, offsetof(struct env_args, local_only), NULL, NULL,
	  "list, which: only what conda_v2.cnd has, not the cache" },
	{ "all", 0, OPT_FLAG, offsetof(struct env_args, all), NULL, NULL,
	  "list, which: also those that Metaflow builds with; gc: also what stays" },
	{ "group", 0, OPT_FLAG, offsetof(struct env_args, group), NULL, NULL,
	  "list: by requirement set, with a line about each" },
	{ "arch", 0, OPT_STRING, offsetof(struct env_args, arch), "ARCH", NULL,
	  "only this architecture" },
	{ "source", 0, OPT_LIST, offsetof(struct env_args, sources), "TYPE::URL", NULL,
	  "hash: a channel or index, conda::conda-forge" },
	{ "extra", 0, OPT_LIST, offsetof(struct env_args, extras), "TYPE::OPTION", NULL,
	  "hash: an option of the resolver, pypi::--pre" },
	{ "name", 0, OPT_STRING, offsetof(struct env_args, name), "NAME", NULL,
	  "create-local: the folder's name, not metaflow_<req_id>_<full_id>" },
	{ "into", 0, OPT_STRING, offsetof(struct env_args, into), "DIR", "@files",
	  "create-local: link its Python as DIR/__conda_python" },
	{ "recreate", 0, OPT_FLAG, offsetof(struct env_args, recreate), NULL, NULL,
	  "create-local: in place of the one that is there" },
	{ "own", 0, OPT_FLAG, offsetof(struct env_args, own), NULL, NULL,
	  "create-local: by weir itself, micromamba or not" },
	{ "run-scripts", 0, OPT_FLAG, offsetof(struct env_args, run_scripts), NULL, NULL,
	  "create-local: run the packages' post-link scripts" },
	{ "dry-run", 0, OPT_FLAG, offsetof(struct env_args, dry_run), NULL, NULL,
	  "create-local, select-resolved, undo, gc: only say what would be done" },
	{ "req-id", 0, OPT_STRING, offsetof(struct env_args, req_id), "ID", "@requests",
	  "select-resolved: for this requirement set" },
	{ "step", 0, OPT_STRING, offsetof(struct env_args, step), "STEP", NULL,
	  "select-resolved: the step of FLOW/RUN or --flow that is meant" },
	{ "flow", 0, OPT_STRING, offsetof(struct env_args, flow), "FILE", "@files",
	  "select-resolved: for the steps of this flow" },
	{ "python", 0, OPT_STRING, offsetof(struct env_args, python), "PATH", "@files",
	  "select-resolved: the Python that has Metaflow, for --flow" },
	{ "full-id", 0, OPT_STRING, offsetof(struct env_args, full_id), "ID", "@full-ids",
	  "select-resolved: this environment" },
	{ "alias", 0, OPT_STRING, offsetof(struct env_args, alias), "NAME", "@environments",
	  "select-resolved: the one of this alias" },
	{ "latest", 0, OPT_FLAG, offsetof(struct env_args, latest), NULL, NULL,
	  "select-resolved: the one that was resolved last" },
	{ "by", 0, OPT_STRING, offsetof(struct env_args, by), "USER", NULL,
	  "select-resolved: of those that USER resolved" },
	{ "file", 0, OPT_STRING, offsetof(struct env_args, file), "PATH", "@files",
	  "this conda_v2.cnd, not the one of Metaflow's settings" },
	{ "older", 0, OPT_STRING, offsetof(struct env_args, older), "SPAN", NULL,
	  "gc: only what was not made, changed or used for so long; 7d" },
	{ "runs", 0, OPT_STRING, offsetof(struct env_args, runs), "SPAN", NULL,
	  "gc: what a run used within this span stays; 30d" },
	{ "all-names", 0, OPT_FLAG, offsetof(struct env_args, all_names), NULL, NULL,
	  "gc: also those whose name somebody gave" },
	{ "unknown", 0, OPT_FLAG, offsetof(struct env_args, unknown), NULL, NULL,
	  "gc: also those that no conda_v2.cnd known here has" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_env = {
	.name = "env",
	.summary = "environments of Metaflow: list, compare, select, create",
	.usage = "list [QUERY] | SUBCOMMAND ARG...",
	.words = "list|show|which|diff|hash|create-local|select-resolved|undo|gc",
	.min_words = 1,
	.max_words = -1,
	.opts = opts,
	.args_size = sizeof(init),
	.args_init = &init,
	.menu = env_menu,
	.run = run,
};
