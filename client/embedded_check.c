#include "embedded_check.h"

#include "weir/time.h"

enum type {
	TEXT,
	NAME,
	COUNT,
	POSITIVE,
	NUMBER,
	BOOL,
	ID,
	TIME,
	OBJECT,
	TEXTS,
	LIST,
	STATE,
	ANY
};
enum flag { MUST = 1, NONE = 2 }; /* it must be there; may be null */

struct field {
	const char *name;
	enum type type;
	unsigned flags;
};

/* clang-format off */
static const struct field flow[] = {
	{ "name", NAME, MUST }, { "tags", TEXTS, 0 }, { "labels", OBJECT, NONE }, { 0 } };
static const struct field flow_change[] = { { "tags", TEXTS, 0 }, { 0 } };
static const struct field pool[] = {
	{ "name", NAME, MUST }, { "description", TEXT, NONE }, { "type", TEXT, 0 },
	{ "base_job_template", OBJECT, 0 }, { "is_paused", BOOL, 0 },
	{ "concurrency_limit", COUNT, NONE }, { "storage_configuration", OBJECT, 0 }, { 0 } };
static const struct field pool_change[] = {
	{ "description", TEXT, NONE }, { "is_paused", BOOL, NONE },
	{ "base_job_template", OBJECT, NONE }, { "concurrency_limit", COUNT, NONE },
	{ "storage_configuration", OBJECT, NONE }, { 0 } };
static const struct field queue[] = {
	{ "name", NAME, MUST }, { "description", TEXT, NONE }, { "is_paused", BOOL, 0 },
	{ "concurrency_limit", COUNT, NONE }, { "priority", POSITIVE, NONE },
	{ "filter", OBJECT, NONE }, { 0 } };
static const struct field queue_change[] = {
	{ "name", TEXT, NONE }, { "description", TEXT, NONE }, { "is_paused", BOOL, 0 },
	{ "concurrency_limit", COUNT, NONE }, { "priority", POSITIVE, NONE },
	{ "last_polled", TIME, NONE }, { "filter", OBJECT, NONE }, { 0 } };
static const struct field heartbeat[] = {
	{ "name", TEXT, MUST }, { "heartbeat_interval_seconds", NUMBER, NONE }, { 0 } };
#define OF_DEPLOYMENT \
	{ "concurrency_limit", POSITIVE, NONE }, { "concurrency_options", OBJECT, NONE }, \
	{ "global_concurrency_limit_id", ID, NONE }, { "parameter_openapi_schema", OBJECT, NONE }, \
	{ "tags", TEXTS, 0 }, { "pull_steps", LIST, NONE }, { "work_queue_name", TEXT, NONE }, \
	{ "work_pool_name", TEXT, NONE }, { "storage_document_id", ID, NONE }, \
	{ "infrastructure_document_id", ID, NONE }, { "description", TEXT, NONE }, \
	{ "path", TEXT, NONE }, { "version", TEXT, NONE }, { "entrypoint", TEXT, NONE }, \
	{ "version_info", OBJECT, NONE }, { "paused", BOOL, 0 }, { "schedules", LIST, 0 }
static const struct field deployment[] = {
	{ "name", NAME, MUST }, { "flow_id", ID, MUST }, OF_DEPLOYMENT,
	{ "enforce_parameter_schema", BOOL, 0 }, { "parameters", OBJECT, 0 },
	{ "job_variables", OBJECT, 0 }, { "labels", OBJECT, NONE }, { 0 } };
static const struct field deployment_change[] = {
	OF_DEPLOYMENT, { "enforce_parameter_schema", BOOL, NONE }, { "parameters", OBJECT, NONE },
	{ "job_variables", OBJECT, NONE }, { 0 } };
static const struct field schedule[] = {
	{ "schedule", OBJECT, MUST }, { "active", BOOL, 0 },
	{ "max_scheduled_runs", POSITIVE, NONE }, { "parameters", OBJECT, 0 },
	{ "slug", TEXT, NONE }, { "replaces", TEXT, NONE }, { 0 } };
static const struct field schedule_change[] = {
	{ "schedule", OBJECT, NONE }, { "active", BOOL, NONE },
	{ "max_scheduled_runs", POSITIVE, NONE }, { "parameters", OBJECT, 0 },
	{ "slug", TEXT, NONE }, { "replaces", TEXT, NONE }, { 0 } };
#define OF_RUN \
	{ "state", STATE, NONE }, { "name", TEXT, 0 }, { "parameters", OBJECT, 0 }, \
	{ "context", OBJECT, 0 }, { "infrastructure_document_id", ID, NONE }, \
	{ "empirical_policy", OBJECT, 0 }, { "tags", TEXTS, 0 }, { "idempotency_key", TEXT, NONE }, \
	{ "labels", OBJECT, NONE }, { "parent_task_run_id", ID, NONE }, \
	{ "work_queue_name", TEXT, NONE }, { "job_variables", OBJECT, NONE }
static const struct field run_of_deployment[] = {
	OF_RUN, { "enforce_parameter_schema", BOOL, NONE }, { 0 } };
