#include <math.h>

#include "manifest_priv.h"
#include "weir/text.h"

/* Sets of kinds. */
#define K(kind) (1U << (kind))
enum {
	NONE = K(Y_NULL),
	TEXT = K(Y_TEXT),
	NUMBER = K(Y_INT) | K(Y_REAL),
	MAP = K(Y_MAP),
	LIST = K(Y_LIST),
	BOOL = K(Y_BOOL) | NUMBER | TEXT, /* looked at by is_bool */
};

typedef enum weir_rc shape_fn(
	struct reading *r, const struct spot *at, const struct ynode *v);

struct field {
	const char *name;
	unsigned kinds;
	shape_fn *check; /* of what is not null */
};

/* ---- values that pydantic makes of others */

static bool
text_bool(const char *text, bool *ret)
{
	static const char *const yes[] = { "1", "true", "t", "yes", "y", "on" };
	static const char *const no[] = { "0", "false", "f", "no", "n", "off" };

	for (size_t i = 0; i < N_ELEM(yes); i++) {
		if (strcasecmp(text, yes[i]) != 0 && strcasecmp(text, no[i]) != 0)
			continue;
		*ret = strcasecmp(text, yes[i]) == 0;
		return true;
	}
	return false;
}

bool
manifest_lax_bool(const json_t *v, bool *ret)
{
	if (json_is_boolean(v)) {
		*ret = json_is_true(v);
		return true;
	}
	if (json_is_number(v)) {
		*ret = json_number_value(v) != 0;
		return json_number_value(v) == 0 || json_number_value(v) == 1;
	}
	return json_is_string(v) && text_bool(json_string_value(v), ret);
}

bool
manifest_lax_int(const json_t *v, json_int_t *ret)
{
	const char *text = json_string_value(v);
	char *end;

	if (json_is_integer(v)) {
		*ret = json_integer_value(v);
		return true;
	}
	if (json_is_real(v)) {
		*ret = (json_int_t)0;
		if (fabs(json_real_value(v)) > 1e15 ||
			json_real_value(v) != floor(json_real_value(v)))
			return false;
		*ret = (json_int_t)json_real_value(v);
		return true;
	}
	if (!text || !*text || strlen(text) > 18)
		return false;
	*ret = strtoll(text, &end, 10);
	return !*end && (strchr("-+0123456789", *text));
}

static enum weir_rc
is_bool(struct reading *r, const struct spot *at, const struct ynode *v)
{
	json_t *j = yaml_json(v);
	bool yes, good = manifest_lax_bool(j, &yes);

	json_decref(j);
	return good ? WEIR_OK : manifest_fail(r, at, "must be true or false");
}

static enum weir_rc
is_int(struct reading *r, const struct spot *at, const struct ynode *v)
{
	json_t *j = yaml_json(v);
	json_int_t n;
	bool good = manifest_lax_int(j, &n);

	json_decref(j);
	return good ? WEIR_OK : manifest_fail(r, at, "must be a whole number");
}

/* ---- */

static void
add_kinds(struct buf *b, unsigned kinds)
{
	static const struct {
		unsigned kinds;
		const char *name;
	} names[] = {
		{ TEXT, "text" },
		{ K(Y_INT), "a number" },
		{ K(Y_BOOL), "true or false" },
		{ LIST, "a list" },
		{ MAP, "a mapping" },
	};

	for (size_t i = 0; i < N_ELEM(names); i++)
		if (kinds & names[i].kinds)
			buf_addf(b, "%s%s", b->len ? " or " : "", names[i].name);
}

static enum weir_rc
wrong_kind(
	struct reading *r, const struct spot *at, const struct ynode *v, unsigned kinds)
{
	struct buf want = BUF_INIT(100);
	bool quote = (kinds & TEXT) && v->kind < Y_TEXT && v->kind != Y_NULL;

