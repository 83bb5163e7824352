/*
 * The thread that writes the state store for the menus, so that no key waits for a
 * disk: marks by the keys of their rows, and texts. It starts with the first job and
 * does all of them in order; what was asked for is done before keeper_free returns.
 */
#ifndef WEIR_TUI_KEEPER_H
#define WEIR_TUI_KEEPER_H

#include <weir/config.h>
#include <weir/types.h>

struct keeper;

struct keeper_answer {
	struct keeper_answer *next;
	uint64_t number;
	enum weir_kind kind;
	uint32_t *keys; /* of what is marked, in no order; owned by the answer */
	size_t n;
	enum weir_rc rc; /* text says why something could not be kept */
	char text[512];
};

struct keeper *keeper_new(const struct weir_config *config);
void keeper_free(struct keeper *k); /* accepts NULL */

/* Numbers of jobs rise. keys and ids are taken; text NULL removes. */
uint64_t keeper_mark(
	struct keeper *k, enum weir_kind kind, uint32_t *keys, size_t n, bool marked);
uint64_t keeper_unmark_all(struct keeper *k, enum weir_kind kind);
uint64_t keeper_put(
	struct keeper *k, const char *space, const char *name, const char *text);
/* Answered by what is marked. Marks of what is gone are dropped. */
uint64_t keeper_load(struct keeper *k, enum weir_kind kind);

int keeper_fd(const struct keeper *k);               /* readable when answers wait */
struct keeper_answer *keeper_next(struct keeper *k); /* owned: keeper_answer_free */
void keeper_answer_free(struct keeper_answer *a);
bool keeper_idle(struct keeper *k); /* no job and no answer waits */

#endif
