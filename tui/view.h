/*
 * A view: one screenful of something, on a stack. What it must do again is kept in
 * stages: layout (the size changed), data (the store changed), paint (something looks
 * different).
 */
#ifndef WEIR_TUI_VIEW_H
#define WEIR_TUI_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/buf.h>
#include <weir/engine.h>

#include "action.h"
#include "draw.h"

struct app;
struct view;
struct finder_answer;

enum view_dirty {
	VIEW_LAYOUT = 1 << 0, /* read by view_update, which calls ops->layout */
	VIEW_DATA = 1 << 1,   /* read by view_update, which calls ops->data */
	VIEW_PAINT = 1 << 2,  /* read by app_paint */
	VIEW_ALL = VIEW_LAYOUT | VIEW_DATA | VIEW_PAINT,
};

/* What a view does when an action is asked for; arg as in struct action. */
struct view_act {
	enum action_id id;
	void (*run)(struct view *v, enum action_id id, const char *arg);
};

struct view_ops {
	enum context context;
	void (*free)(struct view *v); /* taken */
	void (*layout)(struct view *v);
	void (*data)(struct view *v); /* read again what the screen shows */
	void (*paint)(
		struct view *v, struct draw *d); /* rows v->y .. v->y + v->height - 1 */
	/* Only the cursor moved: paint what that changes. False: paint all. May be
	 * NULL. */
	bool (*cursor)(struct view *v, struct draw *d);
	/* The last line but one: what is counted, and where one is. The row is begun.
	 */
	void (*counts)(struct view *v, struct draw *d);
	void (*command)(struct view *v, struct buf *out); /* that shows this view */
	const struct view_act *acts;                      /* ends with ACTION_NONE */
	/* May be NULL: */
	bool (*move)(struct view *v, enum action_id id); /* false: not a move */
	/* A click on row y of the body: true: something is selected that can be opened.
	 */
	bool (*click)(struct view *v, int y, int x);
	bool (*back)(struct view *v); /* take back a narrowing; false: there is none */
	bool (*key)(struct view *v, uint32_t key); /* before the key map; true: taken */
	void (*answer)(struct view *v, struct finder_answer *answer);
	void (*event)(struct view *v, const struct weir_event *event);
	/* Next moment (weir_monotonic_us) when `data` shall be called; 0: none. */
	int64_t (*due)(const struct view *v);
	/* The id of what the cursor is on, for copies and the web page. */
	bool (*object)(
		struct view *v, enum weir_kind *ret_kind, struct weir_id *ret_id);
	/* Of what has no such id. */
	void (*ident)(struct view *v, struct buf *out);
	void (*name)(struct view *v, struct buf *out);  /* of it: pools go by name */
	void (*about)(struct view *v, struct buf *out); /* behind the command */
	void (*crumb)(struct view *v, struct buf *out); /* its word in the title */
	const enum action_id *hints;                    /* ends with ACTION_NONE */
	/* The last line while `key` takes all keys; false: hints. The row is begun. */
	bool (*keys)(struct view *v, struct draw *d);
	/* The right end of the title, in so many columns, where what is shown is not of
	 * the profile: its name and age stand there else. */
	enum style (*origin)(struct view *v, int columns, struct buf *out);
};

struct view {
	const struct view_ops *ops;
	struct app *app;
	struct view *below;
	uint64_t serial; /* names it in jobs */
	unsigned dirty;
	int y, height, width; /* of the body */
};

void view_init(struct view *v, const struct view_ops *ops, struct app *app);
void view_touch(struct view *v, unsigned dirty);
void view_update(struct view *v); /* do the stages that are due, but paint */
/* Is the action one that this view knows? */
bool view_works(const struct view *v, enum action_id id);
/* Move or act. False: not here. */
bool view_do(struct view *v, enum action_id id, const char *arg);

#endif
