/*
 * The plan carried out, one deployment after the other. Every request may be sent twice
 * without harm; one that is left without an answer is made good by registering again.
 */
#define LOG_MODULE "register"
#include "json_out.h"
#include "register.h"

#include "api_fields.h"
#include "journal.h"
#include "session.h"
#include "store_write.h"
#include "weir/log.h"

struct sender {
	struct weir_session *session;
	struct reg_plan *p;
	struct api *api;
	struct weir_statedb *state;
	struct weir_store *store; /* NULL: what came of it is not kept */
	json_t *flows;            /* name: id */
	struct weir_err *err;
	/* The one that is being done. */
	struct reg_item *item;
	struct weir_reg_item *view;
	size_t i;
	char id[WEIR_ID_TEXT + 1]; /* of the deployment, "" for none yet */
	json_t *automations;       /* ids of those that were made */
};

/* ---- one request */

static enum weir_deed_state
deed_state(enum weir_rc rc)
{
	if (rc == WEIR_OK)
		return WEIR_DEED_DONE;
	return rc == WEIR_EREFUSED || rc == WEIR_ENOTFOUND || rc == WEIR_EAUTH
		       ? WEIR_DEED_REFUSED
		       : WEIR_DEED_LOST;
}

static enum weir_rc
journal_begin(struct sender *s, const char *method, const char *path, const char *body,
	int64_t *ret_number)
{
	bool flow = strcmp(path, "/flows/") == 0;
	char *name = flow ? xstrdup(s->item->flow_name)
			  : xasprintf("%s/%s", s->item->flow_name, s->item->name);
	char *request = xasprintf("%s %s", method, path);
	struct buf who = BUF_INIT(1024);
	struct weir_deed deed = {
		.at_us = weir_now_us(),
		.verb = s->item->entry ? "register" : "remove",
		.profile = weir_config_name(weir_session_config(s->session)),
		.server = s->api->base,
		.kind = flow ? WEIR_FLOW : WEIR_DEPLOYMENT,
		.object = s->view->id,
		.name = name,
		.path = request,
		.body = body && strlen(body) <= JOURNAL_BODY_MAX ? body : NULL,
		.sent_us = WEIR_NO_TIME,
	};
	enum weir_rc rc;

	journal_who(&who);
	deed.who = buf_cstr(&who);
	rc = journal_write(s->state, &deed, ret_number, s->err);
	buf_release(&who);
	free(name);
	free(request);
	return rc;
}

/* What a request did, in the words of the list. */
static void
add_done(const struct sender *s, struct buf *out)
{
	const struct reg_item *item = s->item;

	buf_adds(out, weir_reg_verdict_name(s->view->verdict));
	if (s->view->verdict != WEIR_REG_CHANGED)
		return;
	for (size_t i = 0; i < item->changes.n; i++)
		buf_addf(out, "%s%s", i ? ", " : ": ", item->changes.v[i].field);
}

static void
journal_end(struct sender *s, int64_t number, enum weir_rc rc, const struct buf *answer)
{
	struct buf done = BUF_INIT(JOURNAL_SAID_MAX);
	struct weir_deed deed = { .state = deed_state(rc), .said = s->err->text };
	struct weir_err err;

	add_done(s, &done);
	if (!rc)
		deed.said = buf_cstr(&done);

	if (deed.state == WEIR_DEED_LOST)
		deed.said = "no answer: registering again sends what still differs";
	if (!rc && answer->len <= JOURNAL_BODY_MAX && !s->p->secret)
		deed.answer = buf_cstr(answer);
	if (journal_answer(s->state, number, &deed, &err))
		LOG(LOG_WARN, "%s", err.text);
	buf_release(&done);
}

/* body NULL: none. out gets the answer. */
static enum weir_rc
put(struct sender *s, const char *method, const char *path, const json_t *body,
	struct buf *out)
{
	char *text = json_out_text(body);
	int64_t number = 0;
	enum weir_rc rc;

	rc = journal_begin(s, method, path, s->p->secret ? NULL : text, &number);
	if (!rc) {
		rc = api_raw_wait(
			s->api, method, path, str_of(text), true, out, s->err);
		journal_end(s, number, rc, out);
	}
	free(text);
	return rc;
}

static enum weir_rc
put_quiet(struct sender *s, const char *method, const char *path, const json_t *body)
{
	struct buf out = BUF_INIT(BUF_MAX);
	enum weir_rc rc = put(s, method, path, body, &out);

	buf_release(&out);
	return rc;
}

