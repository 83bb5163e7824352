/*
 * What carries requests of Prefect's REST API to who answers them: http.c to a server,
 * embedded.c to a file of this machine. Above it all is one code (api_prefect.c).
 *
 * A request is submitted and answered by callback from pump, on the caller's thread, so
 * that several are in flight.
 */
#ifndef WEIR_CLIENT_TRANSPORT_H
#define WEIR_CLIENT_TRANSPORT_H

#include <stdint.h>

#include "weir/buf.h"
#include "weir/error.h"
#include "weir/types.h"

enum { TRANSPORT_TARGET_MAX = 8 << 10, TRANSPORT_HEADERS_MAX = 4 };

struct transport_reply {
	long status;
	struct str body;     /* borrowed for the callback */
	struct str location; /* of a redirect; borrowed, user and password masked */
	struct str cursor;   /* X-Next-Cursor: there is another page; borrowed */
	int64_t date_us;     /* the Date header, WEIR_NO_TIME when there was none */
	bool is_json;        /* by Content-Type */
	int retries;
};

struct transport_request {
	const char *method; /* static text: "GET", "POST", ... */
	const char *path;   /* after the base, with its query; copied */
	struct str body;    /* JSON; borrowed until done; empty: none */
	/* Lines in place of a body, where the transport takes them; borrowed until
	 * done.
	 */
	const struct weir_log *logs;
	size_t n_logs;
	bool repeatable; /* reads, and writes with a key: may be sent again */
	/* "Name: value", up to a NULL; copied */
	const char *headers[TRANSPORT_HEADERS_MAX];
	/*
	 * Called once. rc WEIR_OK: any HTTP status is in reply. Else err says why there
	 * is no reply (WEIR_ENET, WEIR_EDB, WEIR_EINTR) and reply is NULL.
	 */
	void (*done)(void *arg, enum weir_rc rc, const struct transport_reply *reply,
		const struct weir_err *err);
	void *arg;
};

struct transport;
struct http_away;

struct transport_ops {
	const char *name; /* "prefect", "embedded" */
	void (*submit)(struct transport *t, const struct transport_request *r);
	/*
	 * Work until something finished, for at most timeout_ms (-1: no limit; returns
	 * at once when nothing is in flight). Callbacks are called from here. Returns
	 * early when woken, before or during.
	 */
	void (*pump)(struct transport *t, int timeout_ms);
	void (*wake)(struct transport *t);   /* from any thread or signal handler */
	void (*cancel)(struct transport *t); /* each in flight gets WEIR_EINTR */
	/* Submitted and not done, retries in wait included. */
	size_t (*in_flight)(const struct transport *t);
	/*
	 * From now on a worker: known as one that lives, and told when another process
	 * changed something (pump ends early, and rang is set) or another worker ended
	 * (left is set). NULL: that cannot be.
	 */
	enum weir_rc (*serve)(struct transport *t, struct weir_err *err);
	void (*close)(struct transport *t); /* cancels without calling back */
};

/* What every transport has in front. */
struct transport {
	const struct transport_ops *ops;
	const char *base; /* address without user, password and trailing '/' */
	/* Who is told, from pump, that no connection comes about for 2 s and more;
	 * NULL: that cannot be. */
	struct http_away *away;
	bool takes_logs;        /* lines as rows */
	bool local;             /* a version and a clock need not be asked for */
	bool rings, rang, left; /* after serve */
};

#endif