static const struct field run[] = {
	OF_RUN, { "flow_id", ID, MUST }, { "flow_version", TEXT, NONE },
	{ "work_pool_name", TEXT, NONE }, { "deployment_id", ID, NONE }, { 0 } };
static const struct field run_change[] = {
	{ "name", TEXT, NONE }, { "flow_version", TEXT, NONE }, { "parameters", OBJECT, 0 },
	{ "empirical_policy", OBJECT, 0 }, { "tags", TEXTS, 0 },
	{ "infrastructure_pid", TEXT, NONE }, { "job_variables", OBJECT, NONE }, { 0 } };
static const struct field state[] = {
	{ "state", STATE, MUST }, { "force", BOOL, 0 }, { 0 } };
static const struct field task[] = {
	{ "task_key", TEXT, MUST }, { "dynamic_key", TEXT, MUST }, { "id", ID, NONE },
	{ "state", STATE, NONE }, { "name", TEXT, 0 }, { "flow_run_id", ID, NONE },
	{ "cache_key", TEXT, NONE }, { "cache_expiration", TIME, NONE },
	{ "task_version", TEXT, NONE }, { "empirical_policy", OBJECT, 0 }, { "tags", TEXTS, 0 },
	{ "labels", OBJECT, NONE }, { "task_inputs", OBJECT, 0 }, { 0 } };
static const struct field task_change[] = { { "name", TEXT, 0 }, { 0 } };
static const struct field line[] = {
	{ "name", TEXT, MUST }, { "level", NUMBER, MUST }, { "message", TEXT, MUST },
	{ "timestamp", TIME, MUST }, { "flow_run_id", ID, NONE }, { "task_run_id", ID, NONE },
	{ 0 } };
static const struct field artifact[] = {
	{ "key", TEXT, NONE }, { "type", TEXT, NONE }, { "description", TEXT, NONE },
	{ "data", ANY, NONE }, { "metadata_", OBJECT, NONE }, { "flow_run_id", ID, NONE },
	{ "task_run_id", ID, NONE }, { 0 } };
static const struct field limit[] = {
	{ "name", NAME, MUST }, { "limit", COUNT, MUST }, { "active", BOOL, 0 },
	{ "active_slots", COUNT, 0 }, { "denied_slots", COUNT, 0 },
	{ "slot_decay_per_second", NUMBER, 0 }, { 0 } };
static const struct field history[] = {
	{ "history_start", TIME, MUST }, { "history_end", TIME, MUST },
	{ "history_interval_seconds", NUMBER, MUST }, { 0 } };
static const struct field anything[] = { { 0 } };

static const struct body {
	const struct field *fields;
	bool open; /* members that are not known are not looked at */
	bool list; /* of such objects */
} bodies[EMBEDDED_BODIES] = {
	[BODY_FLOW] = { flow, false, false },
	[BODY_FLOW_CHANGE] = { flow_change, false, false },
	[BODY_POOL] = { pool, false, false },
	[BODY_POOL_CHANGE] = { pool_change, false, false },
	[BODY_QUEUE] = { queue, false, false },
	[BODY_QUEUE_CHANGE] = { queue_change, false, false },
	[BODY_HEARTBEAT] = { heartbeat, true, false },
	[BODY_DEPLOYMENT] = { deployment, false, false },
	[BODY_DEPLOYMENT_CHANGE] = { deployment_change, false, false },
	[BODY_SCHEDULES] = { schedule, false, true },
	[BODY_SCHEDULE_CHANGE] = { schedule_change, false, false },
	[BODY_RUN_OF_DEPLOYMENT] = { run_of_deployment, false, false },
	[BODY_RUN] = { run, false, false },
	[BODY_RUN_CHANGE] = { run_change, false, false },
	[BODY_LABELS] = { anything, true, false },
	[BODY_STATE] = { state, true, false },
	[BODY_TASK] = { task, false, false },
	[BODY_TASK_CHANGE] = { task_change, false, false },
	[BODY_LOGS] = { line, false, true },
	[BODY_ARTIFACT] = { artifact, false, false },
	[BODY_LIMIT] = { limit, false, false },
	[BODY_HISTORY] = { history, true, false },
};
/* clang-format on */

static bool
is_text(const json_t *v)
{
	return json_is_string(v);
}

static bool
is_name(const json_t *v)
{
	const char *s = json_string_value(v);

	return s && *s && !strpbrk(s, "/%&<>");
}

static bool
is_count(const json_t *v)
{
	return json_is_integer(v) && json_integer_value(v) >= 0;
}

static bool
is_positive(const json_t *v)
{
	return json_is_integer(v) && json_integer_value(v) > 0;
}

static bool
is_number(const json_t *v)
{
	return json_is_number(v);
}

static bool
is_bool(const json_t *v)
{
	return json_is_boolean(v);
}

static bool
is_id(const json_t *v)
{
	struct weir_id id;

	return json_is_string(v) && weir_id_parse(str_of(json_string_value(v)), &id);
}

static bool
is_time(const json_t *v)
{
	return embedded_us(v) != WEIR_NO_TIME;
}

static bool
is_object(const json_t *v)
{
	return json_is_object(v);
}