static enum weir_rc
put_parsed(struct sender *s, const char *method, const char *path, const json_t *body,
	json_t **ret)
{
	struct buf out = BUF_INIT(BUF_MAX);
	enum weir_rc rc = put(s, method, path, body, &out);

	if (!rc && !(*ret = register_parse(&out, path, s->err)))
		rc = s->err->rc;
	buf_release(&out);
	return rc;
}

/* What was made is known here at once. */
static void
keep(struct sender *s, enum weir_kind kind, struct str body)
{
	struct arena arena = { 0 };
	struct doc_vec docs = { 0 };
	struct weir_err err = { 0 };

	if (s->store && !api_decode_docs(kind, body, &arena, &docs, &err) &&
		store_put_docs(s->store, kind, docs.v, docs.n, NULL, &err))
		LOG(LOG_WARN, "%s", err.text);
	VEC_FREE(&docs);
	arena_free(&arena);
}

/* ---- parts of one deployment */

static enum weir_rc
make_flow(struct sender *s)
{
	json_t *body = json_object(), *flow = NULL;
	struct buf out = BUF_INIT(BUF_MAX);
	enum weir_rc rc;

	json_object_set_new(body, "name", json_string(s->item->flow_name));
	rc = put(s, "POST", "/flows/", body, &out);
	if (!rc && !(flow = register_parse(&out, "/flows/", s->err)))
		rc = s->err->rc;
	if (!rc) {
		keep(s, WEIR_FLOW, buf_str(&out));
		json_object_set_new(s->flows, s->item->flow_name,
			json_string(register_text(flow, "id")));
	}
	buf_release(&out);
	json_decref(body);
	json_decref(flow);
	return rc;
}

static enum weir_rc
flow_id(struct sender *s, const char **ret_id)
{
	enum weir_rc rc = WEIR_OK;

	if (!json_object_get(s->flows, s->item->flow_name))
		rc = make_flow(s);
	if (!rc)
		*ret_id = register_text(s->flows, s->item->flow_name);
	return rc;
}

static enum weir_rc
set_id(struct sender *s, const json_t *deployment)
{
	if (!weir_id_parse(str_of(register_text(deployment, "id")), &s->view->id))
		return weir_fail(
			s->err, WEIR_ENET, "server: the answer has no deployment's id");
	weir_id_format(&s->view->id, s->id);
	return WEIR_OK;
}

static enum weir_rc
create(struct sender *s)
{
	json_t *body = NULL, *made = NULL;
	const char *flow = NULL;
	enum weir_rc rc = flow_id(s, &flow);

	if (rc)
		return rc;
	body = register_body_create(
		flow, s->item->name, s->item->stated, s->item->guessed);
	rc = put_parsed(s, "POST", "/deployments/", body, &made);
	if (!rc)
		rc = set_id(s, made);
	if (!rc) {
		json_decref(s->item->served);
		s->item->served = json_incref(made);
	}
	json_decref(body);
	json_decref(made);
	return rc;
}

static enum weir_rc
remove_schedules(struct sender *s, const char *const *ids, size_t n)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < n; i++) {
		char *path = xasprintf("/deployments/%s/schedules/%s", s->id, ids[i]);

		rc = put_quiet(s, "DELETE", path, NULL);
		if (rc == WEIR_ENOTFOUND)
			rc = WEIR_OK;
		free(path);
	}
	return rc;
}

static enum weir_rc
patch_schedules(struct sender *s, const char *path, json_t *schedules)
{
	json_t *body = json_object();
	enum weir_rc rc;

	json_object_set(body, "schedules", schedules);
	rc = put_quiet(s, "PATCH", path, body);
	json_decref(body);
	return rc;
}

/* In one PATCH, unless schedules have to go before others can come. */
static enum weir_rc
patch(struct sender *s)
{
	struct reg_item *item = s->item;
	char *path = xasprintf("/deployments/%s", s->id);
	json_t *body = register_body_patch(&item->changes, item->stated, item->served);
	struct reg_schedules plan = { 0 };
	enum weir_rc rc = WEIR_OK;

	if (register_changes_has(&item->changes, "schedules"))
		register_schedules_plan(json_object_get(item->stated, "schedules"),
			json_object_get(item->served, "schedules"), s->p->can_rename,
			&plan);
	if (plan.patch && !plan.before.n) {
		if (!body)
			body = json_object();
		json_object_set(body, "schedules", plan.patch);
	}
	if (body)
		rc = put_quiet(s, "PATCH", path, body);
	if (!rc)
		rc = remove_schedules(s, plan.before.v, plan.before.n);
	if (!rc && plan.patch && plan.before.n)
		rc = patch_schedules(s, path, plan.patch);
	if (!rc)
		rc = remove_schedules(s, plan.after.v, plan.after.n);
	register_schedules_release(&plan);
	json_decref(body);
	free(path);
	return rc;
}

