/*
 * weir retrigger: run again. Which runs that means (of a build its failed platforms),
 * and with which parameters, is settled before anything is asked or sent.
 */
#include <weir/act_build.h>
#include <weir/json.h>
#include <weir/select.h>
#include <weir/sync.h>
#include <weir/text.h>
#include <weir/trigger.h>

#include "acts.h"
#include "edit.h"
#include "trigger_args.h"

struct args {
	struct acts_args acts;
	struct watch_args watch;
	struct opt_list params;
	const char *whole;
	bool same, defaults, edit, all;
};

struct job {
	struct ctx *ctx;
	const struct args *args;
	struct acts acts;
};

/* ---- a run as it is here */

struct old_run {
	struct weir_id deployment;
	char *name, *parameters; /* owned */
};

static void
take_old(void *arg, const struct weir_rows *rows)
{
	struct old_run *o = arg;

	o->deployment = weir_rows_cell(rows, 0)->id;
	if (weir_rows_cell(rows, 0)->null)
		memset(&o->deployment, 0, sizeof(o->deployment));
	o->name = str_copy(weir_rows_cell(rows, 1)->s);
	o->parameters = str_copy(weir_rows_cell(rows, 2)->s);
}

static enum weir_rc
read_old(struct job *j, const struct weir_id *id, struct old_run *ret)
{
	static const char columns[] = "deployment_id,name,parameters";
	struct weir_store *store;
	enum weir_rc rc = ctx_store(j->ctx, &store);

	*ret = (struct old_run){ 0 };
	if (!rc)
		rc = weir_row_of(
			store, WEIR_RUN, id, columns, take_old, ret, j->ctx->err);
	if (rc != WEIR_ENOTFOUND || j->ctx->g.offline)
		return rc;
	/* it is newer than the store */
	rc = weir_sync_run(j->ctx->session, id, j->ctx->err);
	if (!rc)
		rc = ctx_store(j->ctx, &store);
	if (!rc)
		rc = weir_row_of(
			store, WEIR_RUN, id, columns, take_old, ret, j->ctx->err);
	return rc;
}

static void
release_old(struct old_run *o)
{
	free(o->name);
	free(o->parameters);
}

/* Its deployment as it is now; a plan goes by the store. */
static enum weir_rc
read_deployment(struct job *j, const struct old_run *o, struct weir_deployment *d,
	struct weir_schema **s)
{
	struct weir_store *store;
	enum weir_rc rc;

	if (weir_id_is_null(&o->deployment))
		return weir_fail(j->ctx->err, WEIR_EREFUSED,
			"retrigger: %s: has no deployment: only what started its flow "
			"can start it again",
			o->name);
	if (j->ctx->g.offline) {
		rc = ctx_store(j->ctx, &store);
		if (!rc)
			rc = weir_deployment_of(store, &o->deployment, d, j->ctx->err);
	} else {
		rc = weir_deployment_read(
			j->ctx->session, &o->deployment, d, j->ctx->err);
	}
	if (rc == WEIR_ENOTFOUND)
		rc = weir_fail(j->ctx->err, WEIR_EREFUSED,
			"retrigger: %s: refused: its deployment is gone", o->name);
	return rc ? rc : weir_schema_parse(str_of(d->schema), s, j->ctx->err);
}

/* ---- parameters */

/* What is laid over: what the target has, then what was typed. */
static enum weir_rc
typed(struct job *j, const struct weir_schema *s, struct acts_target *t,
	struct buf *over)
{
	buf_adds(over, t->parameters ? t->parameters : "{}");
	return trigger_args_set(
		j->ctx, "-p", s, j->args->whole, &j->args->params, over);
}

static enum weir_rc
edited(struct job *j, const struct weir_schema *s, const struct old_run *o,
	const struct weir_deployment *d, struct buf *over)
{
	const char *under =
		j->args->defaults || !*o->parameters ? d->parameters : o->parameters;
	struct buf all = BUF_INIT(BUF_MAX);
	enum weir_rc rc = weir_params_overlay(
		str_of(*under ? under : "{}"), buf_str(over), &all, j->ctx->err);

	buf_clear(over);
	if (!rc)
		rc = edit_parameters(j->ctx, o->name, s, buf_str(&all), over);
	buf_release(&all);
	return rc;
}

/* `not sent: platforms[2]: ...`: the parameter that comes first. */
static enum weir_rc
unfit(struct ctx *ctx, const struct old_run *o, const struct weir_act_result *r)
{
	const char *name = strstr(r->said, ": ");

	name = name ? name + 2 : r->said;
	(void)weir_fail(
		ctx->err, r->rc, "retrigger: %s: %s: %s", o->name, r->name, r->said);
	return weir_hint(ctx->err, "weir retrigger -p %.*s=..., or weir show %s",
		(int)strcspn(name, ":.["), name, r->name);
}

