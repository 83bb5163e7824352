/*
 * From the wish for a run to the run: read the deployment, check, journal, send. What
 * comes after sending is that of every action (actions.c, act_settle.c).
 */
#include "weir/trigger.h"
#include "weir/shell.h"

#include "actions.h"
#include "api_body.h"
#include "deployment.h"
#include "parent.h"
#include "weir/log.h"
#include "weir/text.h"

static const char missing[] = "is missing"; /* so begins that fault */
enum { FAULTS_SHOWN = 4, NAME_COLUMNS = 60, MISSING_MAX = 160 };

/* A trigger on its way. */
struct job {
	const struct weir_trigger *t;
	const struct weir_deployment *d;
	struct weir_act_result *result;
	struct api *api;            /* NULL: nothing is sent */
	struct weir_id parent_task; /* that stands in for it; all zero: none */
	struct buf faults, unknown; /* for people */
	struct buf missing;         /* ` -p package=...` */
	size_t n_faults, n_unknown;
	bool strange; /* one of the unknown is like none that there is */
};

/* ---- the check */

static void add_part(struct buf *out, size_t n, const char *fmt, ...) WEIR_PRINTF(3, 4);

static void
add_part(struct buf *out, size_t n, const char *fmt, ...)
{
	va_list ap;

	if (n > FAULTS_SHOWN)
		return;
	if (n > 1)
		buf_adds(out, "; ");
	va_start(ap, fmt);
	buf_vaddf(out, fmt, ap);
	va_end(ap);
}

static void
add_fault(void *arg, const char *path, const char *text)
{
	struct job *j = arg;

	j->n_faults++;
	if (!strncmp(text, missing, sizeof(missing) - 1) && !strpbrk(path, ".["))
		buf_addf(&j->missing, " -p %s=...", path);
	add_part(&j->faults, j->n_faults, "%s: %s", *path ? path : "parameters", text);
}

/* A parameter that the deployment sets itself is one of it, whatever its schema says.
 */
static bool
has_default(const struct job *j, const char *name)
{
	struct weir_json *own = NULL;
	struct weir_err err;
	bool has;

	if (!j->d->parameters || weir_json_parse(str_of(j->d->parameters), &own, &err))
		return false;
	has = weir_json_get(own, name) != NULL;
	weir_json_free(own);
	return has;
}

static void
add_unknown(void *arg, const char *name, const char *near)
{
	struct job *j = arg;

	if (has_default(j, name))
		return;
	j->n_unknown++;
	j->strange |= !*near;
	add_part(&j->unknown, j->n_unknown, "%s is no parameter of it%s%s%s", name,
		*near ? ", did you mean " : "", near, *near ? "?" : "");
}

static void
end_list(struct buf *out, size_t n)
{
	if (n > FAULTS_SHOWN)
		buf_addf(out, "; and %zu more", n - FAULTS_SHOWN);
}

static void
fail(struct weir_act_result *r, const struct weir_err *err)
{
	r->rc = err->rc;
	snprintf(r->said, sizeof(r->said), "%.*s", (int)sizeof(r->said) - 1, err->text);
	snprintf(r->hint, sizeof(r->hint), "%.*s", (int)sizeof(r->hint) - 1, err->hint);
}

/* The command with what it lacks; else where to look. */
static void
add_try(struct job *j, struct buf *hint)
{
	bool lacks = j->missing.len && !j->missing.truncated;

	buf_adds(hint, lacks ? "weir trigger " : "weir show ");
	weir_shell_quote(hint, j->result->name);
	if (lacks)
		buf_addstr(hint, buf_str(&j->missing));
}

/* What is to be said of faults: refused, or a warning. */
static void
judge(struct job *j)
{
	struct weir_act_result *r = j->result;
	struct buf hint = BUF_INIT(sizeof(r->hint) - 1);

	end_list(&j->faults, j->n_faults);
	end_list(&j->unknown, j->n_unknown);
	if (j->n_faults && j->d->enforced && !j->t->unchecked) {
		r->rc = WEIR_EREFUSED;
		snprintf(r->said, sizeof(r->said), "not sent: %.500s%s%.200s",
			buf_cstr(&j->faults), j->n_unknown ? "; " : "",
			buf_cstr(&j->unknown));
		add_try(j, &hint);
	} else if (j->n_faults) {
		buf_addf(&hint, "sent all the same (%s): %s",
			j->t->unchecked ? "--unchecked"
					: "its deployment enforces no schema",
			buf_cstr(&j->faults));
	}
	if (!r->rc && j->n_unknown)
		buf_addf(&hint, "%s%s", hint.len ? "; " : "", buf_cstr(&j->unknown));
	if (!r->rc && j->strange) {
		buf_adds(&hint, "; what it has: weir show ");
		weir_shell_quote(&hint, r->name);
	}
	snprintf(r->hint, sizeof(r->hint), "%s", buf_cstr(&hint));
	buf_release(&hint);
}

