/* weir open: the web page of an object. */
#include "cmd.h"

#include <errno.h>
#include <signal.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/mem.h>
#include <weir/select.h>
#include <weir/text.h>
#include <weir/url.h>

enum { OPEN_WORDS_MAX = 32, OPEN_ADDRESS_MAX = 8 << 10 };

struct open_args {
	bool print;
};

static const unsigned kinds = 1u << WEIR_RUN | 1u << WEIR_TASK_RUN | 1u << WEIR_FLOW |
			      1u << WEIR_DEPLOYMENT | 1u << WEIR_POOL |
			      1u << WEIR_ARTIFACT;

static enum weir_rc
find(struct ctx *ctx, enum weir_kind *ret_kind, struct weir_id *ret_id,
	int64_t *ret_key)
{
	const char *text = ctx->words[0];
	enum weir_rc rc;

	rc = ctx_resolve(ctx, kinds, text, ret_kind, ret_id, ret_key);
	if (ctx->g.offline || (rc != WEIR_ENOTFOUND && rc != WEIR_ENET))
		return rc;
	/* it may be newer than the store */
	rc = ctx_refresh(ctx);
	if (!rc)
		rc = ctx_resolve(ctx, kinds, text, ret_kind, ret_id, ret_key);
	return rc;
}

/* Pools go by name. Owned; NULL for others. */
static enum weir_rc
pool_name(struct ctx *ctx, enum weir_kind kind, int64_t key, char **ret_name)
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = { .kind = kind, .columns = &set, .key = key };
	struct weir_rows *rows = NULL;
	struct weir_store *store;
	bool row = false;
	enum weir_rc rc;

	if (kind != WEIR_POOL)
		return WEIR_OK;
	rc = ctx_store(ctx, &store);
	if (!rc)
		rc = weir_columns_choose(kind, "name", 0, &set, ctx->err);
	if (!rc)
		rc = weir_rows_open(store, &sel, &rows, ctx->err);
	if (!rc)
		rc = weir_rows_next(rows, &row, ctx->err);
	if (!rc && row)
		*ret_name = str_copy(weir_rows_cell(rows, 0)->s);
	weir_rows_close(rows);
	weir_columns_release(&set);
	return rc;
}

static const char *
browser(const struct ctx *ctx)
{
	const char *b = weir_config_str(ctx->config, WEIR_KEY_BROWSER);

#ifdef __APPLE__
	return b && *b ? b : "open";
#else
	return b && *b ? b : "xdg-open";
#endif
}

/* Words at blanks; %s anywhere in one is the address, else it comes last. In arena. */
static void
split(struct arena *arena, char *command, const char *address, const char **words)
{
	bool placed = false;
	char *save = NULL;
	size_t n = 0;

	for (char *w = strtok_r(command, " \t", &save); w && n < OPEN_WORDS_MAX;
		w = strtok_r(NULL, " \t", &save)) {
		char *at = strstr(w, "%s");

		if (at) {
			*at = '\0';
			w = arena_printf(arena, "%s%s%s", w, address, at + 2);
			placed = true;
		}
		words[n++] = w;
	}
	if (!placed)
		words[n++] = address;
	words[n] = NULL;
}

static void
become(const char *const *words)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	/* what it prints is not our data */
	dup2(STDERR_FILENO, STDOUT_FILENO);
	execvp(words[0], (char *const *)words);
	_exit(127);
}

static enum weir_rc
start(struct ctx *ctx, const char *const *words)
{
	int status = 0;
	pid_t pid = fork();
	enum weir_rc rc;

	if (pid == 0)
		become(words);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && WIFEXITED(status) && !WEXITSTATUS(status))
		return WEIR_OK;
	if (pid < 0)
		rc = weir_fail(ctx->err, WEIR_EFAIL, "open: %s: %s", words[0],
			strerror(errno));
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		rc = weir_fail(
			ctx->err, WEIR_EFAIL, "open: %s: cannot be started", words[0]);
	else
		rc = weir_fail(ctx->err, WEIR_EFAIL, "open: %s: it failed", words[0]);
	weir_hint(ctx->err, "weir open --print %s, or set BROWSER", ctx->words[0]);
	return rc;
}

static enum weir_rc
put(struct ctx *ctx, const char *address)
{
	struct buf b = BUF_INIT(OPEN_ADDRESS_MAX + 1);
	enum weir_rc rc;

	if (ctx->tty_out)
		text_sanitize(&b, str_of(address), ctx->utf8 ? 0 : TEXT_ASCII);
	else
		buf_adds(&b, address);
	buf_addc(&b, '\n');
	rc = ctx_write(ctx, b.s, b.len);
	buf_release(&b);
	return rc;
}

static enum weir_rc
open_page(struct ctx *ctx, const char *address)
{
	const struct open_args *args = ctx->args;
	const char *words[OPEN_WORDS_MAX + 2];
	struct arena arena = { 0 };
	enum weir_rc rc;

	if (args->print)
		return put(ctx, address);
	split(&arena, arena_strndup(&arena, browser(ctx), strlen(browser(ctx))),
		address, words);
	rc = start(ctx, words);
	arena_free(&arena);
	return rc;
}

static enum weir_rc
run(struct ctx *ctx)
{
	struct buf address = BUF_INIT(OPEN_ADDRESS_MAX);
	enum weir_kind kind;
	struct weir_id id;
	char *name = NULL;
	int64_t key = 0;
	const char *url;
	enum weir_rc rc;

	rc = find(ctx, &kind, &id, &key);
	if (!rc)
		rc = pool_name(ctx, kind, key, &name);
	if (rc)
		return rc;
	if (!weir_web_url(ctx->config, kind, &id, name, &address)) {
		rc = weir_fail(
			ctx->err, WEIR_ENOSERVER, "open: no server is configured");
		goto out;
	}
	url = buf_cstr(&address);
	if (strncasecmp(url, "http://", 7) && strncasecmp(url, "https://", 8))
		rc = weir_fail(ctx->err, WEIR_ECONFIG,
			"open: '%s' is not an http:// or https:// address", url);
	else
		rc = open_page(ctx, url);
out:
	buf_release(&address);
	free(name);
	return rc;
}

/* clang-format off */
static const struct opt opts[] = {
	{ "print", 0, OPT_FLAG, offsetof(struct open_args, print), NULL,
	  NULL, "print the address, start nothing" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_open = {
	.name = "open",
	.summary = "open the web page of a run, flow, deployment or pool",
	.usage = "ID",
	.words = "@runs",
	.min_words = 1,
	.max_words = 1,
	.opts = opts,
	.args_size = sizeof(struct open_args),
	.run = run,
};