	add_kinds(&want, kinds);
	if (quote)
		manifest_fail(r, at, "must be %s, this is %s: quote it, \"%.60s\"",
			buf_cstr(&want), yaml_kind_name(v->kind), v->text);
	else if (v->kind == Y_NULL)
		manifest_fail(
			r, at, "must be %s, not empty: leave it out", buf_cstr(&want));
	else
		manifest_fail(r, at, "must be %s, this is %s", buf_cstr(&want),
			yaml_kind_name(v->kind));
	buf_release(&want);
	return WEIR_EBADDATA;
}

/* Dict[str, Any]: what JSON cannot hold is told here, with its place. */
static enum weir_rc
is_json(struct reading *r, const struct spot *at, const struct ynode *v)
{
	enum weir_rc rc = WEIR_OK;
	struct spot below;

	if (v->kind == Y_REAL && !isfinite(v->real))
		return manifest_fail(
			r, at, "%s cannot be sent: JSON has no such number", v->text);
	for (size_t i = 0; v->kind == Y_LIST && i < v->n && !rc; i++) {
		below = SPOT_AT(at, i, v->v[i]);
		rc = is_json(r, &below, v->v[i]);
	}
	for (size_t i = 0; v->kind == Y_MAP && i < v->n && !rc; i++) {
		below = SPOT_KEY(at, v->pairs[i].key, v->pairs[i].value);
		if (strcmp(v->pairs[i].key, "$ref") == 0 &&
			v->pairs[i].value->kind == Y_MAP)
			return manifest_fail(r, &below,
				"a block by its id cannot be resolved: write "
				"{{ prefect.blocks.TYPE.NAME }}");
		rc = is_json(r, &below, v->pairs[i].value);
	}
	return rc;
}

static enum weir_rc
is_dict(struct reading *r, const struct spot *at, const struct ynode *v)
{
	for (size_t i = 0; i < v->n; i++) {
		struct spot key = SPOT_KEY(at, v->pairs[i].key, v->pairs[i].from);

		if (v->pairs[i].from->kind != Y_TEXT)
			return manifest_fail(r, &key, "names must be text: quote it");
	}
	return is_json(r, at, v);
}

static enum weir_rc
are_dicts(struct reading *r, const struct spot *at, const struct ynode *v)
{
	enum weir_rc rc = WEIR_OK;

	if (v->kind == Y_MAP)
		return is_dict(r, at, v);
	for (size_t i = 0; i < v->n && !rc; i++) {
		struct spot s = SPOT_AT(at, i, v->v[i]);

		if (v->v[i]->kind != Y_MAP)
			return wrong_kind(r, &s, v->v[i], MAP);
		rc = is_dict(r, &s, v->v[i]);
	}
	return rc;
}

/* ---- mappings with known members */

static const struct field *
find_field(const struct field *fields, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

static const char *
near_field(const struct field *fields, size_t n, const char *name)
{
	const char *names[40];

	BUG_ON(n > N_ELEM(names));
	for (size_t i = 0; i < n; i++)
		names[i] = fields[i].name;
	return text_nearest(str_of(name), names, n);
}

static void
note_unknown(struct reading *r, const struct spot *at, const struct field *fields,
	size_t n, const char *name)
{
	const char *nearest = near_field(fields, n, name);

	manifest_note(r, at, "unknown, ignored%s%s%s", nearest ? " (" : "",
		nearest ? nearest : "", nearest ? "?)" : "");
}

static enum weir_rc
check_member(struct reading *r, const struct spot *at, const struct field *f,
	const struct ynode *v)
{
	if (!(f->kinds & K(v->kind)))
		return wrong_kind(r, at, v, f->kinds);
	if (!f->check || v->kind == Y_NULL)
		return WEIR_OK;
	return f->check(r, at, v);
}

/* Unknown members are told of if `tell`. */
static enum weir_rc
check_members(struct reading *r, const struct spot *at, const struct ynode *map,
	const struct field *fields, size_t n, bool tell)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < map->n && !rc; i++) {
		const struct ypair *p = &map->pairs[i];
		const struct field *f = find_field(fields, n, p->key);
		struct spot s = SPOT_KEY(at, p->key, f ? p->value : p->from);

		if (f)
			rc = check_member(r, &s, f, p->value);
		else if (tell)
			note_unknown(r, &s, fields, n, p->key);
	}
	return rc;
}