/* As of a trigger: what does not fit is not sent, a name that is none is told. */
static enum weir_rc
check_typed(struct job *j, const struct old_run *o, const struct weir_deployment *d,
	const struct buf *over)
{
	bool own = j->args->defaults || !*o->parameters;
	struct buf under = BUF_INIT(BUF_MAX), path = BUF_INIT(4096);
	struct weir_deployment as_run = *d;
	struct weir_trigger wish = WEIR_TRIGGER_INIT;
	struct ctx *ctx = j->ctx;
	struct weir_act_result r;
	enum weir_rc rc = weir_params_overlay(str_of(d->parameters),
		str_of(own ? "{}" : o->parameters), &under, ctx->err);

	as_run.parameters = under.len ? under.s : d->parameters;
	wish.deployment = d->id;
	wish.known = &as_run;
	wish.parameters = over->s;
	if (!rc)
		rc = weir_trigger_plan(NULL, &wish, &path, NULL, &r, ctx->err);
	if (!rc && r.rc)
		rc = unfit(ctx, o, &r);
	else if (!rc && r.hint[0])
		ctx_note(ctx, "retrigger: %s: %s: %s", o->name, r.name, r.hint);
	buf_release(&under);
	buf_release(&path);
	return rc;
}

static enum weir_rc
set_parameters(struct job *j, struct acts_target *t)
{
	struct buf over = BUF_INIT(BUF_MAX);
	struct weir_deployment d = { 0 };
	struct weir_schema *s = NULL;
	struct old_run o = { 0 };
	enum weir_rc rc = read_old(j, &t->id, &o);

	if (!rc)
		rc = read_deployment(j, &o, &d, &s);
	if (!rc)
		rc = typed(j, s, t, &over);
	if (!rc && j->args->edit)
		rc = edited(j, s, &o, &d, &over);
	if (!rc && !j->args->edit)
		rc = check_typed(j, &o, &d, &over);
	if (!rc) {
		free(t->parameters);
		t->parameters = buf_steal(&over);
		t->act.parameters = t->parameters;
	}
	weir_schema_free(s);
	weir_deployment_release(&d);
	release_old(&o);
	buf_release(&over);
	return rc;
}

/* ---- builds */

static void
push(struct job *j, const struct weir_id *id, struct buf *parameters)
{
	struct acts_target t = { .act = *j->acts.act, .id = *id };

	t.act.of = WEIR_RUN;
	if (parameters) {
		t.parameters = buf_steal(parameters);
		t.act.parameters = t.parameters;
	}
	VEC_PUSH(&j->acts.targets, t);
}

/* `{"platforms":["linux-64","win-64"]}`, or one a run where it takes one text. */
static enum weir_rc
again_with(struct job *j, const struct weir_id *id, const struct weir_act_build *b,
	const char *param, bool list)
{
	struct buf p = BUF_INIT(BUF_MAX);

	for (size_t i = 0; i < b->n; i++) {
		if (!b->v[i].failed || !weir_id_is_null(&b->v[i].deployment))
			continue;
		if (!list || !p.len) {
			buf_addc(&p, '{');
			text_json(&p, str_of(param));
			buf_adds(&p, list ? ":[" : ":");
		} else {
			buf_addc(&p, ',');
		}
		text_json(&p, str_of(b->v[i].platform));
		if (!list) {
			buf_addc(&p, '}');
			push(j, id, &p);
		}
	}
	if (list) {
		buf_adds(&p, "]}");
		push(j, id, &p);
	}
	buf_release(&p);
	return WEIR_OK;
}

static bool
is_list(const struct old_run *o, const struct weir_param *p, const char *param)
{
	struct weir_json *old = NULL;
	const struct weir_json *value = NULL;
	bool list;

	if (!weir_json_parse(str_of(o->parameters), &old, NULL))
		value = weir_json_get(old, param);
	list = p && p->type != WEIR_PARAM_ANY
		       ? p->type == WEIR_PARAM_ARRAY
		       : weir_json_type(value) == WEIR_JSON_ARRAY;
	weir_json_free(old);
	return list;
}

