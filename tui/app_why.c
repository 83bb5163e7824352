/* `why` of what the cursor is on, or of a query. */
#include "app.h"
#include "view_why.h"

void
app_why(struct app *a, enum action_id id, const char *arg)
{
	enum weir_kind kind;
	struct weir_id object, run = { { 0 } };

	(void)id;
	if (arg && *arg) {
		app_push(a, view_errors_new(a, arg));
		return;
	}
	if (!a->top->ops->object || !a->top->ops->object(a->top, &kind, &object)) {
		status_say(a, true, "no run is here to ask of");
		return;
	}
	if (kind == WEIR_RUN)
		app_push(a, view_why_new(a, &object));
	else if (kind == WEIR_TASK_RUN && app_run_of_task(a, &object, &run))
		app_push(a, view_why_new(a, &run));
	else
		status_say(a, true, "only runs fail or wait: this is a %s",
			weir_kind_name(kind));
}
