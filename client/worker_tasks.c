/* Task runs of `weir task` that were left open: their run has ended, so they crashed.
 */
#include "api_body.h"
#include "weir/time.h"
#include "worker.h"

static const char task_prefix[] = "weir.task.";

static void on_ended(struct worker_run *r, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err);

static void
end_task(struct worker_run *r, const char *id)
{
	struct api_state state = {
		.type = WEIR_ST_CRASHED,
		.name = "Crashed",
		.message = "its run has ended",
		.scheduled_us = WEIR_NO_TIME,
		.transition = weir_id_random(),
	};
	struct buf body = BUF_INIT(4096);
	char path[128];

	api_body_state(&state, &body);
	snprintf(path, sizeof(path), "/task_runs/%.40s/set_state", id);
	worker_ask(r, "POST", path, buf_cstr(&body), on_ended);
	buf_release(&body);
}

/* One after the other: the run's folder stays until all are told. */
static void
next(struct worker_run *r)
{
	size_t n = json_array_size(r->open_tasks);
	json_t *id;

	if (!n) {
		worker_run_end(r);
		return;
	}
	id = json_incref(json_array_get(r->open_tasks, n - 1));
	json_array_remove(r->open_tasks, n - 1);
	end_task(r, json_string_value(id));
	json_decref(id);
}

static void
on_ended(struct worker_run *r, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	(void)page;
	if (rc)
		worker_say(r->w, WEIR_WORKER_WARNING, "%s: a task of it: %s", r->name,
			err->text);
	next(r);
}

/* Stand-ins of child runs go on with these, but those that never got one. */
static bool
is_left_open(const json_t *task)
{
	const char *key = json_string_value(json_object_get(task, "task_key"));
	const char *type = json_string_value(json_object_get(task, "state_type"));
	const json_t *details =
		json_object_get(json_object_get(task, "state"), "state_details");

	if (key && str_starts(str_of(key), task_prefix))
		return true;
	return type && strcmp(type, "PENDING") == 0 &&
	       !json_is_string(json_object_get(details, "child_flow_run_id"));
}

static void
on_tasks(struct worker_run *r, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	json_t *found = rc ? NULL : worker_parse(page);

	(void)err;
	json_decref(r->open_tasks);
	r->open_tasks = json_array();
	for (size_t i = 0; i < json_array_size(found); i++) {
		const json_t *task = json_array_get(found, i);
		json_t *id = json_object_get(task, "id");

		if (json_is_string(id) && is_left_open(task))
			json_array_append(r->open_tasks, id);
	}
	json_decref(found);
	next(r);
}

void
worker_tasks_end(struct worker_run *r)
{
	char *body = xasprintf(
		"{\"flow_runs\":{\"id\":{\"any_\":[\"%s\"]}},\"task_runs\":{\"state\":{"
		"\"type\":{\"any_\":[\"SCHEDULED\",\"PENDING\",\"RUNNING\"]}}}}",
		r->id_text);

	worker_ask(r, "POST", "/task_runs/filter", body, on_tasks);
	free(body);
}
