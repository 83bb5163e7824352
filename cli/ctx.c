#include "cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <unistd.h>

#include <weir/log.h>
#include <weir/mem.h>
#include <weir/select.h>
#include <weir/sync.h>
#include <weir/text.h>

#include "acts.h"

static void
print_err(const struct ctx *ctx, const char *label, const char *text)
{
	unsigned flags = TEXT_KEEP_NEWLINE | (ctx->utf8 ? 0 : TEXT_ASCII);
	struct buf b = BUF_INIT(16 << 10);

	buf_adds(&b, label);
	text_sanitize(&b, str_of(text), flags);
	buf_addc(&b, '\n');
	fwrite(b.s, 1, b.len, stderr);
	buf_release(&b);
}

void
ctx_note(const struct ctx *ctx, const char *fmt, ...)
{
	va_list ap;
	char *text;

	if (ctx->g.quiet)
		return;
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	print_err(ctx, "weir: ", text);
	free(text);
}

void
ctx_report(const struct ctx *ctx)
{
	print_err(ctx, "weir: ", ctx->err->text);
	if (ctx->err->rc == WEIR_ENET && !ctx->err->hint[0])
		weir_hint(ctx->err, "weir doctor");
	if (ctx->err->hint[0])
		print_err(ctx, "try: ", ctx->err->hint);
}

static void
open_log(const struct ctx *ctx)
{
	const char *path = getenv("WEIR_LOG");
	int fd;

	if (ctx->g.verbose)
		weir_log_to(STDERR_FILENO, LOG_INFO);
	if (!path || !*path)
		return;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		ctx_note(ctx, "WEIR_LOG: '%s': %s", path, strerror(errno));
	else
		weir_log_to(fd, LOG_DEBUG);
}

static bool
want_colour(const struct ctx *ctx)
{
	const char *when = weir_config_str(ctx->config, WEIR_KEY_COLOR);
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

	if (when && strcmp(when, "always") == 0)
		return true;
	if (when && strcmp(when, "never") == 0)
		return false;
	return ctx->tty_out && !(none && *none) && term && strcmp(term, "dumb") != 0;
}

void
ctx_notes(const struct ctx *ctx, const char *lines)
{
	while (lines && *lines) {
		size_t n = strcspn(lines, "\n");

		ctx_note(ctx, "%.*s", (int)n, lines);
		lines += n + (lines[n] == '\n');
	}
}

struct weir_config_flags
ctx_config_flags(const struct ctx *ctx)
{
	return (struct weir_config_flags){
		.profile = ctx->g.profile,
		.color = ctx->g.color,
		.utc = ctx->g.utc,
		.read_only = ctx->g.read_only,
	};
}

enum weir_rc
ctx_open(struct ctx *ctx)
{
	struct weir_config_flags flags = ctx_config_flags(ctx);
	enum weir_rc rc;

	if (ctx->config)
		return WEIR_OK;
	/* Only what a terminal shows depends on the locale. */
	if (ctx->tty_out || ctx->tty_err || ctx->g.script) {
		setlocale(LC_CTYPE, "");
		ctx->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	}
	open_log(ctx);
	rc = weir_config_load(&flags, &ctx->config, ctx->err);
	if (rc)
		return rc;
	ctx_notes(ctx, weir_config_warnings(ctx->config));
	ctx->no_network = ctx->g.offline;
	if (weir_config_embedded(ctx->config)) /* there is no network in it */
		ctx->g.offline = false;
	ctx->colour = want_colour(ctx);
	ctx->utc = weir_config_bool(ctx->config, WEIR_KEY_UTC);
	ctx->session = weir_session_new(ctx->config);
	if (ctx->no_network)
		weir_session_offline(ctx->session);
	return WEIR_OK;
}

void
ctx_close(struct ctx *ctx)
{
	struct weir_session *s = ctx->session;

	ctx->session = NULL; /* the signal handler looks at it */
	weir_session_free(s);
	weir_config_free(ctx->config);
	ctx->config = NULL;
}

static enum weir_rc
nothing_here(struct ctx *ctx)
{
	(void)weir_fail(ctx->err, WEIR_ENET, "%s: nothing was fetched yet",
		weir_config_name(ctx->config));
	return weir_hint(ctx->err, "weir sync");
}