static enum weir_rc
is_limit(struct reading *r, const struct spot *at, const struct ynode *v)
{
	static const struct field fields[] = {
		{ "limit", NONE | NUMBER | TEXT, is_int },
		{ "collision_strategy", NONE | TEXT, NULL },
		{ "grace_period_seconds", NONE | NUMBER | TEXT, is_int },
	};

	if (v->kind != Y_MAP)
		return is_int(r, at, v);
	return check_members(r, at, v, fields, N_ELEM(fields), true);
}

static enum weir_rc
is_pool(struct reading *r, const struct spot *at, const struct ynode *v)
{
	static const struct field fields[] = {
		{ "name", NONE | TEXT, NULL },
		{ "work_queue_name", NONE | TEXT, NULL },
		{ "job_variables", MAP, is_dict },
	};

	return check_members(r, at, v, fields, N_ELEM(fields), true);
}

/* ---- schedules: here what is unknown is refused */

static const struct field schedule_fields[] = {
	{ "cron", NONE | TEXT, NULL },
	{ "interval", NONE | NUMBER | TEXT | K(Y_BOOL), NULL },
	{ "rrule", NONE | TEXT, NULL },
	{ "timezone", NONE | TEXT, NULL },
	{ "anchor_date", NONE | TEXT | K(Y_TIME), NULL },
	{ "active", NONE | BOOL, NULL },
	{ "parameters", MAP, is_dict },
	{ "slug", NONE | TEXT, NULL },
	{ "replaces", NONE | TEXT, NULL },
	{ "day_or", NONE | BOOL, NULL },
};

static enum weir_rc
unknown_in_schedule(struct reading *r, const struct spot *at, const char *key)
{
	size_t n = N_ELEM(schedule_fields);
	const char *nearest = near_field(schedule_fields, n, key);

	if (strcmp(key, "max_scheduled_runs") == 0)
		return manifest_fail(
			r, at, "Prefect refuses it here: set it on the server");
	if (strcmp(key, "schedule") == 0)
		return manifest_fail(
			r, at, "write cron, interval or rrule one level higher");
	manifest_fail(r, at, "unknown, and Prefect refuses a file with it");
	return nearest ? weir_hint(r->err, "%s", nearest) : WEIR_EBADDATA;
}

/* A date that is not quoted is taken with an interval and a timezone alone. */
static enum weir_rc
check_anchor(struct reading *r, const struct spot *at, const struct ynode *v)
{
	const struct ynode *anchor = yaml_get(v, "anchor_date");
	struct spot s = SPOT_KEY(at, "anchor_date", anchor);

	if (!anchor || anchor->kind != Y_TIME)
		return WEIR_OK;
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->pairs[i].key, "anchor_date") != 0 &&
			strcmp(v->pairs[i].key, "interval") != 0 &&
			strcmp(v->pairs[i].key, "timezone") != 0)
			return manifest_fail(r, &s,
				"must be text beside %s: quote it, \"%s\"",
				v->pairs[i].key, anchor->text);
	return WEIR_OK;
}

static enum weir_rc
is_schedule(struct reading *r, const struct spot *at, const struct ynode *v)
{
	static const char *const ways[] = { "cron", "interval", "rrule" };
	const struct ynode *way;
	enum weir_rc rc;
	size_t n = 0;

	if (v->n == 0)
		return WEIR_OK;
	for (size_t i = 0; i < v->n; i++) {
		struct spot s = SPOT_KEY(at, v->pairs[i].key, v->pairs[i].from);

		if (!find_field(schedule_fields, N_ELEM(schedule_fields), s.key))
			return unknown_in_schedule(r, &s, s.key);
	}
	for (size_t i = 0; i < N_ELEM(ways); i++)
		n += (way = yaml_get(v, ways[i])) && way->kind != Y_NULL;
	if (n != 1)
		return manifest_fail(
			r, at, "needs exactly one of cron, interval and rrule");
	rc = check_members(r, at, v, schedule_fields, N_ELEM(schedule_fields), false);
	return rc ? rc : check_anchor(r, at, v);
}