static enum weir_rc
put_whole(struct sender *s)
{
	json_t *body = register_body_whole(s->item->stated, s->item->served);
	enum weir_rc rc = put_quiet(s, "POST", "/deployments/", body);

	json_decref(body);
	return rc;
}

static bool
only_triggers(const struct reg_item *item)
{
	return item->changes.n == 1 && item->triggers_differ;
}

static enum weir_rc
change(struct sender *s)
{
	enum weir_rc rc;

	weir_id_format(&s->view->id, s->id);
	if (only_triggers(s->item))
		return WEIR_OK;
	rc = register_needs_whole(&s->item->changes, s->p->old) ? put_whole(s)
								: patch(s);
	if (rc == WEIR_ENOTFOUND)
		return weir_fail(s->err, WEIR_EREFUSED,
			"someone has deleted it meanwhile: register again");
	return rc;
}

/* ---- triggers */

/* A server without automations answers 404: said, and left out. */
static enum weir_rc
put_triggers(struct sender *s)
{
	char *owned = xasprintf("/automations/owned-by/prefect.deployment.%s", s->id);
	enum weir_rc rc = WEIR_OK;
	const json_t *one;
	size_t i;

	s->automations = json_array();
	if (s->item->automations)
		rc = put_quiet(s, "DELETE", owned, NULL);
	free(owned);
	json_array_foreach(s->item->triggers, i, one)
	{
		json_t *body, *made = NULL;

		if (rc)
			break;
		body = register_body_automation(one, s->id);
		rc = put_parsed(s, "POST", "/automations/", body, &made);
		if (!rc)
			json_array_append(s->automations, json_object_get(made, "id"));
		json_decref(body);
		json_decref(made);
	}
	if (rc != WEIR_ENOTFOUND)
		return rc;
	register_note(s->p, "%s/%s: triggers: there are no automations here: left out",
		s->item->flow_name, s->item->name);
	return WEIR_OK;
}

static bool
wants_triggers(const struct sender *s)
{
	return s->item->triggers_differ || (s->view->verdict == WEIR_REG_CREATED &&
						   json_array_size(s->item->triggers));
}

/* ---- what came of it */

/* The server may have its own idea of what was sent: said, not hidden. */
static void
compare_again(struct sender *s, const json_t *served)
{
	struct reg_changes left = { 0 };
	bool stuck;

	register_compare(s->item->stated, served, &left, &stuck);
	for (size_t i = 0; i < left.n; i++)
		register_note(s->p,
			"%s/%s: %s: the server keeps another value than it was sent",
			s->item->flow_name, s->item->name, left.v[i].field);
	register_changes_free(&left);
}

/* As it is now: what was made is in the answer, what was changed is asked for. */
static void
look_again(struct sender *s)
{
	struct buf body = BUF_INIT(BUF_MAX);
	char *path = xasprintf("/deployments/%s", s->id);
	json_t *served = NULL;

	if (s->view->verdict == WEIR_REG_CREATED) {
		char *text = json_out_text(s->item->served);

		buf_adds(&body, text);
		free(text);
	} else if (api_raw_wait(s->api, "GET", path, STR(""), true, &body, NULL)) {
		goto out;
	}
	keep(s, WEIR_DEPLOYMENT, buf_str(&body));
	served = register_parse(&body, path, NULL);
	if (served)
		compare_again(s, served);
out:
	json_decref(served);
	buf_release(&body);
	free(path);
}

static void
remember(struct sender *s)
{
	char *full = xasprintf("%s/%s", s->item->flow_name, s->item->name);
	json_t *was = json_object_get(s->p->known, s->id), *entry;
	const json_t *ids =
		s->automations ? s->automations : register_known_automations(was);

	if (json_array_size(ids)) {
		entry = json_object();
		json_object_set_new(entry, "name", json_string(full));
		json_object_set(entry, "automations", reg_tree(ids));
	} else {
		entry = json_string(full);
	}
	if (!was || !json_equal(was, entry)) {
		json_object_set(s->p->known, s->id, entry);
		s->p->known_changed = true;
	}
	json_decref(entry);
	free(full);
}

