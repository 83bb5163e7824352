/* weir completion: scripts for bash, zsh and fish, made from the tables. */
#include "cmd.h"

#include <weir/mem.h>
#include <weir/shell.h>

#include "complete.h"
#include "opt.h"

/* `a|b|c` as `a b c`. */
static void
add_choices(struct buf *b, const char *choices)
{
	for (; *choices; choices++)
		buf_addc(b, *choices == '|' ? ' ' : *choices);
}

/* Choices of a table are words; what begins with @ is asked of weir, or of the shell.
 */
static void
add_source(struct buf *b, const char *choices)
{
	if (!choices)
		buf_adds(b, "none");
	else if (strcmp(choices, "@files") == 0)
		buf_adds(b, "files");
	else if (choices[0] == '@')
		buf_addf(b, "ask %s", choices);
	else {
		buf_adds(b, "words ");
		add_choices(b, choices);
	}
}

/* What comes after a word of a command. */
static const struct {
	const char *command, *words, *choices;
} after[] = {
	{ "config", "get|set|unset", "@keys" },
};

/* ---- bash and zsh: the tables as shell functions that print what fits */

static void
add_names(struct buf *b, const struct opt *opts)
{
	for (const struct opt *o = opts; o && o->name; o++)
		buf_addf(b, " --%s", o->name);
}

/* A letter of a command hides that of an option of all commands. */
static void
add_values(struct buf *b, const char *command, const struct opt *opts)
{
	for (const struct opt *o = opts; o && o->name; o++) {
		if (o->type == OPT_FLAG)
			continue;
		buf_addf(b, "\t'%s --%s'", command, o->name);
		if (o->letter)
			buf_addf(b, " | '%s -%c'", command, o->letter);
		buf_adds(b, ") echo '");
		add_source(b, o->choices);
		buf_adds(b, "'; return ;;\n");
	}
}

static void
add_after(struct buf *b)
{
	for (size_t i = 0; i < N_ELEM(after); i++)
		for (size_t pos = 0; after[i].words[pos];) {
			struct str word = opt_choice(after[i].words, &pos);

			buf_addf(b, "\t'%s %.*s') echo '", after[i].command,
				(int)word.len, word.s);
			add_source(b, after[i].choices);
			buf_adds(b, "' ;;\n");
		}
}

/* The options of `env gc`, a line a part. */
static void
add_part_names(struct buf *b, const struct cmd *cmd)
{
	for (const struct cmd_part *p = cmd->parts; p && p->name; p++) {
		buf_addf(b, "\t'%s %s') echo '", cmd->name, p->name);
		for (size_t pos = 0; p->opts[pos];) {
			struct str name = opt_choice(p->opts, &pos);

			buf_addf(b, " --%.*s", (int)name.len, name.s);
		}
		buf_adds(b, "' ;;\n");
	}
}

static void
add_part_words(struct buf *b, const struct cmd *cmd)
{
	for (const struct cmd_part *p = cmd->parts; p && p->name; p++) {
		buf_addf(b, "\t'%s %s') echo '", cmd->name, p->name);
		add_source(b, p->words);
		buf_adds(b, "' ;;\n");
	}
}

static void
add_tables(struct buf *b)
{
	buf_adds(b, "_weir_commands='");
	for (size_t i = 0; i < n_cmds; i++)
		buf_addf(b, "%s%s", i ? " " : "", cmds[i]->name);
	buf_adds(b, "'\n_weir_parts='");
	for (size_t i = 0; i < n_cmds; i++)
		for (const struct cmd_part *p = cmds[i]->parts; p && p->name; p++)
			buf_addf(b, " %s:%s", cmds[i]->name, p->name);
	buf_adds(b, " '\n_weir_options()\n{\n\tcase $1 in\n");
	for (size_t i = 0; i < n_cmds; i++) {
		buf_addf(b, "\t%s) echo '", cmds[i]->name);
		add_names(b, cmds[i]->opts);
		buf_adds(b, "' ;;\n");
		add_part_names(b, cmds[i]);
	}
	buf_adds(b, "\tesac\n\techo '");
	add_names(b, opt_globals);
	buf_adds(b, "'\n}\n_weir_value()\n{\n\tcase $1 in\n");
	for (size_t i = 0; i < n_cmds; i++)
		add_values(b, cmds[i]->name, cmds[i]->opts);
	add_after(b);
	buf_adds(b, "\tesac\n\tcase \"* ${1#* }\" in\n");
	add_values(b, "*", opt_globals);
	buf_adds(b, "\tesac\n}\n_weir_words()\n{\n\tcase $1 in\n");
	for (size_t i = 0; i < n_cmds; i++) {
		buf_addf(b, "\t%s) echo '", cmds[i]->name);
		add_source(b, cmds[i]->words);
		buf_adds(b, "' ;;\n");
		add_part_words(b, cmds[i]);
	}
	buf_adds(b, "\tesac\n}\n");
}

