#include "cmd.h"

#include <unistd.h>

#include <weir/mem.h>
#include <weir/select.h>
#include <weir/shell.h>
#include <weir/statedb.h>
#include <weir/text.h>
#include <weir/views.h>

#include "interrupt.h"
#include "local.h"
#include "opt.h"
#include "tui.h"

/* As Metaflow called it: `weir env` with this word. */
#define SELECT_RESOLVED "select-resolved"

#define X(name) &cmd_##name,
const struct cmd *const cmds[] = { CMDS(X) };
#undef X
const size_t n_cmds = N_ELEM(cmds);

const struct cmd *
cmd_find(const char *name)
{
	if (strcmp(name, "environment") == 0 || strcmp(name, SELECT_RESOLVED) == 0)
		name = "env";
	for (size_t i = 0; i < n_cmds; i++)
		if (strcmp(cmds[i]->name, name) == 0)
			return cmds[i];
	return NULL;
}

const struct cmd_part *
cmd_part_find(const struct cmd *cmd, const char *name)
{
	for (const struct cmd_part *p = cmd->parts; p && p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

bool
cmd_part_has(const struct cmd_part *part, const char *option)
{
	for (size_t pos = 0; part->opts[pos];)
		if (str_eq(opt_choice(part->opts, &pos), option))
			return true;
	return false;
}

static enum weir_rc
unknown_command(const char *name, struct weir_err *err)
{
	const char *names[N_ELEM(cmds)];
	const char *near;

	for (size_t i = 0; i < n_cmds; i++)
		names[i] = cmds[i]->name;
	near = text_nearest(str_of(name), names, n_cmds);
	(void)weir_fail(err, WEIR_EUSAGE, "unknown command '%s'", name);
	return weir_hint(err, "weir %s", near ? near : "help");
}

static enum weir_rc
check_words(
	const struct cmd *cmd, const char *const *words, size_t n, struct weir_err *err)
{
	static const char *const kinds[] = { "deployment", "flow", "run", "pool",
		"queue" };
	bool few = n < (size_t)cmd->min_words;

	if (!few && (cmd->max_words < 0 || n <= (size_t)cmd->max_words))
		return WEIR_OK;
	(void)weir_fail(err, WEIR_EUSAGE, "%s: %s", cmd->name,
		few ? "not enough arguments" : "too many arguments");
	/* `weir show deployment a/b`: objects are named without their kind */
	for (size_t i = 0; !few && n == 2 && i < N_ELEM(kinds); i++)
		if (!strcmp(words[0], kinds[i]))
			return weir_hint(err, "weir %s %s", cmd->name, words[1]);
	if (cmd->parts)
		return weir_hint(err, "weir %s --help", cmd->name);
	return weir_hint(
		err, "weir %s%s%s", cmd->name, cmd->usage[0] ? " " : "", cmd->usage);
}

/* Options of other parts, words where none are taken. */
static enum weir_rc
check_part(const struct cmd *cmd, const struct opt_parser *p, const char *const *words,
	size_t n, struct weir_err *err)
{
	const struct cmd_part *part = n ? cmd_part_find(cmd, words[0]) : NULL;
	size_t i = 0;

	if (!part)
		return WEIR_OK;
	while (i < p->n_given && cmd_part_has(part, p->given[i]->name))
		i++;
	if (i < p->n_given)
		(void)weir_fail(err, WEIR_EUSAGE, "%s %s: --%s: not an option of %s",
			cmd->name, part->name, p->given[i]->name, part->name);
	else if (n > 1 && !part->usage[0])
		(void)weir_fail(err, WEIR_EUSAGE, "%s %s: takes no words", cmd->name,
			part->name);
	else
		return WEIR_OK;
	return weir_hint(err, "weir %s %s --help", cmd->name, part->name);
}

static bool
env_set(const char *name)
{
	const char *v = getenv(name);

	return v && *v;
}

static void
find_terminals(struct ctx *ctx)
{
	const char *term = getenv("TERM");

	ctx->tty_in = isatty(STDIN_FILENO);
	ctx->tty_out = isatty(STDOUT_FILENO);
	ctx->tty_err = isatty(STDERR_FILENO);
	ctx->interactive = ctx->tty_in && ctx->tty_out && !ctx->g.no_menu &&
			   !env_set("CI") && term && *term && strcmp(term, "dumb") != 0;
	if (ctx->g.script)
		ctx->interactive = true;
}

/* What the menu shall open is looked for at the server only if it is not here. */
static enum weir_rc
find_object(struct ctx *ctx, unsigned kinds, const char *text)
{
	enum weir_kind kind;
	struct weir_id id;
	struct weir_store *store;
	int64_t key;
	enum weir_rc rc;

	if (!weir_session_store(ctx->session, WEIR_STORE_READ, &store, NULL) &&
		!weir_resolve(store, kinds, text, &kind, &id, &key, NULL))
		return WEIR_OK;
	rc = ctx_refresh(ctx);
	return rc ? rc : ctx_resolve(ctx, kinds, text, &kind, &id, NULL);
}

/* One object, or the runs of a log of several, a line each. */
static enum weir_rc
find_start(struct ctx *ctx, const struct weir_view *view)
{
	unsigned kinds = view->show == WEIR_SHOW_OBJECT
				 ? (1u << WEIR_N_SERVED) - 1
				 : 1u << WEIR_RUN | 1u << WEIR_TASK_RUN;
	char *ids = xstrdup(view->id), *save = NULL;
	enum weir_rc rc = WEIR_OK;

	for (char *id = strtok_r(ids, "\n", &save); !rc && id;
		id = strtok_r(NULL, "\n", &save))
		rc = find_object(ctx, kinds, id);
	free(ids);
	return rc;
}

static enum weir_rc
open_menu(struct ctx *ctx, struct tui_start *start)
{
	enum weir_rc rc = start->view.id ? find_start(ctx, &start->view) : WEIR_OK;

	start->config = ctx->config;
	start->flags = ctx_config_flags(ctx);
	start->offline = ctx->g.offline;
	start->no_network = ctx->no_network;
	start->script = ctx->g.script;
	start->named = ctx->g.view;
	if (!rc)
		rc = interrupt_release() ? WEIR_EINTR : tui_run(start, ctx->err);
	weir_view_release(&start->view);
	return rc;
}

static enum weir_rc
bare(struct ctx *ctx)
{
	struct tui_start start = { .restore = true };
	enum weir_rc rc;

	if (!ctx->interactive || ctx->g.help) {
		cmd_help_print(NULL, NULL);
		return WEIR_OK;
	}
	rc = ctx_open(ctx);
	return rc ? rc : open_menu(ctx, &start);
}

static enum weir_rc
run(struct ctx *ctx)
{
	const struct cmd *cmd = ctx->cmd;
	struct tui_start start = { 0 };
	enum weir_rc rc;

	if (cmd->needs & CMD_NO_CONFIG)
		return cmd->run(ctx);
	rc = ctx_open(ctx);
	if (rc)
		return rc;
	if (ctx->interactive && cmd->menu && cmd->menu(ctx, &start))
		return open_menu(ctx, &start);
	if (cmd->needs & CMD_ACTS) {
		rc = local_allowed(ctx);
		if (rc)
			return rc;
	}
	if (cmd->needs & CMD_STORE) {
		rc = ctx_refresh(ctx);
		if (rc)
			return rc;
	}
	return cmd->run(ctx);
}

static enum weir_rc
run_named(struct ctx *ctx, int argc, char **argv, int at, const char **words)
{
	const struct cmd *cmd = cmd_find(argv[at]);
	bool part = strcmp(argv[at], SELECT_RESOLVED) == 0; /* of env */
	struct opt_parser p = { .words = words + part };
	void *args;
	size_t n;
	enum weir_rc rc;
	int end;

	if (!cmd)
		return unknown_command(argv[at], ctx->err);
	args = xcalloc(1, cmd->args_size + 1);
	if (cmd->args_init)
		memcpy(args, cmd->args_init, cmd->args_size);
	p.who = cmd->name;
	p.query = cmd->words && strcmp(cmd->words, "@query") == 0;
	p.tables[0].opts = cmd->opts;
	p.tables[0].base = args;
	p.tables[1].opts = opt_globals;
	p.tables[1].base = &ctx->g;
	rc = opt_parse(&p, argc, argv, at + 1, &end, ctx->err);
	if (rc)
		goto out;
	if (part)
		words[0] = argv[at];
	n = p.n_words + part;
	if (ctx->g.help) {
		cmd_help_print(cmd, n ? cmd_part_find(cmd, words[0]) : NULL);
		goto out;
	}
	rc = check_words(cmd, words, n, ctx->err);
	if (!rc)
		rc = check_part(cmd, &p, words, n, ctx->err);
	if (rc)
		goto out;
	ctx->cmd = cmd;
	ctx->args = args;
	ctx->words = words;
	ctx->n_words = n;
	find_terminals(ctx);
	rc = run(ctx);
out:
	ctx->args = NULL;
	free(args);
	return rc;
}

/* The words of a named view's command, `weir` first. */
static enum weir_rc
view_words(struct ctx *ctx, char ***ret_words, size_t *ret_n)
{
	struct buf warnings = BUF_INIT(BUF_MAX);
	struct weir_statedb *state = NULL;
	struct weir_views views = { 0 };
	size_t i;
	enum weir_rc rc;

	find_terminals(ctx);
	rc = ctx_open(ctx);
	if (rc)
		return rc;
	(void)!weir_statedb_open(ctx->config, false, &state, NULL);
	weir_views_read(ctx->config, state, &views, &warnings);
	rc = weir_views_find(&views, ctx->g.view, &i, ctx->err);
	if (warnings.len) {
		buf_truncate(&warnings, warnings.len - 1);
		ctx_note(ctx, "%s", buf_cstr(&warnings));
	}
	if (!rc)
		rc = weir_shell_split(
			"view", str_of(views.v[i].text), ret_words, ret_n, ctx->err);
	else if (rc == WEIR_ENOTFOUND)
		ctx->err->rc = rc = WEIR_EUSAGE;
	weir_views_release(&views);
	weir_statedb_close(state);
	buf_release(&warnings);
	return rc;
}

static enum weir_rc
run_view(struct ctx *ctx)
{
	char **argv = NULL;
	const char **words;
	size_t n = 0;
	enum weir_rc rc = view_words(ctx, &argv, &n);

	if (rc)
		return rc;
	words = xcalloc(n + 1, sizeof(*words));
	rc = run_named(ctx, (int)n, argv, 1, words);
	ctx->words = NULL;
	free(words);
	weir_shell_free(argv, n);
	return rc;
}

enum weir_rc
cmd_main(struct ctx *ctx, int argc, char **argv)
{
	const char **words = xcalloc((size_t)argc + 1, sizeof(*words));
	struct opt_parser p = { .words = words, .stop_at_word = true };
	enum weir_rc rc;
	int at;

	p.tables[0].opts = opt_globals;
	p.tables[0].base = &ctx->g;
	rc = opt_parse(&p, argc, argv, 1, &at, ctx->err);
	if (rc)
		goto out;
	if (ctx->g.version) {
		puts("weir " WEIR_VERSION);
		goto out;
	}
	if (ctx->g.view && !ctx->g.help) {
		rc = at < argc ? weir_fail(ctx->err, WEIR_EUSAGE,
					 "-V %s: '%s' is one too many", ctx->g.view,
					 argv[at])
			       : run_view(ctx);
	} else if (at < argc) {
		rc = run_named(ctx, argc, argv, at, words);
	} else {
		find_terminals(ctx);
		rc = bare(ctx);
	}
out:
	ctx->words = NULL;
	free(words);
	return rc;
}
