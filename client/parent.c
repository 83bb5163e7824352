#include "parent.h"

#include "json_out.h"
#include "task.h"
#include "weir/mem.h"

static const char no_parent[] = "weir trigger --no-parent";

static enum weir_rc
check_parent(struct api *a, const struct weir_id *id, struct weir_err *err)
{
	char text[WEIR_ID_TEXT + 1], path[128];
	enum weir_state state = WEIR_ST_NONE;
	json_t *run = NULL;
	const char *type, *name;
	enum weir_rc rc;

	snprintf(path, sizeof(path), "/flow_runs/%s", weir_id_format(id, text));
	rc = task_ask(a, "GET", path, STR(""), &run, err);
	if (rc == WEIR_ENOTFOUND) {
		weir_fail(err, rc, "its parent: this server has no run %s", text);
		return weir_hint(err, "%s", no_parent);
	}
	type = json_string_value(json_object_get(run, "state_type"));
	name = json_string_value(json_object_get(run, "name"));
	if (!rc && type && weir_state_parse(str_of(type), &state) &&
		weir_state_is_terminal(state)) {
		rc = weir_fail(err, WEIR_EREFUSED,
			"its parent, run %.100s, has ended: it can have no child",
			name ? name : text);
		(void)weir_hint(err, "%s", no_parent);
	}
	json_decref(run);
	return rc;
}

enum weir_rc
parent_link(struct api *a, const char *parent, const char *name, const char *key,
	struct weir_id *ret_task, struct weir_err *err)
{
	json_t *body, *task = NULL;
	struct weir_id id;
	const char *made;
	char *text;
	enum weir_rc rc;

	if (!weir_id_parse(str_of(parent), &id))
		return weir_fail(err, WEIR_EUSAGE,
			"PREFECT__FLOW_RUN_ID='%.60s': not the id of a run", parent);
	rc = check_parent(a, &id, err);
	if (rc)
		return rc;
	body = json_pack("{s:s, s:s, s:s, s:s, s:o, s:{s:s, s:s}}", "name", name,
		"flow_run_id", parent, "task_key", "weir.trigger", "dynamic_key", key,
		"task_inputs", task_inputs(), "state", "type", "PENDING", "name",
		"Pending");
	text = json_out_text(body);
	task_mark();
	rc = task_ask(
		a, "POST", "/task_runs/", text ? str_of(text) : STR(""), &task, err);
	made = json_string_value(json_object_get(task, "id"));
	if (!rc && (!made || !weir_id_parse(str_of(made), ret_task)))
		rc = weir_fail(
			err, WEIR_EBADDATA, "the server's answer is no task run");
	json_decref(task);
	json_decref(body);
	free(text);
	return rc;
}
