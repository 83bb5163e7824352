/* weir watch: follow runs to their end; the exit status is theirs. */
#include <weir/query.h>
#include <weir/sync.h>
#include <weir/text.h>
#include <weir/time.h>

#include "acts.h"
#include "watch.h"

enum { MORE_MS = 4000 };

static const int64_t interval_min_us = 200000;
/* A query takes what is due by then; what is due later can be named. */
static const int64_t soon_us = 60 * INT64_C(1000000);

struct args {
	const char *query, *timeout, *interval, *output;
	bool more, logs, fail_fast, bell;
};

struct found {
	struct ctx *ctx;
	struct watch_ids ids;
	char *query; /* as it was typed, or NULL; owned */
};

/* ---- which runs */

/* Of what the query finds, what lives. Owned. */
static char *
live_query(const char *text)
{
	char time[WEIR_TIME_TEXT];

	weir_time_format(weir_now_us() + soon_us, time);
	return xasprintf("(%s) (state_type:pending,running,paused,cancelling or "
			 "state_type:scheduled -expected_start_time:>%s)",
		text, time);
}

static enum weir_rc
find_all(struct found *f, const char *const *words, size_t n, struct watch_ids *ret)
{
	const struct weir_act none = { 0 };
	struct acts_args args = { 0 };
	char *query = f->query ? live_query(f->query) : NULL;
	struct acts a;
	enum weir_rc rc;

	args.query = query;
	acts_init(&a, f->ctx, &none, &args);
	a.looks = true;
	rc = acts_find(&a, 1u << WEIR_RUN, words, n);
	for (size_t i = 0; !rc && i < a.targets.n; i++)
		VEC_PUSH(ret, a.targets.v[i].id);
	acts_release(&a);
	free(query);
	return rc;
}

/* What has begun since: a short cycle, then the query again. */
static enum weir_rc
find_more(void *arg, struct watch_ids *ret, struct weir_err *err)
{
	struct found *f = arg;
	struct weir_sync_options o = {
		.since_us = WEIR_NO_TIME, .quick = true, .budget_ms = MORE_MS
	};
	struct weir_sync_result result;

	enum weir_rc rc = weir_sync_cycle(f->ctx->session, &o, &result, err);

	if (rc == WEIR_EINTR)
		return rc;
	rc = find_all(f, NULL, 0, ret);
	*err = *f->ctx->err;
	return rc;
}

static enum weir_rc
find(struct found *f, const struct args *a)
{
	struct ctx *ctx = f->ctx;
	struct weir_query *query = NULL;
	bool words = true;
	enum weir_rc rc = WEIR_OK;

	if (a->query) {
		f->query = xstrdup(a->query);
	} else if (ctx_is_query(ctx)) {
		f->query = ctx_query_text(ctx);
		words = false;
	}
	if (f->query) /* as it was typed: errors point into it */
		rc = weir_query_parse(
			WEIR_RUN, str_of(f->query), weir_now_us(), &query, ctx->err);
	weir_query_free(query);
	if (!rc)
		rc = find_all(f, ctx->words, words ? ctx->n_words : 0, &f->ids);
	return rc;
}

/* ---- the command */

static enum weir_rc
parse_span(struct ctx *ctx, const char *option, const char *text, int64_t *ret_us)
{
	if (!text || (weir_duration_parse(str_of(text), ret_us) && *ret_us > 0))
		return WEIR_OK;
	(void)weir_fail(ctx->err, WEIR_EUSAGE, "watch: --%s: '%.60s' is not a duration",
		option, text);
	return weir_hint(ctx->err, "--%s 20m", option);
}

static enum weir_rc
check(struct ctx *ctx, const struct args *a)
{
	static const struct {
		enum weir_rc rc;
		const char *text, *hint;
	} wrong[] = {
		{ WEIR_EUSAGE, "which run?",
			"weir watch @latest, weir watch state:running" },
		{ WEIR_EUSAGE, "--logs has the output: it does not go with -o",
			"weir watch --logs ID" },
		{ WEIR_EUSAGE, "--new needs a query", "weir watch --new flow:build-*" },
		{ WEIR_EUSAGE, "--logs is for runs that are known: not with --new",
			"weir watch --logs ID" },
		{ WEIR_ENET, "--offline: no server is asked", "weir show ID" },
	};
	const bool is[] = {
		!ctx->n_words && !a->query,
		a->logs && a->output,
		a->more && !a->query && !ctx_is_query(ctx),
		a->more && a->logs,
		ctx->g.offline,
	};

	for (size_t i = 0; i < N_ELEM(is); i++) {
		if (!is[i])
			continue;
		(void)weir_fail(ctx->err, wrong[i].rc, "watch: %s", wrong[i].text);
		return weir_hint(ctx->err, "%s", wrong[i].hint);
	}
	return WEIR_OK;
}

