/*
 * From a wish to its result: read the run, plan, journal, send, read back.
 *
 *   weir_act -> actions_read -> act_plan_make -> journal_write -> actions_send
 *                                                                   |
 *   journal, chain, store  <-  actions_end  <-  verdict or new run -+
 */
#define LOG_MODULE "act"
#include "actions.h"

#include "act_farm.h"
#include "act_known.h"

#include <ctype.h>

#include "api_fields.h"
#include "session_beside.h"
#include "store_write.h"
#include "weir/log.h"
#include "weir/pickup.h"
#include "weir/select.h"
#include "weir/shell.h"
#include "weir/text.h"

enum { HTTP_OLD = 200 }; /* 201: something was made that was not there */
enum { ANSWER_MAX = 64 << 10, WHO_MAX = 256, HINT_NAME_MAX = 100 };

static const char *const verbs[] = {
	[WEIR_ACT_CANCEL] = "cancel",
	[WEIR_ACT_RETRIGGER] = "retrigger",
	[WEIR_ACT_TRIGGER] = "trigger",
	[WEIR_ACT_RESUME] = "resume",
	[WEIR_ACT_PAUSE] = "pause",
	[WEIR_ACT_UNPAUSE] = "unpause",
	[WEIR_ACT_CREATE] = "create",
	[WEIR_ACT_SET] = "set",
	[WEIR_ACT_DELETE] = "delete",
};

const char *
weir_act_verb(enum weir_act_kind kind)
{
	return verbs[kind];
}

bool
weir_act_parse(const char *verb, enum weir_act_kind *ret_kind)
{
	for (size_t i = 0; i < N_ELEM(verbs); i++)
		if (!strcmp(verbs[i], verb)) {
			*ret_kind = (enum weir_act_kind)i;
			return true;
		}
	return false;
}

void
weir_act_command(const struct weir_act *act, struct buf *out)
{
	static const char *const words[WEIR_N_SERVED] = {
		[WEIR_DEPLOYMENT] = " deployment",
		[WEIR_POOL] = " pool",
		[WEIR_QUEUE] = " queue",
	};

	buf_addf(out, "weir %s", verbs[act->kind]);
	if (act->kind >= WEIR_ACT_PAUSE && words[act->of])
		buf_adds(out, words[act->of]);
	if (act->force)
		buf_adds(out, " --force");
	if (act->same)
		buf_adds(out, " --same");
	if (act->defaults)
		buf_adds(out, " --defaults");
}

enum weir_rc
weir_act_allowed(
	const struct weir_config *config, enum weir_act_kind kind, struct weir_err *err)
{
	if (!weir_config_bool(config, WEIR_KEY_READ_ONLY))
		return WEIR_OK;
	weir_fail(err, WEIR_EREFUSED, "%s: refused: read-only mode (%s)", verbs[kind],
		weir_config_origin(config, WEIR_KEY_READ_ONLY));
	return weir_hint(err, "weir config get read_only");
}

/* ---- words */

/* The server's own words, which stand behind the status: `refused (409): words`. */
static const char *
words_in(const char *text)
{
	for (const char *p = text; (p = strchr(p, '(')); p++)
		if (isdigit((unsigned char)p[1]) && isdigit((unsigned char)p[2]) &&
			isdigit((unsigned char)p[3]) && !strncmp(p + 4, "): ", 3))
			return p + 7;
	return NULL;
}

void
actions_fail(struct action *a, const char *prefix)
{
	struct weir_act_result *r = a->result;

	r->rc = a->err.rc;
	snprintf(r->said, sizeof(r->said), "%s%.*s", prefix, (int)sizeof(r->said) - 200,
		a->err.text);
	snprintf(r->hint, sizeof(r->hint), "%.*s", (int)sizeof(r->hint) - 1,
		a->err.hint);
}

void
actions_name(struct weir_act_result *r, const char *name)
{
	size_t n = text_clip(str_of(name), sizeof(r->name) - 1);

	memcpy(r->name, name, n);
	r->name[n] = '\0';
}

/* ---- opening */

