/* weir pools create, set, delete. */
#ifndef WEIR_CLI_POOLS_ACT_H
#define WEIR_CLI_POOLS_ACT_H

#include "acts.h"

struct pools_act {
	struct acts_args acts;
	const char *type, *description, *limit, *priority;
};

/* clang-format off */
#define POOLS_ACT_OPTS(of, what) \
	{ "type", 't', OPT_STRING, offsetof(of, what.type), "TYPE", \
	  NULL, "create: type of the pool; process unless told" }, \
	{ "limit", 'l', OPT_STRING, offsetof(of, what.limit), "N", \
	  NULL, "create, set: so many runs at once, or none for no limit" }, \
	{ "priority", 'p', OPT_STRING, offsetof(of, what.priority), "N", \
	  NULL, "create, set: of a queue; 1 is first" }, \
	{ "description", 0, OPT_STRING, offsetof(of, what.description), "TEXT", \
	  NULL, "create, set: what it is for" }, \
	{ "dry-run", 'd', OPT_FLAG, offsetof(of, what.acts.dry_run), NULL, \
	  NULL, "print what would be sent, send nothing" }
/* clang-format on */

/* Is the first word one of them? */
bool pools_act_is(const struct ctx *ctx);
WEIR_NODISCARD enum weir_rc pools_act_run(
	struct ctx *ctx, const struct pools_act *args, const char *output);
/* Options that only they have were given: an error without them. */
WEIR_NODISCARD enum weir_rc pools_act_none(
	struct ctx *ctx, const struct pools_act *args);

#endif
