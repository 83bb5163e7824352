/*
 * Runs that were paused for a time and never resumed are Failed, as Prefect's service
 * PauseExpirations has it.
 */
#include "embedded_priv.h"
#include "weir/time.h"

enum { PAUSES_MAX = 500 }; /* at once */

/* Those whose time is over, and when the first of the others' is. ret may be NULL. */
static enum weir_rc
look(struct embedded_call *c, struct id_vec *ret, int64_t *ret_next_us)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(c->db, SQL_EMB_PAUSES, &st, c->err);

	if (rc)
		return rc;
	*ret_next_us = INT64_MAX;
	while (!(rc = db_step(c->db, st, &row, c->err)) && row) {
		int64_t until;

		if (!weir_time_parse(db_str(st, 1), &until))
			continue;
		if (ret && until < c->now_us && ret->n < PAUSES_MAX)
			VEC_PUSH(ret, db_id(st, 0));
		else if (until < *ret_next_us)
			*ret_next_us = until + 1; /* not at it, but after */
	}
	db_reset(st);
	return rc;
}

enum weir_rc
embedded_pause_next(struct embedded_call *c, int64_t *ret_us)
{
	return look(c, NULL, ret_us);
}

static enum weir_rc
set_failed(struct embedded_call *c, const struct weir_id *id)
{
	json_t *run = NULL;
	enum weir_rc rc = embedded_run(c, id, &run);

	if (!rc && run)
		rc = embedded_enter(c, run,
			embedded_state(c, "FAILED", NULL, EMBEDDED_NEVER_RESUMED,
				WEIR_NO_TIME));
	json_decref(run);
	return rc;
}

enum weir_rc
embedded_settle_pauses(struct embedded_call *c)
{
	struct id_vec ids = { 0 };
	int64_t next;
	enum weir_rc rc = look(c, &ids, &next);

	for (size_t i = 0; !rc && i < ids.n; i++)
		rc = set_failed(c, &ids.v[i]);
	VEC_FREE(&ids);
	return rc;
}