/* The words of a line: its command, `env gc` with the part of it. */
static const char find_command[] =
	"_weir_command()\n"
	"{\n"
	"\tlocal word command=''\n"
	"\tfor word in \"$@\"; do\n"
	"\t\tif [ -n \"$command\" ]; then\n"
	"\t\t\tcase $_weir_parts in\n"
	"\t\t\t*\" $command:$word \"*) command=\"$command $word\"; break ;;\n"
	"\t\t\tesac\n"
	"\t\t\tcontinue\n"
	"\t\tfi\n"
	"\t\tcase $word in\n"
	"\t\tenvironment) command=env; continue ;;\n"
	"\t\tselect-resolved) command=\"env $word\"; break ;;\n"
	"\t\tesac\n"
	"\t\tcase \" $_weir_commands \" in\n"
	"\t\t*\" $word \"*) command=$word ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\techo \"$command\"\n"
	"}\n";

/*
 * $1 command, $2 the word before, $3 the word, then all words of the line: lines `value
 * TAB description`.
 */
static const char find[] = "_weir_find()\n"
			   "{\n"
			   "\tlocal source command=${1%% *}\n"
			   "\t: \"${command:=runs}\"\n"
			   "\tsource=$(_weir_value \"${1%% *} $2\")\n"
			   "\tif [ -z \"$source\" ]; then\n"
			   "\t\tcase $3 in\n"
			   "\t\t-*) _weir_options \"$1\" | tr ' ' '\\n'; return ;;\n"
			   "\t\tesac\n"
			   "\t\tif [ -z \"$1\" ]; then\n"
			   "\t\t\tsource='ask @commands'\n"
			   "\t\telse\n"
			   "\t\t\tsource=$(_weir_words \"$1\")\n"
			   "\t\tfi\n"
			   "\tfi\n"
			   "\tcase $source in\n"
			   "\t'words '*) echo \"${source#words }\" | tr ' ' '\\n' ;;\n"
			   "\t'ask '*) weir completion values -- \"${source#ask }\" "
			   "\"$command\""
			   " \"${@:3}\""
			   " 2>/dev/null ;;\n"
			   "\tesac\n"
			   "}\n";

/*
 * The line is split here: bash itself splits at : and = too, and then wants only what
 * comes behind them.
 */
static const char bash[] =
	"_weir()\n"
	"{\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT} cur prev words command skip=''\n"
	"\tread -ra words <<<\"$line\"\n"
	"\t[[ $line == *[[:blank:]] ]] && words+=('')\n"
	"\tcur=${words[-1]} prev=${words[-2]}\n"
	"\tcommand=$(_weir_command \"${words[@]:1:${#words[@]}-2}\")\n"
	"\t[[ $COMP_WORDBREAKS == *:* && $cur == *:* ]] && skip=${cur%\"${cur##*:}\"}\n"
	"\tif [[ $cur == --*=* ]]; then\n"
	"\t\tprev=${cur%%=*} cur=${cur#*=}\n"
	"\telif [[ $COMP_WORDBREAKS == *=* && $cur == *=* && -z $skip ]]; then\n"
	"\t\tskip=${cur%\"${cur##*=}\"}\n"
	"\tfi\n"
	"\tCOMPREPLY=()\n"
	"\tif [[ $(_weir_value \"${command%% *} $prev\") == files ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"\t\treturn\n"
	"\tfi\n"
	"\twhile IFS=$'\\t' read -r line _; do\n"
	"\t\t[[ -n $line && $line == \"$cur\"* ]] || continue\n"
	"\t\tline=${line#\"$skip\"}\n"
	"\t\t[[ $line == *[!A-Za-z0-9_@%+=:,./-]* ]] && printf -v line %q \"$line\"\n"
	"\t\tCOMPREPLY+=(\"$line\")\n"
	"\tdone < <(_weir_find \"$command\" \"$prev\" \"$cur\" \"${words[@]}\")\n"
	"\tif [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[:.=] ]]; then\n"
	"\t\tcompopt -o nospace 2>/dev/null\n"
	"\tfi\n"
	"}\n"
	"complete -o nosort -F _weir weir\n";

