/* What the records of a task say about it, and those of its tasks about a run. */
#ifndef WEIR_CLIENT_MF_SAYS_H
#define WEIR_CLIENT_MF_SAYS_H

#include "mf_source.h"
#include "weir/types.h"

enum { MF_ARCH_MAX = 32 };
enum { MF_BEAT_US = 360 * WEIR_SECOND_US }; /* a run without a beat this long is dead */

struct mf_says {
	enum weir_state state; /* RUNNING: not ended, as far as it says */
	int attempts;
	int code;                  /* exit status that it failed with; -1: not said */
	int64_t start_us, end_us;  /* of its first attempt; of its last */
	int64_t active_us;         /* the newest word of it */
	int ok;                    /* newest attempt_ok, or what else tells; -1: none */
	int64_t ok_us, attempt_us; /* and when; newest `attempt` */
	struct str origin_run, origin_task; /* of a clone; else "" */
};
void mf_says_task(const struct mf_task *t, struct mf_says *ret);

/* The newest record of a field; attempt -1: of the whole task. NULL: none. */
const struct mf_object *mf_says_newest(
	const struct mf_task *t, const char *field, int attempt);
/* Has it any record of this attempt? */
bool mf_says_attempt(const struct mf_task *t, int attempt);

/* What is known of the tasks of a run. */
struct mf_sum {
	int ok; /* of step `end`: the newest attempt_ok, -1: none */
	int64_t ok_us, attempt_us;
	int64_t beat_us; /* last sign of life; WEIR_NO_TIME: there is none */
};
void mf_says_run(const struct mf_sum *sum, int64_t now_us, enum weir_state *ret_state,
	int64_t *ret_end_us);

/* `["<req_id>", "<full_id>", "<arch>"]`: what conda_env_id is when it is of ours. */
bool mf_says_env(struct str value, struct arena *arena, struct str ret[3]);

#endif
