/* weir sync: fetch what is new into the store. */
#include "cmd.h"

#include <errno.h>

#include <weir/beside.h>
#include <weir/mem.h>
#include <weir/query.h>
#include <weir/sync.h>
#include <weir/text.h>

#include "bar.h"

enum {
	LOCK_MS = 10000,
	WATCH_US = 5 * WEIR_SECOND_US,
	AWAY_MAX_US = 60 * WEIR_SECOND_US
};
enum { NAP_NS = 200000000, WHOLE_EVERY = 6, SOURCE_MAX = 8 << 10 };

struct sync_args {
	const char *since, *logs, *prune, *form;
	bool watch, drift;
};

/* What one go has brought, of the server and of Metaflow. */
struct go {
	struct weir_sync_result server, metaflow;
	bool has_server, has_metaflow;
	double seconds;         /* for the server */
	double beside_seconds;  /* for Metaflow */
	struct weir_err failed; /* of Metaflow */
};

#define A(name) offsetof(struct sync_args, name)
/* clang-format off */
static const struct opt opts[] = {
	{ "since",  0,   OPT_STRING, A(since), "AGE", NULL,
	  "how far back to fetch: 30d, 2026-01-31, all; remembered" },
	{ "logs",   0,   OPT_STRING, A(logs),  "QUERY", "@query",
	  "also the logs of the runs that match" },
	{ "watch",  0,   OPT_FLAG,   A(watch), NULL, NULL,
	  "go on until interrupted" },
	{ "drift",  0,   OPT_FLAG,   A(drift), NULL, NULL,
	  "compare counts with the server's and repair what differs" },
	{ "prune",  0,   OPT_STRING, A(prune), "OLDER", NULL,
	  "only forget runs that ended before: 90d, 2026-01-31" },
	{ "output", 'o', OPT_STRING, A(form),  "FORM", "text|json",
	  "form of the result" },
	OPT_END,
};
/* clang-format on */

static bool
is_json(const struct sync_args *a)
{
	return a->form && strcmp(a->form, "json") == 0;
}

/* `all`, an age or a date. */
static enum weir_rc
parse_age(struct ctx *ctx, const char *option, const char *text, int64_t *ret_us)
{
	if (strcmp(text, "all") == 0) {
		*ret_us = 0;
		return WEIR_OK;
	}
	if (weir_time_parse_human(str_of(text), weir_now_us(), ret_us) &&
		*ret_us <= weir_now_us())
		return WEIR_OK;
	(void)weir_fail(ctx->err, WEIR_EUSAGE,
		"sync: --%s '%s': not an age or a date in the past", option, text);
	return weir_hint(ctx->err, "weir sync --%s 30d", option);
}

/* What a store holds now; 0 where it cannot be told. */
static int64_t
count_in(struct weir_store *store, enum weir_kind kind)
{
	struct weir_err err;
	int64_t n = 0;

	return store && !weir_store_count(store, kind, &n, &err) ? n : 0;
}

/* Of the server's alone. */
static int64_t
count(struct ctx *ctx, enum weir_kind kind)
{
	struct weir_store *store = NULL;
	struct weir_err err;
	int64_t n;

	if (weir_session_store(ctx->session, WEIR_STORE_READ, &store, &err))
		return 0;
	n = count_in(store, kind);
	if (kind == WEIR_RUN || kind == WEIR_FLOW)
		n -= count_in(weir_store_beside(store), kind);
	return n;
}

static void
add_count(struct buf *b, int64_t n, const char *one, const char *many)
{
	bar_number(b, n);
	buf_addf(b, " %s", n == 1 ? one : many);
}

static void
server_text(struct ctx *ctx, struct buf *b, const struct go *go)
{
	buf_adds(b, "synced ");
	text_sanitize(b, str_of(weir_config_name(ctx->config)), 0);
	buf_adds(b, ": ");
	add_count(b, count(ctx, WEIR_RUN), "run", "runs");
	buf_adds(b, ", ");
	add_count(b, count(ctx, WEIR_FLOW), "flow", "flows");
	buf_adds(b, ", ");
	add_count(b, count(ctx, WEIR_DEPLOYMENT), "deployment", "deployments");
	if (go->server.log_lines) {
		buf_adds(b, ", ");
		add_count(b, go->server.log_lines, "new log line", "new log lines");
	}
	buf_addf(b, " in %.1f s\n", go->seconds);
}