static enum weir_rc
check_set(struct job *j, const struct weir_schema *s, struct weir_err *err)
{
	struct str over = str_of(j->t->parameters), under = str_of(j->d->parameters);
	struct buf all = BUF_INIT(BUF_MAX);
	struct weir_json *tree = NULL, *own = NULL;
	enum weir_rc rc = weir_params_overlay(under, over, &all, err);

	if (!rc)
		rc = weir_json_parse(buf_str(&all), &tree, err);
	if (!rc && over.len)
		rc = weir_json_parse(over, &own, err);
	if (!rc) {
		weir_params_check(s, tree, add_fault, j);
		weir_params_unknown(s, own, add_unknown, j);
	}
	weir_json_free(tree);
	weir_json_free(own);
	buf_release(&all);
	return rc;
}

/* result->rc says whether it may be sent. */
static void
check(struct job *j)
{
	struct weir_schema *s = NULL;
	struct weir_err err = { 0 };

	buf_init(&j->faults, WEIR_ACT_TEXT_MAX);
	buf_init(&j->unknown, WEIR_ACT_TEXT_MAX);
	buf_init(&j->missing, MISSING_MAX);
	if (weir_schema_parse(str_of(j->d->schema), &s, &err)) {
		/* the server's matter */
		snprintf(j->result->hint, sizeof(j->result->hint), "%.200s", err.text);
		(void)!weir_schema_parse(STR(""), &s, &err);
	}
	if (check_set(j, s, &err))
		fail(j->result, &err);
	else
		judge(j);
	weir_schema_free(s);
	buf_release(&j->faults);
	buf_release(&j->unknown);
	buf_release(&j->missing);
}

/* ---- the request */

static void
set_name(struct weir_act_result *r, const struct weir_deployment *d)
{
	struct buf b = BUF_INIT(BUF_MAX);

	buf_addf(&b, "%s/%s", d->flow_name, d->name);
	actions_name(r, buf_cstr(&b));
	buf_release(&b);
}

static void
make_plan(const struct job *j, struct act_plan *p)
{
	const struct weir_trigger *t = j->t;
	struct api_create create = {
		.parameters = str_of(t->parameters),
		.tags = str_of(t->tags),
		.job_variables = str_of(t->job_variables),
		.key = p->key,
		.name = t->name,
		.queue = t->queue,
		.at_us = t->at_us,
		.unchecked = t->unchecked,
		.parent_task = j->parent_task,
	};

	buf_init(&p->path, 512);
	buf_init(&p->body, BUF_MAX);
	p->write = API_CREATE_RUN;
	p->at = t->deployment;
	p->proposed = WEIR_ST_SCHEDULED;
	api_body_write_path(API_CREATE_RUN, &t->deployment, &p->path);
	api_body_create(&create, &p->body);
}

static enum weir_rc
make_key(const struct weir_trigger *t, struct act_plan *p, struct weir_err *err)
{
	struct weir_id id = weir_id_random();
	char text[WEIR_ID_TEXT + 1];

	if (t->key && (!*t->key || strlen(t->key) >= sizeof(p->key)))
		return weir_fail(err, WEIR_EUSAGE,
			"idempotency key: it has 1 to %zu bytes", sizeof(p->key) - 1);
	if (t->key)
		snprintf(p->key, sizeof(p->key), "%s", t->key);
	else
		snprintf(p->key, sizeof(p->key), "weir-trigger-%s",
			weir_id_format(&id, text));
	return WEIR_OK;
}

/* Of what can be sent at all: the plan. */
static void
plan(struct job *j, struct act_plan *p)
{
	struct weir_err err = { 0 };

	set_name(j->result, j->d);
	check(j);
	if (j->result->rc)
		return;
	if (make_key(j->t, p, &err) ||
		(j->api && j->t->parent &&
			parent_link(j->api, j->t->parent, j->result->name, p->key,
				&j->parent_task, &err))) {
		fail(j->result, &err);
		return;
	}
	make_plan(j, p);
	if (p->body.truncated || p->body.len > JOURNAL_BODY_MAX) {
		(void)weir_fail(&err, WEIR_ETOOBIG, "the request is over %d bytes",
			JOURNAL_BODY_MAX);
		fail(j->result, &err);
	}
}

static void
trigger(struct action *a, const struct weir_trigger *t)
{
	struct weir_deployment d = { 0 };
	struct job j = { .t = t, .d = t->known, .result = a->result, .api = a->api };

	if (!j.d) {
		j.d = &d;
		if (deployment_get(a->api, a->store, &t->deployment, &d, &a->err)) {
			actions_fail(a, "");
			return;
		}
	}
	plan(&j, &a->plan);
	if (j.result->rc)
		;
	else if (actions_journal(a, WEIR_DEPLOYMENT, j.result->name))
		actions_fail(a, "");
	else
		actions_send(a);
	weir_deployment_release(&d);
}

enum weir_rc
weir_trigger(struct weir_session *s, const struct weir_trigger *t,
	struct weir_act_result *ret_result)
{
	struct weir_act act = { .kind = WEIR_ACT_TRIGGER };
	struct action a = { .result = ret_result };