static const char zsh[] =
	"_weir()\n"
	"{\n"
	"\tlocal command prev=$words[CURRENT-1] value about\n"
	"\tlocal -a values shown\n"
	"\tcommand=$(_weir_command \"${(@)words[2,CURRENT-1]}\")\n"
	"\tif [[ $PREFIX == --*=* ]]; then\n"
	"\t\tprev=${PREFIX%%=*}\n"
	"\t\tcompset -P '*='\n"
	"\tfi\n"
	"\tif [[ $(_weir_value \"${command%% *} $prev\") == files ]]; then\n"
	"\t\t_files\n"
	"\t\treturn\n"
	"\tfi\n"
	"\twhile IFS=$'\\t' read -r value about; do\n"
	"\t\t[[ -n $value ]] || continue\n"
	"\t\tvalues+=(\"$value\")\n"
	"\t\tshown+=(\"$value${about:+  -- $about}\")\n"
	"\tdone < <(_weir_find \"$command\" \"$prev\" \"$PREFIX\" "
	"\"${(@)words[2,-1]}\")\n"
	"\tif [[ $#values == 1 && $values[1] == *[:.=] ]]; then\n"
	"\t\tcompadd -S '' -a values\n"
	"\telse\n"
	"\t\tcompadd -l -d shown -a values\n"
	"\tfi\n"
	"}\n"
	"compdef _weir weir\n";

/* ---- fish: a line an option */

/* As find_command; __weir_at: is the command, with its part, one of these? */
static const char find_fish[] =
	"function __weir_command\n"
	"\tset -l command ''\n"
	"\tfor word in (commandline -opc)[2..-1]\n"
	"\t\tif test -n \"$command\"\n"
	"\t\t\tif contains -- \"$command:$word\" $__weir_parts\n"
	"\t\t\t\techo \"$command $word\"\n"
	"\t\t\t\treturn\n"
	"\t\t\tend\n"
	"\t\telse if test \"$word\" = environment\n"
	"\t\t\tset command env\n"
	"\t\telse if test \"$word\" = select-resolved\n"
	"\t\t\techo \"env $word\"\n"
	"\t\t\treturn\n"
	"\t\telse if contains -- \"$word\" $__weir_commands\n"
	"\t\t\tset command $word\n"
	"\t\tend\n"
	"\tend\n"
	"\techo $command\n"
	"end\n"
	"function __weir_at\n"
	"\tcontains -- (__weir_command) $argv\n"
	"end\n";

static void
add_fish_arguments(struct buf *b, const char *command, const char *choices)
{
	struct buf list = BUF_INIT(BUF_MAX);

	if (choices && strcmp(choices, "@files") == 0) {
		buf_adds(b, " -r -F");
		return;
	}
	if (choices && choices[0] == '@')
		buf_addf(&list,
			"(weir completion values -- %s %s (commandline -ct) "
			"(commandline -opc) 2>/dev/null)",
			choices, command);
	else if (choices)
		add_choices(&list, choices);
	buf_adds(b, " -x");
	if (list.len) {
		buf_adds(b, " -a ");
		weir_shell_enclose(b, buf_cstr(&list));
	}
	buf_release(&list);
}

/* Only behind the command; an option, once there is a part of it, only of those. */
static void
add_fish_where(struct buf *b, const struct cmd *cmd, const char *option)
{
	buf_addf(b, " -n '__weir_at %s", cmd->name);
	for (const struct cmd_part *p = cmd->parts; option && p && p->name; p++)
		if (cmd_part_has(p, option))
			buf_addf(b, " \"%s %s\"", cmd->name, p->name);
	buf_addc(b, '\'');
}

static void
add_fish_options(struct buf *b, const struct cmd *cmd, const struct opt *opts)
{
	for (const struct opt *o = opts; o && o->name; o++) {
		buf_adds(b, "complete -c weir");
		if (cmd)
			add_fish_where(b, cmd, o->name);
		buf_addf(b, " -l %s", o->name);
		if (o->letter)
			buf_addf(b, " -s %c", o->letter);
		if (o->type != OPT_FLAG)
			add_fish_arguments(b, cmd ? cmd->name : "runs", o->choices);
		buf_adds(b, " -d ");
		weir_shell_enclose(b, o->help);
		buf_addc(b, '\n');
	}
}

