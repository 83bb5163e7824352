#include "action.h"

#include <weir/mem.h>
#include <weir/text.h>

#include "app.h"

/* clang-format off */
#define LIST CONTEXT_LIST
#define LISTS CONTEXT_LISTS
#define DETAIL CONTEXT_DETAIL
#define LOG CONTEXT_LOG
#define TIMELINE CONTEXT_TIMELINE
#define COLUMNS CONTEXT_COLUMNS
#define HELP CONTEXT_HELP
#define FORM CONTEXT_FORM
#define ENVS CONTEXT_ENVS
#define ENV CONTEXT_ENV
#define ALL CONTEXT_ALL
#define MOVE CONTEXT_ALL
/* Where there is an object, or are many. */
#define ONE (LIST | DETAIL | LOG | TIMELINE)

static const struct action actions[ACTION_N] = {
	[ACTION_NONE] = { "none", "", "nothing: takes a key out of use", ALL, ARG_NONE, app_nothing },
	[ACTION_UP] = { "up", "up", "one line up", MOVE, ARG_NONE, app_forward },
	[ACTION_DOWN] = { "down", "down", "one line down", MOVE, ARG_NONE, app_forward },
	[ACTION_LEFT] = { "left", "left", "scroll to the left; in a form: the choice before", MOVE, ARG_NONE, app_forward },
	[ACTION_RIGHT] = { "right", "right", "scroll to the right; in a form: the next choice", MOVE, ARG_NONE, app_forward },
	[ACTION_PAGE_UP] = { "page-up", "page up", "one screen up", MOVE, ARG_NONE, app_forward },
	[ACTION_PAGE_DOWN] = { "page-down", "page down", "one screen down", MOVE, ARG_NONE, app_forward },
	[ACTION_HALF_UP] = { "half-up", "half up", "half a screen up", MOVE, ARG_NONE, app_forward },
	[ACTION_HALF_DOWN] = { "half-down", "half down", "half a screen down", MOVE, ARG_NONE, app_forward },
	[ACTION_FIRST] = { "first", "first", "to the first line", MOVE, ARG_NONE, app_forward },
	[ACTION_LAST] = { "last", "last", "to the last line", MOVE, ARG_NONE, app_forward },
	[ACTION_GOTO] = { "goto", "go to", "to a line, a part (42%), in logs also a time", LISTS | LOG, ARG_PLACE, app_forward },
	[ACTION_OPEN] = { "open", "open", "open what the cursor is on; in the help: do it", ALL, ARG_NONE, app_forward },
	[ACTION_BACK] = { "back", "back", "back to the view before; leaves from the first one", ALL, ARG_NONE, app_back },
	[ACTION_QUIT] = { "quit", "quit", "leave weir at once", ALL, ARG_NONE, app_quit },
	[ACTION_SEARCH] = { "search", "search", "search as you type: a query in lists, a word or /re/ elsewhere", ALL & ~(COLUMNS | TIMELINE), ARG_TEXT, app_forward },
	[ACTION_NEXT] = { "next", "next", "next match", ALL & ~(COLUMNS | TIMELINE), ARG_NONE, app_forward },
	[ACTION_PREVIOUS] = { "previous", "previous", "previous match", ALL & ~(COLUMNS | TIMELINE), ARG_NONE, app_forward },
	[ACTION_NEXT_BAD] = { "next-bad", "failure", "next failed run or task; next error of a log", ONE, ARG_NONE, app_forward },
	[ACTION_PREVIOUS_BAD] = { "previous-bad", "error", "previous failed run or task; previous error of a log", ONE, ARG_NONE, app_forward },
	[ACTION_SORT] = { "sort", "sort", "then a column's letter or number; again: reverse; ~: one more; 0: as it was; of groups: count, value, newest", LISTS, ARG_SORT, app_forward },
	[ACTION_COLUMNS] = { "columns", "columns", "choose the columns: show, hide, move, resize; in the chooser: the usual ones", LISTS | COLUMNS, ARG_COLUMNS, app_forward },
	[ACTION_GROUP] = { "group", "group", "count by a field; Enter opens a group", LISTS, ARG_FIELD, app_forward },
	[ACTION_TREE] = { "tree", "tree", "runs with their child runs below them, or all alike", LIST, ARG_NONE, app_forward },
	[ACTION_FOLD] = { "fold", "fold", "open or close: child runs of a run, a traceback of a log", LIST | LOG, ARG_NONE, app_forward },
	[ACTION_MARK] = { "mark", "mark", "mark this one, or take the mark away; in the chooser: show or hide; in a form: on or off, the next choice", LISTS | COLUMNS | FORM, ARG_NONE, app_forward },
	[ACTION_MARK_RANGE] = { "mark-range", "range", "mark from here to where the cursor goes; again ends it", LISTS, ARG_NONE, app_forward },
	[ACTION_MARK_ALL] = { "mark-all", "mark all", "mark all that the filter shows", LISTS, ARG_NONE, app_forward },
	[ACTION_UNMARK] = { "unmark", "unmark", "take all marks away", LISTS, ARG_NONE, app_forward },
	[ACTION_PREVIEW] = { "preview", "preview", "show beside the list what the cursor is on: beside, below, off", LISTS, ARG_NONE, app_forward },
	[ACTION_PREVIEW_UP] = { "preview-up", "preview up", "scroll the preview up", LISTS, ARG_NONE, app_forward },
	[ACTION_PREVIEW_DOWN] = { "preview-down", "preview down", "scroll the preview down", LISTS, ARG_NONE, app_forward },
	[ACTION_PREVIEW_SEARCH] = { "preview-search", "in preview", "search in the preview; with nothing typed: the next match", LISTS, ARG_TEXT, app_forward },
	[ACTION_MOVE_LEFT] = { "move-left", "move left", "this column further to the left", COLUMNS, ARG_NONE, app_forward },
	[ACTION_MOVE_RIGHT] = { "move-right", "move right", "this column further to the right", COLUMNS, ARG_NONE, app_forward },
	[ACTION_NARROWER] = { "narrower", "narrower", "this column narrower; in the timeline: more time", COLUMNS | TIMELINE, ARG_NONE, app_forward },
	[ACTION_WIDER] = { "wider", "wider", "this column wider; in the timeline: less time, finer", COLUMNS | TIMELINE, ARG_NONE, app_forward },
	[ACTION_LOG] = { "log", "log", "the log of this run or task; of several: of the run of this line", ONE, ARG_NONE, app_forward },
	[ACTION_TIMELINE] = { "timeline", "timeline", "the tasks of this run over time", ONE & ~TIMELINE, ARG_NONE, app_timeline },
	[ACTION_WHY] = { "why", "why", "why this run failed or does not start; of a query: failed runs by error", ONE, ARG_QUERY, app_why },
	[ACTION_PARAMETERS] = { "parameters", "parameters", "the parameters of this run or deployment, whole", ONE, ARG_NONE, app_parameters },
	[ACTION_TRIGGER] = { "trigger", "start", "start a run: a form, filled with the defaults of this deployment or the values of this run; in the form: do it", ONE | FORM, ARG_OBJECT, app_trigger },
	[ACTION_RETRIGGER] = { "retrigger", "retrigger", "run this one again, or those that are marked (same, defaults, edit)", ONE | CONTEXT_PAGE, ARG_TEXT, app_act },
	[ACTION_CANCEL] = { "cancel", "cancel", "cancel this run, or those that are marked (force)", ONE | CONTEXT_PAGE, ARG_TEXT, app_act },
	[ACTION_RESUME] = { "resume", "resume", "let this run go on, or those that are marked", ONE | CONTEXT_PAGE, ARG_NONE, app_act },
	[ACTION_PAUSE] = { "pause", "pause", "hold back this deployment, pool or queue, or those that are marked", LIST | DETAIL, ARG_NONE, app_act },
	[ACTION_UNPAUSE] = { "unpause", "unpause", "let this deployment, pool or queue go on, or those that are marked", LIST | DETAIL, ARG_NONE, app_act },
	[ACTION_COPY_ID] = { "copy-id", "copy id", "copy the id to the clipboard (OSC 52)", ONE | ENVS | ENV, ARG_NONE, app_copy_id },
	[ACTION_COPY_COMMAND] = { "copy-command", "copy command", "copy the command that shows this view", ALL & ~HELP, ARG_NONE, app_copy_command },
	[ACTION_WEB] = { "web", "web page", "open the web page in a browser", ONE, ARG_NONE, app_web },
	[ACTION_SELECT] = { "select", "select", "make this environment the default of what it was asked for", ENVS | ENV, ARG_NONE, app_forward },
	[ACTION_DIFF] = { "diff", "diff", "how the marked environments differ; of one: from its default, or from the marked one", ENVS | ENV, ARG_TEXT, app_forward },
	[ACTION_DEFAULT] = { "default", "default", "take the value away: what holds then is shown", FORM, ARG_NONE, app_forward },
	[ACTION_UNDO] = { "undo", "undo", "the value that was there when the form was opened", FORM, ARG_NONE, app_forward },
	[ACTION_NULL] = { "null", "null", "null, where that is allowed", FORM, ARG_NONE, app_forward },
	[ACTION_FOLLOW] = { "follow", "follow", "follow the log as it grows, or stay", LOG, ARG_NONE, app_forward },
	[ACTION_LEVEL_1] = { "level-debug", "all lines", "show all lines", LOG, ARG_NONE, app_forward },
	[ACTION_LEVEL_2] = { "level-info", "info", "show level info and above", LOG, ARG_NONE, app_forward },
	[ACTION_LEVEL_3] = { "level-warning", "warning", "show level warning and above", LOG, ARG_NONE, app_forward },
	[ACTION_LEVEL_4] = { "level-error", "errors", "show level error and above", LOG, ARG_NONE, app_forward },
	[ACTION_LEVEL_5] = { "level-critical", "critical", "show level critical only", LOG, ARG_NONE, app_forward },
	[ACTION_FILTER] = { "filter", "filter", "show only lines that match a word or /re/ (!word: that do not)", LOG, ARG_TEXT, app_forward },
	[ACTION_TASK] = { "task", "task", "show only the lines of a task: choose it, or write its name", LOG, ARG_TEXT, app_forward },
	[ACTION_LOGGER] = { "logger", "loggers", "choose the loggers whose lines are shown", LOG, ARG_TEXT, app_forward },
	[ACTION_MORE_CONTEXT] = { "more-context", "context", "more lines around each line that the filter shows", LOG, ARG_NONE, app_forward },
	[ACTION_LESS_CONTEXT] = { "less-context", "context", "fewer lines around it", LOG, ARG_NONE, app_forward },
	[ACTION_TIMES] = { "times", "times", "times: as a span, in full; in logs also since a mark, none", LISTS | LOG, ARG_NONE, app_forward },
	[ACTION_ZONE] = { "zone", "zone", "times in UTC or here", ONE | ENVS | ENV, ARG_NONE, app_zone },
	[ACTION_TIME_MARK] = { "time-mark", "time mark", "count the times of a log from this line", LOG, ARG_NONE, app_forward },
	[ACTION_JUMP] = { "jump", "jump", "to a time: 14:03, -10m, 2026-11-20 09:00", LOG, ARG_PLACE, app_forward },
	[ACTION_WRAP] = { "wrap", "wrap", "wrap long lines, or cut them", LOG, ARG_NONE, app_forward },
	[ACTION_MERGE] = { "merge", "merge", "the logs of the marked runs, or of this one and its children, by time", LIST | DETAIL | LOG, ARG_NONE, app_forward },
	[ACTION_COPY_LINE] = { "copy-line", "copy line", "copy the text of this line", LOG, ARG_NONE, app_forward },
	[ACTION_SAVE] = { "save", "save", "save what is shown, or all of it, to a file", LISTS | LOG, ARG_FILE, app_forward },
	[ACTION_PAGER] = { "pager", "pager", "what is shown in $PAGER", LISTS | LOG, ARG_NONE, app_forward },
	[ACTION_EDITOR] = { "editor", "editor", "what is shown in $EDITOR; in a form: this value", LISTS | LOG | FORM, ARG_NONE, app_forward },
	[ACTION_COMMAND] = { "command", "command", "any action by its name, with completion", ALL, ARG_TEXT, app_command },
	[ACTION_SHELL] = { "shell", "shell", "leave for the command that shows this view, in $SHELL", ALL & ~(HELP | COLUMNS | FORM), ARG_NONE, app_shell },
	[ACTION_VIEW] = { "view", "view", "a named view, by its number or name", ALL, ARG_VIEW, app_view },
	[ACTION_NEXT_VIEW] = { "next-view", "next view", "the next named view", ALL, ARG_NONE, app_view_step },
	[ACTION_PREVIOUS_VIEW] = { "previous-view", "previous view", "the named view before", ALL, ARG_NONE, app_view_step },
	[ACTION_SAVE_VIEW] = { "save-view", "save view", "keep this list under a name", LISTS, ARG_VIEW, app_save_view },
	[ACTION_RUNS] = { "runs", "runs", "flow runs", ALL, ARG_QUERY, app_list },
	[ACTION_TASK_RUNS] = { "task-runs", "task runs", "task runs", ALL, ARG_QUERY, app_list },
	[ACTION_FLOWS] = { "flows", "flows", "flows", ALL, ARG_QUERY, app_list },
	[ACTION_DEPLOYMENTS] = { "deployments", "deployments", "deployments", ALL, ARG_QUERY, app_list },
	[ACTION_POOLS] = { "pools", "pools", "work pools", ALL, ARG_QUERY, app_list },
	[ACTION_QUEUES] = { "queues", "queues", "work queues", ALL, ARG_QUERY, app_list },
	[ACTION_WORKERS] = { "workers", "workers", "workers", ALL, ARG_QUERY, app_list },
	[ACTION_LIMITS] = { "limits", "limits", "concurrency limits", ALL, ARG_QUERY, app_list },
	[ACTION_ARTIFACTS] = { "artifacts", "artifacts", "artifacts", ALL, ARG_QUERY, app_list },
	[ACTION_ENVIRONMENTS] = { "environments", "environments", "environments of Metaflow", ALL, ARG_QUERY, app_list },
	[ACTION_SHOW] = { "show", "show", "everything about an object: id, name, @latest, @failed, web address", ALL, ARG_OBJECT, app_show },
	[ACTION_STARTED] = { "started", "new run", "the run that was started last from here", ALL, ARG_NONE, app_started },
	[ACTION_HISTORY] = { "history", "history", "what was done with weir, and how it ended", ALL, ARG_NONE, app_history },
	[ACTION_MESSAGES] = { "messages", "messages", "what weir said, errors of the server too", ALL, ARG_NONE, app_messages },
	[ACTION_PROFILE] = { "profile", "profile", "another server", ALL, ARG_PROFILE, app_profile },
	[ACTION_DUMP] = { "dump", "dump", "the screen as text into a file", ALL, ARG_FILE, app_dump },
	[ACTION_REFRESH] = { "refresh", "refresh", "ask the server now; of environments: look again", ONE | ENVS | ENV, ARG_NONE, app_refresh },
	[ACTION_REPAINT] = { "repaint", "repaint", "draw the screen anew", ALL, ARG_NONE, app_repaint },
	[ACTION_SUSPEND] = { "suspend", "suspend", "stop weir; fg brings it back", ALL, ARG_NONE, app_suspend },
	[ACTION_HELP] = { "help", "keys", "all keys that work here", ALL & ~HELP, ARG_NONE, app_help },
};

