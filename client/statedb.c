#include "statedb.h"

#include "db_make.h"
#include "migrate.h"
#include "weir/mem.h"
#include "weir/store.h"

struct weir_statedb {
	struct db db;
};

struct db *
statedb_db(struct weir_statedb *s)
{
	return &s->db;
}

static enum weir_rc
address_of(
	struct weir_statedb *s, struct buf *out, bool *ret_found, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&s->db, SQL_META_GET, &st, err);

	if (rc)
		return rc;
	db_bind_str(st, 1, STR("address"));
	rc = db_step(&s->db, st, &row, err);
	if (!rc && row)
		buf_add(out, db_str(st, 0).s, db_str(st, 0).len);
	if (!rc)
		*ret_found = row;
	db_reset(st);
	return rc;
}

static enum weir_rc
set_address(struct weir_statedb *s, const char *address, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&s->db, SQL_META_SET, &st, err);

	if (rc)
		return rc;
	db_bind_str(st, 1, STR("address"));
	db_bind_str(st, 2, str_of(address));
	return db_run(&s->db, st, err);
}

/* The file's name holds a hash of the address; this is the address itself. */
static enum weir_rc
check_address(
	struct weir_statedb *s, const char *address, bool write, struct weir_err *err)
{
	struct buf theirs = BUF_INIT(BUF_MAX);
	bool found = false;
	enum weir_rc rc = address_of(s, &theirs, &found, err);

	if (!rc && !found && write)
		rc = set_address(s, address, err);
	else if (!rc && found && strcmp(buf_cstr(&theirs), address) != 0)
		rc = weir_fail(err, WEIR_EDB, "state store: %s: it is of %s, not of %s",
			s->db.path, buf_cstr(&theirs), address);
	buf_release(&theirs);
	return rc;
}

/* One of an older weir is brought up to date, by readers too. */
static enum weir_rc
open_file(struct weir_statedb *s, const char *path, bool write, struct weir_err *err)
{
	bool old = false;
	enum weir_rc rc;

	rc = db_open(path, DB_STATE, write ? DB_WRITE : DB_READ, &s->db, err);
	if (!rc && !write)
		rc = migrate_check(&s->db, &old, err);
	if (rc || (!write && !old))
		return rc;
	if (!write && s->db.version == 0)
		return weir_fail(err, WEIR_ENOTFOUND, "no state store yet: %s", path);
	if (!write) {
		db_close(&s->db);
		rc = db_open(path, DB_STATE, DB_WRITE, &s->db, err);
	}
	return rc ? rc : migrate(&s->db, err);
}

static enum weir_rc
no_address(bool write, struct weir_err *err)
{
	if (!write)
		return weir_fail(err, WEIR_ENOTFOUND, "no state store: no server");
	weir_fail(err, WEIR_ENOSERVER, "no server is configured");
	weir_hint(err, "export PREFECT_API_URL=http://127.0.0.1:4200/api");
	return WEIR_ENOSERVER;
}

enum weir_rc
weir_statedb_open(const struct weir_config *config, bool write,
	struct weir_statedb **ret_state, struct weir_err *err)
{
	const char *path = weir_config_state(config);
	const char *url = weir_config_str(config, WEIR_KEY_API_URL);
	struct weir_statedb *s;
	enum weir_rc rc = WEIR_OK;
	char *address;

	if (!path)
		return no_address(write, err);
	s = xcalloc(1, sizeof(*s));
	s->db.kind = DB_STATE;
	address = url ? weir_url_normalise(url) : xstrdup(WEIR_STORE_EMBEDDED);
	if (write)
		rc = db_make(path, DB_STATE, err);
	if (!rc)
		rc = open_file(s, path, write, err);
	if (!rc)
		rc = check_address(s, address, write, err);
	free(address);
	if (rc)
		weir_statedb_close(s);
	else
		*ret_state = s;
	return rc;
}

