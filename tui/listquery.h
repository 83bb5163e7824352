/*
 * The `/` prompt of lists: the query language as it is typed, completion of fields,
 * operators and values, and the search that n, N, ] and [ go on with.
 */
#ifndef WEIR_TUI_LISTQUERY_H
#define WEIR_TUI_LISTQUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "action.h"

struct app;
struct finder_answer;
struct listview;
struct view;

struct listquery {
	char *last; /* the search that was taken back; NULL: none */
	int64_t total;
	bool counted;
	uint64_t total_job;

	uint64_t seek_job; /* rows to stop at are looked for */
	int direction;     /* of the seek: +1, -1 */
	bool bad;          /* for failures, not for the last search */

	/* Values that were asked for: of a field, with what was typed of them. */
	uint64_t values_job;
	char *field, *prefix, *values;
};

void listquery_release(struct listquery *q);

/* Run on actions of the table in view_list.c. */
void listquery_search(struct view *v, enum action_id id, const char *arg);
void listquery_next(struct view *v, enum action_id id, const char *arg);
void listquery_bad(struct view *v, enum action_id id, const char *arg);

/* The query that was typed is given up for the one that the list was opened with. */
void listquery_take_back(struct listview *r);
/* Is the query another than it began with? */
bool listquery_narrowed(const struct listview *r);
/* Is the answer one of this module's jobs? Then it is dealt with. */
bool listquery_answer(struct listview *r, struct finder_answer *answer);

#endif