static enum weir_rc
open_all(struct action *a)
{
	enum weir_rc rc;

	rc = weir_session_state(a->session, true, &a->state, &a->err);
	if (!rc && weir_session_store(a->session, WEIR_STORE_WRITE, &a->store, NULL))
		a->store = NULL;
	if (!rc && a->act.kind == WEIR_ACT_TRIGGER)
		rc = session_api_known(a->session, &a->api, &a->err);
	else if (!rc)
		rc = session_api(a->session, 0, &a->api, &a->err);
	return rc;
}

enum weir_rc
actions_open(struct action *a, struct weir_session *s, const struct weir_act *act,
	const struct weir_id *run, struct weir_act_result *result)
{
	memset(a, 0, sizeof(*a));
	buf_init(&a->reverse, 4096);
	memset(result, 0, sizeof(*result));
	a->session = s;
	a->act = *act;
	a->result = result;
	result->run = *run;
	if (open_all(a))
		actions_fail(a, "");
	return result->rc;
}

void
actions_close(struct action *a)
{
	act_run_release(&a->run);
	act_plan_release(&a->plan);
	buf_release(&a->reverse);
	free(a->name);
}

/* ---- the store */

static void
put_run(struct action *a, struct str body)
{
	struct arena arena = { 0 };
	struct run_vec runs = { 0 };
	struct weir_err err;

	if (a->store && !api_decode_runs(body, &arena, &runs, &err) && runs.n == 1 &&
		store_put_runs(a->store, runs.v, 1, NULL, &err))
		LOG(LOG_WARN, "%s", err.text);
	VEC_FREE(&runs);
	arena_free(&arena);
}

/* What is known of it stays until a sync misses it, but not that it exists. */
static void
forget_run(struct action *a, const struct weir_id *run)
{
	struct weir_err err;

	if (a->store && store_runs_gone(a->store, run, 1, &err))
		LOG(LOG_WARN, "%s", err.text);
}

enum weir_rc
actions_get(struct action *a, enum weir_kind kind, const struct weir_id *id,
	struct buf *out)
{
	struct api_wait w = { .out = out, .err = &a->err };

	a->api->ops->get(a->api, kind, id, api_wait_done, &w);
	return api_wait(a->api, &w);
}

enum weir_rc
actions_read(struct action *a, const struct weir_id *run)
{
	struct buf body = BUF_INIT(BUF_MAX);
	enum weir_rc rc = actions_get(a, WEIR_RUN, run, &body);

	if (!rc) {
		act_run_release(&a->run);
		rc = act_run_parse(buf_str(&body), &a->run, &a->err);
	}
	if (!rc) {
		actions_name(a->result, a->run.name);
		put_run(a, buf_str(&body));
	} else if (rc == WEIR_ENOTFOUND) {
		forget_run(a, run);
	}
	buf_release(&body);
	return rc;
}

/* ---- how it ended */

/* What undoes it; of a cancel there is nothing. */
static void
add_reverse(const struct action *a, struct buf *out)
{
	const struct weir_act_result *r = a->result;
	char id[WEIR_ID_TEXT + 1];

	if (a->reverse.len)
		buf_addstr(out, buf_str(&a->reverse));
	if (a->act.kind != WEIR_ACT_RETRIGGER && a->act.kind != WEIR_ACT_TRIGGER)
		return;
	buf_addf(out, "weir cancel %s",
		weir_id_format(weir_id_is_null(&r->made) ? &r->run : &r->made, id));
}

void
actions_end(struct action *a, enum weir_deed_state state, struct str answer)
{
	char *text = answer.len <= ANSWER_MAX ? str_copy(answer) : NULL;
	struct buf reverse = BUF_INIT(4096);
	struct weir_deed deed = {
		.state = state,
		.answer = text,
		.said = a->result->said,
		.made = a->result->made,
	};
	struct weir_err err = { 0 };
	enum weir_rc rc = WEIR_OK;

	if (state == WEIR_DEED_DONE)
		add_reverse(a, &reverse);
	deed.reverse = buf_cstr(&reverse);
	if (state == WEIR_DEED_DONE && a->act.kind == WEIR_ACT_RETRIGGER &&
		!weir_id_is_null(&deed.made))
		rc = journal_link(a->state, &deed.made, &a->result->run, &err);
	if (!rc)
		rc = journal_answer(a->state, a->number, &deed, &err);
	if (rc)
		LOG(LOG_WARN, "%s", err.text);
	buf_release(&reverse);
	free(text);
}

