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
	else if (!rc && !shown && text && !list.count_by && weir_query_is_word(text))
		ctx_note(ctx, "pkg:%s looks in their packages", text);
	env_open_release(&o);
	free(text);
	free(sort);
	free(query);
	return rc;
}

/* Columns of `which`: the version is one, where the name is no pattern. */
static char *
which_columns(const struct ctx *ctx, enum out_form form, const char *name)
{
	int n = (int)strcspn(name, "<>=!~@ *?,|"), width, height;
	struct buf b = BUF_INIT(BUF_MAX);

	if (name[n] == '*' || name[n] == '?' || n == 0)
		return NULL;
	sink_screen(&width, &height);
	if (form == OUT_TABLE) {
		buf_addf(&b, "short_id,is_default,arch,pkg.%.*s:18,%sdate,used_by", n,
			name, ctx->tty_out && width < 100 ? "" : "creator,");
	} else if (form == OUT_JSON || form == OUT_NDJSON) {
		for (const struct weir_column *c = weir_columns(WEIR_ENVIRONMENT);
			c->name; c++)
			if (c->flags & WEIR_COL_OBJECT)
				buf_addf(&b, "%s,", c->name);
		buf_addf(&b, "pkg.%.*s", n, name);
	} else {
		buf_addf(&b,
			"full_id,req_id,arch,pkg.%.*s,is_default,resolved_by,"
			"resolved_on,aliases,used_by",
			n, name);
	}
	return buf_steal(&b);
}

/* A cell without the quotes that a JSON text has. */
static void
add_plain(struct buf *out, struct str s)
{
	if (s.len >= 2 && s.s[0] == '"')
		s = (struct str){ s.s + 1, s.len - 2 };
	buf_add(out, s.s, s.len);
}

/* The cell of the newest environment that has such a package; "" without one. */
static void
newest(struct ctx *ctx, struct weir_store *store, const char *pkg, const char *column,
	struct buf *ret)
{
	struct buf b = BUF_INIT(BUF_MAX);
	struct weir_column_set set = { 0 };
	struct weir_select sel = {
		.kind = WEIR_ENVIRONMENT, .columns = &set, .limit = 1
	};
	struct weir_query *q = NULL;
	struct weir_rows *rows = NULL;
	struct weir_err err = { 0 };
	char *query = NULL;
	bool row = false;

	buf_adds(&b, "pkg:");
	weir_query_quote(&b, str_of(pkg), true);
	if (!narrow(ctx, buf_cstr(&b), &query) &&
		!weir_query_parse(
			WEIR_ENVIRONMENT, str_of(query), weir_now_us(), &q, &err) &&
		!weir_columns_choose(WEIR_ENVIRONMENT, column, 0, &set, &err)) {
		sel.query = q;
		if (!weir_rows_open(store, &sel, &rows, &err) &&
			!weir_rows_next(rows, &row, &err) && row)
			add_plain(ret, weir_rows_cell(rows, 0)->s);
	}
	weir_rows_close(rows);
	weir_columns_release(&set);
	weir_query_free(q);
	free(query);
	buf_release(&b);
}

