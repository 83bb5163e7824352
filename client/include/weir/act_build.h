/* Platforms of a build, for starting again those that failed. */
#ifndef WEIR_ACT_BUILD_H
#define WEIR_ACT_BUILD_H

#include <weir/statedb.h>
#include <weir/store.h>

enum { WEIR_BUILD_PARTS_MAX = 256 };

struct weir_build_part {
	char *platform;
	/* The run that stands for it: the child, or the last started in its place. */
	struct weir_id run, deployment; /* deployment all zero: none */
	enum weir_state state;
	bool failed;   /* ended, and not completed */
	bool replaced; /* it is not the child itself */
};

/* Nothing in it: it is no build, or has no child run yet. */
struct weir_act_build {
	struct weir_build_part *v;
	size_t n, n_failed, n_replaced;
};
WEIR_NODISCARD enum weir_rc weir_act_build(struct weir_store *store,
	struct weir_statedb *state, const struct weir_id *run,
	struct weir_act_build *ret_build, struct weir_err *err);
void weir_act_build_release(struct weir_act_build *b);

#endif
