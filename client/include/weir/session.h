/*
 * One use of weir: configuration, store, and the server when it is needed.
 *
 * The CLI makes one; the menu one a thread. What a part needs it asks for; nothing is
 * opened before.
 */
#ifndef WEIR_SESSION_H
#define WEIR_SESSION_H

#include <stdatomic.h>

#include <weir/config.h>
#include <weir/error.h>
#include <weir/statedb.h>
#include <weir/store.h>

struct weir_session;
struct weir_sync_options;
struct weir_sync_result;

/* config is borrowed and must outlive the session. */
struct weir_session *weir_session_new(const struct weir_config *config);
/*
 * One that lasts, as a menu's: a service of Metaflow's that was never asked is there
 * all the same, and what it says to this session or another is seen. offline: it is
 * not asked.
 */
struct weir_session *weir_session_lasting(
	const struct weir_config *config, bool offline);
void weir_session_free(struct weir_session *s);
/* A service of Metaflow's is not asked; a server is, where it is asked for. */
void weir_session_offline(struct weir_session *s);
const struct weir_config *weir_session_config(const struct weir_session *s);

/*
 * The store, opened at the first call; borrowed. For reading WEIR_ENOTFOUND means
 * nothing was synced yet. Asking for writing upgrades. WEIR_ENOSERVER when no address
 * is configured.
 */
WEIR_NODISCARD enum weir_rc weir_session_store(struct weir_session *s,
	enum weir_store_mode mode, struct weir_store **ret_store, struct weir_err *err);

/*
 * Beside it lie the runs of Metaflow (weir/beside.h), where there is a folder or a
 * service of it and WEIR_KEY_METAFLOW does not say no; without a server's store they
 * are the store. This brings them up to date; opening the store takes in what is new in
 * a folder. notes (may be NULL): a line each for a person. False: there is none.
 */
struct weir_session_metaflow {
	bool refresh;      /* ask it however lately that was done */
	int64_t budget_ms; /* the rest another time; 0: no limit */
	int64_t first_ms;  /* as of weir_metaflow_open */
	/* May be NULL; true: end soon. Else an interrupt of the session does it. */
	const atomic_bool *stop;
	/* May be NULL: how far back a service is asked, and who is told of progress. */
	const struct weir_sync_options *sync;
	struct weir_sync_result *result; /* may be NULL; what it brought */
	struct weir_err *failed; /* may be NULL; why it failed, not among the notes */
};
bool weir_session_metaflow(struct weir_session *s,
	const struct weir_session_metaflow *how, struct buf *notes);
/* The store of these, borrowed, or NULL; its name is appended to name (may be NULL). */
struct weir_store *weir_session_beside(struct weir_session *s, struct buf *name);
/* Where what is not here of the log lies that was read last, a line each; or NULL. */
const char *weir_session_metaflow_said(const struct weir_session *s);

/* The state store in the same way, errors as weir_statedb_open's. */
WEIR_NODISCARD enum weir_rc weir_session_state(struct weir_session *s, bool write,
	struct weir_statedb **ret_state, struct weir_err *err);

/* A note for stderr that opening left (damaged store set aside), or NULL; borrowed. */
const char *weir_session_note(const struct weir_session *s);

/*
 * Call away when the server does not answer for 2 s and more, while it is still tried;
 * from where the session works. To be set before it is used.
 */
void weir_session_on_away(
	struct weir_session *s, void (*away)(void *arg, const char *why), void *arg);

/*
 * Make what is blocking now end with WEIR_EINTR; safe in a signal handler and from any
 * thread.
 */
void weir_session_interrupt(struct weir_session *s);
bool weir_session_interrupted(const struct weir_session *s);

#endif
