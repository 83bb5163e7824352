/* `why` of what the cursor is on, or of a query. */
#include <weir/select.h>

#include "app.h"
#include "view_why.h"

/* The run of a task run. */
static bool
run_of_task(struct app *a, const struct weir_id *task, struct weir_id *ret_run)
{
	struct weir_select sel = { .kind = WEIR_TASK_RUN };
	struct weir_column_set set = { 0 };
	struct weir_rows *rows = NULL;
	char id[WEIR_ID_TEXT + 1];
	enum weir_kind kind;
	struct weir_id found;
	bool row = false;

	if (!app_store(a) ||
		weir_resolve(a->store, 1u << WEIR_TASK_RUN, weir_id_format(task, id),
			&kind, &found, &sel.key, NULL) ||
		weir_columns_choose(WEIR_TASK_RUN, "flow_run_id", 0, &set, NULL))
		return false;
	sel.columns = &set;
	if (!weir_rows_open(a->store, &sel, &rows, NULL) &&
		!weir_rows_next(rows, &row, NULL) && row)
		*ret_run = weir_rows_cell(rows, 0)->id;
	weir_rows_close(rows);
	weir_columns_release(&set);
	return row && !weir_id_is_null(ret_run);
}

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
	else if (kind == WEIR_TASK_RUN && run_of_task(a, &object, &run))
		app_push(a, view_why_new(a, &run));
	else
		status_say(a, true, "only runs fail or wait: this is a %s",
			weir_kind_name(kind));
}
