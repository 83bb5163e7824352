/* The state store as journal.c sees it. */
#ifndef WEIR_CLIENT_STATEDB_H
#define WEIR_CLIENT_STATEDB_H

#include "db.h"
#include "weir/statedb.h"

struct db *statedb_db(struct weir_statedb *s);

#endif