/* A new run that nobody takes up at once: why, as far as the store can tell. */
static void
add_wait(struct action *a, const struct weir_id *run)
{
	struct weir_act_result *r = a->result;
	struct weir_pickup p;
	size_t at = strlen(r->said);

	if (!a->store || weir_pickup(a->store, run, api_now_us(a->api), &p, NULL))
		return;
	for (size_t i = 0; i < p.n; i++) {
		/* a time in the future was asked for */
		if (p.v[i].result != WEIR_CHECK_BAD || !strcmp(p.v[i].what, "time"))
			continue;
		snprintf(r->said + at, sizeof(r->said) - at,
			"; it will wait: %s: %.300s", p.v[i].what, p.v[i].text);
		return;
	}
}

static const char *
made_word(const struct action *a)
{
	if (a->act.kind != WEIR_ACT_TRIGGER)
		return "started again as";
	return a->status == HTTP_OLD ? "was started already, as" : "started as";
}

void
actions_made(struct action *a, struct str body)
{
	struct weir_act_result *r = a->result;
	struct act_run made = { 0 };
	char id[WEIR_ID_TEXT + 1];

	if (act_run_parse(body, &made, &a->err)) {
		actions_fail(a, "started, but ");
		actions_end(a, WEIR_DEED_DONE, body);
		return;
	}
	r->rc = WEIR_OK;
	r->made = made.id;
	snprintf(r->said, sizeof(r->said), "%s %.200s %s", made_word(a), made.name,
		weir_id_format(&made.id, id));
	put_run(a, body);
	act_known(a, &made);
	add_wait(a, &made.id);
	actions_end(a, WEIR_DEED_DONE, body);
	act_run_release(&made);
}

static void
end_verdict(struct action *a, struct str body)
{
	struct weir_act_result *r = a->result;
	struct buf again = BUF_INIT(BUF_MAX);
	struct act_run after = { 0 };
	struct act_verdict v;
	struct weir_err err;
	struct weir_id id = r->run;

	if (act_verdict_parse(body, &v, &a->err)) {
		actions_fail(a, "");
		actions_end(a, WEIR_DEED_LOST, body);
		return;
	}
	if (!actions_get(a, WEIR_RUN, &id, &again)) {
		put_run(a, buf_str(&again));
		(void)!act_run_parse(buf_str(&again), &after, &err);
	}
	act_verdict_judge(&a->act, &a->run, &a->api->version, &v, &after, r);
	if (!r->rc && (a->act.same || after.state == WEIR_ST_SCHEDULED))
		add_wait(a, &id);
	actions_end(a, r->rc ? WEIR_DEED_REFUSED : WEIR_DEED_DONE, body);
	act_run_release(&after);
	buf_release(&again);
}

/* Other deployments of the flow may do as well. */
static void
hint_at_flow(void *arg, const struct weir_rows *row)
{
	struct weir_act_result *r = arg;
	struct str name = weir_rows_cell(row, 0)->s;
	struct buf query = BUF_INIT(HINT_NAME_MAX * 4);
	struct buf hint = BUF_INIT(sizeof(r->hint) - 1);

	buf_adds(&query, "flow:");
	weir_query_quote(&query, name, true);
	buf_adds(&hint, "weir deployments ");
	weir_shell_quote(&hint, buf_cstr(&query));
	/* cut, it would be another command */
	if (name.len <= HINT_NAME_MAX && !hint.truncated)
		snprintf(r->hint, sizeof(r->hint), "%s", buf_cstr(&hint));
	buf_release(&query);
	buf_release(&hint);
}