	memset(ret_result, 0, sizeof(*ret_result));
	ret_result->run = t->deployment;
	if (weir_act_allowed(weir_session_config(s), act.kind, &a.err)) {
		actions_fail(&a, "");
		return ret_result->rc;
	}
	if (!actions_open(&a, s, &act, &t->deployment, ret_result))
		trigger(&a, t);
	actions_close(&a);
	return ret_result->rc;
}

/* ---- what would be sent */

enum weir_rc
weir_trigger_plan(struct weir_store *store, const struct weir_trigger *t,
	struct buf *path, struct buf *body, struct weir_act_result *ret_result,
	struct weir_err *err)
{
	struct weir_trigger wish = *t;
	struct weir_deployment d = { 0 };
	struct act_plan p = { 0 };
	struct job j = { .t = &wish, .d = t->known, .result = ret_result };
	enum weir_rc rc = WEIR_OK;

	memset(ret_result, 0, sizeof(*ret_result));
	ret_result->run = t->deployment;
	if (!j.d) {
		j.d = &d;
		rc = weir_deployment_of(store, &t->deployment, &d, err);
	}
	if (!rc) {
		if (!wish.key)
			wish.key = "NEW";
		plan(&j, &p);
		if (!ret_result->rc) {
			buf_addstr(path, buf_str(&p.path));
			if (body)
				buf_addstr(body, buf_str(&p.body));
		}
	}
	act_plan_release(&p);
	weir_deployment_release(&d);
	return rc;
}

/* ---- as a command */

static void
add_option(struct buf *out, const char *option, const char *value)
{
	buf_addf(out, " %s ", option);
	weir_shell_quote(out, value);
}

/* `name=text` where that means the same, else `name:=JSON`. */
static void
add_parameter(struct buf *out, const char *option, const struct weir_schema *s,
	const char *name, const struct weir_json *value)
{
	struct buf json = BUF_INIT(BUF_MAX), again = BUF_INIT(BUF_MAX);
	struct buf word = BUF_INIT(BUF_MAX);
	bool is_text = weir_json_type(value) == WEIR_JSON_TEXT;
	struct str text;

	if (is_text)
		text_json(&json, weir_json_text(value));
	else
		weir_json_dump(value, &json);
	text = is_text ? weir_json_text(value) : buf_str(&json);
	weir_param_value(s, str_of(name), text, &again);
	buf_adds(&word, name);
	if (str_equal(buf_str(&again), buf_str(&json)) &&
		!(text.len && text.s[0] == '@')) {
		buf_addc(&word, '=');
		buf_addstr(&word, text);
	} else {
		buf_adds(&word, ":=");
		buf_addstr(&word, buf_str(&json));
	}
	add_option(out, option, buf_cstr(&word));
	buf_release(&json);
	buf_release(&again);
	buf_release(&word);
}

/* The texts of an array, or the members of an object. */
static void
add_options(struct buf *out, const char *json, const char *option,
	const struct weir_schema *s)
{
	const struct weir_json *value;
	struct weir_json *tree = NULL;
	const char *name;
	void *at = NULL;

	if (!json || weir_json_parse(str_of(json), &tree, NULL))
		return;
	if (weir_json_type(tree) == WEIR_JSON_OBJECT) {
		while (weir_json_next(tree, &at, &name, &value))
			add_parameter(out, option, s, name, value);
	} else {
		for (size_t i = 0; i < weir_json_size(tree); i++) {
			char *text = str_copy(weir_json_text(weir_json_at(tree, i)));

			add_option(out, option, text);
			free(text);
		}
	}
	weir_json_free(tree);
}

static struct weir_schema *
schema_of(const char *text)
{
	struct weir_schema *s = NULL;

	if (weir_schema_parse(str_of(text), &s, NULL))
		(void)!weir_schema_parse(STR(""), &s, NULL);
	return s;
}

void
weir_trigger_command(
	const struct weir_trigger *t, const struct weir_deployment *d, struct buf *out)
{
	struct buf name = BUF_INIT(BUF_MAX);
	struct weir_schema *s = schema_of(d->schema), *none = schema_of("");
	char at[WEIR_TIME_TEXT];

	buf_addf(&name, "%s/%s", d->flow_name, d->name);
	buf_adds(out, "weir trigger ");
	weir_shell_quote(out, buf_cstr(&name));
	add_options(out, t->parameters, "-p", s);
	add_options(out, t->tags, "--tag", none);
	add_options(out, t->job_variables, "--job-variable", none);
	if (t->name)
		add_option(out, "--name", t->name);
	if (t->queue)
		add_option(out, "--queue", t->queue);
	if (t->at_us != WEIR_NO_TIME)
		add_option(out, "--at", weir_time_format(t->at_us, at));
	if (t->key)
		add_option(out, "--idempotency-key", t->key);
	if (t->unchecked)
		buf_adds(out, " --unchecked");
	weir_schema_free(s);
	weir_schema_free(none);
	buf_release(&name);
}
