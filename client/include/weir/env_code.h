/*
 * The code package of a run of Metaflow: what its task remembers of it, found in the
 * data store of this machine, verified, unpacked.
 */
#ifndef WEIR_ENV_CODE_H
#define WEIR_ENV_CODE_H

#include <weir/env_root.h>
#include <weir/store.h>

#define WEIR_ENV_CODE_MAX (INT64_C(1) << 30) /* bytes of a code package */

struct weir_env_code {
	char *task;     /* `Flow/run/step/task` that remembers it; owned */
	char *sha;      /* SHA-1, hex; owned */
	char *location; /* as Metaflow wrote it; owned */
	char *path;     /* where it is on this machine; owned */
	int fd;         /* open, its bytes verified */
	int64_t size;
};

/*
 * Of `Flow/run/step[/task]`: of a task of that step, else of step start, else of any of
 * the run. WEIR_ENOTFOUND: none remembers one, or it is not on this machine; the text
 * says which. WEIR_EBADDATA: its bytes are not what the name says.
 */
WEIR_NODISCARD enum weir_rc weir_env_code_find(struct weir_store *runs,
	const struct weir_env_root *root, const char *pathspec,
	struct weir_env_code *ret, struct weir_err *err);
void weir_env_code_release(struct weir_env_code *c);

/*
 * Into dir, which is there, and has nothing in it that the package has. Whatever is
 * wrong with it, nothing of it is left.
 */
WEIR_NODISCARD enum weir_rc weir_env_code_unpack(
	struct weir_env_code *c, const char *dir, struct weir_err *err);

#endif
