/* Making groups of steps, a step at a time. */
#ifndef WEIR_CLIENT_ENV_GROUP_H
#define WEIR_CLIENT_ENV_GROUP_H

#include "weir/env_group.h"

/* A step with its requirement set; archs as in struct weir_env_group. Texts copied. */
void env_group_add(struct weir_env_groups *g, const char *step, struct str req_id,
	struct str full_id, const char *archs);
/* One that stays alone. */
void env_group_alone(struct weir_env_groups *g, const char *step, const char *fmt, ...)
	WEIR_PRINTF(3, 4);

#endif