/* None has it: in which version there is one, or names that begin so. */
static enum weir_rc
no_such(struct ctx *ctx, struct weir_store *store, const char *text)
{
	const struct env_args *a = ctx->args;
	char *name = xstrndup(text, strcspn(text, "<>=!~@ ,|"));
	char *column = xasprintf("pkg.%s", name), *like = xasprintf("%s*", name);
	struct buf cell = BUF_INIT(BUF_MAX), clean = BUF_INIT(BUF_MAX);
	bool plain = *name && !name[strcspn(name, "*?")];

	if (plain)
		newest(ctx, store, name, column, &cell);
	text_sanitize(&clean, buf_str(&cell), 0);
	(void)weir_fail(ctx->err, WEIR_ENOTFOUND,
		"%.200s: no environment has it%s%.80s", text,
		clean.len ? ": the newest has " : "", buf_cstr(&clean));
	buf_clear(&cell);
	if (plain && !clean.len)
		newest(ctx, store, like, "full_id", &cell);
	if (clean.len)
		(void)weir_hint(ctx->err, "weir env which %s", name);
	else if (cell.len)
		(void)weir_hint(ctx->err, "weir env which '%s'", like);
	else
		(void)weir_hint(ctx->err, "%s",
			a->all ? "weir env list --all" : "--all, for helpers too");
	buf_release(&cell);
	buf_release(&clean);
	free(name);
	free(column);
	free(like);
	return ctx->err->rc;
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
	list.none_is_told = true;
	text = env_words(ctx, 1);
	buf_adds(&b, "pkg:");
	weir_query_quote(&b, str_of(text), true);
	rc = narrow(ctx, buf_cstr(&b), &query);
	if (!rc)
		rc = env_open(ctx, &o);
	if (!rc && !list.columns && !list.count_by)
		list.columns = columns =
			which_columns(ctx, out_form(ctx, list.output), ctx->words[1]);
	/* Runs that are known already; looking for more would take longer than all. */
	if (!rc)
		rc = env_fresh(ctx, &o, env_wants(ctx, &a->list, query), NULL);
	if (!rc)
		rc = list_run_in(ctx, WEIR_ENVIRONMENT, &list, query, o.store, &shown);
	if (!rc && !shown)
		rc = no_such(ctx, o.store, text);
	env_open_release(&o);
	buf_release(&b);
	free(text);
	free(query);
	free(columns);
	return rc;
}

/* Does the error speak of conda_v2.cnd, however that is called? */
static bool
names_file(const struct ctx *ctx)
{
	const struct env_args *a = ctx->args;
	struct weir_env_root root;
	bool names = a->file && strstr(ctx->err->text, a->file);

	if (names || weir_env_root_find(NULL, &root, NULL))
		return names;
	names = strstr(ctx->err->text, strrchr(root.file, '/') + 1) != NULL;
	weir_env_root_release(&root);
	return names;
}

/* What could not be read: which file is meant can be chosen. */
static enum weir_rc
hint_file(struct ctx *ctx, enum weir_rc rc)
{
	if (ctx->err->hint[0])
		return rc;
	if (rc == WEIR_ECONFIG ||
		((rc == WEIR_EBADDATA || rc == WEIR_EFAIL || rc == WEIR_ETOOBIG) &&
			names_file(ctx)))
		weir_hint(ctx->err,
			"a good copy in its place; METAFLOW_DATASTORE_SYSROOT_LOCAL "
			"for another folder");
	return rc;
}

/* clang-format off */
#define LIST_NAMES "output|columns|sort|count-by|number|header"
static const struct cmd_part parts[] = {
	{ "list", "[QUERY]", "environments, newest first",
	  LIST_NAMES "|local-only|all|group|arch|file", "@query", env_list },
	{ "show", "ENV", "everything about one",
	  "output|local-only|arch|file", "@environments", env_show },
	{ "which", "PKG [SPEC]", "those that have a package",
	  LIST_NAMES "|local-only|all|arch|file", NULL, env_which },
	{ "diff", "A B", "what differs between two",
	  "output|local-only|arch|file", "@environments", env_diff },
	{ "hash", "FILE | DEP...", "the ids that a description comes to",
	  "output|source|extra|arch", "@files", env_hash },
	{ "create-local", "ENV", "one made on this machine",
	  "output|local-only|arch|name|into|recreate|own|run-scripts|dry-run|file",
	  "@environments", env_create },
	{ "select-resolved", "FLOW/RUN[/STEP]",
	  "one made the default of its requirement set",
	  "output|local-only|dry-run|req-id|step|flow|python|full-id|alias|latest|by|file",
	  "@environments", env_select },
	{ "undo", "", "what select-resolved replaced, put back",
	  "output|dry-run|file", NULL, env_undo },
	{ "gc", "", "those of this machine that nothing needs, removed",
	  "output|all|dry-run|file|older|runs|all-names|unknown", NULL, env_gc },
	{ 0 },
};
/* clang-format on */

static enum weir_rc
run(struct ctx *ctx)
{
	const struct cmd_part *part = cmd_part_find(ctx->cmd, ctx->words[0]);
	const char *names[N_ELEM(parts) - 1];
	const char *near;

	if (part)
		return hint_file(ctx, part->run(ctx));
	for (size_t i = 0; i < N_ELEM(names); i++)
		names[i] = parts[i].name;
	near = text_nearest(str_of(ctx->words[0]), names, N_ELEM(names));
	(void)weir_fail(
		ctx->err, WEIR_EUSAGE, "env: there is no '%.100s'", ctx->words[0]);
	return weir_hint(ctx->err, "weir env %s", near ? near : "list");
}

