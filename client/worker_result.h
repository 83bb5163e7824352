/* What a run came to, by how its process ended. */
#ifndef WEIR_CLIENT_WORKER_RESULT_H
#define WEIR_CLIENT_WORKER_RESULT_H

#include "spool.h"

enum worker_stop {
	WORKER_NOT_STOPPED,
	WORKER_CANCELLED, /* at the server */
	WORKER_ENDED,     /* the server calls it ended, or has it no more */
	WORKER_TIMED_OUT,
	WORKER_NO_ROOM, /* the disk of the spool is full */
	WORKER_LEFT,    /* the worker ends, or an earlier one did */
};

struct worker_ended {
	enum worker_stop stop;
	int status;          /* of waitpid */
	const char *failure; /* it could not be started, why; or NULL */
	const char *said;    /* its last error, else its last line of stderr; "" */
	int64_t timeout_us;
	const char *host;
};

struct worker_result {
	enum weir_state type;
	const char *name;
	char message[SPOOL_SAID_MAX + 64];
};

void worker_result_of(const struct worker_ended *e, struct worker_result *ret);
/* Of Prefect's engine, which says all but this itself: it did not exit with 0. */
void worker_result_of_engine(int status, struct worker_result *ret);

#endif
