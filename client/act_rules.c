#include "act_rules.h"

#include "api_body.h"
#include "weir/json.h"
#include "weir/members.h"
#include "weir/text.h"
#include "weir/time.h"

enum { PART_MAX = 1 << 20 };

/* The server itself ends what stays Cancelling since 3.7.5, after so long. */
static const int64_t cancelling_us = INT64_C(300) * WEIR_SECOND_US;

/* ---- runs */

/* A member's value: text as text, all else as JSON; owned, "" when null or missing. */
static char *
member(struct str object, const char *name)
{
	return weir_members_copy(object, name, PART_MAX);
}

static void
replace(char **where, char *text)
{
	free(*where);
	*where = text;
}

static void
parse_id(struct str object, const char *name, struct weir_id *ret)
{
	char *text = member(object, name);

	if (!weir_id_parse(str_of(text), ret))
		*ret = (struct weir_id){ { 0 } };
	free(text);
}

void
act_run_rest(struct act_run *run, struct str rest)
{
	struct buf b = BUF_INIT(BUF_MAX);
	char *policy, *state, *at, *pid, *details, *keyset;
	struct str object;

	buf_addc(&b, '{');
	buf_addstr(&b, rest);
	buf_addc(&b, '}');
	object = rest.len && rest.s[0] == '{' ? rest : buf_str(&b);
	replace(&run->parameters, member(object, "parameters"));
	replace(&run->job_variables, member(object, "job_variables"));
	policy = member(object, "empirical_policy");
	replace(&run->retry_type, member(str_of(policy), "retry_type"));
	pid = member(object, "infrastructure_pid");
	run->has_process = *pid != '\0';
	state = member(object, "state");
	details = member(str_of(state), "state_details");
	keyset = member(str_of(details), "run_input_keyset");
	replace(&run->input_schema, member(str_of(keyset), "schema"));
	at = member(str_of(state), "timestamp");
	if (!weir_time_parse(str_of(at), &run->state_at_us))
		run->state_at_us = WEIR_NO_TIME;
	free(policy);
	free(pid);
	free(state);
	free(details);
	free(keyset);
	free(at);
	buf_release(&b);
}

enum weir_rc
act_run_parse(struct str object, struct act_run *ret_run, struct weir_err *err)
{
	struct act_run run = { 0 };
	char *type;

	parse_id(object, "id", &run.id);
	if (weir_id_is_null(&run.id))
		return weir_fail(
			err, WEIR_EBADDATA, "run: the server's answer is not a run");
	parse_id(object, "deployment_id", &run.deployment);
	parse_id(object, "flow_id", &run.flow);
	parse_id(object, "parent_task_run_id", &run.parent_task);
	run.name = member(object, "name");
	run.state_name = member(object, "state_name");
	run.pool = member(object, "work_pool_name");
	run.tags = member(object, "tags");
	type = member(object, "state_type");
	if (!weir_state_parse(str_of(type), &run.state))
		run.state = WEIR_ST_NONE;
	free(type);
	act_run_rest(&run, object);
	*ret_run = run;
	return WEIR_OK;
}

void
act_run_release(struct act_run *run)
{
	char **texts[] = { &run->name, &run->state_name, &run->pool, &run->parameters,
		&run->tags, &run->job_variables, &run->retry_type, &run->input_schema };

	for (size_t i = 0; i < N_ELEM(texts); i++) {
		free(*texts[i]);
		*texts[i] = NULL;
	}
}

/* ---- what is proposed */

void
act_plan_say(struct act_plan *p, enum weir_rc rc, const char *fmt, ...)
{
	va_list ap;

	p->rc = rc;
	va_start(ap, fmt);
	vsnprintf(p->said, sizeof(p->said), fmt, ap);
	va_end(ap);
}

/* `, for 4 min`; nothing where it is not known. */
static void
add_since(struct buf *out, int64_t at_us, int64_t now_us)
{
	if (at_us == WEIR_NO_TIME || now_us - at_us < WEIR_SECOND_US)
		return;
	buf_adds(out, ", for ");
	weir_duration_format(out, (now_us - at_us) / WEIR_SECOND_US * WEIR_SECOND_US);
}