static void
metaflow_text(struct ctx *ctx, struct buf *b, const struct go *go)
{
	struct buf name = BUF_INIT(SOURCE_MAX);
	struct weir_store *store = weir_session_beside(ctx->session, &name);

	buf_adds(b, "synced Metaflow ");
	text_sanitize(b, buf_str(&name), 0);
	buf_adds(b, ": ");
	add_count(b, count_in(store, WEIR_RUN), "run", "runs");
	buf_adds(b, ", ");
	add_count(b, count_in(store, WEIR_FLOW), "flow", "flows");
	buf_addf(b, " in %.1f s\n", go->beside_seconds);
	buf_release(&name);
}

static void
server_json(struct ctx *ctx, struct buf *b, const struct go *go)
{
	const struct weir_sync_result *r = &go->server;

	buf_adds(b, "\"profile\":");
	text_json(b, str_of(weir_config_name(ctx->config)));
	buf_addf(b, ",\"runs\":%lld,\"flows\":%lld,\"deployments\":%lld",
		(long long)count(ctx, WEIR_RUN), (long long)count(ctx, WEIR_FLOW),
		(long long)count(ctx, WEIR_DEPLOYMENT));
	buf_addf(b,
		",\"changed_runs\":%lld,\"changed_task_runs\":%lld"
		",\"changed_documents\":%lld,\"new_log_lines\":%lld,\"deleted\":%lld",
		(long long)r->runs, (long long)r->task_runs, (long long)r->docs,
		(long long)r->log_lines, (long long)r->deleted);
	buf_addf(b, ",\"requests\":%lld,\"bytes\":%lld,\"seconds\":%.3f,\"whole\":%s",
		(long long)r->requests, (long long)r->bytes, go->seconds,
		r->whole ? "true" : "false");
}

static void
metaflow_json(struct ctx *ctx, struct buf *b, const struct go *go)
{
	struct buf name = BUF_INIT(SOURCE_MAX);
	struct weir_store *store = weir_session_beside(ctx->session, &name);
	const struct weir_sync_result *r = &go->metaflow;

	buf_adds(b, "\"metaflow\":{\"source\":");
	text_json(b, buf_str(&name));
	buf_addf(b,
		",\"runs\":%lld,\"flows\":%lld,\"changed_runs\":%lld"
		",\"changed_task_runs\":%lld,\"deleted\":%lld,\"seconds\":%.3f}",
		(long long)count_in(store, WEIR_RUN),
		(long long)count_in(store, WEIR_FLOW), (long long)r->runs,
		(long long)r->task_runs, (long long)r->deleted, go->beside_seconds);
	buf_release(&name);
}

static void
add_json(struct ctx *ctx, struct buf *b, const struct go *go)
{
	buf_addc(b, '{');
	if (go->has_server)
		server_json(ctx, b, go);
	if (go->has_server && go->has_metaflow)
		buf_addc(b, ',');
	if (go->has_metaflow)
		metaflow_json(ctx, b, go);
	buf_adds(b, "}\n");
}

/* Of what was brought; what failed is an error. */
static enum weir_rc
print_result(struct ctx *ctx, const struct go *go)
{
	struct buf b = BUF_INIT(64 << 10);
	enum weir_rc rc = WEIR_OK;

	if (!go->has_server && !go->has_metaflow)
		return WEIR_OK;
	if (is_json(ctx->args))
		add_json(ctx, &b, go);
	else if (!ctx->g.quiet && go->has_server)
		server_text(ctx, &b, go);
	if (!is_json(ctx->args) && !ctx->g.quiet && go->has_metaflow)
		metaflow_text(ctx, &b, go);
	if (b.len)
		rc = ctx_write(ctx, b.s, b.len);
	buf_release(&b);
	return rc;
}

static void
add_results(struct weir_sync_result *to, const struct weir_sync_result *r)
{
	to->runs += r->runs;
	to->task_runs += r->task_runs;
	to->docs += r->docs;
	to->log_lines += r->log_lines;
	to->deleted += r->deleted;
	to->requests += r->requests;
	to->bytes += r->bytes;
	to->whole = to->whole && r->whole;
}

