/* Deployments and their schedules, as the two files see each other. */
#ifndef WEIR_CLIENT_EMBEDDED_DEPLOYMENTS_H
#define WEIR_CLIENT_EMBEDDED_DEPLOYMENTS_H

#include "embedded_priv.h"

/* Schedules that a body has (may be NULL); false: the answer says what is wrong. */
bool embedded_check_schedules(struct embedded_call *c, const json_t *schedules);
/* With ids and what is left out filled in. Owned. */
json_t *embedded_new_schedules(
	struct embedded_call *c, const char *deployment, const json_t *given);
/* In place of those of d: by slug where all have one; false: the answer says why not.
 */
bool embedded_patch_schedules(struct embedded_call *c, json_t *d, const json_t *given);
/* What is given of one, over what it was. */
void embedded_merge_schedule(
	struct embedded_call *c, json_t *schedule, const json_t *given);
/* The rows of a deployment are these (NULL: none). */
WEIR_NODISCARD enum weir_rc embedded_put_schedules(struct embedded_call *c,
	const struct weir_id *deployment, const json_t *schedules);

#endif