static void
deployment_gone(struct action *a)
{
	struct weir_act_result *r = a->result;

	snprintf(r->said, sizeof(r->said), "refused: its deployment is gone");
	if (a->act.kind == WEIR_ACT_TRIGGER) {
		snprintf(r->said, sizeof(r->said), "refused: the deployment is gone");
		snprintf(r->hint, sizeof(r->hint), "weir deployments --refresh");
		return;
	}
	if (a->store)
		weir_row_of(a->store, WEIR_RUN, &r->run, "flow_name", hint_at_flow, r,
			NULL);
}

void
actions_refused(struct action *a)
{
	const char *words = words_in(a->err.text);

	snprintf(a->result->said, sizeof(a->result->said), "refused: %.500s",
		words ? words : a->err.text);
}

/* What it wants is in its schema. */
static void
hint_show(struct weir_act_result *r)
{
	struct buf hint = BUF_INIT(sizeof(r->hint) - 1);

	buf_adds(&hint, "weir show ");
	weir_shell_quote(&hint, r->name);
	snprintf(r->hint, sizeof(r->hint), "%s", buf_cstr(&hint));
	buf_release(&hint);
}

/*
 * `Error creating flow run: Validation failed for field 'n'. Failure reason: 3 is not
 * of type 'string'`: the deployment's schema is another than the run's was.
 */
static void
unfit_parameters(struct action *a)
{
	static const char field[] = "Validation failed for field '";
	static const char reason[] = "Failure reason: ";
	struct weir_act_result *r = a->result;
	const char *at = strstr(a->err.text, field), *why = strstr(a->err.text, reason);
	char id[WEIR_ID_TEXT + 1];
	int n = 0;

	if (at) {
		at += sizeof(field) - 1;
		n = (int)strcspn(at, "'");
	}
	if (why)
		why += sizeof(reason) - 1;
	weir_id_format(&r->run, id);
	if (why)
		snprintf(r->said, sizeof(r->said),
			"refused: its parameters do not fit the deployment as it is "
			"now: %.*s%s%.400s",
			n < 100 ? n : 100, at ? at : "", at ? ": " : "", why);
	snprintf(r->hint, sizeof(r->hint),
		"weir retrigger -p %.*s=... %s, or --defaults for the deployment's own",
		at && n < 60 ? n : 4, at && n < 60 ? at : "NAME", id);
}

static void
end_refused(struct action *a)
{
	struct weir_act_result *r = a->result;

	actions_fail(a, "");
	r->hint[0] = '\0';
	if (a->err.rc == WEIR_ENOTFOUND && a->plan.write == API_CREATE_RUN)
		deployment_gone(a);
	else if (a->err.rc == WEIR_ENOTFOUND)
		snprintf(r->said, sizeof(r->said), "refused: there is no such run");
	else if (a->err.rc == WEIR_EREFUSED)
		actions_refused(a);
	else
		snprintf(r->hint, sizeof(r->hint), "%.255s", a->err.hint);
	if (a->err.rc == WEIR_EREFUSED && a->act.kind == WEIR_ACT_RETRIGGER &&
		a->plan.write == API_CREATE_RUN && strstr(a->err.text, "(409)"))
		unfit_parameters(a);
	if (a->err.rc == WEIR_EREFUSED && a->act.kind == WEIR_ACT_TRIGGER)
		hint_show(r);
	if (r->rc == WEIR_ENOTFOUND)
		r->rc = WEIR_EREFUSED;
	actions_end(a, WEIR_DEED_REFUSED, str_of(a->err.text));
}

/* It stays in the journal without an answer; see act_settle.c. */
void
actions_unanswered(struct action *a)
{
	struct weir_err err;

	if (a->err.rc == WEIR_EINTR && journal_hold(a->state, a->number, &err))
		LOG(LOG_WARN, "%s", err.text);
	actions_fail(a, "not known whether it was done, the next weir finds out: ");
	snprintf(a->result->hint, sizeof(a->result->hint), "weir history");
}

