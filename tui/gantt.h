/*
 * A run's task runs and child runs as a tree in the order of its lines, with what each
 * waited for and how long it was in which state. Read from the store in one go.
 */
#ifndef WEIR_TUI_GANTT_H
#define WEIR_TUI_GANTT_H

#include <weir/mem.h>
#include <weir/store.h>
#include <weir/types.h>

#include "finder.h"

enum { GANTT_NODES_MAX = 5000, GANTT_DEPTH_MAX = 12 };

/* A stretch of time: at work, or only waiting for it. */
struct gantt_part {
	int64_t from_us, to_us; /* WEIR_NO_TIME: until now */
	bool works;
};

struct gantt_node {
	enum weir_kind kind; /* WEIR_RUN or WEIR_TASK_RUN */
	struct weir_id id;
	int64_t key; /* names the line; not 0 */
	enum weir_state state;
	const char *state_name, *name;
	int64_t start_us, end_us, due_us;
	int64_t tries;
	int depth;
	bool last;            /* of those below the same one */
	struct weir_id *from; /* task runs that it waited for */
	size_t n_from;
	struct gantt_part *parts; /* in order of time */
	size_t n_parts;
};

struct gantt {
	struct arena arena;
	VEC(struct gantt_node) nodes; /* the run itself first; none: it is gone */
	int64_t from_us, to_us;       /* WEIR_NO_TIME: nothing began yet */
	size_t n_bad;
	bool live;
};

/* Read anew; t is cleared first. */
void gantt_read(struct gantt *t, struct weir_store *store, const struct weir_id *run,
	int64_t now_us);
/* The same by the query thread; false: the answer is that it failed. */
uint64_t gantt_ask(
	struct finder *f, uint64_t view, const struct weir_id *run, int64_t now_us);
bool gantt_take(struct gantt *t, struct finder_answer *answer);
void gantt_release(struct gantt *t);

/* Did node a wait for node b? */
bool gantt_waited(const struct gantt *t, size_t a, size_t b);

/* Where a moment is among `columns` cells that span [from, to]; may lie outside. */
int gantt_cell(int64_t us, int64_t from_us, int64_t to_us, int columns);

#endif
