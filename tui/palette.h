/*
 * The palette: `:` and the name of an action, with what it takes. It offers what works
 * here, most fitting first, over the end of the view, with keys and help.
 *
 * What is typed is: an action and its argument; `42` or `42%`, which is `goto`; or the
 * command of a view as titles show it, `weir runs 'state:failed'`.
 */
#ifndef WEIR_TUI_PALETTE_H
#define WEIR_TUI_PALETTE_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/buf.h>
#include <weir/error.h>
#include <weir/mem.h>
#include <weir/types.h>

#include "action.h"

struct app;
struct finder_answer;

enum { PALETTE_OFFERS_MAX = 300 };

struct palette_offer {
	const char *text;  /* the whole line when it is taken */
	const char *label; /* what is shown of it */
	const char *help;
	enum action_id action; /* ACTION_NONE: it is an argument */
};

/* Values of a field that the query thread was asked for. */
enum { PALETTE_ASKS = 3, PALETTE_SERIAL = 0 /* of no view */ };
struct palette_ask {
	enum weir_kind kind;
	char *field, *prefix;
	char *words; /* NULL: they are not here yet */
	uint64_t job;
};

/* Zero-initialise it. */
struct palette {
	struct palette_ask asks[PALETTE_ASKS];
	struct arena arena; /* of the offers' texts */
	VEC(struct palette_offer) offers;
	size_t chosen, top; /* PALETTE_NONE: what was typed counts */
};
#define PALETTE_NONE ((size_t)-1)

void palette_release(struct palette *p);
void palette_open(struct app *a);

/*
 * Do a line. WEIR_EUSAGE: there is no such action, it does nothing here, it takes no
 * argument. What the action itself has to say it says on the screen.
 */
WEIR_NODISCARD enum weir_rc palette_run(
	struct app *a, const char *line, struct weir_err *err);

void palette_answer(struct app *a, struct finder_answer *answer);

/* palette_offer.c: fill p->offers for a line. */
void palette_offer(struct app *a, struct palette *p, const char *line);

#endif