/* The parent once more, for those platforms that failed. */
static enum weir_rc
parent_again(struct job *j, const struct weir_id *id, const struct weir_act_build *b)
{
	const char *param =
		weir_config_str(j->ctx->config, WEIR_KEY_BUILD_PLATFORM_PARAM);
	struct weir_deployment d = { 0 };
	struct weir_schema *s = NULL;
	const struct weir_param *p;
	struct old_run o = { 0 };
	enum weir_rc rc = read_old(j, id, &o);

	if (!rc && (!param || !*param)) {
		rc = weir_fail(j->ctx->err, WEIR_EREFUSED,
			"retrigger: %s: its failed platforms have no deployment of "
			"their own, and build_platform_param does not say which "
			"parameter names them",
			o.name);
		(void)weir_hint(j->ctx->err,
			"weir config set build_platform_param NAME, or --all for the "
			"whole build");
	}
	if (!rc)
		rc = read_deployment(j, &o, &d, &s);
	p = rc ? NULL : weir_schema_find(s, str_of(param));
	if (!rc && !p && weir_schema_size(s)) {
		rc = weir_fail(j->ctx->err, WEIR_EREFUSED,
			"retrigger: %s: %s/%s has no parameter '%s' "
			"(build_platform_param)",
			o.name, d.flow_name, d.name, param);
		(void)weir_hint(j->ctx->err, "weir show %s/%s", d.flow_name, d.name);
	}
	if (!rc)
		rc = again_with(j, id, b, param, is_list(&o, p, param));
	weir_schema_free(s);
	weir_deployment_release(&d);
	release_old(&o);
	return rc;
}

static enum weir_rc
failed_platforms(
	struct job *j, const struct weir_id *id, const struct weir_act_build *b)
{
	struct buf names = BUF_INIT(1024);
	enum weir_rc rc = WEIR_OK;
	bool parent = false;

	for (size_t i = 0; i < b->n; i++) {
		if (!b->v[i].failed)
			continue;
		buf_addf(&names, "%s%s", names.len ? ", " : "", b->v[i].platform);
		if (weir_id_is_null(&b->v[i].deployment))
			parent = true;
		else
			push(j, &b->v[i].run, NULL);
	}
	if (parent)
		rc = parent_again(j, id, b);
	if (!rc)
		ctx_note(j->ctx,
			"a build: %zu of %zu platforms failed, only they are run "
			"again: "
			"%s (--all: the whole build)",
			b->n_failed, b->n, buf_cstr(&names));
	buf_release(&names);
	return rc;
}

/* Whole, although it has no deployment: its children, as far as they have. */
static void
all_platforms(struct job *j, const struct weir_id *id, const struct weir_act_build *b)
{
	struct old_run o = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += !weir_id_is_null(&b->v[i].deployment);
	if (!n || read_old(j, id, &o) || !weir_id_is_null(&o.deployment))
		push(j, id, NULL);
	for (size_t i = 0; n && weir_id_is_null(&o.deployment) && i < b->n; i++)
		if (!weir_id_is_null(&b->v[i].deployment))
			push(j, &b->v[i].run, NULL);
	release_old(&o);
}

/* What failed was run again already: not all of it once more. */
static enum weir_rc
none_failed(struct job *j, const struct weir_id *id, const struct weir_act_build *b)
{
	char text[WEIR_ID_TEXT + 1];
	size_t live = 0;

	for (size_t i = 0; i < b->n; i++)
		live += !weir_state_is_terminal(b->v[i].state);
	weir_id_format(id, text);
	if (live)
		(void)weir_fail(j->ctx->err, WEIR_EREFUSED,
			"retrigger: %s: its failed platforms were run again already: "
			"%zu of %zu have not ended",
			text, live, b->n);
	else
		(void)weir_fail(j->ctx->err, WEIR_EREFUSED,
			"retrigger: %s: its failed platforms were run again, and all "
			"%zu have completed",
			text, b->n);
	return weir_hint(j->ctx->err, "weir retrigger --all %s", text);
}

static enum weir_rc
expand_one(struct job *j, const struct weir_id *id)
{
	struct weir_act_build b = { 0 };
	struct weir_statedb *state = NULL;
	struct weir_store *store;
	struct weir_err err;
	enum weir_rc rc;

	if (weir_session_store(j->ctx->session, WEIR_STORE_READ, &store, &err)) {
		push(j, id, NULL);
		return WEIR_OK;
	}
	if (weir_session_state(j->ctx->session, false, &state, &err))
		state = NULL;
	rc = weir_act_build(store, state, id, &b, j->ctx->err);
	if (!rc && b.n && !j->ctx->g.offline) {
		/* its children as they are now; a server that is away is said later */
		weir_act_build_release(&b);
		if (weir_sync_run(j->ctx->session, id, &err) && err.rc == WEIR_EINTR)
			return weir_fail(j->ctx->err, WEIR_EINTR, "%s", err.text);
		rc = weir_session_store(
			j->ctx->session, WEIR_STORE_READ, &store, j->ctx->err);
		if (!rc)
			rc = weir_act_build(store, state, id, &b, j->ctx->err);
	}
	if (rc)
		return rc;
	if (!b.n)
		push(j, id, NULL);
	else if (!j->args->all && b.n_failed && b.n_failed < b.n)
		rc = failed_platforms(j, id, &b);
	else if (!j->args->all && !b.n_failed && b.n_replaced)
		rc = none_failed(j, id, &b);
	else
		all_platforms(j, id, &b);
	weir_act_build_release(&b);
	return rc;
}