static enum weir_rc
are_schedules(struct reading *r, const struct spot *at, const struct ynode *v)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < v->n && !rc; i++) {
		struct spot s = SPOT_AT(at, i, v->v[i]);

		if (v->v[i]->kind != Y_MAP)
			return wrong_kind(r, &s, v->v[i], MAP);
		if (v->v[i]->n == 0)
			return manifest_fail(
				r, &s, "is empty: `schedules: []` means none");
		rc = is_schedule(r, &s, v->v[i]);
	}
	return rc;
}

/* ---- a deployment */

static enum weir_rc
is_version_type(struct reading *r, const struct spot *at, const struct ynode *v)
{
	static const char *const types[] = { "prefect:simple", "vcs:github",
		"vcs:gitlab", "vcs:bitbucket", "vcs:azuredevops", "vcs:git" };

	for (size_t i = 0; i < N_ELEM(types); i++)
		if (strcmp(v->text, types[i]) == 0)
			return WEIR_OK;
	return strstr(v->text, "{{") ? WEIR_OK
				     : manifest_fail(r, at,
					       "not a type of versions: "
					       "prefect:simple, vcs:git, "
					       "vcs:github, vcs:gitlab, "
					       "vcs:bitbucket, vcs:azuredevops");
}

static enum weir_rc
is_schema(struct reading *r, const struct spot *at, const struct ynode *v)
{
	return v->kind == Y_MAP ? is_json(r, at, v) : WEIR_OK;
}

static const struct field deployment_fields[] = {
	{ "name", NONE | TEXT, NULL },
	{ "version", NONE | TEXT, NULL },
	{ "version_type", NONE | TEXT, is_version_type },
	{ "tags", NONE | TEXT | LIST, is_json },
	{ "description", NONE | TEXT, NULL },
	{ "schedule", NONE | MAP, is_schedule },
	{ "schedules", NONE | LIST, are_schedules },
	{ "paused", NONE | BOOL, is_bool },
	{ "concurrency_limit", NONE | NUMBER | TEXT | MAP, is_limit },
	{ "flow_name", NONE | TEXT, NULL },
	{ "entrypoint", NONE | TEXT, NULL },
	{ "parameters", MAP, is_dict },
	{ "enforce_parameter_schema", NONE | BOOL, is_bool },
	{ "build", NONE | LIST | MAP, are_dicts },
	{ "push", NONE | LIST | MAP, are_dicts },
	{ "pull", NONE | LIST | MAP, are_dicts },
	{ "work_pool", MAP, is_pool },
	{ "triggers", NONE | LIST, are_dicts },
	{ "sla", NONE | LIST, NULL },
	{ "parameter_openapi_schema", NONE | TEXT | MAP, is_schema },
};

static enum weir_rc
are_deployments(struct reading *r, const struct spot *at, const struct ynode *v)
{
	enum weir_rc rc = WEIR_OK;

	if (v->n > WEIR_MANIFEST_ENTRIES_MAX)
		return manifest_fail(r, at, "more than %d", WEIR_MANIFEST_ENTRIES_MAX);
	for (size_t i = 0; i < v->n && !rc; i++) {
		struct spot s = SPOT_AT(at, i, v->v[i]);

		if (v->v[i]->kind != Y_MAP)
			return wrong_kind(r, &s, v->v[i], MAP);
		rc = check_members(r, &s, v->v[i], deployment_fields,
			N_ELEM(deployment_fields), true);
	}
	return rc;
}

static const struct field top_fields[] = {
	{ "name", NONE | TEXT, NULL },
	{ "prefect-version", NONE | TEXT, NULL },
	{ "build", NONE | LIST | MAP, are_dicts },
	{ "push", NONE | LIST | MAP, are_dicts },
	{ "pull", NONE | LIST | MAP, are_dicts },
	{ "deployments", LIST, are_deployments },
};

enum weir_rc
manifest_shape(struct reading *r)
{
	return check_members(
		r, NULL, r->yaml.root, top_fields, N_ELEM(top_fields), false);
}
