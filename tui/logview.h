/*
 * The state of a log view: which lines are shown, what was found in them, and how the
 * query thread is asked. One log, or several merged by time.
 *
 * logview.c: lines in and out of the screen's list; logview_read.c: what the store has;
 * logview_find.c: questions and answers; logview_fold.c: tracebacks over several lines;
 * logview_line.c: one line; logview_paint.c: the rest of the screen; logview_act.c:
 * keys; logview_jump.c: places; logview_pick.c: loggers and tasks; logview_save.c:
 * files; view_log.c: the view as such.
 */
#ifndef WEIR_TUI_LOGVIEW_H
#define WEIR_TUI_LOGVIEW_H

#include <weir/logs.h>
#include <weir/time.h>
#include <weir/view.h>

#include "export.h"
#include "finder.h"
#include "pager.h"
#include "view.h"

enum slot { SLOT_FILTER, SLOT_SEARCH, SLOT_ERRORS, SLOT_WARNINGS, SLOT_N };
enum { SLOT_ORDER = SLOT_N, SLOT_NAMES, SLOT_LOCAL };
enum { LOGVIEW_NAME_COLUMNS = 16, LOGVIEW_FILTERS_MAX = 16, LOGVIEW_CONTEXT = 10 };
enum { LOGVIEW_POLL_US = 1000000 };
enum { LOGVIEW_CONTEXT_MAX = 1000, LOGVIEW_RUN_COLUMNS = 24 };
enum times { TIMES_CLOCK, TIMES_FULL, TIMES_AGO, TIMES_ELAPSED, TIMES_NONE, TIMES_N };

/* What the query thread found so far. */
struct lines {
	struct lineset set;
	uint64_t job;
	bool asked;
	size_t from; /* where the job is */
};

struct logrun {
	struct weir_id id;
	char id_text[WEIR_ID_TEXT + 1];
	char name[128], state[64];
	bool known, live;
	int64_t start_us;
};

/* Lines shown before and after one that passed the filters. */
struct around {
	size_t number, n;
};

/* A line, whatever number it has by now. */
struct anchor {
	size_t number;
	int64_t us;
	uint64_t hash;
};

/* Where lines are written to, slice by slice, so that keys need not wait. */
enum logview_out { OUT_NOTHING, OUT_FILE, OUT_PAGER, OUT_EDITOR };

/* Names of loggers or tasks, with counts, to choose from. */
struct logpick_item {
	char *name;
	size_t n;
	bool on;
};
struct logpick {
	VEC(struct logpick_item) items;
	VEC(size_t) listed; /* those that what is typed names */
	size_t chosen, top; /* of those; PAGER_NONE: none */
	uint64_t job;
	bool asked, toggled;
	char *before; /* the loggers when it was opened */
};

/* What a single key is awaited for. */
enum question { QUESTION_NONE, QUESTION_REPLACE };

struct log {
	struct view v;
	struct logrun *runs;
	size_t n_runs;
	struct weir_id task;    /* all zero: the whole run */
	char *task_name;        /* or this; "" none */
	char *loggers;          /* of a filter; "" all */
	bool live, was_live;    /* a run has not ended; had not when it was opened */
	struct weir_logs *logs; /* NULL: no line is here yet */
	struct pager pager;

	struct lines found[SLOT_N];
	struct logpick pick;
	struct lineset shown; /* what the filter found and context, when some is open */
	struct {
		uint64_t job;
		bool asked;
		size_t done, total;
	} ordering; /* many lines of several logs */
	int min_level;
	VEC(char *) filters;    /* all must hold: a word, /re/, `!` before either */
	size_t n_start_filters; /* of them: what it was opened with */
	char *typed;            /* one more, being typed; NULL: none */
	VEC(struct around) context;
	char *search, *before; /* what is looked for; was, before the prompt */
	struct weir_match *match;
	bool jump;     /* the next answer of the search moves the screen */
	size_t origin; /* the line where a search or a filter began */
	int origin_row, origin_left;
	bool placed; /* the screen is not yet where it was before a filter changed */

	VEC(size_t) turned; /* numbers of lines whose fold is not as all others */
	bool unfolded;      /* all others */
	struct {
		size_t from, to, head, n; /* n 0: lines from..to are no traceback */
	} fold;

	size_t goal;         /* 1 + the line to be shown when it is there; 0: none */
	size_t bottom;       /* number of the last line on the screen that is painted */
	bool touched;        /* the user has moved */
	bool follow, paused; /* paused: scrolled away, it stays there */
	bool ended;          /* what was followed has */
	bool over;           /* all of it was read, says the engine */
	size_t seen;         /* lines that were there when it was paused */
	bool syncing;        /* the engine has not answered yet */
	bool resume;         /* it was interrupted: ask again when one is here */
	size_t n_requests;
	uint64_t requests[WEIR_LOGS_RUNS_MAX];
	int64_t poll_us; /* when several live logs are asked for again */