static void
add_fish_after(struct buf *b, const char *command)
{
	for (size_t i = 0; i < N_ELEM(after); i++) {
		if (strcmp(after[i].command, command) != 0)
			continue;
		buf_addf(b,
			"complete -c weir -n '__weir_at %s; and "
			"__fish_seen_subcommand_from ",
			command);
		add_choices(b, after[i].words);
		buf_addc(b, '\'');
		add_fish_arguments(b, command, after[i].choices);
		buf_addc(b, '\n');
	}
}

/* Its words, which are its parts until one is there; then those of the part. */
static void
add_fish_words(struct buf *b, const struct cmd *cmd)
{
	if (cmd->words) {
		buf_adds(b, "complete -c weir");
		add_fish_where(b, cmd, NULL);
		add_fish_arguments(b, cmd->name, cmd->words);
		buf_addc(b, '\n');
	}
	for (const struct cmd_part *p = cmd->parts; p && p->name; p++) {
		buf_addf(b, "complete -c weir -n '__weir_at \"%s %s\"'", cmd->name,
			p->name);
		add_fish_arguments(b, cmd->name, p->words);
		buf_addc(b, '\n');
	}
}

static void
add_fish(struct buf *b)
{
	buf_adds(b, "# fish completion of weir\nset -g __weir_commands");
	for (size_t i = 0; i < n_cmds; i++)
		buf_addf(b, " %s", cmds[i]->name);
	buf_adds(b, "\nset -g __weir_parts");
	for (size_t i = 0; i < n_cmds; i++)
		for (const struct cmd_part *p = cmds[i]->parts; p && p->name; p++)
			buf_addf(b, " %s:%s", cmds[i]->name, p->name);
	buf_addf(b, "\n%scomplete -c weir -f\n", find_fish);
	add_fish_options(b, NULL, opt_globals);
	for (size_t i = 0; i < n_cmds; i++) {
		const struct cmd *c = cmds[i];

		buf_addf(b, "complete -c weir -n '__weir_at \"\"' -a %s -d ", c->name);
		weir_shell_enclose(b, c->summary);
		buf_addc(b, '\n');
		add_fish_options(b, c, c->opts);
		add_fish_after(b, c->name);
		add_fish_words(b, c);
	}
}

static enum weir_rc
values(struct ctx *ctx, struct buf *b)
{
	const char *command = ctx->n_words > 2 ? ctx->words[2] : "runs";

	if (ctx->n_words < 2)
		return weir_fail(ctx->err, WEIR_EUSAGE,
			"completion: values needs what: @runs, @farm, @deployments, "
			"@parameters, @environments, @requests, @full-ids, @columns, "
			"@query, @keys, @profiles, @views, @commands");
	complete_values(ctx, ctx->words[1], complete_kind(command),
		ctx->n_words > 3 ? ctx->words[3] : "", b);
	return WEIR_OK;
}

static enum weir_rc
completion_run(struct ctx *ctx)
{
	struct buf b = BUF_INIT(BUF_MAX);
	const char *shell = ctx->words[0];
	enum weir_rc rc = WEIR_OK;

	if (strcmp(shell, "bash") == 0) {
		buf_adds(&b, "# bash completion of weir\n");
		add_tables(&b);
		buf_addf(&b, "%s%s%s", find_command, find, bash);
	} else if (strcmp(shell, "zsh") == 0) {
		buf_adds(&b, "#compdef weir\n");
		add_tables(&b);
		buf_addf(&b, "%s%s%s", find_command, find, zsh);
	} else if (strcmp(shell, "fish") == 0) {
		add_fish(&b);
	} else if (strcmp(shell, "values") == 0) {
		rc = values(ctx, &b);
	} else {
		rc = weir_fail(
			ctx->err, WEIR_EUSAGE, "completion: unknown shell '%s'", shell);
		weir_hint(ctx->err, "weir completion bash");
	}
	if (!rc)
		rc = ctx_write(ctx, buf_cstr(&b), b.len);
	buf_release(&b);
	return rc;
}

const struct cmd cmd_completion = {
	.name = "completion",
	.summary = "print the completions of a shell",
	.usage = "bash|zsh|fish",
	.words = "bash|zsh|fish",
	.needs = CMD_NO_CONFIG,
	.min_words = 1,
	.max_words = -1,
	.run = completion_run,
};
