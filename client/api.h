/*
 * What a backend can do: the one interface between weir and a server.
 *
 * One implementation, api_prefect.c, over two transports (transport.h): HTTP to a
 * server, and the embedded store. Requests are submitted and answered by callback from
 * pump, so that several are in flight. Pages are decoded already.
 */
#ifndef WEIR_CLIENT_API_H
#define WEIR_CLIENT_API_H

#include "weir/config.h"
#include "weir/mem.h"
#include "weir/types.h"

struct api;

/* A page of one kind; all in the page's arena, valid during the callback. */
struct api_page {
	enum weir_kind kind; /* not used for logs */
	size_t n;
	union {
		const struct weir_run *runs;
		const struct weir_task_run *task_runs;
		const struct weir_log *logs;
		const struct weir_doc *docs;
	};
	int64_t date_us; /* the server's clock when it answered, or WEIR_NO_TIME */
	size_t limit;    /* what was asked for: n < limit means the last page */
	size_t bytes;    /* of the body, for progress */
	struct str body; /* raw, for single objects and counts */
	struct str path; /* of the request, for messages */
	long status;     /* 201: something was made that was not there */
};

typedef void api_done(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err);

/* Ordering of a list; not every kind knows every one. */
enum api_sort {
	API_SORT_NONE,
	API_ID_DESC,
	API_EXPECTED_ASC,
	API_EXPECTED_DESC,
	API_START_DESC,
	API_END_DESC,
	API_UPDATED_DESC,
	API_TIMESTAMP_ASC,
	API_TIMESTAMP_DESC,
};

enum {
	API_STATES_LIVE = 1 << WEIR_ST_SCHEDULED | 1 << WEIR_ST_PENDING |
			  1 << WEIR_ST_RUNNING | 1 << WEIR_ST_PAUSED |
			  1 << WEIR_ST_CANCELLING
};
enum {
	API_STATES_ENDED = 1 << WEIR_ST_COMPLETED | 1 << WEIR_ST_FAILED |
			   1 << WEIR_ST_CANCELLED | 1 << WEIR_ST_CRASHED
};

/* A window of time on one field; a bound is WEIR_NO_TIME when open; both are inclusive.
 */
struct api_range {
	int64_t after_us, before_us;
};
#define API_RANGE_ALL ((struct api_range){ WEIR_NO_TIME, WEIR_NO_TIME })

/*
 * One list request. Zero-initialise with API_LIST_INIT. Fields that a kind has not are
 * not to be set. Bodies follow specs of the Prefect REST API.
 */
struct api_list {
	enum weir_kind kind;
	unsigned states; /* mask of 1 << enum weir_state, 0: any (runs, task runs) */
	struct api_range expected; /* expected_start_time (runs) */
	/* end_time (runs). Servers before 3.0.4 cannot: not sent there, stop by hand.
	 */
	struct api_range end;
	struct api_range next;     /* next_scheduled_start_time (runs) */
	int never_started;         /* 1: start_time is null, -1: is not null, 0: any */
	const struct weir_id *ids; /* id.any_ */
	size_t n_ids;
	const struct weir_id *run_ids; /* task runs, artifacts: flow_run_id.any_; runs:
					  parent_flow_run_id.any_ */
	size_t n_run_ids;
	const char *pool; /* queues, workers: of this pool */
	const char *key;  /* runs: idempotency_key.any_ */
	enum api_sort sort;
	size_t offset;
	size_t limit; /* 0: api_page_limit */
};
#define API_LIST_INIT                                                                  \
	{                                                                              \
		.expected = API_RANGE_ALL, .end = API_RANGE_ALL, .next = API_RANGE_ALL \
	}

struct api_logs {
	struct weir_id run;
	struct api_range timestamp;
	enum api_sort sort; /* API_TIMESTAMP_ASC or _DESC */
	size_t offset;
	size_t limit;
};

struct api_version {
	int major, minor, patch; /* 0 0 0: unknown (Cloud), taken as the newest */
	char text[32];
};

enum api_write {
	API_SET_STATE,  /* of a run */
	API_CREATE_RUN, /* of a deployment */
	API_RESUME,     /* of a run */
	API_OBJECT,     /* anything else, by ops->raw */
};

struct api_ops {
	void (*close)(struct api *a);

	/* Lists. The request is copied; done is called once. */
	void (*list)(
		struct api *a, const struct api_list *list, api_done *done, void *arg);
	void (*logs)(
		struct api *a, const struct api_logs *logs, api_done *done, void *arg);

