/*
 * What the parts of sync share: one struct sync a call, and scans.
 *
 * A scan reads one list page by page: by keyset on a time (inclusive bounds, a tie
 * group over a page by offset at its exact value) or by overlapping offsets. Many scans
 * run at once, up to api->parallel requests in flight. A page is copied off the wire,
 * the scan's next request goes out, and only then is the page stored; so storing costs
 * no round trip.
 */
#ifndef WEIR_CLIENT_SYNC_PARTS_H
#define WEIR_CLIENT_SYNC_PARTS_H

#include "api.h"
#include "session.h"
#include "store_write.h"
#include "weir/sync.h"

enum {
	SYNC_TX_ROWS = 10000,   /* a transaction holds up to so many rows */
	SYNC_TX_US = 250000,    /* and lives no longer */
	SYNC_OVERLAP_S = 30,    /* read again before the watermark */
	SYNC_HORIZON_S = 86400, /* runs due later are looked at less often */
	SYNC_DRIFT_S = 900,     /* between two drift checks */
	SYNC_BUCKETS = 500,     /* the most that /flow_runs/history answers */
	SYNC_IDS = 200,         /* ids a request */
	SYNC_PASSES = 30,       /* over lines of one instant, until all were seen */
	SYNC_RESTARTS = 3,      /* of an offset read whose rows move */
	SYNC_DETAIL_RUNS = 200, /* runs a cycle fetches task runs for */
	SYNC_DETAIL_BATCH = 40, /* runs a request of those */
	SYNC_ORPHANS_MAX = 1000000,
	SYNC_LOCK_MS = 2000, /* for what somebody waits for */
};

enum scan_by {
	SCAN_OFFSET,    /* list.sort by overlapping offsets */
	SCAN_EXPECTED,  /* keyset on expected_start_time */
	SCAN_END,       /* keyset on end_time */
	SCAN_TIMESTAMP, /* keyset on the time stamp of log lines */
};

struct sync;
struct scan;

/* A page of a scan, in order, inside a transaction. Errors go to sync->err. */
typedef enum weir_rc scan_rows(
	struct sync *s, struct scan *c, const struct api_page *page);
typedef enum weir_rc scan_done(struct sync *s, struct scan *c);

/*
 * Requests could be in flight and are not: give the older half of what c has still to
 * read, up to and with mid_us, to a new scan. c->lo_us is behind it already.
 */
typedef struct scan *scan_split(
	struct sync *s, struct scan *c, int64_t lo_us, int64_t mid_us);

struct scan {
	/* The caller's: set between sync_scan and sync_start. */
	struct api_list list; /* kind, states, ids...; SCAN_OFFSET: sort too */
	struct weir_id run;   /* SCAN_TIMESTAMP: whose log */
	enum scan_by by;
	bool ascending;
	int64_t lo_us,
		hi_us;    /* what is still to be read, inclusive; WEIR_NO_TIME: open */
	int64_t older_us; /* SCAN_OFFSET, newest first: stop when older than this */
	bool one_page;
	bool optional; /* not found or refused: there is none */
	scan_rows *rows;
	scan_done *done;   /* after the last page was stored; may be NULL */
	scan_split *split; /* may be NULL: it stays one */
	void *arg;
	void *slice; /* of sync_fill.c */

	/* The scan's own. */
	struct sync *sync;
	struct scan *next;
	bool tie; /* reading the instant tie_us by offset */
	int64_t tie_us;
	size_t offset;
	struct weir_id last; /* last row of the page before, for the overlap */
	bool has_last;
	struct id_vec seen; /* lines of tie_us */
	int restarts;
	bool unsure; /* rows moved under an offset read: it may lack some */
	bool cut;    /* ended by older_us: not the whole list */
	struct scan *next_split, **prev_split; /* in sync->splits while it is read */
	double density;                        /* rows a microsecond of the last page */
};

struct sync {
	struct weir_session *session;
	struct weir_store *store;
	struct api *api;
	const struct weir_sync_options *o;
	struct weir_sync_result result;
	struct weir_err err;
	enum weir_rc rc; /* the first failure; its text is in err */
	bool locked;

	int64_t t0_us;       /* server's clock at the first answer */
	int64_t deadline_us; /* monotonic; 0: none */