/* A cycle, then the logs that are wanted. */
static enum weir_rc
sync_server(struct ctx *ctx, const struct weir_sync_options *o,
	const struct weir_query *logs, struct go *go)
{
	struct weir_sync_result more;
	int64_t began_us = weir_monotonic_us();
	enum weir_rc rc = weir_sync_cycle(ctx->session, o, &go->server, ctx->err);

	if (!rc && logs) {
		rc = weir_sync_logs_of(ctx->session, logs, o, &more, ctx->err);
		if (!rc)
			add_results(&go->server, &more);
	}
	go->seconds = (double)(weir_monotonic_us() - began_us) / WEIR_SECOND_US;
	go->has_server = !rc;
	return rc;
}

/* Metaflow's runs to their end, or what a quick look brings. Are there any? */
static bool
sync_metaflow(struct ctx *ctx, const struct weir_sync_options *o, struct go *go)
{
	const struct weir_session_metaflow how = { .refresh = !o->quick,
		.sync = o,
		.result = &go->metaflow,
		.failed = &go->failed };
	int64_t began_us = weir_monotonic_us();
	struct buf notes = BUF_INIT(64 << 10);
	bool there = weir_session_metaflow(ctx->session, &how, &notes);

	if (o->progress)
		bar_clear(o->arg);
	if (!o->quick)
		ctx_notes(ctx, buf_cstr(&notes));
	buf_release(&notes);
	go->beside_seconds = (double)(weir_monotonic_us() - began_us) / WEIR_SECOND_US;
	go->has_metaflow = there && !go->failed.rc;
	return there;
}

/* Is what Metaflow knows all there is? */
static bool
is_alone(struct ctx *ctx)
{
	struct weir_store *store = NULL;
	struct weir_err err;

	return !weir_session_store(ctx->session, WEIR_STORE_READ, &store, &err) &&
	       store == weir_session_beside(ctx->session, NULL);
}

/* Metaflow, then the server: one that fails does not keep the other from being read. */
static enum weir_rc
sync_once(struct ctx *ctx, const struct weir_sync_options *o,
	const struct weir_query *logs, struct go *go)
{
	bool there = sync_metaflow(ctx, o, go);
	enum weir_rc rc = WEIR_EINTR;

	if (!weir_session_interrupted(ctx->session))
		rc = sync_server(ctx, o, logs, go);
	if (weir_session_interrupted(ctx->session))
		return weir_fail(ctx->err, WEIR_EINTR, "interrupted");
	if (there &&
		(is_alone(ctx) || (rc == WEIR_ENOSERVER &&
					  !weir_config_lost_profile(ctx->config)))) {
		go->has_server = false;
		rc = rc == WEIR_ENOSERVER ? WEIR_OK : rc;
	}
	if (rc && go->failed.rc)
		ctx_note(ctx, "%s", go->failed.text);
	else if (go->failed.rc)
		*ctx->err = go->failed;
	return rc ? rc : go->failed.rc;
}

static bool
changed(const struct weir_sync_result *r)
{
	return r->runs || r->task_runs || r->docs || r->log_lines || r->deleted;
}

static void
nap(struct ctx *ctx, int64_t us)
{
	int64_t end = weir_monotonic_us() + us;
	struct timespec slice = { .tv_nsec = NAP_NS };

	while (weir_monotonic_us() < end && !weir_session_interrupted(ctx->session))
		nanosleep(&slice, NULL);
}

/* What a watch lives through: the server comes back, the other process ends. */
static bool
passing(enum weir_rc rc)
{
	return rc == WEIR_ENET || rc == WEIR_EBUSY || rc == WEIR_EREFUSED;
}

