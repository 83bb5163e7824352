/*
 * Why a run that should start does not: each thing that a worker needs in order to take
 * it, in the order in which they matter, from what the store knows.
 */
#ifndef WEIR_PICKUP_H
#define WEIR_PICKUP_H

#include <weir/error.h>
#include <weir/store.h>
#include <weir/types.h>

enum weir_check_result {
	WEIR_CHECK_OK,
	WEIR_CHECK_BAD,  /* this is in the way */
	WEIR_CHECK_NOTE, /* does not hinder it, or cannot be told */
};

struct weir_check {
	const char *what; /* "state", "deployment", "pool", "workers", "places"... */
	enum weir_check_result result;
	char text[400]; /* may hold names as they came: sanitise for terminals */
};

enum { WEIR_CHECKS_MAX = 12 };
struct weir_pickup {
	struct weir_check v[WEIR_CHECKS_MAX];
	size_t n;
	size_t n_bad;
};

WEIR_NODISCARD enum weir_rc weir_pickup(struct weir_store *s, const struct weir_id *run,
	int64_t now_us, struct weir_pickup *ret_pickup, struct weir_err *err);

/* The same of a run that does not exist yet; queue: NULL is the deployment's own. */
WEIR_NODISCARD enum weir_rc weir_pickup_deployment(struct weir_store *s,
	const struct weir_id *deployment, const char *queue, int64_t now_us,
	struct weir_pickup *ret_pickup, struct weir_err *err);

#endif