	enum times times;
	int64_t mark_us; /* what times are counted from; WEIR_NO_TIME: the start */
	size_t mark;
	int name_width, run_width;
	enum question question;
	bool save_all;
	char *path; /* of the file to save to */
	struct {
		enum logview_out to;
		bool begun; /* else it waits for the filter */
		bool all, replace;
		struct export file;
		struct lineset lines; /* unless all */
		size_t at, n;
	} out;
	char failed[256];
	char time_text[WEIR_TIME_TEXT];
};

struct log *logview_of(struct view *v);

/* logview.c */
bool logview_filtered(const struct log *l);
size_t logview_n(const struct log *l);                /* lines of the log */
size_t logview_count(void *l);                        /* of them on the screen's list */
size_t logview_number(const struct log *l, size_t i); /* in the log, of line i shown */
size_t logview_at(const struct log *l, size_t number); /* the other way round */
size_t logview_top(const struct log *l); /* number of the first line on the screen */
size_t logview_current(const struct log *l); /* of the one that one is on */
bool logview_shows(const struct log *l, size_t number);
/* Does it pass the filters? Else it is context. */
bool logview_passes(const struct log *l, size_t number);
bool logview_line(struct log *l, size_t number, struct weir_line *ret_line);
void logview_shown(const struct log *l, struct lineset *ret_lines); /* of a filter */
void logview_build(struct log *l); /* shown anew, from what the filter found */
void logview_settle(struct log *l);
void logview_moved(struct log *l);             /* the user did */
void logview_go(struct log *l, size_t number); /* stand on it, or the next shown */
void logview_set(char **where, const char *text);
bool logview_following(const struct log *l);
struct anchor logview_anchor(struct log *l, size_t number);
size_t logview_find_anchor(struct log *l, const struct anchor *a);
void logview_context(struct log *l, bool more);

/* logview_read.c */
void logview_data(struct view *v);
void logview_read_runs(struct log *l);
void logview_resume(struct log *l); /* go on asking the server, if it was interrupted */
void logview_put_order(struct log *l, struct finder_answer *answer);

/* logview_find.c */
void logview_ask_order(struct log *l);
void logview_ask_all(struct log *l, size_t from); /* lines from it on are new */
/* Level or filters have changed; where one was must have been remembered before. */
void logview_refilter(struct log *l);
void logview_remember(struct log *l);
bool logview_search(
	struct log *l, const char *text); /* false: no pattern, reason said */
void logview_step(struct log *l, enum slot slot, int direction);
void logview_answer(struct view *v, struct finder_answer *answer);
bool logview_pattern(struct log *l, const char *text, bool may_invert);
/* The filters as one regular expression; nothing when there are none. */
void logview_grep(const struct log *l, struct buf *out);

/* logview_fold.c */
/* Is the line of a fold? Its head and how many lines are hidden behind it. */
bool logview_fold(struct log *l, size_t number, const struct weir_line *line,
	size_t *ret_head, size_t *ret_n);
bool logview_folded(const struct log *l, size_t number); /* as it is or all are */
void logview_unfold(struct log *l, size_t number);       /* a match is in it */
void logview_turn(struct log *l);                        /* the fold here, or all */

/* logview_line.c */
extern const struct pager_source logview_source;
bool logview_fill(struct log *l, size_t number, struct pager_line *out);
void logview_measure(struct log *l);

/* logview_paint.c */
void logview_paint(struct view *v, struct draw *d);
void logview_paint_counts(struct view *v, struct draw *d);
void logview_paint_found(const struct log *l, enum slot slot, struct buf *out);

/* logview_act.c, logview_jump.c, logview_pick.c, logview_save.c */
extern const struct view_act logview_acts[];
const char *logview_level_name(int level);
void logview_pick(struct view *v, enum action_id id, const char *arg);
void logview_pick_answer(struct log *l, struct finder_answer *answer);
void logview_pick_release(struct logpick *p);
void logview_jump(struct view *v, enum action_id id, const char *arg);
void logview_save(struct view *v, enum action_id id, const char *arg);
void logview_out(struct view *v, enum action_id id, const char *arg);
bool logview_saving(const struct log *l);
/* Write some more; false: there is nothing to do now. */
bool logview_save_step(struct log *l);
void logview_save_stop(struct log *l, const char *why); /* if it was asked for */
bool logview_answer_key(struct view *v, uint32_t key);

#endif
