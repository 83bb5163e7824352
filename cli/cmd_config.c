/* weir config: every setting, its value and where it came from; changes to weir.conf.
 */
#include "cmd.h"

#include <errno.h>
#include <termios.h>
#include <unistd.h>

#include <weir/config.h>
#include <weir/mem.h>
#include <weir/text.h>

#include "out.h"
#include "tui.h"

enum { CONFIG_LINE_MAX = 64 << 10 };

struct config_args {
	const char *output;
	bool header;
};

/* clang-format off */
static const struct weir_column columns[] = {
	{ .name = "name", .title = "NAME", .type = WEIR_T_TEXT, .max = 24 },
	{ .name = "value", .title = "VALUE", .type = WEIR_T_TEXT, .min = 20 },
	{ .name = "origin", .title = "FROM", .type = WEIR_T_TEXT, .max = 28 },
};
/* clang-format on */

static void
set_text(struct weir_cell *cell, const char *s)
{
	*cell = (struct weir_cell){ .type = WEIR_T_TEXT, .null = !s, .s = str_of(s) };
}

static enum weir_rc
print_key(struct ctx *ctx, struct out *out, enum weir_key key)
{
	bool set = weir_config_str(ctx->config, key) != NULL;
	struct buf value = BUF_INIT(BUF_MAX);
	struct weir_cell cells[N_ELEM(columns)];
	const struct weir_cell *row[N_ELEM(columns)];
	enum weir_rc rc;

	weir_config_show(ctx->config, key, &value);
	set_text(&cells[0], weir_key_info(key)->name);
	set_text(&cells[1], set ? buf_cstr(&value) : NULL);
	set_text(&cells[2], set ? weir_config_origin(ctx->config, key) : NULL);
	for (size_t i = 0; i < N_ELEM(columns); i++)
		row[i] = &cells[i];
	rc = out_row(out, row);
	buf_release(&value);
	return rc;
}

/* keys [first, last] as rows. */
static enum weir_rc
print_keys(struct ctx *ctx, enum weir_key first, enum weir_key last)
{
	const struct config_args *args = ctx->args;
	const struct weir_column *list[N_ELEM(columns)];
	struct out_spec spec = {
		.form = out_form(ctx, args->output),
		.columns = list,
		.n_columns = N_ELEM(columns),
		.header = args->header,
	};
	enum weir_rc rc = WEIR_OK;
	struct out out;

	for (size_t i = 0; i < N_ELEM(columns); i++)
		list[i] = &columns[i];
	if (spec.form == OUT_NAME) {
		spec.form = OUT_TSV;
		spec.n_columns = 1;
	}
	out_open(&out, ctx, &spec);
	for (int k = (int)first; k <= (int)last && !rc; k++)
		rc = print_key(ctx, &out, (enum weir_key)k);
	return out_close(&out, rc);
}

static enum weir_rc
find_key(struct ctx *ctx, const char *name, enum weir_key *ret_key)
{
	const char *names[WEIR_N_KEYS], *near;
	struct buf list = BUF_INIT(1024);

	if (weir_key_find(str_of(name), ret_key))
		return WEIR_OK;
	for (int k = 0; k < WEIR_N_KEYS; k++) {
		names[k] = weir_key_info((enum weir_key)k)->name;
		buf_addf(&list, "%s%s", k ? ", " : "", names[k]);
	}
	near = text_nearest(str_of(name), names, WEIR_N_KEYS);
	(void)weir_fail(ctx->err, WEIR_EUSAGE,
		"config: unknown key '%s'; there are: %s", name, buf_cstr(&list));
	if (near)
		weir_hint(ctx->err, "weir config %s %s", ctx->words[0], near);
	buf_release(&list);
	return WEIR_EUSAGE;
}

static enum weir_rc
put_line(struct ctx *ctx, struct str text)
{
	unsigned flags = ctx->utf8 ? 0 : TEXT_ASCII;
	struct buf b = BUF_INIT(BUF_MAX);
	enum weir_rc rc;

	if (ctx->tty_out)
		text_sanitize(&b, text, flags);
	else
		buf_addstr(&b, text);
	buf_addc(&b, '\n');
	rc = ctx_write(ctx, b.s, b.len);
	buf_release(&b);
	return rc;
}

static enum weir_rc
get(struct ctx *ctx)
{
	const struct config_args *args = ctx->args;
	struct buf value = BUF_INIT(BUF_MAX);
	enum weir_key key;
	enum weir_rc rc;

	rc = find_key(ctx, ctx->words[1], &key);
	if (rc)
		return rc;
	if (args->output) {
		rc = print_keys(ctx, key, key);
		if (rc)
			return rc;
	}
	if (!weir_config_str(ctx->config, key))
		return weir_fail(
			ctx->err, WEIR_ENOTFOUND, "config: %s: not set", ctx->words[1]);
	if (args->output)
		return WEIR_OK;
	weir_config_show(ctx->config, key, &value);
	rc = put_line(ctx, buf_str(&value));
	buf_release(&value);
	return rc;
}

