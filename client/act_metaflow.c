/* Runs of Metaflow are looked at; nothing is done to them. */
#include "actions.h"
#include "beside.h"
#include "weir/act.h"

static void
take_name(void *arg, const struct weir_rows *row)
{
	char **name = arg;

	*name = str_copy(weir_rows_cell(row, 0)->s);
}

enum weir_rc
weir_act_may(struct weir_store *s, enum weir_act_kind kind, const struct weir_id *run,
	struct weir_err *err)
{
	char *name = NULL;
	const char *number;

	if (kind >= WEIR_ACT_PAUSE || !weir_is_metaflow(s, run) ||
		weir_row_of(s, WEIR_RUN, run, "name", take_name, &name, NULL) || !name)
		return WEIR_OK;
	(void)weir_fail(err, WEIR_EREFUSED,
		"%s is a run of Metaflow, which weir can only show", name);
	number = strrchr(name, '/');
	if (kind == WEIR_ACT_RETRIGGER || kind == WEIR_ACT_RESUME)
		weir_hint(err, "python FILE resume --origin-run-id %s",
			number ? number + 1 : name);
	else
		weir_hint(err, "end its process where it was started");
	free(name);
	return WEIR_EREFUSED;
}

bool
act_metaflow_refused(struct weir_store *s, enum weir_act_kind kind,
	const struct weir_id *run, struct weir_act_result *result)
{
	struct weir_err err;

	if (!weir_act_may(s, kind, run, &err))
		return false;
	result->rc = WEIR_EREFUSED;
	snprintf(result->said, sizeof(result->said), "refused: %.700s", err.text);
	snprintf(result->hint, sizeof(result->hint), "%.250s", err.hint);
	return true;
}
