#include "weir/types.h"

#include <strings.h>

#include "weir/mem.h"

static const struct {
	const char *one, *many;
} kinds[WEIR_N_KINDS] = {
	[WEIR_RUN] = { "run", "runs" },
	[WEIR_TASK_RUN] = { "task run", "task runs" },
	[WEIR_FLOW] = { "flow", "flows" },
	[WEIR_DEPLOYMENT] = { "deployment", "deployments" },
	[WEIR_POOL] = { "work pool", "work pools" },
	[WEIR_QUEUE] = { "work queue", "work queues" },
	[WEIR_WORKER] = { "worker", "workers" },
	[WEIR_ARTIFACT] = { "artifact", "artifacts" },
	[WEIR_LIMIT] = { "concurrency limit", "concurrency limits" },
	[WEIR_ENVIRONMENT] = { "environment", "environments" },
};

static const char *const states[WEIR_N_STATES] = {
	[WEIR_ST_NONE] = "",
	[WEIR_ST_SCHEDULED] = "SCHEDULED",
	[WEIR_ST_PENDING] = "PENDING",
	[WEIR_ST_RUNNING] = "RUNNING",
	[WEIR_ST_PAUSED] = "PAUSED",
	[WEIR_ST_CANCELLING] = "CANCELLING",
	[WEIR_ST_COMPLETED] = "COMPLETED",
	[WEIR_ST_FAILED] = "FAILED",
	[WEIR_ST_CANCELLED] = "CANCELLED",
	[WEIR_ST_CRASHED] = "CRASHED",
};

static const struct weir_state_look looks[WEIR_N_STATES] = {
	[WEIR_ST_NONE] = { "\u25cb", '.', "" },
	[WEIR_ST_SCHEDULED] = { "\u25cb", '.', "" },
	[WEIR_ST_PENDING] = { "\u25d4", ')', "cyan" },
	[WEIR_ST_RUNNING] = { "\u25d0", '>', "cyan" },
	[WEIR_ST_PAUSED] = { "\u2016", '=', "yellow" },
	[WEIR_ST_CANCELLING] = { "\u2298", '-', "magenta" },
	[WEIR_ST_COMPLETED] = { "\u25cf", '+', "green" },
	[WEIR_ST_FAILED] = { "\u2717", 'x', "red" },
	[WEIR_ST_CANCELLED] = { "\u2298", '-', "magenta" },
	[WEIR_ST_CRASHED] = { "!", '!', "bold red" },
};

/* Names that look otherwise than their type does. */
static const struct {
	enum weir_state type;
	const char *name;
	struct weir_state_look look;
} named[] = {
	{ WEIR_ST_SCHEDULED, "Late", { "\u25cc", 'L', "yellow" } },
	{ WEIR_ST_FAILED, "TimedOut", { "!", '!', "bold red" } },
};

const char *
weir_kind_name(enum weir_kind kind)
{
	return kinds[kind].one;
}

const char *
weir_kind_plural(enum weir_kind kind)
{
	return kinds[kind].many;
}

const char *
weir_state_type(enum weir_state state)
{
	return (unsigned)state < WEIR_N_STATES ? states[state] : "";
}

bool
weir_state_parse(struct str type, enum weir_state *ret_state)
{
	for (int i = WEIR_ST_SCHEDULED; i < WEIR_N_STATES; i++) {
		if (strlen(states[i]) != type.len ||
			strncasecmp(states[i], type.s, type.len) != 0)
			continue;
		*ret_state = (enum weir_state)i;
		return true;
	}
	return false;
}

const struct weir_state_look *
weir_state_look(enum weir_state type, struct str name)
{
	for (size_t i = 0; i < N_ELEM(named); i++) {
		if (named[i].type == type && str_eq(name, named[i].name))
			return &named[i].look;
	}
	return &looks[(unsigned)type < WEIR_N_STATES ? type : WEIR_ST_NONE];
}
