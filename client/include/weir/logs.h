/*
 * Reading log lines from the store: one run's log by line number or in order, or a
 * search over many runs.
 */
#ifndef WEIR_LOGS_H
#define WEIR_LOGS_H

#include <weir/error.h>
#include <weir/match.h>
#include <weir/select.h>
#include <weir/store.h>
#include <weir/types.h>

/* A line; text borrowed until its block is dropped. */
struct weir_line {
	int64_t us;
	int level;
	struct weir_id run;
	struct weir_id task; /* all zero: the flow's own */
	struct str logger;
	struct str task_name; /* of the task run, "" when unknown or the flow's own */
	struct str message;   /* bytes as they came */
};

/*
 * One run's log as an array. It is a snapshot; weir_log_update takes in what was added
 * since. A small number of decoded blocks is kept, so memory does not grow with the
 * log.
 */
struct weir_log_reader;
WEIR_NODISCARD enum weir_rc weir_log_open(struct weir_store *s,
	const struct weir_id *run, struct weir_log_reader **ret_log,
	struct weir_err *err);
void weir_log_close(struct weir_log_reader *l);
size_t weir_log_n(const struct weir_log_reader *l);
bool weir_log_complete(
	const struct weir_log_reader *l); /* the run has ended and all is here */
/* Line i (0-based), borrowed until the second next call. */
WEIR_NODISCARD enum weir_rc weir_log_get(struct weir_log_reader *l, size_t i,
	struct weir_line *ret_line, struct weir_err *err);
/* *ret_from: lines at and after it may have changed (late lines go where their time
 * is). */
WEIR_NODISCARD enum weir_rc weir_log_update(
	struct weir_log_reader *l, size_t *ret_from, struct weir_err *err);
/* First line at or after us. */
size_t weir_log_at(struct weir_log_reader *l, int64_t us);

/* One more pattern that a line must match, or not. */
struct weir_log_test {
	const struct weir_match *match;
	bool invert;
};

/* What to look for, in messages without their escape sequences. Zero: everything. */
struct weir_log_filter {
	int min_level;
	int64_t since_us, until_us;     /* 0: open */
	const struct weir_match *match; /* on the message; NULL: all */
	const char *task;               /* name or id prefix of a task run; NULL: all */
	const char *loggers; /* `a,b`: theirs; `!a,b`: of all others; NULL: all */
	bool invert;         /* lines that do not match */
	const struct weir_log_test *also;
	size_t n_also;
};

/* Does a filter's loggers, not NULL, let this one pass? */
bool weir_log_of(const char *loggers, struct str name);

/*
 * Numbers of the lines of one log that pass, of those in [from, end); end SIZE_MAX: to
 * its end. ret is owned by the caller (free).
 */
WEIR_NODISCARD enum weir_rc weir_log_filter(struct weir_log_reader *l,
	const struct weir_log_filter *f, size_t from, size_t end, size_t **ret_lines,
	size_t *ret_n, struct weir_err *err);

/*
 * The logs of several runs as one array, by time; of one run, that log. For the rest as
 * a reader. What it holds beside: a byte or two a line when there are several.
 *
 * Many lines take a while to be put in order. At most at_once are when logs are opened;
 * then and when more have come the logs are behind until weir_logs_merge has done the
 * rest. Until then those that have an order are shown.
 */
struct weir_logs;
enum { WEIR_LOGS_RUNS_MAX = 64, WEIR_LOGS_STEP = 1 << 15 };
WEIR_NODISCARD enum weir_rc weir_logs_open(struct weir_store *s,
	const struct weir_id *runs, size_t n, size_t at_once,
	struct weir_logs **ret_logs, struct weir_err *err);
void weir_logs_close(struct weir_logs *l); /* accepts NULL */
size_t weir_logs_n(const struct weir_logs *l);
bool weir_logs_complete(const struct weir_logs *l); /* all of them are */
WEIR_NODISCARD enum weir_rc weir_logs_get(struct weir_logs *l, size_t i,
	struct weir_line *ret_line, struct weir_err *err);
WEIR_NODISCARD enum weir_rc weir_logs_update(
	struct weir_logs *l, size_t at_once, size_t *ret_from, struct weir_err *err);
bool weir_logs_behind(const struct weir_logs *l);
/* step is told from time to time, and returns false to stop (WEIR_EINTR). */
WEIR_NODISCARD enum weir_rc weir_logs_merge(struct weir_logs *l,
	bool (*step)(void *arg, size_t done, size_t total), void *arg,
	struct weir_err *err);

/*
 * The loggers, or the task runs (named; the flow's own lines are of none), and how many
 * lines each has, most first: `N NAME` a line. step as by merging.
 */
enum weir_log_by { WEIR_LOG_BY_LOGGER, WEIR_LOG_BY_TASK };
enum { WEIR_LOG_NAMES_MAX = 2000 };
WEIR_NODISCARD enum weir_rc weir_logs_count(struct weir_logs *l, enum weir_log_by by,
	bool (*step)(void *arg, size_t done, size_t total), void *arg, struct buf *out,
	struct weir_err *err);

/*
 * An order that was made by one thread, of its own reader of the same runs, can be
 * given to another's. weir_logs_begin comes before it is made: what has changed since
 * is then taken in. put: it is taken; ret_from as by an update.
 */
struct weir_log_order;
struct weir_log_order *weir_logs_order(const struct weir_logs *l); /* owned */
void weir_log_order_free(struct weir_log_order *o);                /* accepts NULL */
void weir_logs_begin(struct weir_logs *l);
WEIR_NODISCARD enum weir_rc weir_logs_put(struct weir_logs *l,
	struct weir_log_order *order, size_t at_once, size_t *ret_from,
	struct weir_err *err);

size_t weir_logs_at(struct weir_logs *l, int64_t us);
WEIR_NODISCARD enum weir_rc weir_logs_filter(struct weir_logs *l,
	const struct weir_log_filter *f, size_t from, size_t end, size_t **ret_lines,
	size_t *ret_n, struct weir_err *err);

/*
 * Search the logs of all runs that query matches (NULL: all), newest run first,
 * skipping blocks by their trigram bitmap. hit is called for each line that passes; it
 * returns false to stop.
 */
typedef bool weir_log_hit(void *arg, const struct weir_line *line);
WEIR_NODISCARD enum weir_rc weir_log_search(struct weir_store *s,
	const struct weir_query *query, const struct weir_log_filter *f,
	weir_log_hit *hit, void *arg, struct weir_err *err);

/* Of the runs that query matches, how many have no complete log here. */
WEIR_NODISCARD enum weir_rc weir_log_missing(struct weir_store *s,
	const struct weir_query *query, int64_t *ret_missing, struct weir_err *err);

#endif
