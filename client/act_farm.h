/* Acting on deployments, work pools and queues: from the wish to its result. */
#ifndef WEIR_CLIENT_ACT_FARM_H
#define WEIR_CLIENT_ACT_FARM_H

#include "actions.h"

/* a is open; id names the object, but of what is to be created. Fills a->result. */
void act_farm_do(struct action *a, const struct weir_id *id);

/*
 * What was left without an answer: is it as the request wanted it? path as in the
 * journal. WEIR_ENOTFOUND: the object is gone.
 */
WEIR_NODISCARD enum weir_rc act_farm_look(struct action *a, const struct weir_id *id,
	const char *path, const char *body, bool *ret_found);

/* The same request once more, from the journal. */
void act_farm_again(
	struct action *a, const struct weir_id *id, const char *path, const char *body);

#endif
