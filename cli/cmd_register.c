/* weir register: what prefect.yaml names, sent to the server as far as it differs. */
#include <ctype.h>
#include <unistd.h>

#include <weir/mem.h>
#include <weir/text.h>

#include "acts.h"
#include "register_print.h"

enum { ANSWER_MAX = 64 };

struct args {
	struct opt_list names;
	const char *schema, *python, *output;
	bool dry_run, diff, check, prune;
};

static const char *const schema_ways[] = {
	[WEIR_SCHEMA_AUTO] = "auto",
	[WEIR_SCHEMA_PYTHON] = "python",
	[WEIR_SCHEMA_STATIC] = "static",
	[WEIR_SCHEMA_NONE] = "none",
};

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* ---- what was asked for */

static enum weir_rc
schema_way(struct ctx *ctx, enum weir_schema_way *ret_way)
{
	const struct args *args = ctx->args;

	for (size_t i = 0; i < N_ELEM(schema_ways); i++)
		if (!args->schema || !strcmp(args->schema, schema_ways[i])) {
			*ret_way = (enum weir_schema_way)i;
			return WEIR_OK;
		}
	return weir_fail(ctx->err, WEIR_EUSAGE,
		"register: --schema: '%s' is none of auto, python, static, none",
		args->schema);
}

static bool
only_looks(const struct args *args)
{
	return args->dry_run || args->diff || args->check;
}

static enum weir_rc
check_args(struct ctx *ctx)
{
	const struct args *args = ctx->args;

	if (args->prune && args->names.n)
		return weir_fail(ctx->err, WEIR_EUSAGE,
			"register: --prune is about the whole file: not with --name");
	if (ctx->g.offline)
		return weir_fail(
			ctx->err, WEIR_ENET, "register: --offline: no server is asked");
	if (only_looks(args) || !weir_config_bool(ctx->config, WEIR_KEY_READ_ONLY))
		return WEIR_OK;
	(void)weir_fail(ctx->err, WEIR_EREFUSED,
		"register: refused: read-only mode (%s)",
		weir_config_origin(ctx->config, WEIR_KEY_READ_ONLY));
	return weir_hint(ctx->err, "weir register --dry-run");
}

/* ---- reading */

static void
note_place(struct ctx *ctx, const struct weir_manifest *m,
	const struct weir_manifest_note *n)
{
	if (n->place.line)
		ctx_note(ctx, "%s:%u:%u: %s", base_name(m->path), n->place.line,
			n->place.column, n->text);
	else
		ctx_note(ctx, "%s: %s", base_name(m->path), n->text);
}

static enum weir_rc
read_file(struct ctx *ctx, struct weir_reg_lookup *lookup, struct weir_manifest **ret_m)
{
	const struct args *args = ctx->args;
	struct weir_manifest_opts opts = {
		.path = ctx->n_words ? ctx->words[0] : NULL,
		.names = args->names.v,
		.n_names = args->names.n,
		.python = args->python,
		.lookup = weir_register_lookup,
		.lookup_arg = lookup,
	};
	enum weir_rc rc = schema_way(ctx, &opts.schema);

	if (!rc)
		rc = weir_register_server(ctx->session, &opts.old_server, ctx->err);
	if (!rc)
		rc = weir_manifest_read(&opts, ret_m, ctx->err);
	for (size_t i = 0; !rc && i < (*ret_m)->n_notes; i++)
		note_place(ctx, *ret_m, &(*ret_m)->notes[i]);
	return rc;
}

/* ---- failures */

static void
set_error(struct ctx *ctx, const struct weir_reg_plan *plan,
	const struct weir_reg_item *item)
{
	if (item->place.line)
		(void)weir_fail(ctx->err, item->rc, "register: %s:%u:%u: %s/%s: %s",
			base_name(plan->path), item->place.line, item->place.column,
			item->flow_name, item->name, item->said);
	else
		(void)weir_fail(ctx->err, item->rc, "register: %s/%s: %s",
			item->flow_name, item->name, item->said);
	if (*item->hint)
		(void)weir_hint(ctx->err, "%s", item->hint);
}

