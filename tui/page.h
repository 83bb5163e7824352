/*
 * A page: lines of styled text, with a cursor on those that open something. Details of
 * objects, causes, messages, what was done, groups and the help are pages; they differ
 * in who writes the lines.
 *
 * A writer begins a line, adds spans to it, and says what Enter on it opens. Texts are
 * copied into the page's arena.
 */
#ifndef WEIR_TUI_PAGE_H
#define WEIR_TUI_PAGE_H

#include <weir/match.h>
#include <weir/mem.h>
#include <weir/types.h>

#include "action.h"
#include "draw.h"
#include "view.h"

enum { PAGE_SPANS_MAX = 10, PAGE_LINES_MAX = 20000, PAGE_TEXT_MAX = 16 << 10 };

struct page_span {
	enum style style;
	struct str text;
	int columns; /* exactly so many; 0: as wide as it is */
	bool right;  /* right-aligned in its columns; in the last span with columns 0:
			at the right edge, if there is room */
};

enum page_opens {
	PAGE_OPENS_NOTHING, /* the cursor does not stand on it */
	PAGE_OPENS_OBJECT,  /* kind, id */
	PAGE_OPENS_COMMAND, /* command: a view, as weir_view_parse reads it */
	PAGE_OPENS_ACTION,  /* action, of the view below the page (help) */
	PAGE_OPENS_SELF,    /* the page's own open() */
};

struct page_line {
	int64_t key; /* names the line for as long as the page lives; not 0 */
	enum page_opens opens;
	enum weir_kind kind;
	struct weir_id id;
	const char *command; /* in the page's arena: page_command */
	enum action_id action;
	enum weir_state state; /* for ] and [; WEIR_ST_NONE: none */
	struct page_span spans[PAGE_SPANS_MAX];
	int n_spans;
	/* A bar in what is left of the line; WEIR_NO_TIME: none (yet). */
	int64_t start_us, end_us;
	enum style bar;
};

struct page {
	struct arena arena;
	VEC(struct page_line) lines;
	int64_t from_us, to_us; /* what bars span */
	int width;       /* set before it is written: long texts are broken to it */
	int64_t ordinal; /* keys of lines that have no own: below 0 */
	size_t current;  /* the line that n and N stand on; PAGE_NONE */
	bool full;
	struct page_line spare; /* what a line too many is written to */
};

#define PAGE_NONE ((size_t)-1)

void page_clear(struct page *p); /* also makes one of zeroes ready */
void page_release(struct page *p);

/* Writing. key 0: by its order. The line lives until the next one is begun. */
struct page_line *page_begin(struct page *p, int64_t key);
void page_add(
	struct page *p, enum style style, struct str text, int columns, bool right);
void page_addf(struct page *p, enum style style, const char *fmt, ...)
	WEIR_PRINTF(3, 4);
void page_gap(struct page *p, int columns); /* spaces */
/* For columns of a page: n, or the width of s if that is more, but at most most. */
int page_wider(int n, struct str s, int most);
void page_blank(struct page *p);
void page_heading(struct page *p, const char *text);
/* Text over as many lines as it needs (at most `most`), broken between words, each
 * after `indent` columns; in those of the first line stands `label`. Tells how many. */
int page_text(struct page *p, const char *label, int indent, enum style style,
	struct str text, int most);
/* Glyph and name of a state as two spans. name_columns 0: as wide as it is. */
void page_state(struct page *p, const struct theme *t, enum weir_state state,
	struct str name, int name_columns);
/* What Enter on the line begun opens. */
void page_object(struct page *p, enum weir_kind kind, const struct weir_id *id);
void page_command(struct page *p, const char *fmt, ...) WEIR_PRINTF(2, 3);

/* The line of a key; hint: where it was. PAGE_NONE: there is none. */
size_t page_find(const struct page *p, int64_t key, size_t hint);
bool page_line_matches(const struct page_line *line, const struct weir_match *match);
static inline bool
page_line_bad(const struct page_line *line)
{
	return line->state == WEIR_ST_FAILED || line->state == WEIR_ST_CRASHED;
}

/* Line i on the row begun, in at most `width` columns from where it is. */
void page_row(const struct page *p, struct draw *d, size_t i, int width, int64_t now_us,
	const struct weir_match *match);

/*
 * The view. A page_user is one sort of page; its state is arg, owned by the view.
 */
struct page_view;
struct page_user {
	enum context context;
	/* Write the page anew: the store or the size changed. It is clear. */
	void (*write)(struct page_view *v, struct page *p, void *arg);
	void (*free)(void *arg);
	void (*command)(struct page_view *v, void *arg, struct buf *out);
	const enum action_id *hints;
	/* Before those of every page; NULL: none. page_view_of(v)->arg is theirs. */
	const struct view_act *acts;
	/* May be NULL: */
	void (*counts)(struct page_view *v, void *arg, struct draw *d);
	void (*open)(struct page_view *v, void *arg, const struct page_line *line);
	void (*event)(struct page_view *v, void *arg, const struct weir_event *ev);
	/* What the page is about; without it, what the line under the cursor is. */
	bool (*object)(struct page_view *v, void *arg, enum weir_kind *ret_kind,
		struct weir_id *ret_id);
	void (*name)(struct page_view *v, void *arg, struct buf *out); /* of it */
	void (*answer)(struct page_view *v, void *arg, struct finder_answer *answer);
	int64_t (*due)(const struct page_view *v, void *arg);
	void (*crumb)(struct page_view *v, void *arg, struct buf *out);
	void (*ident)(struct view *v, struct buf *out);
	enum style (*origin)(struct view *v, int columns, struct buf *out);
};

enum { PAGE_ACTS_MAX = 32 };

/* The cursor stands on lines that open something, or on none: it is on the screen or it
 * is not at all. */
struct page_view {
	struct view v;
	struct view_ops ops; /* made from the user's */
	struct view_act acts[PAGE_ACTS_MAX];
	const struct page_user *user;
	void *arg;
	struct page page;
	int64_t key; /* of the line under the cursor; 0: none */
	size_t row, top;
	bool moved;               /* by the user */
	struct weir_match *match; /* of `/`, NULL: none */
	size_t n_matches;
};

struct view *page_view_new(struct app *a, const struct page_user *user, void *arg);
struct page_view *page_view_of(struct view *v);
/* The line under the cursor, or NULL. */
const struct page_line *page_view_line(const struct page_view *v);
/* Where searches begin: at the cursor, else at the top of the screen. */
size_t page_view_here(const struct page_view *v);
/* Show line i, the cursor on it if it can stand there. */
void page_view_goto(struct page_view *v, size_t i);

/* Its part that finds: page_find.c. A word or /re/; NULL: nothing, or wrong. */
struct weir_match *page_find_compile(const char *text, struct weir_err *err);
void page_find_count(struct page_view *v); /* the lines that match now */
void page_find_search(struct view *view, enum action_id id, const char *arg);
void page_find_step(struct view *view, enum action_id id, const char *arg);
void page_find_bad(struct view *view, enum action_id id, const char *arg);

#endif
