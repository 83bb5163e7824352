#include "manifest_priv.h"
#include "schedule_check.h"

/* One trigger, a deployment's or one inside of another. */
struct trigger {
	struct reading *r;
	struct spot at;
	const json_t *spec;
	json_t *out;
};

static enum weir_rc build_trigger(struct trigger *t);

static struct spot
spot_of(const struct trigger *t, const char *key)
{
	return SPOT_KEY(&t->at, key, yaml_get(t->at.node, key));
}

static const json_t *
get(const struct trigger *t, const char *key)
{
	return json_object_get(t->spec, key);
}

static void
set(struct trigger *t, const char *key, json_t *value)
{
	json_object_set_new(t->out, key, value);
}

static enum weir_rc
wrong(struct trigger *t, const char *key, const char *why)
{
	struct spot s = spot_of(t, key);

	return manifest_fail(t->r, &s, "%s", why);
}

/* ---- values */

static bool
is_texts(const json_t *v)
{
	for (size_t i = 0; i < json_array_size(v); i++)
		if (!json_is_string(json_array_get(v, i)))
			return false;
	return json_is_array(v);
}

/* A set: each text once. */
static enum weir_rc
set_texts(struct trigger *t, const char *key)
{
	const json_t *v = get(t, key);
	json_t *list = json_array(), *seen = json_object();

	set(t, key, list);
	for (size_t i = 0; is_texts(v) && i < json_array_size(v); i++) {
		json_t *text = json_array_get(v, i);

		if (json_object_get(seen, json_string_value(text)))
			continue;
		json_object_set_new(seen, json_string_value(text), json_true());
		json_array_append(list, text);
	}
	json_decref(seen);
	return !v || is_texts(v) ? WEIR_OK : wrong(t, key, "must be a list of texts");
}

static bool
is_resource(const json_t *v)
{
	json_t *map = (json_t *)(uintptr_t)v, *value;
	const char *label;

	if (!json_is_object(v))
		return false;
	json_object_foreach(map, label, value)
	{
		if (!json_is_string(value) && !is_texts(value))
			return false;
	}
	return true;
}

static enum weir_rc
set_resource(struct trigger *t, const char *key, bool list_too)
{
	const json_t *v = get(t, key);
	bool good = !v || is_resource(v);

	if (list_too && json_is_array(v)) {
		good = true;
		for (size_t i = 0; i < json_array_size(v) && good; i++)
			good = is_resource(json_array_get(v, i));
	}
	set(t, key, v ? json_deep_copy(v) : json_object());
	return good ? WEIR_OK : wrong(t, key, "must map labels to texts");
}

/* Seconds, from a number or a duration. */
static enum weir_rc
read_span(struct trigger *t, const char *key, double *ret)
{
	const json_t *v = get(t, key);
	struct buf why = BUF_INIT(300);
	enum weir_rc rc = WEIR_OK;

	if (json_is_number(v))
		*ret = json_number_value(v);
	else if (!json_is_string(v))
		rc = wrong(t, key, "must be a number of seconds or a duration");
	else if (!schedule_check_duration(json_string_value(v), ret, &why))
		rc = wrong(t, key, buf_cstr(&why));
	buf_release(&why);
	if (!rc && *ret < 0)
		rc = wrong(t, key, "must not be negative");
	return rc;
}

static enum weir_rc
set_span(struct trigger *t, const char *key, double fallback, double min)
{
	double seconds = fallback;
	enum weir_rc rc = WEIR_OK;
	char why[60];

	if (get(t, key))
		rc = read_span(t, key, &seconds);
	if (!rc && seconds < min) {
		snprintf(why, sizeof(why), "must be at least %g seconds", min);
		rc = wrong(t, key, why);
	}
	set(t, key, json_real(seconds));
	return rc;
}

/* ---- the kinds */

static enum weir_rc
build_event(struct trigger *t)
{
	const char *posture = json_string_value(get(t, "posture"));
	bool proactive = posture && strcmp(posture, "Proactive") == 0;
	json_int_t threshold = 1;
	enum weir_rc rc;

	set(t, "type", json_string("event"));
	rc = set_resource(t, "match", false);
	if (!rc)
		rc = set_resource(t, "match_related", true);
	if (!rc)
		rc = set_texts(t, "after");
	if (!rc)
		rc = set_texts(t, "expect");
	if (!rc)
		rc = set_texts(t, "for_each");
	if (rc)
		return rc;
	if (get(t, "posture") && !proactive &&
		(!posture || strcmp(posture, "Reactive") != 0))
		return wrong(t, "posture", "must be Reactive or Proactive");
	set(t, "posture", json_string(proactive ? "Proactive" : "Reactive"));
	if (get(t, "threshold") && !manifest_lax_int(get(t, "threshold"), &threshold))
		return wrong(t, "threshold", "must be a whole number");
	set(t, "threshold", json_integer(threshold));
	if (proactive && get(t, "within") && json_number_value(get(t, "within")) == 0 &&
		json_is_number(get(t, "within"))) {
		set(t, "within", json_real(10));
		return WEIR_OK;
	}
	return set_span(t, "within", proactive ? 10 : 0, proactive ? 10 : 0);
}