static enum weir_rc
options(struct ctx *ctx, const struct args *a, struct watch_options *o)
{
	enum weir_rc rc = parse_span(ctx, "timeout", a->timeout, &o->timeout_us);

	if (!rc)
		rc = parse_span(ctx, "interval", a->interval, &o->interval_us);
	if (o->interval_us && o->interval_us < interval_min_us)
		o->interval_us = interval_min_us;
	o->rows = !a->logs || ctx->tty_out;
	o->output = a->output;
	o->logs = a->logs;
	o->fail_fast = a->fail_fast;
	o->bell = a->bell;
	return rc;
}

static enum weir_rc
start(struct found *f, const struct args *a, struct watch_options *o)
{
	struct ctx *ctx = f->ctx;

	if (!f->ids.n && !a->more) {
		ctx_note(ctx, "nothing to watch: no live run matches");
		return WEIR_OK;
	}
	if (f->ids.n > WATCH_MAX)
		return weir_fail(ctx->err, WEIR_ETOOBIG,
			"watch: %zu runs, not more than %d", f->ids.n, WATCH_MAX);
	if (a->logs && f->ids.n > WATCH_LOGS_MAX)
		return weir_fail(ctx->err, WEIR_ETOOBIG,
			"watch: --logs: %zu runs, not more than %d", f->ids.n,
			WATCH_LOGS_MAX);
	o->ids = f->ids.v;
	o->n = f->ids.n;
	o->more = a->more ? find_more : NULL;
	o->more_arg = f;
	return watch_runs(ctx, o);
}

static enum weir_rc
watch(struct ctx *ctx)
{
	const struct args *a = ctx->args;
	struct found f = { .ctx = ctx };
	struct watch_options o = { 0 };
	enum weir_rc rc = check(ctx, a);

	if (!rc)
		rc = options(ctx, a, &o);
	if (!rc)
		rc = find(&f, a);
	if (!rc)
		rc = start(&f, a, &o);
	free(f.query);
	VEC_FREE(&f.ids);
	return rc;
}

/* clang-format off */
static const struct opt opts[] = {
	{ "query", 'Q', OPT_STRING, offsetof(struct args, query), "QUERY", "@query",
	  "the live runs that QUERY finds, beside those that are named" },
	{ "new", 0, OPT_FLAG, offsetof(struct args, more), NULL, NULL,
	  "also those that begin later, until ^C or --timeout" },
	{ "logs", 'L', OPT_FLAG, offsetof(struct args, logs), NULL, NULL,
	  "print the lines of their logs as they come" },
	{ "timeout", 0, OPT_STRING, offsetof(struct args, timeout), "DURATION", NULL,
	  "watch so long at most; exit 8 when not all have ended" },
	{ "interval", 0, OPT_STRING, offsetof(struct args, interval), "DURATION", NULL,
	  "look so often; as it seems fit unless told" },
	{ "fail-fast", 0, OPT_FLAG, offsetof(struct args, fail_fast), NULL, NULL,
	  "end with the first that fails" },
	{ "bell", 0, OPT_FLAG, offsetof(struct args, bell), NULL, NULL,
	  "ring at the end, or a notification where the terminal knows them" },
	{ "output", 'o', OPT_STRING, offsetof(struct args, output), "FORM", OUT_FORMS,
	  "form of the rows at the end" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_watch = {
	.name = "watch",
	.summary = "follow runs to their end, and exit with their result",
	.usage = "[ID...] | [QUERY]",
	.words = "@runs",
	.kind = WEIR_RUN,
	.max_words = -1,
	.opts = opts,
	.args_size = sizeof(struct args),
	.run = watch,
};
