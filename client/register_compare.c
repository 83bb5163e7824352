#include "register.h"

#include <math.h>

#include "weir/text.h"
#include "weir/time.h"

/* ---- values */

static bool same_members(const json_t *a, const json_t *b);

static bool
same_elements(const json_t *a, const json_t *b)
{
	if (json_array_size(a) != json_array_size(b))
		return false;
	for (size_t i = 0; i < json_array_size(a); i++)
		if (!register_json_same(json_array_get(a, i), json_array_get(b, i)))
			return false;
	return true;
}

bool
register_json_same(const json_t *a, const json_t *b)
{
	bool none_a = !a || json_is_null(a), none_b = !b || json_is_null(b);

	if (none_a || none_b)
		return none_a && none_b;
	if (json_is_number(a) && json_is_number(b))
		return !(json_number_value(a) < json_number_value(b)) &&
		       !(json_number_value(a) > json_number_value(b));
	if (json_typeof(a) != json_typeof(b))
		return false;
	if (json_is_array(a))
		return same_elements(a, b);
	if (json_is_object(a))
		return same_members(a, b);
	return json_equal(a, b);
}

static bool
same_members(const json_t *a, const json_t *b)
{
	const char *key;
	json_t *value;

	if (json_object_size(a) != json_object_size(b))
		return false;
	json_object_foreach(reg_tree(a), key, value)
	{
		const json_t *other = json_object_get(b, key);

		if (!other || !register_json_same(value, other))
			return false;
	}
	return true;
}

const char *
register_text(const json_t *object, const char *member)
{
	const char *s = json_string_value(json_object_get(object, member));

	return s ? s : "";
}

/* ---- fields */

static bool
is_empty(const json_t *j)
{
	return !j || json_is_null(j) || (json_is_string(j) && !json_string_length(j)) ||
	       (json_is_array(j) && !json_array_size(j)) ||
	       (json_is_object(j) && !json_object_size(j));
}

/* None, "" , [] and {} are one. */
static bool
same_or_empty(const json_t *stated, const json_t *served)
{
	return (is_empty(stated) && is_empty(served)) ||
	       register_json_same(stated, served);
}

static bool
array_has(const json_t *array, const json_t *value)
{
	const json_t *other;
	size_t i;

	json_array_foreach(array, i, other)
	{
		if (register_json_same(value, other))
			return true;
	}
	return false;
}

static bool
same_set(const json_t *stated, const json_t *served)
{
	const json_t *value;
	size_t i;

	json_array_foreach(stated, i, value)
	{
		if (!array_has(served, value))
			return false;
	}
	json_array_foreach(served, i, value)
	{
		if (!array_has(stated, value))
			return false;
	}
	return true;
}

/*
 * A value that the server interprets (`__prefect_kind`) comes back as what it made of
 * it: JSON in a text can be foreseen, templates and variables cannot.
 */
static bool
same_parameter(const json_t *stated, const json_t *served)
{
	const char *kind = register_text(stated, "__prefect_kind");
	json_t *meant;
	bool same;

	if (!*kind || register_json_same(stated, served))
		return register_json_same(stated, served);
	if (strcmp(kind, "json") != 0)
		return true;
	meant = json_loads(register_text(stated, "value"), JSON_DECODE_ANY, NULL);
	same = meant && register_json_same(meant, served);
	json_decref(meant);
	return same;
}

static bool
same_parameters(const json_t *stated, const json_t *served)
{
	const char *key;
	json_t *value;

	if (json_object_size(stated) != json_object_size(served))
		return false;
	json_object_foreach(reg_tree(stated), key, value)
	{
		const json_t *other = json_object_get(served, key);

		if (!other || !same_parameter(value, other))
			return false;
	}
	return true;
}

/* Without members that say nothing when they are empty. */
static json_t *
schema_bare(const json_t *schema)
{
	static const char *const idle[] = { "definitions", "$defs", "required" };
	json_t *bare = json_copy(reg_tree(schema));

	for (size_t i = 0; i < N_ELEM(idle); i++)
		if (is_empty(json_object_get(bare, idle[i])))
			json_object_del(bare, idle[i]);
	return bare;
}

