/*
 * The schema of a profile's state store, as schema.c's is of its cache. Kinds are
 * words, times int64 microseconds UTC, ids 16-byte blobs.
 */
#include "schema.h"

/* clang-format off */
static const char step_1[] =
"CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
/* What was shown when a menu was left, named views, lines of prompts; k: their order. */
"CREATE TABLE texts(k INTEGER PRIMARY KEY, space TEXT NOT NULL, name TEXT NOT NULL,"
" text TEXT NOT NULL, UNIQUE(space, name));"
"CREATE TABLE marks(kind TEXT NOT NULL, id BLOB NOT NULL, PRIMARY KEY(kind, id))"
" WITHOUT ROWID;"

/*
 * What was asked of the server, journal and history in one (journal.h). key: the
 * idempotency key or transition id. owner: the process that sent it (owner.h). sent_us: NULL
 * when it may not be sent again. state: enum weir_deed_state. said: how it ended, one line.
 * made: the run that came of it. reverse: the command that undoes it.
 */
"CREATE TABLE acts(k INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, verb TEXT NOT NULL,"
" who TEXT, profile TEXT, server TEXT, kind TEXT, object BLOB, name TEXT, key TEXT UNIQUE,"
" path TEXT, body TEXT, owner TEXT, sent_us INTEGER, state INTEGER NOT NULL,"
" answered_us INTEGER, answer TEXT, said TEXT, made BLOB, reverse TEXT);"
"CREATE INDEX acts_open ON acts(k) WHERE state = 0;"
/* Which run was started in place of which. */
"CREATE TABLE chain(run BLOB PRIMARY KEY, of BLOB NOT NULL, at_us INTEGER NOT NULL)"
" WITHOUT ROWID;"
"CREATE INDEX chain_of ON chain(of);"
"PRAGMA user_version = 1;";

/* A key that its user chose may be used again: the server answers with the same run. */
static const char step_2[] =
"ALTER TABLE acts RENAME TO acts_1;"
"CREATE TABLE acts(k INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, verb TEXT NOT NULL,"
" who TEXT, profile TEXT, server TEXT, kind TEXT, object BLOB, name TEXT, key TEXT,"
" path TEXT, body TEXT, owner TEXT, sent_us INTEGER, state INTEGER NOT NULL,"
" answered_us INTEGER, answer TEXT, said TEXT, made BLOB, reverse TEXT);"
"INSERT INTO acts SELECT * FROM acts_1;"
"DROP TABLE acts_1;"
"CREATE INDEX acts_open ON acts(k) WHERE state = 0;"
"PRAGMA user_version = 2;";
/* clang-format on */

static const char *const steps[] = { step_1, step_2 };
const struct schema schema_state = { steps, sizeof(steps) / sizeof(steps[0]), false };