static void
is_cancelling(const struct act_run *run, const struct api_version *version,
	int64_t now_us, struct act_plan *p)
{
	const char *end = "nobody has ended it, the server neither";
	struct buf since = BUF_INIT(64);
	char id[WEIR_ID_TEXT + 1];

	add_since(&since, run->state_at_us, now_us);
	if (!api_version_since(version, 3, 7, 5))
		end = "if its worker has gone, nobody ends it";
	else if (run->state_at_us == WEIR_NO_TIME ||
		 now_us - run->state_at_us < cancelling_us)
		end = "if nobody ends it, the server does after 5 minutes";
	act_plan_say(
		p, WEIR_OK, "is being cancelled already%s; %s", buf_cstr(&since), end);
	snprintf(p->hint, sizeof(p->hint), "weir cancel --force %s",
		weir_id_format(&run->id, id));
	buf_release(&since);
}

static void
propose(struct act_plan *p, const struct act_run *run, enum weir_state type,
	const char *name, const char *message, bool force, const struct weir_id *id,
	int64_t scheduled_us)
{
	struct api_state state = {
		.type = type,
		.name = name,
		.message = message,
		.scheduled_us = scheduled_us,
		.transition = *id,
		.force = force,
	};

	p->write = API_SET_STATE;
	p->at = run->id;
	p->proposed = type;
	weir_id_format(id, p->key);
	api_body_write_path(API_SET_STATE, &run->id, &p->path);
	api_body_state(&state, &p->body);
}

/*
 * A process that sleeps until its next try lives, and would go on if the run were only
 * called cancelled.
 */
static bool
has_nobody(const struct act_run *run)
{
	/* servers refuse Cancelling here; what waits in it looks for Running alone */
	if (run->state == WEIR_ST_PAUSED)
		return true;
	return run->state == WEIR_ST_SCHEDULED &&
	       (!run->has_process || strcmp(run->retry_type, "in_process") != 0);
}

static void
plan_cancel(const struct weir_act *act, const struct act_run *run,
	const struct api_version *version, const struct weir_id *id, int64_t now_us,
	struct act_plan *p)
{
	if (run->state == WEIR_ST_CANCELLED) {
		act_plan_say(p, WEIR_OK, "is cancelled already");
	} else if (weir_state_is_terminal(run->state)) {
		act_plan_say(p, WEIR_EREFUSED,
			"has ended already (%s): nothing is to be cancelled",
			run->state_name);
	} else if (act->force) {
		propose(p, run, WEIR_ST_CANCELLED, "Cancelled",
			"Cancelled from weir, by force", true, id, WEIR_NO_TIME);
	} else if (run->state == WEIR_ST_CANCELLING) {
		is_cancelling(run, version, now_us, p);
	} else if (has_nobody(run)) {
		propose(p, run, WEIR_ST_CANCELLED, "Cancelled", "Cancelled from weir",
			false, id, WEIR_NO_TIME);
	} else {
		propose(p, run, WEIR_ST_CANCELLING, "Cancelling", "Cancelled from weir",
			false, id, WEIR_NO_TIME);
	}
}

static void
plan_resume(const struct weir_act *act, const struct act_run *run,
	const struct weir_id *id, struct act_plan *p)
{
	char text[WEIR_ID_TEXT + 1];

	if (run->state != WEIR_ST_PAUSED) {
		act_plan_say(p, WEIR_EREFUSED,
			"is not paused (%s): nothing is to be resumed",
			run->state_name);
		snprintf(p->hint, sizeof(p->hint), "weir runs state:paused");
		if (weir_state_is_terminal(run->state))
			snprintf(p->hint, sizeof(p->hint), "weir retrigger %s",
				weir_id_format(&run->id, text));
		return;
	}
	p->write = API_RESUME;
	p->at = run->id;
	p->proposed = WEIR_ST_RUNNING;
	weir_id_format(id, p->key);
	api_body_write_path(API_RESUME, &run->id, &p->path);
	if (act->input)
		buf_addf(&p->body, "{\"run_input\":%s}", act->input);
	else
		buf_adds(&p->body, "{}");
}

