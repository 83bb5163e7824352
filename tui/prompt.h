/*
 * A line of input with emacs keys, UTF-8, a history, and completion by its user.
 */
#ifndef WEIR_TUI_PROMPT_H
#define WEIR_TUI_PROMPT_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/buf.h>
#include <weir/mem.h>

enum { PROMPT_MAX = 4096, PROMPT_HISTORY_MAX = 100, PROMPT_WORDS_MAX = 500 };

enum prompt_result {
	PROMPT_IGNORED,
	PROMPT_MOVED,
	PROMPT_CHANGED,
	PROMPT_ACCEPTED,
	PROMPT_CANCELLED,
	PROMPT_COMPLETE, /* Tab, or right at the end: take the ghost */
};

struct app;
struct draw;
struct prompt;

enum prompt_event { PROMPT_EV_CHANGED, PROMPT_EV_ACCEPTED, PROMPT_EV_CANCELLED };

/* Who asks: what stands before the text, and who is told of it. Static. */
struct prompt_user {
	const char *label; /* "/", "save as: " */
	void (*event)(struct app *a, void *arg, struct prompt *p, enum prompt_event ev);
	/* The rest may be NULL. Shown at the right of it, such as a count: */
	void (*found)(struct app *a, void *arg, struct buf *out);
	/* Prompts that name the same history recall the same lines; NULL: none. */
	const char *history;
	bool secret; /* the text is not shown */
	/* A key before the prompt has it; true: taken. */
	bool (*key)(struct app *a, void *arg, struct prompt *p, uint32_t key);
	/* Lines above the prompt, over the view: how many, at most `room`; one of
	 * them, on the row begun, which it ends.
	 */
	int (*rows)(struct app *a, void *arg, int room);
	void (*row)(struct app *a, void *arg, struct draw *d, int i);
	/* The line above the last one, instead of the view's counts. */
	void (*about)(struct app *a, void *arg, struct draw *d);
};

/* What was entered at prompts of one name, oldest first. */
struct prompt_history {
	char *name;
	VEC(char *) lines;
	bool read;    /* what was kept of it before */
	bool changed; /* since it was kept */
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
	VEC(struct prompt_history) histories;
	struct prompt_history *history; /* of the user; NULL: none */
	size_t at;                      /* in the history; its n: the line being made */
	char *pending; /* the line being made while the history is looked at */

	/* Words that may stand from `from` to the end; Tab takes one after the other.
	 */
	VEC(char *) words;
	size_t from, word;
	bool cycling; /* word is in the text; the offer stays until a key types */
};

void prompt_init(struct prompt *p);
void prompt_release(struct prompt *p);
void prompt_start(
	struct prompt *p, const struct prompt_user *user, void *arg, const char *text);
void prompt_stop(struct prompt *p, bool remember);
enum prompt_result prompt_key(struct prompt *p, uint32_t key, struct str paste);
void prompt_set(struct prompt *p, const char *text); /* cursor at its end */
/*
 * Offer words, newline-separated and best first, in place of the text from `from` to
 * the end. The first that goes on as was typed is the ghost. Nothing is done while Tab
 * goes through the offer before.
 */
void prompt_offer(struct prompt *p, size_t from, struct str words);
/* The history of that name, made if there is none; valid until the next is made. */
struct prompt_history *prompt_history(struct prompt *p, const char *name);
void prompt_remember(struct prompt_history *h, const char *line);
const char *prompt_text(const struct prompt *p);

#endif
