/*
 * What is known of one object of any kind, written as the lines of a page: state and
 * why it waits, times, place, parameters, history, what hangs on it. Read from the
 * store in one go.
 */
#ifndef WEIR_TUI_FACTS_H
#define WEIR_TUI_FACTS_H

#include <weir/store.h>
#include <weir/types.h>

#include "page.h"

struct facts {
	/* Given. */
	struct page *p; /* clear; its width is set */
	struct weir_store *store;
	const struct theme *theme;
	int64_t now_us;
	bool utc;
	bool brief; /* for a pane: what hangs on it is only counted */
	enum weir_kind kind;
	struct weir_id id;
	/* Found. */
	char id_text[WEIR_ID_TEXT + 1];
	char name[256];
	char flow[256]; /* of a run: its flow's name */
	enum weir_state state;
	struct weir_id run;    /* of a task run, an artifact: the run it belongs to */
	size_t n_below, n_bad; /* runs and task runs listed, those that failed */
	size_t n_tasks;
	bool live;      /* what it shows grows with time */
	bool shortened; /* parameters that did not fit */
};

/* False: the store does not have it (any more). */
bool facts_write(struct facts *f);

/* The parameters of a run or deployment, or what an artifact holds, whole. */
bool facts_write_data(struct facts *f);

#endif
