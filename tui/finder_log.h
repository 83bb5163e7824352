/* The query thread's part for logs: which lines match. */
#ifndef WEIR_TUI_FINDER_LOG_H
#define WEIR_TUI_FINDER_LOG_H

#include <weir/match.h>
#include <weir/store.h>

#include "finder.h"

struct finder_log; /* the log that was asked about last, open */

struct finder_log_sink {
	void *arg;
	bool (*cancelled)(void *arg);
	/* lines: each less `from`; what it holds is taken. */
	void (*found)(void *arg, struct lineset *lines, size_t from, bool more);
	/* Of several logs: so many lines are in order. */
	void (*doing)(void *arg, size_t done, size_t total);
};

/* Tell the sink what job asks for, in parts; *log is opened, or kept for the next. */
WEIR_NODISCARD enum weir_rc finder_log_work(struct finder_log **log,
	struct weir_store *store, const struct finder_job *job,
	const struct finder_log_sink *sink, struct weir_err *err);
/* The order of their lines. Owned. */
WEIR_NODISCARD enum weir_rc finder_log_order(struct finder_log **log,
	struct weir_store *store, const struct finder_job *job,
	const struct finder_log_sink *sink, struct weir_log_order **ret_order,
	struct weir_err *err);
/* FINDER_LOGGERS, FINDER_TASKS */
WEIR_NODISCARD enum weir_rc finder_log_names(struct finder_log **log,
	struct weir_store *store, const struct finder_job *job,
	const struct finder_log_sink *sink, struct buf *out, struct weir_err *err);
void finder_log_free(struct finder_log *log); /* accepts NULL */

/*
 * What people write to find lines: a word, /re/, `!` before either (with may_invert).
 * *ret_match NULL: nothing is written yet.
 */
WEIR_NODISCARD enum weir_rc finder_log_match(struct str text, bool may_invert,
	bool *ret_invert, struct weir_match **ret_match, struct weir_err *err);

#endif
