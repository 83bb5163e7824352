/* The ladder of schema steps (schema.c) and the place of a file on it. */
#ifndef WEIR_CLIENT_MIGRATE_H
#define WEIR_CLIENT_MIGRATE_H

#include "db.h"

/* Bring a file opened for writing to the newest schema. WEIR_ENEWER: it is past ours.
 */
WEIR_NODISCARD enum weir_rc migrate(struct db *db, struct weir_err *err);

/* For readers: WEIR_ENEWER, or *ret_old when it needs migrate first. */
WEIR_NODISCARD enum weir_rc migrate_check(
	const struct db *db, bool *ret_old, struct weir_err *err);

#endif