static void
plan_same(const struct act_run *run, const struct weir_id *id, int64_t now_us,
	struct act_plan *p)
{
	char text[WEIR_ID_TEXT + 1];

	weir_id_format(&run->id, text);
	if (!weir_state_is_terminal(run->state)) {
		act_plan_say(p, WEIR_EREFUSED,
			"has not ended (%s): only a run that has can be run once more",
			run->state_name);
		snprintf(p->hint, sizeof(p->hint),
			"weir retrigger %s   (starts a new one beside it)", text);
	} else if (weir_id_is_null(&run->deployment)) {
		act_plan_say(p, WEIR_EREFUSED,
			"has no deployment: nothing would take it up again");
	} else {
		propose(p, run, WEIR_ST_SCHEDULED, "AwaitingRetry", "Retried from weir",
			false, id, now_us);
	}
}

/* ---- a new run */

/* Members of `over` replace those of `under` of the same name. */
struct overlay {
	struct str over;
	struct buf *out;
	bool under;
};

static bool
is_in(struct str object, struct str name)
{
	struct buf b = BUF_INIT(PART_MAX);
	char *text = str_copy(name);
	bool is = weir_members_get(object, text, &b);

	free(text);
	buf_release(&b);
	return is;
}

static bool
add_member(void *arg, struct str name, struct str value, bool is_string)
{
	struct overlay *o = arg;

	if (o->under && is_in(o->over, name))
		return true;
	if (o->out->s[o->out->len - 1] != '{')
		buf_addc(o->out, ',');
	text_json(o->out, name);
	buf_addc(o->out, ':');
	if (is_string)
		text_json(o->out, value);
	else
		buf_addstr(o->out, value);
	return true;
}

static void
add_parameters(const struct weir_act *act, const struct act_run *run, struct buf *out)
{
	struct overlay o = { str_of(act->parameters), out, true };

	if (!act->parameters && !act->defaults) {
		buf_adds(out, run->parameters);
		return;
	}
	buf_addc(out, '{');
	if (!act->defaults)
		weir_members_each(str_of(run->parameters), add_member, &o);
	o.under = false;
	if (act->parameters)
		weir_members_each(o.over, add_member, &o);
	buf_addc(out, '}');
}

static bool
add_tag(void *arg, struct str name, struct str value, bool is_string)
{
	struct buf *out = arg;

	(void)name;
	if (!is_string || str_eq(value, "auto-scheduled"))
		return true;
	if (out->s[out->len - 1] != '[')
		buf_addc(out, ',');
	text_json(out, value);
	return true;
}

static void
plan_new(const struct weir_act *act, const struct act_run *run,
	const struct api_version *version, const struct weir_id *id, struct act_plan *p)
{
	struct buf parameters = BUF_INIT(PART_MAX), tags = BUF_INIT(PART_MAX);
	char old[WEIR_ID_TEXT + 1], fresh[WEIR_ID_TEXT + 1], labels[128];
	struct api_create create;

	if (weir_id_is_null(&run->deployment)) {
		act_plan_say(p, WEIR_EREFUSED,
			"has no deployment: only what started its flow can start it "
			"again");
		return;
	}
	weir_id_format(&run->id, old);
	snprintf(p->key, sizeof(p->key), "weir-retrigger-%s-%s", old,
		weir_id_format(id, fresh));
	snprintf(labels, sizeof(labels), "{\"weir.retrigger-of\":\"%s\"}", old);
	add_parameters(act, run, &parameters);
	buf_addc(&tags, '[');
	weir_members_each(str_of(run->tags), add_tag, &tags);
	buf_addc(&tags, ']');
	create = (struct api_create){
		.parameters = buf_str(&parameters),
		.tags = buf_str(&tags),
		.job_variables = strcmp(run->job_variables, "{}") != 0
					 ? str_of(run->job_variables)
					 : (struct str){ NULL, 0 },
		.labels = api_version_since(version, 3, 1, 5) ? str_of(labels)
							      : (struct str){ NULL, 0 },
		.key = p->key,
	};
	p->write = API_CREATE_RUN;
	p->at = run->deployment;
	p->proposed = WEIR_ST_SCHEDULED;
	api_body_write_path(API_CREATE_RUN, &run->deployment, &p->path);
	api_body_create(&create, &p->body);
	buf_release(&parameters);
	buf_release(&tags);
}

