/*
 * Acting on runs: cancel, retrigger. What is reported is what the server really
 * accepted; nothing is ever forced by itself.
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
	WEIR_N_ACTS
};
const char *weir_act_verb(enum weir_act_kind kind); /* "cancel", "retrigger", ... */
/* The kind of a verb; false: none. */
bool weir_act_parse(const char *verb, enum weir_act_kind *ret_kind);

/* Over so many at once a person must type how many there are. */
enum { WEIR_ACT_MANY = 20, WEIR_ACT_TEXT_MAX = 768 };

struct weir_act {
	enum weir_act_kind kind;
	/* Cancel: call it cancelled without waiting for whoever runs it. */
	bool force;
	/* Retrigger: the same run once more, not a new one of its deployment. */
	bool same;
	bool defaults; /* a new run: with the deployment's parameters, not the run's */
	/* A JSON object that is laid over the parameters of a new run, or NULL. */
	const char *parameters;
};

struct weir_act_result {
	enum weir_rc rc; /* WEIR_OK: it is as was asked */
	struct weir_id run;
	struct weir_id made;          /* the new run; all zero: none */
	char name[128];               /* of the run, as it came: sanitise */
	char said[WEIR_ACT_TEXT_MAX]; /* "cancelled", "started again as ..." */
	char hint[256];               /* what to try; "" */
};

/* WEIR_EREFUSED in read-only mode: says who asked for that. */
WEIR_NODISCARD enum weir_rc weir_act_allowed(const struct weir_config *config,
	enum weir_act_kind kind, struct weir_err *err);

/*
 * Do it to a run. The result is filled whatever comes of it and says it; the rc is
 * result->rc. An interrupt or a server that does not answer leaves it unanswered: the
 * result says so.
 */
enum weir_rc weir_act(struct weir_session *s, const struct weir_act *act,
	const struct weir_id *run, struct weir_act_result *ret_result);

/*
 * What weir_act would send, by what the store knows of the run: `POST <path>` and, if
 * body is not NULL, its body, with NEW for the key. Nothing would be sent: path stays
 * empty and *ret_result says why. The result has the run's name and what is worth a
 * warning.
 */
WEIR_NODISCARD enum weir_rc weir_act_plan(struct weir_store *store,
	const struct weir_act *act, const struct weir_id *run, struct buf *path,
	struct buf *body, struct weir_act_result *ret_result, struct weir_err *err);

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
