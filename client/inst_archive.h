/*
 * Packages unpacked: `.conda`, `.tar.bz2` and wheels, by libarchive. Whatever is wrong
 * with one, nothing of it is left.
 */
#ifndef WEIR_CLIENT_INST_ARCHIVE_H
#define WEIR_CLIENT_INST_ARCHIVE_H

#include "inst_tree.h"

#define INST_ARCHIVE_MAX (INT64_C(16) << 30) /* bytes of an archive */

enum inst_format {
	INST_FORMAT_NONE,
	INST_TAR_BZ2,
	INST_CONDA,
	INST_WHEEL,
	INST_TAR_GZ, /* of no package: code of Metaflow */
};

/* By the end of the name; *ret_stem (may be NULL) is how long the rest is. */
enum inst_format inst_archive_format(const char *file, size_t *ret_stem);

/*
 * Unpack the archive at path into the folder `into`, which is made. name is what errors
 * begin with; limits NULL: inst_tree_limits. WEIR_EBADDATA or WEIR_ETOOBIG: why it is
 * refused.
 */
WEIR_NODISCARD enum weir_rc inst_archive_unpack(const char *path, const char *name,
	const char *into, const struct inst_limits *limits, struct weir_err *err);
/* The same of what is open, from where it stands. */
WEIR_NODISCARD enum weir_rc inst_archive_unpack_fd(int fd, enum inst_format format,
	const char *name, const char *into, const struct inst_limits *limits,
	struct weir_err *err);

#endif
