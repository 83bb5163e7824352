#include "db.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "db_checkpoint.h"
#include "schema.h"
#include "weir/mem.h"
#include "weir/time.h"

/*
 * A reader or a second writer waits this long for a lock. With WAL only recovery after
 * a crash, the end of the last connection and another writer's commit can be in the
 * way.
 */
enum { DB_BUSY_MS = 10000, DB_NAP_MS = 20 };

static const struct {
	const char *word, *open;
	const char *home; /* the variable that moves it */
	const char *damaged, *old;
	enum sql_id writer;
} kinds[] = {
	[DB_CACHE] = { "store", "open the store", "XDG_CACHE_HOME",
		"weir sync   (sets the damaged store aside and fills a new one)",
		"use that newer weir, or remove the file; it is a cache", SQL_WRITER },
	[DB_STATE] = { "state store", "open the state store", "XDG_STATE_HOME",
		"move the file away for a new one to be begun; marks, named views and "
		"the history of what was done are in it",
		"use that newer weir; what it remembers is nowhere else",
		SQL_STATE_WRITER },
	[DB_EMBEDDED] = { "embedded store", "open the embedded store", "XDG_DATA_HOME",
		"weir restore FILE, of a weir backup; or move the file away for a new "
		"one to be begun",
		"use that newer weir; what is in it is nowhere else",
		SQL_EMBEDDED_WRITER },
	[DB_METAFLOW] = { "store of Metaflow", "open the store of Metaflow",
		"XDG_CACHE_HOME", "remove the file; it is a cache",
		"use that newer weir, or remove the file; it is a cache", SQL_WRITER },
};

const char *
db_word(enum db_kind kind)
{
	return kinds[kind].word;
}

bool
db_is_cache(enum db_kind kind)
{
	return kind == DB_CACHE || kind == DB_METAFLOW;
}

const char *
db_home(enum db_kind kind)
{
	return kinds[kind].home;
}

static const char *
why_not(struct db *db, int code, int sys)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
		return "locked by another process";
	case SQLITE_FULL:
		return "the disk is full";
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return "it is read-only";
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return "the file is damaged";
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		if (sys == ENOSPC || sys == EDQUOT)
			return "the disk is full";
		if (sys)
			return strerror(sys);
		break;
	default:
		break;
	}
	return db->sqlite ? sqlite3_errmsg(db->sqlite) : sqlite3_errstr(code);
}