/* ---- one deployment */

static enum weir_rc
remove_one(struct sender *s)
{
	char *path;
	enum weir_rc rc;

	weir_id_format(&s->view->id, s->id);
	path = xasprintf("/deployments/%s", s->id);
	rc = put_quiet(s, "DELETE", path, NULL);
	free(path);
	if (rc && rc != WEIR_ENOTFOUND)
		return rc;
	json_object_del(s->p->known, s->id);
	s->p->known_changed = true;
	return WEIR_OK;
}

static enum weir_rc
do_one(struct sender *s)
{
	enum weir_rc rc = WEIR_OK;

	if (s->view->verdict == WEIR_REG_REMOVED)
		return remove_one(s);
	if (s->view->verdict == WEIR_REG_CREATED)
		rc = create(s);
	else if (s->view->verdict == WEIR_REG_CHANGED)
		rc = change(s);
	else
		weir_id_format(&s->view->id, s->id);
	if (!rc && wants_triggers(s))
		rc = put_triggers(s);
	if (*s->id && (!rc || s->view->verdict == WEIR_REG_CREATED))
		remember(s);
	if (!rc && s->view->verdict != WEIR_REG_UNCHANGED)
		look_again(s);
	return rc;
}

/* The server's own words, which stand behind the status. */
static const char *
words_of(const char *text)
{
	const char *at = strstr(text, "): ");

	return at && at - text > 4 && at[-4] == '(' ? at + 3 : text;
}

static void
fail_one(struct sender *s, enum weir_rc rc)
{
	const char *words = rc == WEIR_EREFUSED || rc == WEIR_ENOTFOUND
				    ? words_of(s->err->text)
				    : s->err->text;

	register_fail(s->p, s->i, rc == WEIR_ENOTFOUND ? WEIR_EREFUSED : rc,
		rc == WEIR_EREFUSED ? "" : s->err->hint, "%s", words);
}

/* WEIR_OK: go on with the next. */
static enum weir_rc
do_item(struct sender *s, size_t i)
{
	enum weir_rc rc;

	s->i = i;
	s->item = &s->p->items.v[i];
	s->view = &s->p->views.v[i];
	s->id[0] = '\0';
	if (s->view->verdict == WEIR_REG_FAILED)
		return WEIR_OK;
	rc = do_one(s);
	if (rc)
		fail_one(s, rc);
	json_decref(s->automations);
	s->automations = NULL;
	/* the others would fare no better */
	return rc == WEIR_EREFUSED || rc == WEIR_ENOTFOUND ? WEIR_OK : rc;
}

static enum weir_rc
send_all(struct sender *s, weir_reg_fn *fn, void *arg)
{
	enum weir_rc rc = WEIR_OK;
	bool more = true;

	for (size_t i = 0; !rc && more && i < s->p->items.n; i++) {
		rc = do_item(s, i);
		more = !fn || fn(arg, &s->p->views.v[i]);
	}
	return rc;
}

static bool
has_writes(const struct weir_reg_plan *p)
{
	return p->count[WEIR_REG_CREATED] || p->count[WEIR_REG_CHANGED] ||
	       p->count[WEIR_REG_REMOVED];
}

enum weir_rc
weir_register_apply(struct weir_session *session, struct weir_reg_plan *plan,
	weir_reg_fn *fn, void *arg, struct weir_err *err)
{
	struct sender s = {
		.session = session,
		.p = (void *)plan, /* its first member */
		.err = err,
	};
	const struct weir_config *config = weir_session_config(session);
	struct weir_err why = { 0 };
	enum weir_rc rc;

	if (weir_config_bool(config, WEIR_KEY_READ_ONLY)) {
		weir_fail(err, WEIR_EREFUSED, "register: refused: read-only mode (%s)",
			weir_config_origin(config, WEIR_KEY_READ_ONLY));
		return weir_hint(err, "weir register --dry-run");
	}
	rc = session_api(session, 0, &s.api, err);
	if (!rc)
		rc = weir_session_state(session, true, &s.state, err);
	if (!rc && has_writes(plan) &&
		weir_session_store(session, WEIR_STORE_WRITE, &s.store, NULL))
		s.store = NULL;
	if (rc)
		return rc;
	s.flows = json_object();
	rc = send_all(&s, fn, arg);
	if (s.p->known_changed &&
		register_known_write(session, s.p->m, s.p->known, &why))
		register_note(s.p, "%s", why.text);
	register_count(s.p);
	json_decref(s.flows);
	return rc;
}
