/* Small files read and written whole. */
#ifndef WEIR_CLIENT_INST_FILE_H
#define WEIR_CLIENT_INST_FILE_H

#include <sys/types.h>

#include "weir/buf.h"

/*
 * Append dir/file to out, up to its maximum. WEIR_ENOTFOUND: there is none. what is
 * what errors begin with.
 */
WEIR_NODISCARD enum weir_rc inst_file_read(const char *dir, const char *file,
	const char *what, struct buf *out, struct weir_err *err);

/*
 * A new file in place of what is at path, whole or not at all; on the disk when it is
 * there. What a killed one leaves is inst_tmp_sweep's.
 */
WEIR_NODISCARD enum weir_rc inst_file_replace(
	const char *path, struct str text, mode_t mode, struct weir_err *err);

/*
 * A new file with exactly that mode, 0: as the umask says. What is at path is unlinked,
 * not written to.
 */
WEIR_NODISCARD enum weir_rc inst_file_make(
	const char *path, struct str text, mode_t mode, struct weir_err *err);

/* The folder and those above it, as the umask says. */
WEIR_NODISCARD enum weir_rc inst_file_folders(const char *path, struct weir_err *err);

/* The same, none of them outside of top, whatever links are on the way. */
WEIR_NODISCARD enum weir_rc inst_file_folders_below(
	const char *top, const char *path, struct weir_err *err);

#endif
