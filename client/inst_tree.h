/*
 * A folder filled from an archive: nothing is made outside of it, no symbolic link is
 * followed, and how much there may be is bounded. A name that is there already is
 * refused, which is also how names that differ only in case meet on file systems that
 * do not tell them apart.
 */
#ifndef WEIR_CLIENT_INST_TREE_H
#define WEIR_CLIENT_INST_TREE_H

#include <stdint.h>

#include "weir/buf.h"

/* What an archive may unpack to. */
struct inst_limits {
	int64_t members;
	int64_t file;  /* bytes of one */
	int64_t tree;  /* of all */
	int64_t ratio; /* of all to the bytes of the archive, past the first free_bytes
			*/
	int64_t free_bytes;
	bool (*stop)(void *arg); /* asked often: WEIR_EINTR; may be NULL */
	void *arg;
};
extern const struct inst_limits inst_tree_limits; /* the usual ones */

struct inst_tree;

/*
 * path is made and must not be there. packed: bytes of the archive, for the ratio. what
 * (borrowed) is what errors begin with.
 */
WEIR_NODISCARD enum weir_rc inst_tree_open(const char *path, const char *what,
	const struct inst_limits *limits, int64_t packed, struct inst_tree **ret_tree,
	struct weir_err *err);
void inst_tree_close(struct inst_tree *t); /* accepts NULL; what was made stays */

/* One more member, whatever it is: counted. */
WEIR_NODISCARD enum weir_rc inst_tree_member(struct inst_tree *t, struct weir_err *err);

/* name: as inst_name_plain leaves it. Folders on the way are made. */
WEIR_NODISCARD enum weir_rc inst_tree_folder(
	struct inst_tree *t, const char *name, struct weir_err *err);
WEIR_NODISCARD enum weir_rc inst_tree_symlink(
	struct inst_tree *t, const char *name, struct str to, struct weir_err *err);
/* to: the plain name of a file that was made before. */
WEIR_NODISCARD enum weir_rc inst_tree_hardlink(
	struct inst_tree *t, const char *name, const char *to, struct weir_err *err);

/* A file: begun, written anywhere in it, ended with its permissions (umask or not). */
WEIR_NODISCARD enum weir_rc inst_tree_file(
	struct inst_tree *t, const char *name, struct weir_err *err);
WEIR_NODISCARD enum weir_rc inst_tree_write(struct inst_tree *t, const void *p,
	size_t n, int64_t offset, struct weir_err *err);
/* size: how long it is at least, with holes at its end; -1: as written. */
WEIR_NODISCARD enum weir_rc inst_tree_file_end(struct inst_tree *t, unsigned mode,
	int64_t size, int64_t mtime_s, struct weir_err *err);

/* All is there: do the links that could not be judged alone stay inside? */
WEIR_NODISCARD enum weir_rc inst_tree_check(struct inst_tree *t, struct weir_err *err);

/*
 * Does the symbolic link name stay below the folder root, as far as its own text says?
 * No link is on the way to it.
 */
bool inst_tree_leads_inside(int root, const char *name);

/* Remove path and what is below it; links are removed, not followed. */
WEIR_NODISCARD enum weir_rc inst_tree_remove(const char *path, struct weir_err *err);

#endif