enum weir_rc
ctx_store(struct ctx *ctx, struct weir_store **ret_store)
{
	enum weir_rc rc;

	rc = weir_session_store(ctx->session, WEIR_STORE_READ, ret_store, ctx->err);
	return rc == WEIR_ENOTFOUND ? nothing_here(ctx) : rc;
}

/* Offline, a store that a failed first sync left is as none. */
static enum weir_rc
check_filled(struct ctx *ctx)
{
	struct weir_store *store;
	int64_t cycle_us, runs;
	enum weir_rc rc = ctx_store(ctx, &store);

	if (!rc)
		rc = weir_store_meta(store, WEIR_META_CYCLE_US, &cycle_us, ctx->err);
	if (rc || cycle_us != WEIR_NO_TIME)
		return rc;
	rc = weir_store_count(store, WEIR_RUN, &runs, ctx->err);
	return !rc && !runs ? nothing_here(ctx) : rc;
}

/* `data of 12 min ago: why`. */
static void
show_age(struct ctx *ctx, const char *why)
{
	struct buf b = BUF_INIT(128);
	struct weir_store *store;
	struct weir_err err;
	int64_t us;

	if (weir_session_store(ctx->session, WEIR_STORE_READ, &store, &err))
		return;
	if (weir_store_meta(store, WEIR_META_CYCLE_US, &us, &err))
		return;
	if (us == WEIR_NO_TIME) {
		ctx_note(ctx, "the data is not complete yet: %s", why);
		return;
	}
	weir_time_relative(&b, us, weir_now_us(), ctx->utc, true);
	ctx_note(ctx, "data of %s: %s", buf_cstr(&b), why);
	buf_release(&b);
}

/* A store that cannot be written may still be read. */
static enum weir_rc
read_all_the_same(struct ctx *ctx)
{
	struct weir_err why = *ctx->err;

	if (check_filled(ctx)) {
		*ctx->err = why;
		return why.rc;
	}
	ctx_note(ctx, "%s", why.text);
	return WEIR_OK;
}

/*
 * What Metaflow knows: beside what a server says, or instead of it. Is there any?
 * ret_why: of a failure.
 */
static bool
refresh_metaflow(struct ctx *ctx, struct weir_err *ret_why)
{
	enum { METAFLOW_MS = 1000 };
	const struct weir_session_metaflow how = { .refresh = ctx->g.refresh,
		.budget_ms = ctx->g.refresh ? 0 : METAFLOW_MS,
		.failed = ret_why };
	struct buf notes = BUF_INIT(64 << 10);
	bool there = weir_session_metaflow(ctx->session, &how, &notes);

	ctx_notes(ctx, buf_cstr(&notes));
	buf_release(&notes);
	return there;
}

/* No server is configured: what Metaflow knows is what there is. */
static enum weir_rc
metaflow_alone(struct ctx *ctx, struct weir_err *why)
{
	enum weir_rc rc = why->rc;

	if (rc)
		*ctx->err = *why;
	why->rc = WEIR_OK; /* it is said as the error */
	return rc;
}

enum weir_rc
ctx_refresh(struct ctx *ctx)
{
	struct weir_sync_options o = { .since_us = WEIR_NO_TIME };
	struct weir_err failed = { .rc = WEIR_OK };
	char *why = NULL;
	const char *note;
	bool metaflow;
	enum weir_rc rc;

	if (ctx->refreshed)
		return WEIR_OK;
	ctx->refreshed = true;
	metaflow = refresh_metaflow(ctx, &failed);
	if (ctx->g.offline) {
		if (failed.rc)
			ctx_note(ctx, "%s", failed.text);
		if (ctx->tty_err)
			show_age(ctx, "--offline");
		return check_filled(ctx);
	}
	rc = weir_sync_for_reading(ctx->session, ctx->g.refresh, &o, &why, ctx->err);
	if (rc == WEIR_EDB && !ctx->g.refresh)
		rc = read_all_the_same(ctx);
	if (rc == WEIR_ENOSERVER && metaflow)
		rc = metaflow_alone(ctx, &failed);
	if (failed.rc)
		ctx_note(ctx, "%s", failed.text);
	note = weir_session_note(ctx->session);
	if (note)
		ctx_note(ctx, "%s", note);
	ctx->away = !rc && why;
	if (ctx->away)
		show_age(ctx, why);
	else if (!rc)
		acts_settle(ctx);
	free(why);
	return rc;
}

