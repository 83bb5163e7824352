/* Where runs are now: what is asked again and again until they end. */
#ifndef WEIR_FOLLOW_H
#define WEIR_FOLLOW_H

#include <weir/session.h>
#include <weir/types.h>

/* One request for so many. */
enum { WEIR_FOLLOW_MAX = 200 };

struct weir_followed {
	struct weir_id id;               /* given; all else is filled */
	enum weir_state state;           /* WEIR_ST_NONE: the server has no such run */
	char name[256], state_name[128]; /* as they came: sanitise */
};

/*
 * The runs as the server has them at this moment, into the store as well; one request
 * for each WEIR_FOLLOW_MAX of them.
 */
WEIR_NODISCARD enum weir_rc weir_follow(struct weir_session *s,
	struct weir_followed *runs, size_t n, struct weir_err *err);

/* Sleep so long; WEIR_EINTR when the session is interrupted. */
WEIR_NODISCARD enum weir_rc weir_follow_pause(
	struct weir_session *s, int64_t us, struct weir_err *err);

#endif
