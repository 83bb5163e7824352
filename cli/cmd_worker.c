/* weir worker: take runs from a work pool and run their commands. */
#include <unistd.h>

#include <weir/mem.h>
#include <weir/text.h>
#include <weir/time.h>
#include <weir/worker.h>

#include "cmd.h"
#include "out.h"

struct args {
	const char *pool, *name;
	struct opt_list queues;
	int64_t limit;
	bool once, foreground;
};

static const struct args defaults = { .limit = WEIR_WORKER_LIMIT };

enum { NAME_WIDTH = 20 };

/* The word of a state is in the text when it has ended. */
static const char *
word_of(enum weir_state state)
{
	switch (state) {
	case WEIR_ST_RUNNING:
		return "started ";
	case WEIR_ST_SCHEDULED:
		return "failed, ";
	default:
		return "";
	}
}

/* On a terminal: `12:30:01 ✗ silver-eagle         Failed after 0:12: why`. */
static void
add_run(const struct ctx *ctx, const struct weir_worker_said *s, struct buf *b)
{
	const struct weir_state_look *look = weir_state_look(s->state, STR(""));
	unsigned flags = ctx->utf8 ? 0 : TEXT_ASCII;
	struct buf name = BUF_INIT(4096);

	text_sanitize(&name, str_of(s->run), flags);
	if (ctx->colour)
		out_colour(b, look->colour);
	if (ctx->utf8)
		buf_adds(b, look->glyph);
	else
		buf_addc(b, look->ascii ? look->ascii : ' ');
	if (ctx->colour)
		out_colour(b, "off");
	buf_addc(b, ' ');
	if (text_width(buf_str(&name)) < NAME_WIDTH)
		text_pad(b, buf_str(&name), NAME_WIDTH, false, flags);
	else
		buf_addstr(b, buf_str(&name));
	buf_addf(b, " %s", word_of(s->state));
	buf_release(&name);
}

/* The time; of a service, its level as sd-daemon(3) says: the journal knows the time.
 */
static void
add_head(const struct ctx *ctx, const struct weir_worker_said *s, bool tty,
	struct buf *b)
{
	const struct args *args = ctx->args;
	struct buf at = BUF_INIT(64);

	if (args->foreground) {
		buf_addf(b, "<%d>", (int)s->level);
		return;
	}
	weir_time_absolute(&at, weir_now_us(), ctx->utc, false);
	/* who looks on knows the day */
	buf_addf(b, "%s ", buf_cstr(&at) + (tty && at.len > 11 ? 11 : 0));
	buf_release(&at);
}

static void
say(void *arg, const struct weir_worker_said *s)
{
	const struct ctx *ctx = arg;
	const struct args *args = ctx->args;
	bool tty = !args->foreground && ctx->tty_err;
	unsigned flags = ctx->utf8 ? 0 : TEXT_ASCII;
	struct buf b = BUF_INIT(8192);

	if (ctx->g.quiet && s->level > WEIR_WORKER_WARNING)
		return;
	add_head(ctx, s, tty, &b);
	if (s->run && tty) {
		add_run(ctx, s, &b);
	} else if (s->run) {
		text_sanitize(&b, str_of(s->run), flags);
		buf_addf(&b, ": %s", word_of(s->state));
	}
	text_sanitize(&b, str_of(s->text), flags);
	buf_addc(&b, '\n');
	(void)!write(STDERR_FILENO, b.s, b.len);
	buf_release(&b);
}

static enum weir_rc
check(const struct args *args, struct weir_err *err)
{
	if (args->limit >= 1 && args->limit <= WEIR_WORKER_LIMIT_MAX)
		return WEIR_OK;
	(void)weir_fail(err, WEIR_EUSAGE, "worker: --limit %lld: from 1 to %d",
		(long long)args->limit, WEIR_WORKER_LIMIT_MAX);
	return weir_hint(err, "weir worker --limit %d", WEIR_WORKER_LIMIT);
}

static enum weir_rc
worker(struct ctx *ctx)
{
	const struct args *args = ctx->args;
	struct weir_worker w = {
		.pool = args->pool,
		.name = args->name,
		.queues = args->queues.v,
		.n_queues = args->queues.n,
		.limit = (size_t)args->limit,
		.once = args->once,
		.say = say,
		.arg = ctx,
	};
	enum weir_rc rc = check(args, ctx->err);

	if (!rc && weir_config_bool(ctx->config, WEIR_KEY_READ_ONLY)) {
		rc = weir_fail(ctx->err, WEIR_EREFUSED,
			"worker: read-only: nothing may be written");
		(void)weir_hint(ctx->err, "weir config get read_only");
	}
	return rc ? rc : weir_worker_run(ctx->session, &w, ctx->err);
}

/* clang-format off */
static const struct opt opts[] = {
	{ "pool", 'p', OPT_STRING, offsetof(struct args, pool), "POOL",
	  "@farm", "the pool (weir); made, of type weir, if it is missing" },
	{ "queue", 0, OPT_LIST, offsetof(struct args, queues), "QUEUE",
	  NULL, "only runs of this queue of it" },
	{ "limit", 'n', OPT_INT, offsetof(struct args, limit), "N",
	  NULL, "runs at once (8)" },
	{ "name", 0, OPT_STRING, offsetof(struct args, name), "NAME",
	  NULL, "as which the server knows it" },
	{ "once", 0, OPT_FLAG, offsetof(struct args, once), NULL,
	  NULL, "take what is due, and end with the last of it" },
	{ "foreground", 'f', OPT_FLAG, offsetof(struct args, foreground), NULL,
	  NULL, "as a service: its log for the journal" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_worker = {
	.name = "worker",
	.summary = "take runs from a work pool and run their commands",
	.usage = "",
	.words = NULL,
	.kind = WEIR_POOL,
	.max_words = 0,
	.opts = opts,
	.args_size = sizeof(struct args),
	.args_init = &defaults,
	.run = worker,
};
