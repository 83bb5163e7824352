/*
 * Automations that a deployment's triggers stand for. The server fills in what was not
 * said and adds ids; which of them belong to a deployment it does not tell, so they are
 * known by their names and by what they do.
 */
#include "register.h"

/* What the server makes of a member that was left out. */
static const struct idle {
	const char *name, *text; /* text NULL: any value */
} idles[] = {
	{ "id", NULL },
	{ "created", NULL },
	{ "updated", NULL },
	{ "deployment_id", NULL },
	{ "owner_resource", NULL },
	{ "type", "event" },
	{ "posture", "Reactive" },
	{ "source", "selected" },
};

static bool
is_idle(const char *name, const json_t *value)
{
	if (json_is_null(value) || (json_is_array(value) && !json_array_size(value)) ||
		(json_is_object(value) && !json_object_size(value)) ||
		(json_is_string(value) && !json_string_length(value)))
		return true;
	if (json_is_number(value))
		return json_number_value(value) <= 0 ||
		       (!strcmp(name, "threshold") && !(json_number_value(value) > 1));
	if (!strcmp(name, "enabled"))
		return json_is_true(value);
	for (size_t i = 0; i < N_ELEM(idles); i++)
		if (!strcmp(name, idles[i].name))
			return !idles[i].text ||
			       (json_is_string(value) &&
				       !strcmp(json_string_value(value),
					       idles[i].text));
	return false;
}

static bool same_part(const json_t *stated, const json_t *served);

static bool
same_object(const json_t *stated, const json_t *served)
{
	const char *key;
	json_t *value;

	json_object_foreach(reg_tree(stated), key, value)
	{
		const json_t *other = json_object_get(served, key);

		if (other ? !same_part(value, other) && strcmp(key, "owner_resource")
			  : !is_idle(key, value))
			return false;
	}
	json_object_foreach(reg_tree(served), key, value)
	{
		if (!json_object_get(stated, key) && !is_idle(key, value))
			return false;
	}
	return true;
}

static bool
all_text(const json_t *array)
{
	const json_t *one;
	size_t i;

	json_array_foreach(array, i, one)
	{
		if (!json_is_string(one))
			return false;
	}
	return true;
}

static bool
has_text(const json_t *array, const json_t *text)
{
	const json_t *one;
	size_t i;

	json_array_foreach(array, i, one)
	{
		if (json_equal(one, text))
			return true;
	}
	return false;
}

/* Texts are sets: the server keeps them in an order of its own. */
static bool
same_array(const json_t *stated, const json_t *served)
{
	bool texts = all_text(stated) && all_text(served);

	if (json_array_size(stated) != json_array_size(served))
		return false;
	for (size_t i = 0; i < json_array_size(stated); i++) {
		const json_t *one = json_array_get(stated, i);

		if (texts ? !has_text(served, one)
			  : !same_part(one, json_array_get(served, i)))
			return false;
	}
	return true;
}

static bool
same_part(const json_t *stated, const json_t *served)
{
	if (json_is_object(stated) && json_is_object(served))
		return same_object(stated, served);
	if (json_is_array(stated) && json_is_array(served))
		return same_array(stated, served);
	if (json_is_string(stated) && json_is_array(served))
		return json_array_size(served) == 1 && has_text(served, stated);
	return register_json_same(stated, served);
}

bool
register_automation_same(const json_t *stated, const json_t *served)
{
	return same_object(stated, served);
}

/* What a deployment may do by itself: it is this deployment that is run. */
json_t *
register_body_automation(const json_t *stated, const char *deployment_id)
{
	json_t *a = json_deep_copy(stated), *action;
	char *owner = xasprintf("prefect.deployment.%s", deployment_id);
	size_t i;

	json_object_set_new(a, "owner_resource", json_string(owner));
	json_array_foreach(json_object_get(a, "actions"), i, action)
	{
		const json_t *id = json_object_get(action, "deployment_id");

		if (!strcmp(register_text(action, "type"), "run-deployment") &&
			!json_is_string(id))
			json_object_set_new(
				action, "deployment_id", json_string(deployment_id));
	}
	free(owner);
	return a;
}

/* `nightly__automation_2`: the name that a trigger without one is given. */
static bool
is_our_name(const char *name, const char *deployment)
{
	size_t n = strlen(deployment);
	static const char mark[] = "__automation_";

	return !strncmp(name, deployment, n) &&
	       !strncmp(name + n, mark, strlen(mark)) && name[n + strlen(mark)] &&
	       strspn(name + n + strlen(mark), "0123456789") ==
		       strlen(name + n + strlen(mark));
}

bool
register_automations_same(const json_t *stated, const json_t *served,
	const json_t *known_ids, const char *deployment)
{
	size_t n = json_array_size(served), i, j;
	bool *taken = xcalloc(n + 1, sizeof(*taken)), same = true;

	for (i = 0; same && i < json_array_size(stated); i++) {
		for (j = 0; j < n; j++)
			if (!taken[j] &&
				register_automation_same(json_array_get(stated, i),
					json_array_get(served, j)))
				break;
		same = j < n;
		if (same)
			taken[j] = true;
	}
	/* what is left is of others, unless it was made here or is named so */
	for (j = 0; same && j < n; j++) {
		const json_t *one = json_array_get(served, j);

		if (!taken[j] &&
			(has_text(known_ids, json_object_get(one, "id")) ||
				is_our_name(register_text(one, "name"), deployment)))
			same = false;
	}
	free(taken);
	return same;
}
