/*
 * A worker: takes due runs of a work pool, runs their commands, streams what they print
 * into their logs and reports how they ended (weir-worker.1).
 */
#ifndef WEIR_WORKER_H
#define WEIR_WORKER_H

#include <weir/session.h>

enum {
	WEIR_WORKER_LIMIT_MAX = 200,
	WEIR_WORKER_LIMIT = 8, /* runs at once, unless told */
};

/* As syslog numbers them. */
enum weir_worker_level { WEIR_WORKER_WARNING = 4, WEIR_WORKER_INFO = 6 };

/* A line of what it does; outside text in it is not yet sanitised. */
struct weir_worker_said {
	enum weir_worker_level level;
	const char *run;       /* which it is about; NULL: the worker itself */
	enum weir_state state; /* which it has come to; NONE: none */
	const char *text;
};

struct weir_worker {
	const char *pool;          /* NULL: weir; made if it is missing */
	const char *name;          /* NULL: of the host */
	const char *const *queues; /* of it, only these; n_queues 0: all */
	size_t n_queues;
	size_t limit; /* runs at once; 0: WEIR_WORKER_LIMIT */
	bool once;    /* what is due by now, then end */
	void (*say)(void *arg, const struct weir_worker_said *said);
	void *arg;
};

/*
 * Work until told to stop by SIGTERM or SIGINT: no more runs are taken, those that run
 * end. A second signal stops them too. Takes over SIGCHLD, SIGTERM and SIGINT
 * meanwhile.
 */
WEIR_NODISCARD enum weir_rc weir_worker_run(
	struct weir_session *s, const struct weir_worker *o, struct weir_err *err);

#endif