	/* One object by id as a page of one; WEIR_ENOTFOUND when there is none. */
	void (*get)(struct api *a, enum weir_kind kind, const struct weir_id *id,
		api_done *done, void *arg);
	/* State history of a run, oldest first: page.body is the JSON array. */
	void (*states)(
		struct api *a, const struct weir_id *run, api_done *done, void *arg);
	/*
	 * Counts of runs by state in buckets of expected_start_time, for the drift
	 * check: page.body is the JSON array of {interval_start, interval_end,
	 * states:[...]}.
	 */
	void (*history)(struct api *a, struct api_range expected,
		int64_t bucket_seconds, api_done *done, void *arg);
	/*
	 * What writes, to the run or deployment of that id. Bodies are those of
	 * Prefect's REST API (api_body_state, api_body_create): they stand in the
	 * journal, and may be sent again because of the transition id or idempotency
	 * key in them. page.body is the verdict, or the run.
	 */
	void (*write)(struct api *a, enum api_write what, const struct weir_id *id,
		struct str body, api_done *done, void *arg);
	/* Any other request: a raw body both ways. path after the base. */
	void (*raw)(struct api *a, const char *method, const char *path,
		struct str body, bool repeatable, api_done *done, void *arg);

	/*
	 * Lines of runs' logs, of any number of runs, borrowed until done. Not to be
	 * sent again after no answer before what came is read back.
	 */
	void (*put_logs)(struct api *a, const struct weir_log *logs, size_t n,
		api_done *done, void *arg);

	void (*pump)(struct api *a, int timeout_ms); /* as transport_ops' */
	void (*wake)(struct api *a);                 /* from any thread */
	void (*cancel)(struct api *a); /* everything in flight ends with WEIR_EINTR */
	size_t (*in_flight)(const struct api *a);
	/* Become a worker; rings tells whether it is told of changes from now on. */
	enum weir_rc (*serve)(struct api *a, struct weir_err *err);
};

struct http_away;

/* What every backend has in front. Fields below ops are the backend's to fill. */
struct api {
	const struct api_ops *ops;
	struct api_version version; /* valid after api_connect */
	int64_t clock_offset_us;    /* server's clock minus ours */
	size_t page_limit;          /* 200 until the server says otherwise */
	size_t parallel;            /* requests in flight to aim at; adapts */
	const char *base;           /* address without credentials, for messages */
	bool local; /* the embedded store: nobody else's clock, nobody away */
	/* When the waiting forms below give up (monotonic; 0: never): WEIR_EPENDING. */
	int64_t deadline_us;
	/*
	 * The backend tells when another process changed something: pump ends, and rang
	 * is set. false: it must be asked. left: another worker of it has ended.
	 */
	bool rings, rang, left;
	struct http_away
		*away; /* who hears that the server is away; NULL: no network */
	/* Asked by the waiting forms below; NULL: never. */
	bool (*interrupted)(void *arg);
	void *interrupted_arg;
};

/*
 * Open the backend that the configuration names. WEIR_ENOSERVER (with its hint) when no
 * address is configured. Nothing is sent yet.
 */
WEIR_NODISCARD enum weir_rc api_open(
	const struct weir_config *config, struct api **ret_api, struct weir_err *err);
void api_close(struct api *a);

/*
 * First contact: version and clock. Tells a wrong address (an HTML page, GraphQL,
 * foreign JSON) from a missing permission and from a server that is away. Blocks.
 */
WEIR_NODISCARD enum weir_rc api_connect(struct api *a, struct weir_err *err);

/* Is the server at least major.minor.patch? Unknown counts as newest. */
bool api_since(const struct api *a, int major, int minor, int patch);

/* The server's time now. */
int64_t api_now_us(const struct api *a);

/* The same of a version's text; false: it is none. */
bool api_version_parse(struct str text, struct api_version *ret_version);
bool api_version_since(const struct api_version *v, int major, int minor, int patch);

/*
 * Wait for one request: zero but for out and err, api_wait_done as its callback, then
 * api_wait, which returns its rc. The body is appended to out.
 */
struct api_wait {
	bool done;
	enum weir_rc rc;
	struct buf *out;
	int64_t date_us;
	long status;
	struct weir_err *err;
};
api_done api_wait_done;
WEIR_NODISCARD enum weir_rc api_wait(struct api *a, struct api_wait *w);

/* Submit and wait, for single requests. The answer's body is appended to out. */
WEIR_NODISCARD enum weir_rc api_raw_wait(struct api *a, const char *method,
	const char *path, struct str body, bool repeatable, struct buf *out,
	struct weir_err *err);

#endif