/* clang-format off */
static const struct opt opts[] = {
	LIST_OPTS,
	{ "local-only", 0, OPT_FLAG, offsetof(struct env_args, local_only), NULL, NULL,
	  "only what conda_v2.cnd has, not the cache" },
	{ "all", 0, OPT_FLAG, offsetof(struct env_args, all), NULL, NULL,
	  "also what Metaflow builds with; of gc what stays" },
	{ "group", 0, OPT_FLAG, offsetof(struct env_args, group), NULL, NULL,
	  "by requirement set, with a line about each" },
	{ "arch", 0, OPT_STRING, offsetof(struct env_args, arch), "ARCH", NULL,
	  "only this architecture" },
	{ "source", 0, OPT_LIST, offsetof(struct env_args, sources), "TYPE::URL", NULL,
	  "a channel or index, conda::conda-forge" },
	{ "extra", 0, OPT_LIST, offsetof(struct env_args, extras), "TYPE::OPTION", NULL,
	  "an option of the resolver, pypi::--pre" },
	{ "name", 0, OPT_STRING, offsetof(struct env_args, name), "NAME", NULL,
	  "the folder's name, not metaflow_<req_id>_<full_id>" },
	{ "into", 0, OPT_STRING, offsetof(struct env_args, into), "DIR", "@files",
	  "link its Python as DIR/__conda_python" },
	{ "recreate", 0, OPT_FLAG, offsetof(struct env_args, recreate), NULL, NULL,
	  "in place of the one that is there" },
	{ "own", 0, OPT_FLAG, offsetof(struct env_args, own), NULL, NULL,
	  "by weir itself, micromamba or not" },
	{ "run-scripts", 0, OPT_FLAG, offsetof(struct env_args, run_scripts), NULL, NULL,
	  "run the packages' post-link scripts" },
	{ "dry-run", 0, OPT_FLAG, offsetof(struct env_args, dry_run), NULL, NULL,
	  "only say what would be done" },
	{ "req-id", 0, OPT_STRING, offsetof(struct env_args, req_id), "ID", "@requests",
	  "for this requirement set" },
	{ "step", 0, OPT_STRING, offsetof(struct env_args, step), "STEP", NULL,
	  "the step of FLOW/RUN or --flow that is meant" },
	{ "flow", 0, OPT_STRING, offsetof(struct env_args, flow), "FILE", "@files",
	  "for the steps of this flow" },
	{ "python", 0, OPT_STRING, offsetof(struct env_args, python), "PATH", "@files",
	  "the Python that has Metaflow, for --flow" },
	{ "full-id", 0, OPT_STRING, offsetof(struct env_args, full_id), "ID", "@full-ids",
	  "this environment" },
	{ "alias", 0, OPT_STRING, offsetof(struct env_args, alias), "NAME", "@environments",
	  "the one of this alias" },
	{ "latest", 0, OPT_FLAG, offsetof(struct env_args, latest), NULL, NULL,
	  "the one that was resolved last" },
	{ "by", 0, OPT_STRING, offsetof(struct env_args, by), "USER", NULL,
	  "of those that USER resolved" },
	{ "file", 0, OPT_STRING, offsetof(struct env_args, file), "PATH", "@files",
	  "this conda_v2.cnd, not the one of Metaflow's settings" },
	{ "older", 0, OPT_STRING, offsetof(struct env_args, older), "SPAN", NULL,
	  "only what was not made, changed or used for so long; 7d" },
	{ "runs", 0, OPT_STRING, offsetof(struct env_args, runs), "SPAN", NULL,
	  "what a run used within this span stays; 30d" },
	{ "all-names", 0, OPT_FLAG, offsetof(struct env_args, all_names), NULL, NULL,
	  "also those whose name somebody gave" },
	{ "unknown", 0, OPT_FLAG, offsetof(struct env_args, unknown), NULL, NULL,
	  "also those that no conda_v2.cnd known here has" },
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
	.parts = parts,
	.args_size = sizeof(init),
	.args_init = &init,
	.menu = env_menu,
	.run = run,
};
