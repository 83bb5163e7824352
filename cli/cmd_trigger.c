/* weir trigger: start runs of a deployment. */
#include <ctype.h>
#include <unistd.h>

#include <weir/mem.h>
#include <weir/text.h>
#include <weir/time.h>
#include <weir/trigger.h>

#include "acts.h"
#include "plan.h"
#include "trigger_args.h"
#include "trigger_print.h"
#include "watch.h"

enum { TRIGGER_LISTED = 200, TRIGGER_NAMES = 5000 };
static const int64_t past_us = INT64_C(60) * WEIR_SECOND_US;

struct args {
	struct opt_list params, tags, variables, matrix;
	const char *whole, *name, *queue, *key, *at, *in, *output;
	struct watch_args watch;
	bool dry_run, unchecked, no_parent;
};

/* One command: a run each combination. */
struct start {
	struct ctx *ctx;
	const struct args *args;
	struct weir_deployment d;
	struct weir_schema *schema;
	struct trigger_matrix matrix;
	struct buf params, tags, variables;
	int64_t at_us, timeout_us;
	struct trigger_print print;
	struct weir_id *made;
	size_t n_made, n_failed;
	char warned[sizeof(((struct weir_act_result *)0)->hint)];
};

/* ---- when */

static enum weir_rc
set_times(struct start *s)
{
	const struct args *a = s->args;
	struct weir_err *err = s->ctx->err;
	int64_t now_us = weir_now_us(), span;

	s->at_us = WEIR_NO_TIME;
	if (a->at && a->in)
		return weir_fail(
			err, WEIR_EUSAGE, "trigger: --at or --in, not both of them");
	if (a->in && !weir_duration_parse(str_of(a->in), &span))
		return weir_fail(err, WEIR_EUSAGE,
			"--in '%.60s': not a duration such as 20m", a->in);
	if (a->in && __builtin_add_overflow(now_us, span, &s->at_us))
		return weir_fail(err, WEIR_EUSAGE, "--in '%.60s': too long", a->in);
	if (!a->at)
		return WEIR_OK;
	if (!weir_time_parse_human(str_of(a->at), now_us, &s->at_us))
		return weir_fail(err, WEIR_EUSAGE,
			"--at '%.60s': not a time such as 18:30 or "
			"2026-11-21T18:30:00Z",
			a->at);
	if (s->at_us >= now_us - past_us)
		return WEIR_OK;
	(void)weir_fail(err, WEIR_EUSAGE, "--at '%.60s': that is over", a->at);
	return weir_hint(err, "--in 20m");
}

/* ---- which deployment */

struct names {
	struct arena arena;
	VEC(const char *) v;
};

static void
add_name(struct names *n, const struct weir_rows *rows, bool whole)
{
	struct str flow = weir_rows_cell(rows, 0)->s, name = weir_rows_cell(rows, 1)->s;

	VEC_PUSH(&n->v, whole ? arena_printf(&n->arena, "%.*s/%.*s", (int)flow.len,
					flow.s, (int)name.len, name.s)
			      : arena_strndup(&n->arena, name.s, name.len));
}

/* The nearest name of a deployment that is known here. */
static void
suggest(struct ctx *ctx, const char *word)
{
	struct weir_select sel = { .kind = WEIR_DEPLOYMENT, .limit = TRIGGER_NAMES };
	struct weir_column_set set = { 0 };
	struct weir_rows *rows = NULL;
	struct names names = { 0 };
	struct weir_store *store;
	const char *near = NULL;
	bool row = true;

	sel.columns = &set;
	if (weir_session_store(ctx->session, WEIR_STORE_READ, &store, NULL))
		return;
	if (weir_columns_choose(WEIR_DEPLOYMENT, "flow_name,name", 0, &set, NULL) ||
		weir_rows_open(store, &sel, &rows, NULL))
		row = false;
	while (row && !weir_rows_next(rows, &row, NULL) && row)
		add_name(&names, rows, strchr(word, '/') != NULL);
	weir_rows_close(rows);
	weir_columns_release(&set);
	near = text_nearest(str_of(word), names.v.v, names.v.n);
	if (near)
		weir_hint(ctx->err, "weir trigger %s", near);
	else
		weir_hint(ctx->err, "weir deployments");
	VEC_FREE(&names.v);
	arena_free(&names.arena);
}