/* One line of standard input, unseen on a terminal. */
static enum weir_rc
read_secret(struct ctx *ctx, const char *name, struct buf *line)
{
	struct termios old, quiet;
	bool hide = ctx->tty_in && tcgetattr(STDIN_FILENO, &old) == 0;
	ssize_t n;
	char c;

	if (hide) {
		quiet = old;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
		fprintf(stderr, "%s: ", name);
	}
	while ((n = read(STDIN_FILENO, &c, 1)) != 0) {
		if (n < 0 && errno == EINTR && !weir_session_interrupted(ctx->session))
			continue;
		if (n < 0 || c == '\n' || line->truncated)
			break;
		buf_addc(line, c);
	}
	if (hide) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
		fputc('\n', stderr);
	}
	if (n < 0)
		return weir_fail(
			ctx->err, WEIR_EINTR, "config: %s: no value was read", name);
	if (!line->len || line->truncated)
		return weir_fail(ctx->err, WEIR_EUSAGE, "config: %s: the value is %s",
			name, line->len ? "too long" : "empty");
	return WEIR_OK;
}

/* What a higher layer says is not changed by weir.conf: say so. */
static void
note_hidden(struct ctx *ctx, enum weir_key key, const char *name)
{
	struct weir_config_flags flags = { .profile = ctx->g.profile };
	struct weir_config *now = NULL;
	const char *origin;

	if (weir_config_load(&flags, &now, NULL))
		return;
	origin = weir_config_origin(now, key);
	if (*origin && strncmp(origin, "weir.conf", 9) && strcmp(origin, "default"))
		ctx_note(ctx, "%s: %s is stronger than weir.conf", name, origin);
	weir_config_free(now);
}

static enum weir_rc
set(struct ctx *ctx)
{
	struct buf secret = BUF_INIT(CONFIG_LINE_MAX);
	const char *name = ctx->words[1];
	const char *value = ctx->n_words > 2 ? ctx->words[2] : NULL;
	enum weir_key key;
	enum weir_rc rc;

	rc = find_key(ctx, name, &key);
	if (rc)
		return rc;
	if (weir_key_info(key)->secret && value && strcmp(value, "-") != 0) {
		(void)weir_fail(ctx->err, WEIR_EUSAGE,
			"config: %s: a secret is not taken from the command line, "
			"where others can see it",
			name);
		weir_hint(ctx->err, "weir config set %s < FILE", name);
		return WEIR_EUSAGE;
	}
	if (weir_key_info(key)->secret) {
		rc = read_secret(ctx, name, &secret);
		value = buf_cstr(&secret);
	} else if (!value) {
		rc = weir_fail(ctx->err, WEIR_EUSAGE, "config: %s: no value", name);
		weir_hint(ctx->err, "weir config set %s VALUE", name);
	}
	if (!rc)
		rc = weir_config_set(ctx->config, key, value, ctx->err);
	if (!rc)
		note_hidden(ctx, key, name);
	buf_release(&secret);
	return rc;
}

static enum weir_rc
unset(struct ctx *ctx)
{
	enum weir_key key;
	enum weir_rc rc;

	rc = find_key(ctx, ctx->words[1], &key);
	return rc ? rc : weir_config_set(ctx->config, key, NULL, ctx->err);
}

/* What is wrong in [keys]: menus tell it too. */
static void
warn_keys(const struct ctx *ctx)
{
	struct buf warnings = BUF_INIT(BUF_MAX);

	(void)tui_check_keys(ctx->config, &warnings);
	for (const char *p = buf_cstr(&warnings); *p;) {
		size_t n = strcspn(p, "\n");

		ctx_note(ctx, "%.*s", (int)n, p);
		p += n + (p[n] == '\n');
	}
	buf_release(&warnings);
}

static enum weir_rc
list(struct ctx *ctx)
{
	warn_keys(ctx);
	return print_keys(ctx, (enum weir_key)0, (enum weir_key)(WEIR_N_KEYS - 1));
}

static enum weir_rc
path(struct ctx *ctx)
{
	return put_line(ctx, str_of(weir_config_file(ctx->config)));
}

static const struct verb {
	const char *name;
	size_t min_words, max_words; /* after the verb */
	enum weir_rc (*run)(struct ctx *ctx);
} verbs[] = {
	{ "list", 0, 0, list },
	{ "get", 1, 1, get },
	{ "set", 1, 2, set },
	{ "unset", 1, 1, unset },
	{ "path", 0, 0, path },
};

static enum weir_rc
run(struct ctx *ctx)
{
	const char *name = ctx->n_words ? ctx->words[0] : "list";
	size_t n = ctx->n_words ? ctx->n_words - 1 : 0;
	enum weir_rc rc;

	for (size_t i = 0; i < N_ELEM(verbs); i++) {
		const struct verb *v = &verbs[i];

		if (strcmp(v->name, name))
			continue;
		if (n >= v->min_words && n <= v->max_words)
			return v->run(ctx);
		rc = weir_fail(ctx->err, WEIR_EUSAGE, "config %s: %s", name,
			n < v->min_words ? "which key?" : "too many arguments");
		weir_hint(ctx->err, "weir config list");
		return rc;
	}
	rc = weir_fail(ctx->err, WEIR_EUSAGE, "config: unknown verb '%s'", name);
	weir_hint(ctx->err, "weir config list, get, set, unset or path");
	return rc;
}

/* clang-format off */
static const struct opt opts[] = {
	{ "output", 'o', OPT_STRING, offsetof(struct config_args, output), "FORM",
	  OUT_FORMS, "form of the output" },
	{ "header", 0, OPT_FLAG, offsetof(struct config_args, header), NULL,
	  NULL, "begin tsv and csv with the names of the columns" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_config = {
	.name = "config",
	.summary = "show settings and where they come from, change weir.conf",
	.usage = "[list|get|set|unset|path [KEY [VALUE]]]",
	.words = "list|get|set|unset|path",
	.max_words = 3,
	.opts = opts,
	.args_size = sizeof(struct config_args),
	.run = run,
};
