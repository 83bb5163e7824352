/*
 * Acting: on runs (cancel, retrigger, resume), on deployments, pools and queues (pause,
 * unpause; pools and queues also create, set, delete). What is reported is what the
 * server really accepted; nothing is ever forced by itself.
 *
 * An action is written to the journal before it is sent, and its answer goes into the
 * journal and the store at once. weir_act_settle brings to an end what an earlier weir
 * left without an answer.
 */
#ifndef WEIR_ACT_H
#define WEIR_ACT_H

#include <weir/session.h>
#include <weir/types.h>

enum weir_act_kind {
	WEIR_ACT_CANCEL,
	WEIR_ACT_RETRIGGER,
	WEIR_ACT_TRIGGER, /* by weir_trigger (trigger.h) alone */
	WEIR_ACT_RESUME,
	WEIR_ACT_PAUSE, /* from here on of struct weir_act's `of` */
	WEIR_ACT_UNPAUSE,
	WEIR_ACT_CREATE,
	WEIR_ACT_SET,
	WEIR_ACT_DELETE,
	WEIR_N_ACTS
};
const char *weir_act_verb(enum weir_act_kind kind); /* "cancel", "retrigger", ... */
/* The kind of a verb; false: none. */
bool weir_act_parse(const char *verb, enum weir_act_kind *ret_kind);

/* Over so many at once a person must type how many there are. */
enum { WEIR_ACT_MANY = 20, WEIR_ACT_TEXT_MAX = 768, WEIR_ACT_NAME_MAX = 256 };

/* What a pool or queue shall be; texts are borrowed, NULL: not said. */
struct weir_pool_wish {
	const char *pool;  /* its name; of a queue that of its pool */
	const char *queue; /* its name; NULL: it is about the pool itself */
	const char *type, *description;
	int64_t limit;    /* at once; WEIR_POOL_NO_LIMIT; -1: not said */
	int64_t priority; /* of a queue, 1 is first; 0: not said */
};
enum { WEIR_POOL_NO_LIMIT = -2 };

struct weir_act {
	enum weir_act_kind kind;
	/* From PAUSE on: deployment, pool or queue. */
	enum weir_kind of;
	/* Cancel: call it cancelled without waiting for whoever runs it. */
	bool force;
	/* Retrigger: the same run once more, not a new one of its deployment. */
	bool same;
	bool defaults; /* a new run: with the deployment's parameters, not the run's */
	/* A JSON object that is laid over the parameters of a new run, or NULL. */
	const char *parameters;
	/* Resume: a JSON object, the input that a run waits for, or NULL. */
	const char *input;
	const struct weir_pool_wish *wish; /* create and set */
};

struct weir_act_result {
	enum weir_rc rc;              /* WEIR_OK: it is as was asked */
	struct weir_id run;           /* the object, whatever its kind */
	struct weir_id made;          /* the new run; all zero: none */
	char name[WEIR_ACT_NAME_MAX]; /* of the object, as it came: sanitise */
	char said[WEIR_ACT_TEXT_MAX]; /* "cancelled", "started again as ..." */
	char hint[512];               /* what to try; "" */
};

/* WEIR_EREFUSED in read-only mode: says who asked for that. */
WEIR_NODISCARD enum weir_rc weir_act_allowed(const struct weir_config *config,
	enum weir_act_kind kind, struct weir_err *err);

/* WEIR_EREFUSED: the run is one of Metaflow, which can only be looked at. */
WEIR_NODISCARD enum weir_rc weir_act_may(struct weir_store *s, enum weir_act_kind kind,
	const struct weir_id *run, struct weir_err *err);

/*
 * Do it to a run. The result is filled whatever comes of it and says it; the rc is
 * result->rc. An interrupt or a server that does not answer leaves it unanswered: the
 * result says so.
 */
enum weir_rc weir_act(struct weir_session *s, const struct weir_act *act,
	const struct weir_id *run, struct weir_act_result *ret_result);

/*
 * What weir_act would send, by what the store knows of the object: its path (a POST, or
 * `PATCH /path`) and, if body is not NULL, its body, with NEW for the key. Nothing
 * would be sent: path stays empty and *ret_result says why. The result has the object's
 * name and what is worth a warning.
 */
WEIR_NODISCARD enum weir_rc weir_act_plan(struct weir_store *store,
	const struct weir_act *act, const struct weir_id *run, struct buf *path,
	struct buf *body, struct weir_act_result *ret_result, struct weir_err *err);

/*
 * What else it changes, by what the store knows: what goes with a pool that is deleted,
 * the runs that a paused deployment loses. A line each, without an end of line; none:
 * out stays as it is.
 */
WEIR_NODISCARD enum weir_rc weir_act_company(struct weir_store *store,
	const struct weir_act *act, const struct weir_id *id, struct buf *out,
	struct weir_err *err);

/* The command that does it, without its ids: `weir retrigger --same`. */
void weir_act_command(const struct weir_act *act, struct buf *out);

/* Told of each that was settled, one line. */
typedef void weir_act_note_fn(void *arg, const char *text);

/*
 * What was sent by a weir that has gone and was not answered: found at the server, it
 * is done; not found and young, it is sent again with the same key; else told. Nothing
 * is done in read-only mode, nor if there is nothing to be settled.
 */
WEIR_NODISCARD enum weir_rc weir_act_settle(struct weir_session *s,
	weir_act_note_fn *note, void *arg, struct weir_err *err);

/* Send what is in the journal without an answer, or lost, once more. */
enum weir_rc weir_act_resend(
	struct weir_session *s, int64_t number, struct weir_act_result *ret_result);

#endif
