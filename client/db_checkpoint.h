/*
 * The WAL is copied into the file by a thread while the writer goes on, a few MB at a
 * time: a fill would otherwise stand still for some tenths of a second every 64 MB. The
 * writer itself does what is left when the WAL is at its limit, so that it begins anew.
 */
#ifndef WEIR_CLIENT_DB_CHECKPOINT_H
#define WEIR_CLIENT_DB_CHECKPOINT_H

#include <sqlite3.h>

struct db_checkpoint;

/* For the writer's connection; free it before that is closed. */
struct db_checkpoint *db_checkpoint_new(sqlite3 *writer);
void db_checkpoint_free(struct db_checkpoint *c);

#endif
