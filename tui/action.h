/*
 * Actions: one table of everything a key can do. Key handling, hints, the help view and
 * weir-keys(7) all read it.
 */
#ifndef WEIR_TUI_ACTION_H
#define WEIR_TUI_ACTION_H

#include <stddef.h>

#include <weir/buf.h>

struct app;

enum context {
	CONTEXT_LIST = 1 << 0, /* runs, flows, deployments, pools */
	CONTEXT_RUN = 1 << 1,  /* everything about one run */
	CONTEXT_LOG = 1 << 2,
	CONTEXT_HELP = 1 << 3,
	CONTEXT_ALL = (1 << 4) - 1,
};

enum action_id {
	ACTION_NONE,
	ACTION_UP,
	ACTION_DOWN,
	ACTION_LEFT,
	ACTION_RIGHT,
	ACTION_PAGE_UP,
	ACTION_PAGE_DOWN,
	ACTION_FIRST,
	ACTION_LAST,
	ACTION_OPEN,
	ACTION_BACK,
	ACTION_QUIT,
	ACTION_SEARCH,
	ACTION_NEXT,
	ACTION_PREVIOUS,
	ACTION_SORT,
	ACTION_NEXT_BAD,
	ACTION_PREVIOUS_BAD,
	ACTION_LOG,
	ACTION_COPY_ID,
	ACTION_COPY_COMMAND,
	ACTION_WEB,
	ACTION_FOLLOW,
	ACTION_LEVEL_1,
	ACTION_LEVEL_2,
	ACTION_LEVEL_3,
	ACTION_LEVEL_4,
	ACTION_LEVEL_5,
	ACTION_FILTER,
	ACTION_MORE_CONTEXT,
	ACTION_LESS_CONTEXT,
	ACTION_TIMES,
	ACTION_ZONE,
	ACTION_WRAP,
	ACTION_REFRESH,
	ACTION_REPAINT,
	ACTION_SUSPEND,
	ACTION_HELP,
	ACTION_N
};

struct action {
	const char *name; /* in key maps: "next-bad" */
	const char *hint; /* a word for the bottom line */
	const char *help; /* one line */
	unsigned contexts;
	void (*run)(struct app *app, enum action_id id);
};

const struct action *action_get(enum action_id id);
/* The id of a name, ACTION_NONE if there is none. */
enum action_id action_find(struct str name);

/* Contexts as key maps write them: "all", "list", "run", "log", "help". 0: none such.
 */
unsigned action_context(struct str name);
const char *action_context_name(unsigned context);

#endif
