/* The store of Metaflow's runs that a session reads beside its own. */
#ifndef WEIR_CLIENT_SESSION_BESIDE_H
#define WEIR_CLIENT_SESSION_BESIDE_H

#include <stdatomic.h>

#include "weir/config.h"
#include "weir/env_root.h"
#include "weir/query.h"
#include "weir/session.h"
#include "weir/store.h"

struct session_beside {
	const struct weir_config *config;
	bool looked; /* for the folder or service; it stays the same */
	bool found;
	struct weir_env_root root;
	bool tried;               /* to open the store */
	bool offline;             /* a service is not asked */
	bool awaited;             /* one never asked is an empty store */
	struct weir_store *store; /* NULL: not opened */
	char *said;               /* of the last log: where the rest is; owned */
};

/*
 * The store for reading, borrowed; NULL: switched off, none, or it cannot be read. At
 * the first call what is new in a folder is taken in.
 */
struct weir_store *session_beside_store(struct session_beside *b);
/* weir_session_metaflow of it. */
void session_beside_fetch(struct session_beside *b,
	const struct weir_session_metaflow *how, struct buf *notes);
/* What is new of the log of a run that is in the store. */
WEIR_NODISCARD enum weir_rc session_beside_logs(struct session_beside *b,
	const struct weir_id *run, bool *ret_ended, struct weir_err *err);
void session_beside_release(struct session_beside *b);

/*
 * Is the run one of Metaflow? Then it is brought up to date here, not from the server.
 * *ret_ended (may be NULL): nothing more will come of it.
 */
bool session_is_metaflow(struct weir_session *s, const struct weir_id *run);
WEIR_NODISCARD enum weir_rc session_metaflow_run(struct weir_session *s,
	const struct weir_id *run, bool *ret_ended, struct weir_err *err);
/* And its log. */
WEIR_NODISCARD enum weir_rc session_metaflow_logs(struct weir_session *s,
	const struct weir_id *run, bool *ret_ended, struct weir_err *err);

/* The logs of all runs of Metaflow that query matches. */
WEIR_NODISCARD enum weir_rc session_metaflow_logs_of(
	struct weir_session *s, const struct weir_query *query, struct weir_err *err);

#endif
