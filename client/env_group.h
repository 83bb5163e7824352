/* Making groups of steps, a step at a time. */
#ifndef WEIR_CLIENT_ENV_GROUP_H
#define WEIR_CLIENT_ENV_GROUP_H

#include "weir/env_group.h"

/*
 * A step with its requirement set; archs as in struct weir_env_group. Texts copied. The
 * group of it.
 */
struct weir_env_group *env_group_add(struct weir_env_groups *g, const char *step,
	struct str req_id, struct str full_id, const char *archs);
/* Its steps run on arch, too; "": it is not known. Copied. */
void env_group_on(
	struct weir_env_groups *g, struct weir_env_group *group, struct str arch);
/* One that stays alone. */
void env_group_alone(struct weir_env_groups *g, const char *step, const char *fmt, ...)
	WEIR_PRINTF(3, 4);

#endif
