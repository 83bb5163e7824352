/*
 * Steps that share a requirement set: of a flow, as the user's own Python says, or of
 * an earlier run. What is selected is selected for such a group.
 */
#ifndef WEIR_ENV_GROUP_H
#define WEIR_ENV_GROUP_H

#include <weir/env_store.h>

enum {
	WEIR_ENV_FLOW_MS = 120000,       /* that Python may take */
	WEIR_ENV_FLOW_MAX = 64 << 20,    /* bytes that it may say */
	WEIR_ENV_FLOW_STEPS_MAX = 10000, /* of a flow or run */
};

struct weir_env_group {
	const char *req_id;
	const char *full_id;     /* what the steps get, or got, by their default; "" */
	const char *archs;       /* `linux-64, osx-arm64`; "" */
	VEC(const char *) steps; /* in the order of the flow */
	VEC(const char *) on;    /* architectures that they run on, as far as told */
};

/* A step without an environment that could be selected. */
struct weir_env_alone {
	const char *step, *why; /* "disabled", ... */
};

struct weir_env_groups {
	VEC(struct weir_env_group) v; /* in the order of their first steps */
	VEC(struct weir_env_alone) alone;
	struct arena arena;
};

/*
 * Of the flow in file: `PYTHON FILE --environment=conda environment show`, without a
 * shell. python NULL: that of VIRTUAL_ENV, of .venv, the one beside the `metaflow` in
 * PATH, python3 and python, the first that has Metaflow. s says which requirement sets
 * that are not resolved are known.
 *
 * WEIR_ENOTFOUND: no file, no such Python, or none has Metaflow; WEIR_EFAIL with the
 * end of what Python said.
 */
WEIR_NODISCARD enum weir_rc weir_env_groups_of_flow(struct weir_store *s,
	const char *file, const char *python, struct weir_env_groups *ret,
	struct weir_err *err);
/* The same from what `environment show --output` wrote, and what was printed. */
WEIR_NODISCARD enum weir_rc weir_env_groups_read(struct weir_store *s, struct str json,
	struct str printed, struct weir_env_groups *ret, struct weir_err *err);

/*
 * Of `Flow/run`, by what its tasks recorded; s is the store of weir_metaflow_open.
 * WEIR_ENOTFOUND says what is not there.
 */
WEIR_NODISCARD enum weir_rc weir_env_groups_of_run(struct weir_store *s,
	const char *run, struct weir_env_groups *ret, struct weir_err *err);

/* The group of step; NULL: none. */
const struct weir_env_group *weir_env_group_of(
	const struct weir_env_groups *g, const char *step);
/* `start, train`, appended. */
void weir_env_group_steps(const struct weir_env_group *g, struct buf *out);
void weir_env_groups_release(struct weir_env_groups *g);

#endif
