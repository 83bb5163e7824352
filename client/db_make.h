/*
 * A database file and its folder made before SQLite opens it, so that they are nobody
 * else's to read whatever the umask is.
 */
#ifndef WEIR_CLIENT_DB_MAKE_H
#define WEIR_CLIENT_DB_MAKE_H

#include "db.h"

/* Make what there is not yet; what is there is closed to others. */
WEIR_NODISCARD enum weir_rc db_make(
	const char *path, enum db_kind kind, struct weir_err *err);

/* `<what>: <path>: <strerror(why)>`, and what to try. */
enum weir_rc db_make_fail(enum db_kind kind, const char *what, const char *path,
	int why, struct weir_err *err);

#endif
