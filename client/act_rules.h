/*
 * The rules of acting, without a server: what is to be proposed for a run in its state,
 * and what an answer means. Facts in, words out.
 */
#ifndef WEIR_CLIENT_ACT_RULES_H
#define WEIR_CLIENT_ACT_RULES_H

#include "api.h"
#include "weir/act.h"

/* A run as far as acting on it depends on it. Texts are owned, never NULL. */
struct act_run {
	struct weir_id id, deployment, flow, parent_task;
	enum weir_state state;
	char *name, *state_name, *pool;
	char *parameters, *tags, *job_variables; /* JSON, "" for none */
	char *retry_type;                        /* "in_process", "reschedule", "" */
	char *input_schema;                      /* key of what it waits for, "" */
	bool has_process;                        /* an infrastructure_pid is known */
	int64_t state_at_us; /* since when it is in its state, or WEIR_NO_TIME */
};

/* object: as GET /flow_runs/ID answers. */
WEIR_NODISCARD enum weir_rc act_run_parse(
	struct str object, struct act_run *ret_run, struct weir_err *err);
/* The members that a run's columns do not have: `"parameters":{...},...`. */
void act_run_rest(struct act_run *run, struct str rest);
void act_run_release(struct act_run *run);

/* What is to be sent; without a path nothing is, and said tells why. */
struct act_plan {
	enum weir_rc rc;
	enum api_write write;
	const char *method; /* NULL: POST */
	struct weir_id at;  /* the run or deployment */
	struct buf path, body;
	char key[128]; /* idempotency key or transition id */
	enum weir_state proposed;
	char said[WEIR_ACT_TEXT_MAX];
	char hint[256];
};

/* id makes the key. now_us is the server's time. */
void act_plan_make(const struct weir_act *act, const struct act_run *run,
	const struct api_version *version, const struct weir_id *id, int64_t now_us,
	struct act_plan *ret_plan);
void act_plan_release(struct act_plan *p);
/* Nothing is sent, or what is worth a warning: rc and said. */
void WEIR_PRINTF(3, 4)
	act_plan_say(struct act_plan *p, enum weir_rc rc, const char *fmt, ...);

/* What set_state answered. */
enum act_status { ACT_ACCEPT, ACT_REJECT, ACT_ABORT, ACT_WAIT, ACT_STATUS_N };
struct act_verdict {
	enum act_status status;
	enum weir_state state; /* WEIR_ST_NONE: it did not say */
	char state_name[64];
	char reason[300]; /* sanitised, no full stop; "" */
	int64_t delay_s;
};
WEIR_NODISCARD enum weir_rc act_verdict_parse(
	struct str body, struct act_verdict *ret_verdict, struct weir_err *err);

/* rc, said and hint of ret_result, by the state that came of it. after: the run as it
 * was read afterwards; all zero: it could not be. */
void act_verdict_judge(const struct weir_act *act, const struct act_run *run,
	const struct api_version *version, const struct act_verdict *verdict,
	const struct act_run *after, struct weir_act_result *ret_result);

#endif
