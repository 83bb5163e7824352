/*
 * The state of a log view: which lines are shown, what was found in them, and how the
 * query thread is asked. Lines and painting are in logview_paint.c, keys in view_log.c.
 */
#ifndef WEIR_TUI_LOGVIEW_H
#define WEIR_TUI_LOGVIEW_H

#include <weir/logs.h>
#include <weir/time.h>

#include "finder.h"
#include "pager.h"
#include "view.h"

enum slot { SLOT_FILTER, SLOT_SEARCH, SLOT_ERRORS, SLOT_WARNINGS, SLOT_N };
enum { NAME_MAX_COLUMNS = 16, TASK_ID_CHARS = WEIR_ID_TEXT, CONTEXT_MAX = 1000 };
enum times { TIMES_CLOCK, TIMES_FULL, TIMES_NONE, TIMES_N };

/* Numbers of lines in rising order. */
struct lines {
	size_t *v;
	size_t n;
	uint64_t job;
	bool asked;
};

struct log {
	struct view v;
	struct weir_id run, task; /* task all zero: the whole run */
	char run_text[WEIR_ID_TEXT + 1], task_text[WEIR_ID_TEXT + 1];
	char name[256];                 /* of the run, for the title */
	bool live;                      /* the run has not ended */
	struct weir_log_reader *reader; /* NULL: no line is here yet */
	struct pager pager;

	struct lines found[SLOT_N];
	size_t *shown; /* the lines on the screen when filtered, context included */
	size_t n_shown;
	int min_level;
	char *filter; /* "" none; a leading `!` turns it round */
	char *search;
	struct weir_match *match;
	bool jump;     /* the next answer of the search moves the screen */
	size_t origin; /* where the search began */
	size_t context;

	size_t bottom; /* number of the last line on the screen that is painted */

	size_t goal;         /* 1 + the line to be shown when it is there; 0: none */
	bool follow, paused; /* paused: scrolled away, it stays there */
	size_t seen;         /* lines that were there when it was paused */
	bool syncing;        /* the engine has not answered yet */
	uint64_t request;
	enum times times;
	int name_width;
	char failed[256];
	char time_text[WEIR_TIME_TEXT];
};

struct log *logview_of(struct view *v);
bool logview_filtered(const struct log *l);
size_t logview_n(const struct log *l);                /* lines of the log */
size_t logview_count(void *l);                        /* of them on the screen's list */
size_t logview_number(const struct log *l, size_t i); /* in the log, of line i shown */
size_t logview_at(const struct log *l, size_t number); /* the other way round */
size_t logview_top(const struct log *l); /* number of the first line on the screen */
/* The first element at or after value. */
size_t logview_bound(const size_t *v, size_t n, size_t value);

void logview_ask_all(struct log *l, size_t from); /* lines from it on are new */
void logview_ask_search(struct log *l);
void logview_build(struct log *l);    /* shown anew, from what the filter found */
void logview_refilter(struct log *l); /* level or filter changed */
bool logview_search(
	struct log *l, const char *text); /* false: no pattern, reason said */
void logview_step(struct log *l, enum slot slot, int direction);
bool logview_following(const struct log *l);
void logview_settle(struct log *l);
void logview_set(char **where, const char *text);
void logview_answer(struct view *v, struct finder_answer *answer);

extern const struct pager_source logview_source;
void logview_paint(struct view *v, struct draw *d);
void logview_paint_counts(struct view *v, struct draw *d);
void logview_paint_found(const struct log *l, enum slot slot, struct buf *out);

#endif
