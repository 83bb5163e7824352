/*
 * Which environment is the default of its requirement set: seen before it is done,
 * done, and taken back. For every architecture that it was resolved for and that is
 * known, in one rewrite of the file.
 */
#ifndef WEIR_ENV_SELECT_H
#define WEIR_ENV_SELECT_H

#include <weir/env_store.h>
#include <weir/env_write.h>
#include <weir/session.h>

struct weir_env_selection {
	char *file;                /* that is written: links followed */
	struct weir_env_past past; /* what is, what will be, by architecture */
	VEC(char *) left;          /* architectures that are not known: unchanged */
	VEC(struct weir_env_choice) choices;
	struct weir_env_loaded loaded;
	bool undone; /* past is taken back */
};

/*
 * What selecting pair comes to; nothing is written. WEIR_ENOTFOUND: its object is
 * nowhere, and Metaflow would resolve anew without a word.
 */
WEIR_NODISCARD enum weir_rc weir_env_select_plan(struct weir_store *s,
	const struct weir_env_root *root, const struct weir_env_pair *pair,
	struct weir_env_selection *ret, struct weir_err *err);
/* What taking back the last selection in file comes to; WEIR_ENOTFOUND: there is none.
 */
WEIR_NODISCARD enum weir_rc weir_env_undo_plan(struct weir_statedb *state,
	const char *file, struct weir_env_selection *ret, struct weir_err *err);

/*
 * Do it: two seconds, since it is looked at again (env_write.h). stop may be NULL. What
 * it replaced is noted in the state store first, and the action in its history. Errors
 * as weir_env_write's; the file is unchanged then. WEIR_EREFUSED of an undo: somebody
 * has chosen something else since, which stays.
 */
WEIR_NODISCARD enum weir_rc weir_env_select_do(struct weir_session *session,
	struct weir_env_selection *sel, bool (*stop)(void *arg), void *arg,
	struct weir_env_written *ret, struct weir_err *err);
/*
 * What doing it would answer; nothing is written or noted. The file is read, and sel
 * says then what it has. changes: false: it is so already.
 */
WEIR_NODISCARD enum weir_rc weir_env_select_try(struct weir_env_selection *sel,
	bool (*stop)(void *arg), void *arg, bool *ret_changes, struct weir_err *err);
void weir_env_selection_release(struct weir_env_selection *sel);

/*
 * The environment of req_id that was resolved last; by NULL: by anybody; where: of
 * those that this query matches, "" of all. clocks: others of nearly its age are of
 * other people, whose clocks and zones may differ.
 */
WEIR_NODISCARD enum weir_rc weir_env_latest(struct weir_store *s, const char *req_id,
	const char *by, const char *where, struct weir_env_pair *ret_pair,
	bool *ret_clocks, struct weir_err *err);

#endif
