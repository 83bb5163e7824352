#define LOG_MODULE "sync"
#include "sync_local.h"

#include "alive.h"
#include "embedded.h"
#include "store_write.h"
#include "weir/log.h"
#include "worker_bury.h"

bool
sync_local(const struct weir_session *s)
{
	return weir_config_embedded(weir_session_config(s));
}

enum weir_rc
sync_local_cycle(struct weir_session *s, struct weir_sync_result *ret_result,
	struct weir_err *err)
{
	enum weir_rc rc = sync_local_store(s, err);

	*ret_result = (struct weir_sync_result){ .whole = rc == WEIR_OK };
	return rc;
}

enum weir_rc
sync_local_store(struct weir_session *s, struct weir_err *err)
{
	const struct weir_config *config = weir_session_config(s);
	const char *path = weir_config_store(config);
	struct weir_store *store = NULL;
	struct weir_err ignored;
	enum weir_rc rc = weir_session_store(s, WEIR_STORE_READ, &store, err);

	/* where nothing can be written it may be read all the same */
	if (!rc && store_db(store)->kind == DB_METAFLOW)
		return WEIR_OK; /* there is nothing else */
	if (!rc && embedded_is_unsettled(store, path) &&
		embedded_settle(path, weir_config_str(config, WEIR_KEY_PLATFORM_PARAMS),
			&ignored))
		LOG(LOG_WARN, "%s", ignored.text);
	if (!rc && worker_is_survived(config) && !alive_any(path) &&
		!weir_config_bool(config, WEIR_KEY_READ_ONLY) &&
		worker_bury(s, &ignored))
		LOG(LOG_WARN, "%s", ignored.text);
	return rc;
}

enum weir_rc
sync_local_run(struct weir_session *s, const struct weir_id *run, bool *ret_ended,
	struct weir_err *err)
{
	struct weir_store *store = NULL;
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = weir_session_store(s, WEIR_STORE_READ, &store, err);

	if (!rc)
		rc = db_get(store_db(store), SQL_RUN_ENDED, &st, err);
	if (rc)
		return rc;
	db_bind_id(st, 1, run);
	rc = db_step(store_db(store), st, &row, err);
	if (!rc && row && ret_ended)
		*ret_ended = weir_state_is_terminal(
			(enum weir_state)sqlite3_column_int(st, 0));
	db_reset(st);
	if (!rc && !row)
		rc = weir_fail(err, WEIR_ENOTFOUND, "run: not found");
	return rc;
}