static enum weir_rc
find(struct ctx *ctx, const char *word, struct weir_id *ret_id)
{
	struct weir_store *store;
	enum weir_kind kind;
	int64_t key;
	enum weir_rc rc;

	if (!weir_session_store(ctx->session, WEIR_STORE_READ, &store, NULL) &&
		!weir_resolve(store, 1u << WEIR_DEPLOYMENT, word, &kind, ret_id, &key,
			ctx->err))
		return WEIR_OK;
	/* the server is asked for a full id anyway */
	if (strlen(word) >= 32 && weir_id_parse(str_of(word), ret_id))
		return WEIR_OK;
	rc = ctx_refresh(ctx); /* it may be newer than the store */
	if (!rc)
		rc = ctx_resolve(ctx, 1u << WEIR_DEPLOYMENT, word, &kind, ret_id, NULL);
	if (rc == WEIR_ENOTFOUND)
		suggest(ctx, word);
	return rc;
}

/* By what the store knows of it; else, or if that has gone, by its name. */
static enum weir_rc
ask_server(struct start *s, const char *word)
{
	struct ctx *ctx = s->ctx;
	struct weir_id id;
	enum weir_rc rc = find(ctx, word, &id);

	if (!rc)
		rc = weir_deployment_read(ctx->session, &id, &s->d, ctx->err);
	if (rc == WEIR_ENOTFOUND && strchr(word, '/') && !strstr(word, "://"))
		rc = weir_deployment_named(ctx->session, word, &s->d, ctx->err);
	return rc;
}

static enum weir_rc
ask_store(struct start *s, const char *word)
{
	struct ctx *ctx = s->ctx;
	struct weir_store *store;
	struct weir_id id;
	enum weir_rc rc = find(ctx, word, &id);

	if (!rc)
		rc = ctx_store(ctx, &store);
	return rc ? rc : weir_deployment_of(store, &id, &s->d, ctx->err);
}

static enum weir_rc
read_deployment(struct start *s)
{
	struct ctx *ctx = s->ctx;
	const char *word = ctx->words[0];
	struct weir_err err;
	enum weir_rc rc = ctx->g.offline ? ask_store(s, word) : ask_server(s, word);

	if (rc == WEIR_ENOTFOUND)
		suggest(ctx, word);
	if (!rc && weir_schema_parse(str_of(s->d.schema), &s->schema, &err)) {
		ctx_note(ctx, "%s", err.text);
		rc = weir_schema_parse(STR(""), &s->schema, ctx->err);
	}
	return rc;
}

/* ---- with what */

static enum weir_rc
read_params(struct start *s)
{
	const struct args *a = s->args;
	struct ctx *ctx = s->ctx;
	struct weir_schema *none = NULL;
	enum weir_rc rc;

	rc = trigger_args_set(ctx, "-p", s->schema, a->whole, &a->params, &s->params);
	if (!rc && ctx->n_words > 1)
		rc = trigger_args_add(
			ctx, "trigger", s->schema, ctx->words[1], &s->params);
	if (!rc)
		rc = trigger_args_matrix(ctx, s->schema, &a->matrix, &s->matrix);
	if (!rc)
		rc = weir_schema_parse(STR(""), &none, ctx->err);
	if (!rc)
		rc = trigger_args_set(ctx, "--job-variable", none, NULL, &a->variables,
			&s->variables);
	trigger_args_texts(&a->tags, &s->tags);
	weir_schema_free(none);
	return rc;
}

static const char *
text_or_null(const struct buf *b)
{
	return b->len ? buf_cstr(b) : NULL;
}

/* What a wish points at, kept while it is used. */
struct texts {
	struct buf params, key, name;
};

