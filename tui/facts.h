/*
 * What is known of one run, as lines for a screen: state and why it waits, times,
 * place, parameters, history, task runs, child runs, artifacts. Read from the store in
 * one go.
 */
#ifndef WEIR_TUI_FACTS_H
#define WEIR_TUI_FACTS_H

#include <weir/mem.h>
#include <weir/store.h>
#include <weir/types.h>

#include "theme.h"

enum { FACTS_ROWS_MAX = 5000, FACTS_TEXT_MAX = 16 << 10 };

enum facts_kind {
	FACTS_STATE,   /* glyph, state, name; flow at the right */
	FACTS_MESSAGE, /* a line of text below it */
	FACTS_FACT,    /* label and text */
	FACTS_HEADING,
	FACTS_BLANK,
	FACTS_TASK,  /* can be opened: its log */
	FACTS_CHILD, /* can be opened: its own view */
	FACTS_ARTIFACT,
};

struct facts_line {
	enum facts_kind kind;
	int64_t key; /* names the line for as long as the view lives; not 0 */
	struct weir_id id;
	enum weir_state state;
	const char *state_name;
	const char *label, *text; /* all text in the arena */
	enum style style;
	int64_t start_us, end_us; /* WEIR_NO_TIME: none (yet) */
};

struct facts {
	struct arena arena;
	VEC(struct facts_line) lines;
	bool found;
	char name[256], flow[256];
	enum weir_state state;
	int64_t start_us, end_us; /* what time bars span */
};

struct facts_look {
	int64_t now_us;
	bool utc;
	int width; /* long texts are broken to fit */
	const char *dot, *dash;
};

/* Read anew; f is cleared first. */
void facts_read(struct facts *f, struct weir_store *store, const struct weir_id *run,
	const struct facts_look *look);
void facts_release(struct facts *f);

#endif
