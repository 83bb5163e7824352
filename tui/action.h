/*
 * Actions: one table of everything that can be done. Key handling, the `:` palette,
 * hints, help and weir-keys(7) all read it.
 */
#ifndef WEIR_TUI_ACTION_H
#define WEIR_TUI_ACTION_H

#include <stddef.h>

#include <weir/buf.h>

struct app;

enum context {
	CONTEXT_LIST = 1 << 0,   /* runs, flows, deployments, pools, limits */
	CONTEXT_DETAIL = 1 << 1, /* everything about one object */
	CONTEXT_LOG = 1 << 2,
	CONTEXT_TIMELINE = 1 << 3,
	CONTEXT_PAGE = 1 << 4,    /* why, messages, what was done, groups */
	CONTEXT_COLUMNS = 1 << 5, /* the chooser of columns */
	CONTEXT_HELP = 1 << 6,
	CONTEXT_FORM = 1 << 7, /* with which a run is started */
	CONTEXT_ENVS = 1 << 8, /* lists of environments */
	CONTEXT_ENV = 1 << 9,  /* one of them, and how two differ */
	CONTEXT_ALL = (1 << 10) - 1,
	CONTEXT_LISTS = CONTEXT_LIST | CONTEXT_ENVS,
};

/* What may follow an action's name in the palette; completion goes by it. */
enum action_arg {
	ARG_NONE,
	ARG_QUERY,   /* of the list, in the query language */
	ARG_SORT,    /* as --sort */
	ARG_COLUMNS, /* as --columns */
	ARG_FIELD,   /* one column */
	ARG_PLACE,   /* `42`, `42%`, a time */
	ARG_TEXT,    /* a word, /re/ */
	ARG_FILE,
	ARG_VIEW, /* name or number of a named view */
	ARG_PROFILE,
	ARG_OBJECT, /* id, prefix, name, @latest, @failed, web address */
};

enum action_id {
	ACTION_NONE,
	/* moving */
	ACTION_UP,
	ACTION_DOWN,
	ACTION_LEFT,
	ACTION_RIGHT,
	ACTION_PAGE_UP,
	ACTION_PAGE_DOWN,
	ACTION_HALF_UP,
	ACTION_HALF_DOWN,
	ACTION_FIRST,
	ACTION_LAST,
	ACTION_GOTO,
	ACTION_OPEN,
	ACTION_BACK,
	ACTION_QUIT,
	/* finding */
	ACTION_SEARCH,
	ACTION_NEXT,
	ACTION_PREVIOUS,
	ACTION_NEXT_BAD,
	ACTION_PREVIOUS_BAD,
	/* lists */
	ACTION_SORT,
	ACTION_COLUMNS,
	ACTION_GROUP,
	ACTION_TREE,
	ACTION_FOLD,
	ACTION_MARK,
	ACTION_MARK_RANGE,
	ACTION_MARK_ALL,
	ACTION_UNMARK,
	ACTION_PREVIEW,
	ACTION_PREVIEW_UP,
	ACTION_PREVIEW_DOWN,
	ACTION_PREVIEW_SEARCH,
	/* the chooser of columns */
	ACTION_MOVE_LEFT,
	ACTION_MOVE_RIGHT,
	ACTION_NARROWER,
	ACTION_WIDER,
	/* of an object */
	ACTION_LOG,
	ACTION_TIMELINE,
	ACTION_WHY,
	ACTION_PARAMETERS,
	ACTION_TRIGGER,
	ACTION_RETRIGGER,
	ACTION_CANCEL,
	ACTION_RESUME,
	ACTION_PAUSE,
	ACTION_UNPAUSE,
	ACTION_COPY_ID,
	ACTION_COPY_COMMAND,
	ACTION_WEB,
	ACTION_SELECT,
	ACTION_DIFF,
	/* forms */
	ACTION_DEFAULT,
	ACTION_UNDO,
	ACTION_NULL,
	/* logs */
	ACTION_FOLLOW,
	ACTION_LEVEL_1,
	ACTION_LEVEL_2,
	ACTION_LEVEL_3,
	ACTION_LEVEL_4,
	ACTION_LEVEL_5,
	ACTION_FILTER,
	ACTION_TASK,
	ACTION_LOGGER,
	ACTION_MORE_CONTEXT,
	ACTION_LESS_CONTEXT,
	ACTION_TIMES,
	ACTION_ZONE,
	ACTION_TIME_MARK,
	ACTION_JUMP,
	ACTION_WRAP,
	ACTION_MERGE,
	ACTION_COPY_LINE,
	ACTION_SAVE,
	ACTION_PAGER,
	ACTION_EDITOR,
	/* views */
	ACTION_COMMAND,
	ACTION_SHELL,
	ACTION_VIEW,
	ACTION_NEXT_VIEW,
	ACTION_PREVIOUS_VIEW,
	ACTION_SAVE_VIEW,
	ACTION_RUNS,
	ACTION_TASK_RUNS,
	ACTION_FLOWS,
	ACTION_DEPLOYMENTS,
	ACTION_POOLS,
	ACTION_QUEUES,
	ACTION_WORKERS,
	ACTION_LIMITS,
	ACTION_ARTIFACTS,
	ACTION_ENVIRONMENTS,
	ACTION_SHOW,
	ACTION_STARTED,
	ACTION_HISTORY,
	ACTION_MESSAGES,
	ACTION_PROFILE,
	ACTION_DUMP,
	/* the program */
	ACTION_REFRESH,
	ACTION_REPAINT,
	ACTION_SUSPEND,
	ACTION_HELP,
	ACTION_N
};

struct action {
	const char *name; /* in key maps and the palette: "next-bad" */
	const char *hint; /* a word for the bottom line */
	const char *help; /* one line */
	unsigned contexts;
	enum action_arg arg;
	/* arg: what stood behind the name in the palette; NULL: by key, or nothing did.
	 */
	void (*run)(struct app *app, enum action_id id, const char *arg);
};

const struct action *action_get(enum action_id id);
/* The id of a name, ACTION_NONE if there is none. */
enum action_id action_find(struct str name);

/* The name most like it of those that work in one of the contexts, or NULL. */
const char *action_nearest(struct str name, unsigned contexts);
/* `sort dur:desc`: the name, and what stands behind it without blanks around it. */
void action_split(struct str text, struct str *ret_name, struct str *ret_arg);
/* What to write for an argument: "COLUMN[:desc],..."; "" for none. */
const char *action_arg_name(enum action_arg arg);

/* Contexts as key maps write them: "all", "list", "detail", "log", ... 0: none such. */
#define ACTION_CONTEXTS                                                                \
	"all, list, detail, log, timeline, page, columns, help, form, "                \
	"environments, environment"
unsigned action_context(struct str name);
const char *action_context_name(unsigned context);        /* "" for several */
void action_contexts(unsigned contexts, struct buf *out); /* "list, log" */
void action_places(unsigned contexts, struct buf *out);   /* "lists, logs" */

#endif
