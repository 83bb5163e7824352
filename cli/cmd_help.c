/* weir help: the tables of commands and options as text, and raw for tests. */
#include "cmd.h"

#include <weir/mem.h>

#include "opt.h"

struct args {
	bool dump;
};

enum { HELP_INDENT = 28, HELP_WIDTH = 80, HELP_PARTS = 4 };

/* Words in the column behind the options, in lines of a small terminal. */
static void
print_words(const char *text)
{
	size_t at = HELP_INDENT;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (at > HELP_INDENT && at + 1 + n > HELP_WIDTH) {
			printf("\n%*s", HELP_INDENT, "");
			at = HELP_INDENT;
		} else if (at > HELP_INDENT) {
			putchar(' ');
			at++;
		}
		printf("%.*s", (int)n, text);
		at += n;
		text += n + (text[n] == ' ');
	}
	putchar('\n');
}

/* Which parts have the option, if they are few. */
static void
add_parts(struct buf *b, const struct opt *o, const struct cmd_part *parts)
{
	size_t n = 0;

	for (const struct cmd_part *p = parts; p && p->name; p++)
		n += cmd_part_has(p, o->name);
	if (n > HELP_PARTS)
		return;
	for (const struct cmd_part *p = parts; p && p->name; p++)
		if (cmd_part_has(p, o->name))
			buf_addf(b, "%s%s", p->name, --n ? ", " : ": ");
}

/* letter: no other option has it. */
static void
print_option(const struct opt *o, bool letter, const struct cmd_part *parts)
{
	struct buf b = BUF_INIT(256);

	if (o->letter && letter)
		buf_addf(&b, "  -%c, --%s", o->letter, o->name);
	else
		buf_addf(&b, "      --%s", o->name);
	if (o->arg)
		buf_addf(&b, " %s", o->arg);
	printf("%-*s  ", HELP_INDENT - 2, buf_cstr(&b));
	buf_clear(&b);
	add_parts(&b, o, parts);
	buf_adds(&b, o->help);
	if (o->choices && o->choices[0] != '@') {
		const char *sep = ": ";

		for (size_t pos = 0; o->choices[pos]; sep = ", ") {
			struct str c = opt_choice(o->choices, &pos);

			buf_addf(&b, "%s%.*s", sep, (int)c.len, c.s);
		}
	}
	print_words(buf_cstr(&b));
	buf_release(&b);
}

/* A letter that a command has for itself is not the one of all commands. */
static bool
has_letter(const struct opt *opts, char letter)
{
	for (const struct opt *o = opts; o && o->name; o++)
		if (o->letter == letter)
			return true;
	return false;
}

/* parts: of these; part: only what it has. */
static void
print_options(const char *title, const struct opt *opts, const struct opt *nearer,
	const struct cmd_part *parts, const struct cmd_part *part)
{
	if (!opts || !opts->name)
		return;
	printf("\n%s:\n", title);
	for (const struct opt *o = opts; o->name; o++)
		if (!part || cmd_part_has(part, o->name))
			print_option(
				o, !has_letter(nearer, o->letter), part ? NULL : parts);
}

static void
print_program(void)
{
	puts("usage: weir [OPTIONS] [COMMAND]\n"
	     "Prefect's runs and logs, in a menu or in a pipe, online and offline.\n"
	     "\ncommands:");
	for (size_t i = 0; i < n_cmds; i++)
		printf("  %-12s  %s\n", cmds[i]->name, cmds[i]->summary);
	print_options("options of every command", opt_globals, NULL, NULL, NULL);
	puts("\nweir alone opens the menu. More: weir help COMMAND, man weir");
}

static void
print_parts(const struct cmd_part *parts)
{
	if (parts)
		puts("\nsubcommands, each with --help:");
	for (const struct cmd_part *p = parts; p && p->name; p++)
		printf("  %-16s  %s\n", p->name, p->summary);
}

void
cmd_help_print(const struct cmd *cmd, const struct cmd_part *part)
{
	const char *usage = part ? part->usage : cmd ? cmd->usage : "";

	if (!cmd) {
		print_program();
		return;
	}
	printf("usage: weir %s%s%s [OPTIONS]%s%s\n%s\n", cmd->name, part ? " " : "",
		part ? part->name : "", usage[0] ? " " : "", usage,
		part ? part->summary : cmd->summary);
	if (!part)
		print_parts(cmd->parts);
	print_options("options", cmd->opts, NULL, cmd->parts, part);
	print_options("options of every command", opt_globals, cmd->opts, NULL, NULL);
	printf("\nmore: man weir-%s\n", cmd->name);
}

static void
dump_options(const char *name, const struct opt *opts)
{
	for (const struct opt *o = opts; o && o->name; o++)
		printf("option\t%s\t--%s\t%s%c\t%s\t%s\t%s\n", name, o->name,
			o->letter ? "-" : "", o->letter ? o->letter : '-',
			o->arg ? o->arg : "", o->choices ? o->choices : "", o->help);
}

/* A line a row: what completions, man pages and their tests read. */
static void
dump(void)
{
	dump_options("*", opt_globals);
	for (size_t i = 0; i < n_cmds; i++) {
		const struct cmd *c = cmds[i];

		printf("command\t%s\t%s\t%s\t%s\n", c->name, c->usage,
			c->words ? c->words : "", c->summary);
		dump_options(c->name, c->opts);
	}
}

static enum weir_rc
help_run(struct ctx *ctx)
{
	const struct args *args = ctx->args;
	const struct cmd_part *part;
	const struct cmd *cmd;

	if (args->dump) {
		dump();
		return WEIR_OK;
	}
	if (ctx->n_words == 0) {
		cmd_help_print(NULL, NULL);
		return WEIR_OK;
	}
	cmd = cmd_find(ctx->words[0]);
	if (!cmd) {
		(void)weir_fail(
			ctx->err, WEIR_EUSAGE, "help: no command '%s'", ctx->words[0]);
		return weir_hint(ctx->err, "weir help");
	}
	/* `help env gc`, `help select-resolved` */
	part = cmd_part_find(cmd, ctx->words[ctx->n_words - 1]);
	if (ctx->n_words > 1 && !part) {
		(void)weir_fail(ctx->err, WEIR_EUSAGE, "help: %s has no '%s'",
			cmd->name, ctx->words[1]);
		return weir_hint(ctx->err, "weir help %s", cmd->name);
	}
	cmd_help_print(cmd, part);
	return WEIR_OK;
}

/* clang-format off */
static const struct opt opts[] = {
	{ "dump", 0, OPT_FLAG, offsetof(struct args, dump), NULL, NULL,
	  "the tables of commands and options, tab-separated" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_help = {
	.name = "help",
	.summary = "show how a command is used",
	.usage = "[COMMAND [SUBCOMMAND]]",
	.words = "@commands",
	.needs = CMD_NO_CONFIG,
	.max_words = 2,
	.opts = opts,
	.args_size = sizeof(struct args),
	.run = help_run,
};
