/*
 * Sync: the only writer of what a server said. Each function blocks, takes the store's
 * sync lock, is idempotent, and can be interrupted at any point
 * (weir_session_interrupt, kill) without loss. The algorithm is that of the notes on
 * Prefect's REST API, 8.2 and 8.3: live set, ended since the watermark, vanished,
 * drift; the watermark moves only after all steps.
 */
#ifndef WEIR_SYNC_H
#define WEIR_SYNC_H

#include <stdatomic.h>

#include <weir/error.h>
#include <weir/query.h>
#include <weir/session.h>
#include <weir/types.h>

/* Told while it works, from the calling thread. */
struct weir_progress {
	const char *what; /* "runs", "task runs", "logs", ... */
	int64_t done;
	int64_t total;               /* -1: not known */
	int requests_done, requests; /* of this step: "3/12" */
	bool changed;                /* rows were committed since the last call */
	bool finished; /* the first page is in: what waits for data may go on */
};
typedef void weir_progress_fn(void *arg, const struct weir_progress *p);

struct weir_sync_options {
	/* Fill back to here. WEIR_NO_TIME: as remembered or configured; 0: all. */
	int64_t since_us;
	bool first_page; /* return when something can be shown; the next call goes on */
	bool quick;      /* only states and runs, not small collections */
	bool drift;      /* also the drift check, whether due or not */
	int64_t budget_ms; /* stop after so long, transactions whole; 0: no limit */
	int64_t lock_ms;   /* wait so long while another process syncs */
	const atomic_bool *stop;    /* may be NULL; true: end soon, WEIR_EPENDING */
	weir_progress_fn *progress; /* may be NULL */
	void *arg;
};

struct weir_sync_result {
	int64_t runs, task_runs, docs; /* rows inserted or altered */
	int64_t log_lines;             /* that were not here yet */
	int64_t deleted, requests, bytes;
	bool whole; /* a whole cycle was done: the watermark moved */
};

/* One cycle. WEIR_EBUSY: another process syncs. WEIR_EPENDING: the budget ran out. */
WEIR_NODISCARD enum weir_rc weir_sync_cycle(struct weir_session *s,
	const struct weir_sync_options *o, struct weir_sync_result *ret_result,
	struct weir_err *err);

/*
 * What every reading command does first (DESIGN 2): nothing if the last cycle is
 * younger than 10 s; at most 1 s of syncing otherwise; an empty store waits for the
 * first page, also for that of another process. insist: a whole cycle, however long
 * another process's takes before. A server that is away is an error only if insist or
 * the store is empty; else WEIR_OK and *ret_why (owned, may stay NULL) says why the
 * data is old.
 */
WEIR_NODISCARD enum weir_rc weir_sync_for_reading(struct weir_session *s, bool insist,
	const struct weir_sync_options *o, char **ret_why, struct weir_err *err);

/* Bring one run wholly up to date: itself, states, task runs, artifacts, children. */
WEIR_NODISCARD enum weir_rc weir_sync_run(
	struct weir_session *s, const struct weir_id *run, struct weir_err *err);
/* The same in so long; what has come by then is kept. WEIR_EPENDING: not all has. */
WEIR_NODISCARD enum weir_rc weir_sync_run_within(struct weir_session *s,
	const struct weir_id *run, int64_t budget_ms, struct weir_err *err);

/*
 * The child runs and task runs of these runs as they are now, a few requests for all.
 * WEIR_EBUSY: another process syncs, which may bring them as well.
 */
WEIR_NODISCARD enum weir_rc weir_sync_below(struct weir_session *s,
	const struct weir_id *runs, size_t n, int64_t budget_ms, struct weir_err *err);

/*
 * Read what is new of a run's log; completes it when the run has ended. *ret_ended:
 * nothing more will come. quick: polling; reads only 5 s before the newest line again,
 * not 60 s; of ten polls one should not be quick. As lines are committed the store's
 * generation changes.
 */
WEIR_NODISCARD enum weir_rc weir_sync_logs(struct weir_session *s,
	const struct weir_id *run, const struct weir_sync_options *o, bool *ret_ended,
	struct weir_err *err);

/*
 * The logs of all runs that query matches, newest first, several in flight; complete
 * ones are not asked for again.
 */
WEIR_NODISCARD enum weir_rc weir_sync_logs_of(struct weir_session *s,
	const struct weir_query *query, const struct weir_sync_options *o,
	struct weir_sync_result *ret_result, struct weir_err *err);

/* Forget runs that ended before us. */
WEIR_NODISCARD enum weir_rc weir_sync_prune(struct weir_session *s, int64_t before_us,
	int64_t *ret_runs, struct weir_err *err);

#endif
