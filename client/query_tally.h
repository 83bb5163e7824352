/* Counting texts: how often each comes, by state, and when last. */
#ifndef WEIR_CLIENT_QUERY_TALLY_H
#define WEIR_CLIENT_QUERY_TALLY_H

#include "weir/buf.h"
#include "weir/mem.h"
#include "weir/types.h"

struct query_tally_entry {
	struct str text; /* in the arena; s NULL: no value */
	uint64_t hash;
	int64_t n, newest_us; /* WEIR_NO_TIME: none has a time */
	int64_t states[WEIR_N_STATES];
};

struct query_tally {
	struct arena arena;
	VEC(struct query_tally_entry) v;
	uint32_t *slots; /* place in v plus 1 */
	size_t n_slots, max;
};

void query_tally_init(struct query_tally *t, size_t max);
void query_tally_release(struct query_tally *t);
/* The entry of a text, made if there is none; NULL: there are `max` already. */
struct query_tally_entry *query_tally_at(struct query_tally *t, struct str text);

#endif
