/* States of runs and task runs: made, entered, proposed. */
#include "embedded_check.h"
#include "weir/time.h"

static const char *const default_names[WEIR_N_STATES] = {
	[WEIR_ST_NONE] = "",
	[WEIR_ST_SCHEDULED] = "Scheduled",
	[WEIR_ST_PENDING] = "Pending",
	[WEIR_ST_RUNNING] = "Running",
	[WEIR_ST_PAUSED] = "Paused",
	[WEIR_ST_CANCELLING] = "Cancelling",
	[WEIR_ST_COMPLETED] = "Completed",
	[WEIR_ST_FAILED] = "Failed",
	[WEIR_ST_CANCELLED] = "Cancelled",
	[WEIR_ST_CRASHED] = "Crashed",
};

enum weir_state
embedded_type(const json_t *state)
{
	enum weir_state type = WEIR_ST_NONE;
	const char *text = embedded_str(state, "type");

	if (text && !weir_state_parse(str_of(text), &type))
		return WEIR_ST_NONE;
	return type;
}

static bool
flag(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

json_t *
embedded_state_of(struct embedded_call *c, const json_t *proposed)
{
	static const char *const kept[] = { "message", "data", NULL };
	enum weir_state type = embedded_type(proposed);
	struct weir_id id = weir_id_random();
	json_t *s = json_object(), *d;

	json_object_set_new(s, "id", embedded_id(&id));
	json_object_set_new(s, "type", json_string(weir_state_type(type)));
	json_object_set_new(s, "timestamp", embedded_time(c->now_us));
	json_object_set_new(s, "message", json_null());
	json_object_set_new(s, "data", json_null());
	embedded_take(s, proposed, kept);
	if (embedded_str(proposed, "name"))
		json_object_set(s, "name", json_object_get(proposed, "name"));
	else
		json_object_set_new(s, "name", json_string(default_names[type]));
	d = json_deep_copy(json_object_get(proposed, "state_details"));
	if (!json_is_object(d)) {
		json_decref(d);
		d = json_object();
	}
	if (type == WEIR_ST_SCHEDULED)
		embedded_default(d, "scheduled_time", embedded_time(c->now_us));
	embedded_default(d, "pause_reschedule", json_false());
	embedded_default(d, "untrackable_result", json_false());
	json_object_set_new(s, "state_details", d);
	return s;
}

json_t *
embedded_state(struct embedded_call *c, const char *type, const char *name,
	const char *message, int64_t scheduled_us)
{
	json_t *proposed = json_object(), *d = json_object(), *state;

	json_object_set_new(proposed, "type", json_string(type));
	if (name)
		json_object_set_new(proposed, "name", json_string(name));
	if (message)
		json_object_set_new(proposed, "message", json_string(message));
	if (scheduled_us != WEIR_NO_TIME)
		json_object_set_new(d, "scheduled_time", embedded_time(scheduled_us));
	json_object_set_new(proposed, "state_details", d);
	state = embedded_state_of(c, proposed);
	json_decref(proposed);
	return state;
}

/* ---- entering */

static void
set(json_t *object, const char *name, const json_t *v)
{
	json_object_set(object, name, (json_t *)(uintptr_t)v);
}

static bool
is_null(const json_t *object, const char *name)
{
	const json_t *v = json_object_get(object, name);

	return !v || json_is_null(v);
}

/* A clock that was set back lets no state begin before the one it follows. */
static void
set_after(json_t *to, const json_t *from)
{
	int64_t last = embedded_us(json_object_get(from, "timestamp"));
	int64_t us = embedded_us(json_object_get(to, "timestamp"));

	if (last != WEIR_NO_TIME && us != WEIR_NO_TIME && us < last)
		json_object_set_new(to, "timestamp", embedded_time(last));
}

/* Start, end and run time; of runs and task runs. */
static void
set_times(json_t *run, const json_t *from, const json_t *to)
{
	enum weir_state old = embedded_type(from), new = embedded_type(to);
	const json_t *at = json_object_get(to, "timestamp");
	int64_t since = embedded_us(json_object_get(from, "timestamp"));
	double spent = json_number_value(json_object_get(run, "total_run_time"));

	if (new == WEIR_ST_RUNNING && is_null(run, "start_time"))
		set(run, "start_time", at);
	if (weir_state_is_terminal(old) && !weir_state_is_terminal(new))
		json_object_set_new(run, "end_time", json_null());
	if (weir_state_is_terminal(new) && is_null(run, "end_time")) {
		if (is_null(run, "start_time"))
			set(run, "start_time", at);
		set(run, "end_time", at);
	}
	if (old == WEIR_ST_RUNNING && since != WEIR_NO_TIME)
		json_object_set_new(run, "total_run_time",
			json_real(spent +
				  (double)(embedded_us(at) - since) / WEIR_SECOND_US));
}

static void
set_schedule(json_t *run, const json_t *to)
{
	const json_t *d = json_object_get(to, "state_details");
	const json_t *at = json_object_get(d, "scheduled_time");
	bool due = embedded_type(to) == WEIR_ST_SCHEDULED;

	if (is_null(run, "expected_start_time"))
		set(run, "expected_start_time",
			due ? at : json_object_get(to, "timestamp"));
	if (due)
		set(run, "next_scheduled_start_time", at);
	else
		json_object_set_new(run, "next_scheduled_start_time", json_null());
}

static void
add_one(json_t *run, const char *name)
{
	int64_t n = json_integer_value(json_object_get(run, name));

	json_object_set_new(run, name, json_integer(n + 1));
}

/* What is said of its state in the run itself. */
static void
set_state(json_t *run, json_t *state)
{
	set(run, "state", state);
	set(run, "state_id", json_object_get(state, "id"));
	set(run, "state_type", json_object_get(state, "type"));
	set(run, "state_name", json_object_get(state, "name"));
	json_decref(state);
}

static enum weir_rc
add_state(struct embedded_call *c, const struct weir_id *run, const json_t *state)
{
	struct buf doc = BUF_INIT(BUF_MAX);
	struct weir_id id;
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(c->db, SQL_EMB_STATE_ADD, &st, c->err);

	if (rc)
		return rc;
	(void)embedded_get_id(json_object_get(state, "id"), &id);
	json_out(&doc, state);
	db_bind_id(st, 1, run);
	db_bind_id(st, 2, &id);
	db_bind_str(st, 3, buf_str(&doc));
	rc = db_run(c->db, st, c->err);
	buf_release(&doc);
	return rc;
}

/* The stand-in of a child within its parent is in the child's state. */
static enum weir_rc
mirror(struct embedded_call *c, const json_t *run, const json_t *state)
{
	struct weir_id id;
	json_t *task = NULL, *copy;
	enum weir_rc rc;

	if (!embedded_get_id(json_object_get(run, "parent_task_run_id"), &id))
		return WEIR_OK;
	rc = embedded_task(c, &id, &task);
	if (rc || !task)
		return rc;
	copy = embedded_state_of(c, state);
	set(json_object_get(copy, "state_details"), "child_flow_run_id",
		json_object_get(run, "id"));
	rc = embedded_enter_task(c, task, copy);
	json_decref(task);
	return rc;
}

static void
set_policy(json_t *run, enum weir_state to)
{
	json_t *p = json_object_get(run, "empirical_policy");
	bool resuming = flag(p, "resuming");

	if (to == WEIR_ST_RUNNING && !resuming)
		add_one(run, "run_count");
	if (resuming && (to == WEIR_ST_RUNNING || weir_state_is_terminal(to)))
		json_object_set_new(p, "resuming", json_false());
}

/* One run that is to end with its parent: at once, or by its worker. */
static enum weir_rc
cancel_child(struct embedded_call *c, const struct weir_id *id)
{
	struct embedded_move m = { .c = c };
	enum weir_rc rc = embedded_run(c, id, &m.run);

	if (rc || !m.run)
		return rc;
	m.from = json_object_get(m.run, "state");
	m.proposed = embedded_state(
		c, "CANCELLING", NULL, "The run above it was cancelled.", WEIR_NO_TIME);
	rc = embedded_rules(&m, false);
	if (!rc && m.proposed)
		rc = embedded_enter(c, m.run, json_incref(m.proposed));
	json_decref(m.proposed);
	json_decref(m.run);
	return rc;
}

static enum weir_rc
cancel_children(struct embedded_call *c, const struct weir_id *run)
{
	struct id_vec ids = { 0 };
	enum weir_rc rc = embedded_ids_of(c, SQL_EMB_CHILDREN, run, &ids);

	for (size_t i = 0; !rc && i < ids.n; i++)
		rc = cancel_child(c, &ids.v[i]);
	VEC_FREE(&ids);
	return rc;
}

/* Has it one of its deployment's slots? As SQL_EMB_BUSY_DEPLOYMENT. */
static bool
has_slot(enum weir_state state)
{
	return state == WEIR_ST_PENDING || state == WEIR_ST_RUNNING ||
	       state == WEIR_ST_CANCELLING;
}

static enum weir_rc
count_slots(struct embedded_call *c, const json_t *run, bool had, bool has)
{
	struct weir_id id;

	if (had == has || !embedded_get_id(json_object_get(run, "deployment_id"), &id))
		return WEIR_OK;
	return embedded_count_slots(c, &id);
}

enum weir_rc
embedded_enter(struct embedded_call *c, json_t *run, json_t *state)
{
	enum weir_state to = embedded_type(state);
	const json_t *from = json_object_get(run, "state");
	bool had = has_slot(embedded_type(from));
	struct weir_id id;
	enum weir_rc rc;

	(void)embedded_get_id(json_object_get(run, "id"), &id);
	set(json_object_get(state, "state_details"), "flow_run_id",
		json_object_get(run, "id"));
	set_after(state, from);
	set_times(run, from, state);
	set_schedule(run, state);
	set_policy(run, to);
	json_incref(state);
	set_state(run, state);
	rc = embedded_put_run(c, run);
	if (!rc)
		rc = add_state(c, &id, state);
	if (!rc)
		rc = mirror(c, run, state);
	if (!rc)
		rc = count_slots(c, run, had, has_slot(to));
	if (!rc && weir_state_is_terminal(to))
		rc = store_complete_logs(c->store, &id,
			json_integer_value(json_object_get(run, "run_count")), c->err);
	if (!rc && to == WEIR_ST_CANCELLED)
		rc = cancel_children(c, &id);
	json_decref(state);
	return rc;
}

enum weir_rc
embedded_enter_task(struct embedded_call *c, json_t *task, json_t *state)
{
	json_t *d = json_object_get(state, "state_details");

	set(d, "task_run_id", json_object_get(task, "id"));
	set(d, "flow_run_id", json_object_get(task, "flow_run_id"));
	set_after(state, json_object_get(task, "state"));
	set_times(task, json_object_get(task, "state"), state);
	set_schedule(task, state);
	if (embedded_type(state) == WEIR_ST_RUNNING)
		add_one(task, "run_count");
	set_state(task, state);
	return embedded_put_task(c, task);
}

/* ---- proposing */

static enum weir_rc
say(struct embedded_call *c, const struct embedded_move *m, const json_t *state)
{
	static const char *const words[][2] = {
		[EMBEDDED_ACCEPT] = { "ACCEPT", "accept_details" },
		[EMBEDDED_REJECT] = { "REJECT", "reject_details" },
		[EMBEDDED_ABORT] = { "ABORT", "abort_details" },
		[EMBEDDED_WAIT] = { "WAIT", "wait_details" },
	};
	json_t *body = json_object(), *d = json_object();

	set(body, "state", state);
	json_object_set_new(body, "status", json_string(words[m->verdict][0]));
	json_object_set_new(d, "type", json_string(words[m->verdict][1]));
	if (m->verdict == EMBEDDED_WAIT)
		json_object_set_new(d, "delay_seconds", json_integer(m->delay_s));
	if (m->verdict != EMBEDDED_ACCEPT)
		json_object_set_new(d, "reason", json_string(m->reason));
	json_object_set_new(body, "details", d);
	return embedded_answer(c, m->proposed ? 201 : 200, body);
}

/* state is stolen. */
static enum weir_rc
propose(struct embedded_call *c, json_t *run, json_t *state, bool force)
{
	struct embedded_move m = { .c = c,
		.run = run,
		.from = json_object_get(run, "state"),
		.proposed = state };
	enum weir_rc rc = embedded_rules(&m, force);
	const json_t *stays = m.from;

	if (!rc && m.proposed) {
		rc = embedded_enter(c, run, json_incref(m.proposed));
		stays = m.proposed;
	}
	if (!rc && m.resumed && !weir_state_is_terminal(embedded_type(stays))) {
		json_object_set_new(json_object_get(run, "empirical_policy"),
			"resuming", json_true());
		rc = embedded_put_run(c, run);
	}
	if (!rc)
		rc = say(c, &m, stays);
	json_decref(m.proposed);
	return rc;
}

static enum weir_rc
find_run(struct embedded_call *c, json_t **ret_run)
{
	struct weir_id id;
	enum weir_rc rc;

	*ret_run = NULL;
	if (!embedded_part(c, 0, &id))
		return WEIR_OK;
	rc = embedded_run(c, &id, ret_run);
	if (!rc && !*ret_run)
		rc = embedded_missing(c, "Flow run with id %s not found", c->part[0]);
	return rc;
}

enum weir_rc
embedded_do_set_state(struct embedded_call *c)
{
	const json_t *proposed = json_object_get(c->body, "state");
	json_t *run = NULL;
	enum weir_rc rc;

	rc = find_run(c, &run);
	if (!rc && run)
		rc = propose(
			c, run, embedded_state_of(c, proposed), flag(c->body, "force"));
	json_decref(run);
	return rc;
}

enum weir_rc
embedded_do_resume(struct embedded_call *c)
{
	struct embedded_move m = { .verdict = EMBEDDED_ABORT,
		.reason = "Cannot resume a flow run that is not paused." };
	const json_t *state, *d;
	json_t *run = NULL;
	enum weir_rc rc = find_run(c, &run);

	if (rc || !run)
		return rc;
	state = json_object_get(run, "state");
	d = json_object_get(state, "state_details");
	if (embedded_type(state) != WEIR_ST_PAUSED)
		rc = say(c, &m, json_null());
	else if (flag(d, "pause_reschedule"))
		rc = propose(c, run,
			embedded_state(c, "SCHEDULED", "Resuming", NULL, c->now_us),
			false);
	else
		rc = propose(c, run,
			embedded_state(c, "RUNNING", NULL, NULL, WEIR_NO_TIME), false);
	json_decref(run);
	return rc;
}

/* ---- history */

enum weir_rc
embedded_do_states(struct embedded_call *c)
{
	static const char mark[] = "flow_run_id=";
	const char *at = strstr(c->query, mark);
	struct weir_id id;
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc;

	if (!at || !weir_id_parse(str_of(at + strlen(mark)), &id))
		return embedded_invalid(c, "flow_run_id", "Field required");
	rc = db_get(c->db, SQL_EMB_STATES, &st, c->err);
	if (rc)
		return rc;
	db_bind_id(st, 1, &id);
	rc = db_step(c->db, st, &row, c->err);
	if (!rc)
		buf_addstr(
			&c->out, row && db_str(st, 0).len ? db_str(st, 0) : STR("[]"));
	db_reset(st);
	return rc;
}

enum weir_rc
embedded_do_get_state(struct embedded_call *c)
{
	struct weir_id id;
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc;

	if (!embedded_part(c, 0, &id))
		return WEIR_OK;
	rc = db_get(c->db, SQL_EMB_STATE, &st, c->err);
	if (rc)
		return rc;
	db_bind_id(st, 1, &id);
	rc = db_step(c->db, st, &row, c->err);
	if (!rc && row)
		buf_addstr(&c->out, db_str(st, 0));
	db_reset(st);
	return rc || row ? rc : embedded_refuse(c, 404, "State not found");
}
