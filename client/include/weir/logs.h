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

/* What to look for. Zero: everything. */
struct weir_log_filter {
	int min_level;
	int64_t since_us, until_us;     /* 0: open */
	const struct weir_match *match; /* on the message; NULL: all */
	const char *task;               /* name or id prefix of a task run; NULL: all */
	bool invert;                    /* lines that do not match */
};

/* Numbers of the lines of one log that pass, from line `from` on; ret is owned by the
 * caller (free). */
WEIR_NODISCARD enum weir_rc weir_log_filter(struct weir_log_reader *l,
	const struct weir_log_filter *f, size_t from, size_t **ret_lines, size_t *ret_n,
	struct weir_err *err);

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