static bool
same_schema(const json_t *stated, const json_t *served)
{
	json_t *a = schema_bare(stated), *b = schema_bare(served);
	bool same = (is_empty(a) && is_empty(b)) || register_json_same(a, b);

	json_decref(a);
	json_decref(b);
	return same;
}

/* Members that are null are not there. */
static bool
same_sparse(const json_t *stated, const json_t *served)
{
	const char *key;
	json_t *value;

	json_object_foreach(reg_tree(stated), key, value)
	{
		if (!register_json_same(value, json_object_get(served, key)))
			return false;
	}
	json_object_foreach(reg_tree(served), key, value)
	{
		if (!register_json_same(json_object_get(stated, key), value))
			return false;
	}
	return true;
}

static bool
same_queue(const json_t *stated, const json_t *served)
{
	const char *name = json_string_value(served);

	/* where none is asked for, a pool gives its default one */
	if (json_is_null(stated))
		return !name || strcmp(name, "default") == 0;
	return register_json_same(stated, served);
}

/* ---- schedules */

static bool
same_or(const json_t *schedule, const json_t *served, const char *member,
	const json_t *otherwise)
{
	const json_t *a = json_object_get(schedule, member);
	const json_t *b = json_object_get(served, member);

	if (!a || json_is_null(a))
		a = otherwise;
	if (!b || json_is_null(b))
		b = otherwise;
	return register_json_same(a, b);
}

static bool
same_time(const json_t *a, const json_t *b)
{
	int64_t x, y;

	if (!json_is_string(a) || !json_is_string(b) ||
		!weir_time_parse(str_of(json_string_value(a)), &x) ||
		!weir_time_parse(str_of(json_string_value(b)), &y))
		return register_json_same(a, b);
	return x == y;
}

/* A rule that says no start is given one by newer servers, on a line before it. */
static bool
same_rule(const json_t *stated, const json_t *served)
{
	const char *a = json_string_value(json_object_get(stated, "rrule"));
	const char *b = json_string_value(json_object_get(served, "rrule"));
	const char *line = b ? strchr(b, '\n') : NULL;

	if (!a || !b)
		return !a && !b;
	return !strcmp(a, b) ||
	       (line && !strncmp(b, "DTSTART:", 8) && !strcmp(a, line + 1));
}

static bool
same_when(const json_t *stated, const json_t *served)
{
	static const char *const kinds[] = { "cron", "interval" };
	json_t *utc = json_string("UTC"), *yes = json_true();
	const json_t *anchor = json_object_get(stated, "anchor_date");
	bool same = true;

	for (size_t i = 0; i < N_ELEM(kinds); i++)
		same = same && register_json_same(json_object_get(stated, kinds[i]),
				       json_object_get(served, kinds[i]));
	same = same && same_rule(stated, served) &&
	       same_or(stated, served, "timezone", utc);
	if (same && json_object_get(stated, "cron"))
		same = same_or(stated, served, "day_or", yes);
	/* else it is the time of its creation */
	if (same && anchor && !json_is_null(anchor))
		same = same_time(anchor, json_object_get(served, "anchor_date"));
	json_decref(utc);
	json_decref(yes);
	return same;
}

bool
register_schedule_same(const json_t *stated, const json_t *served)
{
	json_t *none = json_object(), *yes = json_true();
	bool same;

	same = same_when(json_object_get(stated, "schedule"),
		       json_object_get(served, "schedule")) &&
	       same_or(stated, served, "active", yes) &&
	       same_or(stated, served, "parameters", none) &&
	       strcmp(register_text(stated, "slug"), register_text(served, "slug")) ==
		       0;
	if (same && json_object_get(stated, "max_scheduled_runs"))
		same = same_or(stated, served, "max_scheduled_runs", NULL);
	json_decref(none);
	json_decref(yes);
	return same;
}

