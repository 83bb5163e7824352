/*
 * What rows of environments have from other tables, and who has which package: the
 * lists of all environments turned round.
 */
#include <stdlib.h>

#include "env_fill.h"

VEC_TYPE(numbers, uint32_t);

struct turn {
	struct numbers env, package; /* pairs, by environment */
	uint32_t most;               /* greatest key of a package */
};

/* `[3,1,2]` of environment k. */
static void
take_list(struct turn *t, struct str json, uint32_t k)
{
	uint32_t n = 0;
	bool digits = false;

	for (size_t i = 0; i < json.len; i++) {
		char c = json.s[i];

		if (c >= '0' && c <= '9') {
			n = n * 10 + (uint32_t)(c - '0');
			digits = true;
			continue;
		}
		if (digits) {
			VEC_PUSH(&t->env, k);
			VEC_PUSH(&t->package, n);
			t->most = n > t->most ? n : t->most;
		}
		n = 0;
		digits = false;
	}
}

static enum weir_rc
read_lists(struct db *db, struct turn *t, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(db, SQL_ENV_PACKAGES, &st, err);

	while (!rc && !(rc = db_step(db, st, &row, err)) && row)
		take_list(t, db_str(st, 1), (uint32_t)sqlite3_column_int64(st, 0));
	db_reset(st);
	return rc;
}

static enum weir_rc
write_one(
	struct db *db, int64_t k, const uint32_t *envs, size_t n, struct weir_err *err)
{
	unsigned char *bytes = xmalloc(4 * n + 1), *p = bytes;
	sqlite3_stmt *st = NULL;
	enum weir_rc rc;

	for (size_t i = 0; i < n; i++) {
		if (i && envs[i] == envs[i - 1])
			continue; /* it has the package twice */
		for (int j = 0; j < 4; j++)
			*p++ = (unsigned char)(envs[i] >> 8 * j);
	}
	rc = db_get(db, SQL_ENV_HOLDERS_PUT, &st, err);
	if (!rc) {
		sqlite3_bind_int64(st, 1, k);
		sqlite3_bind_blob64(
			st, 2, bytes, (sqlite3_uint64)(p - bytes), SQLITE_STATIC);
		rc = db_run(db, st, err);
	}
	free(bytes);
	return rc;
}

/* Nobody has it any more. */
static enum weir_rc
drop_one(struct db *db, int64_t k, struct weir_err *err)
{
	static const enum sql_id gone[] = { SQL_ENV_PACKAGE_GONE, SQL_ENV_DOC_GONE,
		SQL_ENV_HOLDERS_GONE };
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < N_ELEM(gone); i++) {
		sqlite3_stmt *st = NULL;

		rc = db_get(db, gone[i], &st, err);
		if (rc)
			break;
		sqlite3_bind_int64(st, 1, k);
		rc = db_run(db, st, err);
	}
	return rc;
}

/* Keys of all packages that there are. */
static enum weir_rc
read_keys(struct db *db, struct numbers *keys, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(db, SQL_ENV_PACKAGE_KEYS, &st, err);

	while (!rc && !(rc = db_step(db, st, &row, err)) && row)
		VEC_PUSH(keys, (uint32_t)sqlite3_column_int64(st, 0));
	db_reset(st);
	return rc;
}

static enum weir_rc
turn_round(struct db *db, struct weir_err *err)
{
	struct turn t = { .most = 0 };
	struct numbers keys = { 0 };
	uint32_t *from = NULL, *envs = NULL;
	enum weir_rc rc = read_lists(db, &t, err);

	if (!rc)
		rc = read_keys(db, &keys, err);
	if (rc)
		goto out;
	from = xcalloc((size_t)t.most + 2, sizeof(*from));
	envs = xcalloc(t.env.n + 1, sizeof(*envs));
	for (size_t i = 0; i < t.package.n; i++)
		from[t.package.v[i] + 1]++;
	for (size_t i = 0; i <= t.most; i++)
		from[i + 1] += from[i];
	for (size_t i = 0; i < t.package.n; i++)
		envs[from[t.package.v[i]]++] = t.env.v[i];
	/* from[k] is now where the environments of k end. */
	for (size_t i = 0; !rc && i < keys.n; i++) {
		uint32_t k = keys.v[i];
		size_t begin = k && k <= t.most ? from[k - 1] : 0;
		size_t end = k <= t.most ? from[k] : 0;

		rc = end > begin ? write_one(db, k, envs + begin, end - begin, err)
				 : drop_one(db, k, err);
	}
out:
	VEC_FREE(&t.env);
	VEC_FREE(&t.package);
	VEC_FREE(&keys);
	free(from);
	free(envs);
	return rc;
}

enum weir_rc
env_join(struct db *db, bool packages, struct weir_err *err)
{
	static const enum sql_id sets[] = { SQL_ENV_SET_DEFAULT, SQL_ENV_SET_ALIASES,
		SQL_ENV_SET_STEPS, SQL_ENV_SET_FOLDERS, SQL_ENV_SET_SHADOW,
		SQL_ENV_SET_IN_CACHE };
	enum weir_rc rc = packages ? turn_round(db, err) : WEIR_OK;

	for (size_t i = 0; !rc && i < N_ELEM(sets); i++)
		rc = db_exec_id(db, sets[i], err);
	return rc;
}