static enum weir_rc
expand(struct job *j)
{
	struct acts_target *old = j->acts.targets.v;
	size_t n = j->acts.targets.n;
	enum weir_rc rc = WEIR_OK;

	j->acts.targets.v = NULL;
	j->acts.targets.n = j->acts.targets.cap = 0;
	for (size_t i = 0; !rc && i < n; i++)
		rc = expand_one(j, &old[i].id);
	free(old);
	return rc;
}

/* ---- the command */

static enum weir_rc
check(struct ctx *ctx, const struct args *a)
{
	bool set = a->params.n || a->whole || a->edit;

	if (a->same && (a->defaults || set))
		return weir_fail(ctx->err, WEIR_EUSAGE,
			"retrigger: --same keeps its parameters: not with %s",
			a->defaults ? "--defaults"
			: a->edit   ? "--edit"
				    : "-p");
	if (a->same && a->all)
		return weir_fail(ctx->err, WEIR_EUSAGE,
			"retrigger: --same is one run, --all a whole build");
	return WEIR_OK;
}

static enum weir_rc
prepare(struct job *j)
{
	const struct args *a = j->args;
	enum weir_rc rc = a->same ? WEIR_OK : expand(j);

	if (!rc && a->edit && j->acts.targets.n > 1) {
		rc = weir_fail(j->ctx->err, WEIR_EUSAGE,
			"retrigger: --edit: one run at a time, these are %zu",
			j->acts.targets.n);
		(void)weir_hint(j->ctx->err, "weir retrigger -p NAME=VALUE ...");
	}
	if (!a->params.n && !a->whole && !a->edit)
		return rc;
	for (size_t i = 0; !rc && i < j->acts.targets.n; i++)
		rc = set_parameters(j, &j->acts.targets.v[i]);
	return rc;
}

static enum weir_rc
run(struct ctx *ctx)
{
	struct job j = { .ctx = ctx, .args = ctx->args };
	struct weir_act act = {
		.kind = WEIR_ACT_RETRIGGER,
		.same = j.args->same,
		.defaults = j.args->defaults,
	};
	const struct watch_args *watch = &j.args->watch;
	int64_t timeout_us;
	enum weir_rc rc = check(ctx, j.args);

	if (!rc)
		rc = watch_timeout(ctx, watch, &timeout_us);
	acts_init(&j.acts, ctx, &act, &j.args->acts);
	if (!rc)
		rc = acts_may(&j.acts);
	if (!rc)
		rc = acts_find(&j.acts, 1u << WEIR_RUN, ctx->words, ctx->n_words);
	if (!rc)
		rc = prepare(&j);
	if (!rc)
		rc = acts_go(&j.acts);
	if (!rc && (watch->wait || watch->watch) && j.acts.started.n)
		rc = watch_started(ctx, j.acts.started.v, j.acts.started.n, timeout_us,
			watch->watch, j.acts.lines);
	acts_release(&j.acts);
	return rc;
}

/* clang-format off */
static const struct opt opts[] = {
	{ "same", 0, OPT_FLAG, offsetof(struct args, same), NULL,
	  NULL, "the same run once more, not a new one" },
	{ "defaults", 0, OPT_FLAG, offsetof(struct args, defaults), NULL,
	  NULL, "with the deployment's own parameters" },
	{ "param", 'p', OPT_LIST, offsetof(struct args, params), "NAME=VALUE",
	  NULL, "another value of a parameter; or NAME:=JSON, NAME=@FILE" },
	{ "params", 0, OPT_STRING, offsetof(struct args, whole), "JSON|FILE",
	  "@files", "several of them: an object, its file, or -" },
	{ "edit", 'e', OPT_FLAG, offsetof(struct args, edit), NULL,
	  NULL, "the parameters in $VISUAL or $EDITOR first" },
	{ "all", 'a', OPT_FLAG, offsetof(struct args, all), NULL,
	  NULL, "of a build all platforms, not only those that failed" },
	WATCH_OPTS(struct args, watch),
	ACTS_OPTS(struct args, acts, "runs"),
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_retrigger = {
	.name = "retrigger",
	.summary = "run again, with the same parameters or others",
	.needs = CMD_ACTS,
	.usage = "[ID...]",
	.words = "@runs",
	.kind = WEIR_RUN,
	.max_words = -1,
	.opts = opts,
	.args_size = sizeof(struct args),
	.run = run,
};