static bool
is_one_of(const json_t *v, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (json_is_string(v) && strcmp(json_string_value(v), names[i]) == 0)
			return true;
	return false;
}

static enum weir_rc
refuse_metric(struct trigger *t)
{
	return manifest_fail(t->r, &t->at,
		"only Prefect Cloud has triggers of a metric: leave it out");
}

/* The triggers of one that is made of others. */
static enum weir_rc
build_parts(struct trigger *t)
{
	const json_t *v = get(t, "triggers");
	struct spot s = spot_of(t, "triggers");
	json_t *list = json_array();
	enum weir_rc rc = WEIR_OK;

	set(t, "triggers", list);
	if (!json_is_array(v))
		return wrong(t, "triggers", "must be a list");
	for (size_t i = 0; i < json_array_size(v) && !rc; i++) {
		struct trigger part = { .r = t->r, .spec = json_array_get(v, i) };

		part.at = SPOT_AT(&s, i,
			s.node && s.node->kind == Y_LIST && i < s.node->n ? s.node->v[i]
									  : NULL);
		part.out = json_object();
		json_array_append_new(list, part.out);
		rc = build_trigger(&part);
	}
	if (!rc && get(t, "within") && !json_is_null(get(t, "within")))
		rc = set_span(t, "within", 0, 0);
	else
		set(t, "within", json_null());
	return rc;
}

static enum weir_rc
build_compound(struct trigger *t)
{
	static const char *const names[] = { "any", "all" };
	const json_t *require = get(t, "require");
	json_int_t n = 0;
	enum weir_rc rc;

	set(t, "type", json_string("compound"));
	rc = build_parts(t);
	if (rc)
		return rc;
	if (is_one_of(require, names, N_ELEM(names))) {
		set(t, "require", json_deep_copy(require));
		return WEIR_OK;
	}
	if (!manifest_lax_int(require, &n) || n < 1 ||
		(size_t)n > json_array_size(get(t, "triggers")))
		return wrong(t, "require",
			"must be any, all, or from 1 to the number of triggers");
	set(t, "require", json_integer(n));
	return WEIR_OK;
}

static enum weir_rc
build_sequence(struct trigger *t)
{
	set(t, "type", json_string("sequence"));
	return build_parts(t);
}

struct trigger_kind {
	const char *name;
	enum weir_rc (*build)(struct trigger *t);
};

static const struct trigger_kind kinds[] = {
	{ "event", build_event },
	{ "metric", refuse_metric },
	{ "compound", build_compound },
	{ "sequence", build_sequence },
};

static const char *
kind_of(const struct trigger *t)
{
	const json_t *type = get(t, "type"), *posture = get(t, "posture");

	if (type)
		return json_is_string(type) ? json_string_value(type) : "";
	if (json_is_string(posture) &&
		strcmp(json_string_value(posture), "Metric") == 0)
		return "metric";
	if (get(t, "triggers"))
		return get(t, "require") ? "compound" : "sequence";
	return "event";
}

static enum weir_rc
build_trigger(struct trigger *t)
{
	const char *kind = kind_of(t);

	if (!json_is_object(t->spec))
		return manifest_fail(t->r, &t->at, "must be a mapping");
	for (size_t i = 0; i < N_ELEM(kinds); i++)
		if (strcmp(kind, kinds[i].name) == 0)
			return kinds[i].build(t);
	return wrong(t, "type", "must be event, compound or sequence");
}

/* ---- the automation around it */

static const char *const known[] = { "name", "description", "enabled", "parameters",
	"job_variables", "schedule_after", "type", "match", "match_related", "after",
	"expect", "for_each", "posture", "threshold", "within", "metric", "triggers",
	"require" };

static void
note_unknown(struct reading *r, const struct spot *at)
{
	for (size_t i = 0; at->node && i < at->node->n; i++) {
		const struct ypair *p = &at->node->pairs[i];
		struct spot s = SPOT_KEY(at, p->key, p->from);
		bool found = false;

		for (size_t k = 0; k < N_ELEM(known) && !found; k++)
			found = strcmp(p->key, known[k]) == 0;
		if (!found)
			manifest_note(r, &s, "unknown, ignored");
	}
}

