/* An action on its way: what the parts of act.h share. */
#ifndef WEIR_CLIENT_ACTIONS_H
#define WEIR_CLIENT_ACTIONS_H

#include "act_rules.h"
#include "journal.h"
#include "session.h"

struct action {
	struct weir_session *session;
	struct api *api;
	struct weir_statedb *state;
	struct weir_store *store; /* NULL: it cannot be written */
	struct weir_act act;
	struct act_run run;
	struct act_plan plan;
	char *name;         /* of an object that is no run */
	struct buf reverse; /* what undoes it, where that is known */
	int64_t number;     /* in the journal */
	long status;        /* of the answer */
	struct weir_act_result *result;
	struct weir_err err;
};

/* Connect, and open what is needed; on failure the result says why. */
WEIR_NODISCARD enum weir_rc actions_open(struct action *a, struct weir_session *s,
	const struct weir_act *act, const struct weir_id *run,
	struct weir_act_result *result);
void actions_close(struct action *a);

/* The run as the server has it now, into a->run, and into the store. */
WEIR_NODISCARD enum weir_rc actions_read(struct action *a, const struct weir_id *run);

/* GET of one object; lists of one come as arrays. */
WEIR_NODISCARD enum weir_rc actions_get(struct action *a, enum weir_kind kind,
	const struct weir_id *id, struct buf *out);

/* Write down what is planned, before it is sent. */
WEIR_NODISCARD enum weir_rc actions_journal(
	struct action *a, enum weir_kind kind, const char *name);

/* Send what is planned and is in the journal, and write down how it ended. */
void actions_send(struct action *a);

/* The run that was made, as the server answered. */
void actions_made(struct action *a, struct str body);

/* Write down how it ended: by a->result, with the server's answer. */
void actions_end(struct action *a, enum weir_deed_state state, struct str answer);

/* The object's name in the result: whole characters, cut only where it is gigantic. */
void actions_name(struct weir_act_result *r, const char *name);
/* What the plan says is the result, until it is sent. */
void actions_take_plan(struct action *a);

/* It was sent and not answered: it stays in the journal. */
void actions_unanswered(struct action *a);
/* `refused: ` and the server's own words, from a->err. */
void actions_refused(struct action *a);

/* The result from a->err; `%s` in front of its text may be "". */
void actions_fail(struct action *a, const char *prefix);

/* act_metaflow.c: it is a run of Metaflow, and result says that nothing is done to it.
 */
bool act_metaflow_refused(struct weir_store *s, enum weir_act_kind kind,
	const struct weir_id *run, struct weir_act_result *result);

#endif
