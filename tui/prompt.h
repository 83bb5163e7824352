/*
 * A line of input with emacs keys, UTF-8, a history, and completion by its user.
 */
#ifndef WEIR_TUI_PROMPT_H
#define WEIR_TUI_PROMPT_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/buf.h>
#include <weir/mem.h>

enum { PROMPT_MAX = 4096, PROMPT_HISTORY_MAX = 100 };

enum prompt_result {
	PROMPT_IGNORED,
	PROMPT_MOVED,
	PROMPT_CHANGED,
	PROMPT_ACCEPTED,
	PROMPT_CANCELLED,
	PROMPT_COMPLETE, /* Tab, or right at the end: take the ghost */
};

struct app;
struct prompt;

enum prompt_event { PROMPT_EV_CHANGED, PROMPT_EV_ACCEPTED, PROMPT_EV_CANCELLED };

/* Who asks: what stands before the text, and who is told of it. Static. */
struct prompt_user {
	const char *label; /* "/", "save as: " */
	void (*event)(struct app *a, void *arg, struct prompt *p, enum prompt_event ev);
	/* Shown at the right of it, such as a count; may be NULL. */
	void (*found)(struct app *a, void *arg, struct buf *out);
};

struct prompt {
	bool active;
	const struct prompt_user *user;
	void *arg; /* of the user: a view's prompt ends with the view */
	struct buf text;
	size_t pos;       /* of the cursor, in bytes, on a character's border */
	char *original;   /* the text when it was begun: what cancelling restores */
	struct buf cut;   /* ctrl-k, ctrl-u, ctrl-w; ctrl-y brings it back */
	struct buf ghost; /* what completion would add at the end */
	size_t valid;     /* the text before it is used; what follows is not */
	VEC(char *) history;
	size_t at;     /* in the history; history.n: the line being made */
	char *pending; /* the line being made while the history is looked at */
};

void prompt_init(struct prompt *p);
void prompt_release(struct prompt *p);
void prompt_start(
	struct prompt *p, const struct prompt_user *user, void *arg, const char *text);
void prompt_stop(struct prompt *p, bool remember);
enum prompt_result prompt_key(struct prompt *p, uint32_t key, struct str paste);
void prompt_set(struct prompt *p, const char *text); /* cursor at its end */
const char *prompt_text(const struct prompt *p);

#endif