static bool
is_texts(const json_t *v)
{
	for (size_t i = 0; i < json_array_size(v); i++)
		if (!json_is_string(json_array_get(v, i)))
			return false;
	return json_is_array(v);
}

static bool
is_list(const json_t *v)
{
	return json_is_array(v);
}

static bool
is_state(const json_t *v)
{
	return embedded_type(v) != WEIR_ST_NONE;
}

static bool
is_anything(const json_t *v)
{
	return v != NULL;
}

static const struct {
	bool (*fits)(const json_t *v);
	const char *type, *message;
} types[] = {
	[TEXT] = { is_text, "string_type", "Input should be a valid string" },
	[NAME] = { is_name, "string_pattern_mismatch",
		"String should match pattern '^[^/%&><]+$'" },
	[COUNT] = { is_count, "greater_than_equal",
		"Input should be a number greater than or equal to 0" },
	[POSITIVE] = { is_positive, "greater_than",
		"Input should be a number greater than 0" },
	[NUMBER] = { is_number, "float_type", "Input should be a valid number" },
	[BOOL] = { is_bool, "bool_type", "Input should be a valid boolean" },
	[ID] = { is_id, "uuid_parsing", "Input should be a valid UUID" },
	[TIME] = { is_time, "value_error", "Input should be a valid datetime" },
	[OBJECT] = { is_object, "dict_type", "Input should be a valid dictionary" },
	[TEXTS] = { is_texts, "list_type", "Input should be a valid list of strings" },
	[LIST] = { is_list, "list_type", "Input should be a valid list" },
	[STATE] = { is_state, "enum",
		"Input should be a state of type 'SCHEDULED', 'PENDING', 'RUNNING', "
		"'COMPLETED', 'FAILED', 'CANCELLED', 'CRASHED', 'PAUSED' or "
		"'CANCELLING'" },
	[ANY] = { is_anything, "", "" },
};

struct faults {
	json_t *all;
	json_t *at; /* where, borrowed */
};

static void
add(struct faults *f, const char *name, const char *type, const char *message)
{
	json_t *loc = json_copy(f->at);

	if (name)
		json_array_append_new(loc, json_string(name));
	json_array_append_new(f->all,
		json_pack("{s:s, s:o, s:s}", "type", type, "loc", loc, "msg", message));
}

static const struct field *
find(const struct field *fields, const char *name)
{
	for (; fields->name; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

static void
check_object(struct faults *f, const struct body *b, const json_t *object)
{
	const char *name;
	json_t *v;

	if (!json_is_object(object)) {
		add(f, NULL, "dict_type", "Input should be a valid dictionary");
		return;
	}
	for (const struct field *w = b->fields; w->name; w++)
		if ((w->flags & MUST) && !json_object_get(object, w->name))
			add(f, w->name, "missing", "Field required");
	json_object_foreach((json_t *)(uintptr_t)object, name, v)
	{
		const struct field *w = find(b->fields, name);

		if (!w && !b->open)
			add(f, name, "extra_forbidden",
				"Extra inputs are not permitted");
		if (!w || (json_is_null(v) && (w->flags & NONE)))
			continue;
		if (!types[w->type].fits(v))
			add(f, name, types[w->type].type, types[w->type].message);
	}
}

static void
check_body(struct faults *f, const struct body *b, const json_t *body)
{
	if (!b->list) {
		check_object(f, b, body);
		return;
	}
	if (!json_is_array(body))
		add(f, NULL, "list_type", "Input should be a valid list");
	for (size_t i = 0; i < json_array_size(body); i++) {
		json_array_append_new(f->at, json_integer((json_int_t)i));
		check_object(f, b, json_array_get(body, i));
		json_array_remove(f->at, 1);
	}
}

/* The answer of all faults, which are stolen. */
static enum weir_rc
refuse(struct embedded_call *c, json_t *faults)
{
	json_t *body = json_object();

	json_object_set_new(
		body, "exception_message", json_string("Invalid request received."));
	json_object_set_new(body, "exception_detail", faults);
	json_object_set(body, "request_body", c->body);
	return embedded_answer(c, 422, body);
}

enum weir_rc
embedded_invalid(struct embedded_call *c, const char *path, const char *message)
{
	json_t *at = json_pack("[s]", "body");
	struct faults f = { json_array(), at };

	while (*path) {
		size_t n = strcspn(path, ".");

		json_array_append_new(at, json_stringn(path, n));
		path += n + (path[n] == '.');
	}
	add(&f, NULL, "value_error", message);
	json_decref(at);
	return refuse(c, f.all);
}

bool
embedded_check(struct embedded_call *c, enum embedded_body kind)
{
	struct faults f;

	if (kind == BODY_ANY || c->logs)
		return true;
	f = (struct faults){ json_array(), json_pack("[s]", "body") };
	if (json_is_null(c->body))
		add(&f, NULL, "missing", "Field required");
	else
		check_body(&f, &bodies[kind], c->body);
	json_decref(f.at);
	if (json_array_size(f.all) == 0) {
		json_decref(f.all);
		return true;
	}
	(void)refuse(c, f.all);
	return false;
}
