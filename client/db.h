/*
 * SQLite: open and pragmas, statement cache, binding, transactions. Shape: a statement
 * is got from the cache, bound, stepped, reset; db_reset accepts NULL.
 */
#ifndef WEIR_CLIENT_DB_H
#define WEIR_CLIENT_DB_H

#include <sqlite3.h>

#include "sql.h"
#include "weir/error.h"
#include "weir/id.h"
#include "weir/mem.h"
#include "weir/time.h"

/* An empty file of this name beside the store: somebody met damage in it. */
#define DB_DAMAGE_MARK ".suspect"

enum { DB_FAULT_STATUS = 99 }; /* exit status of WEIR_FAULT=commit:N */

/* What the file is: its schema, and what can be done when it fails. */
enum db_kind { DB_CACHE, DB_STATE, DB_EMBEDDED, DB_METAFLOW };
/* Can it be had again? Then damage sets it aside. */
bool db_is_cache(enum db_kind kind);

struct db {
	enum db_kind kind;
	sqlite3 *sqlite; /* for the query compiler and functions */
	char *path;      /* owned */
	sqlite3_stmt *statements[SQL_N];
	struct db_checkpoint *checkpoint; /* DB_WRITE of a cache */
	int depth;                        /* of nested transactions */
	int version;                      /* user_version when it was opened */
	int fault_commits;                /* die after so many; 0: never */
	bool failed;  /* a transaction within the outermost failed */
	bool damaged; /* SQLite said so */
};

enum db_mode { DB_READ, DB_WRITE };

/*
 * Open an existing file; WEIR_ENOTFOUND when there is none. DB_READ does no write,
 * works on read-only file systems, and looks at nothing but the header. On failure only
 * ret_db->damaged is set.
 */
WEIR_NODISCARD enum weir_rc db_open(const char *path, enum db_kind kind,
	enum db_mode mode, struct db *ret_db, struct weir_err *err);
/* "store", "state store", "embedded store": what messages call it. */
const char *db_word(enum db_kind kind);
const char *db_home(enum db_kind kind); /* the variable that moves its folder */
void db_close(struct db *db);
/* Another file beside it, for reading; of DB_METAFLOW only. id: what attaches ?1. */
WEIR_NODISCARD enum weir_rc db_attach(
	struct db *db, enum sql_id id, const char *path, struct weir_err *err);

/* The cached statement, reset and with its bindings cleared. */
WEIR_NODISCARD enum weir_rc db_get(
	struct db *db, enum sql_id id, sqlite3_stmt **ret_st, struct weir_err *err);
void db_reset(sqlite3_stmt *st);

/*
 * Turn SQLite's last error on db into rc and text (busy, full, corrupt, read-only told
 * apart): `cannot <doing>: <path>: <why>`. doing NULL: "use the store".
 */
enum weir_rc db_fail(struct db *db, const char *doing, struct weir_err *err);

/* WEIR_ENEWER: the file's schema is past `known`. */
enum weir_rc db_newer(const struct db *db, int known, struct weir_err *err);

/*
 * The file is damaged. Of a cache leave word for the next writer, who checks all of it
 * and sets it aside if that is so.
 */
void db_suspect(struct db *db);

/* SQLITE_ROW: *ret_row true; SQLITE_DONE: false; else an error. */
WEIR_NODISCARD enum weir_rc db_step(
	struct db *db, sqlite3_stmt *st, bool *ret_row, struct weir_err *err);
/* Step to the end and reset. */
WEIR_NODISCARD enum weir_rc db_run(
	struct db *db, sqlite3_stmt *st, struct weir_err *err);
/* The same: the ids of the first column are added to ret. */
VEC_TYPE(id_vec, struct weir_id);
WEIR_NODISCARD enum weir_rc db_ids(
	struct db *db, sqlite3_stmt *st, struct id_vec *ret, struct weir_err *err);
WEIR_NODISCARD enum weir_rc db_exec(
	struct db *db, const char *sql, struct weir_err *err);
/* A statement without parameters. */
WEIR_NODISCARD enum weir_rc db_exec_id(
	struct db *db, enum sql_id id, struct weir_err *err);

void db_bind_id(sqlite3_stmt *st, int i, const struct weir_id *id); /* all zero: NULL */
void db_bind_str(sqlite3_stmt *st, int i, struct str s); /* s NULL: NULL; not copied */
void db_bind_time(sqlite3_stmt *st, int i, int64_t us);  /* WEIR_NO_TIME: NULL */
struct str db_str(sqlite3_stmt *st, int col); /* borrowed until the next step */
struct weir_id db_id(sqlite3_stmt *st, int col);
int64_t db_time(sqlite3_stmt *st, int col);

/*
 * Transactions nest; the outermost commits. db_end(rc): commit when rc and all within
 * were OK, else roll back; returns the first error.
 */
WEIR_NODISCARD enum weir_rc db_begin(
	struct db *db, struct weir_err *err); /* IMMEDIATE */
WEIR_NODISCARD enum weir_rc db_end(
	struct db *db, enum weir_rc rc, struct weir_err *err);

#endif