enum weir_rc
ctx_refresh_now(struct ctx *ctx)
{
	ctx->refreshed = false;
	ctx->g.refresh = true;
	return ctx_refresh(ctx);
}

/* What is to be typed: the command with the longer id. */
static void
hint_command(const struct ctx *ctx)
{
	char *id = xstrdup(ctx->err->hint);

	weir_hint(ctx->err, "weir %s %s", ctx->cmd->name, id);
	free(id);
}

int64_t
ctx_patience_ms(const struct ctx *ctx)
{
	enum { PATIENCE_MS = 3000, AWAY_MS = 1000 };

	return ctx->g.refresh ? 0 : ctx->away ? AWAY_MS : PATIENCE_MS;
}

enum weir_rc
ctx_resolve(struct ctx *ctx, unsigned kinds, const char *text, enum weir_kind *ret_kind,
	struct weir_id *ret_id, int64_t *ret_key)
{
	struct weir_store *store;
	struct weir_id id;
	struct weir_err err;
	int64_t key;
	enum weir_rc rc;

	rc = ctx_store(ctx, &store);
	if (rc)
		return rc;
	rc = weir_resolve(store, kinds, text, ret_kind, ret_id, &key, ctx->err);
	if (rc == WEIR_ENOTFOUND && !ctx->g.offline && (kinds & 1u << WEIR_RUN) &&
		weir_id_parse(str_of(text), &id) &&
		!weir_sync_run(ctx->session, &id, &err)) {
		rc = ctx_store(ctx, &store);
		if (!rc)
			rc = weir_resolve(
				store, kinds, text, ret_kind, ret_id, &key, ctx->err);
	}
	if (rc == WEIR_EAMBIGUOUS)
		hint_command(ctx);
	if (!rc && ret_key)
		*ret_key = key;
	return rc;
}

bool
ctx_is_query(struct ctx *ctx)
{
	struct weir_store *store;
	enum weir_kind kind;
	struct weir_id id;
	int64_t key;

	for (size_t i = 0; i < ctx->n_words; i++) {
		const char *colon = strchr(ctx->words[i], ':');

		if (!colon || strncmp(colon, "://", 3) == 0)
			continue;
		return weir_session_store(
			       ctx->session, WEIR_STORE_READ, &store, NULL) ||
		       weir_resolve(store, 1u << WEIR_RUN, ctx->words[i], &kind, &id,
			       &key, NULL);
	}
	return false;
}

char *
ctx_query_text(const struct ctx *ctx)
{
	struct buf b = BUF_INIT(BUF_MAX);

	for (size_t i = 0; i < ctx->n_words; i++) {
		if (i)
			buf_addc(&b, ' ');
		buf_adds(&b, ctx->words[i]);
	}
	buf_adds(&b, "");
	return b.s ? buf_steal(&b) : xstrdup("");
}

static void
die_of_sigpipe(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(SIGPIPE);
}

enum weir_rc
ctx_write(struct ctx *ctx, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t got = write(STDOUT_FILENO, p, n);

		if (got >= 0) {
			p += got;
			n -= (size_t)got;
			continue;
		}
		if (errno == EPIPE)
			die_of_sigpipe();
		if (errno == EINTR && ctx->session &&
			weir_session_interrupted(ctx->session))
			return weir_fail(ctx->err, WEIR_EINTR, "interrupted");
		if (errno != EINTR)
			return weir_fail(ctx->err, WEIR_EFAIL, "standard output: %s",
				strerror(errno));
	}
	return WEIR_OK;
}

enum weir_rc
ctx_write_line(struct ctx *ctx, struct str text, unsigned flags)
{
	struct buf b = BUF_INIT(BUF_MAX);
	enum weir_rc rc;

	text_sanitize(&b, text, flags);
	buf_addc(&b, '\n');
	rc = ctx_write(ctx, b.s, b.len);
	buf_release(&b);
	return rc;
}
