/*
 * Starting runs of a deployment.
 *
 * A run's idempotency key is in the journal before it is sent, so that a time-out, a
 * kill or a power cut between request and answer makes neither two runs nor none: see
 * weir_act_settle (act.h).
 */
#ifndef WEIR_TRIGGER_H
#define WEIR_TRIGGER_H

#include <weir/act.h>
#include <weir/params.h>

/* Zero-initialise with WEIR_TRIGGER_INIT. Texts are borrowed; NULL: not said. */
struct weir_deployment;
struct weir_trigger {
	struct weir_id deployment;
	/* As it was read just now (weir_deployment_read); NULL: it is read first. */
	const struct weir_deployment *known;
	const char *parameters;    /* JSON object, laid over the deployment's own */
	const char *tags;          /* JSON array of texts, added to the deployment's */
	const char *name;          /* of the run */
	const char *queue;         /* another work queue of the pool */
	const char *job_variables; /* JSON object, laid over the deployment's own */
	const char *key;           /* idempotency key; NULL: a new one */
	const char *parent;        /* id of the run whose child it is; NULL: none */
	int64_t at_us;             /* WEIR_NO_TIME: now */
	/* Sent although the parameters do not fit, and the server shall take them. */
	bool unchecked;
};
#define WEIR_TRIGGER_INIT                                                              \
	{                                                                              \
		.at_us = WEIR_NO_TIME                                                  \
	}

/*
 * The deployment as the server has it now, or as the store does (offline plans): its
 * parameters, schema, pool. Owned (weir_deployment_release).
 */
struct weir_deployment {
	struct weir_id id;
	char *name, *flow_name; /* as they came: sanitise */
	char *parameters;       /* JSON object */
	char *schema;           /* JSON, "" for none */
	char *tags;             /* JSON array */
	char *job_variables;    /* JSON object */
	char *pool, *queue;     /* "" for none */
	bool paused, enforced;  /* enforced: the server checks parameters */
};
WEIR_NODISCARD enum weir_rc weir_deployment_read(struct weir_session *s,
	const struct weir_id *id, struct weir_deployment *ret_d, struct weir_err *err);
/* The same by `flow/deployment`, which need not be in the store. */
WEIR_NODISCARD enum weir_rc weir_deployment_named(struct weir_session *s,
	const char *name, struct weir_deployment *ret_d, struct weir_err *err);
/* From the store alone. */
WEIR_NODISCARD enum weir_rc weir_deployment_of(struct weir_store *store,
	const struct weir_id *id, struct weir_deployment *ret_d, struct weir_err *err);
void weir_deployment_release(struct weir_deployment *d);

/*
 * Check and start it. The result is filled whatever comes of it: made is the run, run
 * the deployment, name is FLOW/DEPLOYMENT; the rc is result->rc. Parameters that do not
 * fit the schema are not sent (WEIR_EREFUSED, the parameter named) unless unchecked, or
 * unless the deployment does not enforce it, which the hint warns of. Says at once why
 * nobody will take the run up, if so.
 */
enum weir_rc weir_trigger(struct weir_session *s, const struct weir_trigger *t,
	struct weir_act_result *ret_result);

/*
 * What weir_trigger would send, as weir_act_plan (act.h). store may be NULL if the
 * deployment is known.
 */
WEIR_NODISCARD enum weir_rc weir_trigger_plan(struct weir_store *store,
	const struct weir_trigger *t, struct buf *path, struct buf *body,
	struct weir_act_result *ret_result, struct weir_err *err);

/* The command that does it: `weir trigger flow/deployment -p package=zlib --tag pr-1`.
 */
void weir_trigger_command(
	const struct weir_trigger *t, const struct weir_deployment *d, struct buf *out);

#endif
