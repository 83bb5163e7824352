/* Writing the journal. Every call is a transaction of its own, synced to the disk. */
#ifndef WEIR_CLIENT_JOURNAL_H
#define WEIR_CLIENT_JOURNAL_H

#include "weir/journal.h"

enum { JOURNAL_BODY_MAX = 1 << 20, JOURNAL_SAID_MAX = 1024 };

/*
 * A row without an answer, owned by this process: verb, who, profile, server, kind,
 * object, name, key, path, body, sent_us of deed. *ret_number is its number.
 */
WEIR_NODISCARD enum weir_rc journal_write(struct weir_statedb *s,
	const struct weir_deed *deed, int64_t *ret_number, struct weir_err *err);

/* user@host, as far as it can be told. */
void journal_who(struct buf *out);

/* How it ended: state, answer, said, made, reverse of deed. */
WEIR_NODISCARD enum weir_rc journal_answer(struct weir_statedb *s, int64_t number,
	const struct weir_deed *deed, struct weir_err *err);

/* It may not be sent again by itself: its user has broken it off. */
WEIR_NODISCARD enum weir_rc journal_hold(
	struct weir_statedb *s, int64_t number, struct weir_err *err);

/* Without an answer, oldest first; *ret_numbers is owned (free). */
WEIR_NODISCARD enum weir_rc journal_open(struct weir_statedb *s, int64_t **ret_numbers,
	size_t *ret_n, struct weir_err *err);

/*
 * Take an unanswered row from a process that has gone. *ret_mine false: it lives, or
 * another one was faster, or there is an answer.
 */
WEIR_NODISCARD enum weir_rc journal_claim(
	struct weir_statedb *s, int64_t number, bool *ret_mine, struct weir_err *err);

/* run was started in place of `of`. */
WEIR_NODISCARD enum weir_rc journal_link(struct weir_statedb *s,
	const struct weir_id *run, const struct weir_id *of, struct weir_err *err);

#endif