#define TEXTS_INIT                                                                     \
	{                                                                              \
		BUF_INIT(BUF_MAX), BUF_INIT(BUF_MAX), BUF_INIT(BUF_MAX)                \
	}

static void
release_texts(struct texts *x)
{
	buf_release(&x->params);
	buf_release(&x->key);
	buf_release(&x->name);
}

/* Wish number i. */
static enum weir_rc
make(struct start *s, size_t i, struct texts *x, struct weir_trigger *ret)
{
	const struct args *a = s->args;
	enum weir_rc rc;

	buf_clear(&x->params);
	buf_clear(&x->key);
	buf_clear(&x->name);
	rc = weir_params_overlay(
		buf_str(&s->params), str_of(s->matrix.v[i]), &x->params, s->ctx->err);
	if (a->key)
		buf_adds(&x->key, a->key);
	if (a->key && a->matrix.n)
		buf_addf(&x->key, " %s", s->matrix.v[i]);
	if (a->name) {
		buf_adds(&x->name, a->name);
		trigger_print_values(s->matrix.v[i], &x->name);
	}
	*ret = (struct weir_trigger){
		.deployment = s->d.id,
		.known = &s->d,
		.parameters = x->params.len > 2 ? buf_cstr(&x->params) : NULL,
		.tags = text_or_null(&s->tags),
		.name = a->name ? buf_cstr(&x->name) : NULL,
		.queue = a->queue,
		.job_variables = text_or_null(&s->variables),
		.key = a->key ? buf_cstr(&x->key) : NULL,
		.at_us = s->at_us,
		.unchecked = a->unchecked,
		.parent = a->no_parent ? NULL : getenv("PREFECT__FLOW_RUN_ID"),
	};
	return rc;
}

/* ---- what would be sent; can all be */

static enum weir_rc
fail_result(struct ctx *ctx, const struct weir_act_result *r)
{
	(void)weir_fail(ctx->err, r->rc, "trigger: %s: %s", r->name, r->said);
	if (r->hint[0])
		(void)weir_hint(ctx->err, "%s", r->hint);
	return r->rc;
}

/* What all combinations have alike is said once. */
static void
warn(struct start *s, const struct weir_act_result *r)
{
	if (r->hint[0] && strcmp(r->hint, s->warned) != 0)
		ctx_note(s->ctx, "trigger: %s: %s", r->name, r->hint);
	snprintf(s->warned, sizeof(s->warned), "%s", r->hint);
}

/* print: say what would be sent; else only whether it could be. */
static enum weir_rc
plan_all(struct start *s, bool print)
{
	struct texts x = TEXTS_INIT;
	struct ctx *ctx = s->ctx;
	struct plan plan = { .ctx = ctx };
	enum weir_rc rc = WEIR_OK;

	if (print)
		plan_open(&plan, ctx, s->args->output);
	for (size_t i = 0; !rc && i < s->matrix.n; i++) {
		struct buf path = BUF_INIT(4096), body = BUF_INIT(BUF_MAX);
		struct weir_act_result r = { 0 };
		struct weir_trigger t;

		rc = make(s, i, &x, &t);
		if (!rc)
			rc = weir_trigger_plan(NULL, &t, &path, &body, &r, ctx->err);
		if (!rc && r.rc)
			rc = fail_result(ctx, &r);
		else if (!rc && print) {
			warn(s, &r);
			rc = plan_put(&plan, &(struct plan_line){ .id = s->d.id,
						     .name = r.name,
						     .path = buf_cstr(&path),
						     .body = buf_cstr(&body),
						     .said = "",
						     .company = "" });
		}
		buf_release(&path);
		buf_release(&body);
	}
	if (print)
		rc = plan_close(&plan, rc);
	release_texts(&x);
	return rc;
}

