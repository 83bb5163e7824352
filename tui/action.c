#include "action.h"

#include <weir/mem.h>

#include "app.h"

/* clang-format off */
#define MOVE (CONTEXT_LIST | CONTEXT_RUN | CONTEXT_LOG | CONTEXT_HELP)
#define RUNS (CONTEXT_LIST | CONTEXT_RUN)
#define ONE  (CONTEXT_LIST | CONTEXT_RUN | CONTEXT_LOG)

static const struct action actions[ACTION_N] = {
	[ACTION_NONE] = { "none", "", "nothing: takes a key out of use", CONTEXT_ALL, app_nothing },
	[ACTION_UP] = { "up", "up", "one line up", MOVE, app_forward },
	[ACTION_DOWN] = { "down", "down", "one line down", MOVE, app_forward },
	[ACTION_LEFT] = { "left", "left", "scroll to the left", MOVE, app_forward },
	[ACTION_RIGHT] = { "right", "right", "scroll to the right", MOVE, app_forward },
	[ACTION_PAGE_UP] = { "page-up", "page up", "one screen up", MOVE, app_forward },
	[ACTION_PAGE_DOWN] = { "page-down", "page down", "one screen down", MOVE, app_forward },
	[ACTION_FIRST] = { "first", "first", "to the first line", MOVE, app_forward },
	[ACTION_LAST] = { "last", "last", "to the last line", MOVE, app_forward },
	[ACTION_OPEN] = { "open", "open", "open what the cursor is on", RUNS, app_forward },
	[ACTION_BACK] = { "back", "back", "back to the view before; leaves from the first one", CONTEXT_ALL, app_back },
	[ACTION_QUIT] = { "quit", "quit", "leave weir at once", CONTEXT_ALL, app_quit },
	[ACTION_SEARCH] = { "search", "search", "search as you type: a query in lists, a word or /re/ in logs", CONTEXT_LIST | CONTEXT_LOG | CONTEXT_HELP, app_forward },
	[ACTION_NEXT] = { "next", "next", "next match", CONTEXT_LIST | CONTEXT_LOG | CONTEXT_HELP, app_forward },
	[ACTION_PREVIOUS] = { "previous", "previous", "previous match", CONTEXT_LIST | CONTEXT_LOG | CONTEXT_HELP, app_forward },
	[ACTION_SORT] = { "sort", "sort", "then a column's letter or number: sort by it; again: reverse; 0: as it was", CONTEXT_LIST, app_forward },
	[ACTION_NEXT_BAD] = { "next-bad", "failure", "next failed run or task; next error of a log", ONE, app_forward },
	[ACTION_PREVIOUS_BAD] = { "previous-bad", "error", "previous failed run or task; previous error of a log", ONE, app_forward },
	[ACTION_LOG] = { "log", "log", "the log of this run or task", RUNS, app_forward },
	[ACTION_COPY_ID] = { "copy-id", "copy id", "copy the id to the clipboard (OSC 52)", ONE, app_copy_id },
	[ACTION_COPY_COMMAND] = { "copy-command", "copy command", "copy the command that shows this view", ONE, app_copy_command },
	[ACTION_WEB] = { "web", "web page", "open the web page in a browser", ONE, app_web },
	[ACTION_FOLLOW] = { "follow", "follow", "follow the log as it grows, or stay", CONTEXT_LOG, app_forward },
	[ACTION_LEVEL_1] = { "level-debug", "all lines", "show all lines", CONTEXT_LOG, app_forward },
	[ACTION_LEVEL_2] = { "level-info", "info", "show level info and above", CONTEXT_LOG, app_forward },
	[ACTION_LEVEL_3] = { "level-warning", "warning", "show level warning and above", CONTEXT_LOG, app_forward },
	[ACTION_LEVEL_4] = { "level-error", "errors", "show level error and above", CONTEXT_LOG, app_forward },
	[ACTION_LEVEL_5] = { "level-critical", "critical", "show level critical only", CONTEXT_LOG, app_forward },
	[ACTION_FILTER] = { "filter", "filter", "show only lines that match a word or /re/ (!word: that do not)", CONTEXT_LOG, app_forward },
	[ACTION_MORE_CONTEXT] = { "more-context", "context", "more lines around each line that the filter shows", CONTEXT_LOG, app_forward },
	[ACTION_LESS_CONTEXT] = { "less-context", "context", "fewer lines around it", CONTEXT_LOG, app_forward },
	[ACTION_TIMES] = { "times", "times", "times: as a span, in full; in logs also none", CONTEXT_LIST | CONTEXT_LOG, app_forward },
	[ACTION_ZONE] = { "zone", "zone", "times in UTC or here", ONE, app_zone },
	[ACTION_WRAP] = { "wrap", "wrap", "wrap long lines, or cut them", CONTEXT_LOG, app_forward },
	[ACTION_REFRESH] = { "refresh", "refresh", "ask the server now", ONE, app_refresh },
	[ACTION_REPAINT] = { "repaint", "repaint", "draw the screen anew", CONTEXT_ALL, app_repaint },
	[ACTION_SUSPEND] = { "suspend", "suspend", "stop weir; fg brings it back", CONTEXT_ALL, app_suspend },
	[ACTION_HELP] = { "help", "keys", "all keys that work here", CONTEXT_LIST | CONTEXT_RUN | CONTEXT_LOG, app_help },
};

static const struct {
	const char *name;
	unsigned context;
} contexts[] = {
	{ "all", CONTEXT_ALL },
	{ "list", CONTEXT_LIST },
	{ "run", CONTEXT_RUN },
	{ "log", CONTEXT_LOG },
	{ "help", CONTEXT_HELP },
};
/* clang-format on */

const struct action *
action_get(enum action_id id)
{
	return &actions[id];
}

enum action_id
action_find(struct str name)
{
	for (size_t i = 1; i < ACTION_N; i++) {
		if (str_eq(name, actions[i].name))
			return (enum action_id)i;
	}
	return ACTION_NONE;
}

unsigned
action_context(struct str name)
{
	for (size_t i = 0; i < N_ELEM(contexts); i++) {
		if (str_eq(name, contexts[i].name))
			return contexts[i].context;
	}
	return 0;
}

const char *
action_context_name(unsigned context)
{
	for (size_t i = 0; i < N_ELEM(contexts); i++) {
		if (contexts[i].context == context)
			return contexts[i].name;
	}
	return "";
}