void
actions_send(struct action *a)
{
	struct buf body = BUF_INIT(BUF_MAX);
	struct api_wait w = { .out = &body, .err = &a->err };
	struct act_plan *p = &a->plan;
	enum weir_rc rc;

	a->api->ops->write(
		a->api, p->write, &p->at, buf_str(&p->body), api_wait_done, &w);
	rc = api_wait(a->api, &w);
	a->status = w.status;
	if (rc == WEIR_ENOTFOUND || rc == WEIR_EREFUSED || rc == WEIR_EAUTH)
		end_refused(a);
	else if (rc)
		actions_unanswered(a);
	else if (p->write == API_CREATE_RUN)
		actions_made(a, buf_str(&body));
	else
		end_verdict(a, buf_str(&body));
	buf_release(&body);
}

/* ---- one action */

enum weir_rc
actions_journal(struct action *a, enum weir_kind kind, const char *name)
{
	const struct weir_config *config = weir_session_config(a->session);
	struct buf who = BUF_INIT(WHO_MAX), path = BUF_INIT(4096);
	struct weir_deed deed = {
		.at_us = weir_now_us(),
		.verb = verbs[a->act.kind],
		.profile = weir_config_name(config),
		.server = a->api->base,
		.kind = kind,
		.object = a->result->run,
		.name = name,
		.key = a->plan.key,
		.body = buf_cstr(&a->plan.body),
		.sent_us = weir_now_us(),
	};
	enum weir_rc rc;

	/* only what starts a run is still wanted after ten minutes */
	if (a->act.kind != WEIR_ACT_RETRIGGER && a->act.kind != WEIR_ACT_TRIGGER)
		deed.sent_us = WEIR_NO_TIME;
	if (a->plan.method && strcmp(a->plan.method, "POST") != 0)
		buf_addf(&path, "%s ", a->plan.method);
	buf_addstr(&path, buf_str(&a->plan.path));
	deed.path = buf_cstr(&path);
	journal_who(&who);
	deed.who = buf_cstr(&who);
	rc = journal_write(a->state, &deed, &a->number, &a->err);
	buf_release(&who);
	buf_release(&path);
	return rc;
}

void
actions_take_plan(struct action *a)
{
	struct weir_act_result *r = a->result;

	r->rc = a->plan.rc;
	snprintf(r->said, sizeof(r->said), "%s", a->plan.said);
	snprintf(r->hint, sizeof(r->hint), "%s", a->plan.hint);
}

static void
act_on(struct action *a, const struct weir_id *run)
{
	struct weir_id id = weir_id_random();

	if (actions_read(a, run)) {
		actions_fail(a, "");
		if (a->err.rc == WEIR_ENOTFOUND) {
			snprintf(a->result->said, sizeof(a->result->said),
				"there is no such run");
			a->result->hint[0] = '\0';
		}
		return;
	}
	act_plan_make(
		&a->act, &a->run, &a->api->version, &id, api_now_us(a->api), &a->plan);
	actions_take_plan(a);
	if (!a->plan.path.len)
		return;
	if (a->plan.body.truncated || a->plan.body.len > JOURNAL_BODY_MAX) {
		(void)weir_fail(&a->err, WEIR_ETOOBIG,
			"its parameters are over %d bytes", JOURNAL_BODY_MAX);
		actions_fail(a, "");
	} else if (actions_journal(a, WEIR_RUN, a->run.name)) {
		actions_fail(a, "");
	} else {
		actions_send(a);
	}
}

enum weir_rc
weir_act(struct weir_session *s, const struct weir_act *act, const struct weir_id *run,
	struct weir_act_result *ret_result)
{
	struct action a = { 0 };
	struct weir_store *store;

	memset(ret_result, 0, sizeof(*ret_result));
	ret_result->run = *run;
	a.result = ret_result;
	if (weir_act_allowed(weir_session_config(s), act->kind, &a.err)) {
		actions_fail(&a, "");
		return ret_result->rc;
	}
	if (session_is_metaflow(s, run) &&
		!weir_session_store(s, WEIR_STORE_READ, &store, NULL) &&
		act_metaflow_refused(store, act->kind, run, ret_result))
		return ret_result->rc;
	if (actions_open(&a, s, act, run, ret_result))
		;
	else if (act->kind >= WEIR_ACT_PAUSE)
		act_farm_do(&a, run);
	else
		act_on(&a, run);
	actions_close(&a);
	return ret_result->rc;
}
