/*
 * What was asked of the server: the journal of writes that are on their way, and the
 * history of all that was done. In the state store; one row an action.
 *
 * What starts a run is here, with its idempotency key, before it is sent; the answer is
 * added to it. A row without an answer whose process has gone is looked up by the next
 * weir (weir_act_settle).
 */
#ifndef WEIR_JOURNAL_H
#define WEIR_JOURNAL_H

#include <weir/statedb.h>

enum weir_deed_state {
	WEIR_DEED_OPEN,    /* sent, or about to be; no answer yet */
	WEIR_DEED_DONE,    /* the server did it */
	WEIR_DEED_REFUSED, /* it said no: nothing changed */
	WEIR_DEED_FAILED,  /* it could not be asked */
	WEIR_DEED_LOST,    /* no answer came and none can be had: was it done? */
	WEIR_DEED_N
};
const char *weir_deed_state_name(enum weir_deed_state state); /* "done", ... */

/* One row; texts are borrowed during the call, empty when there is none. */
struct weir_deed {
	int64_t number; /* names it, in this store */
	int64_t at_us;
	const char *verb; /* "cancel", "retrigger", ... */
	const char *who, *profile, *server;
	enum weir_kind kind;
	struct weir_id object;
	const char *name;        /* of the object */
	const char *key;         /* idempotency key or transition id */
	const char *path, *body; /* of the request; a POST, or `PATCH /path` */
	int64_t sent_us;         /* WEIR_NO_TIME: it may not be sent again by itself */
	enum weir_deed_state state;
	int64_t answered_us;
	const char *answer;  /* JSON, as it came */
	const char *said;    /* how it ended, one line */
	struct weir_id made; /* the run that came of it */
	const char *reverse; /* the command that undoes it */
};
typedef bool weir_deed_fn(void *arg, const struct weir_deed *deed);

/* Newest first, at most n (0: all); fn returns false to stop. */
WEIR_NODISCARD enum weir_rc weir_journal_each(struct weir_statedb *s, size_t n,
	weir_deed_fn *fn, void *arg, struct weir_err *err);
/* One of them; WEIR_ENOTFOUND. */
WEIR_NODISCARD enum weir_rc weir_journal_get(struct weir_statedb *s, int64_t number,
	weir_deed_fn *fn, void *arg, struct weir_err *err);

/*
 * The chain of retriggers that a run is in, oldest first, the run itself among them; of
 * a run that was never retriggered it is alone. *ret_ids is owned (free).
 */
enum { WEIR_JOURNAL_CHAIN_MAX = 1000 };
WEIR_NODISCARD enum weir_rc weir_journal_chain(struct weir_statedb *s,
	const struct weir_id *run, struct weir_id **ret_ids, size_t *ret_n,
	struct weir_err *err);

#endif
