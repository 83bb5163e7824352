/*
 * The store: weir's SQLite cache of what one server said. Reading is always reading it.
 *
 * One connection, one thread. Open several for several threads or processes: WAL lets
 * readers go on while the one writer (sync, under `<store>.lock`) works.
 */
#ifndef WEIR_STORE_H
#define WEIR_STORE_H

#include <weir/error.h>
#include <weir/types.h>

struct weir_store;

enum weir_store_mode {
	WEIR_STORE_READ,  /* WEIR_ENOTFOUND when there is none yet */
	WEIR_STORE_WRITE, /* created (0600, folder 0700) and brought to the newest
			     schema */
};

/*
 * path: weir_config_store(). address: the API address; stored in a new store, checked
 * in an old one. platform_params: comma-separated names (weir.conf platform_params).
 *
 * Errors: WEIR_ENEWER made by a newer weir; WEIR_EDB cannot be read or written (says
 * why: read-only, disk full, locked). A damaged cache opened for writing is set aside
 * as
 * `<path>.damaged-<time>` and a new one begun; *ret_note (may be NULL) then says so,
 * owned.
 */
WEIR_NODISCARD enum weir_rc weir_store_open(const char *path, const char *address,
	const char *platform_params, enum weir_store_mode mode,
	struct weir_store **ret_store, char **ret_note, struct weir_err *err);
/*
 * The embedded store: it is data, never set aside, and what is committed to it has
 * reached the disk. Its age is always now.
 */
#define WEIR_STORE_EMBEDDED "embedded" /* its address */
WEIR_NODISCARD enum weir_rc weir_store_open_embedded(const char *path,
	const char *platform_params, enum weir_store_mode mode,
	struct weir_store **ret_store, struct weir_err *err);
void weir_store_close(struct weir_store *s);

/* Cancel what a read on this connection is doing (sqlite3_interrupt); from any thread.
 */
void weir_store_interrupt(struct weir_store *s);

/*
 * Reads on this connection ask now and then whether to go on: true ends them with
 * WEIR_EINTR. NULL: never.
 */
void weir_store_ask(struct weir_store *s, bool (*cancelled)(void *arg), void *arg);

/* Numbers of `meta`; WEIR_NO_TIME when unset. */
enum weir_meta {
	WEIR_META_CYCLE_US, /* when the last whole cycle ended, our clock: the data's
			       age */
	WEIR_META_WATERMARK_US, /* W of the sync algorithm, server's clock */
	WEIR_META_FILLED_US,    /* the first fill has reached back to here (end_time) */
	WEIR_META_SINCE_US,     /* and shall reach back to here */
	WEIR_META_CLOCK_US,     /* server's clock minus ours */
	WEIR_META_DRIFT_US,     /* when the last drift check ended */
	WEIR_META_PAGE_LIMIT,
	WEIR_META_OFFLINE_US, /* since when the server does not answer; unset while it
				 does */
	WEIR_N_META
};
WEIR_NODISCARD enum weir_rc weir_store_meta(struct weir_store *s, enum weir_meta key,
	int64_t *ret_value, struct weir_err *err);
WEIR_NODISCARD enum weir_rc weir_store_set_meta(
	struct weir_store *s, enum weir_meta key, int64_t value, struct weir_err *err);
/* Text values: "address", "version", "offline_why". ret_text owned, NULL when unset. */
WEIR_NODISCARD enum weir_rc weir_store_text(
	struct weir_store *s, const char *key, char **ret_text, struct weir_err *err);
WEIR_NODISCARD enum weir_rc weir_store_set_text(
	struct weir_store *s, const char *key, const char *text, struct weir_err *err);

/* A number that changes when any connection commits (PRAGMA data_version + own
 * changes). */
int64_t weir_store_generation(struct weir_store *s);

/* Rows of a kind, for doctor and the bottom line. */
WEIR_NODISCARD enum weir_rc weir_store_count(struct weir_store *s, enum weir_kind kind,
	int64_t *ret_n, struct weir_err *err);

/* PRAGMA quick_check; WEIR_EDB with the first complaint. */
WEIR_NODISCARD enum weir_rc weir_store_check(
	struct weir_store *s, struct weir_err *err);

/* State history of a run (JSON array as the server sent it), owned, NULL when not
 * fetched. */
WEIR_NODISCARD enum weir_rc weir_store_run_states(struct weir_store *s,
	const struct weir_id *run, char **ret_json, struct weir_err *err);

#endif
