/*
 * A check-up: configuration, libraries, server and store, each looked at once, findings
 * in words. Nothing is changed.
 */
#ifndef WEIR_DOCTOR_H
#define WEIR_DOCTOR_H

#include <weir/error.h>
#include <weir/session.h>

enum weir_health { WEIR_HEALTH_OK, WEIR_HEALTH_WARN, WEIR_HEALTH_FAIL };

struct weir_finding {
	const char *what; /* "configuration", "server", "clock"... */
	enum weir_health health;
	enum weir_rc rc; /* of a failure */
	char text[1536];
	char hint[512]; /* what to do about it; "" where nothing is to be done */
};

/* Called as each check ends; f is borrowed for the call. */
typedef void weir_finding_fn(void *arg, const struct weir_finding *f);

/* offline: the network is not used. Stops early when the session is interrupted. */
void weir_doctor(
	struct weir_session *s, bool offline, weir_finding_fn *report, void *arg);

#endif