static enum weir_rc
set_object(struct trigger *t, json_t *action, const char *key)
{
	const json_t *v = get(t, key);

	if (v && !json_is_null(v) && !json_is_object(v))
		return wrong(t, key, "must be a mapping");
	json_object_set_new(action, key, v ? json_deep_copy(v) : json_null());
	return WEIR_OK;
}

static enum weir_rc
build_action(struct trigger *t, json_t *actions)
{
	json_t *action = json_object();
	double after = 0;
	enum weir_rc rc;

	json_array_append_new(actions, action);
	json_object_set_new(action, "type", json_string("run-deployment"));
	json_object_set_new(action, "source", json_string("selected"));
	rc = set_object(t, action, "parameters");
	if (!rc)
		rc = set_object(t, action, "job_variables");
	if (!rc && get(t, "schedule_after"))
		rc = read_span(t, "schedule_after", &after);
	json_object_set_new(action, "schedule_after", json_real(after));
	return rc;
}

static enum weir_rc
set_head(struct trigger *t, json_t *automation, const char *fallback)
{
	const json_t *name = get(t, "name"), *about = get(t, "description");
	const json_t *enabled = get(t, "enabled");
	bool yes = true;

	if (name && !json_is_null(name) && !json_is_string(name))
		return wrong(t, "name", "must be text");
	if (about && !json_is_string(about))
		return wrong(t, "description", "must be text");
	if (enabled && !manifest_lax_bool(enabled, &yes))
		return wrong(t, "enabled", "must be true or false");
	json_object_set_new(automation, "name",
		json_string(json_is_string(name) ? json_string_value(name) : fallback));
	json_object_set_new(automation, "description",
		json_string(about ? json_string_value(about) : ""));
	json_object_set_new(automation, "enabled", json_boolean(yes));
	json_object_set_new(automation, "tags", json_array());
	return WEIR_OK;
}

static enum weir_rc
build_automation(struct trigger *t, json_t *automation, const char *name)
{
	json_t *actions = json_array();
	enum weir_rc rc;

	rc = set_head(t, automation, name);
	t->out = json_object();
	json_object_set_new(automation, "trigger", t->out);
	json_object_set_new(automation, "actions", actions);
	json_object_set_new(automation, "actions_on_trigger", json_array());
	json_object_set_new(automation, "actions_on_resolve", json_array());
	if (!rc)
		rc = build_trigger(t);
	return rc ? rc : build_action(t, actions);
}

/* Placeholders in the parameters are the event's: they stay for when it comes. */
static enum weir_rc
finish(struct reading *r, const struct spot *at, const json_t *raw, json_t **ret)
{
	json_t *copy = json_deep_copy(raw), *parameters;
	enum weir_rc rc;

	parameters = json_incref(json_object_get(copy, "parameters"));
	json_object_del(copy, "parameters");
	rc = manifest_finish(r, at, copy, FINISH_DROP, ret);
	if (!rc && parameters)
		json_object_set(*ret, "parameters", parameters);
	json_decref(parameters);
	json_decref(copy);
	return rc;
}

static enum weir_rc
build_one(struct reading *r, struct draft *d, const struct spot *at, size_t i,
	const json_t *raw)
{
	struct trigger t = { .r = r, .at = *at };
	json_t *automation = json_object(), *spec = NULL;
	char *name = xasprintf("%s__automation_%zu", d->name, i + 1);
	enum weir_rc rc;

	json_array_append_new(d->triggers, automation);
	note_unknown(r, at);
	rc = finish(r, at, raw, &spec);
	t.spec = spec;
	if (!rc)
		rc = build_automation(&t, automation, name);
	json_decref(spec);
	free(name);
	return rc;
}

enum weir_rc
manifest_triggers(struct reading *r, struct draft *d)
{
	const json_t *v = json_object_get(d->config, "triggers");
	struct spot s = SPOT_KEY(&d->at, "triggers", yaml_get(d->node, "triggers"));
	enum weir_rc rc = WEIR_OK;

	if (!v || json_is_null(v))
		return WEIR_OK;
	d->triggers = json_array();
	for (size_t i = 0; i < json_array_size(v) && !rc; i++) {
		struct spot at = SPOT_AT(&s, i, s.node->v[i]);

		rc = build_one(r, d, &at, i, json_array_get(v, i));
	}
	return rc;
}
