/* Task runs of `weir task` that were left open: their run has ended, so they crashed.
 */
#include "api_body.h"
#include "weir/time.h"
#include "worker.h"

static const char task_prefix[] = "weir.task.";

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
	worker_tell(r->w, "POST", path, buf_cstr(&body));
	buf_release(&body);
}

static void
on_tasks(struct worker_run *r, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	json_t *found = rc ? NULL : worker_parse(page);

	(void)err;
	for (size_t i = 0; i < json_array_size(found); i++) {
		const json_t *task = json_array_get(found, i);
		const char *id = json_string_value(json_object_get(task, "id"));
		const char *key = json_string_value(json_object_get(task, "task_key"));

		/* others are stand-ins of child runs, which go on */
		if (id && key && str_starts(str_of(key), task_prefix))
			end_task(r, id);
	}
	json_decref(found);
	worker_run_end(r);
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