/* Each of one is one of the other, none twice; a slug is part of it. */
static bool
same_schedules(const json_t *stated, const json_t *served)
{
	size_t n = json_array_size(stated), j;
	bool *taken, same = n == json_array_size(served);

	taken = xcalloc(n + 1, sizeof(*taken));
	for (size_t i = 0; same && i < n; i++) {
		for (j = 0; j < n; j++)
			if (!taken[j] &&
				register_schedule_same(json_array_get(stated, i),
					json_array_get(served, j)))
				break;
		same = j < n;
		if (same)
			taken[j] = true;
	}
	free(taken);
	return same;
}

/* A schedule as people wrote it: what only the server knows is left out. */
static void
bare_schedule(json_t *one, bool anchors)
{
	static const char *const own[] = { "id", "created", "updated", "deployment_id",
		"max_active_runs", "catchup", "replaces" };
	static const char *const idle[] = { "max_scheduled_runs", "parameters",
		"slug" };
	json_t *when = json_object_get(one, "schedule");
	const json_t *every = json_object_get(when, "interval");

	for (size_t k = 0; k < N_ELEM(own); k++)
		json_object_del(one, own[k]);
	for (size_t k = 0; k < N_ELEM(idle); k++)
		if (is_empty(json_object_get(one, idle[k])))
			json_object_del(one, idle[k]);
	if (!json_object_get(one, "active"))
		json_object_set_new(one, "active", json_true());
	if (is_empty(json_object_get(when, "timezone")))
		json_object_set_new(when, "timezone", json_string("UTC"));
	if (json_object_get(when, "cron") && !json_object_get(when, "day_or"))
		json_object_set_new(when, "day_or", json_true());
	if (json_is_integer(every))
		json_object_set_new(
			when, "interval", json_real(json_number_value(every)));
	if (!anchors)
		json_object_del(when, "anchor_date");
}

static json_t *
bare_schedules(const json_t *schedules, bool anchors)
{
	json_t *shown = json_deep_copy(schedules), *one;
	size_t i;

	json_array_foreach(shown, i, one)
	{
		bare_schedule(one, anchors);
	}
	return shown;
}

/* The served one that stands for this, by what it says or by its slug. */
static size_t
partner(const json_t *stated, const json_t *served, const bool *taken)
{
	size_t n = json_array_size(served), slug = n;

	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(served, i);

		if (!taken[i] && register_schedule_same(stated, one))
			return i;
		if (!taken[i] && slug == n && *register_text(one, "slug") &&
			!strcmp(register_text(one, "slug"),
				register_text(stated, "slug")))
			slug = i;
	}
	return slug;
}

/* In the file's order, and as the file says it where it is the same. */
static json_t *
served_schedules(const json_t *stated, const json_t *served, bool anchors)
{
	size_t n = json_array_size(served);
	bool *taken = xcalloc(n + 1, sizeof(*taken));
	json_t *list = json_array(), *bare;
	const json_t *one;
	size_t i;

	json_array_foreach(stated, i, one)
	{
		size_t at = partner(one, served, taken);

		if (at == n)
			continue;
		taken[at] = true;
		json_array_append(
			list, register_schedule_same(one, json_array_get(served, at))
				      ? reg_tree(one)
				      : json_array_get(served, at));
	}
	for (i = 0; i < n; i++)
		if (!taken[i])
			json_array_append(list, json_array_get(served, i));
	bare = bare_schedules(list, anchors);
	json_decref(list);
	free(taken);
	return bare;
}

static bool
has_anchor(const json_t *schedules)
{
	const json_t *one;
	size_t i;

	json_array_foreach(schedules, i, one)
	{
		if (!is_empty(json_object_get(
			    json_object_get(one, "schedule"), "anchor_date")))
			return true;
	}
	return false;
}

/* ---- the table */

typedef bool same_fn(const json_t *stated, const json_t *served);

