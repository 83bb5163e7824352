/* The store of the Metaflow folder that a session is about, beside its own. */
#ifndef WEIR_CLIENT_SESSION_BESIDE_H
#define WEIR_CLIENT_SESSION_BESIDE_H

#include "weir/config.h"
#include "weir/env_root.h"
#include "weir/store.h"

struct session_beside {
	bool looked; /* for the folder; it stays the same */
	bool found;
	struct weir_env_root root;
	struct weir_store *store; /* NULL: not opened */
};

/* The store for reading, borrowed; NULL: switched off, none, or it cannot be read. */
struct weir_store *session_beside_store(
	struct session_beside *b, const struct weir_config *config);
void session_beside_release(struct session_beside *b);

#endif