/* Each on stderr; the first one's rc. sent: the others were done. */
static enum weir_rc
tell_failures(struct ctx *ctx, const struct weir_reg_plan *plan, bool sent)
{
	enum weir_rc rc = WEIR_OK;
	bool many = plan->count[WEIR_REG_FAILED] > 1;
	const char *hint = "";

	for (size_t i = 0; i < plan->n; i++) {
		const struct weir_reg_item *item = &plan->v[i];

		if (item->verdict != WEIR_REG_FAILED)
			continue;
		set_error(ctx, plan, item);
		if (strcmp(item->hint, hint) == 0)
			ctx->err->hint[0] = '\0'; /* once is enough */
		hint = item->hint;
		if (many)
			ctx_report(ctx);
		if (!rc)
			rc = item->rc;
	}
	if (many)
		(void)weir_fail(ctx->err, rc, "register: %zu of %zu deployments: %s",
			plan->count[WEIR_REG_FAILED], plan->n,
			sent ? "not done" : "refused, so that nothing was sent");
	else if (!sent && plan->n > 1)
		ctx_note(ctx, "register: of %zu deployments none was sent", plan->n);
	return rc;
}

static void
tell_notes(struct ctx *ctx, const struct weir_reg_plan *plan, size_t from)
{
	for (size_t i = from; i < plan->n_notes; i++)
		ctx_note(ctx, "%s", plan->notes[i]);
}

/* ---- removing is asked for */

static void
list_removed(struct ctx *ctx, const struct weir_reg_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct weir_reg_item *item = &plan->v[i];
		struct buf b = BUF_INIT(4096), clean = BUF_INIT(16384);

		if (item->verdict != WEIR_REG_REMOVED)
			continue;
		buf_addf(&b, "%s/%s", item->flow_name, item->name);
		if (item->n_scheduled)
			buf_addf(&b, ": %zu scheduled runs go with it",
				item->n_scheduled);
		text_sanitize(&clean, buf_str(&b), ctx->utf8 ? 0 : TEXT_ASCII);
		fprintf(stderr, "  %s\n", buf_cstr(&clean));
		buf_release(&b);
		buf_release(&clean);
	}
}

/* Of many, how many has to be typed. */
static bool
says_yes(size_t n)
{
	char answer[ANSWER_MAX] = "", count[32];
	size_t len = 0;
	char c;

	snprintf(count, sizeof(count), "%zu", n);
	if (n > WEIR_ACT_MANY)
		fprintf(stderr, "remove these %s deployments? type %s: ", count, count);
	else
		fprintf(stderr, "remove %s? [y/N] ",
			n == 1 ? "this deployment" : "these deployments");
	fflush(stderr);
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		if (len + 1 < sizeof(answer) && !isspace((unsigned char)c))
			answer[len++] = c;
	if (n > WEIR_ACT_MANY)
		return strcmp(answer, count) == 0;
	return !strcmp(answer, "y") || !strcmp(answer, "Y") || !strcmp(answer, "yes");
}

static enum weir_rc
ask(struct ctx *ctx, const struct weir_reg_plan *plan)
{
	size_t n = plan->count[WEIR_REG_REMOVED];

	if (!n || ctx->g.yes)
		return WEIR_OK;
	if (!ctx->tty_in || !ctx->tty_err) {
		(void)weir_fail(ctx->err, WEIR_EUSAGE,
			"register: --prune: %zu deployments to remove: there is nobody "
			"to be asked",
			n);
		return weir_hint(
			ctx->err, "weir register --prune --yes ..., or --dry-run");
	}
	list_removed(ctx, plan);
	if (says_yes(n))
		return WEIR_OK;
	return weir_fail(ctx->err, WEIR_EFAIL, "register: nothing was done");
}

/* ---- the three ways */

