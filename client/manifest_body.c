#include "json_out.h"
#include "manifest_priv.h"

/* Those that no step resolves first, or that are resolved where they are used. */
static bool
is_apart(const char *key)
{
	static const char *const keys[] = { "build", "push", "pull", "sla",
		"parameter_openapi_schema" };

	for (size_t i = 0; i < N_ELEM(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

/* Placeholders in these are finished by the parts that read them. */
static bool
is_unfinished(const char *key)
{
	return strncmp(key, "schedule", 8) == 0 || strcmp(key, "triggers") == 0;
}

static struct spot
spot_of(const struct draft *d, const char *key)
{
	return SPOT_KEY(&d->at, key, yaml_get(d->node, key));
}

/* The pool of a command: what its job refers to is looked up when a run starts. */
static enum weir_rc
resolve_pool(
	struct reading *r, const struct spot *s, const json_t *raw, json_t **ret_value)
{
	json_t *pool = json_deep_copy(raw), *value = NULL;
	json_t *jobs = json_incref(json_object_get(pool, "job_variables"));
	enum weir_rc rc;

	json_object_del(pool, "job_variables");
	rc = manifest_resolve(r, s, pool, VALUES_NOW, ret_value);
	if (!rc && jobs)
		rc = manifest_resolve(r, s, jobs, VALUES_LATER, &value);
	if (value)
		json_object_set_new(*ret_value, "job_variables", value);
	json_decref(jobs);
	json_decref(pool);
	return rc;
}

static enum weir_rc
resolve_member(struct reading *r, struct draft *d, const struct ypair *p)
{
	struct spot s = SPOT_KEY(&d->at, p->key, p->value);
	json_t *raw = yaml_json(p->value), *value = NULL, *done = NULL;
	enum weir_rc rc;

	if (json_is_object(raw) && strcmp(p->key, "work_pool") == 0 &&
		!yaml_get(d->node, "entrypoint"))
		rc = resolve_pool(r, &s, raw, &value);
	else
		rc = manifest_resolve(r, &s, raw, VALUES_NOW, &value);
	json_decref(raw);
	if (!rc && !is_unfinished(p->key)) {
		rc = manifest_finish(r, &s, value, FINISH_DROP_CTX, &done);
		json_decref(value);
		value = done;
	}
	if (!rc && value)
		json_object_set_new(d->config, p->key, value);
	return rc;
}

/* A text after placeholders; NULL for none and for an empty one. */
static enum weir_rc
text_member(struct reading *r, const struct draft *d, const char *key, const char **ret)
{
	const json_t *v = json_object_get(d->config, key);
	const struct spot s = spot_of(d, key);

	*ret = NULL;
	if (!v || json_is_null(v))
		return WEIR_OK;
	if (!json_is_string(v))
		return manifest_fail(r, &s, "its placeholder is not text");
	if (json_string_length(v))
		*ret = arena_strndup(
			r->arena, json_string_value(v), json_string_length(v));
	return WEIR_OK;
}

/* ---- what has to be known first */

/* Path(name).stem of what ends in .py, as Prefect has it. */
static const char *
stem(struct reading *r, const char *name)
{
	size_t n = strlen(name);
	const char *slash = strrchr(name, '/');

	if (n < 4 || strcmp(name + n - 3, ".py") != 0)
		return name;
	slash = slash ? slash + 1 : name;
	return arena_strndup(r->arena, slash, n - 3 - (size_t)(slash - name));
}

static enum weir_rc
read_name(struct reading *r, struct draft *d)
{
	const struct ynode *name = yaml_get(d->node, "name");
	struct spot s = SPOT_KEY(&d->at, "name", name);
	struct ypair p = { "name", NULL, (struct ynode *)(uintptr_t)name };
	enum weir_rc rc;
	size_t bad;

	if (!name || name->kind == Y_NULL)
		return manifest_fail(r, &d->at, "a name is needed");
	rc = resolve_member(r, d, &p);
	if (!rc)
		rc = text_member(r, d, "name", &d->name);
	if (rc)
		return rc;
	if (!d->name)
		return manifest_fail(r, &s, "must not be empty");
	d->name = stem(r, d->name);
	bad = strcspn(d->name, "/%&><");
	if (d->name[bad])
		return manifest_fail(r, &s, "a name cannot have a %c", d->name[bad]);
	return WEIR_OK;
}

enum weir_rc
manifest_head(struct reading *r, struct draft *d)
{
	d->config = json_object();
	d->stated = json_object();
	d->guessed = json_object();
	return read_name(r, d);
}

/* ---- members of the body */

static void
state(struct draft *d, const char *key, json_t *value)
{
	json_object_set_new(d->stated, key, value);
}

static void
guess(struct draft *d, const char *key, json_t *value)
{
	json_object_set_new(d->guessed, key, value);
}

static enum weir_rc
set_version(struct reading *r, struct draft *d)
{
	const char *text;
	struct spot s = spot_of(d, "version_type");
	enum weir_rc rc;

	rc = text_member(r, d, "version", &text);
	if (!rc && text)
		state(d, "version", json_string(text));
	else if (!rc && d->flow.version)
		guess(d, "version", json_string(d->flow.version));
	if (!rc)
		rc = text_member(r, d, "version_type", &text);
	if (!rc && text)
		manifest_note(r, &s, "kept by Prefect Cloud only");
	return rc;
}

static enum weir_rc
set_description(struct reading *r, struct draft *d)
{
	const char *text;
	enum weir_rc rc;

	rc = text_member(r, d, "description", &text);
	if (!rc && text)
		state(d, "description", json_string(text));
	else if (!rc && d->flow.description)
		guess(d, "description", json_string(d->flow.description));
	return rc;
}

/* str() of Python; NULL for what is no plain value. */
static char *
python_text(const json_t *v)
{
	if (json_is_string(v))
		return xstrdup(json_string_value(v));
	if (json_is_boolean(v))
		return xstrdup(json_is_true(v) ? "True" : "False");
	if (json_is_null(v))
		return xstrdup("None");
	return json_is_number(v) ? json_out_text(v) : NULL;
}

static enum weir_rc
set_tags(struct reading *r, struct draft *d)
{
	const json_t *v = json_object_get(d->config, "tags");
	struct spot s = spot_of(d, "tags");
	json_t *tags = json_array();
	char *tag;

	state(d, "tags", tags);
	if (!v)
		return WEIR_OK;
	if (!json_is_array(v))
		return manifest_fail(r, &s,
			"must be a list: Prefect takes a text apart into letters");
	for (size_t i = 0; i < json_array_size(v); i++) {
		tag = python_text(json_array_get(v, i));
		if (!tag)
			return manifest_fail(r, &s, "tags are texts");
		if (tag[strspn(tag, " \t\r\n\v\f")])
			json_array_append_new(tags, json_string(tag));
		free(tag);
	}
	return WEIR_OK;
}

/* true if it is set at all. */
static enum weir_rc
bool_member(struct reading *r, const struct draft *d, const char *key, bool *ret_set,
	bool *ret)
{
	const json_t *v = json_object_get(d->config, key);
	struct spot s = spot_of(d, key);

	*ret_set = v && !json_is_null(v);
	if (*ret_set && !manifest_lax_bool(v, ret))
		return manifest_fail(r, &s, "must be true or false");
	return WEIR_OK;
}

static enum weir_rc
set_paused(struct reading *r, struct draft *d)
{
	bool set, yes;
	enum weir_rc rc = bool_member(r, d, "paused", &set, &yes);

	if (!rc && set)
		state(d, "paused", json_boolean(yes));
	else if (!rc)
		guess(d, "paused", json_false());
	return rc;
}

/* ---- concurrency */

static enum weir_rc
set_options(struct reading *r, struct draft *d, const json_t *v)
{
	struct spot s = spot_of(d, "concurrency_limit"), below;
	const json_t *strategy = json_object_get(v, "collision_strategy");
	const json_t *grace = json_object_get(v, "grace_period_seconds");
	const char *name = json_string_value(strategy);
	json_t *options = json_object();
	json_int_t seconds;

	state(d, "concurrency_options", options);
	below = SPOT_KEY(
		&s, "collision_strategy", yaml_get(s.node, "collision_strategy"));
	if (!name || (strcmp(name, "ENQUEUE") != 0 && strcmp(name, "CANCEL_NEW") != 0))
		return manifest_fail(r, &below, "must be ENQUEUE or CANCEL_NEW");
	json_object_set_new(options, "collision_strategy", json_string(name));
	if (!grace || json_is_null(grace))
		return WEIR_OK;
	below = SPOT_KEY(
		&s, "grace_period_seconds", yaml_get(s.node, "grace_period_seconds"));
	if (!manifest_lax_int(grace, &seconds) || seconds < 60 || seconds > 86400)
		return manifest_fail(r, &below, "must be from 60 to 86400");
	json_object_set_new(options, "grace_period_seconds", json_integer(seconds));
	return WEIR_OK;
}

static enum weir_rc
set_concurrency(struct reading *r, struct draft *d)
{
	const json_t *v = json_object_get(d->config, "concurrency_limit");
	const json_t *limit = json_is_object(v) ? json_object_get(v, "limit") : v;
	struct spot s = spot_of(d, "concurrency_limit");
	bool set = limit && !json_is_null(limit);
	enum weir_rc rc = WEIR_OK;
	json_int_t n;

	if (r->opts->old_server && v && !json_is_null(v))
		return manifest_fail(r, &s, "a server of Prefect 2 has no such limit");
	if (r->opts->old_server)
		return WEIR_OK;
	if (set && (!manifest_lax_int(limit, &n) || n < 1))
		return manifest_fail(r, &s, "must be a whole number from 1");
	state(d, "concurrency_limit", set ? json_integer(n) : json_null());
	if (json_is_object(v))
		rc = set_options(r, d, v);
	else
		state(d, "concurrency_options", json_null());
	return rc;
}

/* ---- where it runs */

static const char *
default_pool(void)
{
	static const char *const names[] = {
		"PREFECT_DEPLOYMENTS_DEFAULT_WORK_POOL_NAME",
		"PREFECT_DEFAULT_WORK_POOL_NAME",
	};
	const char *value;

	for (size_t i = 0; i < N_ELEM(names); i++)
		if ((value = getenv(names[i])) && *value)
			return value;
	return NULL;
}

static bool
is_command(const json_t *v)
{
	if (json_is_string(v))
		return json_string_length(v) > 0;
	for (size_t i = 0; i < json_array_size(v); i++)
		if (!json_is_string(json_array_get(v, i)))
			return false;
	return json_array_size(v) > 0;
}

static enum weir_rc
check_command(struct reading *r, const struct draft *d, const struct spot *pool,
	const json_t *variables)
{
	const struct ynode *v = yaml_get(pool->node, "job_variables");
	struct spot s = SPOT_KEY(pool, "job_variables", v), below;
	const json_t *command = json_object_get(variables, "command");

	if (d->entrypoint)
		return WEIR_OK;
	if (!command) {
		manifest_fail(r, &d->at, "an entrypoint is needed");
		return weir_hint(r->err, "for a command: flow_name and "
					 "work_pool.job_variables.command");
	}
	below = SPOT_KEY(&s, "command", yaml_get(v, "command"));
	if (!is_command(command))
		return manifest_fail(
			r, &below, "must be a line for the shell or a list of words");
	return WEIR_OK;
}

static enum weir_rc
set_pool(struct reading *r, struct draft *d)
{
	const json_t *pool = json_object_get(d->config, "work_pool");
	const json_t *name = json_object_get(pool, "name");
	const json_t *queue = json_object_get(pool, "work_queue_name");
	const json_t *variables = json_object_get(pool, "job_variables");
	struct spot s = spot_of(d, "work_pool");
	const char *text = json_string_value(name);

	if (!text || !*text)
		text = default_pool();
	if (!text) {
		manifest_fail(r, &s, "a work pool is needed");
		return weir_hint(r->err, "work_pool: {name: POOL}");
	}
	if (variables && !json_is_object(variables))
		return manifest_fail(r, &s, "job_variables must be a mapping");
	if (queue && !json_is_null(queue) && !json_is_string(queue))
		return manifest_fail(r, &s, "work_queue_name must be text");
	state(d, "work_pool_name", json_string(text));
	/* without one it is the pool's default queue, as before it had another */
	state(d, "work_queue_name",
		json_string_length(queue) ? json_copy((json_t *)(uintptr_t)queue)
					  : json_null());
	state(d, "job_variables",
		variables ? json_deep_copy(variables) : json_object());
	return check_command(r, d, &s, variables);
}

static enum weir_rc
set_parameters(struct reading *r, struct draft *d)
{
	const json_t *v = json_object_get(d->config, "parameters");
	struct spot s = spot_of(d, "parameters");

	if (v && !json_is_object(v))
		return manifest_fail(r, &s, "must be a mapping");
	state(d, "parameters", v ? json_deep_copy(v) : json_object());
	return WEIR_OK;
}

/* ---- schema */

static enum weir_rc
set_schema(struct reading *r, struct draft *d)
{
	json_t *schema = d->flow.schema;
	bool set, enforce = true;
	enum weir_rc rc;

	rc = bool_member(r, d, "enforce_parameter_schema", &set, &enforce);
	if (rc)
		return rc;
	if (r->opts->schema == WEIR_SCHEMA_NONE && !schema) {
		schema = json_pack("{s:s, s:{}}", "type", "object", "properties");
		state(d, "parameter_openapi_schema", schema);
		state(d, "enforce_parameter_schema", json_false());
		return WEIR_OK;
	}
	if (schema)
		json_object_set(d->flow.certain ? d->stated : d->guessed,
			"parameter_openapi_schema", schema);
	if (set || !r->opts->old_server)
		state(d, "enforce_parameter_schema", json_boolean(enforce));
	return WEIR_OK;
}

/* ---- */

static enum weir_rc
check_sla(struct reading *r, const struct draft *d)
{
	const struct ynode *v = yaml_get(d->node, "sla");
	struct spot s = SPOT_KEY(&d->at, "sla", v);

	if (!v || v->kind == Y_NULL)
		return WEIR_OK;
	return manifest_fail(r, &s, "only Prefect Cloud has it: leave it out");
}

static enum weir_rc
set_entrypoint(struct reading *r, struct draft *d)
{
	(void)r;
	if (d->entrypoint)
		state(d, "entrypoint", json_string(d->entrypoint));
	guess(d, "path", json_null());
	return WEIR_OK;
}

typedef enum weir_rc part_fn(struct reading *r, struct draft *d);

static part_fn *const parts[] = {
	set_version,
	set_description,
	set_tags,
	set_paused,
	set_concurrency,
	set_entrypoint,
	set_pool,
	set_parameters,
	set_schema,
	manifest_steps,
	manifest_schedules,
	manifest_triggers,
};

enum weir_rc
manifest_body(struct reading *r, struct draft *d)
{
	enum weir_rc rc = check_sla(r, d);

	for (size_t i = 0; i < N_ELEM(parts) && !rc; i++)
		rc = parts[i](r, d);
	return rc;
}

/* ---- before the flows are looked at */

enum weir_rc
manifest_config(struct reading *r, struct draft *d)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < d->node->n && !rc; i++) {
		const struct ypair *p = &d->node->pairs[i];

		if (strcmp(p->key, "name") != 0 && !is_apart(p->key))
			rc = resolve_member(r, d, p);
	}
	if (!rc)
		rc = text_member(r, d, "entrypoint", &d->entrypoint);
	if (!rc)
		rc = text_member(r, d, "flow_name", &d->flow_name);
	return rc;
}