/* In the order in which they are shown. What is not here is compared as it is. */
static const struct field {
	const char *name;
	same_fn *same;
} fields[] = {
	{ "description", same_or_empty },
	{ "version", same_or_empty },
	{ "tags", same_set },
	{ "paused", register_json_same },
	{ "entrypoint", same_or_empty },
	{ "path", same_or_empty },
	{ "parameters", same_parameters },
	{ "enforce_parameter_schema", register_json_same },
	{ "parameter_openapi_schema", same_schema },
	{ "pull_steps", same_or_empty },
	{ "work_pool_name", same_or_empty },
	{ "work_queue_name", same_queue },
	{ "job_variables", same_or_empty },
	{ "concurrency_limit", register_json_same },
	{ "concurrency_options", same_sparse },
	{ "schedules", same_schedules },
};

const json_t *
register_served(const json_t *deployment, const char *field)
{
	const json_t *v = json_object_get(deployment, field), *limit;

	if (strcmp(field, "job_variables") == 0 && !v)
		return json_object_get(deployment, "infra_overrides");
	if (strcmp(field, "concurrency_limit") == 0) {
		limit = json_object_get(deployment, "global_concurrency_limit");
		if (json_is_object(limit))
			return json_object_get(limit, "limit");
	}
	return v;
}

void
register_change_add(struct reg_changes *v, const char *field, const json_t *before,
	const json_t *after)
{
	struct reg_change c = {
		.field = xstrdup(field),
		.before = json_incref(reg_tree(before)),
		.after = json_incref(reg_tree(after)),
	};

	VEC_PUSH(v, c);
}

void
register_changes_free(struct reg_changes *v)
{
	for (size_t i = 0; i < v->n; i++) {
		free(v->v[i].field);
		free(v->v[i].before_text);
		free(v->v[i].after_text);
		json_decref(v->v[i].before);
		json_decref(v->v[i].after);
	}
	VEC_FREE(v);
}

bool
register_changes_has(const struct reg_changes *v, const char *field)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->v[i].field, field) == 0)
			return true;
	return false;
}

static void
add_schedules(const json_t *stated, const json_t *served, struct reg_changes *out)
{
	bool anchors = has_anchor(stated);
	json_t *before = served ? served_schedules(stated, served, anchors) : NULL;
	json_t *after = bare_schedules(stated, anchors);

	register_change_add(out, "schedules", before, after);
	json_decref(before);
	json_decref(after);
}

/* A new deployment: what says nothing is not shown. */
static void
compare_one(const struct field *f, const json_t *stated, const json_t *deployment,
	struct reg_changes *out, bool *ret_stuck)
{
	const json_t *value = json_object_get(stated, f->name);
	const json_t *served = register_served(deployment, f->name);

	if (!value || (deployment && f->same(value, served)) ||
		(!deployment && is_empty(value)))
		return;
	if (!strcmp(f->name, "job_variables") && is_empty(value) &&
		json_object_get(deployment, "job_variables"))
		*ret_stuck = true;
	else if (!strcmp(f->name, "schedules"))
		add_schedules(value, served, out);
	else
		register_change_add(out, f->name, served, value);
}

static bool
in_table(const char *name)
{
	for (size_t i = 0; i < N_ELEM(fields); i++)
		if (strcmp(fields[i].name, name) == 0)
			return true;
	return false;
}

void
register_compare(const json_t *stated, const json_t *served, struct reg_changes *out,
	bool *ret_stuck)
{
	const char *key;
	json_t *value;

	*ret_stuck = false;
	for (size_t i = 0; i < N_ELEM(fields); i++)
		compare_one(&fields[i], stated, served, out, ret_stuck);
	json_object_foreach(reg_tree(stated), key, value)
	{
		struct field f = { key, register_json_same };

		/* a server of one's own takes version_info and forgets it */
		if (!in_table(key) && strcmp(key, "version_info") != 0)
			compare_one(&f, stated, served, out, ret_stuck);
	}
}