static enum weir_rc
ask(struct start *s)
{
	struct ctx *ctx = s->ctx;
	char answer[64] = "", count[32];
	struct buf b = BUF_INIT(BUF_MAX);
	size_t i;

	if (!ctx->tty_in || !ctx->tty_err) {
		(void)weir_fail(ctx->err, WEIR_EUSAGE,
			"trigger: %zu runs: there is nobody to be asked", s->matrix.n);
		return weir_hint(ctx->err, "weir trigger --yes ..., or --dry-run");
	}
	for (i = 0; i < s->matrix.n && i < TRIGGER_LISTED; i++) {
		struct buf line = BUF_INIT(BUF_MAX);

		buf_clear(&b);
		trigger_print_combination(s->matrix.v[i], &line);
		text_sanitize(&b, buf_str(&line), ctx->utf8 ? 0 : TEXT_ASCII);
		fprintf(stderr, " %s\n", buf_cstr(&b));
		buf_release(&line);
	}
	if (i < s->matrix.n)
		fprintf(stderr, "  and %zu more\n", s->matrix.n - i);
	snprintf(count, sizeof(count), "%zu", s->matrix.n);
	fprintf(stderr, "trigger these %s runs? type %s: ", count, count);
	fflush(stderr);
	buf_release(&b);
	if (fgets(answer, sizeof(answer), stdin))
		answer[strcspn(answer, "\n")] = '\0';
	if (!strcmp(answer, count))
		return WEIR_OK;
	return weir_fail(ctx->err, WEIR_EFAIL, "trigger: nothing was done");
}

/* ---- what came of it */

/* A failure is told when the next comes; the last is the command's own. */
static enum weir_rc
tell(struct start *s, size_t i, const struct weir_act_result *r,
	const struct weir_trigger *t)
{
	enum weir_rc rc = WEIR_OK;

	if (!weir_id_is_null(&r->made))
		s->made[s->n_made++] = r->made;
	rc = trigger_print_one(&s->print, r, t, s->matrix.v[i]);
	if (!rc && !r->rc)
		warn(s, r);
	if (r->rc) {
		if (s->n_failed++)
			ctx_report(s->ctx);
		(void)fail_result(s->ctx, r);
	}
	return rc;
}

static enum weir_rc
start_all(struct start *s)
{
	struct texts x = TEXTS_INIT;
	struct ctx *ctx = s->ctx;
	enum weir_rc rc = WEIR_OK, first = WEIR_OK;

	s->made = xcalloc(s->matrix.n, sizeof(*s->made));
	trigger_print_open(&s->print, ctx, s->args->output);
	for (size_t i = 0; !rc && i < s->matrix.n; i++) {
		struct weir_act_result r;
		struct weir_trigger t;

		rc = make(s, i, &x, &t);
		if (rc)
			break;
		(void)weir_trigger(ctx->session, &t, &r);
		rc = tell(s, i, &r, &t);
		if (!first)
			first = r.rc;
		if (r.rc == WEIR_EINTR)
			break;
	}
	rc = trigger_print_close(&s->print, rc);
	release_texts(&x);
	if (rc || !s->n_failed || s->matrix.n == 1)
		return rc ? rc : first;
	ctx_report(ctx);
	return weir_fail(ctx->err, first, "trigger: %zu of %zu runs: not started",
		s->n_failed, s->matrix.n);
}

/* ---- the command */

static enum weir_rc
may(struct ctx *ctx, const struct args *a)
{
	enum weir_rc rc = WEIR_OK;

	if (a->dry_run)
		return WEIR_OK;
	rc = weir_act_allowed(ctx->config, WEIR_ACT_TRIGGER, ctx->err);
	if (rc || !ctx->g.offline)
		return rc;
	(void)weir_fail(ctx->err, WEIR_ENET, "trigger: --offline: no server is asked");
	return weir_hint(
		ctx->err, "weir trigger --dry-run ..., or leave out --offline");
}

static enum weir_rc
start_and_wait(struct start *s)
{
	const struct args *a = s->args;
	enum weir_rc rc = WEIR_OK;

	if (s->matrix.n > WEIR_ACT_MANY && !s->ctx->g.yes)
		rc = ask(s);
	if (!rc)
		rc = start_all(s);
	if (!rc && (a->watch.wait || a->watch.watch))
		rc = watch_started(s->ctx, s->made, s->n_made, s->timeout_us,
			a->watch.watch, s->print.lines);
	return rc;
}

