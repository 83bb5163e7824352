/*
 * The state of a list view, and how it asks for rows and takes what is answered. The
 * painting is in listview_paint.c, keys are in view_list.c, searching in listquery.c.
 */
#ifndef WEIR_TUI_LISTVIEW_H
#define WEIR_TUI_LISTVIEW_H

#include <weir/view.h>

#include "finder.h"
#include "list.h"
#include "listquery.h"
#include "listview_tree.h"
#include "rows.h"
#include "table.h"
#include "view.h"

enum { SLOT_ROWS, SLOT_SEEK, SLOT_TOTAL, SLOT_VALUES, SLOT_KIDS, SLOT_FRESH };
/* So many keys come first: more than a screen shows. */
enum { LISTVIEW_HEAD = 256 };
/* No new order under a moving cursor: this long after the last key here. */
enum { HOLD_US = 2000000 };
/* Between two questions that only look for changes. */
enum { AGAIN_US = 500000 };

enum listview_preview {
	PREVIEW_AUTO,
	PREVIEW_BESIDE,
	PREVIEW_BELOW,
	PREVIEW_OFF,
	PREVIEW_N
};

struct preview;

struct listview {
	struct view v;
	enum weir_kind kind;
	char *query, *start_query; /* what is shown; what it was opened with */
	char *save_path;           /* where it was last saved, or NULL */
	char *sort, *start_sort;   /* as --sort; "" is the kind's own order */
	char *columns;             /* as --columns; "" is those of the kind's tables */
	char *count_by;            /* a field; "" is none */
	bool tree;                 /* child runs below their parents */
	/* Of environments: those that Metaflow itself builds with too; it is
	 * looked first whether the file changed; Enter selects. */
	bool all, look, pick;
	enum action_id
		later;      /* done as soon as the rows that were asked for are here */
	unsigned freshened; /* what was, as envs_fresh knows it */
	char *under, *under_arch; /* what the cursor is on, by its ids; NULL: nothing */
	struct rows rows;
	struct table table;
	struct list list;
	/* `~` was pressed: a column's letter is awaited; `~~`: for one more. */
	bool letters, adding;
	bool absolute;
	/* What the query looks for, made visible in cells: compiled from `words_of`. */
	struct weir_query *words;
	char *words_of;

	size_t painted_top, painted_row; /* where the list and its cursor are drawn */
	struct preview *preview;         /* NULL: none is on the screen */
	enum listview_preview preview_mode;

	int64_t generation; /* of the store that was last asked */
	uint64_t job;       /* what the answers must belong to */
	bool asked;         /* the job has not answered wholly */
	bool fresh;         /* it is for a new question: the first rows come first */
	bool begun;         /* and has answered */
	bool again;         /* ask once more, something changed meanwhile */
	int64_t again_us;   /* not before (weir_monotonic_us) */
	struct finder_answer *held; /* new keys that wait until the cursor rests */

	int64_t states[WEIR_N_STATES];
	bool counted;
	int64_t us; /* how long the last new question took */
	char failed[512], hint[256];

	/* A range of rows to be marked begins here; key 0: none does. */
	int64_t range_key;
	size_t range_row;
	bool mark_all; /* as soon as all keys are here */

	struct listquery find;
	struct listtree fold;
};

struct listview_kind {
	enum weir_kind kind;
	const char *command, *one;
};
const struct listview_kind *listview_kind(enum weir_kind kind);

struct listview *listview_of(struct view *v);
bool listview_has_header(const struct view *v);
void listview_set(char **where, const char *text);
/* What it shows, borrowed from it: not to be released. */
void listview_view(const struct listview *r, struct weir_view *ret_view);
void listview_ask(struct listview *r); /* another query or order */
/* Whose rows they are; NULL: there is none yet. */
struct weir_store *listview_store(const struct listview *r);
const struct rows_row *listview_current(struct listview *r);
void listview_layout(struct listview *r);
/* Show these columns, as --columns, "": the kind's own. Wrong ones change nothing. */
WEIR_NODISCARD enum weir_rc listview_choose(
	struct listview *r, const char *columns, struct weir_err *err);

/* listview_sort.c: what r->sort says; the columns are owned by set. Returns how many.
 */
