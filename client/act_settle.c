/*
 * What an earlier weir sent and heard nothing of: looked up, sent again while it is
 * young, or told. Found by its key, a run was made; found among the states of its run,
 * a transition was.
 */
#define LOG_MODULE "act"
#include "act_farm.h"

#include "weir/log.h"
#include "weir/members.h"

static const int64_t young_us = INT64_C(600) * WEIR_SECOND_US;

/* A row of the journal, kept. */
struct row {
	struct weir_act act;
	struct weir_id object;
	char *name, *key, *path, *body;
	int64_t at_us;
	bool may_send, registers; /* registers: of register_send.c */
	enum weir_deed_state state;
};

static bool
keep_row(void *arg, const struct weir_deed *d)
{
	struct row *r = arg;

	if (!weir_act_parse(d->verb, &r->act.kind))
		r->act.kind = WEIR_ACT_RETRIGGER;
	r->act.same = r->act.kind == WEIR_ACT_RETRIGGER &&
		      str_starts(str_of(d->path), "/flow_runs/");
	r->act.of = d->kind;
	r->object = d->object;
	r->name = xstrdup(d->name);
	r->key = xstrdup(d->key);
	r->path = xstrdup(d->path);
	r->body = xstrdup(d->body);
	r->at_us = d->at_us;
	r->registers = !strcmp(d->verb, "register") || !strcmp(d->verb, "remove");
	r->may_send = d->sent_us != WEIR_NO_TIME;
	r->state = d->state;
	return false;
}

static void
row_release(struct row *r)
{
	free(r->name);
	free(r->key);
	free(r->path);
	free(r->body);
}

static bool
makes_run(const struct row *r)
{
	return r->act.kind == WEIR_ACT_TRIGGER ||
	       (r->act.kind == WEIR_ACT_RETRIGGER && !r->act.same);
}

/* The request as it was written down. */
static bool
plan_again(const struct row *r, struct act_plan *p)
{
	const char *id = *r->path == '/' ? strchr(r->path + 1, '/') : NULL;

	p->write = r->act.kind == WEIR_ACT_RESUME               ? API_RESUME
		   : str_starts(str_of(r->path), "/flow_runs/") ? API_SET_STATE
								: API_CREATE_RUN;
	buf_init(&p->path, BUF_MAX);
	buf_init(&p->body, BUF_MAX);
	buf_adds(&p->path, r->path);
	buf_adds(&p->body, r->body);
	snprintf(p->key, sizeof(p->key), "%s", r->key);
	return id && strlen(id + 1) >= WEIR_ID_TEXT &&
	       weir_id_parse((struct str){ id + 1, WEIR_ID_TEXT }, &p->at);
}

/* The run of the deployment among those with the key: keys count within a flow. */
struct wanted {
	const struct weir_id *deployment; /* NULL: any */
	struct str run;
};

static bool
keep_wanted(void *arg, struct str name, struct str run, bool is_string)
{
	struct wanted *w = arg;
	struct buf text = BUF_INIT(64);
	struct weir_id id;

	(void)name;
	(void)is_string;
	if (!w->deployment || (weir_members_get(run, "deployment_id", &text) &&
				      weir_id_parse(buf_str(&text), &id) &&
				      !weir_id_cmp(&id, w->deployment)))
		w->run = run;
	buf_release(&text);
	return !w->run.len;
}

/* Was a run made with this key? Then the action is ended. */
static enum weir_rc
look_for_run(struct action *a, const struct row *r, bool *ret_found)
{
	struct api_list list = API_LIST_INIT;
	struct buf body = BUF_INIT(BUF_MAX);
	struct api_wait w = { .out = &body, .err = &a->err };
	struct wanted wanted = { 0 };
	enum weir_rc rc;

	list.kind = WEIR_RUN;
	list.key = r->key;
	a->api->ops->list(a->api, &list, api_wait_done, &w);
	rc = api_wait(a->api, &w);
	if (r->act.kind == WEIR_ACT_TRIGGER)
		wanted.deployment = &r->object;
	if (!rc)
		weir_members_each(buf_str(&body), keep_wanted, &wanted);
	*ret_found = wanted.run.len > 0;
	if (*ret_found)
		actions_made(a, wanted.run);
	buf_release(&body);
	return rc;
}