	struct scan *waiting, *waiting_last;
	struct scan *splits; /* that may be split */
	size_t flying;
	struct queued_page *pages, *pages_last, *spare;
	size_t n_pages;

	bool in_tx;
	size_t tx_rows;
	int64_t tx_began_us;
	bool changed; /* rows altered since progress was told of it */
	struct weir_progress progress;

	VEC(struct id_vec *) owned;
	struct sync_answer *ahead; /* of sync_fill_ahead */
	struct id_vec live;        /* ids of the live set that was read */
	struct arena arena;        /* scans and what hangs on them */
};

/* sync.c: begin and end of every entry. `ret` of sync_end is the final rc, err is
 * filled. */
enum weir_rc sync_begin_offline(struct sync *s, struct weir_session *session,
	const struct weir_sync_options *o);
enum weir_rc sync_begin(struct sync *s, struct weir_session *session,
	const struct weir_sync_options *o);
enum weir_rc sync_end(struct sync *s, enum weir_rc rc, struct weir_err *err);

/* sync_scan.c */
void sync_send(struct sync *s); /* as many requests as may be in flight */
struct scan *sync_scan(struct sync *s, enum weir_kind kind, enum scan_by by);
void sync_start(struct sync *s, struct scan *c);
void sync_free_pages(struct sync *s);

/* sync_loop.c */
void sync_enqueue(
	struct sync *s, struct scan *c, const struct api_page *page, bool last);
enum weir_rc sync_server_rc(enum weir_rc rc);
void sync_own(struct sync *s, struct id_vec *ids); /* freed at the end */
enum weir_rc sync_drain(struct sync *s);           /* until all scans are done */
enum weir_rc sync_fail(struct sync *s, enum weir_rc rc, const struct weir_err *err);
enum weir_rc sync_tx(struct sync *s);     /* begin, if none is open */
enum weir_rc sync_commit(struct sync *s); /* end it, if one is open */
void sync_tell(struct sync *s, const char *what, int64_t done, int64_t total);
/* Wait for one request that was submitted with sync_answered as its callback. */
struct sync_answer {
	struct sync *sync;
	bool done;
	enum weir_rc rc;
	struct weir_err err;
	struct buf body;
	/* in s->arena, when the page has them */
	const struct weir_run *run;
	int64_t date_us;
};
void sync_answer_init(struct sync *s, struct sync_answer *a);
void sync_answer_release(struct sync_answer *a);
api_done sync_answered;
enum weir_rc sync_wait(struct sync *s, struct sync_answer *a, size_t n);

/* sync_page.c: pages outlive their callback. */
void sync_page_copy(struct arena *arena, const struct api_page *from, bool logs,
	struct api_page *ret_page);
size_t sync_page_find(const struct api_page *p, const struct weir_id *id);
struct weir_id sync_page_id(const struct api_page *p, size_t i);

/* The steps of a cycle. */
enum weir_rc sync_live(struct sync *s, bool far);              /* A */
enum weir_rc sync_ended(struct sync *s, int64_t watermark_us); /* B */
enum weir_rc sync_vanished(struct sync *s, bool far);          /* C */
void sync_newest(struct sync *s);                              /* the first screen */
/* Ask for the history of a fill from since_us that will follow. */
void sync_fill_ahead(struct sync *s, int64_t since_us);
enum weir_rc sync_fill(struct sync *s, int64_t since_us, int64_t filled_us);
enum weir_rc sync_drift(struct sync *s, int64_t since_us);
enum weir_rc sync_docs(struct sync *s, int64_t since_us, bool whole);
enum weir_rc sync_parents(struct sync *s, size_t limit);
/* *ret_ended: there were runs that ended since. */
enum weir_rc sync_task_runs(struct sync *s, int64_t since_us, bool *ret_ended);
scan_rows sync_put_runs;

/* Counts of runs by state type in buckets of expected start. */
struct history_bucket {
	int64_t from_us;
	int64_t n[WEIR_N_STATES];
};
VEC_TYPE(history_vec, struct history_bucket);
enum weir_rc sync_history_parse(
	struct str body, struct history_vec *ret, struct weir_err *err);

#endif