void
weir_statedb_close(struct weir_statedb *s)
{
	if (!s)
		return;
	db_close(&s->db);
	free(s);
}

/* ---- texts */

enum weir_rc
weir_statedb_get(struct weir_statedb *s, const char *space, const char *name,
	char **ret_text, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&s->db, SQL_TEXTS_GET, &st, err);

	if (rc)
		return rc;
	db_bind_str(st, 1, str_of(space));
	db_bind_str(st, 2, str_of(name));
	rc = db_step(&s->db, st, &row, err);
	if (!rc) {
		struct str text = row ? db_str(st, 0) : (struct str){ NULL, 0 };

		*ret_text = text.s ? xstrndup(text.s, text.len) : NULL;
	}
	db_reset(st);
	return rc;
}

enum weir_rc
weir_statedb_put(struct weir_statedb *s, const char *space, const char *name,
	const char *text, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc;

	if (text && strlen(text) > WEIR_STATEDB_TEXT_MAX)
		return weir_fail(err, WEIR_ETOOBIG,
			"%s %s: more than %d bytes are not kept", space, name,
			WEIR_STATEDB_TEXT_MAX);
	rc = db_get(&s->db, text ? SQL_TEXTS_PUT : SQL_TEXTS_DELETE, &st, err);
	if (rc)
		return rc;
	db_bind_str(st, 1, str_of(space));
	db_bind_str(st, 2, str_of(name));
	if (text)
		db_bind_str(st, 3, str_of(text));
	return db_run(&s->db, st, err);
}

enum weir_rc
weir_statedb_each(struct weir_statedb *s, const char *space, weir_statedb_fn *fn,
	void *arg, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = true, more = true;
	enum weir_rc rc = db_get(&s->db, SQL_TEXTS_EACH, &st, err);

	if (rc)
		return rc;
	db_bind_str(st, 1, str_of(space));
	while (!rc && more) {
		char *name, *text;

		rc = db_step(&s->db, st, &row, err);
		if (rc || !row)
			break;
		name = xstrndup(db_str(st, 0).s, db_str(st, 0).len);
		text = xstrndup(db_str(st, 1).s, db_str(st, 1).len);
		more = fn(arg, name, text);
		free(name);
		free(text);
	}
	db_reset(st);
	return rc;
}

/* ---- marks */

enum weir_rc
weir_statedb_mark(struct weir_statedb *s, enum weir_kind kind,
	const struct weir_id *ids, size_t n, bool marked, struct weir_err *err)
{
	enum weir_rc rc = db_begin(&s->db, err);

	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < n; i++) {
		sqlite3_stmt *st = NULL;

		rc = db_get(
			&s->db, marked ? SQL_MARKS_PUT : SQL_MARKS_DELETE, &st, err);
		if (rc)
			break;
		db_bind_str(st, 1, str_of(weir_kind_name(kind)));
		db_bind_id(st, 2, &ids[i]);
		rc = db_run(&s->db, st, err);
	}
	return db_end(&s->db, rc, err);
}

enum weir_rc
weir_statedb_unmark_all(
	struct weir_statedb *s, enum weir_kind kind, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&s->db, SQL_MARKS_CLEAR, &st, err);

	if (rc)
		return rc;
	db_bind_str(st, 1, str_of(weir_kind_name(kind)));
	return db_run(&s->db, st, err);
}

enum weir_rc
weir_statedb_marks(struct weir_statedb *s, enum weir_kind kind,
	struct weir_id **ret_ids, size_t *ret_n, struct weir_err *err)
{
	struct id_vec ids = { 0 };
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&s->db, SQL_MARKS_OF, &st, err);

	if (rc)
		return rc;
	db_bind_str(st, 1, str_of(weir_kind_name(kind)));
	rc = db_ids(&s->db, st, &ids, err);
	if (rc) {
		VEC_FREE(&ids);
		return rc;
	}
	*ret_ids = ids.v;
	*ret_n = ids.n;
	return WEIR_OK;
}