void
act_plan_make(const struct weir_act *act, const struct act_run *run,
	const struct api_version *version, const struct weir_id *id, int64_t now_us,
	struct act_plan *ret_plan)
{
	*ret_plan =
		(struct act_plan){ .path = BUF_INIT(512), .body = BUF_INIT(BUF_MAX) };
	if (act->kind == WEIR_ACT_CANCEL)
		plan_cancel(act, run, version, id, now_us, ret_plan);
	else if (act->kind == WEIR_ACT_RESUME)
		plan_resume(act, run, id, ret_plan);
	else if (act->same)
		plan_same(run, id, now_us, ret_plan);
	else
		plan_new(act, run, version, id, ret_plan);
}

void
act_plan_release(struct act_plan *p)
{
	buf_release(&p->path);
	buf_release(&p->body);
}

/* ---- answers */

static void
set_clean(char *out, size_t size, struct str text)
{
	struct buf b = BUF_INIT(size * 8), cut = BUF_INIT(size);
	size_t n;

	text_sanitize(&b, text, 0);
	while (b.len && strchr(". ", b.s[b.len - 1]))
		buf_truncate(&b, b.len - 1);
	n = text_prefix(buf_str(&b), size / 4);
	buf_add(&cut, b.s ? b.s : "", n < size ? n : size - 1);
	snprintf(out, size, "%s", buf_cstr(&cut));
	buf_release(&b);
	buf_release(&cut);
}

static bool
parse_status(struct str text, enum act_status *ret)
{
	static const char *const names[] = {
		[ACT_ACCEPT] = "ACCEPT",
		[ACT_REJECT] = "REJECT",
		[ACT_ABORT] = "ABORT",
		[ACT_WAIT] = "WAIT",
	};

	for (int i = 0; i < ACT_STATUS_N; i++)
		if (str_eq(text, names[i])) {
			*ret = (enum act_status)i;
			return true;
		}
	return false;
}

enum weir_rc
act_verdict_parse(
	struct str body, struct act_verdict *ret_verdict, struct weir_err *err)
{
	struct act_verdict v = { .state = WEIR_ST_NONE };
	const struct weir_json *state, *details;
	struct weir_json *j = NULL;
	enum weir_rc rc = weir_json_parse(body, &j, err);

	if (rc)
		return weir_prefix(err, "the server's answer cannot be read");
	state = weir_json_get(j, "state");
	details = weir_json_get(j, "details");
	if (!parse_status(weir_json_text(weir_json_get(j, "status")), &v.status)) {
		weir_json_free(j);
		return weir_fail(err, WEIR_EBADDATA,
			"the server's answer says neither yes nor no");
	}
	if (!weir_state_parse(weir_json_text(weir_json_get(state, "type")), &v.state))
		v.state = WEIR_ST_NONE;
	set_clean(v.state_name, sizeof(v.state_name),
		weir_json_text(weir_json_get(state, "name")));
	set_clean(v.reason, sizeof(v.reason),
		weir_json_text(weir_json_get(details, "reason")));
	v.delay_s = (int64_t)weir_json_number(weir_json_get(details, "delay_seconds"));
	weir_json_free(j);
	*ret_verdict = v;
	return WEIR_OK;
}

static void
set_refused(const struct act_run *run, const struct act_verdict *v,
	struct weir_act_result *r)
{
	const char *state = v->state_name[0] ? v->state_name : run->state_name;
	const char *why = v->reason[0] ? v->reason : "the server does not say why";

	r->rc = WEIR_EREFUSED;
	if (v->status == ACT_WAIT)
		snprintf(r->said, sizeof(r->said),
			"not now: %s; it stays %s (again in %lld s)", why, state,
			(long long)v->delay_s);
	else
		snprintf(r->said, sizeof(r->said), "refused: %s; it is %s", why, state);
}