size_t listview_sorts(const struct listview *r, struct weir_sort sort[WEIR_SORT_MAX],
	struct weir_column_set *set);
/* A wrong column is said with the one to try, not with all that there are. */
void listview_say(struct listview *r, const struct weir_err *err);
void listview_sort_act(struct view *v, enum action_id id, const char *arg);
bool listview_sort_click(struct listview *r, int x);  /* false: no column there */
bool listview_sort_key(struct view *v, uint32_t key); /* after `~`; true: taken */

/* What is shown, or its order, is another: cursor, range and widths follow. */
void listview_moved_rows(struct listview *r);
/* listview_tree.c */
void listview_fold(struct view *v, enum action_id id, const char *arg);
void listview_tree(struct view *v, enum action_id id, const char *arg);

/* listview_mark.c. A range that is being marked counts as marked. */
bool listview_is_marked(const struct listview *r, size_t row);
size_t listview_n_marked(const struct listview *r);
/* Ids of what is marked, in the order of the list; shown or not. Owned (free). */
size_t listview_marked(struct listview *r, struct weir_id **ret_ids);
void listview_mark(struct view *v, enum action_id id, const char *arg);
void listview_mark_range(struct view *v, enum action_id id, const char *arg);
void listview_mark_all(struct view *v, enum action_id id, const char *arg);
void listview_unmark(struct view *v, enum action_id id, const char *arg);
void listview_mark_sync(struct listview *r); /* the rows changed */

/* listview_env.c: what lists of environments have of their own. */
/* What is asked for: helpers only where they are named. Owned. */
char *listview_query(enum weir_kind kind, bool all, const char *query);
void listview_look_again(struct listview *r);
/* What took long is known. */
void listview_env_fresh(struct listview *r, const struct finder_answer *answer);
bool listview_env_rests(struct listview *r); /* nothing of theirs has changed */
void listview_env_sync(struct listview *r);  /* rows changed: keep to the ids */
void listview_env_failed(struct listview *r, const struct finder_answer *answer);
/* Line i of what is said where no row is, or NULL; text: room for it. */
const char *listview_env_empty(const struct listview *r, int i, struct buf *text);
void listview_env_under(struct listview *r); /* it was drawn */
void listview_env_look(struct listview *r);  /* the preview, at it */
void listview_env_ident(struct view *v, struct buf *out);
/* A list to select from: what begins its query. */
#define LISTVIEW_PICK "req_id:"
void listview_env_later(struct listview *r);
void listview_env_act(struct view *v, enum action_id id, const char *arg);

/* listview_out.c: to a file, to the pager or editor; the runs' logs as one. */
void listview_save(struct view *v, enum action_id id, const char *arg);
void listview_show(struct view *v, enum action_id id, const char *arg);
void listview_merge(struct view *v, enum action_id id, const char *arg);

/* listview_pane.c: the list and its preview. */
struct listview_pane {
	int list_width, list_height;
	int width, height; /* of the preview; 0: there is none */
	bool below;
};
struct listview_pane listview_pane(const struct listview *r);
void listview_place(struct listview *r); /* the size changed */
void listview_look(struct listview *r);  /* at what the cursor is on */
/* Line i of the preview on the row begun, behind the list. */
void listview_paint_beside(struct listview *r, struct draw *d, int i);
void listview_paint_below(struct listview *r, struct draw *d);
void listview_preview_act(struct view *v, enum action_id id, const char *arg);
void listview_preview_scroll(struct view *v, enum action_id id, const char *arg);
void listview_preview_search(struct view *v, enum action_id id, const char *arg);

void listview_data(struct view *v);
int64_t listview_due(const struct view *v);
void listview_answer(struct view *v, struct finder_answer *answer);

void listview_paint(struct view *v, struct draw *d);
bool listview_paint_cursor(struct view *v, struct draw *d);
/* The header and the first rows on the screen, in so many lines from y on. */
void listview_paint_sample(struct listview *r, struct draw *d, int y, int lines);
void listview_paint_counts(struct view *v, struct draw *d);
/* What else may be pressed where a letter is waited for. */
bool listview_paint_keys(struct view *v, struct draw *d);
void listview_paint_found(struct view *v, struct buf *out);

#endif