/* Did the run make this transition, or is it where it should be? */
static enum weir_rc
look_for_state(struct action *a, const struct row *r, bool *ret_found)
{
	struct buf body = BUF_INIT(BUF_MAX);
	struct api_wait w = { .out = &body, .err = &a->err };
	enum weir_rc rc = actions_read(a, &r->object);

	if (rc)
		return rc;
	*ret_found = (r->act.kind == WEIR_ACT_CANCEL &&
			     (a->run.state == WEIR_ST_CANCELLED ||
				     a->run.state == WEIR_ST_CANCELLING)) ||
		     (r->act.kind == WEIR_ACT_RESUME && a->run.state != WEIR_ST_PAUSED);
	a->api->ops->states(a->api, &r->object, api_wait_done, &w);
	rc = api_wait(a->api, &w);
	if (!rc && *r->key && strstr(buf_cstr(&body), r->key))
		*ret_found = true;
	buf_release(&body);
	if (!rc && *ret_found) {
		snprintf(a->result->said, sizeof(a->result->said), "was done: it is %s",
			a->run.state_name);
		actions_end(a, WEIR_DEED_DONE, STR(""));
	}
	return rc;
}

static enum weir_rc
look_for_object(struct action *a, const struct row *r, bool *ret_found)
{
	enum weir_rc rc = act_farm_look(a, &r->object, r->path, r->body, ret_found);

	if (!rc && *ret_found) {
		snprintf(a->result->said, sizeof(a->result->said), "was done");
		actions_end(a, WEIR_DEED_DONE, STR(""));
	}
	return rc;
}

static void
lose(struct action *a, const char *why)
{
	snprintf(a->result->said, sizeof(a->result->said), "was not done: %s", why);
	snprintf(a->result->hint, sizeof(a->result->hint), "weir history --resend %lld",
		(long long)a->number);
	a->result->rc = WEIR_EFAIL;
	actions_end(a, WEIR_DEED_LOST, STR(""));
}

static void
not_found(struct action *a, const struct row *r)
{
	bool young = weir_now_us() - r->at_us < young_us;

	if (!r->may_send)
		lose(a, !makes_run(r) ? "the server did not get it"
				      : "it was broken off before the server got it");
	else if (!young)
		lose(a, "the server did not get it, and it is too old to be sent "
			"again by itself");
	else if (!plan_again(r, &a->plan))
		lose(a, "it cannot be read");
	else
		actions_send(a);
}

/* Whatever became of it: what differs is sent by the next register. */
static void
end_register(struct action *a)
{
	snprintf(a->result->said, sizeof(a->result->said),
		"registering again sends what still differs");
	a->result->rc = WEIR_EFAIL;
	actions_end(a, WEIR_DEED_LOST, STR(""));
}

/* WEIR_OK: it has ended, or stays for another time. */
static enum weir_rc
settle(struct action *a, const struct row *r)
{
	bool found = false;
	enum weir_rc rc;

	if (r->registers) {
		end_register(a);
		return WEIR_OK;
	}
	if (r->act.kind >= WEIR_ACT_PAUSE)
		rc = look_for_object(a, r, &found);
	else if (makes_run(r))
		rc = look_for_run(a, r, &found);
	else
		rc = look_for_state(a, r, &found);
	if (rc == WEIR_ENOTFOUND) {
		lose(a, "it is gone");
		rc = WEIR_OK;
	} else if (!rc && !found) {
		not_found(a, r);
	}
	return rc;
}

static void
tell(const struct action *a, const struct row *r, weir_act_note_fn *note, void *arg)
{
	const struct weir_act_result *res = a->result;
	struct buf b = BUF_INIT(2048), when = BUF_INIT(64);

	if (!note)
		return;
	weir_time_relative(&when, r->at_us, weir_now_us(), false, true);
	buf_addf(&b, "%s of %s, %s, had no answer: %s",
		r->registers ? "register" : weir_act_verb(r->act.kind), r->name,
		buf_cstr(&when), res->said);
	if (res->hint[0])
		buf_addf(&b, " (%s)", res->hint);
	note(arg, buf_cstr(&b));
	buf_release(&b);
	buf_release(&when);
}

