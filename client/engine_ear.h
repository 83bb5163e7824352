/* What the engine hears when it has nothing to do: its requests, and, of the embedded
 * store, that another process wrote to it. */
#ifndef WEIR_CLIENT_ENGINE_EAR_H
#define WEIR_CLIENT_ENGINE_EAR_H

#include <stdatomic.h>

#include "weir/session.h"

struct bell;
struct engine_ear {
	const char *path; /* of the embedded store; NULL: it is not that */
	struct bell *bell;
	bool tried;
	bool metaflow; /* there is something to be looked at by time */
	char *said;    /* of Metaflow, the last time; owned */
};

void engine_ear_init(struct engine_ear *ear, const struct weir_config *config);
void engine_ear_release(struct engine_ear *ear);

/* It hears whatever changes: nothing is to be looked at by time. */
bool engine_ear_hears(struct engine_ear *ear);

/* Until a byte comes on fd, which is taken, or the time is over; true: it was written.
 */
bool engine_ear_wait(struct engine_ear *ear, int fd, int timeout_ms);

/*
 * Bring what Metaflow knows up to date; note is told what there is to say of it, unless
 * nobody asked and that was said the last time.
 */
void engine_ear_metaflow(struct engine_ear *ear, struct weir_session *s, bool asked,
	const atomic_bool *stop, void (*note)(void *arg, const char *text), void *arg);

#endif
