/*
 * Long text on a screen: wrapped or cut with horizontal scrolling, colours of the text
 * kept, matches highlighted, tracebacks folded. The lines come from a source, one at a
 * time; only what is on the screen is ever looked at.
 */
#ifndef WEIR_TUI_PAGER_H
#define WEIR_TUI_PAGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/buf.h>
#include <weir/match.h>
#include <weir/mem.h>
#include <weir/sgr.h>

#include "action.h"
#include "draw.h"

enum { PAGER_TEXT_MAX = 256 << 10, PAGER_SPANS = 5, PAGER_ROWS_MAX = 20000 };
enum { PAGER_CACHE = 512 };

/* Before the text: fixed columns such as time and level. */
struct pager_span {
	enum style style;
	struct str text;
	int width;
	bool right; /* right-aligned, a column is left free behind it */
};
struct pager_line {
	struct pager_span spans[PAGER_SPANS];
	int n_spans;
	enum style style;
	struct str text; /* any bytes; may contain newlines */
	bool folded;     /* hide the frames of tracebacks in it */
	bool hidden;     /* in the fold of a line before it: no row at all */
	size_t n_hidden; /* so many lines after it are */
};
struct pager_source {
	size_t (*n)(void *arg);
	/* Borrowed until the next call. False: it cannot be read. */
	bool (*line)(void *arg, size_t i, struct pager_line *ret_line);
};

/* A row of a line: text, or what stands for so many folded lines (text.len). */
struct pager_row {
	struct str text;
	bool fold;
};

struct pager {
	const struct pager_source *source;
	void *arg;
	int width, height;
	bool wrap, utf8;
	bool prose;      /* wrap between words */
	bool cursor;     /* the current line moves; else the text does */
	int left;        /* columns scrolled away, without wrap */
	size_t top, sub; /* first line on the screen, and which of its rows */
	size_t current;  /* the line that one is on; PAGER_NONE: none */
	const struct weir_match *match; /* borrowed; NULL: no highlight */
	/* scratch: the rows of one line */
	struct buf text;
	struct weir_sgr_runs colours;
	VEC(struct pager_row) rows;
	/* how many rows lines have, for as long as nothing changes */
	uint64_t generation;
	struct {
		uint64_t generation;
		size_t line, rows;
	} cache[PAGER_CACHE];
};

#define PAGER_NONE ((size_t)-1)

void pager_init(struct pager *p, const struct pager_source *source, void *arg);
void pager_release(struct pager *p);
void pager_size(struct pager *p, int width, int height);
bool pager_act(struct pager *p, enum action_id id); /* moves; false: not a move */
void pager_goto(struct pager *p, size_t line); /* a third down the screen or near */
void pager_show(struct pager *p, size_t line); /* scrolls only if it is not visible */
void pager_show_match(struct pager *p, size_t line); /* and the row that has a match */
/* Which row of the screen the current line is on; show it there. */
int pager_row(struct pager *p);
void pager_put(struct pager *p, size_t line, int row);
void pager_end(struct pager *p);
bool pager_at_end(struct pager *p);
void pager_changed(struct pager *p);  /* what lines look like */
void pager_clamp(struct pager *p);    /* after the source changed */
size_t pager_bottom(struct pager *p); /* the last line of which something is visible */
/*
 * Rows y..; the draw's limit is p->width. edge adds to each row what stands right of
 * it; it must not call the pager.
 */
void pager_paint(struct pager *p, struct draw *d, int y,
	void (*edge)(void *arg, struct draw *d, int row));

/* Of pager_rows.c. */
size_t pager_rows_of(struct pager *p, size_t line);
void pager_rows_split(struct pager *p, const struct pager_line *line, bool whole);
int pager_rows_columns(const struct pager *p, const struct pager_line *line);

#endif