static enum weir_rc
trigger(struct ctx *ctx)
{
	struct start s = { .ctx = ctx, .args = ctx->args };
	enum weir_rc rc = may(ctx, s.args);

	buf_init(&s.params, BUF_MAX);
	buf_init(&s.tags, BUF_MAX);
	buf_init(&s.variables, BUF_MAX);
	if (!rc)
		rc = watch_timeout(ctx, &s.args->watch, &s.timeout_us);
	if (!rc)
		rc = set_times(&s);
	if (!rc && !s.args->dry_run)
		acts_settle(ctx);
	if (!rc)
		rc = read_deployment(&s);
	if (!rc)
		rc = read_params(&s);
	if (!rc && (s.args->dry_run || s.matrix.n > 1))
		rc = plan_all(&s, s.args->dry_run);
	if (!rc && !s.args->dry_run)
		rc = start_and_wait(&s);
	trigger_args_matrix_free(&s.matrix);
	weir_schema_free(s.schema);
	weir_deployment_release(&s.d);
	buf_release(&s.params);
	buf_release(&s.tags);
	buf_release(&s.variables);
	free(s.made);
	return rc;
}

/* clang-format off */
static const struct opt opts[] = {
	{ "param", 'p', OPT_LIST, offsetof(struct args, params), "NAME=VALUE",
	  "@parameters", "a parameter; or NAME:=JSON, NAME=@FILE" },
	{ "params", 0, OPT_STRING, offsetof(struct args, whole), "JSON|FILE",
	  "@files", "all of them: an object, its file, or -" },
	{ "matrix", 'm', OPT_LIST, offsetof(struct args, matrix), "NAME=A,B",
	  "@parameters", "one run each value; of several, each combination" },
	{ "tag", 't', OPT_LIST, offsetof(struct args, tags), "TAG",
	  NULL, "a tag beside those of the deployment" },
	{ "name", 0, OPT_STRING, offsetof(struct args, name), "NAME",
	  NULL, "name of the run" },
	{ "at", 0, OPT_STRING, offsetof(struct args, at), "TIME",
	  NULL, "start at this time" },
	{ "in", 0, OPT_STRING, offsetof(struct args, in), "DURATION",
	  NULL, "start after so long" },
	{ "job-variable", 'j', OPT_LIST, offsetof(struct args, variables), "NAME=VALUE",
	  NULL, "a job variable in place of the deployment's; NAME:=JSON" },
	{ "queue", 0, OPT_STRING, offsetof(struct args, queue), "QUEUE",
	  NULL, "another work queue of the pool" },
	{ "idempotency-key", 'k', OPT_STRING, offsetof(struct args, key), "KEY",
	  NULL, "what was made with it is not made again" },
	{ "unchecked", 0, OPT_FLAG, offsetof(struct args, unchecked), NULL,
	  NULL, "send parameters that do not fit the schema" },
	{ "no-parent", 0, OPT_FLAG, offsetof(struct args, no_parent), NULL,
	  NULL, "no child of the run that this command belongs to" },
	WATCH_OPTS(struct args, watch),
	{ "dry-run", 'd', OPT_FLAG, offsetof(struct args, dry_run), NULL,
	  NULL, "print what would be sent, send nothing" },
	{ "output", 'o', OPT_STRING, offsetof(struct args, output), "FORM",
	  OUT_FORMS, "form of the output" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_trigger = {
	.name = "trigger",
	.summary = "start runs of a deployment",
	.needs = CMD_ACTS,
	.usage = "FLOW/DEPLOYMENT [-]",
	.words = "@deployments",
	.kind = WEIR_DEPLOYMENT,
	.min_words = 1,
	.max_words = 2,
	.opts = opts,
	.args_size = sizeof(struct args),
	.run = trigger,
};
