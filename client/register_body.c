#include "register.h"

json_t *
register_body_create(const char *flow_id, const char *name, const json_t *stated,
	const json_t *guessed)
{
	json_t *body = guessed ? json_deep_copy(guessed) : json_object(), *schedule;
	size_t i;

	json_object_update(body, reg_tree(stated));
	json_object_set_new(body, "flow_id", json_string(flow_id));
	json_object_set_new(body, "name", json_string(name));
	if (json_object_get(body, "schedules"))
		json_object_set_new(body, "schedules",
			json_deep_copy(json_object_get(body, "schedules")));
	/* there is none yet whose place another could take */
	json_array_foreach(json_object_get(body, "schedules"), i, schedule)
	{
		json_object_del(schedule, "replaces");
	}
	return body;
}

/* ---- what exists */

bool
register_needs_whole(const struct reg_changes *changes, bool old)
{
	return old && (register_changes_has(changes, "parameter_openapi_schema") ||
			      register_changes_has(changes, "pull_steps") ||
			      register_changes_has(changes, "version_info"));
}

static json_t *
bare_schedules(const json_t *served)
{
	json_t *all = json_array(), *one;
	size_t i;

	json_array_foreach(json_object_get(served, "schedules"), i, one)
	{
		json_t *bare = json_object();

		json_object_set(bare, "schedule", json_object_get(one, "schedule"));
		json_object_set(bare, "active", json_object_get(one, "active"));
		json_array_append_new(all, bare);
	}
	return all;
}

/* A POST sets what is not in it to its default: what the server has goes along. */
json_t *
register_body_whole(const json_t *stated, const json_t *served)
{
	static const char *const kept[] = { "name", "flow_id", "paused", "description",
		"version", "tags", "parameters", "parameter_openapi_schema",
		"enforce_parameter_schema", "pull_steps", "path", "entrypoint",
		"manifest_path", "work_pool_name", "work_queue_name",
		"storage_document_id", "infrastructure_document_id" };
	const json_t *jobs = register_served(served, "job_variables");
	json_t *body = json_object();

	for (size_t i = 0; i < N_ELEM(kept); i++)
		if (json_object_get(served, kept[i]))
			json_object_set(
				body, kept[i], json_object_get(served, kept[i]));
	if (jobs)
		json_object_set(body, "job_variables", reg_tree(jobs));
	json_object_set_new(body, "schedules", bare_schedules(served));
	json_object_update(body, reg_tree(stated));
	return body;
}

/*
 * Pool, queue and job variables belong together: a queue alone would be made outside
 * any pool, a pool alone takes its default queue, and variables alone go unchecked.
 */
static void
add_pool(json_t *body, const struct reg_changes *changes, const json_t *stated,
	const json_t *served)
{
	static const char *const group[] = { "work_pool_name", "work_queue_name",
		"job_variables" };
	bool moved = register_changes_has(changes, "work_pool_name"), any = moved;

	for (size_t i = 1; i < N_ELEM(group); i++)
		any = any || register_changes_has(changes, group[i]);
	for (size_t i = 0; any && i < N_ELEM(group); i++) {
		const json_t *v = json_object_get(stated, group[i]);

		/* the old pool's queue is not one of the new pool */
		if (!v && !(moved && i == 1))
			v = register_served(served, group[i]);
		if (v && (i == 0 || !json_is_null(v)))
			json_object_set(body, group[i], reg_tree(v));
	}
}

json_t *
register_body_patch(
	const struct reg_changes *changes, const json_t *stated, const json_t *served)
{
	json_t *body = json_object();

	for (size_t i = 0; i < changes->n; i++) {
		const char *field = changes->v[i].field;
		json_t *v = json_object_get(stated, field);

		if (v && strcmp(field, "schedules") != 0)
			json_object_set(body, field, v);
	}
	add_pool(body, changes, stated, served);
	if (json_object_size(body))
		return body;
	json_decref(body);
	return NULL;
}

/* ---- schedules */

static const json_t *
with_slug(const json_t *schedules, const char *slug)
{
	const json_t *one;
	size_t i;

	json_array_foreach(schedules, i, one)
	{
		if (*slug && !strcmp(register_text(one, "slug"), slug))
			return one;
	}
	return NULL;
}

static bool
all_slugs(const json_t *schedules)
{
	const json_t *one;
	size_t i;

	json_array_foreach(schedules, i, one)
	{
		if (!*register_text(one, "slug"))
			return false;
	}
	return true;
}

/* As it is sent: what a change takes away must be said too. */
static json_t *
sent_schedule(const json_t *stated, bool parameters, bool replaces)
{
	json_t *s = json_copy(reg_tree(stated));

	if (!json_object_get(s, "active"))
		json_object_set_new(s, "active", json_true());
	if (parameters && !json_object_get(s, "parameters"))
		json_object_set_new(s, "parameters", json_object());
	if (!replaces)
		json_object_del(s, "replaces");
	return s;
}

/* Is its id taken over by a schedule of the file under another slug? */
static bool
is_renamed(const json_t *stated, const json_t *served_one, const json_t *served)
{
	const json_t *one;
	size_t i;

	json_array_foreach(stated, i, one)
	{
		if (!strcmp(register_text(one, "replaces"),
			    register_text(served_one, "slug")) &&
			!with_slug(served, register_text(one, "slug")))
			return true;
	}
	return false;
}

/* By slug: each that differs alone, so that the others keep what they have. */
static void
plan_slugs(const json_t *stated, const json_t *served, bool can_rename,
	struct reg_schedules *p)
{
	const json_t *one;
	size_t i;

	json_array_foreach(stated, i, one)
	{
		const json_t *was = with_slug(served, register_text(one, "slug"));
		bool rename = can_rename && !was &&
			      with_slug(served, register_text(one, "replaces"));

		if (was && register_schedule_same(one, was))
			continue;
		if (!p->patch)
			p->patch = json_array();
		json_array_append_new(p->patch, sent_schedule(one, true, rename));
	}
	json_array_foreach(served, i, one)
	{
		if (!with_slug(stated, register_text(one, "slug")) &&
			!(can_rename && is_renamed(stated, one, served)))
			VEC_PUSH(&p->after, register_text(one, "id"));
	}
}

static void
plan_all(const json_t *stated, const json_t *served, struct reg_schedules *p)
{
	bool slugs = json_array_size(served) && all_slugs(served), old = true;
	const json_t *one;
	size_t i;

	/* a list in which some have none is refused while all of the old ones have */
	if (slugs)
		json_array_foreach(served, i, one)
		{
			VEC_PUSH(&p->before, register_text(one, "id"));
		}
	/* 2.x knows no parameters of schedules */
	json_array_foreach(served, i, one)
	{
		old = old && !json_object_get(one, "parameters");
	}
	if (slugs && !json_array_size(stated))
		return;
	p->patch = json_array();
	json_array_foreach(stated, i, one)
	{
		json_array_append_new(p->patch,
			sent_schedule(one, !old && json_array_size(served), false));
	}
}

void
register_schedules_plan(const json_t *stated, const json_t *served, bool can_rename,
	struct reg_schedules *ret_plan)
{
	memset(ret_plan, 0, sizeof(*ret_plan));
	if (json_array_size(stated) && json_array_size(served) && all_slugs(stated) &&
		all_slugs(served))
		plan_slugs(stated, served, can_rename, ret_plan);
	else
		plan_all(stated, served, ret_plan);
}

void
register_schedules_release(struct reg_schedules *p)
{
	json_decref(p->patch);
	VEC_FREE(&p->before);
	VEC_FREE(&p->after);
}
