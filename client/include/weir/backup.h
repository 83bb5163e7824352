/* The embedded store copied to a file and back. */
#ifndef WEIR_BACKUP_H
#define WEIR_BACKUP_H

#include <stdint.h>

#include <weir/config.h>
#include <weir/error.h>

/*
 * Write what is in the embedded store at this moment to a new file, 0600, on disk when
 * this returns; others may go on with it. WEIR_EREFUSED: the file is there already.
 * WEIR_EUSAGE: another profile than the embedded one is meant.
 */
WEIR_NODISCARD enum weir_rc weir_backup(const struct weir_config *config,
	const char *file, int64_t *ret_bytes, struct weir_err *err);

/*
 * As weir_restore, but only whether it could be done: before somebody is asked.
 */
WEIR_NODISCARD enum weir_rc weir_restore_check(
	const struct weir_config *config, const char *file, struct weir_err *err);

/*
 * Put such a file in the place of what is in the embedded store, whole or not at all.
 * WEIR_EREFUSED: a worker lives. WEIR_EDB: it is not an embedded store, or damaged.
 */
WEIR_NODISCARD enum weir_rc weir_restore(const struct weir_config *config,
	const char *file, int64_t *ret_bytes, struct weir_err *err);

#endif
