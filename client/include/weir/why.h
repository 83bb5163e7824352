/*
 * Why a run failed, or why it waits: from the store, never from the network.
 *
 * A run that failed has causes: the failed runs below it that have no failed run below
 * them, or itself. Of each the first failed task run, the line of its log that says
 * what was wrong, and the lines around that. Errors are compared by their folded text,
 * in which numbers, ids, times, paths and versions are left out.
 */
#ifndef WEIR_WHY_H
#define WEIR_WHY_H

#include <weir/error.h>
#include <weir/mem.h>
#include <weir/pickup.h>
#include <weir/store.h>
#include <weir/types.h>

enum {
	WEIR_WHY_CAUSES_MAX = 64,
	WEIR_WHY_AROUND = 5, /* lines before and after the one that says it */
	WEIR_WHY_TEXT_MAX = 1000,
};

/* A line of text of a log; a message of several lines gives several. */
struct weir_why_line {
	size_t line; /* number in the log, from 0 */
	int64_t us;
	int level;
	bool error;      /* the one that says it */
	struct str text; /* without escape sequences; sanitise for terminals */
};

struct weir_why_cause {
	struct weir_id run, task; /* task all zero: the flow itself */
	struct str run_name, flow_name, platform, task_name, state_name;
	enum weir_state state;
	int64_t end_us;
	struct str message; /* of the state of the task run, else of the run */
	bool exited;        /* how the process ended is told: */
	int exit_status;    /* negative: by that signal */
	struct str error;   /* never empty */
	struct str folded;
	bool in_log; /* error is of line `line` of the log of `run` */
	size_t line;
	struct weir_why_line lines[2 * WEIR_WHY_AROUND + 1];
	size_t n_lines;
	bool no_log; /* its log is not here, or not to its end */
};

struct weir_why {
	struct arena arena; /* of all text */
	struct weir_id run;
	struct str name, flow_name, state_name, platform, message;
	enum weir_state state;
	int64_t end_us;
	struct weir_why_cause *causes; /* what ended first comes first */
	size_t n_causes;
	size_t n_failed; /* more than n_causes: there are more */
	bool waits;      /* it should start and does not: pickup says why */
	struct weir_pickup pickup;
};

WEIR_NODISCARD enum weir_rc weir_why(struct weir_store *s, const struct weir_id *run,
	int64_t now_us, struct weir_why *ret_why, struct weir_err *err);
void weir_why_release(struct weir_why *w);

/*
 * What there is to say in one line, as one reads it: `compile: vec.c:88: error: ...`;
 * what hinders a run that waits; else what its state says. Not sanitised.
 */
void weir_why_line(const struct weir_why *w, struct buf *out);

/* Of the cause: `exited with 2`, `killed by SIGKILL (often for want of memory)`. */
void weir_why_exit(const struct weir_why_cause *c, struct buf *out);

/* What to try next: number i as a command, `weir logs 5c1d0e7a`; false: no more. */
bool weir_why_next(const struct weir_why *w, size_t i, struct buf *out);

/* An error with what differs from run to run left out. */
void weir_why_fold(struct str error, struct buf *out);

/*
 * The failed runs of a query by their folded errors, newest first, in steps that can be
 * made short.
 */
enum { WEIR_WHY_GROUPS_MAX = 1000, WEIR_WHY_RUNS_MAX = 20000, WEIR_WHY_IDS_MAX = 200 };
struct weir_why_group {
	struct str error, folded; /* error: as the newest run has it */
	struct weir_id newest;
	struct str newest_name, flow_name; /* flow_name: "" when they differ */
	int64_t n, from_us, to_us;         /* when the first and the last ended */
	/* Platforms, most runs first, ", " between; "" when none is known. */
	struct str platforms;
	const struct weir_id *ids; /* newest first, at most WEIR_WHY_IDS_MAX */
	size_t n_ids;
};

struct weir_why_scan;
/*
 * query: NULL: all of the last 7 days. folded: only this error, NULL: any. Runs that
 * have failed runs below them are not counted: those are.
 */
WEIR_NODISCARD enum weir_rc weir_why_scan_new(struct weir_store *s, const char *query,
	const char *folded, int64_t now_us, struct weir_why_scan **ret_scan,
	struct weir_err *err);
/* Go on with another connection to the same store, on another thread. */
void weir_why_scan_use(struct weir_why_scan *s, struct weir_store *store);
void weir_why_scan_free(struct weir_why_scan *s); /* accepts NULL */
/* Look at more runs for about budget_us (0: to the end). *ret_done: there are no more.
 */
WEIR_NODISCARD enum weir_rc weir_why_scan_step(struct weir_why_scan *s,
	int64_t budget_us, bool *ret_done, struct weir_err *err);
/* Groups so far, most runs first; borrowed until the next step. */
size_t weir_why_scan_groups(
	struct weir_why_scan *s, const struct weir_why_group **ret_groups);
/* How many runs were looked at, and of how many the log is missing. */
void weir_why_scan_counts(
	const struct weir_why_scan *s, int64_t *ret_n, int64_t *ret_no_log);

/* `also 6 runs since 09:14, all linux-s390x`; nothing if it is alone. */
void weir_why_also(const struct weir_why_group *g, const struct weir_id *but,
	int64_t now_us, bool utc, struct buf *out);

#endif
