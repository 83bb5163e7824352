#include "migrate.h"

#include "schema.h"

static enum weir_rc
newer(const struct db *db, struct weir_err *err)
{
	weir_fail(err, WEIR_ENEWER,
		"store: %s: made by a newer weir (schema %d, this one knows %d)",
		db->path, db->version, schema_cache_version);
	weir_hint(err, "use that newer weir, or remove the file; it is a cache");
	return WEIR_ENEWER;
}

enum weir_rc
migrate_check(const struct db *db, bool *ret_old, struct weir_err *err)
{
	if (db->version > schema_cache_version)
		return newer(db, err);
	*ret_old = db->version < schema_cache_version;
	return WEIR_OK;
}

/* Read again, under the write lock: another process may have been faster. */
static enum weir_rc
current(struct db *db, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(db, SQL_USER_VERSION, &st, err);
	bool row = false;

	if (!rc)
		rc = db_step(db, st, &row, err);
	if (!rc && row)
		db->version = sqlite3_column_int(st, 0);
	db_reset(rc ? NULL : st);
	return rc;
}

enum weir_rc
migrate(struct db *db, struct weir_err *err)
{
	bool old = false;
	enum weir_rc rc = migrate_check(db, &old, err);

	if (rc || !old)
		return rc;
	rc = db_begin(db, err);
	if (rc)
		return rc;
	rc = current(db, err);
	while (!rc && db->version < schema_cache_version) {
		rc = db_exec(db, schema_cache[db->version], err);
		if (!rc)
			db->version++;
	}
	return db_end(db, rc, err);
}