static bool
is_damage(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

void
db_suspect(struct db *db)
{
	char *mark = xasprintf("%s" DB_DAMAGE_MARK, db->path);
	int fd = -1;

	db->damaged = true;
	if (db_is_cache(db->kind))
		fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		close(fd);
	free(mark);
}

static void
hint_for(enum db_kind kind, int code, struct weir_err *err)
{
	const char *home = kinds[kind].home;

	switch (code & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		weir_hint(err, "%s", kinds[kind].damaged);
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
		weir_hint(err, "wait for the other process and repeat");
		break;
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		weir_hint(err, "set %s to a folder that is yours to write", home);
		break;
	case SQLITE_FULL:
		weir_hint(err, "make room, or set %s to another disk", home);
		break;
	default:
		break;
	}
}

enum weir_rc
db_newer(const struct db *db, int known, struct weir_err *err)
{
	weir_fail(err, WEIR_ENEWER,
		"%s: %s: made by a newer weir (schema %d, this one knows %d)",
		db_word(db->kind), db->path, db->version, known);
	return weir_hint(err, "%s", kinds[db->kind].old);
}

static enum weir_rc
fail_code(struct db *db, int code, const char *doing, struct weir_err *err)
{
	int sys = db->sqlite ? sqlite3_system_errno(db->sqlite) : 0;

	if ((code & 0xff) == SQLITE_INTERRUPT)
		return weir_fail(err, WEIR_EINTR, "interrupted");
	if (is_damage(code))
		db_suspect(db);
	if (doing)
		weir_fail(err, WEIR_EDB, "cannot %s: %s: %s", doing, db->path,
			why_not(db, code, sys));
	else
		weir_fail(err, WEIR_EDB, "cannot use the %s: %s: %s", db_word(db->kind),
			db->path, why_not(db, code, sys));
	hint_for(db->kind, code, err);
	return WEIR_EDB;
}

enum weir_rc
db_fail(struct db *db, const char *doing, struct weir_err *err)
{
	return fail_code(db, sqlite3_extended_errcode(db->sqlite), doing, err);
}

/* Faults for tests of interruption: WEIR_FAULT=commit:N dies right after the Nth
 * commit. */
static int
fault_commits(void)
{
	const char *s = getenv("WEIR_FAULT");

	if (!s || strncmp(s, "commit:", 7) != 0)
		return 0;
	return (int)strtol(s + 7, NULL, 10);
}

static int
read_version(struct db *db)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(
		db->sqlite, sql_text[SQL_USER_VERSION], -1, &st, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		db->version = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	return code == SQLITE_ROW ? SQLITE_OK : code;
}

/* Without its memory statistics SQLite allocates without a lock that threads share. */
static pthread_once_t configured = PTHREAD_ONCE_INIT;

static void
configure(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* Beside a store of Metaflow another can be attached: by an address, to be only read.
 */
static int
open_handle(struct db *db, const char *name, int flags, const char *vfs)
{
	int code;

	pthread_once(&configured, configure);
	if (db->kind == DB_METAFLOW)
		flags |= SQLITE_OPEN_URI;
	code = sqlite3_open_v2(name, &db->sqlite, flags | SQLITE_OPEN_NOMUTEX, vfs);

	if (code != SQLITE_OK)
		return code;
	sqlite3_extended_result_codes(db->sqlite, 1);
	sqlite3_busy_timeout(db->sqlite, DB_BUSY_MS);
	return SQLITE_OK;
}

static void
shut(struct db *db)
{
	sqlite3_close(db->sqlite);
	db->sqlite = NULL;
}

/* As file: URI, every byte that means something there escaped. */
static char *
uri_of(const char *path, const char *query)
{
	struct buf b = BUF_INIT(BUF_MAX);

	buf_adds(&b, "file:");
	for (const char *p = path; *p; p++) {
		if (strchr("?#%", *p))
			buf_addf(&b, "%%%02X", (unsigned char)*p);
		else
			buf_addc(&b, *p);
	}
	buf_adds(&b, query);
	return buf_steal(&b);
}

static bool
has_wal(const char *path)
{
	char *wal = xasprintf("%s-wal", path);
	int fd = open(wal, O_RDONLY | O_CLOEXEC);
	bool has = fd >= 0 && lseek(fd, 0, SEEK_END) > 0;

	if (fd >= 0)
		close(fd);
	free(wal);
	return has;
}

/*
 * The folder or file system cannot be written, so SQLite cannot make its -shm. With a
 * WAL: read it with an index in memory and without locks (nobody can be writing here).
 * Without: the file alone, as unchanging.
 */
static int
open_unwritable(struct db *db)
{
	char *uri;
	int code;

	shut(db);
	if (has_wal(db->path)) {
		code = open_handle(db, db->path, SQLITE_OPEN_READONLY, "unix-none");
		if (code == SQLITE_OK)
			code = sqlite3_exec(
				db->sqlite, sql_text[SQL_EXCLUSIVE], NULL, NULL, NULL);
		if (code == SQLITE_OK)
			code = read_version(db);
		if (code == SQLITE_OK)
			return code;
		shut(db);
	}
	uri = uri_of(db->path, "?immutable=1");
	code = open_handle(db, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
	free(uri);
	return code == SQLITE_OK ? read_version(db) : code;
}

static int
open_read(struct db *db)
{
	int code = open_handle(db, db->path, SQLITE_OPEN_READONLY, NULL);

	if (code == SQLITE_OK)
		code = read_version(db);
	if ((code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY) {
		if (access(db->path, R_OK) == 0)
			code = open_unwritable(db);
	}
	return code;
}

/*
 * Two that open a new store at once both want to make it a WAL; for that SQLite does
 * not wait by itself.
 */
static int
begin_writing(struct db *db)
{
	struct timespec nap = { .tv_nsec = DB_NAP_MS * 1000000L };
	int64_t end = weir_monotonic_us() + DB_BUSY_MS * 1000;
	int code;

	while ((code = sqlite3_exec(db->sqlite, sql_text[kinds[db->kind].writer], NULL,
			NULL, NULL)) != SQLITE_OK &&
		(code & 0xff) == SQLITE_BUSY && weir_monotonic_us() < end)
		nanosleep(&nap, NULL);
	return code;
}

static int
open_write(struct db *db)
{
	int keep_wal = 1;
	int code = open_handle(db, db->path, SQLITE_OPEN_READWRITE, NULL);

	if (code == SQLITE_OK)
		code = read_version(db);
	if (code == SQLITE_OK)
		code = begin_writing(db);
	if (code != SQLITE_OK)
		return code;
	if (sqlite3_db_readonly(db->sqlite, "main") == 1)
		return SQLITE_READONLY;
	/* An empty -wal is left behind: a reader then need not make one. */
	sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_PERSIST_WAL, &keep_wal);
	if (db->kind == DB_CACHE)
		db->checkpoint = db_checkpoint_new(db->sqlite);
	db->fault_commits = fault_commits();
	return SQLITE_OK;
}

enum weir_rc
db_open(const char *path, enum db_kind kind, enum db_mode mode, struct db *ret_db,
	struct weir_err *err)
{
	struct db db = { .path = xstrdup(path), .kind = kind };
	enum weir_rc rc;
	int code;

	code = mode == DB_READ ? open_read(&db) : open_write(&db);
	if (code == SQLITE_OK) {
		*ret_db = db;
		return WEIR_OK;
	}
	if (access(path, F_OK) != 0 && errno == ENOENT)
		rc = weir_fail(
			err, WEIR_ENOTFOUND, "no %s yet: %s", db_word(kind), path);
	else
		rc = fail_code(&db, code, kinds[kind].open, err);
	ret_db->damaged = db.damaged;
	db_close(&db);
	return rc;
}

enum weir_rc
db_attach(struct db *db, enum sql_id id, const char *path, struct weir_err *err)
{
	char *uri = uri_of(path, "?mode=ro");
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(db, id, &st, err);

	if (!rc) {
		db_bind_str(st, 1, str_of(uri));
		rc = db_run(db, st, err);
	}
	free(uri);
	return rc;
}

void
db_close(struct db *db)
{
	for (size_t i = 0; i < SQL_N; i++) {
		sqlite3_finalize(db->statements[i]);
		db->statements[i] = NULL;
	}
	db_checkpoint_free(db->checkpoint);
	db->checkpoint = NULL;
	sqlite3_close(db->sqlite);
	db->sqlite = NULL;
	free(db->path);
	db->path = NULL;
}

enum weir_rc
db_get(struct db *db, enum sql_id id, sqlite3_stmt **ret_st, struct weir_err *err)
{
	sqlite3_stmt **slot = &db->statements[id];

	if (!*slot) {
		if (sqlite3_prepare_v3(db->sqlite, sql_text[id], -1,
			    SQLITE_PREPARE_PERSISTENT, slot, NULL) != SQLITE_OK)
			return db_fail(db, NULL, err);
	} else {
		sqlite3_reset(*slot);
		sqlite3_clear_bindings(*slot);
	}
	*ret_st = *slot;
	return WEIR_OK;
}

void
db_reset(sqlite3_stmt *st)
{
	if (!st)
		return;
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
}

enum weir_rc
db_step(struct db *db, sqlite3_stmt *st, bool *ret_row, struct weir_err *err)
{
	int code = sqlite3_step(st);

	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return db_fail(db, NULL, err);
	*ret_row = code == SQLITE_ROW;
	return WEIR_OK;
}

enum weir_rc
db_run(struct db *db, sqlite3_stmt *st, struct weir_err *err)
{
	enum weir_rc rc;
	bool row = true;

	do
		rc = db_step(db, st, &row, err);
	while (!rc && row);
	db_reset(st);
	return rc;
}

enum weir_rc
db_ids(struct db *db, sqlite3_stmt *st, struct id_vec *ret, struct weir_err *err)
{
	enum weir_rc rc;
	bool row = false;

	while ((rc = db_step(db, st, &row, err)) == WEIR_OK && row)
		VEC_PUSH(ret, db_id(st, 0));
	db_reset(st);
	return rc;
}

enum weir_rc
db_exec(struct db *db, const char *sql, struct weir_err *err)
{
	if (sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(db, NULL, err);
	return WEIR_OK;
}

enum weir_rc
db_exec_id(struct db *db, enum sql_id id, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(db, id, &st, err);

	return rc ? rc : db_run(db, st, err);
}

void
db_bind_id(sqlite3_stmt *st, int i, const struct weir_id *id)
{
	if (weir_id_is_null(id))
		sqlite3_bind_null(st, i);
	else
		sqlite3_bind_blob(st, i, id->b, sizeof(id->b), SQLITE_STATIC);
}

void
db_bind_str(sqlite3_stmt *st, int i, struct str s)
{
	if (!s.s)
		sqlite3_bind_null(st, i);
	else
		sqlite3_bind_text64(st, i, s.s, s.len, SQLITE_STATIC, SQLITE_UTF8);
}

void
db_bind_time(sqlite3_stmt *st, int i, int64_t us)
{
	if (us == WEIR_NO_TIME)
		sqlite3_bind_null(st, i);
	else
		sqlite3_bind_int64(st, i, us);
}

struct str
db_str(sqlite3_stmt *st, int col)
{
	const char *s = (const char *)sqlite3_column_blob(st, col);
	int n = sqlite3_column_bytes(st, col);

	if (sqlite3_column_type(st, col) == SQLITE_NULL)
		return (struct str){ NULL, 0 };
	return (struct str){ s ? s : "", (size_t)n };
}

struct weir_id
db_id(sqlite3_stmt *st, int col)
{
	struct weir_id id = { { 0 } };
	struct str s = db_str(st, col);

	if (s.len == sizeof(id.b))
		memcpy(id.b, s.s, sizeof(id.b));
	return id;
}

int64_t
db_time(sqlite3_stmt *st, int col)
{
	if (sqlite3_column_type(st, col) == SQLITE_NULL)
		return WEIR_NO_TIME;
	return sqlite3_column_int64(st, col);
}

enum weir_rc
db_begin(struct db *db, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;

	if (db->depth == 0) {
		db->failed = false;
		rc = db_exec_id(db, SQL_BEGIN, err);
	}
	if (!rc)
		db->depth++;
	return rc;
}

static enum weir_rc
commit(struct db *db, struct weir_err *err)
{
	enum weir_rc rc = db_exec_id(db, SQL_COMMIT, err);

	if (rc == WEIR_OK && db->fault_commits > 0 && --db->fault_commits == 0)
		_exit(DB_FAULT_STATUS);
	return rc;
}

enum weir_rc
db_end(struct db *db, enum weir_rc rc, struct weir_err *err)
{
	BUG_ON(db->depth == 0);
	db->failed |= rc != WEIR_OK;
	if (--db->depth > 0)
		return rc;
	if (!db->failed)
		rc = commit(db, err);
	else if (rc == WEIR_OK)
		rc = weir_fail(err, WEIR_EDB,
			"cannot write to the %s: %s: a step within failed",
			db_word(db->kind), db->path);
	/* SQLite rolls back by itself when the disk is full and the like. */
	if (rc != WEIR_OK && !sqlite3_get_autocommit(db->sqlite))
		sqlite3_exec(db->sqlite, sql_text[SQL_ROLLBACK], NULL, NULL, NULL);
	return rc;
}