static void
judge_cancel(const struct weir_act *act, const struct act_run *run,
	const struct api_version *version, const struct act_verdict *v,
	struct weir_act_result *r)
{
	bool ends = api_version_since(version, 3, 7, 5);

	if (v->state == WEIR_ST_CANCELLED && act->force)
		snprintf(r->said, sizeof(r->said),
			"cancelled by force; its code may still run");
	else if (v->state == WEIR_ST_CANCELLED && run->state == WEIR_ST_PAUSED &&
		 strcmp(run->state_name, "Suspended") != 0)
		snprintf(r->said, sizeof(r->said),
			"cancelled; a process that waits in it ends with its pause");
	else if (v->state == WEIR_ST_CANCELLED)
		snprintf(r->said, sizeof(r->said), "cancelled");
	else if (v->state == WEIR_ST_CANCELLING && *run->pool)
		snprintf(r->said, sizeof(r->said),
			"being cancelled: a worker of pool %.100s ends it%s", run->pool,
			ends ? "" : " (if none does, it stays Cancelling)");
	else if (v->state == WEIR_ST_CANCELLING)
		snprintf(r->said, sizeof(r->said),
			"being cancelled: the process that runs it ends it%s",
			ends ? "" : " (if it has gone, it stays Cancelling)");
	else
		set_refused(run, v, r);
}

static void
judge_same(const struct act_run *run, const struct act_verdict *v,
	struct weir_act_result *r)
{
	/* the answer to a repeat; meanwhile somebody may have taken it up */
	bool again = strstr(v->reason, "already made this state transition") != NULL;
	char id[WEIR_ID_TEXT + 1];

	if (again || (v->state == WEIR_ST_SCHEDULED && v->status != ACT_WAIT)) {
		snprintf(r->said, sizeof(r->said), "runs once more (%s)",
			v->state_name[0] ? v->state_name : "AwaitingRetry");
		return;
	}
	set_refused(run, v, r);
	if (v->state == WEIR_ST_COMPLETED || v->state == WEIR_ST_CANCELLED)
		snprintf(r->hint, sizeof(r->hint),
			"weir retrigger %s   (a new run; without --same)",
			weir_id_format(&run->id, id));
}

/*
 * A resume has no key: of a repeat the server says that the run is not paused. What it
 * became tells.
 */
static void
judge_resume(const struct act_run *run, const struct act_verdict *v,
	const struct act_run *after, struct weir_act_result *r)
{
	bool read = after->state != WEIR_ST_NONE;
	enum weir_state now = read ? after->state : v->state;
	const char *name = read ? after->state_name : v->state_name;
	char id[WEIR_ID_TEXT + 1];

	if (now == WEIR_ST_SCHEDULED)
		snprintf(r->said, sizeof(r->said),
			"resumed: a worker starts it again (%s)", name);
	else if (now == WEIR_ST_RUNNING || now == WEIR_ST_PENDING)
		snprintf(r->said, sizeof(r->said), "resumed (%s)", name);
	else if (weir_state_is_terminal(now) && now != WEIR_ST_FAILED)
		snprintf(r->said, sizeof(r->said), "resumed; it is %s already", name);
	else
		set_refused(run, v, r);
	if (r->rc && *run->input_schema)
		snprintf(r->hint, sizeof(r->hint), "weir resume --input '{...}' %s",
			weir_id_format(&run->id, id));
	else if (r->rc)
		snprintf(r->hint, sizeof(r->hint), "weir show %s",
			weir_id_format(&run->id, id));
}

void
act_verdict_judge(const struct weir_act *act, const struct act_run *run,
	const struct api_version *version, const struct act_verdict *verdict,
	const struct act_run *after, struct weir_act_result *ret_result)
{
	ret_result->rc = WEIR_OK;
	if (act->kind == WEIR_ACT_CANCEL)
		judge_cancel(act, run, version, verdict, ret_result);
	else if (act->kind == WEIR_ACT_RESUME)
		judge_resume(run, verdict, after, ret_result);
	else
		judge_same(run, verdict, ret_result);
}
