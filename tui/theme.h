/*
 * Styles by meaning, turned into attributes of the terminal's own 16 colours, and the
 * glyphs with their ASCII forms.
 */
#ifndef WEIR_TUI_THEME_H
#define WEIR_TUI_THEME_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/sgr.h>
#include <weir/types.h>

enum style {
	STYLE_PLAIN,
	STYLE_TITLE,   /* the command that shows this view */
	STYLE_HEADER,  /* column titles, section names */
	STYLE_DIM,     /* what is there but not important now */
	STYLE_STRONG,  /* what the eye shall find first */
	STYLE_ERROR,   /* messages, error lines */
	STYLE_WARNING, /* warning lines */
	STYLE_MATCH,   /* what a search found */
	STYLE_CURRENT, /* the match that n and N stand on */
	STYLE_INVALID, /* the part of a query that is not used */
	STYLE_ALERT,   /* OFFLINE */
	STYLE_KEY,     /* a key in a hint */
	STYLE_MARKED,  /* the `*` of a marked row */
	STYLE_CHANGED, /* a cell that has just changed */
	STYLE_CURSOR,  /* the fixed columns of the line that one is on */
	STYLE_GREEN,   /* the colours of states */
	STYLE_RED,
	STYLE_BOLD_RED,
	STYLE_CYAN,
	STYLE_YELLOW,
	STYLE_MAGENTA,
	STYLE_N,
	STYLE_SGR = 1 << 12, /* from there on: those of theme_sgr */
};

enum glyph {
	GLYPH_DOT,    /* between two facts */
	GLYPH_UPDOWN, /* the visible part of a list */
	GLYPH_DOWN,   /* more below, sort direction */
	GLYPH_UP,
	GLYPH_ENTER,
	GLYPH_BUSY,  /* something is being fetched */
	GLYPH_BAR,   /* one cell of a time bar */
	GLYPH_STRIP, /* the log's strip: here */
	GLYPH_MARK,  /* the log's strip: an error */
	GLYPH_WARN,  /* the log's strip: a warning */
	GLYPH_HIT,   /* the log's strip: what a search found */
	GLYPH_FOLD,  /* lines are folded */
	GLYPH_UNDER, /* a run is below another: `build ‹ parent` */
	GLYPH_WAIT,  /* a time bar: it waits */
	GLYPH_TRY,   /* a time bar: a try ended */
	GLYPH_CRUMB, /* from a view to the one it opened */
	GLYPH_DASH,  /* between two states of a history */
	GLYPH_MORE,  /* text is cut */
	GLYPH_RULE,  /* a thin vertical line beside a pane */
	GLYPH_N
};

enum theme_kind { THEME_TERMINAL, THEME_LIGHT, THEME_DARK, THEME_MONO };

/* As the user wishes a style. */
struct theme_spec {
	bool set;
	int fg, bg; /* -1: the terminal's; 0 to 255; 1 << 24 | RGB */
	uint32_t attrs;
};

struct theme {
	bool utf8;
	bool colour;
	enum theme_kind kind;
	uint32_t attrs[STYLE_N]; /* of ncurses, without a colour */
	short pairs[STYLE_N];
	struct theme_spec specs[STYLE_N];
};

/* After the terminal was set up. colour: allowed by the user; the terminal has its say.
 */
void theme_init(struct theme *t, bool colour);

/* Nothing is marked only for a moment. */
void theme_still(struct theme *t);

const char *theme_glyph(const struct theme *t, enum glyph glyph);

/* The style of a colour's name as weir_state_look gives it. */
enum style theme_colour(const char *name);

/* How a state is drawn: its glyph in ret_glyph (room for 8 bytes), its style returned.
 */
enum style theme_state(const struct theme *t, enum weir_state type, struct str name,
	char ret_glyph[8]);
/* Words of servers for pools, queues, workers, deployments; the states of runs have
 * their own table. *ret_glyph is only written for words that are known. */
enum style theme_status(
	const struct theme *t, struct str status, const char **ret_glyph);

/* The style of text that brings its own colours; plain without colours. */
enum style theme_sgr(const struct theme *t, struct weir_sgr sgr);
/* Attributes of ncurses without a colour, and the pair of the colours. */
void theme_attrs(
	const struct theme *t, enum style style, uint32_t *ret_attrs, short *ret_pair);

/* The style of a log line of this level. */
enum style theme_level(int level);

/* One letter that tells what attributes a cell has, for dumps: ' ' plain, `R` bold
 * red... */
char theme_letter(uint32_t attrs, int pair);

#endif
