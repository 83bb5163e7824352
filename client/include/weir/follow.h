/* Where runs are now: what is asked again and again until they end. */
#ifndef WEIR_FOLLOW_H
#define WEIR_FOLLOW_H

#include <weir/session.h>
#include <weir/types.h>

/* One request for so many. */
enum { WEIR_FOLLOW_MAX = 200 };

struct weir_followed {
	struct weir_id id;     /* given; all else is filled */
	enum weir_state state; /* WEIR_ST_NONE: the server has no such run */
	int64_t expected_us, start_us, end_us; /* or WEIR_NO_TIME */
	struct weir_id flow_id, deployment_id; /* or all zero */
	char name[256], state_name[128];       /* as they came: sanitise */
};

/* The newest line of a run's log. */
struct weir_tail {
	struct weir_id id; /* given: the run */
	int64_t us;        /* WEIR_NO_TIME: none has come */
	int level;
	char text[400]; /* as it came: sanitise */
};

/*
 * The runs as the server has them at this moment, into the store as well; one request
 * for each WEIR_FOLLOW_MAX of them. deadline_us: monotonic, 0: none; WEIR_EPENDING when
 * there is no answer by then.
 */
WEIR_NODISCARD enum weir_rc weir_follow(struct weir_session *s,
	struct weir_followed *runs, size_t n, int64_t deadline_us,
	struct weir_err *err);

/*
 * One request for the newest lines of all these runs, at most WEIR_FOLLOW_MAX: those of
 * whom it has none keep what they have. Nothing goes into the store.
 */
WEIR_NODISCARD enum weir_rc weir_follow_tails(struct weir_session *s,
	struct weir_tail *tails, size_t n, int64_t deadline_us, struct weir_err *err);

/* Sleep so long; WEIR_EINTR when the session is interrupted. */
WEIR_NODISCARD enum weir_rc weir_follow_pause(
	struct weir_session *s, int64_t us, struct weir_err *err);

#endif