static const struct {
	const char *name;
	unsigned context;
	const char *place;
} context_names[] = {
	{ "all", CONTEXT_ALL, "all" },
	{ "list", CONTEXT_LIST, "lists" },
	{ "detail", CONTEXT_DETAIL, "details" },
	{ "log", CONTEXT_LOG, "logs" },
	{ "timeline", CONTEXT_TIMELINE, "the timeline" },
	{ "page", CONTEXT_PAGE, "pages" },
	{ "columns", CONTEXT_COLUMNS, "the chooser of columns" },
	{ "help", CONTEXT_HELP, "help" },
	{ "form", CONTEXT_FORM, "forms" },
	{ "environments", CONTEXT_ENVS, "lists of environments" },
	{ "environment", CONTEXT_ENV, "environments" },
};

static const char *const args[] = {
	[ARG_NONE] = "",
	[ARG_QUERY] = "QUERY",
	[ARG_SORT] = "COLUMN[:desc],...",
	[ARG_COLUMNS] = "COLUMN,...",
	[ARG_FIELD] = "COLUMN",
	[ARG_PLACE] = "PLACE",
	[ARG_TEXT] = "TEXT",
	[ARG_FILE] = "FILE",
	[ARG_VIEW] = "NAME",
	[ARG_PROFILE] = "PROFILE",
	[ARG_OBJECT] = "OBJECT",
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

const char *
action_nearest(struct str name, unsigned contexts)
{
	const char *names[ACTION_N];
	size_t n = 0;

	for (size_t i = 1; i < ACTION_N; i++) {
		if (actions[i].contexts & contexts)
			names[n++] = actions[i].name;
	}
	return text_nearest(name, names, n);
}

void
action_split(struct str text, struct str *ret_name, struct str *ret_arg)
{
	struct str name, arg = text;

	while (arg.len > 0 && *arg.s == ' ')
		arg.s++, arg.len--;
	name = (struct str){ arg.s, 0 };
	while (arg.len > 0 && *arg.s != ' ')
		arg.s++, arg.len--, name.len++;
	while (arg.len > 0 && *arg.s == ' ')
		arg.s++, arg.len--;
	while (arg.len > 0 && arg.s[arg.len - 1] == ' ')
		arg.len--;
	*ret_name = name;
	*ret_arg = arg;
}

const char *
action_arg_name(enum action_arg arg)
{
	return args[arg];
}

unsigned
action_context(struct str name)
{
	for (size_t i = 0; i < N_ELEM(context_names); i++) {
		if (str_eq(name, context_names[i].name))
			return context_names[i].context;
	}
	return 0;
}

const char *
action_context_name(unsigned context)
{
	for (size_t i = 0; i < N_ELEM(context_names); i++) {
		if (context_names[i].context == context)
			return context_names[i].name;
	}
	return "";
}

static void
add_contexts(unsigned which, bool places, struct buf *out)
{
	const char *sep = "";

	if (which == CONTEXT_ALL) {
		buf_adds(out, "all");
		return;
	}
	for (size_t i = 1; i < N_ELEM(context_names); i++) {
		if (!(context_names[i].context & which))
			continue;
		buf_addf(out, "%s%s", sep,
			places ? context_names[i].place : context_names[i].name);
		sep = ", ";
	}
}

void
action_contexts(unsigned which, struct buf *out)
{
	add_contexts(which, false, out);
}

void
action_places(unsigned which, struct buf *out)
{
	add_contexts(which, true, out);
}