static enum weir_rc
watch(struct ctx *ctx, struct weir_sync_options *o, const struct weir_query *logs)
{
	int64_t wait = WATCH_US;
	bool away = false;

	for (unsigned i = 1; !weir_session_interrupted(ctx->session); i++) {
		struct go go = { .seconds = 0 };
		enum weir_rc rc;

		nap(ctx, wait);
		if (weir_session_interrupted(ctx->session))
			break;
		o->quick = i % WHOLE_EVERY != 0;
		rc = sync_once(ctx, o, logs, &go);
		if (rc && !passing(rc))
			return rc;
		wait = !rc ? WATCH_US : wait < AWAY_MAX_US / 2 ? wait * 2 : AWAY_MAX_US;
		if (rc && !away)
			ctx_note(ctx, "%s", ctx->err->text);
		if (!rc && away)
			ctx_note(ctx, "the server answers again");
		away = rc != WEIR_OK;
		if (!rc && (changed(&go.server) || changed(&go.metaflow)))
			rc = print_result(ctx, &go);
		if (rc && !away)
			return rc;
	}
	return weir_fail(ctx->err, WEIR_EINTR, "interrupted");
}

/* What a cache forgets the server still has; of the embedded store it is gone. */
static enum weir_rc
may_prune(struct ctx *ctx, const char *older)
{
	if (!weir_config_embedded(ctx->config) || ctx->g.yes)
		return WEIR_OK;
	(void)weir_fail(ctx->err, WEIR_EUSAGE,
		"sync: --prune: runs of the embedded store are nowhere else");
	return weir_hint(ctx->err, "weir sync --prune %s --yes", older);
}

static enum weir_rc
forget(struct ctx *ctx, const struct sync_args *a)
{
	struct buf b = BUF_INIT(256);
	int64_t before, n = 0;
	enum weir_rc rc = may_prune(ctx, a->prune);

	if (!rc)
		rc = parse_age(ctx, "prune", a->prune, &before);
	if (!rc)
		rc = weir_sync_prune(ctx->session, before, &n, ctx->err);
	if (!rc && is_json(a))
		buf_addf(&b, "{\"deleted\":%lld}\n", (long long)n);
	else if (!rc && !ctx->g.quiet) {
		buf_adds(&b, "forgot ");
		add_count(&b, n, "run", "runs");
		buf_addc(&b, '\n');
	}
	if (!rc && b.len)
		rc = ctx_write(ctx, b.s, b.len);
	buf_release(&b);
	return rc;
}

static enum weir_rc
check_args(struct ctx *ctx, const struct sync_args *a)
{
	if (a->prune && (a->since || a->logs || a->watch || a->drift))
		return weir_fail(ctx->err, WEIR_EUSAGE,
			"sync: --prune: only forgets; it goes with no other option");
	if (!ctx->g.offline || a->prune)
		return WEIR_OK;
	(void)weir_fail(
		ctx->err, WEIR_EUSAGE, "sync: --offline: nothing can be fetched");
	return weir_hint(ctx->err, "weir sync");
}

static enum weir_rc
sync_run(struct ctx *ctx)
{
	const struct sync_args *a = ctx->args;
	struct bar bar;
	struct weir_sync_options o = {
		.since_us = WEIR_NO_TIME,
		.drift = a->drift,
		.lock_ms = LOCK_MS,
		.progress = bar_progress,
		.arg = &bar,
	};
	struct weir_query *logs = NULL;
	struct go go = { .seconds = 0 };
	enum weir_rc rc = check_args(ctx, a);

	if (rc)
		return rc;
	if (a->prune)
		return forget(ctx, a);
	if (a->since)
		rc = parse_age(ctx, "since", a->since, &o.since_us);
	if (!rc && a->logs)
		rc = weir_query_parse(
			WEIR_RUN, str_of(a->logs), weir_now_us(), &logs, ctx->err);
	bar_init(&bar, ctx);
	if (!rc)
		rc = sync_once(ctx, &o, logs, &go);
	bar_clear(&bar);
	if (rc != WEIR_EINTR && print_result(ctx, &go))
		rc = ctx->err->rc;
	o.progress = NULL;
	o.drift = false;
	o.since_us = WEIR_NO_TIME;
	if (!rc && a->watch)
		rc = watch(ctx, &o, logs);
	weir_query_free(logs);
	return rc;
}

const struct cmd cmd_sync = {
	.name = "sync",
	.summary = "fetch what is new from the server and Metaflow",
	.usage = "",
	.max_words = 0,
	.opts = opts,
	.args_size = sizeof(struct sync_args),
	.run = sync_run,
};