static enum weir_rc
look(struct ctx *ctx, const struct weir_reg_plan *plan)
{
	const struct args *args = ctx->args;
	size_t n = plan->n - plan->count[WEIR_REG_UNCHANGED];
	struct register_print p;
	enum weir_rc rc;

	register_print_open(&p, ctx, plan, args->output, args->diff);
	for (size_t i = 0; i < plan->n; i++)
		if (!register_print_item(&p, &plan->v[i]))
			break;
	rc = register_print_close(
		&p, plan, args->check ? "" : "dry run, nothing was sent: ", WEIR_OK);
	if (!rc && plan->count[WEIR_REG_FAILED])
		return tell_failures(ctx, plan, false);
	if (!rc && args->check && n) {
		(void)weir_fail(ctx->err, WEIR_EDIFFERS,
			"register: %zu of %zu deployments: the server differs", n,
			plan->n);
		return weir_hint(ctx->err, "weir register --diff");
	}
	return rc;
}

static enum weir_rc
send(struct ctx *ctx, struct weir_reg_plan *plan)
{
	const struct args *args = ctx->args;
	size_t notes = plan->n_notes;
	struct register_print p;
	enum weir_rc rc = ask(ctx, plan);

	if (rc)
		return rc;
	register_print_open(&p, ctx, plan, args->output, args->diff);
	rc = weir_register_apply(ctx->session, plan, register_print_item, &p, ctx->err);
	tell_notes(ctx, plan, notes);
	if (rc == WEIR_EINTR)
		return register_print_close(&p, plan, "interrupted: ", rc);
	rc = register_print_close(&p, plan, "", WEIR_OK);
	if (!rc && plan->count[WEIR_REG_FAILED])
		rc = tell_failures(ctx, plan, true);
	return rc;
}

static enum weir_rc
run(struct ctx *ctx)
{
	const struct args *args = ctx->args;
	struct weir_reg_lookup lookup = { .session = ctx->session };
	struct weir_reg_opts opts = { .prune = args->prune };
	struct weir_reg_plan *plan = NULL;
	struct weir_manifest *m = NULL;
	enum weir_rc rc = check_args(ctx);

	ctx->compares = args->check;
	if (!rc)
		rc = read_file(ctx, &lookup, &m);
	opts.secret = lookup.secret;
	if (!rc)
		rc = weir_register_plan(ctx->session, m, &opts, &plan, ctx->err);
	if (rc)
		goto out;
	tell_notes(ctx, plan, 0);
	if (only_looks(args))
		rc = look(ctx, plan);
	else if (plan->count[WEIR_REG_FAILED])
		rc = tell_failures(ctx, plan, false); /* all of a file or nothing */
	else
		rc = send(ctx, plan);
out:
	weir_register_free(plan);
	weir_manifest_free(m);
	return rc;
}

/* clang-format off */
static const struct opt opts[] = {
	{ "name", 'n', OPT_LIST, offsetof(struct args, names), "GLOB",
	  NULL, "only deployments (or FLOW/DEPLOYMENT) called so; may be repeated" },
	{ "dry-run", 'd', OPT_FLAG, offsetof(struct args, dry_run), NULL,
	  NULL, "say what would be sent, send nothing" },
	{ "diff", 0, OPT_FLAG, offsetof(struct args, diff), NULL,
	  NULL, "show what differs, field by field, and send nothing" },
	{ "check", 0, OPT_FLAG, offsetof(struct args, check), NULL,
	  NULL, "send nothing; exit 1 if the server differs" },
	{ "prune", 0, OPT_FLAG, offsetof(struct args, prune), NULL,
	  NULL, "remove what this file registered and no longer names" },
	{ "schema", 0, OPT_STRING, offsetof(struct args, schema), "WAY",
	  "auto|python|static|none", "where the schema of the parameters comes from" },
	{ "python", 0, OPT_STRING, offsetof(struct args, python), "PATH",
	  "@files", "a Python with prefect, for --schema" },
	{ "output", 'o', OPT_STRING, offsetof(struct args, output), "FORM",
	  OUT_FORMS, "form of the output" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_register = {
	.name = "register",
	.summary = "register what prefect.yaml names, as far as the server differs",
	.needs = CMD_ACTS,
	.usage = "[FILE]",
	.words = "@files",
	.kind = WEIR_DEPLOYMENT,
	.max_words = 1,
	.opts = opts,
	.args_size = sizeof(struct args),
	.run = run,
};
