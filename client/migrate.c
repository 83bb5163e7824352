#include "migrate.h"

#include "env_named.h"
#include "schema.h"

static const struct schema *const schemas[] = {
	[DB_CACHE] = &schema_cache,
	[DB_STATE] = &schema_state,
	[DB_EMBEDDED] = &schema_embedded,
	[DB_METAFLOW] = &schema_metaflow,
};

enum weir_rc
migrate_check(const struct db *db, bool *ret_old, struct weir_err *err)
{
	int known = schemas[db->kind]->version;

	if (db->version > known)
		return db_newer(db, known, err);
	*ret_old = db->version < known;
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
	const struct schema *schema = schemas[db->kind];
	bool old = false;
	enum weir_rc rc = migrate_check(db, &old, err);

	if (rc || !old)
		return rc;
	rc = db_begin(db, err);
	if (rc)
		return rc;
	rc = current(db, err);
	while (!rc && db->version < schema->version) {
		rc = db_exec(db, schema->steps[db->version], err);
		if (!rc && schema->steps[db->version] == schema_cache_3)
			rc = env_named_fill(db, err);
		if (!rc)
			db->version++;
		if (!rc && schema->mixed)
			rc = db_exec(db, schema_marks[db->version], err);
	}
	return db_end(db, rc, err);
}