static enum weir_rc
settle_one(struct weir_session *s, int64_t number, weir_act_note_fn *note, void *arg,
	struct weir_err *err)
{
	struct weir_statedb *state;
	struct weir_act_result result;
	struct row r = { 0 };
	struct action a;
	bool mine = false;
	enum weir_rc rc = weir_session_state(s, true, &state, err);

	if (!rc)
		rc = journal_claim(state, number, &mine, err);
	if (rc || !mine)
		return rc;
	rc = weir_journal_get(state, number, keep_row, &r, err);
	if (rc)
		return rc;
	rc = actions_open(&a, s, &r.act, &r.object, &result);
	a.number = number;
	if (!rc)
		rc = settle(&a, &r);
	if (rc)
		*err = a.err;
	else
		tell(&a, &r, note, arg);
	actions_close(&a);
	row_release(&r);
	return rc;
}

enum weir_rc
weir_act_settle(
	struct weir_session *s, weir_act_note_fn *note, void *arg, struct weir_err *err)
{
	const struct weir_config *config = weir_session_config(s);
	struct weir_statedb *state;
	int64_t *numbers = NULL;
	size_t n = 0;
	enum weir_rc rc;

	if (weir_config_bool(config, WEIR_KEY_READ_ONLY))
		return WEIR_OK;
	rc = weir_session_state(s, false, &state, err);
	if (rc)
		return rc == WEIR_ENOTFOUND ? WEIR_OK : rc;
	rc = journal_open(state, &numbers, &n, err);
	for (size_t i = 0; !rc && i < n; i++)
		rc = settle_one(s, numbers[i], note, arg, err);
	free(numbers);
	return rc;
}

/* It has no answer, and nobody else waits for one. */
static enum weir_rc
may_resend(struct action *a, const struct row *r)
{
	bool mine = false;
	enum weir_rc rc;

	if (r->registers) {
		(void)weir_fail(&a->err, WEIR_EREFUSED,
			"only the file says what is to be sent");
		return weir_hint(&a->err, "weir register");
	}
	if (r->state == WEIR_DEED_LOST)
		return WEIR_OK;
	if (r->state != WEIR_DEED_OPEN)
		return weir_fail(&a->err, WEIR_EREFUSED, "it has its answer: %s",
			weir_deed_state_name(r->state));
	rc = journal_claim(a->state, a->number, &mine, &a->err);
	if (rc || mine)
		return rc;
	return weir_fail(&a->err, WEIR_EREFUSED,
		"the weir that sent it lives and waits for its answer");
}

static void
resend(struct action *a, const struct row *r)
{
	if (may_resend(a, r)) {
		actions_fail(a, "");
	} else if (r->act.kind >= WEIR_ACT_PAUSE) {
		a->name = xstrdup(r->name);
		act_farm_again(a, &r->object, r->path, r->body);
	} else if (r->act.kind != WEIR_ACT_TRIGGER && actions_read(a, &r->object)) {
		actions_fail(a, "");
	} else if (!plan_again(r, &a->plan)) {
		(void)weir_fail(&a->err, WEIR_EFAIL, "what was sent cannot be read");
		actions_fail(a, "");
	} else {
		actions_send(a);
	}
}

enum weir_rc
weir_act_resend(
	struct weir_session *s, int64_t number, struct weir_act_result *ret_result)
{
	struct weir_statedb *state;
	struct row r = { 0 };
	struct action a = { .result = ret_result };
	enum weir_rc rc;

	memset(ret_result, 0, sizeof(*ret_result));
	rc = weir_act_allowed(weir_session_config(s), WEIR_ACT_RETRIGGER, &a.err);
	if (!rc)
		rc = weir_session_state(s, true, &state, &a.err);
	if (!rc)
		rc = weir_journal_get(state, number, keep_row, &r, &a.err);
	if (rc) {
		actions_fail(&a, "");
		return rc;
	}
	if (!actions_open(&a, s, &r.act, &r.object, ret_result)) {
		a.number = number;
		actions_name(ret_result, r.name);
		resend(&a, &r);
	}
	actions_close(&a);
	row_release(&r);
	return ret_result->rc;
}
