/*
 * The keys of all rows that a query matches, in order, for lists that are narrowed and
 * sorted while somebody waits.
 *
 * What was found is kept from one question to the next: the order of all rows, which a
 * narrowed list only picks from and the other direction only turns round; the states of
 * rows; and the sets that the last queries matched. It is valid as long as nobody
 * writes the store.
 */
#ifndef WEIR_KEYS_H
#define WEIR_KEYS_H

#include <weir/select.h>

struct weir_keys;

struct weir_keys *weir_keys_new(void);
void weir_keys_free(struct weir_keys *k); /* accepts NULL */

/* Who is told, in this order; keys are owned by the callee. */
struct weir_keys_user {
	void *arg;
	/* The first `head` keys, as soon as they are known; not called when all are
	 * known as soon. */
	void (*head)(void *arg, uint32_t *keys, size_t n);
	void (*all)(void *arg, uint32_t *keys, size_t n);
	/* By state; NULL: not wanted. */
	void (*counts)(void *arg, const int64_t states[WEIR_N_STATES]);
};

/*
 * sel's columns and limit are unused. text: of sel->query, by which its set is known
 * again. head 0: the first keys are not wanted before all.
 */
WEIR_NODISCARD enum weir_rc weir_keys_find(struct weir_keys *k, struct weir_store *s,
	const struct weir_select *sel, const char *text, size_t head,
	const struct weir_keys_user *user, struct weir_err *err);

#endif
